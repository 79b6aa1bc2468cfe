// SPDX-License-Identifier: Apache-2.0
// Formulas of one pixel's color, over floats and vectors of floats.
#pragma once

#include "augment/levels_math.hpp"
#include "core/exp.hpp"

namespace burnish::augment {

template <class V>
struct Color {
  V red;
  V green;
  V blue;
};

// With factors of 0 to 1 whole values stay between their own and the luma: nothing has to be clamped.
template <bool whole, bool clamps, class V>
BURNISH_HD Color<V> saturated(const Color<V>& c, float factor, const Levels& levels) {
  const V rest = luma<whole>(c.red, c.green, c.blue) * (1.0f - factor);
  const auto channel = [&](V value) {
    const V mixed = value * factor + rest;
    return clamps ? settled<whole>(mixed, levels) : settled_inside<whole>(mixed);
  };
  return {channel(c.red), channel(c.green), channel(c.blue)};
}

template <bool whole, class V>
BURNISH_HD Color<V> grayed(const Color<V>& c, Gray which, const Levels& levels) {
  using L = Lanes<V>;
  V gray = luma<whole>(c.red, c.green, c.blue);
  if (which == Gray::average) gray = (c.red + c.green + c.blue) / 3.0f;
  const V top = L::max(c.red, L::max(c.green, c.blue));
  if (which == Gray::max) gray = top;
  if (which == Gray::desaturation) gray = (top + L::min(c.red, L::min(c.green, c.blue))) * 0.5f;
  gray = settled<whole>(gray, levels);
  return {gray, gray, gray};
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

template <class V>
BURNISH_HD V magnitude(V x) {
  using Bits = typename Lanes<V>::Bits;
  return bit_cast<V>(bit_cast<Bits>(x) & (Bits{} + 0x7fffffffu));
}

// Turns the hue; value and saturation in HSV stay. All in units of the color's range: so there is nothing to divide,
// and whole values stay exact but for the turn.
template <bool whole, class V>
BURNISH_HD Color<V> turned(const Color<V>& c, float turns, const Levels& levels) {
  using L = Lanes<V>;
  const V top = L::max(c.red, L::max(c.green, c.blue));
  const V range = top - L::min(c.red, L::min(c.green, c.blue));
  // Products where sums would do: processors have other units for them.
  const V two = range * 2.0f;
  const V four = range * 4.0f;
  const V circle = range * 6.0f;
  const V three = range * 3.0f;
  const V of_green = (c.blue - c.red) + two;
  const V of_blue = (c.red - c.green) + four;
  const V own = top == c.red ? c.green - c.blue : top == c.green ? of_green : of_blue;
  V hue = own + range * (6.0f * (turns - floored(turns)));  // from -1 to 11 sixths
  hue = hue >= circle ? hue - circle : hue;
  // What a channel lacks to the top grows and falls by the range in a sixth each, two sixths after its own hue: twice
  // within two turns, at -3 and 3 sixths from their middle.
  const auto channel = [&](V from_middle) {
    const V missing = L::max(V{}, L::min(two - magnitude<V>(magnitude<V>(from_middle) - three), range));
    // Whole values are within their levels, and so is what lies between the top and the bottom of them.
    return whole ? settled_inside<true>(top - missing) : settled<whole>(top - missing, levels);
  };
  return {channel(hue), channel(hue - two), channel(hue - four)};
}

// Shifts in HSV, its saturation and value from `low` to `high` as the values are. Gray stays gray.
template <bool whole, class V>
BURNISH_HD Color<V> shifted_hsv(const Color<V>& c, float sixths, float saturation, float value, const Levels& levels) {
  using L = Lanes<V>;
  const V top = L::max(c.red, L::max(c.green, c.blue));
  const V range = top - L::min(c.red, L::min(c.green, c.blue));
  const V hue = hue_of(c, top, range > V{} ? range : V{} + 1.0f) + sixths;
  const V part = range / (top > V{} ? top : V{} + 1.0f);
  const V shifted = L::min(V{} + 1.0f, L::max(V{}, part + saturation / levels.high));
  const V new_part = range > V{} ? shifted : V{};
  const V new_top = settled<false>(top + value, levels);
  const V new_range = new_top * new_part;
  return {settled<whole>(channel_at<V>(hue, new_top, new_range), levels),
          settled<whole>(channel_at<V>(hue - 2.0f, new_top, new_range), levels),
          settled<whole>(channel_at<V>(hue - 4.0f, new_top, new_range), levels)};
}

// Changes the value in HSV, the largest of the three.
template <bool whole, class V>
BURNISH_HD Color<V> revalued(const Color<V>& c, float factor, float shift, const Levels& levels) {
  using L = Lanes<V>;
  const V top = L::max(c.red, L::max(c.green, c.blue));
  const V new_top = settled<false>(top * factor + shift, levels);
  const V ratio = new_top / (top > V{} ? top : V{} + 1.0f);
  const V black = top > V{} ? V{} : new_top;
  return {settled<whole>(c.red * ratio + black, levels), settled<whole>(c.green * ratio + black, levels),
          settled<whole>(c.blue * ratio + black, levels)};
}

// x / 4096, to the nearest whole number, halves up; exact for whole numbers below 2^24.
template <class V>
BURNISH_HD V rounded_4096th(V x) {
  return floored((x + 2048.0f) * 0x1p-12f);
}

// Bytes to hue in degrees / 2, saturation and value, as OpenCV has them: by tables of whole numbers there, of which
// all products are exact here.
template <class V>
BURNISH_HD Color<V> hsv_of_bytes(const Color<V>& c) {
  using L = Lanes<V>;
  const V top = L::max(c.red, L::max(c.green, c.blue));
  const V range = top - L::min(c.red, L::min(c.green, c.blue));
  const V saturation = rounded_4096th(range * rounded(1044480.0f / (top > V{} ? top : V{} + 1.0f)));
  const V of_red = c.green - c.blue;
  const V of_green = c.blue - c.red + 2.0f * range;
  const V of_blue = c.red - c.green + 4.0f * range;
  const V part = top == c.red ? of_red : top == c.green ? of_green : of_blue;
  const V hue = rounded_4096th(part * rounded(122880.0f / (range > V{} ? range : V{} + 1.0f)));
  return {hue < V{} ? hue + 180.0f : hue, saturation, top};
}

// And back, rounded; hues of 180 and more are turns more.
template <class V>
BURNISH_HD Color<V> bytes_of_hsv(const Color<V>& hsv) {
  const V turned = hsv.red * static_cast<float>(6.0 / 180);
  const V sector = floored(turned);
  const V part = turned - sector;
  const V sixth = sector >= 6.0f ? sector - 6.0f : sector;
  const V saturation = hsv.green * (1.0f / 255);
  const V top = hsv.blue * (1.0f / 255);
  const V low = top * (1.0f - saturation);
  const V falling = top * (1.0f - saturation * part);
  const V rising = top * (1.0f - saturation * (1.0f - part));
  // Each channel's place in the order of the hues is that of the next one, two sixths later.
  const auto channel = [&](V s) {
    return rounded(255.0f * (s < 1.0f ? top : s < 2.0f ? falling : s < 4.0f ? low : s < 5.0f ? rising : top));
  };
  const auto later = [&](V s, float by) { return s + by >= 6.0f ? s + by - 6.0f : s + by; };
  return {channel(sixth), channel(later(sixth, 4.0f)), channel(later(sixth, 2.0f))};
}

// Values from the threshold on are inverted.
template <bool whole, class V>
BURNISH_HD V solarized(V x, float threshold, const Levels& levels) {
  return settled<whole>(x >= V{} + threshold ? levels.high - x : x, levels);
}

// The lowest of the values that share the highest bits; `steps` = 2^bits values are left.
template <bool whole, class V>
BURNISH_HD V posterized(V x, float steps, const Levels& levels) {
  using L = Lanes<V>;
  if constexpr (whole) return floored(x * (steps * 0x1p-8f)) * (256.0f / steps);
  const V step = floored(settled<false>(x, levels) * steps);
  return L::min(step, V{} + (steps - 1.0f)) / steps;
}

// x^exponent for fractions.
template <class V>
BURNISH_HD V powered(V x, float exponent, const Levels& levels) {
  return settled<false>(exp(log(settled<false>(x, levels)) * exponent), levels);
}

}  // namespace burnish::augment
