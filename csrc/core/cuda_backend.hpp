// SPDX-License-Identifier: Apache-2.0
// What the CUDA half of the core provides besides cuda_info. no_cuda.cpp stands in where it is not linked.
#pragma once

namespace burnish {

// Throws DeviceError in a build without CUDA.
void require_cuda();

}  // namespace burnish
