// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iterator>

#include "augment/batch.hpp"
#include "augment/border.hpp"
#include "augment/kernels.hpp"
#include "augment/tables_math.hpp"
#include "augment/warp_math.hpp"
#include "core/buffer.hpp"
#include "core/check.hpp"
#include "core/cuda_backend.hpp"
#include "core/parallel.hpp"

namespace burnish::augment {
namespace {

constexpr std::int64_t streamed_bytes = std::int64_t{8} << 20;
constexpr int most_side = 1 << 20;

struct OpInfo {
  std::string_view name;
  std::int64_t least_params;
  std::int64_t least_options;
};

constexpr OpInfo infos[] = {
    {"crop", 4, 2},
    {"orient", 1, 0},
    {"warp", 11, 3},
    {"linear", 2, 0},
    {"contrast", 1, 0},
    {"saturation", 1, 0},
    {"hue", 1, 0},
    {"normalize", 0, 2},
    {"gauss_noise", 3, 0},
    {"gauss_blur", 2, 0},
    {"erase", 4, 1},
    {"gray", 0, 0},
    {"permute", 1, 0},
    {"solarize", 1, 0},
    {"posterize", 1, 0},
    {"gamma", 1, 0},
    {"to_float", 0, 0},
    {"to_bytes", 0, 0},
    {"hsv_shift", 3, 0},
    {"hsv_value", 2, 0},
    {"autocontrast", 2, 0},
    {"equalize", 0, 0},
    {"multiplicative_noise", 3, 0},
    {"salt_and_pepper", 3, 0},
    {"box_blur", 1, 0},
    {"sharpen", 2, 0},
    {"motion_blur", 6, 0},
    {"pillow_blur", 1, 0},
    {"unsharp_mask", 3, 0},
    {"resize", 2, 1},
    {"sharpness", 1, 0},
    {"linear_by_mean", 2, 0},
    {"erase_noise", 4, 1},
    {"shade", 7, 1},
    {"levels", 0, 2},
    {"to_hsv", 0, 0},
    {"from_hsv", 0, 0},
};
static_assert(std::size(infos) == op_count);

const OpInfo& info(Op op) { return infos[static_cast<std::size_t>(op)]; }

constexpr std::int64_t all_params = -1;

// What a parameter may be, beyond what check_params tells of.
struct ParamRange {
  Op op;
  std::int64_t param;  // or all_params
  double least;
  double most;
  bool is_whole;
};
constexpr ParamRange param_ranges[] = {
    {Op::posterize, all_params, 0, 8, true}, {Op::gamma, 0, 0x1p-10, 0x1p10, false},
    {Op::autocontrast, 0, 0, 100, false},    {Op::autocontrast, 1, 0, 100, false},
    {Op::salt_and_pepper, 0, 0, 1, false},   {Op::salt_and_pepper, 1, 0, 1, false},
    {Op::sharpen, 0, -1024, 1024, false},    {Op::motion_blur, 1, -1, 1, false},
    {Op::motion_blur, 2, -1, 1, false},      {Op::motion_blur, 3, -1, 1, false},
    {Op::motion_blur, 4, -128, 128, false},  {Op::motion_blur, 5, -128, 128, false},
    {Op::sharpness, 0, 0, 1024, false},      {Op::pillow_blur, 0, 0, 1024, false},
    {Op::unsharp_mask, 0, 0, 1024, false},   {Op::unsharp_mask, 1, 0, 65536, false},
    {Op::unsharp_mask, 2, 0, 255, false},
};

// Memory that one thread works in.
class Workspace {
 public:
  float* tile(std::size_t values) { return of(tile_, values); }
  float* scratch(std::size_t values) { return of(scratch_, values); }
  // What a pass leaves for the next: two take turns; and what that is made to. A vector may be read beyond the end.
  void* image(int which, std::size_t bytes) { return of(images_[which], bytes + 64); }

 private:
  template <class T>
  static T* of(Buffer<T>& buffer, std::size_t size) {
    if (buffer.size() < size) buffer = Buffer<T>(size);
    return buffer.data();
  }
  Buffer<float> tile_;
  Buffer<float> scratch_;
  Buffer<char> images_[4];
};

template <Isa isa>
class SampleRunner {
 public:
  SampleRunner(const PipelineArgs& args, std::int64_t out_bytes) : args_(args), streams_(out_bytes >= streamed_bytes) {
    noise_.key = key_of(args.seed, args.epoch);
  }

  void run(std::int64_t sample) {
    const std::uint64_t id = id_of(args_.ids, sample);
    noise_.id[0] = static_cast<std::uint32_t>(id);
    noise_.id[1] = static_cast<std::uint32_t>(id >> 32);
    compile(args_, sample, image_of(args_.images, sample), program_);
    void* left = nullptr;
    int which = 0;
    for (std::size_t p = 0; p < program_.passes.size(); ++p) {
      Pass& pass = program_.passes[p];
      if (pass.prepare.kind != Prepare::Kind::nothing) left = prepare(pass, left);
      if (!pass.source.image.data) pass.source.image.data = left;
      const bool is_last = p + 1 == program_.passes.size();
      if (only_looks(pass)) {
        cut_to_window(pass.source);
        look(pass, pass.source.image);
        program_.passes[p + 1].source.image = pass.source.image;
        continue;
      }
      Image to = is_last ? image_of(args_.out, sample) : program_.passes[p + 1].left;
      if (!is_last) {
        const std::size_t bytes =
            static_cast<std::size_t>(std::int64_t{to.height} * to.width * to.channels) * item_size(to.dtype);
        left = to.data = workspace_.image(which, bytes);
        which = 1 - which;
      }
      run_pass(pass, to, is_last && streams_);
    }
  }

 private:
  // Returns what the pass is to read, made of what the pass before has left.
  void* prepare(const Pass& pass, const void* left) {
    const bool resizes = pass.prepare.kind == Prepare::Kind::resize;
    Planes planes;
    planes.from = left;
    planes.dtype = pass.left.dtype;
    planes.channels = pass.left.channels;
    planes.height = pass.left.height;
    planes.width = pass.left.width;
    std::int64_t height = planes.height;
    std::int64_t width = planes.width;
    if (resizes) {
      planes.rows = &program_.axes[static_cast<std::size_t>(pass.prepare.rows)];
      planes.columns = &program_.axes[static_cast<std::size_t>(pass.prepare.columns)];
      height = planes.rows->to;
      width = planes.columns->to;
    }
    const auto bytes = [&](std::int64_t values) { return static_cast<std::size_t>(values) * item_size(planes.dtype); };
    planes.to = workspace_.image(2, bytes(height * width * planes.channels));
    // Two planes, and a sum for each pixel of a row or a column; or two strips.
    const std::int64_t plane = planes.height * std::max<std::int64_t>(planes.width, width);
    const bool is_precise = resizes && !planes.rows->is_antialiased;
    const std::size_t value = is_precise ? sizeof(float) : item_size(planes.dtype);
    const std::int64_t side = std::max<std::int64_t>({planes.height, planes.width, height, width});
    const std::size_t whole = 2 * value * static_cast<std::size_t>(plane) + static_cast<std::size_t>(8 * side + 256);
    const auto strips = static_cast<std::size_t>(2 * box_strip_width * side);
    planes.scratch = static_cast<char*>(workspace_.image(3, std::max(whole, strips)));
    prepare_planes<isa>(pass.prepare, pass.read_levels, planes);
    return planes.to;
  }

  void run_pass(Pass& pass, const Image& to, bool streams) {
    Source& source = pass.source;
    if (const Step* scale = nullptr; warps_at_once(pass, to, scale)) {
      const std::int64_t values = warp_row_values(source.width);
      warp_image<isa>(source, pass.read_levels, scale, to, workspace_.scratch(static_cast<std::size_t>(values)),
                      streams);
      return;
    }
    if (pass.read_levels.are_whole && gains_border(source)) {
      const auto bytes = static_cast<std::size_t>(bordered_bytes(source.image));
      add_border(source, static_cast<std::uint8_t*>(workspace_.image(3, bytes)));
    }
    if (pass.read_levels.are_whole && pass.first_op == pass.last_op && pass.statistic == Statistic::none &&
        to.dtype == DType::uint8 && is_interleaved(to) && warps_colors(source)) {
      warp_bytes<isa>(source, to);
      return;
    }
    find_tables(pass, source.image.channels);
    const int byte_end = end_of_byte_ops(pass);
    if (only_moves(pass, to, byte_end)) {
      plan_bytes(pass, byte_end);
      move_image<isa>(source, to, work_from(0));
      if (pass.statistic != Statistic::none) look(pass, to);
      return;
    }
    if (ColorScale scale; only_scales(pass, to, byte_end, streams, scale)) {
      plan_bytes(pass, byte_end);
      return scale_colors(source, scale, to, streams);
    }
    const int first = end_of_look_ups(pass, byte_end);
    plan_bytes(pass, first);
    run_tiles(pass, source, first, &to, streams);
  }

  // A pass that finds something out about an image and leaves it as it is.
  static bool only_looks(const Pass& pass) {
    return pass.source.kind == SourceKind::copy && pass.first_op == pass.last_op && pass.statistic != Statistic::none &&
           !pads(pass.source) && pass.write_levels.are_whole == (pass.source.image.dtype == DType::uint8);
  }

  void look(const Pass& pass, const Image& image) {
    if (pass.statistic == Statistic::histogram && image.dtype == DType::uint8) {
      histograms_.assign(static_cast<std::size_t>(image.channels), Histogram());
      return count_bytes<isa>(image, histograms_.data());
    }
    Source source;
    source.image = image;
    source.height = image.height;
    source.width = image.width;
    changes_.clear();
    run_tiles(pass, source, pass.last_op, nullptr, false);
  }

  // Operations from number `first` on; those before are in changes_. Writes nothing without `to`.
  void run_tiles(const Pass& pass, const Source& source, int first, const Image* to, bool streams) {
    const std::int64_t columns = std::max(source.width, 1);
    const int tile_rows =
        static_cast<int>(std::clamp<std::int64_t>(tile_values / columns, 1, std::max(source.height, 1)));
    Tile tile;
    tile.channels = source.image.channels;
    tile.columns = source.width;
    tile.height = source.height;
    tile.plane = padded(tile_rows * columns);
    tile.values = workspace_.tile(static_cast<std::size_t>(tile.plane * tile.channels));
    float* scratch = workspace_.scratch(scratch_values(pass, tile, tile_rows));
    std::int64_t sum = 0;
    int last = pass.last_op;
    Change scale;
    const bool scales = to && last > first && step(last - 1).op == Op::normalize && scales_when_stored(*to) &&
                        pass.statistic == Statistic::none;
    if (scales) scale = change_of(program_.ops[static_cast<std::size_t>(--last)]);
    if (pass.statistic == Statistic::histogram) {
      histograms_.assign(static_cast<std::size_t>(tile.channels), Histogram());
    }
    for (int top = 0; top < source.height; top += tile_rows) {
      check_point();  // one image may be huge
      tile.top = top;
      tile.rows = std::min(tile_rows, source.height - top);
      if (changes_.empty()) {
        read(pass, source, tile, scratch);
      } else {
        Tile changed = tile;
        changed.top = 0;
        copy_tile<isa>(changed_rows(source, top, tile.rows), changed);
      }
      for (int i = first; i < last; ++i) {
        const TileOp& op = program_.ops[static_cast<std::size_t>(i)];
        change({tile, complete(op), scratch});
      }
      if (pass.statistic == Statistic::luma_sum) sum += luma_sum<isa>(tile, pass.write_levels);
      if (pass.statistic == Statistic::value_sum) sum += value_sum<isa>(tile, pass.write_levels);
      if (pass.statistic == Statistic::histogram) count_values<isa>(tile, pass.write_levels, histograms_.data());
      if (to) store_tile<isa>(tile, *to, scales ? &scale : nullptr, streams);
    }
    const std::int64_t values =
        std::int64_t{source.height} * source.width * (pass.statistic == Statistic::value_sum ? tile.channels : 1);
    mean_ = mean_of(sum, pass.write_levels, values);
  }

  // Whether values stay as they are stored, or are bytes that become bytes one by one.
  static bool only_moves(const Pass& pass, const Image& to, int byte_end) {
    if (pass.source.kind != SourceKind::copy || byte_end != pass.last_op || pass.source.image.dtype != to.dtype ||
        pass.read_levels.are_whole != (to.dtype == DType::uint8)) {
      return false;
    }
    return pass.statistic == Statistic::none || to.dtype == DType::uint8;
  }

  // Whether bytes of colors become floats, after what is done to them as bytes.
  bool only_scales(const Pass& pass, const Image& to, int byte_end, bool streams, ColorScale& scale) const {
    const Source& source = pass.source;
    const bool is_planar = to.column == 1;
    constexpr int line_values = 16;
    if (source.kind != SourceKind::copy || source.image.dtype != DType::uint8 || !pass.read_levels.are_whole ||
        to.dtype != DType::float32 || to.channels != 3 || !(is_planar || is_interleaved(to)) ||
        (streams && is_planar && to.channel % line_values != 0) || pass.statistic != Statistic::none) {
      return false;
    }
    int i = byte_end;
    if (i < pass.last_op && step(i).op == Op::to_float) {
      scale.is_divided = true;
      ++i;
    }
    if (i < pass.last_op && step(i).op == Op::normalize) {
      const Change change = change_of(program_.ops[static_cast<std::size_t>(i)]);
      for (int c = 0; c < 3; ++c) {
        scale.factor[c] = change.option(2 * c);
        scale.shift[c] = change.option(2 * c + 1);
      }
      ++i;
    }
    return i == pass.last_op;
  }

  void scale_colors(const Source& source, const ColorScale& scale, const Image& to, bool streams) {
    const Image& image = source.image;
    const bool is_direct = changes_.empty() && !pads(source) && image.channel == 1 &&
                           (image.column == 3 || (image.column == -3 && to.column == 1));
    constexpr int values_at_once = 16384;
    const int rows = std::max(1, values_at_once / (3 * source.width));
    for (int top = 0; top < source.height; top += rows) {
      check_point();
      const int count = std::min(rows, source.height - top);
      Image part = to;
      part.offset += top * to.row;
      part.height = count;
      scale_image<isa>(is_direct ? rows_of(source, top, count) : changed_rows(source, top, count), scale, part,
                       streams);
    }
  }

  static Source rows_of(const Source& source, int top, int rows) {
    Source part = source;
    part.top += top;
    part.height = rows;
    return part;
  }

  // Some of what a source reads, with the changes_ of bytes, as pixels side by side.
  Source changed_rows(const Source& source, int top, int rows) {
    Source part;
    Image& image = part.image;
    image.height = part.height = rows;
    image.width = part.width = source.width;
    image.channels = source.image.channels;
    image.channel = 1;
    image.column = image.channels;
    image.row = image.width * image.column;
    image.data = workspace_.image(3, static_cast<std::size_t>(image.height * image.row));
    move_image<isa>(rows_of(source, top, rows), image, work_from(top));
    return part;
  }

  ByteWork work_from(int top) const { return {changes_.data(), static_cast<int>(changes_.size()), top}; }

  const Step& step(int op) const { return *program_.ops[static_cast<std::size_t>(op)].step; }

  // Operations up to there make bytes of bytes, one by one.
  int end_of_byte_ops(const Pass& pass) const {
    int i = pass.first_op;
    const Source& source = pass.source;
    if (source.kind != SourceKind::copy || source.image.dtype != DType::uint8 || !pass.read_levels.are_whole) return i;
    // A table costs as much as so many pixels.
    const bool pays = std::int64_t{source.height} * source.width > 2 * table_size;
    const auto is_one = [&](int op) {
      return program_.ops[static_cast<std::size_t>(op)].levels.are_whole &&
             (step(op).op == Op::erase || (pays && is_table(step(op).op)));
    };
    while (i < pass.last_op && is_one(i)) ++i;
    return i;
  }

  // Of the operations before `end`, up to the last that looks values up, which tiles of floats are slow at.
  int end_of_look_ups(const Pass& pass, int end) const {
    while (end > pass.first_op && step(end - 1).op != Op::gamma && !needs_histogram(step(end - 1).op)) --end;
    return end;
  }

  static bool is_table(Op op) {
    switch (op) {
      case Op::linear:
      case Op::contrast:
      case Op::linear_by_mean:
      case Op::solarize:
      case Op::posterize:
      case Op::gamma:
      case Op::autocontrast:
      case Op::equalize:
        return true;
      default:
        return false;
    }
  }

  // Operations before number `end` as changes_: those in a row that are tables as one table for each channel.
  void plan_bytes(const Pass& pass, int end) {
    const int channels = pass.source.image.channels;
    const std::size_t bytes = static_cast<std::size_t>(channels) * table_size;
    changes_.clear();
    byte_tables_.resize(static_cast<std::size_t>(end - pass.first_op) * bytes);
    for (int i = pass.first_op; i < end;) {
      ByteChange change;
      if (step(i).op == Op::erase) {
        const Change erase = change_of(program_.ops[static_cast<std::size_t>(i++)]);
        change.params = erase.params;
        change.param_count = erase.param_count;
        change.options = erase.options;
        change.option_count = erase.option_count;
        change.height = pass.source.height;
        change.is_shared = std::all_of(erase.options, erase.options + erase.option_count,
                                       [&](double fill) { return fill == erase.options[0]; });
      } else {
        const int first = i;
        while (i < end && step(i).op != Op::erase) ++i;
        std::uint8_t* tables = byte_tables_.data() + changes_.size() * bytes;
        make_tables(first, i, channels, tables);
        change.tables = tables;
        change.is_shared = std::equal(tables + table_size, tables + bytes, tables);
      }
      changes_.push_back(change);
    }
  }

  // What the operations make of each byte, by doing them to a tile of all bytes.
  void make_tables(int first, int last, int channels, std::uint8_t* tables) {
    Tile tile;
    tile.channels = channels;
    tile.columns = table_size;
    tile.rows = tile.height = 1;
    tile.plane = table_size;
    tile.values = workspace_.tile(static_cast<std::size_t>(channels) * table_size);
    for (int c = 0; c < channels; ++c) fill_identity(tile.of(c));
    for (int i = first; i < last; ++i) {
      color_tile<isa>({tile, complete(program_.ops[static_cast<std::size_t>(i)]), nullptr});
    }
    for (int i = 0; i < channels * table_size; ++i) tables[i] = static_cast<std::uint8_t>(tile.values[i]);
  }

  // A warp of colors side by side to floats side by side, at most `scale`d after it: needs no planes in between.
  bool warps_at_once(const Pass& pass, const Image& to, const Step*& scale) const {
    const Source& source = pass.source;
    if (pass.last_op - pass.first_op > 1 || pass.statistic != Statistic::none || pass.read_levels.are_whole ||
        to.dtype != DType::float32 || !is_interleaved(to) || !can_warp_image(source)) {
      return false;
    }
    if (pass.first_op == pass.last_op) return true;
    scale = program_.ops[static_cast<std::size_t>(pass.first_op)].step;
    return scale->op == Op::normalize;
  }

  // From what the pass before has counted, for the one operation that asks for it: the first.
  void find_tables(const Pass& pass, int channels) {
    if (pass.first_op == pass.last_op) return;
    const TileOp& op = program_.ops[static_cast<std::size_t>(pass.first_op)];
    if (!needs_histogram(op.step->op)) return;
    tables_.resize(static_cast<std::size_t>(channels * table_size));
    for (int c = 0; c < channels; ++c) {
      find_table(op.step->op, method_of(*op.step), op.levels.are_whole, op.params,
                 histograms_[static_cast<std::size_t>(c)], tables_.data() + c * table_size);
    }
  }

  Change complete(const TileOp& op) const {
    Change change = change_of(op);
    change.mean = mean_;
    change.table = op.table < 0 ? tables_.data() : program_.tables.data() + op.table;
    change.table_step = op.table < 0 ? table_size : 0;
    change.noise.key = noise_.key;
    std::copy_n(noise_.id, 2, change.noise.id);
    return change;
  }

  static std::size_t scratch_values(const Pass& pass, const Tile& tile, int rows) {
    const std::int64_t radius = pass.source.radius;
    const std::int64_t blur = (rows + 2 * radius + 1) * padded(tile.columns) + 4 * padded(radius + tile_unit);
    const std::int64_t taps = (rows + 2 * radius + 1) * padded(tile.columns + 2 * radius + tile_unit);
    return static_cast<std::size_t>(std::max({tile.plane + 2 * noise_group, blur, taps}));
  }

  static void read(const Pass& pass, const Source& source, const Tile& tile, float* scratch) {
    switch (source.kind) {
      case SourceKind::warp:
        return warp_tile<isa>(source, pass.read_levels, tile);
      case SourceKind::separable:
        return separable_tile<isa>(source, pass.read_levels, tile, scratch);
      case SourceKind::taps:
      case SourceKind::sharpness:
        return taps_tile<isa>(source, pass.read_levels, tile, scratch);
      default:
        return copy_tile<isa>(source, tile);
    }
  }

  static void change(const TileJob& job) {
    switch (job.change.op) {
      case Op::gauss_noise:
      case Op::multiplicative_noise:
      case Op::salt_and_pepper:
      case Op::erase_noise:
        return noise_tile<isa>(job);
      case Op::erase:
      case Op::shade:
        return erase_tile<isa>(job);
      default:
        return color_tile<isa>(job);
    }
  }

  const PipelineArgs& args_;
  bool streams_;
  NoiseKey noise_;
  Program program_;
  Workspace workspace_;
  // What the pass before has found out.
  double mean_ = 0;
  std::vector<Histogram> histograms_;
  std::vector<float> tables_;
  // What is done to bytes before they are read as floats.
  std::vector<ByteChange> changes_;
  std::vector<std::uint8_t> byte_tables_;
};

Device device_of(const Images& images) { return images.arrays.empty() ? Device() : images.arrays[0].device; }

void check_on_cpu(std::string_view call, std::string_view argument, const TensorView& view) {
  check(view.device.type == DeviceType::cpu, call, ": '", argument, "' is on ", view.device, "; accepted: cpu");
}

void check_images(std::string_view call, std::string_view argument, const Images& images, const Device& device) {
  const int ndim = images.is_batch ? 4 : 3;
  check(!images.is_batch || images.arrays.size() == 1, call, ": '", argument, "' is no single batch");
  for (const TensorView& array : images.arrays) {
    check(array.ndim == ndim, call, ": '", argument, "' must be ", ndim, "-D, got shape ", ShapeOf{array});
    for (int axis = 0; axis < array.ndim; ++axis) {
      check(array.shape[static_cast<std::size_t>(axis)] <= most_side || (axis == 0 && images.is_batch), call, ": '",
            argument, "' has shape ", ShapeOf{array}, "; accepted: sides up to ", most_side);
    }
    check(array.device == device, call, ": '", argument, "' is on ", array.device, "; accepted: ", device,
          ", where 'images' are");
  }
}

void check_steps(const PipelineArgs& args, std::int64_t n) {
  for (const Step& step : args.steps) {
    const OpInfo& op = info(step.op);
    check_on_cpu(args.call, op.name, step.params);
    check_dtype(args.call, op.name, step.params, {DType::float64});
    check(step.params.ndim == 2 && step.params.shape[0] == n && step.params.shape[1] >= op.least_params, args.call,
          ": parameters of '", op.name, "' have shape ", ShapeOf{step.params}, "; accepted: (", n, ", ",
          op.least_params, ")");
    check(step.params.shape[1] < 2 || step.params.strides[1] == 1, args.call, ": parameters of '", op.name,
          "' do not lie side by side");
    check(static_cast<std::int64_t>(step.options.size()) >= op.least_options, args.call, ": '", op.name, "' has ",
          step.options.size(), " options; accepted: ", op.least_options, " or more");
  }
}

void check_size(const PipelineArgs& args, std::string_view name, std::int64_t sample, double height, double width) {
  check(height >= 1 && width >= 1 && height <= most_side && width <= most_side, args.call, ": '", name,
        "' makes sample ", sample, " an image of ", height, " x ", width, "; accepted: sides of 1 to ", most_side);
}

void check_ranges(const PipelineArgs& args, std::int64_t sample, const Step& step, const double* params) {
  for (const ParamRange& range : param_ranges) {
    if (range.op != step.op) continue;
    const bool all = range.param == all_params;
    for (std::int64_t i = all ? 0 : range.param; i < (all ? step.params.shape[1] : range.param + 1); ++i) {
      const double value = params[i];
      check(value >= range.least && value <= range.most && (!range.is_whole || value == std::floor(value)), args.call,
            ": parameter ", i, " of '", info(step.op).name, "' is ", value, " for sample ", sample,
            "; accepted: ", range.is_whole ? "whole numbers " : "", range.least, " to ", range.most);
    }
  }
}

void check_permutation(const PipelineArgs& args, std::int64_t sample, const Step& step, const double* params,
                       int channels) {
  bool is_one = step.params.shape[1] == channels;
  for (int c = 0; is_one && c < channels; ++c) is_one = std::count(params, params + channels, c) == 1;
  check(is_one, args.call, ": the channels of 'permute' are no permutation for sample ", sample,
        "; accepted: each of 0 to ", channels - 1, " once");
}

// What the kernels count on, for one sample.
void check_params(const PipelineArgs& args, std::int64_t sample, const Image& image) {
  for_steps(args, sample, [&](const Step& step) {
    const double* params = params_of(step, sample);
    const std::string_view name = info(step.op).name;
    for (std::int64_t i = 0; i < step.params.shape[1]; ++i) {
      check(std::abs(params[i]) <= 0x1p24, args.call, ": parameter ", i, " of '", name, "' is ", params[i],
            " for sample ", sample, "; accepted: -2^24 to 2^24");
    }
    check_ranges(args, sample, step, params);
    if (step.op == Op::permute) check_permutation(args, sample, step, params, image.channels);
    if (step.op == Op::crop) check_size(args, name, sample, params[2], params[3]);
    if (step.op == Op::warp) check_size(args, name, sample, params[9], params[10]);
    if (step.op == Op::resize) {
      check_size(args, name, sample, params[0], params[1]);
      for (const std::size_t which : {std::size_t{0}, std::size_t{2}}) {
        if (which >= step.options.size()) continue;
        const double filter = step.options[which];
        check(filter >= 0 && filter <= 3 && filter == std::floor(filter), args.call, ": the filter of 'resize' is ",
              filter, "; accepted: whole numbers 0 to 3");
      }
    }
    if (step.op == Op::shade) {
      const double corners = step.options[0];
      check(corners >= 3 && corners <= most_corners && corners == std::floor(corners) &&
                step.params.shape[1] % (1 + 2 * static_cast<std::int64_t>(corners)) == 0,
            args.call, ": the polygons of 'shade' have ", corners, " corners and ", step.params.shape[1],
            " parameters; accepted: 3 to ", most_corners, " corners, with a factor and two places for each corner");
    }
    if (step.op == Op::gauss_blur || step.op == Op::box_blur || step.op == Op::motion_blur) {
      const bool odd = std::fmod(params[0], 2) == 1;
      check(odd && params[0] <= 2 * most_radius + 1, args.call, ": the kernel of '", name, "' has size ", params[0],
            " for sample ", sample, "; accepted: odd, 1 to ", 2 * most_radius + 1);
      check(step.op != Op::gauss_blur || params[1] > 0, args.call, ": the kernel of '", name,
            "' has a standard deviation of ", params[1], " for sample ", sample, "; accepted: above 0");
    }
    if (step.op == Op::levels) {
      check(step.options[0] < step.options[1], args.call, ": 'levels' has ", step.options[0], " and ", step.options[1],
            "; accepted: the lower one first");
    }
    if (step.op == Op::normalize) {
      check(step.options.size() == 2 * static_cast<std::size_t>(image.channels), args.call, ": '", name, "' has ",
            step.options.size() / 2, " factors; accepted: ", image.channels, ", one for each channel");
    }
    if (step.op == Op::posterize) {
      check(step.params.shape[1] == 1 || step.params.shape[1] == image.channels, args.call, ": '", name, "' has ",
            step.params.shape[1], " numbers of bits; accepted: 1 or ", image.channels);
    }
    if (step.op == Op::gray && !step.options.empty()) {
      const double which = step.options[0];
      check(which >= 0 && which <= 3 && which == std::floor(which), args.call, ": the option of 'gray' is ", which,
            "; accepted: whole numbers 0 to 3");
    }
    if ((step.op == Op::autocontrast || step.op == Op::equalize) && !step.options.empty()) {
      check(step.options[0] == 0 || step.options[0] == 1, args.call, ": the method of '", name, "' is ",
            step.options[0], "; accepted: 0, 1");
    }
    if (step.op == Op::linear) {
      check(step.params.shape[1] == 2 || step.params.shape[1] == 2 * image.channels, args.call, ": '", name, "' has ",
            step.params.shape[1] / 2, " factors; accepted: 1 or ", image.channels);
    }
  });
}

void check_sample(const PipelineArgs& args, std::int64_t sample) {
  const Image image = image_of(args.images, sample);
  const Image out = image_of(args.out, sample);
  check(image.height > 0 && image.width > 0 && image.channels > 0, args.call, ": 'images' has an image of shape (",
        image.height, ", ", image.width, ", ", image.channels, "); accepted: one pixel or more");
  for (std::int64_t j = 0; j < args.order.shape[1]; ++j) {
    const std::int32_t which = step_number(args, sample, j);
    check(which < static_cast<std::int64_t>(args.steps.size()), args.call, ": step ", which, " of sample ", sample,
          "; accepted: 0 to ", static_cast<std::int64_t>(args.steps.size()) - 1);
  }
  check_params(args, sample, image);
  bool is_whole = image.dtype == DType::uint8;
  for_steps(args, sample, [&is_whole](const Step& step) {
    if (step.op == Op::to_bytes) is_whole = true;
    if (step.op == Op::to_float || step.op == Op::normalize) is_whole = false;
  });
  check(is_whole || out.dtype != DType::uint8, args.call, ": 'out' has dtype uint8, and sample ", sample,
        " is no whole numbers; accepted: floats");
  const Size size = output_size(args, sample, {image.height, image.width});
  check(out.height == size.height && out.width == size.width && out.channels == image.channels, args.call,
        ": 'out' has an image of ", out.height, " x ", out.width, " x ", out.channels, " for sample ", sample,
        "; accepted: ", size.height, " x ", size.width, " x ", image.channels);
}

// What kernels of a GPU count on.
void check_channels(const PipelineArgs& args, std::int64_t n) {
  const int channels = image_of(args.images, 0).channels;
  check(channels <= most_device_channels, args.call, ": 'images' have ", channels,
        " channels; accepted on a GPU: 1 to ", most_device_channels);
  for (std::int64_t i = 1; i < n; ++i) {
    const int others = image_of(args.images, i).channels;
    check(others == channels, args.call, ": image ", i, " has ", others, " channels, image 0 has ", channels,
          "; accepted: one number of channels");
  }
}

void check_args(const PipelineArgs& args) {
  const Device device = device_of(args.images);
  check_images(args.call, "images", args.images, device);
  check_images(args.call, "out", args.out, device);
  const std::int64_t n = count_of(args.images);
  check(count_of(args.out) == n, args.call, ": 'out' has ", count_of(args.out), " images; accepted: ", n);
  check_on_cpu(args.call, "ids", args.ids);
  check_on_cpu(args.call, "order", args.order);
  check_dtype(args.call, "ids", args.ids, {DType::int64});
  check(args.ids.ndim == 1 && args.ids.shape[0] == n, args.call, ": 'ids' has shape ", ShapeOf{args.ids},
        "; accepted: (", n, ",)");
  check_dtype(args.call, "order", args.order, {DType::int32});
  check(args.order.ndim == 2 && args.order.shape[0] == n, args.call, ": 'order' has shape ", ShapeOf{args.order},
        "; accepted: (", n, ", steps)");
  for (const TensorView& array : args.images.arrays) {
    check_dtype(args.call, "images", array, {DType::uint8, DType::float32});
  }
  for (const TensorView& out : args.out.arrays) {
    check_dtype(args.call, "out", out, {DType::uint8, DType::float32, DType::float16, DType::bfloat16});
    check_output(args.call, "out", out, out, {});
  }
  check_apart(args.call, "out", args.out.arrays, args.images.arrays);
  check_steps(args, n);
  for (std::int64_t i = 0; i < n; ++i) check_sample(args, i);
  if (device.type == DeviceType::cuda && n > 0) check_channels(args, n);
}

void run_on_gpu(const PipelineArgs& args) {
  const Batch batch = batch_of(args);
  run_batch_cuda(batch, args.workspace(batch.workspace_bytes), device_of(args.images).index, args.stream);
}

}  // namespace

std::string_view name(Op op) { return info(op).name; }

void run(const PipelineArgs& args) {
  if (device_of(args.images).type == DeviceType::cuda) require_cuda();
  check_args(args);
  const std::int64_t n = count_of(args.images);
  if (n == 0) return;
  if (device_of(args.images).type == DeviceType::cuda) return run_on_gpu(args);
  std::int64_t bytes = 0;
  for (const TensorView& out : args.out.arrays) bytes += out.size() * static_cast<std::int64_t>(item_size(out.dtype));
  // About 5 ns a value.
  const std::int64_t values = std::max<std::int64_t>(1, bytes / n / 4);
  const std::int64_t grain = std::clamp<std::int64_t>(60000 / values, 1, 64);
  parallel_for(n, grain, [&](std::int64_t first, std::int64_t last) {
    with_isa([&]<Isa isa>() {
      SampleRunner<isa> runner(args, bytes);
      for (std::int64_t sample = first; sample < last; ++sample) runner.run(sample);
    });
  });
}

std::vector<Stage> explain(const PipelineArgs& args, std::int64_t sample) {
  check_images(args.call, "images", args.images, device_of(args.images));
  check_images(args.call, "out", args.out, device_of(args.images));
  check_steps(args, count_of(args.images));
  check_sample(args, sample);
  Program program;
  compile(args, sample, image_of(args.images, sample), program);
  return stages_of(program, image_of(args.out, sample));
}

void draw(const DrawArgs& args) {
  check_dtype(args.call, "ids", args.ids, {DType::int64});
  check_dtype(args.call, "out", args.out, {DType::float64});
  check(args.ids.ndim == 1 && args.out.ndim == 2 && args.out.shape[0] == args.ids.shape[0], args.call,
        ": 'out' has shape ", ShapeOf{args.out}, " for ids of shape ", ShapeOf{args.ids});
  check(!args.out.read_only, args.call, ": 'out' is read-only");
  const PhiloxKey key = key_of(args.seed, args.epoch);
  const std::int64_t draws = args.out.shape[1];
  parallel_for(args.ids.shape[0], 4096, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::uint64_t id = id_of(args.ids, i);
      auto* out = static_cast<double*>(args.out.data) + i * args.out.strides[0];
      for (std::int64_t j = 0; j < draws; j += 4) {
        const PhiloxCounter words = philox4x32({{static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(id >> 32),
                                                 place_of_params(args.place), static_cast<std::uint32_t>(j / 4)}},
                                               key);
        for (std::int64_t k = j; k < std::min(draws, j + 4); ++k) {
          out[k * args.out.strides[1]] = (words.word[k - j] + 0.5) * 0x1p-32;
        }
      }
    }
  });
}

}  // namespace burnish::augment
