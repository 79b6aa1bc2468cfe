# SPDX-License-Identifier: Apache-2.0
"""`interpolate` gives the bits of NumPy's expression for every dtype, at every level, on any number of threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from burnish.balance import interpolate
from reference.interpolate import interpolate as plainly

FLOATS = ("float64", "float32", "float16")
INTEGERS = ("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8")
WIDTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100, 257)


def rows(n: int, d: int, dtype: str, seed: int = 0) -> Any:
    rng = np.random.default_rng([seed, n, d])
    if dtype in FLOATS:
        return (rng.standard_normal((n, d)) * 10.0 ** rng.integers(-3, 3, (n, 1))).astype(dtype)
    info = np.iinfo(dtype)
    most = min(int(info.max) // 4, 1 << 50)  # differences of unsigned numbers wrap; sums stay in range
    return rng.integers(0 if info.min == 0 else -most, most, (n, d)).astype(dtype)


def pairs(n: int, m: int, seed: int = 0, others: int | None = None) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng([seed, n, m, 1])
    return rng.integers(0, n, m), rng.integers(0, others or n, m), rng.random(m)


def same(found: Any, wanted: Any, context: Any = "") -> None:
    found = np.asarray(found)
    assert found.dtype == wanted.dtype, context
    assert found.shape == wanted.shape, context
    assert found.tobytes() == wanted.tobytes(), context


# ---- oracle ----


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_bits(dtype: str, isa: str) -> None:
    for d in WIDTHS:
        X, (base, neighbor, step) = rows(50, d, dtype), pairs(50, 201)
        if dtype.startswith("u"):  # a wrapped difference is as large as the type goes; keep the sum inside it
            X = np.sort(X, axis=0)
            base, neighbor = np.minimum(base, neighbor), np.maximum(base, neighbor)
        same(interpolate(X, base, neighbor, step), plainly(X, base, neighbor, step), d)


@pytest.mark.parametrize("dtype", FLOATS)
def test_other_rows_and_scales(dtype: str, isa: str) -> None:
    for d in WIDTHS:
        X, others = rows(50, d, dtype), rows(33, d, dtype, seed=1)
        base, neighbor, step = pairs(50, 201, others=33)
        scale = np.random.default_rng(d).random(201)
        same(interpolate(X, base, neighbor, step, neighbors_in=others), plainly(X, base, neighbor, step, others), d)
        found = interpolate(X, base, neighbor, step, neighbors_in=others, difference_scale=scale)
        same(found, plainly(X, base, neighbor, step, others, scale), d)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("step", [0.0, 1.0, 0.5, -0.5, 2.0, 1e-300, -0.0])
def test_any_step(step: float, dtype: str) -> None:
    X, (base, neighbor, _) = rows(50, 9, dtype), pairs(50, 200)
    steps = np.full(200, step)
    found = interpolate(X, base, neighbor, steps)
    same(found, plainly(X, base, neighbor, steps))
    if step == 0:
        np.testing.assert_array_equal(found, X[base])


@pytest.mark.parametrize("dtype", FLOATS)
def test_odd_values(dtype: str, isa: str) -> None:
    """Infinities, NaN, subnormal and the largest numbers go through as NumPy lets them."""
    info = np.finfo(dtype)
    odd = [0.0, -0.0, 1.0, info.max, info.min, info.tiny, info.smallest_subnormal, np.inf, -np.inf, np.nan, info.eps]
    X = np.array([np.roll(odd, i) for i in range(len(odd))], dtype)
    base, neighbor = (each.ravel() for each in np.meshgrid(np.arange(len(odd)), np.arange(len(odd))))
    step = np.random.default_rng(0).random(len(base))
    found, wanted = interpolate(X, base, neighbor, step), plainly(X, base, neighbor, step)
    nan = np.isnan(wanted)
    assert (np.isnan(found) == nan).all()
    same(np.where(nan, 0, found).astype(dtype), np.where(nan, 0, wanted).astype(dtype))


def test_float16_is_rounded_like_numpy() -> None:
    """Over all pairs of many halves, ties to even included."""
    values = np.arange(0, 1 << 16, 37, dtype=np.uint16).view(np.float16)
    values = values[np.isfinite(values)]
    X = values[:, None]
    for seed in range(4):
        base, neighbor, step = pairs(len(X), 60_000, seed)
        step[::3] = np.random.default_rng(seed).choice([0.25, 0.5, 0.75], len(step[::3]))
        same(interpolate(X, base, neighbor, step), plainly(X, base, neighbor, step))


def test_what_imblearn_makes() -> None:
    over_sampling = pytest.importorskip("imblearn.over_sampling", reason="imbalanced-learn is not installed")
    for dtype in FLOATS:
        X = rows(40, 6, dtype)
        nearest = np.random.default_rng(0).integers(0, 40, (40, 5))
        row, _, step = pairs(40, 300)
        column = np.random.default_rng(1).integers(0, 5, 300)
        theirs = over_sampling.SMOTE()._generate_samples(X, X, nearest, row, column, step[:, None])
        same(interpolate(X, row, nearest[row, column], step), theirs.astype(dtype))


# ---- determinism ----


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32"])
def test_levels_and_threads(dtype: str, isa: str, threads: int) -> None:
    for d, m in ((3, 70_001), (64, 9_001), (1000, 501)):
        X, (base, neighbor, step) = rows(100, d, dtype), pairs(100, m)
        same(interpolate(X, base, neighbor, step), plainly(X, base, neighbor, step), d)


def test_parts_are_parts_of_the_whole() -> None:
    X, (base, neighbor, step) = rows(100, 7, "float32"), pairs(100, 500)
    whole = interpolate(X, base, neighbor, step)
    for first, last in ((0, 1), (1, 2), (2, 130), (130, 500)):
        part = slice(first, last)
        same(interpolate(X, base[part], neighbor[part], step[part]), whole[part])


# ---- interoperation ----


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "uint8"])
def test_same_library_out(framework: Any, dtype: str) -> None:
    X, (base, neighbor, step) = rows(50, 6, dtype), pairs(50, 80)
    X = np.sort(X, axis=0)  # no difference wraps
    base, neighbor = np.minimum(base, neighbor), np.maximum(base, neighbor)
    wanted = plainly(X, base, neighbor, step)
    given = framework.array(X)
    found = interpolate(given, framework.array(base), framework.array(neighbor), framework.array(step))
    assert framework.owns(found)
    assert framework.dtype(found) == dtype
    same(found, wanted)
    same(interpolate(given, base.tolist(), neighbor.tolist(), step.tolist()), wanted)
    np.testing.assert_array_equal(np.asarray(given), X)
    out = framework.array(np.zeros((80, 6)), dtype)
    assert interpolate(given, base, neighbor, step, out=out) is out
    same(out, wanted)


def test_layouts() -> None:
    X, (base, neighbor, step) = rows(50, 6, "float32"), pairs(50, 80)
    wanted = plainly(X, base, neighbor, step)
    wide = np.full((50, 13), np.nan, np.float32)
    wide[:, 1::2] = X
    for view in (np.asfortranarray(X), wide[:, 1::2], X[::-1].copy()[::-1], np.repeat(X, 2, axis=0)[::2]):
        same(interpolate(view, base, neighbor, step), wanted)
    for kind in ("int8", "uint16", "int32", "uint64"):
        same(interpolate(X, base.astype(kind), neighbor.astype(kind), step), wanted)
    same(interpolate(X, np.repeat(base, 2)[::2], neighbor[::-1].copy()[::-1], step.astype("f4").astype("f8")),
         plainly(X, base, neighbor, step.astype("f4").astype("f8")))  # fmt: skip
    memory = np.full((160, 6), -1, np.float32)
    same(interpolate(X, base, neighbor, step, out=memory[::2]), wanted)
    assert (memory[1::2] == -1).all()


def test_nothing_to_make() -> None:
    X = rows(5, 3, "float32")
    found = interpolate(X, [], [], [])
    assert found.shape == (0, 3)
    assert found.dtype == np.float32
    assert interpolate(np.empty((5, 0)), [0, 1], [1, 0], [0.5, 0.5]).shape == (2, 0)


def test_devices(device: str) -> None:
    import torch

    for dtype in FLOATS:
        X, others = rows(50, 33, dtype), rows(20, 33, dtype, seed=1)
        base, neighbor, step = pairs(50, 3000, others=20)
        scale = np.random.default_rng(0).random(3000)
        given = [torch.tensor(each, device=device) for each in (X, base, neighbor, step, others, scale)]
        found = interpolate(*given[:4], neighbors_in=given[4], difference_scale=given[5])
        assert found.device.type == device
        same(found.cpu().numpy(), plainly(X, base, neighbor, step, others, scale))


@pytest.mark.parametrize("m", [1, 201, 60_000])  # the last is written past the cache
def test_row_numbers_of_32_bits(m: int, isa: str) -> None:
    X, (base, neighbor, step) = rows(50, 64, "float32"), pairs(50, m)
    wanted = interpolate(X, base, neighbor, step)
    for first, second in (("int32", "int32"), ("int32", "int64"), ("int64", "int32"), ("int16", "uint8")):
        same(interpolate(X, base.astype(first), neighbor.astype(second), step), wanted)
    with pytest.raises(ValueError, match="'neighbor' is -3 in place 0; accepted: 0 to 49"):
        interpolate(X, base.astype("int32"), np.full(m, -3, "int32"), step)


# ---- bad input ----

X = np.arange(12.0).reshape(4, 3)
HALF = [0.5, 0.5]

BAD: dict[str, tuple[Callable[[], Any], Any, list[str]]] = {
    "1-D": (lambda: interpolate(X[0], [0], [1], [0.5]), ValueError, ["interpolate: 'X'", "2-D", "(3,)"]),
    "bool": (lambda: interpolate(X > 3, [0], [1], [0.5]), TypeError, ["'X'", "bool", "float32"]),
    "sparse": (lambda: interpolate(sparse.csr_matrix(X), [0], [1], [0.5]), TypeError, ["'X' is sparse", "X.toarray()"]),
    "strings": (lambda: interpolate([["a"], ["b"]], [0], [1], [0.5]), TypeError, ["'X'"]),
    "base 2-D": (lambda: interpolate(X, [[0]], [1], [0.5]), ValueError, ["'base'", "1-D", "(1, 1)"]),
    "base floats": (lambda: interpolate(X, [0.5], [1], [0.5]), TypeError, ["'base'", "float64", "int64"]),
    "base too large": (lambda: interpolate(X, [0, 4], [1, 1], HALF), ValueError, ["'base' is 4 in place 1", "0 to 3"]),
    "base negative": (lambda: interpolate(X, [-1], [1], [0.5]), ValueError, ["'base' is -1 in place 0", "0 to 3"]),
    "neighbor": (lambda: interpolate(X, [0, 1], [9, 1], HALF), ValueError, ["'neighbor' is 9 in place 0", "0 to 3"]),
    "neighbor length": (lambda: interpolate(X, [0, 1], [1], HALF), ValueError, ["'neighbor'", "(1,)", "(2,)"]),
    "step length": (lambda: interpolate(X, [0, 1], [1, 1], [0.5]), ValueError, ["'step'", "(1,)", "(2,)"]),
    "step strings": (lambda: interpolate(X, [0], [1], ["a"]), TypeError, ["'step'"]),
    "scale length": (
        lambda: interpolate(X, [0, 1], [1, 1], HALF, difference_scale=[0.5]),
        ValueError,
        ["'difference_scale'", "(1,)", "(2,)"],
    ),
    "others dtype": (
        lambda: interpolate(X, [0], [1], [0.5], neighbors_in=X.astype("f4")),
        TypeError,
        ["'neighbors_in'", "float32", "float64"],
    ),
    "others columns": (
        lambda: interpolate(X, [0], [1], [0.5], neighbors_in=X[:, :2]),
        ValueError,
        ["'neighbors_in'", "2", "3"],
    ),
    "others rows": (
        lambda: interpolate(X, [0], [2], [0.5], neighbors_in=X[:2]),
        ValueError,
        ["'neighbor' is 2", "0 to 1"],
    ),
    "out shape": (lambda: interpolate(X, [0], [1], [0.5], out=np.zeros((2, 3))), ValueError, ["'out'", "(2, 3)"]),
    "out dtype": (lambda: interpolate(X, [0], [1], [0.5], out=np.zeros((1, 3), "f4")), TypeError, ["'out'", "float32"]),
    "out inside": (lambda: interpolate(X, [0], [1], [0.5], out=X[:1]), ValueError, ["'out'", "shares memory"]),
    "no rows": (lambda: interpolate(X[:0], [0], [0], [0.5]), ValueError, ["'base' is 0"]),
}


@pytest.mark.parametrize(("call", "exception", "words"), BAD.values(), ids=BAD.keys())
def test_refused(call: Callable[[], Any], exception: Any, words: list[str]) -> None:
    before = X.copy()
    with pytest.raises(exception) as caught:
        call()
    for word in words:
        assert word in str(caught.value), str(caught.value)
    np.testing.assert_array_equal(X, before)
