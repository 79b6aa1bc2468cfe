// SPDX-License-Identifier: Apache-2.0
#include "burnish/dynamics.hpp"

#include <string>

#include "bindings/arrays.hpp"

namespace burnish::bindings {
namespace {

// The arrays of a recorder, and what keeps them alive.
struct State {
  State(const py::object& moment_object, const py::object& bit_object)
      : moments(to_array(moment_object, "moments", 0)), bits(to_array(bit_object, "bits", 0)) {}
  quality::Dynamics view() const { return {moments.view, bits.view}; }

  Array moments;
  Array bits;
};

std::int64_t record(const std::string& call, const py::object& ids, const py::object& margin,
                    const py::object& cross_entropy, const py::object& el2n, const py::object& correct, int bit,
                    const py::object& moments, const py::object& bits) {
  const Array id_array = to_array(ids, "ids", 0);
  const Array margin_array = to_array(margin, "margin", 0);
  const Array cross_entropy_array = to_array(cross_entropy, "cross_entropy", 0);
  const Array el2n_array = to_array(el2n, "el2n", 0);
  const Array correct_array = to_array(correct, "correct", 0);
  const State state(moments, bits);
  const py::gil_scoped_release release;
  return quality::record({call, id_array.view, margin_array.view, cross_entropy_array.view, el2n_array.view,
                          correct_array.view, state.view(), bit});
}

std::int64_t record_logits(const std::string& call, const py::object& ids, const py::object& logits,
                           const py::object& labels, int bit, const py::object& moments, const py::object& bits) {
  const Array id_array = to_array(ids, "ids", 0);
  const Array logit_array = to_array(logits, "logits", 0);
  const Array label_array = to_array(labels, "labels", 0);
  const State state(moments, bits);
  const py::gil_scoped_release release;
  return quality::record_logits({call, id_array.view, logit_array.view, label_array.view, state.view(), bit});
}

}  // namespace

void register_dynamics(py::module_& module) {
  module.attr("MOMENTS") = quality::moment_count;
  module.def("record", &record, py::arg("call"), py::arg("ids"), py::arg("margin"), py::arg("cross_entropy"),
             py::arg("el2n"), py::arg("correct"), py::arg("bit"), py::arg("moments"), py::arg("bits"));
  module.def("record_logits", &record_logits, py::arg("call"), py::arg("ids"), py::arg("logits"), py::arg("labels"),
             py::arg("bit"), py::arg("moments"), py::arg("bits"));
}

}  // namespace burnish::bindings
