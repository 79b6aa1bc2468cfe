// SPDX-License-Identifier: Apache-2.0
// Where eight pixels side by side are read from: the numbers of place_of() and Line::at(). Only files compiled per
// level may include this header.
#pragma once

#include "augment/warp_math.hpp"
#include "core/simd.hpp"

#if defined(__AVX2__)
namespace burnish::augment {
namespace {

// The pixel that each place lies at or after, and the weights of the next ones.
struct EightPlaces {
  __m256i x;
  __m256i y;
  __m256i weight_x;
  __m256i weight_y;
};

// Columns 0, 1, 4, 5 and 2, 3, 6, 7, so that a shuffle of words sorts them.
struct EightFixed {
  __m256i a;
  __m256i b;

  __m256i whole_parts() const { return words<0xdd>(); }
  __m256i weight_parts() const { return _mm256_srli_epi32(words<0x88>(), 32 - weight_bits); }

 private:
  template <int which>
  __m256i words() const {
    return _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), which));
  }
};

// From the first of eight pixels side by side to each of them and to the next eight, along one axis.
struct EightSteps {
  explicit EightSteps(std::int64_t step)
      : each{_mm256_setr_epi64x(0, step, 4 * step, 5 * step),
             _mm256_setr_epi64x(2 * step, 3 * step, 6 * step, 7 * step)},
        eight(_mm256_set1_epi64x(8 * step)) {}
  EightFixed each;
  __m256i eight;

  EightFixed from(std::int64_t start) const {
    const __m256i first = _mm256_set1_epi64x(start);
    return {_mm256_add_epi64(first, each.a), _mm256_add_epi64(first, each.b)};
  }
  void advance(EightFixed& places) const {
    places.a = _mm256_add_epi64(places.a, eight);
    places.b = _mm256_add_epi64(places.b, eight);
  }
};

// A row under an affine map.
class LinePlaces {
 public:
  // What is the same for all rows of a result.
  struct Steps {
    explicit Steps(const Source& source)
        : matrix(source.matrix), x(line_of(source.matrix, 0).step.x), y(line_of(source.matrix, 0).step.y) {}
    const Matrix& matrix;
    EightSteps x;
    EightSteps y;
  };

  LinePlaces(const Steps& steps, int y, int first) : steps_(steps) {
    const Place start = line_of(steps.matrix, y).at(first);
    x_ = steps.x.from(start.x);
    y_ = steps.y.from(start.y);
  }

  EightPlaces next() {
    const EightPlaces places = {x_.whole_parts(), y_.whole_parts(), x_.weight_parts(), y_.weight_parts()};
    steps_.x.advance(x_);
    steps_.y.advance(y_);
    return places;
  }

 private:
  const Steps& steps_;
  EightFixed x_;
  EightFixed y_;
};

// A row under any map.
class MapPlaces {
 public:
  struct Steps {
    explicit Steps(const Source& source) : matrix(source.matrix) {}
    const Matrix& matrix;
  };

  MapPlaces(const Steps& steps, int y, int first)
      : matrix_(steps.matrix), y_(y + 0.5), first_(first + 0.5), is_affine_(is_affine(steps.matrix)) {}

  EightPlaces next() {
    const Two a = four(0, 1, 4, 5);
    const Two b = four(2, 3, 6, 7);
    first_ += 8;
    const EightFixed x = {a.x, b.x};
    const EightFixed y = {a.y, b.y};
    return {x.whole_parts(), y.whole_parts(), x.weight_parts(), y.weight_parts()};
  }

  void next(Place (&places)[8]) {
    for (int i = 0; i < 8; i += 4) {
      const Two some = four(i, i + 1, i + 2, i + 3);
      std::int64_t x[4];
      std::int64_t y[4];
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(x), some.x);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), some.y);
      for (int k = 0; k < 4; ++k) places[i + k] = {x[k], y[k]};
    }
    first_ += 8;
  }

 private:
  struct Two {
    __m256i x;
    __m256i y;
  };

  // At columns first_ + a, b, c and d.
  Two four(double a, double b, double c, double d) const {
    return places_of(_mm256_add_pd(_mm256_set1_pd(first_), _mm256_setr_pd(a, b, c, d)));
  }

  // m[row] of the map, at columns x.
  __m256d row(int row, __m256d x) const {
    const double* m = matrix_.m + 3 * row;
    return _mm256_add_pd(_mm256_add_pd(_mm256_mul_pd(_mm256_set1_pd(m[0]), x), _mm256_set1_pd(m[1] * y_)),
                         _mm256_set1_pd(m[2]));
  }

  Two places_of(__m256d x) const {
    const __m256d one = _mm256_set1_pd(1.0);
    const __m256d over = is_affine_ ? one : _mm256_div_pd(one, row(2, x));
    const auto at = [&](int axis) {
      return to_fixed(_mm256_sub_pd(_mm256_mul_pd(row(axis, x), over), _mm256_set1_pd(0.5)));
    };
    return {at(0), at(1)};
  }

  static __m256i to_fixed(__m256d value) {
    const __m256d limit = _mm256_set1_pd(0x1p30);
    const __m256d least = _mm256_set1_pd(-0x1p30);
    const __m256d near = _mm256_min_pd(_mm256_max_pd(value, least), limit);  // NaN too
    const __m256i half_weight = _mm256_set1_epi64x(std::int64_t{1} << (31 - weight_bits));
#if defined(__AVX512F__)
    return _mm256_add_epi64(_mm256_cvttpd_epi64(_mm256_mul_pd(near, _mm256_set1_pd(0x1p32))), half_weight);
#else
    // Whole numbers below 2^52 lie in the last bits of their sum with it.
    constexpr int down = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC;
    const __m256d size = _mm256_andnot_pd(_mm256_set1_pd(-0.0), near);
    const __m256d whole = _mm256_round_pd(size, down);
    const __m256d rest = _mm256_round_pd(_mm256_mul_pd(_mm256_sub_pd(size, whole), _mm256_set1_pd(0x1p32)), down);
    const auto bits = [](__m256d number) { return _mm256_castpd_si256(_mm256_add_pd(number, _mm256_set1_pd(0x1p52))); };
    const __m256i words = _mm256_set1_epi64x(0xffffffff);
    const __m256i fixed = _mm256_or_si256(_mm256_slli_epi64(bits(whole), 32), _mm256_and_si256(bits(rest), words));
    const __m256i sign = _mm256_cmpgt_epi64(_mm256_setzero_si256(), _mm256_castpd_si256(near));
    return _mm256_add_epi64(_mm256_sub_epi64(_mm256_xor_si256(fixed, sign), sign), half_weight);
#endif
  }

  const Matrix& matrix_;
  double y_;
  double first_;
  bool is_affine_;
};

}  // namespace
}  // namespace burnish::augment
#endif
