// SPDX-License-Identifier: Apache-2.0
// The programs of a batch, compiled on the CPU, as a GPU reads them: one block of memory that is copied to the start of
// a workspace on the GPU, and a list of launches. Places in the workspace are bytes from its start.
#pragma once

#include <cstdint>
#include <vector>

#include "augment/changes.hpp"
#include "augment/tables.hpp"

namespace burnish::augment {

// What Change is on a CPU.
struct DeviceOp {
  Op op;
  Levels levels;
  std::int32_t param_count;
  std::int32_t option_count;
  std::int64_t params;   // doubles, from the start of the sample's part
  std::int64_t options;  // doubles, from there
  std::int64_t table;    // from there; negative: those that the pass before has left
  std::uint32_t place;
};

// A pass over one sample: what Pass, Source and the Image that it writes are on a CPU.
struct DevicePass {
  Image from;  // its data, or null: at `from_at`
  Image to;
  std::int64_t from_at;
  std::int64_t to_at;
  std::int64_t sample;  // the sample's part: what follows is counted from there
  std::int64_t ops;
  std::int64_t weights;  // of kernels: floats of a separable one, or Tap
  std::int64_t clips;
  std::int64_t left_statistic;  // by the pass before: a sum, or histograms
  std::int64_t left_tables;     // made of the histograms
  std::int64_t statistic_at;
  NoiseKey noise;
  Levels read_levels;
  Levels write_levels;
  Levels left_levels;  // of the sum
  Matrix matrix;
  Fill fill;
  std::int32_t height;  // of the result
  std::int32_t width;
  std::int32_t top;
  std::int32_t left;
  std::int32_t op_count;
  std::int32_t clip_count;
  std::int32_t radius;
  std::int32_t tap_count;
  float divisor;
  float factor;  // sharpness
  SourceKind kind;
  Border border;
  Interpolation interpolation;
  Statistic statistic;
  bool has_lines;
  bool is_fixed;  // the sums of a separable one
};

// A filter over all of an image, along one axis.
struct DevicePlanes {
  std::int64_t from;
  std::int64_t to;
  std::int64_t between;  // boxes: as large as `to`
  DType dtype;           // of the source
  DType to_dtype;
  bool along_rows;
  bool is_interleaved;  // boxes: else planes, as for a resize
  bool sharpens;
  bool is_fixed;  // resize: bytes, weights are integers
  bool settles;   // brings values into the levels
  bool copies;    // and does nothing else
  std::int32_t channels;
  std::int32_t height;  // of the result; of the source as well along the rows, else its width
  std::int32_t width;
  std::int32_t source_length;  // along the axis
  float radius;                // of boxes
  double percent;
  double threshold;
  std::int64_t original;  // what is sharpened
  Levels levels;
  std::int32_t most_taps;
  std::int64_t first;    // of an axis: integers, for each place along it
  std::int64_t count;    // the same
  std::int64_t weights;  // floats, or integers if `is_fixed`
};

// Of one channel, zero at first; values as keys() in whose order they are.
struct DeviceHistogram {
  unsigned long long count[table_size];
  std::uint32_t low;  // of minus the value
  std::uint32_t high;
};

// Histograms of the channels of a sample -> tables.
struct DeviceTables {
  std::int64_t histograms;
  std::int64_t tables;
  double params[2];
  Op op;
  Method method;
  bool whole;
};

// A part of a launch: blocks from `first_block` on work on what lies at `at`.
struct LaunchItem {
  std::int64_t first_block;
  std::int64_t at;
};

struct Items {
  std::int64_t at = 0;  // LaunchItem, in the order of their blocks
  std::int64_t count = 0;
  std::int64_t blocks = 0;
  std::int64_t blocks_each = 0;  // 0: they differ
};

enum class LaunchKind : std::uint8_t { tables, boxes, resampling, pass };

struct Launch {
  LaunchKind kind = LaunchKind::pass;
  Items items;
};

struct Batch {
  std::vector<char> bytes;
  std::vector<Launch> launches;
  int channels = 0;
  std::int64_t zeroed_at = 0;  // statistics
  std::int64_t zeroed_bytes = 0;
  std::int64_t workspace_bytes = 0;
};

// Threads of a block, pixels of a pass or values of a filter for each.
inline constexpr int block_threads = 256;
inline constexpr int pixels_per_thread = 4;
inline constexpr int most_device_channels = 64;
// Channel numbers that kernels are compiled for, since that takes long; with others a thread takes one pixel.
BURNISH_HD bool has_quads(int channels) { return channels == 1 || channels == 3; }

Batch batch_of(const PipelineArgs& args);

// Starts everything on the stream. `workspace` has batch.workspace_bytes of memory on the device.
void run_batch_cuda(const Batch& batch, void* workspace, int device, void* stream);

}  // namespace burnish::augment
