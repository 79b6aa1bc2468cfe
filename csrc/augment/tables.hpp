// SPDX-License-Identifier: Apache-2.0
// Changes of a value that are looked up, among 256: results are whole numbers 0..255.
#pragma once

#include <cstdint>

namespace burnish::augment {

inline constexpr int table_size = 256;

// Of one channel; fractions are counted as the nearest whole number of 255ths.
struct Histogram {
  std::int64_t count[table_size] = {};
  float low = __builtin_huge_valf();
  float high = -__builtin_huge_valf();
};

void gamma_table(double exponent, float* table);
// As Pillow's ImageOps has it, cutoffs in percent.
void autocontrast_table(const Histogram& histogram, double low_cutoff, double high_cutoff, float* table);
// The same of fractions, as a factor and a shift.
void autocontrast_line(const Histogram& histogram, double low_cutoff, double high_cutoff, float* line);
// The cumulative histogram of the values that are not cut off, as Albumentations has it: white is not counted.
void cumulative_table(const Histogram& histogram, double cutoff, float* table);
// As Pillow's ImageOps has it.
void equalize_table(const Histogram& histogram, float* table);
// As OpenCV's equalizeHist has it.
void opencv_equalize_table(const Histogram& histogram, float* table);

}  // namespace burnish::augment
