// SPDX-License-Identifier: Apache-2.0
// BURNISH_HD marks a function of one element that the CPU loops and the CUDA kernels share. Always inlined: a copy left
// over from a file compiled for a newer processor must never be linked into an older one's path.
#pragma once

#if defined(__CUDACC__)
#define BURNISH_HD __host__ __device__ __forceinline__
#else
#define BURNISH_HD inline __attribute__((always_inline))
#endif
