// SPDX-License-Identifier: Apache-2.0
// A symmetric kernel of whole weights along the rows of bytes and then along the columns: sums of 16 bits, then of 32,
// all of them exact. The values of a pixel stay beside each other.
#include "augment/byte_vectors.hpp"
#include "augment/filter_math.hpp"
#include "augment/kernels.hpp"
#include "core/parallel.hpp"

namespace burnish::augment {
namespace {

// Of the sums along both axes.
struct Finish {
  bool is_fixed;         // or else divided
  std::uint32_t factor;  // 2^24 / divisor, rounded up

  explicit Finish(const Source& source)
      : is_fixed(source.is_fixed), factor(static_cast<std::uint32_t>((1 << 24) / source.divisor) + 1) {
    if (source.divisor == 1) factor = 1 << 24;
  }
};

constexpr int most_pairs = most_radius + 5;

#if defined(__SSSE3__)
constexpr int lanes = simd::vector_bytes;
// Products of a byte and a weight of as much, and one more such, fit 16 bits with a sign.
constexpr int most_weight = 64;
constexpr int sum_bias = -(1 << 15);  // sums along a row fit 16 bits without a sign

// Two values at the same distance from the center, and their weights.
struct Pair {
  std::int64_t step;
  std::int16_t weights;
};

int pairs_of(const Source& source, std::int64_t pixel, Pair* pairs) {
  int count = 0;
  for (int i = 0; i <= source.radius; ++i) {
    for (int left = static_cast<int>(source.kernel[i]); left > 0;) {
      const int one = left < most_weight ? left : most_weight;
      const int more = left - one < most_weight ? left - one : most_weight;
      const int other = i > 0 ? one : more;  // what is in the center counts once
      pairs[count++] = {i * pixel, static_cast<std::int16_t>(one | other << 8)};
      left -= i > 0 ? one : one + other;
    }
  }
  return count;
}

void add_along_row(const std::uint8_t* row, int width, const Pair* pairs, int count, std::int16_t* to) {
  for (int x = 0; x < width; x += lanes) {
    Words low = Words{} + static_cast<std::int16_t>(sum_bias);
    Words high = low;
    for (int i = 0; i < count; ++i) {
      const auto before = load_as<Bytes>(row + x - pairs[i].step);
      const auto after = load_as<Bytes>(row + x + pairs[i].step);
      const Words weights = Words{} + pairs[i].weights;
      low += pair_products(low_pairs(before, after), weights);
      high += pair_products(high_pairs(before, after), weights);
    }
    store_as(to + x, low);
    store_as(to + x + lanes / 2, high);
  }
}

// `rows` from the center on: pairs of them, before and after it.
template <bool is_fixed>
void add_along_columns(const std::int16_t* const (*rows)[2], const std::int32_t* weights, int radius,
                       const Finish& finish, int first, std::int32_t start, std::uint8_t* to) {
  Doubles sum[4];
  for (Doubles& one : sum) one = Doubles{} + start;
  for (int i = 0; i <= radius; ++i) {
    const Doubles weight = Doubles{} + weights[i];
    for (int half = 0; half < 2; ++half) {
      const auto before = load_as<Words>(rows[i][0] + first + half * lanes / 2);
      const auto after = load_as<Words>(rows[i][1] + first + half * lanes / 2);
      sum[2 * half] += pair_products(low_pairs(before, after), weight);
      sum[2 * half + 1] += pair_products(high_pairs(before, after), weight);
    }
  }
  for (Doubles& one : sum) {
    const auto bits = bit_cast<simd::Vector<std::uint32_t>>(one);
    one = bit_cast<Doubles>(is_fixed ? bits >> 16 : (bits * finish.factor + (1u << 23)) >> 24);
  }
  store_as(to, bytes_of(words_of(sum[0], sum[1]), words_of(sum[2], sum[3])));
}

// Along the columns: of the center there is one only.
std::int32_t column_weights(const Source& source, std::int32_t* weights) {
  std::int32_t sum = 0;
  for (int i = 0; i <= source.radius; ++i) {
    const auto weight = static_cast<std::int32_t>(source.kernel[i]);
    weights[i] = i == 0 ? weight : weight | weight << 16;
    sum += i == 0 ? weight : 2 * weight;
  }
  return (source.is_fixed ? fixed_sum_half : 0) - sum * sum_bias;
}

void make_row(const std::int16_t* const (*rows)[2], const Source& source, const Finish& finish, int width,
              std::uint8_t* last, std::uint8_t* to) {
  std::int32_t weights[most_radius + 1];
  const std::int32_t start = column_weights(source, weights);
  const int radius = source.radius;
  for (int x = 0; x < width; x += lanes) {
    const bool is_whole = x + lanes <= width;
    std::uint8_t* at = is_whole ? to + x : last;
    finish.is_fixed ? add_along_columns<true>(rows, weights, radius, finish, x, start, at)
                    : add_along_columns<false>(rows, weights, radius, finish, x, start, at);
    if (!is_whole) __builtin_memcpy(to + x, last, static_cast<std::size_t>(width - x));
  }
}
#else
struct Pair {
  std::int64_t step;
  std::int32_t weight;
};

int pairs_of(const Source& source, std::int64_t pixel, Pair* pairs) {
  for (int i = 0; i <= source.radius; ++i) pairs[i] = {i * pixel, static_cast<std::int32_t>(source.kernel[i])};
  return source.radius + 1;
}

void add_along_row(const std::uint8_t* row, int width, const Pair* pairs, int count, std::int16_t* to) {
  for (int x = 0; x < width; ++x) {
    std::int32_t sum = pairs[0].weight * row[x];
    for (int i = 1; i < count; ++i) sum += (row[x - pairs[i].step] + row[x + pairs[i].step]) * pairs[i].weight;
    to[x] = static_cast<std::int16_t>(sum);
  }
}

void make_row(const std::int16_t* const (*rows)[2], const Source& source, const Finish& finish, int width,
              std::uint8_t*, std::uint8_t* to) {
  for (int x = 0; x < width; ++x) {
    const auto at = [&](int i, int side) { return std::uint32_t{static_cast<std::uint16_t>(rows[i][side][x])}; };
    std::uint32_t sum = at(0, 0) * static_cast<std::uint32_t>(source.kernel[0]);
    for (int i = 1; i <= source.radius; ++i) {
      sum += (at(i, 0) + at(i, 1)) * static_cast<std::uint32_t>(source.kernel[i]);
    }
    to[x] =
        finish.is_fixed ? byte_of_fixed_sum(sum) : static_cast<std::uint8_t>((sum * finish.factor + (1u << 23)) >> 24);
  }
}
#endif

// A row of pixels of `pixel` bytes, with what lies beyond its ends.
void extend(const std::uint8_t* from, int columns, int pixel, const Source& source, std::uint8_t* row) {
  const auto width = static_cast<std::size_t>(columns * pixel);
  __builtin_memcpy(row, from, width);
  for (int x = 1; x <= source.radius; ++x) {
    const std::uint8_t* before = from + inside(-x, columns, source.border) * pixel;
    const std::uint8_t* after = from + inside(columns + x - 1, columns, source.border) * pixel;
    for (int c = 0; c < pixel; ++c) {
      row[c - x * pixel] = before[c];
      row[(columns + x - 1) * pixel + c] = after[c];
    }
  }
}

}  // namespace

template <>
void blur_bytes<Isa::BURNISH_ISA>(const Source& source, const Image& target, char* scratch) {
  const Image& image = source.image;
  const int pixel = is_interleaved(image) ? image.channels : 1;
  const int width = image.width * pixel;
  const int radius = source.radius;
  const int kept = 2 * radius + 1;
  const std::int64_t sums = padded_blur_row(width);
  auto* ring = reinterpret_cast<std::int16_t*>(scratch);
  auto* last = reinterpret_cast<std::uint8_t*>(ring + kept * sums);
  std::uint8_t* row = last + blur_padding + padded_blur_row(std::int64_t{radius} * pixel);
  Pair pairs[most_pairs];
  const int count = pairs_of(source, pixel, pairs);
  const Finish finish(source);
  for (int c = 0; c < image.channels / pixel; ++c) {
    const std::uint8_t* from = static_cast<const std::uint8_t*>(image.data) + image.offset + c * image.channel;
    std::uint8_t* to = static_cast<std::uint8_t*>(target.data) + target.offset + c * target.channel;
    int next = 0;  // row that has no sums yet
    for (int y = 0; y < image.height; ++y) {
      if (y % 16 == 0) check_point();  // one image may be huge
      for (; next <= y + radius && next < image.height; ++next) {
        extend(from + next * image.row, image.width, pixel, source, row);
        add_along_row(row, width, pairs, count, ring + next % kept * sums);
      }
      const std::int16_t* rows[most_radius + 1][2];
      for (int i = 0; i <= radius; ++i) {
        const auto sums_of = [&](std::int64_t at) {
          return ring + inside(at, image.height, source.border) % kept * sums;
        };
        rows[i][0] = sums_of(std::int64_t{y} - i);
        rows[i][1] = sums_of(std::int64_t{y} + i);
      }
      make_row(rows, source, finish, width, last, to + y * target.row);
    }
  }
}

}  // namespace burnish::augment
