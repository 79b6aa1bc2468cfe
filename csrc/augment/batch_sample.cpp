// SPDX-License-Identifier: Apache-2.0
#include "augment/batch_sample.hpp"

#include "augment/warp_math.hpp"

namespace burnish::augment {
namespace {

std::int64_t bytes_of(const Image& image) {
  return std::int64_t{image.height} * image.width * image.channels * static_cast<std::int64_t>(item_size(image.dtype));
}

class SamplePacker {
 public:
  SamplePacker(const PipelineArgs& args, std::int64_t sample, const Program& program, Axes& axes, SamplePart& part)
      : args_(args), sample_(sample), program_(program), axes_(axes), part_(part), bytes_(part.bytes) {
    const std::uint64_t id = id_of(args.ids, sample);
    noise_.key = key_of(args.seed, args.epoch);
    noise_.id[0] = static_cast<std::uint32_t>(id);
    noise_.id[1] = static_cast<std::uint32_t>(id >> 32);
  }

  void run() {
    for (std::size_t p = 0; p < program_.passes.size(); ++p) add(p);
  }

 private:
  void add(std::size_t p) {
    const Pass& pass = program_.passes[p];
    const bool is_last = p + 1 == program_.passes.size();
    PassPart& part = part_.passes.emplace_back();
    DevicePass& device = part.pass;
    std::memset(static_cast<void*>(&device), 0, sizeof device);
    add_source(pass, device);
    device.to = is_last ? image_of(args_.out, sample_) : program_.passes[p + 1].left;
    device.noise = noise_;
    device.read_levels = pass.read_levels;
    device.write_levels = pass.write_levels;
    device.left_levels = p == 0 ? pass.read_levels : program_.passes[p - 1].write_levels;
    device.statistic = pass.statistic;
    part.left = pass.left;
    part.prepare = pass.prepare;
    add_ops(pass, part);
    const std::int64_t channels = device.from.channels;
    if (pass.statistic != Statistic::none) part.statistic_bytes = 8;
    if (pass.statistic == Statistic::histogram) {
      part.statistic_bytes = channels * static_cast<std::int64_t>(sizeof(DeviceHistogram));
    }
    if (!is_last) grow(p % 2 == 0 ? even : odd, bytes_of(device.to));
    if (pass.prepare.kind != Prepare::Kind::nothing) add_filter(pass, part);
  }

  void add_source(const Pass& pass, DevicePass& device) {
    const Source& source = pass.source;
    device.from = source.image;
    device.matrix = source.matrix;
    device.fill = source.fill;
    device.height = source.height;
    device.width = source.width;
    device.top = source.top;
    device.left = source.left;
    device.radius = source.radius;
    device.divisor = source.divisor;
    device.is_fixed = source.is_fixed;
    device.factor = source.factor;
    device.kind = source.kind;
    device.border = source.border;
    device.interpolation = source.interpolation;
    device.has_lines = source.kind == SourceKind::warp && has_lines(source, source.width);
    device.clip_count = source.clip_count;
    device.clips = bytes_.add(source.clips, static_cast<std::size_t>(source.clip_count));
    device.tap_count = static_cast<std::int32_t>(source.taps.size());
    device.weights = source.kind == SourceKind::separable
                         ? bytes_.add(source.kernel, static_cast<std::size_t>(source.radius) + 1)
                         : bytes_.add(source.taps.data(), source.taps.size());
  }

  void add_ops(const Pass& pass, PassPart& part) {
    std::vector<DeviceOp> ops;
    for (int i = pass.first_op; i < pass.last_op; ++i) {
      const TileOp& op = program_.ops[static_cast<std::size_t>(i)];
      const Change change = change_of(op);
      DeviceOp& device = ops.emplace_back();
      device.op = change.op;
      device.levels = change.levels;
      device.param_count = change.param_count;
      device.option_count = change.option_count;
      device.params = bytes_.add(change.params, static_cast<std::size_t>(change.param_count));
      device.options = bytes_.add(change.options, static_cast<std::size_t>(change.option_count));
      device.table = op.table < 0 ? -1 : bytes_.add(program_.tables.data() + op.table, table_size);
      device.place = change.noise.place;
      if (i > pass.first_op || !needs_histogram(change.op)) continue;
      part.has_tables = true;
      part.table_bytes =
          std::int64_t{pass.source.image.channels} * table_size * static_cast<std::int64_t>(sizeof(float));
      part.tables.op = change.op;
      part.tables.method = change.option_code<Method>();
      part.tables.whole = change.levels.are_whole;
      std::copy_n(change.params, std::min(change.param_count, 2), part.tables.params);
    }
    part.pass.op_count = static_cast<std::int32_t>(ops.size());
    part.pass.ops = bytes_.add(ops.data(), ops.size());
  }

  void add_filter(const Pass& pass, PassPart& part) {
    const Image& image = pass.source.image;
    if (pass.prepare.kind == Prepare::Kind::resize) {
      part.rows = axes_.find(program_.axes[static_cast<std::size_t>(pass.prepare.rows)]);
      part.columns = axes_.find(program_.axes[static_cast<std::size_t>(pass.prepare.columns)]);
      Image wide = part.left;
      wide.width = part.columns->to;
      if (!part.rounds_between()) wide.dtype = DType::float32;
      grow(halfway, bytes_of(wide));
      grow(filtered, bytes_of(image));
    } else {
      grow(halfway, bytes_of(part.left));
      grow(filtered, bytes_of(part.left));
    }
  }

  void grow(Slot slot, std::int64_t bytes) { part_.slots[slot] = std::max(part_.slots[slot], bytes); }

  const PipelineArgs& args_;
  std::int64_t sample_;
  const Program& program_;
  Axes& axes_;
  SamplePart& part_;
  Bytes bytes_;
  NoiseKey noise_{};
};

}  // namespace

SamplePart part_of(const PipelineArgs& args, std::int64_t sample, const Program& program, Axes& axes) {
  SamplePart part;
  SamplePacker(args, sample, program, axes, part).run();
  return part;
}

}  // namespace burnish::augment
