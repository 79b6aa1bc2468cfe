// SPDX-License-Identifier: Apache-2.0
// Filters over all of an image, along one axis: boxes with a thread for each line, since their sums run along it; and
// weighted sums with a thread for each value.
#include "augment/items_cuda.cuh"
#include "augment/launches_cuda.hpp"
#include "augment/planes_math.hpp"

namespace burnish::augment {
namespace {

// Beyond both ends of a line there is its last value again.
template <class T, class Put>
__device__ void box_line(const T* from, int count, std::int64_t step, const Box<T>& box, const Put& put) {
  using Sum = typename Box<T>::Sum;
  const auto at = [&](std::int64_t i) {
    return static_cast<Sum>(from[(i < 0 ? 0 : i < count ? i : count - 1) * step]);
  };
  Sum sum = at(0) * static_cast<Sum>(box.radius + 1);
  for (int i = 0; i < box.radius; ++i) sum += at(i);
  for (int i = 0; i < count; ++i) {
    const Sum before = at(std::int64_t{i} - box.radius - 1);
    sum += at(std::int64_t{i} + box.radius) - before;
    put(i * step, box.of(sum, before + at(std::int64_t{i} + box.radius + 1)));
  }
}

template <class T>
__device__ void three_boxes(const DevicePlanes& job, char* memory, std::int64_t line) {
  const int across = job.along_rows ? job.height : job.width;
  if (line >= std::int64_t{job.channels} * across) return;
  const std::int64_t pixel = job.is_interleaved ? job.channels : 1;
  const std::int64_t row = job.width * pixel;
  const std::int64_t plane = job.is_interleaved ? 1 : job.height * row;
  // Lines that lie side by side go to threads side by side.
  const std::int64_t channel = job.is_interleaved ? line % job.channels : line / across;
  const std::int64_t start =
      channel * plane + (job.is_interleaved ? line / job.channels : line % across) * (job.along_rows ? row : pixel);
  const std::int64_t step = job.along_rows ? pixel : row;
  const int count = job.along_rows ? job.width : job.height;
  const auto line_at = [&](std::int64_t at) { return reinterpret_cast<T*>(memory + at) + start; };
  const T* from = line_at(job.from);
  T* to = line_at(job.to);
  const T* original = line_at(job.original);
  const Unsharp filter = {job.percent, job.threshold, job.levels};
  const auto put_last = [&](std::int64_t i, T value) { to[i] = job.sharpens ? filter.of(original[i], value) : value; };
  if (!(job.radius > 0)) {
    for (int i = 0; i < count; ++i) put_last(i * step, from[i * step]);
    return;
  }
  const Box<T> box(job.radius);
  T* between = line_at(job.between);
  box_line(from, count, step, box, [&](std::int64_t i, T value) { to[i] = value; });
  box_line<T>(to, count, step, box, [&](std::int64_t i, T value) { between[i] = value; });
  box_line<T>(between, count, step, box, put_last);
}

__global__ void __launch_bounds__(block_threads) boxes_kernel(char* memory, Items items) {
  const Work work = work_of_block(memory, items);
  const auto& job = *reinterpret_cast<const DevicePlanes*>(memory + work.at);
  const std::int64_t line = work.block * block_threads + threadIdx.x;
  job.dtype == DType::uint8 ? three_boxes<std::uint8_t>(job, memory, line) : three_boxes<float>(job, memory, line);
}

// Calls put(first value of the line, step to the next, place along it) for one value of the result.
template <class From, class F>
__device__ void at_value(const DevicePlanes& job, const char* memory, std::int64_t at, const F& put) {
  const std::int64_t plane = std::int64_t{job.height} * job.width;
  if (at >= job.channels * plane) return;
  const std::int64_t channel = at / plane;
  const auto in_plane = at - channel * plane;
  const auto y = static_cast<int>(in_plane / job.width);
  const auto x = static_cast<int>(in_plane - std::int64_t{y} * job.width);
  const std::int64_t across = job.along_rows ? job.height : job.width;
  const From* from = reinterpret_cast<const From*>(memory + job.from) + channel * job.source_length * across +
                     (job.along_rows ? std::int64_t{y} * job.source_length : x);
  put(from, job.along_rows ? std::int64_t{1} : std::int64_t{job.width}, job.along_rows ? x : y);
}

// The sum of the pixels that make a value, from `start` on.
template <class Sum, class From>
__device__ Sum weighted_sum(const DevicePlanes& job, const char* memory, Sum start, const From* from, std::int64_t step,
                            int place) {
  const int first = reinterpret_cast<const std::int32_t*>(memory + job.first)[place];
  const int count = reinterpret_cast<const std::int32_t*>(memory + job.count)[place];
  const Sum* weights = reinterpret_cast<const Sum*>(memory + job.weights) + std::int64_t{place} * job.most_taps;
  Sum sum = start;
  for (int k = 0; k < count; ++k) sum += static_cast<Sum>(from[(first + k) * step]) * weights[k];
  return sum;
}

// Bytes that are rounded after each axis.
__device__ void resample_bytes(const DevicePlanes& job, char* memory, std::int64_t at) {
  at_value<std::uint8_t>(job, memory, at, [&](const std::uint8_t* from, std::int64_t step, int place) {
    const std::int32_t sum = weighted_sum(job, memory, fixed_half, from, step, place);
    reinterpret_cast<std::uint8_t*>(memory + job.to)[at] = byte_of_fixed(sum);
  });
}

// Floats, which may overshoot after the first axis.
template <class From, class To>
__device__ void resample_precisely(const DevicePlanes& job, char* memory, std::int64_t at) {
  at_value<From>(job, memory, at, [&](const From* from, std::int64_t step, int place) {
    const float sum =
        job.copies ? static_cast<float>(from[place * step]) : weighted_sum(job, memory, 0.0f, from, step, place);
    To& to = reinterpret_cast<To*>(memory + job.to)[at];
    if constexpr (sizeof(To) == sizeof(float)) {
      if (!job.settles) {
        to = sum;
        return;
      }
    }
    settle_value(sum, job.levels, to);
  });
}

__global__ void __launch_bounds__(block_threads) resampling_kernel(char* memory, Items items) {
  const Work work = work_of_block(memory, items);
  const auto& job = *reinterpret_cast<const DevicePlanes*>(memory + work.at);
  const std::int64_t at = work.block * block_threads + threadIdx.x;
  const bool of_bytes = job.dtype == DType::uint8;
  const bool to_bytes = job.to_dtype == DType::uint8;
  if (job.is_fixed) {
    resample_bytes(job, memory, at);
  } else if (of_bytes) {
    to_bytes ? resample_precisely<std::uint8_t, std::uint8_t>(job, memory, at)
             : resample_precisely<std::uint8_t, float>(job, memory, at);
  } else {
    to_bytes ? resample_precisely<float, std::uint8_t>(job, memory, at)
             : resample_precisely<float, float>(job, memory, at);
  }
}

}  // namespace

void launch_boxes(char* memory, const Items& items, void* stream) {
  cuda::launch("burnish.augment: boxes on the GPU", boxes_kernel,
               {cuda::grid_of(items.blocks, 1), dim3(block_threads), 0, stream}, memory, items);
}

void launch_resampling(char* memory, const Items& items, void* stream) {
  cuda::launch("burnish.augment: a resize on the GPU", resampling_kernel,
               {cuda::grid_of(items.blocks, 1), dim3(block_threads), 0, stream}, memory, items);
}

}  // namespace burnish::augment
