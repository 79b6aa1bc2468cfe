// SPDX-License-Identifier: Apache-2.0
#include "burnish/quality.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <optional>
#include <string>
#include <vector>

#include "bindings/arrays.hpp"
#include "core/check.hpp"

namespace burnish::bindings {
namespace {

using quality::Block;
using quality::InputKind;
using quality::Selection;

// What a block leans on while the core reads it.
struct HeldBlock {
  HeldBlock(const std::string& call, const py::object& input, InputKind kind, const py::object& labels)
      : input_array(to_array(input, kind == InputKind::logits ? "logits" : "probs", 0)),
        label_array(to_array(labels, "labels", 0)),
        block{call, input_array.view, kind, label_array.view} {}
  Array input_array, label_array;
  Block block;
};

void survey(const std::string& call, const py::object& input, InputKind kind, const py::object& labels,
            const py::object& cuts, const py::object& offsets, double offset_base, double offset_sum,
            const py::dict& outputs, double bins_per_nat) {
  const HeldBlock held(call, input, kind, labels);
  std::vector<std::optional<Array>> arrays;
  arrays.reserve(16);
  const auto view_of = [&](const py::object& object, const char* name) -> std::optional<TensorView> {
    arrays.push_back(to_optional_array(object, name, 0));
    if (!arrays.back()) return std::nullopt;
    return arrays.back()->view;
  };
  const auto output = [&](const char* name) {
    return view_of(outputs.contains(name) ? py::object(outputs[name]) : py::none(), name);
  };
  quality::Survey args;
  args.block = held.block;
  args.cuts = view_of(cuts, "cuts");
  args.offsets = view_of(offsets, "offsets");
  args.offset_base = offset_base;
  args.offset_sum = offset_sum;
  args.own = output("own");
  args.other = output("other");
  args.margin = output("margin");
  args.rival = output("rival");
  args.guess = output("guess");
  args.agrees = output("agrees");
  args.valid = output("valid");
  args.counts = output("counts");
  args.sums = output("sums");
  args.joint = output("joint");
  args.histogram = output("histogram");
  args.bins_per_nat = bins_per_nat;
  const py::gil_scoped_release release;
  quality::survey(args);
}

template <class T>
py::array_t<T> to_numpy(const std::vector<T>& values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

}  // namespace

void register_quality(py::module_& module) {
  module.def("survey", &survey, py::arg("call"), py::arg("input"), py::arg("kind"), py::arg("labels"), py::arg("cuts"),
             py::arg("offsets"), py::arg("offset_base"), py::arg("offset_sum"), py::arg("outputs"),
             py::arg("bins_per_nat"));
  module.def(
      "check_labels",
      [](const std::string& call, const py::object& labels, std::int64_t rows, std::int64_t classes) {
        const Array array = to_array(labels, "labels", 0);
        const py::gil_scoped_release release;
        check_device(call, "labels", array.view, Device{});
        check_labels(call, array.view, rows, classes);
      },
      py::arg("call"), py::arg("labels"), py::arg("rows"), py::arg("classes"));
  module.def(
      "count_beaten",
      [](const std::string& call, const py::object& input, InputKind kind, const py::object& labels,
         const py::object& beaten) {
        const HeldBlock held(call, input, kind, labels);
        const Array beaten_array = to_array(beaten, "beaten", 0);
        const py::gil_scoped_release release;
        quality::count_beaten(held.block, beaten_array.view);
      },
      py::arg("call"), py::arg("input"), py::arg("kind"), py::arg("labels"), py::arg("beaten"));
  py::class_<Selection>(module, "Selection")
      .def(py::init([](const py::object& wanted, const py::object& at_least) {
             const Array wanted_array = to_array(wanted, "wanted", 0);
             const Array known_array = to_array(at_least, "at_least", 0);
             return Selection(wanted_array.view, known_array.view);
           }),
           py::arg("wanted"), py::arg("at_least"))
      .def(
          "update",
          [](Selection& self, const std::string& call, const py::object& input, InputKind kind,
             const py::object& labels, const py::object& numbers) {
            const HeldBlock held(call, input, kind, labels);
            const Array numbers_array = to_array(numbers, "numbers", 0);
            const py::gil_scoped_release release;
            self.update(held.block, numbers_array.view);
          },
          py::arg("call"), py::arg("input"), py::arg("kind"), py::arg("labels"), py::arg("numbers"))
      .def("found", [](Selection& self) {
        const Selection::Found found = self.found();
        return py::make_tuple(to_numpy(found.rows), to_numpy(found.pairs), to_numpy(found.values));
      });
}

}  // namespace burnish::bindings
