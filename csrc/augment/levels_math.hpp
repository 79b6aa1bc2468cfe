// SPDX-License-Identifier: Apache-2.0
// What every change of a value ends with, over floats and vectors of floats.
#pragma once

#include "augment/program.hpp"
#include "core/lanes.hpp"

namespace burnish::augment {

// To the nearest whole number, halves to even; for sizes below 2^22.
template <class V>
BURNISH_HD V rounded(V x) {
  return (x + 0x1.8p23f) - 0x1.8p23f;
}

// The largest whole number that is not above x; for sizes below 2^22.
template <class V>
BURNISH_HD V floored(V x) {
  const V near = rounded(x);
  return near > x ? near - 1.0f : near;
}

// Into the range of the levels; NaN becomes the lowest.
template <bool whole, class V>
BURNISH_HD V settled(V x, const Levels& levels) {
  using L = Lanes<V>;
  const V inside = L::min(L::max(x, V{} + levels.low), V{} + levels.high);
  return whole ? rounded(inside) : inside;
}

// A value given from outside, as one of the levels: what mixes it with pixels clamps it, too.
BURNISH_HD float settled_fill(double value, const Levels& levels) {
  const auto fill = static_cast<float>(value);
  return levels.are_whole ? settled<true>(fill, levels) : settled<false>(fill, levels);
}

// The luma of ITU-R 601 with factors of 1/65536, as Pillow has it; rounded, halves up, where levels are whole.
template <bool whole, class V>
BURNISH_HD V luma(V red, V green, V blue) {
  const V sum = 19595.0f * red + 38470.0f * green + 7471.0f * blue;  // exact where levels are whole
  return whole ? floored((sum + 32768.0f) * 0x1p-16f) : sum * 0x1p-16f;
}

}  // namespace burnish::augment
