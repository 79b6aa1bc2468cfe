// SPDX-License-Identifier: Apache-2.0
// Arrays from Python: NumPy by its own C interface, everything else by DLPack.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <optional>

#include "burnish/tensor.hpp"

namespace burnish::bindings {

namespace py = pybind11;

// A view and what keeps its memory alive; lives for one call.
struct Array {
  TensorView view;
  py::object owner;
};

// `name` is the argument's, for messages; `stream` the CUDA stream that will use the array.
Array to_array(const py::object& object, const char* name, std::uintptr_t stream);
std::optional<Array> to_optional_array(const py::object& object, const char* name, std::uintptr_t stream);

void register_augment(py::module_& module);
void register_balance(py::module_& module);
void register_hardness(py::module_& module);
void register_metrics(py::module_& module);
void register_neighbors(py::module_& module);
void register_runtime(py::module_& module);
void register_annotators(py::module_& module);
void register_dynamics(py::module_& module);
void register_quality(py::module_& module);

}  // namespace burnish::bindings
