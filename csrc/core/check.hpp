// SPDX-License-Identifier: Apache-2.0
// Argument checks. A message names the call, the argument, what was given and what is accepted; a check that passes
// formats nothing.
#pragma once

#include <initializer_list>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

#include "burnish/error.hpp"
#include "burnish/tensor.hpp"

namespace burnish {

template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

template <class Error = ValueError, class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
  throw Error(concat(parts...));
}

template <class Error = ValueError, class... Parts>
void check(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    fail<Error>(parts...);
}

// Prints a shape as Python does.
struct ShapeOf {
  const TensorView& view;
};
std::ostream& operator<<(std::ostream& stream, const ShapeOf& shape);
std::ostream& operator<<(std::ostream& stream, const Device& device);

// `accepted` in the order in which the message lists them.
void check_dtype(std::string_view call, std::string_view argument, const TensorView& view,
                 std::initializer_list<DType> accepted);
void check_integer(std::string_view call, std::string_view argument, const TensorView& view);
// 2-D (n, d), the values of a row side by side.
void check_rows(std::string_view call, std::string_view argument, const TensorView& rows,
                std::initializer_list<DType> accepted);
void check_device(std::string_view call, std::string_view argument, const TensorView& view, Device expected);
// Writable, of this shape, and not sharing memory with any of `inputs`.
void check_output(std::string_view call, std::string_view argument, const TensorView& view,
                  const TensorView& expected_shape, std::initializer_list<TensorView> inputs);

// No output shares memory with an input or another output; for any number of both.
void check_apart(std::string_view call, std::string_view argument, std::span<const TensorView> outputs,
                 std::span<const TensorView> inputs);

// One integer label a row, on a CPU each in 0..classes-1, or -1 where a label may be missing; on a GPU the values are
// not read here, since that would wait.
void check_labels(std::string_view call, const TensorView& labels, std::int64_t rows, std::int64_t classes,
                  bool may_be_missing = false);

bool may_overlap(const TensorView& a, const TensorView& b);

}  // namespace burnish
