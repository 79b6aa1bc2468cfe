// SPDX-License-Identifier: Apache-2.0
// Vectors from and to memory, of any type there. Always inlined, as code compiled per level must be.
#pragma once

#include "core/host_device.hpp"

namespace burnish {

// As many bytes as a V has.
template <class V, class T>
BURNISH_HD V load_as(const T* from) {
  V v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

template <class V, class T>
BURNISH_HD void store_as(T* to, const V& v) {
  __builtin_memcpy(to, &v, sizeof v);
}

}  // namespace burnish
