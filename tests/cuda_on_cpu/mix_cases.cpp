// SPDX-License-Identifier: Apache-2.0
// Mixing of images in pairs in every dtype and layout, with strides of any kind.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "burnish/augment.hpp"
#include "burnish/error.hpp"
#include "core/rng.hpp"
#include "kernel_cases.hpp"

namespace {

using namespace burnish;
using augment::Layout;

constexpr std::int64_t image_count = 5;

std::uint32_t draw(std::int64_t i, std::uint32_t what) {
  return philox4x32({{static_cast<std::uint32_t>(i), what, 0, 0}}, {{7, 11}}).word[0];
}

std::vector<unsigned char> values(DType dtype, std::int64_t count) {
  std::vector<unsigned char> memory(static_cast<std::size_t>(count) * item_size(dtype));
  for (std::int64_t i = 0; i < count; ++i) {
    const auto put = [&](auto value) {
      std::memcpy(memory.data() + static_cast<std::size_t>(i) * sizeof value, &value, sizeof value);
    };
    const std::uint32_t bits = draw(i, 1);
    const float number = (uniform_float(bits) - 0.25F) * 4.0F;
    switch (dtype) {
      case DType::float64:
        put(static_cast<double>(number) + 1e-9);
        break;
      case DType::float32:
        put(number);
        break;
      case DType::float16:
        put(__builtin_bit_cast(std::uint16_t, static_cast<_Float16>(number)));
        break;
      case DType::bfloat16:
        put(static_cast<std::uint16_t>(__builtin_bit_cast(std::uint32_t, number) >> 16));
        break;
      default:
        put(static_cast<std::uint8_t>(bits));
    }
  }
  return memory;
}

struct Case {
  DType dtype;
  Layout layout;
  std::int64_t height;
  std::int64_t width;
  std::int64_t channels;
  std::int64_t count;
  bool turned = false;  // results with rows for columns, in memory
};

TensorView batch(void* data, const Case& test, Device device, std::int64_t n) {
  const bool planes = test.layout == Layout::nchw;
  return planes ? contiguous_view(data, test.dtype, device, n, test.channels, test.height, test.width)
                : contiguous_view(data, test.dtype, device, n, test.height, test.width, test.channels);
}

// What each sample is made of; on a GPU they are read by the kernel only.
struct Lists {
  std::vector<std::int64_t> partner;
  std::vector<double> weight;
  std::vector<std::int64_t> box;
};

augment::MixArgs arguments(const Case& test, Device device, void* images, void* out, Lists& lists) {
  augment::MixArgs args;
  args.call = "mix";
  args.images = {{batch(images, test, device, image_count)}, true, test.layout};
  args.out = {{batch(out, test, device, test.count)}, true, test.layout};
  if (test.turned) {
    TensorView& view = args.out.arrays[0];
    const std::size_t h = test.layout == Layout::nchw ? 2 : 1;
    const std::int64_t unit = view.strides[h + 1];
    view.strides[h] = unit;
    view.strides[h + 1] = unit * test.height;
  }
  args.partner = contiguous_view(lists.partner.data(), DType::int64, device, test.count);
  args.weight = contiguous_view(lists.weight.data(), DType::float64, device, test.count);
  args.box = contiguous_view(lists.box.data(), DType::int64, device, test.count, std::int64_t{4});
  return args;
}

int mismatches(const Case& test) {
  const std::int64_t size = test.height * test.width * test.channels;
  auto images = values(test.dtype, image_count * size);
  Lists lists;
  for (std::int64_t i = 0; i < test.count; ++i) {
    lists.partner.push_back(draw(i, 2) % image_count);
    lists.weight.push_back(i % 3 == 0 ? 1.0 : uniform_float(draw(i, 3)));
    const std::int64_t top = draw(i, 4) % (test.height + 1);
    const std::int64_t left = draw(i, 5) % (test.width + 1);
    lists.box.insert(lists.box.end(), {top, left, draw(i, 6) % (test.height - top + 1),
                                       i % 2 ? std::int64_t{0} : draw(i, 7) % (test.width - left + 1)});
  }
  std::vector<unsigned char> out[2];
  for (int gpu = 0; gpu < 2; ++gpu) {
    out[gpu].assign(static_cast<std::size_t>(test.count * size) * item_size(test.dtype), 0xcd);
    const Device device{gpu ? DeviceType::cuda : DeviceType::cpu, 0};
    augment::mix(arguments(test, device, images.data(), out[gpu].data(), lists));
  }
  if (out[0] == out[1]) return 0;
  std::printf("mix differs: (%lld, %lld, %lld) %s\n", static_cast<long long>(test.height),
              static_cast<long long>(test.width), static_cast<long long>(test.channels),
              std::string(name(test.dtype)).c_str());
  return 1;
}

// Refused on a CPU; on a GPU, where they are not read in advance, their results stay as they were.
int bad_partners() {
  const Case test{DType::uint8, Layout::nhwc, 2, 2, 1, 4};
  std::vector<std::uint8_t> images(image_count * 4, 9);
  Lists lists{{0, -1, image_count, 1}, std::vector<double>(4, 0.5), std::vector<std::int64_t>(16, 0)};
  std::vector<std::uint8_t> out(16, 77);
  int differences = 0;
  for (const DeviceType type : {DeviceType::cpu, DeviceType::cuda}) {
    bool refused = false;
    try {
      augment::mix(arguments(test, {type, 0}, images.data(), out.data(), lists));
    } catch (const ValueError&) {
      refused = true;
    }
    differences += refused != (type == DeviceType::cpu);
  }
  for (std::size_t i = 0; i < out.size(); ++i) differences += out[i] != (i < 4 || i >= 12 ? 9 : 77);
  if (differences) std::printf("mix: partners out of range are not left alone\n");
  return differences;
}

// Over the images themselves only on a CPU.
int in_place() {
  const Case test{DType::uint8, Layout::nhwc, 2, 2, 1, image_count};
  std::vector<std::uint8_t> images(image_count * 4, 9);
  Lists lists{std::vector<std::int64_t>(image_count, 1), std::vector<double>(image_count, 0.5),
              std::vector<std::int64_t>(4 * image_count, 0)};
  try {
    augment::mix(arguments(test, {DeviceType::cuda, 0}, images.data(), images.data(), lists));
  } catch (const ValueError&) {
    return 0;
  }
  std::printf("mix: the images themselves are taken for results on a GPU\n");
  return 1;
}

}  // namespace

Tally mix_cases(bool full) {
  Tally tally;
  for (const DType dtype : {DType::uint8, DType::float32, DType::float16, DType::bfloat16, DType::float64}) {
    for (const Layout layout : {Layout::nhwc, Layout::nchw}) {
      for (const std::int64_t channels : {1, 3}) {
        tally.add(mismatches({dtype, layout, 5, 7, channels, full ? image_count : 3}));
        if (full) tally.add(mismatches({dtype, layout, 1, 331, channels, 2}));
      }
    }
    tally.add(mismatches({dtype, Layout::nhwc, 4, 9, 2, 2, true}));
  }
  tally.add(mismatches({DType::float32, Layout::nhwc, 3, 3, 3, 0}));
  tally.add(bad_partners());
  tally.add(in_place());
  return tally;
}
