# SPDX-License-Identifier: Apache-2.0
"""The boundary: arrays of every library and layout are read right or refused, never copied, and let go of again."""

from __future__ import annotations

import ctypes
import gc
import itertools
import re
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import hardness
from exporters import Exporter, int64_array
from numpy.lib.stride_tricks import as_strided

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

needs_torch = pytest.mark.skipif(torch is None, reason="torch is not installed")

# Unlike its rows reversed, its negative and its transpose.
LOGITS = np.array([[0, 0, 3, 1, -2], [5, 0, 0, 0, 1], [1, 2, 4, 8, 0.5], [-3, -1, 0.25, 0, 7]], dtype=np.float32)
LABELS = np.array([1, 3, 0, 2])
# Small and whole, so that every float type holds them exactly.
ENTROPY = hardness.entropy(LOGITS)


def same_bits(found: Any, expected: np.ndarray[Any, Any]) -> bool:
    found = np.asarray(found)
    return found.dtype == expected.dtype and found.shape == expected.shape and found.tobytes() == expected.tobytes()


def test_reference() -> None:
    p = np.exp(LOGITS.astype(np.float64))
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ENTROPY, -(p * np.log(p)).sum(axis=1), rtol=1e-6, atol=1e-7)


# NumPy


def read_only(x: Any) -> Any:
    x = x.copy()
    x.flags.writeable = False
    return x


def every_other(x: Any) -> Any:
    wide = np.full((2 * x.shape[0], 3 * x.shape[1]), np.nan, x.dtype)
    wide[::2, ::3] = x
    return wide[::2, ::3]


def backwards(x: Any) -> Any:
    return x[::-1, ::-1].copy()[::-1, ::-1]


def aligned_field(x: Any) -> Any:
    record = np.zeros(x.shape, np.dtype([("flag", "i1"), ("value", x.dtype)], align=True))
    record["value"] = x
    return record["value"]


def one_row_repeated(x: Any) -> Any:
    return np.broadcast_to(x[:1], (4, x.shape[1]))


LAYOUTS = [np.array, read_only, np.asfortranarray, every_other, backwards, aligned_field, one_row_repeated]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_numpy_layouts(layout: Callable[[Any], Any], dtype: str) -> None:
    given = layout(LOGITS.astype(dtype))
    contiguous = np.array(given, order="C")
    found = hardness.entropy(given)
    assert same_bits(found, hardness.entropy(contiguous))
    if dtype != "float64" and layout is not one_row_repeated:
        assert same_bits(found, ENTROPY)
    assert np.array_equal(given, contiguous), "the input was changed"


@pytest.mark.parametrize("shape", [(0, 5), (0, 1), (0, 1000)])
def test_no_rows(shape: tuple[int, int]) -> None:
    assert same_bits(hardness.entropy(np.empty(shape, np.float32)), np.empty(0, np.float32))


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
@pytest.mark.parametrize("layout", [np.array, lambda y: np.repeat(y, 3)[::3], lambda y: y[::-1].copy()[::-1]])
def test_labels_of_every_integer_dtype(dtype: str, layout: Callable[[Any], Any]) -> None:
    found = hardness.cross_entropy(LOGITS, layout(LABELS.astype(dtype)))
    assert same_bits(found, hardness.cross_entropy(LOGITS, LABELS))


def test_extents_of_one_may_have_any_stride() -> None:
    column = as_strided(LOGITS.copy(), (4, 1), (20, 3))
    assert same_bits(hardness.entropy(column), np.zeros(4, np.float32))


def test_ml_dtypes_bfloat16() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert same_bits(hardness.entropy(LOGITS.astype(ml_dtypes.bfloat16)), ENTROPY)
    with pytest.raises(TypeError, match=r"dtype float8_e5m2; accepted: float64, float32, float16, bfloat16"):
        hardness.entropy(LOGITS.astype(ml_dtypes.float8_e5m2))
    with pytest.raises(TypeError, match=r"'labels' has dtype int4"):
        hardness.cross_entropy(LOGITS, LABELS.astype(ml_dtypes.int4))


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_memory_map(tmp_path: Path, mode: Any) -> None:
    path = tmp_path / "logits"
    path.write_bytes(LOGITS.tobytes())
    found = hardness.entropy(np.memmap(path, np.float32, mode, shape=LOGITS.shape))
    assert same_bits(found, ENTROPY)
    assert type(found) is np.ndarray
    assert path.read_bytes() == LOGITS.tobytes()


def test_memory_map_as_out(tmp_path: Path) -> None:
    path = tmp_path / "entropy"
    out = np.memmap(path, np.float32, "w+", shape=ENTROPY.shape)
    assert hardness.entropy(LOGITS, out=out) is out
    out.flush()
    assert path.read_bytes() == ENTROPY.tobytes()


def test_subclass() -> None:
    class Named(np.ndarray):
        pass

    assert same_bits(hardness.entropy(LOGITS.view(Named)), ENTROPY)


def found_or_refused(x: Any) -> tuple[Any, str]:
    """Return the entropy, or the words with which it was refused."""
    try:
        return hardness.entropy(x), ""
    except (TypeError, ValueError) as error:
        return None, str(error)


def test_masked_array_is_not_read_as_if_there_were_no_mask() -> None:
    mask = np.zeros(LOGITS.shape, bool)
    mask[:, 3] = True
    given = np.ma.masked_array(LOGITS, mask)
    found, refusal = found_or_refused(given)
    assert "mask" in refusal or same_bits(found, hardness.entropy(np.asarray(given.filled(-np.inf))))


def misaligned(x: Any, offset: int = 1) -> Any:
    memory = np.zeros(x.nbytes + x.itemsize, np.uint8)
    view = memory[offset : offset + x.nbytes].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


def packed_field(x: Any) -> Any:
    record = np.zeros(x.shape, np.dtype([("flag", "i1"), ("value", x.dtype)]))
    record["value"] = x
    return record["value"]


def of_dtype(dtype: Any) -> Any:
    return np.zeros((4, 5), dtype)


REFUSED = [
    (LOGITS.astype(">f4"), TypeError, r"'logits' has byte-swapped dtype >f4; pass array\.astype"),
    (LOGITS.astype(">f2"), TypeError, r"byte-swapped dtype >f2"),
    (misaligned(LOGITS), ValueError, r"'logits' is not aligned to its item size; pass array\.copy\(\)"),
    (misaligned(LOGITS.astype(np.float64), 4), ValueError, r"not aligned"),
    (packed_field(LOGITS), ValueError, r"not aligned"),
    (packed_field(LOGITS)[:, :1], ValueError, r"not aligned"),
    (of_dtype(object), TypeError, r"'logits' has dtype object; accepted: float64, float32, float16, bfloat16"),
    (of_dtype("S4"), TypeError, r"dtype \|S4; accepted"),
    (of_dtype("U4"), TypeError, r"dtype <U4; accepted"),
    (of_dtype("c8"), TypeError, r"dtype complex64; accepted"),
    (of_dtype("M8[s]"), TypeError, r"dtype datetime64\[s\]; accepted"),
    (of_dtype("m8[s]"), TypeError, r"dtype timedelta64\[s\]; accepted"),
    (of_dtype([("x", "f4")]), TypeError, r"dtype \[\('x', '<f4'\)\]; accepted"),
    (of_dtype("V2"), TypeError, r"dtype \|V2; accepted"),
    (of_dtype("?"), TypeError, r"entropy: 'logits' has dtype bool; accepted"),
    (of_dtype("i4"), TypeError, r"entropy: 'logits' has dtype int32; accepted: float64, float32, float16, bfloat16$"),
    (np.array(3.0), ValueError, r"entropy: 'logits' must be 2-D \(N, C\), got shape \(\)"),
    (np.float32(3), ValueError, r"got shape \(\)"),
    (LOGITS[0], ValueError, r"got shape \(5,\)"),
    (LOGITS[None], ValueError, r"got shape \(1, 4, 5\)"),
    (np.zeros((1,) * 8), ValueError, r"got shape \(1, 1, 1, 1, 1, 1, 1, 1\)"),
    (np.zeros((1,) * 9), ValueError, r"'logits' has 9 dimensions; accepted: at most 8"),
    (np.zeros((1,) * 32), ValueError, r"'logits' has 32 dimensions"),
    (np.zeros((4, 0)), ValueError, r"'logits' has shape \(4, 0\); accepted: at least one class"),
    (np.zeros((0, 0)), ValueError, r"accepted: at least one class"),
    ([["a", "b"]], TypeError, r"dtype <U1; accepted"),
    (b"logits", TypeError, r"dtype \|S6; accepted"),
    ({1: 2.0}, TypeError, r"dtype object; accepted"),
    (iter([1.0]), TypeError, r"dtype object; accepted"),
    (lambda: 1.0, TypeError, r"dtype object; accepted"),
    (3, TypeError, r"dtype int64; accepted"),
]
if np.dtype(np.longdouble).itemsize > 8:
    REFUSED.append((of_dtype(np.longdouble), TypeError, r"dtype float\d+; accepted"))


@pytest.mark.parametrize(("given", "error", "words"), REFUSED)
def test_refused(given: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        hardness.entropy(given)


def test_misaligned_but_empty() -> None:
    assert hardness.entropy(misaligned(LOGITS)[:0]).shape == (0,)


def test_misaligned_labels_and_out() -> None:
    with pytest.raises(ValueError, match=r"'labels' is not aligned"):
        hardness.cross_entropy(LOGITS, misaligned(LABELS))
    with pytest.raises(ValueError, match=r"'out' is not aligned"):
        hardness.entropy(LOGITS, out=misaligned(ENTROPY))


@pytest.mark.parametrize(
    ("out", "error", "words"),
    [
        (read_only(ENTROPY), ValueError, r"'out' is read-only; accepted: a writable array"),
        (np.broadcast_to(np.zeros(1, np.float32), 4), ValueError, r"read-only|share memory"),
        (
            as_strided(np.zeros(1, np.float32), (4,), (0,)),
            ValueError,
            r"'out' has elements that share memory",
        ),
        (np.zeros(4, ">f4"), TypeError, r"'out' has byte-swapped dtype"),
        (np.zeros(4, "f2"), TypeError, r"'out' has dtype float16; accepted: float32, float64"),
        (np.zeros(4, object), TypeError, r"'out' has dtype object"),
        (np.zeros(5, "f4"), ValueError, r"'out' has shape \(5,\); accepted: \(4,\)"),
        ([0.0] * 4, TypeError, r"'out' is a list; accepted: NumPy arrays, torch tensors"),
        (4, TypeError, r"'out' is a int; accepted"),
    ],
)
def test_refused_out(out: Any, error: type[Exception], words: str) -> None:
    before = np.array(out)
    with pytest.raises(error, match=words):
        hardness.entropy(LOGITS, out=out)
    assert np.array_equal(np.array(out), before)


# torch


def torch_layouts() -> list[Any]:
    if torch is None:
        return []
    return [
        torch.from_numpy,
        lambda x: torch.from_numpy(np.ascontiguousarray(x.T)).t(),
        lambda x: torch.from_numpy(every_other(x)),
        lambda x: torch.from_numpy(x)[:, None, None].expand(4, 2, 3, 5)[:, 1, 2],
        lambda x: torch.from_numpy(np.vstack([x, x]))[4:],
        lambda x: torch.from_numpy(x.copy()).share_memory_(),
        lambda x: torch.nn.Parameter(torch.from_numpy(x), requires_grad=False),
        lambda x: torch.from_numpy(x).requires_grad_().detach(),
    ]


@needs_torch
@pytest.mark.parametrize("layout", torch_layouts())
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_torch_layouts(layout: Callable[[Any], Any], dtype: str) -> None:
    given = layout(LOGITS).to(getattr(torch, dtype))
    found = hardness.entropy(given)
    assert type(found) is torch.Tensor
    expected = hardness.entropy(LOGITS.astype(np.float64)) if dtype == "float64" else ENTROPY
    assert same_bits(found, expected)


@needs_torch
def test_torch_expanded_and_empty() -> None:
    given = torch.from_numpy(LOGITS[:1]).expand(3, 5)
    assert same_bits(hardness.entropy(given), ENTROPY[[0, 0, 0]])
    assert hardness.entropy(torch.empty(0, 5)).shape == (0,)


@needs_torch
def test_torch_tensor_that_knows_gradients() -> None:
    for given in (torch.zeros(4, 5, requires_grad=True), torch.nn.Parameter(torch.zeros(4, 5)),
                  torch.zeros(4, 5, requires_grad=True) * 2):  # fmt: skip
        with pytest.raises(ValueError, match=r"'logits' requires grad.*; pass logits\.detach\(\)"):
            hardness.entropy(given)
    model = torch.nn.Linear(3, 5)
    with torch.no_grad():  # the other remedy: logits computed like this carry no gradient
        logits = model(torch.ones(4, 3))
        assert same_bits(hardness.entropy(logits), hardness.entropy(logits.numpy()))
    with torch.inference_mode():
        logits = model(torch.ones(4, 3))
    assert same_bits(hardness.entropy(logits), hardness.entropy(logits.numpy()))


def odd_tensors() -> dict[str, Callable[[Any], Any]]:
    return {
        "complex": lambda x: x.to(torch.complex64),
        "conjugate": lambda x: x.to(torch.complex64).conj(),
        "sparse_coo": lambda x: x.to_sparse(),
        "meta": lambda x: x.to("meta"),
        "quantized": lambda x: torch.quantize_per_tensor(x, 0.1, 0, torch.qint8),
        "float8": lambda x: x.to(torch.float8_e4m3fn),
        "integer": lambda x: x.int(),
        "bool": lambda x: x > 0,
    }


@needs_torch
@pytest.mark.filterwarnings("ignore")  # torch's own, about the tensors made here
@pytest.mark.parametrize("kind", odd_tensors())
def test_torch_tensors_that_are_not_plain_memory(kind: str) -> None:
    tensor = odd_tensors()[kind](torch.from_numpy(LOGITS))
    with pytest.raises((TypeError, ValueError), match=r"logits|Dlpack"):
        hardness.entropy(tensor)


@needs_torch
def test_torch_view_that_is_negated_on_reading() -> None:
    """imag of a conjugate is a lazy negative: its memory holds the opposite of its values."""
    lazy = (torch.from_numpy(LOGITS) * (1 + 1j)).conj().imag
    assert lazy.is_neg()
    found, refusal = found_or_refused(lazy)
    assert "resolve_neg" in refusal or same_bits(found, hardness.entropy(lazy.resolve_neg()))


@needs_torch
def test_torch_tensors_without_memory(run_python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    run = run_python(
        """
        import torch
        from burnish import hardness

        freed = torch.zeros(3, 4)
        freed.untyped_storage().resize_(0)
        for tensor in (freed, torch._efficientzerotensor(3, 4)):
            try:
                hardness.entropy(tensor)
            except (TypeError, ValueError) as error:
                print("refused:", error, flush=True)
        """
    )
    assert run.returncode == 0, run.stderr[:500]
    assert run.stdout.count("refused:") == 2


@needs_torch
def test_mixed_frameworks() -> None:
    expected = hardness.cross_entropy(LOGITS, LABELS)
    assert same_bits(hardness.cross_entropy(torch.from_numpy(LOGITS), LABELS), expected)
    found = hardness.cross_entropy(LOGITS, torch.from_numpy(LABELS))
    assert type(found) is np.ndarray
    assert same_bits(found, expected)
    out = np.empty(4, np.float32)
    assert hardness.entropy(torch.from_numpy(LOGITS), out=out) is out
    assert same_bits(out, ENTROPY)


# Whatever else speaks DLPack


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"version": (1, 7)},
        {"version": None},
        {"version": None, "understands_max_version": False},
        {"flags": 1},  # read-only
        {"strides": None},
        {"poison": True},  # released before it was read?
        {"device": (3, 0)},  # memory pinned for CUDA lies on the CPU
    ],
)
def test_exporters(dtype: str, options: dict[str, Any]) -> None:
    exporter = Exporter(LOGITS.astype(dtype), **options)
    found = hardness.entropy(exporter)
    assert same_bits(found, hardness.entropy(LOGITS.astype(dtype)))
    assert (exporter.exported, exporter.released) == (1, 1)
    assert "stream" not in exporter.arguments[0]


def test_exporter_with_strides_and_offset() -> None:
    given = every_other(LOGITS)
    assert same_bits(hardness.entropy(Exporter(given)), ENTROPY)
    assert same_bits(hardness.entropy(Exporter(LOGITS, data=LOGITS.ctypes.data - 640, byte_offset=640)), ENTROPY)
    assert same_bits(hardness.entropy(Exporter(backwards(LOGITS))), ENTROPY)


def test_exporter_of_labels_and_out() -> None:
    labels, out = Exporter(LABELS.astype(np.uint16)), Exporter(np.zeros(4, np.float32))
    assert hardness.cross_entropy(LOGITS, labels, out=out) is out
    assert same_bits(out.array, hardness.cross_entropy(LOGITS, LABELS))
    assert (labels.released, out.released) == (1, 1)
    with pytest.raises(ValueError, match=r"'out' is read-only"):
        hardness.entropy(LOGITS, out=Exporter(np.zeros(4, np.float32), flags=1))


def test_result_is_of_the_exporters_library() -> None:
    class Library:
        @staticmethod
        def from_dlpack(x: Any) -> Any:
            return ("an array of the library", np.from_dlpack(x))

    class Array(Exporter):
        def __array_namespace__(self) -> Any:
            return Library

    kind, values = hardness.entropy(Array(LOGITS))
    assert kind == "an array of the library"
    assert same_bits(values, ENTROPY)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exporter_with_the_two_methods_alone(dtype: Any) -> None:
    class Bare:
        def __dlpack__(self, **arguments: Any) -> Any:
            return LOGITS.astype(dtype).__dlpack__(**arguments)

        def __dlpack_device__(self) -> tuple[int, int]:
            return (1, 0)

    assert same_bits(hardness.entropy(Bare()), hardness.entropy(LOGITS.astype(dtype)))


WRONG_TENSORS = {
    "DLPack 2": {"version": (2, 0)},
    "four lanes": {"lanes": 4},
    "no lanes": {"lanes": 0},
    "complex": {"type_code": 5},
    "unknown type": {"type_code": 99},
    "33 bits": {"bits": 33},
    "4 bits": {"bits": 4},
    "negative ndim": {"ndim": -1},
    "9 dimensions": {"ndim": 9, "shape": int64_array(*[1] * 9), "strides": int64_array(*[1] * 9)},
    "3 dimensions": {"ndim": 3, "shape": int64_array(4, 5, 1), "strides": int64_array(5, 1, 1)},
    "a shape that it does not have": {"shape": int64_array(3, 5)},
    "negative rows": {"shape": int64_array(-4, 5)},
    "negative classes": {"shape": int64_array(4, -5)},
    "too many classes": {"shape": int64_array(4, 2**62)},
    "another device in the tensor": {"device_code": 2},
    "an OpenCL device": {"device": (4, 0)},
    "no such device": {"device": (-1, 0)},
}


@pytest.mark.parametrize("name", WRONG_TENSORS)
def test_exporter_of_what_cannot_be_read(name: str) -> None:
    exporter = Exporter(LOGITS, **WRONG_TENSORS[name])  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        hardness.entropy(exporter)
    gc.collect()
    assert exporter.released == exporter.exported


def test_integers_of_odd_width_are_refused() -> None:
    with pytest.raises(TypeError, match=r"12 bits"):
        hardness.correct(LOGITS, Exporter(LABELS.astype(np.int16), bits=12))


@pytest.mark.parametrize("fields", ["data=None", "shape=None", "data=None, byte_offset=64"])
def test_exporter_of_null(run_python: Callable[..., Any], fields: str) -> None:
    run = run_python(f"""
        import numpy as np
        from exporters import Exporter
        from burnish import hardness
        try:
            hardness.entropy(Exporter(np.zeros((3, 4), np.float32), {fields}))
        except (TypeError, ValueError) as error:
            print("refused:", error)
    """)
    assert run.returncode == 0, run.stderr[-500:]
    assert run.stdout.startswith("refused:")


def test_null_is_fine_without_elements() -> None:
    assert hardness.entropy(Exporter(np.empty((0, 5), np.float32), data=None)).shape == (0,)


DEVICES = [None, 1, (), (1,), ("a", "b"), (1, "b"), (1.5, 0), (2**40, 0), "ab"]


@pytest.mark.parametrize("device", DEVICES, ids=repr)
def test_exporter_of_no_device(device: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        hardness.entropy(Exporter(LOGITS, device=device))


def test_exporter_without_device_method() -> None:
    class Half:
        shape, dtype = LOGITS.shape, LOGITS.dtype

        def __dlpack__(self, **arguments: Any) -> Any:
            return LOGITS.__dlpack__(**arguments)

    with pytest.raises(TypeError, match="__dlpack_device__"):
        hardness.entropy(Half())


def taken_capsule() -> Any:
    capsule = LOGITS.__dlpack__()
    ctypes.pythonapi.PyCapsule_SetName(ctypes.py_object(capsule), b"used_dltensor")
    return capsule


class Returning(Exporter):
    """Calls a function where a capsule is asked for."""

    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__(LOGITS)
        self.capsule = function  # type: ignore[method-assign]


@pytest.mark.parametrize("result", [None, 0, "capsule", (), object(), LOGITS, taken_capsule, sys.version_info],
                         ids=lambda x: type(x).__name__)  # fmt: skip
def test_exporter_of_garbage(result: Any) -> None:
    function = result if callable(result) else lambda: result
    with pytest.raises(TypeError, match=r"'logits' returned no DLPack capsule"):
        hardness.entropy(Returning(function))


def raising(error: type[BaseException]) -> Callable[[], Any]:
    def fail() -> Any:
        raise error("not today")

    return fail


@pytest.mark.parametrize("error", [BufferError, TypeError, ValueError, RuntimeError, AttributeError, OSError])
def test_exporter_that_raises(error: type[Exception]) -> None:
    with pytest.raises(TypeError, match=r"'logits' cannot be read through DLPack: not today") as caught:
        hardness.entropy(Returning(raising(error)))
    assert isinstance(caught.value.__cause__, error)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_exporter_that_is_interrupted(error: type[BaseException]) -> None:
    with pytest.raises(error, match="not today"):
        hardness.entropy(Returning(raising(error)))


# Lifetime and memory


class Watched(np.ndarray):
    """An array that can be weakly referenced."""


CALLS: dict[str, Callable[[Any], Any]] = {
    "read": hardness.entropy,
    "written": lambda x: hardness.entropy(LOGITS, out=x[0, :4].copy()),
    "wrong dtype": lambda x: hardness.correct(LOGITS, x[0]),
    "wrong shape": lambda x: hardness.entropy(x[0]),
    "wrong temperature": lambda x: hardness.entropy(x, temperature=0.0),
    "wrong label": lambda x: hardness.correct(x, LABELS + 3),
    "second argument": lambda x: hardness.entropy(LOGITS, out=x),
}


@pytest.mark.parametrize("call", CALLS)
def test_arrays_are_let_go_of(call: str) -> None:
    array = LOGITS.copy().view(Watched)
    watch, before = weakref.ref(array), sys.getrefcount(array)
    try:
        result = CALLS[call](array)
    except (TypeError, ValueError):
        result = None
    assert sys.getrefcount(array) == before
    del array
    assert watch() is None
    del result


@pytest.mark.parametrize("call", ["read", "wrong temperature", "wrong label", "second argument"])
@pytest.mark.parametrize("version", [None, (1, 0)])
def test_capsules_are_released(call: str, version: Any) -> None:
    exporter = Exporter(LOGITS.copy(), version=version)
    for _ in range(3):
        try:
            CALLS[call](exporter)
        except (TypeError, ValueError):
            continue
    assert exporter.exported == exporter.released == 3


@needs_torch
def test_torch_memory_is_let_go_of() -> None:
    array = LOGITS.copy().view(Watched)
    watch = weakref.ref(array)
    tensor = torch.from_numpy(array)
    found = hardness.entropy(tensor)
    del array, tensor
    gc.collect()
    assert watch() is None
    assert same_bits(found, ENTROPY)


def test_result_outlives_what_it_came_from() -> None:
    results = [hardness.entropy(LOGITS.copy()) for _ in range(50)]
    gc.collect()
    assert all(same_bits(result, ENTROPY) for result in results)


BIG = (300_000, 100)
MAKERS: dict[str, Callable[[], Any]] = {
    "contiguous": lambda: np.ones(BIG, np.float32),
    "fortran": lambda: np.ones(BIG[::-1], np.float32).T,
    "strided": lambda: np.ones((300_000, 200), np.float32)[:, ::2],
    "float16": lambda: np.ones(BIG, np.float16),
    "exporter": lambda: Exporter(np.ones(BIG, np.float32)),
    "torch": lambda: torch.ones(BIG),
    "torch transposed": lambda: torch.ones(BIG[::-1]).t(),
    "torch bfloat16": lambda: torch.ones(BIG, dtype=torch.bfloat16),
}


def peak_kilobytes(*, anew: bool = False) -> int:
    """Return the most memory that this process has had, from now on if `anew`."""
    if anew:
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError as error:
            pytest.skip(f"peak memory is read from Linux's /proc: {error}")
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("threads", [2], indirect=True)
def test_nothing_is_copied(maker: str, threads: int) -> None:
    """120 MB in; beside input and output at most 1 MB a thread."""
    if maker.startswith("torch"):
        pytest.importorskip("torch")
    names = ("entropy", "el2n", "predictions")
    labels = np.zeros(300_000, np.int64)
    out = {name: np.ones(300_000, np.int64 if name == "predictions" else np.float32) for name in names}
    hardness.scores(np.ones((5000, 100), np.float32), labels[:5000], names)  # threads and tables are there now
    logits = MAKERS[maker]()
    grown = []
    for _ in range(3):  # the least counts: what the system, and other threads, do of their own accord happens once
        before = peak_kilobytes(anew=True)
        hardness.scores(logits, labels, names, out=out)
        grown.append(peak_kilobytes() - before)
    assert abs(out["entropy"][-1] - np.log(100)) < 1e-5
    assert min(grown) <= 1024 * threads


def test_every_dtype_is_read_as_what_it_is() -> None:
    """Rows of a wrong type would read as other numbers, not fail."""
    for dtype, order in itertools.product(["float64", "float32", "float16"], "CF"):
        x = np.asarray(np.random.default_rng(0).normal(size=(6, 7)), dtype=dtype, order=order)  # type: ignore[call-overload]
        p = np.exp(x.astype(np.float64))
        p /= p.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(hardness.entropy(x, dtype="float64"), -(p * np.log(p)).sum(axis=1), rtol=1e-12)
