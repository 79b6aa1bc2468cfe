// SPDX-License-Identifier: Apache-2.0
// labels (n,) -> how many of each class.
#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "burnish/metrics.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "core/visit.hpp"

namespace burnish::metrics {
namespace {

constexpr std::int64_t grain = 1 << 20;
// Tables that take turns: runs of one label would else wait for each other's increment.
constexpr std::size_t tables = 4;

}  // namespace

std::int64_t count_classes(const TensorView& labels, const TensorView& counts, std::int64_t ignore_index) {
  constexpr std::string_view call = "class_counts";
  check_integer(call, "labels", labels);
  check(labels.ndim == 1, call, ": 'labels' must be 1-D, got shape ", ShapeOf{labels});
  check_dtype(call, "counts", counts, {DType::int64});
  check(counts.ndim == 1 && !counts.read_only && (counts.shape[0] <= 1 || counts.strides[0] == 1), call,
        ": 'counts' must be 1-D, contiguous and writable");
  const auto classes = static_cast<std::size_t>(counts.shape[0]);
  auto* total = static_cast<std::int64_t*>(counts.data);
  std::fill_n(total, classes, 0);
  std::int64_t beyond = 0;
  std::mutex mutex;
  visit_integer(labels.dtype, [&]<class T>() {
    const T* data = static_cast<const T*>(labels.data);
    const std::int64_t stride = labels.strides[0];
    // A few classes in small tables; of many, one table in all.
    const std::size_t used = classes <= 4096 ? tables : 1;
    // One more class for what is ignored, and one for what is neither.
    parallel_for(labels.shape[0], grain, [&](std::int64_t first, std::int64_t last) {
      std::vector<std::int64_t> counted(used * (classes + 2));
      std::int64_t* const table = counted.data();
      const auto count = [&](std::int64_t row, std::size_t which) {
        const auto label = static_cast<std::uint64_t>(static_cast<std::int64_t>(data[row * stride]));
        const std::size_t place = label < classes ? label : classes + 1;
        ++table[which * (classes + 2) + place];
      };
      std::int64_t row = first;
      for (; used == tables && row + static_cast<std::int64_t>(tables) <= last; row += tables) {
        for (std::size_t which = 0; which < tables; ++which) count(row + static_cast<std::int64_t>(which), which);
      }
      for (; row < last; ++row) count(row, 0);
      for (std::size_t which = 1; which < used; ++which) {
        for (std::size_t c = 0; c < classes + 2; ++c) table[c] += table[which * (classes + 2) + c];
      }
      if (table[classes + 1] > 0 || static_cast<std::uint64_t>(ignore_index) < classes) {
        std::int64_t ignored = 0;
        for (row = first; row < last; ++row) ignored += std::cmp_equal(data[row * stride], ignore_index);
        const bool is_class = static_cast<std::uint64_t>(ignore_index) < classes;
        table[is_class ? static_cast<std::size_t>(ignore_index) : classes + 1] -= ignored;
      }
      const std::lock_guard lock(mutex);
      for (std::size_t c = 0; c < classes; ++c) total[c] += table[c];
      beyond += table[classes + 1];
    });
  });
  return beyond;
}

}  // namespace burnish::metrics
