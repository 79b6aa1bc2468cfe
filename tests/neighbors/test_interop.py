# SPDX-License-Identifier: Apache-2.0
"""What goes in comes out; rows are read through their strides, or refused with the remedy, and never changed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import neighbors_data as data
import numpy as np
import pytest
from burnish.neighbors import kneighbors, radius_neighbors
from neighbors_data import assert_same

METRICS = ("euclidean", "sqeuclidean", "manhattan", "cosine")


def as_numpy(found: Any) -> list[Any]:
    return [np.asarray(each) for each in found]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_library_out(framework: Any, dtype: str) -> None:
    for d in (5, 30):
        X, Y = data.clusters(300, d).astype(dtype), data.clusters(90, d, seed=1).astype(dtype)
        for metric in METRICS:
            found = kneighbors(framework.array(X), 5, metric=metric)
            assert [framework.owns(each) for each in found] == [True, True]
            assert [framework.dtype(each) for each in found] == ["float64", "int64"]
            assert_same(as_numpy(found), kneighbors(X, 5, metric=metric))
            found = kneighbors(framework.array(Y), 5, framework.array(X), metric=metric)
            assert [framework.owns(each) for each in found] == [True, True]
            assert_same(as_numpy(found), kneighbors(Y, 5, X, metric=metric))


def test_radius_neighbors_come_out_of_the_same_library(framework: Any) -> None:
    X = data.clusters(60, 3)
    found = radius_neighbors(framework.array(X), 0.5)
    assert [framework.owns(each) for each in found] == [True, True, True]
    for mine, plain in zip(as_numpy(found), radius_neighbors(X, 0.5), strict=True):
        np.testing.assert_array_equal(mine, plain)


def test_lists_come_out_as_numpy() -> None:
    distances, indices = kneighbors([[0.0], [3.0], [1.0]], 1)
    assert isinstance(distances, np.ndarray)
    assert isinstance(indices, np.ndarray)
    assert indices.tolist() == [[2], [2], [0]]
    assert distances.tolist() == [[1.0], [2.0], [1.0]]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64", "float16"])
def test_other_numbers_are_read_as_float64(dtype: str) -> None:
    X = np.abs(data.whole_numbers(300, 5)).astype(dtype)
    assert_same(kneighbors(X, 6), kneighbors(X.astype(np.float64), 6))
    assert_same(kneighbors(X[:90], 6, X), kneighbors(X[:90].astype(np.float64), 6, X.astype(np.float64)))


class Frame:
    """What NumPy can make an array of, as data frames are."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self._array, dtype=dtype)


def test_data_frames_come_out_as_numpy() -> None:
    X = data.clusters(50, 4)
    assert_same(kneighbors(Frame(X), 3), kneighbors(X, 3))


def test_torch_is_not_imported() -> None:
    program = "import sys; from burnish.neighbors import kneighbors; kneighbors([[0.0], [1.0]], 1)\n"
    program += "sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def layouts(X: Any) -> dict[str, Any]:
    """Views with the values of `X` that lie differently in memory."""
    n, d = X.shape
    wide = np.full((n, d + 3), np.nan, X.dtype)
    wide[:, 2:-1] = X
    spread = np.full((n, 2 * d), np.nan, X.dtype)
    spread[:, ::2] = X
    thin = np.full((3 * n, d), np.nan, X.dtype)
    thin[1::3] = X
    fixed = X.copy()
    fixed.flags.writeable = False
    memory = np.empty(X.nbytes + 64 + X.itemsize, np.uint8)
    start = (-memory.ctypes.data) % 64 + X.itemsize  # one item off an address that vectors like
    shifted = memory[start : start + X.nbytes].view(X.dtype).reshape(n, d)
    shifted[:] = X
    return {
        "read-only": fixed,
        "offset": shifted,
        "columns of a wider array": wide[:, 2:-1],
        "every third row": thin[1::3],
        "rows backwards": np.ascontiguousarray(X[::-1])[::-1],
        "every second column": spread[:, ::2],
        "columns backwards": np.ascontiguousarray(X[:, ::-1])[:, ::-1],
        "Fortran order": np.asfortranarray(X),
        "transposed": np.ascontiguousarray(X.T).T,
        "both backwards": np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("d", [1, 5, 24, 25, 40])
def test_memory_layouts(d: int, dtype: str) -> None:
    X = data.clusters(201, d).astype(dtype)
    expected, others = kneighbors(X, 4), kneighbors(X[:50], 4, X[50:])
    for layout, view in layouts(X).items():
        np.testing.assert_array_equal(view, X)
        assert_same(kneighbors(view, 4), expected, layout)
        assert_same(kneighbors(view[:50], 4, view[50:]), others, layout)


def test_torch_layouts() -> None:
    torch = pytest.importorskip("torch")
    X = torch.tensor(data.clusters(201, 6))
    expected = as_numpy(kneighbors(X, 4))
    wide = torch.full((201, 13), torch.nan, dtype=X.dtype)
    wide[:, 1::2] = X
    for view in (X.t().contiguous().t(), wide[:, 1::2], X.expand(2, 201, 6)[1]):
        assert_same(as_numpy(kneighbors(view, 4)), expected)


def test_broadcast_rows() -> None:
    X = np.broadcast_to(np.array([1.0, 2.0]), (70, 2))
    distances, indices = kneighbors(X, 3)
    assert not distances.any()
    assert indices[:4].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_input_is_not_changed(framework: Any, dtype: str) -> None:
    X, Y = data.clusters(300, 30).astype(dtype), data.far_off(90, 30).astype(dtype)
    given = framework.array(X), framework.array(Y)
    for metric in METRICS:
        kneighbors(given[0], 5, metric=metric)
        kneighbors(given[0], 5, given[1], metric=metric)
    np.testing.assert_array_equal(np.asarray(given[0]), X)
    np.testing.assert_array_equal(np.asarray(given[1]), Y)


def test_results_are_memory_of_their_own(framework: Any) -> None:
    X = framework.array(data.clusters(200, 5))
    first = kneighbors(X, 5)
    before = [each.copy() for each in as_numpy(first)]
    kneighbors(framework.array(data.noise(200, 5)), 5)
    assert_same(as_numpy(first), before)
    for each in as_numpy(first):
        assert each.flags.writeable
        assert each.flags.c_contiguous


def test_out_is_filled_and_returned(framework: Any) -> None:
    for dtype in ("float32", "float64"):
        X = data.clusters(200, 5).astype(dtype)
        out = (framework.array(np.zeros((200, 4))), framework.array(np.zeros((200, 4), np.int64)))
        found = kneighbors(framework.array(X), 4, out=out)
        assert [each is mine for each, mine in zip(found, out, strict=True)] == [True, True]
        assert_same(as_numpy(out), kneighbors(X, 4))


def test_out_of_any_layout() -> None:
    X = data.clusters(200, 5)
    expected = kneighbors(X, 4)
    memory = np.full((400, 9), -1.0), np.full((4, 200), -1)
    out = memory[0][::2, 1:9:2], memory[1].T
    assert_same(kneighbors(X, 4, out=out), expected)
    assert (memory[0][1::2] == -1).all()
    assert (memory[0][:, ::2] == -1).all()


def test_devices(device: str) -> None:
    import torch

    for dtype in ("float32", "float64"):
        for d in (3, 40):
            X, Y = data.clusters(700, d).astype(dtype), data.clusters(90, d, seed=1).astype(dtype)
            for metric in METRICS:
                tensor = torch.tensor(X, device=device)
                found = kneighbors(tensor, 5, metric=metric)
                assert [each.device.type for each in found] == [device, device]
                assert_same([each.cpu().numpy() for each in found], kneighbors(X, 5, metric=metric))
                found = kneighbors(torch.tensor(Y, device=device), 5, tensor, metric=metric)
                assert_same([each.cpu().numpy() for each in found], kneighbors(Y, 5, X, metric=metric))
