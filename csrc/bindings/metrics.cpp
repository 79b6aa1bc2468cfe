// SPDX-License-Identifier: Apache-2.0
#include "burnish/metrics.hpp"

#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>

#include "bindings/arrays.hpp"

namespace burnish::bindings {
namespace {

using metrics::Curve;
using metrics::Objective;
using metrics::Ranking;

py::object label_range(const std::string& call, const std::string& argument, const py::object& labels) {
  const Array label_array = to_array(labels, argument.c_str(), 0);
  std::optional<metrics::LabelRange> range;
  {
    const py::gil_scoped_release release;
    range = metrics::label_range(call, argument, label_array.view);
  }
  return range ? py::object(py::make_tuple(range->low, range->high)) : py::object(py::none());
}

std::optional<metrics::BinaryCounts> count_binary(const std::string& call, const py::object& y_true,
                                                  const py::object& y_pred) {
  const Array true_array = to_array(y_true, "y_true", 0);
  const Array pred_array = to_array(y_pred, "y_pred", 0);
  const py::gil_scoped_release release;
  return metrics::count_binary(call, true_array.view, pred_array.view);
}

std::optional<metrics::BinaryCounts> count_at_threshold(const std::string& call, const py::object& y_true,
                                                        const py::object& scores, double threshold) {
  const Array true_array = to_array(y_true, "y_true", 0);
  const Array score_array = to_array(scores, "y_score", 0);
  const py::gil_scoped_release release;
  return metrics::count_at_threshold(call, true_array.view, score_array.view, threshold);
}

std::int64_t count_pairs(const std::string& call, const py::object& y_true, const py::object& y_pred,
                         const py::object& weights, std::int64_t low, bool stop_outside, const py::object& counts) {
  const Array true_array = to_array(y_true, "y_true", 0);
  const Array pred_array = to_array(y_pred, "y_pred", 0);
  const std::optional<Array> weight_array = to_optional_array(weights, "sample_weight", 0);
  const Array count_array = to_array(counts, "counts", 0);
  metrics::CountArgs args{call, true_array.view, pred_array.view, std::nullopt, low, stop_outside, count_array.view};
  if (weight_array) args.weights = weight_array->view;
  const py::gil_scoped_release release;
  return metrics::count_pairs(args);
}

std::unique_ptr<Ranking> make_ranking(const std::string& call, const py::object& labels, std::int64_t positive,
                                      const py::object& scores, const py::object& weights) {
  const Array label_array = to_array(labels, "y_true", 0);
  const Array score_array = to_array(scores, "y_score", 0);
  const std::optional<Array> weight_array = to_optional_array(weights, "sample_weight", 0);
  metrics::RankingArgs args{call, label_array.view, positive, score_array.view, std::nullopt};
  if (weight_array) args.weights = weight_array->view;
  const py::gil_scoped_release release;
  return std::make_unique<Ranking>(args);
}

void write_curve(const Ranking& ranking, Curve curve, bool drop_intermediate, const py::object& x, const py::object& y,
                 const py::object& thresholds) {
  const Array x_array = to_array(x, "x", 0);
  const Array y_array = to_array(y, "y", 0);
  const Array threshold_array = to_array(thresholds, "thresholds", 0);
  const py::gil_scoped_release release;
  ranking.write_curve(curve, drop_intermediate, x_array.view, y_array.view, threshold_array.view);
}

std::int64_t count_classes(const py::object& labels, const py::object& counts, std::int64_t ignore_index) {
  const Array label_array = to_array(labels, "labels", 0);
  const Array count_array = to_array(counts, "counts", 0);
  const py::gil_scoped_release release;
  return metrics::count_classes(label_array.view, count_array.view, ignore_index);
}

py::object choose(const Ranking& ranking, Objective objective, double parameter, const std::array<double, 4>& costs) {
  metrics::Choice choice{};
  {
    const py::gil_scoped_release release;
    choice = ranking.choose({objective, parameter, costs});
  }
  if (!choice.found) return py::none();
  return py::make_tuple(choice.threshold, choice.value, choice.true_positives, choice.false_positives);
}

}  // namespace

void register_metrics(py::module_& module) {
  py::native_enum<Curve>(module, "Curve", "enum.Enum")
      .value("counts", Curve::counts)
      .value("roc", Curve::roc)
      .value("precision_recall", Curve::precision_recall)
      .finalize();
  py::native_enum<Objective>(module, "Objective", "enum.Enum")
      .value("f_beta", Objective::f_beta)
      .value("accuracy", Objective::accuracy)
      .value("youden", Objective::youden)
      .value("cost", Objective::cost)
      .value("precision_at_recall", Objective::precision_at_recall)
      .value("recall_at_precision", Objective::recall_at_precision)
      .finalize();
  module.attr("MOST_CLASSES") = metrics::most_classes;
  module.def("label_range", &label_range, py::arg("call"), py::arg("argument"), py::arg("labels"));
  module.def("count_binary", &count_binary, py::arg("call"), py::arg("y_true"), py::arg("y_pred"));
  module.def("count_at_threshold", &count_at_threshold, py::arg("call"), py::arg("y_true"), py::arg("scores"),
             py::arg("threshold"));
  module.def("count_pairs", &count_pairs, py::arg("call"), py::arg("y_true"), py::arg("y_pred"), py::arg("weights"),
             py::arg("low"), py::arg("stop_outside"), py::arg("counts"));
  module.def("count_classes", &count_classes, py::arg("labels"), py::arg("counts"), py::arg("ignore_index"));
  const auto release = py::call_guard<py::gil_scoped_release>();
  py::class_<Ranking>(module, "Ranking")
      .def(py::init(&make_ranking), py::arg("call"), py::arg("labels"), py::arg("positive"), py::arg("scores"),
           py::arg("weights"))
      .def_property_readonly("positives", &Ranking::positives)
      .def_property_readonly("negatives", &Ranking::negatives)
      .def("roc_auc", &Ranking::roc_auc, release)
      .def("average_precision", &Ranking::average_precision, release)
      .def("curve_size", &Ranking::curve_size, py::arg("curve"), py::arg("drop_intermediate"), release)
      .def("write_curve", &write_curve, py::arg("curve"), py::arg("drop_intermediate"), py::arg("x"), py::arg("y"),
           py::arg("thresholds"))
      .def("choose", &choose, py::arg("objective"), py::arg("parameter"), py::arg("costs"));
}

}  // namespace burnish::bindings
