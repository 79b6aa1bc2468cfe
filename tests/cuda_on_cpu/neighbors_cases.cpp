// SPDX-License-Identifier: Apache-2.0
// Nearest neighbors of every metric, with ties, duplicates, zero rows, and lists of several sizes.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "burnish/neighbors.hpp"
#include "core/rng.hpp"
#include "kernel_cases.hpp"

namespace {

using namespace burnish;
using neighbors::Metric;

struct Case {
  std::int64_t queries;
  std::int64_t points;  // 0: the queries among themselves
  std::int64_t columns;
  std::int64_t k;
  Metric metric;
  DType dtype;
};

// Every third row repeats another, every seventh is 0, and a third of the values are whole.
template <class T>
std::vector<T> make_rows(std::int64_t rows, std::int64_t columns, std::uint32_t seed) {
  std::vector<T> values;
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto named = static_cast<std::uint32_t>(r % 3 == 2 ? r / 3 : r);
    for (std::int64_t c = 0; c < columns; ++c) {
      const float u = uniform_float(philox4x32({{named, static_cast<std::uint32_t>(c), seed, 0}}, {{7, 9}}).word[0]);
      const float whole = static_cast<float>(static_cast<int>(u * 4));
      values.push_back(r % 7 == 5 ? T{0} : static_cast<T>(named % 3 == 1 ? whole : u * 10 - 5));
    }
  }
  return values;
}

template <class T>
int mismatches_of(const Case& test) {
  auto queries = make_rows<T>(test.queries, test.columns, 1);
  auto points = make_rows<T>(test.points, test.columns, 2);
  const auto size = static_cast<std::size_t>(test.queries * test.k);
  std::vector<double> distances[2];
  std::vector<std::int64_t> indices[2];
  for (int gpu = 0; gpu < 2; ++gpu) {
    const Device device{gpu ? DeviceType::cuda : DeviceType::cpu, 0};
    distances[gpu].assign(size, -1);
    indices[gpu].assign(size, -2);
    neighbors::NearestArgs args;
    args.queries = contiguous_view(queries.data(), test.dtype, device, test.queries, test.columns);
    if (test.points > 0) args.points = contiguous_view(points.data(), test.dtype, device, test.points, test.columns);
    args.metric = test.metric;
    args.distances = contiguous_view(distances[gpu].data(), DType::float64, device, test.queries, test.k);
    args.indices = contiguous_view(indices[gpu].data(), DType::int64, device, test.queries, test.k);
    std::vector<unsigned char> workspace(static_cast<std::size_t>(neighbors::nearest_workspace(args)));
    args.workspace = contiguous_view(workspace.data(), DType::uint8, device, workspace.size());
    neighbors::nearest(args);
  }
  if (distances[0] == distances[1] && indices[0] == indices[1]) return 0;
  std::printf("nearest differs: %lld queries, %lld points, %lld columns, k = %lld, %s, %s\n",
              static_cast<long long>(test.queries), static_cast<long long>(test.points),
              static_cast<long long>(test.columns), static_cast<long long>(test.k),
              std::string(neighbors::name(test.metric)).c_str(), std::string(name(test.dtype)).c_str());
  return 1;
}

int mismatches(const Case& test) {
  return test.dtype == DType::float64 ? mismatches_of<double>(test) : mismatches_of<float>(test);
}

// On a GPU a row with NaN is nobody's neighbor and has none; the others have those that they have without it.
int nan_rows(Metric metric, std::int64_t k) {
  constexpr std::int64_t rows = 20;
  constexpr std::int64_t columns = 5;
  constexpr std::int64_t bad[] = {rows - 2, rows - 1};  // the last, so that the others keep their numbers
  auto values = make_rows<float>(rows, columns, 3);
  for (const std::int64_t row : bad)
    values[static_cast<std::size_t>(row * columns + row % columns)] = __builtin_nanf("");
  const std::int64_t good = bad[0];
  const std::int64_t found = k < good - 1 ? k : good - 1;
  std::vector<double> distances(static_cast<std::size_t>(rows * k));
  std::vector<double> known_distances(static_cast<std::size_t>(good * found));
  std::vector<std::int64_t> indices(distances.size());
  std::vector<std::int64_t> known_indices(known_distances.size());
  const auto run = [&](DeviceType type, std::int64_t n, std::int64_t wanted, auto& to, auto& ids) {
    const Device device{type, 0};
    neighbors::NearestArgs args;
    args.queries = contiguous_view(values.data(), DType::float32, device, n, columns);
    args.metric = metric;
    args.distances = contiguous_view(to.data(), DType::float64, device, n, wanted);
    args.indices = contiguous_view(ids.data(), DType::int64, device, n, wanted);
    std::vector<unsigned char> workspace(static_cast<std::size_t>(neighbors::nearest_workspace(args)));
    args.workspace = contiguous_view(workspace.data(), DType::uint8, device, workspace.size());
    neighbors::nearest(args);
  };
  run(DeviceType::cuda, rows, k, distances, indices);
  run(DeviceType::cpu, good, found, known_distances, known_indices);
  int differences = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < k; ++i) {
      const auto at = static_cast<std::size_t>(row * k + i);
      const auto known = static_cast<std::size_t>(row * found + i);
      const bool is_there = row < good && i < found;
      differences += is_there ? distances[at] != known_distances[known] || indices[at] != known_indices[known]
                              : distances[at] == distances[at] || indices[at] != -1;
    }
  }
  if (differences) std::printf("nearest: rows with NaN, %s\n", std::string(neighbors::name(metric)).c_str());
  return differences;
}

// No memory is touched before these are refused.
int bad_workspaces() {
  std::vector<float> rows(12);
  std::vector<double> distances(4);
  std::vector<std::int64_t> indices(4);
  const Device gpu{DeviceType::cuda, 0};
  neighbors::NearestArgs args;
  args.queries = contiguous_view(rows.data(), DType::float32, gpu, 4, 3);
  args.distances = contiguous_view(distances.data(), DType::float64, gpu, 4, 1);
  args.indices = contiguous_view(indices.data(), DType::int64, gpu, 4, 1);
  const std::int64_t bytes = neighbors::nearest_workspace(args);
  std::vector<unsigned char> memory(16);
  TensorView strided = contiguous_view(memory.data(), DType::uint8, gpu, bytes);
  strided.strides[0] = 2;
  const TensorView bad[] = {contiguous_view(memory.data(), DType::float64, gpu, bytes),
                            contiguous_view(memory.data(), DType::uint8, gpu, bytes - 1),
                            contiguous_view(memory.data(), DType::uint8, gpu, bytes, 1),
                            contiguous_view(memory.data() + 1, DType::uint8, gpu, bytes),
                            contiguous_view(memory.data(), DType::uint8, Device{}, bytes),
                            strided};
  int accepted = 0;
  for (const TensorView& workspace : bad) {
    args.workspace = workspace;
    try {
      neighbors::nearest(args);
      ++accepted;
    } catch (const std::exception&) {
    }
  }
  if (accepted) std::printf("nearest: %d bad workspaces are accepted\n", accepted);
  return accepted;
}

}  // namespace

Tally neighbors_cases(bool full) {
  Tally tally;
  for (const Metric metric : {Metric::euclidean, Metric::sqeuclidean, Metric::cosine, Metric::manhattan}) {
    for (const DType dtype : {DType::float32, DType::float64}) {
      tally.add(mismatches({35, 0, 5, 6, metric, dtype}));
      tally.add(mismatches({9, 70, 17, 3, metric, dtype}));
      if (full) tally.add(mismatches({150, 0, 40, 149, metric, dtype}));
    }
  }
  for (const Metric metric : {Metric::euclidean, Metric::sqeuclidean, Metric::cosine, Metric::manhattan}) {
    for (const std::int64_t k : {3, 19}) tally.add(nan_rows(metric, k));
  }
  tally.add(bad_workspaces());
  tally.add(mismatches({2, 0, 1, 1, Metric::euclidean, DType::float32}));
  if (full) {
    tally.add(mismatches({3, 17000, 2, 1024, Metric::euclidean, DType::float32}));  // two slices of points
    tally.add(mismatches({1100, 40, 3, 5, Metric::euclidean, DType::float32}));     // two slices of queries
  }
  return tally;
}
