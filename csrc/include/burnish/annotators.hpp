// SPDX-License-Identifier: Apache-2.0
// One label of several annotators' labels, by their votes alone or together with a model's probabilities.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "burnish/tensor.hpp"

namespace burnish::quality {

// Labels: (n, a), any integer dtype or float32, float64 with whole numbers, from 0; -1 or NaN where an annotator gave
// none. Probabilities: (n, c) float32 or float64, rows divided by their sum. CPU only.

// The class with most votes. Of equally many the one that the model finds likeliest (with probabilities), then the one
// that all annotators together gave most often, then the lowest. Without any vote -1.
struct MajorityArgs {
  std::string_view call = "majority";
  TensorView labels;
  std::optional<TensorView> probs;
  TensorView out;  // (n,) int64
};
void majority(const MajorityArgs& args);

// CROWDLAB (Goh, Tkachenko, Mueller, arXiv 2210.06812): annotators and model are weighed by how often they agree.
struct ConsensusArgs {
  std::string_view call = "consensus";
  TensorView labels;
  TensorView probs;
  TensorView consensus;        // out: (n,) int64
  TensorView quality;          // out: (n,) float64, probability that the consensus label is right
  TensorView agreement;        // out: (n,) float64, share of the item's annotators who gave it; NaN without any
  TensorView counts;           // out: (n,) int64, of annotators
  TensorView annotator_stats;  // out: (a, 3) float64: quality, weight, agreement with the consensus; NaN without labels
};
// Returns the model's weight.
double consensus(const ConsensusArgs& args);

}  // namespace burnish::quality
