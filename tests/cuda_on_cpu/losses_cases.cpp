// SPDX-License-Identifier: Apache-2.0
// Focal losses of ordinary and odd rows, of every dtype and layout: losses, gradients, totals and the way back.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "burnish/losses.hpp"
#include "core/rng.hpp"
#include "kernel_cases.hpp"

namespace {

using namespace burnish;
using losses::Reduction;

enum class Layout : std::uint8_t { rows, planes, channels_last };

struct Case {
  std::int64_t batches;
  std::int64_t classes;  // 0: sigmoid
  std::int64_t inner = 1;
  DType dtype = DType::float32;
  Layout layout = Layout::rows;
  bool soft = false;
  double gamma = 2.0;
  double smoothing = 0.0;
  bool weighted = false;
  Reduction reduction = Reduction::mean;
};

float draw(std::int64_t row, std::int64_t c, std::uint32_t key) {
  const PhiloxCounter bits =
      philox4x32({{static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(c), 0, 0}}, {{key, 26}});
  return uniform_float(bits.word[0]);
}

float logit_at(std::int64_t row, std::int64_t c) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const float u = draw(row, c, 1);
  switch (row % 11) {
    case 1:
      return std::round(u * 3);
    case 3:
      return (c + row) % 3 ? -infinity : u;
    case 5:
      return c == row % 4 ? std::numeric_limits<float>::quiet_NaN() : u;
    case 7:
      return c % 5 == row % 5 ? infinity : u;
    case 9:
      return (u - 0.5f) * 2e4f;
    default:
      return u * 16 - 8;
  }
}

void store(std::vector<unsigned char>& memory, std::int64_t i, DType dtype, float value) {
  const auto put = [&](auto stored) {
    std::memcpy(memory.data() + static_cast<std::size_t>(i) * sizeof stored, &stored, sizeof stored);
  };
  switch (dtype) {
    case DType::float64:
      return put(static_cast<double>(value) * (1 + 1e-9));
    case DType::float16:
      return put(__builtin_bit_cast(std::uint16_t, static_cast<_Float16>(value)));
    case DType::bfloat16:
      return put(static_cast<std::uint16_t>(__builtin_bit_cast(std::uint32_t, value) >> 16));
    default:
      return put(value);
  }
}

bool is_nan(const unsigned char* value, DType dtype) {
  const auto read = [&](auto x) {
    std::memcpy(&x, value, sizeof x);
    return x;
  };
  switch (dtype) {
    case DType::float64:
      return std::isnan(read(0.0));
    case DType::float32:
      return std::isnan(read(0.0f));
    case DType::float16:
      return (read(std::uint16_t{}) & 0x7fff) > 0x7c00;
    default:
      return (read(std::uint16_t{}) & 0x7fff) > 0x7f80;
  }
}

// NaN equals NaN whatever its payload.
int count_different(const char* what, const Case& test, const std::vector<unsigned char>& a,
                    const std::vector<unsigned char>& b, DType dtype) {
  int wrong = 0;
  const std::size_t size = item_size(dtype);
  for (std::size_t at = 0; at < a.size(); at += size) {
    if (std::memcmp(&a[at], &b[at], size) == 0 || (is_nan(&a[at], dtype) && is_nan(&b[at], dtype))) continue;
    if (++wrong == 1) {
      std::printf("%s differs at %zu of (%lld, %lld, %lld) %s, gamma %g, smoothing %g\n", what, at / size,
                  static_cast<long long>(test.batches), static_cast<long long>(test.classes),
                  static_cast<long long>(test.inner), std::string(name(test.dtype)).c_str(), test.gamma,
                  test.smoothing);
    }
  }
  return wrong;
}

struct Results {
  std::vector<unsigned char> losses, gradient, totals, partials, back;
};

TensorView in_layout(const Case& test, void* data, DType dtype, Device device) {
  TensorView view = contiguous_view(data, dtype, device, test.batches, test.classes, test.inner);
  if (test.layout == Layout::channels_last) view.strides = {test.classes * test.inner, 1, test.classes};
  return view;
}

std::int64_t place_of(const Case& test, std::int64_t batch, std::int64_t c, std::int64_t i) {
  if (test.layout == Layout::channels_last) return (batch * test.inner + i) * test.classes + c;
  return (batch * test.classes + c) * test.inner + i;
}

int mismatches(const Case& test) {
  const DType compute = test.dtype == DType::float64 ? DType::float64 : DType::float32;
  const bool sigmoid = test.classes == 0;
  const std::int64_t rows = test.batches * test.inner;
  const std::int64_t classes = sigmoid ? 1 : test.classes;
  const auto bytes = [](std::int64_t count, DType dtype) { return static_cast<std::size_t>(count) * item_size(dtype); };
  std::vector<unsigned char> logits(bytes(rows * classes, test.dtype));
  std::vector<unsigned char> soft(bytes(rows * classes, DType::float32));
  std::vector<std::int64_t> labels(static_cast<std::size_t>(rows));
  for (std::int64_t batch = 0; batch < test.batches; ++batch) {
    for (std::int64_t i = 0; i < test.inner; ++i) {
      const std::int64_t row = batch * test.inner + i;
      labels[static_cast<std::size_t>(row)] = row % 6 == 4 ? -100 : (row * 7 + row / 11) % (sigmoid ? 2 : classes);
      for (std::int64_t c = 0; c < classes; ++c) {
        const std::int64_t place = sigmoid ? row : place_of(test, batch, c, i);
        store(logits, place, test.dtype, sigmoid ? logit_at(row, row % 7) : logit_at(row, c));
        const float target = row % 5 == 2 ? static_cast<float>(c == row % classes) : draw(row, c, 2);
        store(soft, place, DType::float32, sigmoid && row % 6 == 4 ? -100.0f : target);
      }
    }
  }
  std::vector<unsigned char> weight(bytes(classes, compute));
  std::vector<unsigned char> offset(bytes(classes, compute));
  for (std::int64_t c = 0; c < classes; ++c) {
    store(weight, c, compute, c % 4 == 3 ? 0.0f : 0.5f + draw(c, 0, 3));
    store(offset, c, compute, -3 * draw(c, 0, 4));
  }
  const std::int64_t partial_count = rows / losses::rows_per_partial + 1;
  Results results[2];
  for (int gpu = 0; gpu < 2; ++gpu) {
    const Device device{gpu ? DeviceType::cuda : DeviceType::cpu, 0};
    Results& found = results[gpu];
    found.losses.assign(bytes(rows, compute), 0xcd);
    found.gradient.assign(logits.size(), 0xcd);
    found.back.assign(logits.size(), 0xcd);
    found.totals.assign(bytes(2, DType::float64), 0xcd);
    found.partials.assign(bytes(partial_count, DType::float64), 0xcd);
    losses::FocalOptions options;
    options.gamma = test.gamma;
    options.alpha = 1.5;
    options.label_smoothing = test.smoothing;
    options.reduction = test.reduction;
    options.defers_mean = test.dtype == DType::float16;
    options.gradient_scale = options.defers_mean ? 256 : 1;
    options.totals = contiguous_view(found.totals.data(), DType::float64, device, 2);
    options.partials = contiguous_view(found.partials.data(), DType::float64, device,
                                       (rows + losses::rows_per_partial - 1) / losses::rows_per_partial + (rows == 0));
    const TensorView loss_view = contiguous_view(found.losses.data(), compute, device, rows);
    const bool by_row = test.reduction == Reduction::none;
    if (sigmoid) {
      losses::SigmoidArgs args{options, contiguous_view(logits.data(), test.dtype, device, rows), {}, 0.25, 0.75, {},
                               {}};
      args.targets = test.soft ? contiguous_view(soft.data(), DType::float32, device, rows)
                               : contiguous_view(labels.data(), DType::int64, device, rows);
      if (by_row) args.losses = loss_view;
      args.gradient = contiguous_view(found.gradient.data(), test.dtype, device, rows);
      losses::focal_loss(args);
    } else {
      losses::SoftmaxArgs args{options, in_layout(test, logits.data(), test.dtype, device), {}, {}, {}, loss_view, {}};
      args.targets = test.soft ? in_layout(test, soft.data(), DType::float32, device)
                               : contiguous_view(labels.data(), DType::int64, device, test.batches, test.inner);
      if (test.weighted) args.weight = contiguous_view(weight.data(), compute, device, classes);
      if (test.weighted) args.offset = contiguous_view(offset.data(), compute, device, classes);
      args.gradient = in_layout(test, found.gradient.data(), test.dtype, device);
      losses::focal_loss(args);
    }
    // The same memory order as the gradient's, whatever its layout.
    const bool rows_first = test.layout == Layout::channels_last;
    const auto lines = [&](std::vector<unsigned char>& memory) {
      return rows_first ? contiguous_view(memory.data(), test.dtype, device, rows, classes, 1)
                        : contiguous_view(memory.data(), test.dtype, device, test.batches, classes, test.inner);
    };
    const std::int64_t factors = by_row ? rows : 1;
    std::vector<float> factor(static_cast<std::size_t>(factors > 0 ? factors : 1), 3.0f);
    for (std::size_t i = 0; by_row && i < factor.size(); ++i) factor[i] = 0.3f * static_cast<float>(i % 13);
    losses::ScaleArgs back{lines(found.gradient),      contiguous_view(factor.data(), DType::float32, device, factors),
                           1 / options.gradient_scale, {},
                           lines(found.back),          nullptr};
    if (options.defers_mean) back.divisor = contiguous_view(found.totals.data() + 8, DType::float64, device, 1);
    losses::scale(back);
  }
  int wrong = count_different("gradient", test, results[0].gradient, results[1].gradient, test.dtype);
  wrong += count_different("scaled gradient", test, results[0].back, results[1].back, test.dtype);
  if (!sigmoid || test.reduction == Reduction::none) {
    wrong += count_different("loss", test, results[0].losses, results[1].losses, compute);
  }
  if (test.reduction != Reduction::none) {
    wrong += count_different("total", test, results[0].totals, results[1].totals, DType::float64);
  }
  return wrong;
}

std::vector<Case> cases(bool full) {
  std::vector<Case> list;
  for (const int classes : {1, 3, 10, 32, 33, 100, 1024, 1025}) list.push_back({classes > 100 ? 11 : 37, classes});
  list.push_back({0, 10});
  list.push_back({3, 5, 700, DType::float32, Layout::planes});
  list.push_back({2, 40, 31, DType::float32, Layout::planes, false, 0.5, 0.1, true});
  list.push_back({2, 40, 31, DType::float16, Layout::channels_last, false, 1.0, 0.0, true});
  list.push_back({37, 10, 1, DType::float64, Layout::rows, true, 0.5});
  list.push_back({37, 50, 1, DType::bfloat16, Layout::rows, true, 3.0, 0.1, true, Reduction::none});
  list.push_back({2500, 0});
  list.push_back({0, 0});
  list.push_back({77, 0, 1, DType::float16, Layout::rows, true, 0.3, 0.1, false, Reduction::none});
  if (!full) return list;
  for (const DType dtype : {DType::float64, DType::float32, DType::float16, DType::bfloat16}) {
    for (const double gamma : {0.0, 0.5, 1.0, 2.0}) {
      for (const bool soft : {false, true}) {
        for (const Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
          const double smoothing = gamma == 1.0 ? 0.2 : 0.0;
          list.push_back({1100, 0, 1, dtype, Layout::rows, soft, gamma, smoothing, false, reduction});
          list.push_back({41, 7, 1, dtype, Layout::rows, soft, gamma, smoothing, true, reduction});
          list.push_back({13, 70, 1, dtype, Layout::rows, soft, gamma, smoothing, false, reduction});
          list.push_back({2, 9, 17, dtype, Layout::planes, soft, gamma, smoothing, true, reduction});
          list.push_back({2, 45, 6, dtype, Layout::channels_last, soft, gamma, smoothing, true, reduction});
        }
      }
    }
  }
  return list;
}

}  // namespace

Tally losses_cases(bool full) {
  Tally tally;
  for (const Case& test : cases(full)) tally.add(mismatches(test));
  return tally;
}
