// SPDX-License-Identifier: Apache-2.0
// Pixels of three channels side by side <-> vectors of each channel. Only files compiled per level may include this
// header.
#pragma once

#include <cstdint>
#include <utility>

#include "core/simd.hpp"

namespace burnish::augment {
namespace {

using V = simd::Vector<float>;

#if defined(__SSSE3__)
// 16 pixels of 3 interleaved bytes -> 3 vectors of 16 bytes.
struct Bytes3 {
  __m128i channel[3];
};

[[maybe_unused]] __m128i pick(__m128i bytes, int first, int channel) {
  alignas(16) char index[16];
  for (int i = 0; i < 16; ++i) {
    const int at = 3 * i + channel - first;
    index[i] = static_cast<char>(at >= 0 && at < 16 ? at : -128);
  }
  return _mm_shuffle_epi8(bytes, _mm_load_si128(reinterpret_cast<const __m128i*>(index)));
}

[[maybe_unused]] Bytes3 load3(const std::uint8_t* from) {
  const auto* source = reinterpret_cast<const __m128i*>(from);
  const __m128i a = _mm_loadu_si128(source);
  const __m128i b = _mm_loadu_si128(source + 1);
  const __m128i c = _mm_loadu_si128(source + 2);
  Bytes3 result;
#pragma GCC unroll 3
  for (int channel = 0; channel < 3; ++channel) {
    result.channel[channel] =
        _mm_or_si128(_mm_or_si128(pick(a, 0, channel), pick(b, 16, channel)), pick(c, 32, channel));
  }
  return result;
}

[[maybe_unused]] __m128i reversed(__m128i bytes) {
  return _mm_shuffle_epi8(bytes, _mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
}

// Pixels that are taken from 3 interleaved bytes each at a time, and their floats by channel.
#if defined(__AVX512BW__)
constexpr int group = 16;
#elif defined(__AVX2__)
constexpr int group = 8;
#else
constexpr int group = 16;
#endif

// Of four pixels in a vector of 128 bits, a channel's bytes as words; `forward` or in reverse order.
template <bool forward, int channel>
__m128i words_of() {
  constexpr auto at = [](int i) { return static_cast<char>(3 * (forward ? i : 3 - i) + channel); };
  return _mm_setr_epi8(at(0), -1, -1, -1, at(1), -1, -1, -1, at(2), -1, -1, -1, at(3), -1, -1, -1);
}

// Floats of a group of pixels, by channel.
struct ColorGroup {
  V part[3][group / simd::width<float>];
};

// The pixels from `from` on, lowest address first. Reads 3 * group bytes. A permutation of words of 32 bits brings four
// pixels to each 128 bits, where one shuffle a channel widens them: half of the shuffles of joining bytes.
template <bool forward>
ColorGroup read_group(const std::uint8_t* from) {
#if defined(__AVX512BW__)
  const __m512i order = forward ? _mm512_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12)
                                : _mm512_setr_epi32(9, 10, 11, 12, 6, 7, 8, 9, 3, 4, 5, 6, 0, 1, 2, 3);
  const __m512i fours = _mm512_permutexvar_epi32(order, _mm512_maskz_loadu_epi32(0x0fff, from));
  const auto channel = [&](__m128i words) {
    return _mm512_cvtepi32_ps(_mm512_shuffle_epi8(fours, _mm512_broadcast_i32x4(words)));
  };
  return {{{channel(words_of<forward, 0>())}, {channel(words_of<forward, 1>())}, {channel(words_of<forward, 2>())}}};
#elif defined(__AVX2__)
  const __m256i order = forward ? _mm256_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6) : _mm256_setr_epi32(3, 4, 5, 6, 0, 1, 2, 3);
  const __m256i mask = _mm256_setr_epi32(-1, -1, -1, -1, -1, -1, 0, 0);
  const __m256i fours =
      _mm256_permutevar8x32_epi32(_mm256_maskload_epi32(reinterpret_cast<const int*>(from), mask), order);
  const auto channel = [&](__m128i words) {
    return _mm256_cvtepi32_ps(_mm256_shuffle_epi8(fours, _mm256_broadcastsi128_si256(words)));
  };
  return {{{channel(words_of<forward, 0>())}, {channel(words_of<forward, 1>())}, {channel(words_of<forward, 2>())}}};
#else
  const Bytes3 bytes = load3(from);
  ColorGroup result;
  for (int c = 0; c < 3; ++c) {
    const __m128i channel = forward ? bytes.channel[c] : reversed(bytes.channel[c]);
    result.part[c][0] = _mm_cvtepi32_ps(_mm_cvtepu8_epi32(channel));
    result.part[c][1] = _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_srli_si128(channel, 4)));
    result.part[c][2] = _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_srli_si128(channel, 8)));
    result.part[c][3] = _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_srli_si128(channel, 12)));
  }
  return result;
#endif
}

// The part of 16 bytes of one channel that goes to bytes 16 * part.. of 16 interleaved pixels.
[[maybe_unused]] __m128i spread(__m128i bytes, int part, int channel) {
  alignas(16) char index[16];
  for (int i = 0; i < 16; ++i) {
    const int at = 16 * part + i;
    index[i] = static_cast<char>(at % 3 == channel ? at / 3 : -128);
  }
  return _mm_shuffle_epi8(bytes, _mm_load_si128(reinterpret_cast<const __m128i*>(index)));
}

// 3 vectors of 16 bytes -> 16 pixels of 3 interleaved bytes.
[[maybe_unused]] void store3(const __m128i* bytes, std::uint8_t* to) {
#pragma GCC unroll 3
  for (int part = 0; part < 3; ++part) {
    const __m128i joined =
        _mm_or_si128(_mm_or_si128(spread(bytes[0], part, 0), spread(bytes[1], part, 1)), spread(bytes[2], part, 2));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16 * part), joined);
  }
}
#endif

// Vectors of three channels -> part 0, 1 or 2 of their interleaved values.
template <int part, int... lane>
V joined(V red, V green, V blue, std::integer_sequence<int, lane...>) {
  constexpr int n = sizeof...(lane);
  const V pair = __builtin_shufflevector(
      red, green, ((part * n + lane) % 3 == 1 ? n + (part * n + lane) / 3 : (part * n + lane) / 3)...);
  return __builtin_shufflevector(pair, blue,
                                 ((part * n + lane) % 3 == 2 ? n + (part * n + lane) / 3 : static_cast<int>(lane))...);
}

}  // namespace
}  // namespace burnish::augment
