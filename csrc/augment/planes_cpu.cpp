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
void transpose(const T* from, std::int64_t row, int height, int width, T* __restrict to, std::int64_t to_row) {
  constexpr int n = square<T>;
  const int whole_height = height / n * n;
  const int whole_width = width / n * n;
  const auto one_by_one = [&](int top, int left, int right) {
    for (int y = top; y < height; ++y) {
      for (int x = left; x < right; ++x) to[x * to_row + y] = from[y * row + x];
    }
  };
  for (int left = 0; left < whole_width; left += n) {
    for (int top = 0; top < whole_height; top += n) {
      transpose_square(from + top * row + left, row, to + left * to_row + top, to_row);
    }
  }
  one_by_one(whole_height, 0, whole_width);
  one_by_one(0, whole_width, width);
}
template <class T>
void transpose(const T* from, int height, int width, T* __restrict to) {
  transpose(from, width, height, width, to, height);
}

constexpr int longest_box = 127;  // whose sums have 16 bits

using Words = simd::VectorOf<std::uint16_t, simd::vector_bytes>::type;
using Doubles = simd::VectorOf<std::uint32_t, simd::vector_bytes>::type;

// Box::of() of each lane, in its upper byte; the lower one may be anything.
Words box_of(const Box<std::uint8_t>& box, Words sum, Words ends) {
  const auto s = bit_cast<Doubles>(sum);
  const auto e = bit_cast<Doubles>(ends);
  const auto of = [&](Doubles one, Doubles other) { return one * box.weight + other * box.end_weight + (1u << 23); };
  const Doubles even = of(s & 0xffffu, e & 0xffffu);
  const Doubles odd = of(s >> 16, e >> 16);
  return bit_cast<Words>(even >> 16 | (odd & 0xffff0000u));
}

// A strip of columns from top to bottom, sums in registers: those of every other column, so that nothing is shuffled.
// Not inlined: of steps between rows that it knows, GCC makes more addresses than there are registers.
__attribute__((noinline)) void box_strip(const std::uint8_t* from, std::int64_t from_row, int height,
                                         const Box<std::uint8_t>& given, std::uint8_t* to, std::int64_t to_row) {
  const Box<std::uint8_t> box = given;  // a copy: the compiler would read it again after every store
  for (int x = 0; x < box_strip_width; x += simd::vector_bytes) {
    const auto words = [&](int y) {
      Words pairs;
      __builtin_memcpy(&pairs, from + x + (y < 0 ? 0 : y < height ? y : height - 1) * from_row, sizeof pairs);
      return pairs;
    };
    const auto factor = static_cast<std::uint16_t>(box.radius + 1);
    const Words first = words(0);
    Words even = (first & 255) * factor;
    Words odd = (first >> 8) * factor;
    for (int y = 0; y < box.radius; ++y) {
      const Words pairs = words(y);
      even += pairs & 255;
      odd += pairs >> 8;
    }
    Words last = words(box.radius);
    for (int y = 0; y < height; ++y) {
      const Words before = words(y - box.radius - 1);
      const Words after = words(y + box.radius + 1);
      even += (last & 255) - (before & 255);
      odd += (last >> 8) - (before >> 8);
      last = after;
      const Words left = box_of(box, even, (before & 255) + (after & 255));
      const Words right = box_of(box, odd, (before >> 8) + (after >> 8));
      const Words bytes = left >> 8 | (right & 0xff00);
      __builtin_memcpy(to + x + y * to_row, &bytes, sizeof bytes);
    }
  }
}

// Three boxes down each strip of columns, and along each strip of rows before: what is between them stays in the cache
// nearby, at strips of its own, where rows far apart would share its lines.
void three_boxes(const std::uint8_t* from, int height, int width, const Box<std::uint8_t>& box, std::uint8_t* a,
                 std::uint8_t* b, std::uint8_t* to) {
  const auto in_strips = [](int count, const auto& f) {
    for (int first = 0; first < count; first += box_strip_width) {
      f(first, count - first < box_strip_width ? count - first : box_strip_width);
    }
  };
  constexpr int row = box_strip_width;
  in_strips(height, [&](int top, int count) {
    const std::int64_t first = std::int64_t{top} * width;
    transpose(from + first, width, count, width, a, row);
    box_strip(a, row, width, box, b, row);
    box_strip(b, row, width, box, a, row);
    box_strip(a, row, width, box, b, row);
    transpose(b, row, width, count, to + first, width);
  });
  in_strips(width, [&](int left, int count) {
    const bool is_whole = count == row;
    const auto columns = static_cast<std::size_t>(count);
    for (int y = 0; y < height && !is_whole; ++y) {
      __builtin_memcpy(a + std::int64_t{y} * row, to + std::int64_t{y} * width + left, columns);
    }
    box_strip(is_whole ? to + left : a, is_whole ? width : row, height, box, b, row);
    box_strip(b, row, height, box, a, row);
    box_strip(a, row, height, box, is_whole ? to + left : b, is_whole ? width : row);
    for (int y = 0; y < height && !is_whole; ++y) {
      __builtin_memcpy(to + std::int64_t{y} * width + left, b + std::int64_t{y} * row, columns);
    }
  });
}
// Beyond the first and the last row there are these rows again.
template <class T>
void box_columns(const T* from, int height, int width, const Box<T>& box, typename Box<T>::Sum* __restrict sum,
                 T* __restrict to) {
  using Sum = typename Box<T>::Sum;
  const auto row = [&](std::int64_t y) { return from + (y < 0 ? 0 : y < height ? y : height - 1) * width; };
  const int radius = box.radius;
  for (int x = 0; x < width; ++x) sum[x] = static_cast<Sum>(from[x]) * static_cast<Sum>(radius + 1);
  for (int y = 0; y < radius; ++y) {
    const T* more = row(y);
    for (int x = 0; x < width; ++x) sum[x] += static_cast<Sum>(more[x]);
  }
  for (int y = 0; y < height; ++y, to += width) {
    const T* before = row(std::int64_t{y} - radius - 1);
    const T* last = row(std::int64_t{y} + radius);
    const T* after = row(std::int64_t{y} + radius + 1);
    for (int x = 0; x < width; ++x) {
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
    if constexpr (sizeof(T) == 1) {
      if (box.radius <= longest_box) {
        const std::int64_t side = planes.height > planes.width ? planes.height : planes.width;
        three_boxes(from, planes.height, planes.width, box, a, a + side * box_strip_width, to);
        continue;
      }
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

// Unsharp::of() of whole vectors, where products have 16 bits; returns the first value that is left.
template <class T>
std::int64_t unsharp_words(const Unsharp&, const T*, std::int64_t, T*) {
  return 0;
}
template <>
std::int64_t unsharp_words(const Unsharp& filter, const std::uint8_t* from, std::int64_t count, std::uint8_t* to) {
  if (filter.percent > 257) return 0;
  const auto percent = static_cast<std::uint16_t>(filter.percent);
  const auto threshold = static_cast<std::uint16_t>(filter.threshold);
  const auto of = [&](Words value, Words blurred) {
    const Words size = value > blurred ? value - blurred : blurred - value;
    const Words more = size * percent / 100;
    const Words above = value + more;
    const Words below = value > more ? value - more : Words{};
    const Words sharp = value > blurred ? (above > 255 ? Words{} + 255 : above) : below;
    return size > threshold ? sharp : value;
  };
  std::int64_t i = 0;
  for (; i + simd::vector_bytes <= count; i += simd::vector_bytes) {
    Words value;
    Words blurred;
    __builtin_memcpy(&value, from + i, sizeof value);
    __builtin_memcpy(&blurred, to + i, sizeof blurred);
    const Words bytes = of(value & 255, blurred & 255) | of(value >> 8, blurred >> 8) << 8;
    __builtin_memcpy(to + i, &bytes, sizeof bytes);
  }
  return i;
}

template <class T>
void unsharp(const Prepare& prepare, const Levels& levels, const Planes& planes) {
  boxes<T>(prepare, planes);
  const std::int64_t count = std::int64_t{planes.channels} * planes.height * planes.width;
  const Unsharp filter = {prepare.percent, prepare.threshold, levels};
  const T* from = static_cast<const T*>(planes.from);
  T* __restrict to = static_cast<T*>(planes.to);
  for (std::int64_t i = unsharp_words(filter, from, count, to); i < count; ++i) to[i] = filter.of(from[i], to[i]);
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
