// SPDX-License-Identifier: Apache-2.0
// Kernels around a pixel: a symmetric one along the columns and then along the rows, or any of few weights.
#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

using V = simd::Vector<float>;
constexpr int lanes = simd::width<float>;

std::int64_t padded(std::int64_t n) { return (n + tile_unit - 1) / tile_unit * tile_unit; }

template <class T>
void widen(const T* from, std::int64_t column, int count, float* to) {
  if (column == 1) {
    for (int x = 0; x < count; ++x) to[x] = static_cast<float>(from[x]);
  } else {
    for (int x = 0; x < count; ++x) to[x] = static_cast<float>(from[x * column]);
  }
}

// center + sum over i of weight[i] * (value i before + value i after), `step` values apart.
BURNISH_HD V weighted(const float* center, std::int64_t step, const float* weight, int radius) {
  V sum = simd::load(center) * weight[0];
  for (int i = 1; i <= radius; ++i) {
    sum += (simd::load(center - i * step) + simd::load(center + i * step)) * weight[i];
  }
  return sum;
}

template <bool whole, class T>
void blur(const Source& source, const Levels& levels, const Tile& tile, float* scratch) {
  const Image& image = source.image;
  const int radius = source.radius;
  const std::int64_t stride = padded(tile.columns);
  float* rows = scratch;  // tile.rows + 2 radius rows of one channel
  float* blurred = rows + (tile.rows + 2 * radius) * stride + padded(radius);  // a row with its border
  for (int c = 0; c < tile.channels; ++c) {
    const T* plane = static_cast<const T*>(image.data) + image.offset + c * image.channel;
    for (int r = 0; r < tile.rows + 2 * radius; ++r) {
      const std::int64_t y = inside(tile.top + r - radius, image.height, source.border);
      widen(plane + y * image.row, image.column, tile.columns, rows + r * stride);
    }
    for (int r = 0; r < tile.rows; ++r) {
      for (int x = 0; x < tile.columns; x += lanes) {
        const V sum = weighted(rows + (r + radius) * stride + x, stride, source.kernel, radius);
        __builtin_memcpy(blurred + x, &sum, sizeof sum);
      }
      for (int x = 1; x <= radius; ++x) {
        blurred[-x] = blurred[inside(-x, tile.columns, source.border)];
      }
      for (int x = 0; x < radius; ++x) {
        blurred[tile.columns + x] = blurred[inside(tile.columns + x, tile.columns, source.border)];
      }
      float* to = tile.of(c) + r * tile.columns;
      int x = 0;
      for (; x + lanes <= tile.columns; x += lanes) {
        const V value = settled<whole>(weighted(blurred + x, 1, source.kernel, radius) / source.divisor, levels);
        __builtin_memcpy(to + x, &value, sizeof value);
      }
      if (x < tile.columns) {
        const V value = settled<whole>(weighted(blurred + x, 1, source.kernel, radius) / source.divisor, levels);
        __builtin_memcpy(to + x, &value, static_cast<std::size_t>(tile.columns - x) * sizeof(float));
      }
    }
  }
}

template <bool whole, class T>
void add_taps(const Source& source, const Levels& levels, const Tile& tile, float* scratch) {
  const Image& image = source.image;
  const int radius = source.radius;
  const std::int64_t stride = padded(tile.columns + 2 * radius + tile_unit);
  for (int c = 0; c < tile.channels; ++c) {
    const T* plane = static_cast<const T*>(image.data) + image.offset + c * image.channel;
    for (int r = 0; r < tile.rows + 2 * radius; ++r) {
      const std::int64_t y = inside(tile.top + r - radius, image.height, source.border);
      float* row = scratch + r * stride + radius;
      widen(plane + y * image.row, image.column, tile.columns, row);
      for (int x = 1; x <= radius; ++x) row[-x] = row[inside(-x, tile.columns, source.border)];
      for (int x = 0; x < radius; ++x) {
        row[tile.columns + x] = row[inside(tile.columns + x, tile.columns, source.border)];
      }
    }
    for (int r = 0; r < tile.rows; ++r) {
      const float* center = scratch + (r + radius) * stride + radius;
      float* to = tile.of(c) + r * tile.columns;
      for (int x = 0; x < tile.columns; x += lanes) {
        V sum{};
        for (const Tap& tap : source.taps) sum += simd::load(center + tap.y * stride + tap.x + x) * tap.weight;
        const V value = settled<whole>(sum / source.divisor, levels);
        const int count = tile.columns - x < lanes ? tile.columns - x : lanes;
        __builtin_memcpy(to + x, &value, static_cast<std::size_t>(count) * sizeof(float));
      }
    }
  }
}

}  // namespace

template <>
void taps_tile<Isa::BURNISH_ISA>(const Source& source, const Levels& levels, const Tile& tile, float* scratch) {
  if (source.image.dtype == DType::uint8) {
    levels.are_whole ? add_taps<true, std::uint8_t>(source, levels, tile, scratch)
                     : add_taps<false, std::uint8_t>(source, levels, tile, scratch);
  } else {
    levels.are_whole ? add_taps<true, float>(source, levels, tile, scratch)
                     : add_taps<false, float>(source, levels, tile, scratch);
  }
}

template <>
void separable_tile<Isa::BURNISH_ISA>(const Source& source, const Levels& levels, const Tile& tile, float* scratch) {
  if (source.image.dtype == DType::uint8) {
    levels.are_whole ? blur<true, std::uint8_t>(source, levels, tile, scratch)
                     : blur<false, std::uint8_t>(source, levels, tile, scratch);
  } else {
    levels.are_whole ? blur<true, float>(source, levels, tile, scratch)
                     : blur<false, float>(source, levels, tile, scratch);
  }
}

}  // namespace burnish::augment
