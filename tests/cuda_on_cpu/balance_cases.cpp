// SPDX-License-Identifier: Apache-2.0
// Interpolation in every dtype, with and without rows of their own for neighbors.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "burnish/balance.hpp"
#include "burnish/error.hpp"
#include "core/rng.hpp"
#include "kernel_cases.hpp"

namespace {

using namespace burnish;

struct Case {
  DType dtype;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t count;
  bool with_other = false;
  bool with_scale = false;
};

std::uint32_t draw(std::int64_t i, std::uint32_t what) {
  return philox4x32({{static_cast<std::uint32_t>(i), what, 0, 0}}, {{3, 5}}).word[0];
}

// Finite values of any size, from random bits.
std::vector<unsigned char> values(DType dtype, std::int64_t count, std::uint32_t seed) {
  std::vector<unsigned char> memory(static_cast<std::size_t>(count) * item_size(dtype));
  for (std::int64_t i = 0; i < count; ++i) {
    const auto put = [&](auto value) {
      std::memcpy(memory.data() + static_cast<std::size_t>(i) * sizeof value, &value, sizeof value);
    };
    const std::uint32_t bits = draw(i, seed);
    const float number = (uniform_float(bits) - 0.5F) * 200.0F;
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
      case DType::int64:
        put(static_cast<std::int64_t>(bits) - (std::int64_t{1} << 31));
        break;
      case DType::uint64:
        put(std::uint64_t{bits} << 32 | draw(i, seed + 10));
        break;
      case DType::int32:
      case DType::uint32:
        put(bits);
        break;
      case DType::int16:
      case DType::uint16:
        put(static_cast<std::uint16_t>(bits));
        break;
      default:
        put(static_cast<std::uint8_t>(bits));
    }
  }
  return memory;
}

int mismatches(const Case& test) {
  auto rows = values(test.dtype, test.rows * test.columns, 1);
  auto other = values(test.dtype, (test.rows + 3) * test.columns, 2);
  const auto count = static_cast<std::size_t>(test.count);
  std::vector<std::int64_t> base(count);
  std::vector<std::int64_t> neighbor(count);
  std::vector<double> step(count);
  std::vector<double> scale(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::int64_t>(i);
    base[i] = draw(at, 3) % test.rows;
    neighbor[i] = draw(at, 4) % (test.with_other ? test.rows + 3 : test.rows);
    step[i] = uniform_float(draw(at, 5)) - 0.25;
    scale[i] = uniform_float(draw(at, 6));
  }
  std::vector<std::int32_t> narrow(base.begin(), base.end());
  std::vector<unsigned char> out[2];
  for (int gpu = 0; gpu < 2; ++gpu) {
    const Device device{gpu ? DeviceType::cuda : DeviceType::cpu, 0};
    out[gpu].assign(count * static_cast<std::size_t>(test.columns) * item_size(test.dtype), 0xcd);
    balance::InterpolateArgs args;
    args.rows = contiguous_view(rows.data(), test.dtype, device, test.rows, test.columns);
    if (test.with_other) args.other = contiguous_view(other.data(), test.dtype, device, test.rows + 3, test.columns);
    args.base = test.with_other ? contiguous_view(narrow.data(), DType::int32, device, test.count)
                                : contiguous_view(base.data(), DType::int64, device, test.count);
    args.neighbor = contiguous_view(neighbor.data(), DType::int64, device, test.count);
    args.step = contiguous_view(step.data(), DType::float64, device, test.count);
    if (test.with_scale) args.scale = contiguous_view(scale.data(), DType::float64, device, test.count);
    args.out = contiguous_view(out[gpu].data(), test.dtype, device, test.count, test.columns);
    balance::interpolate(args);
  }
  if (out[0] == out[1]) return 0;
  std::printf("interpolate differs: (%lld, %lld) %s\n", static_cast<long long>(test.rows),
              static_cast<long long>(test.columns), std::string(name(test.dtype)).c_str());
  return 1;
}

// Refused on a CPU; on a GPU, where they are not read in advance, their results stay as they were.
int bad_indices() {
  constexpr std::int64_t columns = 3;
  constexpr std::int64_t largest = 0x7fffffffffffffff;
  std::vector<float> rows(4 * columns, 2.0F);
  std::vector<std::int64_t> base = {0, -1, 3, 4, largest, 1, 2, 0};
  std::vector<std::int64_t> neighbor = {3, 0, -1, 1, 2, -largest - 1, 4, 0};
  const auto count = static_cast<std::int64_t>(base.size());
  std::vector<double> step(base.size(), 0.5);
  std::vector<float> out(base.size() * columns, -1.0F);
  int differences = 0;
  for (const DeviceType type : {DeviceType::cpu, DeviceType::cuda}) {
    const Device device{type, 0};
    balance::InterpolateArgs args;
    args.rows = contiguous_view(rows.data(), DType::float32, device, 4, columns);
    args.base = contiguous_view(base.data(), DType::int64, device, count);
    args.neighbor = contiguous_view(neighbor.data(), DType::int64, device, count);
    args.step = contiguous_view(step.data(), DType::float64, device, count);
    args.out = contiguous_view(out.data(), DType::float32, device, count, columns);
    bool refused = false;
    try {
      balance::interpolate(args);
    } catch (const ValueError&) {
      refused = true;
    }
    differences += refused != (type == DeviceType::cpu);
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t row = i / columns;
    differences += out[i] != (row == 0 || row == base.size() - 1 ? 2.0F : -1.0F);
  }
  if (differences) std::printf("interpolate: indices out of range are not left alone\n");
  return differences;
}

}  // namespace

Tally balance_cases(bool full) {
  Tally tally;
  for (const DType dtype : {DType::float64, DType::float32, DType::float16, DType::int64, DType::int32, DType::int16,
                            DType::int8, DType::uint64, DType::uint32, DType::uint16, DType::uint8}) {
    for (const std::int64_t columns : {1, 7, 64}) {
      for (const bool option : {false, true}) {
        tally.add(mismatches({dtype, 37, columns, full ? 500 : 40, option, option}));
      }
    }
  }
  tally.add(mismatches({DType::float32, 5, 3, 0}));
  tally.add(bad_indices());
  return tally;
}
