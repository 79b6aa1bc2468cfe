# SPDX-License-Identifier: Apache-2.0
"""Predictions for very many classes, of which only the few likeliest are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import as_array, on_host, to_numpy

Array = npt.NDArray[Any]


class TopK:
    """The k largest probabilities of each sample, with their classes; the others count as 0.

    Parameters
    ----------
    indices : integer array of shape (N, k)
        Classes, 0 to `num_classes` - 1, each at most once a row, in any order.
    values : float array of shape (N, k)
        Their probabilities. They may sum to less than 1, not to more than 1.001 (1.01 in 16 bits); a NaN, an infinity,
        a negative number or a sum of 0 makes a row invalid.
    num_classes : int
        Number of classes C.

    Raises
    ------
    TypeError, ValueError
        If shapes, dtypes or classes are wrong.

    Notes
    -----
    A label that is not among the k has probability 0, so its logit margin is -infinity. Keep at least two classes a
    row: of a single one nothing is known about the next best. CUDA tensors are copied to the host, on which a `TopK`
    lives and its scores are computed.

    Examples
    --------
    >>> from burnish import quality
    >>> top = quality.TopK([[7, 2], [5, 9]], [[0.9, 0.1], [0.6, 0.3]], num_classes=20_000)
    >>> quality.self_confidence(probs=top, labels=[7, 9])
    array([0.9, 0.3])
    """

    def __init__(self, indices: Any, values: Any, num_classes: int) -> None:
        indices, values = on_host(as_array(indices)), on_host(as_array(values))
        self.num_classes = check.integer("TopK", "num_classes", num_classes, 1, (1 << 31) - 1)
        self.indices: Array = to_numpy(indices)
        check.integers("TopK", "indices", self.indices)
        values_dtype = str(values.dtype).rpartition(".")[2]
        self.tolerance = 1e-2 if values_dtype in ("float16", "bfloat16") else 1e-3
        if values_dtype in ("float16", "bfloat16"):
            values = values.float() if hasattr(values, "float") else values.astype(np.float32)
        self.values: Array = to_numpy(values)
        if self.values.dtype not in (np.float32, np.float64):
            raise TypeError(f"TopK: 'values' has dtype {values_dtype}; accepted: float64, float32, float16, bfloat16")
        if self.values.ndim != 2 or self.values.shape[1] < 1 or self.indices.shape != self.values.shape:
            raise ValueError(
                f"TopK: 'indices' has shape {self.indices.shape} and 'values' {self.values.shape}; accepted: (N, k) "
                "both, k at least 1"
            )
        if self.indices.size:
            least, most = int(self.indices.min()), int(self.indices.max())
            if least < 0 or most >= self.num_classes:
                wrong = least if least < 0 else most
                raise ValueError(f"TopK: 'indices' has {wrong}; accepted: 0 to {self.num_classes - 1}")
            ordered = np.sort(self.indices, axis=1)
            if (ordered[:, 1:] == ordered[:, :-1]).any():
                row = int(np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))[0])
                raise ValueError(f"TopK: 'indices' names a class twice in row {row}; accepted: each class once a row")

    @property
    def shape(self) -> tuple[int, int]:
        """Of the matrix that it stands for."""
        return len(self.values), self.num_classes

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, first: int, last: int) -> TopK:
        """Return a run of rows, without a copy and without checking them again."""
        return self._part(slice(first, last))

    def take(self, rows: Array) -> TopK:
        """Return rows by their numbers, without checking them again."""
        return self._part(rows)

    def _part(self, rows: slice | Array) -> TopK:
        part = object.__new__(TopK)
        part.num_classes, part.tolerance = self.num_classes, self.tolerance
        part.indices, part.values = self.indices[rows], self.values[rows]
        return part

    def dense(self) -> Array:
        """Return the matrix (N, C); what is missing from a sum of 1 goes nowhere."""
        matrix = np.zeros(self.shape, self.values.dtype)
        np.put_along_axis(matrix, self.indices.astype(np.int64, copy=False), self.values, axis=1)
        return matrix


def check_labels(call: str, labels: Any, rows: int, classes: int, *, may_be_missing: bool = False) -> Array:
    """Return labels as int64; refuses those that are no class."""
    array = to_numpy(as_array(labels))
    check.one_dimensional(call, "labels", array, rows)
    if array.dtype.kind not in "iub":
        raise TypeError(f"{call}: 'labels' has dtype {array.dtype}; accepted: int8 to int64, uint8 to uint64")
    least = -1 if may_be_missing else 0
    if rows and (int(array.min()) < least or int(array.max()) >= classes):
        row = int(np.flatnonzero((array < least) | (array >= classes))[0])
        more = ", or -1 where there is none" if may_be_missing else ""
        raise ValueError(f"{call}: 'labels' is {array[row]} in row {row}; accepted: 0 to {classes - 1}{more}")
    return array.astype(np.int64, copy=False)


def survey_top(top: TopK, labels: Array, cuts: Array | None = None) -> dict[str, Array]:
    """Do for `TopK` what the core's survey does for matrices."""
    values, indices = top.values, top.indices
    rows = len(values)
    with np.errstate(invalid="ignore"):
        sums = values.sum(axis=1)
        valid = (values >= 0).all(axis=1) & (sums > 0) & np.isfinite(sums)
        too_much = valid & (sums > 1 + top.tolerance)
    if too_much.any():
        values = np.where(too_much[:, None], values / sums[:, None], values)
    values = np.where(valid[:, None], values, 0)
    is_label = indices == labels[:, None]
    own = np.where(is_label, values, 0).max(axis=1)
    others = np.where(is_label, -1, values)
    other = others.max(axis=1)
    first = np.where(others == other[:, None], indices, top.num_classes).min(axis=1)
    # Where only the label is listed, or only zeros, the first class that is not the label stands for the others.
    unlisted = other <= 0
    rival = np.where(unlisted, np.where(labels == 0, min(1, top.num_classes - 1), 0), first)
    other = np.maximum(other, 0)
    lead = own + values.dtype.type(1e-6)
    agrees = np.where(rival < labels, lead > other, lead >= other)
    with np.errstate(divide="ignore", invalid="ignore"):  # of rows that are left out
        margin = np.log(own) - np.log(other)
        ordered = np.sort(values, axis=1)
        second = ordered[:, -2] if values.shape[1] > 1 else np.zeros(rows, values.dtype)
        gap = np.log(ordered[:, -1]) - np.log(second)
    found = {
        "own": np.where(valid, own, np.nan), "other": np.where(valid, other, np.nan),
        "margin": np.where(valid, margin, np.nan), "rival": np.where(valid, rival, -1).astype(np.int32),
        "agrees": valid & agrees, "valid": valid, "gap": gap,
    }  # fmt: skip
    if cuts is not None:
        confident = values >= cuts[indices]
        count = confident.sum(axis=1)
        single = indices[np.arange(rows), confident.argmax(axis=1)]
        is_best = (own > other) | ((own == other) & (labels < rival))
        guess = np.where(count > 1, np.where(is_best, labels, rival), np.where(count == 1, single, -1))
        found["guess"] = np.where(valid, guess, -1).astype(np.int32)
    return found
