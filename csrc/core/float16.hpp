// SPDX-License-Identifier: Apache-2.0
// 16-bit floats as stored; arithmetic is done in float32, to which both convert exactly.
#pragma once

#include <cstdint>

#include "core/bits.hpp"
#include "core/host_device.hpp"

namespace burnish {

struct Float16 {
  std::uint16_t bits;
};
struct BFloat16 {
  std::uint16_t bits;
};

BURNISH_HD float widen(BFloat16 x) { return bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16); }

// Branch-free, so that loops over it vectorise. The product by 2^112 moves the exponent bias and is exact for
// subnormals too.
BURNISH_HD float widen(Float16 x) {
  const std::uint32_t magnitude = x.bits & 0x7fffu;
  const std::uint32_t sign = static_cast<std::uint32_t>(x.bits & 0x8000u) << 16;
  const std::uint32_t finite = bit_cast<std::uint32_t>(bit_cast<float>(magnitude << 13) * 0x1p112f);
  const std::uint32_t special = magnitude >= 0x7c00u ? 0x7f800000u : 0u;
  return bit_cast<float>(finite | special | sign);
}

// Both round to nearest, ties to even.
BURNISH_HD Float16 to_float16(double x) {
  const auto bits = bit_cast<std::uint64_t>(x);
  const auto sign = static_cast<std::uint64_t>(bits >> 48 & 0x8000u);
  const std::uint64_t magnitude = bits & 0x7fffffffffffffffu;
  const double size = bit_cast<double>(magnitude);
  std::uint64_t half;
  if (size >= 65520.0) {
    half = 0x7c00u;
  } else if (size < 0x1p-14) {  // subnormal: a multiple of 2^-24
    half = bit_cast<std::uint64_t>(size + 0x1p28) & 0x7ffu;
  } else {
    half = ((magnitude + 0x1ffffffffffu + (magnitude >> 42 & 1u)) >> 42) - (std::uint64_t{1008} << 10);
  }
  if (size != size) half = 0x7e00u;
  return {static_cast<std::uint16_t>(half | sign)};
}

BURNISH_HD BFloat16 to_bfloat16(float x) {
  const auto bits = bit_cast<std::uint32_t>(x);
  const std::uint32_t even = bits + 0x7fffu + ((bits >> 16) & 1u);
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return {static_cast<std::uint16_t>((is_nan ? bits | 0x400000u : even) >> 16)};
}

BURNISH_HD float widen(float x) { return x; }
BURNISH_HD double widen(double x) { return x; }

}  // namespace burnish
