// SPDX-License-Identifier: Apache-2.0
// What is to be done to one sample, compiled from its steps: as few passes over its pixels as give the same result. A
// pass reads from one image, changes tiles of rows while they are in the cache, and writes each pixel once.
#pragma once

#include <vector>

#include "augment/image.hpp"

namespace burnish::augment {

// Values of a pass: whole numbers 0..255, or fractions 0..1, or (once normalized) any.
struct Levels {
  float low = 0;
  float high = 255;
  bool are_whole = true;

  // Whether values are any numbers, which nothing clamps.
  BURNISH_HD bool are_open() const { return low == -__builtin_huge_valf() && high == __builtin_huge_valf(); }
};

enum class SourceKind : std::uint8_t { copy, warp, separable, taps, sharpness };

inline constexpr int most_radius = 63;

// A region that an earlier one of several warps had pixels for: where `matrix` leads outside of it, there is the fill.
struct Clip {
  Matrix matrix;
  int height = 0;
  int width = 0;
};
inline constexpr int most_clips = 3;

inline constexpr int most_corners = 64;  // of a polygon

// A weight of a kernel, and the place that it is for.
struct Tap {
  int x = 0;
  int y = 0;
  float weight = 0;
};

struct Source {
  Source() {}  // else all of it is zeroed first, which takes as long as copying a small image

  SourceKind kind = SourceKind::copy;
  Image image;
  int height = 0;  // of what is read
  int width = 0;
  Border border = Border::constant;
  Fill fill;
  bool is_bordered = false;  // by add_border()
  int top = 0;               // copy: of the part that is read; may reach beyond the image
  int left = 0;
  Matrix matrix;  // warp
  Interpolation interpolation = Interpolation::bilinear;
  int clip_count = 0;
  Clip clips[most_clips];
  int radius = 0;                 // separable, taps: of the kernel
  float kernel[most_radius + 1];  // separable: from its center
  std::vector<Tap> taps;
  float divisor = 1;      // of the sum
  bool is_fixed = false;  // separable: of bytes, with weights of whole 256ths
  float factor = 1;       // sharpness
};

inline constexpr int most_divided_radius = 6;  // quotients of larger squares are not exact by one product

// Whether a separable source is made of bytes by whole numbers, in whatever layout.
BURNISH_HD bool blurs_bytes(const Source& source) {
  return source.kind == SourceKind::separable && source.image.dtype == DType::uint8 &&
         (source.is_fixed || source.radius <= most_divided_radius);
}

// Which pixels of a row or column of the source make each one of the result, and with what weights.
struct Axis {
  int from = 0;  // sizes
  int to = 0;
  Filter filter = Filter::bilinear;
  bool is_antialiased = true;
  int most_taps = 0;
  std::vector<int> first;
  std::vector<int> count;
  std::vector<float> weight;        // most_taps for each
  std::vector<std::int32_t> fixed;  // the same, times 2^fixed_bits
};
inline constexpr int fixed_bits = 22;

// What is done to all of an image before a pass reads it.
struct Prepare {
  enum class Kind : std::uint8_t { nothing, boxes, unsharp, resize };
  Kind kind = Kind::nothing;
  float radius = 0;  // of the extended boxes
  double percent = 0;
  double threshold = 0;
  int rows = 0;  // resize: in Program::axes
  int columns = 0;
};

// What a pass finds out about the values it writes, for the pass after it.
enum class Statistic : std::uint8_t { none, luma_sum, value_sum, histogram };

enum class BufferLayout : std::uint8_t { planes, interleaved };

struct TileOp {
  const Step* step = nullptr;
  const double* params = nullptr;
  Levels levels;
  std::int64_t table = -1;  // in Program::tables, for all channels
};

struct Pass {
  Pass() {}  // the same

  Source source;
  Image left;  // by the pass before: what its result looks like; without data yet
  Prepare prepare;
  Levels read_levels;   // of the source
  Levels write_levels;  // of the result
  int first_op = 0;     // in Program::ops
  int last_op = 0;
  Statistic statistic = Statistic::none;
  std::uint64_t joined = 0;  // a bit for each Op that is done by reading the source
};
static_assert(op_count <= 64);

struct Program {
  std::vector<Pass> passes;
  std::vector<TileOp> ops;
  std::vector<float> tables;
  std::vector<Axis> axes;  // kept from sample to sample

  const TileOp& op(int i) const { return ops[static_cast<std::size_t>(i)]; }
  Op kind(int i) const { return op(i).step->op; }
};

// Of the sample's image after the geometric steps.
struct Size {
  int height = 0;
  int width = 0;
};

// Whether what is read reaches beyond the image.
bool pads(const Source& source);
// Makes the part that is read the image itself.
void cut_to_window(Source& source);
Device device_of(const Images& images);
Image image_of(const Images& images, std::int64_t sample);
std::int64_t count_of(const Images& images);
std::uint64_t id_of(const TensorView& ids, std::int64_t sample);
const double* params_of(const Step& step, std::int64_t sample);
// Of autocontrast and equalize.
inline Method method_of(const Step& step) {
  return step.options.empty() ? Method::pillow : static_cast<Method>(static_cast<int>(step.options[0]));
}
// Number j in the order of a sample, negative where it is left out.
inline std::int32_t step_number(const PipelineArgs& args, std::int64_t sample, std::int64_t j) {
  return static_cast<const std::int32_t*>(args.order.data)[sample * args.order.strides[0] + j * args.order.strides[1]];
}
// The steps of a sample, in order: calls f(step).
template <class F>
void for_steps(const PipelineArgs& args, std::int64_t sample, const F& f) {
  for (std::int64_t j = 0; j < args.order.shape[1]; ++j) {
    const std::int32_t which = step_number(args, sample, j);
    if (which >= 0) f(args.steps[static_cast<std::size_t>(which)]);
  }
}

Size output_size(const PipelineArgs& args, std::int64_t sample, Size input);
void compile(const PipelineArgs& args, std::int64_t sample, const Image& image, Program& program);
// `out` is where the last pass writes to.
std::vector<Stage> stages_of(const Program& program, const Image& out);

}  // namespace burnish::augment
