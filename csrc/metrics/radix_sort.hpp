// SPDX-License-Identifier: Apache-2.0
// Stable sort by unsigned keys. What does not fit the cache is divided by its highest digit first, so that memory is
// read and written once or twice whatever the keys' width. There its next 32 bits are sorted digit by digit, and the
// few elements that these do not tell apart among themselves.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "core/buffer.hpp"
#include "core/parallel.hpp"

namespace burnish::metrics {

// An element is a word, the key with a label of one bit below it, or a word with the sample's weight.
template <class W>
struct Weighted {
  using Word = W;
  Word word;
  double weight;
};

inline std::uint32_t word_of(std::uint32_t element) { return element; }
inline std::uint64_t word_of(std::uint64_t element) { return element; }
template <class W>
W word_of(const Weighted<W>& element) {
  return element.word;
}
template <class E>
auto key_of(const E& element) {
  return static_cast<decltype(word_of(element))>(word_of(element) >> 1);
}

namespace radix {

// Of a digit. The lines that 256 buckets are written to stay in the first-level cache: a pass over 10 million words of
// 32 bits takes 16 ms, one with 1,024 buckets 55 ms.
constexpr int most_bits = 8;
constexpr int most_passes = 4;
constexpr int copies = 4;  // of a histogram, so that equal digits in a row do not wait for one another
constexpr std::int64_t few = 32;
constexpr std::int64_t piece_rows = std::int64_t{1} << 20;
constexpr std::int64_t most_pieces = 64;
constexpr std::int64_t cache_bytes = std::int64_t{2} << 20;  // 10 million words of 64 bits: 107 ms, with half 135 ms
using Starts = std::array<std::int64_t, (1 << most_bits) + 1>;

template <class E>
void insertion_sort(E* data, std::int64_t n) {
  for (std::int64_t i = 1; i < n; ++i) {
    const E element = data[i];
    std::int64_t place = i;
    for (; place > 0 && key_of(element) < key_of(data[place - 1]); --place) data[place] = data[place - 1];
    data[place] = element;
  }
}

template <class E>
std::uint32_t digit_of(const E& element, int shift, std::uint32_t mask) {
  return static_cast<std::uint32_t>(word_of(element) >> (shift + 1)) & mask;
}

template <class E>
void count_digits(const E* from, std::int64_t n, int shift, std::uint32_t mask, std::int64_t* sums) {
  std::int64_t counts[copies][1 << most_bits] = {};
  std::int64_t i = 0;
  for (; i + copies <= n; i += copies) {
    for (int copy = 0; copy < copies; ++copy) ++counts[copy][digit_of(from[i + copy], shift, mask)];
  }
  for (; i < n; ++i) ++counts[0][digit_of(from[i], shift, mask)];
  for (std::uint32_t b = 0; b <= mask; ++b) sums[b] = counts[0][b] + counts[1][b] + counts[2][b] + counts[3][b];
}

template <class E>
void move_by_digit(const E* from, E* to, std::int64_t n, int shift, std::uint32_t mask, std::int64_t* next) {
  for (std::int64_t i = 0; i < n; ++i) {
    const E element = from[i];
    to[next[digit_of(element, shift, mask)]++] = element;
  }
}

// One digit of what fits the cache, from -> to.
template <class E>
void scatter(const E* from, E* to, std::int64_t n, int shift, int bits) {
  std::int64_t next[1 << most_bits];
  const auto mask = static_cast<std::uint32_t>((1 << bits) - 1);
  count_digits(from, n, shift, mask, next);
  std::int64_t place = 0;
  for (std::uint32_t b = 0; b <= mask; ++b) place += std::exchange(next[b], place);
  move_by_digit(from, to, n, shift, mask, next);
}

// Digit by digit, the lowest first; the result lies in `from` if it is to stay there, otherwise in `to`.
template <class E>
void sort_in_cache(E* from, E* to, std::int64_t n, int bits, bool stays) {
  if (n <= few || bits == 0) {
    if (bits > 0) insertion_sort(from, n);
    if (!stays) std::copy(from, from + n, to);
    return;
  }
  const int digit = std::min(static_cast<int>(std::bit_width(static_cast<std::uint64_t>(n))), most_bits);
  int passes = (std::min(bits, most_passes * digit) + digit - 1) / digit;
  if (passes % 2 == static_cast<int>(stays)) passes += passes < most_passes ? 1 : -1;
  const int sorted = std::min(bits, passes * digit);
  const int below = bits - sorted;
  for (int done = 0; passes > 0; --passes) {
    const int width = (sorted - done + passes - 1) / passes;
    scatter(from, to, n, below + done, width);
    std::swap(from, to);
    done += width;
  }
  if (below == 0) return;
  for (std::int64_t first = 0; first < n;) {
    const auto top = key_of(from[first]) >> below;
    std::int64_t last = first + 1;
    while (last < n && key_of(from[last]) >> below == top) ++last;
    if (last - first > 1) sort_in_cache(from + first, to + first, last - first, below, true);
    first = last;
  }
}

// The highest digit, from -> to; where each of its buckets begins. Pieces have histograms of their own, so that each
// knows where its elements go.
template <class E>
Starts scatter_in_pieces(const E* from, E* to, std::int64_t n, int shift, int bits) {
  const std::int64_t buckets = std::int64_t{1} << bits;
  const auto mask = static_cast<std::uint32_t>(buckets - 1);
  const std::int64_t rows = std::max(piece_rows, (n + most_pieces - 1) / most_pieces);
  const std::int64_t pieces = (n + rows - 1) / rows;
  Buffer<std::int64_t> places(static_cast<std::size_t>(pieces * buckets));
  parallel_for(n, rows, [&](std::int64_t first, std::int64_t last) {
    count_digits(from + first, last - first, shift, mask, places.data() + first / rows * buckets);
  });
  Starts starts;
  std::int64_t place = 0;
  for (std::int64_t b = 0; b < buckets; ++b) {
    starts[static_cast<std::size_t>(b)] = place;
    for (std::int64_t p = 0; p < pieces; ++p) place += std::exchange(places.data()[p * buckets + b], place);
  }
  starts[static_cast<std::size_t>(buckets)] = n;
  parallel_for(n, rows, [&](std::int64_t first, std::int64_t last) {
    move_by_digit(from + first, to, last - first, shift, mask, places.data() + first / rows * buckets);
  });
  return starts;
}

// As sort_in_cache, whatever the size.
template <class E>
void sort(E* from, E* to, std::int64_t n, int bits, bool stays) {
  const auto is_large = [](std::int64_t size) { return size * static_cast<std::int64_t>(sizeof(E)) > cache_bytes; };
  if (!is_large(n) || bits == 0) {
    sort_in_cache(from, to, n, bits, stays);
    return;
  }
  const int digit = std::min(bits, most_bits);
  const int below = bits - digit;
  const Starts starts = scatter_in_pieces(from, to, n, below, digit);
  const auto sort_bucket = [&](std::int64_t b, bool large) {
    const std::int64_t first = starts[static_cast<std::size_t>(b)];
    const std::int64_t size = starts[static_cast<std::size_t>(b) + 1] - first;
    if (is_large(size) == large) sort(to + first, from + first, size, below, !stays);
  };
  const std::int64_t buckets = std::int64_t{1} << digit;
  for (std::int64_t b = 0; b < buckets; ++b) sort_bucket(b, true);  // each by all threads
  parallel_for(buckets, 1, [&](std::int64_t b, std::int64_t) { sort_bucket(b, false); });
}

}  // namespace radix

// Sorts by the lowest `bits` bits of the keys; all others are equal. `spare` has room for n.
template <class E>
void radix_sort(E* data, E* spare, std::int64_t n, int bits) {
  radix::sort(data, spare, n, bits, true);
}

}  // namespace burnish::metrics
