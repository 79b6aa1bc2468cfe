// SPDX-License-Identifier: Apache-2.0
// Resizes, along the rows and then along the columns, as Pillow has them or in floats. Work runs down the columns,
// lanes side by side; rows are columns of the transposed plane.
#include "augment/kernels.hpp"
#include "augment/planes_math.hpp"
#include "augment/transpose.hpp"
#include "core/parallel.hpp"

namespace burnish::augment {
namespace {

std::int64_t rounded_up(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

// Down the columns: (axis.from, width) -> (axis.to, width), bytes as Pillow has them.
void resample(const std::uint8_t* from, int width, const Axis& axis, const Levels&, std::int32_t* __restrict sum,
              std::uint8_t* __restrict to) {
  for (int y = 0; y < axis.to; ++y, to += width) {
    if (y % 16 == 0) check_point();  // one image may be huge
    const std::uint8_t* source = from + std::int64_t{axis.first[static_cast<std::size_t>(y)]} * width;
    const std::int32_t* weights = axis.fixed.data() + std::int64_t{y} * axis.most_taps;
    const int count = axis.count[static_cast<std::size_t>(y)];
    for (int x = 0; x < width; ++x) sum[x] = fixed_half;
    for (int k = 0; k < count; ++k, source += width) {
      const std::int32_t weight = weights[k];
      for (int x = 0; x < width; ++x) sum[x] += source[x] * weight;
    }
    for (int x = 0; x < width; ++x) to[x] = byte_of_fixed(sum[x]);
  }
}

template <class T>
void settle(const float* from, std::int64_t count, const Levels& levels, T* __restrict to) {
  for (std::int64_t i = 0; i < count; ++i) settle_value(from[i], levels, to[i]);
}

// The same of floats; with levels, the values are brought into them.
template <class T>
void resample(const float* from, int width, const Axis& axis, const Levels* levels, float* __restrict sum,
              T* __restrict to) {
  for (int y = 0; y < axis.to; ++y, to += width) {
    if (y % 16 == 0) check_point();  // one image may be huge
    const float* source = from + std::int64_t{axis.first[static_cast<std::size_t>(y)]} * width;
    const float* weights = axis.weight.data() + std::int64_t{y} * axis.most_taps;
    const int count = axis.count[static_cast<std::size_t>(y)];
    for (int x = 0; x < width; ++x) sum[x] = 0;
    for (int k = 0; k < count; ++k, source += width) {
      const float weight = weights[k];
      for (int x = 0; x < width; ++x) sum[x] += source[x] * weight;
    }
    if constexpr (sizeof(T) == sizeof(float)) {
      if (!levels) {
        __builtin_memcpy(to, sum, static_cast<std::size_t>(width) * sizeof(float));
        continue;
      }
    }
    settle(sum, width, *levels, to);
  }
}

// Bytes that are rounded after each of the two passes, as Pillow's are.
void resize_bytes(const Levels& levels, const Planes& planes) {
  using T = std::uint8_t;
  const Axis& rows = *planes.rows;
  const Axis& columns = *planes.columns;
  const std::int64_t size = std::int64_t{rows.from} * columns.from;
  const std::int64_t new_size = std::int64_t{rows.to} * columns.to;
  const std::int64_t half = std::int64_t{rows.from} * columns.to;
  const std::int64_t most = size > half ? size : half;
  T* a = reinterpret_cast<T*>(planes.scratch);
  T* b = reinterpret_cast<T*>(planes.scratch + rounded_up(most));
  auto* sum = reinterpret_cast<std::int32_t*>(planes.scratch + 2 * rounded_up(most));
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
      __builtin_memcpy(to, wide, static_cast<std::size_t>(new_size));
    }
  }
}

void to_columns(const float* from, int height, int width, float*, float* to) { transpose(from, height, width, to); }

void to_columns(const std::uint8_t* from, int height, int width, float* scratch, float* to) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(scratch);
  transpose(from, height, width, bytes);
  for (std::int64_t i = 0; i < std::int64_t{height} * width; ++i) to[i] = static_cast<float>(bytes[i]);
}

// In floats between the passes, which may overshoot.
template <class T>
void resize_precisely(const Levels& levels, const Planes& planes) {
  const Axis& rows = *planes.rows;
  const Axis& columns = *planes.columns;
  const std::int64_t size = std::int64_t{rows.from} * columns.from;
  const std::int64_t new_size = std::int64_t{rows.to} * columns.to;
  const std::int64_t half = std::int64_t{rows.from} * columns.to;
  const std::int64_t most = (size > half ? size : half) * std::int64_t{sizeof(float)};
  auto* a = reinterpret_cast<float*>(planes.scratch);
  auto* b = reinterpret_cast<float*>(planes.scratch + rounded_up(most));
  auto* sum = reinterpret_cast<float*>(planes.scratch + 2 * rounded_up(most));
  for (int c = 0; c < planes.channels; ++c) {
    const T* from = static_cast<const T*>(planes.from) + c * size;
    T* to = static_cast<T*>(planes.to) + c * new_size;
    if (columns.from != columns.to) {
      to_columns(from, rows.from, columns.from, b, a);
      resample(a, rows.from, columns, nullptr, sum, b);
      transpose(b, columns.to, rows.from, a);
    } else {
      for (std::int64_t i = 0; i < size; ++i) a[i] = static_cast<float>(from[i]);
    }
    if (rows.from != rows.to) {
      resample(a, columns.to, rows, &levels, sum, to);
    } else {
      settle(a, new_size, levels, to);
    }
  }
}

template <class T>
void resize(const Levels& levels, const Planes& planes) {
  if constexpr (sizeof(T) == 1) {
    if (planes.rows->is_antialiased) return resize_bytes(levels, planes);
  }
  resize_precisely<T>(levels, planes);
}

}  // namespace

template <>
void resize_planes<Isa::BURNISH_ISA>(const Levels& levels, const Planes& planes) {
  planes.dtype == DType::uint8 ? resize<std::uint8_t>(levels, planes) : resize<float>(levels, planes);
}

}  // namespace burnish::augment
