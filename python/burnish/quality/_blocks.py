# SPDX-License-Identifier: Apache-2.0
"""Blocks of rows of whatever holds the predictions, and what the core finds in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _core
from burnish._array import as_array, dtype_name, on_host
from burnish.quality._topk import TopK, check_labels, survey_top

Array = npt.NDArray[Any]

BLOCK_VALUES = 1 << 20  # of a block: what is found stays in the cache until it has been added up
MOST_ROWS = 1 << 16
BINS, BINS_PER_NAT = 2048, 32.0  # of the confidence ln p(1) - ln p(2)


class Block:
    """Some rows of predictions and their labels."""

    def __init__(self, call: str, predictions: Any, kind: _core.InputKind, labels: Any, first_row: int) -> None:
        self.call, self.predictions, self.kind = call, predictions, kind
        self.labels, self.first_row = labels, first_row
        self.num_rows, self.num_classes = (int(n) for n in predictions.shape)

    @property
    def dtype(self) -> Any:
        """Of the arithmetic."""
        if isinstance(self.predictions, TopK):
            return self.predictions.values.dtype
        return np.dtype("float64" if dtype_name(self.predictions) == "float64" else "float32")

    def take(self, rows: Array) -> Block:
        """Return some of the rows, copied, numbered from 0."""
        predictions = self.predictions
        if isinstance(predictions, TopK):
            part: Any = predictions.take(rows)
        elif isinstance(predictions, np.ndarray):
            part = np.take(predictions, rows, axis=0)  # several times faster than []
        else:
            part = predictions[rows]
        return Block(self.call, part, self.kind, self.labels[rows], 0)

    def survey(
        self,
        wanted: tuple[str, ...],
        *,
        cuts: Array | None = None,
        state: dict[str, Array] | None = None,
        offsets: tuple[Array, float, float] | None = None,
    ) -> dict[str, Array]:
        """Return the `wanted` quantities of the rows, and add to the counts in `state`."""
        if isinstance(self.predictions, TopK):
            return self._survey_top(wanted, cuts, state or {})
        dtypes = {"rival": np.int32, "guess": np.int32, "agrees": np.bool_, "valid": np.bool_}
        found = {name: np.empty(self.num_rows, dtypes.get(name, self.dtype)) for name in wanted}
        shifts, base, total = (None, 0.0, 1.0) if offsets is None else offsets
        _core.survey(
            self.call, self.predictions, self.kind, self.labels, cuts, shifts, base, total, found | (state or {}),
            BINS_PER_NAT,
        )  # fmt: skip
        return found

    def _survey_top(self, wanted: tuple[str, ...], cuts: Array | None, state: dict[str, Array]) -> dict[str, Array]:
        labels = check_labels(self.call, self.labels, self.num_rows, self.num_classes)
        found = survey_top(self.predictions, labels, cuts)
        valid = found["valid"]
        if "counts" in state:
            state["counts"] += np.bincount(labels[valid], minlength=self.num_classes)
        if "sums" in state:
            _add_fixed_point(state["sums"], labels[valid], found["own"][valid])
        if "histogram" in state:
            place = np.clip(found["gap"] * BINS_PER_NAT, 0, BINS - 1)
            place = np.nan_to_num(place, nan=BINS - 1).astype(np.int64)
            flat = np.bincount((2 * place + (found["margin"] < 0))[valid], minlength=2 * BINS)
            state["histogram"] += flat.reshape(BINS, 2)
        return {name: found[name] for name in wanted}


def _add_fixed_point(sums: Array, labels: Array, values: Array) -> None:
    """Add values (0 to about 1) to 128-bit sums of multiples of 2^-60, kept as a low and a high word."""
    whole = (values.astype(np.float64) * 2.0**60).astype(np.int64)
    low, high = whole & (1 << 30) - 1, whole >> 30
    for part, shift in ((low, 0), (high, 30)):  # sums of 2^33 such numbers fit 64 bits
        totals = np.zeros(len(sums), np.int64)
        np.add.at(totals, labels, part)
        for k in np.flatnonzero(totals):
            sum_ = (int(sums[k, 1]) << 64) + (int(sums[k, 0]) & (1 << 64) - 1) + (int(totals[k]) << shift)
            sums[k] = np.array([sum_ & (1 << 64) - 1], np.uint64).view(np.int64)[0], sum_ >> 64


def predictions_of(call: str, logits: Any, probs: Any) -> tuple[Any, _core.InputKind]:
    """Return what was given of the two as an array, wherever it is, and which it was."""
    if (logits is None) == (probs is None):
        given = "neither" if logits is None else "both"
        raise TypeError(f"{call}: one of 'logits' and 'probs' is needed, got {given}")
    given, kind = (probs, _core.InputKind.probabilities) if logits is None else (logits, _core.InputKind.logits)
    name = "probs" if logits is None else "logits"
    if isinstance(given, TopK):
        if logits is not None:
            raise TypeError(f"{call}: 'logits' is a TopK; accepted: probs=TopK(...), as a softmax needs every class")
        return given, kind
    array = as_array(given)
    if len(array.shape) != 2:
        raise ValueError(f"{call}: '{name}' must be 2-D (N, C), got shape {tuple(array.shape)}")
    return array, kind


def blocks_of(call: str, predictions: Any, kind: _core.InputKind, labels: Any, first_row: int = 0) -> Iterator[Block]:
    """Cut predictions into blocks; at least one, so that what is wrong with an empty array is said too.

    All labels are checked before the first block comes: by then nothing has been added that cannot be taken back. So
    from a GPU labels, which are few bytes, are copied at once; predictions block by block.
    """
    rows, classes = (int(n) for n in predictions.shape)
    if labels is None:
        raise TypeError(f"{call}: 'labels' are needed, got none")
    labels = as_array(labels)
    if tuple(labels.shape) != (rows,):
        raise ValueError(f"{call}: 'labels' has shape {tuple(labels.shape)}; accepted: ({rows},), one label a row")
    labels = on_host(labels)
    width = predictions.values.shape[1] if isinstance(predictions, TopK) else classes
    step = min(MOST_ROWS, max(64, BLOCK_VALUES // max(1, width) // 64 * 64))
    _core.check_labels(call, labels, rows, classes)
    for first in range(0, max(rows, 1), step):
        last = min(rows, first + step)
        part = predictions.rows(first, last) if isinstance(predictions, TopK) else on_host(predictions[first:last])
        yield Block(call, part, kind, labels[first:last], first_row + first)
