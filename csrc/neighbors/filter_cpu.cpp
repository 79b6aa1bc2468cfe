// SPDX-License-Identifier: Apache-2.0
// Codes of two blocks -> the pairs that may be near. Compiled once per instruction set level.
#include "neighbors/code_products.hpp"

namespace burnish::neighbors {
namespace {

// One bit a lane: a >= b.
BURNISH_HD unsigned at_least(IntVector a, IntVector b) {
#if defined(__AVX512F__)
  return _mm512_cmpge_epi32_mask(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b));
#elif defined(__AVX2__)
  return static_cast<unsigned>(_mm256_movemask_ps(reinterpret_cast<__m256>(a >= b)));
#elif defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_ps(reinterpret_cast<__m128>(a >= b)));
#else
  unsigned mask = 0;
  for (int lane = 0; lane < int_lanes; ++lane) mask |= static_cast<unsigned>(a[lane] >= b[lane]) << lane;
  return mask;
#endif
}

// A pair with product p may be near if  norm_i + norm_j - 2 step step' p <= max(t_i, t_j),  t = (reach + errors)^2.
// In units of 2 step step' and in integers: p - norm_i >= min(norm_j - t_i, norm_j - t_j).
struct Limits {
  alignas(64) std::int32_t start[block_rows];  // of queries: shift - norm
  alignas(64) std::int32_t query[block_rows];  // -t_i
  alignas(64) std::int32_t norm[block_rows];   // of points
  alignas(64) std::int32_t point[block_rows];  // norm_j - t_j
};

constexpr float most_norm = 0x1p28F;
constexpr float most_reach = -0x1p30F;
constexpr std::int32_t never = 0x7fffffff;

// What is added up in 32 bits: packed codes, which are up to twice as large, with codes, from shift - norm on; and a
// limit with a norm, which must stay out of reach of products where that is `never`.
constexpr std::int64_t most_product =
    std::int64_t{largest_code_in_32_bits} * largest_code_in_32_bits * most_coded_columns;
constexpr std::int64_t most_sum =
    std::int64_t{2 * largest_code_in_32_bits + 1} * largest_code_in_32_bits * most_coded_columns;
static_assert(most_sum + most_product + (std::int64_t{1} << 22) + (std::int64_t{1} << 28) < never);
static_assert(most_product <= std::int64_t{1} << 28 && never - (std::int64_t{1} << 30) - 1 > most_product);
static_assert(2 * (2 * largest_code_in_16_bits + 1) * largest_code_in_16_bits < 1 << 15);

BURNISH_HD float clamp(float x, float low, float high) {
  x = x < high ? x : high;
  return x > low ? x : low;
}

BURNISH_HD std::int32_t floor_to_int(float x) { return static_cast<std::int32_t>(x) - 1; }

Limits make_limits(const FilterJob& job) {
  Limits limits;
  const float unit = 1.0F / (2.0F * job.queries.step * job.points.step);
  for (int i = 0; i < block_rows; ++i) {
    const float reach = job.query_reach[i] + job.queries.error[i] + job.points.largest_error;
    limits.start[i] = job.queries.shift[i] - floor_to_int(clamp(unit * job.queries.norm[i], 0.0F, most_norm));
    limits.query[i] = floor_to_int(clamp(-(unit * upward) * (reach * reach), most_reach, 0.0F));
  }
  for (int j = 0; j < block_rows; ++j) {
    const float norm = unit * job.points.norm[j];
    limits.norm[j] = floor_to_int(clamp(norm, 0.0F, most_norm));
    limits.point[j] = never;
    if (job.point_reach) {
      const float reach = job.point_reach[j] + job.points.error[j] + job.queries.largest_error;
      limits.point[j] = floor_to_int(clamp(norm - (unit * upward) * (reach * reach), most_reach, most_norm));
    }
  }
  for (int j = job.point_count; j < block_rows; ++j) limits.norm[j] = limits.point[j] = never;
  return limits;
}

template <class Products>
int filter_block(const FilterJob& job) {
  const Limits limits = make_limits(job);
  const auto* packed = static_cast<const std::uint8_t*>(job.points.codes);
  const std::int64_t width = job.code_width;
  Pair* out = job.pairs;
  for (int i = 0; i < job.query_count && out - job.pairs <= job.most_pairs; i += strip_rows) {
    const std::int8_t* codes = static_cast<const std::int8_t*>(job.queries.codes) + i * width;
    for (int j = 0; j < job.point_count; j += strip_columns) {
      if (job.above_diagonal && j + strip_columns <= i) continue;
      IntVector sums[strip_rows][strip_vectors];
      multiply_strip<Products>(codes, packed + j * 4, width, limits.start + i, sums);
#pragma GCC unroll 4
      for (int r = 0; r < strip_rows; ++r) {
        const IntVector query_limit = IntVector{} + limits.query[i + r];
        unsigned masks[strip_vectors];
        unsigned any = 0;
#pragma GCC unroll 4
        for (int v = 0; v < strip_vectors; ++v) {
          const int first = j + v * int_lanes;
          const IntVector by_query = query_limit + simd::load(limits.norm + first);
          const IntVector by_point = simd::load(limits.point + first);
          masks[v] = at_least(sums[r][v], by_query < by_point ? by_query : by_point);
          any |= masks[v];
        }
        if (!any || i + r >= job.query_count) continue;
        for (int v = 0; v < strip_vectors; ++v) {
          for (unsigned mask = masks[v]; mask; mask &= mask - 1) {
            const int point = j + v * int_lanes + __builtin_ctz(mask);
            *out = {static_cast<std::uint8_t>(i + r), static_cast<std::uint8_t>(point)};
            out += !job.above_diagonal || point > i + r;
          }
        }
      }
    }
  }
  return static_cast<int>(out - job.pairs);
}

}  // namespace

template <>
int filter_pairs<Isa::BURNISH_ISA>(const FilterJob& job) {
#if defined(__AVX512F__)
  if (job.sums_in_32_bits) return filter_block<In32Bits>(job);
#endif
  return filter_block<In16Bits>(job);
}

}  // namespace burnish::neighbors
