// SPDX-License-Identifier: Apache-2.0
// Checks that all searches share.
#pragma once

#include <string_view>

#include "burnish/tensor.hpp"

namespace burnish::neighbors {

// 2-D with columns, of a dtype that can be searched and not too many rows.
void check_points(std::string_view call, std::string_view argument, const TensorView& rows);

// The largest absolute value of rows on a CPU; refuses rows that are not finite.
double largest_value(std::string_view call, std::string_view argument, const TensorView& rows);

}  // namespace burnish::neighbors
