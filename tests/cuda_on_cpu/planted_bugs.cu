// SPDX-License-Identifier: Apache-2.0
// Each kernel is compiled twice, by its template parameter: correct, and with the bug that its
// name says. Also compiles with nvcc; the correct kernels run there too, the others are undefined.
#include <cstdlib>
#include <vector>

#include "planted_bugs.hpp"

#ifdef BURNISH_CUDA_ON_CPU
#include "cuda_on_cpu.hpp"
using cuda_on_cpu::launch;
#else
#include <cuda_runtime.h>
#define BURNISH_DYNAMIC_SHARED(T, name)                    \
  extern __shared__ __align__(16) unsigned char name##_[]; \
  T* name = reinterpret_cast<T*>(name##_)
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared_bytes, A&&... args) {
  // clang-format off: it splits the closing brackets
  kernel<<<grid, block, shared_bytes>>>(args...);
  // clang-format on
}
#endif

namespace {

constexpr int kThreads = 64;
constexpr unsigned kAllLanes = 0xffffffffu;

__device__ __forceinline__ int thread() { return static_cast<int>(threadIdx.x); }
__device__ __forceinline__ int lane() { return thread() % 32; }

// ---- barriers ----------------------------------------------------------------------------------

// out (64): what the mirror thread, which is in the other warp, has put down
template <bool kBug>
__global__ void missing_barrier(float* out) {
  __shared__ float slots[kThreads];
  slots[thread()] = static_cast<float>(thread());
  if constexpr (!kBug) __syncthreads();
  out[thread()] = slots[kThreads - 1 - thread()];
}

// out (1): 0 + 1 + ... + 63, added in a tree
template <bool kBug>
__global__ void missing_tree_barrier(float* out) {
  __shared__ float sums[kThreads];
  const int t = thread();
  sums[t] = static_cast<float>(t);
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (t < half) sums[t] += sums[t + half];
    if constexpr (!kBug) __syncthreads();
  }
  if (t == 0) *out = sums[0];
}

// out (64): a barrier in a branch that one warp takes, while the other has nothing left to do
template <bool kBug>
__global__ void half_exits_before_barrier(float* out) {
  out[thread()] = 1.0f;
  if (kBug && thread() >= kThreads / 2) return;
  __syncthreads();
}

// out (64): both branches have a barrier, but not the same one
template <bool kBug>
__global__ void two_different_barriers(float* out) {
  if (kBug && thread() < kThreads / 2) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  out[thread()] = 1.0f;
}

// out (64): half of a warp waits for a shuffle, the rest of the block at a barrier
template <bool kBug>
__global__ void deadlock(float* out) {
  float value = 1.0f;
  if (!kBug || thread() < 16) value = __shfl_sync(kAllLanes, value, 0);
  __syncthreads();
  out[thread()] = value;
}

// ---- memory ------------------------------------------------------------------------------------

// out (100), two blocks of 64 threads
template <bool kBug>
__global__ void write_past_end(float* out, int n) {
  const int i = static_cast<int>(blockIdx.x) * kThreads + thread();
  if (kBug ? i <= n : i < n) out[i] = 1.0f;
}

// in (64) -> out (64): the difference to the left neighbor
template <bool kBug>
__global__ void read_before_start(const float* in, float* out) {
  const int t = thread();
  const float left = kBug || t > 0 ? in[t - 1] : 0.0f;
  out[t] = in[t] - left;
}

__device__ __forceinline__ void put_beyond(float* tile, int shift) { tile[thread() + shift] = 1.0f; }

// out (64): through a pointer, where only the red zone behind the array can tell
template <bool kBug>
__global__ void static_shared_overflow(float* out) {
  __shared__ float tile[kThreads];
  tile[thread()] = 1.0f;
  __syncthreads();
  put_beyond(tile, kBug ? 1 : 0);
  __syncthreads();
  out[thread()] = tile[thread()];
}

// out (64)
template <bool kBug>
__global__ void dynamic_shared_overflow(float* out) {
  BURNISH_DYNAMIC_SHARED(float, tile);
  tile[thread()] = 1.0f;
  __syncthreads();
  put_beyond(tile, kBug ? 1 : 0);
  __syncthreads();
  out[thread()] = tile[thread()];
}

// out (64): an accumulator in shared memory that nobody has set to zero
template <bool kBug>
__global__ void uninitialized_shared(float* out) {
  __shared__ float totals[2][kThreads];
  if constexpr (!kBug) totals[1][thread()] = 0.0f;
  totals[1][thread()] += 1.0f;
  out[thread()] = totals[1][thread()];
}

// in (65) -> out (64): a vector load from an address that is no multiple of its size
template <bool kBug>
__global__ void misaligned_vector_load(const float* in, float* out) {
  const float* row = in + 2 * (thread() / 2) + (kBug ? 1 : 0);
  const float2 pair = *reinterpret_cast<const float2*>(row);
  out[thread()] = thread() % 2 == 0 ? pair.x : pair.y;
}

// ---- warps -------------------------------------------------------------------------------------

// out (64): the lower half of each warp adds in pairs 8 lanes apart
template <bool kBug>
__global__ void shuffle_outside_mask(float* out) {
  float sum = 1.0f;
  // Without the width lanes 8 to 15 read lanes 16 to 23, which are not in the mask.
  if (lane() < 16) sum += __shfl_down_sync(0x0000ffffu, sum, 8, kBug ? 32 : 16);
  out[thread()] = lane() < 8 ? sum : 2.0f;
}

// out (64)
template <bool kBug>
__global__ void masks_disagree(float* out) {
  const unsigned mask = kBug && lane() == 5 ? 0x000000ffu : kAllLanes;
  out[thread()] = __any_sync(mask, lane() == 3) ? 1.0f : 0.0f;
}

// out (64): neighbors in a warp swap values through shared memory
template <bool kBug>
__global__ void missing_syncwarp(float* out) {
  __shared__ float slots[kThreads];
  slots[thread()] = static_cast<float>(thread());
  if constexpr (!kBug) __syncwarp();
  out[thread()] = slots[thread() ^ 1];
}

// out (64): as above; a shuffle makes the lanes meet but does not make their writes visible
template <bool kBug>
__global__ void shuffle_as_fence(float* out) {
  __shared__ float slots[kThreads];
  slots[thread()] = static_cast<float>(thread());
  if constexpr (kBug) {
    static_cast<void>(__shfl_sync(kAllLanes, thread(), 0));
  } else {
    __syncwarp();
  }
  out[thread()] = slots[thread() ^ 1];
}

// ---- order -------------------------------------------------------------------------------------

// out (1): the number of threads
template <bool kBug>
__global__ void counter_without_atomic(int* out) {
  if constexpr (kBug) {
    *out += 1;
  } else {
    atomicAdd(out, 1);
  }
}

// out (4): block b adds one to what block b - 1 has left, which may not have run yet
template <bool kBug>
__global__ void block_needs_earlier_block(float* out) {
  if (thread() != 0) return;
  const int b = static_cast<int>(blockIdx.x);
  out[b] = kBug && b > 0 ? out[b - 1] + 1.0f : static_cast<float>(b);
}

// ---- how each one is run and checked ----------------------------------------------------------

template <class T>
class DeviceArray {
 public:
  DeviceArray(int n, T value) : host_(static_cast<std::size_t>(n), value) {
    if (cudaMalloc(&data_, bytes()) != cudaSuccess) std::abort();
    static_cast<void>(cudaMemcpy(data_, host_.data(), bytes(), cudaMemcpyHostToDevice));
  }
  ~DeviceArray() { static_cast<void>(cudaFree(data_)); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() { return data_; }

  // True when element i is want(i) for all i. A NaN is never right.
  template <class Want>
  bool holds(Want want) {
    static_cast<void>(cudaMemcpy(host_.data(), data_, bytes(), cudaMemcpyDeviceToHost));
    for (std::size_t i = 0; i < host_.size(); ++i) {
      if (!(host_[i] == want(static_cast<int>(i)))) return false;
    }
    return true;
  }

 private:
  std::size_t bytes() const { return host_.size() * sizeof(T); }

  std::vector<T> host_;
  T* data_ = nullptr;
};

using Kernel = void (*)(float*);

template <class Want>
bool run(Kernel kernel, int n, std::size_t shared_bytes, Want want) {
  DeviceArray<float> out(n, 0.0f);
  launch(kernel, 1, kThreads, shared_bytes, out.data());
  return out.holds(want);
}

bool run_for_ones(Kernel kernel, std::size_t shared_bytes = 0) {
  return run(kernel, kThreads, shared_bytes, [](int) { return 1.0f; });
}

bool run_for_neighbors(Kernel kernel) {
  return run(kernel, kThreads, 0, [](int i) { return static_cast<float>(i ^ 1); });
}

bool run_mirror(bool bug) {
  return run(bug ? missing_barrier<true> : missing_barrier<false>, kThreads, 0,
             [](int i) { return static_cast<float>(kThreads - 1 - i); });
}

bool run_tree(bool bug) {
  return run(bug ? missing_tree_barrier<true> : missing_tree_barrier<false>, 1, 0, [](int) { return 2016.0f; });
}

bool run_half_exits(bool bug) {
  return run_for_ones(bug ? half_exits_before_barrier<true> : half_exits_before_barrier<false>);
}

bool run_two_barriers(bool bug) {
  return run_for_ones(bug ? two_different_barriers<true> : two_different_barriers<false>);
}

bool run_deadlock(bool bug) { return run_for_ones(bug ? deadlock<true> : deadlock<false>); }

bool run_write_past_end(bool bug) {
  const int n = 100;
  DeviceArray<float> out(n, 0.0f);
  launch(bug ? write_past_end<true> : write_past_end<false>, 2, kThreads, 0, out.data(), n);
  return out.holds([](int) { return 1.0f; });
}

bool run_read_before_start(bool bug) {
  DeviceArray<float> in(kThreads, 1.0f);
  DeviceArray<float> out(kThreads, 0.0f);
  launch(bug ? read_before_start<true> : read_before_start<false>, 1, kThreads, 0, in.data(), out.data());
  return out.holds([](int i) { return i == 0 ? 1.0f : 0.0f; });
}

bool run_static_shared_overflow(bool bug) {
  return run_for_ones(bug ? static_shared_overflow<true> : static_shared_overflow<false>);
}

bool run_dynamic_shared_overflow(bool bug) {
  return run_for_ones(bug ? dynamic_shared_overflow<true> : dynamic_shared_overflow<false>, kThreads * sizeof(float));
}

bool run_uninitialized_shared(bool bug) {
  return run_for_ones(bug ? uninitialized_shared<true> : uninitialized_shared<false>);
}

bool run_misaligned_vector_load(bool bug) {
  DeviceArray<float> in(kThreads + 1, 1.0f);
  DeviceArray<float> out(kThreads, 0.0f);
  launch(bug ? misaligned_vector_load<true> : misaligned_vector_load<false>, 1, kThreads, 0, in.data(), out.data());
  return out.holds([](int) { return 1.0f; });
}

bool run_shuffle_outside_mask(bool bug) {
  return run(bug ? shuffle_outside_mask<true> : shuffle_outside_mask<false>, kThreads, 0, [](int) { return 2.0f; });
}

bool run_masks_disagree(bool bug) { return run_for_ones(bug ? masks_disagree<true> : masks_disagree<false>); }

bool run_missing_syncwarp(bool bug) {
  return run_for_neighbors(bug ? missing_syncwarp<true> : missing_syncwarp<false>);
}

bool run_shuffle_as_fence(bool bug) {
  return run_for_neighbors(bug ? shuffle_as_fence<true> : shuffle_as_fence<false>);
}

bool run_counter(bool bug) {
  DeviceArray<int> out(1, 0);
  launch(bug ? counter_without_atomic<true> : counter_without_atomic<false>, 1, kThreads, 0, out.data());
  return out.holds([](int) { return kThreads; });
}

bool run_blocks(bool bug) {
  DeviceArray<float> out(4, 0.0f);
  launch(bug ? block_needs_earlier_block<true> : block_needs_earlier_block<false>, 4, kThreads, 0, out.data());
  return out.holds([](int i) { return static_cast<float>(i); });
}

}  // namespace

const PlantedBug kPlantedBugs[] = {
    {"missing_barrier", run_mirror},
    {"missing_tree_barrier", run_tree},
    {"half_exits_before_barrier", run_half_exits},
    {"two_different_barriers", run_two_barriers},
    {"deadlock", run_deadlock},
    {"write_past_end", run_write_past_end},
    {"read_before_start", run_read_before_start},
    {"static_shared_overflow", run_static_shared_overflow},
    {"dynamic_shared_overflow", run_dynamic_shared_overflow},
    {"uninitialized_shared", run_uninitialized_shared},
    {"misaligned_vector_load", run_misaligned_vector_load},
    {"shuffle_outside_mask", run_shuffle_outside_mask},
    {"masks_disagree", run_masks_disagree},
    {"missing_syncwarp", run_missing_syncwarp},
    {"shuffle_as_fence", run_shuffle_as_fence},
    {"counter_without_atomic", run_counter},
    {"block_needs_earlier_block", run_blocks},
};
const std::size_t kPlantedBugCount = sizeof kPlantedBugs / sizeof kPlantedBugs[0];
