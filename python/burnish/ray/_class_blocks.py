# SPDX-License-Identifier: Apache-2.0
"""Rows of some classes, in order, in blocks of one class in Ray's object store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import ray

from burnish.ray._columns import Array, Batch, column, id_column, matrix_column
from burnish.ray._fold import only_columns


class Blocks:
    """Where rows lie. A row's place is its number among all rows here: class after class, ascending ids.

    Attributes
    ----------
    refs : list of ObjectRef
        Of pairs, rows (n, D) and their ids.
    codes, starts : int64 arrays of shape (blocks,) and (blocks + 1,)
        The class of each block, and the place of its first row.
    """

    def __init__(self, refs: list[Any], codes: Sequence[int], sizes: Sequence[int]) -> None:
        self.refs, self.codes = refs, np.asarray(codes, np.int64)
        self.starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.asarray(sizes, np.int64))])

    def of_class(self, code: int) -> npt.NDArray[np.int64]:
        """Return the blocks of a class."""
        return np.flatnonzero(self.codes == code)

    def first_place(self, code: int) -> int:
        """Return the place of the first row of a class."""
        return int(self.starts[self.of_class(code)[0]])

    def rows_of(self, code: int) -> int:
        """Return how many rows a class has."""
        blocks = self.of_class(code)
        return int(self.starts[blocks[-1] + 1] - self.starts[blocks[0]])

    def by_block(self, places: Array) -> Iterator[tuple[int, Array, Array]]:
        """Yield each block that holds some of the places: its number, which of the places, and where in the block."""
        blocks = np.searchsorted(self.starts, places, side="right") - 1
        order = np.argsort(blocks, kind="stable")
        present, first = np.unique(blocks[order], return_index=True)
        for block, those in zip(present.tolist(), np.split(order, first[1:]), strict=True):
            yield block, those, places[those] - self.starts[block]

    def take(self, places: Array) -> tuple[Array, npt.NDArray[np.int64]]:
        """Fetch rows and ids of some places, one block after the other."""
        X: Array | None = None
        ids = np.empty(len(places), np.int64)
        for block, those, inside in self.by_block(places):
            rows, names = ray.get(self.refs[block])
            if X is None:
                X = np.empty((len(places), rows.shape[1]), rows.dtype)
            X[those], ids[those] = rows[inside], names[inside]
        return np.empty((0, 1)) if X is None else X, ids


class _Run(NamedTuple):
    """Rows of one class in one of Ray's blocks."""

    code: int
    first_id: int
    last_id: int
    source: int
    number: int


def blocks_of_classes(
    ds: Any, names: tuple[str, str, str], classes: Array, codes: list[int], block_rows: int, num_threads: int
) -> Blocks:
    """Arrange the rows of some classes; `names` are the columns of features, label and id.

    Where blocks of the data set are apart by id, as they are in the order of the source, they are only cut; else Ray
    sorts them first.
    """
    kept = only_columns(ds, list(names)).map_batches(
        _Pick(names, classes, codes), batch_size=None, batch_format="numpy", zero_copy_batch=True
    )
    kept = kept.materialize()
    sources, runs = _runs(kept)
    if not _are_apart(runs):
        kept = kept.sort(["code", "id"]).materialize()
        sources, runs = _runs(kept)
        if not _are_apart(runs):
            raise ValueError(f"smote: {names[2]!r} has a number more than once; accepted: each number once")
    gather = ray.remote(_gather).options(max_retries=-1, num_cpus=1)
    refs, block_codes, sizes = [], [], []
    for code in codes:
        for pieces in _cut([run for run in runs if run.code == code], block_rows):
            used = sorted({source for source, _, _ in pieces})
            refs.append(gather.remote(code, pieces, used, [sources[source] for source in used]))
            block_codes.append(code)
            sizes.append(sum(stop - start for _, start, stop in pieces))
    return Blocks(refs, block_codes, sizes)


class _Pick:
    """Keeps the rows of some classes, with the class as its number."""

    def __init__(self, names: tuple[str, str, str], classes: Array, codes: list[int]) -> None:
        self._features, self._label, self._id = names
        self._classes, self._codes = classes, np.asarray(codes)

    def __call__(self, batch: Batch) -> dict[str, Any]:
        labels = column("smote", batch, self._label)
        ids = id_column("smote", batch, self._id)
        code = np.searchsorted(self._classes, labels) if len(labels) else np.empty(0, np.int64)
        kept = np.flatnonzero(np.isin(code, self._codes))
        X = matrix_column("smote", {self._features: batch[self._features][kept]}, self._features)
        if len(kept) and (X.ndim != 2 or X.dtype not in (np.float32, np.float64)):
            raise TypeError(
                f"smote: {self._features!r} has dtype {X.dtype} and shape {X.shape}; accepted: vectors of float32 or "
                "float64"
            )
        return {"code": code[kept].astype(np.int64), "id": ids[kept], "features": X}


def _runs(kept: Any) -> tuple[list[Any], list[_Run]]:
    """Return the blocks of a data set and what lies in them, ascending by class and id."""
    sources = kept.to_arrow_refs()
    look = ray.remote(_look).options(max_retries=-1, num_cpus=1)
    found = ray.get([look.remote(source) for source in sources])
    runs = [
        _Run(code, first, last, source, count)
        for source, inside in enumerate(found)
        for code, first, last, count in inside
    ]
    return sources, sorted(runs)


def _look(table: Any) -> list[tuple[int, int, int, int]]:
    if not table.num_rows:
        return []
    codes, ids = _numbers(table, "code"), _numbers(table, "id")
    order = np.lexsort((ids, codes))
    codes, ids = codes[order], ids[order]
    if ((codes[1:] == codes[:-1]) & (ids[1:] == ids[:-1])).any():
        raise ValueError("smote: a row's number is there more than once; accepted: each number once")
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    last = np.append(first[1:], len(codes)) - 1
    return list(
        zip(codes[first].tolist(), ids[first].tolist(), ids[last].tolist(), (last - first + 1).tolist(), strict=True)
    )


def _are_apart(runs: list[_Run]) -> bool:
    return all(one.code != other.code or one.last_id < other.first_id for one, other in pairwise(runs))


def _cut(runs: list[_Run], block_rows: int) -> list[list[tuple[int, int, int]]]:
    """Return for each block the pieces that it is made of: source, and rows of the class in it from and to."""
    blocks: list[list[tuple[int, int, int]]] = []
    room = 0
    for run in runs:
        start = 0
        while start < run.number:
            if room == 0:
                blocks.append([])
                room = block_rows
            stop = min(run.number, start + room)
            blocks[-1].append((run.source, start, stop))
            room -= stop - start
            start = stop
    return blocks


def _gather(
    code: int, pieces: list[tuple[int, int, int]], used: list[int], refs: list[Any]
) -> tuple[Array, npt.NDArray[np.int64]]:
    """Put the rows of a block together."""
    parts, ids = [], []
    for source, start, stop in pieces:
        table = ray.get(refs[used.index(source)])
        names = _numbers(table, "id")
        rows = np.flatnonzero(_numbers(table, "code") == code)
        rows = rows[np.argsort(names[rows], kind="stable")][start:stop]
        parts.append(_features(table)[rows])
        ids.append(names[rows])
    return np.concatenate(parts), np.concatenate(ids)


def _numbers(table: Any, name: str) -> npt.NDArray[np.int64]:
    return np.asarray(table.column(name).to_numpy(), np.int64)


def _features(table: Any) -> Array:
    column = table.column("features").combine_chunks()
    chunks = getattr(column, "chunks", [column])
    return np.concatenate([chunk.to_numpy_ndarray() for chunk in chunks])
