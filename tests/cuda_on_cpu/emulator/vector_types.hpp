// SPDX-License-Identifier: Apache-2.0
// dim3 and the short vector structs, with CUDA's alignments: UBSan then reports the misaligned
// vector load that would fault on a GPU.
#pragma once

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
};

constexpr uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return {x, y, z}; }

#define CUDA_ON_CPU_VECTOR2(T, name, alignment)                   \
  struct __attribute__((aligned(alignment))) name##2 { T x, y; }; \
  constexpr name##2 make_##name##2(T x, T y) { return {x, y}; }

#define CUDA_ON_CPU_VECTOR3(T, name) \
  struct name##3 { T x, y, z; };     \
  constexpr name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }

#define CUDA_ON_CPU_VECTOR4(T, name, alignment)                         \
  struct __attribute__((aligned(alignment))) name##4 { T x, y, z, w; }; \
  constexpr name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

CUDA_ON_CPU_VECTOR2(signed char, char, 2)
CUDA_ON_CPU_VECTOR2(unsigned char, uchar, 2)
CUDA_ON_CPU_VECTOR2(short, short, 4)
CUDA_ON_CPU_VECTOR2(unsigned short, ushort, 4)
CUDA_ON_CPU_VECTOR2(int, int, 8)
CUDA_ON_CPU_VECTOR2(unsigned, uint, 8)
CUDA_ON_CPU_VECTOR2(long long, longlong, 16)
CUDA_ON_CPU_VECTOR2(unsigned long long, ulonglong, 16)
CUDA_ON_CPU_VECTOR2(float, float, 8)
CUDA_ON_CPU_VECTOR2(double, double, 16)

CUDA_ON_CPU_VECTOR3(signed char, char)
CUDA_ON_CPU_VECTOR3(unsigned char, uchar)
CUDA_ON_CPU_VECTOR3(int, int)
CUDA_ON_CPU_VECTOR3(float, float)
CUDA_ON_CPU_VECTOR3(double, double)

CUDA_ON_CPU_VECTOR4(signed char, char, 4)
CUDA_ON_CPU_VECTOR4(unsigned char, uchar, 4)
CUDA_ON_CPU_VECTOR4(short, short, 8)
CUDA_ON_CPU_VECTOR4(unsigned short, ushort, 8)
CUDA_ON_CPU_VECTOR4(int, int, 16)
CUDA_ON_CPU_VECTOR4(unsigned, uint, 16)
CUDA_ON_CPU_VECTOR4(float, float, 16)

#undef CUDA_ON_CPU_VECTOR2
#undef CUDA_ON_CPU_VECTOR3
#undef CUDA_ON_CPU_VECTOR4
