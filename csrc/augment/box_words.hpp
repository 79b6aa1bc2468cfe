// SPDX-License-Identifier: Apache-2.0
// Box<std::uint8_t> in words of 16 bits.
#pragma once

#include "augment/planes_math.hpp"

namespace burnish::augment {

// Let d be 2 sum - size * ends. What Box::of() cuts 24 bits off is (ends + 1) * 2^23 + d * weight / 2, for even
// weights. With weight / 2 = high * 2^16 + low, that without its lower 16 bits is
//   (ends + 1) * 128 + d * high + (d * low >> 16),
// and modulo 2^16 all of it fits: one product of the upper half, and one of the lower. For odd weights there is a rest,
// of half a weight rounded down (d - ends) / 2, of one rounded up -(d + ends) / 2. It hardly ever matters: that depends
// on d alone, since ends and d are both even or both odd, and can be found out for all of them.
struct WordBox {
  static constexpr int most_radius = 31;  // d has 16 bits, signed

  int radius = 0;
  std::int16_t size = 1;
  std::int16_t high = 0;
  std::int16_t low = 0;
  bool is_exact = false;

  BURNISH_HD explicit WordBox(const Box<std::uint8_t>& box) : radius(box.radius) {
    if (radius > most_radius) return;
    size = static_cast<std::int16_t>(2 * radius + 1);
    const auto half = static_cast<std::int32_t>(box.weight / 2);
    for (int up = 0; up <= static_cast<int>(box.weight & 1) && !is_exact; ++up) {
      low = static_cast<std::int16_t>((half + up) & 0xffff);
      high = static_cast<std::int16_t>((half + up - low) >> 16);
      is_exact = box.weight % 2 == 0 || can_leave_rest(half + up, up != 0);
    }
  }

  // Whether no rest carries over, however large it can be for d.
  BURNISH_HD bool can_leave_rest(std::int32_t half, bool is_up) const {
    constexpr int most_ends = 2 * 255;
    constexpr std::int32_t bits = (1 << 24) - 1;
    const int most = most_ends * size;
    std::int32_t carries = 0;
    for (std::int32_t d = -most; d <= most; ++d) {
      const std::uint32_t start = static_cast<std::uint32_t>((d & 1) + 1) << 23;
      const auto place =
          static_cast<std::int32_t>(start + static_cast<std::uint32_t>(half) * static_cast<std::uint32_t>(d)) & bits;
      const std::int32_t least_rest = (d - most_ends) >> 1;
      const std::int32_t shift = is_up ? d : 0;
      carries |= (place + least_rest - shift) | (bits - (place + (d >> 1) - shift));  // below 0: it carries
    }
    return carries >= 0;
  }
};

}  // namespace burnish::augment
