// SPDX-License-Identifier: Apache-2.0
#include "balance/interpolate.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/parallel.hpp"

namespace burnish::balance {
namespace {

constexpr std::string_view call = "interpolate";
constexpr std::int64_t piece_bytes = std::int64_t{1} << 18;

void check_values(std::string_view argument, const TensorView& rows) {
  check_rows(call, argument, rows,
             {DType::float64, DType::float32, DType::float16, DType::int64, DType::int32, DType::int16, DType::int8,
              DType::uint64, DType::uint32, DType::uint16, DType::uint8});
}

void check_list(std::string_view argument, const TensorView& list, std::initializer_list<DType> dtypes,
                std::int64_t count, Device device) {
  check_dtype(call, argument, list, dtypes);
  check(list.ndim == 1 && list.shape[0] == count, call, ": '", argument, "' has shape ", ShapeOf{list}, "; accepted: (",
        count, ",), one entry a result");
  check(count <= 1 || list.strides[0] == 1, call, ": '", argument, "' is strided; pass a contiguous copy");
  check_device(call, argument, list, device);
}

IndexList index_list(const TensorView& list) {
  if (list.dtype == DType::int64) return {static_cast<const std::int64_t*>(list.data), nullptr};
  return {nullptr, static_cast<const std::int32_t*>(list.data)};
}

void check_indices(std::string_view argument, const IndexList& list, std::int64_t count, std::int64_t rows) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t index = index_at(list, i);
    check(index >= 0 && index < rows, call, ": '", argument, "' is ", index, " in place ", i, "; accepted: 0 to ",
          rows - 1);
  }
}

}  // namespace

void interpolate(const InterpolateArgs& args) {
  const TensorView& other = args.other.value_or(args.rows);
  const Device device = args.rows.device;
  check_values("X", args.rows);
  check_values("neighbors_in", other);
  check<TypeError>(other.dtype == args.rows.dtype, call, ": 'neighbors_in' has dtype ", name(other.dtype),
                   "; accepted: ", name(args.rows.dtype), ", that of 'X'");
  check(other.shape[1] == args.rows.shape[1], call, ": 'neighbors_in' has ", other.shape[1],
        " columns; accepted: ", args.rows.shape[1], ", as many as 'X'");
  check_device(call, "neighbors_in", other, device);
  check(args.base.ndim == 1, call, ": 'base' must be 1-D, got shape ", ShapeOf{args.base});
  const std::int64_t count = args.base.shape[0];
  const auto index_dtypes = {DType::int64, DType::int32};
  check_list("base", args.base, index_dtypes, count, device);
  check_list("neighbor", args.neighbor, index_dtypes, count, device);
  check_list("step", args.step, {DType::float64}, count, device);
  if (args.scale) check_list("difference_scale", *args.scale, {DType::float64}, count, device);
  check_values("out", args.out);
  check<TypeError>(args.out.dtype == args.rows.dtype, call, ": 'out' has dtype ", name(args.out.dtype),
                   "; accepted: ", name(args.rows.dtype), ", that of 'X'");
  check_device(call, "out", args.out, device);
  check_output(call, "out", args.out, contiguous_view(nullptr, args.rows.dtype, device, count, args.rows.shape[1]),
               {args.rows, other, args.base, args.neighbor, args.step, args.scale.value_or(args.step)});

  InterpolateJob job;
  job.dtype = args.rows.dtype;
  job.columns = args.rows.shape[1];
  job.rows = args.rows.data;
  job.row_count = args.rows.shape[0];
  job.row_stride = args.rows.strides[0];
  job.other = other.data;
  job.other_count = other.shape[0];
  job.other_stride = other.strides[0];
  job.base = index_list(args.base);
  job.neighbor = index_list(args.neighbor);
  job.step = static_cast<const double*>(args.step.data);
  if (args.scale) job.scale = static_cast<const double*>(args.scale->data);
  job.out = args.out.data;
  job.out_stride = args.out.strides[0];
  job.count = count;
  if (device.type == DeviceType::cuda) return interpolate_rows_cuda(job, device.index, args.stream);
  check_indices("base", job.base, count, job.row_count);
  check_indices("neighbor", job.neighbor, count, job.other_count);
  const auto row_bytes = static_cast<std::int64_t>(item_size(job.dtype)) * std::max<std::int64_t>(job.columns, 1);
  with_isa([&]<Isa isa>() {
    parallel_for(count, std::max<std::int64_t>(1, piece_bytes / row_bytes),
                 [&](std::int64_t first, std::int64_t last) { interpolate_rows<isa>(job, first, last); });
  });
}

}  // namespace burnish::balance
