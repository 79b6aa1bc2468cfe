// SPDX-License-Identifier: Apache-2.0
// Exact nearest neighbors.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "burnish/tensor.hpp"

namespace burnish::neighbors {

enum class Metric : std::uint8_t { euclidean, sqeuclidean, cosine, manhattan };
std::string_view name(Metric metric);

inline constexpr std::int64_t most_neighbors = 1024;

// Without `points` the neighbors of each query among the other queries, its own row left out.
struct NearestArgs {
  std::string_view call = "kneighbors";  // named in messages
  TensorView queries;                    // (n, d) float32 or float64, finite, columns side by side
  std::optional<TensorView> points;      // (m, d) of the same dtype and device
  Metric metric = Metric::euclidean;
  TensorView distances;    // out: (n, k) float64, ascending
  TensorView indices;      // out: (n, k) int64; of equal distances the lowest index comes first
  TensorView workspace;    // on a GPU: uint8, contiguous, of at least nearest_workspace bytes
  void* stream = nullptr;  // cudaStream_t of the queries' device
};

// Throws TypeError, ValueError or DeviceError (burnish/error.hpp) before any work. On a GPU, where reading the values
// would mean waiting, NaN is not refused: its row has NaN distances and indices of -1, and is nobody's neighbor.
void nearest(const NearestArgs& args);

// Bytes that `nearest` needs on the GPU of its arguments, 0 on a CPU.
std::int64_t nearest_workspace(const NearestArgs& args);

// All points within `radius` of each query, in compressed rows: those of query i are entries offsets[i] to
// offsets[i + 1], ordered like those of `nearest`. CPU only.
struct WithinArgs {
  std::string_view call = "radius_neighbors";
  TensorView queries;
  std::optional<TensorView> points;
  Metric metric = Metric::euclidean;
  double radius = 1.0;
  std::int64_t most = std::int64_t{1} << 62;  // the search ends when more than so many are found
};
struct Within {
  bool is_complete = true;            // or else nothing is in it: there are more than `most`
  std::vector<std::int64_t> offsets;  // n + 1
  std::vector<double> distances;
  std::vector<std::int64_t> indices;
};
Within within(const WithinArgs& args);

// Rows that lie far apart: each the one farthest from all chosen before it, of equally far ones the lowest (Gonzalez
// 1985, k-center greedy). CPU only.
struct FarthestFirstArgs {
  std::string_view call = "coreset";
  TensorView points;  // (n, d) float32 or float64, finite, columns side by side
  Metric metric = Metric::euclidean;
  std::optional<TensorView> selected;  // (s,) int64, rows that count as chosen already
  std::int64_t first = 0;              // the row to begin with where none is
  TensorView chosen;                   // out: (k,) int64, contiguous, k <= n - s
  TensorView distances;                // out: (k,) float64, from the nearest of those before; infinite for `first`
};
void farthest_first(const FarthestFirstArgs& args);

}  // namespace burnish::neighbors
