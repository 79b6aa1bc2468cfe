// SPDX-License-Identifier: Apache-2.0
// The arguments of one call after every check, as the CPU loops and the kernels take them.
#pragma once

#include <cstdint>

#include "burnish/losses.hpp"
#include "core/float16.hpp"
#include "core/host_device.hpp"
#include "core/isa.hpp"

namespace burnish::losses {

// Where element (row, class) of a (b, c, d) array lies; a row is b * d + its inner place.
struct Places {
  std::int64_t batch_stride = 0;
  std::int64_t class_stride = 1;
  std::int64_t inner_stride = 0;
  std::int64_t inner = 1;

  BURNISH_HD std::int64_t of_row(std::int64_t row) const {
    if (inner == 1) return row * batch_stride;
    return row / inner * batch_stride + row % inner * inner_stride;
  }

  // Of `count` rows that follow one another, with as few divisions as there are batches.
  BURNISH_HD void of_rows(std::int64_t first, int count, std::int64_t* places) const {
    for (int r = 0; r < count;) {
      const std::int64_t start = of_row(first + r);
      const std::int64_t left = inner == 1 ? count : inner - (first + r) % inner;
      const std::int64_t step = inner == 1 ? batch_stride : inner_stride;
      for (std::int64_t i = 0; i < left && r < count; ++i, ++r) places[r] = start + i * step;
    }
  }
};

struct Common {
  double gamma = 2.0;
  double alpha = 1.0;
  double smoothing = 0.0;
  std::int64_t ignore_index = -100;
  double gradient_scale = 1.0;
  bool divides = false;  // the gradient by totals[1]
  bool divides_loss = false;
  double* totals = nullptr;
  double* partials = nullptr;
  bool streams_output = false;  // the gradient is too large to be found in a cache afterwards

  BURNISH_HD double final_scale() const {
    if (!divides) return gradient_scale;
    return totals[1] > 0 ? gradient_scale / totals[1] : 0.0;
  }
};

struct SoftmaxJob : Common {
  const void* logits = nullptr;
  DType dtype = DType::float32;
  std::int64_t rows = 0;
  std::int64_t classes = 0;
  Places logit_places;
  const void* targets = nullptr;
  DType target_dtype = DType::int64;
  bool soft_targets = false;
  Places target_places;
  const void* weight = nullptr;
  const void* offset = nullptr;
  void* losses = nullptr;
  void* gradient = nullptr;
  Places gradient_places;

  BURNISH_HD bool is_soft() const { return soft_targets || smoothing != 0; }
};

struct SigmoidJob : Common {
  const void* logits = nullptr;
  DType dtype = DType::float32;
  std::int64_t rows = 0;
  std::int64_t logit_stride = 1;
  const void* targets = nullptr;
  DType target_dtype = DType::float32;
  std::int64_t target_stride = 1;
  double weights[2] = {1.0, 1.0};  // of the negative and of the positive class
  void* losses = nullptr;
  void* gradient = nullptr;
  std::int64_t gradient_stride = 1;
};

struct ScaleJob {
  const void* gradient = nullptr;
  DType dtype = DType::float32;
  std::int64_t batches = 0;
  std::int64_t classes = 0;
  std::int64_t inner = 0;
  const void* factor = nullptr;
  DType factor_dtype = DType::float32;
  bool one_factor = true;
  double multiplier = 1.0;
  const double* divisor = nullptr;
  void* out = nullptr;

  // Of (batch, inner place).
  template <class T>
  BURNISH_HD double factor_at(const T* factors, std::int64_t place) const {
    const double product = static_cast<double>(widen(factors[one_factor ? 0 : place])) * multiplier;
    if (!divisor) return product;
    return *divisor > 0 ? product / *divisor : 0.0;
  }
};

// Elements of working memory, of the compute type, that softmax_rows needs.
std::int64_t softmax_workspace(const SoftmaxJob& job);

// Rows, or values, first..last; `first` is a multiple of rows_per_partial for the chunks of sigmoid_rows, which writes
// a partial sum for each. Need no check and throw nothing.
template <Isa isa>
void softmax_rows(const SoftmaxJob& job, std::int64_t first, std::int64_t last, void* workspace);
template <Isa isa>
void sigmoid_rows(const SigmoidJob& job, std::int64_t first, std::int64_t last);
// Writes how many targets of each partial are not ignored; false where one is out of range.
template <Isa isa>
bool softmax_targets(const SoftmaxJob& job, std::int64_t first, std::int64_t last);
template <Isa isa>
bool sigmoid_targets(const SigmoidJob& job, std::int64_t first, std::int64_t last);
template <Isa isa>
void scale_values(const ScaleJob& job, std::int64_t first, std::int64_t last);
#if defined(BURNISH_HAS_X86_LEVELS)
template <>
void softmax_rows<Isa::v4>(const SoftmaxJob& job, std::int64_t first, std::int64_t last, void* workspace);
template <>
void sigmoid_rows<Isa::v4>(const SigmoidJob& job, std::int64_t first, std::int64_t last);
template <>
bool softmax_targets<Isa::v4>(const SoftmaxJob& job, std::int64_t first, std::int64_t last);
template <>
bool sigmoid_targets<Isa::v4>(const SigmoidJob& job, std::int64_t first, std::int64_t last);
template <>
void scale_values<Isa::v4>(const ScaleJob& job, std::int64_t first, std::int64_t last);
template <>
void softmax_rows<Isa::v3>(const SoftmaxJob& job, std::int64_t first, std::int64_t last, void* workspace);
template <>
void sigmoid_rows<Isa::v3>(const SigmoidJob& job, std::int64_t first, std::int64_t last);
template <>
bool softmax_targets<Isa::v3>(const SoftmaxJob& job, std::int64_t first, std::int64_t last);
template <>
bool sigmoid_targets<Isa::v3>(const SigmoidJob& job, std::int64_t first, std::int64_t last);
template <>
void scale_values<Isa::v3>(const ScaleJob& job, std::int64_t first, std::int64_t last);
#endif
template <>
void softmax_rows<Isa::v2>(const SoftmaxJob& job, std::int64_t first, std::int64_t last, void* workspace);
template <>
void sigmoid_rows<Isa::v2>(const SigmoidJob& job, std::int64_t first, std::int64_t last);
template <>
bool softmax_targets<Isa::v2>(const SoftmaxJob& job, std::int64_t first, std::int64_t last);
template <>
bool sigmoid_targets<Isa::v2>(const SigmoidJob& job, std::int64_t first, std::int64_t last);
template <>
void scale_values<Isa::v2>(const ScaleJob& job, std::int64_t first, std::int64_t last);

// Launch on `stream` and return at once.
void softmax_cuda(const SoftmaxJob& job, int device, void* stream);
void sigmoid_cuda(const SigmoidJob& job, int device, void* stream);
void scale_cuda(const ScaleJob& job, int device, void* stream);

}  // namespace burnish::losses
