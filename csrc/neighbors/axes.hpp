// SPDX-License-Identifier: Apache-2.0
// Maps to few coordinates that bring no two rows farther apart: for the boxes of the search tree, and for codes that
// are cheaper to compare than those of whole rows.
#pragma once

#include <vector>

#include "burnish/tensor.hpp"

namespace burnish::neighbors {

inline constexpr int most_axes = 24;  // rows of up to so many columns are mapped to themselves

struct Axes {
  double factor = 1;  // a power of two that brings all values to about 1
  bool are_columns = true;
  int count = 0;
  std::vector<double> center;      // of the projection
  std::vector<double> directions;  // (columns, axis_count)
};

// About the leading principal axes of the rows or, of few rows, their widest columns.
Axes leading_axes(const TensorView& rows, double factor);

}  // namespace burnish::neighbors
