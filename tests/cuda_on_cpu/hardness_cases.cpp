// SPDX-License-Identifier: Apache-2.0
// Scores of ordinary and odd rows, of every dtype and kind of input.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "burnish/hardness.hpp"
#include "core/rng.hpp"
#include "kernel_cases.hpp"

namespace {

using namespace burnish;
using hardness::InputKind;
using hardness::Score;

constexpr std::size_t slots = hardness::score_count;

struct Case {
  std::int64_t rows;
  std::int64_t classes;
  DType dtype = DType::float32;
  InputKind kind = InputKind::logits;
  bool with_labels = true;
  bool fortran = false;
  double temperature = 1.0;
  DType floating = DType::float32;
  bool without_entropy = false;  // scores of the cheapest level alone
};

float draw(std::uint32_t row, std::uint32_t c) {
  const PhiloxCounter bits = philox4x32({{row, c, 0, 0}}, {{20, 26}});
  return uniform_float(bits.word[0]) + uniform_float(bits.word[1]);
}

// Ordinary rows, and every twelfth kind of odd one.
float value_at(const Case& test, std::int64_t row, std::int64_t c) {
  const float u = draw(static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(c));
  if (test.kind == InputKind::probabilities) {
    if (row % 12 == 3) return c == row % test.classes ? 1.0f : 0.0f;
    if (row % 12 == 5) return c == 0 ? -0.25f : u;
    return row % 12 == 7 ? 0.0f : u;
  }
  constexpr float infinity = std::numeric_limits<float>::infinity();
  switch (row % 12) {
    case 1:
      return std::round(u * 4);  // many ties
    case 3:
      return (c + row) % 3 ? -infinity : u;
    case 5:
      return c == test.classes / 2 ? std::numeric_limits<float>::quiet_NaN() : u;
    case 7:
      return -infinity;
    case 9:
      return c == test.classes - 1 ? infinity : u;
    case 11:
      return (u - 1) * 6e4f;
    default:
      return u * 12 - 6;
  }
}

std::uint16_t to_half(float value) { return __builtin_bit_cast(std::uint16_t, static_cast<_Float16>(value)); }

void store(std::vector<unsigned char>& memory, std::size_t i, DType dtype, float value) {
  const auto put = [&](auto stored) { std::memcpy(memory.data() + i * sizeof stored, &stored, sizeof stored); };
  switch (dtype) {
    case DType::float64:
      return put(static_cast<double>(value) + 1e-9);
    case DType::float16:
      return put(to_half(value));
    case DType::bfloat16:
      return put(static_cast<std::uint16_t>(__builtin_bit_cast(std::uint32_t, value) >> 16));
    default:
      return put(value);
  }
}

bool wanted(const Case& test, Score score) {
  if (test.kind == InputKind::sigmoid_logits) return score <= Score::normalized_entropy;
  if (test.without_entropy) {
    return score == Score::self_confidence || score == Score::normalized_margin || score == Score::predictions;
  }
  if (test.kind == InputKind::probabilities && score == Score::energy) return false;
  return test.with_labels || !hardness::needs_labels(score);
}

DType dtype_of(const Case& test, Score score) {
  if (score == Score::correct) return DType::boolean;
  return score == Score::predictions || score == Score::rank_of_label ? DType::int64 : test.floating;
}

// NaN equals NaN whatever its payload.
bool same(const unsigned char* a, const unsigned char* b, DType dtype) {
  if (std::memcmp(a, b, item_size(dtype)) == 0) return true;
  const auto both_nan = [&](auto x, auto y) {
    std::memcpy(&x, a, sizeof x);
    std::memcpy(&y, b, sizeof y);
    return x != x && y != y;
  };
  if (dtype == DType::float32) return both_nan(0.0f, 0.0f);
  return dtype == DType::float64 && both_nan(0.0, 0.0);
}

int mismatches(const Case& test) {
  std::vector<unsigned char> input(static_cast<std::size_t>(test.rows * test.classes) * item_size(test.dtype));
  std::vector<std::int32_t> labels(static_cast<std::size_t>(test.rows));
  for (std::int64_t row = 0; row < test.rows; ++row) {
    labels[static_cast<std::size_t>(row)] = static_cast<std::int32_t>((row * 7 + row / 12) % test.classes);
    for (std::int64_t c = 0; c < test.classes; ++c) {
      const auto place = test.fortran ? c * test.rows + row : row * test.classes + c;
      store(input, static_cast<std::size_t>(place), test.dtype, value_at(test, row, c));
    }
  }
  std::vector<unsigned char> output[2][slots];
  for (int gpu = 0; gpu < 2; ++gpu) {
    const Device device{gpu ? DeviceType::cuda : DeviceType::cpu, 0};
    hardness::ScoreArgs args;
    args.input = contiguous_view(input.data(), test.dtype, device, test.rows, test.classes);
    if (test.fortran) args.input.strides = {1, test.rows};
    args.kind = test.kind;
    if (test.with_labels) args.labels = contiguous_view(labels.data(), DType::int32, device, test.rows);
    args.temperature = test.temperature;
    for (std::size_t i = 0; i < slots; ++i) {
      const auto score = static_cast<Score>(i);
      if (!wanted(test, score)) continue;
      output[gpu][i].assign(static_cast<std::size_t>(test.rows) * item_size(dtype_of(test, score)), 0xcd);
      args.outputs[i] = contiguous_view(output[gpu][i].data(), dtype_of(test, score), device, test.rows);
    }
    hardness::scores(args);
  }
  int wrong = 0;
  for (std::size_t i = 0; i < slots; ++i) {
    const DType dtype = dtype_of(test, static_cast<Score>(i));
    for (std::size_t at = 0; at < output[0][i].size(); at += item_size(dtype)) {
      if (same(output[0][i].data() + at, output[1][i].data() + at, dtype)) continue;
      if (++wrong == 1) {
        std::printf("%s differs in row %zu of (%lld, %lld) %s\n", std::string(name(static_cast<Score>(i))).c_str(),
                    at / item_size(dtype), static_cast<long long>(test.rows), static_cast<long long>(test.classes),
                    std::string(name(test.dtype)).c_str());
      }
    }
  }
  return wrong;
}

std::vector<Case> cases(bool full) {
  std::vector<Case> list;
  const auto small_sizes = {1, 2, 3, 10, 31, 32};
  for (const int classes : small_sizes) list.push_back({131, classes});
  for (const int classes : {33, 64, 100, 1023, 1024, 1025, 2500}) list.push_back({13, classes});
  list.push_back({3, 4097});
  list.push_back({2, 9000});  // more chunks than the block has warps
  list.push_back({0, 10});
  list.push_back({13, 10, DType::float16});
  list.push_back({13, 100, DType::bfloat16});
  list.push_back({13, 10, DType::float64, InputKind::logits, true, false, 1.0, DType::float64});
  list.push_back({13, 100, DType::float32, InputKind::probabilities});
  list.push_back({13, 10, DType::float32, InputKind::sigmoid_logits, false});
  for (const InputKind kind : {InputKind::logits, InputKind::probabilities}) {
    for (const int classes : {10, 100, 1500}) {
      list.push_back({37, classes, DType::float32, kind, true, false, 1.0, DType::float32, true});
    }
  }
  if (!full) return list;
  for (const DType dtype : {DType::float64, DType::float32, DType::float16, DType::bfloat16}) {
    for (const InputKind kind : {InputKind::logits, InputKind::probabilities, InputKind::sigmoid_logits}) {
      for (const DType floating : {DType::float32, DType::float64}) {
        for (const int classes : {7, 32, 70, 1500, 5000}) {
          const bool labels = kind != InputKind::sigmoid_logits;
          list.push_back({classes > 1000 ? 3 : 37, classes, dtype, kind, labels, false, 1.0, floating});
          list.push_back({classes > 1000 ? 3 : 37, classes, dtype, kind, false, true, 1.0, floating});
        }
      }
    }
  }
  for (const int classes : {10, 100}) {
    list.push_back({37, classes, DType::float32, InputKind::logits, true, true, 0.7});
    list.push_back({3000, classes});  // several rows to a warp
  }
  return list;
}

}  // namespace

Tally hardness_cases(bool full) {
  Tally tally;
  for (const Case& test : cases(full)) tally.add(mismatches(test));
  return tally;
}
