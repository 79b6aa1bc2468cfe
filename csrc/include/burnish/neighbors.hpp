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
};
struct Within {
  std::vector<std::int64_t> offsets;  // n + 1
  std::vector<double> distances;
  std::vector<std::int64_t> indices;
};
Within within(const WithinArgs& args);

}  // namespace burnish::neighbors
