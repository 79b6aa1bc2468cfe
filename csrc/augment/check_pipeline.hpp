// SPDX-License-Identifier: Apache-2.0
// What a pipeline is given, refused before any work: what runs it counts on what is accepted here.
#pragma once

#include "burnish/augment.hpp"

namespace burnish::augment {

// All of it. Throws TypeError or ValueError (burnish/error.hpp).
void check_pipeline(const PipelineArgs& args);

// What compiling one sample counts on. The images' memory may be missing.
void check_to_explain(const PipelineArgs& args, std::int64_t sample);

}  // namespace burnish::augment
