// SPDX-License-Identifier: Apache-2.0
// Normal draws for pixels, each a function of the sample's name, the place in the pipeline and the pixel alone.
// G. E. P. Box, M. E. Muller: A note on the generation of random normal deviates. Ann. Math. Statist. 29(2), 1958.
#pragma once

#include "core/exp.hpp"
#include "core/rng.hpp"

namespace burnish::augment {

struct NoiseKey {
  PhiloxKey key;
  std::uint32_t id[2] = {};
  std::uint32_t place = 0;
};

// Parameters of a sample are drawn for an even place, pixels for the odd one after it.
BURNISH_HD std::uint32_t place_of_params(std::uint32_t place) { return 2 * place; }
BURNISH_HD std::uint32_t place_of_pixels(std::uint32_t place) { return 2 * place + 1; }

BURNISH_HD PhiloxKey key_of(std::uint64_t seed, std::int64_t epoch) {
  const auto e = static_cast<std::uint64_t>(epoch);
  const PhiloxCounter mixed = philox4x32({{static_cast<std::uint32_t>(e), static_cast<std::uint32_t>(e >> 32), 0, 0}},
                                         {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}});
  return {{mixed.word[0], mixed.word[1]}};
}

// Draw p of a sample lies in group p / 128: each of the 16 blocks of a group has 4 words, each word gives 2 draws, and
// draw k * 16 + j of the group is number k of block j. So lanes may work on neighboring blocks and store their draws
// side by side.
inline constexpr int noise_blocks = 16;
inline constexpr int noise_group = 8 * noise_blocks;

// A uniform draw p lies in group p / 64: draw k * 16 + j of the group is word k of block j.
inline constexpr int uniform_group = 4 * noise_blocks;

// Uniform in (0, 1) from the first 23 bits.
template <class V, class Bits>
BURNISH_HD V uniform_of(Bits word) {
  return ((bit_cast<V>((word >> 9) | (Bits{} + 0x4b000000u)) - 0x1p23f) + 0.5f) * 0x1p-23f;
}

// Two independent draws from 32 bits: 20 for the radius, up to 5.3, and 12 for the angle.
template <class V, class Bits>
BURNISH_HD void normal_pair(Bits word, V& first, V& second) {
  using L = Lanes<V>;
  // Numbers of up to 23 bits become floats by adding their bits to those of 2^23.
  const auto to_float = [](Bits bits) { return bit_cast<V>(bits | (Bits{} + 0x4b000000u)) - 0x1p23f; };
  const V radius_bits = to_float(word >> 12);
  const V angle_bits = to_float(word & (Bits{} + 1023u));
  const V radius = L::sqrt(-2.0f * log_positive((radius_bits + 0.5f) * 0x1p-20f));
  // Within an eighth of a turn to both sides of a multiple of a quarter turn.
  const V r = (angle_bits - 511.5f) * static_cast<float>(1.5707963267948966 / 1024);
  const V square = r * r;
  const V sine = r * horner(square, -1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f, 1.0f);
  const V cosine = horner(square, 2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f, -0.5f, 1.0f);
  const Bits sign_of_first = (word & (Bits{} + 2048u)) << 20;
  const Bits swapped = Bits{} - ((word >> 10) & (Bits{} + 1u));  // all bits or none
  const Bits a = bit_cast<Bits>(radius * sine);
  const Bits b = bit_cast<Bits>(radius * cosine);
  // Quarter q of the turn: (cos, sin), (-sin, cos), (-cos, -sin), (sin, -cos).
  const Bits sign_of_cosine = sign_of_first ^ (swapped & (Bits{} + 0x80000000u));
  first = bit_cast<V>(((b & ~swapped) | (a & swapped)) ^ sign_of_cosine);
  second = bit_cast<V>(((a & ~swapped) | (b & swapped)) ^ sign_of_first);
}

}  // namespace burnish::augment
