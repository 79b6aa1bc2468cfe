// SPDX-License-Identifier: Apache-2.0
#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"

namespace burnish::augment {
namespace {

int clamped(double value, int most) { return value < 0 ? 0 : value > most ? most : static_cast<int>(value); }

void erase_part(const TileJob& job, const double* part) {
  const Tile& tile = job.tile;
  const int top = clamped(part[0], tile.height) - tile.top;
  const int bottom = clamped(part[0] + part[2], tile.height) - tile.top;
  const int left = clamped(part[1], tile.columns);
  const int right = clamped(part[1] + part[3], tile.columns);
  for (int c = 0; c < tile.channels; ++c) {
    const auto last = static_cast<int>(job.step->options.size()) - 1;
    const float fill = settled_fill(job.step->options[static_cast<std::size_t>(c < last ? c : last)], job.levels);
    for (int r = top > 0 ? top : 0; r < bottom && r < tile.rows; ++r) {
      float* row = tile.of(c) + r * tile.columns;
      for (int x = left; x < right; ++x) row[x] = fill;
    }
  }
}

}  // namespace

template <>
void erase_tile<Isa::BURNISH_ISA>(const TileJob& job) {
  for (std::int64_t i = 0; i + 4 <= job.step->params.shape[1]; i += 4) erase_part(job, job.params + i);
}

}  // namespace burnish::augment
