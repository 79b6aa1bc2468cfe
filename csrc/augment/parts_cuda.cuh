// SPDX-License-Identifier: Apache-2.0
// Changes of the pixels in some parts of an image.
#pragma once

#include "augment/pixels_cuda.cuh"
#include "augment/shade_math.hpp"

namespace burnish::augment {
namespace {

// Calls change(c, value) for the values of pixels that lie in the part.
template <int known, class Contains, class Change>
__device__ void each_inside(ThreadPixels<known>& pixels, const Contains& contains, const Change& change) {
  for (int i = 0; i < BlockShape<known>::pixels; ++i) {
    if (i >= pixels.count) break;
    if (!contains(pixels.row[i], pixels.column[i])) continue;
#pragma unroll
    for (int c = 0; c < pixels.channels(); ++c) change(c, pixels.value[c][i]);
  }
}

template <int known>
__device__ void erase_parts(const Change& job, int height, ThreadPixels<known>& pixels) {
  const int last = job.option_count - 1;
  for (int i = 0; i + 4 <= job.param_count; i += 4) {
    const Region region(job.params + i, height, pixels.place.width);
    each_inside(
        pixels, [&](int row, int column) { return region.contains(row, column); },
        [&](int c, float& x) { x = settled_fill(job.options[c < last ? c : last], job.levels); });
  }
}

// Draw number `draw` of a sample.
__device__ __forceinline__ float uniform_at(const NoiseKey& noise, std::int64_t draw) {
  const auto in_group = static_cast<int>(draw % uniform_group);
  const auto block = static_cast<std::uint32_t>(draw / uniform_group * noise_blocks + in_group % noise_blocks);
  const PhiloxCounter words = philox4x32({{noise.id[0], noise.id[1], noise.place, block}}, noise.key);
  const int w = in_group / noise_blocks;
  return uniform_of<float>(w == 0 ? words.word[0] : w == 1 ? words.word[1] : w == 2 ? words.word[2] : words.word[3]);
}

template <bool whole, int known>
__device__ void erase_with_noise(const Change& job, int height, ThreadPixels<known>& pixels) {
  const auto is_inside = [&](int i, int row, int column) {
    return Region(job.params + i, height, pixels.place.width).contains(row, column);
  };
  if (job.options[0] != 0) {  // one color
    for (int i = 0; i + 4 <= job.param_count; i += 4) {
      each_inside(
          pixels, [&](int row, int column) { return is_inside(i, row, column); },
          [&](int c, float& x) {
            x = any_value<whole>(uniform_at(job.noise, std::int64_t{i / 4} * pixels.channels() + c));
          });
    }
    return;
  }
  pixels.each_uniform(false, [&](int pixel, float& x, float draw) {
    bool covered = false;
    for (int i = 0; i + 4 <= job.param_count; i += 4) {
      covered = covered || is_inside(i, pixels.row[pixel], pixels.column[pixel]);
    }
    if (covered) x = any_value<whole>(draw);
  });
}

template <bool whole, int known>
__device__ void shade_parts(const Change& job, ThreadPixels<known>& pixels) {
  const auto corners = static_cast<int>(job.options[0]);
  for (int first = 0; first < job.param_count; first += 1 + 2 * corners) {
    const double* corner = job.params + first + 1;
    const auto factor = job.param(first);
    if (factor == 1) continue;
    each_inside(
        pixels,
        [&](int row, int column) {
          bool is_in = false;
          for (int i = 0; i < corners; ++i) {
            const double* a = corner + 2 * i;
            const double* b = corner + 2 * (i + 1 < corners ? i + 1 : 0);
            const double y = row + 0.5;
            if (crosses(a[1], b[1], y)) {
              is_in = is_in != (first_column(a[0], a[1], b[0], b[1], y, pixels.place.width) <= column);
            }
          }
          return is_in;
        },
        [&](int, float& x) { x = settled<whole>(x * factor, job.levels); });
  }
}

}  // namespace
}  // namespace burnish::augment
