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

// -2 ln((2 n + 1) / 2^21), for the odd number itself, to 5e-5 of it: more than 2^20 radii tell. Positive for all.
template <class V, class Bits>
BURNISH_HD V square_of_radius(Bits odd) {
  using L = Lanes<V>;
  using T = LogTable<float>;
  const Bits shifted = bit_cast<Bits>(L::of_whole(odd)) + (Bits{} + (T::one - T::sqrt_half));
  const V f = bit_cast<V>((shifted & (Bits{} + T::mantissa)) + T::sqrt_half) - 1.0f;
  const V exponent = L::of_whole(shifted >> T::mantissa_bits) - (T::bias + 21.0f);
  // By a minimax fit of -2 ln(1 + f) / f.
  const V ratio = horner(f, -0.35315951704978943f, 0.541891872882843f, -0.6727778911590576f, 0.9989013075828552f,
                         -1.9999324083328247f);
  return L::mul_add(exponent, V{} - static_cast<float>(2 * 0.6931471805599453), f * ratio);
}

// Two independent draws from 32 bits: 20 for the radius, up to 5.4, 10 for the angle and a sign for each.
template <class V, class Bits>
BURNISH_HD void normal_pair(Bits word, V& first, V& second) {
  using L = Lanes<V>;
  const V radius = L::sqrt(square_of_radius<V>((word >> 11) | (Bits{} + 1u)));
  // Within an eighth of a turn to both sides of 45 degrees, in steps of a 4096th turn: minimax fits of the cosine and
  // the sine there, times the square root of 1/2, to 1.1e-4: a tenth of a step.
  const V steps = L::of_whole(word & (Bits{} + 1023u)) - 511.5f;
  const V square = steps * steps;
  const V cosine = horner(square, 1.5818181725406333e-13f, -8.31461704819958e-07f, 0.7070997953414917f);
  const V sine = steps * horner(square, -4.092935990129831e-10f, 0.0010836425935849547f);
  const Bits sign = Bits{} + 0x80000000u;
  first = bit_cast<V>(bit_cast<Bits>(radius * (cosine - sine)) ^ ((word << 20) & sign));
  second = bit_cast<V>(bit_cast<Bits>(radius * (cosine + sine)) ^ ((word << 21) & sign));
}

}  // namespace burnish::augment
