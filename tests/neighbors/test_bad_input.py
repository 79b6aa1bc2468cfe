# SPDX-License-Identifier: Apache-2.0
"""A wrong argument is refused before any work, by a sentence that says what was wrong, given and accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish.neighbors import NeighborGraph, kneighbors, radius_neighbors
from scipy import sparse

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

EITHER = (TypeError, ValueError)
X = np.arange(20.0).reshape(10, 2) ** 1.5
X32 = X.astype(np.float32)


def spoiled(value: float, row: int, column: int, dtype: Any = float, n: int = 10, d: int = 2) -> Any:
    found = np.arange(float(n * d)).reshape(n, d).astype(dtype)
    found[row, column] = value
    return found


def misaligned(x: Any) -> Any:
    memory = np.zeros(x.nbytes + 1, np.uint8)
    view = memory[1:].view(x.dtype).reshape(x.shape)
    view[:] = x
    return view


# (call, exception, words the message must hold)
BAD: dict[str, tuple[Callable[[], Any], Any, list[str]]] = {
    "1-D": (lambda: kneighbors(X[0], 1), ValueError, ["kneighbors: 'X'", "2-D", "(2,)"]),
    "3-D": (lambda: kneighbors(X[None], 1), ValueError, ["'X'", "2-D", "(1, 10, 2)"]),
    "0-D": (lambda: kneighbors(np.float64(1), 1), ValueError, ["'X'", "2-D", "()"]),
    "1-D Y": (lambda: kneighbors(X, 1, X[0]), ValueError, ["kneighbors: 'Y'", "2-D", "(2,)"]),
    "no columns": (lambda: kneighbors(np.empty((5, 0)), 1), ValueError, ["'X'", "no columns"]),
    "bool": (lambda: kneighbors(X > 3, 1), TypeError, ["'X'", "bool", "float32, float64"]),
    "complex": (lambda: kneighbors(X.astype(complex), 1), TypeError, ["'X'", "complex128"]),
    "object": (lambda: kneighbors(X.astype(object), 1), TypeError, ["'X'", "object"]),
    "strings": (lambda: kneighbors([["a", "b"], ["c", "d"]], 1), TypeError, ["'X'", "<U1"]),
    "byte-swapped": (lambda: kneighbors(X.astype(">f8"), 1), TypeError, ["'X'", "byte-swapped"]),
    "long double": (lambda: kneighbors(X.astype(np.longdouble), 1), TypeError, ["'X'", "float128"]),
    "misaligned": (lambda: kneighbors(misaligned(X), 1), ValueError, ["'X'", "aligned"]),
    "None": (lambda: kneighbors(None, 1), EITHER, ["'X'"]),
    "sparse": (lambda: kneighbors(sparse.csr_matrix(X), 1), TypeError, ["kneighbors: 'X' is sparse", "X.toarray()"]),
    "sparse Y": (lambda: kneighbors(X, 1, sparse.csr_array(X)), TypeError, ["kneighbors: 'Y' is sparse"]),
    "metric list": (lambda: kneighbors(X, 1, metric=["cosine"]), ValueError, ["'metric' is ['cosine']", "euclidean"]),
    "k 0": (lambda: kneighbors(X, 0), ValueError, ["kneighbors: 'k' is 0", "1 to 9"]),
    "k -1": (lambda: kneighbors(X, -1), ValueError, ["'k' is -1", "1 to 9"]),
    "k n": (lambda: kneighbors(X, 10), ValueError, ["'k' is 10", "1 to 9"]),
    "k of points": (lambda: kneighbors(X, 4, X[:3]), ValueError, ["'k' is 4", "1 to 3"]),
    "k huge": (lambda: kneighbors(X, 2**40), ValueError, ["'k' is 1099511627776", "1 to 9"]),
    "k beyond int64": (lambda: kneighbors(X, 2**80), EITHER, ["'k'"]),
    "k 1025": (lambda: kneighbors(np.zeros((1100, 1)), 1025), ValueError, ["'k' is 1025", "1 to 1024"]),
    "k float": (lambda: kneighbors(X, 2.0), TypeError, ["'k' is 2.0", "integer"]),
    "k string": (lambda: kneighbors(X, "2"), TypeError, ["'k' is '2'", "integer"]),
    "k None": (lambda: kneighbors(X, None), TypeError, ["'k' is None", "integer"]),
    "one row": (lambda: kneighbors(X[:1], 1), ValueError, ["kneighbors: ", "0 candidates"]),
    "no points": (lambda: kneighbors(X, 1, X[:0]), ValueError, ["kneighbors: ", "0 candidates"]),
    "columns": (lambda: kneighbors(X, 1, np.zeros((5, 3))), ValueError, ["'Y'", "3", "2", "'X'"]),
    "dtypes": (lambda: kneighbors(X, 1, X32), TypeError, ["'Y'", "float32", "float64"]),
    "metric": (lambda: kneighbors(X, 1, metric="chebyshev"), ValueError, ["'metric' is 'chebyshev'", "manhattan"]),
    "metric None": (lambda: kneighbors(X, 1, metric=None), EITHER, ["'metric' is None", "euclidean"]),
    "metric number": (lambda: kneighbors(X, 1, metric=2), EITHER, ["'metric' is 2", "euclidean"]),
    "NaN": (lambda: kneighbors(spoiled(np.nan, 7, 1), 1), ValueError, ["'X'", "nan", "row 7", "column 1"]),
    "inf": (lambda: kneighbors(spoiled(np.inf, 0, 0), 1), ValueError, ["'X'", "inf", "row 0", "column 0"]),
    "-inf": (lambda: kneighbors(spoiled(-np.inf, 9, 1), 1), ValueError, ["'X'", "-inf", "row 9", "column 1"]),
    "NaN in Y": (lambda: kneighbors(X, 1, spoiled(np.nan, 3, 0)), ValueError, ["'Y'", "nan", "row 3", "column 0"]),
    "NaN in float32": (
        lambda: kneighbors(spoiled(np.nan, 2, 1, np.float32), 1),
        ValueError,
        ["'X'", "nan", "row 2", "column 1"],
    ),
    "radius negative": (lambda: radius_neighbors(X, -1.0), ValueError, ["radius_neighbors: 'radius' is -1"]),
    "radius NaN": (lambda: radius_neighbors(X, np.nan), ValueError, ["'radius' is nan"]),
    "radius inf": (lambda: radius_neighbors(X, np.inf), ValueError, ["'radius' is inf"]),
    "radius string": (lambda: radius_neighbors(X, "1"), TypeError, ["'radius' is '1'"]),
    "radius 1-D": (lambda: radius_neighbors(X[0], 1.0), ValueError, ["radius_neighbors: 'X'", "2-D", "(2,)"]),
    "radius NaN in X": (lambda: radius_neighbors(spoiled(np.nan, 4, 0), 1.0), ValueError, ["'X'", "row 4", "column 0"]),
    "radius metric": (
        lambda: radius_neighbors(X, 1.0, metric="l2"),
        ValueError,
        ["radius_neighbors: 'metric'", "'l2'"],
    ),
    "graph k": (lambda: NeighborGraph.build(X, 10), ValueError, ["'k' is 10", "1 to 9"]),
    "graph NaN": (lambda: NeighborGraph.build(spoiled(np.nan, 4, 0), 1), ValueError, ["'X'", "row 4"]),
    "graph append columns": (
        lambda: NeighborGraph.build(X, 2).append(np.zeros((2, 3))),
        ValueError,
        ["append: 'X_new'", "(2, 3)", "(M, 2)"],
    ),
    "graph append NaN": (
        lambda: NeighborGraph.build(X, 2).append(spoiled(np.nan, 1, 1)),
        ValueError,
        ["row 11", "column 1"],
    ),
    "subset of one": (lambda: NeighborGraph.build(X, 5).subset([3]), ValueError, ["subset: 'keep'", "two"]),
    "subset outside": (
        lambda: NeighborGraph.build(X, 2).subset([0, 1, 2, 10]),
        ValueError,
        ["subset: 'keep'", "0 to 9"],
    ),
    "subset negative": (lambda: NeighborGraph.build(X, 2).subset([-1, 1, 2]), ValueError, ["'keep'", "0 to 9"]),
    "subset unordered": (lambda: NeighborGraph.build(X, 2).subset([1, 0, 2]), ValueError, ["'keep'", "ascending"]),
    "subset twice": (lambda: NeighborGraph.build(X, 2).subset([0, 1, 1]), ValueError, ["'keep'", "ascending"]),
    "subset floats": (lambda: NeighborGraph.build(X, 2).subset([0.5, 1.5, 2.5]), EITHER, ["subset: 'keep'"]),
    "subset mask": (lambda: NeighborGraph.build(X[:2], 1).subset([False, True]), EITHER, ["subset: 'keep'"]),
    "subset 2-D": (
        lambda: NeighborGraph.build(X, 2).subset([[0, 1], [2, 3]]),
        ValueError,
        ["subset: 'keep'", "(2, 2)"],
    ),
}


def refuse(call: Callable[[], Any], exception: Any, words: list[str]) -> None:
    with pytest.raises(exception) as caught:
        call()
    message = str(caught.value)
    for word in words:
        assert word in message, message


@pytest.mark.parametrize(("call", "exception", "words"), BAD.values(), ids=BAD.keys())
def test_refused(call: Callable[[], Any], exception: Any, words: list[str]) -> None:
    refuse(call, exception, words)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_one_value_that_is_not_finite_is_named(value: float, dtype: str) -> None:
    """Wherever it stands: loops over rows have ends."""
    for n, d in ((3, 1), (70, 33), (130, 7)):
        for row in (0, n // 2, n - 1):
            for column in {0, d // 2, d - 1}:
                bad = spoiled(value, row, column, dtype, n, d)
                words = [str(value), f"row {row},", f"column {column}"]
                refuse(lambda bad=bad: kneighbors(bad, 1), ValueError, ["kneighbors: 'X'", *words])
                good = spoiled(0, 0, 0, dtype, n, d)
                refuse(lambda bad=bad, good=good: kneighbors(good, 1, bad), ValueError, ["kneighbors: 'Y'", *words])


def test_large_finite_values_are_not_taken_for_infinity() -> None:
    for dtype in ("float32", "float64"):
        X = np.full((5, 3), np.finfo(dtype).max, dtype)
        X[::2] *= -1
        kneighbors(X, 2)


BAD_TENSORS: dict[str, tuple[Callable[[Any], Any], Any, list[str]]] = {
    "requires grad": (lambda x: kneighbors(x.requires_grad_(), 1), ValueError, ["'X'", "grad", "detach()"]),
    "half": (lambda x: kneighbors(x.half(), 1), TypeError, ["'X'", "float16", "float32, float64"]),
    "bfloat16": (lambda x: kneighbors(x.bfloat16(), 1), TypeError, ["'X'", "bfloat16", "float32, float64"]),
    "int64": (lambda x: kneighbors(x.long(), 1), TypeError, ["'X'", "int64"]),
    "meta": (lambda x: kneighbors(x.to("meta"), 1), EITHER, ["'X'", "meta"]),
    "sparse": (lambda x: kneighbors(x.to_sparse(), 1), TypeError, ["'X'"]),
    "dtypes": (lambda x: kneighbors(x, 1, x.float()), TypeError, ["'Y'", "float32", "float64"]),
    "NaN": (lambda x: kneighbors(x / x, 1), ValueError, ["'X'", "nan", "row 0", "column 0"]),
}


@pytest.mark.skipif(torch is None, reason="torch is not installed")
@pytest.mark.parametrize(("call", "exception", "words"), BAD_TENSORS.values(), ids=BAD_TENSORS.keys())
def test_torch_tensors(call: Callable[[Any], Any], exception: Any, words: list[str]) -> None:
    refuse(lambda: call(torch.tensor(X)), exception, words)


@pytest.mark.skipif(torch is None, reason="torch is not installed")
def test_queries_decide_what_comes_out_of_mixed_libraries() -> None:
    for queries, points in ((X, torch.tensor(X)), (torch.tensor(X), X)):
        found = kneighbors(queries, 2, points)
        assert all(type(each) is type(queries) for each in found)
        np.testing.assert_array_equal(np.asarray(found[1]), kneighbors(X, 2, X)[1])


def test_mixed_devices_are_refused(device: str) -> None:
    if device == "cpu":
        pytest.skip("needs a GPU")
    on_gpu, here = torch.tensor(X, device=device), torch.tensor(X)
    refuse(lambda: kneighbors(on_gpu, 2, here), ValueError, ["'Y'", "cpu", "cuda"])
    refuse(lambda: kneighbors(here, 2, on_gpu), ValueError, ["'Y'", "cuda", "cpu"])


# ---- out ----

SENTINEL = 77


def outputs(shape: tuple[int, ...] = (10, 2), distances: str = "f8", indices: str = "i8") -> tuple[Any, Any]:
    return np.full(shape, SENTINEL, distances), np.full(shape, SENTINEL, indices)


def read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


BAD_OUT: dict[str, tuple[Callable[[], Any], Any, list[str]]] = {
    "rows": (lambda: outputs((9, 2)), ValueError, ["(9, 2)", "(10, 2)"]),
    "k": (lambda: outputs((10, 3)), ValueError, ["(10, 3)", "(10, 2)"]),
    "1-D": (lambda: outputs((20,)), ValueError, ["(20,)", "(10, 2)"]),
    "float32": (lambda: outputs(distances="f4"), TypeError, ["float32", "float64"]),
    "int32": (lambda: outputs(indices="i4"), TypeError, ["int32", "int64"]),
    "swapped": (lambda: outputs()[::-1], TypeError, ["int64", "float64"]),
    "byte-swapped": (lambda: outputs(distances=">f8"), TypeError, ["byte-swapped"]),
    "read-only": (lambda: (outputs()[0], read_only(outputs()[1])), ValueError, ["read-only"]),
    "broadcast": (
        lambda: (np.lib.stride_tricks.as_strided(np.full(1, SENTINEL, "f8"), (10, 2), (0, 0)), outputs()[1]),
        ValueError,
        ["broadcast"],
    ),
    "one array": (lambda: outputs()[0], TypeError, ["'out'", "pair"]),
    "three": (lambda: (*outputs(), outputs()[0]), TypeError, ["'out'", "pair"]),
    "lists": (lambda: ([0.0], [0]), TypeError, ["'out'"]),
    "shared": (lambda: (lambda a: (a, a.view("i8")))(outputs()[0]), ValueError, ["share"]),
}


@pytest.mark.parametrize(("make", "exception", "words"), BAD_OUT.values(), ids=BAD_OUT.keys())
def test_out_that_is_wrong(make: Callable[[], Any], exception: Any, words: list[str]) -> None:
    out = make()
    before = [np.array(each) for each in out]
    refuse(lambda: kneighbors(X, 2, out=out), exception, words)
    for each, was in zip(out, before, strict=True):
        np.testing.assert_array_equal(each, was)


def test_out_inside_the_input() -> None:
    rows = X.copy()
    refuse(lambda: kneighbors(rows, 2, out=(rows, outputs()[1])), ValueError, ["shares memory"])
    points = np.ones((10, 2))
    refuse(lambda: kneighbors(rows, 2, points, out=(points, outputs()[1])), ValueError, ["shares memory"])
    np.testing.assert_array_equal(rows, X)
    assert (points == 1).all()


def test_out_after_a_refused_call() -> None:
    for call in (
        lambda out: kneighbors(spoiled(np.nan, 9, 1), 2, out=out),
        lambda out: kneighbors(X, 2, X32, out=out),
        lambda out: kneighbors(X, 2, metric="l2", out=out),
    ):
        out = outputs()
        with pytest.raises(EITHER):
            call(out)
        assert all((each == SENTINEL).all() for each in out)
