// SPDX-License-Identifier: Apache-2.0
// One value between two others, as NumPy computes a + step * (b - a) with a float64 step: the difference in the type of
// a and b (integers wrap), product and sum in double, one conversion at the end.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/float16.hpp"
#include "core/host_device.hpp"

namespace burnish::balance {

// Row numbers of 64 bits, or of 32, which halves what samplers keep of them.
struct IndexList {
  const std::int64_t* wide = nullptr;
  const std::int32_t* narrow = nullptr;  // where `wide` is null
};

BURNISH_HD std::int64_t index_at(const IndexList& list, std::int64_t i) {
  return list.wide ? list.wide[i] : list.narrow[i];
}

template <class T>
BURNISH_HD double as_double(T x) {
  return static_cast<double>(x);
}
BURNISH_HD double as_double(Float16 x) { return widen(x); }

// Towards zero; the nearest end where out of range, and 0 for NaN.
BURNISH_HD std::int64_t to_int64(double x) {
  if (x >= 0x1p63) return 0x7fffffffffffffff;
  if (x < -0x1p63) return -0x7fffffffffffffff - 1;
  return x == x ? static_cast<std::int64_t>(x) : 0;
}

// Integers that do not fit T wrap.
template <class T>
BURNISH_HD T from_double(double x) {
  if constexpr (std::is_same_v<T, Float16>) {
    return to_float16(x);
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    if (x >= 0x1p64) return ~std::uint64_t{0};
    return x >= 0x1p63 ? static_cast<T>(x) : static_cast<T>(to_int64(x));
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(to_int64(x));
  } else {
    return static_cast<T>(x);
  }
}

template <class T>
BURNISH_HD T difference(T b, T a) {
  if constexpr (std::is_same_v<T, Float16>) {
    return to_float16(static_cast<double>(widen(b) - widen(a)));
  } else if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(static_cast<Unsigned>(b) - static_cast<Unsigned>(a)));
  } else {
    return b - a;
  }
}

template <bool scaled, class T>
BURNISH_HD T between(T a, T b, double step, double scale) {
  T apart = difference(b, a);
  if constexpr (scaled) apart = from_double<T>(as_double(apart) * scale);
  return from_double<T>(as_double(a) + step * as_double(apart));
}

}  // namespace burnish::balance
