// SPDX-License-Identifier: Apache-2.0
// The search for the k largest of n scores: one pass collects the few that reach a threshold estimated from a sample,
// and only those are sorted. The answer does not depend on the estimate.
#pragma once

#include <cstdint>

#include "core/isa.hpp"

namespace burnish::hardness {

// Scores as unsigned numbers in the same order; NaN lowest, -0 equal to 0.
inline std::uint32_t order_key(float score) {
  score += 0.0f;
  const auto bits = __builtin_bit_cast(std::uint32_t, score);
  if (score != score) return 0;
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}
inline std::uint64_t order_key(double score) {
  score += 0.0;
  const auto bits = __builtin_bit_cast(std::uint64_t, score);
  if (score != score) return 0;
  return bits >> 63 ? ~bits : bits | 0x8000000000000000u;
}

// Writes the indices of scores[0..count) that are >= threshold, ascending, to `found`, which has room for `count`;
// returns how many. `stride` in elements.
template <Isa isa>
std::int64_t collect_at_least(const float* scores, std::int64_t stride, int count, float threshold,
                              std::uint32_t* found);
template <Isa isa>
std::int64_t collect_at_least(const double* scores, std::int64_t stride, int count, double threshold,
                              std::uint32_t* found);

#define BURNISH_DECLARE_COLLECT(isa)                                                          \
  template <>                                                                                 \
  std::int64_t collect_at_least<isa>(const float*, std::int64_t, int, float, std::uint32_t*); \
  template <>                                                                                 \
  std::int64_t collect_at_least<isa>(const double*, std::int64_t, int, double, std::uint32_t*);
#if defined(BURNISH_HAS_X86_LEVELS)
BURNISH_DECLARE_COLLECT(Isa::v4)
BURNISH_DECLARE_COLLECT(Isa::v3)
#endif
BURNISH_DECLARE_COLLECT(Isa::v2)
#undef BURNISH_DECLARE_COLLECT

}  // namespace burnish::hardness
