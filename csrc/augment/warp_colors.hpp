// SPDX-License-Identifier: Apache-2.0
// Colors of bytes side by side, (h, w, 3), under a map of places, between two pixels of one row and two of the next. A
// few pixels at a time: where all they need lies inside, two pixels of three bytes are one load of eight. Only files
// compiled per level may include this header.
#pragma once

#include "augment/border.hpp"
#include "augment/color_rows.hpp"
#include "augment/places_avx2.hpp"

#if defined(__SSE4_1__)
namespace burnish::augment {
namespace {

#if defined(__AVX2__)
// Of eight pixels: weights of the two of the upper row, and of the two of the lower one, as words of one number.
BURNISH_HD void pair_weights(__m256i x, __m256i y, __m256i& upper, __m256i& lower) {
  const __m256i last = _mm256_mulhrs_epi16(_mm256_add_epi32(x, x), y);
  const __m256i lower_first = _mm256_sub_epi32(y, last);
  const __m256i upper_first = _mm256_sub_epi32(_mm256_sub_epi32(_mm256_set1_epi32(weight_one), x), lower_first);
  upper = _mm256_or_si256(upper_first, _mm256_slli_epi32(_mm256_sub_epi32(x, last), 16));
  lower = _mm256_or_si256(lower_first, _mm256_slli_epi32(last, 16));
}

// Lets numbers pass through memory: the compiler would take vectors apart, one instruction and more for each number.
struct EightNumbers {
  alignas(32) std::int32_t of[8];

  explicit EightNumbers(__m256i numbers) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(of), numbers);
    asm("" : "+m"(of));
  }
  // Numbers 2 i and 2 i + 1, four times.
  __m256i pair(int i) const {
    return _mm256_broadcastq_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(of + 2 * i)));
  }
};

// Eight bytes, and eight others, twice.
__m256i twice_eight_bytes(const std::uint8_t* from, const std::uint8_t* other) {
  const auto load = [](const std::uint8_t* eight) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(eight)); };
  const __m256i all = _mm256_broadcastq_epi64(load(from));
#if defined(__AVX512F__)
  return _mm256_mask_broadcastq_epi64(all, 0xa, load(other));
#else
  return _mm256_blend_epi32(all, _mm256_broadcastq_epi64(load(other)), 0xcc);
#endif
}

class ColorReader {
 public:
  explicit ColorReader(const Source& source)
      : source_(source),
        image_(source.image),
        first_(static_cast<const std::uint8_t*>(image_.data) + image_.offset),
        row_(_mm256_set1_epi32(static_cast<int>(image_.row))),
        fill_(_mm256_setr_epi32(byte_of_fill(0), byte_of_fill(0), byte_of_fill(1), byte_of_fill(1), byte_of_fill(2),
                                byte_of_fill(2), 0, 0)) {}

  // Whether there is nothing but the fill.
  bool is_outside(const EightPlaces& at) const {
    if (source_.border != Border::constant) return false;
    return !any_within(_mm256_add_epi32(at.x, _mm256_set1_epi32(1)), image_.width,
                       _mm256_add_epi32(at.y, _mm256_set1_epi32(1)), image_.height);
  }

  template <bool is_bordered>
  [[gnu::always_inline]] ColorSums read(EightPlaces at) const {
    if constexpr (is_bordered) {
      at.x = near(at.x, image_.width);
      at.y = near(at.y, image_.height);
    } else if (!are_within(at.x, image_.width - 3, at.y, image_.height - 2)) {
      return read_beyond(at.x, at.y, at.weight_x, at.weight_y);
    }
    __m256i upper;
    __m256i lower;
    pair_weights(at.weight_x, at.weight_y, upper, lower);
    const EightNumbers places(places_of(at.y, at.x));
    const std::uint8_t* next = first_ + image_.row;
    const EightNumbers upper_weights(upper);
    const EightNumbers lower_weights(lower);
    ColorSums sums;
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const auto pairs = [&](const std::uint8_t* first) {
        return _mm256_shuffle_epi8(twice_eight_bytes(first + places.of[2 * i], first + places.of[2 * i + 1]),
                                   _mm256_setr_epi8(0, -1, 3, -1, 8, -1, 11, -1, 1, -1, 4, -1, 9, -1, 12, -1,  //
                                                    2, -1, 5, -1, 10, -1, 13, -1, -1, -1, -1, -1, -1, -1, -1, -1));
      };
      sums.part[i] = _mm256_add_epi32(_mm256_madd_epi16(pairs(first_), upper_weights.pair(i)),
                                      _mm256_madd_epi16(pairs(next), lower_weights.pair(i)));
    }
    return sums;
  }

 private:
  int byte_of_fill(int c) const { return static_cast<std::uint8_t>(source_.fill.of(c)); }

  // Where three bytes of each of eight pixels lie.
  __m256i places_of(__m256i row, __m256i column) const {
    return _mm256_add_epi32(_mm256_mullo_epi32(row, row_), _mm256_add_epi32(column, _mm256_slli_epi32(column, 1)));
  }

  // Places beyond the border of the image's memory are as good as those on it.
  static __m256i near(__m256i place, int size) {
    return _mm256_min_epi32(_mm256_max_epi32(place, _mm256_set1_epi32(-border_pixels)), _mm256_set1_epi32(size));
  }

  // Negative in each lane where x or y is not in 0..last.
  static __m256i signs(__m256i x, int last_x, __m256i y, int last_y) {
    const __m256i low = _mm256_or_si256(x, y);
    const __m256i high =
        _mm256_or_si256(_mm256_sub_epi32(_mm256_set1_epi32(last_x), x), _mm256_sub_epi32(_mm256_set1_epi32(last_y), y));
    return _mm256_or_si256(low, high);
  }
  static bool are_within(__m256i x, int last_x, __m256i y, int last_y) {
    return _mm256_movemask_ps(_mm256_castsi256_ps(signs(x, last_x, y, last_y))) == 0;
  }
  static bool any_within(__m256i x, int last_x, __m256i y, int last_y) {
    return _mm256_movemask_ps(_mm256_castsi256_ps(signs(x, last_x, y, last_y))) != 0xff;
  }

  // All ones where an index is one of an axis.
  static __m256i is_inside(__m256i index, int size) {
    return _mm256_andnot_si256(_mm256_cmpgt_epi32(_mm256_setzero_si256(), index),
                               _mm256_cmpgt_epi32(_mm256_set1_epi32(size), index));
  }

  // The indices that stand for those, which may be any; for the fill, some.
  __m256i inside(__m256i index, int size) const {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i last = _mm256_set1_epi32(size - 1);
    if (source_.border == Border::constant || source_.border == Border::replicate || size == 1) {
      return _mm256_min_epi32(_mm256_max_epi32(index, zero), last);
    }
    if (!are_within(_mm256_add_epi32(index, _mm256_set1_epi32(size)), 3 * size - 2, zero, 0)) {
      return inside_far(index, size);
    }
    const auto mirrored = [&](__m256i i, int sum) {
      return _mm256_min_epi32(i, _mm256_sub_epi32(_mm256_set1_epi32(sum), i));
    };
    if (source_.border == Border::reflect) {  // -1 - i is what has all other bits
      return mirrored(_mm256_xor_si256(index, _mm256_srai_epi32(index, 31)), 2 * size - 1);
    }
    if (source_.border == Border::reflect101) return mirrored(_mm256_abs_epi32(index), 2 * size - 2);
    const __m256i period = _mm256_set1_epi32(size);
    const __m256i low = _mm256_and_si256(_mm256_cmpgt_epi32(zero, index), period);
    const __m256i high = _mm256_and_si256(_mm256_cmpgt_epi32(index, last), period);
    return _mm256_sub_epi32(_mm256_add_epi32(index, low), high);
  }
  __m256i inside_far(__m256i index, int size) const {
    EightNumbers indices(index);
    for (std::int32_t& i : indices.of) i = static_cast<std::int32_t>(augment::inside(i, size, source_.border));
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(indices.of));
  }

  // Anywhere: four loads of a pixel each, and the fill by its weight, which is that of the pixels it stands for.
  [[gnu::noinline]] ColorSums read_beyond(__m256i x, __m256i y, __m256i weight_x, __m256i weight_y) const {
    __m256i upper_weights;
    __m256i lower_weights;
    pair_weights(weight_x, weight_y, upper_weights, lower_weights);
    const __m256i one = _mm256_set1_epi32(1);
    const __m256i next_x = _mm256_add_epi32(x, one);
    const __m256i next_y = _mm256_add_epi32(y, one);
    const __m256i left = inside(x, image_.width);
    const __m256i right = inside(next_x, image_.width);
    const __m256i upper = inside(y, image_.height);
    const __m256i lower = inside(next_y, image_.height);
    const __m256i corners[4] = {places_of(upper, left), places_of(upper, right), places_of(lower, left),
                                places_of(lower, right)};
    if (source_.border != Border::constant) return among<false>(corners, upper_weights, lower_weights);
    const __m256i columns = _mm256_blend_epi16(is_inside(x, image_.width), is_inside(next_x, image_.width), 0xaa);
    const auto known = [&](__m256i weights, __m256i row) {
      return _mm256_and_si256(weights, _mm256_and_si256(columns, is_inside(row, image_.height)));
    };
    return among<true>(corners, known(upper_weights, y), known(lower_weights, next_y));
  }

  template <bool may_fill>
  ColorSums among(const __m256i (&corners)[4], __m256i upper, __m256i lower) const {
    // Four bytes are read for three, but not after the last pixel.
    const int last = static_cast<int>((image_.height - 1) * image_.row) + 3 * (image_.width - 1);
    const __m256i is_last = _mm256_cmpeq_epi32(
        _mm256_max_epi32(_mm256_max_epi32(corners[0], corners[1]), _mm256_max_epi32(corners[2], corners[3])),
        _mm256_set1_epi32(last));
    return _mm256_testz_si256(is_last, is_last) ? among_pixels<may_fill, false>(corners, upper, lower)
                                                : among_pixels<may_fill, true>(corners, upper, lower);
  }

  template <bool may_fill, bool may_be_last>
  ColorSums among_pixels(const __m256i (&corners)[4], __m256i upper, __m256i lower) const {
    const EightNumbers places[4] = {EightNumbers(corners[0]), EightNumbers(corners[1]), EightNumbers(corners[2]),
                                    EightNumbers(corners[3])};
    const EightNumbers upper_weights(upper);
    const EightNumbers lower_weights(lower);
    const __m256i ones = _mm256_set1_epi16(1);
    const EightNumbers fill_weights(
        _mm256_sub_epi32(_mm256_set1_epi32(weight_one), _mm256_madd_epi16(_mm256_add_epi16(upper, lower), ones)));
    ColorSums sums;
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const auto pixel = [&](int corner, int k) {
        const std::uint8_t* from = first_ + places[corner].of[2 * i + k];
        int bytes;
        if constexpr (may_be_last) {
          bytes = from[0] | from[1] << 8 | from[2] << 16;
        } else {
          __builtin_memcpy(&bytes, from, sizeof bytes);
        }
        return _mm256_set1_epi32(bytes);
      };
      const auto pairs = [&](int corner) {
        const __m256i a = _mm256_blend_epi32(pixel(corner, 0), pixel(corner + 1, 0), 0xaa);
        const __m256i b = _mm256_blend_epi32(pixel(corner, 1), pixel(corner + 1, 1), 0xaa);
        return _mm256_shuffle_epi8(_mm256_blend_epi32(a, b, 0xcc),
                                   _mm256_setr_epi8(0, -1, 4, -1, 8, -1, 12, -1, 1, -1, 5, -1, 9, -1, 13, -1,  //
                                                    2, -1, 6, -1, 10, -1, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1));
      };
      sums.part[i] = _mm256_add_epi32(_mm256_madd_epi16(pairs(0), upper_weights.pair(i)),
                                      _mm256_madd_epi16(pairs(2), lower_weights.pair(i)));
      if constexpr (may_fill) {
        sums.part[i] = _mm256_add_epi32(sums.part[i], _mm256_madd_epi16(fill_weights.pair(i), fill_));
      }
    }
    return sums;
  }

  const Source& source_;
  const Image& image_;
  const std::uint8_t* first_;
  __m256i row_;
  __m256i fill_;
};

template <bool is_bordered, class Places, class Row>
void warp_columns(const ColorReader& reader, Places places, const Source& source, const Row& to, Range range) {
  int x = range.first;
  for (; x + pixels_at_once <= range.last; x += pixels_at_once) {
    const EightPlaces at = places.next();
    if (!is_bordered && reader.is_outside(at)) {
      to.fill(source.fill, {x, x + pixels_at_once});
    } else {
      to.put(x, reader.read<is_bordered>(at));
    }
  }
  if (x < range.last) to.put_some(x, range.last - x, reader.read<is_bordered>(places.next()));
}
#else
// A row under any map.
struct MapPlaces {
  struct Steps {
    explicit Steps(const Source& source) : matrix(source.matrix) {}
    const Matrix& matrix;
  };
  MapPlaces(const Steps& steps, int row, int first) : matrix(steps.matrix), y(row), x(first) {}
  Place next() { return place_of(matrix, x++ + 0.5, y + 0.5); }
  const Matrix& matrix;
  int y;
  int x;
};

// The same under an affine one.
struct LinePlaces {
  using Steps = MapPlaces::Steps;
  LinePlaces(const Steps& steps, int y, int first) : line(line_of(steps.matrix, y)), x(first) {}
  Place next() { return line.at(x++); }
  Line line;
  int x;
};

class ColorReader {
 public:
  explicit ColorReader(const Source& source)
      : source_(source),
        image_(source.image),
        first_(static_cast<const std::uint8_t*>(image_.data) + image_.offset),
        fill_(0) {
    for (int c = 0; c < 3; ++c) fill_ |= std::uint64_t{static_cast<std::uint8_t>(source.fill.of(c))} << (8 * c);
  }

  template <bool is_bordered>
  ColorSums read(const Place (&places)[4]) const {
    const auto weight = [&](std::int64_t Place::* axis) {
      const auto of = [&](int i) { return weight_part(places[i].*axis); };
      return _mm_setr_epi32(of(0), of(1), of(2), of(3));
    };
    const PairWeights weights(weight(&Place::x), weight(&Place::y));
    return {sums_at<0, is_bordered>(places, weights), sums_at<1, is_bordered>(places, weights),
            sums_at<2, is_bordered>(places, weights), sums_at<3, is_bordered>(places, weights)};
  }

 private:
  // Of four pixels: weights of the two of the upper row, and of the two of the lower one, as words of one number.
  struct PairWeights {
    __m128i upper;
    __m128i lower;
    PairWeights(__m128i x, __m128i y) {
      const __m128i last = _mm_mulhrs_epi16(_mm_add_epi32(x, x), y);
      const __m128i lower_first = _mm_sub_epi32(y, last);
      const __m128i upper_first = _mm_sub_epi32(_mm_sub_epi32(_mm_set1_epi32(weight_one), x), lower_first);
      upper = _mm_or_si128(upper_first, _mm_slli_epi32(_mm_sub_epi32(x, last), 16));
      lower = _mm_or_si128(lower_first, _mm_slli_epi32(last, 16));
    }
  };

  template <int i, bool is_bordered>
  __m128i sums_at(const Place (&places)[4], const PairWeights& weights) const {
    int x = whole_part(places[i].x);
    int y = whole_part(places[i].y);
    __m128i upper;
    __m128i lower;
    if (is_bordered || (x >= 0 && x < image_.width - 2 && y >= 0 && y < image_.height - 1)) {
      if constexpr (is_bordered) {
        x = near(x, image_.width);
        y = near(y, image_.height);
      }
      const std::uint8_t* pixels = first_ + y * image_.row + 3 * std::int64_t{x};
      upper = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixels));
      lower = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixels + image_.row));
    } else {
      upper = pair_beyond(x, y);
      lower = pair_beyond(x, std::int64_t{y} + 1);
    }
    constexpr int each = i * 0x55;
    return _mm_add_epi32(_mm_madd_epi16(in_pairs(upper), _mm_shuffle_epi32(weights.upper, each)),
                         _mm_madd_epi16(in_pairs(lower), _mm_shuffle_epi32(weights.lower, each)));
  }

  static int near(int place, int size) { return place < -border_pixels ? -border_pixels : place > size ? size : place; }

  // Words of one channel side by side, from two pixels of three bytes.
  static __m128i in_pairs(__m128i bytes) {
    return _mm_shuffle_epi8(bytes, _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  }

  std::uint64_t pixel(std::int64_t row, std::int64_t column) const {
    if (row < 0 || column < 0) return fill_;
    const std::uint8_t* bytes = first_ + row * image_.row + 3 * column;
    return bytes[0] | std::uint64_t{bytes[1]} << 8 | std::uint64_t{bytes[2]} << 16;
  }

  __m128i pair_beyond(std::int64_t x, std::int64_t y) const {
    const std::int64_t row = inside(y, image_.height, source_.border);
    const std::int64_t column = inside(x, image_.width, source_.border);
    const std::int64_t next = inside(x + 1, image_.width, source_.border);
    return _mm_cvtsi64_si128(static_cast<long long>(pixel(row, column) | pixel(row, next) << 24));
  }

  const Source& source_;
  const Image& image_;
  const std::uint8_t* first_;
  std::uint64_t fill_;
};

template <bool is_bordered, class Places, class Row>
void warp_columns(const ColorReader& reader, Places places, const Source&, const Row& to, Range range) {
  for (int x = range.first; x < range.last; x += pixels_at_once) {
    Place four[pixels_at_once];
    for (Place& place : four) place = places.next();
    const ColorSums sums = reader.read<is_bordered>(four);
    const int count = range.last - x;
    count < pixels_at_once ? to.put_some(x, count, sums) : to.put(x, sums);
  }
}
#endif

// Rows first..last of the result, each into row_at(y).
template <class Places, class F>
void warp_color_rows(const Source& source, int first, int last, const F& row_at) {
  const ColorReader reader(source);
  const typename Places::Steps steps(source);
  const bool is_clipped = source.clip_count > 0 && has_lines(source, source.width);
  for (int y = first; y < last; ++y) {
    const auto to = row_at(y);
    const Range all = {0, source.width};
    const Range range = is_clipped ? clipped(source, y, source.width) : all;
    if (source.is_bordered) {
      warp_columns<true>(reader, Places(steps, y, range.first), source, to, range);
    } else {
      warp_columns<false>(reader, Places(steps, y, range.first), source, to, range);
    }
    to.fill(source.fill, {0, range.first});
    to.fill(source.fill, {range.last, source.width});
  }
}

template <class F>
void warp_colors(const Source& source, int first, int last, const F& row_at) {
  has_lines(source, source.width) ? warp_color_rows<LinePlaces>(source, first, last, row_at)
                                  : warp_color_rows<MapPlaces>(source, first, last, row_at);
}

}  // namespace
}  // namespace burnish::augment
#endif
