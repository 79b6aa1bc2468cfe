// SPDX-License-Identifier: Apache-2.0
#include "augment/changes.hpp"
#include "augment/kernels.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

using V = simd::Vector<float>;
using Bits = simd::VectorOf<std::uint32_t, simd::vector_bytes>::type;
constexpr int lanes = simd::width<float>;

// The halves of 32 x 32 -> 64 bit products.
void multiply(Bits a, std::uint32_t factor, Bits& high, Bits& low) {
#if defined(__AVX512F__)
  const __m512i f = _mm512_set1_epi32(static_cast<int>(factor));
  const auto x = bit_cast<__m512i>(a);
  const __m512i even = _mm512_mul_epu32(x, f);
  const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), f);
  high = bit_cast<Bits>(_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd));
  low = bit_cast<Bits>(_mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32)));
#elif defined(__AVX2__)
  const __m256i f = _mm256_set1_epi32(static_cast<int>(factor));
  const auto x = bit_cast<__m256i>(a);
  const __m256i even = _mm256_mul_epu32(x, f);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), f);
  high = bit_cast<Bits>(_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa));
  low = bit_cast<Bits>(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa));
#else
  for (int lane = 0; lane < lanes; ++lane) {
    const std::uint64_t product = std::uint64_t{a[lane]} * factor;
    high[lane] = static_cast<std::uint32_t>(product >> 32);
    low[lane] = static_cast<std::uint32_t>(product);
  }
#endif
}

// philox4x32 of as many blocks as a vector has lanes.
void random_words(const NoiseKey& key, Bits block, Bits words[4]) {
  Bits word[4] = {Bits{} + key.id[0], Bits{} + key.id[1], Bits{} + key.place, block};
  std::uint32_t k[2] = {key.key.word[0], key.key.word[1]};
  for (int round = 0; round < 10; ++round) {
    Bits even_high;
    Bits even_low;
    Bits odd_high;
    Bits odd_low;
    multiply(word[0], 0xD2511F53u, even_high, even_low);
    multiply(word[2], 0xCD9E8D57u, odd_high, odd_low);
    word[0] = odd_high ^ word[1] ^ k[0];
    word[2] = even_high ^ word[3] ^ k[1];
    word[1] = odd_low;
    word[3] = even_low;
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  for (int w = 0; w < 4; ++w) words[w] = word[w];
}

// Draws of whole groups: f makes `per_word` of them from each word.
template <int per_word, class F>
void fill_groups(const NoiseKey& key, std::int64_t first_group, std::int64_t last_group, float* to, const F& f) {
  for (std::int64_t group = first_group; group < last_group; ++group, to += 4 * per_word * noise_blocks) {
    for (int first = 0; first < noise_blocks; first += lanes) {
      const auto block = static_cast<std::uint32_t>(group * noise_blocks + first);
      Bits words[4];
      random_words(key, simd::iota<Bits>() + block, words);
      for (int w = 0; w < 4; ++w) {
        V draws[per_word];
        f(words[w], draws);
        for (int i = 0; i < per_word; ++i) {
          __builtin_memcpy(to + (per_word * w + i) * noise_blocks + first, &draws[i], sizeof(V));
        }
      }
    }
  }
}

void fill_normal(const NoiseKey& key, std::int64_t first_group, std::int64_t last_group, float* to) {
  fill_groups<2>(key, first_group, last_group, to, [](Bits word, V* draws) { normal_pair(word, draws[0], draws[1]); });
}

void fill_uniform(const NoiseKey& key, std::int64_t first_group, std::int64_t last_group, float* to) {
  fill_groups<1>(key, first_group, last_group, to, [](Bits word, V* draws) { draws[0] = uniform_of<V>(word); });
}

// The pixels of a tile, as changes.hpp asks for them.
struct TilePixels {
  const TileJob& job;

  template <class F>
  void with_normal(bool is_shared, const F& f) {
    with_draws(is_shared, noise_group, fill_normal, f);
  }
  template <class F>
  void with_uniform(bool is_shared, const F& f) {
    with_draws(is_shared, uniform_group, fill_uniform, f);
  }

  // Changes every value by f(value, its draw); `fill` makes the draws, `group_size` at a time.
  template <class Fill, class F>
  void with_draws(bool is_shared, int group_size, const Fill& fill, const F& f) {
    const Tile tile = job.tile;
    const std::int64_t image = std::int64_t{tile.height} * tile.columns;
    const std::int64_t count = std::int64_t{tile.rows} * tile.columns;
    for (int c = 0; c < tile.channels; ++c) {
      const std::int64_t first = (is_shared ? 0 : c * image) + std::int64_t{tile.top} * tile.columns;
      const std::int64_t group = first / group_size;
      if (c == 0 || !is_shared) fill(job.change.noise, group, (first + count - 1) / group_size + 1, job.scratch);
      const float* draws = job.scratch + (first - group * group_size);
      float* values = tile.of(c);
      for (std::int64_t i = 0; i < tile.plane; i += lanes) {
        const V result = f(simd::load(values + i), simd::load(draws + i));
        __builtin_memcpy(values + i, &result, sizeof result);
      }
    }
  }
};

template <bool whole>
void erase_with_noise(const TileJob& job) {
  const Tile& tile = job.tile;
  const std::int64_t image = std::int64_t{tile.height} * tile.columns;
  const bool one_color = job.change.options[0] != 0;
  for (int i = 0; i + 4 <= job.change.param_count; i += 4) {
    const Part part = part_of(tile, job.change.params + i);
    for (int c = 0; c < tile.channels; ++c) {
      for (int r = part.first_row; r < part.last_row && part.left < part.right; ++r) {
        const std::int64_t first =
            one_color ? i / 4 * tile.channels + c : c * image + std::int64_t{tile.top + r} * tile.columns + part.left;
        const std::int64_t group = first / uniform_group;
        const std::int64_t last = one_color ? first : first + (part.right - part.left) - 1;
        if (!one_color || r == part.first_row)
          fill_uniform(job.change.noise, group, last / uniform_group + 1, job.scratch);
        const float* draws = job.scratch + (first - group * uniform_group);
        float* row = tile.of(c) + r * tile.columns + part.left;
        for (int x = 0; x < part.right - part.left; ++x) row[x] = any_value<whole>(draws[one_color ? 0 : x]);
      }
    }
  }
}

}  // namespace

template <>
void noise_tile<Isa::BURNISH_ISA>(const TileJob& job) {
  if (job.change.op == Op::erase_noise) {
    return job.change.levels.are_whole ? erase_with_noise<true>(job) : erase_with_noise<false>(job);
  }
  TilePixels pixels = {job};
  job.change.levels.are_whole ? change_by_draws<true>(job.change, pixels) : change_by_draws<false>(job.change, pixels);
}

}  // namespace burnish::augment
