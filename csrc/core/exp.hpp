// SPDX-License-Identifier: Apache-2.0
// exp and log for scalars and vectors, the same bits at every instruction set level and on both devices. Polynomials
// are minimax fits. Largest error over all float32 (tests/core/test_exp.py), ULP: exp 0.90, log 0.87, log1p_ratio 1.35.
#pragma once

#include <cstdint>

#include "core/bits.hpp"
#include "core/host_device.hpp"
#include "core/lanes.hpp"

namespace burnish {

// Polynomial with the given coefficients, highest power first.
template <class V, class First, class... Rest>
BURNISH_HD V horner(V x, First first, Rest... rest) {
  V p = V{} + first;
  ((p = Lanes<V>::mul_add(p, x, V{} + rest)), ...);
  return p;
}

template <class T>
struct ExpTable;

template <>
struct ExpTable<float> {
  static constexpr float log2_e = 0x1.715476p+0f;
  static constexpr float ln2_high = 0x1.62e43p-1f;
  static constexpr float ln2_low = -0x1.05c61p-29f;
  // Adding it rounds to an integer and leaves that integer plus the exponent bias in the low bits.
  static constexpr float rounder = 0x1.8p23f + 127.0f;
  static constexpr int mantissa_bits = 23;
  static constexpr float lowest = -88.0f;  // exp_in_range gives 0 here
  static constexpr float highest = 88.9f;  // and infinity here
  // On +-ln(2)/2, by a fit of (exp(r) - 1 - r) / r^2; relative error 3.1e-9.
  template <class V>
  BURNISH_HD static V exp_of_small(V r) {
    return horner(r, 0.001381459955f, 0.008368716875f, 0.04166838803f, 0.1666652063f, 0.4999999345f, 1.0f, 1.0f);
  }
};

template <>
struct ExpTable<double> {
  static constexpr double log2_e = 0x1.71547652b82fep+0;
  static constexpr double ln2_high = 0x1.62e42feep-1;  // 32 bits: times an exponent it is exact
  static constexpr double ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double rounder = 0x1.8p52 + 1023.0;
  static constexpr int mantissa_bits = 52;
  static constexpr double lowest = -709.1;
  static constexpr double highest = 710.0;
  // Relative error 3.6e-18.
  template <class V>
  BURNISH_HD static V exp_of_small(V r) {
    return horner(r, 2.5000056604513258036e-8, 2.7630248336116405948e-7, 2.755758638842914442e-6,
                  0.000024801493099030417868, 0.00019841269506564000929, 0.0013888888943629989842,
                  0.0083333333334944675334, 0.041666666666530159082, 0.16666666666666412515, 0.50000000000000106271,
                  1.0, 1.0);
  }
};

// e^x for x in [lowest, highest] or NaN. Results below the smallest normal number are 0; the largest exponent (x above
// 88.37 in float, 709.43 in double) gives infinity.
template <class V>
BURNISH_HD V exp_in_range(V x) {
  using L = Lanes<V>;
  using T = ExpTable<typename L::Element>;
  const V shifted = L::mul_add(x, V{} + T::log2_e, V{} + T::rounder);
  const V n = shifted - T::rounder;
  V r = L::mul_add(n, V{} - T::ln2_high, x);
  r = L::mul_add(n, V{} - T::ln2_low, r);
  return T::exp_of_small(r) * bit_cast<V>(bit_cast<typename L::Bits>(shifted) << T::mantissa_bits);
}

// e^x as exp_in_range, with two multiplications less: relative error below 1.8e-7 + 1.4e-8 |x| in float32. For softmax
// weights, which count in proportion to themselves, so that the error of small ones does not matter.
template <class V>
BURNISH_HD V exp_fast(V x) {
  using L = Lanes<V>;
  using E = typename L::Element;
  using T = ExpTable<E>;
  if constexpr (sizeof(E) == 8) {
    return exp_in_range(x);
  } else {
    const V shifted = L::mul_add(x, V{} + T::log2_e, V{} + T::rounder);
    const V f = L::mul_add(x, V{} + T::log2_e, T::rounder - shifted);
    // 2^f on +-1/2, by a fit of (2^f - 1) / f; relative error 9.2e-8.
    const V p = horner(f, 0.001326470032f, 0.009671533903f, 0.05550733999f, 0.2402224176f, 0.6931469774f, 1.0f);
    return p * bit_cast<V>(bit_cast<typename L::Bits>(shifted) << T::mantissa_bits);
  }
}

// e^x for every x; 0 below about -87.7 and infinity above 88.37 in float.
template <class V>
BURNISH_HD V exp(V x) {
  using T = ExpTable<typename Lanes<V>::Element>;
  return exp_in_range(Lanes<V>::min(V{} + T::highest, Lanes<V>::max(V{} + T::lowest, x)));
}

template <class T>
struct LogTable;

template <>
struct LogTable<float> {
  static constexpr std::uint32_t one = 0x3f800000u;
  static constexpr std::uint32_t sqrt_half = 0x3f3504f3u;
  static constexpr std::uint32_t mantissa = 0x007fffffu;
  static constexpr int mantissa_bits = 23;
  static constexpr float bias = 127.0f;
  static constexpr float integer = 0x1.8p23f;
  static constexpr float smallest_normal = 0x1p-126f;
  static constexpr float subnormal_scale = 0x1p23f;
  static constexpr float ln2_high = 0x1.62e4p-1f;  // 16 bits: times an exponent it is exact
  static constexpr float ln2_low = 0x1.7f7d1cp-20f;
};

template <>
struct LogTable<double> {
  static constexpr std::uint64_t one = 0x3ff0000000000000u;
  static constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdu;
  static constexpr std::uint64_t mantissa = 0x000fffffffffffffu;
  static constexpr int mantissa_bits = 52;
  static constexpr double bias = 1023.0;
  static constexpr double integer = 0x1.8p52;
  static constexpr double smallest_normal = 0x1p-1022;
  static constexpr double subnormal_scale = 0x1p52;
  static constexpr double ln2_high = 0x1.62e42feep-1;
  static constexpr double ln2_low = 0x1.a39ef35793c76p-33;
};

// ln(1 + f) + exponent * ln 2 for 1 + f in [sqrt(1/2), sqrt(2)).
template <class V>
  requires(sizeof(typename Lanes<V>::Element) == 4)
BURNISH_HD V log_of_parts(V f, V exponent) {
  using L = Lanes<V>;
  using T = LogTable<float>;
  // By a fit of (ln(1 + f) - f + f^2/2) / f^3; relative error 5.9e-9.
  const V p = horner(f, -0.0763449489f, 0.1276157519f, -0.1316018211f, 0.1420175828f, -0.1662335741f, 0.2000122686f,
                     -0.2500082103f, 0.3333333171f);
  const V square = f * f;
  V tail = p * f * square;
  tail = L::mul_add(exponent, V{} + T::ln2_low, tail);
  tail = L::mul_add(square, V{} - 0.5f, tail);
  return L::mul_add(exponent, V{} + T::ln2_high, f + tail);
}

template <class V>
  requires(sizeof(typename Lanes<V>::Element) == 8)
BURNISH_HD V log_of_parts(V f, V exponent) {
  using T = LogTable<double>;
  const V s = f / (f + 2.0);
  const V z = s * s;
  // With s = f / (2 + f): ln(1 + f) = 2 s + s z p(z), z = s^2; relative error 1.3e-18.
  const V p = horner(z, 0.14795950142488384025, 0.15314050504409577697, 0.18183564328166808434, 0.22222198573140312154,
                     0.28571428742388121421, 0.39999999999414675642, 0.66666666666667344128);
  const V half_square = f * f * 0.5;
  const V tail = s * (half_square + z * p) + exponent * T::ln2_low;
  return exponent * T::ln2_high - ((half_square - tail) - f);
}

// ln(1 + w) / w for w in [0, 1]; 1 at 0.
template <class V>
BURNISH_HD V log1p_ratio(V w) {
  using E = typename Lanes<V>::Element;
  if constexpr (sizeof(E) == 4) {
    // By a fit of (ln(1 + w) / w - 1) / w, which takes no division; relative error 2.1e-8.
    return horner(w, 0.002072949428f, -0.01363149006f, 0.04198138416f, -0.08307409286f, 0.1246712431f, -0.1612933725f,
                  0.1989793181f, -0.2498857975f, 0.333326906f, -0.4999998808f, 1.0f);
  } else {
    const V one = V{} + E{1};
    const auto is_small = w < V{} + static_cast<E>(0.4);
    const V log_sum = log_of_parts(is_small ? w : (w - one) * static_cast<E>(0.5), is_small ? V{} : one);
    return w >= V{} + LogTable<E>::smallest_normal ? log_sum / w : w * E{0} + one;
  }
}

// Splits a positive normal number into 1 + f and an exponent, shifted by `bias_shift`.
template <class V>
BURNISH_HD V log_of_normal(V x, V bias_shift) {
  using E = typename Lanes<V>::Element;
  using Bits = typename Lanes<V>::Bits;
  using T = LogTable<E>;
  const Bits shifted = bit_cast<Bits>(x) + (T::one - T::sqrt_half);
  const V f = bit_cast<V>((shifted & (Bits{} + T::mantissa)) + T::sqrt_half) - static_cast<E>(1);
  // The exponent as a floating number, without the integer conversion that AVX2 lacks for 64 bits.
  const V biased = bit_cast<V>((shifted >> T::mantissa_bits) + bit_cast<decltype(T::one + 0)>(T::integer));
  return log_of_parts(f, biased - bias_shift);
}

// ln x for positive normal numbers; no check, and some finite value for anything else.
template <class V>
BURNISH_HD V log_positive(V x) {
  using T = LogTable<typename Lanes<V>::Element>;
  return log_of_normal(x, V{} + (T::integer + T::bias));
}

// Natural logarithm; -infinity at 0, NaN below 0, +infinity at +infinity.
template <class V>
BURNISH_HD V log(V x) {
  using E = typename Lanes<V>::Element;
  using T = LogTable<E>;
  const auto subnormal = x < V{} + T::smallest_normal;
  const V scaled = subnormal ? x * T::subnormal_scale : x;
  const V bias = subnormal ? V{} + (T::integer + T::bias + T::mantissa_bits) : V{} + (T::integer + T::bias);
  const V infinity = V{} + static_cast<E>(__builtin_inf());
  V result = log_of_normal(scaled, bias);
  result = x == infinity ? infinity : result;
  result = x == V{} ? V{} - infinity : result;
  return x < V{} || x != x ? V{} + static_cast<E>(__builtin_nan("")) : result;
}

}  // namespace burnish
