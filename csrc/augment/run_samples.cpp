// SPDX-License-Identifier: Apache-2.0
#include "augment/run_samples.hpp"

#include <algorithm>

#include "augment/border.hpp"
#include "augment/kernels.hpp"
#include "augment/tables_math.hpp"
#include "augment/warp_math.hpp"
#include "augment/ways.hpp"
#include "augment/workspace.hpp"
#include "core/parallel.hpp"

namespace burnish::augment {
namespace {

// Brings a small image into the cache while the one before it is worked on.
void fetch(const Image& image) {
  constexpr std::int64_t most_bytes = std::int64_t{4} << 10;
  const auto size = static_cast<std::int64_t>(item_size(image.dtype));
  const std::int64_t bytes = std::int64_t{image.height} * image.width * image.channels * size;
  if (bytes > most_bytes) return;
  const char* first = static_cast<const char*>(image.data) + image.offset * size;
  for (std::int64_t b = 0; b < bytes; b += 64) __builtin_prefetch(first + b);
}

template <Isa isa>
class SampleRunner {
 public:
  SampleRunner(const PipelineArgs& args, bool streams) : args_(args), streams_(streams) {
    noise_.key = key_of(args.seed, args.epoch);
  }

  void run(std::int64_t sample) {
    const std::uint64_t id = id_of(args_.ids, sample);
    noise_.id[0] = static_cast<std::uint32_t>(id);
    noise_.id[1] = static_cast<std::uint32_t>(id >> 32);
    compile(args_, sample, image_of(args_.images, sample), program_);
    Image left;  // what a pass is to read, where it does not tell
    int which = 0;
    has_tile_ = false;
    for (std::size_t p = 0; p < program_.passes.size(); ++p) {
      Pass& pass = program_.passes[p];
      const bool is_last = p + 1 == program_.passes.size();
      const bool stays = !is_last && stays_in_tile(pass, program_.passes[p + 1]);
      Image to = is_last ? image_of(args_.out, sample) : program_.passes[p + 1].left;
      if (!is_last && !has_tile_ && only_shows(pass, program_.passes[p + 1])) {
        cut_to_window(pass.source);
        if (!pass.source.image.data) pass.source.image.data = left.data;
        left = pass.source.image;
        continue;
      }
      if (!is_last && !stays && (has_tile_ || !only_looks(pass))) {
        to.data = workspace_.image(which, bytes_of(to));
        which = 1 - which;
      }
      if (has_filter(pass)) {
        const bool is_all = !stays && only_filters(pass, to);
        left = filter(pass, left, is_all ? &to : nullptr);
        if (is_all) continue;
      } else if (pass.prepare.kind == Prepare::Kind::resize) {
        left.data = resize(pass, left.data);
      }
      if (!pass.source.image.data) pass.source.image.data = left.data;
      if (stays) {
        run_in_tile(pass, nullptr);
        has_tile_ = true;
        continue;
      }
      if (!has_tile_ && only_looks(pass)) {
        cut_to_window(pass.source);
        look(pass, pass.source.image);
        program_.passes[p + 1].source.image = pass.source.image;
        continue;
      }
      const bool streams = is_last && streams_;
      has_tile_ ? run_in_tile(pass, &to, streams) : run_pass(pass, to, streams);
      has_tile_ = false;
      left = to;
    }
  }

 private:
  static std::size_t bytes_of(const Image& image) {
    return static_cast<std::size_t>(std::int64_t{image.height} * image.width * image.channels) * item_size(image.dtype);
  }

  // Returns what the pass is to read: `to`, or without one what is then made for it.
  Image filter(Pass& pass, const Image& left, const Image* to) {
    const auto scratch = [&](std::int64_t bytes) {
      return static_cast<char*>(workspace_.image(3, static_cast<std::size_t>(bytes)));
    };
    Image made = pass.left;
    if (to) {
      made = *to;
    } else {
      made.data = workspace_.image(2, bytes_of(pass.left));
    }
    Source& source = pass.source;
    if (blurs_bytes(source)) {
      Source blur = source;
      blur.image = left;
      blur_bytes<isa>(blur, made, scratch(blur_scratch_bytes(blur)));
      source.kind = SourceKind::copy;
      source.image.data = made.data;
    } else {
      filter_boxes<isa>(pass.prepare, pass.read_levels, {left, made, scratch(box_scratch_bytes(left))});
    }
    return made;
  }

  // The same, of planes.
  void* resize(const Pass& pass, const void* left) {
    Planes planes;
    planes.from = left;
    planes.dtype = pass.left.dtype;
    planes.channels = pass.left.channels;
    planes.height = pass.left.height;
    planes.width = pass.left.width;
    planes.rows = &program_.axes[static_cast<std::size_t>(pass.prepare.rows)];
    planes.columns = &program_.axes[static_cast<std::size_t>(pass.prepare.columns)];
    const std::int64_t height = planes.rows->to;
    const std::int64_t width = planes.columns->to;
    const auto bytes = [&](std::int64_t values) { return static_cast<std::size_t>(values) * item_size(planes.dtype); };
    planes.to = workspace_.image(2, bytes(height * width * planes.channels));
    // Two planes, and a sum for each pixel of a row or a column.
    const std::int64_t plane = planes.height * std::max<std::int64_t>(planes.width, width);
    const std::size_t value = planes.rows->is_antialiased ? item_size(planes.dtype) : sizeof(float);
    const std::int64_t side = std::max<std::int64_t>({planes.height, planes.width, height, width});
    const std::size_t whole = 2 * value * static_cast<std::size_t>(plane) + static_cast<std::size_t>(8 * side + 256);
    planes.scratch = static_cast<char*>(workspace_.image(3, whole));
    resize_planes<isa>(pass.read_levels, planes);
    return planes.to;
  }

  // A pass over an image of one tile, that begins or ends in it.
  void run_in_tile(Pass& pass, const Image* to, bool streams = false) {
    find_tables(pass, pass.source.image.channels);
    changes_.clear();
    if (!has_tile_) border(pass);
    run_tiles(pass, pass.source, pass.first_op, to, streams);
  }

  // Copies the image with its border around it, if the warp of it gains by that.
  void border(Pass& pass) {
    if (!pass.read_levels.are_whole || !gains_border(pass.source)) return;
    const auto bytes = static_cast<std::size_t>(bordered_bytes(pass.source.image));
    add_border(pass.source, static_cast<std::uint8_t*>(workspace_.image(4, bytes)));
  }

  void run_pass(Pass& pass, const Image& to, bool streams) {
    Source& source = pass.source;
    if (const Step* scale = nullptr; warps_at_once(program_, pass, to, scale)) {
      const std::int64_t values = warp_row_values(source.width);
      warp_image<isa>(source, pass.read_levels, scale, to, workspace_.scratch(static_cast<std::size_t>(values)),
                      streams);
      return;
    }
    border(pass);
    if (warps_bytes(pass, to)) {
      warp_bytes<isa>(source, 0, to);
      return;
    }
    find_tables(pass, source.image.channels);
    const int byte_end = end_of_byte_ops(program_, pass);
    if (only_moves(pass, to, byte_end)) {
      plan_bytes(pass, byte_end);
      move(source, to);
      if (pass.statistic != Statistic::none) look(pass, to);
      return;
    }
    if (ColorScale scale; only_scales(program_, pass, to, byte_end, streams, scale)) {
      plan_bytes(pass, byte_end);
      return scale_colors(source, scale, to, streams);
    }
    const int first = end_of_look_ups(program_, pass, byte_end);
    plan_bytes(pass, first);
    run_tiles(pass, source, first, &to, streams);
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
    // Short rows with others around them are read faster once they lie side by side.
    const bool is_padded_tile = tile_rows >= source.height && source.kind == SourceKind::copy &&
                                source.image.dtype == DType::uint8 && pads(source);
    std::int64_t sum = 0;
    int last = pass.last_op;
    Change scale;
    const bool scales = to && last > first && program_.kind(last - 1) == Op::normalize && scales_when_stored(*to) &&
                        pass.statistic == Statistic::none;
    if (scales) scale = change_of(program_.op(--last));
    if (pass.statistic == Statistic::histogram) {
      histograms_.assign(static_cast<std::size_t>(tile.channels), Histogram());
    }
    for (int top = 0; top < source.height; top += tile_rows) {
      check_point();  // one image may be huge
      tile.top = top;
      tile.rows = std::min(tile_rows, source.height - top);
      if (has_tile_) {
        // The pass before has left it there.
      } else if (changes_.empty() && !is_padded_tile) {
        read(pass, source, tile, scratch);
      } else {
        Tile changed = tile;
        changed.top = 0;
        copy_tile<isa>(changed_rows(source, top, tile.rows), changed);
      }
      for (int i = first; i < last; ++i) change({tile, complete(program_.op(i)), scratch});
      if (pass.statistic == Statistic::luma_sum) sum += luma_sum<isa>(tile, pass.write_levels);
      if (pass.statistic == Statistic::value_sum) sum += value_sum<isa>(tile, pass.write_levels);
      if (pass.statistic == Statistic::histogram) count_values<isa>(tile, pass.write_levels, histograms_.data());
      if (to) store_tile<isa>(tile, *to, scales ? &scale : nullptr, streams);
    }
    const std::int64_t values =
        std::int64_t{source.height} * source.width * (pass.statistic == Statistic::value_sum ? tile.channels : 1);
    mean_ = mean_of(sum, pass.write_levels, values);
  }

  // Calls f(top, part) for rows of an image, as many as stay in the cache until they are read again.
  template <class F>
  static void each_part(const Image& image, const F& f) {
    constexpr int values_at_once = 16384;
    const int rows = std::max(1, values_at_once / (image.channels * image.width));
    for (int top = 0; top < image.height; top += rows) {
      check_point();
      Image part = image;
      part.offset += top * image.row;
      part.height = std::min(rows, image.height - top);
      f(top, part);
    }
  }

  void move(const Source& source, const Image& to) {
    if (source.kind == SourceKind::copy) return move_image<isa>(source, to, work_from(0));
    each_part(to, [&](int top, const Image& part) {
      move_image<isa>(warped_rows(source, top, part.height), part, work_from(top));
    });
  }

  void scale_colors(const Source& source, const ColorScale& scale, const Image& to, bool streams) {
    const Image& image = source.image;
    const bool is_direct = source.kind == SourceKind::copy && changes_.empty() && !pads(source) && image.channel == 1 &&
                           (image.column == 3 || (image.column == -3 && to.column == 1));
    each_part(to, [&](int top, const Image& part) {
      scale_image<isa>(is_direct ? rows_of(source, top, part.height) : changed_rows(source, top, part.height), scale,
                       part, streams);
    });
  }

  static Source rows_of(const Source& source, int top, int rows) {
    Source part = source;
    part.top += top;
    part.height = rows;
    return part;
  }

  // Some of what a source reads, with the changes_ of bytes, as pixels side by side.
  Source changed_rows(const Source& source, int top, int rows) {
    const bool is_copy = source.kind == SourceKind::copy;
    const Source read = is_copy ? rows_of(source, top, rows) : warped_rows(source, top, rows);
    if (!is_copy && changes_.empty()) return read;
    const Source part = new_rows(source, rows, 3);
    move_image<isa>(read, part.image, work_from(top));
    return part;
  }

  // The same without the changes_, of a warp.
  Source warped_rows(const Source& source, int top, int rows) {
    const Source part = new_rows(source, rows, 5);
    warp_bytes<isa>(source, top, part.image);
    return part;
  }

  Source new_rows(const Source& source, int rows, int which) {
    Source part;
    Image& image = part.image;
    image.height = part.height = rows;
    image.width = part.width = source.width;
    image.channels = source.image.channels;
    image.channel = 1;
    image.column = image.channels;
    image.row = image.width * image.column;
    image.data = workspace_.image(which, static_cast<std::size_t>(image.height * image.row));
    return part;
  }

  ByteWork work_from(int top) const { return {changes_.data(), static_cast<int>(changes_.size()), top}; }

  // Operations before number `end` as changes_: those in a row that are tables as one table for each channel.
  void plan_bytes(const Pass& pass, int end) {
    const int channels = pass.source.image.channels;
    const std::size_t bytes = static_cast<std::size_t>(channels) * table_size;
    changes_.clear();
    byte_tables_.resize(static_cast<std::size_t>(end - pass.first_op) * bytes);
    for (int i = pass.first_op; i < end;) {
      ByteChange change;
      if (program_.kind(i) == Op::erase) {
        const Change erase = change_of(program_.op(i++));
        change.params = erase.params;
        change.param_count = erase.param_count;
        change.options = erase.options;
        change.option_count = erase.option_count;
        change.height = pass.source.height;
        change.is_shared = std::all_of(erase.options, erase.options + erase.option_count,
                                       [&](double fill) { return fill == erase.options[0]; });
      } else {
        const int first = i;
        while (i < end && program_.kind(i) != Op::erase) ++i;
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
      color_tile<isa>({tile, complete(program_.op(i)), nullptr});
    }
    for (int i = 0; i < channels * table_size; ++i) tables[i] = static_cast<std::uint8_t>(tile.values[i]);
  }

  // From what the pass before has counted, for the one operation that asks for it: the first.
  void find_tables(const Pass& pass, int channels) {
    if (pass.first_op == pass.last_op) return;
    const TileOp& op = program_.op(pass.first_op);
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
  bool has_tile_ = false;  // the pass before has left its values where tiles are
  // What the pass before has found out.
  double mean_ = 0;
  std::vector<Histogram> histograms_;
  std::vector<float> tables_;
  // What is done to bytes before they are read as floats.
  std::vector<ByteChange> changes_;
  std::vector<std::uint8_t> byte_tables_;
};

}  // namespace

void run_samples(const PipelineArgs& args, bool streams, std::int64_t first, std::int64_t last) {
  with_isa([&]<Isa isa>() {
    SampleRunner<isa> runner(args, streams);
    for (std::int64_t sample = first; sample < last; ++sample) {
      if (sample + 1 < last) fetch(image_of(args.images, sample + 1));
      runner.run(sample);
    }
  });
}

}  // namespace burnish::augment
