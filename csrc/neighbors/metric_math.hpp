// SPDX-License-Identifier: Apache-2.0
// The key by which neighbors are ordered, in double: squared length, sum of absolute differences, or one minus the
// cosine. Coordinate c is added to lane c % 16, and the lanes in a fixed tree, so that the key has the same bits at
// every instruction set level and on a GPU.
#pragma once

#include <cstdint>

#include "burnish/neighbors.hpp"
#include "core/bits.hpp"
#include "core/host_device.hpp"
#include "core/lanes.hpp"

namespace burnish::neighbors {

inline constexpr int key_lanes = 16;

template <Metric metric>
BURNISH_HD double add_term(double sum, double a, double b) {
  if constexpr (metric == Metric::cosine) {
    return sum + a * b;
  } else {
    const double difference = a - b;
    if constexpr (metric == Metric::manhattan) return sum + (difference < 0 ? -difference : difference);
    return sum + difference * difference;
  }
}

// Lane i with lane i + 8, then with i + 4, and so on; fewer lanes if those behind are all 0. Overwrites the lanes.
template <int count>
BURNISH_HD double sum_lanes(double (&lanes)[count]) {
  for (int half = count / 2; half > 0; half /= 2) {
    for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

template <Metric metric>
BURNISH_HD double key_of(double sum) {
  if constexpr (metric == Metric::cosine) {
    const double key = 1.0 - sum;
    return key < 0 ? 0.0 : key;  // NaN stays, so that a GPU, which does not refuse it, tells it from 0
  } else {
    return sum;
  }
}

// A power of two that brings `largest` near 1, so that squares neither overflow nor vanish.
BURNISH_HD double factor_for(double largest) {
  const std::int64_t exponent = bit_cast<std::int64_t>(largest) >> 52;
  if (exponent == 0) return 0x1p1000;  // 0 or subnormal
  return bit_cast<double>((exponent < 2044 ? 2045 - exponent : 1) << 52);
}

// A row divided by its length, for the cosine; of zeros if it is one of zeros. Returns whether it has a length.
template <class T>
BURNISH_HD bool normalize_row(const T* from, std::int64_t width, double* to) {
  double largest = 0;
  for (std::int64_t c = 0; c < width; ++c) {
    const auto value = static_cast<double>(from[c]);
    largest = Lanes<double>::max(value < 0 ? -value : value, largest);
  }
  const double factor = factor_for(largest);
  double square = 0;
  for (std::int64_t c = 0; c < width; ++c) {
    to[c] = static_cast<double>(from[c]) * factor;
    square += to[c] * to[c];
  }
  const double length = square > 0 ? Lanes<double>::sqrt(square) : 1.0;
  for (std::int64_t c = 0; c < width; ++c) to[c] = to[c] / length;
  return square > 0;
}

BURNISH_HD double distance_of(double key, Metric metric) {
  return metric == Metric::euclidean ? Lanes<double>::sqrt(key) : key;
}

}  // namespace burnish::neighbors
