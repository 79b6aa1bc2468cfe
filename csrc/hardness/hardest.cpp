// SPDX-License-Identifier: Apache-2.0
#include "hardness/hardest.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "burnish/hardness.hpp"
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
constexpr int radix_bits = 11;

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

template <class E, class F>
std::vector<E> collect_all(ScoreView<F> scores) {
  std::vector<E> entries(static_cast<std::size_t>(scores.size));
  parallel_for(scores.size, piece_rows, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      entries[static_cast<std::size_t>(i)] = {static_cast<decltype(E::key)>(~order_key(scores[i])),
                                              static_cast<decltype(E::index)>(i)};
    }
  });
  return entries;
}

// Those that reach the threshold, in order of index.
template <class E, class F>
std::vector<E> collect(ScoreView<F> scores, F threshold) {
  const auto pieces = static_cast<std::size_t>((scores.size + piece_rows - 1) / piece_rows);
  std::vector<std::vector<E>> found(pieces);
  with_isa([&]<Isa isa>() {
    parallel_for(scores.size, piece_rows, [&](std::int64_t first, std::int64_t last) {
      thread_local std::vector<std::uint32_t> places;
      places.resize(piece_rows + 16);
      const F* from = scores.data + first * scores.stride;
      const std::int64_t count =
          collect_at_least<isa>(from, scores.stride, static_cast<int>(last - first), threshold, places.data());
      std::vector<E>& entries = found[static_cast<std::size_t>(first / piece_rows)];
      entries.resize(static_cast<std::size_t>(count));
      for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i] = {static_cast<decltype(E::key)>(~order_key(from[places[i] * scores.stride])),
                      static_cast<decltype(E::index)>(first + places[i])};
      }
    });
  });
  std::size_t total = 0;
  for (const auto& entries : found) total += entries.size();
  std::vector<E> all;
  all.reserve(total);
  for (const auto& entries : found) all.insert(all.end(), entries.begin(), entries.end());
  return all;
}

// Stable ascending sort by key: least significant digit first, digits that all entries share left out.
template <class E>
void sort_by_key(std::vector<E>& entries) {
  using Key = decltype(E::key);
  constexpr std::size_t buckets = std::size_t{1} << radix_bits;
  if (entries.size() < buckets) {
    std::stable_sort(entries.begin(), entries.end(), [](const E& a, const E& b) { return a.key < b.key; });
    return;
  }
  constexpr int digits = (std::numeric_limits<Key>::digits + radix_bits - 1) / radix_bits;
  std::vector<std::array<std::uint32_t, buckets>> counts(digits);
  const auto digit_of = [](Key key, int digit) { return static_cast<std::size_t>(key >> (digit * radix_bits)) % buckets; };
  for (const E& entry : entries) {
    for (int digit = 0; digit < digits; ++digit) ++counts[static_cast<std::size_t>(digit)][digit_of(entry.key, digit)];
  }
  std::vector<E> sorted(entries.size());
  for (int digit = 0; digit < digits; ++digit) {
    auto& count = counts[static_cast<std::size_t>(digit)];
    if (count[digit_of(entries[0].key, digit)] == entries.size()) continue;
    std::array<std::size_t, buckets> next;
    std::size_t sum = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
      next[bucket] = sum;
      sum += count[bucket];
    }
    for (const E& entry : entries) sorted[next[digit_of(entry.key, digit)]++] = entry;
    entries.swap(sorted);
  }
}

template <class E, class F>
void find_hardest(ScoreView<F> scores, const TensorView& indices) {
  const std::int64_t k = indices.shape[0];
  const F threshold = estimate_threshold(scores, k);
  std::vector<E> entries;
  if (threshold == threshold) entries = collect<E>(scores, threshold);
  if (static_cast<std::int64_t>(entries.size()) < k) entries = collect_all<E>(scores);
  sort_by_key(entries);
  auto* out = static_cast<std::int64_t*>(indices.data);
  for (std::int64_t i = 0; i < k; ++i) {
    out[i * indices.strides[0]] = static_cast<std::int64_t>(entries[static_cast<std::size_t>(i)].index);
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
  check(scores.ndim == 1, "hardest: 'scores' must be 1-D (N,), got shape ", shape_text(scores));
  check(scores.device.type == DeviceType::cpu, "hardest: 'scores' is on ", name(scores.device), "; accepted: cpu");
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
