// SPDX-License-Identifier: Apache-2.0
// The few things kernels and their launchers need beyond CUDA's own. Under BURNISH_CUDA_ON_CPU the same files compile
// as plain C++ and run on the CPU (tests/cuda_on_cpu).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "burnish/error.hpp"

#if defined(BURNISH_CUDA_ON_CPU)
#include "cuda_on_cpu.hpp"
#else
#include <cuda_runtime.h>
// Dynamic shared memory as an array of T. One name for all types, as CUDA demands within a file.
#define BURNISH_DYNAMIC_SHARED(T, name)                            \
  extern __shared__ __align__(16) unsigned char burnish_shared_[]; \
  T* const name = reinterpret_cast<T*>(burnish_shared_)
#endif

namespace burnish::cuda {

inline void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess) throw DeviceError(std::string(what) + ": CUDA says: " + cudaGetErrorString(error));
}

// Makes a device current for the scope, and the one before it again at the end.
class DeviceGuard {
 public:
  explicit DeviceGuard(int device) {
    check(cudaGetDevice(&previous_), "choosing a GPU");
    changed_ = device != previous_;
    if (changed_) check(cudaSetDevice(device), "choosing a GPU");
  }
  ~DeviceGuard() {
    if (changed_) cudaSetDevice(previous_);
  }
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  int previous_ = 0;
  bool changed_ = false;
};

// Blocks that hold `items` between them.
inline dim3 grid_of(std::int64_t items, std::int64_t items_per_block) {
  const std::int64_t blocks = (items + items_per_block - 1) / items_per_block;
  if (blocks > 0x7fffffff) throw ValueError("more than 2^31 - 1 blocks of work for the GPU; pass fewer rows at a time");
  return dim3(static_cast<unsigned>(blocks));
}

inline int multiprocessors() {
  int device = 0;
  int count = 0;
  check(cudaGetDevice(&device), "asking for the GPU");
  check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device), "asking for the GPU's size");
  return count;
}

struct LaunchShape {
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
  void* stream = nullptr;
};

// Starts the kernel on the stream and does not wait.
template <class... Parameters, class... Arguments>
void launch(const char* what, void (*kernel)(Parameters...), const LaunchShape& shape, Arguments... arguments) {
#if defined(BURNISH_CUDA_ON_CPU)
  cuda_on_cpu::launch(kernel, shape.grid, shape.block, shape.shared_bytes, arguments...);
#else
  // clang-format off
  kernel<<<shape.grid, shape.block, shape.shared_bytes, static_cast<cudaStream_t>(shape.stream)>>>(arguments...);
  // clang-format on
#endif
  check(cudaGetLastError(), what);
}

}  // namespace burnish::cuda
