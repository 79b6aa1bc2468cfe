// SPDX-License-Identifier: Apache-2.0
#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"
#include "augment/shade_math.hpp"

namespace burnish::augment {
namespace {

void erase_part(const TileJob& job, const double* part) {
  const Tile& tile = job.tile;
  const Part cut = part_of(tile, part);
  for (int c = 0; c < tile.channels; ++c) {
    const int last = job.change.option_count - 1;
    const float fill = settled_fill(job.change.options[c < last ? c : last], job.change.levels);
    for (int r = cut.first_row; r < cut.last_row; ++r) {
      float* row = tile.of(c) + r * tile.columns;
      for (int x = cut.left; x < cut.right; ++x) row[x] = fill;
    }
  }
}

// Where a row enters or leaves a polygon, in order.
int crossings(const double* corner, int corners, double y, int columns, int* crossing) {
  int count = 0;
  for (int i = 0; i < corners; ++i) {
    const double* a = corner + 2 * i;
    const double* b = corner + 2 * (i + 1 < corners ? i + 1 : 0);
    if (!crosses(a[1], b[1], y)) continue;
    const int column = first_column(a[0], a[1], b[0], b[1], y, columns);
    int at = count++;
    for (; at > 0 && crossing[at - 1] > column; --at) crossing[at] = crossing[at - 1];
    crossing[at] = column;
  }
  return count;
}

template <bool whole>
void shade_part(const TileJob& job, const double* part, int corners) {
  const Tile& tile = job.tile;
  const auto factor = static_cast<float>(part[0]);
  if (factor == 1) return;
  for (int r = 0; r < tile.rows; ++r) {
    int crossing[most_corners];
    const int count = crossings(part + 1, corners, tile.top + r + 0.5, tile.columns, crossing);
    for (int c = 0; c < tile.channels; ++c) {
      float* row = tile.of(c) + r * tile.columns;
      for (int i = 0; i + 1 < count; i += 2) {
        for (int x = crossing[i]; x < crossing[i + 1]; ++x) row[x] = settled<whole>(row[x] * factor, job.change.levels);
      }
    }
  }
}

void shade(const TileJob& job) {
  const auto corners = static_cast<int>(job.change.options[0]);
  for (int i = 0; i < job.change.param_count; i += 1 + 2 * corners) {
    job.change.levels.are_whole ? shade_part<true>(job, job.change.params + i, corners)
                                : shade_part<false>(job, job.change.params + i, corners);
  }
}

}  // namespace

template <>
void erase_tile<Isa::BURNISH_ISA>(const TileJob& job) {
  if (job.change.op == Op::shade) return shade(job);
  for (int i = 0; i + 4 <= job.change.param_count; i += 4) erase_part(job, job.change.params + i);
}

}  // namespace burnish::augment
