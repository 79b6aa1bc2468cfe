// SPDX-License-Identifier: Apache-2.0
#include "burnish/runtime.hpp"

#include "burnish/version.hpp"
#include "core/build_config.hpp"

namespace burnish {

BuildInfo build_info() { return {BURNISH_VERSION, BURNISH_COMPILER}; }

}  // namespace burnish
