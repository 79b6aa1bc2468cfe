// SPDX-License-Identifier: Apache-2.0
// What each operation is called, and how much it is to be told.
#pragma once

#include "burnish/augment.hpp"

namespace burnish::augment {

struct OpInfo {
  std::string_view name;
  std::int64_t least_params = 0;
  std::int64_t least_options = 0;
};

const OpInfo& info(Op op);

}  // namespace burnish::augment
