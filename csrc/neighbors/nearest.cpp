// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "burnish/neighbors.hpp"
#include "core/check.hpp"
#include "neighbors/inputs.hpp"
#include "neighbors/metric_math.hpp"
#include "neighbors/nearest_cuda.hpp"
#include "neighbors/search.hpp"

namespace burnish::neighbors {
namespace {

template <class Args>
void check_inputs(const Args& args) {
  check_points(args.call, "X", args.queries);
  if (!args.points) return;
  check_points(args.call, "Y", *args.points);
  check_device(args.call, "Y", *args.points, args.queries.device);
  check<TypeError>(args.points->dtype == args.queries.dtype, args.call, ": 'Y' has dtype ", name(args.points->dtype),
                   "; accepted: ", name(args.queries.dtype), ", that of 'X'");
  check(args.points->shape[1] == args.queries.shape[1], args.call, ": 'Y' has ", args.points->shape[1],
        " columns; accepted: ", args.queries.shape[1], ", as many as 'X'");
}

// Handed out in pieces that begin at multiples of 256 bytes.
void check_workspace(const NearestArgs& args) {
  const TensorView& workspace = args.workspace;
  const std::int64_t bytes = nearest_workspace(args);
  check_dtype(args.call, "workspace", workspace, {DType::uint8});
  check_device(args.call, "workspace", workspace, args.queries.device);
  check(workspace.ndim == 1 && workspace.shape[0] >= bytes, args.call, ": 'workspace' has shape ", ShapeOf{workspace},
        "; accepted: 1-D, of at least ", bytes, " bytes");
  check(workspace.strides[0] == 1, args.call, ": 'workspace' is strided; pass a contiguous array");
  check(!workspace.read_only, args.call, ": 'workspace' is read-only; accepted: a writable array");
  check(reinterpret_cast<std::uintptr_t>(workspace.data) % alignof(double) == 0, args.call,
        ": 'workspace' begins between two float64; pass an aligned array");
}

// The points to search and, where these are others, the queries.
struct PointSets {
  PointSets(std::string_view call, const TensorView& query_rows, const std::optional<TensorView>& point_rows,
            Metric metric)
      : PointSets(
            query_rows, point_rows, metric,
            std::max(largest_value(call, "X", query_rows), point_rows ? largest_value(call, "Y", *point_rows) : 0.0)) {}

  const Points& queries() const { return others ? *others : points; }

  Points points;
  std::optional<Points> others;

 private:
  PointSets(const TensorView& query_rows, const std::optional<TensorView>& point_rows, Metric metric, double largest)
      : points(point_rows.value_or(query_rows), metric, largest) {
    if (point_rows) others.emplace(query_rows, metric, largest, &points.axes());
  }
};

}  // namespace

std::string_view name(Metric metric) {
  constexpr std::string_view names[] = {"euclidean", "sqeuclidean", "cosine", "manhattan"};
  return names[static_cast<std::size_t>(metric)];
}

void nearest(const NearestArgs& args) {
  check_inputs(args);
  const std::int64_t n = args.queries.shape[0];
  const std::int64_t candidates = args.points ? args.points->shape[0] : n - 1;
  const std::int64_t k = args.distances.ndim == 2 ? args.distances.shape[1] : 0;
  check(n == 0 || (k >= 1 && k <= std::min(candidates, most_neighbors)), args.call, ": 'k' is ", k, "; accepted: 1 to ",
        std::min(candidates, most_neighbors), " for ", candidates, args.points ? " points" : " other rows");
  const TensorView shape = contiguous_view(nullptr, DType::float64, args.queries.device, n, k);
  check_output(args.call, "distances", args.distances, shape, {args.queries, args.points.value_or(args.queries)});
  check_output(args.call, "indices", args.indices, shape,
               {args.queries, args.points.value_or(args.queries), args.distances});
  check_dtype(args.call, "distances", args.distances, {DType::float64});
  check_dtype(args.call, "indices", args.indices, {DType::int64});
  check_device(args.call, "distances", args.distances, args.queries.device);
  check_device(args.call, "indices", args.indices, args.queries.device);
  if (n == 0) return;
  if (args.queries.device.type == DeviceType::cuda) {
    check_workspace(args);
    return nearest_cuda(args);
  }

  const PointSets sets(args.call, args.queries, args.points, args.metric);
  const Points& points = sets.points;
  const Points& queries = sets.queries();
  NearestLists lists(n, k, Reach(args.metric, points.axes().factor, points.columns()));
  Search(queries, points, args.metric, lists).run();

  auto* distances = static_cast<double*>(args.distances.data);
  auto* indices = static_cast<std::int64_t*>(args.indices.data);
  parallel_for(n, 4096, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t p = first; p < last; ++p) {
      const Found* found = lists.sorted(p);
      const std::int64_t row = queries.id(p);
      for (std::int64_t i = 0; i < k; ++i) {
        distances[row * args.distances.strides[0] + i * args.distances.strides[1]] =
            distance_of(found[i].key, args.metric);
        indices[row * args.indices.strides[0] + i * args.indices.strides[1]] = found[i].id;
      }
    }
  });
}

std::int64_t nearest_workspace(const NearestArgs& args) {
  if (args.queries.device.type == DeviceType::cpu) return 0;
  return workspace_cuda(args.queries.shape[0], (args.points ? *args.points : args.queries).shape[0],
                        args.queries.shape[1], args.points.has_value(), args.metric);
}

Within within(const WithinArgs& args) {
  check_inputs(args);
  check(args.radius >= 0 && std::isfinite(args.radius), args.call, ": 'radius' is ", args.radius,
        "; accepted: a finite number from 0");
  check(args.queries.device.type == DeviceType::cpu, args.call, ": 'X' is on ", args.queries.device,
        "; accepted: arrays on the CPU");
  const std::int64_t n = args.queries.shape[0];
  Within result;
  result.offsets.resize(static_cast<std::size_t>(n) + 1);
  if (n == 0 || (args.points && args.points->shape[0] == 0)) return result;

  const PointSets sets(args.call, args.queries, args.points, args.metric);
  const Points& points = sets.points;
  const Points& queries = sets.queries();
  RadiusLists lists(n, args.radius, args.most, args.metric, Reach(args.metric, points.axes().factor, points.columns()));
  try {
    Search(queries, points, args.metric, lists).run();
  } catch (const TooManyFound&) {
    result.is_complete = false;
    result.offsets.clear();
    return result;
  }

  std::vector<std::int64_t> positions(static_cast<std::size_t>(n));
  for (std::int64_t p = 0; p < n; ++p) positions[queries.id(p)] = p;
  for (std::int64_t row = 0; row < n; ++row) {
    const auto r = static_cast<std::size_t>(row);
    result.offsets[r + 1] = result.offsets[r] + lists.count(positions[r]);
  }
  const auto total = static_cast<std::size_t>(result.offsets.back());
  result.distances.resize(total);
  result.indices.resize(total);
  parallel_for(n, std::max<std::int64_t>(1, 4096 * n / static_cast<std::int64_t>(total + 1)),
               [&](std::int64_t first, std::int64_t last) {
                 for (auto row = static_cast<std::size_t>(first); row < static_cast<std::size_t>(last); ++row) {
                   auto to = static_cast<std::size_t>(result.offsets[row]);
                   for (const Found& f : lists.sorted(positions[row])) {
                     result.distances[to] = distance_of(f.key, args.metric);
                     result.indices[to++] = f.id;
                   }
                 }
               });
  return result;
}

}  // namespace burnish::neighbors
