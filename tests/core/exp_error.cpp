// SPDX-License-Identifier: Apache-2.0
// Every stride-th float32 bit pattern through the library's exp and log, as scalars and as vectors of the level this
// file is compiled for: the largest error against double precision, and a checksum of all results.
//   exp_error STRIDE OFFSET  ->  one line per function: name, error, where, broken promises, checksum
// Errors are in units of the last place (ULP); that of exp_fast is relative, divided by 1.8e-7 + 1.4e-8 |x|.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

#include "core/exp.hpp"
#include "core/simd.hpp"

namespace {

using Vector = burnish::simd::Vector<float>;
constexpr int width = burnish::simd::width<float>;
constexpr float infinity = std::numeric_limits<float>::infinity();

// Distance in units of the last place of the float32 numbers around the reference.
double error_in_ulp(float y, double reference) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &reference, sizeof bits);
  const std::uint64_t exponent = std::max(bits >> 52 & 0x7ffu, std::uint64_t{1023 - 126});
  bits = (1023u + 1023u + 23u - exponent) << 52;  // of 2^(23 - (exponent - 1023))
  double per_unit = 0;
  std::memcpy(&per_unit, &bits, sizeof bits);
  return std::fabs(static_cast<double>(y) - reference) * per_unit;
}

struct Exp {
  static constexpr const char* name = "exp";
  template <class V>
  static V apply(V x) {
    return burnish::exp(x);
  }
  // Where the error is measured; elsewhere `keeps_promise` says what must come out.
  static bool is_measured(float x) { return x >= -87.33f && x <= 88.37f; }
  static double error(float x, float y) { return error_in_ulp(y, std::exp(double{x})); }
  static bool keeps_promise(float x, float y) {
    if (x > 88.37f) return y == infinity || std::fabs(y / std::exp(double{x}) - 1) < 0x1p-22;
    if (x < -87.33f) return y == 0.0f || (x > -87.7f && std::fabs(y - std::exp(double{x})) <= 0x1p-148);
    return x != x && y != y;
  }
};

struct ExpFast : Exp {
  static constexpr const char* name = "exp_fast";
  template <class V>
  static V apply(V x) {
    return burnish::exp_fast(x);
  }
  static double error(float x, float y) {
    return std::fabs(y / std::exp(double{x}) - 1) / (1.8e-7 + 1.4e-8 * std::fabs(x));
  }
  static bool keeps_promise(float x, float y) {
    using Table = burnish::ExpTable<float>;
    if (!(x >= Table::lowest && x <= Table::highest)) return x == x || y != y;  // no promise but NaN
    return x > 0 ? y > 2e38f : y >= 0.0f && y < 0x1.1p-126f;
  }
};

struct Log {
  static constexpr const char* name = "log";
  template <class V>
  static V apply(V x) {
    return burnish::log(x);
  }
  static bool is_measured(float x) { return x > 0 && x < infinity; }
  static double error(float x, float y) { return error_in_ulp(y, std::log(double{x})); }
  static bool keeps_promise(float x, float y) {
    if (x == 0) return y == -infinity;
    if (x == infinity) return y == infinity;
    return y != y;  // below 0 and NaN
  }
};

struct LogPositive : Log {
  static constexpr const char* name = "log_positive";
  template <class V>
  static V apply(V x) {
    return burnish::log_positive(x);
  }
  static bool is_measured(float x) { return x >= std::numeric_limits<float>::min() && x < infinity; }
  static bool keeps_promise(float, float y) { return std::isfinite(y); }
};

struct Log1pRatio {
  static constexpr const char* name = "log1p_ratio";
  template <class V>
  static V apply(V x) {
    return burnish::log1p_ratio(x);
  }
  static bool is_measured(float x) { return x > 0 && x <= 1; }
  static double error(float x, float y) { return error_in_ulp(y, std::log1p(double{x}) / double{x}); }
  static bool keeps_promise(float x, float y) {
    if (x == 0) return y == 1;
    return x == x || y != y;  // no promise but NaN
  }
};

struct Found {
  double error = 0;
  float where = 0;
  std::uint64_t broken = 0;
  std::uint64_t checksum = 0;

  void add(const Found& other) {
    if (other.error > error) {
      error = other.error;
      where = other.where;
    }
    broken += other.broken;
    checksum += other.checksum;
  }
};

template <class F>
Found search(std::uint64_t first, std::uint64_t last, std::uint64_t stride) {
  Found found;
  for (std::uint64_t pattern = first; pattern < last;) {
    float x[width] = {};
    int count = 0;
    std::uint64_t patterns[width];
    for (; count < width && pattern < last; ++count, pattern += stride) {
      patterns[count] = pattern;
      const auto bits = static_cast<std::uint32_t>(pattern);
      std::memcpy(&x[count], &bits, sizeof bits);
    }
    float y[width];
    const auto vector = F::apply(burnish::simd::load(x));
    __builtin_memcpy(y, &vector, sizeof vector);
    for (int i = 0; i < count; ++i) {
      const float scalar = F::apply(x[i]);
      const bool same = std::memcmp(&scalar, &y[i], sizeof scalar) == 0 || (scalar != scalar && y[i] != y[i]);
      if (!same) ++found.broken;
      std::uint32_t bits = 0x7fc00000;  // any NaN
      if (y[i] == y[i]) std::memcpy(&bits, &y[i], sizeof bits);
      found.checksum += (patterns[i] * 0x9e3779b97f4a7c15u | 1u) * (std::uint64_t{bits} + 1);
      if (F::is_measured(x[i])) {
        double error = F::error(x[i], y[i]);
        if (error != error) error = std::numeric_limits<double>::infinity();
        if (error > found.error) {
          found.error = error;
          found.where = x[i];
        }
      } else if (!F::keeps_promise(x[i], y[i])) {
        if (found.broken++ < 3) std::fprintf(stderr, "%s(%a) = %a\n", F::name, double{x[i]}, double{y[i]});
      }
    }
  }
  return found;
}

template <class F>
void report(std::uint64_t stride, std::uint64_t offset) {
  constexpr std::uint64_t patterns = std::uint64_t{1} << 32;
  const unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<Found> found(threads);
  std::vector<std::thread> workers;
  const std::uint64_t steps = (patterns - offset + stride - 1) / stride;
  for (unsigned t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      const std::uint64_t first = offset + steps * t / threads * stride;
      const std::uint64_t last = t + 1 == threads ? patterns : offset + steps * (t + 1) / threads * stride;
      found[t] = search<F>(first, last, stride);
    });
  }
  for (std::thread& worker : workers) worker.join();
  Found all;
  for (const Found& part : found) all.add(part);
  std::printf("%s %.4f %a %llu %016llx\n", F::name, all.error, double{all.where},
              static_cast<unsigned long long>(all.broken), static_cast<unsigned long long>(all.checksum));
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t stride = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const std::uint64_t offset = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  report<Exp>(stride, offset);
  report<ExpFast>(stride, offset);
  report<Log>(stride, offset);
  report<LogPositive>(stride, offset);
  report<Log1pRatio>(stride, offset);
}
