// SPDX-License-Identifier: Apache-2.0
// Checks that all calls of the family share.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/check.hpp"

namespace burnish::metrics {

// 1-D on a CPU; returns the number of rows.
inline std::int64_t check_column(std::string_view call, std::string_view argument, const TensorView& view) {
  check(view.ndim == 1, call, ": '", argument, "' must be 1-D (N,), got shape ", ShapeOf{view});
  check(view.device == Device{}, call, ": '", argument, "' is on ", view.device, "; accepted: cpu");
  return view.shape[0];
}

inline void check_length(std::string_view call, std::string_view argument, const TensorView& view, std::int64_t rows) {
  check_column(call, argument, view);
  check(view.shape[0] == rows, call, ": '", argument, "' has shape ", ShapeOf{view}, "; accepted: (", rows,
        ",), one a sample");
}

inline std::int64_t check_column_of_labels(std::string_view call, std::string_view argument, const TensorView& view) {
  check<TypeError>(view.dtype >= DType::int64, call, ": '", argument, "' has dtype ", name(view.dtype),
                   "; accepted: integers and bool");
  return check_column(call, argument, view);
}

inline void check_scores(std::string_view call, const TensorView& scores, std::int64_t rows) {
  check_dtype(call, "y_score", scores, {DType::float64, DType::float32, DType::float16, DType::bfloat16});
  check_length(call, "y_score", scores, rows);
}

inline void check_no_nan(std::string_view call, std::int64_t nans, std::int64_t rows) {
  check(nans == 0, call, ": 'y_score' has ", nans, " NaN among ", rows, " values; accepted: numbers");
}

}  // namespace burnish::metrics
