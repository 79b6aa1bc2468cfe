// SPDX-License-Identifier: Apache-2.0
// Rows of bytes or floats to columns, in squares of as many values as 16 bytes hold: by shuffling the first half of the
// rows with the second until all are columns. Only files compiled per level may include this header.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/simd.hpp"

namespace burnish::augment {
namespace {

template <class T>
constexpr int square = 16 / sizeof(T);

#if defined(__AVX2__)
// One square in each half: of rows below each other, so that their columns lie side by side.
template <class T>
struct Squares {
  static constexpr int count = 2;
  __m256i value;

  BURNISH_HD static Squares load(const T* from, std::int64_t row) {
    const auto half = [](const T* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
    return {_mm256_inserti128_si256(_mm256_castsi128_si256(half(from)), half(from + square<T> * row), 1)};
  }
  BURNISH_HD void store(T* to) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value); }
  template <bool high>
  BURNISH_HD Squares with(Squares other) const {
    if constexpr (sizeof(T) == 1) {
      return {high ? _mm256_unpackhi_epi8(value, other.value) : _mm256_unpacklo_epi8(value, other.value)};
    } else {
      return {high ? _mm256_unpackhi_epi32(value, other.value) : _mm256_unpacklo_epi32(value, other.value)};
    }
  }
};
#elif defined(__SSE4_1__)
template <class T>
struct Squares {
  static constexpr int count = 1;
  __m128i value;

  BURNISH_HD static Squares load(const T* from, std::int64_t) {
    return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))};
  }
  BURNISH_HD void store(T* to) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), value); }
  template <bool high>
  BURNISH_HD Squares with(Squares other) const {
    if constexpr (sizeof(T) == 1) {
      return {high ? _mm_unpackhi_epi8(value, other.value) : _mm_unpacklo_epi8(value, other.value)};
    } else {
      return {high ? _mm_unpackhi_epi32(value, other.value) : _mm_unpacklo_epi32(value, other.value)};
    }
  }
};
#endif

#if defined(__SSE4_1__)
template <class T>
constexpr int squares_height = square<T> * Squares<T>::count;

template <class T>
void transpose_squares(const T* from, std::int64_t row, T* to, std::int64_t to_row) {
  constexpr int n = square<T>;
  Squares<T> rows[n];
  for (int i = 0; i < n; ++i) rows[i] = Squares<T>::load(from + i * row, row);
  for (int round = 1; round < n; round *= 2) {
    Squares<T> next[n];
    for (int i = 0; i < n / 2; ++i) {
      next[2 * i] = rows[i].template with<false>(rows[i + n / 2]);
      next[2 * i + 1] = rows[i].template with<true>(rows[i + n / 2]);
    }
    for (int i = 0; i < n; ++i) rows[i] = next[i];
  }
  for (int i = 0; i < n; ++i) rows[i].store(to + i * to_row);
}
#else
template <class T>
constexpr int squares_height = square<T>;

template <class T>
void transpose_squares(const T* from, std::int64_t row, T* to, std::int64_t to_row) {
  for (int i = 0; i < square<T>; ++i) {
    for (int j = 0; j < square<T>; ++j) to[i * to_row + j] = from[j * row + i];
  }
}
#endif

// Each line of the matrix whose rows lie further apart is done with at once: there are few such in the cache.
template <class T>
void transpose(const T* from, std::int64_t row, int height, int width, T* __restrict to, std::int64_t to_row) {
  constexpr int high = squares_height<T>;
  constexpr int wide = square<T>;
  constexpr int block = 64 / sizeof(T);
  const int whole_height = height / high * high;
  const int whole_width = width / wide * wide;
  const auto one_by_one = [&](int top, int left, int right) {
    for (int x = left; x < right; ++x) {
      for (int y = top; y < height; ++y) to[x * to_row + y] = from[y * row + x];
    }
  };
  const auto squares = [&](int top, int left) {
    transpose_squares(from + top * row + left, row, to + left * to_row + top, to_row);
  };
  const auto size = [](std::int64_t step) { return step < 0 ? -step : step; };
  const auto end = [](int first, int last) { return first + block < last ? first + block : last; };
  if (size(row) > size(to_row)) {
    for (int left = 0; left < whole_width; left += block) {
      for (int top = 0; top < whole_height; top += high) {
        for (int y = top; y < top + high; ++y) __builtin_prefetch(from + y * row + left + block);
        for (int x = left; x < end(left, whole_width); x += wide) squares(top, x);
      }
    }
  } else {
    for (int top = 0; top < whole_height; top += block) {
      for (int left = 0; left < whole_width; left += wide) {
        for (int x = left; x < left + wide; ++x) __builtin_prefetch(to + x * to_row + top + block, 1);
        for (int y = top; y < end(top, whole_height); y += high) squares(y, left);
      }
    }
  }
  one_by_one(whole_height, 0, whole_width);
  one_by_one(0, whole_width, width);
}
template <class T>
void transpose(const T* from, int height, int width, T* __restrict to) {
  transpose(from, width, height, width, to, height);
}

}  // namespace
}  // namespace burnish::augment
