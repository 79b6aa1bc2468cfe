// SPDX-License-Identifier: Apache-2.0
// Kernels that come twice: correct, and with one bug that the emulation has to find.
#pragma once

#include <cstddef>

struct PlantedBug {
  const char* name;
  bool (*run)(bool with_bug);  // true when the result is right
};

extern const PlantedBug kPlantedBugs[];
extern const std::size_t kPlantedBugCount;
