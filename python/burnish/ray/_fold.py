# SPDX-License-Identifier: Apache-2.0
"""Reductions: parts of a data set are read where they lie, what was read of them is merged as a tree."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from burnish.ray._columns import Batch, threads

MERGED_AT_ONCE = 32
_VALUES_AT_ONCE = 1 << 24  # numbers in a batch: 64 MB of float32


def rows_at_once(width: int) -> int:
    """Return how many rows of that width are read as one part."""
    return max(1, _VALUES_AT_ONCE // max(1, width))


def only_columns(ds: Any, names: list[str]) -> Any:
    """Return the data set with some of its columns, of which Parquet files then give no others."""
    known = ds.columns(fetch_if_missing=False)
    missing = [name for name in names if known and name not in known]
    if missing:
        raise ValueError(f"there is no column {missing[0]!r}; accepted: {', '.join(map(repr, known))}")
    return ds.select_columns(list(dict.fromkeys(names)))


class _Read:
    def __init__(self, read: Callable[[Batch], Any], num_threads: int) -> None:
        self._read, self._num_threads = read, num_threads

    def __call__(self, batch: Batch) -> dict[str, Any]:
        if not next(iter(map(len, batch.values())), 0):
            return _column_of([])
        with threads(self._num_threads):
            return _column_of([self._read(batch)])


class _Merge:
    def __init__(self, merge: Callable[[Any, Any], Any]) -> None:
        self._merge = merge

    def __call__(self, batch: Batch) -> dict[str, Any]:
        parts = [pickle.loads(state) for state in batch["state"]]
        return _column_of([_merged(parts, self._merge)] if parts else [])


def _column_of(parts: list[Any]) -> dict[str, Any]:
    states = np.empty(len(parts), object)
    states[:] = [pickle.dumps(part, protocol=5) for part in parts]
    return {"state": states}


def _merged(parts: list[Any], merge: Callable[[Any, Any], Any]) -> Any:
    whole = parts[0]
    for part in parts[1:]:
        whole = merge(whole, part)
    return whole


def fold(
    ds: Any,
    columns: list[str],
    read: Callable[[Batch], Any],
    merge: Callable[[Any, Any], Any],
    batch_size: int,
    num_threads: int = 1,
) -> Any:
    """Return what `read` makes of batches, merged; None of no rows.

    `merge` has to be associative and commutative to the last bit: parts come in any order.
    """
    states = only_columns(ds, columns)
    states = states.map_batches(
        _Read(read, num_threads), batch_size=batch_size, batch_format="numpy", zero_copy_batch=True
    )
    states = states.map_batches(_Merge(merge), batch_size=MERGED_AT_ONCE, batch_format="numpy", zero_copy_batch=True)
    whole = None
    for part in _parts_of(states):
        whole = part if whole is None else merge(whole, part)
    return whole


def _parts_of(states: Any) -> Iterator[Any]:
    for row in states.iter_rows():
        yield pickle.loads(row["state"])
