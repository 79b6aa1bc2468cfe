// SPDX-License-Identifier: Apache-2.0
// Checks that the emulator itself does what CUDA's manual says: indices, shuffles with a width,
// votes, atomics, shared memory, launch limits. Prints what is wrong; exit status 1 then.
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "cuda_on_cpu.hpp"

namespace {

using cuda_on_cpu::launch;

constexpr unsigned kAllLanes = 0xffffffffu;
int failures = 0;

void expect(bool ok, const std::string& what) {
  if (ok) return;
  std::printf("wrong: %s\n", what.c_str());
  ++failures;
}

template <class Run>
void expect_error(const std::string& words, Run run) {
  try {
    run();
  } catch (const cuda_on_cpu::Error& error) {
    expect(std::string(error.what()).find(words) != std::string::npos,
           "expected '" + words + "', got '" + error.what() + "'");
    return;
  }
  expect(false, "no error '" + words + "'");
}

__device__ int linear_thread() {
  return static_cast<int>((threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x);
}

// out (blocks, threads): each element written by its own thread
__global__ void write_indices(int* out) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
  const int i = static_cast<int>(block * threads) + linear_thread();
  out[i] = i;
}

void check_indices() {
  const dim3 grid(3, 2, 2);
  const dim3 block(5, 3, 2);
  std::vector<int> out(3 * 2 * 2 * 5 * 3 * 2, -1);
  launch(write_indices, grid, block, 0, out.data());
  std::vector<int> want(out.size());
  std::iota(want.begin(), want.end(), 0);
  expect(out == want, "indices of a 3-D grid of 3-D blocks");
}

enum Shuffle { kIndexed, kUp, kDown, kXor };

template <class T>
__global__ void shuffle_lanes(Shuffle kind, int argument, int width, T* out) {
  const T own = static_cast<T>(threadIdx.x);
  T got{};
  if (kind == kIndexed) got = __shfl_sync(kAllLanes, own, argument, width);
  if (kind == kUp) got = __shfl_up_sync(kAllLanes, own, static_cast<unsigned>(argument), width);
  if (kind == kDown) got = __shfl_down_sync(kAllLanes, own, static_cast<unsigned>(argument), width);
  if (kind == kXor) got = __shfl_xor_sync(kAllLanes, own, argument, width);
  out[threadIdx.x] = got;
}

// The definitions in the CUDA programming guide, for lane i.
int source_lane(Shuffle kind, int i, int argument, int width) {
  const int first = i / width * width;
  if (kind == kIndexed) return first + argument % width;
  if (kind == kUp) return i - argument < first ? i : i - argument;
  if (kind == kDown) return i + argument >= first + width ? i : i + argument;
  return (i ^ argument) >= first + width ? i : i ^ argument;
}

template <class T>
void check_shuffles() {
  for (Shuffle kind : {kIndexed, kUp, kDown, kXor}) {
    for (int width : {1, 2, 8, 32}) {
      for (int argument : {0, 1, 3, 16, 31}) {
        std::vector<T> out(64);
        launch(shuffle_lanes<T>, 1, 64, 0, kind, argument, width, out.data());
        for (int i = 0; i < 64; ++i) {
          const int want = i / 32 * 32 + source_lane(kind, i % 32, argument, width);
          expect(out[static_cast<std::size_t>(i)] == static_cast<T>(want),
                 "shuffle " + std::to_string(kind) + " by " + std::to_string(argument) + " width " +
                     std::to_string(width) + " lane " + std::to_string(i));
        }
      }
    }
  }
}

// out (8): 48 threads, so that the second warp is half empty
__global__ void vote(unsigned* out) {
  const unsigned t = threadIdx.x;
  const unsigned odd = __ballot_sync(kAllLanes, t % 2);
  const int any = __any_sync(kAllLanes, t == 40);
  const int all = __all_sync(kAllLanes, t < 40);
  const int count = __syncthreads_count(t % 3 == 0);
  const int some = __syncthreads_or(t == 47);
  const int every = __syncthreads_and(t < 47);
  if (t == 32) {
    out[0] = odd;
    out[1] = static_cast<unsigned>(any);
    out[2] = static_cast<unsigned>(all);
    out[3] = static_cast<unsigned>(count);
    out[4] = static_cast<unsigned>(some);
    out[5] = static_cast<unsigned>(every);
    out[6] = __activemask();
  }
  if (t == 0) out[7] = __activemask();
}

void check_votes() {
  std::vector<unsigned> out(8, 99);
  launch(vote, 1, 48, 0, out.data());
  const std::vector<unsigned> want = {0xaaaau, 1, 0, 16, 1, 0};
  expect(std::vector<unsigned>(out.begin(), out.begin() + 6) == want, "votes");
  expect((out[6] & 1u) == 1u && (out[6] >> 16) == 0 && (out[7] & 1u) == 1u, "__activemask");
}

// out (64): half-warps meet on their own in between; ThreadSanitizer must not see a race
__global__ void meet_in_parts(int* out) {
  __shared__ int slots[64];
  const unsigned t = threadIdx.x;
  const unsigned lane = t % 32;
  if (lane == 0 && t != 0) return;  // named by the masks below, but gone
  slots[t] = static_cast<int>(t);
  int sum = 0;
  if (lane < 16) {
    const unsigned low = 0x0000ffffu;
    if (lane >= 2) sum = __shfl_xor_sync(0x0000fffcu, slots[t], 1);
    __syncwarp(low);
    sum += slots[t == 33 ? 33 : t ^ 1];
    __syncwarp(low);
    slots[t] = sum;
  } else {
    __syncwarp(0xffff0000u);
  }
  __syncwarp();
  out[t] = slots[t == 48 ? 48 : t ^ 16];
}

void check_meetings_in_parts() {
  std::vector<int> out(64, -1);
  launch(meet_in_parts, 2, 64, 0, out.data());
  for (int t = 0; t < 64; ++t) {
    const int from = t == 48 ? 48 : t ^ 16;
    int want = from;
    if (from % 32 < 2) want = from == 33 ? 33 : from ^ 1;
    if (from % 32 >= 2 && from % 32 < 16) want = 2 * (from ^ 1);
    if (t == 32) want = -1;
    expect(out[static_cast<std::size_t>(t)] == want, "meeting in parts, " + std::to_string(t));
  }
}

struct Totals {
  int sum = 0, low = 100, high = -100, bits = 0, last = -1, cas = 0;
  unsigned long long wide = 0;
  float floats = 0;
  double doubles = 0;
};

__global__ void accumulate(Totals* totals) {
  const int t = static_cast<int>(threadIdx.x);
  atomicAdd(&totals->sum, t);
  atomicAdd(&totals->wide, 1ull << 33);
  atomicAdd(&totals->floats, 0.5f);
  atomicAdd(&totals->doubles, 0.25);
  atomicMin(&totals->low, t - 7);
  atomicMax(&totals->high, t);
  atomicOr(&totals->bits, 1 << (t % 8));
  atomicExch(&totals->last, t);
  int seen = 0;  // the loop that every hand-made atomic is built on
  for (int old; (old = atomicCAS(&totals->cas, seen, seen + 2)) != seen;) seen = old;
}

void check_atomics() {
  Totals totals;
  launch(accumulate, 2, 64, 0, &totals);
  expect(totals.sum == 2 * 2016 && totals.wide == 128ull << 33, "integer atomicAdd");
  expect(totals.floats == 64.0f && totals.doubles == 32.0, "floating atomicAdd");
  expect(totals.low == -7 && totals.high == 63, "atomicMin, atomicMax");
  expect(totals.bits == 255 && totals.last >= 0 && totals.cas == 256, "atomicOr, Exch, CAS");
}

// out (blocks): how many of the 64 shared words a block finds poisoned before it writes them
template <class T, int kColumns>
__global__ void count_poison(int* out) {
  __shared__ T tile[8][kColumns];
  __shared__ int flag;
  BURNISH_DYNAMIC_SHARED(int, extra);
  const unsigned t = threadIdx.x;
  const T value = tile[t / kColumns][t % kColumns];
  const bool poisoned = (value != value || value == static_cast<T>(-1)) && flag == -1 && extra[t] == -1;
  const int count = __syncthreads_count(poisoned);
  tile[t / kColumns][t % kColumns] = T(1);
  extra[t] = 1;
  if (t == 0) flag = 1;
  if (t == 0) out[blockIdx.x] = count;
}

void check_poison() {
  std::vector<int> out(3, 0);
  launch(count_poison<float, 8>, 3, 64, 64 * sizeof(int), out.data());
  expect(out == std::vector<int>{64, 64, 64}, "poison in float tiles");
  launch(count_poison<int, 8>, 3, 64, 64 * sizeof(int), out.data());
  expect(out == std::vector<int>{64, 64, 64}, "poison in int tiles");
}

__global__ void nothing() {}

template <int kBytes>
__global__ void fill_static() {
  __shared__ unsigned char bytes[kBytes];
  for (unsigned i = threadIdx.x; i < kBytes; i += blockDim.x) bytes[i] = 1;
}

void check_limits() {
  expect_error("the grid (0, 1, 1) is empty", [] { launch(nothing, 0, 32, 0); });
  expect_error("the block (32, 0, 1) is empty", [] { launch(nothing, 1, dim3(32, 0), 0); });
  expect_error("grid.y is 65536, the limit is 65535", [] { launch(nothing, dim3(1, 65536), 1, 0); });
  expect_error("grid.z is 70000", [] { launch(nothing, dim3(1, 1, 70000), 1, 0); });
  expect_error("grid.x is 2147483648", [] { launch(nothing, dim3(2147483648u), 1, 0); });
  expect_error("block.z is 65, the limit is 64", [] { launch(nothing, 1, dim3(1, 1, 65), 0); });
  expect_error("threads in a block is 1056, the limit is 1024", [] { launch(nothing, 1, dim3(33, 32), 0); });
  expect_error("dynamic shared memory is 49153 bytes, the limit for this kernel is 49152",
               [] { launch(nothing, 1, 1, 49153); });
  expect_error("shared memory is 49153 bytes (32768 static, 16385 dynamic)",
               [] { launch(fill_static<32768>, 1, 32, 16385); });
  expect_error("static shared memory is 49153 bytes", [] { launch(fill_static<49153>, 1, 32, 0); });
  launch(nothing, 1, 1024, 49152);
  launch(fill_static<32768>, 1, 32, 16384);
}

void check_opt_in() {
  const auto attribute = cudaFuncAttributeMaxDynamicSharedMemorySize;
  expect(cudaFuncSetAttribute(nothing, attribute, 227 * 1024 + 1) == cudaErrorInvalidValue &&
             cudaGetLastError() == cudaErrorInvalidValue && cudaGetLastError() == cudaSuccess,
         "too large an opt-in is refused");
  expect(cudaFuncSetAttribute(nothing, attribute, 100000) == cudaSuccess, "opt-in");
  launch(nothing, 1, 1, 100000);
  expect_error("dynamic shared memory is 100001 bytes", [] { launch(nothing, 1, 1, 100001); });
}

__global__ void shuffle_with(int width) { static_cast<void>(__shfl_sync(kAllLanes, 1, 0, width)); }
__global__ void sync_others() { __syncwarp(0xfffffffeu); }
__global__ void sync_at_two_places(bool apart) {
  if (apart && threadIdx.x < 16) {
    __syncwarp();
  } else {
    __syncwarp();
  }
}
__global__ void read_missing_lane() { static_cast<void>(__shfl_sync(kAllLanes, 1, 20)); }

// After each of these the emulator must work again.
void check_errors_inside_kernels() {
  expect_error("the width is 12", [] { launch(shuffle_with, 1, 32, 0, 12); });
  expect_error("lane 0 of warp 0 is not in its own mask", [] { launch(sync_others, 1, 32, 0); });
  expect_error("lanes of one warp operation disagree", [] { launch(sync_at_two_places, 1, 32, 0, true); });
  expect_error("which is in the mask but has exited or never was", [] { launch(read_missing_lane, 1, 16, 0); });
  launch(sync_at_two_places, 2, 64, 0, false);
  launch(read_missing_lane, 1, 32, 0);
}

void check_numbers() {
  expect(__popc(0xf0u) == 4 && __clz(1) == 31 && __clz(0) == 32 && __ffs(0) == 0 && __ffs(8) == 4 &&
             __brev(1u) == 0x80000000u,
         "bit counting");
  expect(__umulhi(0xffffffffu, 2u) == 1u && __umul64hi(~0ull, 2ull) == 1ull && __mulhi(-1, 1) == -1, "high products");
  expect(__float_as_int(1.0f) == 0x3f800000 && __uint_as_float(0x3f800000u) == 1.0f &&
             __longlong_as_double(__double_as_longlong(2.5)) == 2.5,
         "bit casts");
  expect(__float2int_rn(2.5f) == 2 && __float2int_rn(NAN) == 0 && __float2int_rn(1e30f) == 2147483647 &&
             __float2int_rz(-2.9f) == -2 && __float2uint_rn(-3.0f) == 0u,
         "conversions");
  expect(__fmaf_rn(1.0f + 0x1p-12f, 1.0f + 0x1p-12f, -1.0f) == 0x1p-11f + 0x1p-24f, "__fmaf_rn");
}

}  // namespace

int main() {
  using cuda_on_cpu::Order;
  cuda_on_cpu::set_error_handler(cuda_on_cpu::throw_on_error);
  for (Order order : {Order::kForward, Order::kReverse, Order::kRandom}) {
    cuda_on_cpu::set_order(order, 3);
    check_indices();
    check_shuffles<float>();
    check_shuffles<long long>();
    check_votes();
    check_meetings_in_parts();
    check_atomics();
    check_poison();
    check_errors_inside_kernels();
  }
  check_limits();
  check_opt_in();
  check_numbers();
  if (failures == 0) std::puts("all right");
  return failures == 0 ? 0 : 1;
}
