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
  std::int64_t plane;  // 0: pixels of three floats
  int count;
};

template <bool divides>
float scaled(const ColorScale& scale, int c, std::uint8_t byte) {
  const auto value = static_cast<float>(byte);
  return (divides ? value / 255.0f : value) * scale.factor[c] + scale.shift[c];
}

template <bool divides>
void scale_pixels(const Row& row, std::int64_t column, const ColorScale& scale, int first, int last) {
  for (int x = first; x < last; ++x) {
    for (int c = 0; c < 3; ++c) {
      row.to[row.plane == 0 ? 3 * x + c : x + c * row.plane] = scaled<divides>(scale, c, row.from[x * column + c]);
    }
  }
}

#if defined(__SSSE3__)
constexpr int line_values = 16;  // of a line of the cache

void put(V v, float* to, bool streams) {
#if defined(__AVX512F__)
  streams ? _mm512_stream_ps(to, v) : _mm512_storeu_ps(to, v);
#elif defined(__AVX__)
  streams ? _mm256_stream_ps(to, v) : _mm256_storeu_ps(to, v);
#else
  streams ? _mm_stream_ps(to, v) : _mm_storeu_ps(to, v);
#endif
}

// Groups of pixels that start at x.
template <bool forward, bool divides, bool is_planar, bool streams>
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
    using Lanes = std::make_integer_sequence<int, lanes>;
    for (int i = 0; i < group / lanes; ++i) {
      const V red = colors.part[0][i];
      const V green = colors.part[1][i];
      const V blue = colors.part[2][i];
      float* to = row.to + (is_planar ? 1 : 3) * (x + i * lanes);
      put(is_planar ? red : joined<0>(red, green, blue, Lanes()), to, streams);
      put(is_planar ? green : joined<1>(red, green, blue, Lanes()), to + (is_planar ? row.plane : lanes), streams);
      put(is_planar ? blue : joined<2>(red, green, blue, Lanes()), to + 2 * (is_planar ? row.plane : lanes), streams);
    }
  }

  void run(const Row& row, int first, int last) const {
    for (int x = first; x + group <= last; x += group) write(read(row.from, x), row, x);
  }
};

// Pixels up to the first that starts a line of the cache.
int pixels_to_line(const Row& row) {
  const auto address = reinterpret_cast<std::intptr_t>(row.to);
  const auto values = static_cast<int>(-(address / 4) & (line_values - 1));
  return row.plane ? values : values * 11 & (line_values - 1);  // 11 * 3 = 2 * 16 + 1
}
#endif

template <bool forward, bool divides, bool is_planar, bool streams>
void scale_rows(const Source& source, const ColorScale& scale, const Image& target) {
  const Image& image = source.image;
  const auto* pixels = static_cast<const std::uint8_t*>(image.data) + image.offset;
  constexpr int rows_ahead = 2;
#if defined(__SSSE3__)
  const Groups<forward, divides, is_planar, streams> groups(scale);
#endif
  for (int r = 0; r < source.height; ++r) {
    Row row;
    row.from = pixels + (source.top + r) * image.row + source.left * image.column;
    row.to = static_cast<float*>(target.data) + target.offset + r * target.row;
    row.plane = is_planar ? target.channel : 0;
    row.count = source.width;
    if (source.top + r + rows_ahead < image.height) {
      const std::uint8_t* next = row.from + rows_ahead * image.row - (forward ? 0 : 3 * row.count);
      for (int b = 0; b < 3 * row.count; b += 64) __builtin_prefetch(next + b);
    }
    int first = 0;
    int last = 0;
#if defined(__SSSE3__)
    first = streams ? std::min(pixels_to_line(row), row.count) : 0;
    last = first + (row.count - first) / group * group;
    groups.run(row, first, last);
#endif
    scale_pixels<divides>(row, image.column, scale, 0, first);
    scale_pixels<divides>(row, image.column, scale, last, row.count);
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
      [&]<bool forward, bool divides, bool is_planar, bool past>() {
        scale_rows<forward, divides, is_planar, past>(source, scale, target);
      },
      source.image.column > 0, scale.is_divided, target.column == 1, streams);
}

}  // namespace burnish::augment
