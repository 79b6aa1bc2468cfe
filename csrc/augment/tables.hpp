// SPDX-License-Identifier: Apache-2.0
// Changes of a value that are looked up, among 256: results are whole numbers 0..255.
#pragma once

#include <cstdint>

#include "burnish/augment.hpp"

namespace burnish::augment {

inline constexpr int table_size = 256;

inline bool needs_histogram(Op op) { return op == Op::autocontrast || op == Op::equalize; }

// Of one channel; fractions are counted as the nearest whole number of 255ths.
struct Histogram {
  std::int64_t count[table_size] = {};
  float low = __builtin_huge_valf();
  float high = -__builtin_huge_valf();
};

}  // namespace burnish::augment
