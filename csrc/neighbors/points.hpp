// SPDX-License-Identifier: Apache-2.0
// Rows in an order in which near ones stand together, cut into blocks of 64, with a tree of boxes over the blocks.
//
// Boxes hold coordinates whose distance never exceeds that of the rows: up to 24 columns, the columns themselves; of
// more, 15 axes (the leading principal ones, or of few rows the widest columns) and the length of what they leave.
#pragma once

#include <cstdint>
#include <vector>

#include "core/buffer.hpp"
#include "neighbors/axes.hpp"
#include "neighbors/kernels.hpp"

namespace burnish::neighbors {

struct Node {
  std::int32_t first_block = 0;
  std::int32_t last_block = 0;
  std::int32_t left = -1;  // children, or -1 for a single block
  std::int32_t right = -1;
  std::int32_t cell = -1;  // of a node that is the top of a cell
};

class Points {
 public:
  // `rows` a checked (n, d) view; read once, and not kept. `largest` is the largest absolute value of all rows that
  // take part in the search. The axes are those of `like`, or made from the rows.
  Points(const TensorView& rows, Metric metric, double largest, const Axes* like = nullptr);

  std::int64_t count() const { return count_; }
  std::int64_t columns() const { return columns_; }
  int block_count() const { return static_cast<int>((count_ + block_rows - 1) / block_rows); }
  int rows_in_block(int block) const;
  RowBlock block(int block) const;
  const Axes& axes() const { return axes_; }
  // For the cosine: a row of zeros is farther from all than its place among rows of length 1.
  bool has_zero_rows() const { return has_zero_rows_; }
  // Box coordinates of a block's rows, and how far each may be off.
  RowBlock coordinates(int block) const;
  const double* coordinate_error(int block) const {
    return coordinate_error_.size() ? coordinate_error_.data() + std::int64_t{block} * block_rows : nullptr;
  }
  std::uint32_t id(std::int64_t position) const { return ids_[static_cast<std::size_t>(position)]; }

  const std::vector<Node>& nodes() const { return nodes_; }
  std::int32_t node_of_block(int block) const { return leaves_[static_cast<std::size_t>(block)]; }
  const double* low(std::int32_t node) const { return boxes_.data() + std::int64_t{node} * 2 * axes_.count; }
  const double* high(std::int32_t node) const { return low(node) + axes_.count; }
  int cell_count() const { return cell_count_; }

 private:
  void map_to_axes(const TensorView& view);
  void copy_rows(const TensorView& view);
  void arrange();
  std::int32_t split(std::int32_t first_block, std::int32_t last_block, bool in_cell);

  std::int64_t count_ = 0;
  std::int64_t columns_ = 0;
  DType dtype_ = DType::float32;
  Buffer<std::byte> rows_;
  Buffer<std::uint32_t> ids_;
  Axes axes_;
  Buffer<double> coordinates_;
  Buffer<double> coordinate_error_;
  std::vector<Node> nodes_;
  std::vector<std::int32_t> leaves_;
  Buffer<double> boxes_;
  int cell_count_ = 0;
  bool has_zero_rows_ = false;
};

// Squared length of the gap between two boxes.
double gap(const double* low, const double* high, const double* other_low, const double* other_high, int axes);

}  // namespace burnish::neighbors
