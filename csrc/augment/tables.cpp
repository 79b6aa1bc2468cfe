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
