// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/host_device.hpp"

namespace burnish::augment {

// A symmetric kernel: the value 0 steps away and, weighted alike, those i steps before and after it.
template <class At>
BURNISH_HD auto weighted(const At& at, const float* weight, int radius) {
  auto sum = at(0) * weight[0];
  for (int i = 1; i <= radius; ++i) sum += (at(-i) + at(i)) * weight[i];
  return sum;
}

}  // namespace burnish::augment
