# SPDX-License-Identifier: Apache-2.0
"""The labels of all rows, counted once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import is_torch, to_numpy

Indices = npt.NDArray[np.intp]
Codes = npt.NDArray[np.intp]
_FEW_CLASSES = 8


class Labels:
    """The label of each row, counted.

    Attributes
    ----------
    values : array of shape (n,)
        The labels.
    classes : array of shape (C,)
        The distinct labels in sorted order.
    codes : integer array of shape (n,)
        Each row's place in `classes`.
    counts : int64 array of shape (C,)
        Rows of each class.
    """

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.values = values
        self.classes, self.codes, self.counts = factorize(values)
        self._by_class: list[Indices] = []

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, code: int) -> Indices:
        """Return the rows of a class, ascending."""
        if len(self.classes) <= _FEW_CLASSES:
            return np.flatnonzero(self.codes == code)
        if not self._by_class:  # sorting small integers is quick, and spares a pass over all rows for each class
            narrow = self.codes.astype(np.min_scalar_type(len(self.classes)))
            self._by_class = np.split(np.argsort(narrow, kind="stable"), np.cumsum(self.counts)[:-1])
        return self._by_class[code]

    def first_rows(self) -> Indices:
        """Return the first row of each class."""
        return first_rows(self.codes)

    def rarest(self) -> int:
        """Return the class with the fewest rows; among equals, the one that comes first in the rows."""
        smallest = np.flatnonzero(self.counts == self.counts.min())
        return int(smallest[np.argmin(self.first_rows()[smallest])])

    def select(self, rows: Indices) -> Labels:
        """Return the labels of some rows."""
        return Labels(self.values[rows])


def first_rows(codes: Codes) -> Indices:
    """Return the first row that has each code."""
    rows = np.zeros(int(codes.max()) + 1, np.intp)
    rows[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # the last one written stays
    return rows


def factorize(values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Return the sorted distinct values, each row's place among them, and their counts."""
    if values.dtype.kind in "biu" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < max(4096, 2 * len(values)):
            return _factorize_integers(values, low, high)
    if values.dtype.kind in "OU":
        return _factorize_by_hash(values)
    classes, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return classes, codes.reshape(-1), counts


def _factorize_integers(
    values: npt.NDArray[Any], low: int, high: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.int64]]:
    numbers = values.view(np.uint8) if values.dtype.kind == "b" else values
    # uint64 may exceed int64 only before the subtraction
    shifted = (numbers - np.asarray(low, numbers.dtype)) if low and numbers.dtype == np.uint64 else numbers
    codes = shifted.astype(np.intp, copy=False)
    if low and numbers.dtype != np.uint64:
        codes = codes - low
    counts = np.bincount(codes, minlength=high - low + 1)
    present = np.flatnonzero(counts)
    if len(present) < len(counts):
        places = np.zeros(len(counts), np.intp)
        places[present] = np.arange(len(present))
        codes, counts = places[codes], counts[present]
    if numbers.dtype == np.uint64:
        return present.astype(np.uint64) + np.uint64(low), codes, counts
    return (present + low).astype(values.dtype), codes, counts


def _factorize_by_hash(
    values: npt.NDArray[Any],
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Hash once instead of sorting all: strings repeat."""
    seen: dict[Any, int] = {}
    first_seen = np.fromiter((seen.setdefault(value, len(seen)) for value in values.tolist()), np.intp, len(values))
    try:
        order = sorted(seen)
    except TypeError:
        kinds = sorted({type(label).__name__ for label in seen})
        raise TypeError(f"labels of different kinds cannot be sorted: {', '.join(kinds)}") from None
    classes = np.empty(len(order), values.dtype)
    classes[:] = order
    places = np.empty(len(order), np.intp)
    places[[seen[value] for value in order]] = np.arange(len(order))
    codes = places[first_seen]
    return classes, codes, np.bincount(codes, minlength=len(order))


def plain_labels(call: str, y: Any) -> npt.NDArray[Any]:
    """Return labels of any kind as a 1-D NumPy array of at least one."""
    check.no_mask(call, "y", y)
    values = to_numpy(y) if is_torch(y) else np.asarray(y)
    if values.dtype.kind in "US" and isinstance(y, (list, tuple)):  # 1 is no "1"
        values = np.array(y, dtype=object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    check.one_dimensional(call, "y", values)
    if not len(values):
        raise ValueError(f"{call}: 'y' is empty; accepted: at least one label")
    gaps = np.flatnonzero(_gaps(values))
    if len(gaps):
        raise ValueError(f"{call}: 'y' has no label in row {gaps[0]}; accepted: labels without gaps")
    return values


def _gaps(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where NaN, NaT, None or NA stands for a label."""
    if values.dtype.kind in "fc":
        return np.asarray(np.isnan(values))
    if values.dtype.kind in "mM":
        return np.asarray(np.isnat(values))
    if values.dtype.kind == "O":
        return np.fromiter((_is_gap(value) for value in values), np.bool_, len(values))
    return np.zeros(len(values), np.bool_)


def _is_gap(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))
