// SPDX-License-Identifier: Apache-2.0
// scores (n,) -> indices of those at or above a threshold, compiled once per instruction set level.
#include "core/simd.hpp"
#include "hardness/hardest.hpp"

namespace burnish::hardness {
namespace {

template <class F>
std::int64_t collect(const F* scores, std::int64_t stride, int count, F threshold, std::uint32_t* found) {
  std::uint32_t* out = found;
  int i = 0;
  if (stride == 1) {
#if defined(__AVX512F__)
    // Compressed in a register and stored whole: compressing into memory is microcode on AMD, 20 times slower.
    constexpr int width = simd::width<F>;
    const auto numbers = simd::iota<typename simd::VectorOf<std::uint32_t, 4 * width>::type>();
    for (; i + width <= count; i += width) {
      const simd::Vector<F> v = simd::load(scores + i);
      const auto index = numbers + static_cast<std::uint32_t>(i);
      if constexpr (sizeof(F) == 4) {
        const __mmask16 reach = _mm512_cmp_ps_mask(v, _mm512_set1_ps(threshold), _CMP_GE_OQ);
        _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(reach, bit_cast<__m512i>(index)));
        out += __builtin_popcount(reach);
      } else {
        const __mmask8 reach = _mm512_cmp_pd_mask(v, _mm512_set1_pd(threshold), _CMP_GE_OQ);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                            _mm256_maskz_compress_epi32(reach, bit_cast<__m256i>(index)));
        out += __builtin_popcount(reach);
      }
    }
#elif defined(__AVX2__)
    constexpr int width = simd::width<F>;
    for (; i + width <= count; i += width) {
      unsigned reach = 0;
      if constexpr (sizeof(F) == 4) {
        reach = static_cast<unsigned>(
            _mm256_movemask_ps(_mm256_cmp_ps(simd::load(scores + i), _mm256_set1_ps(threshold), _CMP_GE_OQ)));
      } else {
        reach = static_cast<unsigned>(
            _mm256_movemask_pd(_mm256_cmp_pd(simd::load(scores + i), _mm256_set1_pd(threshold), _CMP_GE_OQ)));
      }
      for (; reach != 0; reach &= reach - 1) *out++ = static_cast<std::uint32_t>(i + __builtin_ctz(reach));
    }
#endif
  }
  for (; i < count; ++i) {
    *out = static_cast<std::uint32_t>(i);
    out += scores[i * stride] >= threshold;
  }
  return out - found;
}

}  // namespace

template <>
std::int64_t collect_at_least<Isa::BURNISH_ISA>(const float* scores, std::int64_t stride, int count, float threshold,
                                                std::uint32_t* found) {
  return collect(scores, stride, count, threshold, found);
}

template <>
std::int64_t collect_at_least<Isa::BURNISH_ISA>(const double* scores, std::int64_t stride, int count, double threshold,
                                                std::uint32_t* found) {
  return collect(scores, stride, count, threshold, found);
}

}  // namespace burnish::hardness
