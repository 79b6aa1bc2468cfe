// SPDX-License-Identifier: Apache-2.0
// A batch's scores -> the samples' moments and bits. Each sample takes one cache line of moments and two words of bits.
#include "burnish/dynamics.hpp"

#include <utility>

#include "burnish/hardness.hpp"
#include "core/buffer.hpp"
#include "core/check.hpp"
#include "core/exp.hpp"
#include "core/visit.hpp"

namespace burnish::quality {
namespace {

constexpr std::int64_t rows_ahead = 12;

void check_state(std::string_view call, std::string_view argument, const TensorView& state, DType dtype,
                 std::int64_t samples, std::int64_t columns) {
  check_dtype(call, argument, state, {dtype});
  check_output(call, argument, state, contiguous_view(nullptr, dtype, Device{}, samples, columns), {});
  check_device(call, argument, state, Device{});
  check(samples == 0 || (state.strides[0] == columns && state.strides[1] == 1), call, ": '", argument,
        "' is strided; pass a contiguous array");
}

void check_dynamics(std::string_view call, const Dynamics& dynamics, int bit) {
  check(dynamics.moments.ndim == 2, call, ": 'moments' must be 2-D, got shape ", ShapeOf{dynamics.moments});
  const std::int64_t samples = dynamics.moments.shape[0];
  check_state(call, "moments", dynamics.moments, DType::float64, samples, moment_count);
  check_state(call, "bits", dynamics.bits, DType::uint64, samples, 2);
  check(bit >= 0 && bit < epochs_in_word, call, ": 'bit' is ", bit, "; accepted: 0 to ", epochs_in_word - 1);
}

void check_ids(std::string_view call, const TensorView& ids, std::int64_t rows, std::int64_t samples) {
  check_integer(call, "ids", ids);
  check(ids.ndim == 1 && ids.shape[0] == rows, call, ": 'ids' has shape ", ShapeOf{ids}, "; accepted: (", rows,
        ",), one id a row");
  check_device(call, "ids", ids, Device{});
  visit_integer(ids.dtype, [&]<class T>() {
    const T* data = static_cast<const T*>(ids.data);
    for (std::int64_t i = 0; i < rows; ++i) {
      const T id = data[i * ids.strides[0]];
      check(std::cmp_greater_equal(id, 0) && std::cmp_less(id, samples), call, ": 'ids' is ", +id, " in row ", i,
            "; accepted: 0 to ", samples - 1);
    }
  });
}

template <class Id, class T>
std::int64_t record_rows(const RecordArgs& args) {
  const auto at = [](const TensorView& view, std::int64_t row) {
    return static_cast<double>(static_cast<const T*>(view.data)[row * view.strides[0]]);
  };
  const auto* ids = static_cast<const Id*>(args.ids.data);
  const auto* correct = static_cast<const std::uint8_t*>(args.correct.data);
  auto* moments = static_cast<double*>(args.dynamics.moments.data);
  auto* bits = static_cast<std::uint64_t*>(args.dynamics.bits.data);
  const std::uint64_t bit = std::uint64_t{1} << args.bit;
  std::int64_t undefined = 0;
  const std::int64_t rows = args.ids.shape[0];
  const auto id_of = [&](std::int64_t row) { return static_cast<std::int64_t>(ids[row * args.ids.strides[0]]); };
  for (std::int64_t row = 0; row < rows; ++row) {
    if (row + rows_ahead < rows) {  // samples come in random order, and would each wait for memory
      const std::int64_t later = id_of(row + rows_ahead);
      __builtin_prefetch(bits + later * 2, 1);
      __builtin_prefetch(moments + later * moment_count, 1);
      __builtin_prefetch(moments + later * moment_count + moment_count - 1, 1);
    }
    const std::int64_t id = id_of(row);
    std::uint64_t& seen = bits[id * 2];
    if (seen & bit) continue;
    const double loss = at(args.cross_entropy, row);
    if (!(loss == loss)) {
      ++undefined;
      continue;
    }
    seen |= bit;
    if (correct[row * args.correct.strides[0]]) bits[id * 2 + 1] |= bit;
    double* m = moments + id * moment_count;
    const double probability = burnish::exp(-loss);
    const double step = probability - m[2];
    m[0] += 1;
    m[1] += at(args.margin, row);
    m[2] += step / m[0];
    m[3] += step * (probability - m[2]);
    m[4] += at(args.el2n, row);
  }
  return undefined;
}

}  // namespace

std::int64_t record(const RecordArgs& args) {
  check_dynamics(args.call, args.dynamics, args.bit);
  const std::int64_t rows = args.margin.ndim == 1 ? args.margin.shape[0] : -1;
  const std::pair<const TensorView*, const char*> scores[] = {
      {&args.margin, "margin"}, {&args.cross_entropy, "cross_entropy"}, {&args.el2n, "el2n"}};
  for (const auto& [score, name] : scores) {
    check_dtype(args.call, name, *score, {DType::float32, DType::float64});
    check_dtype(args.call, name, *score, {args.margin.dtype});
  }
  check_dtype(args.call, "correct", args.correct, {DType::boolean, DType::uint8});
  for (const TensorView* score : {&args.margin, &args.cross_entropy, &args.el2n, &args.correct}) {
    check(score->ndim == 1 && score->shape[0] == rows, args.call, ": a score has shape ", ShapeOf{*score},
          "; accepted: 1-D, all of one length");
    check_device(args.call, "scores", *score, Device{});
  }
  check_ids(args.call, args.ids, rows, args.dynamics.moments.shape[0]);
  std::int64_t undefined = 0;
  visit_integer(args.ids.dtype, [&]<class Id>() {
    undefined = visit_native_float(args.margin.dtype, [&]<class T>() { return record_rows<Id, T>(args); });
  });
  return undefined;
}

std::int64_t record_logits(const RecordLogitsArgs& args) {
  check(args.logits.ndim == 2, args.call, ": 'logits' must be 2-D (N, C), got shape ", ShapeOf{args.logits});
  check_device(args.call, "logits", args.logits, Device{});
  check_device(args.call, "labels", args.labels, Device{});
  const std::int64_t rows = args.logits.shape[0];
  const DType dtype = args.logits.dtype == DType::float64 ? DType::float64 : DType::float32;
  const auto n = static_cast<std::size_t>(rows);
  const std::size_t bytes = item_size(dtype);
  Buffer<std::byte> scratch(n * (3 * bytes + 1));
  const auto column = [&](std::size_t i, DType of) {
    return contiguous_view(scratch.data() + i * n * bytes, of, Device{}, rows);
  };
  RecordArgs record_args{args.call,        args.ids,         column(0, dtype),
                         column(1, dtype), column(2, dtype), column(3, DType::boolean),
                         args.dynamics,    args.bit};
  hardness::ScoreArgs scores;
  scores.input = args.logits;
  scores.labels = args.labels;
  const auto output = [&](hardness::Score score) -> std::optional<TensorView>& {
    return scores.outputs[static_cast<std::size_t>(score)];
  };
  output(hardness::Score::logit_margin) = record_args.margin;
  output(hardness::Score::cross_entropy) = record_args.cross_entropy;
  output(hardness::Score::el2n) = record_args.el2n;
  output(hardness::Score::correct) = record_args.correct;
  hardness::scores(scores);
  return record(record_args);
}

}  // namespace burnish::quality
