// SPDX-License-Identifier: Apache-2.0
// Which labels are wrong: what confident learning (Northcutt et al., JAIR 2021) needs of each row, a block of rows at a
// time, and counts that do not depend on the order of the blocks. CPU only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "burnish/hardness.hpp"
#include "burnish/tensor.hpp"

namespace burnish::quality {

using hardness::InputKind;

// Rows of a probability matrix or of logits. Probabilities are taken as they are if they sum to 1 within a tolerance
// (1e-3; 1e-2 in 16 bits) and are divided by their sum otherwise; a NaN, an infinity, a negative number or a sum of 0
// makes a row invalid.
struct Block {
  std::string_view call = "survey";  // named in messages
  TensorView input;                  // (n, c) float64, float32, float16 or bfloat16
  InputKind kind = InputKind::probabilities;
  TensorView labels;  // (n,) any integer dtype, 0 <= label < c
};

// The dtype of the arithmetic: float64 for float64 input, else float32.
DType compute_dtype(const TensorView& input);

struct Survey {
  Block block;
  std::optional<TensorView> cuts;  // (c,) compute dtype: the model is confident of class k at p_k >= cuts[k]
  // From each p the offset of its class is taken, before anything else but the sum; `offset_base` is added, and the
  // result divided by `offset_sum`.
  std::optional<TensorView> offsets;  // (c,) float64
  double offset_base = 0;
  double offset_sum = 1;

  // Written, (n,) each, contiguous; of an invalid row NaN, -1 and false.
  std::optional<TensorView> own;     // compute dtype: p of the label
  std::optional<TensorView> other;   // compute dtype: largest p of another class; -infinity where there is none
  std::optional<TensorView> margin;  // compute dtype: ln own - ln other
  std::optional<TensorView> rival;   // int32: the first class with that p
  std::optional<TensorView> guess;   // int32: the class of which the model is confident, -1 where of none; needs `cuts`
  std::optional<TensorView> agrees;  // boolean: the label would be the prediction if its p were larger by 1e-6
  std::optional<TensorView> valid;   // boolean

  // Added to, int64, C-contiguous:
  std::optional<TensorView> counts;     // (c,): valid rows by label
  std::optional<TensorView> sums;       // (c, 2): low and high word of 2^60 times the sum of own, by label
  std::optional<TensorView> joint;      // (c, c): by label and guess
  std::optional<TensorView> histogram;  // (bins, 2): valid rows with margin >= 0 and < 0, by ln p(1) - ln p(2)
  double bins_per_nat = 0;
};
// Throws TypeError or ValueError before it writes or adds anything.
void survey(const Survey& args);

// For each pair of classes (k, j) the wanted[k, j] rows labeled k with the largest p_j - p_k or, for j = k, with the
// smallest p_k; ties go to the lowest row. Memory grows with the number of rows wanted, not of those seen.
class Selection {
 public:
  // Both (c, c) int64. `at_least` says of how many rows labeled k it is known that p_j beats p_k (see count_beaten) or,
  // for j = k, that p_k < 0.5: where as many are wanted, no other row is taken.
  Selection(const TensorView& wanted, const TensorView& at_least);
  ~Selection();
  Selection(Selection&&) noexcept;

  // Blocks in ascending order; `numbers` (n,) int64 are those of its rows in the whole, ascending too.
  void update(const Block& block, const TensorView& numbers);

  struct Found {
    std::vector<std::int64_t> rows;
    std::vector<std::int64_t> pairs;  // k * c + j
    std::vector<double> values;       // p_j - p_k or -p_k
  };
  Found found();  // by pair, in no order within it

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Adds to `beaten` (c, c) int64, by label k and class j, the rows with p_j - p_k above 2e-6: more than rows can have
// that agree with their label.
void count_beaten(const Block& block, const TensorView& beaten);

}  // namespace burnish::quality
