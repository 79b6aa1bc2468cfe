// SPDX-License-Identifier: Apache-2.0
// Filters over all of an image, as Pillow has them: along the rows, rounded, and then along the columns. Work runs down
// the columns, lanes side by side; rows are columns of the transposed plane.
#include "augment/kernels.hpp"
#include "augment/planes_math.hpp"
#include "core/simd.hpp"

namespace burnish::augment {
namespace {

std::int64_t rounded_up(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

// Squares of as many values as 16 bytes hold, by shuffling the first half of the rows with the second until all are
// columns.
template <class T>
constexpr int square = 16 / sizeof(T);

#if defined(__SSE4_1__)
__m128i shuffled(__m128i a, __m128i b, bool high, std::uint8_t) {
  return high ? _mm_unpackhi_epi8(a, b) : _mm_unpacklo_epi8(a, b);
}
__m128i shuffled(__m128i a, __m128i b, bool high, float) {
  return high ? _mm_unpackhi_epi32(a, b) : _mm_unpacklo_epi32(a, b);
}

template <class T>
void transpose_square(const T* from, std::int64_t row, T* to, std::int64_t to_row) {
  constexpr int n = square<T>;
  __m128i rows[n];
  for (int i = 0; i < n; ++i) rows[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * row));
  for (int round = 1; round < n; round *= 2) {
    __m128i next[n];
    for (int i = 0; i < n / 2; ++i) {
      next[2 * i] = shuffled(rows[i], rows[i + n / 2], false, T());
      next[2 * i + 1] = shuffled(rows[i], rows[i + n / 2], true, T());
    }
    for (int i = 0; i < n; ++i) rows[i] = next[i];
  }
  for (int i = 0; i < n; ++i) _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i * to_row), rows[i]);
}
#else
template <class T>
void transpose_square(const T* from, std::int64_t row, T* to, std::int64_t to_row) {
  for (int i = 0; i < square<T>; ++i) {
    for (int j = 0; j < square<T>; ++j) to[i * to_row + j] = from[j * row + i];
  }
}
#endif

template <class T>
void transpose(const T* from, int height, int width, T* __restrict to) {
  constexpr int n = square<T>;
  const int whole_height = height / n * n;
  const int whole_width = width / n * n;
  const auto one_by_one = [&](int top, int left, int right) {
    for (int y = top; y < height; ++y) {
      for (int x = left; x < right; ++x) to[std::int64_t{x} * height + y] = from[std::int64_t{y} * width + x];
    }
  };
  for (int left = 0; left < whole_width; left += n) {
    for (int top = 0; top < whole_height; top += n) {
      transpose_square(from + std::int64_t{top} * width + left, width, to + std::int64_t{left} * height + top, height);
    }
  }
  one_by_one(whole_height, 0, whole_width);
  one_by_one(0, whole_width, width);
}

#if defined(__AVX2__)
constexpr int strip = 64;  // columns: a line of the cache
constexpr int longest_box = 63;

// A strip of columns from top to bottom, sums in registers. A product of a sum of up to 15 bits and a weight of 24 is
// that of its upper and its lower 12 bits: pairs of words are multiplied and added in one instruction.
void box_strip(const std::uint8_t* from, int height, std::int64_t width, const Box<std::uint8_t>& box,
               std::uint8_t* to) {
  constexpr int count = strip / 16;
  const auto row = [&](int y) { return from + (y < 0 ? 0 : y < height ? y : height - 1) * width; };
  const auto words = [](const std::uint8_t* bytes, int i) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * i)));
  };
  const auto pair = [](std::uint32_t sum, std::uint32_t ends) {
    return _mm256_set1_epi32(static_cast<int>(sum | ends << 16));
  };
  const __m256i high = pair(box.weight >> 12, box.end_weight >> 12);
  const __m256i low = pair(box.weight & 4095, box.end_weight & 4095);
  const __m256i half = _mm256_set1_epi32(1 << 23);
  const auto rounded = [&](__m256i pairs) {
    const __m256i upper = _mm256_slli_epi32(_mm256_madd_epi16(pairs, high), 12);
    const __m256i product = _mm256_add_epi32(upper, _mm256_add_epi32(_mm256_madd_epi16(pairs, low), half));
    return _mm256_srli_epi32(product, 24);
  };
  __m256i sum[count];
  for (int i = 0; i < count; ++i) {
    sum[i] = _mm256_mullo_epi16(words(from, i), _mm256_set1_epi16(static_cast<short>(box.radius + 1)));
    for (int y = 0; y < box.radius; ++y) sum[i] = _mm256_add_epi16(sum[i], words(row(y), i));
  }
  for (int y = 0; y < height; ++y, to += width) {
    const std::uint8_t* before = row(y - box.radius - 1);
    const std::uint8_t* last = row(y + box.radius);
    const std::uint8_t* after = row(y + box.radius + 1);
#pragma GCC unroll 4
    for (int i = 0; i < count; ++i) {
      const __m256i left = words(before, i);
      sum[i] = _mm256_add_epi16(sum[i], _mm256_sub_epi16(words(last, i), left));
      const __m256i ends = _mm256_add_epi16(left, words(after, i));
      const __m256i bytes = _mm256_packus_epi32(rounded(_mm256_unpacklo_epi16(sum[i], ends)),
                                                rounded(_mm256_unpackhi_epi16(sum[i], ends)));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16 * i),
                       _mm_packus_epi16(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)));
    }
  }
}
#endif

// Whole strips of columns, where there is a quick way; returns the first column that is left to do.
template <class T>
int box_strips([[maybe_unused]] const T* from, [[maybe_unused]] int height, [[maybe_unused]] int width,
               [[maybe_unused]] const Box<T>& box, [[maybe_unused]] T* to) {
  int x = 0;
#if defined(__AVX2__)
  if constexpr (sizeof(T) == 1) {
    if (box.radius <= longest_box) {
      for (; x + strip <= width; x += strip) box_strip(from + x, height, width, box, to + x);
    }
  }
#endif
  return x;
}

// Beyond the first and the last row there are these rows again.
template <class T>
void box_columns(const T* from, int height, int width, const Box<T>& box, typename Box<T>::Sum* __restrict sum,
                 T* __restrict to) {
  using Sum = typename Box<T>::Sum;
  const auto row = [&](std::int64_t y) { return from + (y < 0 ? 0 : y < height ? y : height - 1) * width; };
  const int radius = box.radius;
  const int first = box_strips(from, height, width, box, to);
  if (first == width) return;
  for (int x = first; x < width; ++x) sum[x] = static_cast<Sum>(from[x]) * static_cast<Sum>(radius + 1);
  for (int y = 0; y < radius; ++y) {
    const T* more = row(y);
    for (int x = first; x < width; ++x) sum[x] += static_cast<Sum>(more[x]);
  }
  for (int y = 0; y < height; ++y, to += width) {
    const T* before = row(std::int64_t{y} - radius - 1);
    const T* last = row(std::int64_t{y} + radius);
    const T* after = row(std::int64_t{y} + radius + 1);
    for (int x = first; x < width; ++x) {
      sum[x] += static_cast<Sum>(last[x]) - static_cast<Sum>(before[x]);
      to[x] = box.of(sum[x], static_cast<Sum>(before[x]) + static_cast<Sum>(after[x]));
    }
  }
}

template <class T>
void boxes(const Prepare& prepare, const Planes& planes) {
  const std::int64_t size = std::int64_t{planes.height} * planes.width;
  const Box<T> box(prepare.radius);
  T* a = reinterpret_cast<T*>(planes.scratch);
  const std::int64_t bytes = rounded_up(size * std::int64_t{sizeof(T)});
  T* b = reinterpret_cast<T*>(planes.scratch + bytes);
  auto* sum = reinterpret_cast<typename Box<T>::Sum*>(planes.scratch + 2 * bytes);
  for (int c = 0; c < planes.channels; ++c) {
    const T* from = static_cast<const T*>(planes.from) + c * size;
    T* to = static_cast<T*>(planes.to) + c * size;
    if (!(prepare.radius > 0)) {
      __builtin_memcpy(to, from, static_cast<std::size_t>(size) * sizeof(T));
      continue;
    }
    transpose(from, planes.height, planes.width, to);
    box_columns(to, planes.width, planes.height, box, sum, a);
    box_columns(a, planes.width, planes.height, box, sum, to);
    box_columns(to, planes.width, planes.height, box, sum, a);
    transpose(a, planes.width, planes.height, to);
    box_columns(to, planes.height, planes.width, box, sum, a);
    box_columns(a, planes.height, planes.width, box, sum, b);
    box_columns(b, planes.height, planes.width, box, sum, to);
  }
}

template <class T>
void unsharp(const Prepare& prepare, const Levels& levels, const Planes& planes) {
  boxes<T>(prepare, planes);
  const std::int64_t count = std::int64_t{planes.channels} * planes.height * planes.width;
  const Unsharp filter = {prepare.percent, prepare.threshold, levels};
  const T* from = static_cast<const T*>(planes.from);
  T* to = static_cast<T*>(planes.to);
  for (std::int64_t i = 0; i < count; ++i) to[i] = filter.of(from[i], to[i]);
}

// Down the columns: (axis.from, width) -> (axis.to, width), bytes as Pillow has them.
void resample(const std::uint8_t* from, int width, const Axis& axis, const Levels&, std::int32_t* __restrict sum,
              std::uint8_t* __restrict to) {
  for (int y = 0; y < axis.to; ++y, to += width) {
    const std::uint8_t* source = from + std::int64_t{axis.first[static_cast<std::size_t>(y)]} * width;
    const std::int32_t* weights = axis.fixed.data() + std::int64_t{y} * axis.most_taps;
    const int count = axis.count[static_cast<std::size_t>(y)];
    for (int x = 0; x < width; ++x) sum[x] = fixed_half;
    for (int k = 0; k < count; ++k, source += width) {
      const std::int32_t weight = weights[k];
      for (int x = 0; x < width; ++x) sum[x] += source[x] * weight;
    }
    for (int x = 0; x < width; ++x) to[x] = byte_of_fixed(sum[x]);
  }
}

template <class T>
void settle(const float* from, std::int64_t count, const Levels& levels, T* __restrict to) {
  for (std::int64_t i = 0; i < count; ++i) settle_value(from[i], levels, to[i]);
}

// The same of floats; with levels, the values are brought into them.
template <class T>
void resample(const float* from, int width, const Axis& axis, const Levels* levels, float* __restrict sum,
              T* __restrict to) {
  for (int y = 0; y < axis.to; ++y, to += width) {
    const float* source = from + std::int64_t{axis.first[static_cast<std::size_t>(y)]} * width;
    const float* weights = axis.weight.data() + std::int64_t{y} * axis.most_taps;
    const int count = axis.count[static_cast<std::size_t>(y)];
    for (int x = 0; x < width; ++x) sum[x] = 0;
    for (int k = 0; k < count; ++k, source += width) {
      const float weight = weights[k];
      for (int x = 0; x < width; ++x) sum[x] += source[x] * weight;
    }
    if constexpr (sizeof(T) == sizeof(float)) {
      if (!levels) {
        __builtin_memcpy(to, sum, static_cast<std::size_t>(width) * sizeof(float));
        continue;
      }
    }
    settle(sum, width, *levels, to);
  }
}

// Bytes that are rounded after each of the two passes, as Pillow's are.
void resize_bytes(const Levels& levels, const Planes& planes) {
  using T = std::uint8_t;
  const Axis& rows = *planes.rows;
  const Axis& columns = *planes.columns;
  const std::int64_t size = std::int64_t{rows.from} * columns.from;
  const std::int64_t new_size = std::int64_t{rows.to} * columns.to;
  const std::int64_t half = std::int64_t{rows.from} * columns.to;
  const std::int64_t most = size > half ? size : half;
  T* a = reinterpret_cast<T*>(planes.scratch);
  T* b = reinterpret_cast<T*>(planes.scratch + rounded_up(most));
  auto* sum = reinterpret_cast<std::int32_t*>(planes.scratch + 2 * rounded_up(most));
  for (int c = 0; c < planes.channels; ++c) {
    const T* from = static_cast<const T*>(planes.from) + c * size;
    T* to = static_cast<T*>(planes.to) + c * new_size;
    const T* wide = from;
    if (columns.from != columns.to) {
      transpose(from, rows.from, columns.from, a);
      resample(a, rows.from, columns, levels, sum, b);
      transpose(b, columns.to, rows.from, a);
      wide = a;
    }
    if (rows.from != rows.to) {
      resample(wide, columns.to, rows, levels, sum, to);
    } else {
      __builtin_memcpy(to, wide, static_cast<std::size_t>(new_size));
    }
  }
}

void to_columns(const float* from, int height, int width, float*, float* to) { transpose(from, height, width, to); }

void to_columns(const std::uint8_t* from, int height, int width, float* scratch, float* to) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(scratch);
  transpose(from, height, width, bytes);
  for (std::int64_t i = 0; i < std::int64_t{height} * width; ++i) to[i] = static_cast<float>(bytes[i]);
}

// In floats between the passes, which may overshoot.
template <class T>
void resize_precisely(const Levels& levels, const Planes& planes) {
  const Axis& rows = *planes.rows;
  const Axis& columns = *planes.columns;
  const std::int64_t size = std::int64_t{rows.from} * columns.from;
  const std::int64_t new_size = std::int64_t{rows.to} * columns.to;
  const std::int64_t half = std::int64_t{rows.from} * columns.to;
  const std::int64_t most = (size > half ? size : half) * std::int64_t{sizeof(float)};
  auto* a = reinterpret_cast<float*>(planes.scratch);
  auto* b = reinterpret_cast<float*>(planes.scratch + rounded_up(most));
  auto* sum = reinterpret_cast<float*>(planes.scratch + 2 * rounded_up(most));
  for (int c = 0; c < planes.channels; ++c) {
    const T* from = static_cast<const T*>(planes.from) + c * size;
    T* to = static_cast<T*>(planes.to) + c * new_size;
    if (columns.from != columns.to) {
      to_columns(from, rows.from, columns.from, b, a);
      resample(a, rows.from, columns, nullptr, sum, b);
      transpose(b, columns.to, rows.from, a);
    } else {
      for (std::int64_t i = 0; i < size; ++i) a[i] = static_cast<float>(from[i]);
    }
    if (rows.from != rows.to) {
      resample(a, columns.to, rows, &levels, sum, to);
    } else {
      settle(a, new_size, levels, to);
    }
  }
}

template <class T>
void resize(const Levels& levels, const Planes& planes) {
  if constexpr (sizeof(T) == 1) {
    if (planes.rows->is_antialiased) return resize_bytes(levels, planes);
  }
  resize_precisely<T>(levels, planes);
}

template <class T>
void run(const Prepare& prepare, const Levels& levels, const Planes& planes) {
  switch (prepare.kind) {
    case Prepare::Kind::boxes:
      return boxes<T>(prepare, planes);
    case Prepare::Kind::unsharp:
      return unsharp<T>(prepare, levels, planes);
    default:
      return resize<T>(levels, planes);
  }
}

}  // namespace

template <>
void prepare_planes<Isa::BURNISH_ISA>(const Prepare& prepare, const Levels& levels, const Planes& planes) {
  planes.dtype == DType::uint8 ? run<std::uint8_t>(prepare, levels, planes) : run<float>(prepare, levels, planes);
}

}  // namespace burnish::augment
