// SPDX-License-Identifier: Apache-2.0
// Arguments of the loops over rows, after every check; what they share with the search for the likeliest errors.
#pragma once

#include <cstdint>

#include "burnish/quality.hpp"
#include "core/isa.hpp"

namespace burnish::quality {

inline constexpr int tile_rows = 64;
inline constexpr int narrow_classes =
    32;  // up to this many classes a tile is turned, so that a lane has a row to itself
// Rows of up to this many classes are looked at as many at a time as a vector has lanes.
inline constexpr int grouped_classes = 384;
inline constexpr int most_lanes = 16;
inline constexpr double label_advantage = 1e-6;  // by which a label's p may lie below the largest and still agree

// Probabilities of rows, however they are stored.
struct RowJob {
  const void* input = nullptr;
  DType input_dtype = DType::float32;
  DType compute = DType::float32;  // float32 or float64
  InputKind kind = InputKind::probabilities;
  std::int64_t rows = 0;
  std::int64_t classes = 0;
  std::int64_t row_stride = 0;
  std::int64_t class_stride = 1;
  double tolerance = 1e-3;  // of the sum of a row
  const void* labels = nullptr;
  DType label_dtype = DType::int64;
  std::int64_t label_stride = 1;
};

struct SurveyJob {
  RowJob rows;
  const void* cuts = nullptr;  // F
  const double* offsets = nullptr;
  double offset_base = 0;
  double offset_sum = 1;
  bool wants_tops = true;  // more than the p of the label
  double bins_per_nat = 0;
  std::int64_t bins = 0;
  // One entry a row; null where not wanted.
  void* own = nullptr;
  void* other = nullptr;
  void* margin = nullptr;
  std::int32_t* rival = nullptr;
  std::int32_t* guess = nullptr;
  std::uint8_t* agrees = nullptr;
  std::uint8_t* valid = nullptr;
  std::int32_t* bin = nullptr;  // of the histogram: 2 * bin + (margin < 0)
};

struct CollectJob {
  RowJob rows;
  const void* cutoffs = nullptr;   // F (c, c): p_j - p_k above it is of interest, +infinity where nothing is
  const void* diagonal = nullptr;  // F (c,): the same for -p_k
};

struct Candidate {
  double value;
  std::int64_t row;  // of the block
  std::int64_t pair;
};

// Elements of F that the loops need as working memory.
inline std::int64_t workspace_size(std::int64_t classes) {
  return classes <= narrow_classes ? 1 : classes <= grouped_classes ? most_lanes * classes : classes;
}

// Rows first..last, a multiple of tile_rows after the first of the block.
template <Isa isa>
void survey_rows(const SurveyJob& job, std::int64_t first, std::int64_t last, void* workspace);

// Hands the candidates of rows first..last to `take`, by row and then by class.
struct Taker {
  void* object;
  void (*call)(void* object, const Candidate* candidates, int count);
};
template <Isa isa>
void collect_rows(const CollectJob& job, std::int64_t first, std::int64_t last, void* workspace, Taker take);

// Hands the probabilities (F) of those of rows first..last that have some to `take`, with their label.
struct RowTaker {
  void* object;
  void (*call)(void* object, const void* values, std::int64_t label);
};
template <Isa isa>
void hand_rows(const RowJob& job, std::int64_t first, std::int64_t last, void* workspace, RowTaker take);

#define BURNISH_DECLARE_SURVEY(isa)                                                    \
  template <>                                                                          \
  void survey_rows<isa>(const SurveyJob&, std::int64_t, std::int64_t, void*);          \
  template <>                                                                          \
  void collect_rows<isa>(const CollectJob&, std::int64_t, std::int64_t, void*, Taker); \
  template <>                                                                          \
  void hand_rows<isa>(const RowJob&, std::int64_t, std::int64_t, void*, RowTaker);
#if defined(BURNISH_HAS_X86_LEVELS)
BURNISH_DECLARE_SURVEY(Isa::v4)
BURNISH_DECLARE_SURVEY(Isa::v3)
#endif
BURNISH_DECLARE_SURVEY(Isa::v2)
#undef BURNISH_DECLARE_SURVEY

// Checks a block and describes it.
RowJob make_rows(const Block& block);

}  // namespace burnish::quality
