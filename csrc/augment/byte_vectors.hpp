// SPDX-License-Identifier: Apache-2.0
// What the compiler's vectors do not express of bytes, words and doubles of 32 bits, for x86-64. "Low" and "high" are
// the halves of each 16 bytes. Only files compiled per level may include this header.
#pragma once

#include "core/simd.hpp"
#include "core/vector_memory.hpp"

#if defined(__SSSE3__)
namespace burnish::augment {
namespace {

using Bytes = simd::VectorOf<std::uint8_t, simd::vector_bytes>::type;
using Words = simd::VectorOf<std::int16_t, simd::vector_bytes>::type;
using Doubles = simd::VectorOf<std::int32_t, simd::vector_bytes>::type;

#if defined(__AVX512BW__)
using Raw = __m512i;
#elif defined(__AVX2__)
using Raw = __m256i;
#else
using Raw = __m128i;
#endif

template <class V>
BURNISH_HD V vector_of(Raw raw) {
  return bit_cast<V>(raw);
}
template <class V>
BURNISH_HD Raw raw_of(V v) {
  return bit_cast<Raw>(v);
}

#if defined(__AVX512BW__)
BURNISH_HD Bytes low_pairs(Bytes a, Bytes b) { return vector_of<Bytes>(_mm512_unpacklo_epi8(raw_of(a), raw_of(b))); }
BURNISH_HD Bytes high_pairs(Bytes a, Bytes b) { return vector_of<Bytes>(_mm512_unpackhi_epi8(raw_of(a), raw_of(b))); }
BURNISH_HD Words low_pairs(Words a, Words b) { return vector_of<Words>(_mm512_unpacklo_epi16(raw_of(a), raw_of(b))); }
BURNISH_HD Words high_pairs(Words a, Words b) { return vector_of<Words>(_mm512_unpackhi_epi16(raw_of(a), raw_of(b))); }
// Sums of the products of neighbors: bytes times signed bytes, words times words.
BURNISH_HD Words pair_products(Bytes a, Words b) {
  return vector_of<Words>(_mm512_maddubs_epi16(raw_of(a), raw_of(b)));
}
BURNISH_HD Doubles pair_products(Words a, Doubles b) {
  return vector_of<Doubles>(_mm512_madd_epi16(raw_of(a), raw_of(b)));
}
// Undo low_pairs and high_pairs, of what fits.
BURNISH_HD Words words_of(Doubles low, Doubles high) {
  return vector_of<Words>(_mm512_packs_epi32(raw_of(low), raw_of(high)));
}
BURNISH_HD Bytes bytes_of(Words low, Words high) {
  return vector_of<Bytes>(_mm512_packus_epi16(raw_of(low), raw_of(high)));
}
#elif defined(__AVX2__)
BURNISH_HD Bytes low_pairs(Bytes a, Bytes b) { return vector_of<Bytes>(_mm256_unpacklo_epi8(raw_of(a), raw_of(b))); }
BURNISH_HD Bytes high_pairs(Bytes a, Bytes b) { return vector_of<Bytes>(_mm256_unpackhi_epi8(raw_of(a), raw_of(b))); }
BURNISH_HD Words low_pairs(Words a, Words b) { return vector_of<Words>(_mm256_unpacklo_epi16(raw_of(a), raw_of(b))); }
BURNISH_HD Words high_pairs(Words a, Words b) { return vector_of<Words>(_mm256_unpackhi_epi16(raw_of(a), raw_of(b))); }
BURNISH_HD Words pair_products(Bytes a, Words b) {
  return vector_of<Words>(_mm256_maddubs_epi16(raw_of(a), raw_of(b)));
}
BURNISH_HD Doubles pair_products(Words a, Doubles b) {
  return vector_of<Doubles>(_mm256_madd_epi16(raw_of(a), raw_of(b)));
}
BURNISH_HD Words words_of(Doubles low, Doubles high) {
  return vector_of<Words>(_mm256_packs_epi32(raw_of(low), raw_of(high)));
}
BURNISH_HD Bytes bytes_of(Words low, Words high) {
  return vector_of<Bytes>(_mm256_packus_epi16(raw_of(low), raw_of(high)));
}
#else
BURNISH_HD Bytes low_pairs(Bytes a, Bytes b) { return vector_of<Bytes>(_mm_unpacklo_epi8(raw_of(a), raw_of(b))); }
BURNISH_HD Bytes high_pairs(Bytes a, Bytes b) { return vector_of<Bytes>(_mm_unpackhi_epi8(raw_of(a), raw_of(b))); }
BURNISH_HD Words low_pairs(Words a, Words b) { return vector_of<Words>(_mm_unpacklo_epi16(raw_of(a), raw_of(b))); }
BURNISH_HD Words high_pairs(Words a, Words b) { return vector_of<Words>(_mm_unpackhi_epi16(raw_of(a), raw_of(b))); }
BURNISH_HD Words pair_products(Bytes a, Words b) { return vector_of<Words>(_mm_maddubs_epi16(raw_of(a), raw_of(b))); }
BURNISH_HD Doubles pair_products(Words a, Doubles b) {
  return vector_of<Doubles>(_mm_madd_epi16(raw_of(a), raw_of(b)));
}
BURNISH_HD Words words_of(Doubles low, Doubles high) {
  return vector_of<Words>(_mm_packs_epi32(raw_of(low), raw_of(high)));
}
BURNISH_HD Bytes bytes_of(Words low, Words high) {
  return vector_of<Bytes>(_mm_packus_epi16(raw_of(low), raw_of(high)));
}
#endif

}  // namespace
}  // namespace burnish::augment
#endif
