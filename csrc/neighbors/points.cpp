// SPDX-License-Identifier: Apache-2.0
#include "neighbors/points.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "core/parallel.hpp"
#include "core/visit.hpp"
#include "neighbors/metric_math.hpp"

namespace burnish::neighbors {
namespace {

constexpr int cell_blocks = 64;  // of one center for codes
constexpr std::int64_t row_grain = 1024;

template <class T>
const T* row_of(const TensorView& view, std::int64_t row) {
  return static_cast<const T*>(view.data) + row * view.strides[0];
}

// Rows of length 1, in double; of length 0 where all values are 0.
Buffer<double> normalized(const TensorView& rows, bool& has_zero_rows) {
  const std::int64_t width = rows.shape[1];
  Buffer<double> result(static_cast<std::size_t>(rows.shape[0] * width));
  std::atomic<bool> any_zero{false};
  visit_native_float(rows.dtype, [&]<class T>() {
    parallel_for(rows.shape[0], row_grain, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t r = first; r < last; ++r) {
        if (!normalize_row(row_of<T>(rows, r), width, result.data() + r * width)) any_zero = true;
      }
    });
  });
  has_zero_rows = any_zero;
  return result;
}

RowBlock rows_of(const TensorView& view, std::int64_t first) {
  RowBlock block{nullptr, view.dtype, view.strides[0], 0, view.shape[1]};
  visit_native_float(view.dtype, [&]<class T>() { block.rows = row_of<T>(view, first); });
  block.count = static_cast<int>(std::min<std::int64_t>(block_rows, view.shape[0] - first));
  return block;
}

// A measure of how widely a few of the rows are spread that single outliers do not move.
double spread(const Buffer<double>& coordinates, const std::uint32_t* ids, std::int64_t count, int axis, int axes) {
  constexpr int samples = 17;
  double values[samples];
  for (int s = 0; s < samples; ++s) {
    values[s] = coordinates[ids[s * (count - 1) / (samples - 1)] * static_cast<std::size_t>(axes) +
                            static_cast<std::size_t>(axis)];
    for (int t = s; t > 0 && values[t] < values[t - 1]; --t) std::swap(values[t], values[t - 1]);
  }
  return (values[samples - 3] - values[2]) + 1e-3 * (values[samples - 1] - values[0]);
}

}  // namespace

double gap(const double* low, const double* high, const double* other_low, const double* other_high, int axes) {
  double sum = 0;
  for (int a = 0; a < axes; ++a) {
    const double distance = std::max(0.0, std::max(low[a] - other_high[a], other_low[a] - high[a]));
    sum += distance * distance;
  }
  return sum;
}

Points::Points(const TensorView& rows, Metric metric, double largest, const Axes* like)
    : count_(rows.shape[0]), columns_(rows.shape[1]), dtype_(rows.dtype) {
  Buffer<double> unit_rows;
  TensorView view = rows;
  if (metric == Metric::cosine) {
    unit_rows = normalized(rows, has_zero_rows_);
    view = contiguous_view(unit_rows.data(), DType::float64, Device{}, count_, columns_);
    dtype_ = DType::float64;
    largest = 1;
  }
  if (like) {
    axes_ = *like;
  } else if (columns_ <= most_axes) {
    axes_.factor = factor_for(largest);
    axes_.count = static_cast<int>(columns_);
  } else {
    axes_ = leading_axes(view, factor_for(largest));
  }
  map_to_axes(view);
  arrange();
  copy_rows(view);
}

int Points::rows_in_block(int block) const {
  return static_cast<int>(std::min<std::int64_t>(block_rows, count_ - std::int64_t{block} * block_rows));
}

RowBlock Points::block(int block) const {
  const std::size_t bytes = static_cast<std::size_t>(columns_) * item_size(dtype_) * block_rows;
  return {rows_.data() + static_cast<std::size_t>(block) * bytes, dtype_, columns_, rows_in_block(block), columns_};
}

RowBlock Points::coordinates(int block) const {
  return {coordinates_.data() + std::int64_t{block} * block_rows * axes_.count, DType::float64, axes_.count,
          rows_in_block(block), axes_.count};
}

// Still in the order of the input.
void Points::map_to_axes(const TensorView& view) {
  const auto count = static_cast<std::size_t>(count_);
  coordinates_ = Buffer<double>(count * static_cast<std::size_t>(axes_.count));
  if (axes_.are_columns) {
    visit_native_float(view.dtype, [&]<class T>() {
      parallel_for(count_, row_grain, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t r = first; r < last; ++r) {
          const T* from = row_of<T>(view, r);
          double* to = coordinates_.data() + r * columns_;
          for (std::int64_t c = 0; c < columns_; ++c) to[c] = static_cast<double>(from[c]) * axes_.factor;
        }
      });
    });
    return;
  }
  coordinate_error_ = Buffer<double>(count);
  const double root = std::sqrt(static_cast<double>(columns_));
  const auto blocks = static_cast<std::int64_t>(block_count());
  parallel_for(blocks, 16, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t b = first; b < last; ++b) {
      const RowBlock block = rows_of(view, b * block_rows);
      double* error = coordinate_error_.data() + b * block_rows;
      const ProjectJob job{block,
                           axes_.factor,
                           axes_.center.data(),
                           axes_.directions.data(),
                           coordinates_.data() + b * block_rows * axis_count,
                           error};
      with_isa([&]<Isa isa>() { project_rows<isa>(job); });
      // What is left is the root of a difference of two sums, each off by up to about (d + 16) 2^-53 of the squared
      // length v^2: by v sqrt(2 (d + 16) 2^-53) in all, and the center by 2^-53 of values up to 1 a column.
      for (int r = 0; r < block.count; ++r) error[r] = (4e-8 * error[r] + 1e-14) * root;
    }
  });
}

void Points::copy_rows(const TensorView& view) {
  const std::size_t row_bytes = static_cast<std::size_t>(columns_) * item_size(dtype_);
  const auto count = static_cast<std::size_t>(count_);
  rows_ = Buffer<std::byte>(count * row_bytes);
  Buffer<double> coordinates(coordinates_.size());
  Buffer<double> coordinate_error(coordinate_error_.size());
  const auto axes = static_cast<std::size_t>(axes_.count);
  const std::size_t view_bytes = static_cast<std::size_t>(view.strides[0]) * item_size(dtype_);
  parallel_for(count_, row_grain, [&](std::int64_t first, std::int64_t last) {
    for (auto p = static_cast<std::size_t>(first); p < static_cast<std::size_t>(last); ++p) {
      const std::size_t from = ids_[p];
      std::memcpy(rows_.data() + p * row_bytes, static_cast<const std::byte*>(view.data) + from * view_bytes,
                  row_bytes);
      std::memcpy(coordinates.data() + p * axes, coordinates_.data() + from * axes, axes * sizeof(double));
      if (coordinate_error.size()) coordinate_error[p] = coordinate_error_[from];
    }
  });
  coordinates_ = std::move(coordinates);
  coordinate_error_ = std::move(coordinate_error);
}

void Points::arrange() {
  const auto count = static_cast<std::size_t>(count_);
  ids_ = Buffer<std::uint32_t>(count);
  std::iota(ids_.begin(), ids_.end(), 0U);
  const auto blocks = static_cast<std::size_t>(block_count());
  leaves_.resize(blocks);
  nodes_.reserve(2 * blocks);
  boxes_ = Buffer<double>(4 * blocks * static_cast<std::size_t>(axes_.count));
  if (blocks > 0) split(0, block_count(), false);
}

std::int32_t Points::split(std::int32_t first_block, std::int32_t last_block, bool in_cell) {
  const auto place = static_cast<std::int32_t>(nodes_.size());
  nodes_.push_back({first_block, last_block});
  if (!in_cell && last_block - first_block <= cell_blocks) {
    nodes_.back().cell = cell_count_++;
    in_cell = true;
  }
  const std::int64_t first = std::int64_t{first_block} * block_rows;
  const std::int64_t last = std::min(count_, std::int64_t{last_block} * block_rows);
  std::uint32_t* ids = ids_.data() + first;
  const auto axes = static_cast<std::size_t>(axes_.count);
  double* low = boxes_.data() + static_cast<std::size_t>(place) * 2 * axes;
  double* high = low + axes;
  if (last_block - first_block == 1) {
    leaves_[static_cast<std::size_t>(first_block)] = place;
    std::fill(low, low + axes, std::numeric_limits<double>::infinity());
    std::fill(high, high + axes, -std::numeric_limits<double>::infinity());
    for (std::int64_t i = 0; i < last - first; ++i) {
      const double* at = coordinates_.data() + ids[i] * axes;
      const double error = coordinate_error_.size() ? coordinate_error_[ids[i]] : 0.0;
      for (std::size_t a = 0; a < axes; ++a) {
        low[a] = std::min(low[a], at[a] - error);
        high[a] = std::max(high[a], at[a] + error);
      }
    }
    return place;
  }
  int widest = 0;
  double widest_spread = -1;
  for (int a = 0; a < axes_.count; ++a) {
    const double s = spread(coordinates_, ids, last - first, a, axes_.count);
    if (s > widest_spread) {
      widest = a;
      widest_spread = s;
    }
  }
  struct Entry {
    double value;
    std::uint32_t id;
    bool operator<(const Entry& other) const { return value < other.value || (value == other.value && id < other.id); }
  };
  const std::int32_t middle = first_block + (last_block - first_block) / 2;
  const std::int64_t half = std::int64_t{middle - first_block} * block_rows;
  {  // gone before the halves are split
    Buffer<Entry> entries(static_cast<std::size_t>(last - first));
    for (std::size_t i = 0; i < entries.size(); ++i) {
      entries[i] = {coordinates_[ids[i] * axes + static_cast<std::size_t>(widest)], ids[i]};
    }
    std::nth_element(entries.begin(), entries.begin() + half, entries.end());
    for (std::size_t i = 0; i < entries.size(); ++i) ids[i] = entries[i].id;
  }
  const std::int32_t left = split(first_block, middle, in_cell);
  const std::int32_t right = split(middle, last_block, in_cell);
  nodes_[static_cast<std::size_t>(place)].left = left;
  nodes_[static_cast<std::size_t>(place)].right = right;
  const auto box = [&](std::int32_t node) { return boxes_.data() + static_cast<std::size_t>(node) * 2 * axes; };
  for (std::size_t a = 0; a < axes; ++a) {
    low[a] = std::min(box(left)[a], box(right)[a]);
    high[a] = std::max(box(left)[a + axes], box(right)[a + axes]);
  }
  return place;
}

}  // namespace burnish::neighbors
