// SPDX-License-Identifier: Apache-2.0
#include "augment/changes.hpp"
#include "augment/kernels.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

using V = simd::Vector<float>;
using Bits = simd::VectorOf<std::uint32_t, simd::vector_bytes>::type;
constexpr int lanes = simd::width<float>;

// Lanes of 32 bits, with anything above them: so a product needs no shuffling.
using Wide = simd::VectorOf<std::uint64_t, simd::vector_bytes>::type;

constexpr std::uint32_t even_factor = 0xD2511F53u;
constexpr std::uint32_t odd_factor = 0xCD9E8D57u;

// Of the lower halves.
Wide product(Wide a, std::uint32_t factor) {
#if defined(__AVX512F__)
  return bit_cast<Wide>(_mm512_mul_epu32(bit_cast<__m512i>(a), _mm512_set1_epi64(factor)));
#elif defined(__AVX2__)
  return bit_cast<Wide>(_mm256_mul_epu32(bit_cast<__m256i>(a), _mm256_set1_epi64x(factor)));
#elif defined(__SSE2__)
  return bit_cast<Wide>(_mm_mul_epu32(bit_cast<__m128i>(a), _mm_set1_epi64x(factor)));
#else
  return (a & 0xffffffffu) * factor;
#endif
}

// philox4x32 of the blocks of a sample. The number of the block is the last word of the counter, and what the first
// three rounds make without it is made here: 16 of 20 products are left.
class Blocks {
 public:
  explicit Blocks(const NoiseKey& key) {
    const auto high = [](std::uint32_t a, std::uint32_t factor) { return std::uint64_t{a} * factor >> 32; };
    for (std::uint32_t round = 0; round < 10; ++round) {
      even_key_[round] = key.key.word[0] + round * 0x9E3779B9u;
      odd_key_[round] = key.key.word[1] + round * 0xBB67AE85u;
    }
    const auto a = static_cast<std::uint32_t>(high(key.place, odd_factor) ^ key.id[1] ^ even_key_[0]);
    const auto b = static_cast<std::uint32_t>(high(a, even_factor) ^ key.id[0] * even_factor ^ odd_key_[1]);
    first_ = high(key.id[0], even_factor) ^ odd_key_[0];
    second_ = key.place * odd_factor ^ even_key_[1];
    third_[0] = high(b, odd_factor) ^ even_key_[2];
    third_[1] = b * odd_factor;
    third_[2] = a * even_factor ^ odd_key_[2];
  }

  // In the lower halves of the lanes.
  void words_of(Wide block, Wide words[4]) const {
    Wide odd = product(block ^ first_, odd_factor);
    Wide even = product((odd >> 32) ^ second_, even_factor);
    words[0] = odd ^ third_[0];
    words[1] = Wide{} + third_[1];
    words[2] = (even >> 32) ^ third_[2];
    words[3] = even;
#pragma GCC unroll 7
    for (int round = 3; round < 10; ++round) {
      even = product(words[0], even_factor);
      odd = product(words[2], odd_factor);
      words[0] = (odd >> 32) ^ words[1] ^ even_key_[round];
      words[1] = odd;
      words[2] = (even >> 32) ^ words[3] ^ odd_key_[round];
      words[3] = even;
    }
  }

 private:
  std::uint64_t even_key_[10];
  std::uint64_t odd_key_[10];
  std::uint64_t first_;
  std::uint64_t second_;
  std::uint64_t third_[3];
};

// Draws of whole groups: f makes `per_word` of them from each word, and put(draw, to) takes them.
template <int per_word, class F, class Put>
void fill_groups(const NoiseKey& key, std::int64_t first_group, std::int64_t last_group, float* to, const F& f,
                 const Put& put) {
  const Blocks blocks(key);
  for (std::int64_t group = first_group; group < last_group; ++group, to += 4 * per_word * noise_blocks) {
    for (int first = 0; first < noise_blocks; first += lanes) {
      const auto block = static_cast<std::uint32_t>(group * noise_blocks + first);
      const Wide evens = simd::iota<Wide>() * 2 + block;
      Wide even[4];
      Wide odd[4];
      blocks.words_of(evens, even);
      blocks.words_of(evens + 1, odd);
      for (int w = 0; w < 4; ++w) {
        V draws[per_word];
        f(bit_cast<Bits>((even[w] & 0xffffffffu) | odd[w] << 32), draws);
        for (int i = 0; i < per_word; ++i) {
          put(draws[i], to + (per_word * w + i) * noise_blocks + first);
        }
      }
    }
  }
}

void store(V v, float* to) { __builtin_memcpy(to, &v, sizeof v); }

struct Normal {
  static constexpr int group_size = noise_group;
  template <class Put>
  static void fill(const NoiseKey& key, std::int64_t first_group, std::int64_t last_group, float* to, const Put& put) {
    const auto f = [](Bits word, V* draws) { normal_pair(word, draws[0], draws[1]); };
    fill_groups<2>(key, first_group, last_group, to, f, put);
  }
};

struct Uniform {
  static constexpr int group_size = uniform_group;
  template <class Put>
  static void fill(const NoiseKey& key, std::int64_t first_group, std::int64_t last_group, float* to, const Put& put) {
    const auto f = [](Bits word, V* draws) { draws[0] = uniform_of<V>(word); };
    fill_groups<1>(key, first_group, last_group, to, f, put);
  }
};

// The pixels of a tile, as changes.hpp asks for them.
struct TilePixels {
  const TileJob& job;

  template <class F>
  void with_normal(bool is_shared, const F& f) {
    with_draws<Normal>(is_shared, f);
  }
  template <class F>
  void with_uniform(bool is_shared, const F& f) {
    with_draws<Uniform>(is_shared, f);
  }

  // Changes every value by f(value, its draw).
  template <class Draws, class F>
  void with_draws(bool is_shared, const F& f) {
    constexpr int group_size = Draws::group_size;
    const Tile tile = job.tile;
    const std::int64_t image = std::int64_t{tile.height} * tile.columns;
    const std::int64_t count = std::int64_t{tile.rows} * tile.columns;
    for (int c = 0; c < tile.channels; ++c) {
      const std::int64_t first = (is_shared ? 0 : c * image) + std::int64_t{tile.top} * tile.columns;
      const std::int64_t group = first / group_size;
      const std::int64_t last_group = (first + count - 1) / group_size + 1;
      float* values = tile.of(c);
      if (first % group_size == 0 && count % group_size == 0 && !is_shared) {
        Draws::fill(job.change.noise, group, last_group, values,
                    [&](V draw, float* value) { store(f(simd::load(value), draw), value); });
        continue;
      }
      if (c == 0 || !is_shared) Draws::fill(job.change.noise, group, last_group, job.scratch, store);
      const float* draws = job.scratch + (first - group * group_size);
      for (std::int64_t i = 0; i < tile.plane; i += lanes) {
        store(f(simd::load(values + i), simd::load(draws + i)), values + i);
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
          Uniform::fill(job.change.noise, group, last / uniform_group + 1, job.scratch, store);
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
