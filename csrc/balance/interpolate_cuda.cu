// SPDX-License-Identifier: Apache-2.0
// rows (n, d), other (m, d) -> out (count, d): neighboring threads take neighboring columns of a result, so that reads
// of both rows and the write coalesce; a thread takes several results of one column, to keep many reads under way.
#include "balance/interpolate.hpp"
#include "balance/interpolate_math.hpp"
#include "core/cuda.hpp"
#include "core/visit.hpp"

namespace burnish::balance {
namespace {

constexpr int block_threads = 256;
constexpr int values_per_thread = 4;

template <bool scaled, class T>
__global__ void interpolate_kernel(InterpolateJob job) {
  const std::int64_t total = job.count * job.columns;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * block_threads * values_per_thread + threadIdx.x;
#pragma unroll
  for (int v = 0; v < values_per_thread; ++v) {
    const std::int64_t at = first + v * block_threads;
    if (at >= total) return;
    const std::int64_t i = at / job.columns;
    const std::int64_t c = at - i * job.columns;
    const std::int64_t base = index_at(job.base, i);
    const std::int64_t neighbor = index_at(job.neighbor, i);
    if (base < 0 || base >= job.row_count || neighbor < 0 || neighbor >= job.other_count) continue;
    const T a = static_cast<const T*>(job.rows)[base * job.row_stride + c];
    const T b = static_cast<const T*>(job.other)[neighbor * job.other_stride + c];
    static_cast<T*>(job.out)[i * job.out_stride + c] = between<scaled>(a, b, job.step[i], scaled ? job.scale[i] : 1.0);
  }
}

template <class T>
void start(const InterpolateJob& job, void* stream) {
  const std::int64_t total = job.count * job.columns;
  if (total == 0) return;
  const cuda::LaunchShape shape{cuda::grid_of(total, block_threads * values_per_thread), dim3(block_threads), 0,
                                stream};
  cuda::launch("interpolate", job.scale ? interpolate_kernel<true, T> : interpolate_kernel<false, T>, shape, job);
}

}  // namespace

void interpolate_rows_cuda(const InterpolateJob& job, int device, void* stream) {
  const cuda::DeviceGuard guard(device);
  visit_number(job.dtype, [&]<class T>() { start<T>(job, stream); });
}

}  // namespace burnish::balance
