// SPDX-License-Identifier: Apache-2.0
// Runs the launches of a batch. Programs go to the GPU as arguments of kernels: these are copied when a kernel is
// started, so that nothing has to outlive the call, nothing waits, and a CUDA graph keeps them.
#include <algorithm>
#include <cstring>

#include "augment/items_cuda.cuh"
#include "augment/launches_cuda.hpp"
#include "augment/tables_math.hpp"
#include "augment/target_cuda.cuh"

namespace burnish::augment {
namespace {

// Arguments of a kernel are at most 4 KiB in all, or 32 KiB since CUDA 12.1 (on compute capability 7.0 and later).
#if defined(CUDART_VERSION) && CUDART_VERSION >= 12010
constexpr std::int64_t chunk_words = 4000;
#else
constexpr std::int64_t chunk_words = 500;
#endif

struct Chunk {
  std::uint64_t word[chunk_words];
};

constexpr int upload_threads = 128;

__global__ void __launch_bounds__(upload_threads)
    upload_kernel(const __grid_constant__ Chunk chunk, std::uint64_t* to, int count) {
  const int w = static_cast<int>(blockIdx.x) * upload_threads + static_cast<int>(threadIdx.x);
  if (w < count) to[w] = chunk.word[w];
}

void upload(const std::vector<char>& bytes, char* memory, void* stream) {
  const auto words = static_cast<std::int64_t>(bytes.size() / sizeof(std::uint64_t));
  Chunk chunk{};
  for (std::int64_t first = 0; first < words; first += chunk_words) {
    const std::int64_t count = std::min(chunk_words, words - first);
    std::memcpy(chunk.word, bytes.data() + first * 8, static_cast<std::size_t>(count) * 8);
    cuda::launch("burnish.augment: the programs of a batch", upload_kernel,
                 {cuda::grid_of(count, upload_threads), dim3(upload_threads), 0, stream}, chunk,
                 reinterpret_cast<std::uint64_t*>(memory) + first, static_cast<int>(count));
  }
}

constexpr int table_threads = 64;

// A block for each channel: the serial part of it is short, and reads shared memory.
__global__ void __launch_bounds__(table_threads) tables_kernel(char* memory, Items items) {
  constexpr int words = sizeof(Histogram) / sizeof(std::uint64_t);
  __shared__ std::uint64_t counts[words];
  __shared__ float table[table_size];
  const Work work = work_of_block(memory, items);
  const auto& job = *reinterpret_cast<const DeviceTables*>(memory + work.at);
  const DeviceHistogram& from = reinterpret_cast<const DeviceHistogram*>(memory + job.histograms)[work.block];
  auto& histogram = *reinterpret_cast<Histogram*>(counts);
  const int thread = static_cast<int>(threadIdx.x);
  for (int i = thread; i < table_size; i += table_threads) {
    histogram.count[i] = static_cast<std::int64_t>(from.count[i]);
    table[i] = 0;
  }
  __syncthreads();
  if (thread == 0) {
    histogram.low = -value_of(from.low);
    histogram.high = value_of(from.high);
    find_table(job.op, job.method, job.whole, job.params, histogram, table);
  }
  __syncthreads();
  float* to = reinterpret_cast<float*>(memory + job.tables) + work.block * table_size;
  for (int i = thread; i < table_size; i += table_threads) to[i] = table[i];
}

}  // namespace

void launch_tables(char* memory, const Items& items, void* stream) {
  cuda::launch("burnish.augment: tables on the GPU", tables_kernel,
               {cuda::grid_of(items.blocks, 1), dim3(table_threads), 0, stream}, memory, items);
}

void run_batch_cuda(const Batch& batch, void* workspace, int device, void* stream) {
  const cuda::DeviceGuard guard(device);
  auto* memory = static_cast<char*>(workspace);
  upload(batch.bytes, memory, stream);
  if (batch.zeroed_bytes > 0) {
    cuda::check(cudaMemsetAsync(memory + batch.zeroed_at, 0, static_cast<std::size_t>(batch.zeroed_bytes),
                                static_cast<cudaStream_t>(stream)),
                "burnish.augment: clearing memory on the GPU");
  }
  for (const Launch& launch : batch.launches) {
    switch (launch.kind) {
      case LaunchKind::tables:
        launch_tables(memory, launch.items, stream);
        break;
      case LaunchKind::boxes:
        launch_boxes(memory, launch.items, stream);
        break;
      case LaunchKind::resampling:
        launch_resampling(memory, launch.items, stream);
        break;
      default:
        launch_pass(memory, launch.items, batch.channels, stream);
    }
  }
}

}  // namespace burnish::augment
