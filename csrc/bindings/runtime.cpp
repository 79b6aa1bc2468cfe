// SPDX-License-Identifier: Apache-2.0
#include "burnish/runtime.hpp"

#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "core/cuda_backend.hpp"
#include "core/exp.hpp"
#include "core/rng.hpp"

namespace burnish::bindings {
namespace {

py::dict build_info_dict() {
  const BuildInfo build = build_info();
  const CudaInfo cuda = cuda_info();
  py::dict info;
  info["version"] = build.version;
  info["compiler"] = build.compiler;
  info["isa_levels"] = built_isa_levels();
  info["isa_level"] = isa_level();
  info["num_threads"] = num_threads();
  info["cuda"] = cuda.built;
  info["cuda_architectures"] = cuda.architectures;
  info["cuda_toolkit"] = cuda.toolkit;
  info["cuda_devices"] = cuda.devices;
  info["cuda_problem"] = cuda.problem;
  return info;
}

// The functions of one element, for their tests: f over a contiguous array, in place.
template <class T, class F>
void map_in_place(py::array_t<T, py::array::c_style>& values, F f) {
  T* data = values.mutable_data();
  for (py::ssize_t i = 0; i < values.size(); ++i) data[i] = f(data[i]);
}

template <class T>
void register_elementary(py::module_& module) {
  module.def(
      "_exp_", [](py::array_t<T, py::array::c_style> x) { map_in_place(x, [](T v) { return exp(v); }); },
      py::arg("x").noconvert());
  module.def(
      "_log_", [](py::array_t<T, py::array::c_style> x) { map_in_place(x, [](T v) { return log(v); }); },
      py::arg("x").noconvert());
}

}  // namespace

void register_runtime(py::module_& module) {
  module.attr("version") = build_info().version;
  module.def("build_info", &build_info_dict);
  module.def("require_cuda", &require_cuda);
  module.def("get_num_threads", &num_threads);
  module.def("set_num_threads", &set_num_threads, py::arg("n"));
  module.def("set_isa_level", &set_isa_level, py::arg("level"));
  register_elementary<float>(module);
  register_elementary<double>(module);
  module.def("_emulated_fma", [](float a, float b, float c) { return emulated_fma(a, b, c); });
  module.def("_philox4x32", [](std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
    const PhiloxCounter drawn = philox4x32({{counter[0], counter[1], counter[2], counter[3]}}, {{key[0], key[1]}});
    return std::array<std::uint32_t, 4>{drawn.word[0], drawn.word[1], drawn.word[2], drawn.word[3]};
  });
}

}  // namespace burnish::bindings
