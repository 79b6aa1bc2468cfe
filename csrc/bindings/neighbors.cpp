// SPDX-License-Identifier: Apache-2.0
#include "burnish/neighbors.hpp"

#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <vector>

#include "bindings/arrays.hpp"

namespace burnish::bindings {
namespace {

using neighbors::Metric;

// `workspace(bytes)` makes an array on the GPU of the queries.
void nearest(const std::string& call, const py::object& queries, const py::object& points, Metric metric,
             const py::object& distances, const py::object& indices, const py::function& workspace,
             std::uintptr_t stream) {
  const Array query_array = to_array(queries, "X", stream);
  const std::optional<Array> point_array = to_optional_array(points, "Y", stream);
  const Array distance_array = to_array(distances, "distances", stream);
  const Array index_array = to_array(indices, "indices", stream);
  neighbors::NearestArgs args;
  args.call = call;
  args.queries = query_array.view;
  if (point_array) args.points = point_array->view;
  args.metric = metric;
  args.distances = distance_array.view;
  args.indices = index_array.view;
  args.stream = reinterpret_cast<void*>(stream);
  std::optional<Array> workspace_array;
  if (const std::int64_t bytes = neighbors::nearest_workspace(args); bytes > 0) {
    workspace_array = to_array(workspace(bytes), "workspace", stream);
    args.workspace = workspace_array->view;
  }
  const py::gil_scoped_release release;
  neighbors::nearest(args);
}

// A NumPy array that takes over the vector's memory.
template <class T>
py::array_t<T> to_numpy(std::vector<T>&& values) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  std::vector<T>* const kept = owned.get();
  const py::capsule owner(owned.release(), [](void* pointer) { delete static_cast<std::vector<T>*>(pointer); });
  return py::array_t<T>(static_cast<py::ssize_t>(kept->size()), kept->data(), owner);
}

// None where more than `most` are found.
py::object within(const std::string& call, const py::object& queries, const py::object& points, Metric metric,
                  double radius, std::optional<std::int64_t> most) {
  const Array query_array = to_array(queries, "X", 0);
  const std::optional<Array> point_array = to_optional_array(points, "Y", 0);
  neighbors::WithinArgs args;
  args.call = call;
  args.queries = query_array.view;
  if (point_array) args.points = point_array->view;
  args.metric = metric;
  args.radius = radius;
  if (most) args.most = *most;
  neighbors::Within found;
  {
    const py::gil_scoped_release release;
    found = neighbors::within(args);
  }
  if (!found.is_complete) return py::none();
  return py::make_tuple(to_numpy(std::move(found.offsets)), to_numpy(std::move(found.distances)),
                        to_numpy(std::move(found.indices)));
}

void farthest_first(const std::string& call, const py::object& points, Metric metric, const py::object& selected,
                    std::int64_t first, const py::object& chosen, const py::object& distances) {
  const Array point_array = to_array(points, "X", 0);
  const std::optional<Array> selected_array = to_optional_array(selected, "selected", 0);
  const Array chosen_array = to_array(chosen, "chosen", 0);
  const Array distance_array = to_array(distances, "distances", 0);
  neighbors::FarthestFirstArgs args{
      call, point_array.view, metric, std::nullopt, first, chosen_array.view, distance_array.view};
  if (selected_array) args.selected = selected_array->view;
  const py::gil_scoped_release release;
  neighbors::farthest_first(args);
}

}  // namespace

void register_neighbors(py::module_& module) {
  py::native_enum<Metric>(module, "Metric", "enum.Enum")
      .value("euclidean", Metric::euclidean)
      .value("sqeuclidean", Metric::sqeuclidean)
      .value("cosine", Metric::cosine)
      .value("manhattan", Metric::manhattan)
      .finalize();
  module.attr("MOST_NEIGHBORS") = neighbors::most_neighbors;
  module.def("nearest", &nearest, py::arg("call"), py::arg("queries"), py::arg("points"), py::arg("metric"),
             py::arg("distances"), py::arg("indices"), py::arg("workspace"), py::arg("stream"));
  module.def("within", &within, py::arg("call"), py::arg("queries"), py::arg("points"), py::arg("metric"),
             py::arg("radius"), py::arg("most") = py::none());
  module.def("farthest_first", &farthest_first, py::arg("call"), py::arg("points"), py::arg("metric"),
             py::arg("selected"), py::arg("first"), py::arg("chosen"), py::arg("distances"));
}

}  // namespace burnish::bindings
