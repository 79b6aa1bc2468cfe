// SPDX-License-Identifier: Apache-2.0
// How hard a sample is for a model: statistics of softmax(logits), computed in one pass over the logits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "burnish/tensor.hpp"

namespace burnish::hardness {

// In nats where a logarithm is involved. The formulas stand in csrc/hardness/scores_math.hpp.
enum class Score : std::uint8_t {
  entropy,
  normalized_entropy,
  margin,
  least_confidence,
  max_probability,
  energy,
  perplexity,
  cross_entropy,
  el2n,
  logit_margin,
  rank_of_label,
  correct,
  predictions,
  // Of the given label (burnish.quality); low is suspicious, but for both kinds of mistakenness.
  self_confidence,
  normalized_margin,
  confidence_weighted_entropy,
  mistakenness,
  confidence_mistakenness,
};
inline constexpr std::size_t score_count = 18;
std::string_view name(Score score);
bool needs_labels(Score score);

enum class InputKind : std::uint8_t { logits, probabilities, sigmoid_logits };

struct ScoreArgs {
  TensorView input;  // (n, c) float64, float32, float16 or bfloat16
  InputKind kind = InputKind::logits;
  std::optional<TensorView> labels;    // (n,) any integer dtype, 0 <= label < c
  bool labels_may_be_missing = false;  // then -1 says that there is none, and what needs a label is NaN
  double temperature = 1.0;            // logits are divided by it first
  // One (n,) output per requested score, on the input's device: float32 or float64 (all the same; the arithmetic is
  // done in that type), int64 for rank_of_label and predictions, boolean for correct. Strides are allowed.
  std::array<std::optional<TensorView>, score_count> outputs;
  void* stream = nullptr;  // cudaStream_t of the input's device
};

// Throws TypeError, ValueError or DeviceError (burnish/error.hpp) before any work.
// On a CPU, labels outside 0..c-1 are refused; on a GPU, where reading them would mean waiting, such rows score NaN.
void scores(const ScoreArgs& args);

// Indices (k,) int64 of the k largest scores (n,) float32 or float64, largest first, ties by lowest index, NaN last.
void hardest(const TensorView& scores, const TensorView& indices);

// Exact running sums of one score by class; all counts and 128-bit fixed point, so that the order of additions cannot
// matter.
struct ClassSums {
  std::string_view call = "accumulate";  // named in messages
  TensorView scores;                     // (n,) float32 or float64
  TensorView labels;                     // (n,) any integer dtype, 0 <= label < num_classes
  std::optional<TensorView> correct;     // (n,) boolean or uint8
  double histogram_max = 0;              // the histogram covers [0, histogram_max]; values beyond fall in the last bin
  // Updated in place, int64, C-contiguous:
  TensorView counts;     // (num_classes, 3): scored, of these right, not scored (NaN, infinite or beyond 2^34)
  TensorView sums;       // (num_classes, 2): low and high word of the sum times 2^60
  TensorView histogram;  // (2, bins): wrong, right
};
void accumulate(const ClassSums& args);

}  // namespace burnish::hardness
