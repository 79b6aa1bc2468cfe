// SPDX-License-Identifier: Apache-2.0
// What a pass finds out about its values, and where it writes them.
#pragma once

#include "augment/source_cuda.cuh"
#include "core/float16.hpp"

namespace burnish::augment {
namespace {

// In the order of the numbers; 0 comes before all of them.
__device__ __forceinline__ std::uint32_t key_of(float value) {
  const auto bits = bit_cast<std::uint32_t>(value);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

__device__ __forceinline__ float value_of(std::uint32_t key) {
  return bit_cast<float>(key & 0x80000000u ? key & 0x7fffffffu : ~key);
}

// The luma of a pixel, or the sum of its values, in parts that add up exactly.
template <bool whole, int known>
__device__ double sum_of_pixel(const ThreadPixels<known>& pixels, int i, Statistic statistic) {
  if (statistic == Statistic::value_sum) {
    double sum = 0;
#pragma unroll
    for (int c = 0; c < pixels.channels(); ++c) sum += in_parts<whole>(pixels.value[c][i]);
    return sum;
  }
  if constexpr (BlockShape<known>::most_channels >= 3) {
    if (pixels.channels() >= 3) {
      return in_parts<whole>(luma<whole>(pixels.value[0][i], pixels.value[1][i], pixels.value[2][i]));
    }
  }
  return in_parts<whole>(pixels.value[0][i]);
}

template <int known>
__device__ void add_values(const PassView& view, const ThreadPixels<known>& pixels) {
  const DevicePass& pass = view.pass;
  double sum = 0;
  for (int i = 0; i < BlockShape<known>::pixels; ++i) {
    if (i >= pixels.count) break;
    sum += pass.write_levels.are_whole ? sum_of_pixel<true>(pixels, i, pass.statistic)
                                       : sum_of_pixel<false>(pixels, i, pass.statistic);
  }
  auto parts = static_cast<long long>(sum * sum_parts(pass.write_levels));
  for (int offset = 16; offset > 0; offset /= 2) parts += __shfl_down_sync(0xffffffffu, parts, offset);
  auto* total = reinterpret_cast<unsigned long long*>(view.memory + pass.statistic_at);
  if (threadIdx.x % 32 == 0) atomicAdd(total, static_cast<unsigned long long>(parts));
}

// `bins` are at_once * (table_size + 2) of the block.
template <int known>
__device__ void count_values(const PassView& view, const ThreadPixels<known>& pixels, std::uint32_t* bins) {
  using Shape = BlockShape<known>;
  constexpr int each = table_size + 2;
  auto* histograms = reinterpret_cast<DeviceHistogram*>(view.memory + view.pass.statistic_at);
  const bool whole = view.pass.write_levels.are_whole;
  for (int first = 0; first < pixels.channels(); first += Shape::at_once) {
    for (int b = static_cast<int>(threadIdx.x); b < Shape::at_once * each; b += block_threads) bins[b] = 0;
    __syncthreads();
#pragma unroll
    for (int k = 0; k < Shape::at_once; ++k) {
      std::uint32_t* channel = bins + k * each;
      for (int i = 0; i < Shape::pixels; ++i) {
        if (i >= pixels.count) break;
        const float value = pixels.value[first + k][i] + 0.0f;  // one zero for both
        atomicAdd(channel + (whole ? index_of(value) : byte_of(value)), 1u);
        if (whole || value != value) continue;
        atomicMax(channel + table_size, key_of(-value));
        atomicMax(channel + table_size + 1, key_of(value));
      }
    }
    __syncthreads();
    for (int b = static_cast<int>(threadIdx.x); b < Shape::at_once * each; b += block_threads) {
      DeviceHistogram& histogram = histograms[first + b / each];
      const int bin = b % each;
      if (bins[b] == 0) continue;
      if (bin < table_size) {
        atomicAdd(&histogram.count[bin], static_cast<unsigned long long>(bins[b]));
      } else {
        atomicMax(bin == table_size ? &histogram.low : &histogram.high, bins[b]);
      }
    }
    __syncthreads();
  }
}

__device__ __forceinline__ void narrow(float value, float& to) { to = value; }
__device__ __forceinline__ void narrow(float value, std::uint8_t& to) {
  to = static_cast<std::uint8_t>(static_cast<int>(value));
}
__device__ __forceinline__ void narrow(float value, Float16& to) { to = to_float16(value); }
__device__ __forceinline__ void narrow(float value, BFloat16& to) { to = to_bfloat16(value); }

// Four values as one store.
template <class T>
struct alignas(4 * sizeof(T)) Four {
  T value[4];
};

template <class T, int known>
__device__ void store_one_by_one(const Image& to, T* first, const ThreadPixels<known>& pixels) {
  for (int i = 0; i < BlockShape<known>::pixels; ++i) {
    if (i >= pixels.count) break;
    T* pixel = first + pixels.row[i] * to.row + pixels.column[i] * to.column;
#pragma unroll
    for (int c = 0; c < pixels.channels(); ++c) narrow(pixels.value[c][i], pixel[c * to.channel]);
  }
}

template <class T, int known>
__device__ void store(const PassView& view, const ThreadPixels<known>& pixels) {
  const Image& to = view.pass.to;
  T* first = (to.data ? static_cast<T*>(to.data) : reinterpret_cast<T*>(view.memory + view.pass.to_at)) + to.offset;
  if constexpr (known > 0) {
    const std::int64_t pixel = pixels.place.first + static_cast<int>(threadIdx.x) * BlockShape<known>::pixels;
    T* const start = first + pixel * to.column;
    const bool is_run = to.row == to.width * to.column && pixels.count == BlockShape<known>::pixels;
    const bool is_aligned = reinterpret_cast<std::uintptr_t>(start) % sizeof(Four<T>) == 0;
    if (is_run && is_aligned && to.column == 1 && (known == 1 || to.channel % 4 == 0)) {
#pragma unroll
      for (int c = 0; c < known; ++c) {
        Four<T> four;
        for (int i = 0; i < 4; ++i) narrow(pixels.value[c][i], four.value[i]);
        *reinterpret_cast<Four<T>*>(start + c * to.channel) = four;
      }
      return;
    }
    if (is_run && is_aligned && is_interleaved(to)) {
#pragma unroll
      for (int part = 0; part < known; ++part) {
        Four<T> four;
        for (int i = 0; i < 4; ++i) {
          const int at = 4 * part + i;
          narrow(pixels.value[at % known][at / known], four.value[i]);
        }
        reinterpret_cast<Four<T>*>(start)[part] = four;
      }
      return;
    }
  }
  store_one_by_one(to, first, pixels);
}

template <int known>
__device__ void store_pixels(const PassView& view, const ThreadPixels<known>& pixels) {
  switch (view.pass.to.dtype) {
    case DType::uint8:
      return store<std::uint8_t>(view, pixels);
    case DType::float16:
      return store<Float16>(view, pixels);
    case DType::bfloat16:
      return store<BFloat16>(view, pixels);
    default:
      return store<float>(view, pixels);
  }
}

}  // namespace
}  // namespace burnish::augment
