// SPDX-License-Identifier: Apache-2.0
// A compiled program in words and numbers.
#include "augment/program.hpp"

namespace burnish::augment {
namespace {

std::string_view name(SourceKind kind) {
  switch (kind) {
    case SourceKind::warp:
      return "warp";
    case SourceKind::separable:
      return "separable";
    case SourceKind::taps:
      return "taps";
    case SourceKind::sharpness:
      return "sharpness";
    case SourceKind::copy:
      break;
  }
  return "copy";
}

std::string_view name(Prepare::Kind kind) {
  switch (kind) {
    case Prepare::Kind::boxes:
      return "boxes";
    case Prepare::Kind::unsharp:
      return "unsharp";
    case Prepare::Kind::resize:
      return "resize";
    default:
      return "";
  }
}

// Planes or not: an image of one channel is both.
Layout layout_of(const Image& image) { return image.column == 1 || image.column == -1 ? Layout::nchw : Layout::nhwc; }

std::int64_t bytes_of(DType dtype, std::int64_t height, std::int64_t width, std::int64_t channels) {
  return height * width * channels * static_cast<std::int64_t>(item_size(dtype));
}

// Of an image, the part that is looked at; a copy never reads more than its own window.
std::int64_t bytes_read(const Source& source) {
  const Image& image = source.image;
  std::int64_t height = image.height;
  std::int64_t width = image.width;
  if (source.kind == SourceKind::copy) {
    height = height < source.height ? height : source.height;
    width = width < source.width ? width : source.width;
  }
  return bytes_of(image.dtype, height, width, image.channels);
}

}  // namespace

std::vector<Stage> stages_of(const Program& program, const Image& out) {
  std::vector<Stage> stages;
  for (std::size_t p = 0; p < program.passes.size(); ++p) {
    const Pass& pass = program.passes[p];
    const bool is_last = p + 1 == program.passes.size();
    const Image& target = is_last ? out : program.passes[p + 1].left;
    const Source& source = pass.source;
    Stage stage;
    stage.reads_by = name(source.kind);
    stage.prepares_by = name(pass.prepare.kind);
    for (int op = 0; op < op_count; ++op) {
      if (pass.joined >> op & 1) stage.joined.push_back(static_cast<Op>(op));
    }
    for (int i = pass.first_op; i < pass.last_op; ++i) {
      stage.changes.push_back(program.ops[static_cast<std::size_t>(i)].step->op);
    }
    stage.reads = source.image.dtype;
    stage.writes = target.dtype;
    stage.reads_layout = layout_of(source.image);
    stage.writes_layout = layout_of(target);
    stage.height = source.height;
    stage.width = source.width;
    stage.bytes_read = bytes_read(source);
    stage.bytes_written = bytes_of(target.dtype, source.height, source.width, source.image.channels);
    if (pass.prepare.kind != Prepare::Kind::nothing) {  // what is prepared is written before it is read
      stage.bytes_read += bytes_of(pass.left.dtype, pass.left.height, pass.left.width, pass.left.channels);
      stage.bytes_written +=
          bytes_of(source.image.dtype, source.image.height, source.image.width, source.image.channels);
    }
    stages.push_back(stage);
  }
  return stages;
}

}  // namespace burnish::augment
