// SPDX-License-Identifier: Apache-2.0
#include "burnish/runtime.hpp"

#include "burnish/version.hpp"
#include "core/build_config.hpp"
#include "core/cuda_backend.hpp"

namespace burnish {

BuildInfo build_info() { return {BURNISH_VERSION, BURNISH_COMPILER}; }

CudaInfo cuda_info() { return cuda_backend_info(); }

}  // namespace burnish
