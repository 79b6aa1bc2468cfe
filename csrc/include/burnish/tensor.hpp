// SPDX-License-Identifier: Apache-2.0
// A view of somebody else's array. It owns nothing and is cheap to copy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace burnish {

enum class DType : std::uint8_t {
  float64,
  float32,
  float16,
  bfloat16,
  int64,
  int32,
  int16,
  int8,
  uint64,
  uint32,
  uint16,
  uint8,
  boolean,
};

std::size_t item_size(DType dtype);
std::string_view name(DType dtype);

enum class DeviceType : std::uint8_t { cpu, cuda };

struct Device {
  DeviceType type = DeviceType::cpu;
  int index = 0;
  friend bool operator==(const Device&, const Device&) = default;
};

inline constexpr int max_ndim = 8;

struct TensorView {
  void* data = nullptr;
  DType dtype = DType::float32;
  Device device;
  bool read_only = true;
  int ndim = 0;
  std::array<std::int64_t, max_ndim> shape{};
  std::array<std::int64_t, max_ndim> strides{};  // in elements, may be zero or negative

  std::int64_t size() const {
    std::int64_t n = 1;
    for (int d = 0; d < ndim; ++d) n *= shape[static_cast<std::size_t>(d)];
    return n;
  }
};

// A C-contiguous view of `shape` (at most max_ndim extents) at `data`.
template <class... Extents>
TensorView contiguous_view(void* data, DType dtype, Device device, Extents... extents) {
  static_assert(sizeof...(extents) <= max_ndim);
  TensorView view{data, dtype, device, false, static_cast<int>(sizeof...(extents)), {}, {}};
  int d = 0;
  ((view.shape[static_cast<std::size_t>(d++)] = static_cast<std::int64_t>(extents)), ...);
  std::int64_t step = 1;
  for (int axis = view.ndim; axis-- > 0;) {
    view.strides[static_cast<std::size_t>(axis)] = step;
    step *= view.shape[static_cast<std::size_t>(axis)];
  }
  return view;
}

}  // namespace burnish
