// SPDX-License-Identifier: Apache-2.0
// What a training showed of each sample: running moments of its margin, probability and error, and one bit an epoch for
// whether it was seen and whether it was right.
#pragma once

#include <cstdint>
#include <string_view>

#include "burnish/tensor.hpp"

namespace burnish::quality {

// Of each sample: times seen; sum of logit margins; mean of the label's probability, sum of squares about that mean
// (Welford 1962); sum of EL2N.
inline constexpr int moment_count = 5;
inline constexpr int epochs_in_word = 64;

struct Dynamics {
  TensorView moments;  // (samples, moment_count) float64, updated in place
  TensorView bits;     // (samples, 2) uint64, updated in place: seen and right, a bit for each of 64 epochs
};

// Adds a batch of one epoch. A sample that this epoch has shown before is left as it is, also within the batch.
struct RecordArgs {
  std::string_view call = "update";  // named in messages
  TensorView ids;                    // (n,) any integer dtype, 0 <= id < samples
  TensorView margin;                 // (n,) logit_margin, cross_entropy and el2n of burnish/hardness.hpp, all float32
  TensorView cross_entropy;          // or all float64; CPU
  TensorView el2n;
  TensorView correct;  // (n,) boolean
  Dynamics dynamics;
  int bit = 0;  // of the epoch
};

// Throws before anything has changed. Returns how many rows had no distribution (NaN) and were left out.
std::int64_t record(const RecordArgs& args);

struct RecordLogitsArgs {
  std::string_view call = "update";
  TensorView ids;
  TensorView logits;  // (n, c) on a CPU
  TensorView labels;  // (n,) any integer dtype, 0 <= label < c
  Dynamics dynamics;
  int bit = 0;
};
std::int64_t record_logits(const RecordLogitsArgs& args);

}  // namespace burnish::quality
