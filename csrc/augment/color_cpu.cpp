// SPDX-License-Identifier: Apache-2.0
// Changes of a pixel that depend on nothing but its own values, on planes of floats.
#include "augment/color_math.hpp"
#include "augment/kernels.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

using V = simd::Vector<float>;

// An index for tables: fill may be any number.
int index_of(float value) { return static_cast<int>(settled<true>(value, Levels())); }
// 0..1 as 0..255.
int byte_of(float value) { return static_cast<int>(settled<true>(value * 255.0f, Levels())); }

void store(V v, float* to) { __builtin_memcpy(to, &v, sizeof v); }

// Planes end at a multiple of the widest vector, so that loops have no rest.
template <class F>
void each_value(const Tile& tile, int channel, const F& f) {
  float* values = tile.of(channel);
  for (std::int64_t i = 0; i < tile.plane; i += simd::width<float>) store(f(simd::load(values + i)), values + i);
}

template <class F>
void each_channel(const Tile& tile, const F& f) {
  for (int c = 0; c < tile.channels; ++c) each_value(tile, c, f);
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

// Fractions are rounded to bytes for it.
template <bool whole, class F>
void each_byte_color(const Tile& tile, const F& f) {
  const float white = whole ? 1.0f : 255.0f;
  const auto byte = [&](V v) { return settled<true>(v * white, Levels()); };
  each_color(tile, [&](const Color<V>& c) {
    const Color<V> made = f(Color<V>{byte(c.red), byte(c.green), byte(c.blue)});
    return Color<V>{made.red / white, made.green / white, made.blue / white};
  });
}

void move_plane(const float* from, float* to, std::int64_t plane) {
  __builtin_memcpy(to, from, static_cast<std::size_t>(plane) * sizeof(float));
}

// Along each cycle, started at its first channel.
void permute(const TileJob& job) {
  const Tile& tile = job.tile;
  const auto source_of = [&](int c) { return static_cast<int>(job.params[c]); };
  for (int first = 0; first < tile.channels; ++first) {
    int c = source_of(first);
    while (c > first) c = source_of(c);
    if (c < first || source_of(first) == first) continue;
    move_plane(tile.of(first), job.scratch, tile.plane);
    for (c = first; source_of(c) != first; c = source_of(c)) move_plane(tile.of(source_of(c)), tile.of(c), tile.plane);
    move_plane(job.scratch, tile.of(c), tile.plane);
  }
}

// By tables of 256 results, for the pixels alone: what fills up a plane is no index.
template <bool whole>
void look_up(const TileJob& job) {
  const std::int64_t count = std::int64_t{job.tile.rows} * job.tile.columns;
  for (int c = 0; c < job.tile.channels; ++c) {
    const float* table = job.table + c * job.table_step;
    float* values = job.tile.of(c);
    for (std::int64_t i = 0; i < count; ++i) {
      values[i] = whole ? table[index_of(values[i])] : table[byte_of(values[i])] / 255.0f;
    }
  }
}

template <bool whole>
void change(const TileJob& job) {
  // Copies: the compiler would read them again after every store.
  const Tile tile = job.tile;
  const Levels levels = job.levels;
  const auto param = [&](std::int64_t i) { return static_cast<float>(job.params[i]); };
  const float first = job.step->params.shape[1] > 0 ? param(0) : 0.0f;
  switch (job.step->op) {
    case Op::linear: {
      const bool each = job.step->params.shape[1] > 2;
      for (int c = 0; c < tile.channels; ++c) {
        const float factor = param(each ? 2 * c : 0);
        const float shift = param(each ? 2 * c + 1 : 1);
        // Channels that are kept or left out: whole values are settled already.
        if (whole && factor == 1.0f && shift == 0.0f) continue;
        if (whole && factor == 0.0f && shift == 0.0f) {
          __builtin_memset(tile.of(c), 0, static_cast<std::size_t>(tile.plane) * sizeof(float));
          continue;
        }
        each_value(tile, c, [&](V v) { return settled<whole>(v * factor + shift, levels); });
      }
      return;
    }
    case Op::contrast:
    case Op::linear_by_mean: {
      const float factor = param(0);
      const double part = job.step->op == Op::contrast ? 1 - job.params[0] : job.params[1];
      const auto shift = static_cast<float>(job.mean * part);
      for (int c = 0; c < tile.channels; ++c) {
        each_value(tile, c, [&](V v) { return settled<whole>(v * factor + shift, levels); });
      }
      return;
    }
    case Op::saturation:
      if (tile.channels < 3) return;
      return each_color(tile, [&](const Color<V>& c) { return saturated<whole>(c, first, levels); });
    case Op::hue:
      if (tile.channels < 3) return;
      return each_color(tile, [&](const Color<V>& c) { return turned<whole>(c, first, levels); });
    case Op::gray:
      if (tile.channels < 3) return;
      return each_color(tile, [&](const Color<V>& c) { return grayed<whole>(c, gray_of(*job.step), levels); });
    case Op::permute:
      return permute(job);
    case Op::solarize:
      return each_channel(tile, [&](V v) { return solarized<whole>(v, first, levels); });
    case Op::posterize: {
      const bool each = job.step->params.shape[1] > 1;
      for (int c = 0; c < tile.channels; ++c) {
        const auto steps = static_cast<float>(1 << static_cast<int>(job.params[each ? c : 0]));
        each_value(tile, c, [&](V v) { return posterized<whole>(v, steps, levels); });
      }
      return;
    }
    case Op::gamma:
      if constexpr (whole) return look_up<whole>(job);
      return each_channel(tile, [&](V v) { return powered(v, first, levels); });
    case Op::to_float:
      return each_channel(tile, [&](V v) { return settled<whole>(v / 255.0f, levels); });
    case Op::to_bytes:
      return each_channel(tile, [&](V v) { return settled<whole>(v * 255.0f, levels); });
    case Op::hsv_shift: {
      if (tile.channels < 3) {
        return each_channel(tile, [&](V v) { return settled<whole>(v + param(2), levels); });
      }
      const auto sixths = static_cast<float>(job.params[0] / 30);
      return each_color(tile,
                        [&](const Color<V>& c) { return shifted_hsv<whole>(c, sixths, param(1), param(2), levels); });
    }
    case Op::hsv_value:
      if (tile.channels < 3) {
        return each_channel(tile, [&](V v) { return settled<whole>(v * param(0) + param(1), levels); });
      }
      return each_color(tile, [&](const Color<V>& c) { return revalued<whole>(c, param(0), param(1), levels); });
    case Op::to_hsv:
      if (tile.channels < 3) return;
      return each_byte_color<whole>(tile, [](const Color<V>& c) { return hsv_of_bytes(c); });
    case Op::from_hsv:
      if (tile.channels < 3) return;
      return each_byte_color<whole>(tile, [](const Color<V>& c) { return bytes_of_hsv(c); });
    case Op::equalize:
      return look_up<whole>(job);
    case Op::autocontrast:
      if (whole || method_of(*job.step) == Method::opencv) return look_up<whole>(job);
      for (int c = 0; c < tile.channels; ++c) {
        const float* line = job.table + c * job.table_step;
        each_value(tile, c, [&](V v) { return settled<whole>(v * line[0] + line[1], levels); });
      }
      return;
    default:
      return;
  }
}

V load(const float* from, V) { return simd::load(from); }
float load(const float* from, float) { return *from; }

// The sum of f(i, kind) over the pixels of a tile, one after the other or, of whole numbers, in lanes: their sums are
// exact in any order, below 2^24. `kind` tells a vector from a number.
template <bool whole, class F>
double sum_of(const Tile& tile, const F& f) {
  const std::int64_t count = std::int64_t{tile.rows} * tile.columns;
  double sum = 0;
  std::int64_t i = 0;
  if constexpr (whole) {
    constexpr std::int64_t piece = 32768;
    for (; i + simd::width<float> <= count;) {
      V lanes{};
      for (std::int64_t last = i + piece; i + simd::width<float> <= count && i < last; i += simd::width<float>) {
        lanes += f(i, V{});
      }
      sum += simd::tree_reduce(lanes, [](auto a, auto b) { return a + b; });
    }
  }
  for (; i < count; ++i) sum += f(i, 0.0f);
  return sum;
}

template <bool whole>
double sum_of_channel(const Tile& tile, int channel) {
  return sum_of<whole>(tile, [&](std::int64_t i, auto kind) { return load(tile.of(channel) + i, kind); });
}

template <bool whole>
double sum_of_luma(const Tile& tile) {
  if (tile.channels < 3) return sum_of_channel<whole>(tile, 0);
  return sum_of<whole>(tile, [&](std::int64_t i, auto kind) {
    return luma<whole>(load(tile.of(0) + i, kind), load(tile.of(1) + i, kind), load(tile.of(2) + i, kind));
  });
}

template <bool whole>
double sum_of_values(const Tile& tile) {
  double sum = 0;
  for (int c = 0; c < tile.channels; ++c) sum += sum_of_channel<whole>(tile, c);
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
  return levels.are_whole ? sum_of_luma<true>(tile) : sum_of_luma<false>(tile);
}

template <>
double value_sum<Isa::BURNISH_ISA>(const Tile& tile, const Levels& levels) {
  return levels.are_whole ? sum_of_values<true>(tile) : sum_of_values<false>(tile);
}

template <>
void count_values<Isa::BURNISH_ISA>(const Tile& tile, const Levels& levels, Histogram* histograms) {
  const std::int64_t count = std::int64_t{tile.rows} * tile.columns;
  for (int c = 0; c < tile.channels; ++c) {
    Histogram& histogram = histograms[c];
    const float* values = tile.of(c);
    // Two take turns, so that equal neighbors do not wait for each other.
    std::int64_t second[256] = {};
    for (std::int64_t i = 0; i < count; ++i) {
      const float value = values[i];
      const int bin = levels.are_whole ? index_of(value) : byte_of(value);
      ++(i % 2 ? second : histogram.count)[bin];
      histogram.low = value < histogram.low ? value : histogram.low;
      histogram.high = value > histogram.high ? value : histogram.high;
    }
    for (int bin = 0; bin < 256; ++bin) histogram.count[bin] += second[bin];
  }
}

}  // namespace burnish::augment
