// SPDX-License-Identifier: Apache-2.0
// Changes of a pixel that depend on nothing but its own values, on planes of floats.
#include "augment/color_math.hpp"
#include "augment/kernels.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

using V = simd::Vector<float>;

void store(V v, float* to) { __builtin_memcpy(to, &v, sizeof v); }

// Planes end at a multiple of the widest vector, so that loops have no rest.
template <class F>
void each_value(const Tile& tile, int channel, const F& f) {
  float* values = tile.of(channel);
  for (std::int64_t i = 0; i < tile.plane; i += simd::width<float>) store(f(simd::load(values + i)), values + i);
}

template <class F>
void each_color(const Tile& tile, const F& f) {
  float* red = tile.of(0);
  float* green = tile.of(1);
  float* blue = tile.of(2);
  for (std::int64_t i = 0; i < tile.plane; i += simd::width<float>) {
    Color<V> color = {simd::load(red + i), simd::load(green + i), simd::load(blue + i)};
    color = f(color);
    store(color.red, red + i);
    store(color.green, green + i);
    store(color.blue, blue + i);
  }
}

void normalize(const TileJob& job) {
  const std::vector<double>& options = job.step->options;
  for (int c = 0; c < job.tile.channels; ++c) {
    const auto factor = static_cast<float>(options[static_cast<std::size_t>(2 * c)]);
    const auto shift = static_cast<float>(options[static_cast<std::size_t>(2 * c + 1)]);
    each_value(job.tile, c, [&](V v) { return v * factor + shift; });
  }
}

template <bool whole>
void change(const TileJob& job) {
  const Tile& tile = job.tile;
  const Levels& levels = job.levels;
  const auto param = [&](std::int64_t i) { return static_cast<float>(job.params[i]); };
  switch (job.step->op) {
    case Op::linear: {
      const bool each = job.step->params.shape[1] > 2;
      for (int c = 0; c < tile.channels; ++c) {
        const float factor = param(each ? 2 * c : 0);
        const float shift = param(each ? 2 * c + 1 : 1);
        each_value(tile, c, [&](V v) { return settled<whole>(v * factor + shift, levels); });
      }
      return;
    }
    case Op::contrast: {
      const float factor = param(0);
      const auto shift = static_cast<float>(job.luma_mean * (1 - job.params[0]));
      for (int c = 0; c < tile.channels; ++c) {
        each_value(tile, c, [&](V v) { return settled<whole>(v * factor + shift, levels); });
      }
      return;
    }
    case Op::saturation:
      if (tile.channels < 3) return;
      return each_color(tile, [&](const Color<V>& c) { return saturated<whole>(c, param(0), levels); });
    case Op::hue:
      if (tile.channels < 3) return;
      return each_color(tile, [&](const Color<V>& c) { return turned<whole>(c, param(0), levels); });
    default:
      return;
  }
}

template <bool whole>
double sum_of_luma(const Tile& tile) {
  const std::int64_t count = std::int64_t{tile.rows} * tile.columns;
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const float value = tile.channels < 3 ? tile.of(0)[i] : luma<whole>(tile.of(0)[i], tile.of(1)[i], tile.of(2)[i]);
    sum += value;
  }
  return sum;
}

// Of whole numbers, in any order of additions: a tile's sum is below 2^24.
double sum_of_whole_luma(const Tile& tile) {
  const std::int64_t count = std::int64_t{tile.rows} * tile.columns;
  double sum = 0;
  constexpr std::int64_t piece = 32768;
  std::int64_t i = 0;
  for (; i + simd::width<float> <= count;) {
    V lanes{};
    for (std::int64_t last = i + piece; i + simd::width<float> <= count && i < last; i += simd::width<float>) {
      lanes += tile.channels < 3
                   ? simd::load(tile.of(0) + i)
                   : luma<true>(simd::load(tile.of(0) + i), simd::load(tile.of(1) + i), simd::load(tile.of(2) + i));
    }
    sum += simd::tree_reduce(lanes, [](auto a, auto b) { return a + b; });
  }
  for (; i < count; ++i) {
    sum += tile.channels < 3 ? tile.of(0)[i] : luma<true>(tile.of(0)[i], tile.of(1)[i], tile.of(2)[i]);
  }
  return sum;
}

}  // namespace

template <>
void color_tile<Isa::BURNISH_ISA>(const TileJob& job) {
  if (job.step->op == Op::normalize) return normalize(job);
  job.levels.are_whole ? change<true>(job) : change<false>(job);
}

template <>
double luma_sum<Isa::BURNISH_ISA>(const Tile& tile, const Levels& levels) {
  return levels.are_whole ? sum_of_whole_luma(tile) : sum_of_luma<false>(tile);
}

}  // namespace burnish::augment
