// SPDX-License-Identifier: Apache-2.0
// Sums of one number a row, the same bits on both devices: rows in partials of 1024, in a partial row i belongs to lane
// i % 32, lanes are added in a tree of halves; then the partials likewise.
#pragma once

#include <cstdint>

#include "burnish/losses.hpp"
#include "core/host_device.hpp"

namespace burnish::losses {

inline constexpr int sum_lanes = 32;

BURNISH_HD std::int64_t partial_count(std::int64_t rows) { return (rows + rows_per_partial - 1) / rows_per_partial; }

template <class Count, class Value>
double sum_of_partial(Count count, const Value& value_of) {
  double lanes[sum_lanes] = {};
  Count i = 0;
  for (; i + sum_lanes <= count; i += sum_lanes) {
    for (Count lane = 0; lane < sum_lanes; ++lane) lanes[lane] += value_of(i + lane);
  }
  for (Count lane = 0; i + lane < count; ++lane) lanes[lane] += value_of(i + lane);
  for (int half = sum_lanes / 2; half > 0; half /= 2) {
    for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

inline double sum_of_partials(const double* partials, std::int64_t count) {
  return sum_of_partial(count, [&](std::int64_t i) { return partials[i]; });
}

}  // namespace burnish::losses
