// SPDX-License-Identifier: Apache-2.0
// Which pixels lie in a polygon: those whose center is to the right of an odd number of its edges.
#pragma once

#include "core/host_device.hpp"

namespace burnish::augment {

// Whether the line at y has points of an edge from y0 to y1: each end counts for one of the two edges that meet there.
BURNISH_HD bool crosses(double y0, double y1, double y) { return (y0 <= y) != (y1 <= y); }

// The first of `columns` pixels whose center is not to the left of where the line at y crosses an edge.
BURNISH_HD int first_column(double x0, double y0, double x1, double y1, double y, int columns) {
  const double x = x0 + (y - y0) * (x1 - x0) / (y1 - y0) - 0.5;
  if (!(x > 0)) return 0;
  if (x >= columns) return columns;
  const int below = static_cast<int>(x);
  return below < x ? below + 1 : below;
}

}  // namespace burnish::augment
