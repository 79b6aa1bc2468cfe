// SPDX-License-Identifier: Apache-2.0
// What formulas need beyond + - * / and comparisons, for a scalar here and for a vector of lanes in core/simd.hpp. A
// formula written over a type V and Lanes<V> serves the CPU loops (V a vector) and the CUDA kernels (V a scalar).
#pragma once

#include <cstdint>

#include "core/bits.hpp"
#include "core/host_device.hpp"

namespace burnish {

template <class V>
struct Lanes;

// a * b + c rounded once, on hardware that has no such instruction: exact product and sum in double, rounded to odd so
// that the last rounding to float cannot go wrong (S. Boldo, G. Melquiond, IEEE Trans. Computers 57(4), 2008).
BURNISH_HD float emulated_fma(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = c;
  const double sum = product + addend;
  const double back = sum - product;
  const double error = (product - (sum - back)) + (addend - back);
  const auto bits = bit_cast<std::int64_t>(sum);
  const bool inexact = error < 0 || error > 0;  // false for NaN
  const std::int64_t towards_error = (error > 0) == (sum > 0) ? 1 : -1;
  return static_cast<float>(bit_cast<double>(inexact && (bits & 1) == 0 ? bits + towards_error : bits));
}

template <>
struct Lanes<float> {
  using Element = float;
  using Bits = std::uint32_t;
  static constexpr int count = 1;

  BURNISH_HD static float max(float a, float b) { return a > b ? a : b; }  // b where either is NaN
  BURNISH_HD static float min(float a, float b) { return a < b ? a : b; }
  BURNISH_HD static float sqrt(float x) {
#if defined(__CUDA_ARCH__)
    return __fsqrt_rn(x);
#else
    return __builtin_sqrtf(x);
#endif
  }
  // Of whole numbers below 2^31.
  BURNISH_HD static float of_whole(Bits x) { return static_cast<float>(static_cast<std::int32_t>(x)); }
  // To the nearest whole number, halves to even; from 0 to 2^22.
  BURNISH_HD static float nearest(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }
  // The largest whole number that is not above x; for sizes below 2^22.
  BURNISH_HD static float floor(float x) {
    const float near = nearest(x);
    return near > x ? near - 1.0f : near;
  }
  // Rounded once, at every level and on both devices.
  BURNISH_HD static float mul_add(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
    return __fmaf_rn(a, b, c);
#elif defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return __builtin_fmaf(a, b, c);
#else
    return emulated_fma(a, b, c);
#endif
  }
  // The same where nothing is to be rounded: one instruction where there is one, and else two.
  BURNISH_HD static float exact_mul_add(float a, float b, float c) {
#if defined(__CUDA_ARCH__) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return mul_add(a, b, c);
#else
    return a * b + c;
#endif
  }
};

template <>
struct Lanes<double> {
  using Element = double;
  using Bits = std::uint64_t;
  static constexpr int count = 1;

  BURNISH_HD static double max(double a, double b) { return a > b ? a : b; }
  BURNISH_HD static double min(double a, double b) { return a < b ? a : b; }
  BURNISH_HD static double sqrt(double x) {
#if defined(__CUDA_ARCH__)
    return __dsqrt_rn(x);
#else
    return __builtin_sqrt(x);
#endif
  }
  // Rounded twice everywhere: a fused product has no cheap exact emulation in double.
  BURNISH_HD static double mul_add(double a, double b, double c) { return a * b + c; }
};

}  // namespace burnish
