// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "augment/batch.hpp"
#include "augment/check_pipeline.hpp"
#include "augment/program.hpp"
#include "augment/run_samples.hpp"
#include "core/cuda_backend.hpp"
#include "core/parallel.hpp"

namespace burnish::augment {
namespace {

constexpr std::int64_t streamed_bytes = std::int64_t{8} << 20;

void run_on_gpu(const PipelineArgs& args) {
  const Batch batch = batch_of(args);
  run_batch_cuda(batch, args.workspace(batch.workspace_bytes), device_of(args.images).index, args.stream);
}

}  // namespace

void run(const PipelineArgs& args) {
  if (device_of(args.images).type == DeviceType::cuda) require_cuda();
  check_pipeline(args);
  const std::int64_t n = count_of(args.images);
  if (n == 0) return;
  if (device_of(args.images).type == DeviceType::cuda) return run_on_gpu(args);
  std::int64_t bytes = 0;
  for (const TensorView& out : args.out.arrays) bytes += out.size() * static_cast<std::int64_t>(item_size(out.dtype));
  // About 5 ns a value.
  const std::int64_t values = std::max<std::int64_t>(1, bytes / n / 4);
  const std::int64_t grain = std::clamp<std::int64_t>(60000 / values, 1, 64);
  parallel_for(n, grain,
               [&](std::int64_t first, std::int64_t last) { run_samples(args, bytes >= streamed_bytes, first, last); });
}

std::vector<Stage> explain(const PipelineArgs& args, std::int64_t sample) {
  check_to_explain(args, sample);
  Program program;
  compile(args, sample, image_of(args.images, sample), program);
  return stages_of(program, image_of(args.out, sample));
}

}  // namespace burnish::augment
