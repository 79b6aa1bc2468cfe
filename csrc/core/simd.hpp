// SPDX-License-Identifier: Apache-2.0
// Vectors as wide as the level a kernel file is compiled for: the compiler's vector extension, plus the few operations
// that it does not express. Only files compiled per level may include this header; everything in it is always inlined
// (see core/host_device.hpp) or in an anonymous namespace, so that no code leaks to another level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/bits.hpp"
#include "core/host_device.hpp"
#include "core/lanes.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace burnish::simd {
namespace {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32;
#else
inline constexpr int vector_bytes = 16;
#endif

template <class T, int bytes = vector_bytes>
struct VectorOf {
  typedef T type __attribute__((vector_size(bytes)));
};
template <class T>
using Vector = typename VectorOf<T>::type;

template <class T>
inline constexpr int width = vector_bytes / static_cast<int>(sizeof(T));

}  // namespace

template <class T>
BURNISH_HD Vector<T> load(const T* from) {
  Vector<T> v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

// The first `count` elements; the rest are `fill`.
BURNISH_HD Vector<float> load_partial(const float* from, int count, float fill) {
#if defined(__AVX512F__)
  const auto mask = static_cast<__mmask16>((1u << count) - 1u);
  return _mm512_mask_loadu_ps(_mm512_set1_ps(fill), mask, from);
#else
  Vector<float> v = Vector<float>{} + fill;
  __builtin_memcpy(&v, from, static_cast<std::size_t>(count) * sizeof(float));
  return v;
#endif
}
BURNISH_HD Vector<double> load_partial(const double* from, int count, double fill) {
  Vector<double> v = Vector<double>{} + fill;
  __builtin_memcpy(&v, from, static_cast<std::size_t>(count) * sizeof(double));
  return v;
}

// As many bytes as a vector of 32 bits has lanes, widened: GCC makes scalar code of the conversion of such vectors.
BURNISH_HD Vector<std::int32_t> load_bytes(const std::uint8_t* from) {
#if defined(__AVX512F__)
  return bit_cast<Vector<std::int32_t>>(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
#elif defined(__AVX2__)
  return bit_cast<Vector<std::int32_t>>(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
#else
  Vector<std::int32_t> v;
  for (int lane = 0; lane < width<std::int32_t>; ++lane) v[lane] = from[lane];
  return v;
#endif
}

// And back, for values of 0 to 255.
BURNISH_HD void store_bytes(Vector<std::int32_t> v, std::uint8_t* to) {
#if defined(__AVX512F__)
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(bit_cast<__m512i>(v)));
#elif defined(__AVX2__)
  const auto words = bit_cast<__m256i>(v);
  const __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(halves, halves));
#else
  for (int lane = 0; lane < width<std::int32_t>; ++lane) to[lane] = static_cast<std::uint8_t>(v[lane]);
#endif
}

// Sums of pairs of bytes.
BURNISH_HD Vector<std::int32_t> load_byte_sums(const std::uint8_t* a, const std::uint8_t* b) {
#if defined(__AVX512F__)
  const auto words = [](const std::uint8_t* from) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  };
  return bit_cast<Vector<std::int32_t>>(_mm512_cvtepu16_epi32(_mm256_add_epi16(words(a), words(b))));
#elif defined(__AVX2__)
  const auto words = [](const std::uint8_t* from) {
    return _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  };
  return bit_cast<Vector<std::int32_t>>(_mm256_cvtepu16_epi32(_mm_add_epi16(words(a), words(b))));
#else
  return load_bytes(a) + load_bytes(b);
#endif
}

// 0, 1, 2, ... in each lane.
template <class V>
BURNISH_HD V iota() {
  V v{};
  for (unsigned lane = 0; lane < sizeof(V) / sizeof(v[0]); ++lane) v[lane] = static_cast<decltype(v[0] + v[0])>(lane);
  return v;
}

// Combines lane i with lane i + half, then with half of that, down to one: the fixed tree that makes a sum the same at
// every width.
template <class V, class F>
BURNISH_HD auto tree_reduce(V v, F combine) {
  constexpr int bytes = static_cast<int>(sizeof(V));
  using T = __typeof__(v[0] + v[0]);
  if constexpr (bytes == sizeof(T) * 2) {
    return combine(T(v[0]), T(v[1]));
  } else {
    using Half = typename VectorOf<T, bytes / 2>::type;
    Half halves[2];
    __builtin_memcpy(halves, &v, sizeof v);
    return tree_reduce(combine(halves[0], halves[1]), combine);
  }
}

// The first (or second) half of every group of `group` lanes, of a and then of b.
template <int group, bool second, class V, int... lane>
BURNISH_HD V pick_halves(V a, V b, std::integer_sequence<int, lane...>) {
  constexpr int half = group / 2;
  return __builtin_shufflevector(a, b, (lane / half * group + lane % half + (second ? half : 0))...);
}

// tree_reduce of as many vectors as a vector has lanes: lane i of the result is that of vectors[i]. Overwrites them.
template <int group, class V, class F>
BURNISH_HD V tree_reduce_each(V* vectors, F combine) {
  constexpr int count = static_cast<int>(sizeof(V) / sizeof((*vectors)[0]));
  if constexpr (group == 1) {
    return vectors[0];
  } else {
    using AllLanes = std::make_integer_sequence<int, count>;
#pragma GCC unroll 16
    for (int i = 0; i < group / 2; ++i) {
      const V a = vectors[2 * i];
      const V b = vectors[2 * i + 1];
      vectors[i] = combine(pick_halves<group, false>(a, b, AllLanes{}), pick_halves<group, true>(a, b, AllLanes{}));
    }
    return tree_reduce_each<group / 2>(vectors, combine);
  }
}

}  // namespace burnish::simd

namespace burnish {

namespace simd {
namespace {

// A call, not inlined: without the instruction it is a hundred operations, and formulas use it ten times a class.
[[maybe_unused]] __attribute__((noinline)) Vector<float> fused_lanes(Vector<float> a, Vector<float> b,
                                                                     Vector<float> c) {
  for (int lane = 0; lane < width<float>; ++lane) a[lane] = Lanes<float>::mul_add(a[lane], b[lane], c[lane]);
  return a;
}

}  // namespace

template <class V, class T, class U>
struct VectorLanes {
  using Element = T;
  using Bits = typename VectorOf<U, static_cast<int>(sizeof(V))>::type;
  static constexpr int count = static_cast<int>(sizeof(V) / sizeof(T));

  BURNISH_HD static V max(V a, V b) { return a > b ? a : b; }
  BURNISH_HD static V min(V a, V b) { return a < b ? a : b; }
  BURNISH_HD static V sqrt(V x) {
    for (int lane = 0; lane < count; ++lane) x[lane] = Lanes<T>::sqrt(x[lane]);
    return x;
  }
};
}  // namespace simd

template <>
struct Lanes<simd::Vector<float>> : simd::VectorLanes<simd::Vector<float>, float, std::uint32_t> {
  using V = simd::Vector<float>;
  BURNISH_HD static V of_whole(Bits x) { return __builtin_convertvector(bit_cast<simd::Vector<std::int32_t>>(x), V); }
#if defined(__AVX512F__)
  BURNISH_HD static V max(V a, V b) { return _mm512_max_ps(a, b); }
  BURNISH_HD static V min(V a, V b) { return _mm512_min_ps(a, b); }
  BURNISH_HD static V mul_add(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
  BURNISH_HD static V exact_mul_add(V a, V b, V c) { return mul_add(a, b, c); }
  BURNISH_HD static V nearest(V x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  BURNISH_HD static V floor(V x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
#elif defined(__AVX2__)
  BURNISH_HD static V max(V a, V b) { return _mm256_max_ps(a, b); }
  BURNISH_HD static V min(V a, V b) { return _mm256_min_ps(a, b); }
  BURNISH_HD static V mul_add(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
  BURNISH_HD static V exact_mul_add(V a, V b, V c) { return mul_add(a, b, c); }
  BURNISH_HD static V nearest(V x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  BURNISH_HD static V floor(V x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
#else
#if defined(__SSE2__)
  BURNISH_HD static V max(V a, V b) { return _mm_max_ps(a, b); }
  BURNISH_HD static V min(V a, V b) { return _mm_min_ps(a, b); }
#endif
#if defined(__SSE4_1__)
  BURNISH_HD static V nearest(V x) { return _mm_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  BURNISH_HD static V floor(V x) { return _mm_round_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
#else
  BURNISH_HD static V nearest(V x) { return (x + 0x1.8p23f) - 0x1.8p23f; }
  BURNISH_HD static V floor(V x) {
    const V near = nearest(x);
    return near > x ? near - 1.0f : near;
  }
#endif
  BURNISH_HD static V mul_add(V a, V b, V c) { return simd::fused_lanes(a, b, c); }
  BURNISH_HD static V exact_mul_add(V a, V b, V c) { return a * b + c; }
#endif
};

template <>
struct Lanes<simd::Vector<double>> : simd::VectorLanes<simd::Vector<double>, double, std::uint64_t> {
  using V = simd::Vector<double>;
  BURNISH_HD static V mul_add(V a, V b, V c) { return a * b + c; }
};

}  // namespace burnish
