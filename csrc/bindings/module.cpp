// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include "bindings/arrays.hpp"
#include "burnish/error.hpp"
#include "burnish/runtime.hpp"

namespace {

namespace py = pybind11;

// Ends a long call when Ctrl-C was pressed. Python's own handler runs only on its main thread; elsewhere this is a
// no-op.
void raise_pending_signal() {
  const py::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

}  // namespace

PYBIND11_MODULE(_core, module, py::mod_gil_not_used()) {
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const burnish::TypeError& error) {
      PyErr_SetString(PyExc_TypeError, error.what());
    }  // ValueError and DeviceError derive from what pybind11 maps to ValueError and RuntimeError
  });
  burnish::set_interrupt_check(raise_pending_signal);
  burnish::bindings::register_runtime(module);
  burnish::bindings::register_augment(module);
  burnish::bindings::register_balance(module);
  burnish::bindings::register_hardness(module);
  burnish::bindings::register_metrics(module);
  burnish::bindings::register_neighbors(module);
  burnish::bindings::register_annotators(module);
  burnish::bindings::register_dynamics(module);
  burnish::bindings::register_quality(module);
}
