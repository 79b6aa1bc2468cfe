// SPDX-License-Identifier: Apache-2.0
// Colors in bytes -> floats, scaled, in one pass: from registers to where they stay.
#include <algorithm>

#include "augment/color_vectors.hpp"
#include "augment/kernels.hpp"
#include "core/stream.hpp"

namespace burnish::augment {
namespace {

struct Row {
  const std::uint8_t* from;
  float* to;
  std::int64_t plane;
  int count;
};

template <bool divides>
float scaled(const ColorScale& scale, int c, std::uint8_t byte) {
  const auto value = static_cast<float>(byte);
  return (divides ? value / 255.0f : value) * scale.factor[c] + scale.shift[c];
}

// Pixels that fill no vector.
template <bool divides>
void scale_pixels(const Row& row, std::int64_t column, const ColorScale& scale, int channel_step, int first, int last) {
  for (int x = first; x < last; ++x) {
    for (int c = 0; c < 3; ++c) {
      row.to[x * channel_step + c * row.plane] = scaled<divides>(scale, c, row.from[x * column + c]);
    }
  }
}

#if defined(__SSSE3__)
void put(V v, float* to, bool streams) {
  streams ? stream_vector(v, to) : static_cast<void>(__builtin_memcpy(to, &v, sizeof v));
}

// Values first..last of some. No masked store: it would touch the line next to it, which went past the cache.
void put_part(const float* values, float* to, int first, int last) {
  __builtin_memcpy(to + first, values + first, static_cast<std::size_t>(last - first) * sizeof(float));
}

// Groups of pixels that start at x, into planes.
template <bool forward, bool divides, bool streams>
struct Groups {
  V factor[3];
  V shift[3];
  explicit Groups(const ColorScale& scale) {
    for (int c = 0; c < 3; ++c) {
      factor[c] = V{} + scale.factor[c];
      shift[c] = V{} + scale.shift[c];
    }
  }

  ColorGroup read(const std::uint8_t* from, int x) const {
    ColorGroup colors = read_group<forward>(forward ? from + 3 * x : from - 3 * (x + group - 1));
    for (int c = 0; c < 3; ++c) {
      for (V& part : colors.part[c]) part = (divides ? part / 255.0f : part) * factor[c] + shift[c];
    }
    return colors;
  }

  void write(const ColorGroup& colors, const Row& row, int x) const {
    constexpr int lanes = simd::width<float>;
    for (int i = 0; i < group / lanes; ++i) {
      for (int c = 0; c < 3; ++c) put(colors.part[c][i], row.to + c * row.plane + x + i * lanes, streams);
    }
  }

  void run(const Row& row, int first, int last) const {
    for (int x = first; x + group <= last; x += group) write(read(row.from, x), row, x);
  }

  // The line of the cache that starts at x and ends in the row that follows, of pixels from `next` on.
  void run_seam(const Row& row, int x, const std::uint8_t* next) const {
    std::uint8_t pixels[3 * line_values];
    const int here = row.count - x;
    const int there = line_values - here;
    const auto bytes = [](int count) { return 3 * static_cast<std::size_t>(count); };
    if (forward) {
      __builtin_memcpy(pixels, row.from + 3 * x, bytes(here));
      __builtin_memcpy(pixels + 3 * here, next, bytes(there));
    } else {
      __builtin_memcpy(pixels + 3 * there, row.from - 3 * (row.count - 1), bytes(here));
      __builtin_memcpy(pixels, next - 3 * (there - 1), bytes(there));
    }
    run({forward ? pixels : pixels + 3 * (line_values - 1), row.to + x, row.plane, line_values}, 0, line_values);
  }
};

V floats_of(const std::uint8_t* from) {
#if defined(__AVX2__)
  return __builtin_convertvector(simd::load_bytes(from), V);
#else
  int bytes;
  __builtin_memcpy(&bytes, from, sizeof bytes);
  return _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes)));
#endif
}
#endif

// Pixels side by side: the channels of values repeat themselves after three vectors.
template <bool divides, bool streams>
struct Values {
  static constexpr int lanes = simd::width<float>;
  float factor[lanes + 3];
  float shift[lanes + 3];
  explicit Values(const ColorScale& scale) {
    for (int i = 0; i < lanes + 3; ++i) {
      factor[i] = scale.factor[i % 3];
      shift[i] = scale.shift[i % 3];
    }
  }

#if defined(__SSSE3__)
  V of(const std::uint8_t* from, int k) const {
    const V value = floats_of(from);
    return (divides ? value / 255.0f : value) * simd::load(factor + k) + simd::load(shift + k);
  }

  void write_part(const std::uint8_t* from, float* to, int start, int first, int last) const {
    const V vector = of(from + start, start % 3);
    float values[lanes];
    __builtin_memcpy(values, &vector, sizeof values);
    put_part(values, to + start, first, last);
  }

  // Of a vector or more.
  void run(const std::uint8_t* from, float* to, int count) const {
    const int first = streams ? std::min(values_to_line(to), count) : 0;
    int i = first;
    const int phases[] = {i % 3, (i + lanes) % 3, (i + 2 * lanes) % 3};
    for (; i + 3 * lanes <= count; i += 3 * lanes) {
#pragma GCC unroll 3
      for (int k = 0; k < 3; ++k) put(of(from + i + k * lanes, phases[k]), to + i + k * lanes, streams);
    }
    for (; i + lanes <= count; i += lanes) put(of(from + i, i % 3), to + i, streams);
    const int start = count - lanes;
    if (i < count) write_part(from, to, start, i - start, lanes);
    for (int done = 0; done < first; done += lanes) {
      const int at = std::min(done, start);
      write_part(from, to, at, done - at, std::min(first - at, lanes));
    }
  }
#endif
};

constexpr int rows_ahead = 2;

// Pixels of three floats, from those in order.
template <bool divides, bool streams>
void scale_values(const Source& source, const ColorScale& scale, const Image& target) {
  const Image& image = source.image;
  const auto* pixels = static_cast<const std::uint8_t*>(image.data) + image.offset;
  const Values<divides, streams> values(scale);
  for (int r = 0; r < source.height; ++r) {
    Row row;
    row.from = pixels + (source.top + r) * image.row + source.left * 3;
    row.to = static_cast<float*>(target.data) + target.offset + r * target.row;
    row.plane = 1;
    row.count = source.width;
#if defined(__SSSE3__)
    if (3 * row.count >= simd::width<float>) {
      values.run(row.from, row.to, 3 * row.count);
      continue;
    }
#endif
    scale_pixels<divides>(row, 3, scale, 3, 0, row.count);
  }
  if (streams) finish_streams();
}

template <bool forward, bool divides, bool streams>
void scale_planes(const Source& source, const ColorScale& scale, const Image& target) {
  const Image& image = source.image;
  const auto* pixels = static_cast<const std::uint8_t*>(image.data) + image.offset;
#if defined(__SSSE3__)
  const Groups<forward, divides, streams> groups(scale);
#endif
  int rows = source.height;
  int columns = source.width;
  const bool follow = target.row == columns;
  if (follow && image.row == columns * image.column) {
    columns *= rows;
    rows = 1;
  }
  bool is_begun = false;  // together with the row before
  for (int r = 0; r < rows; ++r) {
    Row row;
    row.from = pixels + (source.top + r) * image.row + source.left * image.column;
    row.to = static_cast<float*>(target.data) + target.offset + r * target.row;
    row.plane = target.channel;
    row.count = columns;
    if (source.top + r + rows_ahead < image.height) {
      const std::uint8_t* next = row.from + rows_ahead * image.row - (forward ? 0 : 3 * columns);
      for (int b = 0; b < 3 * columns; b += 64) __builtin_prefetch(next + b);
    }
    int first = 0;
    int last = 0;
    bool is_ended = false;  // together with the row after
#if defined(__SSSE3__)
    constexpr int unit = streams ? line_values : group;
    first = streams ? std::min(values_to_line(row.to), columns) : 0;
    last = first + (columns - first) / unit * unit;
    groups.run(row, first, last);
    is_ended = streams && follow && last < columns && columns >= line_values && r + 1 < rows;
    if (is_ended) groups.run_seam(row, last, row.from + image.row);
#endif
    // The lines that a plane shares with its neighbors come last: other stores would wait for them to be read.
    if (!is_begun) scale_pixels<divides>(row, image.column, scale, 1, 0, first);
    if (!is_ended) scale_pixels<divides>(row, image.column, scale, 1, last, columns);
    is_begun = is_ended;
  }
  if (streams) finish_streams();
}

// Calls f with the values as constants.
template <class F, bool... constants>
void with_constants(const F& f) {
  f.template operator()<constants...>();
}
template <class F, bool... constants, class... Rest>
void with_constants(const F& f, bool value, Rest... rest) {
  value ? with_constants<F, constants..., true>(f, rest...) : with_constants<F, constants..., false>(f, rest...);
}

}  // namespace

template <>
void scale_image<Isa::BURNISH_ISA>(const Source& source, const ColorScale& scale, const Image& target, bool streams) {
  with_constants(
      [&]<bool forward, bool divides, bool past>() {
        if (target.column == 1) return scale_planes<forward, divides, past>(source, scale, target);
        scale_values<divides, past>(source, scale, target);
      },
      source.image.column > 0, scale.is_divided, streams);
}

}  // namespace burnish::augment
