# SPDX-License-Identifier: Apache-2.0
"""Label issues of a data set that no machine holds: one to three passes, each a reduction."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import ray

from burnish import _check as check
from burnish.quality import LabelIssueAccumulator, LabelIssues
from burnish.quality._accumulator import Filter, Rank
from burnish.ray._columns import Array, Batch, by_id, column, id_column, matrix_column, one_of
from burnish.ray._fold import fold, only_columns, rows_at_once


def label_issues(
    ds: Any,
    *,
    logits: str | None = None,
    probs: str | None = None,
    labels: str = "label",
    id: str = "id",  # noqa: A002 - the usual name of the column
    num_classes: int | None = None,
    filter_by: Filter = "auto",
    rank_by: Rank = "logit_margin",
    frac_noise: float = 1.0,
    min_examples_per_class: int = 1,
    num_to_remove_per_class: Any = None,
    num_issues: int | None = None,
    batch_size: int | None = None,
    num_threads: int = 1,
) -> LabelIssues:
    """Find the samples whose label is probably wrong: the same ones, in the same order, as in one process.

    Parameters
    ----------
    ds : ray.data.Dataset
        It is read 1 to 3 times: "auto" and "predicted_neq_given" judge while they count, "confident_learning" learns
        thresholds first, the filters that prune read a third time. Where rows cost more than reading them
        (a model's predictions), write them to Parquet files before, or call ``materialize()``.
    logits, probs : str
        The column of predictions, one of them: vectors of one length, of samples that the model was not trained on.
    labels : str, default "label"
        The column of given classes.
    id : str, default "id"
        The column of the samples' numbers, 0 or more, each once. They are what `LabelIssues.indices` holds, and they
        break ties. Best where rows that lie together have numbers in a row: see Notes.
    num_classes : int, optional
        Number of classes; else the first row is read to know.
    filter_by, rank_by, frac_noise, min_examples_per_class, num_to_remove_per_class, num_issues
        As of `burnish.quality.find_label_issues`.
    batch_size : int, optional
        Rows read as one part; the default is 64 MB of float32. It changes nothing but memory and speed.
    num_threads : int, default 1
        Of each worker.

    Returns
    -------
    LabelIssues
        `LabelIssues.mask` is that of all samples if they are numbered from 0 without gaps.

    Raises
    ------
    TypeError, ValueError
        If an argument or a column is none of these, a number repeats, or the data set is empty.

    Notes
    -----
    A worker holds a batch, and the counts: C numbers, for the filters that prune C x C. Rows on which model and label
    disagree (28 bytes each) come here, as in one process. A batch is read in runs of successive ids, at 60 us a run:
    after a random shuffle, every row is a run of its own; then sort by id first.
    """
    call = "label_issues"
    predictions = one_of(call, logits, probs)
    if num_classes is None:
        num_classes = _number_of_classes(call, ds, predictions)
    seen = LabelIssueAccumulator(
        num_classes,
        filter_by=filter_by,
        rank_by=rank_by,
        frac_noise=frac_noise,
        min_examples_per_class=min_examples_per_class,
        num_to_remove_per_class=num_to_remove_per_class,
        num_issues=num_issues,
        call=call,
    )
    columns = [id, labels, predictions]
    batch_size = check.integer(call, "batch_size", batch_size or rows_at_once(num_classes), 1)
    while not seen.done:
        read = _ReadShard(seen, columns, "logits" if probs is None else "probs")
        found = fold(ds, columns, read, _merge, batch_size, num_threads)
        if found is None:
            raise ValueError(f"{call}: 'ds' has no rows; accepted: at least one")
        found._candidates = seen._candidates
        seen = found.finish_pass()
        seen._call = call
    return seen.result()


def _number_of_classes(call: str, ds: Any, predictions: str) -> int:
    first = only_columns(ds, [predictions]).take_batch(1, batch_format="numpy") if ds.limit(1).count() else {}
    if not first:
        raise ValueError(f"{call}: 'ds' has no rows; accepted: at least one")
    return int(matrix_column(call, first, predictions).shape[1])


class _ReadShard:
    """Reads a batch in the current pass.

    Of the candidates, workers need no more than their rows, and only to prune: these lie in the object store, where all
    workers of a node read the same memory. What is returned leaves them out.
    """

    def __init__(
        self, seen: LabelIssueAccumulator, columns: list[str], kind: str, share: Callable[[Array], Any] = ray.put
    ) -> None:
        self._columns, self._kind = columns, kind
        self._candidates: Any = None
        self._start = copy.copy(seen)
        if seen._stage == "select":
            if seen._wanted is not None:
                self._candidates = share(seen._candidates["row"])
            else:
                self._start._bound = _bound_of(seen)
            self._start._candidates = {}

    def __call__(self, batch: Batch) -> LabelIssueAccumulator:
        name, labels, predictions = self._columns
        call = "label_issues"
        columns = {
            labels: column(call, batch, labels),
            predictions: matrix_column(call, batch, predictions),
        }
        ids, columns = by_id(columns, id_column(call, batch, name), [labels, predictions])
        repeats = np.flatnonzero(ids[1:] == ids[:-1])
        if len(repeats):
            raise ValueError(f"{call}: '{name}' has {ids[repeats[0]]} more than once; accepted: each number once")
        part = copy.deepcopy(self._start)
        if self._candidates is not None:
            shared = self._candidates
            part._candidates = {"row": ray.get(shared) if isinstance(shared, ray.ObjectRef) else shared}
        cuts = np.flatnonzero(np.diff(ids) != 1) + 1
        for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(ids)], strict=True):
            part.update(
                columns[labels][first:last],
                first_row=int(ids[first]),
                **{self._kind: columns[predictions][first:last]},
            )
        if part._stage == "select":
            part._candidates, part._known = {}, None
        return _compact(part)


def _bound_of(seen: LabelIssueAccumulator) -> float:
    """Return a key that none of the rows with the lowest keys exceeds: as many candidates have none above it."""
    own, other = seen._candidates["own"], seen._candidates["other"]
    if not 0 < seen._num_lowest <= len(own):
        return float("inf")
    keys = own if seen.filter_by == "low_self_confidence" else (own - other + 1) / 2
    return float(np.partition(keys, seen._num_lowest - 1)[seen._num_lowest - 1])


def _merge(one: LabelIssueAccumulator, other: LabelIssueAccumulator) -> LabelIssueAccumulator:
    both = one.merge(other)
    both._bound = min(one._bound, other._bound)
    return _compact(both)


def _compact(part: LabelIssueAccumulator) -> LabelIssueAccumulator:
    """Join what was kept in pieces, and in the last of three passes keep no more rows than are wanted in all."""
    part._parts = {name: [np.concatenate(pieces)] for name, pieces in part._parts.items()}
    if part._stage != "select":
        return part
    if part._wanted is None:
        if part._parts:
            part._drop_the_rest()
        return part
    rows, pairs, values = part._found()
    order = np.lexsort((rows, -values, pairs))
    rows, pairs, values = rows[order], pairs[order], values[order]
    kept = np.arange(len(rows)) - np.searchsorted(pairs, pairs) < part._wanted.ravel()[pairs]
    part._selection, part._selected = None, [_some(rows, pairs, values, kept)]
    return part


def _some(rows: Array, pairs: Array, values: Array, kept: Array) -> tuple[Array, Array, Array]:
    return rows[kept], pairs[kept], values[kept]
