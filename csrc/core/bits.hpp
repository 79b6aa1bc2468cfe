// SPDX-License-Identifier: Apache-2.0
// Reinterprets bits, for scalars on both devices and for vectors of the same size.
#pragma once

#include "core/host_device.hpp"

namespace burnish {

template <class To, class From>
BURNISH_HD To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  __builtin_memcpy(&to, &from, sizeof to);
  return to;
}

}  // namespace burnish
