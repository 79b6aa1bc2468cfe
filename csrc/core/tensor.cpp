// SPDX-License-Identifier: Apache-2.0
#include "burnish/tensor.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <tuple>
#include <utility>
#include <vector>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "core/visit.hpp"

namespace burnish {
namespace {

constexpr std::int64_t label_grain = 100'000;

struct DTypeRow {
  std::string_view name;
  std::size_t size;
};
constexpr DTypeRow dtype_rows[] = {
    {"float64", 8}, {"float32", 4}, {"float16", 2}, {"bfloat16", 2}, {"int64", 8}, {"int32", 4}, {"int16", 2},
    {"int8", 1},    {"uint64", 8},  {"uint32", 4},  {"uint16", 2},   {"uint8", 1}, {"bool", 1},
};

// First byte and one past the last byte that the view can touch.
std::pair<const char*, const char*> extent(const TensorView& view) {
  const auto bytes = static_cast<std::int64_t>(item_size(view.dtype));
  std::int64_t low = 0;
  std::int64_t high = bytes;
  for (std::size_t d = 0; d < static_cast<std::size_t>(view.ndim); ++d) {
    const std::int64_t reach = (view.shape[d] - 1) * view.strides[d] * bytes;
    (reach < 0 ? low : high) += reach;
  }
  const auto* data = static_cast<const char*>(view.data);
  return {data + low, data + high};
}

// Whether two elements may be the same: a step along some axis is no longer than what the shorter ones reach over.
bool repeats_elements(const TensorView& view) {
  if (view.size() == 0) return false;
  const auto axes = static_cast<std::size_t>(view.ndim);
  const auto step = [&](std::size_t d) { return std::make_pair(std::abs(view.strides[d]), d); };
  for (std::size_t d = 0; d < axes; ++d) {
    std::int64_t reach = 0;
    for (std::size_t e = 0; e < axes; ++e) {
      if (view.shape[e] > 1 && step(e) < step(d)) reach += step(e).first * (view.shape[e] - 1);
    }
    if (view.shape[d] > 1 && step(d).first <= reach) return true;
  }
  return false;
}

}  // namespace

std::size_t item_size(DType dtype) { return dtype_rows[static_cast<std::size_t>(dtype)].size; }
std::string_view name(DType dtype) { return dtype_rows[static_cast<std::size_t>(dtype)].name; }

std::ostream& operator<<(std::ostream& stream, const Device& device) {
  return device.type == DeviceType::cpu ? stream << "cpu" : stream << "cuda:" << device.index;
}

std::ostream& operator<<(std::ostream& stream, const ShapeOf& shape) {
  stream << '(';
  for (int d = 0; d < shape.view.ndim; ++d) {
    stream << (d ? ", " : "") << shape.view.shape[static_cast<std::size_t>(d)];
  }
  return stream << (shape.view.ndim == 1 ? ",)" : ")");
}

bool may_overlap(const TensorView& a, const TensorView& b) {
  if (a.size() == 0 || b.size() == 0 || a.device != b.device) return false;
  const auto [a_first, a_last] = extent(a);
  const auto [b_first, b_last] = extent(b);
  return a_first < b_last && b_first < a_last;
}

void check_dtype(std::string_view call, std::string_view argument, const TensorView& view,
                 std::initializer_list<DType> accepted) {
  for (const DType dtype : accepted) {
    if (view.dtype == dtype) return;
  }
  std::string names;
  for (const DType dtype : accepted) names += concat(names.empty() ? "" : ", ", name(dtype));
  throw TypeError(concat(call, ": '", argument, "' has dtype ", name(view.dtype), "; accepted: ", names));
}

void check_integer(std::string_view call, std::string_view argument, const TensorView& view) {
  check<TypeError>(view.dtype >= DType::int64 && view.dtype <= DType::uint8, call, ": '", argument, "' has dtype ",
                   name(view.dtype), "; accepted: int8 to int64, uint8 to uint64");
}

void check_rows(std::string_view call, std::string_view argument, const TensorView& rows,
                std::initializer_list<DType> accepted) {
  check_dtype(call, argument, rows, accepted);
  check(rows.ndim == 2, call, ": '", argument, "' must be 2-D (n, d), got shape ", ShapeOf{rows});
  check(rows.shape[0] == 0 || rows.shape[1] <= 1 || rows.strides[1] == 1, call, ": '", argument,
        "' has columns that do not lie side by side; pass a C-contiguous copy");
}

void check_labels(std::string_view call, const TensorView& labels, std::int64_t rows, std::int64_t classes,
                  bool may_be_missing) {
  check_integer(call, "labels", labels);
  check(labels.ndim == 1 && labels.shape[0] == rows, call, ": 'labels' has shape ", ShapeOf{labels}, "; accepted: (",
        rows, ",), one label a row");
  if (labels.device.type != DeviceType::cpu) return;
  std::atomic<std::int64_t> first_bad{rows};
  visit_integer(labels.dtype, [&]<class T>() {
    const T* data = static_cast<const T*>(labels.data);
    const std::int64_t stride = labels.strides[0];
    const int least = may_be_missing ? -1 : 0;
    const auto fits = [=](T label) { return std::cmp_greater_equal(label, least) && std::cmp_less(label, classes); };
    parallel_for(rows, label_grain, [&](std::int64_t first, std::int64_t last) {
      bool all = true;
      for (std::int64_t row = first; row < last; ++row) all &= fits(data[row * stride]);
      if (all) return;
      std::int64_t row = first;
      while (fits(data[row * stride])) ++row;
      for (std::int64_t known = first_bad; row < known && !first_bad.compare_exchange_weak(known, row);) {
      }
    });
    if (const std::int64_t row = first_bad; row < rows) {
      fail(call, ": 'labels' is ", +data[row * stride], " in row ", row, "; accepted: 0 to ", classes - 1,
           may_be_missing ? ", or -1 where there is none" : "");
    }
  });
}

void check_device(std::string_view call, std::string_view argument, const TensorView& view, Device expected) {
  check(view.device == expected, call, ": '", argument, "' is on ", view.device, "; accepted: ", expected,
        ", where the other arguments are");
}

void check_output(std::string_view call, std::string_view argument, const TensorView& view,
                  const TensorView& expected_shape, std::initializer_list<TensorView> inputs) {
  check(view.ndim == expected_shape.ndim && view.shape == expected_shape.shape, call, ": '", argument, "' has shape ",
        ShapeOf{view}, "; accepted: ", ShapeOf{expected_shape});
  check(!view.read_only, call, ": '", argument, "' is read-only; accepted: a writable array");
  check(!repeats_elements(view), call, ": '", argument,
        "' has elements that share memory (a broadcast or overlapping view); accepted: an array with its own memory");
  check_apart(call, argument, {&view, 1}, inputs);
}

void check_apart(std::string_view call, std::string_view argument, std::span<const TensorView> outputs,
                 std::span<const TensorView> inputs) {
  struct Extent {
    Device device;
    const char* first;
    const char* last;
    bool is_output;
    bool is_dense;
  };
  std::vector<Extent> extents;
  const auto add = [&](std::span<const TensorView> views, bool is_output) {
    for (const TensorView& view : views) {
      if (view.size() == 0) continue;
      const auto [first, last] = extent(view);
      const std::int64_t bytes = view.size() * static_cast<std::int64_t>(item_size(view.dtype));
      extents.push_back({view.device, first, last, is_output, last - first == bytes});
    }
  };
  add(outputs, true);
  add(inputs, false);
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::tie(a.device.type, a.device.index, a.first) < std::tie(b.device.type, b.device.index, b.first);
  });
  const char* ends[2] = {};          // of the inputs and the outputs that came before on this device
  const Extent* farthest = nullptr;  // of those outputs
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const Extent& e = extents[i];
    if (i > 0 && extents[i - 1].device != e.device) {
      ends[0] = ends[1] = nullptr;
      farthest = nullptr;
    }
    if (e.is_output) {
      // Views that interleave, such as channels of one array, have extents in common but no element.
      check(!farthest || e.first >= farthest->last || !(e.is_dense || farthest->is_dense || e.first == farthest->first),
            call, ": '", argument, "' has the same memory twice; accepted: separate arrays");
      if (!farthest || e.last > farthest->last) farthest = &e;
    }
    check(e.first >= ends[!e.is_output], call, ": '", argument,
          "' shares memory with an input; accepted: a separate array");
    ends[e.is_output] = std::max(ends[e.is_output], e.last);
  }
}

}  // namespace burnish
