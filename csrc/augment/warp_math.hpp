// SPDX-License-Identifier: Apache-2.0
// Reading an image between its pixels. Places are fixed-point numbers with 32 bits after the point, counted from the
// center of the first pixel; weights have 14 bits, so that weighted sums of bytes are exact.
#pragma once

#include "augment/levels_math.hpp"
#include "augment/program.hpp"

namespace burnish::augment {

inline constexpr int weight_bits = 14;
inline constexpr int weight_one = 1 << weight_bits;

struct Place {
  std::int64_t x;
  std::int64_t y;
};

// Rounded to a multiple of a weight, so that cutting the rest off rounds; far places stay outside of any image.
BURNISH_HD std::int64_t to_fixed(double value) {
  const double limit = 0x1p30;
  const double near = value > limit ? limit : value > -limit ? value : -limit;  // NaN too
  return static_cast<std::int64_t>(near * 0x1p32) + (std::int64_t{1} << (31 - weight_bits));
}

BURNISH_HD int whole_part(std::int64_t place) { return static_cast<int>(place >> 32); }
BURNISH_HD int weight_part(std::int64_t place) {
  return static_cast<int>((place >> (32 - weight_bits)) & (weight_one - 1));
}

BURNISH_HD Place place_of(const Matrix& a, double x, double y) {
  const double over = is_affine(a) ? 1.0 : 1.0 / (a.m[6] * x + a.m[7] * y + a.m[8]);
  return {to_fixed((a.m[0] * x + a.m[1] * y + a.m[2]) * over - 0.5),
          to_fixed((a.m[3] * x + a.m[4] * y + a.m[5]) * over - 0.5)};
}

// The places of a row of the result: start + x * step.
struct Line {
  Place start;
  Place step;
  BURNISH_HD Place at(int x) const { return {start.x + x * step.x, start.y + x * step.y}; }
};

BURNISH_HD Line line_of(const Matrix& m, int y) {
  return {place_of(m, 0.5, y + 0.5),
          {static_cast<std::int64_t>(m.m[0] * 0x1p32), static_cast<std::int64_t>(m.m[3] * 0x1p32)}};
}

// How many pixels on beyond the first one there is none that takes part; one less beyond the last.
BURNISH_HD int reach_of(Interpolation interpolation) { return interpolation == Interpolation::bicubic ? 2 : 1; }

// Columns of a row.
struct Range {
  int first = 0;
  int last = 0;
};

// Narrows the range to the columns where low <= start + x * step < high.
BURNISH_HD void narrow(Range& range, std::int64_t start, std::int64_t step, std::int64_t low, std::int64_t high) {
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

BURNISH_HD std::int64_t fixed(std::int64_t pixels) { return pixels << 32; }

// Where a row has pixels of its own, and not only fill: inside of all clips.
BURNISH_HD Range clipped(const Source& source, int y, int columns) {
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

// Whether places along a row can be told by adding up steps.
BURNISH_HD bool has_lines(const Source& source, int columns) {
  const double reach = 0x1p28;
  const double across = columns;
  const auto small = [&](double value) { return value < reach && value > -reach; };
  const auto fits = [&](const Matrix& m) { return small(m.m[0] * across) && small(m.m[3] * across); };
  bool all_fit = is_affine(source.matrix) && fits(source.matrix);
  for (int i = 0; i < source.clip_count; ++i) all_fit = all_fit && fits(source.clips[i].matrix);
  return all_fit;
}

// Of the two pixels of the upper row around a place, and of the two of the lower one: whole numbers whose sum is
// weight_one, and not negative.
BURNISH_HD void corner_weights(int wx, int wy, int (&weight)[4]) {
  const int last = (wx * wy + weight_one / 2) >> weight_bits;
  weight[3] = last;
  weight[2] = wy - last;
  weight[1] = wx - last;
  weight[0] = weight_one - wx - weight[2];
}

// Among the four pixels around a place, with weights of the right and the lower ones in 0..1.
template <bool whole, class T>
BURNISH_HD float among_corners(const T (&value)[4], float x, float y) {
  if constexpr (whole && sizeof(T) == 1) {
    // Exact, so that nothing depends on the order of sums; and never above or below all of the four pixels, so that
    // there is nothing to clamp.
    int weight[4];
    corner_weights(static_cast<int>(x * weight_one), static_cast<int>(y * weight_one), weight);
    const auto part = [&](int i) { return value[i] * weight[i]; };
    return static_cast<float>(part(0) + part(1) + part(2) + part(3)) * (1.0f / weight_one);
  } else {
    // Exact for bytes along the row; and the same for them as for floats.
    const auto between = [](float a, float b, float weight) { return a + (b - a) * weight; };
    return between(between(value[0], value[1], x), between(value[2], value[3], x), y);
  }
}

// Weights of four pixels in a row for a place `t` of the way from the second to the third: whole numbers whose sum is
// weight_one, and in reverse order those of 1 - t. R. Keys: Cubic convolution interpolation for digital image
// processing. IEEE Trans. ASSP 29(6), 1981.
template <class V>
BURNISH_HD void cubic_weights(V t, V (&weight)[4]) {
  constexpr float a = -0.75f;
  constexpr auto one = static_cast<float>(weight_one);
  const V s = 1.0f - t;
  const V ts = t * s;
  weight[0] = rounded(ts * s * (a * one));
  weight[1] = rounded((((a + 2) * t - (a + 3)) * t * t + 1.0f) * one);
  weight[2] = rounded((((a + 2) * s - (a + 3)) * s * s + 1.0f) * one);
  weight[3] = rounded(ts * t * (a * one));
  const V rest = one - ((weight[0] + weight[3]) + (weight[1] + weight[2]));
  weight[1] = t < s ? weight[1] + rest : weight[1];
  weight[2] = t < s ? weight[2] : weight[2] + rest;
}

// The same in reverse order.
template <class V>
BURNISH_HD V among_four(const V (&value)[4], const V (&weight)[4]) {
  return (value[0] * weight[0] + value[3] * weight[3]) + (value[1] * weight[1] + value[2] * weight[2]);
}

// Of four pixels of a row, in units of 1/weight_one for bytes, where the sum is exact.
BURNISH_HD float among_columns(const std::uint8_t (&value)[4], const float (&weight)[4]) {
  const auto part = [&](int i) { return value[i] * static_cast<int>(weight[i]); };
  return static_cast<float>(part(0) + part(1) + part(2) + part(3));
}
BURNISH_HD float among_columns(const float (&value)[4], const float (&weight)[4]) { return among_four(value, weight); }
// Whether warp_image() takes it.
BURNISH_HD bool can_warp_image(const Source& source) {
  const Image& image = source.image;
  return source.kind == SourceKind::warp && source.interpolation == Interpolation::bilinear && source.clip_count == 0 &&
         image.channels == 3 && is_interleaved(image) && image.row >= 0 && image.row * image.height <= INT32_MAX &&
         has_lines(source, source.width);
}
// Three floats a pixel, and one that is written after the last.
BURNISH_HD std::int64_t warp_row_values(int width) { return 3 * std::int64_t{width} + 4; }

// Values of a pixel's channels, or null for the fill.
template <class T>
struct Pixels {
  const T* first;
  Image image;
  Border border;
  Fill fill;

  BURNISH_HD const T* at(std::int64_t y, std::int64_t x) const {
    return at_inside(inside(y, image.height, border), inside(x, image.width, border));
  }
  BURNISH_HD const T* at_inside(std::int64_t row, std::int64_t column) const {
    return row < 0 || column < 0 ? nullptr : first + row * image.row + column * image.column;
  }
  BURNISH_HD T value(const T* pixel, int c) const {
    return pixel ? pixel[c * image.channel] : static_cast<T>(fill.of(c));
  }
  // Where a block of so many pixels each way, the first at (y, x), lies in the image; else null.
  BURNISH_HD const T* block(std::int64_t y, std::int64_t x, int size) const {
    const bool is_inside = y >= 0 && x >= 0 && y <= image.height - size && x <= image.width - size;
    return is_inside ? first + y * image.row + x * image.column : nullptr;
  }
};

// Calls put(channel, value) for the pixel at a place, which may lie outside of the image. Loops over a number of
// channels that is `known` (0: it is not) can be unrolled. Whole levels are what the sums are to be rounded to.
template <bool whole, int known = 0, class T, class F>
BURNISH_HD void read_bilinear(const Pixels<T>& pixels, Place place, const F& put) {
  const int x = whole_part(place.x);
  const int y = whole_part(place.y);
  const float wx = static_cast<float>(weight_part(place.x)) * (1.0f / weight_one);
  const float wy = static_cast<float>(weight_part(place.y)) * (1.0f / weight_one);
  const std::int64_t row = pixels.image.row;
  const std::int64_t column = pixels.image.column;
  if (const T* block = pixels.block(y, x, 2)) {  // most of them, in a third of the time
    for (int c = 0; c < (known > 0 ? known : pixels.image.channels); ++c) {
      const T* pixel = block + c * pixels.image.channel;
      const T values[4] = {pixel[0], pixel[column], pixel[row], pixel[row + column]};
      put(c, among_corners<whole>(values, wx, wy));
    }
    return;
  }
  const T* corners[4] = {pixels.at(y, x), pixels.at(y, x + 1), pixels.at(y + 1, x), pixels.at(y + 1, x + 1)};
  for (int c = 0; c < (known > 0 ? known : pixels.image.channels); ++c) {
    T values[4];
    for (int i = 0; i < 4; ++i) values[i] = pixels.value(corners[i], c);
    put(c, among_corners<whole>(values, wx, wy));
  }
}

// The same from four by four pixels; may overshoot.
template <int known = 0, class T, class F>
BURNISH_HD void read_bicubic(const Pixels<T>& pixels, Place place, const F& put) {
  float column_weights[4];
  float row_weights[4];
  cubic_weights(static_cast<float>(weight_part(place.x)) * (1.0f / weight_one), column_weights);
  cubic_weights(static_cast<float>(weight_part(place.y)) * (1.0f / weight_one), row_weights);
  for (float& weight : row_weights) weight *= 1.0f / weight_one;
  const auto put_each = [&](const auto& value_at) {
    for (int c = 0; c < (known > 0 ? known : pixels.image.channels); ++c) {
      float sums[4];
      for (int i = 0; i < 4; ++i) {
        T values[4];
        for (int j = 0; j < 4; ++j) values[j] = value_at(i, j, c);
        sums[i] = among_columns(values, column_weights);
      }
      put(c, among_four(sums, row_weights) * (1.0f / weight_one));
    }
  };
  const std::int64_t y = std::int64_t{whole_part(place.y)} - 1;
  const std::int64_t x = std::int64_t{whole_part(place.x)} - 1;
  if (const T* block = pixels.block(y, x, 4)) {
    return put_each([&](int i, int j, int c) {
      return block[i * pixels.image.row + j * pixels.image.column + c * pixels.image.channel];
    });
  }
  std::int64_t rows[4];
  std::int64_t columns[4];
  for (int i = 0; i < 4; ++i) {
    rows[i] = inside(y + i, pixels.image.height, pixels.border);
    columns[i] = inside(x + i, pixels.image.width, pixels.border);
  }
  put_each([&](int i, int j, int c) { return pixels.value(pixels.at_inside(rows[i], columns[j]), c); });
}

// The same for the pixel whose area the place lies in.
template <int known = 0, class T, class F>
BURNISH_HD void read_nearest(const Pixels<T>& pixels, Place place, const F& put) {
  const std::int64_t half = std::int64_t{1} << 31;
  const T* pixel = pixels.at(whole_part(place.y + half), whole_part(place.x + half));
  for (int c = 0; c < (known > 0 ? known : pixels.image.channels); ++c)
    put(c, static_cast<float>(pixels.value(pixel, c)));
}

}  // namespace burnish::augment
