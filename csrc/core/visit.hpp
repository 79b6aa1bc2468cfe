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

// float64 or float32.
template <class F>
BURNISH_HD decltype(auto) visit_native_float(DType dtype, F&& f) {
  return dtype == DType::float64 ? f.template operator()<double>() : f.template operator()<float>();
}

// float64, float32, float16 or an integer.
template <class F>
BURNISH_HD void visit_number(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float64:
    case DType::float32:
      return visit_native_float(dtype, f);
    case DType::float16:
      return f.template operator()<Float16>();
    default:
      return visit_integer(dtype, f);
  }
}

}  // namespace burnish
