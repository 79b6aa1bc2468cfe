# SPDX-License-Identifier: Apache-2.0
"""A row scores the same bits at every instruction set level and thread count, in every batch and memory layout."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise
from typing import Any

import burnish
import numpy as np
import pytest
from burnish import hardness
from hardness_data import (
    KINDS,
    as_dtype,
    assert_all_same,
    assert_same_bits,
    make_labels,
    make_values,
    names_for,
    score,
    with_hard_rows,
)

# (classes, rows): narrow, wide, one chunk of 1024 and several; rows are enough for more pieces than threads.
SHAPES = ((3, 40_011), (10, 25_003), (32, 9_001), (33, 9_001), (100, 4_001), (1024, 403), (1025, 403), (2500, 403))
SMALL_SHAPES = ((1, 203), (3, 203), (10, 203), (17, 203), (32, 203), (33, 203), (100, 203), (1025, 67), (2500, 67))
DTYPES = ("float32", "float64", "float16", "bfloat16")


def without_torch_skip(dtype: str) -> None:
    if dtype == "bfloat16":
        pytest.importorskip("torch")


@cache
def case(kind: str, dtype: str, classes: int, n: int) -> tuple[Any, Any, dict[str, Any]]:
    """Return input, labels, and the scores at the best level on one thread, which every other way must repeat."""
    x = as_dtype(with_hard_rows(make_values(kind, n, classes)), dtype)
    labels = None if kind == "sigmoid" else make_labels(n, classes)
    level, threads = burnish.build_info()["isa_level"], burnish.get_num_threads()
    try:
        best = next(level for level in reversed(burnish.build_info()["isa_levels"]) if can_run(level))
        burnish._core.set_isa_level(best)
        burnish.set_num_threads(1)
        return x, labels, score(kind, x, labels)
    finally:
        burnish._core.set_isa_level(level)
        burnish.set_num_threads(threads)


def can_run(level: str) -> bool:
    try:
        burnish._core.set_isa_level(level)
    except ValueError:
        return False
    return True


def to_array_dict(found: dict[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value) for name, value in found.items()}


def rows(found: dict[str, Any], where: Any) -> dict[str, Any]:
    return {name: np.asarray(value)[where] for name, value in found.items()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_levels_and_threads(kind: str, dtype: str, isa: str, threads: int) -> None:
    without_torch_skip(dtype)
    for classes, n in SHAPES if threads > 1 else SMALL_SHAPES:
        x, labels, expected = case(kind, dtype, classes, n)
        assert_all_same(score(kind, x, labels), expected, classes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_batch_splits(kind: str, dtype: str, isa: str) -> None:
    without_torch_skip(dtype)
    for classes, n in SMALL_SHAPES:
        x, labels, expected = case(kind, dtype, classes, n)
        splits = [np.arange(n + 1), [0, 1, 64, 67] if n < 128 else [0, 1, 64, 67, 128, 130, 135, 198, n]]
        for split in splits:
            pieces = [
                score(kind, x[first:last], None if labels is None else labels[first:last])
                for first, last in pairwise(split)
            ]
            joined = {name: np.concatenate([np.asarray(piece[name]) for piece in pieces]) for name in expected}
            assert_all_same(joined, expected, classes)


def layouts(x: Any) -> dict[str, Any]:
    """Views with the values of `x` that lie differently in memory."""
    n, classes = x.shape
    item = x.itemsize
    shared = np.empty(n * classes * item + 64 + item, np.uint8)
    start = (-shared.ctypes.data) % 64 + item  # one item off an address that vectors like
    shifted = shared[start : start + n * classes * item].view(x.dtype).reshape(n, classes)
    shifted[:] = x
    wide = np.full((n, classes + 3), 7, x.dtype)
    wide[:, 2:-1] = x
    spread = np.full((n, 2 * classes), 7, x.dtype)
    spread[:, ::2] = x
    sparse_rows = np.full((3 * n, classes), 7, x.dtype)
    sparse_rows[1::3] = x
    cube = np.full((n, 2, classes, 2), 7, x.dtype)
    cube[:, 1, :, 1] = x
    return {
        "offset": shifted,
        "columns of a wider array": wide[:, 2:-1],
        "every second column": spread[:, ::2],
        "every third row": sparse_rows[1::3],
        "Fortran order": np.asfortranarray(x),
        "rows backwards": np.ascontiguousarray(x[::-1])[::-1],
        "columns backwards": np.ascontiguousarray(x[:, ::-1])[:, ::-1],
        "both backwards": np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
        "slice of four dimensions": cube[:, 1, :, 1],
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_memory_layouts(kind: str, dtype: str, isa: str) -> None:
    for classes, n in SMALL_SHAPES:
        x, labels, expected = case(kind, dtype, classes, n)
        for layout, view in layouts(x).items():
            assert_same_bits(view, x)
            assert_all_same(score(kind, view, labels), expected, (layout, classes))
        repeated = np.broadcast_to(x[6], (70, classes))
        few_labels = None if labels is None else np.full(70, labels[6])
        assert_all_same(score(kind, repeated, few_labels), rows(expected, np.full(70, 6)), classes)


@pytest.mark.parametrize("kind", KINDS)
def test_torch_layouts(kind: str) -> None:
    torch = pytest.importorskip("torch")
    for dtype in DTYPES:
        for classes, n in SMALL_SHAPES:
            x, labels, expected = case(kind, dtype, classes, n)
            x = x if isinstance(x, torch.Tensor) else torch.tensor(x)
            wide = torch.full((n, 2 * classes + 1), 7, dtype=x.dtype)
            wide[:, 1::2] = x
            for view in (x.t().contiguous().t(), wide[:, 1::2], x.expand(2, n, classes)[1]):
                assert_all_same(to_array_dict(score(kind, view, labels)), to_array_dict(expected), (dtype, classes))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_subset_of_scores(kind: str, dtype: str, isa: str) -> None:
    without_torch_skip(dtype)
    for classes, n in SMALL_SHAPES if dtype == "float32" else ((10, 203), (100, 203), (1025, 67)):
        x, labels, expected = case(kind, dtype, classes, n)
        names = names_for(kind)
        subsets = [(name,) for name in names]
        if classes in (10, 100):
            subsets += list(combinations(names, 2))
        for which in subsets:
            found = score(kind, x, labels, which)
            assert_all_same(found, {name: expected[name] for name in which}, classes)


@pytest.mark.parametrize("classes", [3, 32, 33, 100, 1025])
def test_neighbors_do_not_matter(classes: int, isa: str) -> None:
    """A row without a distribution, or any other row, leaves those beside it alone."""
    x, labels, expected = case("logits", "float32", classes, 67)
    for filler in (np.nan, np.inf, -np.inf, 1e30, 0.0):
        changed = x.copy()
        changed[1::2] = filler
        found = score("logits", changed, labels)
        assert_all_same(rows(found, slice(0, None, 2)), rows(expected, slice(0, None, 2)), filler)


@pytest.mark.parametrize("classes", [1, 5, 31, 32, 33, 64, 100, 1000, 1024, 1025, 2500])
def test_sums_are_added_in_the_documented_order(classes: int, isa: str) -> None:
    """Up to 32 classes one after the other; else chunks of 1024, class c in lane c % 32, lanes in a tree of halves.

    From probabilities that sum takes nothing but +, which NumPy can repeat: another order gives other bits.
    """
    n = 97
    for dtype in (np.float32, np.float64):
        p = make_values("probs", n, classes, seed=3).astype(dtype)
        total = np.zeros(n, dtype)
        for first in range(0, classes, 1024):
            lanes = np.zeros((n, 32 if classes > 32 else 1), dtype)
            for c in range(first, min(first + 1024, classes)):
                lanes[:, c % lanes.shape[1]] += p[:, c]
            while lanes.shape[1] > 1:
                half = lanes.shape[1] // 2
                lanes = lanes[:, :half] + lanes[:, half:]
            total = total + lanes[:, 0]
        found = score("probs", p, which=("max_probability",))["max_probability"]
        largest = p.max(axis=1)
        quotients = largest / total, largest * (dtype(1) / total)  # the order is documented, the division is not
        assert any(np.array_equal(found, quotient) for quotient in quotients)


@pytest.mark.parametrize("kind", KINDS)
def test_devices(kind: str, device: str) -> None:
    import torch

    for dtype in DTYPES:
        for classes, n in SMALL_SHAPES:
            x, labels, expected = case(kind, dtype, classes, n)
            tensor = (x if isinstance(x, torch.Tensor) else torch.tensor(x)).to(device)
            names = None if labels is None else torch.tensor(labels, device=device)
            found = score(kind, tensor, names)
            for name, value in found.items():
                assert value.device.type == device
                assert_same_bits(value.cpu().numpy(), np.asarray(expected[name]), (name, dtype, classes))


def test_results_too_large_for_the_cache_are_the_same() -> None:
    """They are written past the cache, whole tiles at a time, where memory is aligned to 16 bytes."""
    rows = 4_500_000 + 17
    x = np.random.default_rng(5).standard_normal((rows, 2), dtype=np.float32)
    which = ("entropy", "predictions")
    pieces = [hardness.scores(x[i : i + 500_000], which=which) for i in range(0, rows, 500_000)]
    memory = np.empty(rows + 3, np.float32)
    for offset in (0, 1, 3):
        found = hardness.scores(x, which=which, out={"entropy": memory[offset : offset + rows]})
        for name in which:
            assert_same_bits(found[name], np.concatenate([piece[name] for piece in pieces]), name)
