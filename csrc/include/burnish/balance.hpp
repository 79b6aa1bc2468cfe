// SPDX-License-Identifier: Apache-2.0
// New samples between old ones.
#pragma once

#include <optional>

#include "burnish/tensor.hpp"

namespace burnish::balance {

// out[i] = rows[base[i]] + step[i] * (other[neighbor[i]] - rows[base[i]]).
// The difference is taken in the rows' type; product and sum are taken in double and rounded once each, and the result
// is converted to the rows' type, integers towards zero. With `scale`, the difference is multiplied by scale[i] in
// double and converted back first.
struct InterpolateArgs {
  TensorView rows;                  // (n, d) float64, float32, float16, or an integer dtype
  std::optional<TensorView> other;  // (m, d) of the same dtype; without it, rows
  TensorView base;                  // (count,) int64 or int32, 0 <= base < n
  TensorView neighbor;              // (count,) int64 or int32, 0 <= neighbor < m
  TensorView step;                  // (count,) float64
  std::optional<TensorView> scale;  // (count,) float64
  TensorView out;                   // (count, d) of the rows' dtype
  void* stream = nullptr;           // cudaStream_t of the rows' device
};

// Throws TypeError, ValueError or DeviceError (burnish/error.hpp) before any work. On a GPU, where reading the indices
// would mean waiting, rows of indices out of range are left as they were.
void interpolate(const InterpolateArgs& args);

}  // namespace burnish::balance
