// SPDX-License-Identifier: Apache-2.0
// The inner loops of the neighbor search, compiled once per instruction set level. Rows are handled in blocks of 64,
// points that lie near each other.
#pragma once

#include <cstdint>

#include "burnish/neighbors.hpp"
#include "core/isa.hpp"

namespace burnish::neighbors {

inline constexpr int block_rows = 64;
inline constexpr int block_pairs = block_rows * block_rows;
static_assert(block_rows <= 256, "a place in a block is a byte");

// A pair of rows of two blocks.
struct Pair {
  std::uint8_t row;    // in the block of queries
  std::uint8_t point;  // in the block of points
};

// Rows in memory: `width` values each, `stride` apart, float32 or float64.
struct RowBlock {
  const void* rows = nullptr;
  DType dtype = DType::float32;
  std::int64_t stride = 0;
  int count = 0;  // at most block_rows
  std::int64_t width = 0;
};

// One block in 8-bit codes about a center: x = center + step * code + what is left, whose length is `error`.
struct CodeBlock {
  const void* codes = nullptr;          // of queries: signed, row after row; of points: see encode_block
  const float* norm = nullptr;          // |step * code|^2, rounded down
  const float* error = nullptr;         // rounded up
  const std::int32_t* shift = nullptr;  // of queries: start value of a product with packed codes
  float step = 0;
  float largest_error = 0;
};

// Where products of two codes are added up in 32 bits, and where pairs of them are added up in 16 first.
inline constexpr int largest_code_in_32_bits = 127;
inline constexpr int largest_code_in_16_bits = 63;
inline constexpr std::int64_t most_coded_columns = 16384;

// Encodes x * factor - center for each row x.
struct EncodeJob {
  RowBlock block;
  double factor = 1;
  const double* center = nullptr;
  const double* coordinate_error = nullptr;  // how far each row may be from where it should be, or null
  int code_width = 0;                        // block.width, rounded up to a multiple of 4
  int largest_code = 0;                      // one of the two above
  float* scratch = nullptr;                  // block_rows * block.width
  std::int8_t* codes = nullptr;              // out: (block_rows, code_width)
  std::uint8_t* packed = nullptr;            // out, or null: (code_width / 4, block_rows, 4), codes + largest_code + 1
  float* norm = nullptr;                     // out: block_rows each
  float* error = nullptr;
  std::int32_t* shift = nullptr;
  float step = 0;  // out
  float largest_error = 0;
};

// Which pairs of two blocks may be near. A pair is left out only if it is farther apart than the reach of its query and
// (where points have one) than that of its point.
struct FilterJob {
  CodeBlock queries;
  CodeBlock points;
  int query_count = 0;
  int point_count = 0;
  int code_width = 0;
  const float* query_reach = nullptr;
  const float* point_reach = nullptr;  // or null
  bool above_diagonal = false;         // of a block with itself: only pairs row < point
  bool sums_in_32_bits = false;        // codes up to 127
  int most_pairs = block_pairs;        // may stop when more than these are found
  Pair* pairs = nullptr;               // out: room for block_pairs
};

// For each query of a block, a length within which at least k points of another block lie, or k other rows of its own.
struct FirstReachJob {
  CodeBlock queries;
  CodeBlock points;
  int query_count = 0;
  int point_count = 0;  // at least k, or more than k of its own
  bool is_self = false;
  int code_width = 0;
  int k = 0;
  bool sums_in_32_bits = false;
  float* reach = nullptr;  // out
};

// Exact keys of pairs, in double, in a fixed order of additions: the same at every level and on a GPU.
struct MeasureJob {
  Metric metric = Metric::euclidean;  // rows for cosine have length 1, or 0
  RowBlock queries;
  RowBlock points;
  const Pair* pairs = nullptr;
  int count = 0;
  double* keys = nullptr;  // out
};

// Coordinates of x * factor - center along `axes` (width, axis_count), and the length of what is left.
inline constexpr int axis_count = 16;  // the last one is left for that length
struct ProjectJob {
  RowBlock block;
  double factor = 1;
  const double* center = nullptr;
  const double* axes = nullptr;
  double* coordinates = nullptr;  // out: (block_rows, axis_count)
  double* lengths = nullptr;      // out: |x * factor - center|
};

template <Isa isa>
void encode_block(EncodeJob& job);
template <Isa isa>
int filter_pairs(const FilterJob& job);
template <Isa isa>
void first_reach(const FirstReachJob& job);
template <Isa isa>
void measure_pairs(const MeasureJob& job);
template <Isa isa>
void project_rows(const ProjectJob& job);

#define BURNISH_DECLARE_LEVEL(isa)                 \
  template <>                                      \
  void encode_block<isa>(EncodeJob & job);         \
  template <>                                      \
  int filter_pairs<isa>(const FilterJob& job);     \
  template <>                                      \
  void first_reach<isa>(const FirstReachJob& job); \
  template <>                                      \
  void measure_pairs<isa>(const MeasureJob& job);  \
  template <>                                      \
  void project_rows<isa>(const ProjectJob& job)
#if defined(BURNISH_HAS_X86_LEVELS)
BURNISH_DECLARE_LEVEL(Isa::v4);
BURNISH_DECLARE_LEVEL(Isa::v3);
#endif
BURNISH_DECLARE_LEVEL(Isa::v2);
#undef BURNISH_DECLARE_LEVEL

}  // namespace burnish::neighbors
