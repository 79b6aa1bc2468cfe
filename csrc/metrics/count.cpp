// SPDX-License-Identifier: Apache-2.0
// y_true, y_pred (n,) -> how often each pair of labels occurs.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "burnish/metrics.hpp"
#include "core/buffer.hpp"
#include "core/parallel.hpp"
#include "metrics/checks.hpp"
#include "metrics/tiles.hpp"

namespace burnish::metrics {
namespace {

constexpr std::int64_t grain = 64 * tile_rows;
constexpr int side_by_side = 4;  // histograms, so that equal pairs in a row do not wait for one another
constexpr std::int64_t small_table = 4096;

// Calls f(first, last) for the tiles of a range until one answers false.
template <class F>
bool each_tile(std::int64_t first, std::int64_t last, F f) {
  for (std::int64_t row = first; row < last; row += tile_rows) {
    if (!f(row, std::min<std::int64_t>(row + tile_rows, last))) return false;
  }
  return true;
}

// `predict(first, last, flags)` writes 0 or 1 for each row of a tile and says whether it could.
template <Isa isa, class Predict>
std::optional<BinaryCounts> count_flags(const TensorView& y_true, Predict predict) {
  BinaryCounts all{};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  parallel_for(y_true.shape[0], grain, [&](std::int64_t first, std::int64_t last) {
    alignas(64) std::uint8_t flags[2][tile_rows];
    BinaryCounts counts{};
    const bool done = !failed.load(std::memory_order_relaxed) && each_tile(first, last, [&](auto from, auto to) {
      if (!binary_flags<isa>(tile_of(y_true, from, to), flags[0]) || !predict(from, to, flags[1])) return false;
      add_flags<isa>(flags[0], flags[1], static_cast<int>(to - from), counts.data());
      return true;
    });
    if (!done) failed = true;
    const std::scoped_lock lock(mutex);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] += counts[i];
  });
  if (failed) return std::nullopt;
  return all;
}

void check_pair(std::string_view call, const TensorView& y_true, const TensorView& y_pred) {
  const std::int64_t rows = check_column_of_labels(call, "y_true", y_true);
  check_column_of_labels(call, "y_pred", y_pred);
  check_length(call, "y_pred", y_pred, rows);
}

// The codes of one tile of rows.
struct Codes {
  alignas(64) std::uint16_t y_true[tile_rows];
  alignas(64) std::uint16_t y_pred[tile_rows];
};

void add_codes(const Codes& codes, int count, bool has_outside, std::int64_t classes, std::int64_t copies,
               std::int64_t* counts) {
  const std::int64_t step = copies > 1 ? classes * classes : 0;
  int i = 0;
  if (!has_outside) {
    const auto cell = [&](int place) { return codes.y_true[place] * classes + codes.y_pred[place]; };
    for (; i + side_by_side <= count; i += side_by_side) {
      ++counts[cell(i)];
      ++counts[step + cell(i + 1)];
      ++counts[2 * step + cell(i + 2)];
      ++counts[3 * step + cell(i + 3)];
    }
  }
  for (; i < count; ++i) {
    const std::int64_t row = codes.y_true[i];
    const std::int64_t column = codes.y_pred[i];
    if (row == no_code || column == no_code) continue;
    ++counts[(i & (side_by_side - 1)) * step + row * classes + column];
  }
}

void add_weights(const Codes& codes, const double* weights, std::int64_t stride, int count, std::int64_t classes,
                 double* sums) {
  for (int i = 0; i < count; ++i) {
    const std::int64_t row = codes.y_true[i];
    const std::int64_t column = codes.y_pred[i];
    if (row != no_code && column != no_code) sums[row * classes + column] += weights[i * stride];
  }
}

// Sums of integers: pieces may come in any order.
template <Isa isa>
std::int64_t count(const CountArgs& args, std::int64_t classes) {
  const std::int64_t cells = classes * classes;
  const std::int64_t copies = cells <= small_table ? side_by_side : 1;
  auto* out = static_cast<std::int64_t*>(args.counts.data);
  std::fill(out, out + cells, 0);
  std::atomic<std::int64_t> outside{0};
  std::mutex mutex;
  parallel_for(args.y_true.shape[0], std::max(grain, cells), [&](std::int64_t first, std::int64_t last) {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(cells * copies));
    Codes codes;
    each_tile(first, last, [&](auto from, auto to) {
      if (args.stop_outside && outside.load(std::memory_order_relaxed) > 0) return false;
      const int bad = codes_of<isa>(tile_of(args.y_true, from, to), args.low, classes, codes.y_true) +
                      codes_of<isa>(tile_of(args.y_pred, from, to), args.low, classes, codes.y_pred);
      if (bad > 0 && args.stop_outside) {
        outside += bad;
        return false;
      }
      add_codes(codes, static_cast<int>(to - from), bad > 0, classes, copies, counts.data());
      return true;
    });
    const std::scoped_lock lock(mutex);
    for (std::size_t i = 0; i < counts.size(); ++i) out[i % static_cast<std::size_t>(cells)] += counts[i];
  });
  if (args.stop_outside) return outside;
  std::int64_t counted = 0;
  for (std::int64_t i = 0; i < cells; ++i) counted += out[i];
  return args.y_true.shape[0] - counted;
}

// Floats: row after row, so that every number of threads sums alike, and as scikit-learn does.
template <Isa isa>
std::int64_t sum_weights(const CountArgs& args, std::int64_t classes) {
  auto* out = static_cast<double*>(args.counts.data);
  std::fill(out, out + classes * classes, 0.0);
  const auto* weights = static_cast<const double*>(args.weights->data);
  const std::int64_t stride = args.weights->strides[0];
  std::int64_t outside = 0;
  Codes codes;
  each_tile(0, args.y_true.shape[0], [&](auto from, auto to) {
    const int count = static_cast<int>(to - from);
    codes_of<isa>(tile_of(args.y_true, from, to), args.low, classes, codes.y_true);
    codes_of<isa>(tile_of(args.y_pred, from, to), args.low, classes, codes.y_pred);
    for (int i = 0; i < count; ++i) outside += codes.y_true[i] == no_code || codes.y_pred[i] == no_code;
    if (args.stop_outside && outside > 0) return false;
    add_weights(codes, weights + from * stride, stride, count, classes, out);
    if (from % (64 * tile_rows) == 0) answer_interrupt();
    return true;
  });
  return outside;
}

}  // namespace

std::optional<LabelRange> label_range(std::string_view call, std::string_view argument, const TensorView& labels) {
  const std::int64_t rows = check_column_of_labels(call, argument, labels);
  if (rows == 0) return std::nullopt;
  TileRange all{INT64_MAX, INT64_MIN, false};
  std::mutex mutex;
  with_isa([&]<Isa isa>() {
    parallel_for(rows, grain, [&](std::int64_t first, std::int64_t last) {
      each_tile(first, last, [&](auto from, auto to) {
        const TileRange range = range_of<isa>(tile_of(labels, from, to));
        const std::scoped_lock lock(mutex);
        all.low = std::min(all.low, range.low);
        all.high = std::max(all.high, range.high);
        all.is_beyond |= range.is_beyond;
        return true;
      });
    });
  });
  if (all.is_beyond) return std::nullopt;
  return LabelRange{all.low, all.high};
}

std::optional<BinaryCounts> count_binary(std::string_view call, const TensorView& y_true, const TensorView& y_pred) {
  check_pair(call, y_true, y_pred);
  return with_isa([&]<Isa isa>() {
    return count_flags<isa>(y_true, [&](std::int64_t first, std::int64_t last, std::uint8_t* flags) {
      return binary_flags<isa>(tile_of(y_pred, first, last), flags);
    });
  });
}

std::optional<BinaryCounts> count_at_threshold(std::string_view call, const TensorView& y_true,
                                               const TensorView& scores, double threshold) {
  const std::int64_t rows = check_column_of_labels(call, "y_true", y_true);
  check_scores(call, scores, rows);
  std::atomic<std::int64_t> nans{0};
  const auto counts = with_isa([&]<Isa isa>() {
    return count_flags<isa>(y_true, [&](std::int64_t first, std::int64_t last, std::uint8_t* flags) {
      if (const int found = threshold_flags<isa>(tile_of(scores, first, last), threshold, flags); found > 0) {
        nans += found;
      }
      return true;
    });
  });
  if (counts) check_no_nan(call, nans, rows);
  return counts;
}

std::int64_t count_pairs(const CountArgs& args) {
  check_pair(args.call, args.y_true, args.y_pred);
  const std::int64_t classes = args.counts.ndim == 2 ? args.counts.shape[0] : -1;
  check(classes >= 0 && classes <= most_classes, args.call, ": 'counts' has shape ", ShapeOf{args.counts},
        "; accepted: (k, k), k at most ", most_classes);
  check_dtype(args.call, "counts", args.counts, {args.weights ? DType::float64 : DType::int64});
  const TensorView expected = contiguous_view(nullptr, DType::int64, Device{}, classes, classes);
  check_output(args.call, "counts", args.counts, expected, {args.y_true, args.y_pred});
  check(classes <= 1 || args.counts.strides == expected.strides, args.call, ": 'counts' must be C-contiguous");
  if (args.weights) {
    check_dtype(args.call, "sample_weight", *args.weights, {DType::float64});
    check_length(args.call, "sample_weight", *args.weights, args.y_true.shape[0]);
  }
  return with_isa(
      [&]<Isa isa>() { return args.weights ? sum_weights<isa>(args, classes) : count<isa>(args, classes); });
}

}  // namespace burnish::metrics
