// SPDX-License-Identifier: Apache-2.0
// Batches of images through a pipeline of operations, each sample with parameters of its own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "burnish/tensor.hpp"

namespace burnish::augment {

// What a step does, and its parameters (a row of doubles for each sample). Images hold 0..255 in uint8 and 0..1 in
// float32; shifts and thresholds are in these units. Results are clamped to the range, and rounded in uint8, after
// every step. Pixel centers lie at half-integers.
enum class Op : std::uint8_t {
  crop,         // top, left, height, width; may reach beyond the image. Options: border, fill
  orient,       // code: + 4 transposed, then + 2 rows in reverse order, then + 1 columns in reverse order
  warp,         // a matrix of 9 from places in the result to places in the source, height, width.
                // Options: interpolation, border, fill
  linear,       // factor and shift: of all channels, or of each
  contrast,     // factor: away from the mean of the luma
  saturation,   // factor: away from the luma
  hue,          // shift in turns
  normalize,    // options: factor and shift of each channel; no clamping nor rounding from here on
  gauss_noise,  // mean, standard deviation, whether the channels get the same
  gauss_blur,   // size of the kernel (odd), standard deviation of the kernel. Border: reflect101
  erase,        // any number of top, left, height, width. Options: fill
};

enum class Border : std::uint8_t { constant, replicate, reflect, reflect101, wrap };
enum class Interpolation : std::uint8_t { nearest, bilinear };
enum class Layout : std::uint8_t { nhwc, nchw };

struct Step {
  Op op = Op::crop;
  std::uint32_t place = 0;      // in the pipeline: noise is drawn for it
  std::vector<double> options;  // what all samples share; fill is one value for each channel
  TensorView params;            // (n, parameters) float64
};

// Images of one size as one array, or of any sizes as many.
struct Images {
  std::vector<TensorView> arrays;
  bool is_batch = true;  // arrays[0] is (n, h, w, c) or (n, c, h, w); else each is (h, w, c) or (c, h, w)
  Layout layout = Layout::nhwc;
};

struct PipelineArgs {
  std::string_view call;
  std::span<const Step> steps;
  TensorView order;  // (n, m) int32: the steps that each sample takes, in its own order; negative ones are left out
  TensorView ids;    // (n,) int64
  std::uint64_t seed = 0;
  std::int64_t epoch = 0;
  bool fuse = true;
  Images images;  // uint8 or float32
  Images out;     // uint8, float32, float16 or bfloat16
};

// Throws TypeError or ValueError (burnish/error.hpp) before any work.
void run(const PipelineArgs& args);

// out[i, j] is draw j of sample ids[i] at a place of a pipeline: uniform in (0, 1), a multiple of 2^-33.
struct DrawArgs {
  std::string_view call;
  std::uint64_t seed = 0;
  std::int64_t epoch = 0;
  std::uint32_t place = 0;
  TensorView ids;  // (n,) int64
  TensorView out;  // (n, draws) float64
};
void draw(const DrawArgs& args);

}  // namespace burnish::augment
