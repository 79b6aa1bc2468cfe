// SPDX-License-Identifier: Apache-2.0
#include "augment/tables.hpp"

#include <algorithm>
#include <cmath>

#include "core/exp.hpp"

namespace burnish::augment {
namespace {

struct Ends {
  int low = 0;
  int high = 0;
};

// The bins that hold the darkest and the brightest of the pixels that are not cut off.
Ends ends_of(const Histogram& histogram, double low_cutoff, double high_cutoff) {
  std::int64_t left[table_size];
  std::int64_t total = 0;
  for (int i = 0; i < table_size; ++i) total += left[i] = histogram.count[i];
  const auto share = [total](double percent) {
    return static_cast<std::int64_t>(std::floor(static_cast<double>(total) * percent / 100));
  };
  const auto take = [&left](int bin, std::int64_t& cut) {
    const std::int64_t taken = std::min(cut, left[bin]);
    left[bin] -= taken;
    cut -= taken;
  };
  std::int64_t cut = share(low_cutoff);
  for (int i = 0; i < table_size && cut > 0; ++i) take(i, cut);
  cut = share(high_cutoff);
  for (int i = table_size - 1; i >= 0 && cut > 0; --i) take(i, cut);
  Ends ends = {0, table_size - 1};
  while (ends.low < table_size - 1 && left[ends.low] == 0) ++ends.low;
  while (ends.high > 0 && left[ends.high] == 0) --ends.high;
  return ends;
}

constexpr int white = table_size - 1;

// The first bin after the cut, and the last one before it; without a cut, those that hold any pixel.
Ends albumentations_ends(const Histogram& histogram, double cutoff) {
  const std::int64_t* count = histogram.count;
  std::int64_t total = 0;
  for (int i = 0; i < white; ++i) total += count[i];
  const double cut = static_cast<double>(total) * cutoff / 100;
  Ends ends = {0, white - 1};
  if (!(cut > 0)) {
    while (ends.low < ends.high && count[ends.low] == 0) ++ends.low;
    while (ends.high > ends.low && count[ends.high] == 0) --ends.high;
    return ends;
  }
  std::int64_t sum = 0;
  for (int i = 0; i < white && static_cast<double>(sum) < cut; ++i) ends.low = (sum += count[i], i + 1);
  sum = 0;
  for (int i = white - 1; i >= 0 && static_cast<double>(sum) < cut; --i) ends.high = (sum += count[i], i);
  return ends;
}

void fill_identity(float* table) {
  for (int i = 0; i < table_size; ++i) table[i] = static_cast<float>(i);
}

}  // namespace

void gamma_table(double exponent, float* table) {
  for (int i = 0; i < table_size; ++i) {
    const double power = i == 0 ? 0.0 : exp(exponent * log_positive(i / 255.0));
    table[i] = static_cast<float>(std::nearbyint(255 * std::min(power, 1.0)));
  }
}

void autocontrast_table(const Histogram& histogram, double low_cutoff, double high_cutoff, float* table) {
  const Ends ends = ends_of(histogram, low_cutoff, high_cutoff);
  if (ends.high <= ends.low) return fill_identity(table);
  const double scale = 255.0 / (ends.high - ends.low);
  const double offset = -ends.low * scale;
  for (int i = 0; i < table_size; ++i) {
    table[i] = static_cast<float>(std::clamp(static_cast<int>(i * scale + offset), 0, 255));
  }
}

void autocontrast_line(const Histogram& histogram, double low_cutoff, double high_cutoff, float* line) {
  double low = histogram.low;
  double high = histogram.high;
  if (low_cutoff > 0 || high_cutoff > 0) {
    const Ends ends = ends_of(histogram, low_cutoff, high_cutoff);
    low = std::max(low, ends.low / 255.0);
    high = std::min(high, ends.high / 255.0);
  }
  const double scale = high > low ? 1 / (high - low) : 1;
  line[0] = static_cast<float>(scale);
  line[1] = high > low ? static_cast<float>(-low * scale) : 0.0f;
}

void cumulative_table(const Histogram& histogram, double cutoff, float* table) {
  const Ends ends = albumentations_ends(histogram, cutoff);
  std::int64_t sum[table_size] = {};
  for (int i = ends.low; i <= ends.high && i < white; ++i) {
    sum[i] = (i > ends.low ? sum[i - 1] : 0) + histogram.count[i];
  }
  const std::int64_t first = sum[ends.low];
  const std::int64_t range = sum[ends.high] - first;
  if (ends.high <= ends.low || range == 0) return fill_identity(table);
  for (int i = 0; i < table_size; ++i) {
    const auto part = static_cast<float>(sum[i] - first) * 255.0f / static_cast<float>(range);
    table[i] = i < ends.low ? 0.0f : i > ends.high ? 255.0f : std::nearbyint(part);
  }
}

void opencv_equalize_table(const Histogram& histogram, float* table) {
  std::int64_t total = 0;
  int first = table_size - 1;
  for (int i = table_size - 1; i >= 0; --i) {
    total += histogram.count[i];
    if (histogram.count[i] > 0) first = i;
  }
  if (histogram.count[first] == total) return fill_identity(table);
  const float scale = 255.0f / static_cast<float>(total - histogram.count[first]);
  std::int64_t sum = 0;
  for (int i = 0; i < table_size; ++i) {
    if (i > first) sum += histogram.count[i];
    table[i] = std::nearbyint(static_cast<float>(sum) * scale);
  }
}

void equalize_table(const Histogram& histogram, float* table) {
  std::int64_t total = 0;
  int last = 0;
  int filled = 0;
  for (int i = 0; i < table_size; ++i) {
    if (histogram.count[i] == 0) continue;
    total += histogram.count[i];
    last = i;
    ++filled;
  }
  const std::int64_t step = (total - histogram.count[last]) / 255;
  if (filled <= 1 || step == 0) return fill_identity(table);
  std::int64_t n = step / 2;
  for (int i = 0; i < table_size; ++i) {
    table[i] = static_cast<float>(std::min<std::int64_t>(255, n / step));
    n += histogram.count[i];
  }
}

}  // namespace burnish::augment
