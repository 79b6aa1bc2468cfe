// SPDX-License-Identifier: Apache-2.0
// queries (n, d), points (m, d) -> distances, indices (n, k). A slice of queries at a time meets a slice of points:
//   measure_kernel   keys of all their pairs, tiled through shared memory, four pairs a thread
//   select_kernel    a block per query: keys that come before its k-th best are gathered and merged into its list
// Keys follow the order of metric_math.hpp, so the results are the CPU's, bit for bit. Memory stays bounded by one
// slice of keys; the lists of the queries pass from slice to slice.
#include "core/cuda.hpp"
#include "core/visit.hpp"
#include "neighbors/metric_math.hpp"
#include "neighbors/nearest_cuda.hpp"

namespace burnish::neighbors {
namespace {

constexpr int slice_queries = 1024;
constexpr std::int64_t slice_points = 16384;
constexpr int tile = 32;          // queries and points of one block of measure_kernel
constexpr int tile_threads = 16;  // in each direction; a thread has every 16th query and point
constexpr int select_threads = 128;
constexpr int list_room = 1024;                // of the list being kept
constexpr int merge_room = 2 * list_room;      // and of what is to be merged into it
constexpr std::uint32_t nobody = 0xffffffffu;  // index of a place that is still empty

static_assert(list_room == most_neighbors && tile_threads == key_lanes);

struct Slice {
  const void* queries = nullptr;
  std::int64_t query_stride = 0;
  std::int64_t first_query = 0;
  int query_count = 0;
  const void* points = nullptr;
  std::int64_t point_stride = 0;
  std::int64_t first_point = 0;
  int point_count = 0;
  std::int64_t columns = 0;
  bool is_self = false;
  Metric metric = Metric::euclidean;
  double* keys = nullptr;  // (query_count, point_count)
  int k = 0;
  double* best_keys = nullptr;        // (query_count, k), sorted
  std::uint32_t* best_ids = nullptr;  // (query_count, k)
  double* distances = nullptr;        // the results, written with the last slice of points
  std::int64_t distance_strides[2] = {};
  std::int64_t* indices = nullptr;
  std::int64_t index_strides[2] = {};
};

template <class T>
__global__ void normalize_kernel(const T* rows, std::int64_t stride, std::int64_t count, std::int64_t width,
                                 double* to) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row < count) normalize_row(rows + row * stride, width, to + row * width);
}

template <Metric metric, class T>
__global__ void measure_kernel(Slice slice) {
  __shared__ T queries[key_lanes][tile + 1];
  __shared__ T points[key_lanes][tile + 1];
  const int x = static_cast<int>(threadIdx.x);
  const int y = static_cast<int>(threadIdx.y);
  const int query_tile = static_cast<int>(blockIdx.y) * tile;
  const int point_tile = static_cast<int>(blockIdx.x) * tile;
  double lanes[2][2][key_lanes] = {};
  for (std::int64_t c = 0; c < slice.columns; c += key_lanes) {
    for (int half = 0; half < 2; ++half) {
      const int row = y + half * tile_threads;
      const bool in_row = c + x < slice.columns;
      T query = 0;
      T point = 0;
      if (in_row && query_tile + row < slice.query_count) {
        query =
            static_cast<const T*>(slice.queries)[(slice.first_query + query_tile + row) * slice.query_stride + c + x];
      }
      if (in_row && point_tile + row < slice.point_count) {
        point =
            static_cast<const T*>(slice.points)[(slice.first_point + point_tile + row) * slice.point_stride + c + x];
      }
      queries[x][row] = query;
      points[x][row] = point;
    }
    __syncthreads();
#pragma unroll
    for (int lane = 0; lane < key_lanes; ++lane) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const auto query = static_cast<double>(queries[lane][y + i * tile_threads]);
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          const auto point = static_cast<double>(points[lane][x + j * tile_threads]);
          lanes[i][j][lane] = add_term<metric>(lanes[i][j][lane], query, point);
        }
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      const int query = query_tile + y + i * tile_threads;
      const int point = point_tile + x + j * tile_threads;
      if (query < slice.query_count && point < slice.point_count) {
        slice.keys[static_cast<std::int64_t>(query) * slice.point_count + point] =
            key_of<metric>(sum_lanes(lanes[i][j]));
      }
    }
  }
}

__device__ bool comes_before(double key, std::uint32_t id, double other_key, std::uint32_t other_id) {
  return key < other_key || (key == other_key && id < other_id);
}

// Sorts `count` entries, a power of two, by key and then by id.
__device__ void sort_entries(double* keys, std::uint32_t* ids, int count) {
  for (int size = 2; size <= count; size *= 2) {
    for (int step = size / 2; step > 0; step /= 2) {
      for (int i = static_cast<int>(threadIdx.x); i < count; i += select_threads) {
        const int j = i ^ step;
        if (j <= i) continue;
        const bool ascending = (i & size) == 0;
        if (comes_before(keys[j], ids[j], keys[i], ids[i]) == ascending) {
          const double key = keys[i];
          const std::uint32_t id = ids[i];
          keys[i] = keys[j];
          ids[i] = ids[j];
          keys[j] = key;
          ids[j] = id;
        }
      }
      __syncthreads();
    }
  }
}

__global__ void select_kernel(Slice slice, bool is_first, bool is_last) {
  // The list so far, filled up with places that come after everything, and behind it what may come into it.
  __shared__ double keys[merge_room];
  __shared__ std::uint32_t ids[merge_room];
  __shared__ int gathered;
  const double infinity = __builtin_inf();
  const int thread = static_cast<int>(threadIdx.x);
  const auto query = static_cast<std::int64_t>(blockIdx.x);
  int room = 1;  // of the list: a power of two
  while (room < slice.k) room *= 2;
  const int buffer = room < select_threads ? select_threads : room;  // a round of all threads always fits
  int total = 1;
  while (total < room + buffer) total *= 2;
  for (int i = thread; i < total; i += select_threads) {
    const bool known = !is_first && i < slice.k;
    keys[i] = known ? slice.best_keys[query * slice.k + i] : infinity;
    ids[i] = known ? slice.best_ids[query * slice.k + i] : nobody;
  }
  if (thread == 0) gathered = 0;
  __syncthreads();
  const std::int64_t own = slice.is_self ? slice.first_query + query - slice.first_point : -1;
  const double* row = slice.keys + query * slice.point_count;
  for (int first = 0; first < slice.point_count; first += select_threads) {
    const int point = first + thread;
    if (point < slice.point_count && point != own) {
      const double key = row[point];
      const auto id = static_cast<std::uint32_t>(slice.first_point + point);
      if (comes_before(key, id, keys[slice.k - 1], ids[slice.k - 1])) {
        const int place = room + atomicAdd(&gathered, 1);
        keys[place] = key;
        ids[place] = id;
      }
    }
    __syncthreads();
    const bool full = gathered > buffer - select_threads || first + select_threads >= slice.point_count;
    if (full && gathered > 0) {
      sort_entries(keys, ids, total);
      for (int i = room + thread; i < total; i += select_threads) {
        keys[i] = infinity;
        ids[i] = nobody;
      }
    }
    __syncthreads();
    if (full && thread == 0) gathered = 0;
    __syncthreads();
  }
  for (int i = thread; i < slice.k; i += select_threads) {
    if (!is_last) {
      slice.best_keys[query * slice.k + i] = keys[i];
      slice.best_ids[query * slice.k + i] = ids[i];
      continue;
    }
    const std::int64_t result = slice.first_query + query;
    const bool found = ids[i] != nobody;
    slice.distances[result * slice.distance_strides[0] + i * slice.distance_strides[1]] =
        found ? distance_of(keys[i], slice.metric) : __builtin_nan("");
    slice.indices[result * slice.index_strides[0] + i * slice.index_strides[1]] = found ? std::int64_t{ids[i]} : -1;
  }
}

template <class T>
void start_measure(const Slice& slice, void* stream) {
  const auto tiles = [](int count) { return static_cast<unsigned>((count + tile - 1) / tile); };
  const cuda::LaunchShape shape{dim3(tiles(slice.point_count), tiles(slice.query_count)),
                                dim3(tile_threads, tile_threads), 0, stream};
  switch (slice.metric) {
    case Metric::euclidean:
    case Metric::sqeuclidean:
      return cuda::launch("nearest", measure_kernel<Metric::euclidean, T>, shape, slice);
    case Metric::cosine:
      return cuda::launch("nearest", measure_kernel<Metric::cosine, T>, shape, slice);
    case Metric::manhattan:
      return cuda::launch("nearest", measure_kernel<Metric::manhattan, T>, shape, slice);
  }
}

// Hands out parts of the workspace, or, without one, adds up how large it must be.
class Workspace {
 public:
  explicit Workspace(void* start) : start_(static_cast<std::byte*>(start)) {}
  template <class T>
  T* take(std::int64_t count) {
    T* const taken = start_ ? reinterpret_cast<T*>(start_ + bytes_) : nullptr;
    bytes_ += (count * static_cast<std::int64_t>(sizeof(T)) + 255) / 256 * 256;
    return taken;
  }
  std::int64_t bytes() const { return bytes_; }

 private:
  std::byte* start_;
  std::int64_t bytes_ = 0;
};

struct Parts {
  double* keys;
  double* best_keys;
  std::uint32_t* best_ids;
  double* unit_queries;
  double* unit_points;
};

Parts divide(Workspace& workspace, std::int64_t queries, std::int64_t points, std::int64_t columns, bool has_points,
             Metric metric) {
  const std::int64_t rows = queries < slice_queries ? queries : slice_queries;
  Parts parts{};
  parts.keys = workspace.take<double>(rows * (points < slice_points ? points : slice_points));
  parts.best_keys = workspace.take<double>(rows * most_neighbors);
  parts.best_ids = workspace.take<std::uint32_t>(rows * most_neighbors);
  if (metric == Metric::cosine) {
    parts.unit_queries = workspace.take<double>(queries * columns);
    parts.unit_points = has_points ? workspace.take<double>(points * columns) : parts.unit_queries;
  }
  return parts;
}

void start_normalize(const TensorView& rows, double* to, void* stream) {
  const cuda::LaunchShape shape{cuda::grid_of(rows.shape[0], select_threads), dim3(select_threads), 0, stream};
  visit_native_float(rows.dtype, [&]<class T>() {
    cuda::launch("nearest", normalize_kernel<T>, shape, static_cast<const T*>(rows.data), rows.strides[0],
                 rows.shape[0], rows.shape[1], to);
  });
}

}  // namespace

std::int64_t workspace_cuda(std::int64_t queries, std::int64_t points, std::int64_t columns, bool has_points,
                            Metric metric) {
  Workspace workspace(nullptr);
  divide(workspace, queries, points, columns, has_points, metric);
  return workspace.bytes();
}

void nearest_cuda(const NearestArgs& args) {
  const cuda::DeviceGuard guard(args.queries.device.index);
  const TensorView& points = args.points ? *args.points : args.queries;
  const std::int64_t n = args.queries.shape[0];
  const std::int64_t m = points.shape[0];
  Workspace workspace(args.workspace.data);
  const Parts parts = divide(workspace, n, m, args.queries.shape[1], args.points.has_value(), args.metric);
  Slice slice;
  slice.queries = args.queries.data;
  slice.query_stride = args.queries.strides[0];
  slice.points = points.data;
  slice.point_stride = points.strides[0];
  slice.columns = args.queries.shape[1];
  slice.is_self = !args.points;
  slice.metric = args.metric;
  slice.keys = parts.keys;
  slice.k = static_cast<int>(args.distances.shape[1]);
  slice.best_keys = parts.best_keys;
  slice.best_ids = parts.best_ids;
  slice.distances = static_cast<double*>(args.distances.data);
  slice.indices = static_cast<std::int64_t*>(args.indices.data);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    slice.distance_strides[axis] = args.distances.strides[axis];
    slice.index_strides[axis] = args.indices.strides[axis];
  }
  DType dtype = args.queries.dtype;
  if (args.metric == Metric::cosine) {
    start_normalize(args.queries, parts.unit_queries, args.stream);
    if (args.points) start_normalize(points, parts.unit_points, args.stream);
    slice.queries = parts.unit_queries;
    slice.points = parts.unit_points;
    slice.query_stride = slice.point_stride = slice.columns;
    dtype = DType::float64;
  }
  for (slice.first_query = 0; slice.first_query < n; slice.first_query += slice_queries) {
    slice.query_count = static_cast<int>(n - slice.first_query < slice_queries ? n - slice.first_query : slice_queries);
    for (slice.first_point = 0; slice.first_point < m; slice.first_point += slice_points) {
      const bool is_last = m - slice.first_point <= slice_points;
      slice.point_count = static_cast<int>(is_last ? m - slice.first_point : slice_points);
      visit_native_float(dtype, [&]<class T>() { start_measure<T>(slice, args.stream); });
      const cuda::LaunchShape shape{dim3(static_cast<unsigned>(slice.query_count)), dim3(select_threads), 0,
                                    args.stream};
      cuda::launch("nearest", select_kernel, shape, slice, slice.first_point == 0, is_last);
    }
  }
}

}  // namespace burnish::neighbors
