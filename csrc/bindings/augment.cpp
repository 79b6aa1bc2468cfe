// SPDX-License-Identifier: Apache-2.0
#include "burnish/augment.hpp"

#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include <deque>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"

namespace burnish::bindings {
namespace {

using augment::Border;
using augment::Filter;
using augment::Gray;
using augment::Images;
using augment::Interpolation;
using augment::Layout;
using augment::Method;
using augment::Op;

// (op, place, options, parameters)
using StepTuple = std::tuple<Op, std::uint32_t, std::vector<double>, py::object>;

// `images` is one array, or a list of them; `kept` keeps their memory alive.
Images to_images(const py::object& images, Layout layout, const char* name, std::deque<Array>& kept,
                 std::uintptr_t stream = 0) {
  Images result;
  result.layout = layout;
  result.is_batch = !py::isinstance<py::list>(images);
  const auto add = [&](const py::object& image) {
    kept.push_back(to_array(image, name, stream));
    result.arrays.push_back(kept.back().view);
  };
  if (result.is_batch) {
    add(images);
  } else {
    for (const py::handle& image : images.cast<py::list>()) add(py::reinterpret_borrow<py::object>(image));
  }
  return result;
}

// (read by, prepared by, joined, changes, dtype and layout read, dtype and layout written, height, width, bytes read,
// bytes written)
using StageTuple = std::tuple<std::string, std::string, std::vector<Op>, std::vector<Op>, std::string, Layout,
                              std::string, Layout, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

// Images of a size (N, 2) that nobody will read.
Images unseen_images(const std::vector<std::pair<std::int64_t, std::int64_t>>& sizes, std::int64_t channels,
                     const std::string& dtype, Layout layout) {
  Images images;
  images.is_batch = false;
  images.layout = layout;
  const auto kind = dtype == "uint8"     ? DType::uint8
                    : dtype == "float16" ? DType::float16
                    : dtype == "float32" ? DType::float32
                                         : DType::bfloat16;
  for (const auto& [height, width] : sizes) {
    const bool planes = layout == Layout::nchw;
    images.arrays.push_back(planes ? contiguous_view(nullptr, kind, {}, channels, height, width)
                                   : contiguous_view(nullptr, kind, {}, height, width, channels));
  }
  return images;
}

std::vector<std::vector<StageTuple>> explain_pipeline(
    const std::string& call, const std::vector<StepTuple>& steps, const py::object& order, bool fuse,
    const std::vector<std::pair<std::int64_t, std::int64_t>>& sizes,
    const std::vector<std::pair<std::int64_t, std::int64_t>>& sizes_after, std::int64_t channels,
    const std::string& dtype, Layout layout, const std::string& out_dtype, Layout out_layout) {
  std::deque<Array> kept;
  std::vector<augment::Step> native;
  for (const auto& [op, place, options, params] : steps) {
    kept.push_back(to_array(params, "params", 0));
    native.push_back({op, place, options, kept.back().view});
  }
  kept.push_back(to_array(order, "order", 0));
  std::vector<std::int64_t> ids(sizes.size());
  augment::PipelineArgs args;
  args.call = call;
  args.steps = native;
  args.order = kept.back().view;
  args.ids = contiguous_view(ids.data(), DType::int64, {}, ids.size());
  args.fuse = fuse;
  args.images = unseen_images(sizes, channels, dtype, layout);
  args.out = unseen_images(sizes_after, channels, out_dtype, out_layout);
  std::vector<std::vector<StageTuple>> result;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    result.emplace_back();
    for (const augment::Stage& stage : augment::explain(args, static_cast<std::int64_t>(i))) {
      result.back().emplace_back(stage.reads_by, stage.prepares_by, stage.joined, stage.changes, name(stage.reads),
                                 stage.reads_layout, name(stage.writes), stage.writes_layout, stage.height, stage.width,
                                 stage.bytes_read, stage.bytes_written);
    }
  }
  return result;
}

void run_pipeline(const std::string& call, const std::vector<StepTuple>& steps, const py::object& order,
                  const py::object& ids, std::uint64_t seed, std::int64_t epoch, bool fuse, const py::object& images,
                  Layout layout, const py::object& out, Layout out_layout, std::uintptr_t stream,
                  const py::object& allocate) {
  std::deque<Array> kept;
  const auto view = [&](const py::object& array, const char* name) {
    kept.push_back(to_array(array, name, 0));
    return kept.back().view;
  };
  std::vector<augment::Step> native;
  for (const auto& [op, place, options, params] : steps) native.push_back({op, place, options, view(params, "params")});
  augment::PipelineArgs args;
  args.call = call;
  args.steps = native;
  args.order = view(order, "order");
  args.ids = view(ids, "ids");
  args.seed = seed;
  args.epoch = epoch;
  args.fuse = fuse;
  args.images = to_images(images, layout, "images", kept, stream);
  args.out = to_images(out, out_layout, "out", kept, stream);
  args.stream = reinterpret_cast<void*>(stream);
  args.workspace = [&](std::int64_t bytes) {
    const py::gil_scoped_acquire acquire;
    kept.push_back(to_array(allocate(bytes), "workspace", stream));
    return kept.back().view.data;
  };
  const py::gil_scoped_release release;
  augment::run(args);
}

void draw(const std::string& call, std::uint64_t seed, std::int64_t epoch, std::uint32_t place, const py::object& ids,
          const py::object& out) {
  const Array id_array = to_array(ids, "ids", 0);
  const Array out_array = to_array(out, "out", 0);
  const augment::DrawArgs args = {call, seed, epoch, place, id_array.view, out_array.view};
  const py::gil_scoped_release release;
  augment::draw(args);
}

void mix(const std::string& call, const py::object& images, Layout layout, const py::object& out, Layout out_layout,
         const py::object& partner, const py::object& weight, const py::object& box, std::uintptr_t stream) {
  std::deque<Array> kept;
  const auto view = [&](const py::object& array, const char* name) {
    kept.push_back(to_array(array, name, stream));
    return kept.back().view;
  };
  augment::MixArgs args;
  args.call = call;
  args.images = to_images(images, layout, "images", kept, stream);
  args.out = to_images(out, out_layout, "out", kept, stream);
  args.partner = view(partner, "partner");
  args.weight = view(weight, "lam");
  args.box = view(box, "box");
  args.stream = reinterpret_cast<void*>(stream);
  const py::gil_scoped_release release;
  augment::mix(args);
}

}  // namespace

void register_augment(py::module_& module) {
  py::native_enum<Op> ops(module, "Op", "enum.Enum");
  for (int i = 0; i < augment::op_count; ++i) {
    const auto op = static_cast<Op>(i);
    ops.value(augment::name(op).data(), op);  // names are literals
  }
  ops.finalize();
  py::native_enum<Layout>(module, "Layout", "enum.Enum")
      .value("nhwc", Layout::nhwc)
      .value("nchw", Layout::nchw)
      .finalize();
  // What options hold as numbers.
  py::native_enum<Border>(module, "Border", "enum.IntEnum")
      .value("constant", Border::constant)
      .value("replicate", Border::replicate)
      .value("reflect", Border::reflect)
      .value("reflect101", Border::reflect101)
      .value("wrap", Border::wrap)
      .finalize();
  py::native_enum<Interpolation>(module, "Interpolation", "enum.IntEnum")
      .value("nearest", Interpolation::nearest)
      .value("bilinear", Interpolation::bilinear)
      .value("bicubic", Interpolation::bicubic)
      .finalize();
  py::native_enum<Filter>(module, "Filter", "enum.IntEnum")
      .value("nearest", Filter::nearest)
      .value("bilinear", Filter::bilinear)
      .value("bicubic", Filter::bicubic)
      .value("area", Filter::area)
      .finalize();
  py::native_enum<Gray>(module, "Gray", "enum.IntEnum")
      .value("luma", Gray::luma)
      .value("average", Gray::average)
      .value("max", Gray::max)
      .value("desaturation", Gray::desaturation)
      .finalize();
  py::native_enum<Method>(module, "Method", "enum.IntEnum")
      .value("pillow", Method::pillow)
      .value("opencv", Method::opencv)
      .finalize();
  module.def("run_pipeline", &run_pipeline, py::arg("call"), py::arg("steps"), py::arg("order"), py::arg("ids"),
             py::arg("seed"), py::arg("epoch"), py::arg("fuse"), py::arg("images"), py::arg("layout"), py::arg("out"),
             py::arg("out_layout"), py::arg("stream") = 0, py::arg("allocate") = py::none());
  module.def("explain_pipeline", &explain_pipeline, py::arg("call"), py::arg("steps"), py::arg("order"),
             py::arg("fuse"), py::arg("sizes"), py::arg("sizes_after"), py::arg("channels"), py::arg("dtype"),
             py::arg("layout"), py::arg("out_dtype"), py::arg("out_layout"));
  module.def("draw", &draw, py::arg("call"), py::arg("seed"), py::arg("epoch"), py::arg("place"), py::arg("ids"),
             py::arg("out"));
  module.def("mix", &mix, py::arg("call"), py::arg("images"), py::arg("layout"), py::arg("out"), py::arg("out_layout"),
             py::arg("partner"), py::arg("weight"), py::arg("box"), py::arg("stream"));
}

}  // namespace burnish::bindings
