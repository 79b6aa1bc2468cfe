// SPDX-License-Identifier: Apache-2.0
// Every operation of the augmentation engine on its own and in pipelines, on lists of images of different sizes and
// batches, each sample with parameters of its own.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "burnish/augment.hpp"
#include "core/rng.hpp"
#include "kernel_cases.hpp"

namespace {

using namespace burnish;
using namespace burnish::augment;

// Draws in a row: of images, of parameters.
class Draws {
 public:
  explicit Draws(std::uint32_t what) : what_(what) {}
  double uniform(double low, double high) { return low + (high - low) * uniform_float(bits()); }
  double whole(int low, int high) { return low + static_cast<int>(bits() % static_cast<unsigned>(high - low + 1)); }
  std::uint32_t bits() { return philox4x32({{count_++, what_, 0, 0}}, {{7, 11}}).word[0]; }

 private:
  std::uint32_t what_;
  std::uint32_t count_ = 0;
};

struct Size {
  int height;
  int width;
};

// What a step's parameters are drawn for; `size` is to be changed by steps that change it.
struct Sample {
  Draws& draws;
  Size& size;
  int channels;
  bool is_bytes;
  int number;  // of the sample

  double white() const { return is_bytes ? 255 : 1; }
};

struct StepKind {
  Op op;
  std::vector<double> options;
  std::function<std::vector<double>(Sample&)> params;
};

struct Recipe {
  std::string name;
  std::vector<StepKind> steps;
  DType out = DType::uint8;  // of bytes; of floats float32, if it is that
  bool of_bytes_only = false;
};

StepKind crop(Border border, double fill) {
  return {Op::crop, {static_cast<double>(border), fill, fill / 2}, [](Sample& s) {
            const std::vector<double> window = {s.draws.whole(-4, 3), s.draws.whole(-5, 4), 13.0 + s.number % 2 * 0,
                                                17};
            s.size = {13, 17};
            return window;
          }};
}

StepKind orient(int code) {
  return {Op::orient, {}, [code](Sample& s) {
            if (code & 4) s.size = {s.size.width, s.size.height};
            return std::vector<double>{static_cast<double>(code)};
          }};
}

StepKind warp(Interpolation interpolation, Border border, double fill, bool is_perspective) {
  return {Op::warp, {static_cast<double>(interpolation), static_cast<double>(border), fill}, [=](Sample& s) {
            const auto d = [&](double size) { return s.draws.uniform(-size, size); };
            std::vector<double> p = {1 + d(.4), d(.5), d(6), d(.5), 1 + d(.4), d(6), 0, 0, 1, 0, 0};
            if (is_perspective) p[6] = d(.004), p[7] = d(.004);
            p[9] = s.size.height, p[10] = s.size.width;
            return p;
          }};
}

StepKind plain(Op op, std::function<std::vector<double>(Sample&)> params, std::vector<double> options = {}) {
  return {op, std::move(options), std::move(params)};
}

StepKind drawn(Op op, double low, double high) {
  return plain(op, [=](Sample& s) { return std::vector<double>{s.draws.uniform(low, high)}; });
}

StepKind without(Op op) {
  return plain(op, [](Sample&) { return std::vector<double>(); });
}

StepKind linear(bool each) {
  return plain(Op::linear, [each](Sample& s) {
    std::vector<double> p;
    for (int c = 0; c < (each ? s.channels : 1); ++c) {
      p.push_back(s.draws.uniform(.5, 1.6));
      p.push_back(s.draws.uniform(-.2, .2) * s.white());
    }
    return p;
  });
}

StepKind permute() {
  return plain(Op::permute, [](Sample& s) {
    std::vector<double> p;
    for (int c = 0; c < s.channels; ++c) p.push_back((c + 1 + s.number) % s.channels);
    return p;
  });
}

StepKind normalize(int channels) {
  std::vector<double> options;
  for (int c = 0; c < channels; ++c) options.insert(options.end(), {1 / (50.0 + c), -2.0 + .25 * c});
  return plain(Op::normalize, [](Sample&) { return std::vector<double>(); }, options);
}

StepKind noise(Op op, bool is_shared) {
  return plain(op, [=](Sample& s) {
    if (op == Op::gauss_noise) return std::vector<double>{.01 * s.white(), .1 * s.white(), double(is_shared)};
    if (op == Op::multiplicative_noise) return std::vector<double>{.8, 1.3, double(is_shared)};
    return std::vector<double>{.3, .4, double(is_shared)};
  });
}

StepKind erase() {
  return plain(Op::erase,
               [](Sample& s) {
                 std::vector<double> p;
                 for (int i = 0; i < 3; ++i) {
                   for (const double low : {-3.0, -3.0}) p.push_back(s.draws.whole(static_cast<int>(low), 15));
                   p.push_back(s.draws.whole(0, 9));
                   p.push_back(s.draws.whole(0, 9));
                 }
                 return p;
               },
               {.25, 200.0});
}

StepKind kernel(Op op, std::vector<int> sizes, std::vector<double> more) {
  return plain(op, [=](Sample& s) {
    std::vector<double> p = {double(sizes[static_cast<std::size_t>(s.number) % sizes.size()])};
    p.insert(p.end(), more.begin(), more.end());
    return p;
  });
}

StepKind resize(Filter filter, Size to) {
  return plain(Op::resize,
               [to](Sample& s) {
                 s.size = to;
                 return std::vector<double>{double(to.height), double(to.width)};
               },
               {static_cast<double>(filter)});
}

// Rows alone, or with 0 of them nothing.
StepKind resize_rows(Filter filter, int rows) {
  return plain(Op::resize,
               [rows](Sample& s) {
                 if (rows > 0) s.size.height = rows;
                 return std::vector<double>{double(s.size.height), double(s.size.width)};
               },
               {static_cast<double>(filter)});
}

StepKind drawn_pair(Op op, double low, double high, double other_low, double other_high) {
  return plain(op, [=](Sample& s) {
    return std::vector<double>{s.draws.uniform(low, high), s.draws.uniform(other_low, other_high)};
  });
}

StepKind erase_noise(int one_color) {
  StepKind step = erase();
  step.op = Op::erase_noise;
  step.options = {static_cast<double>(one_color)};
  return step;
}

StepKind shade() {
  return plain(Op::shade,
               [](Sample& s) {
                 std::vector<double> p;
                 for (int polygon = 0; polygon < 2; ++polygon) {
                   p.push_back(s.draws.uniform(.3, 1));
                   for (int i = 0; i < 2 * 5; ++i) p.push_back(s.draws.uniform(-5, 30));
                 }
                 return p;
               },
               {5});
}

std::vector<Recipe> recipes(int channels) {
  std::vector<Recipe> all = {
      {"nothing", {}},
      {"crop within",
       {plain(Op::crop,
              [](Sample& s) {
                s.size = {11, 9};
                return std::vector<double>{1, 2, 11, 9};
              },
              {0, 0})}},
      {"flip and crop", {crop(Border::reflect, 0), orient(1)}},
      {"turn", {orient(6)}},
      {"noise", {noise(Op::gauss_noise, false)}},
      {"noise of all", {noise(Op::gauss_noise, true)}},
      {"multiplied", {noise(Op::multiplicative_noise, false)}},
      {"multiplied, all", {noise(Op::multiplicative_noise, true)}},
      {"salt", {noise(Op::salt_and_pepper, false)}},
      {"salt, all", {noise(Op::salt_and_pepper, true)}},
      {"linear", {linear(false)}},
      {"linear each", {linear(true)}},
      {"contrast", {drawn(Op::contrast, .3, 1.8)}},
      {"contrast twice", {drawn(Op::contrast, .3, 1.8), linear(false), drawn(Op::contrast, .3, 1.8)}},
      {"saturation", {drawn(Op::saturation, 0, 2)}},
      {"hue", {drawn(Op::hue, -.5, .5)}},
      {"gray", {without(Op::gray)}},
      {"permute", {permute()}},
      {"solarize",
       {plain(Op::solarize, [](Sample& s) { return std::vector<double>{s.draws.uniform(.2, .8) * s.white()}; })}},
      {"posterize", {plain(Op::posterize, [](Sample& s) { return std::vector<double>{s.draws.whole(0, 8)}; })}},
      {"gamma", {drawn(Op::gamma, .4, 2.5)}},
      {"hsv shift",
       {plain(Op::hsv_shift,
              [](Sample& s) {
                return std::vector<double>{s.draws.uniform(-20, 20), s.draws.uniform(-.2, .2) * s.white(),
                                           s.draws.uniform(-.2, .2) * s.white()};
              })}},
      {"hsv value",
       {plain(Op::hsv_value,
              [](Sample& s) { return std::vector<double>{s.draws.uniform(.6, 1.5), .05 * s.white()}; })}},
      {"autocontrast", {plain(Op::autocontrast, [](Sample& s) { return std::vector<double>{double(s.number), 2}; })}},
      {"autocontrast of all", {plain(Op::autocontrast, [](Sample&) { return std::vector<double>{0, 0}; })}},
      {"equalize", {without(Op::equalize)}},
      {"equalize, autocontrast",
       {linear(false), without(Op::equalize), linear(true),
        plain(Op::autocontrast, [](Sample&) { return std::vector<double>{1, 1}; })}},
      {"erase", {erase()}},
      {"erase with noise", {erase_noise(0)}},
      {"erase with colors", {erase_noise(1)}},
      {"shade", {shade()}},
      {"sharpness", {drawn(Op::sharpness, 0, 3)}},
      {"linear by mean", {drawn_pair(Op::linear_by_mean, .5, 1.5, -.5, .5)}},
      {"posterize each",
       {plain(Op::posterize,
              [](Sample& s) {
                std::vector<double> p;
                for (int c = 0; c < s.channels; ++c) p.push_back(s.draws.whole(0, 8));
                return p;
              })}},
      {"gray by average", {plain(Op::gray, [](Sample&) { return std::vector<double>(); }, {1})}},
      {"gray by max", {plain(Op::gray, [](Sample&) { return std::vector<double>(); }, {2})}},
      {"gray by desaturation", {plain(Op::gray, [](Sample&) { return std::vector<double>(); }, {3})}},
      {"equalize as OpenCV", {plain(Op::equalize, [](Sample&) { return std::vector<double>(); }, {1})}},
      {"autocontrast by counts",
       {plain(Op::autocontrast, [](Sample& s) { return std::vector<double>{2.0 * s.number, 0}; }, {1})}},
      {"value in HSV", {without(Op::to_hsv), linear(true), without(Op::from_hsv)}},
      {"warp of open levels",
       {normalize(channels), warp(Interpolation::bilinear, Border::constant, -3, false)},
       DType::float32},
      {"blur", {kernel(Op::gauss_blur, {3, 7, 1}, {1.3})}},
      {"wide blur", {kernel(Op::gauss_blur, {127, 61, 41}, {14})}},
      {"box", {kernel(Op::box_blur, {3, 5, 9}, {})}},
      {"sharpen", {plain(Op::sharpen, [](Sample& s) { return std::vector<double>{s.draws.uniform(.2, .9), 1}; })}},
      {"motion", {kernel(Op::motion_blur, {7, 3, 15}, {.6, .8, .2, 1, -2})}},
      {"pillow blur", {kernel(Op::pillow_blur, {2, 0, 5}, {})}},
      {"unsharp", {kernel(Op::unsharp_mask, {2, 0, 3}, {150, 0})}},
      {"to float", {without(Op::to_float), linear(false)}, DType::float32, true},
      {"normalize", {linear(false), normalize(channels)}, DType::float32},
      {"normalize to half", {noise(Op::gauss_noise, false), normalize(channels)}, DType::float16},
      {"normalize to bfloat16", {crop(Border::constant, .5), normalize(channels)}, DType::bfloat16},
  };
  for (const Border border : {Border::constant, Border::replicate, Border::reflect, Border::reflect101, Border::wrap}) {
    const std::string number = std::to_string(static_cast<int>(border));
    all.push_back({"crop beyond " + number, {crop(border, .75)}});
    all.push_back({"warp " + number, {warp(Interpolation::bilinear, border, .5, false)}});
    all.push_back({"bicubic " + number, {warp(Interpolation::bicubic, border, .5, border == Border::wrap)}});
    all.push_back({"perspective " + number, {warp(Interpolation::bilinear, border, .5, true)}});
    all.push_back({"nearest " + number, {warp(Interpolation::nearest, border, .5, border == Border::wrap)}});
  }
  for (const Filter filter : {Filter::nearest, Filter::bilinear, Filter::bicubic, Filter::area}) {
    const std::string number = std::to_string(static_cast<int>(filter));
    all.push_back({"resize " + number, {resize(filter, {9, 31})}});
    all.push_back(
        {"resize after warp " + number,
         {warp(Interpolation::bilinear, Border::constant, 0, false), resize(filter, {21, 12}), linear(true)}});
  }
  StepKind plain_resize = resize(Filter::bicubic, {17, 11});
  plain_resize.options.push_back(0);
  all.push_back({"resize nothing", {resize_rows(Filter::bicubic, 0)}});
  all.push_back({"resize without antialiasing", {plain_resize}});
  all.push_back({"warps joined",
                 {warp(Interpolation::bilinear, Border::constant, 0, false), orient(5),
                  warp(Interpolation::bilinear, Border::constant, 0, false)}});
  all.push_back({"many",
                 {crop(Border::reflect101, 0), orient(1), warp(Interpolation::bilinear, Border::constant, 0, false),
                  linear(false), drawn(Op::contrast, .6, 1.4), drawn(Op::saturation, .5, 1.5), drawn(Op::hue, -.2, .2),
                  noise(Op::gauss_noise, false), kernel(Op::gauss_blur, {3, 5, 7}, {1}), erase(),
                  drawn(Op::gamma, .7, 1.4), normalize(channels)},
                 DType::float32});
  return all;
}

struct Case {
  Recipe recipe;
  DType dtype;
  int channels;
  Layout layout;
  Layout out_layout;
  bool is_list;
  bool fuse;
  int number;
};

// Images one after the other in one block of memory, as an array or as many.
struct Memory {
  std::vector<std::vector<unsigned char>> blocks;
  Images images;

  Memory(const std::vector<Size>& sizes, int channels, DType dtype, Layout layout, bool is_list) {
    images.layout = layout;
    images.is_batch = !is_list;
    const auto bytes = [&](Size size) {
      return static_cast<std::size_t>(size.height * size.width * channels) * item_size(dtype);
    };
    const auto view = [&](void* data, Size s) {
      return layout == Layout::nchw ? contiguous_view(data, dtype, Device(), channels, s.height, s.width)
                                    : contiguous_view(data, dtype, Device(), s.height, s.width, channels);
    };
    if (is_list) {
      for (const Size& size : sizes) {
        blocks.emplace_back(bytes(size), 0xcd);
        images.arrays.push_back(view(blocks.back().data(), size));
      }
    } else {
      blocks.emplace_back(bytes(sizes[0]) * sizes.size(), 0xcd);
      TensorView each = view(blocks[0].data(), sizes[0]);
      TensorView all = each;
      all.ndim = 4;
      all.shape[0] = static_cast<std::int64_t>(sizes.size());
      all.strides[0] = each.size();
      for (std::size_t d = 0; d < 3; ++d) all.shape[d + 1] = each.shape[d], all.strides[d + 1] = each.strides[d];
      images.arrays.push_back(all);
    }
  }

  void move_to(DeviceType type) {
    for (TensorView& array : images.arrays) array.device = {type, 0};
  }
};

void fill(Memory& memory, DType dtype) {
  Draws draws(1);
  for (auto& block : memory.blocks) {
    if (dtype == DType::uint8) {
      for (unsigned char& byte : block) byte = static_cast<unsigned char>(20 + draws.bits() % 200);
    } else {
      for (std::size_t i = 0; i < block.size(); i += sizeof(float)) {
        const auto value = static_cast<float>(draws.uniform(-.05, 1.05));
        std::memcpy(&block[i], &value, sizeof value);
      }
    }
  }
}

int mismatches(const Case& test, bool full) {
  std::vector<Size> sizes = {{37, 29}, {37, 29}, {37, 29}};
  if (test.is_list) sizes = {{1, 40}, {33, 32}, {23, 1}};
  if (!full) sizes = test.is_list ? std::vector<Size>{{5, 7}, {16, 20}} : std::vector<Size>{{14, 12}, {14, 12}};
  const auto n = static_cast<std::int64_t>(sizes.size());
  std::vector<Size> after = sizes;
  Draws draws(static_cast<std::uint32_t>(test.number) + 2);
  std::vector<std::vector<double>> params(test.recipe.steps.size());
  std::vector<std::int32_t> order;
  bool is_bytes = test.dtype == DType::uint8;
  for (std::int64_t sample = 0; sample < n; ++sample) {
    for (std::size_t k = 0; k < test.recipe.steps.size(); ++k) {
      Size size = after[static_cast<std::size_t>(sample)];
      Sample s = {draws, size, test.channels, is_bytes, static_cast<int>(sample)};
      const auto row = test.recipe.steps[k].params(s);
      params[k].insert(params[k].end(), row.begin(), row.end());
      // Lists leave out some steps, but none that changes the dtype.
      const Op op = test.recipe.steps[k].op;
      const bool left_out = test.is_list && sample == 0 && k % 2 == 1 && op != Op::normalize && op != Op::to_float;
      if (!left_out) after[static_cast<std::size_t>(sample)] = size;
      order.push_back(left_out ? -1 : static_cast<std::int32_t>(k));
    }
  }
  std::vector<Step> steps;
  for (std::size_t k = 0; k < params.size(); ++k) {
    steps.push_back({test.recipe.steps[k].op, static_cast<std::uint32_t>(k), test.recipe.steps[k].options,
                     contiguous_view(params[k].data(), DType::float64, Device(), n,
                                     static_cast<std::int64_t>(params[k].size()) / n)});
  }
  std::vector<std::int64_t> ids = {5, -3, std::int64_t{1} << 40};
  Memory images(sizes, test.channels, test.dtype, test.layout, test.is_list);
  fill(images, test.dtype);
  const DType out_dtype = test.recipe.out == DType::uint8 ? test.dtype : test.recipe.out;
  std::vector<Memory> out;
  for (const DeviceType type : {DeviceType::cpu, DeviceType::cuda}) {
    Memory& result = out.emplace_back(after, test.channels, out_dtype, test.out_layout, test.is_list);
    images.move_to(type);
    result.move_to(type);
    std::vector<unsigned char> workspace;
    PipelineArgs args;
    args.call = "test";
    args.steps = steps;
    args.order = contiguous_view(order.data(), DType::int32, Device(), n, static_cast<std::int64_t>(steps.size()));
    args.ids = contiguous_view(ids.data(), DType::int64, Device(), n);
    args.seed = 9;
    args.epoch = 2;
    args.fuse = test.fuse;
    args.images = images.images;
    args.out = result.images;
    args.workspace = [&](std::int64_t bytes) {
      workspace.assign(static_cast<std::size_t>(bytes), 0xff);
      return workspace.data();
    };
    run(args);
  }
  if (out[0].blocks == out[1].blocks) return 0;
  std::printf("augment differs: %s, %s, %d channels, %s, fuse %d\n", test.recipe.name.c_str(),
              std::string(name(test.dtype)).c_str(), test.channels, test.is_list ? "list" : "batch", test.fuse);
  return 1;
}

}  // namespace

Tally augment_cases(bool full) {
  Tally tally;
  int number = 0;
  for (const int channels : {3, 1, 4, 2, 7}) {
    int which = 0;
    for (const Recipe& recipe : recipes(channels)) {
      for (const DType dtype : {DType::uint8, DType::float32}) {
        ++number;
        // Few channels see everything; with the others, and under the sanitizers, each recipe has its turn.
        if (!full && (channels != 3 ? ++which % 16 != 0 : dtype == DType::float32 && ++which % 3 != 0)) continue;
        if (full && channels != 3 && ++which % 3 == 0) continue;
        if (recipe.of_bytes_only && dtype != DType::uint8) continue;
        const auto layout = [](int bit) { return bit % 2 ? Layout::nchw : Layout::nhwc; };
        tally.add(mismatches(
            {recipe, dtype, channels, layout(number), layout(number / 2), number % 3 == 0, number % 5 != 0, number},
            full));
      }
    }
  }
  return tally;
}
