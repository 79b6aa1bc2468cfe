// SPDX-License-Identifier: Apache-2.0
// The arguments of one call of burnish::balance::interpolate after every check.
#pragma once

#include <cstdint>

#include "balance/interpolate_math.hpp"
#include "burnish/balance.hpp"
#include "core/isa.hpp"

namespace burnish::balance {

struct InterpolateJob {
  DType dtype = DType::float32;
  std::int64_t columns = 0;
  const void* rows = nullptr;
  std::int64_t row_count = 0;
  std::int64_t row_stride = 0;
  const void* other = nullptr;
  std::int64_t other_count = 0;
  std::int64_t other_stride = 0;
  IndexList base;
  IndexList neighbor;
  const double* step = nullptr;
  const double* scale = nullptr;  // or null
  void* out = nullptr;
  std::int64_t out_stride = 0;
  std::int64_t count = 0;
};

// Results first..last.
template <Isa isa>
void interpolate_rows(const InterpolateJob& job, std::int64_t first, std::int64_t last);
#if defined(BURNISH_HAS_X86_LEVELS)
template <>
void interpolate_rows<Isa::v4>(const InterpolateJob& job, std::int64_t first, std::int64_t last);
template <>
void interpolate_rows<Isa::v3>(const InterpolateJob& job, std::int64_t first, std::int64_t last);
#endif
template <>
void interpolate_rows<Isa::v2>(const InterpolateJob& job, std::int64_t first, std::int64_t last);

// Launches on `stream` and returns at once.
void interpolate_rows_cuda(const InterpolateJob& job, int device, void* stream);

}  // namespace burnish::balance
