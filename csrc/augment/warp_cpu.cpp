// SPDX-License-Identifier: Apache-2.0
// An image (h, w, c) -> tiles of its image under a map of places. Affine maps of bytes lying side by side, most of all
// warps, read two pixels with one load where all four lie inside; everything else goes pixel by pixel.
#include <type_traits>

#include "augment/border.hpp"
#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"
#include "augment/warp_math.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

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
  const bool is_open = !whole && levels.are_open();
  for (int x = range.first; x < range.last; ++x) {
    float* to = tile.values + r * tile.columns + x;
    const auto put = [&](int c, float value) { to[c * tile.plane] = is_open ? value : settled<whole>(value, levels); };
    if (source.interpolation == Interpolation::bilinear) {
      read_bilinear(pixels, place_at(x), put);
    } else if (source.interpolation == Interpolation::bicubic) {
      read_bicubic(pixels, place_at(x), put);
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

#if defined(__SSE4_1__)
constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

// A row of a tile that colors are put into. They come as numbers between whole ones.
struct PlaneRow {
  float* to;
  std::int64_t plane;

  PlaneRow(const Tile& tile, int r) : to(tile.values + r * tile.columns), plane(tile.plane) {}

  void fill(const Fill& color, Range range) const {
    for (int c = 0; c < 3; ++c) {
      for (int x = range.first; x < range.last; ++x) to[c * plane + x] = color.of(c);
    }
  }
  void put(int x, __m128 color) const {
    alignas(16) float value[4];
    _mm_store_ps(value, _mm_round_ps(color, nearest));
    for (int c = 0; c < 3; ++c) to[c * plane + x] = value[c];
  }
#if defined(__AVX2__)
  // Pixels 0 and 4, 1 and 5, 2 and 6, 3 and 7.
  void put(int x, __m256 a, __m256 b, __m256 c, __m256 d) const {
    store_colors(to + x, plane, _mm256_round_ps(a, nearest), _mm256_round_ps(b, nearest), _mm256_round_ps(c, nearest),
                 _mm256_round_ps(d, nearest));
  }
#else
  void put(int x, __m128 a, __m128 b, __m128 c, __m128 d) const {
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to + x, _mm_round_ps(a, nearest));
    _mm_storeu_ps(to + plane + x, _mm_round_ps(b, nearest));
    _mm_storeu_ps(to + 2 * plane + x, _mm_round_ps(c, nearest));
  }
#endif
};

// A row of an image of bytes.
struct ByteRow {
  std::uint8_t* to;

  void fill(const Fill& color, Range range) const {
    for (int x = range.first; x < range.last; ++x) {
      for (int c = 0; c < 3; ++c) to[3 * x + c] = static_cast<std::uint8_t>(color.of(c));
    }
  }
  void put(int x, __m128 color) const {
    const __m128i words = _mm_packus_epi32(_mm_cvtps_epi32(color), _mm_setzero_si128());
    const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    for (int c = 0; c < 3; ++c) to[3 * x + c] = static_cast<std::uint8_t>(bytes >> (8 * c));
  }
#if defined(__AVX2__)
  void put(int x, __m256 a, __m256 b, __m256 c, __m256 d) const {
    const __m256i ab = _mm256_packus_epi32(_mm256_cvtps_epi32(a), _mm256_cvtps_epi32(b));
    const __m256i cd = _mm256_packus_epi32(_mm256_cvtps_epi32(c), _mm256_cvtps_epi32(d));
    const __m256i order = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1,  //
                                           0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const __m256i halves = _mm256_shuffle_epi8(_mm256_packus_epi16(ab, cd), order);
    const __m256i bytes = _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 3 * x), _mm256_castsi256_si128(bytes));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 3 * x + 16), _mm256_extracti128_si256(bytes, 1));
  }
#else
  void put(int x, __m128 a, __m128 b, __m128 c, __m128 d) const {
    const __m128i ab = _mm_packus_epi32(_mm_cvtps_epi32(a), _mm_cvtps_epi32(b));
    const __m128i cd = _mm_packus_epi32(_mm_cvtps_epi32(c), _mm_cvtps_epi32(d));
    const __m128i bytes = _mm_shuffle_epi8(_mm_packus_epi16(ab, cd),
                                           _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 3 * x), bytes);
    const int rest = _mm_extract_epi32(bytes, 2);
    __builtin_memcpy(to + 3 * x + 8, &rest, sizeof rest);
  }
#endif
};

// Sums of the colors of two neighboring pixels, in the low six bytes, with the weights of one row: exact.
__m128 row_sum(__m128i bytes, __m128i weights) {
  const __m128i pairs =
      _mm_shuffle_epi8(bytes, _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  return _mm_cvtepi32_ps(_mm_madd_epi16(pairs, weights));
}

// The color at a place between two pixels of one row and two of the next. Bytes are never out of range, and between
// them nothing is, so that there is nothing to clamp.
__m128 color_between(__m128i upper_bytes, __m128i lower_bytes, Place place) {
  const int wx = weight_part(place.x);
  const __m128i weights = _mm_set1_epi32((weight_one - wx) | (wx << 16));
  const __m128 upper = row_sum(upper_bytes, weights);
  const __m128 lower = row_sum(lower_bytes, weights);
  const __m128 wy = _mm_set1_ps(static_cast<float>(weight_part(place.y)) * (1.0f / weight_one));
  const __m128 sum = _mm_add_ps(upper, _mm_mul_ps(_mm_sub_ps(lower, upper), wy));
  return _mm_mul_ps(sum, _mm_set1_ps(1.0f / weight_one));
}

// Three bytes each.
struct BorderColors {
  const Source& source;
  const std::uint8_t* first;
  std::uint64_t fill;

  explicit BorderColors(const Source& s)
      : source(s), first(static_cast<const std::uint8_t*>(s.image.data) + s.image.offset), fill(0) {
    for (int c = 0; c < 3; ++c) fill |= std::uint64_t{static_cast<std::uint8_t>(s.fill.of(c))} << (8 * c);
  }

  std::uint64_t pixel(std::int64_t row, std::int64_t column) const {
    if (row < 0 || column < 0) return fill;
    const std::uint8_t* bytes = first + row * source.image.row + 3 * column;
    return bytes[0] | std::uint64_t{bytes[1]} << 8 | std::uint64_t{bytes[2]} << 16;
  }

  __m128i pair(std::int64_t row, std::int64_t column, std::int64_t next) const {
    return _mm_cvtsi64_si128(static_cast<long long>(pixel(row, column) | pixel(row, next) << 24));
  }
};

// Where some of the four pixels may lie beyond the border.
template <class Row>
void warp_border_colors(const Source& source, const Line& line, const Row& to, Range range) {
  const BorderColors colors(source);
  const Image& image = source.image;
  for (int x = range.first; x < range.last; ++x) {
    const Place place = line.at(x);
    const std::int64_t row = inside(whole_part(place.y), image.height, source.border);
    const std::int64_t next_row = inside(whole_part(place.y) + 1, image.height, source.border);
    const std::int64_t column = inside(whole_part(place.x), image.width, source.border);
    const std::int64_t next = inside(whole_part(place.x) + 1, image.width, source.border);
    to.put(x, color_between(colors.pair(row, column, next), colors.pair(next_row, column, next), place));
  }
}
#endif

#if defined(__AVX2__)
// Two pixels of three bytes at each of two places, 128 bits for each, as pairs of words of one channel.
__m256i color_pairs(const std::uint8_t* first, std::int32_t place, std::int32_t other) {
  const auto eight = [&](std::int32_t at) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(first + at)); };
  const __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(eight(place)), eight(other), 1);
  return _mm256_shuffle_epi8(bytes, _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  //
                                                     0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
}

// The colors at places i and i + 4 of eight.
template <int i>
__m256 two_colors(const std::uint8_t* first, std::int64_t row, const std::int32_t* places, __m256i weights,
                  __m256 row_weights) {
  constexpr int each = i * 0x55;
  const __m256i wx = _mm256_shuffle_epi32(weights, each);
  const __m256 upper = _mm256_cvtepi32_ps(_mm256_madd_epi16(color_pairs(first, places[i], places[i + 4]), wx));
  const __m256 lower = _mm256_cvtepi32_ps(_mm256_madd_epi16(color_pairs(first + row, places[i], places[i + 4]), wx));
  const __m256 wy = _mm256_permute_ps(row_weights, each);
  const __m256 sum = _mm256_add_ps(upper, _mm256_mul_ps(_mm256_sub_ps(lower, upper), wy));
  return _mm256_mul_ps(sum, _mm256_set1_ps(1.0f / weight_one));
}

// From the first of eight pixels side by side to each of them and to the next eight, along one axis.
struct EightSteps {
  explicit EightSteps(std::int64_t step)
      : a(_mm256_setr_epi64x(0, step, 4 * step, 5 * step)),
        b(_mm256_setr_epi64x(2 * step, 3 * step, 6 * step, 7 * step)),
        eight(_mm256_set1_epi64x(8 * step)) {}

  // Columns 0, 1, 4, 5 and 2, 3, 6, 7, so that a shuffle of words sorts them.
  __m256i a;
  __m256i b;
  __m256i eight;
};

// The same for all rows of a result.
struct Steps {
  explicit Steps(const Place& step) : x(step.x), y(step.y) {}
  EightSteps x;
  EightSteps y;
};

// Places of eight pixels side by side, one axis of them.
class EightPlaces {
 public:
  EightPlaces(std::int64_t start, const EightSteps& steps)
      : step_(steps.eight),
        a_(_mm256_add_epi64(_mm256_set1_epi64x(start), steps.a)),
        b_(_mm256_add_epi64(_mm256_set1_epi64x(start), steps.b)) {}
  __m256i whole_parts() const { return words<0xdd>(); }
  __m256i weight_parts() const { return _mm256_srli_epi32(words<0x88>(), 32 - weight_bits); }
  void next() {
    a_ = _mm256_add_epi64(a_, step_);
    b_ = _mm256_add_epi64(b_, step_);
  }

 private:
  template <int which>
  __m256i words() const {
    return _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(a_), _mm256_castsi256_ps(b_), which));
  }
  __m256i step_;
  __m256i a_;
  __m256i b_;
};

// Where three bytes of each of eight pixels lie.
__m256i color_places(__m256i row, __m256i column, __m256i row_bytes) {
  return _mm256_add_epi32(_mm256_mullo_epi32(row, row_bytes), _mm256_add_epi32(column, _mm256_slli_epi32(column, 1)));
}

// Places beyond the border of the image's memory are as good as those on it.
__m256i near(__m256i place, int size) {
  return _mm256_min_epi32(_mm256_max_epi32(place, _mm256_set1_epi32(-border_pixels)), _mm256_set1_epi32(size));
}

// Eight pixels at a time, all of whose neighbors lie inside, or anywhere if the image is bordered. Returns the first
// column that is left to do.
template <bool is_bordered, class Row>
int warp_colors(const Source& source, const Line& line, const Steps& steps, const Row& to, Range range) {
  const Image image = source.image;
  if (image.row * image.height > INT32_MAX) return range.first;
  const std::uint8_t* first = static_cast<const std::uint8_t*>(image.data) + image.offset;
  const Place start = line.at(range.first);
  EightPlaces along_x(start.x, steps.x);
  EightPlaces along_y(start.y, steps.y);
  const __m256i row = _mm256_set1_epi32(static_cast<int>(image.row));
  int x = range.first;
  for (; x + 8 <= range.last; x += 8) {
    __m256i row_at = along_y.whole_parts();
    __m256i column_at = along_x.whole_parts();
    if constexpr (is_bordered) {
      row_at = near(row_at, image.height);
      column_at = near(column_at, image.width);
    }
    const __m256i places = color_places(row_at, column_at, row);
    const __m256i wx = along_x.weight_parts();
    const __m256i wy = along_y.weight_parts();
    const __m256i weights =
        _mm256_or_si256(_mm256_sub_epi32(_mm256_set1_epi32(weight_one), wx), _mm256_slli_epi32(wx, 16));
    const __m256 row_weights = _mm256_mul_ps(_mm256_cvtepi32_ps(wy), _mm256_set1_ps(1.0f / weight_one));
    alignas(32) std::int32_t at[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(at), places);
    const __m256 a = two_colors<0>(first, image.row, at, weights, row_weights);
    const __m256 b = two_colors<1>(first, image.row, at, weights, row_weights);
    const __m256 c = two_colors<2>(first, image.row, at, weights, row_weights);
    const __m256 d = two_colors<3>(first, image.row, at, weights, row_weights);
    to.put(x, a, b, c, d);
    along_x.next();
    along_y.next();
  }
  return x;
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

// The same among four by four pixels.
int warp_colors_cubic(const Source& source, const Line& line, const Tile& tile, int r, Range range) {
  const Image& image = source.image;
  if (image.row * image.height > INT32_MAX) return range.first;
  // From the first of the four rows and columns.
  const std::uint8_t* first = static_cast<const std::uint8_t*>(image.data) + image.offset - image.row - 3;
  float* to = tile.values + r * tile.columns;
  const Place start = line.at(range.first);
  EightPlaces along_x(start.x, EightSteps(line.step.x));
  EightPlaces along_y(start.y, EightSteps(line.step.y));
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
    along_x.next();
    along_y.next();
  }
  return x;
}
#elif defined(__SSE4_1__)
int near(int place, int size) { return place < -border_pixels ? -border_pixels : place > size ? size : place; }

template <bool is_bordered>
__m128 color_at(const std::uint8_t* first, const Image& image, Place place) {
  const int x = is_bordered ? near(whole_part(place.x), image.width) : whole_part(place.x);
  const int y = is_bordered ? near(whole_part(place.y), image.height) : whole_part(place.y);
  const std::uint8_t* pixels = first + y * image.row + 3 * std::int64_t{x};
  return color_between(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixels)),
                       _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixels + image.row)), place);
}

struct Steps {
  explicit Steps(const Place&) {}
};

template <bool is_bordered, class Row>
int warp_colors(const Source& source, const Line& line, const Steps&, const Row& to, Range range) {
  const std::uint8_t* first = static_cast<const std::uint8_t*>(source.image.data) + source.image.offset;
  int x = range.first;
  for (; x + 4 <= range.last; x += 4) {
    const __m128 a = color_at<is_bordered>(first, source.image, line.at(x));
    const __m128 b = color_at<is_bordered>(first, source.image, line.at(x + 1));
    const __m128 c = color_at<is_bordered>(first, source.image, line.at(x + 2));
    const __m128 d = color_at<is_bordered>(first, source.image, line.at(x + 3));
    to.put(x, a, b, c, d);
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

#if defined(__SSE4_1__)
// All of a row at once, whatever lies beyond the border, and the fill of the clips over it.
template <class Row>
void warp_bordered_row(const Source& source, const Steps& steps, const Row& to, int y) {
  const int columns = source.width;
  const Line line = line_of(source.matrix, y);
  const int next = warp_colors<true>(source, line, steps, to, {0, columns});
  if (next < columns) warp_colors<true>(source, line, steps, to, {columns - most_at_once, columns});
  if (source.clip_count == 0) return;
  const Range range = clipped(source, y, columns);
  to.fill(source.fill, {0, range.first});
  to.fill(source.fill, {range.last, columns});
}

template <class Row>
void warp_color_row(const Source& source, const Steps& steps, const Row& to, int y) {
  if (source.is_bordered) return warp_bordered_row(source, steps, to, y);
  const Line line = line_of(source.matrix, y);
  const Range range = reached(source, line, y, source.width);
  to.fill(source.fill, {0, range.first});
  to.fill(source.fill, {range.last, source.width});
  Range inner = range;
  // Eight bytes are read for two pixels of three: not from the last row, nor two columns before its end.
  narrow(inner, line.start.x, line.step.x, 0, fixed(source.image.width - 2));
  narrow(inner, line.start.y, line.step.y, 0, fixed(source.image.height - 1));
  if (inner.first == inner.last) inner = {range.first, range.first};
  warp_border_colors(source, line, to, {range.first, inner.first});
  int next = warp_colors<false>(source, line, steps, to, inner);
  if (next < inner.last && inner.last - inner.first >= most_at_once) {  // some of them once more
    next = warp_colors<false>(source, line, steps, to, {inner.last - most_at_once, inner.last});
  }
  warp_border_colors(source, line, to, {next, range.last});
}
#endif

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
    if (tile.channels == 3 && is_interleaved(image) && source.interpolation == Interpolation::bicubic) {
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
  if (image.column != image.channels || row * image.height * std::int64_t{sizeof(T)} > fetched_bytes) return;
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
      const Steps steps(line_of(source.matrix, 0).step);
      for (int r = 0; r < tile.rows; ++r) warp_color_row(source, steps, PlaneRow(tile, r), tile.top + r);
      return;
    }
  }
#endif
  for (int r = 0; r < tile.rows; ++r) {
    if (has_lines(source, tile.columns)) {
      warp_affine_row<whole, T>(source, levels, tile, r);
    } else {
      each_pixel<whole, T>(source, levels, tile, r, {0, tile.columns},
                           [&](int x) { return place_of(source.matrix, x + 0.5, tile.top + r + 0.5); });
    }
  }
}

}  // namespace

template <>
void warp_bytes<Isa::BURNISH_ISA>(const Source& source, const Image& target) {
  if (!source.is_bordered && is_slanted(source.matrix, source.width)) fetch<std::uint8_t>(source.image);
  auto* to = static_cast<std::uint8_t*>(target.data) + target.offset;
#if defined(__SSE4_1__)
  const Steps steps(line_of(source.matrix, 0).step);
  for (int y = 0; y < source.height; ++y) warp_color_row(source, steps, ByteRow{to + y * target.row}, y);
#else
  const Pixels<std::uint8_t> pixels = {static_cast<const std::uint8_t*>(source.image.data) + source.image.offset,
                                       source.image, source.border, source.fill};
  for (int y = 0; y < source.height; ++y) {
    const Line line = line_of(source.matrix, y);
    const Range range = reached(source, line, y, source.width);
    for (int x = 0; x < source.width; ++x) {
      const auto put = [&](int c, float value) {
        to[y * target.row + 3 * x + c] = static_cast<std::uint8_t>(settled<true>(value, Levels()));
      };
      if (x >= range.first && x < range.last) {
        read_bilinear<3>(pixels, line.at(x), put);
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
