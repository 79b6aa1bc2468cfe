// SPDX-License-Identifier: Apache-2.0
// The pixels of a thread, in registers, as changes.hpp asks for them. Blocks work on runs of consecutive pixels of an
// image, threads on pixels side by side.
#pragma once

#include "augment/batch.hpp"
#include "core/cuda.hpp"

namespace burnish::augment {
namespace {

// For images of `known` channels; 0 stands for any number, with values in local memory and a pixel for each thread.
template <int known>
struct BlockShape {
  static constexpr int most_channels = known > 0 ? known : most_device_channels;
  static constexpr int pixels = known > 0 ? pixels_per_thread : 1;
  static constexpr int tile = block_threads * pixels;
  static constexpr int at_once = known > 0 ? known : 1;  // channels that shared memory has a row for
  static constexpr int row = tile + noise_group;         // draws of a tile; or values of it and of 63 before and after
  static constexpr int shared_values = at_once * row;
};
static_assert(noise_group >= 2 * most_radius && noise_group >= uniform_group);

// Where the block works.
struct BlockPlace {
  std::int64_t first;   // pixel
  std::int64_t pixels;  // of the image
  int count;            // of the tile
  int row;              // of the first pixel
  int column;
  int width;
};

template <int known>
struct ThreadPixels {
  using Shape = BlockShape<known>;

  float value[Shape::most_channels][Shape::pixels];
  int row[Shape::pixels];
  int column[Shape::pixels];
  int count;  // of its pixels that lie in the image: with the others nothing is done
  int all_channels;
  const BlockPlace& place;
  NoiseKey noise;
  float* shared;  // Shape::shared_values

  __device__ ThreadPixels(const BlockPlace& block, int channels, float* shared_values)
      : all_channels(channels), place(block), shared(shared_values) {
    const int first = static_cast<int>(threadIdx.x) * Shape::pixels;
    const int left = place.count - first;
    count = left < 0 ? 0 : left < Shape::pixels ? left : Shape::pixels;
    const auto along = static_cast<unsigned>(place.column + first);
    const auto width = static_cast<unsigned>(place.width);
    int y = static_cast<int>(along / width);
    int x = static_cast<int>(along - static_cast<unsigned>(y) * width);
    for (int i = 0; i < Shape::pixels; ++i) {
      row[i] = place.row + y;
      column[i] = x;
      if (++x == place.width) {
        x = 0;
        ++y;
      }
    }
    for (int c = 0; c < this->channels(); ++c) {
      for (int i = 0; i < Shape::pixels; ++i) value[c][i] = 0;
    }
  }

  __device__ int channels() const { return known > 0 ? known : all_channels; }

  // Reads pixel after pixel: calls read(row, column, put) for each, which calls put(channel, value). The loop is not
  // unrolled, which would take the compiler minutes, and registers have no index: values wait in shared memory, each
  // thread's own.
  template <class Read>
  __device__ void each_pixel(const Read& read) {
    int y = row[0];
    int x = column[0];
    if constexpr (known > 0) __syncthreads();  // somebody may still read what was there
#pragma unroll 1
    for (int i = 0; i < count; ++i) {
      read(y, x, [&](int c, float v) {
        if constexpr (known > 0) {
          waiting(c, i) = v;
        } else {
          value[c][0] = v;
        }
      });
      if (++x == place.width) {
        x = 0;
        ++y;
      }
    }
    if constexpr (known > 0) {
#pragma unroll
      for (int c = 0; c < known; ++c) {
        for (int i = 0; i < Shape::pixels; ++i) {
          if (i < count) value[c][i] = waiting(c, i);
        }
      }
    }
  }

  __device__ float& waiting(int c, int i) const {
    return shared[(c * Shape::pixels + i) * block_threads + static_cast<int>(threadIdx.x)];
  }

  template <class Prepare>
  __device__ void each_channel(const Prepare& prepare) {
#pragma unroll
    for (int c = 0; c < channels(); ++c) {
      const auto f = prepare(c);
      for (int i = 0; i < Shape::pixels; ++i) value[c][i] = f(value[c][i]);
    }
  }

  template <class Prepare>
  __device__ void each_value(const Prepare& prepare) {
    each_channel(prepare);
  }

  template <class F>
  __device__ void each_color(const F& f) {
    if constexpr (Shape::most_channels >= 3) {
      if (channels() < 3) return;
      for (int i = 0; i < Shape::pixels; ++i) {
        const Color<float> color = f(Color<float>{value[0][i], value[1][i], value[2][i]});
        value[0][i] = color.red;
        value[1][i] = color.green;
        value[2][i] = color.blue;
      }
    }
  }

  // Registers have no index: each channel is asked for in turn.
  __device__ void permute(const double* params) {
    float before[Shape::most_channels][Shape::pixels];
    for (int c = 0; c < channels(); ++c) {
      for (int i = 0; i < Shape::pixels; ++i) before[c][i] = value[c][i];
    }
#pragma unroll
    for (int c = 0; c < channels(); ++c) {
      const int source = static_cast<int>(params[c]);
#pragma unroll
      for (int k = 0; k < channels(); ++k) {
        for (int i = 0; i < Shape::pixels; ++i) value[c][i] = k == source ? before[k][i] : value[c][i];
      }
    }
  }

  template <class F>
  __device__ void with_normal(bool is_shared, const F& f) {
    with_draws<2>(
        is_shared, [](std::uint32_t word, float* draws) { normal_pair(word, draws[0], draws[1]); },
        [&](int, float& x, float draw) { x = f(x, draw); });
  }
  template <class F>
  __device__ void with_uniform(bool is_shared, const F& f) {
    each_uniform(is_shared, [&](int, float& x, float draw) { x = f(x, draw); });
  }
  // Calls change(i, value, draw) for pixel i.
  template <class Change>
  __device__ void each_uniform(bool is_shared, const Change& change) {
    with_draws<1>(is_shared, [](std::uint32_t word, float* draws) { draws[0] = uniform_of<float>(word); }, change);
  }

  // All threads make the draws of the tile, each of whole blocks of the generator, and take those of their pixels.
  template <int per_word, class Make, class Change>
  __device__ void with_draws(bool is_shared, const Make& make, const Change& change) {
    constexpr int group_size = 4 * per_word * noise_blocks;
    for (int first = 0; first < channels(); first += Shape::at_once) {
      if (first == 0 || !is_shared) {
        __syncthreads();  // somebody may still read what was there
        make_draws<per_word>(is_shared ? 0 : first, is_shared ? 1 : Shape::at_once, make);
        __syncthreads();
      }
#pragma unroll
      for (int k = 0; k < Shape::at_once; ++k) {
        const std::int64_t start = (is_shared ? 0 : (first + k) * place.pixels) + place.first;
        const float* draws = shared + (is_shared ? 0 : k) * Shape::row + static_cast<int>(start % group_size) +
                             static_cast<int>(threadIdx.x) * Shape::pixels;
        for (int i = 0; i < Shape::pixels; ++i) {
          if (i < count) change(i, value[first + k][i], draws[i]);
        }
      }
    }
  }

  template <int per_word, class Make>
  __device__ void make_draws(int first_channel, int channel_count, const Make& make) {
    constexpr int group_size = 4 * per_word * noise_blocks;
    constexpr int blocks = (Shape::tile / group_size + 1) * noise_blocks;  // of a channel
    for (int b = static_cast<int>(threadIdx.x); b < channel_count * blocks; b += block_threads) {
      const int k = b / blocks;
      const int in_channel = b - k * blocks;
      const std::int64_t start = (first_channel + k) * place.pixels + place.first;
      const std::int64_t group = start / group_size + in_channel / noise_blocks;
      if (group > (start + place.count - 1) / group_size) continue;
      const int lane = in_channel % noise_blocks;
      const auto block = static_cast<std::uint32_t>(group * noise_blocks + lane);
      const PhiloxCounter words = philox4x32({{noise.id[0], noise.id[1], noise.place, block}}, noise.key);
      float* to = shared + k * Shape::row + in_channel / noise_blocks * group_size + lane;
#pragma unroll
      for (int w = 0; w < 4; ++w) {
        float draws[per_word];
        make(words.word[w], draws);
        for (int i = 0; i < per_word; ++i) to[(per_word * w + i) * noise_blocks] = draws[i];
      }
    }
  }
};

}  // namespace
}  // namespace burnish::augment
