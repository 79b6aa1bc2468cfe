// SPDX-License-Identifier: Apache-2.0
// What a pass reads: an image, an image under a map of places, or sums of a pixel and its neighbors.
#pragma once

#include "augment/filter_math.hpp"
#include "augment/pixels_cuda.cuh"
#include "augment/warp_math.hpp"

namespace burnish::augment {
namespace {

__device__ __forceinline__ float settled_to(float value, const Levels& levels) {
  return levels.are_whole ? settled<true>(value, levels) : settled<false>(value, levels);
}

// A pass in shared memory, and where its parts are.
struct PassView {
  const DevicePass& pass;
  char* memory;

  template <class T>
  __device__ const T* part(std::int64_t at) const {
    return reinterpret_cast<const T*>(memory + pass.sample + at);
  }
  template <class T>
  __device__ const T* source() const {
    const void* data = pass.from.data ? pass.from.data : memory + pass.from_at;
    return static_cast<const T*>(data) + pass.from.offset;
  }
};

template <class T, int known>
__device__ void read_copy(const PassView& view, ThreadPixels<known>& pixels) {
  const DevicePass& pass = view.pass;
  const T* first = view.source<T>();
  for (int i = 0; i < BlockShape<known>::pixels; ++i) {
    if (i >= pixels.count) break;
    const std::int64_t y = inside(pass.top + pixels.row[i], pass.from.height, pass.border);
    const std::int64_t x = inside(pass.left + pixels.column[i], pass.from.width, pass.border);
    const bool is_fill = y < 0 || x < 0;
    const T* pixel = first + y * pass.from.row + x * pass.from.column;
#pragma unroll
    for (int c = 0; c < pixels.channels(); ++c) {
      pixels.value[c][i] = is_fill ? pass.fill.of(c) : static_cast<float>(pixel[c * pass.from.channel]);
    }
  }
}

// Whether a place of a row has nothing of the image, but the fill as it is.
__device__ __forceinline__ bool is_outside(const PassView& view, Place place, int row, int column) {
  const auto out = [](std::int64_t at, std::int64_t low, std::int64_t high) { return at < low || at >= high; };
  const auto fixed = [](std::int64_t pixels) { return pixels * (std::int64_t{1} << 32); };
  const DevicePass& pass = view.pass;
  const int reach = reach_of(pass.interpolation);
  bool outside = pass.border == Border::constant &&
                 (out(place.x, fixed(-reach), fixed(std::int64_t{pass.from.width} + reach - 1)) ||
                  out(place.y, fixed(-reach), fixed(std::int64_t{pass.from.height} + reach - 1)));
  const Clip* clips = view.part<Clip>(pass.clips);
  for (int k = 0; k < pass.clip_count; ++k) {
    const Place clipped = line_of(clips[k].matrix, row).at(column);
    const std::int64_t half = std::int64_t{1} << 31;
    outside = outside || out(clipped.x, -half, fixed(clips[k].width) - half) ||
              out(clipped.y, -half, fixed(clips[k].height) - half);
  }
  return outside;
}

template <class T, int known>
__device__ void read_warp(const PassView& view, ThreadPixels<known>& pixels) {
  const DevicePass& pass = view.pass;
  const Pixels<T> source = {view.source<T>(), pass.from, pass.border, pass.fill};
  const bool is_open = pass.read_levels.are_open();
  Line line{};
  int line_row = -1;
  pixels.each_pixel([&](int row, int column, const auto& put) {
    if (pass.has_lines && row != line_row) {
      line = line_of(pass.matrix, row);
      line_row = row;
    }
    const Place place = pass.has_lines ? line.at(column) : place_of(pass.matrix, column + 0.5, row + 0.5);
    if (pass.has_lines && is_outside(view, place, row, column)) {
#pragma unroll
      for (int c = 0; c < pixels.channels(); ++c) put(c, pass.fill.of(c));
      return;
    }
    const auto settle = [&](int c, float value) { put(c, is_open ? value : settled_to(value, pass.read_levels)); };
    switch (pass.interpolation) {
      case Interpolation::bilinear:
        return pass.read_levels.are_whole ? read_bilinear<true, known>(source, place, settle)
                                          : read_bilinear<false, known>(source, place, settle);
      case Interpolation::bicubic:
        return read_bicubic<known>(source, place, settle);
      default:
        return read_nearest<known>(source, place, settle);
    }
  });
}

// Along the columns into shared memory, also where only neighbors in the same row are, and along the rows from there.
template <class T, int known>
__device__ void read_separable(const PassView& view, ThreadPixels<known>& pixels) {
  using Shape = BlockShape<known>;
  const DevicePass& pass = view.pass;
  const BlockPlace& place = pixels.place;
  const T* first = view.source<T>();
  const float* kernel = view.part<float>(pass.weights);
  const int radius = pass.radius;
  const int values = place.count + 2 * radius;
  const int rows_before = radius / place.width + 1;
  for (int first_channel = 0; first_channel < pixels.channels(); first_channel += Shape::at_once) {
    __syncthreads();  // somebody may still read what was there
    for (int j = static_cast<int>(threadIdx.x); j < values; j += block_threads) {
      const std::int64_t pixel = place.first + j - radius;
      if (pixel < 0 || pixel >= place.pixels) continue;
      const int along = place.column + j - radius + rows_before * place.width;
      const int row = place.row - rows_before + along / place.width;
      const T* column = first + along % place.width * pass.from.column;
      for (int k = 0; k < Shape::at_once; ++k) {
        const T* plane = column + (first_channel + k) * pass.from.channel;
        const auto at = [&](int i) {
          return static_cast<float>(plane[inside(row + i, pass.from.height, pass.border) * pass.from.row]);
        };
        pixels.shared[k * Shape::row + j] = weighted(at(0), kernel, radius, [&](int i) { return at(-i) + at(i); });
      }
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < Shape::at_once; ++k) {
      for (int i = 0; i < Shape::pixels; ++i) {
        if (i >= pixels.count) break;
        const int x = pixels.column[i];
        const float* center =
            pixels.shared + k * Shape::row + radius + static_cast<int>(threadIdx.x) * Shape::pixels + i - x;
        const auto at = [&](int step) { return center[inside(x + step, place.width, pass.border)]; };
        const float sum = weighted(at(0), kernel, radius, [&](int i) { return at(-i) + at(i); });
        pixels.value[first_channel + k][i] =
            pass.is_fixed ? static_cast<float>(byte_of_fixed_sum(static_cast<std::uint32_t>(sum)))
                          : settled_to(sum / pass.divisor, pass.read_levels);
      }
    }
  }
}

template <class T, int known>
__device__ void read_taps(const PassView& view, ThreadPixels<known>& pixels) {
  const DevicePass& pass = view.pass;
  const T* first = view.source<T>();
  const Tap* taps = view.part<Tap>(pass.weights);
  pixels.each_pixel([&](int row, int column, const auto& put) {
#pragma unroll 1
    for (int c = 0; c < pixels.channels(); ++c) {
      const T* plane = first + c * pass.from.channel;
      float sum = 0;
      for (int k = 0; k < pass.tap_count; ++k) {
        const Tap tap = taps[k];
        const std::int64_t y = inside(std::int64_t{row} + tap.y, pass.from.height, pass.border);
        const std::int64_t x = inside(std::int64_t{column} + tap.x, pass.from.width, pass.border);
        sum += static_cast<float>(plane[y * pass.from.row + x * pass.from.column]) * tap.weight;
      }
      put(c, settled_to(sum / pass.divisor, pass.read_levels));
    }
  });
}

// At the border of the image values stay.
template <class T, int known>
__device__ void read_sharpness(const PassView& view, ThreadPixels<known>& pixels) {
  const DevicePass& pass = view.pass;
  const Levels& levels = pass.read_levels;
  const T* first = view.source<T>();
  const std::int64_t row_step = pass.from.row;
  const std::int64_t step = pass.from.column;
  pixels.each_pixel([&](int row, int column, const auto& put) {
    const bool stays = row == 0 || column == 0 || row == pass.height - 1 || column == pass.width - 1;
#pragma unroll 1
    for (int c = 0; c < pixels.channels(); ++c) {
      const T* center = first + row * row_step + column * step + c * pass.from.channel;
      const auto at = [&](std::int64_t place) { return static_cast<float>(center[place]); };
      const auto three = [&](std::int64_t place) { return at(place - step) + at(place) + at(place + step); };
      if (stays) {
        put(c, settled_to(at(0), levels));
        continue;
      }
      const float neighbors = three(-row_step) + three(row_step) + at(-step) + at(step);
      put(c, levels.are_whole ? sharpened<true>(at(0), neighbors, pass.factor, levels)
                              : sharpened<false>(at(0), neighbors, pass.factor, levels));
    }
  });
}

template <class T, int known>
__device__ void read_source(const PassView& view, ThreadPixels<known>& pixels) {
  switch (view.pass.kind) {
    case SourceKind::warp:
      return read_warp<T>(view, pixels);
    case SourceKind::separable:
      return read_separable<T>(view, pixels);
    case SourceKind::taps:
      return read_taps<T>(view, pixels);
    case SourceKind::sharpness:
      return read_sharpness<T>(view, pixels);
    default:
      return read_copy<T>(view, pixels);
  }
}

}  // namespace
}  // namespace burnish::augment
