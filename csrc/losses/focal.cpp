// SPDX-License-Identifier: Apache-2.0
// Checks, then hands rows to the loops of the instruction set in use or to the GPU.
#include "losses/focal.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "core/buffer.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "core/visit.hpp"
#include "losses/focal_math.hpp"
#include "losses/partial_sums.hpp"

namespace burnish::losses {
namespace {

constexpr std::int64_t streamed_bytes = 16 << 20;
constexpr std::int64_t check_grain = 64 * rows_per_partial;

DType compute_dtype(const TensorView& logits) {
  return logits.dtype == DType::float64 ? DType::float64 : DType::float32;
}

void check_logits(std::string_view call, const TensorView& logits, int ndim) {
  check_dtype(call, "logits", logits, {DType::float64, DType::float32, DType::float16, DType::bfloat16});
  check(logits.ndim == ndim, call, ": 'logits' must be ", ndim, "-D here, got shape ", ShapeOf{logits});
}

void check_contiguous(std::string_view call, std::string_view name, const TensorView& view, DType dtype,
                      std::int64_t size, Device device) {
  check_device(call, name, view, device);
  check_dtype(call, name, view, {dtype});
  check(view.ndim == 1 && view.shape[0] == size && (size <= 1 || view.strides[0] == 1), call, ": '", name,
        "' has shape ", ShapeOf{view}, "; accepted: (", size, ",), contiguous");
}

void check_options(const FocalOptions& options, const TensorView& logits, std::int64_t rows) {
  const std::string_view call = options.call;
  check(options.gamma >= 0 && std::isfinite(options.gamma), call, ": 'gamma' is ", options.gamma,
        "; accepted: a finite number from 0");
  check(options.alpha >= 0 && std::isfinite(options.alpha), call, ": 'alpha' is ", options.alpha,
        "; accepted: a finite number from 0");
  check(options.label_smoothing >= 0 && options.label_smoothing <= 1, call, ": 'label_smoothing' is ",
        options.label_smoothing, "; accepted: a number from 0 to 1");
  check(std::isfinite(options.gradient_scale), call, ": 'gradient_scale' is not finite");
  check_contiguous(call, "totals", options.totals, DType::float64, 2, logits.device);
  check_contiguous(call, "partials", options.partials, DType::float64, std::max<std::int64_t>(1, partial_count(rows)),
                   logits.device);
}

void check_gradient(std::string_view call, const TensorView& gradient, const TensorView& logits,
                    const TensorView& targets) {
  check_device(call, "gradient", gradient, logits.device);
  check_dtype(call, "gradient", gradient, {logits.dtype});
  check_output(call, "gradient", gradient, logits, {logits, targets});
}

void fill_common(Common& job, const FocalOptions& options, const std::optional<TensorView>& gradient) {
  job.gamma = options.gamma;
  job.alpha = options.alpha;
  job.smoothing = options.label_smoothing;
  job.ignore_index = options.ignore_index;
  job.gradient_scale = options.gradient_scale;
  job.divides_loss = options.reduction == Reduction::mean;
  job.divides = job.divides_loss && !options.defers_mean;
  job.totals = static_cast<double*>(options.totals.data);
  job.partials = static_cast<double*>(options.partials.data);
  if (gradient) {
    job.streams_output = gradient->size() * static_cast<std::int64_t>(item_size(gradient->dtype)) > streamed_bytes;
  }
}

// ---- targets on a CPU: all in range, and what a mean divides by ----

// Calls f(first, last) on whole partials in parallel.
template <class F>
void for_partials(std::int64_t rows, const F& f) {
  parallel_for(rows, check_grain, f);
}

// The first row for which is_wrong; there is one.
template <class Wrong>
std::int64_t first_wrong(std::int64_t rows, const Wrong& is_wrong) {
  std::int64_t row = 0;
  while (row < rows - 1 && !is_wrong(row)) ++row;
  return row;
}

// Runs the check of the level in use over all rows; whether all targets are right, and then totals[1].
template <class Check>
bool count_targets(const Common& job, std::int64_t rows, const Check& check_rows) {
  std::atomic<bool> all_right{true};
  for_partials(rows, [&](std::int64_t first, std::int64_t last) {
    if (!check_rows(first, last)) all_right = false;
  });
  if (all_right) job.totals[1] = sum_of_partials(job.partials, partial_count(rows));
  return all_right;
}

// Replaces the number of rows by their weight.
template <class T>
void add_weights(const SoftmaxJob& job) {
  const T* targets = static_cast<const T*>(job.targets);
  visit_native_float(job.dtype, [&]<class F>() {
    const F* weights = static_cast<const F*>(job.weight);
    for_partials(job.rows, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t row = first; row < last; row += rows_per_partial) {
        const int count = static_cast<int>(std::min(rows_per_partial, last - row));
        std::int64_t places[rows_per_partial];
        job.target_places.of_rows(row, count, places);
        job.partials[row / rows_per_partial] = sum_of_partial(count, [&](int i) {
          const T label = targets[places[i]];
          return std::cmp_equal(label, job.ignore_index)
                     ? 0.0
                     : static_cast<double>(weights[static_cast<std::size_t>(label)]);
        });
      }
    });
  });
  job.totals[1] = sum_of_partials(job.partials, partial_count(job.rows));
}

void check_labels(std::string_view call, const SoftmaxJob& job) {
  const bool all_right = with_isa([&]<Isa isa>() {
    return count_targets(job, job.rows,
                         [&](std::int64_t first, std::int64_t last) { return softmax_targets<isa>(job, first, last); });
  });
  visit_integer(job.target_dtype, [&]<class T>() {
    if (all_right && job.weight) add_weights<T>(job);
    if (all_right) return;
    const T* targets = static_cast<const T*>(job.targets);
    const std::int64_t row = first_wrong(job.rows, [&](std::int64_t r) {
      const T label = targets[job.target_places.of_row(r)];
      return !std::cmp_equal(label, job.ignore_index) &&
             !(std::cmp_greater_equal(label, 0) && std::cmp_less(label, job.classes));
    });
    fail(call, ": 'targets' is ", +targets[job.target_places.of_row(row)], " in row ", row, "; accepted: 0 to ",
         job.classes - 1, ", or ", job.ignore_index, " for rows to ignore");
  });
}

void check_probabilities(std::string_view call, const SigmoidJob& job) {
  const bool all_right = with_isa([&]<Isa isa>() {
    return count_targets(job, job.rows,
                         [&](std::int64_t first, std::int64_t last) { return sigmoid_targets<isa>(job, first, last); });
  });
  if (all_right) return;
  const auto report = [&]<class T>() {
    const auto value_of = [&](std::int64_t row) {
      const T value = static_cast<const T*>(job.targets)[row * job.target_stride];
      if constexpr (std::is_integral_v<T>) {
        return static_cast<double>(value);
      } else {
        return static_cast<double>(widen(value));
      }
    };
    const std::int64_t row = first_wrong(job.rows, [&](std::int64_t r) {
      const double t = value_of(r);
      return t != static_cast<double>(job.ignore_index) && !(t >= 0 && t <= 1);
    });
    fail(call, ": 'targets' is ", value_of(row), " at place ", row, "; accepted: 0 to 1, or ", job.ignore_index,
         " for those to ignore");
  };
  if (job.target_dtype <= DType::bfloat16) {
    visit_float(job.target_dtype, report);
  } else {
    visit_integer(job.target_dtype, report);
  }
}

// ---- jobs ----

Places places_of(const TensorView& view) {
  if (view.ndim == 2) return {view.strides[0], 0, view.strides[1], view.shape[1]};
  return {view.strides[0], view.strides[1], view.strides[2], view.shape[2]};
}

void check_softmax(const SoftmaxArgs& args) {
  const std::string_view call = args.options.call;
  const TensorView& logits = args.logits;
  check_logits(call, logits, 3);
  check(logits.shape[1] >= 1 && logits.shape[1] < (std::int64_t{1} << 31), call, ": 'logits' has ", logits.shape[1],
        " classes; accepted: at least one, fewer than 2^31");
  check_options(args.options, logits, logits.shape[0] * logits.shape[2]);
  const TensorView& targets = args.targets;
  check_device(call, "targets", targets, logits.device);
  if (targets.ndim == 3) {
    check_dtype(call, "targets", targets, {DType::float64, DType::float32, DType::float16, DType::bfloat16});
    check(targets.shape == logits.shape, call, ": 'targets' has shape ", ShapeOf{targets},
          "; accepted: ", ShapeOf{logits}, ", a distribution for each row");
  } else {
    check_integer(call, "targets", targets);
    check(targets.ndim == 2 && targets.shape[0] == logits.shape[0] && targets.shape[1] == logits.shape[2], call,
          ": 'targets' has shape ", ShapeOf{targets}, "; accepted: (", logits.shape[0], ", ", logits.shape[2], ")");
  }
  const DType compute = compute_dtype(logits);
  if (args.weight) check_contiguous(call, "weight", *args.weight, compute, logits.shape[1], logits.device);
  if (args.offset) check_contiguous(call, "offset", *args.offset, compute, logits.shape[1], logits.device);
  check_contiguous(call, "losses", args.losses, compute, logits.shape[0] * logits.shape[2], logits.device);
  if (args.gradient) check_gradient(call, *args.gradient, logits, targets);
}

SoftmaxJob make_job(const SoftmaxArgs& args) {
  SoftmaxJob job;
  fill_common(job, args.options, args.gradient);
  job.logits = args.logits.data;
  job.dtype = args.logits.dtype;
  job.rows = args.logits.shape[0] * args.logits.shape[2];
  job.classes = args.logits.shape[1];
  job.logit_places = places_of(args.logits);
  job.targets = args.targets.data;
  job.target_dtype = args.targets.dtype;
  job.soft_targets = args.targets.ndim == 3;
  job.target_places = places_of(args.targets);
  if (args.weight) job.weight = args.weight->data;
  if (args.offset) job.offset = args.offset->data;
  job.losses = args.losses.data;
  if (args.gradient) {
    job.gradient = args.gradient->data;
    job.gradient_places = places_of(*args.gradient);
  }
  return job;
}

SigmoidJob make_job(const SigmoidArgs& args) {
  SigmoidJob job;
  fill_common(job, args.options, args.gradient);
  job.logits = args.logits.data;
  job.dtype = args.logits.dtype;
  job.rows = args.logits.shape[0];
  job.logit_stride = args.logits.strides[0];
  job.targets = args.targets.data;
  job.target_dtype = args.targets.dtype;
  job.target_stride = args.targets.strides[0];
  job.weights[0] = args.negative_weight;
  job.weights[1] = args.positive_weight;
  if (args.losses) job.losses = args.losses->data;
  if (args.gradient) {
    job.gradient = args.gradient->data;
    job.gradient_stride = args.gradient->strides[0];
  }
  return job;
}

// About 100 microseconds of work; whole tiles, and for long rows enough of them to be worth their working memory.
std::int64_t rows_per_piece(std::int64_t classes) {
  constexpr std::int64_t tile = 64;
  const std::int64_t rows = 150'000 / (classes + 10);
  return rows >= tile ? rows / tile * tile : std::max<std::int64_t>(8, rows);
}

void sum_losses(const SoftmaxJob& job) {
  visit_native_float(job.dtype, [&]<class F>() {
    const F* losses = static_cast<const F*>(job.losses);
    for_partials(job.rows, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t row = first; row < last; row += rows_per_partial) {
        const int count = static_cast<int>(std::min(rows_per_partial, last - row));
        job.partials[row / rows_per_partial] =
            sum_of_partial(count, [&](int i) { return static_cast<double>(losses[row + i]); });
      }
    });
  });
}

void finish_loss(const Common& job, std::int64_t rows) {
  const double sum = sum_of_partials(job.partials, partial_count(rows));
  job.totals[0] = job.divides_loss ? sum / job.totals[1] : sum;
}

}  // namespace

std::int64_t softmax_workspace(const SoftmaxJob& job) {
  if (job.classes <= narrow_classes) return 0;
  constexpr std::int64_t group_rows = 16;
  const bool strided = job.logit_places.class_stride != 1 || (job.gradient && job.gradient_places.class_stride != 1) ||
                       (job.soft_targets && job.target_places.class_stride != 1);
  const std::int64_t row = (job.classes + lane_count - 1) / lane_count * lane_count;
  return row * (1 + 3 * (strided ? group_rows : 1));
}

void focal_loss(const SoftmaxArgs& args) {
  check_softmax(args);
  const SoftmaxJob job = make_job(args);
  if (args.logits.device.type == DeviceType::cuda) {
    return softmax_cuda(job, args.logits.device.index, args.options.stream);
  }
  if (job.soft_targets) {
    job.totals[1] = static_cast<double>(job.rows);
  } else {
    check_labels(args.options.call, job);
  }
  const auto item = static_cast<std::int64_t>(item_size(compute_dtype(args.logits)));
  const std::int64_t bytes = softmax_workspace(job) * item;
  with_isa([&]<Isa isa>() {
    parallel_for(job.rows, rows_per_piece(job.classes), [&](std::int64_t first, std::int64_t last) {
      Buffer<std::byte> workspace(static_cast<std::size_t>(bytes));
      softmax_rows<isa>(job, first, last, workspace.data());
    });
  });
  if (args.options.reduction == Reduction::none) return;
  sum_losses(job);
  finish_loss(job, job.rows);
}

void focal_loss(const SigmoidArgs& args) {
  const std::string_view call = args.options.call;
  const TensorView& logits = args.logits;
  check_logits(call, logits, 1);
  check_options(args.options, logits, logits.shape[0]);
  check_device(call, "targets", args.targets, logits.device);
  check(args.targets.ndim == 1 && args.targets.shape == logits.shape, call, ": 'targets' has shape ",
        ShapeOf{args.targets}, "; accepted: ", ShapeOf{logits});
  for (const double weight : {args.negative_weight, args.positive_weight}) {
    check(weight >= 0 && std::isfinite(weight), call, ": a class has weight ", weight, "; accepted: finite, from 0");
  }
  if (args.losses) {
    check_contiguous(call, "losses", *args.losses, compute_dtype(logits), logits.shape[0], logits.device);
  }
  if (args.gradient) check_gradient(call, *args.gradient, logits, args.targets);
  const SigmoidJob job = make_job(args);
  if (logits.device.type == DeviceType::cuda) return sigmoid_cuda(job, logits.device.index, args.options.stream);
  check_probabilities(call, job);
  with_isa([&]<Isa isa>() {
    parallel_for(job.rows, 32 * rows_per_partial,
                 [&](std::int64_t first, std::int64_t last) { sigmoid_rows<isa>(job, first, last); });
  });
  if (args.options.reduction != Reduction::none) finish_loss(job, job.rows);
}

void scale(const ScaleArgs& args) {
  constexpr std::string_view call = "focal_loss backward";
  const TensorView& gradient = args.gradient;
  check_dtype(call, "gradient", gradient, {DType::float64, DType::float32, DType::float16, DType::bfloat16});
  check_dtype(call, "factor", args.factor, {DType::float64, DType::float32, DType::float16, DType::bfloat16});
  check(gradient.ndim == 3, call, ": 'gradient' must be 3-D, got shape ", ShapeOf{gradient});
  check(args.out.ndim == 3 && args.out.shape == gradient.shape && args.out.dtype == gradient.dtype, call,
        ": 'out' is unlike 'gradient'");
  for (const TensorView* view : {&gradient, &args.out}) {
    const auto [b, c, d] = std::tuple{view->shape[0], view->shape[1], view->shape[2]};
    const bool is_contiguous =
        view->size() == 0 || ((d <= 1 || view->strides[2] == 1) && (c <= 1 || view->strides[1] == d) &&
                              (b <= 1 || view->strides[0] == c * d));
    check(is_contiguous, call, ": 'gradient' and 'out' must be contiguous");
  }
  check_device(call, "factor", args.factor, gradient.device);
  check_device(call, "out", args.out, gradient.device);
  const bool one_factor = args.factor.size() == 1;
  check(one_factor || args.factor.size() == gradient.shape[0] * gradient.shape[2], call, ": 'factor' has shape ",
        ShapeOf{args.factor}, "; accepted: (1,) or (", gradient.shape[0], ", ", gradient.shape[2], ")");
  if (args.divisor) check_contiguous(call, "divisor", *args.divisor, DType::float64, 1, gradient.device);
  const ScaleJob job{gradient.data,     gradient.dtype,
                     gradient.shape[0], gradient.shape[1],
                     gradient.shape[2], args.factor.data,
                     args.factor.dtype, one_factor,
                     args.multiplier,   args.divisor ? static_cast<const double*>(args.divisor->data) : nullptr,
                     args.out.data};
  if (gradient.device.type == DeviceType::cuda) return scale_cuda(job, gradient.device.index, args.stream);
  with_isa([&]<Isa isa>() {
    parallel_for(gradient.size(), 1 << 18,
                 [&](std::int64_t first, std::int64_t last) { scale_values<isa>(job, first, last); });
  });
}

}  // namespace burnish::losses
