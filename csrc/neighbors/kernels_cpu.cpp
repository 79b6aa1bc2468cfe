// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set level.
#include "core/simd.hpp"
#include "neighbors/kernels.hpp"
#include "neighbors/metric_math.hpp"

namespace burnish::neighbors {
namespace {

template <class F>
void visit_rows(DType dtype, const F& f) {
  dtype == DType::float64 ? f.template operator()<double>() : f.template operator()<float>();
}

// ---- codes ----

// Bounds are kept in float, and everything that rounding could take from them is given back many times over.
constexpr float upward = 1.0F + 0x1p-20F;
constexpr float downward = 1.0F - 0x1p-20F;

constexpr int encode_lanes = 16;

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

// Rounds to the nearest integer, for values up to 2^22.
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

// ---- products of codes ----

using IntVector = simd::Vector<std::int32_t>;
constexpr int int_lanes = simd::width<std::int32_t>;

BURNISH_HD IntVector broadcast_quadruple(const std::int8_t* from) {
  std::int32_t four;
  __builtin_memcpy(&four, from, sizeof four);
  return IntVector{} + four;
}

// sums + the products of four unsigned bytes `a` with four signed ones `b` in each lane.
#if defined(__AVX512F__)
struct In32Bits {
  // Not in level v4 itself; only called where the processor has it. An intrinsic would need the whole call chain
  // compiled for it.
  BURNISH_HD static IntVector add_products(IntVector sums, IntVector a, IntVector b) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b));
    return sums;
  }
};
#endif

struct In16Bits {
  BURNISH_HD static IntVector add_products(IntVector sums, IntVector a, IntVector b) {
#if defined(__AVX512F__)
    const __m512i pairs = _mm512_maddubs_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b));
    return sums + reinterpret_cast<IntVector>(_mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#elif defined(__AVX2__)
    const __m256i pairs = _mm256_maddubs_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b));
    return sums + reinterpret_cast<IntVector>(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#elif defined(__SSSE3__)
    const __m128i pairs = _mm_maddubs_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b));
    return sums + reinterpret_cast<IntVector>(_mm_madd_epi16(pairs, _mm_set1_epi16(1)));
#else
    using Bytes = typename simd::VectorOf<std::uint8_t>::type;
    using SignedBytes = typename simd::VectorOf<std::int8_t>::type;
    const auto left = reinterpret_cast<Bytes>(a);
    const auto right = reinterpret_cast<SignedBytes>(b);
    for (int lane = 0; lane < int_lanes; ++lane) {
      for (int i = 0; i < 4; ++i) sums[lane] += left[lane * 4 + i] * right[lane * 4 + i];
    }
    return sums;
#endif
  }
};

// One bit a lane: a >= b.
BURNISH_HD unsigned at_least(IntVector a, IntVector b) {
#if defined(__AVX512F__)
  return _mm512_cmpge_epi32_mask(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b));
#elif defined(__AVX2__)
  return static_cast<unsigned>(_mm256_movemask_ps(reinterpret_cast<__m256>(a >= b)));
#elif defined(__SSE2__)
  return static_cast<unsigned>(_mm_movemask_ps(reinterpret_cast<__m128>(a >= b)));
#else
  unsigned mask = 0;
  for (int lane = 0; lane < int_lanes; ++lane) mask |= static_cast<unsigned>(a[lane] >= b[lane]) << lane;
  return mask;
#endif
}

// A pair with product p may be near if  norm_i + norm_j - 2 step step' p <= max(t_i, t_j),  t = (reach + errors)^2.
// In units of 2 step step' and in integers: p - norm_i >= min(norm_j - t_i, norm_j - t_j).
struct Limits {
  alignas(64) std::int32_t start[block_rows];  // of queries: shift - norm
  alignas(64) std::int32_t query[block_rows];  // -t_i
  alignas(64) std::int32_t norm[block_rows];   // of points
  alignas(64) std::int32_t point[block_rows];  // norm_j - t_j
};

constexpr float most_norm = 0x1p28F;
constexpr float most_reach = -0x1p30F;
constexpr std::int32_t never = 0x7fffffff;

BURNISH_HD float clamp(float x, float low, float high) {
  x = x < high ? x : high;
  return x > low ? x : low;
}

BURNISH_HD std::int32_t floor_to_int(float x) { return static_cast<std::int32_t>(x) - 1; }

Limits make_limits(const FilterJob& job) {
  Limits limits;
  const float unit = 1.0F / (2.0F * job.queries.step * job.points.step);
  for (int i = 0; i < block_rows; ++i) {
    const float reach = job.query_reach[i] + job.queries.error[i] + job.points.largest_error;
    limits.start[i] = job.queries.shift[i] - floor_to_int(clamp(unit * job.queries.norm[i], 0.0F, most_norm));
    limits.query[i] = floor_to_int(clamp(-(unit * upward) * (reach * reach), most_reach, 0.0F));
  }
  for (int j = 0; j < block_rows; ++j) {
    const float norm = unit * job.points.norm[j];
    limits.norm[j] = floor_to_int(clamp(norm, 0.0F, most_norm));
    limits.point[j] = never;
    if (job.point_reach) {
      const float reach = job.point_reach[j] + job.points.error[j] + job.queries.largest_error;
      limits.point[j] = floor_to_int(clamp(norm - (unit * upward) * (reach * reach), most_reach, most_norm));
    }
  }
  for (int j = job.point_count; j < block_rows; ++j) limits.norm[j] = limits.point[j] = never;
  return limits;
}

// Products of four queries with `columns` points, from `packed` on.
constexpr int strip_rows = 4;
constexpr int strip_vectors = int_lanes == 16 ? 4 : 2;
constexpr int strip_columns = strip_vectors * int_lanes;

template <class Products>
BURNISH_HD void multiply_strip(const std::int8_t* queries, const std::uint8_t* packed, std::int64_t width,
                               const std::int32_t* start, IntVector (&sums)[strip_rows][strip_vectors]) {
#pragma GCC unroll 4
  for (int r = 0; r < strip_rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < strip_vectors; ++v) sums[r][v] = IntVector{} + start[r];
  }
  for (std::int64_t g = 0; g < width; g += 4, packed += block_rows * 4) {
    IntVector points[strip_vectors];
#pragma GCC unroll 4
    for (int v = 0; v < strip_vectors; ++v) {
      __builtin_memcpy(&points[v], packed + v * int_lanes * 4, sizeof(IntVector));
    }
#pragma GCC unroll 4
    for (int r = 0; r < strip_rows; ++r) {
      const IntVector query = broadcast_quadruple(queries + r * width + g);
#pragma GCC unroll 4
      for (int v = 0; v < strip_vectors; ++v) sums[r][v] = Products::add_products(sums[r][v], points[v], query);
    }
  }
}

template <class Products>
int filter_block(const FilterJob& job) {
  const Limits limits = make_limits(job);
  const auto* packed = static_cast<const std::uint8_t*>(job.points.codes);
  const std::int64_t width = job.code_width;
  Pair* out = job.pairs;
  for (int i = 0; i < job.query_count && out - job.pairs <= job.most_pairs; i += strip_rows) {
    const std::int8_t* codes = static_cast<const std::int8_t*>(job.queries.codes) + i * width;
    for (int j = 0; j < job.point_count; j += strip_columns) {
      if (job.above_diagonal && j + strip_columns <= i) continue;
      IntVector sums[strip_rows][strip_vectors];
      multiply_strip<Products>(codes, packed + j * 4, width, limits.start + i, sums);
#pragma GCC unroll 4
      for (int r = 0; r < strip_rows; ++r) {
        const IntVector query_limit = IntVector{} + limits.query[i + r];
        unsigned masks[strip_vectors];
        unsigned any = 0;
#pragma GCC unroll 4
        for (int v = 0; v < strip_vectors; ++v) {
          const int first = j + v * int_lanes;
          const IntVector by_query = query_limit + simd::load(limits.norm + first);
          const IntVector by_point = simd::load(limits.point + first);
          masks[v] = at_least(sums[r][v], by_query < by_point ? by_query : by_point);
          any |= masks[v];
        }
        if (!any || i + r >= job.query_count) continue;
        for (int v = 0; v < strip_vectors; ++v) {
          for (unsigned mask = masks[v]; mask; mask &= mask - 1) {
            const int point = j + v * int_lanes + __builtin_ctz(mask);
            *out = {static_cast<std::uint8_t>(i + r), static_cast<std::uint8_t>(point)};
            out += !job.above_diagonal || point > i + r;
          }
        }
      }
    }
  }
  return static_cast<int>(out - job.pairs);
}

// A value that at least k of 16 do not exceed; they are not negative, so that their bits order them.
float smallest_of_minima(const float (&values)[16], int k) {
  std::int32_t bits[16];
  __builtin_memcpy(bits, values, sizeof bits);
  constexpr std::int32_t infinity = 0x7f800000;
  std::int32_t bound = infinity;
  for (int round = 0; round < k; ++round) {
    std::int32_t least = infinity;
    for (const std::int32_t b : bits) least = b < least ? b : least;
    if (least == infinity) break;  // equal ones went together, and none are left
    bound = least;
    for (std::int32_t& b : bits) b = b == least ? infinity : b;
  }
  return bit_cast<float>(bound);
}

// A bound for the k-th smallest value that is not in place `left_out`, if that is one; k is at most `count`. For few
// neighbors the exact value is not worth its branches: that of 16 minima is enough.
float smallest(float (&values)[block_rows], int count, int left_out, int k) {
  constexpr int minima = 16;
  if (left_out >= 0) values[left_out] = __builtin_inff();
  if (k <= minima / 2 && count == block_rows) {
    float least[minima];
    for (int lane = 0; lane < minima; ++lane) least[lane] = values[lane];
    for (int j = minima; j < block_rows; j += minima) {
      for (int lane = 0; lane < minima; ++lane) {
        least[lane] = values[j + lane] < least[lane] ? values[j + lane] : least[lane];
      }
    }
    return smallest_of_minima(least, k);
  }
  float best[block_rows];
  for (int j = 0; j < count; ++j) {
    int place = j < k ? j : k - 1;
    if (j >= k && !(values[j] < best[place])) continue;
    for (; place > 0 && values[j] < best[place - 1]; --place) best[place] = best[place - 1];
    best[place] = values[j];
  }
  return best[k - 1];
}

template <class Products>
void seed_block(const SeedJob& job) {
  const auto* packed = static_cast<const std::uint8_t*>(job.points.codes);
  const std::int64_t width = job.code_width;
  const float unit = 2.0F * job.queries.step * job.points.step;
  for (int i = 0; i < job.query_count; i += strip_rows) {
    const std::int8_t* codes = static_cast<const std::int8_t*>(job.queries.codes) + i * width;
    alignas(64) float far[strip_rows][block_rows];
    for (int j = 0; j < job.point_count; j += strip_columns) {
      IntVector sums[strip_rows][strip_vectors];
      multiply_strip<Products>(codes, packed + j * 4, width, job.queries.shift + i, sums);
      for (int r = 0; r < strip_rows; ++r) {
        alignas(64) std::int32_t products[strip_columns];
        __builtin_memcpy(products, sums[r], sizeof products);
        for (int c = 0; c < strip_columns; ++c) {
          // Norms were rounded down by 2^-20; what they lack is given back.
          const float norms = (job.queries.norm[i + r] + job.points.norm[j + c]) * (1.0F + 0x1p-18F);
          const float square = norms - static_cast<float>(products[c]) * unit;
          far[r][j + c] = __builtin_sqrtf(square > 0 ? square : 0.0F) * upward + job.points.error[j + c];
        }
      }
    }
    for (int r = 0; r < strip_rows && i + r < job.query_count; ++r) {
      const int left_out = job.is_self ? i + r : -1;
      job.reach[i + r] = (smallest(far[r], job.point_count, left_out, job.k) + job.queries.error[i + r]) * upward;
    }
  }
}

// ---- exact keys ----

template <Metric metric, class T, int lane_count>
void measure_in_lanes(const MeasureJob& job) {
  const std::int64_t width = job.queries.width;
  for (int p = 0; p < job.count; ++p) {
    const auto [row, point] = job.pairs[p];
    const T* a = static_cast<const T*>(job.queries.rows) + row * job.queries.stride;
    const T* b = static_cast<const T*>(job.points.rows) + point * job.points.stride;
    double lanes[lane_count] = {};
    std::int64_t c = 0;
    for (; c + lane_count <= width; c += lane_count) {
      for (int lane = 0; lane < lane_count; ++lane) {
        lanes[lane] = add_term<metric>(lanes[lane], static_cast<double>(a[c + lane]), static_cast<double>(b[c + lane]));
      }
    }
    for (int lane = 0; c < width; ++c, ++lane) {
      lanes[lane] = add_term<metric>(lanes[lane], static_cast<double>(a[c]), static_cast<double>(b[c]));
    }
    job.keys[p] = key_of<metric>(sum_lanes(lanes));
  }
}

template <Metric metric, class T>
void measure(const MeasureJob& job) {
  if (job.queries.width <= 4) {
    measure_in_lanes<metric, T, 4>(job);  // the other lanes would stay 0
  } else {
    measure_in_lanes<metric, T, key_lanes>(job);
  }
}

template <class T>
void project(const ProjectJob& job) {
  using V = simd::Vector<double>;
  constexpr int vectors = axis_count / simd::width<double>;
  for (int r = 0; r < job.block.count; ++r) {
    const T* from = static_cast<const T*>(job.block.rows) + r * job.block.stride;
    V sums[vectors] = {};
    double square = 0;
    for (std::int64_t c = 0; c < job.block.width; ++c) {
      const double value = static_cast<double>(from[c]) * job.factor - job.center[c];
      square += value * value;
      for (int v = 0; v < vectors; ++v) {
        sums[v] += value * simd::load(job.axes + c * axis_count + v * simd::width<double>);
      }
    }
    double* to = job.coordinates + r * axis_count;
    for (int v = 0; v < vectors; ++v) __builtin_memcpy(to + v * simd::width<double>, &sums[v], sizeof(V));
    double covered = 0;
    for (int a = 0; a < axis_count - 1; ++a) covered += to[a] * to[a];
    const double rest = square - covered;
    to[axis_count - 1] = rest > 0 ? __builtin_sqrt(rest) : 0.0;
    job.lengths[r] = __builtin_sqrt(square);
  }
}

}  // namespace

template <>
void encode_block<Isa::BURNISH_ISA>(EncodeJob& job) {
  float largest = 0;
  visit_rows(job.block.dtype, [&]<class T>() { largest = center_rows<T>(job, job.scratch); });
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
    const float blur = job.blur ? static_cast<float>(job.blur[r]) * upward : 0.0F;
    job.error[r] = __builtin_sqrtf(residual) * 1.0001F + rounding + blur;
    job.norm[r] = square * step * step * downward;
    job.shift[r] = -(job.largest_code + 1) * sum;
    job.largest_error = job.error[r] > job.largest_error ? job.error[r] : job.largest_error;
  }
  if (job.packed) pack_codes(job.codes, job.code_width, job.largest_code + 1, job.packed);
}

template <>
int filter_pairs<Isa::BURNISH_ISA>(const FilterJob& job) {
#if defined(__AVX512F__)
  if (job.sums_in_32_bits) return filter_block<In32Bits>(job);
#endif
  return filter_block<In16Bits>(job);
}

template <>
void seed_reach<Isa::BURNISH_ISA>(const SeedJob& job) {
#if defined(__AVX512F__)
  if (job.sums_in_32_bits) return seed_block<In32Bits>(job);
#endif
  seed_block<In16Bits>(job);
}

template <>
void measure_pairs<Isa::BURNISH_ISA>(const MeasureJob& job) {
  visit_rows(job.queries.dtype, [&]<class T>() {
    switch (job.metric) {
      case Metric::euclidean:
      case Metric::sqeuclidean:
        return measure<Metric::euclidean, T>(job);
      case Metric::cosine:
        return measure<Metric::cosine, T>(job);
      case Metric::manhattan:
        return measure<Metric::manhattan, T>(job);
    }
  });
}

template <>
void project_rows<Isa::BURNISH_ISA>(const ProjectJob& job) {
  visit_rows(job.block.dtype, [&]<class T>() { project<T>(job); });
}

}  // namespace burnish::neighbors
