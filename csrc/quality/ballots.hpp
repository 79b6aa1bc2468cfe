// SPDX-License-Identifier: Apache-2.0
// The annotators' labels, checked, in one dtype.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "burnish/tensor.hpp"
#include "core/buffer.hpp"

namespace burnish::quality {

inline constexpr std::int32_t no_label = -1;
inline constexpr std::int64_t item_grain =
    1024;  // also what sums of doubles are cut into, so that threads do not matter

struct Ballots {
  std::int64_t items = 0;
  std::int64_t annotators = 0;
  std::int64_t classes = 0;
  Buffer<std::int32_t> labels;      // (items, annotators)
  std::vector<std::int64_t> given;  // of each class, how many labels
  std::int64_t most = 0;            // labels of one item
  const std::int32_t* of(std::int64_t item) const { return labels.data() + item * annotators; }
};

// Classes are as many as the probabilities have, or those that occur.
Ballots read_ballots(std::string_view call, const TensorView& labels, const std::optional<TensorView>& probs);

// A model's probabilities, of which each row is divided by its sum.
class Probabilities {
 public:
  Probabilities(std::string_view call, const TensorView& probs);
  std::int64_t classes() const { return view_.shape[1]; }
  void copy_row(std::int64_t item, double* to) const;

 private:
  TensorView view_;
};

// Counts votes of one item at a time.
class Votes {
 public:
  explicit Votes(const Ballots& ballots) : ballots_(ballots), votes_(static_cast<std::size_t>(ballots.classes)) {}
  // Returns how many labels the item has.
  int count(std::int64_t item);
  int of(std::int32_t label) const { return votes_[static_cast<std::size_t>(label)]; }
  void forget(std::int64_t item);
  // The class with most votes, by the rule of MajorityArgs; between count and forget. `probs` of the item, or null.
  std::int32_t majority(std::int64_t item, const double* probs) const;

 private:
  const Ballots& ballots_;
  std::vector<std::int32_t> votes_;
};

}  // namespace burnish::quality
