// SPDX-License-Identifier: Apache-2.0
// Colors side by side, bytes or floats (h, w, 3) -> floats (h', w', 3) at the places that an affine map leads to. The
// numbers are those of warp_tile; what is saved is to take colors apart and to put them together again, which costs as
// much as the rest. A pixel is one load of four values, and its result one store of four, of which the next one writes
// the last again.
#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"
#include "augment/warp_math.hpp"
#include "core/simd.hpp"
#include "core/stream.hpp"

namespace burnish::augment {
namespace {

constexpr int piece = 128;

// Along one axis: the pixels before and after each place, as offsets, and the weight of the latter.
struct Axes {
  std::int32_t low[piece];
  std::int32_t high[piece];
  std::int32_t weight[piece];
};

// Where the four pixels around each place lie, in values from the image's first, and their weights.
struct Corners {
  std::int32_t at[4][piece];
  std::int32_t weights[piece];  // of the left pixels, and of the right ones in the upper half: for words
  float wx[piece];              // of the right ones, of the lower ones
  float wy[piece];
  bool has_last = false;  // pixel of the image, after which there is none to be read with it
};

// The border is the nearest pixel, or never met.
void find_near(std::int64_t place, std::int64_t step, int count, int most, int unit, Axes& axes) {
  const auto clamped = [&](int i) { return (i < 0 ? 0 : i > most ? most : i) * unit; };
  for (int i = 0; i < count; ++i, place += step) {
    axes.low[i] = clamped(whole_part(place));
    axes.high[i] = clamped(whole_part(place) + 1);
    axes.weight[i] = weight_part(place);
  }
}

// Beyond any border; -1 for the fill.
void find_beyond(std::int64_t place, std::int64_t step, int count, int size, Border border, int unit, Axes& axes) {
  const auto offset = [&](int i) {
    const auto at = static_cast<int>(inside(i, size, border));
    return at < 0 ? -1 : at * unit;
  };
  for (int i = 0; i < count; ++i, place += step) {
    axes.low[i] = offset(whole_part(place));
    axes.high[i] = offset(whole_part(place) + 1);
    axes.weight[i] = weight_part(place);
  }
}

// Of columns x.. of a line.
void find_corners(const Source& source, const Line& line, int x, int count, bool is_near, Corners& corners) {
  const Image& image = source.image;
  const auto row = static_cast<int>(image.row);
  const Place place = line.at(x);
  Axes across;
  Axes down;
  if (is_near) {
    find_near(place.x, line.step.x, count, image.width - 1, 3, across);
    find_near(place.y, line.step.y, count, image.height - 1, row, down);
  } else {
    find_beyond(place.x, line.step.x, count, image.width, source.border, 3, across);
    find_beyond(place.y, line.step.y, count, image.height, source.border, row, down);
  }
  const int last = (image.height - 1) * row + (image.width - 1) * 3;
  int lasts = 0;
  for (int i = 0; i < count; ++i) {
    corners.at[0][i] = down.low[i] + across.low[i];
    corners.at[1][i] = down.low[i] + across.high[i];
    corners.at[2][i] = down.high[i] + across.low[i];
    corners.at[3][i] = down.high[i] + across.high[i];
    corners.weights[i] = (weight_one - across.weight[i]) | across.weight[i] << 16;
    corners.wx[i] = static_cast<float>(across.weight[i]) * (1.0f / weight_one);
    corners.wy[i] = static_cast<float>(down.weight[i]) * (1.0f / weight_one);
    lasts |= corners.at[3][i] == last;
  }
  corners.has_last = lasts != 0 || !is_near;
  if (is_near || source.border != Border::constant) return;
  for (int i = 0; i < count; ++i) {
    const auto fill = [&](int corner, int a, int b) { corners.at[corner][i] = a < 0 || b < 0 ? -1 : a + b; };
    fill(0, down.low[i], across.low[i]);
    fill(1, down.low[i], across.high[i]);
    fill(2, down.high[i], across.low[i]);
    fill(3, down.high[i], across.high[i]);
  }
}

// How many rows of the result before it is needed a pixel is asked for: walks along slanted lines are not foreseen by
// the processor, and waiting took more than half of the time.
constexpr int rows_ahead = 4;
constexpr int pixels_asked_at_once = 4;  // four floats of three channels are 48 bytes of a line of 64

template <class T>
struct Colors {
  const T* first;
  std::int64_t ahead;  // from a pixel to the one `rows_ahead` rows later
  T fill[4] = {};

  explicit Colors(const Source& source)
      : first(static_cast<const T*>(source.image.data) + source.image.offset),
        ahead(static_cast<std::int64_t>(rows_ahead * source.matrix.m[4]) * source.image.row +
              static_cast<std::int64_t>(rows_ahead * source.matrix.m[1]) * 3) {
    for (int c = 0; c < 3; ++c) fill[c] = static_cast<T>(source.fill.of(c));
  }

  // It may lie anywhere: nothing is read there yet.
  void ask_for(int offset) const {
    const auto bytes = static_cast<std::uintptr_t>((offset + ahead) * static_cast<std::int64_t>(sizeof(T)));
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(first) + bytes));
  }

  const T* at(int offset) const { return offset < 0 ? fill : first + offset; }
};

// After the warp: into the range of the levels, if they have one, and scaled.
template <bool is_open, bool scales>
struct Finish {
  Levels levels;
  float factor[4] = {1, 1, 1, 1};
  float shift[4] = {};

#if defined(__SSE4_1__)
  __m128 operator()(__m128 color) const {
    if constexpr (!is_open) {
      color = _mm_min_ps(_mm_max_ps(color, _mm_set1_ps(levels.low)), _mm_set1_ps(levels.high));
    }
    if constexpr (scales) color = _mm_add_ps(_mm_mul_ps(color, _mm_loadu_ps(factor)), _mm_loadu_ps(shift));
    return color;
  }
#else
  float operator()(float value, int c) const {
    const float near = is_open ? value : settled<false>(value, levels);
    return scales ? near * factor[c] + shift[c] : near;
  }
#endif
};

#if defined(__SSE4_1__)
// Three bytes, and what lies after them unless they may be the `last`.
template <bool last>
__m128i pixel(const std::uint8_t* at) {
  std::uint32_t word = 0;
  if constexpr (last) {
    word = at[0] | std::uint32_t{at[1]} << 8 | std::uint32_t{at[2]} << 16;
  } else {
    __builtin_memcpy(&word, at, sizeof word);
  }
  return _mm_cvtsi32_si128(static_cast<int>(word));
}

template <bool last>
__m128 pixel(const float* at) {
  if constexpr (!last) return _mm_loadu_ps(at);
  const __m128 two = _mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at)));
  return _mm_insert_ps(two, _mm_load_ss(at + 2), 0x20);
}

// Between two pixels; of bytes in units of 1/weight_one, exactly.
__m128 between(__m128i left, __m128i right, const Corners& corners, int i) {
  const __m128i pairs = _mm_cvtepu8_epi16(_mm_unpacklo_epi8(left, right));
  return _mm_cvtepi32_ps(_mm_madd_epi16(pairs, _mm_set1_epi32(corners.weights[i])));
}
__m128 between(__m128 left, __m128 right, const Corners& corners, int i) {
  return _mm_add_ps(left, _mm_mul_ps(_mm_sub_ps(right, left), _mm_set1_ps(corners.wx[i])));
}

template <bool last, bool may_fill, class T, class F>
void mix(const Colors<T>& colors, const Corners& corners, int count, const F& finish, float* to) {
  const auto corner = [&](int c, int i) {
    return pixel<last>(may_fill ? colors.at(corners.at[c][i]) : colors.first + corners.at[c][i]);
  };
  for (int i = 0; i < count; ++i) {
    if (i % pixels_asked_at_once == 0) colors.ask_for(corners.at[2][i]);
    const __m128 upper = between(corner(0, i), corner(1, i), corners, i);
    const __m128 lower = between(corner(2, i), corner(3, i), corners, i);
    __m128 color = _mm_add_ps(upper, _mm_mul_ps(_mm_sub_ps(lower, upper), _mm_set1_ps(corners.wy[i])));
    if constexpr (sizeof(T) == 1) color = _mm_mul_ps(color, _mm_set1_ps(1.0f / weight_one));
    _mm_storeu_ps(to + 3 * i, finish(color));
  }
}
#else
template <bool last, bool may_fill, class T, class F>
void mix(const Colors<T>& colors, const Corners& corners, int count, const F& finish, float* to) {
  for (int i = 0; i < count; ++i) {
    for (int c = 0; c < 3; ++c) {
      T values[4];
      for (int k = 0; k < 4; ++k) values[k] = colors.at(corners.at[k][i])[c];
      to[3 * i + c] = finish(among_corners<false>(values, corners.wx[i], corners.wy[i]), c);
    }
  }
}
#endif

// Where the border plays no part, or is the nearest pixel.
Range near_columns(const Source& source, const Line& line) {
  Range near = {0, source.width};
  if (source.border == Border::replicate) return near;
  narrow(near, line.start.x, line.step.x, 0, fixed(source.image.width - 1));
  narrow(near, line.start.y, line.step.y, 0, fixed(source.image.height - 1));
  return near.first == near.last ? Range{source.width, source.width} : near;
}

template <class T, class F>
void warp_row(const Source& source, const Colors<T>& colors, const Line& line, const F& finish, float* row) {
  const Range near = near_columns(source, line);
  const bool may_fill = source.border == Border::constant;
  Corners corners;
  for (int x = 0; x < source.width;) {
    const bool is_near = x >= near.first && x < near.last;
    const int end = is_near ? near.last : x < near.first ? near.first : source.width;
    const int count = end - x < piece ? end - x : piece;
    find_corners(source, line, x, count, is_near, corners);
    float* to = row + 3 * x;
    if (!corners.has_last) {
      mix<false, false>(colors, corners, count, finish, to);
    } else if (!may_fill) {
      mix<true, false>(colors, corners, count, finish, to);
    } else {
      mix<true, true>(colors, corners, count, finish, to);
    }
    x += count;
  }
}

template <class T, class F>
void warp_rows(const Source& source, const F& finish, const Image& target, float* row, bool streams) {
  const Colors<T> colors(source);
  auto* to = static_cast<float*>(target.data) + target.offset;
  const std::int64_t bytes = 3 * std::int64_t{source.width} * static_cast<std::int64_t>(sizeof(float));
  for (int y = 0; y < source.height; ++y) {
    warp_row(source, colors, line_of(source.matrix, y), finish, row);
    if (streams) {
      stream(row, to + y * target.row, bytes);
    } else {
      __builtin_memcpy(to + y * target.row, row, static_cast<std::size_t>(bytes));
    }
  }
  if (streams) finish_streams();
}

template <class T, bool is_open>
void warp_levels(const Source& source, const Levels& levels, const Step* scale, const Image& target, float* row,
                 bool streams) {
  if (!scale) return warp_rows<T>(source, Finish<is_open, false>{levels}, target, row, streams);
  Finish<is_open, true> finish{levels};
  for (int c = 0; c < 3; ++c) {
    finish.factor[c] = static_cast<float>(scale->options[static_cast<std::size_t>(2 * c)]);
    finish.shift[c] = static_cast<float>(scale->options[static_cast<std::size_t>(2 * c + 1)]);
  }
  warp_rows<T>(source, finish, target, row, streams);
}

template <class T>
void warp_colors(const Source& source, const Levels& levels, const Step* scale, const Image& target, float* row,
                 bool streams) {
  levels.are_open() ? warp_levels<T, true>(source, levels, scale, target, row, streams)
                    : warp_levels<T, false>(source, levels, scale, target, row, streams);
}

}  // namespace

template <>
void warp_image<Isa::BURNISH_ISA>(const Source& source, const Levels& levels, const Step* scale, const Image& target,
                                  float* row, bool streams) {
  source.image.dtype == DType::uint8 ? warp_colors<std::uint8_t>(source, levels, scale, target, row, streams)
                                     : warp_colors<float>(source, levels, scale, target, row, streams);
}

}  // namespace burnish::augment
