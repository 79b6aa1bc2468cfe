// SPDX-License-Identifier: Apache-2.0
// Pairs of rows -> their exact keys. Compiled once per instruction set level.
#include "core/visit.hpp"
#include "neighbors/kernels.hpp"
#include "neighbors/metric_math.hpp"

namespace burnish::neighbors {
namespace {

template <Metric metric, class T, int lane_count>
void measure_in_lanes(const MeasureJob& job) {
  const std::int64_t width = job.queries.width;
  for (int p = 0; p < job.count; ++p) {
    const auto [row, point] = job.pairs[p];
    const T* a = static_cast<const T*>(job.queries.rows) + row * job.queries.stride;
    const T* b = static_cast<const T*>(job.points.rows) + point * job.points.stride;
    double lanes[lane_count] = {};
    std::int64_t c = 0;
    for (; c + lane_count <= width; c += lane_count) {
      for (int lane = 0; lane < lane_count; ++lane) {
        lanes[lane] = add_term<metric>(lanes[lane], static_cast<double>(a[c + lane]), static_cast<double>(b[c + lane]));
      }
    }
    for (int lane = 0; c < width; ++c, ++lane) {
      lanes[lane] = add_term<metric>(lanes[lane], static_cast<double>(a[c]), static_cast<double>(b[c]));
    }
    job.keys[p] = key_of<metric>(sum_lanes(lanes));
  }
}

template <Metric metric, class T>
void measure(const MeasureJob& job) {
  if (job.queries.width <= 4) {
    measure_in_lanes<metric, T, 4>(job);  // the other lanes would stay 0
  } else {
    measure_in_lanes<metric, T, key_lanes>(job);
  }
}

}  // namespace

template <>
void measure_pairs<Isa::BURNISH_ISA>(const MeasureJob& job) {
  visit_native_float(job.queries.dtype, [&]<class T>() {
    switch (job.metric) {
      case Metric::euclidean:
      case Metric::sqeuclidean:
        return measure<Metric::euclidean, T>(job);
      case Metric::cosine:
        return measure<Metric::cosine, T>(job);
      case Metric::manhattan:
        return measure<Metric::manhattan, T>(job);
    }
  });
}

}  // namespace burnish::neighbors
