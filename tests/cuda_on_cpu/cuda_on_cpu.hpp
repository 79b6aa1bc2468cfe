// SPDX-License-Identifier: Apache-2.0
// Compiles and runs CUDA kernels as plain C++ on the CPU, to test them where there is no GPU.
// Stands in for <cuda_runtime.h>; see README.md for what it finds and how to write kernels for it.
//
//   g++ -std=c++20 -x c++ -DBURNISH_CUDA_ON_CPU -I tests/cuda_on_cpu kernel.cu
#pragma once

#include "emulator/engine.hpp"
#include "emulator/intrinsics.hpp"
#include "emulator/runtime_api.hpp"
#include "emulator/shared_memory.hpp"  // defines __shared__
#include "emulator/vector_types.hpp"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
// __restrict__ is a keyword of GCC already. __noinline__ is not defined: the headers of libstdc++
// spell the attribute that way.

// The block's dynamic shared memory, as a T*. Instead of `extern __shared__ T name[]`, which a
// template cannot declare with two types and which plain C++ cannot express.
#define BURNISH_DYNAMIC_SHARED(T, name) T* name = reinterpret_cast<T*>(::cuda_on_cpu::detail::engine.dynamic_shared())
