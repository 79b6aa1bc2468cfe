// SPDX-License-Identifier: Apache-2.0
#include "bindings/arrays.hpp"

#include <pybind11/stl.h>

#include <string>
#include <utility>

#include "bindings/dlpack.hpp"
#include "core/check.hpp"

namespace burnish::bindings {
namespace {

constexpr const char* accepted_dtypes = "float64, float32, float16, bfloat16, bool and integers of 8 to 64 bits";

void check_ndim(std::int64_t ndim, const char* name) {
  check(ndim <= max_ndim, "'", name, "' has ", ndim, " dimensions; accepted: at most ", max_ndim);
}

std::optional<DType> dtype_of(char kind, std::int64_t bytes) {
  const auto pick = [bytes](std::initializer_list<std::pair<std::int64_t, DType>> choices) -> std::optional<DType> {
    for (const auto& [size, dtype] : choices) {
      if (size == bytes) return dtype;
    }
    return std::nullopt;
  };
  switch (kind) {
    case 'f':
      return pick({{8, DType::float64}, {4, DType::float32}, {2, DType::float16}});
    case 'i':
      return pick({{8, DType::int64}, {4, DType::int32}, {2, DType::int16}, {1, DType::int8}});
    case 'u':
      return pick({{8, DType::uint64}, {4, DType::uint32}, {2, DType::uint16}, {1, DType::uint8}});
    case 'b':
      return DType::boolean;
    default:
      return std::nullopt;
  }
}

DType numpy_dtype(const py::array& array, const char* name) {
  const py::dtype dtype = array.dtype();
  // Its name takes longer than all the rest, and is asked for only where it tells something.
  if (dtype.byteorder() != '>' && dtype.kind() != 'V') {
    if (const std::optional<DType> found = dtype_of(dtype.kind(), dtype.itemsize())) return *found;
  }
  const auto text = py::str(static_cast<py::handle>(dtype)).cast<std::string>();
  check<TypeError>(dtype.byteorder() != '>', "'", name, "' has byte-swapped dtype ", text,
                   "; pass array.astype(array.dtype.newbyteorder('='))");
  if (text == "bfloat16") return DType::bfloat16;  // of the package ml_dtypes
  const std::optional<DType> found = dtype_of(dtype.kind(), dtype.itemsize());
  check<TypeError>(found.has_value(), "'", name, "' has dtype ", text, "; accepted: ", accepted_dtypes);
  return *found;
}

Array from_numpy(const py::array& array, const char* name) {
  check_ndim(array.ndim(), name);
  // Python makes a message of what an array lacks, which takes longer than all the rest.
  const bool is_plain = Py_TYPE(array.ptr()) == py::detail::npy_api::get().PyArray_Type_;
  check<TypeError>(is_plain || !py::hasattr(array, "filled"), "'", name, "' is a masked array; pass ", name,
                   ".filled(value), with -inf for masked logits");
  Array result{{}, array};
  TensorView& view = result.view;
  view.dtype = numpy_dtype(array, name);
  view.data = const_cast<void*>(array.data());
  view.read_only = !array.writeable();
  view.ndim = static_cast<int>(array.ndim());
  const auto bytes = static_cast<std::int64_t>(item_size(view.dtype));
  bool aligned = reinterpret_cast<std::uintptr_t>(view.data) % static_cast<std::uintptr_t>(bytes) == 0;
  for (int d = 0; d < view.ndim; ++d) {
    const auto axis = static_cast<std::size_t>(d);
    view.shape[axis] = array.shape(d);
    aligned = aligned && (array.strides(d) % bytes == 0 || array.shape(d) <= 1);
    view.strides[axis] = array.strides(d) / bytes;
  }
  check(aligned || view.size() == 0, "'", name, "' is not aligned to its item size; pass array.copy()");
  return result;
}

Device device_of(std::int32_t code, std::int32_t index, const char* name) {
  switch (code) {
    case dlpack::cpu:
    case dlpack::cuda_host:
      return {DeviceType::cpu, 0};
    case dlpack::cuda:
    case dlpack::cuda_managed:
      return {DeviceType::cuda, index};
    default:
      throw ValueError(concat("'", name, "' is on a device of DLPack type ", code, "; accepted: cpu, cuda"));
  }
}

DType dlpack_dtype(const dlpack::Tensor& tensor, const char* name) {
  const auto [code, bits, lanes] = tensor.dtype;
  std::optional<DType> found;
  const int bytes = bits % 8 == 0 ? bits / 8 : 0;
  if (code == dlpack::signed_integer) found = dtype_of('i', bytes);
  if (code == dlpack::unsigned_integer) found = dtype_of('u', bytes);
  if (code == dlpack::floating) found = dtype_of('f', bytes);
  if (code == dlpack::bfloat && bits == 16) found = DType::bfloat16;
  if (code == dlpack::boolean && bits == 8) found = DType::boolean;
  check<TypeError>(found && lanes == 1, "'", name, "' has DLPack type code ", +code, " of ", +bits, " bits and ", lanes,
                   " lanes; accepted: ", accepted_dtypes);
  return *found;
}

TensorView view_of(const dlpack::Tensor& tensor, bool read_only, const char* name) {
  check_ndim(tensor.ndim, name);
  check(tensor.ndim == 0 || tensor.shape, "'", name, "' comes without a shape");
  TensorView view;
  view.dtype = dlpack_dtype(tensor, name);
  view.device = device_of(tensor.device.code, tensor.device.index, name);
  view.data = static_cast<char*>(tensor.data) + tensor.byte_offset;
  view.read_only = read_only;
  view.ndim = tensor.ndim;
  std::int64_t step = 1;
  for (int d = view.ndim; d-- > 0;) {
    const auto axis = static_cast<std::size_t>(d);
    view.shape[axis] = tensor.shape[d];
    view.strides[axis] = tensor.strides ? tensor.strides[d] : step;
    step *= tensor.shape[d];
  }
  check(tensor.data || view.size() == 0, "'", name, "' has no memory of its own (a fake, zero or freed tensor)");
  return view;
}

// Calls a method of the exporter; its refusal becomes a TypeError that names the argument.
template <class F>
py::object ask(F call, const char* name) {
  try {
    return call();
  } catch (py::error_already_set& error) {
    if (!error.matches(PyExc_Exception) || error.matches(PyExc_MemoryError)) throw;
    const auto reason = py::str(error.value()).cast<std::string>();
    py::raise_from(error, PyExc_TypeError, concat("'", name, "' cannot be read through DLPack: ", reason).c_str());
    throw py::error_already_set();
  }
}

// Where the object says that it lives.
Device exporter_device(const py::object& object, const char* name) {
  check<TypeError>(py::hasattr(object, "__dlpack_device__"), "'", name, "' has __dlpack__ but no __dlpack_device__");
  const py::object answer = ask([&] { return object.attr("__dlpack_device__")(); }, name);
  std::pair<std::int32_t, std::int32_t> device;
  try {
    device = answer.cast<std::pair<std::int32_t, std::int32_t>>();
  } catch (const py::cast_error&) {
    throw TypeError(concat("'", name, "' answers __dlpack_device__ with ", py::repr(answer).cast<std::string>(),
                           "; accepted: two integers"));
  }
  return device_of(device.first, device.second, name);
}

// __dlpack__ of the object; DLPack says that stream 1 is CUDA's default stream.
py::object export_capsule(const py::object& object, bool on_gpu, std::uintptr_t stream) {
  py::dict arguments;
  if (on_gpu) arguments["stream"] = stream == 0 ? 1 : stream;
  const py::object method = object.attr("__dlpack__");
  py::dict versioned = arguments.attr("copy")();
  versioned["max_version"] = py::make_tuple(1, 0);
  try {
    return method(**versioned);
  } catch (py::error_already_set& error) {
    if (!error.matches(PyExc_TypeError)) throw;
  }
  return method(**arguments);  // an exporter from before DLPack 1.0
}

// The capsule is not consumed: its own destructor releases the memory when `owner` goes.
Array from_dlpack(const py::object& object, const char* name, std::uintptr_t stream) {
  if (py::hasattr(object, "requires_grad") && object.attr("requires_grad").cast<bool>()) {
    throw ValueError(concat("'", name, "' requires grad, and burnish's results carry no gradient; pass ", name,
                            ".detach(), or compute it under torch.no_grad()"));
  }
  if (py::hasattr(object, "is_neg") && object.attr("is_neg")().cast<bool>()) {
    throw ValueError(
        concat("'", name, "' is a negated view whose sign is not in memory; pass ", name, ".resolve_neg()"));
  }
  const bool on_gpu = exporter_device(object, name).type == DeviceType::cuda;
  const py::object capsule = ask([&] { return export_capsule(object, on_gpu, stream); }, name);
  PyObject* raw = capsule.ptr();
  if (PyCapsule_IsValid(raw, "dltensor_versioned")) {
    const auto* managed = static_cast<dlpack::ManagedTensorVersioned*>(PyCapsule_GetPointer(raw, "dltensor_versioned"));
    check(managed->version.major <= 1, "'", name, "' comes with DLPack ", managed->version.major,
          "; accepted: versions 0 and 1");
    return {view_of(managed->tensor, managed->flags & dlpack::read_only_flag, name), capsule};
  }
  check<TypeError>(PyCapsule_IsValid(raw, "dltensor"), "'", name, "' returned no DLPack capsule");
  const auto* managed = static_cast<dlpack::ManagedTensor*>(PyCapsule_GetPointer(raw, "dltensor"));
  return {view_of(managed->tensor, false, name), capsule};
}

}  // namespace

Array to_array(const py::object& object, const char* name, std::uintptr_t stream) {
  if (py::isinstance<py::array>(object)) return from_numpy(py::reinterpret_borrow<py::array>(object), name);
  check<TypeError>(py::hasattr(object, "__dlpack__"), "'", name, "' is a ",
                   py::str(py::type::of(object).attr("__name__")).cast<std::string>(),
                   "; accepted: NumPy arrays, torch tensors and what speaks DLPack");
  return from_dlpack(object, name, stream);
}

std::optional<Array> to_optional_array(const py::object& object, const char* name, std::uintptr_t stream) {
  if (object.is_none()) return std::nullopt;
  return to_array(object, name, stream);
}

}  // namespace burnish::bindings
