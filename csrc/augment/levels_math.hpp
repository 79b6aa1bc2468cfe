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

// The largest whole number that is not above x; for sizes below 2^22. The sign of 0 depends on the processor.
template <class V>
BURNISH_HD V floored(V x) {
  return Lanes<V>::floor(x);
}

// Into the range of the levels; NaN becomes the lowest.
template <bool whole, class V>
BURNISH_HD V settled(V x, const Levels& levels) {
  using L = Lanes<V>;
  const V inside = L::min(L::max(x, V{} + levels.low), V{} + levels.high);
  return whole ? L::nearest(inside) : inside;
}

// The same of a value that is known to be within the levels: there is nothing to clamp.
template <bool whole, class V>
BURNISH_HD V settled_inside(V x) {
  return whole ? Lanes<V>::nearest(x) : x;
}

// Whether bytes, times the factor plus the shift, need no clamp: as much beyond white as is rounded to it does no harm.
BURNISH_HD bool stays_inside(float factor, float shift) {
  return factor >= 0 && shift >= 0 && 255.0f * factor + shift <= 255.25f;
}

// A value given from outside, as one of the levels: what mixes it with pixels clamps it, too.
BURNISH_HD float settled_fill(double value, const Levels& levels) {
  const auto fill = static_cast<float>(value);
  return levels.are_whole ? settled<true>(fill, levels) : settled<false>(fill, levels);
}

// An index for tables of 256: fill may be any number.
BURNISH_HD int index_of(float value) { return static_cast<int>(settled<true>(value, Levels())); }
// 0..1 as 0..255.
BURNISH_HD int byte_of(float value) { return static_cast<int>(settled<true>(value * 255.0f, Levels())); }

// The luma of ITU-R 601 with factors of 1/65536, as Pillow has it; rounded, halves up, where levels are whole.
template <bool whole, class V>
BURNISH_HD V luma(V red, V green, V blue) {
  using L = Lanes<V>;
  const auto times = [](float factor) { return V{} + factor; };
  if constexpr (whole) {
    const V of_blue = L::exact_mul_add(blue, times(7471.0f), times(32768.0f));
    const V sum = L::exact_mul_add(red, times(19595.0f), L::exact_mul_add(green, times(38470.0f), of_blue));
    return floored(sum * 0x1p-16f);
  } else {
    return (19595.0f * red + 38470.0f * green + 7471.0f * blue) * 0x1p-16f;
  }
}

// Sums of values are whole numbers of these parts of 1, and exact whatever the order of additions.
BURNISH_HD double sum_parts(const Levels& levels) { return levels.are_whole ? 1.0 : 0x1p24; }

// A value as a multiple of such a part. NaN is left out, and what is further than 8192 from 0 counts as that.
template <bool whole>
BURNISH_HD double in_parts(float value) {
  if constexpr (whole) return static_cast<double>(value);
  const float number = value == value ? value : 0.0f;
  const float near = number > 0x1p13f ? 0x1p13f : number < -0x1p13f ? -0x1p13f : number;
  return (static_cast<double>(near) + 0x1.8p28) - 0x1.8p28;
}

BURNISH_HD double mean_of(std::int64_t sum, const Levels& levels, std::int64_t count) {
  return static_cast<double>(sum) / sum_parts(levels) / static_cast<double>(count > 0 ? count : 1);
}

}  // namespace burnish::augment
