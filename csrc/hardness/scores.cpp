// SPDX-License-Identifier: Apache-2.0
// Checks, then hands rows to the loops of the instruction set in use or to the GPU.
#include "hardness/scores.hpp"

#include <algorithm>
#include <cmath>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "hardness/scores_math.hpp"

namespace burnish::hardness {
namespace {

constexpr std::string_view score_names[score_count] = {
    "entropy",
    "normalized_entropy",
    "margin",
    "least_confidence",
    "max_probability",
    "energy",
    "perplexity",
    "cross_entropy",
    "el2n",
    "logit_margin",
    "rank_of_label",
    "correct",
    "predictions",
    "self_confidence",
    "normalized_margin",
    "confidence_weighted_entropy",
    "mistakenness",
    "confidence_mistakenness",
};

constexpr std::int64_t streamed_bytes = 16 << 20;

std::string_view input_name(InputKind kind) { return kind == InputKind::probabilities ? "probs" : "logits"; }

// By the score's own name when only one is asked for, as the function of that name was called.
std::string_view call_name(const ScoreArgs& args) {
  std::string_view call = "scores";
  int requested = 0;
  for (std::size_t i = 0; i < score_count; ++i) {
    if (args.outputs[i] && ++requested == 1) call = score_names[i];
  }
  return requested == 1 ? call : "scores";
}

bool defined_for(Score score, InputKind kind) {
  if (kind == InputKind::sigmoid_logits) return score == Score::entropy || score == Score::normalized_entropy;
  return kind == InputKind::logits || score != Score::energy;
}

DType check_outputs(std::string_view call, const ScoreArgs& args) {
  // Predictions and ranks alone are decided in the input's own precision.
  DType compute = args.input.dtype == DType::float64 ? DType::float64 : DType::float32;
  bool first = true;
  const TensorView rows = contiguous_view(nullptr, DType::float32, args.input.device, args.input.shape[0]);
  for (std::size_t i = 0; i < score_count; ++i) {
    if (!args.outputs[i]) continue;
    const auto score = static_cast<Score>(i);
    const TensorView& out = *args.outputs[i];
    check(defined_for(score, args.kind), call, ": '", score_names[i], "' is not defined for ",
          args.kind == InputKind::sigmoid_logits ? "activation='sigmoid'; accepted: entropy, normalized_entropy"
                                                 : "probabilities; pass the logits");
    check(!needs_labels(score) || args.labels, call, ": '", score_names[i], "' needs 'labels', got none");
    check_device(call, "out", out, args.input.device);
    check_output(call, "out", out, rows, {args.input, args.labels.value_or(TensorView{})});
    for (std::size_t other = 0; other < i; ++other) {
      check(!args.outputs[other] || !may_overlap(out, *args.outputs[other]), call, ": 'out' of ", score_names[i],
            " and of ", score_names[other], " share memory; accepted: separate arrays");
    }
    if (score == Score::predictions || score == Score::rank_of_label) {
      check_dtype(call, "out", out, {DType::int64});
    } else if (score == Score::correct) {
      check_dtype(call, "out", out, {DType::boolean, DType::uint8});
    } else if (first) {
      check_dtype(call, "out", out, {DType::float32, DType::float64});
      compute = out.dtype;
      first = false;
    } else {
      check_dtype(call, "out", out, {compute});
    }
  }
  return compute;
}

ScoreJob make_job(const ScoreArgs& args, DType compute) {
  ScoreJob job;
  job.input = args.input.data;
  job.input_dtype = args.input.dtype;
  job.rows = args.input.shape[0];
  job.classes = args.input.shape[1];
  job.row_stride = args.input.strides[0];
  job.class_stride = args.input.strides[1];
  job.kind = args.kind;
  job.compute = compute;
  job.temperature = args.temperature;
  const double log_classes = std::log(args.kind == InputKind::sigmoid_logits ? 2.0 : static_cast<double>(job.classes));
  job.inverse_log_classes = log_classes > 0 ? 1 / log_classes : 0.0;
  std::int64_t output_bytes = 0;
  bool entropy = args.kind == InputKind::sigmoid_logits;
  bool tops = false;
  bool largest = false;
  bool every_class = false;
  for (std::size_t i = 0; i < score_count; ++i) {
    if (!args.outputs[i]) continue;
    output_bytes += job.rows * static_cast<std::int64_t>(item_size(args.outputs[i]->dtype));
    job.output[i] = args.outputs[i]->data;
    job.output_stride[i] = args.outputs[i]->strides[0];
    const auto score = static_cast<Score>(i);
    entropy |= needs_entropy(score);
    tops |= needs_tops(score);
    largest |= needs_largest(score);
    every_class |= needs_every_class(score);
  }
  const Level without_entropy = tops || largest ? Level::shares : Level::total;
  job.level = every_class ? Level::labels : !entropy ? without_entropy : tops ? Level::tops : Level::sums;
  job.streams_output = output_bytes > streamed_bytes;
  if (args.labels) {
    job.labels = args.labels->data;
    job.label_dtype = args.labels->dtype;
    job.label_stride = args.labels->strides[0];
    job.labels_may_be_missing = args.labels_may_be_missing;
  }
  return job;
}

// About 100 microseconds of work.
std::int64_t rows_per_piece(std::int64_t classes) {
  constexpr std::int64_t tile = 64;
  const std::int64_t rows = 200'000 / (classes + 10);
  return rows >= tile ? rows / tile * tile : std::max<std::int64_t>(1, rows);
}

}  // namespace

std::string_view name(Score score) { return score_names[static_cast<std::size_t>(score)]; }
bool needs_labels(Score score) { return score >= Score::cross_entropy && score != Score::predictions; }

void scores(const ScoreArgs& args) {
  const std::string_view call = call_name(args);
  const TensorView& input = args.input;
  check_dtype(call, input_name(args.kind), input, {DType::float64, DType::float32, DType::float16, DType::bfloat16});
  check(input.ndim == 2, call, ": '", input_name(args.kind), "' must be 2-D (N, C), got shape ", ShapeOf{input});
  check(input.shape[1] >= 1, call, ": '", input_name(args.kind), "' has shape ", ShapeOf{input},
        "; accepted: at least one class");
  check(input.shape[1] < (std::int64_t{1} << 31), call, ": '", input_name(args.kind), "' has ", input.shape[1],
        " classes; accepted: fewer than 2^31");
  check(args.temperature > 0 && std::isfinite(args.temperature), call, ": 'temperature' is ", args.temperature,
        "; accepted: a finite number above 0");
  check(args.temperature == 1.0 || args.kind != InputKind::probabilities, call,
        ": 'temperature' applies to logits; pass them, or the logarithm of the probabilities");
  if (args.labels) {
    check_device(call, "labels", *args.labels, input.device);
    check_labels(call, *args.labels, input.shape[0], input.shape[1], args.labels_may_be_missing);
  }
  const DType compute = check_outputs(call, args);
  const double temperature = compute == DType::float32 ? static_cast<float>(args.temperature) : args.temperature;
  check(temperature > 0 && std::isfinite(temperature), call, ": 'temperature' is ", args.temperature,
        ", which is no positive ", name(compute), "; pass dtype='float64' or another one");
  const ScoreJob job = make_job(args, compute);
  if (input.device.type == DeviceType::cuda) return score_rows_cuda(job, input.device.index, args.stream);
  with_isa([&]<Isa isa>() {
    parallel_for(job.rows, rows_per_piece(job.classes),
                 [&](std::int64_t first, std::int64_t last) { score_rows<isa>(job, first, last); });
  });
}

}  // namespace burnish::hardness
