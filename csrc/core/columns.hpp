// SPDX-License-Identifier: Apache-2.0
// Turns rows into columns, so that a lane has a row to itself. For files compiled per level only, as core/simd.hpp.
#pragma once

#include "core/simd.hpp"

namespace burnish::simd {

// columns[c] = column c of the rows at `rows`, as many as a vector has lanes. Of float reads whole quadruples of
// columns.
BURNISH_HD void load_columns(const float* rows, std::int64_t stride, int classes, Vector<float>* columns) {
  for (int c = 0; c < classes; c += 4) {
#if defined(__AVX512F__)
    const auto quad = [&](int j) {
      const float* from = rows + j * stride + c;
      __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(from));
      v = _mm512_mask_broadcast_f32x4(v, 0x00f0, _mm_loadu_ps(from + 4 * stride));
      v = _mm512_mask_broadcast_f32x4(v, 0x0f00, _mm_loadu_ps(from + 8 * stride));
      return _mm512_mask_broadcast_f32x4(v, 0xf000, _mm_loadu_ps(from + 12 * stride));
    };
    const __m512 a = quad(0), b = quad(1), d = quad(2), e = quad(3);
    const __m512 low_ab = _mm512_unpacklo_ps(a, b), low_de = _mm512_unpacklo_ps(d, e);
    const __m512 high_ab = _mm512_unpackhi_ps(a, b), high_de = _mm512_unpackhi_ps(d, e);
    columns[c] = _mm512_shuffle_ps(low_ab, low_de, 0x44);
    columns[c + 1] = _mm512_shuffle_ps(low_ab, low_de, 0xee);
    columns[c + 2] = _mm512_shuffle_ps(high_ab, high_de, 0x44);
    columns[c + 3] = _mm512_shuffle_ps(high_ab, high_de, 0xee);
#elif defined(__AVX__)
    const auto quad = [&](int j) {
      const float* from = rows + j * stride + c;
      return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from)), _mm_loadu_ps(from + 4 * stride), 1);
    };
    const __m256 a = quad(0), b = quad(1), d = quad(2), e = quad(3);
    const __m256 low_ab = _mm256_unpacklo_ps(a, b), low_de = _mm256_unpacklo_ps(d, e);
    const __m256 high_ab = _mm256_unpackhi_ps(a, b), high_de = _mm256_unpackhi_ps(d, e);
    columns[c] = _mm256_shuffle_ps(low_ab, low_de, 0x44);
    columns[c + 1] = _mm256_shuffle_ps(low_ab, low_de, 0xee);
    columns[c + 2] = _mm256_shuffle_ps(high_ab, high_de, 0x44);
    columns[c + 3] = _mm256_shuffle_ps(high_ab, high_de, 0xee);
#else
    for (int i = 0; i < 4; ++i) {
      for (int r = 0; r < width<float>; ++r) columns[c + i][r] = rows[r * stride + c + i];
    }
#endif
  }
}

BURNISH_HD void load_columns(const double* rows, std::int64_t stride, int classes, Vector<double>* columns) {
  for (int c = 0; c < classes; ++c) {
    for (int r = 0; r < width<double>; ++r) columns[c][r] = rows[r * stride + c];
  }
}

}  // namespace burnish::simd
