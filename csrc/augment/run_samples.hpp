// SPDX-License-Identifier: Apache-2.0
// Samples of a checked pipeline on a CPU.
#pragma once

#include "burnish/augment.hpp"

namespace burnish::augment {

// Those from `first` to before `last`, by one thread. Past the cache where they `stream`.
void run_samples(const PipelineArgs& args, bool streams, std::int64_t first, std::int64_t last);

}  // namespace burnish::augment
