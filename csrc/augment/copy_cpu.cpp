// SPDX-License-Identifier: Apache-2.0
// Rows of an image (h, w, c) of any strides -> planes of floats, and back; what lies beyond the image by the border.
#include <algorithm>
#include <type_traits>

#include "augment/color_vectors.hpp"
#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"
#include "core/float16.hpp"
#include "core/simd.hpp"
#include "core/stream.hpp"

namespace burnish::augment {
namespace {

#if defined(__SSSE3__)
void store_group(const ColorGroup& colors, float* to, std::int64_t plane) {
  for (int c = 0; c < 3; ++c) __builtin_memcpy(to + c * plane, colors.part[c], sizeof colors.part[c]);
}

// How many columns were read; the rest is left to plain loops.
int read_color_bytes(const std::uint8_t* from, std::int64_t column, int count, float* to, std::int64_t plane) {
  int x = 0;
  if (column > 0) {
    for (; x + group <= count; x += group) store_group(read_group<true>(from + 3 * x), to + x, plane);
  } else {
    for (; x + group <= count; x += group) {
      store_group(read_group<false>(from - 3 * (x + group - 1)), to + x, plane);
    }
  }
  return x;
}
#endif

// Bytes side by side; returns how many were read.
int widen_bytes(const std::uint8_t* from, int count, float* to) {
  int x = 0;
  for (; x + simd::width<float> <= count; x += simd::width<float>) {
    const V values = __builtin_convertvector(simd::load_bytes(from + x), V);
    __builtin_memcpy(to + x, &values, sizeof values);
  }
  return x;
}

template <class T>
void read_row(const T* from, std::int64_t column, std::int64_t channel, int channels, int count, float* to,
              std::int64_t plane) {
  int done = 0;
#if defined(__SSSE3__)
  if constexpr (sizeof(T) == 1) {
    if (channels == 3 && channel == 1 && (column == 3 || column == -3)) {
      done = read_color_bytes(from, column, count, to, plane);
    }
  }
#endif
  for (int c = 0; c < channels; ++c) {
    const T* source = from + c * channel;
    float* target = to + c * plane;
    if (column == 1) {
      int x = done;
      if constexpr (sizeof(T) == 1) x = widen_bytes(source, count, target);
      for (; x < count; ++x) target[x] = static_cast<float>(source[x]);
    } else {
      for (int x = done; x < count; ++x) target[x] = static_cast<float>(source[x * column]);
    }
  }
}

template <class T>
void read_bordered_row(const Source& source, const T* row, const Tile& tile, float* to) {
  const Image& image = source.image;
  const int first = source.left < 0 ? (-source.left < tile.columns ? -source.left : tile.columns) : 0;
  const int end = image.width - source.left;
  const int last = end < first ? first : end < tile.columns ? end : tile.columns;
  if (row && last > first) {
    read_row(row + (source.left + first) * image.column, image.column, image.channel, tile.channels, last - first,
             to + first, tile.plane);
  }
  for (int c = 0; c < tile.channels; ++c) {
    const auto outer = [&](int x) {
      const std::int64_t at = row ? inside(source.left + x, image.width, source.border) : -1;
      to[c * tile.plane + x] =
          at < 0 ? source.fill.of(c) : static_cast<float>(row[at * image.column + c * image.channel]);
    };
    for (int x = 0; x < first; ++x) outer(x);
    for (int x = last; x < tile.columns; ++x) outer(x);
    if (!row) {
      for (int x = first; x < last; ++x) to[c * tile.plane + x] = source.fill.of(c);
    }
  }
}

// The processor does not foresee the step from the end of a cut-out row to the start of the next.
constexpr int rows_ahead = 2;

template <class T>
void prefetch_row(const T* row, const Source& source, int columns) {
  const Image& image = source.image;
  if (image.column != image.channels && image.column != -image.channels) return;
  const char* one = reinterpret_cast<const char*>(row + source.left * image.column);
  const char* other = reinterpret_cast<const char*>(row + (source.left + columns) * image.column);
  for (const char* at = one < other ? one : other; at < (one < other ? other : one); at += 64) __builtin_prefetch(at);
}

template <class T>
void copy_rows(const Source& source, const Tile& tile) {
  const Image& image = source.image;
  const T* pixels = static_cast<const T*>(image.data) + image.offset;
  if (image.row == tile.columns * image.column && source.left == 0 && tile.columns == image.width && !pads(source)) {
    // Rows that follow each other are one.
    return read_row(pixels + (source.top + tile.top) * image.row, image.column, image.channel, tile.channels,
                    tile.rows * tile.columns, tile.values, tile.plane);
  }
  for (int r = 0; r < tile.rows; ++r) {
    const std::int64_t ahead = source.top + tile.top + r + rows_ahead;
    if (ahead >= 0 && ahead < image.height) prefetch_row(pixels + ahead * image.row, source, tile.columns);
    const std::int64_t y = inside(source.top + tile.top + r, image.height, source.border);
    read_bordered_row(source, y < 0 ? nullptr : pixels + y * image.row, tile, tile.values + r * tile.columns);
  }
}

BURNISH_HD void narrow(float value, float& to) { to = value; }
BURNISH_HD void narrow(float value, std::uint8_t& to) { to = static_cast<std::uint8_t>(static_cast<int>(value)); }
BURNISH_HD void narrow(float value, Float16& to) { to = to_float16(value); }
BURNISH_HD void narrow(float value, BFloat16& to) { to = to_bfloat16(value); }

template <class T>
void write_row(const float* from, T* to, std::int64_t column, int count) {
  if (column == 1) {
    for (int x = 0; x < count; ++x) narrow(from[x], to[x]);
  } else {
    for (int x = 0; x < count; ++x) narrow(from[x], to[x * column]);
  }
}

#if defined(__SSSE3__)
__m128i to_bytes(const float* from) {
  const auto words = [](const float* p) { return _mm_cvttps_epi32(_mm_loadu_ps(p)); };
  return _mm_packus_epi16(_mm_packus_epi32(words(from), words(from + 4)),
                          _mm_packus_epi32(words(from + 8), words(from + 12)));
}

int write_color_bytes(const Tile& tile, const float* from, std::uint8_t* to) {
  int x = 0;
  for (; x + 16 <= tile.columns; x += 16) {
    __m128i bytes[3];
    for (int c = 0; c < 3; ++c) bytes[c] = to_bytes(from + c * tile.plane + x);
    store3(bytes, to + 3 * x);
  }
  return x;
}
#endif

// Bytes of whole floats side by side; returns how many were written.
[[maybe_unused]] int narrow_bytes(const float* from, int count, std::uint8_t* to) {
  int x = 0;
#if defined(__AVX512BW__)
  // Packing works within 128 bits: words of 32 bits come out of order.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  for (; x + 64 <= count; x += 64) {
    const auto whole = [&](int i) { return _mm512_cvttps_epi32(_mm512_loadu_ps(from + x + 16 * i)); };
    const __m512i words =
        _mm512_packus_epi16(_mm512_packus_epi32(whole(0), whole(1)), _mm512_packus_epi32(whole(2), whole(3)));
    _mm512_storeu_si512(to + x, _mm512_permutexvar_epi32(order, words));
  }
#elif defined(__AVX2__)
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (; x + 32 <= count; x += 32) {
    const auto whole = [&](int i) { return _mm256_cvttps_epi32(_mm256_loadu_ps(from + x + 8 * i)); };
    const __m256i words =
        _mm256_packus_epi16(_mm256_packus_epi32(whole(0), whole(1)), _mm256_packus_epi32(whole(2), whole(3)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + x), _mm256_permutevar8x32_epi32(words, order));
  }
#endif
#if defined(__SSSE3__)
  for (; x + 16 <= count; x += 16) _mm_storeu_si128(reinterpret_cast<__m128i*>(to + x), to_bytes(from + x));
#endif
  return x;
}

#if defined(__F16C__)
// Eight floats, as to_float16() has them: all NaN alike.
__m128i to_halves(const float* from) {
  const __m256 values = _mm256_loadu_ps(from);
  const __m256 nan = _mm256_or_ps(_mm256_and_ps(values, _mm256_set1_ps(-0.0f)), _mm256_set1_ps(__builtin_nanf("")));
  const __m256 alike = _mm256_blendv_ps(values, nan, _mm256_cmp_ps(values, values, _CMP_UNORD_Q));
  return _mm256_cvtps_ph(alike, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
#endif

template <class T>
void write_plane_row(const float* from, T* to, std::int64_t column, int count) {
  int x = 0;
  if constexpr (sizeof(T) == 1) x = column == 1 ? narrow_bytes(from, count, to) : 0;
#if defined(__F16C__)
  if constexpr (std::is_same_v<T, Float16>) {
    for (; column == 1 && x + 8 <= count; x += 8) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + x), to_halves(from + x));
    }
  }
#endif
  write_row(from + x, to + x * column, column, count - x);
}

// Three planes of floats -> pixels of three, a part of a row at a time so that it can be streamed.
void write_color_floats(const float* from, std::int64_t plane, float* to, int count, bool streams) {
  constexpr int lanes = simd::width<float>;
  constexpr int at_once = 16 * lanes;
  using Lanes = std::make_integer_sequence<int, lanes>;
  alignas(64) float part[3 * at_once];
  for (int first = 0; first < count; first += at_once) {
    const int n = count - first < at_once ? count - first : at_once;
    float* pixels = streams ? part : to + 3 * first;
    int x = 0;
    for (; x + lanes <= n; x += lanes) {
      const float* source = from + first + x;
      const V red = simd::load(source);
      const V green = simd::load(source + plane);
      const V blue = simd::load(source + 2 * plane);
      const V parts[3] = {joined<0>(red, green, blue, Lanes()), joined<1>(red, green, blue, Lanes()),
                          joined<2>(red, green, blue, Lanes())};
      __builtin_memcpy(pixels + 3 * x, parts, sizeof parts);
    }
    for (; x < n; ++x) {
      for (int c = 0; c < 3; ++c) pixels[3 * x + c] = from[first + x + c * plane];
    }
    if (streams) stream(part, to + 3 * first, std::int64_t{3 * sizeof(float)} * n);
  }
}

// Values times a factor plus a shift. What shares a line with other values comes last: more would wait for that line.
void scale_row(const float* from, float factor, float shift, float* to, std::int64_t count, bool streams) {
  const std::int64_t lead = streams && values_to_line(to) < count ? values_to_line(to) : 0;
  const auto each = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t x = first; x < last; ++x) to[x] = from[x] * factor + shift;
  };
  if (!streams) return each(0, count);
  std::int64_t x = lead;
  for (; x + line_values <= count; x += line_values) {
    for (std::int64_t k = x; k < x + line_values; k += simd::width<float>) {
      stream_vector(simd::load(from + k) * factor + shift, to + k);
    }
  }
  each(0, lead);
  each(x, count);
}

void scale_rows(const Tile& tile, const Image& image, const Change& scale, bool streams) {
  // Rows without a gap are one row.
  const bool joined = image.row == tile.columns;
  const std::int64_t count = std::int64_t{tile.columns} * (joined ? tile.rows : 1);
  float* pixels = static_cast<float*>(image.data) + image.offset + tile.top * image.row;
  for (int c = 0; c < tile.channels; ++c) {
    for (int r = 0; r < (joined ? 1 : tile.rows); ++r) {
      scale_row(tile.of(c) + r * tile.columns, scale.option(2 * c), scale.option(2 * c + 1),
                pixels + c * image.channel + r * image.row, count, streams);
    }
  }
  if (streams) finish_streams();
}

template <class T>
void store_rows(const Tile& whole, const Image& image, bool streams) {
  Tile tile = whole;
  // Rows that follow each other are one.
  if (image.row == tile.columns * image.column && image.width == tile.columns) {
    tile.columns *= tile.rows;
    tile.rows = 1;
  }
  T* pixels = static_cast<T*>(image.data) + image.offset + tile.top * image.row;
  for (int r = 0; r < tile.rows; ++r) {
    const float* from = tile.values + r * tile.columns;
    T* to = pixels + r * image.row;
    int done = 0;
    if constexpr (std::is_same_v<T, float>) {
      if (tile.channels == 3 && is_interleaved(image)) {
        write_color_floats(from, tile.plane, to, tile.columns, streams);
        continue;
      }
    }
#if defined(__SSSE3__)
    if constexpr (sizeof(T) == 1) {
      if (tile.channels == 3 && image.channel == 1 && image.column == 3) done = write_color_bytes(tile, from, to);
    }
#endif
    for (int c = 0; c < tile.channels; ++c) {
      const float* source = from + c * tile.plane + done;
      T* target = to + c * image.channel + done * image.column;
      if constexpr (sizeof(T) == 4) {
        if (streams && image.column == 1) {
          stream(source, target, std::int64_t{sizeof(T)} * tile.columns);
          continue;
        }
      }
      write_plane_row(source, target, image.column, tile.columns - done);
    }
  }
  if (streams) finish_streams();
}

}  // namespace

template <>
void copy_tile<Isa::BURNISH_ISA>(const Source& source, const Tile& tile) {
  source.image.dtype == DType::uint8 ? copy_rows<std::uint8_t>(source, tile) : copy_rows<float>(source, tile);
}

template <>
void store_tile<Isa::BURNISH_ISA>(const Tile& tile, const Image& image, const Change* scale, bool streams) {
  if (scale) return scale_rows(tile, image, *scale, streams);
  switch (image.dtype) {
    case DType::uint8:
      return store_rows<std::uint8_t>(tile, image, streams);
    case DType::float16:
      return store_rows<Float16>(tile, image, streams);
    case DType::bfloat16:
      return store_rows<BFloat16>(tile, image, streams);
    default:
      return store_rows<float>(tile, image, streams);
  }
}

}  // namespace burnish::augment
