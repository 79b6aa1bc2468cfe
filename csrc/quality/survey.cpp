// SPDX-License-Identifier: Apache-2.0
// Checks, hands rows to the loops, then adds up what they found: whole numbers only, so that neither the order of
// blocks nor the number of threads matters.
#include "quality/survey.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "core/buffer.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "core/visit.hpp"

namespace burnish::quality {
namespace {

__extension__ typedef __int128 Wide;

constexpr double fixed_point_one = 0x1p60;
constexpr std::int64_t most_classes = std::int64_t{1} << 31;

std::string_view input_name(InputKind kind) { return kind == InputKind::logits ? "logits" : "probs"; }

std::int64_t rows_per_piece(std::int64_t classes) {
  return std::max<std::int64_t>(1, 100'000 / (classes + 10) / tile_rows) * tile_rows;
}

void check_row_output(const Survey& args, const std::optional<TensorView>& view, std::string_view argument,
                      DType dtype) {
  if (!view) return;
  const TensorView& input = args.block.input;
  check_dtype(args.block.call, argument, *view, {dtype});
  check_device(args.block.call, argument, *view, Device{});
  check_output(args.block.call, argument, *view, contiguous_view(nullptr, dtype, Device{}, input.shape[0]),
               {input, args.block.labels});
  check(view->strides[0] == 1 || view->shape[0] <= 1, args.block.call, ": '", argument, "' must be contiguous");
}

void check_state(const Survey& args, const std::optional<TensorView>& view, std::string_view argument,
                 std::int64_t rows, std::int64_t columns) {
  if (!view) return;
  const std::string_view call = args.block.call;
  check_dtype(call, argument, *view, {DType::int64});
  check_device(call, argument, *view, Device{});
  const TensorView wanted = columns == 0 ? contiguous_view(nullptr, DType::int64, Device{}, rows)
                                         : contiguous_view(nullptr, DType::int64, Device{}, rows, columns);
  check_output(call, argument, *view, wanted, {args.block.input, args.block.labels});
  check(view->size() == 0 || view->strides == wanted.strides, call, ": '", argument, "' must be C-contiguous");
}

void check_vector(const Survey& args, const std::optional<TensorView>& view, std::string_view argument, DType dtype) {
  if (!view) return;
  const std::string_view call = args.block.call;
  check_dtype(call, argument, *view, {dtype});
  check_device(call, argument, *view, Device{});
  const std::int64_t classes = args.block.input.shape[1];
  check(view->ndim == 1 && view->shape[0] == classes && (view->strides[0] == 1 || classes <= 1), call, ": '", argument,
        "' has shape ", ShapeOf{*view}, "; accepted: (", classes, ",), contiguous");
}

// Rows that the caller wants, or that adding up needs.
template <class T>
T* rows_at(const std::optional<TensorView>& view, bool needed, Buffer<T>& scratch, std::int64_t rows) {
  if (view) return static_cast<T*>(view->data);
  if (!needed) return nullptr;
  scratch = Buffer<T>(static_cast<std::size_t>(rows));
  return scratch.data();
}

template <class T>
T* data_of(const std::optional<TensorView>& view) {
  return view ? static_cast<T*>(view->data) : nullptr;
}

// Calls add(row, label) for the valid rows of a block.
template <class T, class Add>
void for_valid_rows(const SurveyJob& job, Add add) {
  const auto* const labels = static_cast<const T*>(job.rows.labels);
  const std::int64_t stride = job.rows.label_stride;
  const std::int64_t rows = job.rows.rows;
  const std::uint8_t* const valid = job.valid;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (valid[row]) add(row, static_cast<std::int64_t>(labels[row * stride]));
  }
}

// Adds the rows of a block to the running counts, one after the other: a loop for each is quicker than one for all.
template <class F, class T>
void add_rows(const Survey& args, const SurveyJob& job) {
  const std::int64_t classes = job.rows.classes;
  if (auto* counts = data_of<std::int64_t>(args.counts)) {
    for_valid_rows<T>(job, [&](std::int64_t, std::int64_t label) { ++counts[label]; });
  }
  if (auto* joint = data_of<std::int64_t>(args.joint)) {
    for_valid_rows<T>(job, [=, guess = job.guess](std::int64_t row, std::int64_t label) {
      if (guess[row] >= 0) ++joint[label * classes + guess[row]];
    });
  }
  if (auto* histogram = data_of<std::int64_t>(args.histogram)) {
    for_valid_rows<T>(job, [=, bin = job.bin](std::int64_t row, std::int64_t) { ++histogram[bin[row]]; });
  }
  auto* words = data_of<std::int64_t>(args.sums);
  if (!words) return;
  std::vector<Wide> sums(static_cast<std::size_t>(classes));
  Wide* const of_label = sums.data();
  const auto* const own = static_cast<const F*>(job.own);
  for_valid_rows<T>(job, [=](std::int64_t row, std::int64_t label) {
    of_label[label] += static_cast<std::int64_t>(static_cast<double>(own[row]) * fixed_point_one);
  });
  for (std::int64_t c = 0; c < classes; ++c) {
    const Wide sum = static_cast<Wide>(words[2 * c + 1]) * (Wide{1} << 64) +
                     static_cast<Wide>(static_cast<std::uint64_t>(words[2 * c])) + of_label[c];
    words[2 * c] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum));
    words[2 * c + 1] = static_cast<std::int64_t>(sum >> 64);
  }
}

void check_survey(const Survey& args, DType compute) {
  const std::int64_t classes = args.block.input.shape[1];
  check_vector(args, args.cuts, "cuts", compute);
  check_vector(args, args.offsets, "offsets", DType::float64);
  check_row_output(args, args.own, "own", compute);
  check_row_output(args, args.other, "other", compute);
  check_row_output(args, args.margin, "margin", compute);
  check_row_output(args, args.rival, "rival", DType::int32);
  check_row_output(args, args.guess, "guess", DType::int32);
  check_row_output(args, args.agrees, "agrees", DType::boolean);
  check_row_output(args, args.valid, "valid", DType::boolean);
  check_state(args, args.counts, "counts", classes, 0);
  check_state(args, args.sums, "sums", classes, 2);
  check_state(args, args.joint, "joint", classes, classes);
  if (args.histogram) {
    check(args.histogram->ndim == 2 && args.histogram->shape[0] >= 1 && args.histogram->shape[0] < (1 << 24),
          args.block.call, ": 'histogram' has shape ", ShapeOf{*args.histogram}, "; accepted: (bins, 2)");
    check_state(args, args.histogram, "histogram", args.histogram->shape[0], 2);
  }
  check(args.cuts || (!args.guess && !args.joint), args.block.call, ": 'guess' and 'joint' need 'cuts'");
  check(!args.offsets || args.offset_sum > 0, args.block.call, ": 'offset_sum' is ", args.offset_sum,
        "; accepted: a number above 0");
}

}  // namespace

DType compute_dtype(const TensorView& input) { return input.dtype == DType::float64 ? DType::float64 : DType::float32; }

RowJob make_rows(const Block& block) {
  const std::string_view call = block.call;
  const std::string_view argument = input_name(block.kind);
  const TensorView& input = block.input;
  check(block.kind != InputKind::sigmoid_logits, call, ": one label a row needs classes that exclude each other");
  check_dtype(call, argument, input, {DType::float64, DType::float32, DType::float16, DType::bfloat16});
  check_device(call, argument, input, Device{});
  check(input.ndim == 2, call, ": '", argument, "' must be 2-D (N, C), got shape ", ShapeOf{input});
  check(input.shape[1] >= 1 && input.shape[1] < most_classes, call, ": '", argument, "' has shape ", ShapeOf{input},
        "; accepted: at least one class and fewer than 2^31");
  check_device(call, "labels", block.labels, Device{});
  check_labels(call, block.labels, input.shape[0], input.shape[1]);
  RowJob job;
  job.input = input.data;
  job.input_dtype = input.dtype;
  job.compute = compute_dtype(input);
  job.kind = block.kind;
  job.rows = input.shape[0];
  job.classes = input.shape[1];
  job.row_stride = input.strides[0];
  job.class_stride = input.strides[1];
  job.tolerance = item_size(input.dtype) == 2 ? 1e-2 : 1e-3;
  job.labels = block.labels.data;
  job.label_dtype = block.labels.dtype;
  job.label_stride = block.labels.strides[0];
  return job;
}

void survey(const Survey& args) {
  SurveyJob job;
  job.rows = make_rows(args.block);
  check_survey(args, job.rows.compute);
  const std::int64_t rows = job.rows.rows;
  const bool adds = args.counts || args.sums || args.joint || args.histogram;
  job.cuts = data_of<void>(args.cuts);
  job.offsets = data_of<double>(args.offsets);
  job.offset_base = args.offset_base;
  job.offset_sum = args.offset_sum;
  job.bins_per_nat = args.bins_per_nat;
  job.bins = args.histogram ? args.histogram->shape[0] : 0;
  job.other = data_of<void>(args.other);
  job.margin = data_of<void>(args.margin);
  job.rival = data_of<std::int32_t>(args.rival);
  job.agrees = data_of<std::uint8_t>(args.agrees);
  Buffer<std::int32_t> guess, bin;
  Buffer<std::uint8_t> valid;
  Buffer<double> own;
  job.guess = rows_at(args.guess, args.joint.has_value(), guess, rows);
  job.bin = rows_at<std::int32_t>(std::nullopt, args.histogram.has_value(), bin, rows);
  job.valid = rows_at(args.valid, adds, valid, rows);
  job.wants_tops = job.other || job.margin || job.rival || job.agrees || job.guess || job.bin;
  job.own = rows_at(args.own, args.sums.has_value(), own, rows);

  with_isa([&]<Isa isa>() {
    parallel_for(rows, rows_per_piece(job.rows.classes), [&](std::int64_t first, std::int64_t last) {
      Buffer<double> workspace(static_cast<std::size_t>(workspace_size(job.rows.classes)));
      survey_rows<isa>(job, first, last, workspace.data());
    });
  });
  if (!adds) return;
  visit_integer(job.rows.label_dtype, [&]<class T>() {
    visit_native_float(job.rows.compute, [&]<class F>() { add_rows<F, T>(args, job); });
  });
}

}  // namespace burnish::quality
