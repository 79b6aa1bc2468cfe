// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "augment/batch.hpp"
#include "core/cuda.hpp"

namespace burnish::augment {
namespace {

// What this block is to work on, and the number of the block among those for it.
struct Work {
  std::int64_t at;
  std::int64_t block;
};

__device__ __forceinline__ Work work_of_block(const char* memory, const Items& items) {
  const auto* list = reinterpret_cast<const LaunchItem*>(memory + items.at);
  const auto block = static_cast<std::int64_t>(blockIdx.x);
  if (items.blocks_each > 0) {
    const auto item = static_cast<unsigned>(block) / static_cast<unsigned>(items.blocks_each);
    return {list[item].at, block - item * items.blocks_each};
  }
  std::int64_t low = 0;
  for (std::int64_t high = items.count; high - low > 1;) {
    const std::int64_t middle = (low + high) / 2;
    (list[middle].first_block <= block ? low : high) = middle;
  }
  return {list[low].at, block - list[low].first_block};
}

}  // namespace
}  // namespace burnish::augment
