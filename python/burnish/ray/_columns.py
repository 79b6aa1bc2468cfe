# SPDX-License-Identifier: Apache-2.0
"""Columns of a batch, as the calls of burnish want them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._runtime import get_num_threads, set_num_threads

Array = npt.NDArray[Any]
Batch = Mapping[str, Array]


def column(call: str, batch: Batch, name: str) -> Array:
    """Return a column, or say which there are."""
    if name not in batch:
        raise ValueError(f"{call}: there is no column {name!r}; accepted: {', '.join(map(repr, batch))}")
    return batch[name]


def id_column(call: str, batch: Batch, name: str) -> npt.NDArray[np.int64]:
    """Return the numbers of rows."""
    ids = column(call, batch, name)
    check.one_dimensional(call, name, ids)
    check.integers(call, name, ids)
    if ids.dtype == np.uint64 and len(ids) and int(ids.max()) > np.iinfo(np.int64).max:
        raise ValueError(f"{call}: '{name}' has {ids.max()}; accepted: numbers below 2^63")
    return ids.astype(np.int64, copy=False)


def matrix_column(call: str, batch: Batch, name: str) -> Array:
    """Return a column of vectors as one array (N, D); Parquet's lists come as an array of arrays."""
    rows = column(call, batch, name)
    if rows.dtype == object and len(rows):
        lengths = {np.shape(row) for row in rows}
        if len(lengths) > 1:
            raise ValueError(f"{call}: '{name}' has rows of shapes {sorted(lengths)}; accepted: rows of one length")
        rows = np.stack([np.asarray(row) for row in rows])
    return rows


def one_of(call: str, logits: str | None, probs: str | None) -> str:
    """Return which of the two columns was named."""
    name = logits if probs is None else probs
    if name is None or (logits is not None and probs is not None):
        given = "neither" if name is None else "both"
        raise TypeError(f"{call}: one of 'logits' and 'probs' is needed, the name of a column; got {given}")
    return name


def by_id(batch: Batch, ids: npt.NDArray[np.int64], names: list[str]) -> tuple[npt.NDArray[np.int64], dict[str, Array]]:
    """Return ids and columns in ascending order of id; without a copy where that is how they came."""
    if len(ids) < 2 or (ids[1:] > ids[:-1]).all():
        return ids, {name: batch[name] for name in names}
    order = np.argsort(ids, kind="stable")
    return ids[order], {name: batch[name][order] for name in names}


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Use that many threads inside: Ray runs as many workers as there are processors."""
    before = get_num_threads()
    set_num_threads(number)
    try:
        yield
    finally:
        set_num_threads(before)
