// SPDX-License-Identifier: Apache-2.0
#include "augment/check_pipeline.hpp"

#include <algorithm>
#include <cmath>

#include "augment/batch.hpp"
#include "augment/op_info.hpp"
#include "augment/program.hpp"
#include "core/check.hpp"

namespace burnish::augment {
namespace {

constexpr int most_side = 1 << 20;
constexpr std::int64_t all_params = -1;

// What a parameter may be, beyond what check_params tells of.
struct ParamRange {
  Op op;
  std::int64_t param;  // or all_params
  double least;
  double most;
  bool is_whole;
};
constexpr ParamRange param_ranges[] = {
    {Op::posterize, all_params, 0, 8, true}, {Op::gamma, 0, 0x1p-10, 0x1p10, false},
    {Op::autocontrast, 0, 0, 100, false},    {Op::autocontrast, 1, 0, 100, false},
    {Op::salt_and_pepper, 0, 0, 1, false},   {Op::salt_and_pepper, 1, 0, 1, false},
    {Op::sharpen, 0, -1024, 1024, false},    {Op::motion_blur, 1, -1, 1, false},
    {Op::motion_blur, 2, -1, 1, false},      {Op::motion_blur, 3, -1, 1, false},
    {Op::motion_blur, 4, -128, 128, false},  {Op::motion_blur, 5, -128, 128, false},
    {Op::sharpness, 0, 0, 1024, false},      {Op::pillow_blur, 0, 0, 1024, false},
    {Op::unsharp_mask, 0, 0, 1024, false},   {Op::unsharp_mask, 1, 0, 65536, false},
    {Op::unsharp_mask, 2, 0, 255, false},
};

void check_on_cpu(std::string_view call, std::string_view argument, const TensorView& view) {
  check(view.device.type == DeviceType::cpu, call, ": '", argument, "' is on ", view.device, "; accepted: cpu");
}

void check_images(std::string_view call, std::string_view argument, const Images& images, const Device& device) {
  const int ndim = images.is_batch ? 4 : 3;
  check(!images.is_batch || images.arrays.size() == 1, call, ": '", argument, "' is no single batch");
  for (const TensorView& array : images.arrays) {
    check(array.ndim == ndim, call, ": '", argument, "' must be ", ndim, "-D, got shape ", ShapeOf{array});
    for (int axis = 0; axis < array.ndim; ++axis) {
      check(array.shape[static_cast<std::size_t>(axis)] <= most_side || (axis == 0 && images.is_batch), call, ": '",
            argument, "' has shape ", ShapeOf{array}, "; accepted: sides up to ", most_side);
    }
    check(array.device == device, call, ": '", argument, "' is on ", array.device, "; accepted: ", device,
          ", where 'images' are");
  }
}

void check_steps(const PipelineArgs& args, std::int64_t n) {
  for (const Step& step : args.steps) {
    const OpInfo& op = info(step.op);
    check_on_cpu(args.call, op.name, step.params);
    check_dtype(args.call, op.name, step.params, {DType::float64});
    check(step.params.ndim == 2 && step.params.shape[0] == n && step.params.shape[1] >= op.least_params, args.call,
          ": parameters of '", op.name, "' have shape ", ShapeOf{step.params}, "; accepted: (", n, ", ",
          op.least_params, ")");
    check(step.params.shape[1] < 2 || step.params.strides[1] == 1, args.call, ": parameters of '", op.name,
          "' do not lie side by side");
    check(static_cast<std::int64_t>(step.options.size()) >= op.least_options, args.call, ": '", op.name, "' has ",
          step.options.size(), " options; accepted: ", op.least_options, " or more");
  }
}

void check_size(const PipelineArgs& args, std::string_view name, std::int64_t sample, double height, double width) {
  check(height >= 1 && width >= 1 && height <= most_side && width <= most_side, args.call, ": '", name,
        "' makes sample ", sample, " an image of ", height, " x ", width, "; accepted: sides of 1 to ", most_side);
}

void check_ranges(const PipelineArgs& args, std::int64_t sample, const Step& step, const double* params) {
  for (const ParamRange& range : param_ranges) {
    if (range.op != step.op) continue;
    const bool all = range.param == all_params;
    for (std::int64_t i = all ? 0 : range.param; i < (all ? step.params.shape[1] : range.param + 1); ++i) {
      const double value = params[i];
      check(value >= range.least && value <= range.most && (!range.is_whole || value == std::floor(value)), args.call,
            ": parameter ", i, " of '", info(step.op).name, "' is ", value, " for sample ", sample,
            "; accepted: ", range.is_whole ? "whole numbers " : "", range.least, " to ", range.most);
    }
  }
}

void check_permutation(const PipelineArgs& args, std::int64_t sample, const Step& step, const double* params,
                       int channels) {
  bool is_one = step.params.shape[1] == channels;
  for (int c = 0; is_one && c < channels; ++c) is_one = std::count(params, params + channels, c) == 1;
  check(is_one, args.call, ": the channels of 'permute' are no permutation for sample ", sample,
        "; accepted: each of 0 to ", channels - 1, " once");
}

// What the kernels count on, for one sample.
void check_params(const PipelineArgs& args, std::int64_t sample, const Image& image) {
  for_steps(args, sample, [&](const Step& step) {
    const double* params = params_of(step, sample);
    const std::string_view name = info(step.op).name;
    for (std::int64_t i = 0; i < step.params.shape[1]; ++i) {
      check(std::abs(params[i]) <= 0x1p24, args.call, ": parameter ", i, " of '", name, "' is ", params[i],
            " for sample ", sample, "; accepted: -2^24 to 2^24");
    }
    check_ranges(args, sample, step, params);
    if (step.op == Op::permute) check_permutation(args, sample, step, params, image.channels);
    if (step.op == Op::crop) check_size(args, name, sample, params[2], params[3]);
    if (step.op == Op::warp) check_size(args, name, sample, params[9], params[10]);
    if (step.op == Op::resize) {
      check_size(args, name, sample, params[0], params[1]);
      for (const std::size_t which : {std::size_t{0}, std::size_t{2}}) {
        if (which >= step.options.size()) continue;
        const double filter = step.options[which];
        check(filter >= 0 && filter <= 3 && filter == std::floor(filter), args.call, ": the filter of 'resize' is ",
              filter, "; accepted: whole numbers 0 to 3");
      }
    }
    if (step.op == Op::shade) {
      const double corners = step.options[0];
      check(corners >= 3 && corners <= most_corners && corners == std::floor(corners) &&
                step.params.shape[1] % (1 + 2 * static_cast<std::int64_t>(corners)) == 0,
            args.call, ": the polygons of 'shade' have ", corners, " corners and ", step.params.shape[1],
            " parameters; accepted: 3 to ", most_corners, " corners, with a factor and two places for each corner");
    }
    if (step.op == Op::gauss_blur || step.op == Op::box_blur || step.op == Op::motion_blur) {
      const bool odd = std::fmod(params[0], 2) == 1;
      check(odd && params[0] <= 2 * most_radius + 1, args.call, ": the kernel of '", name, "' has size ", params[0],
            " for sample ", sample, "; accepted: odd, 1 to ", 2 * most_radius + 1);
      check(step.op != Op::gauss_blur || params[1] > 0, args.call, ": the kernel of '", name,
            "' has a standard deviation of ", params[1], " for sample ", sample, "; accepted: above 0");
    }
    if (step.op == Op::levels) {
      check(step.options[0] < step.options[1], args.call, ": 'levels' has ", step.options[0], " and ", step.options[1],
            "; accepted: the lower one first");
    }
    if (step.op == Op::normalize) {
      check(step.options.size() == 2 * static_cast<std::size_t>(image.channels), args.call, ": '", name, "' has ",
            step.options.size() / 2, " factors; accepted: ", image.channels, ", one for each channel");
    }
    if (step.op == Op::posterize) {
      check(step.params.shape[1] == 1 || step.params.shape[1] == image.channels, args.call, ": '", name, "' has ",
            step.params.shape[1], " numbers of bits; accepted: 1 or ", image.channels);
    }
    if (step.op == Op::gray && !step.options.empty()) {
      const double which = step.options[0];
      check(which >= 0 && which <= 3 && which == std::floor(which), args.call, ": the option of 'gray' is ", which,
            "; accepted: whole numbers 0 to 3");
    }
    if ((step.op == Op::autocontrast || step.op == Op::equalize) && !step.options.empty()) {
      check(step.options[0] == 0 || step.options[0] == 1, args.call, ": the method of '", name, "' is ",
            step.options[0], "; accepted: 0, 1");
    }
    if (step.op == Op::linear) {
      check(step.params.shape[1] == 2 || step.params.shape[1] == 2 * image.channels, args.call, ": '", name, "' has ",
            step.params.shape[1] / 2, " factors; accepted: 1 or ", image.channels);
    }
  });
}

void check_sample(const PipelineArgs& args, std::int64_t sample) {
  const Image image = image_of(args.images, sample);
  const Image out = image_of(args.out, sample);
  check(image.height > 0 && image.width > 0 && image.channels > 0, args.call, ": 'images' has an image of shape (",
        image.height, ", ", image.width, ", ", image.channels, "); accepted: one pixel or more");
  for (std::int64_t j = 0; j < args.order.shape[1]; ++j) {
    const std::int32_t which = step_number(args, sample, j);
    check(which < static_cast<std::int64_t>(args.steps.size()), args.call, ": step ", which, " of sample ", sample,
          "; accepted: 0 to ", static_cast<std::int64_t>(args.steps.size()) - 1);
  }
  check_params(args, sample, image);
  bool is_whole = image.dtype == DType::uint8;
  for_steps(args, sample, [&is_whole](const Step& step) {
    if (step.op == Op::to_bytes) is_whole = true;
    if (step.op == Op::to_float || step.op == Op::normalize) is_whole = false;
  });
  check(is_whole || out.dtype != DType::uint8, args.call, ": 'out' has dtype uint8, and sample ", sample,
        " is no whole numbers; accepted: floats");
  const Size size = output_size(args, sample, {image.height, image.width});
  check(out.height == size.height && out.width == size.width && out.channels == image.channels, args.call,
        ": 'out' has an image of ", out.height, " x ", out.width, " x ", out.channels, " for sample ", sample,
        "; accepted: ", size.height, " x ", size.width, " x ", image.channels);
}

// What kernels of a GPU count on.
void check_channels(const PipelineArgs& args, std::int64_t n) {
  const int channels = image_of(args.images, 0).channels;
  check(channels <= most_device_channels, args.call, ": 'images' have ", channels,
        " channels; accepted on a GPU: 1 to ", most_device_channels);
  for (std::int64_t i = 1; i < n; ++i) {
    const int others = image_of(args.images, i).channels;
    check(others == channels, args.call, ": image ", i, " has ", others, " channels, image 0 has ", channels,
          "; accepted: one number of channels");
  }
}

}  // namespace

void check_pipeline(const PipelineArgs& args) {
  const Device device = device_of(args.images);
  check_images(args.call, "images", args.images, device);
  check_images(args.call, "out", args.out, device);
  const std::int64_t n = count_of(args.images);
  check(count_of(args.out) == n, args.call, ": 'out' has ", count_of(args.out), " images; accepted: ", n);
  check_on_cpu(args.call, "ids", args.ids);
  check_on_cpu(args.call, "order", args.order);
  check_dtype(args.call, "ids", args.ids, {DType::int64});
  check(args.ids.ndim == 1 && args.ids.shape[0] == n, args.call, ": 'ids' has shape ", ShapeOf{args.ids},
        "; accepted: (", n, ",)");
  check_dtype(args.call, "order", args.order, {DType::int32});
  check(args.order.ndim == 2 && args.order.shape[0] == n, args.call, ": 'order' has shape ", ShapeOf{args.order},
        "; accepted: (", n, ", steps)");
  for (const TensorView& array : args.images.arrays) {
    check_dtype(args.call, "images", array, {DType::uint8, DType::float32});
  }
  for (const TensorView& out : args.out.arrays) {
    check_dtype(args.call, "out", out, {DType::uint8, DType::float32, DType::float16, DType::bfloat16});
    check_output(args.call, "out", out, out, {});
  }
  check_apart(args.call, "out", args.out.arrays, args.images.arrays);
  check_steps(args, n);
  for (std::int64_t i = 0; i < n; ++i) check_sample(args, i);
  if (device.type == DeviceType::cuda && n > 0) check_channels(args, n);
}

void check_to_explain(const PipelineArgs& args, std::int64_t sample) {
  check_images(args.call, "images", args.images, device_of(args.images));
  check_images(args.call, "out", args.out, device_of(args.images));
  check_steps(args, count_of(args.images));
  check_sample(args, sample);
}

}  // namespace burnish::augment
