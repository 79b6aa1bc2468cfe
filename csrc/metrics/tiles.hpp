// SPDX-License-Identifier: Apache-2.0
// Labels and scores are read in tiles that stay in the first-level cache, and made plain there: flags, codes, sort
// keys. So one loop for each dtype is enough, whatever is done with them.
#pragma once

#include <cstdint>

#include "burnish/tensor.hpp"
#include "core/isa.hpp"

namespace burnish::metrics {

inline constexpr int tile_rows = 4096;

// Some rows of a 1-D array.
struct TileView {
  const void* data;
  DType dtype;
  std::int64_t stride;
  int count;  // at most tile_rows
};

inline TileView tile_of(const TensorView& view, std::int64_t first, std::int64_t last) {
  const auto offset = first * view.strides[0] * static_cast<std::int64_t>(item_size(view.dtype));
  return {static_cast<const char*>(view.data) + offset, view.dtype, view.strides[0], static_cast<int>(last - first)};
}

inline constexpr std::uint16_t no_code = 0xffff;

struct TileRange {
  std::int64_t low;
  std::int64_t high;
  bool is_beyond;  // a label does not fit int64
};

// A score as an unsigned number, ascending for descending scores, -0 as 0: 31 or 63 bits for scores of 0 and more, the
// highest bit set for those below.
struct KeyRange {
  std::uint64_t low;
  std::uint64_t high;
  std::uint64_t highest_positive;  // of scores of 0 and more; 0 where there are none
  std::uint64_t lowest_negative;   // of scores below 0; all bits where there are none
  std::int64_t nans;
};

// Labels (count) -> 0 or 1 each; whether all were.
template <Isa isa>
bool binary_flags(const TileView& labels, std::uint8_t* flags);
// Whether each label is `positive`; returns how many are.
template <Isa isa>
int flags_of(const TileView& labels, std::int64_t positive, std::uint8_t* flags);
// Whether each score reaches the threshold; returns the number of NaN.
template <Isa isa>
int threshold_flags(const TileView& scores, double threshold, std::uint8_t* flags);
// Labels less `low`; no_code for those outside 0..classes-1. Returns how many those are.
template <Isa isa>
int codes_of(const TileView& labels, std::int64_t low, std::int64_t classes, std::uint16_t* codes);
template <Isa isa>
TileRange range_of(const TileView& labels);
// Adds the four counts of pairs of flags: index 2 * true + predicted.
template <Isa isa>
void add_flags(const std::uint8_t* y_true, const std::uint8_t* y_pred, int count, std::int64_t* counts);
// Sort keys of scores; 32 bits of 16- and 32-bit floats, 64 of float64. Range and keys of NaN mean nothing.
template <Isa isa>
KeyRange keys_of(const TileView& scores, std::uint64_t* keys);
template <Isa isa>
KeyRange keys_of(const TileView& scores, std::uint32_t* keys);

#define BURNISH_DECLARE_TILES(isa)                                                   \
  template <>                                                                        \
  bool binary_flags<isa>(const TileView&, std::uint8_t*);                            \
  template <>                                                                        \
  int flags_of<isa>(const TileView&, std::int64_t, std::uint8_t*);                   \
  template <>                                                                        \
  int threshold_flags<isa>(const TileView&, double, std::uint8_t*);                  \
  template <>                                                                        \
  int codes_of<isa>(const TileView&, std::int64_t, std::int64_t, std::uint16_t*);    \
  template <>                                                                        \
  TileRange range_of<isa>(const TileView&);                                          \
  template <>                                                                        \
  void add_flags<isa>(const std::uint8_t*, const std::uint8_t*, int, std::int64_t*); \
  template <>                                                                        \
  KeyRange keys_of<isa>(const TileView&, std::uint64_t*);                            \
  template <>                                                                        \
  KeyRange keys_of<isa>(const TileView&, std::uint32_t*);
#if defined(BURNISH_HAS_X86_LEVELS)
BURNISH_DECLARE_TILES(Isa::v4)
BURNISH_DECLARE_TILES(Isa::v3)
#endif
BURNISH_DECLARE_TILES(Isa::v2)
#undef BURNISH_DECLARE_TILES

}  // namespace burnish::metrics
