// SPDX-License-Identifier: Apache-2.0
// Batches of images through a pipeline of operations, each sample with parameters of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "burnish/tensor.hpp"

namespace burnish::augment {

// What a step does, and its parameters (a row of doubles for each sample). Images hold 0..255 in uint8 and 0..1 in
// float32; shifts and thresholds are in these units. Results are clamped to the range, and rounded in uint8, after
// every step. Pixel centers lie at half-integers.
enum class Op : std::uint8_t {
  crop,                  // top, left, height, width; may reach beyond the image. Options: border, fill
  orient,                // code: + 4 transposed, then + 2 rows in reverse order, then + 1 columns in reverse order
  warp,                  // a matrix of 9 from places in the result to places in the source, height, width.
                         // Options: interpolation, border, fill
  linear,                // factor and shift: of all channels, or of each
  contrast,              // factor: away from the mean of the luma
  saturation,            // factor: away from the luma
  hue,                   // shift in turns
  normalize,             // options: factor and shift of each channel; no clamping nor rounding from here on
  gauss_noise,           // mean, standard deviation, whether the channels get the same
  gauss_blur,            // size of the kernel (odd), standard deviation of the kernel. Border: reflect101
  erase,                 // any number of top, left, height, width. Options: fill
  gray,                  // no parameter: all colors become one. Options: which
  permute,               // for each channel, the one that it is taken from: all of them, in any order
  solarize,              // threshold: values from there on are inverted
  posterize,             // bits that are kept, 0 to 8: of all channels, or of each
  gamma,                 // exponent
  to_float,              // no parameter: 0..255 become 0..1, no longer rounded
  to_bytes,              // no parameter: 0..1 become 0..255, rounded from here on
  hsv_shift,             // shifts of hue in degrees / 2, of saturation (its range that of the values), of value; in HSV
  hsv_value,             // factor and shift of the value in HSV: hue and saturation stay
  autocontrast,          // percent of the pixels that are left out at the low end and at the high end. Options: method
  equalize,              // no parameter. Options: method
  multiplicative_noise,  // range of the uniform factor, whether the channels get the same
  salt_and_pepper,  // fraction of changed pixels, fraction of them that are salt, whether the channels get the same
  box_blur,         // size of the kernel (odd). Border: reflect101
  sharpen,          // alpha and lightness, as Albumentations has them. Border: reflect101
  motion_blur,     // size of the kernel (odd), direction x and y (of length 1), bias of the line from -1 (behind) to 1,
                   // shift x and y of the line in pixels. Border: reflect101
  pillow_blur,     // radius of Pillow's GaussianBlur. Border: replicate
  unsharp_mask,    // radius, percent and threshold of Pillow's UnsharpMask
  resize,          // height, width. Options: filter, whether it is antialiased (1), filter where a side shrinks (that)
  sharpness,       // factor: away from the mean with the 8 neighbors, as Pillow has it; pixels at the border stay
  linear_by_mean,  // factor, part: the shift is that part of the mean of all values
  erase_noise,     // any number of top, left, height, width. Options: whether all of a part gets one color
  shade,           // any number of a factor and the corners x and y of a polygon. Options: corners
  levels,          // options: the lowest and the highest value, to which steps clamp from here on, without rounding
  to_hsv,          // no parameter: hue in degrees / 2, saturation, value, as OpenCV has them in bytes
  from_hsv,        // no parameter: back from there
};

inline constexpr int op_count = static_cast<int>(Op::from_hsv) + 1;
std::string_view name(Op op);

enum class Border : std::uint8_t { constant, replicate, reflect, reflect101, wrap };
// bicubic with a = -3/4, as OpenCV has it.
enum class Interpolation : std::uint8_t { nearest, bilinear, bicubic };
// Of resize: kernels as wide as the step between pixels of the result, where that is more than 1, so that none is left
// out; bicubic with a = -1/2, both as Pillow has them. Not antialiased, bilinear reads 2 pixels and bicubic, with
// a = -3/4, 4 of them a side, as OpenCV has it. area: each pixel by the part of it that is covered.
enum class Filter : std::uint8_t { nearest, bilinear, bicubic, area };
// Of gray: the luma without options; or the mean of red, green and blue, the largest of them, the middle between the
// largest and the smallest.
enum class Gray : std::uint8_t { luma, average, max, desaturation };
// Of autocontrast: a line, as Pillow has it, or the cumulative histogram, as Albumentations has it. Of equalize: as
// Pillow or as OpenCV has it. Pillow's without options.
enum class Method : std::uint8_t { pillow, opencv };
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
  Images images;  // uint8 or float32, all on a CPU or all on one GPU
  Images out;     // uint8, float32, float16 or bfloat16, where the images are; everything else is on a CPU
  // On a GPU: work is started on the stream and not waited for. `workspace` is called once, before that, and returns so
  // many bytes of memory on the GPU, aligned to 256, that nothing else uses until the stream has come to the work's
  // end.
  void* stream = nullptr;
  std::function<void*(std::int64_t bytes)> workspace;
};

// Throws TypeError or ValueError (burnish/error.hpp) before any work.
void run(const PipelineArgs& args);

// One pass over a sample's pixels, as run() makes it.
struct Stage {
  std::string_view reads_by;     // "copy", "warp", "separable", "taps", and what is done to all of it before that:
  std::string_view prepares_by;  // "", "boxes", "unsharp", "resize"
  std::vector<Op> joined;        // steps that only say what is read from where
  std::vector<Op> changes;       // steps that change values, while they are in the cache
  DType reads = DType::uint8;
  DType writes = DType::uint8;
  Layout reads_layout = Layout::nhwc;
  Layout writes_layout = Layout::nhwc;
  std::int64_t height = 0;  // of the result
  std::int64_t width = 0;
  std::int64_t bytes_read = 0;  // from memory, each once
  std::int64_t bytes_written = 0;
};

// What run() would do to a sample. No pixel is looked at: the images' memory may be missing.
std::vector<Stage> explain(const PipelineArgs& args, std::int64_t sample);

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

// out[i] is weight[i] * images[i] + (1 - weight[i]) * images[partner[i]], and images[partner[i]] inside of box[i]. With
// weight 1 nothing of the partner is read outside of the box. `images` may hold more images than there are results, as
// partners. `out` may be the first of the images themselves, on a CPU: they are overwritten in a fitting order.
struct MixArgs {
  std::string_view call;
  Images images;       // m of them; uint8, float32, float16, bfloat16 or float64
  Images out;          // n of them, at most m
  TensorView partner;  // (n,) int64
  TensorView weight;   // (n,) float64, 0 to 1
  TensorView box;      // (n, 4) int64: top, left, height, width
  void* stream = nullptr;
};
// On a GPU partners, weights and boxes are not read in advance: a result whose partner is out of range stays as it was.
void mix(const MixArgs& args);

}  // namespace burnish::augment
