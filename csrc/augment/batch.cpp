// SPDX-License-Identifier: Apache-2.0
#include "augment/batch.hpp"

#include <array>
#include <utility>

#include "augment/batch_sample.hpp"
#include "core/parallel.hpp"

namespace burnish::augment {
namespace {

constexpr std::int64_t alignment = 256;
std::int64_t aligned(std::int64_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

class BatchBuilder {
 public:
  BatchBuilder(const PipelineArgs& args, std::vector<SamplePart>& samples) : samples_(samples), bytes_(batch_.bytes) {
    batch_.channels = image_of(args.images, 0).channels;
  }

  Batch build() {
    place_samples();
    std::size_t most_passes = 0;
    for (const SamplePart& sample : samples_) most_passes = std::max(most_passes, sample.passes.size());
    for (std::size_t p = 0; p < most_passes; ++p) add_stage(p);
    place_memory();
    write_samples();
    return std::move(batch_);
  }

 private:
  // Work of a launch.
  struct Work {
    std::int64_t blocks;
    std::int64_t at;
  };

  void place_samples() {
    std::int64_t end = 0;
    for (const SamplePart& sample : samples_) {
      sample_at_.push_back(end);
      const std::size_t passes = sample.passes.size() * sizeof(DevicePass);
      end += aligned(static_cast<std::int64_t>(sample.bytes.size() + passes));
    }
    batch_.bytes.resize(static_cast<std::size_t>(end));
    for (const SamplePart& sample : samples_) {
      auto& slots = slot_at_.emplace_back();
      for (std::size_t i = 0; i < slot_count; ++i) slots[i] = reserve(memory_, sample.slots[i]);
    }
  }

  static std::int64_t reserve(std::int64_t& end, std::int64_t bytes) {
    const std::int64_t at = end;
    end += aligned(bytes);
    return at;
  }

  // What is done to the samples that have a pass of this number.
  void add_stage(std::size_t p) {
    std::vector<Work> tables, first_boxes, last_boxes, columns, rows, passes;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      if (p >= samples_[i].passes.size()) continue;
      PassPart& part = samples_[i].passes[p];
      DevicePass& pass = part.pass;
      pass.sample = sample_at_[i];
      // Places in memory other than the block's are marked by a bias until it is known how large that is.
      if (part.statistic_bytes > 0) pass.statistic_at = reserve(zeroed_, part.statistic_bytes);
      if (p > 0) {
        pass.left_statistic = samples_[i].passes[p - 1].pass.statistic_at;
        pass.from_at = slot_at_[i][p % 2 == 0 ? odd : even];
      }
      pass.to_at = slot_at_[i][p % 2 == 0 ? even : odd];
      if (part.has_tables) {
        pass.left_tables = reserve(tables_, part.table_bytes);
        tables.push_back({pass.from.channels, static_cast<std::int64_t>(table_parts_.size())});
        table_parts_.push_back(part.tables);
        table_parts_.back().histograms = pass.left_statistic;
        table_parts_.back().tables = pass.left_tables;
      }
      if (part.prepare.kind == Prepare::Kind::resize) {
        add_resize(i, part, columns, rows);
      } else if (part.prepare.kind != Prepare::Kind::nothing) {
        add_boxes(i, part, first_boxes, last_boxes);
      }
      const std::int64_t pixels = std::int64_t{pass.height} * pass.width;
      const std::int64_t tile = block_threads * (has_quads(batch_.channels) ? pixels_per_thread : 1);
      passes.push_back({(pixels + tile - 1) / tile, pass_at(i, p)});
    }
    add_launch(LaunchKind::tables, tables);
    add_launch(LaunchKind::boxes, first_boxes);
    add_launch(LaunchKind::boxes, last_boxes);
    add_launch(LaunchKind::resampling, columns);
    add_launch(LaunchKind::resampling, rows);
    add_launch(LaunchKind::pass, passes);
  }

  std::int64_t pass_at(std::size_t sample, std::size_t p) const {
    return sample_at_[sample] + static_cast<std::int64_t>(aligned_size(samples_[sample]) + p * sizeof(DevicePass));
  }
  static std::size_t aligned_size(const SamplePart& sample) { return (sample.bytes.size() + 7) / 8 * 8; }

  DevicePlanes planes_of(const PassPart& part) const {
    DevicePlanes planes{};
    planes.from = part.pass.from_at;
    planes.dtype = part.left.dtype;
    planes.channels = part.left.channels;
    planes.height = part.left.height;
    planes.width = part.left.width;
    planes.levels = part.pass.read_levels;
    return planes;
  }

  void add_boxes(std::size_t sample, PassPart& part, std::vector<Work>& first, std::vector<Work>& last) {
    DevicePlanes planes = planes_of(part);
    const auto lines = [&](int each) {
      return (std::int64_t{planes.channels} * each + block_threads - 1) / block_threads;
    };
    planes.is_interleaved = is_interleaved(part.left);
    planes.radius = part.prepare.radius;
    planes.along_rows = true;
    planes.to = slot_at_[sample][halfway];
    planes.between = slot_at_[sample][filtered];
    add_planes(planes, lines(planes.height), first);
    planes.original = planes.from;
    planes.along_rows = false;
    planes.sharpens = part.prepare.kind == Prepare::Kind::unsharp;
    planes.percent = part.prepare.percent;
    planes.threshold = part.prepare.threshold;
    planes.from = std::exchange(planes.to, planes.between);
    planes.between = planes.from;
    add_planes(planes, lines(planes.width), last);
    part.pass.from_at = planes.to;
  }

  void add_resize(std::size_t sample, PassPart& part, std::vector<Work>& columns, std::vector<Work>& rows) {
    DevicePlanes planes = planes_of(part);
    const auto blocks = [&] {
      const std::int64_t values = std::int64_t{planes.channels} * planes.height * planes.width;
      return (values + block_threads - 1) / block_threads;
    };
    const bool both = part.rows->from != part.rows->to && part.columns->from != part.columns->to;
    planes.is_fixed = part.rounds_between();
    if (part.columns->from != part.columns->to) {
      planes.along_rows = true;
      planes.width = part.columns->to;
      planes.to = slot_at_[sample][both ? halfway : filtered];
      planes.to_dtype = both && !planes.is_fixed ? DType::float32 : part.left.dtype;
      planes.settles = !both;
      set_axis(planes, part.columns);
      add_planes(planes, blocks(), columns);
      planes.from = planes.to;
      planes.dtype = planes.to_dtype;
    }
    if (part.rows->from != part.rows->to || (part.columns->from == part.columns->to && !planes.is_fixed)) {
      planes.along_rows = false;
      planes.copies = part.rows->from == part.rows->to;
      planes.height = part.rows->to;
      planes.to = slot_at_[sample][filtered];
      planes.to_dtype = part.left.dtype;
      planes.settles = true;
      set_axis(planes, part.rows);
      add_planes(planes, blocks(), rows);
      planes.from = planes.to;
    }
    part.pass.from_at = planes.from;
  }

  void set_axis(DevicePlanes& planes, const SharedAxis& axis) {
    const SharedAxis shared = axes_.find(*axis);
    std::size_t k = 0;
    while (k < axis_places_.size() && (axis_places_[k].axis != shared || axis_places_[k].is_fixed != planes.is_fixed))
      ++k;
    if (k == axis_places_.size()) {
      axis_places_.push_back({shared, planes.is_fixed, bytes_.add(axis->first.data(), axis->first.size()),
                              bytes_.add(axis->count.data(), axis->count.size()),
                              planes.is_fixed ? bytes_.add(axis->fixed.data(), axis->fixed.size())
                                              : bytes_.add(axis->weight.data(), axis->weight.size())});
    }
    const AxisPlace& place = axis_places_[k];
    planes.source_length = axis->from;
    planes.most_taps = axis->most_taps;
    planes.first = place.first;
    planes.count = place.count;
    planes.weights = place.weights;
  }

  void add_planes(const DevicePlanes& planes, std::int64_t blocks, std::vector<Work>& work) {
    work.push_back({blocks, static_cast<std::int64_t>(planes_.size())});
    planes_.push_back(planes);
  }

  void add_launch(LaunchKind kind, const std::vector<Work>& work) {
    if (work.empty()) return;
    Launch& launch = batch_.launches.emplace_back();
    launch.kind = kind;
    launch.items.count = static_cast<std::int64_t>(work.size());
    launch.items.blocks_each = work[0].blocks;
    std::vector<LaunchItem> items;
    for (const Work& each : work) {
      items.push_back({launch.items.blocks, each.at});
      launch.items.blocks += each.blocks;
      if (each.blocks != work[0].blocks) launch.items.blocks_each = 0;
    }
    items_.push_back(std::move(items));
  }

  // The block, then what is zeroed, then tables, then images.
  void place_memory() {
    const std::int64_t tables_at = bytes_.add(table_parts_.data(), table_parts_.size());
    const std::int64_t planes_at = bytes_.add(planes_.data(), planes_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      Launch& launch = batch_.launches[i];
      for (LaunchItem& item : items_[i]) {
        if (launch.kind == LaunchKind::tables)
          item.at = tables_at + item.at * static_cast<std::int64_t>(sizeof(DeviceTables));
        if (launch.kind == LaunchKind::boxes || launch.kind == LaunchKind::resampling) {
          item.at = planes_at + item.at * static_cast<std::int64_t>(sizeof(DevicePlanes));
        }
      }
      launch.items.at = bytes_.add(items_[i].data(), items_[i].size());
    }
    batch_.bytes.resize(static_cast<std::size_t>(aligned(static_cast<std::int64_t>(batch_.bytes.size()))));
    batch_.zeroed_at = static_cast<std::int64_t>(batch_.bytes.size());
    batch_.zeroed_bytes = aligned(zeroed_);
    table_base_ = batch_.zeroed_at + batch_.zeroed_bytes;
    image_base_ = table_base_ + aligned(tables_);
    batch_.workspace_bytes = image_base_ + memory_;
    for (DeviceTables& tables : table_parts_) {
      tables.histograms += batch_.zeroed_at;
      tables.tables += table_base_;
    }
    for (DevicePlanes& planes : planes_) {
      for (std::int64_t* at : {&planes.from, &planes.to, &planes.between, &planes.original}) *at += image_base_;
    }
    copy(table_parts_, tables_at);
    copy(planes_, planes_at);
  }

  template <class T>
  void copy(const std::vector<T>& values, std::int64_t at) {
    if (!values.empty()) std::memcpy(batch_.bytes.data() + at, values.data(), values.size() * sizeof(T));
  }

  void write_samples() {
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      copy(samples_[i].bytes, sample_at_[i]);
      for (std::size_t p = 0; p < samples_[i].passes.size(); ++p) {
        DevicePass pass = samples_[i].passes[p].pass;
        pass.from_at += image_base_;
        pass.to_at += image_base_;
        pass.left_statistic += batch_.zeroed_at;
        pass.statistic_at += batch_.zeroed_at;
        pass.left_tables += table_base_;
        std::memcpy(batch_.bytes.data() + pass_at(i, p), &pass, sizeof pass);
      }
    }
  }

  struct AxisPlace {
    SharedAxis axis;
    bool is_fixed;
    std::int64_t first;
    std::int64_t count;
    std::int64_t weights;
  };

  std::vector<SamplePart>& samples_;
  Batch batch_;
  Bytes bytes_;
  Axes axes_;
  std::vector<AxisPlace> axis_places_;
  std::vector<std::int64_t> sample_at_;
  std::vector<std::array<std::int64_t, slot_count>> slot_at_;
  std::vector<DeviceTables> table_parts_;
  std::vector<DevicePlanes> planes_;
  std::vector<std::vector<LaunchItem>> items_;
  std::int64_t zeroed_ = 0;
  std::int64_t tables_ = 0;
  std::int64_t memory_ = 0;
  std::int64_t table_base_ = 0;
  std::int64_t image_base_ = 0;
};

}  // namespace

Batch batch_of(const PipelineArgs& args) {
  const std::int64_t n = count_of(args.images);
  std::vector<SamplePart> samples(static_cast<std::size_t>(n));
  parallel_for(n, 64, [&](std::int64_t first, std::int64_t last) {
    Program program;
    Axes axes;
    for (std::int64_t sample = first; sample < last; ++sample) {
      compile(args, sample, image_of(args.images, sample), program);
      samples[static_cast<std::size_t>(sample)] = part_of(args, sample, program, axes);
    }
  });
  return BatchBuilder(args, samples).build();
}

}  // namespace burnish::augment
