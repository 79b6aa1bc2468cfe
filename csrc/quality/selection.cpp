// SPDX-License-Identifier: Apache-2.0
// The rows of each pair of classes with the largest differences. A row is looked at closely only if it beats the worst
// of those kept; up to twice as many as are wanted are kept, then the worse half is dropped.
#include <algorithm>
#include <limits>
#include <mutex>
#include <vector>

#include "core/buffer.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "core/visit.hpp"
#include "quality/survey.hpp"

namespace burnish::quality {
namespace {

struct Kept {
  double value;
  std::int64_t row;
};

bool comes_first(const Kept& a, const Kept& b) { return a.value > b.value || (a.value == b.value && a.row < b.row); }

struct Pair {
  std::int64_t pair;
  std::int64_t wanted;
  double floor;   // what is wanted lies above
  double cutoff;  // what is of interest lies above
  std::vector<Kept> kept;
};

// A row that agrees has no p_j - p_k above it, rounding included.
constexpr double beyond_agreement = 2 * label_advantage;
constexpr std::int64_t slack = 8;
constexpr std::int64_t first_round_candidates = 1 << 16;
constexpr std::int64_t largest_round = 1 << 16;

using Candidates = std::vector<std::vector<Candidate>>;  // of each piece

std::int64_t rows_per_piece(std::int64_t classes) {
  return std::max<std::int64_t>(1, 100'000 / (classes + 10) / tile_rows) * tile_rows;
}

// Finds the candidates among rows from `start` on; the memory of `found` is used again.
void find_candidates(const CollectJob& job, std::int64_t start, std::int64_t count, Candidates& found) {
  const std::int64_t classes = job.rows.classes;
  const std::int64_t piece = rows_per_piece(classes);
  found.resize(std::max(found.size(), static_cast<std::size_t>((count + piece - 1) / piece)));
  for (auto& of_piece : found) of_piece.clear();
  with_isa([&]<Isa isa>() {
    parallel_for(count, piece, [&](std::int64_t first, std::int64_t last) {
      auto& mine = found[static_cast<std::size_t>(first / piece)];
      Buffer<double> workspace(static_cast<std::size_t>(workspace_size(classes)));
      const Taker take{&mine, [](void* object, const Candidate* candidates, int count) {
                         auto& all = *static_cast<std::vector<Candidate>*>(object);
                         all.insert(all.end(), candidates, candidates + count);
                       }};
      collect_rows<isa>(job, start + first, start + last, workspace.data(), take);
    });
  });
}

}  // namespace

struct Selection::State {
  std::int64_t classes = 0;
  std::vector<Pair> pairs;
  std::vector<std::int32_t> slots;  // (c, c): place in `pairs`, -1 where nothing is wanted
  std::vector<float> cutoffs32, diagonal32;
  std::vector<double> cutoffs64, diagonal64;
  std::int64_t round = 0;  // rows until the next time that cutoffs are raised
  double most_pairs = 0;   // of a class
  Candidates found;        // of the last round

  template <class F>
  std::vector<F>& cutoffs() {
    if constexpr (sizeof(F) == 4) {
      return cutoffs32;
    } else {
      return cutoffs64;
    }
  }
  template <class F>
  std::vector<F>& diagonal() {
    if constexpr (sizeof(F) == 4) {
      return diagonal32;
    } else {
      return diagonal64;
    }
  }

  template <class F>
  void make_cutoffs() {
    if (!diagonal<F>().empty()) return;
    constexpr F never = std::numeric_limits<F>::infinity();
    cutoffs<F>().assign(slots.size(), never);
    diagonal<F>().assign(static_cast<std::size_t>(classes), never);
    for (Pair& pair : pairs) raise_cutoff<F>(pair);
  }

  template <class F>
  void raise_cutoff(Pair& pair) {
    pair.cutoff = pair.floor;
    if (static_cast<std::int64_t>(pair.kept.size()) >= pair.wanted) {
      pair.cutoff = std::max_element(pair.kept.begin(), pair.kept.end(), comes_first)->value;
    }
    const std::int64_t label = pair.pair / classes;
    const bool of_class = label == pair.pair % classes;
    (of_class ? diagonal<F>()[static_cast<std::size_t>(label)] : cutoffs<F>()[static_cast<std::size_t>(pair.pair)]) =
        static_cast<F>(pair.cutoff);
  }

  static void drop_the_rest(Pair& pair) {
    const auto end = pair.kept.begin() + pair.wanted;
    if (pair.kept.end() <= end) return;
    std::nth_element(pair.kept.begin(), end - 1, pair.kept.end(), comes_first);
    pair.kept.erase(end, pair.kept.end());
  }

  template <class F>
  void keep(const Candidate& candidate, const std::int64_t* numbers) {
    Pair& pair = pairs[static_cast<std::size_t>(slots[static_cast<std::size_t>(candidate.pair)])];
    if (!(candidate.value > pair.cutoff)) return;
    pair.kept.push_back({candidate.value, numbers[candidate.row]});
    const auto size = static_cast<std::int64_t>(pair.kept.size());
    if (size == pair.wanted || size >= 2 * pair.wanted + slack) {
      drop_the_rest(pair);
      raise_cutoff<F>(pair);
    }
  }

  template <class F>
  void collect(const RowJob& rows, const std::int64_t* numbers) {
    make_cutoffs<F>();
    const CollectJob job{rows, cutoffs<F>().data(), diagonal<F>().data()};
    for (std::int64_t start = 0; start < rows.rows;) {
      if (round == 0) {
        round = std::max<std::int64_t>(
            tile_rows, static_cast<std::int64_t>(static_cast<double>(first_round_candidates) / (most_pairs + 1)));
      }
      const std::int64_t count = std::min(round, rows.rows - start);
      find_candidates(job, start, count, found);
      for (const auto& of_piece : found) {
        for (const Candidate& candidate : of_piece) keep<F>(candidate, numbers);
      }
      start += count;
      round = std::min(2 * round, std::max(largest_round, std::int64_t{tile_rows}));
    }
  }
};

Selection::Selection(const TensorView& wanted, const TensorView& at_least) : state_(std::make_unique<State>()) {
  constexpr std::string_view call = "Selection";
  check_dtype(call, "wanted", wanted, {DType::int64});
  check_device(call, "wanted", wanted, Device{});
  check(wanted.ndim == 2 && wanted.shape[0] == wanted.shape[1], call, ": 'wanted' has shape ", ShapeOf{wanted},
        "; accepted: (C, C)");
  check_dtype(call, "at_least", at_least, {DType::int64});
  check_device(call, "at_least", at_least, Device{});
  check(at_least.ndim == 2 && at_least.shape == wanted.shape, call, ": 'at_least' has shape ", ShapeOf{at_least},
        "; accepted: ", ShapeOf{wanted});
  State& state = *state_;
  const std::int64_t classes = state.classes = wanted.shape[0];
  const auto* known = static_cast<const std::int64_t*>(at_least.data);
  state.slots.assign(static_cast<std::size_t>(classes * classes), -1);
  const auto* counts = static_cast<const std::int64_t*>(wanted.data);
  for (std::int64_t k = 0; k < classes; ++k) {
    std::int64_t of_class = 0;
    for (std::int64_t j = 0; j < classes; ++j) {
      const std::int64_t count = counts[k * wanted.strides[0] + j * wanted.strides[1]];
      if (count <= 0) continue;
      ++of_class;
      state.slots[static_cast<std::size_t>(k * classes + j)] = static_cast<std::int32_t>(state.pairs.size());
      const bool enough = known[k * at_least.strides[0] + j * at_least.strides[1]] >= count;
      const double floor = j == k ? -0.5 : beyond_agreement;
      state.pairs.push_back({k * classes + j, count, enough ? floor : -std::numeric_limits<double>::infinity(), 0, {}});
    }
    state.most_pairs = std::max(state.most_pairs, static_cast<double>(of_class));
  }
}

Selection::~Selection() = default;
Selection::Selection(Selection&&) noexcept = default;

void Selection::update(const Block& block, const TensorView& numbers) {
  State& state = *state_;
  const RowJob rows = make_rows(block);
  check(rows.classes == state.classes, block.call, ": ", rows.classes, " classes given; accepted: ", state.classes);
  check_dtype(block.call, "numbers", numbers, {DType::int64});
  check_device(block.call, "numbers", numbers, Device{});
  check(numbers.ndim == 1 && numbers.shape[0] == rows.rows && (numbers.strides[0] == 1 || rows.rows <= 1), block.call,
        ": 'numbers' has shape ", ShapeOf{numbers}, "; accepted: (", rows.rows, ",), contiguous");
  const auto* of_rows = static_cast<const std::int64_t*>(numbers.data);
  if (rows.compute == DType::float64) {
    state.collect<double>(rows, of_rows);
  } else {
    state.collect<float>(rows, of_rows);
  }
}

Selection::Found Selection::found() {
  std::size_t total = 0;
  for (Pair& pair : state_->pairs) {
    State::drop_the_rest(pair);
    total += pair.kept.size();
  }
  Found found;
  found.rows.reserve(total);
  found.pairs.reserve(total);
  found.values.reserve(total);
  for (const Pair& pair : state_->pairs) {
    for (const Kept& kept : pair.kept) {
      found.rows.push_back(kept.row);
      found.pairs.push_back(pair.pair);
      found.values.push_back(kept.value);
    }
  }
  return found;
}

void count_beaten(const Block& block, const TensorView& beaten) {
  const RowJob rows = make_rows(block);
  const std::int64_t classes = rows.classes;
  check_dtype(block.call, "beaten", beaten, {DType::int64});
  check_device(block.call, "beaten", beaten, Device{});
  const TensorView wanted = contiguous_view(nullptr, DType::int64, Device{}, classes, classes);
  check_output(block.call, "beaten", beaten, wanted, {block.input, block.labels});
  check(beaten.strides == wanted.strides || classes <= 1, block.call, ": 'beaten' must be C-contiguous");
  struct Counts {
    std::int64_t* of_pairs;
    std::int64_t classes;
    std::mutex mutex;  // few rows come here, and adding one is short
  } counts{static_cast<std::int64_t*>(beaten.data), classes, {}};
  visit_native_float(rows.compute, [&]<class F>() {
    const RowTaker take{&counts, [](void* object, const void* values, std::int64_t label) {
                          auto& to = *static_cast<Counts*>(object);
                          const auto* p = static_cast<const F*>(values);
                          const F own = p[label];
                          std::int64_t* of_label = to.of_pairs + label * to.classes;
                          const std::scoped_lock lock(to.mutex);
                          for (std::int64_t c = 0; c < to.classes; ++c) {
                            of_label[c] += p[c] - own > static_cast<F>(beyond_agreement);
                          }
                        }};
    with_isa([&]<Isa isa>() {
      parallel_for(rows.rows, rows_per_piece(classes), [&](std::int64_t first, std::int64_t last) {
        Buffer<double> workspace(static_cast<std::size_t>(workspace_size(classes)));
        hand_rows<isa>(rows, first, last, workspace.data(), take);
      });
    });
  });
}

}  // namespace burnish::quality
