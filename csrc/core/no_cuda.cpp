// SPDX-License-Identifier: Apache-2.0
// Stands in for every CUDA entry point in a build without CUDA. One object file on its own, so that linking the CUDA
// library first leaves it out.
#include "burnish/error.hpp"
#include "burnish/runtime.hpp"
#include "core/cuda_backend.hpp"
#include "hardness/scores.hpp"

namespace burnish {

void require_cuda() {
  throw DeviceError(
      "burnish was built without CUDA and cannot work on GPU arrays; move them to the CPU, or install with a CUDA "
      "compiler at hand and BURNISH_CUDA=ON");
}

CudaInfo cuda_info() { return {}; }

namespace hardness {
void score_rows_cuda(const ScoreJob&, int, void*) { require_cuda(); }
}  // namespace hardness

}  // namespace burnish
