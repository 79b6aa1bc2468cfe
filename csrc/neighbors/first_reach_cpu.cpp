// SPDX-License-Identifier: Apache-2.0
// Codes of two blocks -> for each query a length that k points are known to lie within. Compiled once per instruction
// set level.
#include "core/bits.hpp"
#include "neighbors/code_products.hpp"

namespace burnish::neighbors {
namespace {

// A value that at least k of 16 do not exceed; they are not negative, so that their bits order them.
float smallest_of_minima(const float (&values)[16], int k) {
  std::int32_t bits[16];
  __builtin_memcpy(bits, values, sizeof bits);
  constexpr std::int32_t infinity = 0x7f800000;
  std::int32_t bound = infinity;
  for (int round = 0; round < k; ++round) {
    std::int32_t least = infinity;
    for (const std::int32_t b : bits) least = b < least ? b : least;
    if (least == infinity) break;  // equal ones went together, and none are left
    bound = least;
    for (std::int32_t& b : bits) b = b == least ? infinity : b;
  }
  return bit_cast<float>(bound);
}

// A bound for the k-th smallest value that is not in place `left_out`, if that is one; k is at most `count`. For few
// neighbors the exact value is not worth its branches: that of 16 minima is enough.
float smallest(float (&values)[block_rows], int count, int left_out, int k) {
  constexpr int minima = 16;
  if (left_out >= 0) values[left_out] = __builtin_inff();
  if (k <= minima / 2 && count == block_rows) {
    float least[minima];
    for (int lane = 0; lane < minima; ++lane) least[lane] = values[lane];
    for (int j = minima; j < block_rows; j += minima) {
      for (int lane = 0; lane < minima; ++lane) {
        least[lane] = values[j + lane] < least[lane] ? values[j + lane] : least[lane];
      }
    }
    return smallest_of_minima(least, k);
  }
  float best[block_rows];
  for (int j = 0; j < count; ++j) {
    int place = j < k ? j : k - 1;
    if (j >= k && !(values[j] < best[place])) continue;
    for (; place > 0 && values[j] < best[place - 1]; --place) best[place] = best[place - 1];
    best[place] = values[j];
  }
  return best[k - 1];
}

template <class Products>
void find_first_reach(const FirstReachJob& job) {
  const auto* packed = static_cast<const std::uint8_t*>(job.points.codes);
  const std::int64_t width = job.code_width;
  const float unit = 2.0F * job.queries.step * job.points.step;
  for (int i = 0; i < job.query_count; i += strip_rows) {
    const std::int8_t* codes = static_cast<const std::int8_t*>(job.queries.codes) + i * width;
    alignas(64) float far[strip_rows][block_rows];
    for (int j = 0; j < job.point_count; j += strip_columns) {
      IntVector sums[strip_rows][strip_vectors];
      multiply_strip<Products>(codes, packed + j * 4, width, job.queries.shift + i, sums);
      for (int r = 0; r < strip_rows; ++r) {
        alignas(64) std::int32_t products[strip_columns];
        __builtin_memcpy(products, sums[r], sizeof products);
        for (int c = 0; c < strip_columns; ++c) {
          // Norms were rounded down by 2^-20; what they lack is given back.
          const float norms = (job.queries.norm[i + r] + job.points.norm[j + c]) * (1.0F + 0x1p-18F);
          const float square = norms - static_cast<float>(products[c]) * unit;
          far[r][j + c] = __builtin_sqrtf(square > 0 ? square : 0.0F) * upward + job.points.error[j + c];
        }
      }
    }
    for (int r = 0; r < strip_rows && i + r < job.query_count; ++r) {
      const int left_out = job.is_self ? i + r : -1;
      job.reach[i + r] = (smallest(far[r], job.point_count, left_out, job.k) + job.queries.error[i + r]) * upward;
    }
  }
}

}  // namespace

template <>
void first_reach<Isa::BURNISH_ISA>(const FirstReachJob& job) {
#if defined(__AVX512F__)
  if (job.sums_in_32_bits) return find_first_reach<In32Bits>(job);
#endif
  find_first_reach<In16Bits>(job);
}

}  // namespace burnish::neighbors
