// SPDX-License-Identifier: Apache-2.0
// An image (h, w, c) -> tiles of its image under a map of places. Affine maps of bytes lying side by side, most of all
// warps, read two pixels with one load where all four lie inside; everything else goes pixel by pixel.
#include <type_traits>

#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"
#include "augment/warp_colors.hpp"
#include "augment/warp_math.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

// Places of a row under any map, one after the other.
class NextPlace {
 public:
#if defined(__AVX2__)
  NextPlace(const Source& source, int y) : steps_(source), places_(steps_, y, 0) {}
  Place operator()(int x) {
    if (x % 8 == 0) places_.next(eight_);
    return eight_[x % 8];
  }

 private:
  MapPlaces::Steps steps_;
  MapPlaces places_;
  Place eight_[8];
#else
  NextPlace(const Source& source, int y) : matrix_(source.matrix), y_(y + 0.5) {}
  Place operator()(int x) const { return place_of(matrix_, x + 0.5, y_); }

 private:
  const Matrix& matrix_;
  double y_;
#endif
};

template <bool whole, int known, class T, class F>
void each_pixel_of(const Source& source, const Levels& levels, const Tile& tile, int r, Range range, F& place_at) {
  const Pixels<T> pixels = {static_cast<const T*>(source.image.data) + source.image.offset, source.image, source.border,
                            source.fill};
  const bool is_open = !whole && levels.are_open();
  const auto each = [&](const auto& read) {
    for (int x = range.first; x < range.last; ++x) {
      float* to = tile.values + r * tile.columns + x;
      read(place_at(x),
           [&](int c, float value) { to[c * tile.plane] = is_open ? value : settled<whole>(value, levels); });
    }
  };
  switch (source.interpolation) {
    case Interpolation::bilinear:
      return each([&](Place place, const auto& put) { read_bilinear<whole, known>(pixels, place, put); });
    case Interpolation::bicubic:
      return each([&](Place place, const auto& put) { read_bicubic<known>(pixels, place, put); });
    default:
      return each([&](Place place, const auto& put) { read_nearest<known>(pixels, place, put); });
  }
}

// Columns of a range; from the first one on if places come one after the other.
template <bool whole, class T, class F>
void each_pixel(const Source& source, const Levels& levels, const Tile& tile, int r, Range range, F&& place_at) {
  switch (tile.channels) {
    case 1:
      return each_pixel_of<whole, 1, T>(source, levels, tile, r, range, place_at);
    case 3:
      return each_pixel_of<whole, 3, T>(source, levels, tile, r, range, place_at);
    default:
      return each_pixel_of<whole, 0, T>(source, levels, tile, r, range, place_at);
  }
}

void fill_columns(const Source& source, const Tile& tile, int r, Range range) {
  for (int c = 0; c < tile.channels; ++c) {
    float* row = tile.of(c) + r * tile.columns;
    for (int x = range.first; x < range.last; ++x) row[x] = source.fill.of(c);
  }
}

#if defined(__AVX2__)
// Puts the colors of pixels 0 and 4, 1 and 5, 2 and 6, 3 and 7 into planes.
void store_colors(float* to, std::int64_t plane, __m256 a, __m256 b, __m256 c, __m256 d) {
  const __m256 ab_low = _mm256_unpacklo_ps(a, b);  // red of a, b; green of a, b
  const __m256 cd_low = _mm256_unpacklo_ps(c, d);
  const __m256 ab_high = _mm256_unpackhi_ps(a, b);  // blue
  const __m256 cd_high = _mm256_unpackhi_ps(c, d);
  _mm256_storeu_ps(to, _mm256_shuffle_ps(ab_low, cd_low, 0x44));
  _mm256_storeu_ps(to + plane, _mm256_shuffle_ps(ab_low, cd_low, 0xee));
  _mm256_storeu_ps(to + 2 * plane, _mm256_shuffle_ps(ab_high, cd_high, 0x44));
}
#endif

#if defined(__AVX2__)
// Where three bytes of each of eight pixels lie.
__m256i color_places(__m256i row, __m256i column, __m256i row_bytes) {
  return _mm256_add_epi32(_mm256_mullo_epi32(row, row_bytes), _mm256_add_epi32(column, _mm256_slli_epi32(column, 1)));
}

// Sums of four pixels of three bytes at each of two places, with the weights of their columns: exact.
__m256 four_columns(const std::uint8_t* first, std::int32_t place, std::int32_t other, __m256i left, __m256i right) {
  const auto load = [&](std::int32_t at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(first + at)); };
  const __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(load(place)), load(other), 1);
  const __m128i pairs = _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  const __m256i low = _mm256_broadcastsi128_si256(pairs);
  const __m256i high =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
  return _mm256_cvtepi32_ps(_mm256_add_epi32(_mm256_madd_epi16(_mm256_shuffle_epi8(bytes, low), left),
                                             _mm256_madd_epi16(_mm256_shuffle_epi8(bytes, high), right)));
}

// The colors at places i and i + 4 of eight, among four rows each.
template <int i>
__m256 two_cubic_colors(const std::uint8_t* first, std::int64_t row, const std::int32_t* places, __m256i left,
                        __m256i right, const __m256 (&row_weights)[4]) {
  constexpr int each = i * 0x55;
  const __m256i l = _mm256_shuffle_epi32(left, each);
  const __m256i r = _mm256_shuffle_epi32(right, each);
  __m256 sums[4];
  __m256 weights[4];
  for (int k = 0; k < 4; ++k) {
    sums[k] = four_columns(first + k * row, places[i], places[i + 4], l, r);
    weights[k] = _mm256_permute_ps(row_weights[k], each);
  }
  const __m256 value = among_four(sums, weights) * (1.0f / weight_one);
  const __m256 inside = _mm256_min_ps(_mm256_max_ps(value, _mm256_setzero_ps()), _mm256_set1_ps(255.0f));
  return _mm256_round_ps(inside, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// The same among four by four pixels, whose places in memory are 32-bit numbers.
int warp_colors_cubic(const Source& source, const Line& line, const Tile& tile, int r, Range range) {
  const Image& image = source.image;
  // From the first of the four rows and columns.
  const std::uint8_t* first = static_cast<const std::uint8_t*>(image.data) + image.offset - image.row - 3;
  float* to = tile.values + r * tile.columns;
  const Place start = line.at(range.first);
  const EightSteps steps_x(line.step.x);
  const EightSteps steps_y(line.step.y);
  EightFixed along_x = steps_x.from(start.x);
  EightFixed along_y = steps_y.from(start.y);
  const __m256i row = _mm256_set1_epi32(static_cast<int>(image.row));
  int x = range.first;
  for (; x + 8 <= range.last; x += 8) {
    alignas(32) std::int32_t at[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(at), color_places(along_y.whole_parts(), along_x.whole_parts(), row));
    __m256 columns[4];
    __m256 rows[4];
    cubic_weights(_mm256_cvtepi32_ps(along_x.weight_parts()) * (1.0f / weight_one), columns);
    cubic_weights(_mm256_cvtepi32_ps(along_y.weight_parts()) * (1.0f / weight_one), rows);
    for (__m256& weight : rows) weight *= 1.0f / weight_one;
    const auto words = [](__m256 even, __m256 odd) {
      return _mm256_blend_epi16(_mm256_cvttps_epi32(even), _mm256_slli_epi32(_mm256_cvttps_epi32(odd), 16), 0xaa);
    };
    const __m256i left = words(columns[0], columns[1]);
    const __m256i right = words(columns[2], columns[3]);
    store_colors(to + x, tile.plane, two_cubic_colors<0>(first, image.row, at, left, right, rows),
                 two_cubic_colors<1>(first, image.row, at, left, right, rows),
                 two_cubic_colors<2>(first, image.row, at, left, right, rows),
                 two_cubic_colors<3>(first, image.row, at, left, right, rows));
    steps_x.advance(along_x);
    steps_y.advance(along_y);
  }
  return x;
}
#endif

// Where places have a part in the image.
Range reached(const Source& source, const Line& line, int y, int columns) {
  Range range = clipped(source, y, columns);
  if (source.border == Border::constant) {  // no pixel of the image has a part in places further out
    const int reach = reach_of(source.interpolation);
    narrow(range, line.start.x, line.step.x, fixed(-reach), fixed(source.image.width + reach - 1));
    narrow(range, line.start.y, line.step.y, fixed(-reach), fixed(source.image.height + reach - 1));
  }
  return range;
}

template <bool whole, class T>
void warp_affine_row(const Source& source, const Levels& levels, const Tile& tile, int r) {
  const Line line = line_of(source.matrix, tile.top + r);
  const Range range = reached(source, line, tile.top + r, tile.columns);
  fill_columns(source, tile, r, {0, range.first});
  fill_columns(source, tile, r, {range.last, tile.columns});
  const auto place_at = [&](int x) { return line.at(x); };
#if defined(__AVX2__)
  if constexpr (whole && sizeof(T) == 1) {
    const Image& image = source.image;
    if (tile.channels == 3 && is_interleaved(image) && source.interpolation == Interpolation::bicubic &&
        image.row * image.height <= INT32_MAX) {
      Range inner = range;
      // Sixteen bytes are read for four pixels.
      narrow(inner, line.start.x, line.step.x, fixed(1), fixed(image.width - 4));
      narrow(inner, line.start.y, line.step.y, fixed(1), fixed(image.height - 2));
      if (inner.first == inner.last) inner = {range.first, range.first};
      each_pixel<whole, T>(source, levels, tile, r, {range.first, inner.first}, place_at);
      int next = warp_colors_cubic(source, line, tile, r, inner);
      if (next < inner.last && inner.last - inner.first >= most_at_once) {
        next = warp_colors_cubic(source, line, tile, r, {inner.last - most_at_once, inner.last});
      }
      return each_pixel<whole, T>(source, levels, tile, r, {next, range.last}, place_at);
    }
  }
#endif
  each_pixel<whole, T>(source, levels, tile, r, range, place_at);
}

// A slanted walk over rows is nothing that a processor foresees: an image that fits the second cache is fetched in the
// order of memory first. By loads: requests to prefetch are dropped while many are under way, and left two thirds of
// the time at 15 degrees to waiting. Along rows, or nearly so, the processor needs no help.
constexpr std::int64_t fetched_bytes = std::int64_t{512} << 10;

// Whether a row of the result crosses a row of the source.
bool is_slanted(const Matrix& matrix, int columns) {
  const double rows = matrix.m[3] * columns;
  return rows >= 1 || rows <= -1;
}

template <class T>
void fetch(const Image& image) {
  const std::int64_t row = image.row < 0 ? -image.row : image.row;
  if (!is_interleaved(image) || row * image.height * std::int64_t{sizeof(T)} > fetched_bytes) return;
  const T* pixels = static_cast<const T*>(image.data) + image.offset;
  for (int y = 0; y < image.height; ++y) {
    const char* first = reinterpret_cast<const char*>(pixels + y * image.row);
    const std::int64_t bytes = std::int64_t{image.width} * image.channels * std::int64_t{sizeof(T)};
    for (std::int64_t at = 0; at < bytes; at += 64) static_cast<void>(*static_cast<const volatile char*>(first + at));
  }
}

template <bool whole, class T>
void warp(const Source& source, const Levels& levels, const Tile& tile) {
  if (tile.top == 0 && !source.is_bordered && is_slanted(source.matrix, tile.columns)) fetch<T>(source.image);
#if defined(__SSE4_1__)
  if constexpr (whole && sizeof(T) == 1) {
    if (warps_colors(source)) {
      return warp_colors(source, tile.top, tile.top + tile.rows, [&](int y) { return PlaneRow(tile, y - tile.top); });
    }
  }
#endif
  for (int r = 0; r < tile.rows; ++r) {
    if (has_lines(source, tile.columns)) {
      warp_affine_row<whole, T>(source, levels, tile, r);
    } else {
      each_pixel<whole, T>(source, levels, tile, r, {0, tile.columns}, NextPlace(source, tile.top + r));
    }
  }
}

}  // namespace

template <>
void warp_bytes<Isa::BURNISH_ISA>(const Source& source, int top, const Image& target) {
  if (top == 0 && !source.is_bordered && is_slanted(source.matrix, source.width)) fetch<std::uint8_t>(source.image);
  auto* to = static_cast<std::uint8_t*>(target.data) + target.offset;
#if defined(__SSE4_1__)
  warp_colors(source, top, top + target.height, [&](int y) { return ByteRow{to + (y - top) * target.row}; });
#else
  const Pixels<std::uint8_t> pixels = {static_cast<const std::uint8_t*>(source.image.data) + source.image.offset,
                                       source.image, source.border, source.fill};
  const bool is_straight = has_lines(source, source.width);
  for (int y = top; y < top + target.height; ++y) {
    const Line line = is_straight ? line_of(source.matrix, y) : Line();
    const Range range = is_straight ? clipped(source, y, source.width) : Range{0, source.width};
    for (int x = 0; x < source.width; ++x) {
      const auto put = [&](int c, float value) {
        to[(y - top) * target.row + 3 * x + c] = static_cast<std::uint8_t>(settled<true>(value, Levels()));
      };
      if (x >= range.first && x < range.last) {
        read_bilinear<true, 3>(pixels, is_straight ? line.at(x) : place_of(source.matrix, x + 0.5, y + 0.5), put);
      } else {
        for (int c = 0; c < 3; ++c) put(c, source.fill.of(c));
      }
    }
  }
#endif
}

template <>
void warp_tile<Isa::BURNISH_ISA>(const Source& source, const Levels& levels, const Tile& tile) {
  if (source.image.dtype == DType::uint8) {
    return levels.are_whole ? warp<true, std::uint8_t>(source, levels, tile)
                            : warp<false, std::uint8_t>(source, levels, tile);
  }
  warp<false, float>(source, levels, tile);
}

}  // namespace burnish::augment
