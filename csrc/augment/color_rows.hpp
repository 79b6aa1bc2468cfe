// SPDX-License-Identifier: Apache-2.0
// Rows that colors are put into as a warp makes them: sums of bytes times weights, in units of 1/weight_one. Only files
// compiled per level may include this header.
#pragma once

#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"
#include "augment/warp_math.hpp"
#include "core/simd.hpp"

#if defined(__SSE4_1__)
namespace burnish::augment {
namespace {

constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

#if defined(__AVX2__)
// Sums of eight pixels side by side; part i has those of pixels 2 i and 2 i + 1: two of red, two of green, two of blue,
// and two of nothing.
constexpr int pixels_at_once = 8;
struct ColorSums {
  __m256i part[4];
};

__m256 values_of(__m256i sums) { return _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_set1_ps(1.0f / weight_one)); }
#else
// Sums of red, green, blue and nothing of four pixels side by side.
constexpr int pixels_at_once = 4;
struct ColorSums {
  __m128i part[4];
};

__m128 values_of(__m128i sums) { return _mm_mul_ps(_mm_cvtepi32_ps(sums), _mm_set1_ps(1.0f / weight_one)); }
#endif

// A row of a tile.
struct PlaneRow {
  float* to;
  std::int64_t plane;

  PlaneRow(float* first, std::int64_t step) : to(first), plane(step) {}
  PlaneRow(const Tile& tile, int r) : PlaneRow(tile.values + r * tile.columns, tile.plane) {}

  void fill(const Fill& color, Range range) const {
    for (int c = 0; c < 3; ++c) {
      for (int x = range.first; x < range.last; ++x) to[c * plane + x] = color.of(c);
    }
  }

  void put(int x, const ColorSums& sums) const {
#if defined(__AVX2__)
    const auto level = [&](int i) { return _mm256_castps_pd(_mm256_round_ps(values_of(sums.part[i]), nearest)); };
    const __m256d first[] = {level(0), level(1)};
    const __m256d last[] = {level(2), level(3)};
    const auto store = [&](int c, __m256d values) { _mm256_storeu_ps(to + c * plane + x, _mm256_castpd_ps(values)); };
    const __m256d even = _mm256_unpacklo_pd(first[0], first[1]);  // red, blue
    const __m256d next = _mm256_unpacklo_pd(last[0], last[1]);
    store(0, _mm256_permute2f128_pd(even, next, 0x20));
    store(1,
          _mm256_permute2f128_pd(_mm256_unpackhi_pd(first[0], first[1]), _mm256_unpackhi_pd(last[0], last[1]), 0x20));
    store(2, _mm256_permute2f128_pd(even, next, 0x31));
#else
    const auto level = [&](int i) { return _mm_round_ps(values_of(sums.part[i]), nearest); };
    __m128 a = level(0);
    __m128 b = level(1);
    __m128 c = level(2);
    __m128 d = level(3);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to + x, a);
    _mm_storeu_ps(to + plane + x, b);
    _mm_storeu_ps(to + 2 * plane + x, c);
#endif
  }

  // Of the first `count` pixels.
  void put_some(int x, int count, const ColorSums& sums) const {
    float values[3 * pixels_at_once];
    PlaneRow(values, pixels_at_once).put(0, sums);
    for (int c = 0; c < 3; ++c) {
      for (int i = 0; i < count; ++i) to[c * plane + x + i] = values[c * pixels_at_once + i];
    }
  }
};

// A row of an image of bytes.
struct ByteRow {
  std::uint8_t* to;

  void fill(const Fill& color, Range range) const {
    for (int x = range.first; x < range.last; ++x) {
      for (int c = 0; c < 3; ++c) to[3 * x + c] = static_cast<std::uint8_t>(color.of(c));
    }
  }

  // A sum n of less than 2^23 as the last bits of a float is 2^23 + n; and in the last bits of that plus 1.5 * 2^37 -
  // 2^23 is n / 2^14, rounded as anywhere: halves to even.
  static constexpr int as_float = 0x4b000000;
  static constexpr float to_levels = 0x1.8p37f - 0x1p23f;
  static_assert(weight_bits == 14);

  void put(int x, const ColorSums& sums) const {
    std::uint8_t* bytes = to + 3 * x;
#if defined(__AVX2__)
    const auto level = [&](int i) {
      const __m256i number = _mm256_add_epi32(sums.part[i], _mm256_set1_epi32(as_float));
      return _mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(number), _mm256_set1_ps(to_levels)));
    };
    const auto words = [](__m256i a, __m256i b) { return _mm256_blend_epi16(a, _mm256_slli_epi32(b, 16), 0xaa); };
    const __m256i colors = _mm256_packus_epi16(words(level(0), level(1)), words(level(2), level(3)));
    // Of red, green and blue there are pixels 0, 2, 1, 3 and 4, 6, 5, 7.
    const __m256i halves = _mm256_permutevar8x32_epi32(colors, _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7));
    const __m256i order = _mm256_setr_epi8(0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11, -1, -1, -1, -1,  //
                                           0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11, -1, -1, -1, -1);
    const __m256i result =
        _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(halves, order), _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes), _mm256_castsi256_si128(result));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(bytes + 16), _mm256_extracti128_si256(result, 1));
#else
    const auto level = [&](int i) {
      const __m128i number = _mm_add_epi32(sums.part[i], _mm_set1_epi32(as_float));
      return _mm_castps_si128(_mm_add_ps(_mm_castsi128_ps(number), _mm_set1_ps(to_levels)));
    };
    const auto words = [](__m128i a, __m128i b) { return _mm_blend_epi16(a, _mm_slli_epi32(b, 16), 0xaa); };
    const __m128i colors = _mm_packus_epi16(words(level(0), level(1)), words(level(2), level(3)));
    const __m128i result =
        _mm_shuffle_epi8(colors, _mm_setr_epi8(0, 2, 4, 1, 3, 5, 8, 10, 12, 9, 11, 13, -1, -1, -1, -1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(bytes), result);
    const int rest = _mm_extract_epi32(result, 2);
    __builtin_memcpy(bytes + 8, &rest, sizeof rest);
#endif
  }

  void put_some(int x, int count, const ColorSums& sums) const {
    std::uint8_t bytes[3 * pixels_at_once];
    ByteRow{bytes}.put(0, sums);
    for (int i = 0; i < 3 * count; ++i) to[3 * x + i] = bytes[i];
  }
};

}  // namespace
}  // namespace burnish::augment
#endif
