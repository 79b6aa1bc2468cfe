// SPDX-License-Identifier: Apache-2.0
// One value of an image mixed with that of its partner: weight * a + (1 - weight) * b, both products and the sum
// rounded once each. As torchvision's MixUp computes it, and the same bits everywhere.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/bits.hpp"
#include "core/float16.hpp"
#include "core/host_device.hpp"

namespace burnish::augment {

// What products and sums of a dtype are computed in.
template <class T>
using MixNumber = std::conditional_t<std::is_same_v<T, double>, double, float>;

template <class T>
struct MixWeights {
  MixNumber<T> own;
  MixNumber<T> partner;
};

template <class T>
BURNISH_HD MixWeights<T> mix_weights(double weight) {
  return {static_cast<MixNumber<T>>(weight), static_cast<MixNumber<T>>(1.0 - weight)};
}

// T may be a vector of floats, with the weights of one.
template <class T, class Weights>
BURNISH_HD T mixed(T a, T b, Weights weights) {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    // To the nearest, ties to even, by the addition: the last bits of the sum are the whole number. In 0..255, since
    // the weights are in 0..1 and add up to 1 within a rounding error.
    const float x = static_cast<float>(a) * weights.own + static_cast<float>(b) * weights.partner;
    return static_cast<std::uint8_t>(bit_cast<std::uint32_t>(x + 0x1.8p23F));
  } else if constexpr (std::is_same_v<T, Float16>) {
    return to_float16(static_cast<double>(widen(a) * weights.own + widen(b) * weights.partner));
  } else if constexpr (std::is_same_v<T, BFloat16>) {
    return to_bfloat16(widen(a) * weights.own + widen(b) * weights.partner);
  } else {
    return a * weights.own + b * weights.partner;
  }
}

// A rectangle of pixels that is the partner's; empty if a side is 0.
struct MixBox {
  std::int64_t top;
  std::int64_t left;
  std::int64_t height;
  std::int64_t width;
};

BURNISH_HD bool holds_row(const MixBox& box, std::int64_t row) {
  return box.width > 0 && row >= box.top && row - box.top < box.height;
}

}  // namespace burnish::augment
