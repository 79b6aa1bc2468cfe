// SPDX-License-Identifier: Apache-2.0
// Changes of a pixel that depend on nothing but its own values, on planes of floats.
#include "augment/changes.hpp"
#include "augment/kernels.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

using V = simd::Vector<float>;

void store(V v, float* to) { __builtin_memcpy(to, &v, sizeof v); }

void move_plane(const float* from, float* to, std::int64_t plane) {
  __builtin_memcpy(to, from, static_cast<std::size_t>(plane) * sizeof(float));
}

// The pixels of a tile, as changes.hpp asks for them. Planes end at a multiple of the widest vector, so that loops have
// no rest.
struct TilePixels {
  const Tile tile;  // a copy: the compiler would read it again after every store
  float* scratch;

  int channels() const { return tile.channels; }

  template <class Prepare>
  void each_channel(const Prepare& prepare) {
    for (int c = 0; c < tile.channels; ++c) {
      const auto f = prepare(c);
      float* values = tile.of(c);
      for (std::int64_t i = 0; i < tile.plane; i += simd::width<float>) store(f(simd::load(values + i)), values + i);
    }
  }

  // Of the pixels alone: what fills up a plane is no index.
  template <class Prepare>
  void each_value(const Prepare& prepare) {
    const std::int64_t count = std::int64_t{tile.rows} * tile.columns;
    for (int c = 0; c < tile.channels; ++c) {
      const auto f = prepare(c);
      float* values = tile.of(c);
      for (std::int64_t i = 0; i < count; ++i) values[i] = f(values[i]);
    }
  }

  template <class F>
  void each_color(const F& f) {
    if (tile.channels < 3) return;
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

  // Along each cycle, started at its first channel.
  void permute(const double* params) {
    const auto source_of = [&](int c) { return static_cast<int>(params[c]); };
    for (int first = 0; first < tile.channels; ++first) {
      int c = source_of(first);
      while (c > first) c = source_of(c);
      if (c < first || source_of(first) == first) continue;
      move_plane(tile.of(first), scratch, tile.plane);
      for (c = first; source_of(c) != first; c = source_of(c)) {
        move_plane(tile.of(source_of(c)), tile.of(c), tile.plane);
      }
      move_plane(scratch, tile.of(c), tile.plane);
    }
  }
};

V load(const float* from, V) { return simd::load(from); }
float load(const float* from, float) { return *from; }

// The sum of f(i, kind) over the pixels of a tile; `kind` tells a vector from a number. Sums of whole numbers are exact
// in floats below 2^24, those of multiples of 2^-24 in doubles below 2^28.
template <bool whole, class F>
std::int64_t sum_of(const Tile& tile, const F& f) {
  const std::int64_t count = std::int64_t{tile.rows} * tile.columns;
  constexpr int lanes = whole ? simd::width<float> : 16;
  constexpr std::int64_t piece = 32768;
  const auto to_parts = [](double sum) { return static_cast<std::int64_t>(whole ? sum : sum * 0x1p24); };
  std::int64_t total = 0;
  std::int64_t i = 0;
  while (i + lanes <= count) {
    const std::int64_t last = i + piece;
    if constexpr (whole) {
      V lane{};
      for (; i + lanes <= count && i < last; i += lanes) lane += f(i, V{});
      total += to_parts(simd::tree_reduce(lane, [](auto a, auto b) { return a + b; }));
    } else {
      double lane[lanes] = {};
      for (; i + lanes <= count && i < last; i += lanes) {
        for (int j = 0; j < lanes; ++j) lane[j] += in_parts<false>(f(i + j, 0.0f));
      }
      for (int j = 1; j < lanes; ++j) lane[0] += lane[j];
      total += to_parts(lane[0]);
    }
  }
  double rest = 0;
  for (; i < count; ++i) rest += in_parts<whole>(f(i, 0.0f));
  return total + to_parts(rest);
}

template <bool whole>
std::int64_t sum_of_channel(const Tile& tile, int channel) {
  return sum_of<whole>(tile, [&](std::int64_t i, auto kind) { return load(tile.of(channel) + i, kind); });
}

template <bool whole>
std::int64_t sum_of_luma(const Tile& tile) {
  if (tile.channels < 3) return sum_of_channel<whole>(tile, 0);
  return sum_of<whole>(tile, [&](std::int64_t i, auto kind) {
    return luma<whole>(load(tile.of(0) + i, kind), load(tile.of(1) + i, kind), load(tile.of(2) + i, kind));
  });
}

template <bool whole>
std::int64_t sum_of_values(const Tile& tile) {
  std::int64_t sum = 0;
  for (int c = 0; c < tile.channels; ++c) sum += sum_of_channel<whole>(tile, c);
  return sum;
}

}  // namespace

template <>
void color_tile<Isa::BURNISH_ISA>(const TileJob& job) {
  TilePixels pixels = {job.tile, job.scratch};
  job.change.levels.are_whole ? change_color<true>(job.change, pixels) : change_color<false>(job.change, pixels);
}

template <>
std::int64_t luma_sum<Isa::BURNISH_ISA>(const Tile& tile, const Levels& levels) {
  return levels.are_whole ? sum_of_luma<true>(tile) : sum_of_luma<false>(tile);
}

template <>
std::int64_t value_sum<Isa::BURNISH_ISA>(const Tile& tile, const Levels& levels) {
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
