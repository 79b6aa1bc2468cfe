// SPDX-License-Identifier: Apache-2.0
// The arguments of one call of burnish::hardness::scores after every check, as the CPU loops and the kernels take them.
#pragma once

#include <array>
#include <cstdint>

#include "burnish/hardness.hpp"
#include "core/isa.hpp"

namespace burnish::hardness {

// The statistics a call needs; each level costs more than the one before.
enum class Level : std::uint8_t {
  total,   // the sum alone; of probabilities not even the largest
  shares,  // the two largest classes and the sum: no logarithm of each probability
  sums,    // entropy and what follows from it, without the second largest class
  tops,    // both
  labels,  // and those that compare the given label with every other class
};
constexpr bool has_tops(Level level) { return level != Level::total && level != Level::sums; }
constexpr bool has_entropy(Level level) { return level >= Level::sums; }
constexpr bool has_largest(InputKind kind, Level level) {
  return kind == InputKind::logits || (kind == InputKind::probabilities && level != Level::total);
}

struct ScoreJob {
  const void* input = nullptr;
  DType input_dtype = DType::float32;
  std::int64_t rows = 0;
  std::int64_t classes = 0;
  std::int64_t row_stride = 0;
  std::int64_t class_stride = 1;
  const void* labels = nullptr;
  DType label_dtype = DType::int64;
  std::int64_t label_stride = 1;
  bool labels_may_be_missing = false;

  InputKind kind = InputKind::logits;
  Level level = Level::sums;
  DType compute = DType::float32;  // float32 or float64
  double temperature = 1.0;
  double inverse_log_classes = 0.0;  // 0 for a single class

  std::array<void*, score_count> output{};  // null where not asked for
  std::array<std::int64_t, score_count> output_stride{};
  bool streams_output = false;  // the results are too large to be found in a cache afterwards
};

// Calls f.operator()<kind, level>() with those of the job. Heads of their own have no tops and no labels.
template <class F>
void visit_kind_and_level(const ScoreJob& job, const F& f) {
  const auto with_level = [&]<InputKind kind>() {
    switch (job.level) {
      case Level::total:
        return f.template operator()<kind, Level::total>();
      case Level::shares:
        return f.template operator()<kind, Level::shares>();
      case Level::sums:
        return f.template operator()<kind, Level::sums>();
      case Level::tops:
        return f.template operator()<kind, Level::tops>();
      case Level::labels:
        return f.template operator()<kind, Level::labels>();
    }
  };
  switch (job.kind) {
    case InputKind::logits:
      return with_level.template operator()<InputKind::logits>();
    case InputKind::probabilities:
      return with_level.template operator()<InputKind::probabilities>();
    case InputKind::sigmoid_logits:
      return f.template operator()<InputKind::sigmoid_logits, Level::sums>();
  }
}

// Rows first..last. Needs no check and throws nothing.
template <Isa isa>
void score_rows(const ScoreJob& job, std::int64_t first, std::int64_t last);
#if defined(BURNISH_HAS_X86_LEVELS)
template <>
void score_rows<Isa::v4>(const ScoreJob& job, std::int64_t first, std::int64_t last);
template <>
void score_rows<Isa::v3>(const ScoreJob& job, std::int64_t first, std::int64_t last);
#endif
template <>
void score_rows<Isa::v2>(const ScoreJob& job, std::int64_t first, std::int64_t last);

// Launches on `stream` and returns at once.
void score_rows_cuda(const ScoreJob& job, int device, void* stream);

}  // namespace burnish::hardness
