// SPDX-License-Identifier: Apache-2.0
// Pillow's Gaussian blur, three boxes along the rows and three along the columns, each rounded; and what it sharpens.
// Boxes run down strips of columns, lanes side by side; rows are columns of a transposed strip. The values of a pixel
// stay beside each other, as columns of their own.
#include "augment/box_words.hpp"
#include "augment/kernels.hpp"
#include "augment/transpose.hpp"
#include "core/parallel.hpp"

namespace burnish::augment {
namespace {

template <class T>
constexpr int strip = simd::vector_bytes / static_cast<int>(sizeof(T));

// From one row to the next: each value, what leaves the box, and what comes at either end. Not inlined, so that all are
// known to lie apart.
template <class T>
__attribute__((noinline)) void box_row(const Box<T>& given, const T* __restrict before, const T* __restrict last,
                                       const T* __restrict after, typename Box<T>::Sum* __restrict sum,
                                       T* __restrict to) {
  using Sum = typename Box<T>::Sum;
  const Box<T> box = given;
  for (int x = 0; x < strip<T>; ++x) {
    sum[x] += static_cast<Sum>(last[x]) - static_cast<Sum>(before[x]);
    to[x] = box.of(sum[x], static_cast<Sum>(before[x]) + static_cast<Sum>(after[x]));
  }
}

// Beyond the first and the last row there are these rows again.
template <class T>
void box_strip(const T* from, std::int64_t from_row, int count, const Box<T>& box, T* to, std::int64_t to_row) {
  using Sum = typename Box<T>::Sum;
  const auto row = [&](std::int64_t y) { return from + (y < 0 ? 0 : y < count ? y : count - 1) * from_row; };
  Sum sum[strip<T>];
  for (int x = 0; x < strip<T>; ++x) sum[x] = static_cast<Sum>(from[x]) * static_cast<Sum>(box.radius + 1);
  for (int y = 0; y < box.radius; ++y) {
    const T* more = row(y);
    for (int x = 0; x < strip<T>; ++x) sum[x] += static_cast<Sum>(more[x]);
  }
  for (std::int64_t y = 0; y < count; ++y, to += to_row) {
    box_row(box, row(y - box.radius - 1), row(y + box.radius), row(y + box.radius + 1), sum, to);
  }
}

using Words = simd::VectorOf<std::int16_t, simd::vector_bytes>::type;
using Naturals = simd::VectorOf<std::uint16_t, simd::vector_bytes>::type;

#if defined(__AVX512BW__)
Words high_product(Words a, Words b) {
  return bit_cast<Words>(_mm512_mulhi_epi16(bit_cast<__m512i>(a), bit_cast<__m512i>(b)));
}
Words rounded_byte(Words x) {
  return bit_cast<Words>(_mm512_mulhrs_epi16(bit_cast<__m512i>(x), _mm512_set1_epi16(128)));
}
#elif defined(__AVX2__)
Words high_product(Words a, Words b) {
  return bit_cast<Words>(_mm256_mulhi_epi16(bit_cast<__m256i>(a), bit_cast<__m256i>(b)));
}
Words rounded_byte(Words x) {
  return bit_cast<Words>(_mm256_mulhrs_epi16(bit_cast<__m256i>(x), _mm256_set1_epi16(128)));
}
#elif defined(__SSSE3__)
Words high_product(Words a, Words b) {
  return bit_cast<Words>(_mm_mulhi_epi16(bit_cast<__m128i>(a), bit_cast<__m128i>(b)));
}
Words rounded_byte(Words x) { return bit_cast<Words>(_mm_mulhrs_epi16(bit_cast<__m128i>(x), _mm_set1_epi16(128))); }
#else
Words high_product(Words a, Words b) {
  for (int i = 0; i < simd::width<std::int16_t>; ++i) a[i] = static_cast<std::int16_t>(a[i] * b[i] >> 16);
  return a;
}
// (x + 128) >> 8, without overflow.
Words rounded_byte(Words x) { return (x >> 8) + ((x >> 7) & 1); }
#endif

// Bytes, less 128 each.
struct Pairs {
  Words even;
  Words odd;
};

constexpr std::int16_t flip = -0x7f80;  // 0x8080: of 128 in each byte

Pairs load_pairs(const std::uint8_t* from, std::int16_t flipped) {
  Words bytes;
  __builtin_memcpy(&bytes, from, sizeof bytes);
  bytes ^= flipped;
  return {bytes << 8 >> 8, bytes >> 8};
}

void store_pairs(const Pairs& pairs, std::int16_t flipped, std::uint8_t* to) {
  const Words bytes = ((pairs.even & 0xff) | pairs.odd << 8) ^ flipped;
  __builtin_memcpy(to, &bytes, sizeof bytes);
}

// A box on its way down a strip. It is `radius` + 1 rows behind what it is given.
class RunningBox {
 public:
  void start(const WordBox& box, const Pairs& first, Pairs* slots, int slot_count) {
    for (int i = 0; i < slot_count; ++i) slots[boxes * i] = first;
    sum_ = {first.even * box.size, first.odd * box.size};
    last_ = first;
  }
  // `oldest` makes room for the next.
  Pairs step(const WordBox& box, const Pairs& next, Pairs& oldest) {
    const Pairs old = oldest;
    oldest = next;
    const Pairs last = last_;
    last_ = next;
    return {step(box, sum_.even, old.even, last.even, next.even), step(box, sum_.odd, old.odd, last.odd, next.odd)};
  }
  const Pairs& last() const { return last_; }

  static constexpr int boxes = 3;

 private:
  // Values that are 128 less change d by nothing, and make half of the upper half: where it fits a signed word.
  static Words step(const WordBox& box, Words& sum, Words old, Words last, Words next) {
    sum += last - old;
    const Words ends = old + next;
    const Words d = sum + sum - ends * box.size;
    return rounded_byte((ends << 7) + d * box.high + high_product(d, box.low + Words{}));
  }

  Pairs sum_;
  Pairs last_;
};

constexpr int rows_ahead = 16;  // that lie too far apart for the processor to foresee

constexpr int most_slots = 2 * WordBox::most_radius + 2;
constexpr std::int64_t slot_bytes =
    std::int64_t{most_slots} * RunningBox::boxes * static_cast<std::int64_t>(sizeof(Pairs));

// Three boxes in one go down a strip: what is between them stays in the nearest cache. Calls put(y, bytes).
template <class Put>
__attribute__((always_inline)) inline void sweep(const WordBox& given, const std::uint8_t* from, std::int64_t row,
                                                 int count, std::int16_t flipped, Pairs* slots, const Put& put) {
  const WordBox box = given;
  constexpr int boxes = RunningBox::boxes;
  const int slot_count = 2 * box.radius + 2;
  const int delay = box.radius + 1;
  RunningBox running[boxes];
  Pairs next = load_pairs(from, flipped);
  running[0].start(box, next, slots, slot_count);
  int slot = 0;
  const int end = count + boxes * delay;
  const auto advance = [&]<bool is_steady>(int y) {
    if (is_steady || y < count) next = load_pairs(from + y * row, flipped);
    if (is_steady) __builtin_prefetch(from + (y + rows_ahead) * row);
    Pairs made = next;
    Pairs* at = slots + boxes * slot;
    slot = slot + 1 < slot_count ? slot + 1 : 0;
#pragma GCC unroll 3
    for (int k = 0; k < boxes; ++k) {
      y -= delay;
      if (is_steady || y < count) {
        made = running[k].step(box, made, at[k]);
      } else if (k + 1 < boxes) {
        made = running[k + 1].last();
      }
      if (is_steady) continue;
      if (y < 0) return;
      if (y == 0 && k + 1 < boxes) return running[k + 1].start(box, made, slots + k + 1, slot_count);
    }
    put(y, made);
  };
  int y = 1;
  for (; y < boxes * delay && y < end; ++y) advance.template operator()<false>(y);
  for (; y < count; ++y) advance.template operator()<true>(y);
  for (; y < end; ++y) advance.template operator()<false>(y);
}

// Unsharp::of(), where products have 16 bits.
struct WordUnsharp {
  static constexpr double most_percent = 257;
  std::uint16_t percent;
  std::int16_t threshold;

  explicit WordUnsharp(const Prepare& prepare)
      : percent(static_cast<std::uint16_t>(prepare.percent)), threshold(static_cast<std::int16_t>(prepare.threshold)) {}
  Words of(Words value, Words blurred) const {
    const Words difference = value - blurred;
    const Words size = difference < 0 ? -difference : difference;
    const auto more = bit_cast<Words>(bit_cast<Naturals>(size) * percent / 100);
    const Words sharp = value + (difference < 0 ? -more : more);
    const Words below = sharp > 127 ? Words{} + 127 : sharp;
    const Words inside = below < -128 ? Words{} - 128 : below;
    return size > threshold ? inside : value;
  }
  Pairs of(const Pairs& value, const Pairs& blurred) const {
    return {of(value.even, blurred.even), of(value.odd, blurred.odd)};
  }
};

__attribute__((noinline)) void blur_strip(const WordBox& box, std::uint8_t* at, std::int64_t row, int count,
                                          std::int16_t flipped, std::int16_t flipped_to, Pairs* slots) {
  sweep(box, at, row, count, flipped, slots,
        [&](std::int64_t y, const Pairs& bytes) { store_pairs(bytes, flipped_to, at + y * row); });
}

__attribute__((noinline)) void sharpen_strip(const WordBox& box, const WordUnsharp& filter,
                                             const std::uint8_t* original, std::int64_t original_row, std::uint8_t* at,
                                             std::int64_t row, int count, Pairs* slots) {
  sweep(box, at, row, count, 0, slots, [&](std::int64_t y, const Pairs& bytes) {
    __builtin_prefetch(original + (y + rows_ahead) * original_row);
    store_pairs(filter.of(load_pairs(original + y * original_row, flip), bytes), flip, at + y * row);
  });
}

// Rows of pixels of `pixel` values side by side.
template <class T>
struct Rows {
  T* first;
  std::int64_t row;

  Rows from(std::int64_t y, std::int64_t x) const { return {first + y * row + x, row}; }
};

template <class T>
void copy(const Rows<const T>& from, const Rows<T>& to, int height, int width) {
  for (int y = 0; y < height; ++y) {
    __builtin_memcpy(to.from(y, 0).first, from.from(y, 0).first, static_cast<std::size_t>(width) * sizeof(T));
  }
}
template <class T>
Rows<const T> read_only(const Rows<T>& rows) {
  return {rows.first, rows.row};
}

template <class T, class F>
void in_strips(int count, const F& f) {
  for (int first = 0; first < count; first += strip<T>) {
    check_point();  // one image may be huge
    f(first, count - first < strip<T> ? count - first : strip<T>);
  }
}

// A blur of an image whose pixels have `pixel` values.
template <class T>
class Blur {
 public:
  Blur(const Prepare& prepare, const Boxes& job, int pixel)
      : prepare_(prepare),
        box_(prepare.radius),
        height_(job.from.height),
        width_(job.from.width * pixel),
        pixel_(pixel),
        strips_(reinterpret_cast<T*>(job.scratch)),
        strip_size_(strip<T> * (height_ > width_ ? height_ : width_)),
        slots_(reinterpret_cast<Pairs*>(job.scratch + 3 * box_strip_bytes(job.from))) {
    if constexpr (sizeof(T) == 1) {
      const WordBox words(box_);
      if (words.is_exact) {
        words_ = words;
        has_words_ = true;
      }
    }
    sharpens_words_ =
        has_words_ && prepare.kind == Prepare::Kind::unsharp && prepare.percent <= WordUnsharp::most_percent;
  }

  void run(const Rows<const T>& from, const Rows<T>& to) const {
    const Rows<T> strip_rows = {strips_, strip<T>};
    in_strips<T>(height_, [&](int top, int count) {
      const Rows<const T> part = from.from(top, 0);
      transpose(part.first, part.row, count, width_, strip_rows.first, strip_rows.row);
      for (int x = 0; x < pixel_; ++x) {
        blur(Rows<T>{strip_rows.from(x, 0).first, pixel_ * strip_rows.row}, width_ / pixel_, flip, 0);
      }
      transpose(strip_rows.first, strip_rows.row, width_, count, to.from(top, 0).first, to.row);
    });
    in_strips<T>(width_, [&](int left, int count) {
      const Rows<const T> original = from.from(0, left);
      const Rows<T> made = to.from(0, left);
      if (count == strip<T>) return blur_columns(original, made);
      const Rows<T> some = {strips_ + strip_size_, strip<T>};
      copy(read_only(made), strip_rows, height_, count);
      if (sharpens_words_) copy(original, some, height_, count);
      blur_columns(read_only(some), strip_rows);
      copy(read_only(strip_rows), made, height_, count);
    });
  }

  bool sharpens() const { return sharpens_words_; }

 private:
  void blur_columns(const Rows<const T>& original, const Rows<T>& at) const {
    if constexpr (sizeof(T) == 1) {
      if (sharpens_words_) {
        return sharpen_strip(words_, WordUnsharp(prepare_), original.first, original.row, at.first, at.row, height_,
                             slots_);
      }
    }
    blur(at, height_, 0, flip);
  }

  void blur(const Rows<T>& at, int count, std::int16_t flipped, std::int16_t flipped_to) const {
    if constexpr (sizeof(T) == 1) {
      if (has_words_) return blur_strip(words_, at.first, at.row, count, flipped, flipped_to, slots_);
    }
    T* a = strips_ + strip_size_;
    T* b = a + strip_size_;
    box_strip<T>(at.first, at.row, count, box_, a, strip<T>);
    box_strip<T>(a, strip<T>, count, box_, b, strip<T>);
    box_strip<T>(b, strip<T>, count, box_, at.first, at.row);
  }

  const Prepare& prepare_;
  Box<T> box_;
  WordBox words_{Box<std::uint8_t>(0)};
  bool has_words_ = false;
  bool sharpens_words_ = false;
  int height_;
  int width_;
  int pixel_;
  T* strips_;
  std::int64_t strip_size_;
  Pairs* slots_;
};

template <class T>
void sharpen(const Unsharp& filter, const Rows<const T>& from, const Rows<T>& to, int height, int width) {
  for (int y = 0; y < height; ++y) {
    const T* value = from.from(y, 0).first;
    T* __restrict blurred = to.from(y, 0).first;
    if (y % 64 == 0) check_point();
    for (int x = 0; x < width; ++x) blurred[x] = filter.of(value[x], blurred[x]);
  }
}

template <class T>
void run(const Prepare& prepare, const Levels& levels, const Boxes& job) {
  const Image& image = job.from;
  const int pixel = is_interleaved(image) ? image.channels : 1;
  const int width = image.width * pixel;
  const Blur<T> blur(prepare, job, pixel);
  for (int c = 0; c < image.channels / pixel; ++c) {
    const auto first = [c](const Image& one) { return static_cast<T*>(one.data) + one.offset + c * one.channel; };
    const Rows<const T> from = {first(image), image.row};
    const Rows<T> to = {first(job.to), job.to.row};
    if (!(prepare.radius > 0)) {
      copy(from, to, image.height, width);
      continue;
    }
    blur.run(from, to);
    if (prepare.kind == Prepare::Kind::unsharp && !blur.sharpens()) {
      sharpen<T>({prepare.percent, prepare.threshold, levels}, from, to, image.height, width);
    }
  }
}

}  // namespace

template <>
void filter_boxes<Isa::BURNISH_ISA>(const Prepare& prepare, const Levels& levels, const Boxes& job) {
  job.from.dtype == DType::uint8 ? run<std::uint8_t>(prepare, levels, job) : run<float>(prepare, levels, job);
}

}  // namespace burnish::augment
