// SPDX-License-Identifier: Apache-2.0
// The launches of a batch; `memory` is its workspace on the GPU.
#pragma once

#include "augment/batch.hpp"

namespace burnish::augment {

void launch_pass(char* memory, const Items& items, int channels, void* stream);
void launch_boxes(char* memory, const Items& items, void* stream);
void launch_resampling(char* memory, const Items& items, void* stream);
void launch_tables(char* memory, const Items& items, void* stream);

}  // namespace burnish::augment
