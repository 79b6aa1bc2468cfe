// SPDX-License-Identifier: Apache-2.0
#include "hardness/hardest.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <type_traits>
#include <vector>

#include "burnish/hardness.hpp"
#include "core/buffer.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"

namespace burnish::hardness {
namespace {

template <class Key, class Index>
struct Entry {
  Key key;  // complemented, so that ascending order is hardest first
  Index index;
};

template <class F>
struct ScoreView {
  const F* data;
  std::int64_t stride;
  std::int64_t size;
  F operator[](std::int64_t i) const { return data[i * stride]; }
};

constexpr std::int64_t sample_size = 16'384;
constexpr int piece_rows = 32'768;
constexpr int max_radix_bits = 12;

// A score that about k, and with all but certainty at least k, of all scores reach; NaN when too few would be left out
// for the search to pay.
template <class F>
F estimate_threshold(ScoreView<F> scores, std::int64_t k) {
  constexpr F none = std::numeric_limits<F>::quiet_NaN();
  if (scores.size < 4 * sample_size || k > scores.size / 2) return none;
  std::vector<F> sample(sample_size);
  const std::int64_t step = scores.size / sample_size;
  for (std::int64_t i = 0; i < sample_size; ++i) {
    const F score = scores[i * step + (i * 7919) % step];  // spread within the step: scores may be periodic
    sample[static_cast<std::size_t>(i)] = score == score ? score : -std::numeric_limits<F>::infinity();
  }
  const double expected = static_cast<double>(k) * sample_size / static_cast<double>(scores.size);
  const auto rank = static_cast<std::ptrdiff_t>(expected + 4 * std::sqrt(expected) + 4);
  if (rank >= sample_size / 2 + sample_size / 4) return none;
  std::nth_element(sample.begin(), sample.begin() + rank, sample.end(), std::greater<>());
  return sample[static_cast<std::size_t>(rank)];
}

// Candidates of one piece of the scores, in order of index.
struct Run {
  std::size_t first = 0;
  std::size_t count = 0;
};

// Entries in pieces that lie in any order in memory; the runs, in order of index, say where.
template <class E>
struct Candidates {
  Buffer<E> entries;
  std::vector<Run> runs;
  std::size_t total = 0;

  template <class Visit>
  void for_each(Visit visit) const {
    for (const Run& run : runs) {
      for (std::size_t i = 0; i < run.count; ++i) visit(entries[run.first + i]);
    }
    answer_interrupt();
  }
};

template <class E, class F>
E make_entry(F score, std::int64_t index) {
  return {static_cast<decltype(E::key)>(~order_key(score)), static_cast<decltype(E::index)>(index)};
}

template <class E, class F>
Candidates<E> collect_all(ScoreView<F> scores) {
  const auto size = static_cast<std::size_t>(scores.size);
  Candidates<E> all{Buffer<E>(size), {Run{0, size}}, size};
  parallel_for(scores.size, piece_rows, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      all.entries[static_cast<std::size_t>(i)] = make_entry<E>(scores[i], i);
    }
  });
  return all;
}

// Those that reach the threshold, about `expected` of them. `total` counts them all, also those for which there was no
// room.
template <class E, class F>
Candidates<E> collect(ScoreView<F> scores, F threshold, std::int64_t expected) {
  const std::int64_t room = std::min(scores.size, expected + expected / 4 + 4 * sample_size);
  Candidates<E> found{Buffer<E>(static_cast<std::size_t>(room)), {}, 0};
  found.runs.resize(static_cast<std::size_t>((scores.size + piece_rows - 1) / piece_rows));
  std::atomic<std::size_t> next{0};
  with_isa([&]<Isa isa>() {
    parallel_for(scores.size, piece_rows, [&](std::int64_t first, std::int64_t last) {
      thread_local Buffer<std::uint32_t> places(piece_rows);
      const F* from = scores.data + first * scores.stride;
      const auto count = static_cast<std::size_t>(
          collect_at_least<isa>(from, scores.stride, static_cast<int>(last - first), threshold, places.data()));
      const std::size_t start = next.fetch_add(count);
      if (start + count > found.entries.size()) return;
      for (std::size_t i = 0; i < count; ++i) {
        found.entries[start + i] = make_entry<E>(from[places[i] * scores.stride], first + places[i]);
      }
      found.runs[static_cast<std::size_t>(first / piece_rows)] = {start, count};
    });
  });
  found.total = next;
  return found;
}

// Stable ascending sort by key, least significant digit first, over only as many bits as tell the keys apart.
template <class E>
Buffer<E> sort_by_key(const Candidates<E>& candidates) {
  using Key = decltype(E::key);
  Key lowest = std::numeric_limits<Key>::max();
  Key highest = 0;
  candidates.for_each([&](const E& entry) {
    lowest = std::min(lowest, entry.key);
    highest = std::max(highest, entry.key);
  });
  const int bits = std::max(1, static_cast<int>(std::bit_width(static_cast<Key>(highest - lowest))));
  const int passes = (bits + max_radix_bits - 1) / max_radix_bits;
  const int radix_bits = (bits + passes - 1) / passes;
  const Key mask = static_cast<Key>((Key{1} << radix_bits) - 1);

  Buffer<E> from;
  for (int pass = 0; pass < passes; ++pass) {
    const auto digit_of = [&](const E& entry) {
      return static_cast<std::size_t>((entry.key - lowest) >> (pass * radix_bits) & mask);
    };
    const auto for_each = [&](auto visit) {
      if (pass == 0) return candidates.for_each(visit);
      for (const E& entry : from) visit(entry);
      answer_interrupt();
    };
    std::vector<std::size_t> next(std::size_t{1} << radix_bits);
    for_each([&](const E& entry) { ++next[digit_of(entry)]; });
    std::exclusive_scan(next.begin(), next.end(), next.begin(), std::size_t{0});
    Buffer<E> to(candidates.total);
    for_each([&](const E& entry) { to[next[digit_of(entry)]++] = entry; });
    from = std::move(to);
  }
  return from;
}

template <class E, class F>
void find_hardest(ScoreView<F> scores, const TensorView& indices) {
  const std::int64_t k = indices.shape[0];
  const F threshold = estimate_threshold(scores, k);
  Candidates<E> candidates;
  if (threshold == threshold) candidates = collect<E>(scores, threshold, k);
  const auto collected = static_cast<std::int64_t>(candidates.total);
  if (collected < k || candidates.total > candidates.entries.size()) candidates = collect_all<E>(scores);
  const Buffer<E> sorted = sort_by_key(candidates);
  auto* out = static_cast<std::int64_t*>(indices.data);
  for (std::int64_t i = 0; i < k; ++i) {
    out[i * indices.strides[0]] = static_cast<std::int64_t>(sorted[static_cast<std::size_t>(i)].index);
  }
}

template <class F>
void find_hardest(const TensorView& scores, const TensorView& indices) {
  const ScoreView<F> view{static_cast<const F*>(scores.data), scores.strides[0], scores.shape[0]};
  using Key = std::conditional_t<sizeof(F) == 4, std::uint32_t, std::uint64_t>;
  if (view.size <= std::numeric_limits<std::uint32_t>::max()) {
    find_hardest<Entry<Key, std::uint32_t>>(view, indices);
  } else {
    find_hardest<Entry<Key, std::uint64_t>>(view, indices);
  }
}

}  // namespace

void hardest(const TensorView& scores, const TensorView& indices) {
  check_dtype("hardest", "scores", scores, {DType::float32, DType::float64});
  check(scores.ndim == 1, "hardest: 'scores' must be 1-D (N,), got shape ", ShapeOf{scores});
  check(scores.device.type == DeviceType::cpu, "hardest: 'scores' is on ", scores.device, "; accepted: cpu");
  check_dtype("hardest", "out", indices, {DType::int64});
  check_device("hardest", "out", indices, scores.device);
  check(indices.ndim == 1 && indices.shape[0] <= scores.shape[0], "hardest: 'k' is ", indices.shape[0],
        "; accepted: 0 to the number of scores, ", scores.shape[0]);
  check_output("hardest", "out", indices, indices, {scores});
  if (indices.shape[0] == 0) return;
  if (scores.dtype == DType::float32) {
    find_hardest<float>(scores, indices);
  } else {
    find_hardest<double>(scores, indices);
  }
}

}  // namespace burnish::hardness
