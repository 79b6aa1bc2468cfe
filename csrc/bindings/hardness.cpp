// SPDX-License-Identifier: Apache-2.0
#include "burnish/hardness.hpp"

#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include <array>
#include <string>
#include <vector>

#include "bindings/arrays.hpp"
#include "burnish/error.hpp"

namespace burnish::bindings {
namespace {

using hardness::InputKind;
using hardness::Score;

void scores(const py::object& input, InputKind kind, const py::object& labels, bool labels_may_be_missing,
            double temperature, const std::array<py::object, hardness::score_count>& outputs, std::uintptr_t stream) {
  const Array input_array = to_array(input, kind == InputKind::probabilities ? "probs" : "logits", stream);
  const std::optional<Array> label_array = to_optional_array(labels, "labels", stream);
  std::array<std::optional<Array>, hardness::score_count> output_arrays;
  hardness::ScoreArgs args;
  args.input = input_array.view;
  args.kind = kind;
  if (label_array) args.labels = label_array->view;
  args.labels_may_be_missing = labels_may_be_missing;
  args.temperature = temperature;
  for (std::size_t i = 0; i < hardness::score_count; ++i) {
    output_arrays[i] = to_optional_array(outputs[i], "out", stream);
    if (output_arrays[i]) args.outputs[i] = output_arrays[i]->view;
  }
  args.stream = reinterpret_cast<void*>(stream);
  const py::gil_scoped_release release;
  hardness::scores(args);
}

void hardest(const py::object& score_object, const py::object& index_object) {
  const Array score_array = to_array(score_object, "scores", 0);
  const Array index_array = to_array(index_object, "out", 0);
  const py::gil_scoped_release release;
  hardness::hardest(score_array.view, index_array.view);
}

void accumulate(const std::string& call, const py::object& score_object, const py::object& label_object,
                const py::object& correct_object, double histogram_max, const py::object& counts,
                const py::object& sums, const py::object& histogram) {
  const Array score_array = to_array(score_object, "scores", 0);
  const Array label_array = to_array(label_object, "labels", 0);
  const std::optional<Array> correct_array = to_optional_array(correct_object, "correct", 0);
  const Array count_array = to_array(counts, "counts", 0);
  const Array sum_array = to_array(sums, "sums", 0);
  const Array histogram_array = to_array(histogram, "histogram", 0);
  hardness::ClassSums args{call,          score_array.view, label_array.view, std::nullopt,
                           histogram_max, count_array.view, sum_array.view,   histogram_array.view};
  if (correct_array) args.correct = correct_array->view;
  const py::gil_scoped_release release;
  hardness::accumulate(args);
}

}  // namespace

void register_hardness(py::module_& module) {
  py::native_enum<InputKind>(module, "InputKind", "enum.Enum")
      .value("logits", InputKind::logits)
      .value("probabilities", InputKind::probabilities)
      .value("sigmoid_logits", InputKind::sigmoid_logits)
      .finalize();
  std::vector<std::string> names;
  std::vector<std::string> with_labels;
  std::vector<std::string> of_quality;
  for (std::size_t i = 0; i < hardness::score_count; ++i) {
    const auto score = static_cast<Score>(i);
    if (score >= Score::self_confidence) {
      of_quality.emplace_back(name(score));
      continue;
    }
    names.emplace_back(name(score));
    if (needs_labels(score)) with_labels.emplace_back(name(score));
  }
  module.attr("SCORES") = py::tuple(py::cast(names));
  module.attr("LABEL_SCORES") = py::tuple(py::cast(with_labels));
  module.attr("QUALITY_SCORES") = py::tuple(py::cast(of_quality));
  module.def("scores", &scores, py::arg("input"), py::arg("kind"), py::arg("labels"), py::arg("labels_may_be_missing"),
             py::arg("temperature"), py::arg("outputs"), py::arg("stream"));
  module.def("hardest", &hardest, py::arg("scores"), py::arg("out"));
  module.def("accumulate", &accumulate, py::arg("call"), py::arg("scores"), py::arg("labels"), py::arg("correct"),
             py::arg("histogram_max"), py::arg("counts"), py::arg("sums"), py::arg("histogram"));
}

}  // namespace burnish::bindings
