// SPDX-License-Identifier: Apache-2.0
// The part of the DLPack ABI that is read here (dmlc/dlpack, versions 0 and 1).
#pragma once

#include <cstdint>

namespace burnish::bindings::dlpack {

enum DeviceCode : std::int32_t { cpu = 1, cuda = 2, cuda_host = 3, cuda_managed = 13 };
enum TypeCode : std::uint8_t { signed_integer = 0, unsigned_integer = 1, floating = 2, bfloat = 4, boolean = 6 };

struct Tensor {
  void* data;
  struct {
    std::int32_t code;
    std::int32_t index;
  } device;
  std::int32_t ndim;
  struct {
    std::uint8_t code;
    std::uint8_t bits;
    std::uint16_t lanes;
  } dtype;
  std::int64_t* shape;
  std::int64_t* strides;  // null: C-contiguous
  std::uint64_t byte_offset;
};

struct ManagedTensor {
  Tensor tensor;
  void* manager_context;
  void (*deleter)(ManagedTensor*);
};

inline constexpr std::uint64_t read_only_flag = 1;

struct ManagedTensorVersioned {
  struct {
    std::uint32_t major, minor;
  } version;
  void* manager_context;
  void (*deleter)(ManagedTensorVersioned*);
  std::uint64_t flags;
  Tensor tensor;
};

}  // namespace burnish::bindings::dlpack
