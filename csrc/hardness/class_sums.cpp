// SPDX-License-Identifier: Apache-2.0
// scores, labels (n,) -> counts, exact sums and histogram by class. Only integers are added, so shards may come in any
// order and on any number of threads.
#include <algorithm>
#include <cmath>
#include <mutex>
#include <vector>

#include "burnish/hardness.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "core/visit.hpp"

namespace burnish::hardness {
namespace {

__extension__ typedef __int128 Wide;

constexpr double fixed_point_one = 0x1p60;
constexpr double largest_summand = 0x1p34;

Wide to_fixed_point(double score) {
  // Exact down to 2^-60: the integer part and the fraction each fit 64 bits.
  const double whole = std::trunc(score);
  return static_cast<Wide>(static_cast<std::int64_t>(whole)) * (Wide{1} << 60) +
         static_cast<std::int64_t>((score - whole) * fixed_point_one);
}

struct Totals {
  std::vector<std::int64_t> counts;
  std::vector<Wide> sums;
  std::vector<std::int64_t> histogram;

  void operator+=(const Totals& other) {
    const auto add = [](auto& to, const auto& from) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    };
    add(counts, other.counts);
    add(sums, other.sums);
    add(histogram, other.histogram);
  }
};

struct Shape {
  std::int64_t classes;
  std::int64_t bins;
};

Totals empty_totals(Shape shape) {
  return {std::vector<std::int64_t>(static_cast<std::size_t>(shape.classes * 3)),
          std::vector<Wide>(static_cast<std::size_t>(shape.classes)),
          std::vector<std::int64_t>(static_cast<std::size_t>(shape.bins * 2))};
}

template <class F, class T>
void add_rows(const ClassSums& args, Shape shape, std::int64_t first, std::int64_t last, Totals& totals) {
  const auto* scores = static_cast<const F*>(args.scores.data);
  const auto* labels = static_cast<const T*>(args.labels.data);
  const auto* correct = args.correct ? static_cast<const std::uint8_t*>(args.correct->data) : nullptr;
  const double bins_per_nat = args.histogram_max > 0 ? static_cast<double>(shape.bins) / args.histogram_max : 0.0;
  for (std::int64_t row = first; row < last; ++row) {
    const double score = static_cast<double>(scores[row * args.scores.strides[0]]);
    const auto label = static_cast<std::size_t>(labels[row * args.labels.strides[0]]);
    const bool right = correct && correct[row * args.correct->strides[0]] != 0;
    if (!(std::fabs(score) < largest_summand)) {  // NaN too
      ++totals.counts[label * 3 + 2];
      continue;
    }
    ++totals.counts[label * 3];
    totals.counts[label * 3 + 1] += right;
    totals.sums[label] += to_fixed_point(score);
    if (shape.bins > 0) {
      const double place = std::fmin(std::fmax(score * bins_per_nat, 0.0), static_cast<double>(shape.bins - 1));
      ++totals.histogram[static_cast<std::size_t>((right ? shape.bins : 0) + static_cast<std::int64_t>(place))];
    }
  }
}

void add_to(const ClassSums& args, const Totals& totals) {
  auto* counts = static_cast<std::int64_t*>(args.counts.data);
  auto* sums = static_cast<std::int64_t*>(args.sums.data);
  auto* histogram = static_cast<std::int64_t*>(args.histogram.data);
  for (std::size_t i = 0; i < totals.counts.size(); ++i) counts[i] += totals.counts[i];
  for (std::size_t i = 0; i < totals.histogram.size(); ++i) histogram[i] += totals.histogram[i];
  for (std::size_t c = 0; c < totals.sums.size(); ++c) {
    const Wide sum =
        static_cast<Wide>(sums[2 * c + 1]) * (Wide{1} << 64) + static_cast<std::uint64_t>(sums[2 * c]) + totals.sums[c];
    sums[2 * c] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum));
    sums[2 * c + 1] = static_cast<std::int64_t>(sum >> 64);
  }
}

void check_rows(std::string_view call, const TensorView& view, std::string_view argument, std::int64_t rows) {
  check(view.ndim == 1 && view.shape[0] == rows, call, ": '", argument, "' has shape ", ShapeOf{view}, "; accepted: (",
        rows, ",)");
  check_device(call, argument, view, Device{});
}

void check_state(std::string_view call, const TensorView& view, std::string_view argument, std::int64_t rows,
                 std::int64_t columns) {
  check_dtype(call, argument, view, {DType::int64});
  check_device(call, argument, view, Device{});
  check_output(call, argument, view, contiguous_view(nullptr, DType::int64, Device{}, rows, columns), {});
  check(view.size() == 0 || (view.strides[1] == 1 && view.strides[0] == columns), call, ": '", argument,
        "' must be C-contiguous");
}

}  // namespace

void accumulate(const ClassSums& args) {
  check_dtype(args.call, "scores", args.scores, {DType::float32, DType::float64});
  const std::int64_t rows = args.scores.ndim == 1 ? args.scores.shape[0] : -1;
  check(rows >= 0, args.call, ": 'scores' must be 1-D (N,), got shape ", ShapeOf{args.scores});
  check_rows(args.call, args.scores, "scores", rows);
  check_device(args.call, "labels", args.labels, Device{});
  if (args.correct) {
    check_rows(args.call, *args.correct, "correct", rows);
    check_dtype(args.call, "correct", *args.correct, {DType::boolean, DType::uint8});
  }
  check(args.counts.ndim == 2 && args.histogram.ndim == 2, args.call, ": 'counts' and 'histogram' must be 2-D");
  const Shape shape{args.counts.shape[0], args.histogram.shape[1]};
  check_state(args.call, args.counts, "counts", shape.classes, 3);
  check_state(args.call, args.sums, "sums", shape.classes, 2);
  check_state(args.call, args.histogram, "histogram", 2, shape.bins);
  check_labels(args.call, args.labels, rows, shape.classes);

  Totals all = empty_totals(shape);
  std::mutex mutex;
  const std::int64_t grain = std::max<std::int64_t>(32'768, 4 * (shape.classes + shape.bins));
  parallel_for(rows, grain, [&](std::int64_t first, std::int64_t last) {
    Totals totals = empty_totals(shape);
    visit_integer(args.labels.dtype, [&]<class T>() {
      if (args.scores.dtype == DType::float32) {
        add_rows<float, T>(args, shape, first, last, totals);
      } else {
        add_rows<double, T>(args, shape, first, last, totals);
      }
    });
    const std::scoped_lock lock(mutex);
    all += totals;
  });
  add_to(args, all);  // only now, so that an interrupted call leaves no part of itself
}

}  // namespace burnish::hardness
