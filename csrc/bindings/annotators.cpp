// SPDX-License-Identifier: Apache-2.0
#include "burnish/annotators.hpp"

#include <string>

#include "bindings/arrays.hpp"

namespace burnish::bindings {
namespace {

void majority(const std::string& call, const py::object& labels, const py::object& probs, const py::object& out) {
  const Array label_array = to_array(labels, "labels", 0);
  const std::optional<Array> prob_array = to_optional_array(probs, "probs", 0);
  const Array out_array = to_array(out, "out", 0);
  quality::MajorityArgs args{call, label_array.view, std::nullopt, out_array.view};
  if (prob_array) args.probs = prob_array->view;
  const py::gil_scoped_release release;
  quality::majority(args);
}

double consensus(const std::string& call, const py::object& labels, const py::object& probs,
                 const py::object& consensus_object, const py::object& quality_object, const py::object& agreement,
                 const py::object& counts, const py::object& annotator_stats) {
  const Array label_array = to_array(labels, "labels", 0);
  const Array prob_array = to_array(probs, "probs", 0);
  const Array consensus_array = to_array(consensus_object, "consensus", 0);
  const Array quality_array = to_array(quality_object, "quality", 0);
  const Array agreement_array = to_array(agreement, "agreement", 0);
  const Array count_array = to_array(counts, "counts", 0);
  const Array stats_array = to_array(annotator_stats, "annotator_stats", 0);
  const py::gil_scoped_release release;
  return quality::consensus({call, label_array.view, prob_array.view, consensus_array.view, quality_array.view,
                             agreement_array.view, count_array.view, stats_array.view});
}

}  // namespace

void register_annotators(py::module_& module) {
  module.def("majority", &majority, py::arg("call"), py::arg("labels"), py::arg("probs"), py::arg("out"));
  module.def("consensus", &consensus, py::arg("call"), py::arg("labels"), py::arg("probs"), py::arg("consensus"),
             py::arg("quality"), py::arg("agreement"), py::arg("counts"), py::arg("annotator_stats"));
}

}  // namespace burnish::bindings
