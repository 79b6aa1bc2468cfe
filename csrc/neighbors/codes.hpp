// SPDX-License-Identifier: Apache-2.0
// 8-bit codes of points, which tell pairs that cannot be neighbors from those that may be.
//
// With x' the vector that the code of x stands for and e its distance from x, d(x, y) >= d(x', y') - e_x - e_y; d(x',
// y') needs integer products only. Points are coded about the center of their cell, a few thousand points near each
// other; queries are coded anew about each cell they are compared with, so that neither a far origin nor far clusters
// make the codes coarse.
#pragma once

#include <vector>

#include "core/buffer.hpp"
#include "neighbors/points.hpp"

namespace burnish::neighbors {

// A block of queries coded about one cell.
struct QueryCodes {
  QueryCodes(std::int64_t width, int code_width);
  int block = -1;
  int cell = -1;
  CodeBlock codes;
  Buffer<float> scratch;
  Buffer<std::int8_t> rows;
  float norm[block_rows];
  float error[block_rows];
  std::int32_t shift[block_rows];
};

enum class CodesOf : std::uint8_t { axes, rows };  // the coordinates along the axes, or all columns

class Codes {
 public:
  // The level decides how large codes may be: all that is done with them must be done at that level.
  Codes(const Points& points, CodesOf of, Isa isa);

  int code_width() const { return code_width_; }
  std::int64_t width() const { return width_; }
  bool sums_in_32_bits() const { return sums_in_32_bits_; }
  CodeBlock block(int block) const;
  int cell_of(int block) const { return cells_[static_cast<std::size_t>(block)]; }
  void encode_queries(const Points& queries, int block, int cell, QueryCodes& to) const;

 private:
  RowBlock source(const Points& points, int block) const;
  EncodeJob job_for(const Points& points, int block, int cell) const;

  CodesOf of_;
  Isa isa_;
  bool sums_in_32_bits_;
  double factor_ = 1;
  std::int64_t width_ = 0;
  int code_width_ = 0;
  std::vector<int> cells_;  // of each block
  std::vector<double> centers_;
  Buffer<std::uint8_t> packed_;
  Buffer<float> norm_;
  Buffer<float> error_;
  std::vector<float> step_;
  std::vector<float> largest_error_;
};

}  // namespace burnish::neighbors
