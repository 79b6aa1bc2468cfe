// SPDX-License-Identifier: Apache-2.0
// Pixels in memory, and where a pixel that is not there is taken from.
#pragma once

#include <cstdint>

#include "burnish/augment.hpp"
#include "core/host_device.hpp"

namespace burnish::augment {

// One image; strides in elements, of any sign.
struct Image {
  void* data = nullptr;     // null: what the pass before has left
  std::int64_t offset = 0;  // of the first pixel, in elements
  DType dtype = DType::uint8;
  int height = 0;
  int width = 0;
  int channels = 0;
  std::int64_t row = 0;
  std::int64_t column = 0;
  std::int64_t channel = 0;
};

BURNISH_HD bool is_interleaved(const Image& image) { return image.channel == 1 && image.column == image.channels; }

// Most channels that fill values and factors of their own are kept for; with more, the last one serves the rest.
inline constexpr int most_values = 4;

struct Fill {
  float value[most_values] = {};
  BURNISH_HD float of(int channel) const { return value[channel < most_values ? channel : most_values - 1]; }
};

// The place in 0..n-1 that stands for place i, or -1 for the fill.
BURNISH_HD std::int64_t inside(std::int64_t i, std::int64_t n, Border border) {
  if (i >= 0 && i < n) return i;
  switch (border) {
    case Border::replicate:
      return i < 0 ? 0 : n - 1;
    case Border::wrap:
      i %= n;
      return i < 0 ? i + n : i;
    case Border::reflect: {
      i %= 2 * n;
      if (i < 0) i += 2 * n;
      return i < n ? i : 2 * n - 1 - i;
    }
    case Border::reflect101: {
      if (n == 1) return 0;
      i %= 2 * n - 2;
      if (i < 0) i += 2 * n - 2;
      return i < n ? i : 2 * n - 2 - i;
    }
    default:
      return -1;
  }
}

// From places (x, y) in a result to places in its source: homogeneous, row after row.
struct Matrix {
  double m[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
};

// a after b: what b maps to, mapped by a.
BURNISH_HD Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      c.m[3 * i + j] = a.m[3 * i] * b.m[j] + a.m[3 * i + 1] * b.m[3 + j] + a.m[3 * i + 2] * b.m[6 + j];
    }
  }
  return c;
}

BURNISH_HD bool is_affine(const Matrix& a) { return a.m[6] == 0 && a.m[7] == 0 && a.m[8] == 1; }

}  // namespace burnish::augment
