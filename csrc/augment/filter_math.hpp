// SPDX-License-Identifier: Apache-2.0
// Formulas of a pixel and its neighbors, over floats and vectors of floats.
#pragma once

#include "augment/levels_math.hpp"

namespace burnish::augment {

// A symmetric kernel: pair(i) is the sum of the values i steps before and after the center.
template <class V, class Pair>
BURNISH_HD V weighted(V center, const float* weight, int radius, const Pair& pair) {
  V sum = center * weight[0];
  for (int i = 1; i <= radius; ++i) sum += pair(i) * weight[i];
  return sum;
}

// Bytes have weights of whole 256ths along either axis, and halves are rounded up, as OpenCV has it: sums are exact,
// whatever their order, in integers of 32 bits and in floats.
inline constexpr std::int32_t fixed_sum_half = 1 << 15;
BURNISH_HD std::uint8_t byte_of_fixed_sum(std::uint32_t sum) {
  return static_cast<std::uint8_t>((sum + fixed_sum_half) >> 16);
}

// Away from the mean of the pixel, 5 times, and its 8 neighbors; towards it for factors below 1.
template <bool whole, class V>
BURNISH_HD V sharpened(V pixel, V neighbors, float factor, const Levels& levels) {
  const V smooth = settled<whole>((neighbors + pixel * 5.0f) / 13.0f, levels);
  return settled<whole>(smooth + (pixel - smooth) * factor, levels);
}

}  // namespace burnish::augment
