// SPDX-License-Identifier: Apache-2.0
#include "quality/ballots.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "core/visit.hpp"

namespace burnish::quality {
namespace {

constexpr std::int64_t most_classes = std::int64_t{1} << 24;

bool is_float(DType dtype) { return dtype == DType::float32 || dtype == DType::float64; }

template <class T>
std::int32_t label_of(std::string_view call, T value, std::int64_t item, std::int64_t annotator, std::int64_t classes) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return no_label;
    check(value == std::floor(value), call, ": 'labels' is ", value, " in row ", item, ", column ", annotator,
          "; accepted: whole numbers, NaN for none");
  }
  const auto number = static_cast<double>(value);
  check(number >= -1 && number < static_cast<double>(classes), call, ": 'labels' is ", +value, " in row ", item,
        ", column ", annotator, "; accepted: 0 to ", classes - 1, ", -1 for none");
  return static_cast<std::int32_t>(value);
}

void copy_labels(std::string_view call, const TensorView& view, std::int64_t classes, Ballots& to) {
  const auto copy = [&]<class T>() {
    parallel_for(to.items, item_grain, [&](std::int64_t first, std::int64_t last) {
      std::int32_t* out = to.labels.data() + first * to.annotators;
      for (std::int64_t i = first; i < last; ++i) {
        const T* row = static_cast<const T*>(view.data) + i * view.strides[0];
        for (std::int64_t a = 0; a < to.annotators; ++a) {
          *out++ = label_of<T>(call, row[a * view.strides[1]], i, a, classes);
        }
      }
    });
  };
  if (is_float(view.dtype)) {
    visit_native_float(view.dtype, copy);
  } else {
    visit_integer(view.dtype, copy);
  }
}

void count_classes(Ballots& ballots, std::int64_t classes) {
  std::int32_t largest = no_label;
  const std::int32_t* labels = ballots.labels.data();
  const std::int64_t size = ballots.items * ballots.annotators;
  for (std::int64_t i = 0; i < size; ++i) largest = std::max(largest, labels[i]);
  ballots.classes = classes > 0 ? classes : largest + 1;
  ballots.given.assign(static_cast<std::size_t>(ballots.classes), 0);
  for (std::int64_t i = 0; i < ballots.items; ++i) {
    std::int64_t of_item = 0;
    for (std::int64_t a = 0; a < ballots.annotators; ++a) {
      const std::int32_t label = ballots.of(i)[a];
      if (label == no_label) continue;
      ++of_item;
      ++ballots.given[static_cast<std::size_t>(label)];
    }
    ballots.most = std::max(ballots.most, of_item);
  }
}

}  // namespace

Ballots read_ballots(std::string_view call, const TensorView& labels, const std::optional<TensorView>& probs) {
  if (!is_float(labels.dtype)) {
    check<TypeError>(labels.dtype >= DType::int64 && labels.dtype <= DType::uint8, call, ": 'labels' has dtype ",
                     name(labels.dtype), "; accepted: integers of 8 to 64 bits, float32, float64");
  }
  check(labels.ndim == 2, call, ": 'labels' must be 2-D (N, annotators), got shape ", ShapeOf{labels});
  check_device(call, "labels", labels, Device{});
  if (probs) {
    check_dtype(call, "probs", *probs, {DType::float32, DType::float64});
    check_device(call, "probs", *probs, Device{});
    check(probs->ndim == 2 && probs->shape[0] == labels.shape[0] && probs->shape[1] >= 1, call, ": 'probs' has shape ",
          ShapeOf{*probs}, "; accepted: (", labels.shape[0], ", C), one row an item");
    check(probs->shape[1] <= most_classes, call, ": 'probs' has ", probs->shape[1], " classes; accepted: at most ",
          most_classes);
  }
  Ballots ballots;
  ballots.items = labels.shape[0];
  ballots.annotators = labels.shape[1];
  ballots.labels = Buffer<std::int32_t>(static_cast<std::size_t>(ballots.items * ballots.annotators));
  const std::int64_t classes = probs ? probs->shape[1] : 0;
  copy_labels(call, labels, classes > 0 ? classes : most_classes, ballots);
  count_classes(ballots, classes);
  return ballots;
}

Probabilities::Probabilities(std::string_view call, const TensorView& probs) : view_(probs) {
  visit_native_float(view_.dtype, [&]<class T>() {
    parallel_for(view_.shape[0], item_grain, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        const T* row = static_cast<const T*>(view_.data) + i * view_.strides[0];
        double sum = 0;
        bool is_right = true;
        for (std::int64_t c = 0; c < view_.shape[1]; ++c) {
          const auto p = static_cast<double>(row[c * view_.strides[1]]);
          is_right = is_right && p >= 0;
          sum += p;
        }
        check(is_right && sum > 0 && std::isfinite(sum), call, ": 'probs' is no distribution in row ", i,
              "; accepted: finite values from 0, not all of them 0");
      }
    });
  });
}

void Probabilities::copy_row(std::int64_t item, double* to) const {
  visit_native_float(view_.dtype, [&]<class T>() {
    const T* row = static_cast<const T*>(view_.data) + item * view_.strides[0];
    double sum = 0;
    for (std::int64_t c = 0; c < view_.shape[1]; ++c) sum += to[c] = static_cast<double>(row[c * view_.strides[1]]);
    if (sum == 1) return;
    for (std::int64_t c = 0; c < view_.shape[1]; ++c) to[c] /= sum;
  });
}

int Votes::count(std::int64_t item) {
  const std::int32_t* labels = ballots_.of(item);
  int present = 0;
  for (std::int64_t a = 0; a < ballots_.annotators; ++a) {
    if (labels[a] == no_label) continue;
    ++present;
    ++votes_[static_cast<std::size_t>(labels[a])];
  }
  return present;
}

void Votes::forget(std::int64_t item) {
  const std::int32_t* labels = ballots_.of(item);
  for (std::int64_t a = 0; a < ballots_.annotators; ++a) {
    if (labels[a] != no_label) votes_[static_cast<std::size_t>(labels[a])] = 0;
  }
}

std::int32_t Votes::majority(std::int64_t item, const double* probs) const {
  const std::int32_t* labels = ballots_.of(item);
  std::int32_t best = no_label;
  const auto is_better = [&](std::int32_t label) {
    if (best == no_label) return true;
    if (of(label) != of(best)) return of(label) > of(best);
    if (probs && probs[label] != probs[best]) return probs[label] > probs[best];
    const std::int64_t given = ballots_.given[static_cast<std::size_t>(label)];
    const std::int64_t given_best = ballots_.given[static_cast<std::size_t>(best)];
    return given != given_best ? given > given_best : label < best;
  };
  for (std::int64_t a = 0; a < ballots_.annotators; ++a) {
    if (labels[a] != no_label && labels[a] != best && is_better(labels[a])) best = labels[a];
  }
  return best;
}

}  // namespace burnish::quality
