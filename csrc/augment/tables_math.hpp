// SPDX-License-Identifier: Apache-2.0
// How tables come about, and the histograms that some of them are made of.
#pragma once

#include <algorithm>
#include <cmath>

#include "augment/tables.hpp"
#include "burnish/augment.hpp"
#include "core/exp.hpp"
#include "core/host_device.hpp"

namespace burnish::augment {

struct HistogramEnds {
  int low = 0;
  int high = 0;
};

// The bins that hold the darkest and the brightest of the pixels that are not cut off.
BURNISH_HD HistogramEnds ends_of(const Histogram& histogram, double low_cutoff, double high_cutoff) {
  std::int64_t left[table_size];
  std::int64_t total = 0;
  for (int i = 0; i < table_size; ++i) total += left[i] = histogram.count[i];
  const auto share = [total](double percent) {
    return static_cast<std::int64_t>(std::floor(static_cast<double>(total) * percent / 100));
  };
  const auto take = [&left](int bin, std::int64_t& cut) {
    const std::int64_t taken = cut < left[bin] ? cut : left[bin];
    left[bin] -= taken;
    cut -= taken;
  };
  std::int64_t cut = share(low_cutoff);
  for (int i = 0; i < table_size && cut > 0; ++i) take(i, cut);
  cut = share(high_cutoff);
  for (int i = table_size - 1; i >= 0 && cut > 0; --i) take(i, cut);
  HistogramEnds ends = {0, table_size - 1};
  while (ends.low < table_size - 1 && left[ends.low] == 0) ++ends.low;
  while (ends.high > 0 && left[ends.high] == 0) --ends.high;
  return ends;
}

BURNISH_HD void fill_identity(float* table) {
  for (int i = 0; i < table_size; ++i) table[i] = static_cast<float>(i);
}

// What value i becomes.
BURNISH_HD float gamma_of(int i, double exponent) {
  const double power = i == 0 ? 0.0 : exp(exponent * log_positive(i / 255.0));
  return static_cast<float>(std::nearbyint(255 * (power < 1.0 ? power : 1.0)));
}

// As Pillow's ImageOps has it, cutoffs in percent.
BURNISH_HD void autocontrast_table(const Histogram& histogram, double low_cutoff, double high_cutoff, float* table) {
  const HistogramEnds ends = ends_of(histogram, low_cutoff, high_cutoff);
  if (ends.high <= ends.low) return fill_identity(table);
  const double scale = 255.0 / (ends.high - ends.low);
  const double offset = -ends.low * scale;
  for (int i = 0; i < table_size; ++i) {
    const auto value = static_cast<int>(i * scale + offset);
    table[i] = static_cast<float>(value < 0 ? 0 : value > 255 ? 255 : value);
  }
}

// The same of fractions, as a factor and a shift.
BURNISH_HD void autocontrast_line(const Histogram& histogram, double low_cutoff, double high_cutoff, float* line) {
  double low = histogram.low;
  double high = histogram.high;
  if (low_cutoff > 0 || high_cutoff > 0) {
    const HistogramEnds ends = ends_of(histogram, low_cutoff, high_cutoff);
    low = low < ends.low / 255.0 ? ends.low / 255.0 : low;
    high = high > ends.high / 255.0 ? ends.high / 255.0 : high;
  }
  const double scale = high > low ? 1 / (high - low) : 1;
  line[0] = static_cast<float>(scale);
  line[1] = high > low ? static_cast<float>(-low * scale) : 0.0f;
}

// As Pillow's ImageOps has it.
BURNISH_HD void equalize_table(const Histogram& histogram, float* table) {
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
    table[i] = static_cast<float>(n / step < 255 ? n / step : 255);
    n += histogram.count[i];
  }
}

// The table, or the line, of an operation that asks for a histogram; `params` are its parameters.
BURNISH_HD void find_table(Op op, bool whole, const double* params, const Histogram& histogram, float* table) {
  if (op == Op::equalize) return equalize_table(histogram, table);
  if (whole) return autocontrast_table(histogram, params[0], params[1], table);
  autocontrast_line(histogram, params[0], params[1], table);
}

}  // namespace burnish::augment
