// SPDX-License-Identifier: Apache-2.0
// Stands in for every CUDA entry point in a build without CUDA. One object file on its own, so that linking the CUDA
// library first leaves it out.
#include "augment/batch.hpp"
#include "augment/mix.hpp"
#include "balance/interpolate.hpp"
#include "burnish/error.hpp"
#include "burnish/runtime.hpp"
#include "core/cuda_backend.hpp"
#include "hardness/scores.hpp"
#include "losses/focal.hpp"
#include "neighbors/nearest_cuda.hpp"

namespace burnish {

void require_cuda() {
  throw DeviceError(
      "burnish was built without CUDA and cannot work on GPU arrays; move them to the CPU, or install with a CUDA "
      "compiler at hand and BURNISH_CUDA=ON");
}

CudaInfo cuda_info() { return {}; }

namespace augment {
void run_batch_cuda(const Batch&, void*, int, void*) { require_cuda(); }
void mix_cuda(const MixBatch&, int, void*) { require_cuda(); }
}  // namespace augment

namespace balance {
void interpolate_rows_cuda(const InterpolateJob&, int, void*) { require_cuda(); }
}  // namespace balance

namespace hardness {
void score_rows_cuda(const ScoreJob&, int, void*) { require_cuda(); }
}  // namespace hardness

namespace losses {
void softmax_cuda(const SoftmaxJob&, int, void*) { require_cuda(); }
void sigmoid_cuda(const SigmoidJob&, int, void*) { require_cuda(); }
void scale_cuda(const ScaleJob&, int, void*) { require_cuda(); }
}  // namespace losses

namespace neighbors {
std::int64_t workspace_cuda(std::int64_t, std::int64_t, std::int64_t, bool, Metric) { return 0; }
void nearest_cuda(const NearestArgs&) { require_cuda(); }
}  // namespace neighbors

}  // namespace burnish
