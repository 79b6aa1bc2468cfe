// SPDX-License-Identifier: Apache-2.0
// Kernels around a pixel: a symmetric one along the columns and then along the rows, or any of few weights.
#include "augment/filter_math.hpp"
#include "augment/kernels.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

using V = simd::Vector<float>;
constexpr int lanes = simd::width<float>;

// As many lanes as there are values left.
BURNISH_HD void store(V value, float* to, int left) {
  if (left >= lanes) {
    __builtin_memcpy(to, &value, sizeof value);
  } else {
    __builtin_memcpy(to, &value, static_cast<std::size_t>(left) * sizeof(float));
  }
}

template <class T>
void widen(const T* from, std::int64_t column, int count, float* to) {
  if (column == 1) {
    for (int x = 0; x < count; ++x) to[x] = static_cast<float>(from[x]);
  } else {
    for (int x = 0; x < count; ++x) to[x] = static_cast<float>(from[x * column]);
  }
}

// Puts before and after a row what lies beyond the border.
void extend(float* row, int columns, const Source& source) {
  for (int x = 1; x <= source.radius; ++x) row[-x] = row[inside(-x, columns, source.border)];
  for (int x = 0; x < source.radius; ++x) row[columns + x] = row[inside(columns + x, columns, source.border)];
}

BURNISH_HD V widened(const float* from) { return simd::load(from); }
BURNISH_HD V widened(const std::uint8_t* from) { return __builtin_convertvector(simd::load_bytes(from), V); }

BURNISH_HD V pair_sum(const float* a, const float* b) { return simd::load(a) + simd::load(b); }
// Sums of two bytes are exact in floats too: the same value by fewer conversions.
BURNISH_HD V pair_sum(const std::uint8_t* a, const std::uint8_t* b) {
  return __builtin_convertvector(simd::load_byte_sums(a, b), V);
}

// Rows of one channel of a tile; `rows` are the 2 radius + 1 rows of the source around a row of the result.
template <int fixed_radius, bool whole, class T>
void blur_row(const Source& source, const Levels levels, const T* const* rows, int columns, float* blurred, float* to) {
  const int radius = fixed_radius ? fixed_radius : source.radius;
  const T* center = rows[radius];
  for (int x = 0; x < columns; x += lanes) {
    const V sum = weighted(widened(center + x), source.kernel, radius,
                           [&](int i) { return pair_sum(rows[radius - i] + x, rows[radius + i] + x); });
    __builtin_memcpy(blurred + x, &sum, sizeof sum);
  }
  extend(blurred, columns, source);
  // Means of bytes are within the range, and a division by 1 costs as much as all the rest.
  const bool divides = source.divisor != 1.0f;
  for (int x = 0; x < columns; x += lanes) {
    const V sum = weighted(simd::load(blurred + x), source.kernel, radius,
                           [&](int i) { return pair_sum(blurred + x - i, blurred + x + i); });
    const V mean = divides ? sum / source.divisor : sum;
    store(whole && sizeof(T) == 1 ? rounded(mean) : settled<whole>(mean, levels), to + x, columns - x);
  }
}

template <bool whole, class T>
void blur(const Source& source, const Levels& levels, const Tile& tile, float* scratch) {
  const Image& image = source.image;
  const int radius = source.radius;
  float* blurred = scratch + padded(radius);  // a row with its border
  // Rows are read where they are: what a pass leaves for a filter has columns side by side, and may be read beyond.
  for (int c = 0; c < tile.channels; ++c) {
    const T* plane = static_cast<const T*>(image.data) + image.offset + c * image.channel;
    for (int r = 0; r < tile.rows; ++r) {
      const T* rows[2 * most_radius + 1];
      for (int i = 0; i <= 2 * radius; ++i) {
        const std::int64_t y = inside(std::int64_t{tile.top} + r + i - radius, image.height, source.border);
        rows[i] = plane + y * image.row;
      }
      float* to = tile.of(c) + r * tile.columns;
      switch (radius) {
        case 1:
          blur_row<1, whole>(source, levels, rows, tile.columns, blurred, to);
          break;
        case 2:
          blur_row<2, whole>(source, levels, rows, tile.columns, blurred, to);
          break;
        case 3:
          blur_row<3, whole>(source, levels, rows, tile.columns, blurred, to);
          break;
        default:
          blur_row<0, whole>(source, levels, rows, tile.columns, blurred, to);
      }
    }
  }
}

// Calls f(center, stride, r, to) for each row r of each channel: `center` is its first pixel, among `radius` more to
// all sides.
template <class T, class F>
void each_row(const Source& source, const Tile& tile, float* scratch, const F& f) {
  const Image& image = source.image;
  const int radius = source.radius;
  const std::int64_t stride = padded(tile.columns + 2 * radius + tile_unit);
  for (int c = 0; c < tile.channels; ++c) {
    const T* plane = static_cast<const T*>(image.data) + image.offset + c * image.channel;
    for (int r = 0; r < tile.rows + 2 * radius; ++r) {
      const std::int64_t y = inside(tile.top + r - radius, image.height, source.border);
      float* row = scratch + r * stride + radius;
      widen(plane + y * image.row, image.column, tile.columns, row);
      extend(row, tile.columns, source);
    }
    for (int r = 0; r < tile.rows; ++r) {
      f(scratch + (r + radius) * stride + radius, stride, r, tile.of(c) + r * tile.columns);
    }
  }
}

template <bool whole, class T>
void add_taps(const Source& source, const Levels& levels, const Tile& tile, float* scratch) {
  each_row<T>(source, tile, scratch, [&](const float* center, std::int64_t stride, int, float* to) {
    for (int x = 0; x < tile.columns; x += lanes) {
      V sum{};
      for (const Tap& tap : source.taps) sum += simd::load(center + tap.y * stride + tap.x + x) * tap.weight;
      store(settled<whole>(sum / source.divisor, levels), to + x, tile.columns - x);
    }
  });
}

template <bool whole, class T>
void sharpen(const Source& source, const Levels& levels, const Tile& tile, float* scratch) {
  each_row<T>(source, tile, scratch, [&](const float* center, std::int64_t stride, int r, float* to) {
    const auto stays = [&](int x) { to[x] = settled<whole>(center[x], levels); };
    if (tile.top + r == 0 || tile.top + r == tile.height - 1) {
      for (int x = 0; x < tile.columns; ++x) stays(x);
      return;
    }
    const auto three = [](const float* row) { return simd::load(row - 1) + simd::load(row) + simd::load(row + 1); };
    for (int x = 0; x < tile.columns; x += lanes) {
      const float* at = center + x;
      const V neighbors = three(at - stride) + three(at + stride) + simd::load(at - 1) + simd::load(at + 1);
      store(sharpened<whole>(simd::load(at), neighbors, source.factor, levels), to + x, tile.columns - x);
    }
    stays(0);
    stays(tile.columns - 1);
  });
}

// Calls f.operator()<whole, T>().
template <class F>
void visit_source(const Source& source, const Levels& levels, const F& f) {
  if (source.image.dtype == DType::uint8) {
    levels.are_whole ? f.template operator()<true, std::uint8_t>() : f.template operator()<false, std::uint8_t>();
  } else {
    levels.are_whole ? f.template operator()<true, float>() : f.template operator()<false, float>();
  }
}

}  // namespace

template <>
void taps_tile<Isa::BURNISH_ISA>(const Source& source, const Levels& levels, const Tile& tile, float* scratch) {
  visit_source(source, levels, [&]<bool whole, class T>() {
    source.kind == SourceKind::taps ? add_taps<whole, T>(source, levels, tile, scratch)
                                    : sharpen<whole, T>(source, levels, tile, scratch);
  });
}

template <>
void separable_tile<Isa::BURNISH_ISA>(const Source& source, const Levels& levels, const Tile& tile, float* scratch) {
  visit_source(source, levels, [&]<bool whole, class T>() { blur<whole, T>(source, levels, tile, scratch); });
}

}  // namespace burnish::augment
