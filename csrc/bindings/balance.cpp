// SPDX-License-Identifier: Apache-2.0
#include "burnish/balance.hpp"

#include "bindings/arrays.hpp"

namespace burnish::bindings {
namespace {

void interpolate(const py::object& rows, const py::object& other, const py::object& base, const py::object& neighbor,
                 const py::object& step, const py::object& scale, const py::object& out, std::uintptr_t stream) {
  const Array row_array = to_array(rows, "X", stream);
  const std::optional<Array> other_array = to_optional_array(other, "neighbors_in", stream);
  const Array base_array = to_array(base, "base", stream);
  const Array neighbor_array = to_array(neighbor, "neighbor", stream);
  const Array step_array = to_array(step, "step", stream);
  const std::optional<Array> scale_array = to_optional_array(scale, "difference_scale", stream);
  const Array out_array = to_array(out, "out", stream);
  balance::InterpolateArgs args;
  args.rows = row_array.view;
  if (other_array) args.other = other_array->view;
  args.base = base_array.view;
  args.neighbor = neighbor_array.view;
  args.step = step_array.view;
  if (scale_array) args.scale = scale_array->view;
  args.out = out_array.view;
  args.stream = reinterpret_cast<void*>(stream);
  const py::gil_scoped_release release;
  balance::interpolate(args);
}

}  // namespace

void register_balance(py::module_& module) {
  module.def("interpolate", &interpolate, py::arg("rows"), py::arg("other"), py::arg("base"), py::arg("neighbor"),
             py::arg("step"), py::arg("scale"), py::arg("out"), py::arg("stream"));
}

}  // namespace burnish::bindings
