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

inline constexpr int white = table_size - 1;

// The first bin after the cut, and the last one before it; without a cut, those that hold any pixel.
BURNISH_HD HistogramEnds albumentations_ends(const Histogram& histogram, double cutoff) {
  const std::int64_t* count = histogram.count;
  std::int64_t total = 0;
  for (int i = 0; i < white; ++i) total += count[i];
  const double cut = static_cast<double>(total) * cutoff / 100;
  HistogramEnds ends = {0, white - 1};
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

// The cumulative histogram of the values that are not cut off, as Albumentations has it: white is not counted.
BURNISH_HD void cumulative_table(const Histogram& histogram, double cutoff, float* table) {
  const HistogramEnds ends = albumentations_ends(histogram, cutoff);
  std::int64_t sum[table_size] = {};
  for (int i = ends.low; i <= ends.high && i < white; ++i) {
    sum[i] = (i > ends.low ? sum[i - 1] : 0) + histogram.count[i];
  }
  const std::int64_t first = sum[ends.low];
  const std::int64_t range = sum[ends.high] - first;
  if (ends.high <= ends.low || range == 0) return fill_identity(table);
  for (int i = 0; i < table_size; ++i) {
    const auto part = static_cast<float>(sum[i] - first) * 255.0f / static_cast<float>(range);
    table[i] = i < ends.low ? 0.0f : i > ends.high ? 255.0f : static_cast<float>(std::nearbyint(part));
  }
}

// As OpenCV's equalizeHist has it.
BURNISH_HD void opencv_equalize_table(const Histogram& histogram, float* table) {
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
    table[i] = static_cast<float>(std::nearbyint(static_cast<float>(sum) * scale));
  }
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
BURNISH_HD void find_table(Op op, Method method, bool whole, const double* params, const Histogram& histogram,
                           float* table) {
  const bool as_opencv = method == Method::opencv;
  if (op == Op::equalize) {
    return as_opencv ? opencv_equalize_table(histogram, table) : equalize_table(histogram, table);
  }
  if (as_opencv) return cumulative_table(histogram, params[0], table);
  if (whole) return autocontrast_table(histogram, params[0], params[1], table);
  autocontrast_line(histogram, params[0], params[1], table);
}

}  // namespace burnish::augment
