// SPDX-License-Identifier: Apache-2.0
// Formulas of one pixel's color, over floats and vectors of floats.
#pragma once

#include "augment/levels_math.hpp"

namespace burnish::augment {

template <class V>
struct Color {
  V red;
  V green;
  V blue;
};

template <bool whole, class V>
BURNISH_HD Color<V> saturated(const Color<V>& c, float factor, const Levels& levels) {
  const V rest = luma<whole>(c.red, c.green, c.blue) * (1.0f - factor);
  return {settled<whole>(c.red * factor + rest, levels), settled<whole>(c.green * factor + rest, levels),
          settled<whole>(c.blue * factor + rest, levels)};
}

// Hue in sixths of a turn from red, of a color whose largest value is `top` and whose range is not 0.
template <class V>
BURNISH_HD V hue_of(const Color<V>& c, V top, V range) {
  const V one_over = 1.0f / range;
  const V of_red = (c.green - c.blue) * one_over;
  const V of_green = (c.blue - c.red) * one_over + 2.0f;
  const V of_blue = (c.red - c.green) * one_over + 4.0f;
  return top == c.red ? of_red : top == c.green ? of_green : of_blue;
}

// The value that a channel has, `sixths` after its own hue, in a color of this top and range.
template <class V>
BURNISH_HD V channel_at(V sixths, V top, V range) {
  using L = Lanes<V>;
  // 0 within one sixth of the opposite hue..., 1 within one sixth of its own, linear between.
  const V turns = sixths * (1.0f / 6.0f);
  const V around = (turns - floored(turns)) * 6.0f;
  const V distance = L::min(around, 6.0f - around);  // 0..3 sixths
  const V part = L::max(V{}, L::min(V{} + 1.0f, 2.0f - distance));
  return top - range * (1.0f - part);
}

// Turns the hue; value and saturation in HSV stay.
template <bool whole, class V>
BURNISH_HD Color<V> turned(const Color<V>& c, float turns, const Levels& levels) {
  using L = Lanes<V>;
  const V top = L::max(c.red, L::max(c.green, c.blue));
  const V range = top - L::min(c.red, L::min(c.green, c.blue));
  const V positive = range > V{} ? range : V{} + 1.0f;
  const V hue = hue_of(c, top, positive) + 6.0f * turns;
  return {settled<whole>(channel_at<V>(hue, top, range), levels),
          settled<whole>(channel_at<V>(hue - 2.0f, top, range), levels),
          settled<whole>(channel_at<V>(hue - 4.0f, top, range), levels)};
}

}  // namespace burnish::augment
