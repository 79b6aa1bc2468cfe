# SPDX-License-Identifier: Apache-2.0
"""Neighbors of rows of numbers and categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from burnish.balance._labels import Codes, Indices
from burnish.balance._search import Search, nearest

# Up to this many categories in a class, and numbers in all, rows are searched with one column per category.
_FEW_CATEGORIES = 1024
_EMBEDDED_NUMBERS = 1 << 26
_TILE = 1 << 19


def embedded(numbers: Any, codes: Codes, weight: float) -> Any:
    """Return rows whose Euclidean distance is that of SMOTE-NC: a column for each category of this class."""
    tables = [numbers.toarray() if sparse.issparse(numbers) else numbers]
    dtype = numbers.dtype if numbers.dtype in (np.float32, np.float64) else np.dtype(np.float64)
    for column in codes.T:
        present, places = np.unique(column, return_inverse=True)
        table = np.zeros((len(column), len(present)), dtype)
        table[np.arange(len(column)), places.reshape(-1)] = weight
        tables.append(table)
    return np.concatenate(tables, axis=1, dtype=dtype)


def nearest_mixed(search: Search, numbers: Any, codes: Codes, weight: float, k: int) -> Indices:
    """Return the places of the `k` nearest other rows of each row of a class."""
    categories = sum(len(np.unique(column)) for column in codes.T)
    n = len(codes)
    if weight == 0 or (categories <= _FEW_CATEGORIES and n * (numbers.shape[1] + categories) <= _EMBEDDED_NUMBERS):
        points = embedded(numbers, codes if weight else codes[:, :0], weight)
        search.note(points)
        return nearest(points, k)[1]
    dense = (numbers.toarray() if sparse.issparse(numbers) else numbers).astype(np.float64)
    narrow = np.ascontiguousarray(codes.T.astype(np.min_scalar_type(int(codes.max()))))
    places = np.empty((n, k), np.intp)
    height = max(1, _TILE // n)
    for start in range(0, n, height):
        rows = slice(start, min(n, start + height))
        same = np.zeros((rows.stop - start, n), np.uint16)
        for column in narrow:
            same += column[rows, np.newaxis] == column
        distances = (len(narrow) - same) * (2 * weight * weight)
        for values in dense.T:
            distances += (values[rows, np.newaxis] - values) ** 2
        distances[np.arange(rows.stop - start), np.arange(start, rows.stop)] = np.inf
        places[rows] = smallest(distances, k)
    return places


def smallest(table: npt.NDArray[Any], k: int) -> Indices:
    """Return where the `k` smallest of each row are, ascending, equal ones in order of column."""
    limit = np.partition(table, k - 1, axis=1)[:, k - 1 : k]
    rows, columns = np.nonzero(table <= limit)
    order = np.lexsort((columns, table[rows, columns], rows))
    starts = np.searchsorted(rows[order], np.arange(len(table)))
    return np.asarray(columns[order[starts[:, np.newaxis] + np.arange(k)]])
