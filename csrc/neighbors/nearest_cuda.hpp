// SPDX-License-Identifier: Apache-2.0
// The CUDA side of burnish::neighbors::nearest, after every check.
#pragma once

#include <cstdint>

#include "burnish/neighbors.hpp"

namespace burnish::neighbors {

std::int64_t workspace_cuda(std::int64_t queries, std::int64_t points, std::int64_t columns, bool has_points,
                            Metric metric);

// Launches on the stream and returns at once.
void nearest_cuda(const NearestArgs& args);

}  // namespace burnish::neighbors
