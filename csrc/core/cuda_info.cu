// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime.h>

#include "burnish/runtime.hpp"
#include "core/build_config.hpp"
#include "core/cuda_backend.hpp"

namespace burnish {

void require_cuda() {}

CudaInfo cuda_info() {
  CudaInfo info;
  info.built = true;
  info.architectures = BURNISH_CUDA_ARCHITECTURES;
  info.toolkit = BURNISH_CUDA_TOOLKIT;
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess) {
    info.problem = cudaGetErrorString(error);
    cudaGetLastError();  // asking is no failure: leave no error behind for the caller's own checks
    return info;
  }
  for (int device = 0; device < count; ++device) {
    cudaDeviceProp properties;
    if (cudaGetDeviceProperties(&properties, device) == cudaSuccess) info.devices.emplace_back(properties.name);
  }
  return info;
}

}  // namespace burnish
