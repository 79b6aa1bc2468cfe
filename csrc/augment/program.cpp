// SPDX-License-Identifier: Apache-2.0
#include "augment/program.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "augment/axis.hpp"
#include "augment/levels_math.hpp"
#include "augment/tables_math.hpp"
#include "core/exp.hpp"

namespace burnish::augment {
namespace {

Fill fill_of(const Step& step, std::size_t first, const Levels& levels) {
  Fill fill;
  const std::size_t given = step.options.size() - first;
  for (std::size_t c = 0; c < most_values && given > 0; ++c) {
    fill.value[c] = settled_fill(step.options[first + std::min(c, given - 1)], levels);
  }
  return fill;
}

int to_int(double value) { return static_cast<int>(value); }

Matrix shift(double x, double y) { return {{1, 0, x, 0, 1, y, 0, 0, 1}}; }
Matrix columns_reversed(int width) { return {{-1, 0, static_cast<double>(width), 0, 1, 0, 0, 0, 1}}; }
Matrix rows_reversed(int height) { return {{1, 0, 0, 0, -1, static_cast<double>(height), 0, 0, 1}}; }
Matrix transposed() { return {{0, 1, 0, 1, 0, 0, 0, 0, 1}}; }

void reverse_columns(Image& image) {
  image.offset += (image.width - 1) * image.column;
  image.column = -image.column;
}

void reverse_rows(Image& image) {
  image.offset += (image.height - 1) * image.row;
  image.row = -image.row;
}

void transpose(Image& image) {
  std::swap(image.height, image.width);
  std::swap(image.row, image.column);
}

void orient(Source& source, int code) {
  if (code & 4) {
    transpose(source.image);
    std::swap(source.top, source.left);
    std::swap(source.height, source.width);
  }
  if (code & 2) {
    source.top = source.image.height - source.top - source.height;
    reverse_rows(source.image);
  }
  if (code & 1) {
    source.left = source.image.width - source.left - source.width;
    reverse_columns(source.image);
  }
}

// From places in an oriented image of this size (height and width afterwards) to those before.
Matrix orientation(int code, int height, int width) {
  Matrix m;
  if (code & 1) m = product(columns_reversed(width), m);
  if (code & 2) m = product(rows_reversed(height), m);
  if (code & 4) m = product(transposed(), m);
  return m;
}

// Lets a warp read the image in the order in which it lies in memory.
void straighten(Source& source) {
  Image& image = source.image;
  const std::int64_t row = image.row < 0 ? -image.row : image.row;
  const std::int64_t column = image.column < 0 ? -image.column : image.column;
  const bool turned = image.width > 1 && image.height > 1 && row < column;
  Matrix back;
  if (turned) {
    transpose(image);
    back = transposed();
  }
  if (image.column < 0) {
    back = product(columns_reversed(image.width), back);
    reverse_columns(image);
  }
  if (image.row < 0) {
    back = product(rows_reversed(image.height), back);
    reverse_rows(image);
  }
  source.matrix = product(back, source.matrix);
}

// Whether the three values of a pixel lie apart, so that a warp reads them faster after they were put side by side.
bool is_planar_color(const Image& image) {
  return image.dtype == DType::uint8 && image.channels == 3 && image.channel != 1;
}

// Whether the fill is a value as the image has them.
bool can_hold(const Image& image, Border border, const Fill& fill) {
  return image.dtype != DType::uint8 || border != Border::constant ||
         std::all_of(fill.value, fill.value + most_values,
                     [](float value) { return value >= 0 && value <= 255 && value == std::floor(value); });
}

// Whether an operation leaves every byte as it is; of other values it would clamp some.
bool keeps_bytes(const Step& step, const double* params) {
  switch (step.op) {
    case Op::linear:
      for (std::int64_t i = 0; i + 1 < step.params.shape[1]; i += 2) {
        if (params[i] != 1 || params[i + 1] != 0) return false;
      }
      return true;
    case Op::linear_by_mean:
      return params[0] == 1 && params[1] == 0;
    case Op::contrast:
    case Op::saturation:
      return params[0] == 1;
    case Op::hue:
      return params[0] == std::floor(params[0]);
    default:
      return false;
  }
}

constexpr std::size_t most_axes = 16;

bool same(const Fill& a, const Fill& b) { return std::equal(a.value, a.value + most_values, b.value); }

class Compiler {
 public:
  Compiler(const PipelineArgs& args, std::int64_t sample, const Image& image, Program& program)
      : args_(args), sample_(sample), program_(program) {
    program.passes.clear();
    program.ops.clear();
    program.tables.clear();
    if (program.axes.size() > most_axes) program.axes.clear();
    if (image.dtype == DType::float32) levels_ = {0, 1, false};
    begin(image);
  }

  void run() {
    for_steps(args_, sample_, [this](const Step& step) {
      if (levels_.are_whole && keeps_bytes(step, params_of(step, sample_))) return;
      if (!args_.fuse && !is_first_) leave(BufferLayout::planes);
      is_first_ = false;
      const std::size_t changes = program_.ops.size();
      add(step, params_of(step, sample_));
      if (program_.ops.size() == changes) pass_->joined |= std::uint64_t{1} << static_cast<int>(step.op);
    });
    finish();
  }

 private:
  void add(const Step& step, const double* params) {
    switch (step.op) {
      case Op::crop:
        return crop(step, params);
      case Op::orient:
        return turn(to_int(params[0]) & 7);
      case Op::warp:
        return warp(step, params);
      case Op::gauss_blur:
        return gauss_blur(params);
      case Op::box_blur:
        return box_blur(params);
      case Op::sharpen:
        return sharpen(params);
      case Op::motion_blur:
        return motion_blur(params);
      case Op::sharpness:
        filter(SourceKind::sharpness, 1).factor = static_cast<float>(params[0]);
        return;
      case Op::pillow_blur:
        return prepare(Prepare::Kind::boxes, params[0]);
      case Op::unsharp_mask:
        prepare(Prepare::Kind::unsharp, params[0]);
        pass_->prepare.percent = params[1];
        pass_->prepare.threshold = params[2];
        return;
      case Op::resize:
        return resize(step, params);
      case Op::contrast:
        leave(BufferLayout::planes, Statistic::luma_sum);
        break;
      case Op::linear_by_mean:
        leave(BufferLayout::planes, Statistic::value_sum);
        break;
      case Op::normalize:
        levels_ = {-__builtin_huge_valf(), __builtin_huge_valf(), false};
        break;
      case Op::autocontrast:
      case Op::equalize:
        leave(BufferLayout::planes, Statistic::histogram);
        break;
      case Op::to_float:
        if (!levels_.are_whole) return;
        levels_ = {0, 1, false};
        break;
      case Op::to_bytes:
        if (levels_.are_whole) return;
        levels_ = Levels();
        break;
      case Op::levels:
        return change_levels(static_cast<float>(step.options[0]), static_cast<float>(step.options[1]));
      default:
        break;
    }
    program_.ops.push_back({&step, params, levels_});
    if (step.op == Op::gamma && levels_.are_whole) program_.ops.back().table = add_gamma_table(params[0]);
  }

  // Of what is read, too, where nothing was done to it yet.
  void change_levels(float low, float high) {
    levels_ = {low, high, false};
    if (pass_->source.kind == SourceKind::copy && !has_ops()) pass_->read_levels = levels_;
  }

  std::int64_t add_gamma_table(double exponent) {
    const std::size_t first = program_.tables.size();
    program_.tables.resize(first + table_size);
    for (int i = 0; i < table_size; ++i) program_.tables[first + static_cast<std::size_t>(i)] = gamma_of(i, exponent);
    return static_cast<std::int64_t>(first);
  }

  void gauss_blur(const double* params) {
    const bool is_fixed = levels_.are_whole;
    Source& source =
        filter(SourceKind::separable, to_int(params[0]) / 2, is_fixed ? kept_layout() : BufferLayout::planes);
    double weights[most_radius + 1];
    double sum = 0;
    for (int i = 0; i <= source.radius; ++i) {
      weights[i] = exp(-0.5 * i * i / (params[1] * params[1]));
      sum += i == 0 ? weights[i] : 2 * weights[i];
    }
    source.is_fixed = is_fixed;
    if (is_fixed) return fix_weights(weights, sum, source);
    for (int i = 0; i <= source.radius; ++i) source.kernel[i] = static_cast<float>(weights[i] / sum);
  }

  // Weights of whole 256ths, 256 in all, as OpenCV has them: what one loses to rounding the next one gets, up to the
  // center, which gets the rest.
  static void fix_weights(const double* weights, double sum, Source& source) {
    double lost = 0;
    double rest = 256;
    for (int i = source.radius; i > 0; --i) {
      const double wanted = weights[i] / sum * 256 + lost;
      const double whole = std::nearbyint(wanted);
      lost = wanted - whole;
      rest -= 2 * whole;
      source.kernel[i] = static_cast<float>(whole);
    }
    source.kernel[0] = static_cast<float>(rest);
  }

  // What a filter that takes either can read without a change of layout.
  BufferLayout kept_layout() const {
    const Image& image = pass_->source.image;
    const bool is_planar = image.column == 1 && image.channels > 1 && pass_->source.kind == SourceKind::copy;
    return is_planar ? BufferLayout::planes : BufferLayout::interleaved;
  }

  Source& filter(SourceKind kind, int radius, BufferLayout layout = BufferLayout::planes) {
    leave(layout);
    pass_->source.kind = kind;
    pass_->source.border = Border::reflect101;
    pass_->source.radius = radius;
    return pass_->source;
  }

  // Sums of whole numbers are exact, and so is the quotient's rounding.
  void box_blur(const double* params) {
    const int radius = to_int(params[0]) / 2;
    const bool in_bytes = levels_.are_whole && radius <= most_divided_radius;
    Source& source = filter(SourceKind::separable, radius, in_bytes ? kept_layout() : BufferLayout::planes);
    std::fill_n(source.kernel, source.radius + 1, 1.0f);
    source.divisor = static_cast<float>(params[0] * params[0]);
  }

  void sharpen(const double* params) {
    Source& source = filter(SourceKind::taps, 1);
    const double alpha = params[0];
    for (int y = -1; y <= 1; ++y) {
      for (int x = -1; x <= 1; ++x) {
        const bool is_center = x == 0 && y == 0;
        source.taps.push_back({x, y, static_cast<float>(is_center ? (1 - alpha) + alpha * (8 + params[1]) : -alpha)});
      }
    }
  }

  // The pixels that are nearest to points of a line, with equal weights.
  void motion_blur(const double* params) {
    const int size = to_int(params[0]);
    const int radius = size / 2;
    Source& source = filter(SourceKind::taps, radius);
    const double bias = params[3];
    const double start = -radius * (bias > 0 ? 1 - bias : 1.0);
    const double end = radius * (bias < 0 ? 1 + bias : 1.0);
    const double step = size > 1 ? (end - start) / (size - 1) : 0;
    const auto offset = [radius](double part, double shift) {
      return std::clamp(static_cast<int>(std::nearbyint(radius + part + shift)) - radius, -radius, radius);
    };
    for (int i = 0; i < size; ++i) {
      const double t = i > 0 && i == size - 1 ? end : start + i * step;
      const Tap tap = {offset(params[1] * t, params[4]), offset(params[2] * t, params[5]), 1};
      const auto is_same = [&tap](const Tap& other) { return other.x == tap.x && other.y == tap.y; };
      if (std::none_of(source.taps.begin(), source.taps.end(), is_same)) source.taps.push_back(tap);
    }
    source.divisor = static_cast<float>(source.taps.size());
  }

  void prepare(Prepare::Kind kind, double radius) {
    leave(kept_layout());
    pass_->prepare.kind = kind;
    pass_->prepare.radius = extended_box_radius(static_cast<float>(radius));
  }

  void resize(const Step& step, const double* params) {
    leave(BufferLayout::planes);
    Source& source = pass_->source;
    Image& image = source.image;
    const std::vector<double>& options = step.options;
    const bool shrinks = image.height > to_int(params[0]) || image.width > to_int(params[1]);
    const auto filter = static_cast<Filter>(to_int(options[shrinks && options.size() > 2 ? 2 : 0]));
    const bool is_antialiased = options.size() < 2 || options[1] != 0;
    pass_->prepare.kind = Prepare::Kind::resize;
    pass_->prepare.rows = axis(image.height, to_int(params[0]), filter, is_antialiased);
    pass_->prepare.columns = axis(image.width, to_int(params[1]), filter, is_antialiased);
    source.height = image.height = to_int(params[0]);
    source.width = image.width = to_int(params[1]);
    image.row = image.width;
    image.channel = image.height * image.row;
  }

  int axis(int from, int to, Filter filter, bool is_antialiased) {
    std::vector<Axis>& axes = program_.axes;
    const auto found = std::find_if(axes.begin(), axes.end(), [&](const Axis& a) {
      return a.from == from && a.to == to && a.filter == filter && a.is_antialiased == is_antialiased;
    });
    if (found != axes.end()) return static_cast<int>(found - axes.begin());
    axes.push_back(axis_of(from, to, filter, is_antialiased));
    return static_cast<int>(axes.size()) - 1;
  }

  void crop(const Step& step, const double* params) {
    const int top = to_int(params[0]);
    const int left = to_int(params[1]);
    const int height = to_int(params[2]);
    const int width = to_int(params[3]);
    if (has_ops()) leave(BufferLayout::planes);
    const Source& source = pass_->source;
    const bool within = top >= 0 && left >= 0 && top + height <= source.height && left + width <= source.width;
    if (!within) {
      if (source.kind != SourceKind::copy || pads(source)) leave(BufferLayout::planes);
      cut_to_window(pass_->source);
      pass_->source.border = static_cast<Border>(to_int(step.options[0]));
      pass_->source.fill = fill_of(step, 1, levels_);
    } else if (is_filter()) {
      leave(BufferLayout::planes);
    }
    Source& cut = pass_->source;
    if (cut.kind == SourceKind::warp) {
      move_warp(shift(left, top));
    } else {
      cut.top += top;
      cut.left += left;
    }
    cut.height = height;
    cut.width = width;
  }

  void turn(int code) {
    if (has_ops() || is_filter()) leave(BufferLayout::planes);
    Source& source = pass_->source;
    if (source.kind == SourceKind::copy) return orient(source, code);
    if (code & 4) std::swap(source.height, source.width);
    move_warp(orientation(code, source.height, source.width));
  }

  void warp(const Step& step, const double* params) {
    const auto interpolation = static_cast<Interpolation>(to_int(step.options[0]));
    const auto border = static_cast<Border>(to_int(step.options[1]));
    const Fill fill = fill_of(step, 2, levels_);
    Matrix matrix;
    std::copy_n(params, 9, matrix.m);
    if (has_ops() || is_filter()) leave(BufferLayout::interleaved);
    if (pass_->source.kind == SourceKind::warp && !can_join(interpolation, border, fill, matrix)) {
      leave(BufferLayout::interleaved);
    }
    if (pass_->source.kind == SourceKind::warp) {
      Source& source = pass_->source;
      const Clip clip = {Matrix(), source.height, source.width};
      source.clips[source.clip_count++] = clip;
      move_warp(matrix);
    } else {
      const Source& seen = pass_->source;
      if (pads(seen) || is_planar_color(seen.image) || !can_hold(seen.image, border, fill)) {
        leave(BufferLayout::interleaved);
      }
      Source& source = pass_->source;
      cut_to_window(source);
      source.kind = SourceKind::warp;
      source.matrix = matrix;
      source.interpolation = interpolation;
      source.border = border;
      source.fill = fill;
      straighten(source);
    }
    pass_->source.height = to_int(params[9]);
    pass_->source.width = to_int(params[10]);
  }

  // Whether the source is a warp that one more can be put after without reading its result.
  bool can_join(Interpolation interpolation, Border border, const Fill& fill, const Matrix& matrix) const {
    const Source& source = pass_->source;
    return source.interpolation == interpolation && interpolation != Interpolation::nearest &&
           border == Border::constant && source.border == border && same(source.fill, fill) && is_affine(matrix) &&
           is_affine(source.matrix) && source.clip_count < most_clips;
  }

  // Puts a map of places before the warp.
  void move_warp(const Matrix& first) {
    Source& source = pass_->source;
    source.matrix = product(source.matrix, first);
    for (int i = 0; i < source.clip_count; ++i) source.clips[i].matrix = product(source.clips[i].matrix, first);
  }

  bool is_filter() const { return pass_->source.kind != SourceKind::copy && pass_->source.kind != SourceKind::warp; }

  bool has_ops() const { return static_cast<int>(program_.ops.size()) > pass_->first_op; }

  void begin(const Image& image) {
    pass_ = &program_.passes.emplace_back();
    pass_->source.image = image;
    pass_->source.height = image.height;
    pass_->source.width = image.width;
    pass_->read_levels = levels_;
    pass_->first_op = static_cast<int>(program_.ops.size());
  }

  void finish() {
    pass_->write_levels = levels_;
    pass_->last_op = static_cast<int>(program_.ops.size());
  }

  // Ends the pass: its result is left in memory for the next one.
  void leave(BufferLayout layout, Statistic statistic = Statistic::none) {
    pass_->statistic = statistic;
    finish();
    const Pass& last = *pass_;
    Image left;
    left.dtype = last.write_levels.are_whole ? DType::uint8 : DType::float32;
    left.height = last.source.height;
    left.width = last.source.width;
    left.channels = last.source.image.channels;
    const bool planes = layout == BufferLayout::planes;
    left.column = planes ? 1 : left.channels;
    left.row = left.width * left.column;
    left.channel = planes ? left.height * left.row : 1;
    begin(left);
    pass_->left = left;
  }

  const PipelineArgs& args_;
  std::int64_t sample_;
  Program& program_;
  Pass* pass_ = nullptr;  // the last of the program's
  Levels levels_;
  bool is_first_ = true;
};

}  // namespace

bool pads(const Source& source) {
  return source.top < 0 || source.left < 0 || source.top + source.height > source.image.height ||
         source.left + source.width > source.image.width;
}

void cut_to_window(Source& source) {
  Image& image = source.image;
  image.offset += source.top * image.row + source.left * image.column;
  image.height = source.height;
  image.width = source.width;
  source.top = source.left = 0;
}

Device device_of(const Images& images) { return images.arrays.empty() ? Device() : images.arrays[0].device; }

Image image_of(const Images& images, std::int64_t sample) {
  const TensorView& array = images.arrays[images.is_batch ? 0 : static_cast<std::size_t>(sample)];
  const std::size_t first = images.is_batch ? 1 : 0;
  const std::size_t h = first + (images.layout == Layout::nchw ? 1 : 0);
  const std::size_t c = images.layout == Layout::nchw ? first : first + 2;
  Image image;
  image.data = array.data;
  image.offset = images.is_batch ? sample * array.strides[0] : 0;
  image.dtype = array.dtype;
  image.height = static_cast<int>(array.shape[h]);
  image.width = static_cast<int>(array.shape[h + 1]);
  image.channels = static_cast<int>(array.shape[c]);
  image.row = array.strides[h];
  image.column = array.strides[h + 1];
  image.channel = array.strides[c];
  return image;
}

std::uint64_t id_of(const TensorView& ids, std::int64_t sample) {
  return static_cast<std::uint64_t>(static_cast<const std::int64_t*>(ids.data)[sample * ids.strides[0]]);
}

std::int64_t count_of(const Images& images) {
  return images.is_batch ? images.arrays[0].shape[0] : static_cast<std::int64_t>(images.arrays.size());
}

const double* params_of(const Step& step, std::int64_t sample) {
  return static_cast<const double*>(step.params.data) + sample * step.params.strides[0];
}

Size output_size(const PipelineArgs& args, std::int64_t sample, Size size) {
  for_steps(args, sample, [&](const Step& step) {
    const double* params = params_of(step, sample);
    if (step.op == Op::crop) size = {to_int(params[2]), to_int(params[3])};
    if (step.op == Op::resize) size = {to_int(params[0]), to_int(params[1])};
    if (step.op == Op::warp) size = {to_int(params[9]), to_int(params[10])};
    if (step.op == Op::orient && (to_int(params[0]) & 4)) std::swap(size.height, size.width);
  });
  return size;
}

void compile(const PipelineArgs& args, std::int64_t sample, const Image& image, Program& program) {
  Compiler(args, sample, image, program).run();
}

}  // namespace burnish::augment
