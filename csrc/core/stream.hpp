// SPDX-License-Identifier: Apache-2.0
// Writing past the cache, for results larger than it: reading their lines first would cost as much as writing them.
// Only files compiled per level may include this header.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/simd.hpp"

namespace burnish {
namespace {

constexpr int line_values = 16;  // floats of a line of the cache

// Values up to the first that starts a line of the cache.
[[maybe_unused]] int values_to_line(const float* to) {
  return static_cast<int>(-(reinterpret_cast<std::intptr_t>(to) / 4) & (line_values - 1));
}

// A vector past the cache, to an address that is a multiple of its size.
[[maybe_unused]] void stream_vector(simd::Vector<float> v, float* to) {
#if defined(__AVX512F__)
  _mm512_stream_ps(to, v);
#elif defined(__AVX__)
  _mm256_stream_ps(to, v);
#elif defined(__SSE2__)
  _mm_stream_ps(to, v);
#else
  __builtin_memcpy(to, &v, sizeof v);
#endif
}

// A line past the cache, to an address that is a multiple of its size.
[[maybe_unused]] void stream_line(const void* from, void* to) {
  simd::Vector<float> part[line_values / simd::width<float>];
  __builtin_memcpy(part, from, sizeof part);
  for (int i = 0; i < line_values / simd::width<float>; ++i) {
    stream_vector(part[i], static_cast<float*>(to) + i * simd::width<float>);
  }
}

// Copies to vectors and lines past the cache, and to the parts of them at both ends as usual.
[[maybe_unused]] void stream(const void* source, void* target, std::int64_t bytes) {
  const char* from = static_cast<const char*>(source);
  char* to = static_cast<char*>(target);
#if defined(__SSE2__)
  constexpr std::int64_t step = sizeof(__m128i);
  const std::int64_t lead = -reinterpret_cast<std::intptr_t>(to) & (step - 1);
  if (lead >= bytes) {
    __builtin_memcpy(to, from, static_cast<std::size_t>(bytes));
    return;
  }
  __builtin_memcpy(to, from, static_cast<std::size_t>(lead));
  std::int64_t b = lead;
#if defined(__AVX512F__)
  constexpr std::int64_t line_bytes = 64;
  for (; b + step <= bytes && (reinterpret_cast<std::intptr_t>(to + b) & (line_bytes - 1)); b += step) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + b), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + b)));
  }
  for (; b + line_bytes <= bytes; b += line_bytes) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to + b), _mm512_loadu_si512(from + b));
  }
#endif
  for (; b + step <= bytes; b += step) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + b), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + b)));
  }
  __builtin_memcpy(to + b, from + b, static_cast<std::size_t>(bytes - b));
#else
  __builtin_memcpy(to, from, static_cast<std::size_t>(bytes));
#endif
}

// Streamed lines are to be seen before the piece of work that wrote them counts as done.
[[maybe_unused]] void finish_streams() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

}  // namespace
}  // namespace burnish
