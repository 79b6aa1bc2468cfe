// SPDX-License-Identifier: Apache-2.0
#include "augment/axis.hpp"

#include <algorithm>
#include <cmath>

namespace burnish::augment {
namespace {

double triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

// R. Keys: Cubic convolution interpolation for digital image processing. IEEE Trans. ASSP 29(6), 1981.
double cubic(double x, double a) {
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

// Adds the weights of one pixel of the result; they sum up to 1.
void add(Axis& axis, int first, const std::vector<double>& weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  const auto to = static_cast<std::ptrdiff_t>(axis.weight.size());
  axis.first.push_back(first);
  axis.count.push_back(static_cast<int>(weights.size()));
  axis.weight.resize(axis.weight.size() + static_cast<std::size_t>(axis.most_taps));
  axis.fixed.resize(axis.weight.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double weight = sum == 0 ? weights[i] : weights[i] / sum;
    const double fixed = weight * (1 << fixed_bits);
    axis.weight[static_cast<std::size_t>(to) + i] = static_cast<float>(weight);
    axis.fixed[static_cast<std::size_t>(to) + i] = static_cast<std::int32_t>(fixed + (fixed < 0 ? -0.5 : 0.5));
  }
}

void add_nearest(Axis& axis, int i) {
  const double place = (i + 0.5) * axis.from / axis.to;
  add(axis, std::min(static_cast<int>(place), axis.from - 1), {1});
}

void add_area(Axis& axis, int i, std::vector<double>& weights) {
  // In parts of 1 / to, whole numbers.
  const std::int64_t start = std::int64_t{i} * axis.from;
  const std::int64_t end = start + axis.from;
  const std::int64_t first = start / axis.to;
  const std::int64_t last = (end - 1) / axis.to;
  weights.clear();
  for (std::int64_t k = first; k <= last; ++k) {
    const std::int64_t covered = std::min(end, (k + 1) * axis.to) - std::max(start, k * axis.to);
    weights.push_back(static_cast<double>(covered));
  }
  add(axis, static_cast<int>(first), weights);
}

void add_smooth(Axis& axis, int i, std::vector<double>& weights) {
  const double scale = static_cast<double>(axis.from) / axis.to;
  const double stretch = std::max(scale, 1.0);
  const double support = (axis.filter == Filter::bilinear ? 1.0 : 2.0) * stretch;
  const double center = (i + 0.5) * scale;
  const double one_over = 1 / stretch;
  const int first = std::max(0, static_cast<int>(center - support + 0.5));
  const int last = std::min(axis.from, static_cast<int>(center + support + 0.5));
  weights.clear();
  for (int k = first; k < last; ++k) {
    const double x = (k - center + 0.5) * one_over;
    weights.push_back(axis.filter == Filter::bilinear ? triangle(x) : cubic(x, -0.5));
  }
  add(axis, first, weights);
}

// As many pixels whatever the step; beyond the border there are the last ones again.
void add_plain(Axis& axis, int i, std::vector<double>& weights) {
  const double center = (i + 0.5) * axis.from / axis.to - 0.5;
  const int reach = axis.filter == Filter::bilinear ? 1 : 2;
  const int below = static_cast<int>(std::floor(center));
  const auto inside = [&](int k) { return std::clamp(k, 0, axis.from - 1); };
  const int first = inside(below - reach + 1);
  weights.assign(static_cast<std::size_t>(inside(below + reach) - first) + 1, 0);
  for (int k = below - reach + 1; k <= below + reach; ++k) {
    const double x = k - center;
    weights[static_cast<std::size_t>(inside(k) - first)] += reach == 1 ? triangle(x) : cubic(x, -0.75);
  }
  add(axis, first, weights);
}

}  // namespace

Axis axis_of(int from, int to, Filter filter, bool is_antialiased) {
  Axis axis;
  axis.from = from;
  axis.to = to;
  axis.filter = filter;
  axis.is_antialiased = is_antialiased;
  const double stretch = std::max(1.0, static_cast<double>(from) / to);
  axis.most_taps = filter == Filter::nearest ? 1 : 2 * static_cast<int>(std::ceil(2 * stretch)) + 1;
  std::vector<double> weights;
  for (int i = 0; i < to; ++i) {
    if (filter == Filter::nearest) {
      add_nearest(axis, i);
    } else if (filter == Filter::area) {
      add_area(axis, i, weights);
    } else if (is_antialiased) {
      add_smooth(axis, i, weights);
    } else {
      add_plain(axis, i, weights);
    }
  }
  return axis;
}

float extended_box_radius(float sigma) {
  constexpr int passes = 3;
  const float variance = sigma * sigma / static_cast<float>(passes);
  const auto length = static_cast<float>(std::sqrt(12.0 * static_cast<double>(variance) + 1.0));
  const auto whole = static_cast<float>(std::floor((static_cast<double>(length) - 1.0) / 2.0));
  float part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  part /= 6 * (variance - (whole + 1) * (whole + 1));
  return whole + part;
}

}  // namespace burnish::augment
