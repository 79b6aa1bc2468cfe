// SPDX-License-Identifier: Apache-2.0
// Rows of an image (h, w, c) of any strides -> planes of floats, and back; what lies beyond the image by the border.
#include <algorithm>
#include <type_traits>

#include "augment/kernels.hpp"
#include "augment/levels_math.hpp"
#include "core/float16.hpp"
#include "core/simd.hpp"
#include "core/stream.hpp"

namespace burnish::augment {
namespace {

using V = simd::Vector<float>;

#if defined(__SSSE3__)
// 16 pixels of 3 interleaved bytes -> 3 vectors of 16 bytes.
struct Bytes3 {
  __m128i channel[3];
};

__m128i pick(__m128i bytes, int first, int channel) {
  alignas(16) char index[16];
  for (int i = 0; i < 16; ++i) {
    const int at = 3 * i + channel - first;
    index[i] = static_cast<char>(at >= 0 && at < 16 ? at : -128);
  }
  return _mm_shuffle_epi8(bytes, _mm_load_si128(reinterpret_cast<const __m128i*>(index)));
}

Bytes3 load3(const std::uint8_t* from) {
  const auto* source = reinterpret_cast<const __m128i*>(from);
  const __m128i a = _mm_loadu_si128(source);
  const __m128i b = _mm_loadu_si128(source + 1);
  const __m128i c = _mm_loadu_si128(source + 2);
  Bytes3 result;
#pragma GCC unroll 3
  for (int channel = 0; channel < 3; ++channel) {
    result.channel[channel] =
        _mm_or_si128(_mm_or_si128(pick(a, 0, channel), pick(b, 16, channel)), pick(c, 32, channel));
  }
  return result;
}

__m128i reversed(__m128i bytes) {
  return _mm_shuffle_epi8(bytes, _mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
}

// Pixels that are taken from 3 interleaved bytes each at a time, and their floats by channel.
#if defined(__AVX512BW__)
constexpr int group = 16;
#elif defined(__AVX2__)
constexpr int group = 8;
#else
constexpr int group = 16;
#endif

// Of four pixels in a vector of 128 bits, a channel's bytes as words; `forward` or in reverse order.
template <bool forward, int channel>
__m128i words_of() {
  constexpr auto at = [](int i) { return static_cast<char>(3 * (forward ? i : 3 - i) + channel); };
  return _mm_setr_epi8(at(0), -1, -1, -1, at(1), -1, -1, -1, at(2), -1, -1, -1, at(3), -1, -1, -1);
}

// The pixels from `from` on, lowest address first, into planes. Reads 3 * group bytes. A permutation of words of 32
// bits brings four pixels to each 128 bits, where one shuffle a channel widens them: half of the shuffles of joining
// bytes.
template <bool forward>
void read_group(const std::uint8_t* from, float* to, std::int64_t plane) {
#if defined(__AVX512BW__)
  const __m512i order = forward ? _mm512_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12)
                                : _mm512_setr_epi32(9, 10, 11, 12, 6, 7, 8, 9, 3, 4, 5, 6, 0, 1, 2, 3);
  const __m512i fours = _mm512_permutexvar_epi32(order, _mm512_maskz_loadu_epi32(0x0fff, from));
  const auto channel = [&](__m128i words) {
    return _mm512_cvtepi32_ps(_mm512_shuffle_epi8(fours, _mm512_broadcast_i32x4(words)));
  };
  _mm512_storeu_ps(to, channel(words_of<forward, 0>()));
  _mm512_storeu_ps(to + plane, channel(words_of<forward, 1>()));
  _mm512_storeu_ps(to + 2 * plane, channel(words_of<forward, 2>()));
#elif defined(__AVX2__)
  const __m256i order = forward ? _mm256_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6) : _mm256_setr_epi32(3, 4, 5, 6, 0, 1, 2, 3);
  const __m256i mask = _mm256_setr_epi32(-1, -1, -1, -1, -1, -1, 0, 0);
  const __m256i fours =
      _mm256_permutevar8x32_epi32(_mm256_maskload_epi32(reinterpret_cast<const int*>(from), mask), order);
  const auto channel = [&](__m128i words) {
    return _mm256_cvtepi32_ps(_mm256_shuffle_epi8(fours, _mm256_broadcastsi128_si256(words)));
  };
  _mm256_storeu_ps(to, channel(words_of<forward, 0>()));
  _mm256_storeu_ps(to + plane, channel(words_of<forward, 1>()));
  _mm256_storeu_ps(to + 2 * plane, channel(words_of<forward, 2>()));
#else
  const Bytes3 bytes = load3(from);
  for (int c = 0; c < 3; ++c) {
    const __m128i channel = forward ? bytes.channel[c] : reversed(bytes.channel[c]);
    float* target = to + c * plane;
    _mm_storeu_ps(target, _mm_cvtepi32_ps(_mm_cvtepu8_epi32(channel)));
    _mm_storeu_ps(target + 4, _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_srli_si128(channel, 4))));
    _mm_storeu_ps(target + 8, _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_srli_si128(channel, 8))));
    _mm_storeu_ps(target + 12, _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_srli_si128(channel, 12))));
  }
#endif
}

// How many columns were read; the rest is left to plain loops.
int read_color_bytes(const std::uint8_t* from, std::int64_t column, int count, float* to, std::int64_t plane) {
  int x = 0;
  if (column > 0) {
    for (; x + group <= count; x += group) read_group<true>(from + 3 * x, to + x, plane);
  } else {
    for (; x + group <= count; x += group) read_group<false>(from - 3 * (x + group - 1), to + x, plane);
  }
  return x;
}
#endif

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
      for (int x = done; x < count; ++x) target[x] = static_cast<float>(source[x]);
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

// The part of 16 bytes of one channel that goes to bytes 16 * part.. of 16 interleaved pixels.
__m128i spread(__m128i bytes, int part, int channel) {
  alignas(16) char index[16];
  for (int i = 0; i < 16; ++i) {
    const int at = 16 * part + i;
    index[i] = static_cast<char>(at % 3 == channel ? at / 3 : -128);
  }
  return _mm_shuffle_epi8(bytes, _mm_load_si128(reinterpret_cast<const __m128i*>(index)));
}

// 3 vectors of 16 bytes -> 16 pixels of 3 interleaved bytes.
void store3(const __m128i* bytes, std::uint8_t* to) {
#pragma GCC unroll 3
  for (int part = 0; part < 3; ++part) {
    const __m128i joined =
        _mm_or_si128(_mm_or_si128(spread(bytes[0], part, 0), spread(bytes[1], part, 1)), spread(bytes[2], part, 2));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16 * part), joined);
  }
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

template <class T>
void write_plane_row(const float* from, T* to, std::int64_t column, int count) {
  int x = 0;
#if defined(__SSSE3__)
  if constexpr (sizeof(T) == 1) {
    for (; column == 1 && x + 16 <= count; x += 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + x), to_bytes(from + x));
    }
  }
#endif
  write_row(from + x, to + x * column, column, count - x);
}

// Vectors of three channels -> part 0, 1 or 2 of their interleaved values.
template <int part, int... lane>
V joined(V red, V green, V blue, std::integer_sequence<int, lane...>) {
  constexpr int n = sizeof...(lane);
  const V pair = __builtin_shufflevector(
      red, green, ((part * n + lane) % 3 == 1 ? n + (part * n + lane) / 3 : (part * n + lane) / 3)...);
  return __builtin_shufflevector(pair, blue,
                                 ((part * n + lane) % 3 == 2 ? n + (part * n + lane) / 3 : static_cast<int>(lane))...);
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

template <class T>
void store_rows(const Tile& tile, const Image& image, bool streams) {
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

#if defined(__SSSE3__)
// Pixels of three bytes in reverse order: five at a time. Returns how many were written.
int reverse_color_bytes(const std::uint8_t* last, std::uint8_t* to, int count) {
  const __m128i order = _mm_setr_epi8(13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0);
  int x = 0;
  // Sixteen bytes are read and written: one before the five pixels, and one after them, which is written again.
  for (; x + 6 <= count; x += 5) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(last - 3 * (x + 4) - 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 3 * x), _mm_shuffle_epi8(bytes, order));
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

// Pixels from `from` on, as they are.
template <class T>
void copy_pixels(const Image& image, const T* from, const Image& target, T* to, int count) {
  if (is_interleaved(image) && is_interleaved(target)) {
    __builtin_memcpy(to, from, static_cast<std::size_t>(count) * static_cast<std::size_t>(image.channels) * sizeof(T));
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

template <class T>
void move_rows(const Source& source, const Image& target) {
  const Image& image = source.image;
  const T* pixels = static_cast<const T*>(image.data) + image.offset;
  const int first = std::clamp(-source.left, 0, source.width);
  const int last = std::clamp(image.width - source.left, first, source.width);
  for (int r = 0; r < source.height; ++r) {
    T* to = static_cast<T*>(target.data) + target.offset + r * target.row;
    const std::int64_t y = inside(source.top + r, image.height, source.border);
    const auto outer = [&](int x) {
      const std::int64_t at = y < 0 ? -1 : inside(source.left + x, image.width, source.border);
      for (int c = 0; c < image.channels; ++c) {
        to[x * target.column + c * target.channel] =
            at < 0 ? static_cast<T>(source.fill.of(c)) : pixels[y * image.row + at * image.column + c * image.channel];
      }
    };
    const int inner_last = y < 0 ? first : last;
    if (inner_last > first) {
      copy_pixels(image, pixels + y * image.row + (source.left + first) * image.column, target,
                  to + first * target.column, inner_last - first);
    }
    for (int x = 0; x < first; ++x) outer(x);
    for (int x = inner_last; x < source.width; ++x) outer(x);
  }
}

}  // namespace

template <>
void move_image<Isa::BURNISH_ISA>(const Source& source, const Image& target) {
  target.dtype == DType::uint8 ? move_rows<std::uint8_t>(source, target) : move_rows<float>(source, target);
}

template <>
void copy_tile<Isa::BURNISH_ISA>(const Source& source, const Tile& tile) {
  source.image.dtype == DType::uint8 ? copy_rows<std::uint8_t>(source, tile) : copy_rows<float>(source, tile);
}

template <>
void store_tile<Isa::BURNISH_ISA>(const Tile& tile, const Image& image, bool streams) {
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
