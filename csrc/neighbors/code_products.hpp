// SPDX-License-Identifier: Apache-2.0
// Products of 8-bit codes, and what their bounds share. For files compiled per level only.
#pragma once

#include "core/simd.hpp"
#include "neighbors/kernels.hpp"

namespace burnish::neighbors {
namespace {

// Bounds are kept in float, and everything that rounding could take from them is given back many times over.
constexpr float upward = 1.0F + 0x1p-20F;
constexpr float downward = 1.0F - 0x1p-20F;

using IntVector = simd::Vector<std::int32_t>;
constexpr int int_lanes = simd::width<std::int32_t>;

BURNISH_HD IntVector broadcast_quadruple(const std::int8_t* from) {
  std::int32_t four;
  __builtin_memcpy(&four, from, sizeof four);
  return IntVector{} + four;
}

// sums + the products of four unsigned bytes `a` with four signed ones `b` in each lane.
#if defined(__AVX512F__)
struct In32Bits {
  // Not in level v4 itself; only called where the processor has it. An intrinsic would need the whole call chain
  // compiled for it.
  BURNISH_HD static IntVector add_products(IntVector sums, IntVector a, IntVector b) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b));
    return sums;
  }
};
#endif

struct In16Bits {
  BURNISH_HD static IntVector add_products(IntVector sums, IntVector a, IntVector b) {
#if defined(__AVX512F__)
    const __m512i pairs = _mm512_maddubs_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b));
    return sums + reinterpret_cast<IntVector>(_mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#elif defined(__AVX2__)
    const __m256i pairs = _mm256_maddubs_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b));
    return sums + reinterpret_cast<IntVector>(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#elif defined(__SSSE3__)
    const __m128i pairs = _mm_maddubs_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b));
    return sums + reinterpret_cast<IntVector>(_mm_madd_epi16(pairs, _mm_set1_epi16(1)));
#else
    using Bytes = typename simd::VectorOf<std::uint8_t>::type;
    using SignedBytes = typename simd::VectorOf<std::int8_t>::type;
    const auto left = reinterpret_cast<Bytes>(a);
    const auto right = reinterpret_cast<SignedBytes>(b);
    for (int lane = 0; lane < int_lanes; ++lane) {
      for (int i = 0; i < 4; ++i) sums[lane] += left[lane * 4 + i] * right[lane * 4 + i];
    }
    return sums;
#endif
  }
};

// Products of four queries with `columns` points, from `packed` on.
constexpr int strip_rows = 4;
constexpr int strip_vectors = int_lanes == 16 ? 4 : 2;
constexpr int strip_columns = strip_vectors * int_lanes;

template <class Products>
BURNISH_HD void multiply_strip(const std::int8_t* queries, const std::uint8_t* packed, std::int64_t width,
                               const std::int32_t* start, IntVector (&sums)[strip_rows][strip_vectors]) {
#pragma GCC unroll 4
  for (int r = 0; r < strip_rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < strip_vectors; ++v) sums[r][v] = IntVector{} + start[r];
  }
  for (std::int64_t g = 0; g < width; g += 4, packed += block_rows * 4) {
    IntVector points[strip_vectors];
#pragma GCC unroll 4
    for (int v = 0; v < strip_vectors; ++v) {
      __builtin_memcpy(&points[v], packed + v * int_lanes * 4, sizeof(IntVector));
    }
#pragma GCC unroll 4
    for (int r = 0; r < strip_rows; ++r) {
      const IntVector query = broadcast_quadruple(queries + r * width + g);
#pragma GCC unroll 4
      for (int v = 0; v < strip_vectors; ++v) sums[r][v] = Products::add_products(sums[r][v], points[v], query);
    }
  }
}

}  // namespace

}  // namespace burnish::neighbors
