// SPDX-License-Identifier: Apache-2.0
#include "augment/op_info.hpp"

#include <algorithm>
#include <array>

namespace burnish::augment {
namespace {

// A switch without a default: the compiler tells of an operation that is left out.
constexpr OpInfo info_of(Op op) {
  switch (op) {
    case Op::crop:
      return {"crop", 4, 2};
    case Op::orient:
      return {"orient", 1, 0};
    case Op::warp:
      return {"warp", 11, 3};
    case Op::linear:
      return {"linear", 2, 0};
    case Op::contrast:
      return {"contrast", 1, 0};
    case Op::saturation:
      return {"saturation", 1, 0};
    case Op::hue:
      return {"hue", 1, 0};
    case Op::normalize:
      return {"normalize", 0, 2};
    case Op::gauss_noise:
      return {"gauss_noise", 3, 0};
    case Op::gauss_blur:
      return {"gauss_blur", 2, 0};
    case Op::erase:
      return {"erase", 4, 1};
    case Op::gray:
      return {"gray", 0, 0};
    case Op::permute:
      return {"permute", 1, 0};
    case Op::solarize:
      return {"solarize", 1, 0};
    case Op::posterize:
      return {"posterize", 1, 0};
    case Op::gamma:
      return {"gamma", 1, 0};
    case Op::to_float:
      return {"to_float", 0, 0};
    case Op::to_bytes:
      return {"to_bytes", 0, 0};
    case Op::hsv_shift:
      return {"hsv_shift", 3, 0};
    case Op::hsv_value:
      return {"hsv_value", 2, 0};
    case Op::autocontrast:
      return {"autocontrast", 2, 0};
    case Op::equalize:
      return {"equalize", 0, 0};
    case Op::multiplicative_noise:
      return {"multiplicative_noise", 3, 0};
    case Op::salt_and_pepper:
      return {"salt_and_pepper", 3, 0};
    case Op::box_blur:
      return {"box_blur", 1, 0};
    case Op::sharpen:
      return {"sharpen", 2, 0};
    case Op::motion_blur:
      return {"motion_blur", 6, 0};
    case Op::pillow_blur:
      return {"pillow_blur", 1, 0};
    case Op::unsharp_mask:
      return {"unsharp_mask", 3, 0};
    case Op::resize:
      return {"resize", 2, 1};
    case Op::sharpness:
      return {"sharpness", 1, 0};
    case Op::linear_by_mean:
      return {"linear_by_mean", 2, 0};
    case Op::erase_noise:
      return {"erase_noise", 4, 1};
    case Op::shade:
      return {"shade", 7, 1};
    case Op::levels:
      return {"levels", 0, 2};
    case Op::to_hsv:
      return {"to_hsv", 0, 0};
    case Op::from_hsv:
      return {"from_hsv", 0, 0};
  }
  return {};
}

constexpr auto infos = [] {
  std::array<OpInfo, op_count> all;
  for (int i = 0; i < op_count; ++i) all[static_cast<std::size_t>(i)] = info_of(static_cast<Op>(i));
  return all;
}();
static_assert(std::ranges::none_of(infos, [](const OpInfo& each) { return each.name.empty(); }), "a gap in Op");
static_assert(info_of(static_cast<Op>(op_count)).name.empty(), "op_count leaves out the last of Op");

}  // namespace

const OpInfo& info(Op op) { return infos[static_cast<std::size_t>(op)]; }

std::string_view name(Op op) { return info(op).name; }

}  // namespace burnish::augment
