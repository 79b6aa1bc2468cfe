// SPDX-License-Identifier: Apache-2.0
// Rows -> 8-bit codes about a center. Compiled once per instruction set level.
#include "core/visit.hpp"
#include "neighbors/code_products.hpp"

namespace burnish::neighbors {
namespace {

constexpr int encode_lanes = 16;

// The sums of squares in one lane, which has every 16th column, and the sum of codes times its offset.
static_assert(std::int64_t{largest_code_in_32_bits} * largest_code_in_32_bits * (most_coded_columns / encode_lanes) <
              std::int64_t{1} << 31);
static_assert((largest_code_in_32_bits + 1) * largest_code_in_32_bits * most_coded_columns < std::int64_t{1} << 31);

// The rows as floats, and the largest value. Lanes, so that the compiler keeps them in vectors.
template <class T>
float center_rows(const EncodeJob& job, float* to) {
  float largest[encode_lanes] = {};
  const std::int64_t width = job.block.width;
  for (int r = 0; r < job.block.count; ++r) {
    const T* from = static_cast<const T*>(job.block.rows) + r * job.block.stride;
    float* row = to + r * width;
    const auto center = [&](std::int64_t c, int lane) {
      const auto value = static_cast<float>(static_cast<double>(from[c]) * job.factor - job.center[c]);
      const float size = value < 0 ? -value : value;
      row[c] = value;
      largest[lane] = size > largest[lane] ? size : largest[lane];
    };
    std::int64_t c = 0;
    for (; c + encode_lanes <= width; c += encode_lanes) {
      for (int lane = 0; lane < encode_lanes; ++lane) center(c + lane, lane);
    }
    for (int lane = 0; c < width; ++c, ++lane) center(c, lane);
  }
  for (int lane = 1; lane < encode_lanes; ++lane) largest[0] = largest[lane] > largest[0] ? largest[lane] : largest[0];
  return largest[0];
}

// Rounds to the nearest integer, halves to even, for values up to 2^22. Any integer near would do: what it leaves is
// measured and becomes part of the error.
BURNISH_HD float to_integer(float x) {
  constexpr float magic = 0x1.8p23F;
  return (x + magic) - magic;
}

// The codes of one row, and what its bounds need.
void encode_row(const float* from, std::int64_t width, float inverse_step, float step, std::int8_t* codes,
                float& square, float& residual, std::int32_t& sum) {
  constexpr int lanes = encode_lanes;
  float residuals[lanes] = {};
  std::int32_t squares[lanes] = {};
  std::int32_t sums[lanes] = {};
  const auto add = [&](std::int64_t c, int lane) {
    const float code = to_integer(from[c] * inverse_step);
    const float rest = from[c] - code * step;
    const auto whole = static_cast<std::int32_t>(code);
    codes[c] = static_cast<std::int8_t>(whole);
    residuals[lane] += rest * rest;
    squares[lane] += whole * whole;
    sums[lane] += whole;
  };
  std::int64_t c = 0;
  for (; c + lanes <= width; c += lanes) {
    for (int lane = 0; lane < lanes; ++lane) add(c + lane, lane);
  }
  for (int lane = 0; c < width; ++c, ++lane) add(c, lane);
  const int used = width < lanes ? static_cast<int>(width) : lanes;
  std::int64_t total = 0;
  residual = 0;
  sum = 0;
  for (int lane = 0; lane < used; ++lane) {
    residual += residuals[lane];
    total += squares[lane];
    sum += sums[lane];
  }
  // Up to 2^28, which a float does not hold: rounded by 2^-24 of itself, of which `downward` gives back 2^-20.
  square = static_cast<float>(total);
}

void pack_codes(const std::int8_t* codes, int width, int offset, std::uint8_t* packed) {
  for (int r = 0; r < block_rows; ++r) {
    for (int g = 0; g < width / 4; ++g) {
      std::uint8_t* to = packed + (g * block_rows + r) * 4;
      for (int i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(codes[r * width + g * 4 + i] + offset);
    }
  }
}

}  // namespace

template <>
void encode_block<Isa::BURNISH_ISA>(EncodeJob& job) {
  float largest = 0;
  visit_native_float(job.block.dtype, [&]<class T>() { largest = center_rows<T>(job, job.scratch); });
  const auto most = static_cast<float>(job.largest_code);
  const float step = largest / most > 1e-12F ? largest / most : 1e-12F;
  const float inverse_step = downward / step;  // the largest code stays within bounds
  const std::int64_t width = job.block.width;
  __builtin_memset(job.codes, 0, static_cast<std::size_t>(block_rows) * static_cast<std::size_t>(job.code_width));
  job.step = step;
  job.largest_error = 0;
  for (int r = 0; r < block_rows; ++r) {
    job.norm[r] = job.error[r] = 0;
    job.shift[r] = 0;
    if (r >= job.block.count) continue;
    float square = 0;
    float residual = 0;
    std::int32_t sum = 0;
    encode_row(job.scratch + r * width, width, inverse_step, step, job.codes + r * job.code_width, square, residual,
               sum);
    // The values were rounded to float, each by up to 2^-24 of the largest; squares of less than 1e-19 are lost.
    const float rounding = (largest * 0x1p-23F + 1e-18F) * __builtin_sqrtf(static_cast<float>(width));
    const float moved = job.coordinate_error ? static_cast<float>(job.coordinate_error[r]) * upward : 0.0F;
    job.error[r] = __builtin_sqrtf(residual) * 1.0001F + rounding + moved;
    job.norm[r] = square * step * step * downward;
    job.shift[r] = -(job.largest_code + 1) * sum;
    job.largest_error = job.error[r] > job.largest_error ? job.error[r] : job.largest_error;
  }
  if (job.packed) pack_codes(job.codes, job.code_width, job.largest_code + 1, job.packed);
}

}  // namespace burnish::neighbors
