// SPDX-License-Identifier: Apache-2.0
// Filters over all of an image, as Pillow has them: along the rows, rounded, and then along the columns. Work runs down
// the columns, lanes side by side; rows are columns of the transposed plane.
#include "augment/kernels.hpp"
#include "augment/planes_math.hpp"

namespace burnish::augment {
namespace {

constexpr int block = 32;

std::int64_t rounded_up(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

template <class T>
void transpose(const T* from, int height, int width, T* __restrict to) {
  for (int top = 0; top < height; top += block) {
    const int bottom = top + block < height ? top + block : height;
    for (int left = 0; left < width; left += block) {
      const int right = left + block < width ? left + block : width;
      for (int x = left; x < right; ++x) {
        for (int y = top; y < bottom; ++y) to[std::int64_t{x} * height + y] = from[std::int64_t{y} * width + x];
      }
    }
  }
}

// Beyond the first and the last row there are these rows again.
template <class T>
void box_columns(const T* from, int height, int width, const Box<T>& box, typename Box<T>::Sum* __restrict sum,
                 T* __restrict to) {
  using Sum = typename Box<T>::Sum;
  const auto row = [&](std::int64_t y) { return from + (y < 0 ? 0 : y < height ? y : height - 1) * width; };
  const int radius = box.radius;
  for (int x = 0; x < width; ++x) sum[x] = static_cast<Sum>(from[x]) * static_cast<Sum>(radius + 1);
  for (int y = 0; y < radius; ++y) {
    const T* more = row(y);
    for (int x = 0; x < width; ++x) sum[x] += static_cast<Sum>(more[x]);
  }
  for (int y = 0; y < height; ++y, to += width) {
    const T* before = row(std::int64_t{y} - radius - 1);
    const T* last = row(std::int64_t{y} + radius);
    const T* after = row(std::int64_t{y} + radius + 1);
    for (int x = 0; x < width; ++x) {
      sum[x] += static_cast<Sum>(last[x]) - static_cast<Sum>(before[x]);
      to[x] = box.of(sum[x], static_cast<Sum>(before[x]) + static_cast<Sum>(after[x]));
    }
  }
}

template <class T>
void boxes(const Prepare& prepare, const Planes& planes) {
  const std::int64_t size = std::int64_t{planes.height} * planes.width;
  const Box<T> box(prepare.radius);
  T* a = reinterpret_cast<T*>(planes.scratch);
  auto* sum = reinterpret_cast<typename Box<T>::Sum*>(planes.scratch + rounded_up(size * std::int64_t{sizeof(T)}));
  for (int c = 0; c < planes.channels; ++c) {
    const T* from = static_cast<const T*>(planes.from) + c * size;
    T* to = static_cast<T*>(planes.to) + c * size;
    if (!(prepare.radius > 0)) {
      __builtin_memcpy(to, from, static_cast<std::size_t>(size) * sizeof(T));
      continue;
    }
    transpose(from, planes.height, planes.width, to);
    box_columns(to, planes.width, planes.height, box, sum, a);
    box_columns(a, planes.width, planes.height, box, sum, to);
    box_columns(to, planes.width, planes.height, box, sum, a);
    transpose(a, planes.width, planes.height, to);
    box_columns(to, planes.height, planes.width, box, sum, a);
    box_columns(a, planes.height, planes.width, box, sum, to);
    box_columns(to, planes.height, planes.width, box, sum, a);
    __builtin_memcpy(to, a, static_cast<std::size_t>(size) * sizeof(T));
  }
}

template <class T>
void unsharp(const Prepare& prepare, const Levels& levels, const Planes& planes) {
  boxes<T>(prepare, planes);
  const std::int64_t count = std::int64_t{planes.channels} * planes.height * planes.width;
  const Unsharp filter = {prepare.percent, prepare.threshold, levels};
  const T* from = static_cast<const T*>(planes.from);
  T* to = static_cast<T*>(planes.to);
  for (std::int64_t i = 0; i < count; ++i) to[i] = filter.of(from[i], to[i]);
}

const std::int32_t* weights_of(const Axis& axis, std::int32_t) { return axis.fixed.data(); }
const float* weights_of(const Axis& axis, float) { return axis.weight.data(); }

// Down the columns: (axis.from, width) -> (axis.to, width).
template <class T, class Sum = typename Resampling<T>::Sum>
void resample(const T* from, int width, const Axis& axis, const Levels& levels, Sum* __restrict sum, T* __restrict to) {
  for (int y = 0; y < axis.to; ++y, to += width) {
    const T* source = from + std::int64_t{axis.first[static_cast<std::size_t>(y)]} * width;
    const Sum* weights = weights_of(axis, Sum()) + std::int64_t{y} * axis.most_taps;
    const int count = axis.count[static_cast<std::size_t>(y)];
    for (int x = 0; x < width; ++x) sum[x] = Resampling<T>::start;
    for (int k = 0; k < count; ++k, source += width) {
      const Sum weight = weights[k];
      for (int x = 0; x < width; ++x) sum[x] += static_cast<Sum>(source[x]) * weight;
    }
    for (int x = 0; x < width; ++x) to[x] = Resampling<T>::of(sum[x], levels);
  }
}

template <class T>
void resize(const Levels& levels, const Planes& planes) {
  using Sum = typename Resampling<T>::Sum;
  const Axis& rows = *planes.rows;
  const Axis& columns = *planes.columns;
  const std::int64_t size = std::int64_t{rows.from} * columns.from;
  const std::int64_t new_size = std::int64_t{rows.to} * columns.to;
  const std::int64_t half = std::int64_t{rows.from} * columns.to;
  const std::int64_t most = size > half ? size : half;
  T* a = reinterpret_cast<T*>(planes.scratch);
  T* b = reinterpret_cast<T*>(planes.scratch + rounded_up(most * std::int64_t{sizeof(T)}));
  auto* sum = reinterpret_cast<Sum*>(planes.scratch + 2 * rounded_up(most * std::int64_t{sizeof(T)}));
  for (int c = 0; c < planes.channels; ++c) {
    const T* from = static_cast<const T*>(planes.from) + c * size;
    T* to = static_cast<T*>(planes.to) + c * new_size;
    const T* wide = from;
    if (columns.from != columns.to) {
      transpose(from, rows.from, columns.from, a);
      resample(a, rows.from, columns, levels, sum, b);
      transpose(b, columns.to, rows.from, a);
      wide = a;
    }
    if (rows.from != rows.to) {
      resample(wide, columns.to, rows, levels, sum, to);
    } else {
      __builtin_memcpy(to, wide, static_cast<std::size_t>(new_size) * sizeof(T));
    }
  }
}

template <class T>
void run(const Prepare& prepare, const Levels& levels, const Planes& planes) {
  switch (prepare.kind) {
    case Prepare::Kind::boxes:
      return boxes<T>(prepare, planes);
    case Prepare::Kind::unsharp:
      return unsharp<T>(prepare, levels, planes);
    default:
      return resize<T>(levels, planes);
  }
}

}  // namespace

template <>
void prepare_planes<Isa::BURNISH_ISA>(const Prepare& prepare, const Levels& levels, const Planes& planes) {
  planes.dtype == DType::uint8 ? run<std::uint8_t>(prepare, levels, planes) : run<float>(prepare, levels, planes);
}

}  // namespace burnish::augment
