// SPDX-License-Identifier: Apache-2.0
#include "burnish/losses.hpp"

#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include <string>

#include "bindings/arrays.hpp"
#include "burnish/error.hpp"

namespace burnish::bindings {
namespace {

using losses::FocalOptions;
using losses::Reduction;

// Keeps what the views look at.
struct Options {
  Array totals;
  Array partials;
  FocalOptions options;
};

Options make_options(const std::string& call, double gamma, double alpha, double label_smoothing,
                     std::int64_t ignore_index, Reduction reduction, double gradient_scale, bool defers_mean,
                     const py::object& totals, const py::object& partials, std::uintptr_t stream) {
  Options made{to_array(totals, "totals", stream), to_array(partials, "partials", stream), {}};
  made.options = {call,
                  gamma,
                  alpha,
                  label_smoothing,
                  ignore_index,
                  reduction,
                  gradient_scale,
                  defers_mean,
                  made.totals.view,
                  made.partials.view,
                  reinterpret_cast<void*>(stream)};
  return made;
}

std::optional<TensorView> view_of(const std::optional<Array>& array) {
  if (!array) return std::nullopt;
  return array->view;
}

void softmax_focal_loss(const std::string& call, const py::object& logits, const py::object& targets,
                        const py::object& weight, const py::object& offset, double gamma, double alpha,
                        double label_smoothing, std::int64_t ignore_index, Reduction reduction, double gradient_scale,
                        bool defers_mean, const py::object& totals, const py::object& partials,
                        const py::object& losses, const py::object& gradient, std::uintptr_t stream) {
  const Options options = make_options(call, gamma, alpha, label_smoothing, ignore_index, reduction, gradient_scale,
                                       defers_mean, totals, partials, stream);
  const Array logit_array = to_array(logits, "logits", stream);
  const Array target_array = to_array(targets, "targets", stream);
  const std::optional<Array> weight_array = to_optional_array(weight, "weight", stream);
  const std::optional<Array> offset_array = to_optional_array(offset, "offset", stream);
  const Array loss_array = to_array(losses, "losses", stream);
  const std::optional<Array> gradient_array = to_optional_array(gradient, "gradient", stream);
  const losses::SoftmaxArgs args{options.options,       logit_array.view, target_array.view,      view_of(weight_array),
                                 view_of(offset_array), loss_array.view,  view_of(gradient_array)};
  const py::gil_scoped_release release;
  losses::focal_loss(args);
}

void sigmoid_focal_loss(const std::string& call, const py::object& logits, const py::object& targets,
                        double negative_weight, double positive_weight, double gamma, double alpha,
                        double label_smoothing, std::int64_t ignore_index, Reduction reduction, double gradient_scale,
                        bool defers_mean, const py::object& totals, const py::object& partials,
                        const py::object& losses, const py::object& gradient, std::uintptr_t stream) {
  const Options options = make_options(call, gamma, alpha, label_smoothing, ignore_index, reduction, gradient_scale,
                                       defers_mean, totals, partials, stream);
  const Array logit_array = to_array(logits, "logits", stream);
  const Array target_array = to_array(targets, "targets", stream);
  const std::optional<Array> loss_array = to_optional_array(losses, "losses", stream);
  const std::optional<Array> gradient_array = to_optional_array(gradient, "gradient", stream);
  const losses::SigmoidArgs args{options.options, logit_array.view,    target_array.view,      negative_weight,
                                 positive_weight, view_of(loss_array), view_of(gradient_array)};
  const py::gil_scoped_release release;
  losses::focal_loss(args);
}

void scale_gradient(const py::object& gradient, const py::object& factor, double multiplier, const py::object& divisor,
                    const py::object& out, std::uintptr_t stream) {
  const Array gradient_array = to_array(gradient, "gradient", stream);
  const Array factor_array = to_array(factor, "factor", stream);
  const std::optional<Array> divisor_array = to_optional_array(divisor, "divisor", stream);
  const Array out_array = to_array(out, "out", stream);
  const losses::ScaleArgs args{gradient_array.view,    factor_array.view, multiplier,
                               view_of(divisor_array), out_array.view,    reinterpret_cast<void*>(stream)};
  const py::gil_scoped_release release;
  losses::scale(args);
}

}  // namespace

void register_losses(py::module_& module) {
  py::native_enum<Reduction>(module, "Reduction", "enum.Enum")
      .value("none", Reduction::none)
      .value("mean", Reduction::mean)
      .value("sum", Reduction::sum)
      .finalize();
  module.attr("ROWS_PER_PARTIAL") = losses::rows_per_partial;
  module.def("softmax_focal_loss", &softmax_focal_loss, py::arg("call"), py::arg("logits"), py::arg("targets"),
             py::arg("weight"), py::arg("offset"), py::arg("gamma"), py::arg("alpha"), py::arg("label_smoothing"),
             py::arg("ignore_index"), py::arg("reduction"), py::arg("gradient_scale"), py::arg("defers_mean"),
             py::arg("totals"), py::arg("partials"), py::arg("losses"), py::arg("gradient"), py::arg("stream"));
  module.def("sigmoid_focal_loss", &sigmoid_focal_loss, py::arg("call"), py::arg("logits"), py::arg("targets"),
             py::arg("negative_weight"), py::arg("positive_weight"), py::arg("gamma"), py::arg("alpha"),
             py::arg("label_smoothing"), py::arg("ignore_index"), py::arg("reduction"), py::arg("gradient_scale"),
             py::arg("defers_mean"), py::arg("totals"), py::arg("partials"), py::arg("losses"), py::arg("gradient"),
             py::arg("stream"));
  module.def("scale_gradient", &scale_gradient, py::arg("gradient"), py::arg("factor"), py::arg("multiplier"),
             py::arg("divisor"), py::arg("out"), py::arg("stream"));
}

}  // namespace burnish::bindings
