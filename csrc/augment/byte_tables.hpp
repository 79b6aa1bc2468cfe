// SPDX-License-Identifier: Apache-2.0
// Bytes looked up in tables of 256, in rows. Only files compiled per level may include this header.
#pragma once

#include <cstdint>

#include "augment/tables.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

#if defined(__AVX512BW__)
constexpr int bytes_at_once = 64;

// A table as 128 words.
struct TableVectors {
  __m512i words[4];
  explicit TableVectors(const std::uint8_t* table) {
    for (int i = 0; i < 4; ++i) words[i] = _mm512_loadu_si512(table + 64 * i);
  }

  // Of an index in each word: the word that holds its byte, that byte moved to the lower half.
  __m512i of_words(__m512i index) const {
    const __m512i at = _mm512_srli_epi16(index, 1);
    const __m512i low = _mm512_permutex2var_epi16(words[0], at, words[1]);
    const __m512i high = _mm512_permutex2var_epi16(words[2], at, words[3]);
    const __m512i word = _mm512_mask_blend_epi16(_mm512_test_epi16_mask(index, _mm512_set1_epi16(128)), low, high);
    const __m512i odd = _mm512_and_si512(index, _mm512_set1_epi16(1));
    return _mm512_srlv_epi16(word, _mm512_slli_epi16(odd, 3));
  }

  __m512i operator()(__m512i index) const {
    const __m512i low = _mm512_set1_epi16(255);
    const __m512i even = of_words(_mm512_and_si512(index, low));
    const __m512i odd = of_words(_mm512_srli_epi16(index, 8));
    return _mm512_mask_blend_epi8(0xaaaaaaaaaaaaaaaa, even, _mm512_slli_epi16(odd, 8));
  }
};

__m512i load_bytes(const std::uint8_t* from) { return _mm512_loadu_si512(from); }
void store_bytes(__m512i bytes, std::uint8_t* to) { _mm512_storeu_si512(to, bytes); }
#elif defined(__AVX2__)
constexpr int bytes_at_once = 32;

// A table as what each 16 entries differ by from those before. A shuffle takes the lower four bits of an index, and
// gives 0 where the uppermost one is set: an index that 16 is taken off until it is negative has joined all the
// differences up to its own entry.
struct TableVectors {
  __m256i steps[16];
  explicit TableVectors(const std::uint8_t* table) {
    for (int i = 0; i < 16; ++i) {
      const auto entries = [&](int k) {
        return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16 * k)));
      };
      steps[i] = i % 8 == 0 ? entries(i) : _mm256_xor_si256(entries(i), entries(i - 1));
    }
  }

  __m256i half(__m256i index, int first) const {
    __m256i found = _mm256_shuffle_epi8(steps[first], index);
#pragma GCC unroll 7
    for (int i = 1; i < 8; ++i) {
      index = _mm256_subs_epi8(index, _mm256_set1_epi8(16));
      found = _mm256_xor_si256(found, _mm256_shuffle_epi8(steps[first + i], index));
    }
    return found;
  }

  __m256i operator()(__m256i index) const {
    return _mm256_xor_si256(half(index, 0), half(_mm256_xor_si256(index, _mm256_set1_epi8(-128)), 8));
  }
};

__m256i load_bytes(const std::uint8_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
void store_bytes(__m256i bytes, std::uint8_t* to) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes); }
#endif

// `from` may be `to`.
void look_up(const std::uint8_t* table, const std::uint8_t* from, std::uint8_t* to, std::int64_t count) {
  std::int64_t i = 0;
#if defined(__AVX2__)
  const TableVectors vectors(table);
  for (; i + bytes_at_once <= count; i += bytes_at_once) store_bytes(vectors(load_bytes(from + i)), to + i);
#endif
  for (; i < count; ++i) to[i] = table[from[i]];
}

// Pixels of three bytes, each by a table of its own.
void look_up_colors(const std::uint8_t* tables, const std::uint8_t* from, std::uint8_t* to, std::int64_t pixels) {
  std::int64_t i = 0;
  const std::int64_t count = 3 * pixels;
#if defined(__AVX512BW__)
  const TableVectors red(tables);
  const TableVectors green(tables + table_size);
  const TableVectors blue(tables + 2 * table_size);
  constexpr std::uint64_t every_third = 0x9249249249249249;
  // 64 = 3 * 21 + 1: each vector starts one channel after the one before.
  constexpr std::uint64_t thirds[] = {every_third, every_third << 2, every_third << 1};
  for (; i + 3 * bytes_at_once <= count; i += 3 * bytes_at_once) {
#pragma GCC unroll 3
    for (int start = 0; start < 3; ++start) {
      const __m512i index = load_bytes(from + i + start * bytes_at_once);
      const __m512i others = _mm512_mask_blend_epi8(thirds[(start + 2) % 3], blue(index), green(index));
      store_bytes(_mm512_mask_blend_epi8(thirds[start], others, red(index)), to + i + start * bytes_at_once);
    }
  }
#endif
  for (; i < count; i += 3) {
    for (int c = 0; c < 3; ++c) to[i + c] = tables[c * table_size + from[i + c]];
  }
}

}  // namespace
}  // namespace burnish::augment
