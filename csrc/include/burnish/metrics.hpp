// SPDX-License-Identifier: Apache-2.0
// How good predictions are: counts of pairs of labels, and exact curves over all thresholds from one sort of the
// scores.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "burnish/tensor.hpp"

namespace burnish::metrics {

// Labels are (n,) of any integer dtype or boolean, on a CPU. Strides are allowed.

struct LabelRange {
  std::int64_t low;
  std::int64_t high;
};
// Nothing where there are no labels, or one lies beyond int64.
std::optional<LabelRange> label_range(std::string_view call, std::string_view argument, const TensorView& labels);

// True negatives, false positives, false negatives, true positives of labels 0 and 1; nothing as soon as there is
// another label.
using BinaryCounts = std::array<std::int64_t, 4>;
std::optional<BinaryCounts> count_binary(std::string_view call, const TensorView& y_true, const TensorView& y_pred);

// The same where a prediction is score >= threshold, the threshold rounded to the scores' dtype: float64, float32,
// float16 or bfloat16. Throws ValueError if a score is NaN.
std::optional<BinaryCounts> count_at_threshold(std::string_view call, const TensorView& y_true,
                                               const TensorView& scores, double threshold);

struct CountArgs {
  std::string_view call = "confusion_matrix";  // named in messages
  TensorView y_true;
  TensorView y_pred;
  std::optional<TensorView> weights;  // (n,) float64
  std::int64_t low = 0;               // the label of row and column 0
  bool stop_outside = false;          // at the first label outside low..low+k-1; such rows are left out otherwise
  // Out, C-contiguous: (k, k), rows are true, columns predicted labels; int64, or float64 with weights, whose sums do
  // not depend on the number of threads. k is at most most_classes.
  TensorView counts;
};
inline constexpr std::int64_t most_classes = 32'767;
// Returns how many rows were left out.
std::int64_t count_pairs(const CountArgs& args);

// ---- curves ----

struct RankingArgs {
  std::string_view call = "roc_curve";
  TensorView labels;
  std::int64_t positive = 1;  // this label counts as positive, every other as negative
  TensorView scores;          // (n,) float64, float32, float16 or bfloat16, without NaN; higher is more positive
  std::optional<TensorView> weights;  // (n,) float64, positive and finite
};

enum class Curve : std::uint8_t { counts, roc, precision_recall };

enum class Objective : std::uint8_t {
  f_beta,
  accuracy,
  youden,               // true positive rate - false positive rate
  cost,                 // least, of costs
  precision_at_recall,  // largest precision of those that reach a recall
  recall_at_precision,  // largest recall of those that reach a precision
};

struct ObjectiveArgs {
  Objective objective = Objective::f_beta;
  double parameter = 1.0;         // beta, or the recall or precision to reach
  std::array<double, 4> costs{};  // of a true negative, false positive, false negative, true positive
};

struct Choice {
  bool found;
  double threshold;  // infinity: no sample is positive
  double value;
  double true_positives;
  double false_positives;
};

// Scores in descending order with their labels. A threshold t stands for the prediction score >= t; every distinct
// score is one. Ties are one point of a curve. Immutable, and the same for every number of threads.
class Ranking {
 public:
  explicit Ranking(const RankingArgs& args);
  ~Ranking();
  Ranking(Ranking&&) noexcept;
  Ranking& operator=(Ranking&&) noexcept;

  double positives() const;  // samples, or their weight
  double negatives() const;
  double roc_auc() const;            // NaN unless there are both
  double average_precision() const;  // 0 without positives

  // Thresholds of the curve; with drop_intermediate those at corners alone, as scikit-learn drops them.
  std::int64_t curve_size(Curve curve, bool drop_intermediate) const;
  // Writes m = curve_size points, to C-contiguous float64 x and y, and thresholds of float64 or float32.
  //   counts            x, y, thresholds (m,): false and true positives, descending thresholds
  //   roc               x, y, thresholds (m + 1,): false and true positive rates, from 0, 0, infinity on; NaN without
  //                     negatives or positives
  //   precision_recall  x, y (m + 1,), thresholds (m,): precision and recall, ascending thresholds, then 1, 0; recall
  //   is
  //                     1 without positives
  void write_curve(Curve curve, bool drop_intermediate, const TensorView& x, const TensorView& y,
                   const TensorView& thresholds) const;

  // Ties go to the highest threshold.
  Choice choose(const ObjectiveArgs& args) const;

  class Sorted;

 private:
  std::unique_ptr<Sorted> sorted_;
};

// counts (c,) int64: how many labels (n,) there are of each class, beside those that are ignore_index. Returns how many
// are negative or c and more, which are not counted.
std::int64_t count_classes(const TensorView& labels, const TensorView& counts, std::int64_t ignore_index);

}  // namespace burnish::metrics
