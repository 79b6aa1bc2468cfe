// SPDX-License-Identifier: Apache-2.0
// An image (h, w, c) -> tiles of its image under a map of places. Affine maps of bytes lying side by side, most of all
// warps, read two pixels with one load where all four lie inside; everything else goes pixel by pixel.
#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"
#include "augment/warp_math.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

struct Range {
  int first = 0;
  int last = 0;
};

// The places of a row of the result: start + x * step.
struct Line {
  Place start;
  Place step;
  Place at(int x) const { return {start.x + x * step.x, start.y + x * step.y}; }
};

Line line_of(const Matrix& m, int y) {
  return {place_of(m, 0.5, y + 0.5),
          {static_cast<std::int64_t>(m.m[0] * 0x1p32), static_cast<std::int64_t>(m.m[3] * 0x1p32)}};
}

// Narrows the range to the columns where low <= start + x * step < high.
void narrow(Range& range, std::int64_t start, std::int64_t step, std::int64_t low, std::int64_t high) {
  const auto ok = [&](int x) {
    const std::int64_t place = start + x * step;
    return place >= low && place < high;
  };
  const auto estimate = [&](std::int64_t bound) {
    const double x = static_cast<double>(bound - start) / static_cast<double>(step);
    return x < range.first ? range.first : x > range.last ? range.last : static_cast<int>(x);
  };
  if (step == 0) {
    if (!ok(range.first)) range.last = range.first;
    return;
  }
  int first = estimate(step > 0 ? low : high);
  int last = estimate(step > 0 ? high : low);
  first = first - 2 > range.first ? first - 2 : range.first;
  last = last + 2 < range.last ? last + 2 : range.last;
  while (first < last && !ok(first)) ++first;
  while (last > first && !ok(last - 1)) --last;
  range = {first, last};
}

std::int64_t fixed(std::int64_t pixels) { return pixels << 32; }

// Where a row has pixels of its own, and not only fill: inside of all clips.
Range clipped(const Source& source, int y, int columns) {
  Range range = {0, columns};
  for (int i = 0; i < source.clip_count; ++i) {
    const Clip& clip = source.clips[i];
    const Line line = line_of(clip.matrix, y);
    const std::int64_t half = std::int64_t{1} << 31;
    narrow(range, line.start.x, line.step.x, -half, fixed(clip.width) - half);
    narrow(range, line.start.y, line.step.y, -half, fixed(clip.height) - half);
  }
  return range;
}

template <bool whole, class T, class F>
void each_pixel(const Source& source, const Levels& levels, const Tile& tile, int r, Range range, const F& place_at) {
  const Pixels<T> pixels = {static_cast<const T*>(source.image.data) + source.image.offset, source.image, source.border,
                            source.fill};
  for (int x = range.first; x < range.last; ++x) {
    float* to = tile.values + r * tile.columns + x;
    const auto put = [&](int c, float value) { to[c * tile.plane] = settled<whole>(value, levels); };
    if (source.interpolation == Interpolation::bilinear) {
      read_bilinear(pixels, place_at(x), put);
    } else {
      read_nearest(pixels, place_at(x), put);
    }
  }
}

void fill_columns(const Source& source, const Tile& tile, int r, Range range) {
  for (int c = 0; c < tile.channels; ++c) {
    float* row = tile.of(c) + r * tile.columns;
    for (int x = range.first; x < range.last; ++x) row[x] = source.fill.of(c);
  }
}

#if defined(__SSE4_1__)
// Sums of the colors of two neighboring pixels with the weights of one row, exact.
__m128 row_sum(const std::uint8_t* pixels, __m128i weights) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixels));
  const __m128i pairs =
      _mm_shuffle_epi8(bytes, _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  return _mm_cvtepi32_ps(_mm_madd_epi16(pairs, weights));
}

__m128 color_at(const std::uint8_t* first, std::int64_t row, Place place) {
  const std::uint8_t* pixels = first + whole_part(place.y) * row + 3 * std::int64_t{whole_part(place.x)};
  const int wx = weight_part(place.x);
  const __m128i weights = _mm_set1_epi32((weight_one - wx) | (wx << 16));
  const __m128 upper = row_sum(pixels, weights);
  const __m128 lower = row_sum(pixels + row, weights);
  const __m128 wy = _mm_set1_ps(static_cast<float>(weight_part(place.y)) * (1.0f / weight_one));
  return _mm_mul_ps(_mm_add_ps(upper, _mm_mul_ps(_mm_sub_ps(lower, upper), wy)), _mm_set1_ps(1.0f / weight_one));
}

// Bytes are never out of range, and between them nothing is.
void warp_colors(const Source& source, const Line& line, const Tile& tile, int r, Range range) {
  const std::uint8_t* first = static_cast<const std::uint8_t*>(source.image.data) + source.image.offset;
  float* to = tile.values + r * tile.columns;
  int x = range.first;
  for (; x + 4 <= range.last; x += 4) {
    __m128 a = color_at(first, source.image.row, line.at(x));
    __m128 b = color_at(first, source.image.row, line.at(x + 1));
    __m128 c = color_at(first, source.image.row, line.at(x + 2));
    __m128 d = color_at(first, source.image.row, line.at(x + 3));
    _MM_TRANSPOSE4_PS(a, b, c, d);
    const auto nearest_whole = [](__m128 v) { return _mm_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); };
    _mm_storeu_ps(to + x, nearest_whole(a));
    _mm_storeu_ps(to + tile.plane + x, nearest_whole(b));
    _mm_storeu_ps(to + 2 * tile.plane + x, nearest_whole(c));
  }
  each_pixel<true, std::uint8_t>(source, {0, 255, true}, tile, r, {x, range.last}, [&](int i) { return line.at(i); });
}
#endif

template <bool whole, class T>
void warp_affine_row(const Source& source, const Levels& levels, const Tile& tile, int r) {
  const Line line = line_of(source.matrix, tile.top + r);
  const Image& image = source.image;
  Range range = clipped(source, tile.top + r, tile.columns);
  if (source.border == Border::constant) {  // no pixel of the image has a part in places further out
    narrow(range, line.start.x, line.step.x, fixed(-1), fixed(image.width));
    narrow(range, line.start.y, line.step.y, fixed(-1), fixed(image.height));
  }
  fill_columns(source, tile, r, {0, range.first});
  fill_columns(source, tile, r, {range.last, tile.columns});
  const auto place_at = [&](int x) { return line.at(x); };
#if defined(__SSE4_1__)
  if constexpr (whole && sizeof(T) == 1) {
    if (tile.channels == 3 && is_interleaved(image) && source.interpolation == Interpolation::bilinear) {
      Range inner = range;
      // Eight bytes are read for two pixels of three: not from the last row, nor two columns before its end.
      narrow(inner, line.start.x, line.step.x, 0, fixed(image.width - 2));
      narrow(inner, line.start.y, line.step.y, 0, fixed(image.height - 1));
      each_pixel<whole, T>(source, levels, tile, r, {range.first, inner.first}, place_at);
      warp_colors(source, line, tile, r, inner);
      range.first = inner.last;
    }
  }
#endif
  each_pixel<whole, T>(source, levels, tile, r, range, place_at);
}

// Whether places along a row can be told by adding up steps.
bool has_lines(const Source& source, const Tile& tile) {
  const Matrix& m = source.matrix;
  const double reach = 0x1p28;
  const double across = tile.columns;
  const auto small = [&](double value) { return value < reach && value > -reach; };
  bool fits = is_affine(m) && small(m.m[0] * across) && small(m.m[3] * across);
  for (int i = 0; i < source.clip_count; ++i) {
    fits = fits && small(source.clips[i].matrix.m[0] * across) && small(source.clips[i].matrix.m[3] * across);
  }
  return fits;
}

template <bool whole, class T>
void warp(const Source& source, const Levels& levels, const Tile& tile) {
  for (int r = 0; r < tile.rows; ++r) {
    if (has_lines(source, tile)) {
      warp_affine_row<whole, T>(source, levels, tile, r);
    } else {
      each_pixel<whole, T>(source, levels, tile, r, {0, tile.columns},
                           [&](int x) { return place_of(source.matrix, x + 0.5, tile.top + r + 0.5); });
    }
  }
}

}  // namespace

template <>
void warp_tile<Isa::BURNISH_ISA>(const Source& source, const Levels& levels, const Tile& tile) {
  if (source.image.dtype == DType::uint8) return warp<true, std::uint8_t>(source, levels, tile);
  warp<false, float>(source, levels, tile);
}

}  // namespace burnish::augment
