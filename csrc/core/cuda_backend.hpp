// SPDX-License-Identifier: Apache-2.0
// What the CUDA half of the core provides. no_cuda.cpp stands in where it is not linked.
#pragma once

#include "burnish/runtime.hpp"

namespace burnish {

CudaInfo cuda_backend_info();

// Throws DeviceError in a build without CUDA.
void require_cuda();

}  // namespace burnish
