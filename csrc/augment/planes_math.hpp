// SPDX-License-Identifier: Apache-2.0
// One value of filters over all of an image, as Pillow has them.
#pragma once

#include <cstdint>

#include "augment/levels_math.hpp"

namespace burnish::augment {

// A box of whole pixels, and a part of one more at either end.
template <class T>
struct Box;

template <>
struct Box<std::uint8_t> {
  using Sum = std::uint32_t;
  int radius;
  Sum weight;
  Sum end_weight;

  BURNISH_HD explicit Box(float size)
      : radius(static_cast<int>(size)),
        weight(static_cast<Sum>(static_cast<float>(1 << 24) / (size * 2 + 1))),
        end_weight(((1u << 24) - (static_cast<Sum>(radius) * 2 + 1) * weight) / 2) {}
  BURNISH_HD std::uint8_t of(Sum sum, Sum ends) const {
    return static_cast<std::uint8_t>((sum * weight + ends * end_weight + (1u << 23)) >> 24);
  }
};

template <>
struct Box<float> {
  using Sum = double;
  int radius;
  Sum weight;
  Sum end_weight;

  BURNISH_HD explicit Box(float size)
      : radius(static_cast<int>(size)),
        weight(1 / (2 * static_cast<double>(size) + 1)),
        end_weight((1 - (2 * radius + 1) * weight) / 2) {}
  BURNISH_HD float of(Sum sum, Sum ends) const { return static_cast<float>(sum * weight + ends * end_weight); }
};

// Away from the blurred value by a percentage of the difference, towards zero, where that is large.
struct Unsharp {
  double percent;
  double threshold;
  Levels levels;

  BURNISH_HD std::uint8_t of(std::uint8_t value, std::uint8_t blurred) const {
    const int difference = value - blurred;
    const int size = difference < 0 ? -difference : difference;
    // Whole hundredths: the half keeps what is whole from below it, and what is not from above, up to 255 and beyond.
    const auto product = static_cast<float>(size * static_cast<int>(percent));
    const int more = static_cast<int>((product + 0.5f) * 0.01f);
    const int sharp = difference < 0 ? value - more : value + more;
    const int inside = sharp < 0 ? 0 : sharp > 255 ? 255 : sharp;
    return size > static_cast<int>(threshold) ? static_cast<std::uint8_t>(inside) : value;
  }
  BURNISH_HD float of(float value, float blurred) const {
    const float difference = value - blurred;
    const float size = difference < 0 ? -difference : difference;
    const float sharp = settled<false>(value + difference * static_cast<float>(percent / 100), levels);
    return size > static_cast<float>(threshold) ? sharp : value;
  }
};

// Weighted sums of bytes, in units of 2^-fixed_bits, start at this half.
inline constexpr std::int32_t fixed_half = 1 << (fixed_bits - 1);

BURNISH_HD std::uint8_t byte_of_fixed(std::int32_t sum) {
  const std::int32_t value = sum >> fixed_bits;
  return static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

BURNISH_HD void settle_value(float value, const Levels& levels, float& to) { to = settled<false>(value, levels); }
BURNISH_HD void settle_value(float value, const Levels& levels, std::uint8_t& to) {
  to = static_cast<std::uint8_t>(settled<true>(value, levels));
}

}  // namespace burnish::augment
