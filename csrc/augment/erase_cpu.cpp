// SPDX-License-Identifier: Apache-2.0
#include "augment/changes.hpp"
#include "augment/kernels.hpp"

namespace burnish::augment {
namespace {

void erase_part(const TileJob& job, const double* part) {
  const Tile& tile = job.tile;
  const Region region(part, tile.height, tile.columns);
  const int top = region.top - tile.top;
  const int bottom = region.bottom - tile.top;
  for (int c = 0; c < tile.channels; ++c) {
    const int last = job.change.option_count - 1;
    const float fill = settled_fill(job.change.options[c < last ? c : last], job.change.levels);
    for (int r = top > 0 ? top : 0; r < bottom && r < tile.rows; ++r) {
      float* row = tile.of(c) + r * tile.columns;
      for (int x = region.left; x < region.right; ++x) row[x] = fill;
    }
  }
}

}  // namespace

template <>
void erase_tile<Isa::BURNISH_ISA>(const TileJob& job) {
  for (int i = 0; i + 4 <= job.change.param_count; i += 4) erase_part(job, job.change.params + i);
}

}  // namespace burnish::augment
