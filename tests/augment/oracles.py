# SPDX-License-Identifier: Apache-2.0
"""What rows of the difference table are made of: inputs, independent results, and how far apart the two may be."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from burnish.augment import Compose, Entry

SMALL = ((37, 53), (48, 33), (1, 1), (1, 9), (7, 1))
LARGE = (*SMALL, (311, 517), (611, 769))

# Ours and the oracle's, of one shape. An oracle of floats for bytes is one that has not been rounded.
Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Row:
    """One operation beside one oracle.

    Parameters
    ----------
    operation : str
        A public transform, or ``functional.NAME``.
    oracle : str
        Which library, or "NumPy" for a float64 formula written down in these tests.
    compare : callable
        Takes images (N, H, W, C) and their ids; returns ours and the oracle's, or None if it has no such images.
    levels : float
        How far bytes may lie from the oracle's; from its unrounded values, how far beyond the half that rounding takes.
    floats : float
        How far float32 values may lie from the oracle's, white being 1.
    share : float
        How large a part of the values must be equal (bytes), or within `floats`.
    reason : str
        Of what is not exact.
    channels, dtypes : tuples
        Which images are compared.
    needs : tuple of str
        Modules that must be installed.
    """

    operation: str
    oracle: str
    compare: Callable[[np.ndarray, np.ndarray], Pair | None]
    levels: float
    floats: float
    share: float
    reason: str
    channels: tuple[int, ...]
    dtypes: tuple[str, ...]
    needs: tuple[str, ...]

    def is_possible(self) -> bool:
        return all(importlib.util.find_spec(name) is not None for name in self.needs)


ROWS: list[Row] = []


def row(
    operation: str, oracle: str, reason: str = "", *, levels: float = 0.0, floats: float = 0.0, share: float = 1.0,
    channels: tuple[int, ...] = (1, 3, 4), dtypes: tuple[str, ...] = ("uint8", "float32"), needs: str = "",
) -> Callable[[Any], Any]:  # fmt: skip
    """Put a comparison into the table."""

    def put(compare: Any) -> Any:
        modules = tuple(needs.split())
        ROWS.append(Row(operation, oracle, compare, levels, floats, share, reason, channels, dtypes, modules))
        return compare

    return put


def drawn(transform: Any, images: np.ndarray, ids: np.ndarray) -> tuple[Any, Entry]:
    """Return a transform's results, and what was drawn for it."""
    pipe = Compose([transform], seed=2)
    plan = pipe.plan(ids, 1, sizes=images.shape[1:3], channels=images.shape[3])
    return pipe.apply(images, plan), plan.entries[0]


def pictures(size: tuple[int, int], channels: int, dtype: str, n: int = 3) -> np.ndarray:
    """Return images (N, H, W, C): one of random bytes, one smooth, one of few values, and so on."""
    rng = np.random.default_rng([*size, channels])
    y, x = np.mgrid[: size[0], : size[1]]
    made = np.empty((n, *size, channels))
    for i in range(n):
        for c in range(channels):
            a, b = rng.uniform(0.02, 0.2, 2)
            smooth = 127.5 + 130 * np.sin(a * x + i) * np.cos(b * y + c)
            noise = rng.integers(0, 256, size)
            made[i, ..., c] = (noise, smooth, noise // 64 * 85)[i % 3]
    whole = np.clip(np.rint(made), 0, 255)
    if dtype == "uint8":
        return whole.astype(np.uint8)
    between = np.clip((whole + rng.uniform(-0.5, 0.5, whole.shape)) / 255, 0, 1)  # not on the levels of bytes
    return np.where(whole % 3 == 0, whole / 255, between).astype(np.float32)


def white(images: np.ndarray) -> float:
    return 255.0 if images.dtype == np.uint8 else 1.0


def clipped(values: Any, images: np.ndarray) -> np.ndarray:
    """Cut off what lies beyond black and white."""
    cut: np.ndarray = np.clip(values, 0, white(images))
    return cut


class Difference(NamedTuple):
    """How far apart two results are."""

    values: int
    equal: float
    largest: float  # of what is compared with the bound
    is_whole: bool  # whether results are bytes

    def __add__(self, other: Any) -> Difference:
        n = self.values + other.values
        equal = (self.equal * self.values + other.equal * other.values) / max(1, n)
        return Difference(n, equal, max(self.largest, other.largest), other.is_whole)


def difference(row: Row, ours: np.ndarray, theirs: np.ndarray) -> Difference:
    """Compare; floats are equal if they lie within the bound."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    apart = np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
    if ours.dtype != np.uint8:
        return Difference(apart.size, float((apart <= row.floats).mean()), float(apart.max()), False)
    if theirs.dtype.kind == "f":
        beyond = np.maximum(apart - 0.5, 0)
        return Difference(apart.size, float((ours == np.rint(theirs)).mean()), float(beyond.max()), True)
    return Difference(apart.size, float((apart == 0).mean()), float(apart.max()), True)


def measure(row: Row, dtype: str, sizes: tuple[tuple[int, int], ...]) -> Difference:
    """Compare an operation with its oracle on images of these sizes and all its channels."""
    total = Difference(0, 1.0, 0.0, True)
    for size in sizes:
        for channels in row.channels:
            images = pictures(size, channels, dtype)
            found = row.compare(images, np.arange(len(images)) + size[0])
            if found is not None:
                total += difference(row, *(np.asarray(values) for values in found))
    return total


def is_within(row: Row, found: Difference) -> bool:
    bound = row.levels if found.is_whole else row.floats
    if row.share < 1:  # some values may be far off, such as those where a threshold falls the other way
        return found.equal >= row.share
    return found.largest <= bound
