// SPDX-License-Identifier: Apache-2.0
// Passes over values as they are stored: copies, and changes of bytes that no tile of floats is needed for.
#include <algorithm>

#include "augment/byte_tables.hpp"
#include "augment/color_vectors.hpp"
#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"

namespace burnish::augment {
namespace {

#if defined(__SSSE3__)
// Pixels of three bytes in reverse order. Returns how many were written.
int reverse_color_bytes(const std::uint8_t* last, std::uint8_t* to, int count) {
  int x = 0;
#if defined(__AVX512BW__)
  // Words of 32 bits bring four pixels to each 128 bits, which a shuffle reverses, and are closed up again.
  const __m512i apart = _mm512_setr_epi32(9, 10, 11, 15, 6, 7, 8, 15, 3, 4, 5, 15, 0, 1, 2, 15);
  const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2, -1, -1, -1, -1));
  const __m512i closed = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 3, 3, 3);
  const auto fours = [&](int at) {
    const __m512i pixels = _mm512_maskz_loadu_epi32(0x0fff, last - 3 * (at + 15));
    return _mm512_shuffle_epi8(_mm512_permutexvar_epi32(apart, pixels), order);
  };
  const auto reverse = [&](int at) {
    _mm512_mask_storeu_epi32(to + 3 * at, 0x0fff, _mm512_permutexvar_epi32(closed, fours(at)));
  };
  for (; x + 16 <= count; x += 16) reverse(x);
  if (count >= 16) {
    if (x < count) reverse(count - 16);  // some of them once more
    return count;
  }
#elif defined(__AVX2__)
  const __m256i apart = _mm256_setr_epi32(3, 4, 5, 6, 0, 1, 2, 6);
  const __m256i order =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2, -1, -1, -1, -1));
  const __m256i closed = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 3);
  const __m256i mask = _mm256_setr_epi32(-1, -1, -1, -1, -1, -1, 0, 0);
  for (; x + 8 <= count; x += 8) {
    const __m256i pixels = _mm256_maskload_epi32(reinterpret_cast<const int*>(last - 3 * (x + 7)), mask);
    const __m256i fours = _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(pixels, apart), order);
    const __m256i eight = _mm256_permutevar8x32_epi32(fours, closed);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 3 * x), _mm256_castsi256_si128(eight));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 3 * x + 16), _mm256_extracti128_si256(eight, 1));
  }
#endif
  const __m128i order_of_five = _mm_setr_epi8(13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0);
  // Sixteen bytes are read and written: one before the five pixels, and one after them, which is written again.
  for (; x + 6 <= count; x += 5) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(last - 3 * (x + 4) - 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 3 * x), _mm_shuffle_epi8(bytes, order_of_five));
  }
  return x;
}

// Pixels of three bytes, forward or in reverse order, into planes.
int split_color_bytes(const std::uint8_t* from, std::int64_t column, std::uint8_t* to, std::int64_t plane, int count) {
  int x = 0;
  for (; x + 16 <= count; x += 16) {
    const Bytes3 bytes = load3(column > 0 ? from + 3 * x : from - 3 * (x + 15));
    for (int c = 0; c < 3; ++c) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + c * plane + x),
                       column > 0 ? bytes.channel[c] : reversed(bytes.channel[c]));
    }
  }
  return x;
}

// Planes into pixels of three bytes.
int join_color_bytes(const std::uint8_t* from, std::int64_t plane, std::uint8_t* to, int count) {
  int x = 0;
  for (; x + 16 <= count; x += 16) {
    __m128i bytes[3];
    for (int c = 0; c < 3; ++c) bytes[c] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + c * plane + x));
    store3(bytes, to + 3 * x);
  }
  return x;
}
#endif

// Values that lie side by side, in reverse order: from `last` down.
template <class T>
void reverse_values(const T* last, T* to, int count) {
  int x = 0;
#if defined(__SSSE3__)
  if constexpr (sizeof(T) == 1) {
#if defined(__AVX512BW__)
    const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    for (; x + 64 <= count; x += 64) {
      const __m512i bytes = _mm512_shuffle_epi8(_mm512_loadu_si512(last - x - 63), order);
      _mm512_storeu_si512(to + x, _mm512_shuffle_i64x2(bytes, bytes, _MM_SHUFFLE(0, 1, 2, 3)));
    }
#endif
    for (; x + 16 <= count; x += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(last - x - 15));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + x), reversed(bytes));
    }
  }
#endif
  for (; x < count; ++x) to[x] = last[-x];
}

// Pixels from `from` on, as they are.
template <class T>
void copy_pixels(const Image& image, const T* from, const Image& target, T* to, int count) {
  const auto bytes = static_cast<std::size_t>(count) * sizeof(T);
  if (is_interleaved(image) && is_interleaved(target)) {
    __builtin_memcpy(to, from, bytes * static_cast<std::size_t>(image.channels));
    return;
  }
  if (target.column == 1 && (image.column == 1 || image.column == -1)) {
    for (int c = 0; c < image.channels; ++c) {
      const T* source = from + c * image.channel;
      T* channel = to + c * target.channel;
      image.column == 1 ? static_cast<void>(__builtin_memcpy(channel, source, bytes))
                        : reverse_values(source, channel, count);
    }
    return;
  }
  int done = 0;
#if defined(__SSSE3__)
  if constexpr (sizeof(T) == 1) {
    const bool is_color = image.channels == 3;
    const bool from_pixels = is_color && image.channel == 1 && (image.column == 3 || image.column == -3);
    if (from_pixels && image.column < 0 && is_interleaved(target)) done = reverse_color_bytes(from, to, count);
    if (from_pixels && target.column == 1) done = split_color_bytes(from, image.column, to, target.channel, count);
    if (is_color && image.column == 1 && is_interleaved(target))
      done = join_color_bytes(from, image.channel, to, count);
  }
#endif
  for (int c = 0; c < image.channels; ++c) {
    for (int x = done; x < count; ++x) {
      to[x * target.column + c * target.channel] = from[x * image.column + c * image.channel];
    }
  }
}

// A row of the result, by tables: from `from` where the values lie as in the result, else in place.
void look_up_row(const ByteChange& change, const std::uint8_t* from, const Image& target, std::uint8_t* to) {
  if (is_interleaved(target) && (change.is_shared || target.channels == 1)) {
    return look_up(change.tables, from, to, std::int64_t{target.width} * target.channels);
  }
  if (is_interleaved(target) && target.channels == 3) return look_up_colors(change.tables, from, to, target.width);
  for (int c = 0; c < target.channels; ++c) {
    const std::uint8_t* table = change.tables + (change.is_shared ? 0 : c * table_size);
    const std::int64_t first = c * target.channel;
    if (target.column == 1) {
      look_up(table, from + first, to + first, target.width);
    } else {
      for (std::int64_t x = first, i = 0; i < target.width; ++i, x += target.column) to[x] = table[from[x]];
    }
  }
}

void erase_row(const ByteChange& change, int row, const Image& target, std::uint8_t* to) {
  for (int i = 0; i + 4 <= change.param_count; i += 4) {
    const Region region(change.params + i, change.height, target.width);
    if (row < region.top || row >= region.bottom || region.left >= region.right) continue;
    const auto count = static_cast<std::size_t>(region.right - region.left);
    std::uint8_t* first = to + region.left * target.column;
    const auto fill = [&](int c) {
      const int last = change.option_count - 1;
      return static_cast<std::uint8_t>(settled_fill(change.options[c < last ? c : last], Levels()));
    };
    if (is_interleaved(target) && change.is_shared) {
      __builtin_memset(first, fill(0), count * static_cast<std::size_t>(target.channels));
      continue;
    }
    for (int c = 0; c < target.channels; ++c) {
      const std::uint8_t value = fill(c);
      std::uint8_t* channel = first + c * target.channel;
      if (target.column == 1) {
        __builtin_memset(channel, value, count);
      } else {
        for (std::size_t x = 0; x < count; ++x, channel += target.column) *channel = value;
      }
    }
  }
}

// The copy of a row, changed; `from` are the same pixels where they lie in the image as in the result, else null.
void change_row(const ByteWork& work, int row, const std::uint8_t* from, const Image& target, std::uint8_t* to) {
  for (int i = 0; i < work.count; ++i) {
    const ByteChange& change = work.changes[i];
    if (change.tables) {
      look_up_row(change, i == 0 && from ? from : to, target, to);
    } else {
      erase_row(change, row, target, to);
    }
  }
}

// From the first row that the work changes to behind the last one, among `rows`.
struct RowRange {
  int first;
  int last;
};
RowRange changed_rows(const ByteWork& work, int rows, int columns) {
  RowRange range = {rows, 0};
  const auto include = [&](int first, int last) {
    range = {std::min(range.first, std::max(first, 0)), std::max(range.last, std::min(last, rows))};
  };
  for (int i = 0; i < work.count; ++i) {
    const ByteChange& change = work.changes[i];
    if (change.tables) return {0, rows};
    for (int k = 0; k + 4 <= change.param_count; k += 4) {
      const Region region(change.params + k, change.height, columns);
      if (region.left < region.right) include(region.top - work.top, region.bottom - work.top);
    }
  }
  return range;
}

// Columns of a row of the result that lie beyond the image, of one color.
template <class T>
void fill_columns(const Source& source, const Image& target, T* to, int first, int last) {
  if (first >= last) return;
  if (target.channels == 3 && is_interleaved(target)) {
    T color[3];
    for (int c = 0; c < 3; ++c) color[c] = static_cast<T>(source.fill.of(c));
    for (int x = first; x < last; ++x) __builtin_memcpy(to + 3 * x, color, sizeof color);
    return;
  }
  for (int c = 0; c < target.channels; ++c) {
    const auto value = static_cast<T>(source.fill.of(c));
    T* channel = to + c * target.channel;
    for (int x = first; x < last; ++x) channel[x * target.column] = value;
  }
}

// The processor does not foresee rows that are read from their ends.
constexpr int rows_ahead = 2;

template <class T>
void fetch_values(const T* first, const T* last) {
  for (const T* at = first; at < last; at += 64 / sizeof(T)) __builtin_prefetch(at);
}

template <class T>
void move_rows(const Source& source, const Image& target, const ByteWork& work) {
  const Image& image = source.image;
  const T* pixels = static_cast<const T*>(image.data) + image.offset;
  const int first = std::clamp(-source.left, 0, source.width);
  const int last = std::clamp(image.width - source.left, first, source.width);
  const bool has_borders =
      first > 0 || last < source.width || source.top < 0 || source.top + source.height > image.height;
  const bool is_alike = is_interleaved(image) && is_interleaved(target);
  const bool is_looked_up = is_alike && work.count > 0 && work.changes[0].tables && first == 0 && last == source.width;
  // One copy is faster than one of each row.
  const bool is_block = is_alike && !is_looked_up && !has_borders && image.row == target.row &&
                        image.row == std::int64_t{source.width} * image.channels;
  if (is_block) {
    __builtin_memcpy(static_cast<T*>(target.data) + target.offset, pixels + source.top * image.row,
                     static_cast<std::size_t>(source.height * image.row) * sizeof(T));
  }
  const RowRange rows = is_block ? changed_rows(work, source.height, source.width) : RowRange{0, source.height};
  for (int r = rows.first; r < rows.last; ++r) {
    T* to = static_cast<T*>(target.data) + target.offset + r * target.row;
    const std::int64_t y = inside(source.top + r, image.height, source.border);
    const auto outer = [&](int x) {
      const std::int64_t at = y * image.row + inside(source.left + x, image.width, source.border) * image.column;
      for (int c = 0; c < image.channels; ++c) {
        to[x * target.column + c * target.channel] = pixels[at + c * image.channel];
      }
    };
    const T* from = y < 0 ? nullptr : pixels + y * image.row + (source.left + first) * image.column;
    if (image.column < 0 && from && y + rows_ahead < image.height) {
      fetch_values(from + rows_ahead * image.row + (last - first) * image.column, from + rows_ahead * image.row);
    }
    const bool is_direct = is_looked_up && from;
    const int inner_last = from ? last : first;
    if (inner_last > first && !is_direct && !is_block) {
      copy_pixels(image, from, target, to + first * target.column, inner_last - first);
    }
    if (source.border == Border::constant || y < 0) {
      fill_columns(source, target, to, 0, first);
      fill_columns(source, target, to, inner_last, source.width);
    } else {
      for (int x = 0; x < first; ++x) outer(x);
      for (int x = inner_last; x < source.width; ++x) outer(x);
    }
    if constexpr (sizeof(T) == 1) change_row(work, work.top + r, is_direct ? from : nullptr, target, to);
  }
}

// Four take turns, so that equal neighbors do not wait for each other.
struct Counts {
  std::uint32_t count[4][table_size] = {};
};

void count_row(const std::uint8_t* from, std::int64_t column, int width, Counts& counts) {
  int x = 0;
  for (; x + 4 <= width; x += 4) {
    for (int i = 0; i < 4; ++i) ++counts.count[i][from[(x + i) * column]];
  }
  for (; x < width; ++x) ++counts.count[0][from[x * column]];
}

void count_color_row(const std::uint8_t* from, std::int64_t column, int width, Counts* counts) {
  int x = 0;
  for (; x + 4 <= width; x += 4) {
    for (int i = 0; i < 4; ++i) {
      for (int c = 0; c < 3; ++c) ++counts[c].count[i][from[(x + i) * column + c]];
    }
  }
  for (; x < width; ++x) {
    for (int c = 0; c < 3; ++c) ++counts[c].count[0][from[x * column + c]];
  }
}

void add_counts(const Counts& counts, Histogram& histogram) {
  for (int bin = 0; bin < table_size; ++bin) {
    std::int64_t sum = 0;
    for (int i = 0; i < 4; ++i) sum += counts.count[i][bin];
    histogram.count[bin] += sum;
    if (sum == 0) continue;
    histogram.low = std::min(histogram.low, static_cast<float>(bin));
    histogram.high = std::max(histogram.high, static_cast<float>(bin));
  }
}

constexpr int rows_counted = 1024;  // at once: sides are up to 2^20, so that counts stay below 2^32

}  // namespace

template <>
void move_image<Isa::BURNISH_ISA>(const Source& source, const Image& target, const ByteWork& work) {
  target.dtype == DType::uint8 ? move_rows<std::uint8_t>(source, target, work) : move_rows<float>(source, target, work);
}

template <>
void count_bytes<Isa::BURNISH_ISA>(const Image& image, Histogram* histograms) {
  const auto* pixels = static_cast<const std::uint8_t*>(image.data) + image.offset;
  for (int top = 0; top < image.height; top += rows_counted) {
    const int bottom = std::min(image.height, top + rows_counted);
    if (image.channels == 3 && image.channel == 1) {
      Counts counts[3];
      for (int y = top; y < bottom; ++y) {
        count_color_row(pixels + y * image.row, image.column, image.width, counts);
      }
      for (int c = 0; c < 3; ++c) add_counts(counts[c], histograms[c]);
      continue;
    }
    for (int c = 0; c < image.channels; ++c) {
      Counts counts;
      for (int y = top; y < bottom; ++y) {
        count_row(pixels + y * image.row + c * image.channel, image.column, image.width, counts);
      }
      add_counts(counts, histograms[c]);
    }
  }
}

}  // namespace burnish::augment
