// SPDX-License-Identifier: Apache-2.0
// What the library throws. Python sees TypeError, ValueError and RuntimeError.
#pragma once

#include <stdexcept>

namespace burnish {

struct TypeError : std::runtime_error {  // wrong kind or dtype
  using std::runtime_error::runtime_error;
};
struct ValueError : std::invalid_argument {  // wrong shape, range, layout or device
  using std::invalid_argument::invalid_argument;
};
struct DeviceError : std::runtime_error {  // CUDA failed, or is not there
  using std::runtime_error::runtime_error;
};

}  // namespace burnish
