// SPDX-License-Identifier: Apache-2.0
#include "augment/ways.hpp"

#include "augment/border.hpp"
#include "augment/tables_math.hpp"
#include "augment/warp_math.hpp"

namespace burnish::augment {
namespace {

bool is_table(Op op) {
  switch (op) {
    case Op::linear:
    case Op::contrast:
    case Op::linear_by_mean:
    case Op::solarize:
    case Op::posterize:
    case Op::gamma:
    case Op::autocontrast:
    case Op::equalize:
      return true;
    default:
      return false;
  }
}

// Whether what is read are bytes, to be changed as such.
bool reads_bytes(const Pass& pass) {
  const Source& source = pass.source;
  const bool copies = source.kind == SourceKind::copy && source.image.dtype == DType::uint8;
  return pass.read_levels.are_whole && (copies || warps_colors(source));
}

bool have_one_layout(const Image& a, const Image& b) {
  return (is_interleaved(a) && is_interleaved(b)) || (a.column == 1 && b.column == 1);
}

}  // namespace

bool has_filter(const Pass& pass) {
  return pass.prepare.kind == Prepare::Kind::boxes || pass.prepare.kind == Prepare::Kind::unsharp ||
         blurs_bytes(pass.source);
}

bool only_looks(const Pass& pass) {
  return pass.source.kind == SourceKind::copy && pass.first_op == pass.last_op && pass.statistic != Statistic::none &&
         !pads(pass.source) && pass.write_levels.are_whole == (pass.source.image.dtype == DType::uint8);
}

bool only_moves(const Pass& pass, const Image& to, int byte_end) {
  if (!(pass.source.kind == SourceKind::copy || reads_bytes(pass)) || byte_end != pass.last_op ||
      pass.source.image.dtype != to.dtype || pass.read_levels.are_whole != (to.dtype == DType::uint8)) {
    return false;
  }
  return pass.statistic == Statistic::none || to.dtype == DType::uint8;
}

bool only_scales(const Program& program, const Pass& pass, const Image& to, int byte_end, bool streams,
                 ColorScale& scale) {
  const bool is_planar = to.column == 1;
  constexpr int line_values = 16;
  if (!reads_bytes(pass) || to.dtype != DType::float32 || to.channels != 3 || !(is_planar || is_interleaved(to)) ||
      (streams && is_planar && to.channel % line_values != 0) || pass.statistic != Statistic::none) {
    return false;
  }
  int i = byte_end;
  if (i < pass.last_op && program.kind(i) == Op::to_float) {
    scale.is_divided = true;
    ++i;
  }
  if (i < pass.last_op && program.kind(i) == Op::normalize) {
    const Change change = change_of(program.op(i));
    for (int c = 0; c < 3; ++c) {
      scale.factor[c] = change.option(2 * c);
      scale.shift[c] = change.option(2 * c + 1);
    }
    ++i;
  }
  return i == pass.last_op;
}

bool only_shows(const Pass& pass, const Pass& next) {
  return has_filter(next) && pass.source.kind == SourceKind::copy && pass.prepare.kind == Prepare::Kind::nothing &&
         pass.first_op == pass.last_op && only_moves(pass, next.left, pass.last_op) &&
         pass.statistic == Statistic::none && !pads(pass.source) && have_one_layout(pass.source.image, next.left);
}

bool only_filters(const Pass& pass, const Image& to) {
  Pass rest = pass;
  if (blurs_bytes(pass.source)) rest.source.kind = SourceKind::copy;
  const Source& source = rest.source;
  const Image& image = source.image;
  return source.kind == SourceKind::copy && pass.first_op == pass.last_op && only_moves(rest, to, pass.last_op) &&
         pass.statistic == Statistic::none && source.top == 0 && source.left == 0 &&
         source.height == pass.left.height && source.width == pass.left.width && image.offset == 0 &&
         image.row == pass.left.row && image.column == pass.left.column && have_one_layout(image, to);
}

bool stays_in_tile(const Pass& pass, const Pass& next) {
  const Source& source = next.source;
  const Image& left = next.left;
  const Image& image = source.image;
  return std::int64_t{pass.source.height} * pass.source.width <= tile_values &&
         pass.statistic != Statistic::histogram &&  // bytes are counted as bytes
         next.prepare.kind == Prepare::Kind::nothing && source.kind == SourceKind::copy && source.top == 0 &&
         source.left == 0 && source.height == left.height && source.width == left.width && image.offset == 0 &&
         image.row == left.row && image.column == left.column && left.column == 1;
}

int end_of_byte_ops(const Program& program, const Pass& pass) {
  int i = pass.first_op;
  if (!reads_bytes(pass)) return i;
  // A table costs as much as the pixels of a tile.
  const bool pays = std::int64_t{pass.source.height} * pass.source.width > tile_values;
  const auto is_one = [&] {
    return program.op(i).levels.are_whole && (program.kind(i) == Op::erase || (pays && is_table(program.kind(i))));
  };
  while (i < pass.last_op && is_one()) ++i;
  return i;
}

int end_of_look_ups(const Program& program, const Pass& pass, int end) {
  while (end > pass.first_op && program.kind(end - 1) != Op::gamma && !needs_histogram(program.kind(end - 1))) --end;
  return end;
}

bool warps_at_once(const Program& program, const Pass& pass, const Image& to, const Step*& scale) {
  const Source& source = pass.source;
  if (pass.last_op - pass.first_op > 1 || pass.statistic != Statistic::none || pass.read_levels.are_whole ||
      to.dtype != DType::float32 || !is_interleaved(to) || !can_warp_image(source)) {
    return false;
  }
  if (pass.first_op == pass.last_op) return true;
  scale = program.op(pass.first_op).step;
  return scale->op == Op::normalize;
}

bool warps_bytes(const Pass& pass, const Image& to) {
  return pass.read_levels.are_whole && pass.first_op == pass.last_op && pass.statistic == Statistic::none &&
         to.dtype == DType::uint8 && is_interleaved(to) && warps_colors(pass.source);
}

}  // namespace burnish::augment
