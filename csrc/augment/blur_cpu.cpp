// SPDX-License-Identifier: Apache-2.0
// A symmetric kernel along the columns and then along the rows.
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
        const V value = settled<whole>(weighted(blurred + x, 1, source.kernel, radius), levels);
        __builtin_memcpy(to + x, &value, sizeof value);
      }
      if (x < tile.columns) {
        const V value = settled<whole>(weighted(blurred + x, 1, source.kernel, radius), levels);
        __builtin_memcpy(to + x, &value, static_cast<std::size_t>(tile.columns - x) * sizeof(float));
      }
    }
  }
}

}  // namespace

template <>
void gauss_blur_tile<Isa::BURNISH_ISA>(const Source& source, const Levels& levels, const Tile& tile, float* scratch) {
  if (source.image.dtype == DType::uint8) {
    levels.are_whole ? blur<true, std::uint8_t>(source, levels, tile, scratch)
                     : blur<false, std::uint8_t>(source, levels, tile, scratch);
  } else {
    levels.are_whole ? blur<true, float>(source, levels, tile, scratch)
                     : blur<false, float>(source, levels, tile, scratch);
  }
}

}  // namespace burnish::augment
