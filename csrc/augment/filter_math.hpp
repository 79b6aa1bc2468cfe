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

// Away from the mean of the pixel, 5 times, and its 8 neighbors; towards it for factors below 1.
template <bool whole, class V>
BURNISH_HD V sharpened(V pixel, V neighbors, float factor, const Levels& levels) {
  const V smooth = settled<whole>((neighbors + pixel * 5.0f) / 13.0f, levels);
  return settled<whole>(smooth + (pixel - smooth) * factor, levels);
}

}  // namespace burnish::augment
