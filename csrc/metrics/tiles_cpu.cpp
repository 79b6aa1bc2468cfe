// SPDX-License-Identifier: Apache-2.0
// A tile of labels or scores -> flags, codes or sort keys; compiled once per instruction set level.
#include <type_traits>

#include "core/bits.hpp"
#include "core/visit.hpp"
#include "metrics/tiles.hpp"

namespace burnish::metrics {
namespace {

// Calls f(value, row) for each row; the common stride by itself, so that it vectorises.
template <class T, class F>
BURNISH_HD void each(const TileView& tile, F f) {
  const auto* const data = static_cast<const T*>(tile.data);
  const std::int64_t stride = tile.stride;  // copies: what `f` writes may be bytes, which alias everything
  const int count = tile.count;
  if (stride == 1) {
    for (int i = 0; i < count; ++i) f(data[i], i);
  } else {
    for (int i = 0; i < count; ++i) f(data[i * stride], i);
  }
}

BURNISH_HD std::uint32_t key_of(float score) {
  const auto bits = bit_cast<std::uint32_t>(score + 0.0f);
  return bits ^ (bits >> 31 ? 0u : 0x7fffffffu);
}
BURNISH_HD std::uint64_t key_of(double score) {
  const auto bits = bit_cast<std::uint64_t>(score + 0.0);
  return bits ^ (bits >> 63 ? 0u : 0x7fffffffffffffffu);
}

template <class T, class Key>
BURNISH_HD KeyRange keys_and_range(const TileView& scores, Key* keys) {
  std::int32_t nans = 0;
  each<T>(scores, [&](T value, int i) {
    const auto score = widen(value);
    nans += score != score;
    keys[i] = key_of(score);
  });
  Key low = ~Key{0};
  Key high = 0;
  Key highest_positive = 0;
  Key lowest_negative = ~Key{0};
  const int count = scores.count;
  for (int i = 0; i < count; ++i) {
    const Key key = keys[i];
    const Key is_positive = (key >> (8 * sizeof(Key) - 1)) - Key{1};  // all bits or none
    low = key < low ? key : low;
    high = key > high ? key : high;
    highest_positive = (key & is_positive) > highest_positive ? key & is_positive : highest_positive;
    lowest_negative = (key | is_positive) < lowest_negative ? key | is_positive : lowest_negative;
  }
  return {low, high, highest_positive, lowest_negative, nans};
}

}  // namespace

template <>
bool binary_flags<Isa::BURNISH_ISA>(const TileView& labels, std::uint8_t* flags) {
  bool all = true;
  visit_integer(labels.dtype, [&]<class T>() {
    T any = 0;
    each<T>(labels, [&](T label, int i) {
      any = static_cast<T>(any | label);
      flags[i] = static_cast<std::uint8_t>(label);
    });
    all = static_cast<std::uint64_t>(any) <= 1;
  });
  return all;
}

template <>
int flags_of<Isa::BURNISH_ISA>(const TileView& labels, std::int64_t positive, std::uint8_t* flags) {
  int count = 0;
  visit_integer(labels.dtype, [&]<class T>() {
    const auto wanted = static_cast<T>(positive);
    const auto fits = static_cast<std::uint8_t>(static_cast<std::int64_t>(wanted) == positive);
    each<T>(labels, [&](T label, int i) { flags[i] = static_cast<std::uint8_t>(label == wanted) & fits; });
  });
  for (int i = 0; i < labels.count; ++i) count += flags[i];
  return count;
}

template <>
int threshold_flags<Isa::BURNISH_ISA>(const TileView& scores, double threshold, std::uint8_t* flags) {
  int nans = 0;
  visit_float(scores.dtype, [&]<class T>() {
    auto limit = static_cast<decltype(widen(T{}))>(threshold);
    if constexpr (std::is_same_v<T, Float16>) limit = widen(to_float16(threshold));
    if constexpr (std::is_same_v<T, BFloat16>) limit = widen(to_bfloat16(limit));
    each<T>(scores, [&](T value, int i) {
      const auto score = widen(value);
      nans += score != score;
      flags[i] = score >= limit;
    });
  });
  return nans;
}

template <>
int codes_of<Isa::BURNISH_ISA>(const TileView& labels, std::int64_t low, std::int64_t classes, std::uint16_t* codes) {
  int outside = 0;
  visit_integer(labels.dtype, [&]<class T>() {
    const auto first = static_cast<std::uint64_t>(low);
    const auto size = static_cast<std::uint64_t>(classes);
    each<T>(labels, [&](T label, int i) {
      // A uint64 beyond int64 is far from every code but those of labels near the lowest int64.
      const std::uint64_t place = static_cast<std::uint64_t>(label) - first;
      const bool fits = place < size;
      outside += !fits;
      codes[i] = fits ? static_cast<std::uint16_t>(place) : no_code;
    });
  });
  return outside;
}

template <>
TileRange range_of<Isa::BURNISH_ISA>(const TileView& labels) {
  TileRange range{INT64_MAX, INT64_MIN, false};
  visit_integer(labels.dtype, [&]<class T>() {
    if (labels.count == 0) return;
    T low = *static_cast<const T*>(labels.data);
    T high = low;
    each<T>(labels, [&](T label, int) {
      low = label < low ? label : low;
      high = label > high ? label : high;
    });
    range = {static_cast<std::int64_t>(low), static_cast<std::int64_t>(high),
             !std::is_signed_v<T> && static_cast<std::uint64_t>(high) > std::uint64_t{INT64_MAX}};
  });
  return range;
}

template <>
void add_flags<Isa::BURNISH_ISA>(const std::uint8_t* y_true, const std::uint8_t* y_pred, int count,
                                 std::int64_t* counts) {
  // Bytes are added in lanes: a lane gets at most 64 of a tile, so that its sum fits a byte.
  typedef std::uint8_t Line __attribute__((vector_size(64)));
  static_assert(tile_rows / sizeof(Line) < 256);
  Line sums[3] = {};
  const auto add = [&](const std::uint8_t* a, const std::uint8_t* b) {
    Line t, p;
    __builtin_memcpy(&t, a, sizeof t);
    __builtin_memcpy(&p, b, sizeof p);
    sums[0] += t;
    sums[1] += p;
    sums[2] += t & p;
  };
  constexpr int line = sizeof(Line);
  int i = 0;
  for (; i + line <= count; i += line) add(y_true + i, y_pred + i);
  if (i < count) {
    std::uint8_t rest[2][line] = {};
    __builtin_memcpy(rest[0], y_true + i, static_cast<std::size_t>(count - i));
    __builtin_memcpy(rest[1], y_pred + i, static_cast<std::size_t>(count - i));
    add(rest[0], rest[1]);
  }
  int totals[3] = {};
  for (int s = 0; s < 3; ++s) {
    for (int lane = 0; lane < line; ++lane) totals[s] += sums[s][lane];
  }
  const auto [positive, predicted, both] = totals;
  counts[0] += count - positive - predicted + both;
  counts[1] += predicted - both;
  counts[2] += positive - both;
  counts[3] += both;
}

template <>
KeyRange keys_of<Isa::BURNISH_ISA>(const TileView& scores, std::uint64_t* keys) {
  return keys_and_range<double>(scores, keys);
}

template <>
KeyRange keys_of<Isa::BURNISH_ISA>(const TileView& scores, std::uint32_t* keys) {
  switch (scores.dtype) {
    case DType::float16:
      return keys_and_range<Float16>(scores, keys);
    case DType::bfloat16:
      return keys_and_range<BFloat16>(scores, keys);
    default:
      return keys_and_range<float>(scores, keys);
  }
}

}  // namespace burnish::metrics
