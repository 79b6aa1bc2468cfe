// SPDX-License-Identifier: Apache-2.0
#include "neighbors/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "core/visit.hpp"
#include "neighbors/kernels.hpp"

namespace burnish::neighbors {
namespace {

constexpr std::int64_t most_rows = (std::int64_t{1} << 32) - 1;           // ids have 32 bits
static_assert(2 * (most_rows / block_rows + 1) < std::int64_t{1} << 31);  // as have the numbers of nodes

// The largest absolute value; refuses rows that are not finite.
template <class T>
double largest_of(std::string_view call, std::string_view argument, const TensorView& rows) {
  const auto row_of = [&](std::int64_t r) { return static_cast<const T*>(rows.data) + r * rows.strides[0]; };
  const auto is_finite = [&](std::int64_t r) {
    const T* const row = row_of(r);
    return std::all_of(row, row + rows.shape[1], [](T value) { return std::isfinite(value); });
  };
  std::mutex mutex;
  double largest = 0;
  std::int64_t first_bad = rows.shape[0];
  const std::int64_t grain = std::max<std::int64_t>(1, 65536 / rows.shape[1]);
  parallel_for(rows.shape[0], grain, [&](std::int64_t first, std::int64_t last) {
    constexpr int lanes = 8;
    T sizes[lanes] = {};
    T zeros[lanes] = {};  // sums of zeros, unless a value is not finite
    for (std::int64_t r = first; r < last; ++r) {
      const T* row = row_of(r);
      const auto add = [&](std::int64_t c, int lane) {
        const T value = row[c];
        sizes[lane] = std::max(sizes[lane], std::abs(value));
        zeros[lane] += value * 0;
      };
      std::int64_t c = 0;
      for (; c + lanes <= rows.shape[1]; c += lanes) {
        for (int lane = 0; lane < lanes; ++lane) add(c + lane, lane);
      }
      for (int lane = 0; c < rows.shape[1]; ++c, ++lane) add(c, lane);
    }
    const T zero = std::accumulate(zeros, zeros + lanes, T{0});
    std::int64_t bad = zero == 0 ? last : first;
    while (bad < last && is_finite(bad)) ++bad;
    const std::scoped_lock lock(mutex);
    largest = std::max(largest, static_cast<double>(*std::max_element(sizes, sizes + lanes)));
    if (bad < last) first_bad = std::min(first_bad, bad);
  });
  if (first_bad == rows.shape[0]) return largest;
  const T* row = row_of(first_bad);
  std::int64_t c = 0;
  while (std::isfinite(row[c])) ++c;
  fail(call, ": '", argument, "' is ", row[c], " in row ", first_bad, ", column ", c, "; accepted: finite values");
}

}  // namespace

double largest_value(std::string_view call, std::string_view argument, const TensorView& rows) {
  return visit_native_float(rows.dtype, [&]<class T>() { return largest_of<T>(call, argument, rows); });
}

void check_points(std::string_view call, std::string_view argument, const TensorView& rows) {
  check_rows(call, argument, rows, {DType::float32, DType::float64});
  check(rows.shape[1] > 0, call, ": '", argument, "' has no columns");
  check(rows.shape[0] < most_rows, call, ": '", argument, "' has ", rows.shape[0], " rows; accepted: up to ",
        most_rows);
}

}  // namespace burnish::neighbors
