// SPDX-License-Identifier: Apache-2.0
#include "neighbors/axes.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/rng.hpp"
#include "core/visit.hpp"
#include "neighbors/kernels.hpp"

namespace burnish::neighbors {
namespace {

// Makes the columns of (n, axis_count) `directions` orthonormal, but for the last, which stays 0.
void orthonormalize(std::vector<double>& directions, std::int64_t n) {
  const auto at = [&](std::int64_t c, int a) -> double& {
    return directions[static_cast<std::size_t>(c * axis_count + a)];
  };
  for (int a = 0; a < axis_count - 1; ++a) {
    for (int pass = 0; pass < 2; ++pass) {
      for (int b = 0; b < a; ++b) {
        double product = 0;
        for (std::int64_t c = 0; c < n; ++c) product += at(c, a) * at(c, b);
        for (std::int64_t c = 0; c < n; ++c) at(c, a) -= product * at(c, b);
      }
      double square = 0;
      for (std::int64_t c = 0; c < n; ++c) square += at(c, a) * at(c, a);
      // A direction that the others span already is dropped: the length of what is left takes its part. What the
      // second pass leaves of a unit vector is one, unless the first left rounding errors only.
      const double inverse = square > (pass == 0 ? 0.0 : 0.25) ? 1 / std::sqrt(square) : 0.0;
      for (std::int64_t c = 0; c < n; ++c) at(c, a) *= inverse;
    }
  }
}

// An evenly spaced sample of the rows, in double, about its mean.
std::vector<double> centered_sample(const TensorView& rows, double factor, std::int64_t count,
                                    std::vector<double>& center) {
  const std::int64_t width = rows.shape[1];
  const auto size = static_cast<std::size_t>(width);
  const std::int64_t step = rows.shape[0] / count;
  std::vector<double> sample(static_cast<std::size_t>(count) * size);
  center.assign(size, 0.0);
  visit_native_float(rows.dtype, [&]<class T>() {
    for (std::int64_t r = 0; r < count; ++r) {
      const T* from = static_cast<const T*>(rows.data) + r * step * rows.strides[0];
      double* to = sample.data() + r * width;
      for (std::int64_t c = 0; c < width; ++c) {
        to[c] = static_cast<double>(from[c]) * factor;
        center[static_cast<std::size_t>(c)] += to[c] / static_cast<double>(count);
      }
    }
  });
  for (std::int64_t r = 0; r < count; ++r) {
    for (std::size_t c = 0; c < size; ++c) sample[static_cast<std::size_t>(r) * size + c] -= center[c];
  }
  return sample;
}

// The columns that vary most.
std::vector<double> widest_columns(const std::vector<double>& sample, std::int64_t count, std::int64_t width) {
  std::vector<std::pair<double, std::int64_t>> squares;
  for (std::int64_t c = 0; c < width; ++c) {
    double square = 0;
    for (std::int64_t r = 0; r < count; ++r) {
      const double value = sample[static_cast<std::size_t>(r * width + c)];
      square += value * value;
    }
    squares.emplace_back(-square, c);
  }
  std::sort(squares.begin(), squares.end());
  std::vector<double> directions(static_cast<std::size_t>(width * axis_count));
  for (int a = 0; a < axis_count - 1; ++a) {
    directions[static_cast<std::size_t>(squares[static_cast<std::size_t>(a)].second * axis_count + a)] = 1;
  }
  return directions;
}

// About the leading principal axes of the sample, by subspace iteration.
std::vector<double> principal_directions(const std::vector<double>& sample, std::int64_t count, std::int64_t width) {
  constexpr int rounds = 3;
  std::vector<double> directions(static_cast<std::size_t>(width * axis_count));
  for (std::int64_t c = 0; c < width; ++c) {
    for (int a = 0; a < axis_count - 1; ++a) {
      const PhiloxCounter bits = philox4x32({{static_cast<std::uint32_t>(c), static_cast<std::uint32_t>(a), 0, 0}}, {});
      directions[static_cast<std::size_t>(c * axis_count + a)] = uniform_float(bits.word[0]) - 0.5F;
    }
  }
  const std::vector<double> origin(static_cast<std::size_t>(width));
  std::vector<double> coordinates(block_rows * axis_count);
  std::vector<double> lengths(block_rows);
  for (int round = 0; round < rounds; ++round) {
    orthonormalize(directions, width);
    std::vector<double> next(directions.size());
    for (std::int64_t first = 0; first < count; first += block_rows) {
      const int rows = static_cast<int>(std::min<std::int64_t>(block_rows, count - first));
      const RowBlock block{sample.data() + first * width, DType::float64, width, rows, width};
      const ProjectJob job{block, 1, origin.data(), directions.data(), coordinates.data(), lengths.data()};
      with_isa([&]<Isa isa>() { project_rows<isa>(job); });
      for (int r = 0; r < rows; ++r) {
        const double* row = sample.data() + (first + r) * width;
        double* z = coordinates.data() + r * axis_count;
        z[axis_count - 1] = 0;
        for (std::int64_t c = 0; c < width; ++c) {
          double* to = next.data() + c * axis_count;
          for (int a = 0; a < axis_count; ++a) to[a] += row[c] * z[a];
        }
      }
    }
    directions = std::move(next);
  }
  orthonormalize(directions, width);
  return directions;
}

}  // namespace

// Any orthonormal directions are valid; of few rows, good ones would cost more than they save.
Axes leading_axes(const TensorView& rows, double factor) {
  constexpr std::int64_t few_rows = 4096;
  const std::int64_t width = rows.shape[1];
  const std::int64_t count = std::min<std::int64_t>(rows.shape[0] < few_rows ? 256 : 1024, rows.shape[0]);
  Axes axes;
  axes.factor = factor;
  axes.are_columns = false;
  axes.count = axis_count;
  const std::vector<double> sample = centered_sample(rows, factor, count, axes.center);
  axes.directions =
      rows.shape[0] < few_rows ? widest_columns(sample, count, width) : principal_directions(sample, count, width);
  return axes;
}

}  // namespace burnish::neighbors
