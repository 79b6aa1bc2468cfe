// SPDX-License-Identifier: Apache-2.0
#include "neighbors/codes.hpp"

#include "core/parallel.hpp"
#include "core/visit.hpp"

namespace burnish::neighbors {
namespace {

constexpr std::int64_t block_grain = 16;

void add_rows(const RowBlock& block, double factor, double* sums) {
  visit_native_float(block.dtype, [&]<class T>() {
    for (int r = 0; r < block.count; ++r) {
      const T* from = static_cast<const T*>(block.rows) + r * block.stride;
      for (std::int64_t c = 0; c < block.width; ++c) sums[c] += static_cast<double>(from[c]) * factor;
    }
  });
}

}  // namespace

QueryCodes::QueryCodes(std::int64_t width, int code_width)
    : scratch(static_cast<std::size_t>(width) * block_rows), rows(static_cast<std::size_t>(code_width) * block_rows) {}

Codes::Codes(const Points& points, CodesOf of, Isa isa)
    : of_(of),
      isa_(isa),
      sums_in_32_bits_(has_int8_products(isa)),
      factor_(of == CodesOf::axes ? 1 : points.axes().factor),
      width_(of == CodesOf::axes ? points.axes().count : points.columns()),
      code_width_(static_cast<int>((width_ + 3) / 4 * 4)) {
  const auto blocks = static_cast<std::size_t>(points.block_count());
  const auto width = static_cast<std::size_t>(width_);
  cells_.resize(blocks);
  centers_.resize(static_cast<std::size_t>(points.cell_count()) * width);
  packed_ = Buffer<std::uint8_t>(blocks * block_rows * static_cast<std::size_t>(code_width_));
  norm_ = Buffer<float>(blocks * block_rows);
  error_ = Buffer<float>(blocks * block_rows);
  step_.resize(blocks);
  largest_error_.resize(blocks);
  std::vector<const Node*> cells;
  for (const Node& node : points.nodes()) {
    if (node.cell >= 0) cells.push_back(&node);
  }
  parallel_for(static_cast<std::int64_t>(cells.size()), 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const Node& node = *cells[static_cast<std::size_t>(i)];
      double* center = centers_.data() + static_cast<std::size_t>(node.cell) * width;
      int count = 0;
      for (int b = node.first_block; b < node.last_block; ++b) {
        cells_[static_cast<std::size_t>(b)] = node.cell;
        add_rows(source(points, b), factor_, center);
        count += points.rows_in_block(b);
      }
      for (std::size_t c = 0; c < width; ++c) center[c] /= count;
    }
  });
  parallel_for(static_cast<std::int64_t>(blocks), block_grain, [&](std::int64_t first, std::int64_t last) {
    QueryCodes own(width_, code_width_);
    for (auto b = static_cast<std::size_t>(first); b < static_cast<std::size_t>(last); ++b) {
      EncodeJob job = job_for(points, static_cast<int>(b), cells_[b]);
      job.scratch = own.scratch.data();
      job.codes = own.rows.data();
      job.packed = packed_.data() + b * block_rows * static_cast<std::size_t>(code_width_);
      job.norm = norm_.data() + b * block_rows;
      job.error = error_.data() + b * block_rows;
      job.shift = own.shift;
      with_isa(isa_, [&]<Isa isa>() { encode_block<isa>(job); });
      step_[b] = job.step;
      largest_error_[b] = job.largest_error;
    }
  });
}

RowBlock Codes::source(const Points& points, int block) const {
  return of_ == CodesOf::axes ? points.coordinates(block) : points.block(block);
}

EncodeJob Codes::job_for(const Points& points, int block, int cell) const {
  EncodeJob job;
  job.block = source(points, block);
  job.factor = factor_;
  job.center = centers_.data() + std::int64_t{cell} * width_;
  job.coordinate_error = of_ == CodesOf::axes ? points.coordinate_error(block) : nullptr;
  job.code_width = code_width_;
  job.largest_code = sums_in_32_bits_ ? largest_code_in_32_bits : largest_code_in_16_bits;
  return job;
}

CodeBlock Codes::block(int block) const {
  const auto b = static_cast<std::size_t>(block);
  return {packed_.data() + b * block_rows * static_cast<std::size_t>(code_width_),
          norm_.data() + b * block_rows,
          error_.data() + b * block_rows,
          nullptr,
          step_[b],
          largest_error_[b]};
}

void Codes::encode_queries(const Points& queries, int block, int cell, QueryCodes& to) const {
  if (to.block == block && to.cell == cell) return;
  EncodeJob job = job_for(queries, block, cell);
  job.scratch = to.scratch.data();
  job.codes = to.rows.data();
  job.norm = to.norm;
  job.error = to.error;
  job.shift = to.shift;
  with_isa(isa_, [&]<Isa isa>() { encode_block<isa>(job); });
  to.block = block;
  to.cell = cell;
  to.codes = {to.rows.data(), to.norm, to.error, to.shift, job.step, job.largest_error};
}

}  // namespace burnish::neighbors
