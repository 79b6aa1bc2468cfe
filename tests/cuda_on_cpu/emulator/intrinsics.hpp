// SPDX-License-Identifier: Apache-2.0
// The built-in variables and functions of CUDA that kernels use. Approximate ones (__expf,
// __fdividef) are left out on purpose: their bits differ between a GPU and a CPU.
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "engine.hpp"

inline const uint3& threadIdx = cuda_on_cpu::detail::engine.thread_index;
inline const uint3& blockIdx = cuda_on_cpu::detail::engine.block_index;
inline const dim3& blockDim = cuda_on_cpu::detail::engine.block_dim;
inline const dim3& gridDim = cuda_on_cpu::detail::engine.grid_dim;
inline constexpr int warpSize = 32;

namespace cuda_on_cpu::detail {

template <class T>
concept Shuffled = std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8);

template <class T, class... Allowed>
concept OneOf = (std::same_as<T, Allowed> || ...);

using Ull = unsigned long long;

template <class T>
concept Added = OneOf<T, int, unsigned, Ull, float, double>;
template <class T>
concept Ordered = OneOf<T, int, unsigned, long long, Ull>;
template <class T>
concept Bits = OneOf<T, int, unsigned, Ull>;
template <class T>
concept Exchanged = OneOf<T, int, unsigned, Ull, float>;

// The lanes that a shuffle of `width` lanes is confined to.
struct Segment {
  unsigned lane;
  unsigned first;
  unsigned last;
};

// Whether the width is valid is checked when the lanes meet.
CUDA_ON_CPU_ENGINE inline Segment segment(int width) {
  const unsigned lane = engine.current_lane();
  const unsigned first = lane & ~(static_cast<unsigned>(width) - 1);
  return {lane, first, first + static_cast<unsigned>(width) - 1};
}

template <Shuffled T>
CUDA_ON_CPU_ENGINE inline T shuffle(const char* name, unsigned mask, T value, unsigned source, int width,
                                    const Location& where) {
  std::uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof value);
  const std::uint64_t received = engine.warp_operation({.name = name,
                                                        .where = where,
                                                        .operation = WarpOperation::kShuffle,
                                                        .mask = mask,
                                                        .width = width,
                                                        .source_lane = source,
                                                        .value = bits});
  T result;
  __builtin_memcpy(&result, &received, sizeof result);
  return result;
}

CUDA_ON_CPU_ENGINE inline unsigned ballot(const char* name, unsigned mask, bool predicate, const Location& where) {
  return static_cast<unsigned>(engine.warp_operation(
      {.name = name, .where = where, .operation = WarpOperation::kBallot, .mask = mask, .value = predicate}));
}

// Real atomic instructions, because ThreadSanitizer understands them: two of them never race, one
// of them and a plain access do. Relaxed, as in CUDA: they order nothing else.
template <class T, class Update>
inline T update_atomically(T* address, Update update) {
  T seen;
  __atomic_load(address, &seen, __ATOMIC_RELAXED);
  while (true) {
    T wanted = update(seen);
    if (__atomic_compare_exchange(address, &seen, &wanted, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      return seen;
    }
  }
}

// Rounds half to even, clamps, and turns NaN into 0, as the conversion instructions of a GPU do.
template <class To, class From>
inline To convert(From rounded) {
  if (std::isnan(rounded)) return 0;
  if (rounded <= static_cast<From>(std::numeric_limits<To>::min())) {
    return std::numeric_limits<To>::min();
  }
  if (rounded >= static_cast<From>(std::numeric_limits<To>::max())) {
    return std::numeric_limits<To>::max();
  }
  return static_cast<To>(rounded);
}

}  // namespace cuda_on_cpu::detail

// ---- barriers ----------------------------------------------------------------------------------

using CudaOnCpuLocation = std::source_location;

inline void __syncthreads(const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  cuda_on_cpu::detail::engine.barrier("__syncthreads", false, where);
}

inline int __syncthreads_count(int predicate, const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  return static_cast<int>(cuda_on_cpu::detail::engine.barrier("__syncthreads_count", predicate != 0, where));
}

inline int __syncthreads_or(int predicate, const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  return cuda_on_cpu::detail::engine.barrier("__syncthreads_or", predicate != 0, where) != 0;
}

inline int __syncthreads_and(int predicate, const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  const auto votes = cuda_on_cpu::detail::engine.barrier("__syncthreads_and", predicate != 0, where);
  return votes == std::uint64_t{blockDim.x} * blockDim.y * blockDim.z;
}

inline void __syncwarp(unsigned mask = 0xffffffffu, const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  cuda_on_cpu::detail::engine.warp_operation({.name = "__syncwarp", .where = where, .mask = mask});
}

// Fences order one thread's own accesses, and a fiber's accesses are in order. They give
// ThreadSanitizer no edge: within a block only barriers do.
inline void __threadfence() { asm volatile("" ::: "memory"); }
inline void __threadfence_block() { asm volatile("" ::: "memory"); }
inline void __threadfence_system() { asm volatile("" ::: "memory"); }

// ---- shuffles and votes ------------------------------------------------------------------------

template <cuda_on_cpu::detail::Shuffled T>
inline T __shfl_sync(unsigned mask, T value, int source_lane, int width = 32,
                     const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  const auto s = cuda_on_cpu::detail::segment(width);
  const unsigned source = s.first + (static_cast<unsigned>(source_lane) & (s.last - s.first));
  return cuda_on_cpu::detail::shuffle("__shfl_sync", mask, value, source, width, where);
}

template <cuda_on_cpu::detail::Shuffled T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                        const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  const auto s = cuda_on_cpu::detail::segment(width);
  const unsigned source = s.lane - s.first >= delta ? s.lane - delta : s.lane;
  return cuda_on_cpu::detail::shuffle("__shfl_up_sync", mask, value, source, width, where);
}

template <cuda_on_cpu::detail::Shuffled T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                          const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  const auto s = cuda_on_cpu::detail::segment(width);
  const unsigned source = s.last - s.lane >= delta ? s.lane + delta : s.lane;
  return cuda_on_cpu::detail::shuffle("__shfl_down_sync", mask, value, source, width, where);
}

template <cuda_on_cpu::detail::Shuffled T>
inline T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                         const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  const auto s = cuda_on_cpu::detail::segment(width);
  const unsigned partner = s.lane ^ static_cast<unsigned>(lane_mask);
  // Earlier segments may be read, later ones may not: CUDA then returns the lane's own value.
  const unsigned source = partner <= s.last ? partner : s.lane;
  return cuda_on_cpu::detail::shuffle("__shfl_xor_sync", mask, value, source, width, where);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  return cuda_on_cpu::detail::ballot("__ballot_sync", mask, predicate != 0, where);
}

inline int __any_sync(unsigned mask, int predicate, const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  return cuda_on_cpu::detail::ballot("__any_sync", mask, predicate != 0, where) != 0;
}

inline int __all_sync(unsigned mask, int predicate, const CudaOnCpuLocation& where = CudaOnCpuLocation::current()) {
  return cuda_on_cpu::detail::ballot("__all_sync", mask, predicate == 0, where) == 0;
}

// All lanes that have not exited, also in a branch that only some of them take: there a kernel
// that trusts it to know who is converged deadlocks here, and is wrong on a GPU.
inline unsigned __activemask() { return cuda_on_cpu::detail::engine.live_lanes(); }

// ---- atomics -----------------------------------------------------------------------------------

template <cuda_on_cpu::detail::Added T>
inline T atomicAdd(T* address, std::type_identity_t<T> value) {
  // GPU integers wrap; signed overflow must not become a sanitizer report.
  if constexpr (std::is_integral_v<T>) {
    return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);
  } else {
    return cuda_on_cpu::detail::update_atomically(address, [=](T old) { return old + value; });
  }
}

template <cuda_on_cpu::detail::OneOf<int, unsigned> T>
inline T atomicSub(T* address, std::type_identity_t<T> value) {
  return __atomic_fetch_sub(address, value, __ATOMIC_RELAXED);
}

template <cuda_on_cpu::detail::Ordered T>
inline T atomicMax(T* address, std::type_identity_t<T> value) {
  return cuda_on_cpu::detail::update_atomically(address, [=](T old) { return old < value ? value : old; });
}

template <cuda_on_cpu::detail::Ordered T>
inline T atomicMin(T* address, std::type_identity_t<T> value) {
  return cuda_on_cpu::detail::update_atomically(address, [=](T old) { return value < old ? value : old; });
}

template <cuda_on_cpu::detail::Bits T>
inline T atomicOr(T* address, std::type_identity_t<T> value) {
  return __atomic_fetch_or(address, value, __ATOMIC_RELAXED);
}

template <cuda_on_cpu::detail::Bits T>
inline T atomicAnd(T* address, std::type_identity_t<T> value) {
  return __atomic_fetch_and(address, value, __ATOMIC_RELAXED);
}

template <cuda_on_cpu::detail::Bits T>
inline T atomicXor(T* address, std::type_identity_t<T> value) {
  return __atomic_fetch_xor(address, value, __ATOMIC_RELAXED);
}

template <cuda_on_cpu::detail::Exchanged T>
inline T atomicExch(T* address, std::type_identity_t<T> value) {
  return cuda_on_cpu::detail::update_atomically(address, [=](T) { return value; });
}

template <cuda_on_cpu::detail::Bits T>
inline T atomicCAS(T* address, std::type_identity_t<T> compare, std::type_identity_t<T> value) {
  __atomic_compare_exchange(address, &compare, &value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return compare;  // overwritten with what was there when the two differed
}

// ---- bits --------------------------------------------------------------------------------------

inline int __popc(unsigned x) { return std::popcount(x); }
inline int __popcll(unsigned long long x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return std::countl_zero(static_cast<unsigned long long>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }

inline unsigned __brev(unsigned x) {
  unsigned reversed = 0;
  for (int i = 0; i < 32; ++i) reversed |= (x >> i & 1u) << (31 - i);
  return reversed;
}

inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>(std::uint64_t{a} * b >> 32); }

inline int __mulhi(int a, int b) { return static_cast<int>(std::int64_t{a} * b >> 32); }

inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}

inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }
inline double __longlong_as_double(long long x) { return std::bit_cast<double>(x); }

template <class T>
inline T __ldg(const T* address) {
  return *address;
}

// ---- arithmetic --------------------------------------------------------------------------------

// Never contracted into something else: compile with -ffp-contract=off.
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __dsqrt_rn(double a) { return std::sqrt(a); }
inline double __fma_rn(double a, double b, double c) { return std::fma(a, b, c); }

inline int __float2int_rn(float x) { return cuda_on_cpu::detail::convert<int>(std::rint(x)); }
inline int __float2int_rz(float x) { return cuda_on_cpu::detail::convert<int>(std::trunc(x)); }
inline int __float2int_rd(float x) { return cuda_on_cpu::detail::convert<int>(std::floor(x)); }
inline unsigned __float2uint_rn(float x) { return cuda_on_cpu::detail::convert<unsigned>(std::rint(x)); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __saturatef(float x) { return x >= 0.0f ? (x <= 1.0f ? x : 1.0f) : 0.0f; }

template <class T>
  requires std::is_arithmetic_v<T>
constexpr T min(T a, T b) {
  return b < a ? b : a;
}

template <class T>
  requires std::is_arithmetic_v<T>
constexpr T max(T a, T b) {
  return a < b ? b : a;
}
