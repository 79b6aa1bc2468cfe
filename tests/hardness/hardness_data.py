# SPDX-License-Identifier: Apache-2.0
"""Inputs for the hardness tests, and comparison to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from burnish import _core, hardness

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

KINDS = ("logits", "probs", "sigmoid")
INDEX_SCORES = ("predictions", "rank_of_label", "correct")

# Around every boundary of the loops: a row per lane up to 32 classes, then 32 lanes, chunks of 1024 classes.
CLASS_COUNTS = (1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 100, 127, 128, 129)
WIDE_CLASS_COUNTS = (1000, 1023, 1024, 1025, 2048, 2500, 10_000)


def names_for(kind: str, *, labels: bool = True) -> tuple[str, ...]:
    """Scores that are defined for a kind of input, with or without labels."""
    if kind == "sigmoid":
        return ("entropy", "normalized_entropy")
    missing = {"energy"} if kind == "probs" else set()
    return tuple(
        name for name in _core.SCORES if name not in (missing if labels else missing | set(_core.LABEL_SCORES))
    )


def rows_for(classes: int) -> int:
    """A number of rows that no tile or vector divides."""
    return 203 if classes < 1000 else 67


def make_values(kind: str, n: int, classes: int, seed: int = 0) -> Any:
    """Float64 logits or probabilities, from nearly uniform rows to nearly certain ones."""
    rng = np.random.default_rng([seed, n, classes])
    values = rng.normal(size=(n, classes)) * np.geomspace(0.05, 30.0, n)[:, None]
    if kind != "probs":
        return values
    weights = np.exp(values - values.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def make_labels(n: int, classes: int, seed: int = 0) -> Any:
    return np.random.default_rng([seed, n, classes, 1]).integers(0, classes, n)


def with_hard_rows(values: Any) -> Any:
    """A copy with ties, masked classes and rows without a distribution scattered among the others."""
    values = values.copy()
    n, classes = values.shape
    hard: list[Any] = [0.25, values[3 % n].round(), np.where(np.arange(classes) % 3 == 1, -np.inf, values[5 % n])]
    hard += [-np.inf, np.nan, np.where(np.arange(classes) == classes - 1, np.nan, values[7 % n])]
    hard += [np.where(np.arange(classes) == 0, np.inf, values[9 % n]), values[11 % n] * 300, 0.0]
    for place, row in zip(np.linspace(0, n - 1, 2 * len(hard)).astype(int), hard * 2, strict=True):
        values[place] = row
    return values


def as_dtype(values: Any, dtype: str) -> Any:
    """Round to a dtype; NumPy arrays, except for bfloat16, which only torch has."""
    if dtype == "bfloat16":
        return torch.tensor(np.asarray(values, dtype=np.float32)).to(torch.bfloat16)
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(dtype)


def widened(x: Any) -> Any:
    """Return the exact float64 values of an array of any float dtype."""
    return np.asarray(x, dtype=np.float64) if isinstance(x, np.ndarray) else x.double().numpy()


def score(kind: str, x: Any, labels: Any = None, which: Any = None, **options: Any) -> dict[str, Any]:
    """Call `scores` with the argument that fits the kind of input; every score that is defined by default."""
    names = names_for(kind, labels=labels is not None) if which is None else which
    if kind == "probs":
        return hardness.scores(None, labels, names, probs=x, **options)
    if kind == "sigmoid":
        options["activation"] = "sigmoid"
    return hardness.scores(x, labels, names, **options)


def assert_same_bits(actual: Any, expected: Any, context: Any = "") -> None:
    """Equal dtype, shape and bits; any NaN equals any other."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype, context
    assert actual.shape == expected.shape, context
    if actual.dtype.kind == "f":
        bits = f"i{actual.dtype.itemsize}"
        same = (actual.view(bits) == expected.view(bits)) | (np.isnan(actual) & np.isnan(expected))
    else:
        same = actual == expected
    wrong = np.flatnonzero(~same.ravel())
    assert not len(wrong), (
        f"{context}: rows {wrong[:5]}: {actual.ravel()[wrong[:5]]}, not {expected.ravel()[wrong[:5]]}"
    )


def assert_all_same(actual: dict[str, Any], expected: dict[str, Any], context: Any = "") -> None:
    assert list(actual) == list(expected)
    for name in actual:
        assert_same_bits(actual[name], expected[name], (name, context))
