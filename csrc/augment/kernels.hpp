// SPDX-License-Identifier: Apache-2.0
// The inner loops of the passes, compiled once per instruction set level.
#pragma once

#include "augment/changes.hpp"
#include "augment/program.hpp"
#include "augment/tables.hpp"
#include "core/isa.hpp"

namespace burnish::augment {

// Whole rows of an image, as floats, a plane for each channel.
struct Tile {
  float* values = nullptr;  // aligned to 64 bytes
  std::int64_t plane = 0;   // from channel to channel: rows * columns, rounded up to tile_unit
  int channels = 0;
  int rows = 0;
  int columns = 0;
  int top = 0;  // of the image of `height` rows
  int height = 0;

  float* of(int channel) const { return values + channel * plane; }
};
inline constexpr int tile_unit = 16;
BURNISH_HD std::int64_t padded(std::int64_t values) { return (values + tile_unit - 1) / tile_unit * tile_unit; }
inline constexpr int tile_values = 1024;  // of a plane, where a row has no more: three planes stay in the first cache

// What of a part of the image (top, left, height, width) lies in a tile; rows are counted from the tile's.
struct Part {
  int first_row = 0;
  int last_row = 0;
  int left = 0;
  int right = 0;
};
BURNISH_HD Part part_of(const Tile& tile, const double* part) {
  const Region region(part, tile.height, tile.columns);
  const int top = region.top - tile.top;
  const int bottom = region.bottom - tile.top;
  return {top > 0 ? top : 0, bottom < tile.rows ? bottom : tile.rows, region.left, region.right};
}

// A change of the pixels of a tile.
struct TileJob {
  Tile tile;
  Change change;
  float* scratch = nullptr;  // `plane` + 2 noise_group values
};

// A change of bytes to bytes: by tables of 256, or what Op::erase does.
struct ByteChange {
  const std::uint8_t* tables = nullptr;  // null: erases
  bool is_shared = false;                // all channels have one table, or one fill
  const double* params = nullptr;        // of erase
  int param_count = 0;
  const double* options = nullptr;
  int option_count = 0;
  int height = 0;  // of the whole image
};

struct ByteWork {
  const ByteChange* changes = nullptr;
  int count = 0;
  int top = 0;  // of the rows that are written, in the whole image
};

// The whole of a pass that copies: values stay as they are, but for the work on bytes.
template <Isa isa>
void move_image(const Source& source, const Image& target, const ByteWork& work);

// Bytes of three channels -> floats: value / 255 if `is_divided`, and that times a factor plus a shift.
struct ColorScale {
  bool is_divided = false;
  float factor[3] = {1, 1, 1};
  float shift[3] = {};
};

// The whole of a pass of that, from pixels of three bytes side by side, in order or reversed, to planes; or in order,
// to pixels of three floats. Where it `streams`, all planes are aligned alike.
template <Isa isa>
void scale_image(const Source& source, const ColorScale& scale, const Image& target, bool streams);

// Fill the tile from the source.
template <Isa isa>
void copy_tile(const Source& source, const Tile& tile);
template <Isa isa>
void warp_tile(const Source& source, const Levels& levels, const Tile& tile);
// What warp_tile does and store_tile after it, and `scale` between them where there is one, for all of an image of
// three interleaved channels that can_warp_image(): unrounded, without planes of it. `row` has warp_row_values(width).
template <Isa isa>
void warp_image(const Source& source, const Levels& levels, const Step* scale, const Image& target, float* row,
                bool streams);
// The same from bytes as whole levels to bytes, three interleaved channels of each, where warps_colors(): rows of the
// result from `top` on, as many as the target has.
template <Isa isa>
void warp_bytes(const Source& source, int top, const Image& target);
template <Isa isa>
void separable_tile(const Source& source, const Levels& levels, const Tile& tile, float* scratch);
// All of an image that blurs_bytes(), to one of the same layout: interleaved or planes. `scratch` has
// blur_scratch_bytes().
template <Isa isa>
void blur_bytes(const Source& source, const Image& target, char* scratch);
inline constexpr std::int64_t blur_padding = 64;  // a vector
inline std::int64_t padded_blur_row(std::int64_t values) {
  return (values + blur_padding - 1) / blur_padding * blur_padding;
}
inline std::int64_t blur_scratch_bytes(const Source& source) {
  const std::int64_t channels = source.image.channels;
  const std::int64_t sums = padded_blur_row(source.image.width * channels) * 2;
  return (2 * source.radius + 1) * sums + sums + 2 * padded_blur_row(source.radius * channels) + 4 * blur_padding;
}
template <Isa isa>
void taps_tile(const Source& source, const Levels& levels, const Tile& tile, float* scratch);

// Boxes over all of an image, in images of one dtype and layout: pixels with their values side by side, or planes of
// values side by side. `scratch` has box_scratch_bytes().
struct Boxes {
  Image from;
  Image to;
  char* scratch = nullptr;
};
// Of a strip of columns as wide as a line of the cache.
inline std::int64_t box_strip_bytes(const Image& image) {
  const std::int64_t values = std::int64_t{image.width} * image.channels;
  return 64 * (values > image.height ? values : image.height);
}
inline std::int64_t box_scratch_bytes(const Image& image) {
  constexpr std::int64_t words = 32 << 10;  // of boxes on their way
  return 3 * box_strip_bytes(image) + words;
}
template <Isa isa>
void filter_boxes(const Prepare& prepare, const Levels& levels, const Boxes& boxes);

// A resize of planes of bytes or floats. `scratch` has room for two planes, and sums for the pixels of a row or a
// column.
struct Planes {
  const void* from = nullptr;
  void* to = nullptr;
  char* scratch = nullptr;
  DType dtype = DType::uint8;
  int channels = 0;
  int height = 0;
  int width = 0;
  const Axis* rows = nullptr;
  const Axis* columns = nullptr;
};
template <Isa isa>
void resize_planes(const Levels& levels, const Planes& planes);

template <Isa isa>
void color_tile(const TileJob& job);
template <Isa isa>
void noise_tile(const TileJob& job);
template <Isa isa>
void erase_tile(const TileJob& job);

// Add the luma of all pixels, or all values, in sum_parts().
template <Isa isa>
std::int64_t luma_sum(const Tile& tile, const Levels& levels);
template <Isa isa>
std::int64_t value_sum(const Tile& tile, const Levels& levels);

template <Isa isa>
void count_values(const Tile& tile, const Levels& levels, Histogram* histograms);
template <Isa isa>
void count_bytes(const Image& image, Histogram* histograms);

// Writes the tile to rows of an image; past the cache where it `streams`. `scale`, if there is one, is Op::normalize:
// on the way to an image that scales_when_stored().
template <Isa isa>
void store_tile(const Tile& tile, const Image& image, const Change* scale, bool streams);
inline bool scales_when_stored(const Image& image) { return image.dtype == DType::float32 && image.column == 1; }

#define BURNISH_DECLARE_LEVEL(isa)                                                             \
  template <>                                                                                  \
  void move_image<isa>(const Source&, const Image&, const ByteWork&);                          \
  template <>                                                                                  \
  void scale_image<isa>(const Source&, const ColorScale&, const Image&, bool);                 \
  template <>                                                                                  \
  void count_bytes<isa>(const Image&, Histogram*);                                             \
  template <>                                                                                  \
  void copy_tile<isa>(const Source&, const Tile&);                                             \
  template <>                                                                                  \
  void warp_tile<isa>(const Source&, const Levels&, const Tile&);                              \
  template <>                                                                                  \
  void warp_image<isa>(const Source&, const Levels&, const Step*, const Image&, float*, bool); \
  template <>                                                                                  \
  void warp_bytes<isa>(const Source&, int, const Image&);                                      \
  template <>                                                                                  \
  void separable_tile<isa>(const Source&, const Levels&, const Tile&, float*);                 \
  template <>                                                                                  \
  void blur_bytes<isa>(const Source&, const Image&, char*);                                    \
  template <>                                                                                  \
  void taps_tile<isa>(const Source&, const Levels&, const Tile&, float*);                      \
  template <>                                                                                  \
  void filter_boxes<isa>(const Prepare&, const Levels&, const Boxes&);                         \
  template <>                                                                                  \
  void resize_planes<isa>(const Levels&, const Planes&);                                       \
  template <>                                                                                  \
  void color_tile<isa>(const TileJob&);                                                        \
  template <>                                                                                  \
  void noise_tile<isa>(const TileJob&);                                                        \
  template <>                                                                                  \
  void erase_tile<isa>(const TileJob&);                                                        \
  template <>                                                                                  \
  std::int64_t luma_sum<isa>(const Tile&, const Levels&);                                      \
  template <>                                                                                  \
  std::int64_t value_sum<isa>(const Tile&, const Levels&);                                     \
  template <>                                                                                  \
  void count_values<isa>(const Tile&, const Levels&, Histogram*);                              \
  template <>                                                                                  \
  void store_tile<isa>(const Tile&, const Image&, const Change*, bool)
#if defined(BURNISH_HAS_X86_LEVELS)
BURNISH_DECLARE_LEVEL(Isa::v4);
BURNISH_DECLARE_LEVEL(Isa::v3);
#endif
BURNISH_DECLARE_LEVEL(Isa::v2);
#undef BURNISH_DECLARE_LEVEL

}  // namespace burnish::augment
