# SPDX-License-Identifier: Apache-2.0
"""Accumulators over all blocks of a data set."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import hardness, metrics
from burnish.ray._columns import Batch, by_id, column, id_column, matrix_column, one_of
from burnish.ray._fold import fold, rows_at_once


def accumulate(
    ds: Any,
    accumulator: Any,
    *,
    logits: str | None = None,
    probs: str | None = None,
    labels: str = "label",
    id: str = "id",  # noqa: A002 - the usual name of the column
    temperature: float = 1.0,
    batch_size: int | None = None,
    num_threads: int = 1,
) -> Any:
    """Let an accumulator see all rows of a data set, each where it lies.

    Parameters
    ----------
    ds : ray.data.Dataset
    accumulator : burnish.hardness.Accumulator or burnish.metrics.Accumulator
        One that has seen nothing yet; it is not changed.
    logits, probs : str
        The column of predictions, one of them; `burnish.metrics` takes ``probs``, of two classes also one score a row.
    labels : str, default "label"
    id : str, default "id"
        Column of the samples' numbers.
    temperature : float, default 1.0
        Of `burnish.hardness`.
    batch_size : int, optional
        Rows read as one part; the default is 64 MB of float32. It changes nothing but memory and speed.
    num_threads : int, default 1
        Of each worker.

    Returns
    -------
    accumulator
        As one process would have filled it with the rows in ascending order of id, to the last bit.

    Raises
    ------
    TypeError, ValueError
        If an argument or a column is none of these.

    Notes
    -----
    What workers send is what the accumulator keeps, merged 32 parts at a time before it comes here. An accumulator of
    `burnish.metrics` that keeps scores keeps all of them: 13 bytes a sample for float32 scores of two classes, here.
    With ``keep_scores=False`` it keeps the confusion matrix only.
    """
    call = "accumulate"
    if not isinstance(accumulator, (hardness.Accumulator, metrics.Accumulator)):
        raise TypeError(
            f"{call}: 'accumulator' is a {type(accumulator).__name__}; accepted: hardness.Accumulator, "
            "metrics.Accumulator; for label issues see burnish.ray.label_issues"
        )
    if accumulator.num_samples:
        raise ValueError(
            f"{call}: 'accumulator' has seen {accumulator.num_samples} samples; accepted: one that has seen none"
        )
    predictions = one_of(call, logits, probs)
    batch_size = check.integer(call, "batch_size", batch_size or rows_at_once(accumulator.num_classes), 1)
    columns = [id, labels, predictions]
    if isinstance(accumulator, hardness.Accumulator):
        kind = "logits" if probs is None else "probs"
        found = fold(
            ds, columns, _Hardness(accumulator, columns, kind, temperature), hardness.Accumulator.merge, batch_size,
            num_threads,
        )  # fmt: skip
        return copy.deepcopy(accumulator) if found is None else found
    if probs is None:
        raise TypeError(f"{call}: 'logits' is given; accepted for metrics.Accumulator: 'probs', the column of scores")
    part = fold(ds, columns, _Metrics(accumulator, columns), _MetricsPart.merge, batch_size, num_threads)
    return copy.deepcopy(accumulator) if part is None else part.in_order()


class _Hardness:
    def __init__(self, empty: hardness.Accumulator, columns: list[str], kind: str, temperature: float) -> None:
        self._empty, self._columns, self._kind, self._temperature = empty, columns, kind, temperature

    def __call__(self, batch: Batch) -> hardness.Accumulator:
        name, labels, predictions = self._columns
        return copy.deepcopy(self._empty).update(
            labels=column("accumulate", batch, labels),
            ids=id_column("accumulate", batch, name),
            temperature=self._temperature,
            **{self._kind: matrix_column("accumulate", batch, predictions)},
        )


class _MetricsPart(NamedTuple):
    """What an accumulator has seen, and the ids of the rows: the last bits of a log loss depend on their order."""

    accumulator: metrics.Accumulator
    ids: tuple[npt.NDArray[np.int64], ...]

    def merge(self, other: _MetricsPart) -> _MetricsPart:
        return _MetricsPart(self.accumulator.merge(other.accumulator), self.ids + other.ids)

    def in_order(self) -> metrics.Accumulator:
        """Return the accumulator with its rows in ascending order of id."""
        if self.accumulator.keep_scores:
            _, rows = by_id(
                {
                    "labels": np.concatenate(self.accumulator._labels),
                    "scores": np.concatenate(self.accumulator._scores),
                },
                np.concatenate(self.ids),
                ["labels", "scores"],
            )
            self.accumulator._labels, self.accumulator._scores = [rows["labels"]], [rows["scores"]]
        return self.accumulator


class _Metrics:
    def __init__(self, empty: metrics.Accumulator, columns: list[str]) -> None:
        self._empty, self._columns = empty, columns

    def __call__(self, batch: Batch) -> _MetricsPart:
        name, labels, predictions = self._columns
        ids = id_column("accumulate", batch, name)
        seen = copy.deepcopy(self._empty).update(
            column("accumulate", batch, labels), matrix_column("accumulate", batch, predictions)
        )
        return _MetricsPart(seen, (ids,) if seen.keep_scores else ())
