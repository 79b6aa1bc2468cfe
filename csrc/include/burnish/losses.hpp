// SPDX-License-Identifier: Apache-2.0
// Losses for classifiers: focal cross-entropy with its gradient, both in one pass over the logits.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "burnish/tensor.hpp"

namespace burnish::losses {

enum class Reduction : std::uint8_t { none, mean, sum };

inline constexpr std::int64_t rows_per_partial = 1024;

// What both kinds of loss take. "Compute type" is float64 for float64 logits, float32 for all others.
struct FocalOptions {
  std::string_view call = "focal_loss";  // named in messages
  double gamma = 2.0;
  double alpha = 1.0;  // multiplies every loss
  double label_smoothing = 0.0;
  std::int64_t ignore_index = -100;
  Reduction reduction = Reduction::mean;
  // The gradient is written times this. With defers_mean it is that of the sum even where `reduction` is mean, for
  // `scale` to divide later: float16 would lose the small numbers that division makes.
  double gradient_scale = 1.0;
  bool defers_mean = false;
  // Two float64: the reduced loss, and the number (or the weight) of rows that a mean divides by.
  TensorView totals;
  TensorView partials;     // working memory: float64, one for each rows_per_partial rows, at least one
  void* stream = nullptr;  // cudaStream_t of the logits' device
};

// Sum over the classes of w_c t_c (1 - p_c)^gamma (-ln p_c), p = softmax(logits + offset). A row is a batch and an
// inner place.
struct SoftmaxArgs {
  FocalOptions options;
  TensorView logits;                   // (b, c, d) float64, float32, float16 or bfloat16
  TensorView targets;                  // (b, d) any integer dtype, 0 <= class < c or ignore_index; or (b, c, d) floats
  std::optional<TensorView> weight;    // (c,) contiguous, of the compute type
  std::optional<TensorView> offset;    // (c,) likewise
  TensorView losses;                   // (b * d,) contiguous, of the compute type: the loss of each row
  std::optional<TensorView> gradient;  // of the logits' shape and dtype
};

// t w_1 (1 - p)^gamma (-ln p) + (1 - t) w_0 p^gamma (-ln (1 - p)), p = sigmoid(logit).
struct SigmoidArgs {
  FocalOptions options;
  TensorView logits;   // (n,)
  TensorView targets;  // (n,) any dtype, 0 <= t <= 1 or ignore_index
  double negative_weight = 1.0;
  double positive_weight = 1.0;
  std::optional<TensorView> losses;  // (n,) contiguous, of the compute type; only where nothing is reduced
  std::optional<TensorView> gradient;
};

// Throw TypeError, ValueError or DeviceError (burnish/error.hpp) before any work. On a CPU, targets out of range are
// refused; on a GPU, where reading them would mean waiting, their losses and gradients are NaN.
void focal_loss(const SoftmaxArgs& args);
void focal_loss(const SigmoidArgs& args);

// gradient * factor * multiplier / divisor, for the way back from the loss to the logits.
struct ScaleArgs {
  TensorView gradient;  // (b, c, d) contiguous
  TensorView factor;    // (b, d) contiguous, or (1,) for all: any floating dtype
  double multiplier = 1.0;
  std::optional<TensorView> divisor;  // (1,) float64
  TensorView out;                     // as gradient, and may be the same memory
  void* stream = nullptr;
};
void scale(const ScaleArgs& args);

}  // namespace burnish::losses
