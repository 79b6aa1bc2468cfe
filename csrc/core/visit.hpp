// SPDX-License-Identifier: Apache-2.0
// From a dtype known at run time to a C++ type, outside the loops.
#pragma once

#include <cstdint>

#include "burnish/tensor.hpp"
#include "core/float16.hpp"
#include "core/host_device.hpp"

namespace burnish {

// Calls f.operator()<T>() with the type of a float dtype. Host and device, no allocation, no exception: the dtype has
// been checked.
template <class F>
BURNISH_HD void visit_float(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float64:
      return f.template operator()<double>();
    case DType::float16:
      return f.template operator()<Float16>();
    case DType::bfloat16:
      return f.template operator()<BFloat16>();
    default:
      return f.template operator()<float>();
  }
}

template <class F>
BURNISH_HD void visit_integer(DType dtype, F&& f) {
  switch (dtype) {
    case DType::int32:
      return f.template operator()<std::int32_t>();
    case DType::int16:
      return f.template operator()<std::int16_t>();
    case DType::int8:
      return f.template operator()<std::int8_t>();
    case DType::uint64:
      return f.template operator()<std::uint64_t>();
    case DType::uint32:
      return f.template operator()<std::uint32_t>();
    case DType::uint16:
      return f.template operator()<std::uint16_t>();
    case DType::uint8:
    case DType::boolean:
      return f.template operator()<std::uint8_t>();
    default:
      return f.template operator()<std::int64_t>();
  }
}

}  // namespace burnish
