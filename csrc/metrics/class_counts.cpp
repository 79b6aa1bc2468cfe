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

// Classes of which pairs of labels are counted: one increment for two labels, and no branch for what is out of range.
constexpr std::uint64_t few = 32;

// Adds labels that lie side by side to `table`, the last of whose classes + 2 places is for what is out of range; up to
// the row that it returns, which is near the first label of `few` and more, or near the end.
template <class T>
std::int64_t count_pairs(const T* labels, std::int64_t first, std::int64_t last, std::size_t classes,
                         std::int64_t* table) {
  constexpr std::int64_t most = 1 << 18;
  constexpr std::int64_t least = 1 << 14;  // fewer are not worth the table of pairs
  constexpr std::int64_t step = 2 * tables;
  std::uint32_t pairs[tables][few * few];
  std::int64_t row = first;
  while (last - row >= least) {
    const std::int64_t end = row + std::min(most, (last - row) / step * step);
    std::fill_n(pairs[0], tables * few * few, 0u);
    std::uint64_t seen = 0;
    for (std::int64_t i = row; i < end; i += step) {
#pragma GCC unroll 4
      for (std::size_t which = 0; which < tables; ++which) {
        const T* pair = labels + i + static_cast<std::int64_t>(2 * which);
        const auto a = static_cast<std::uint64_t>(static_cast<std::int64_t>(pair[0]));
        const auto b = static_cast<std::uint64_t>(static_cast<std::int64_t>(pair[1]));
        seen |= a | b;
        ++pairs[which][(a * few + b) % (few * few)];
      }
    }
    if (seen >= few) return row;
    for (const auto& counted : pairs) {
      for (std::size_t place = 0; place < few * few; ++place) {
        for (const std::size_t label : {place / few, place % few}) {
          table[label < classes ? label : classes + 1] += counted[place];
        }
      }
    }
    row = end;
  }
  return row;
}

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
      std::int64_t row = stride == 1 ? count_pairs(data, first, last, classes, table) : first;
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
