# SPDX-License-Identifier: Apache-2.0
"""The farthest points from each query, by products of matrices of which only tiles exist."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.metrics.pairwise import euclidean_distances

from burnish.balance._labels import Indices

# Numbers in a tile of distances: 2 MB, so that it stays in cache.
_TILE = 1 << 18
_WIDTH = 2048
# Up to this many of the largest are found one after the other, which beats a partition.
_FEW = 12
# So many more are found in float32, to be sure of the ones wanted.
_SPARE = 3


def farthest(points: Any, k: int, queries: Any) -> npt.NDArray[np.float64]:
    """Return the `k` largest distances from each query to the points, ascending; never a whole table."""
    if sparse.issparse(points) or sparse.issparse(queries):
        at_once = max(1, _TILE // points.shape[0])
        parts = [euclidean_distances(queries[i : i + at_once], points) for i in range(0, queries.shape[0], at_once)]
        return np.concatenate([np.sort(np.partition(part, -k, axis=1)[:, -k:], axis=1) for part in parts])
    with np.errstate(all="ignore"):  # what float32 cannot hold is measured again in float64
        center = points.mean(axis=0, dtype=np.float64)
        targets = np.asarray(points - center)
        tables = [_table_of_squares(targets, np.float64)]
        if k + _SPARE <= min(_FEW, len(targets)):
            tables.insert(0, _table_of_squares(targets, np.float32))
        result = np.empty((len(queries), k))
        height = max(1, _TILE // min(len(targets), _WIDTH))
        for start in range(0, len(queries), height):
            rows = np.asarray(queries[start : start + height] - center)
            result[start : start + height] = _farthest_of_few(rows, targets, tables, k)
    return result


def _farthest_of_few(
    rows: npt.NDArray[np.float64], targets: npt.NDArray[np.float64], tables: list[npt.NDArray[Any]], k: int
) -> npt.NDArray[np.float64]:
    """Return the `k` largest distances of some rows, by the first table as far as it is fine enough."""
    if len(tables) == 1:
        return np.sort(_distances(rows, targets, _candidates(rows, tables[0], k)), axis=1)
    found = np.sort(_distances(rows, targets, _candidates(rows, tables[0], k + _SPARE)), axis=1)
    doubtful = ~_is_certain(rows, targets, found, k)
    found = found[:, -k:]
    if doubtful.any():
        found[doubtful] = _farthest_of_few(rows[doubtful], targets, tables[1:], k)
    return found


def _table_of_squares(targets: npt.NDArray[np.float64], dtype: Any) -> npt.NDArray[Any]:
    """Return (d + 1, n) so that ``[q, 1] @ table`` is |q - p|^2 without |q|^2, which all of a row share."""
    return np.concatenate([-2 * targets.T, np.einsum("ij,ij->i", targets, targets)[np.newaxis]]).astype(dtype)


def _candidates(rows: npt.NDArray[np.float64], table: npt.NDArray[Any], k: int) -> Indices:
    """Return where the `k` farthest of each row are, as far as the dtype of the table tells."""
    extended = np.ones((len(rows), len(table)), table.dtype)
    extended[:, :-1] = rows
    best, values = np.empty((len(rows), 0), np.intp), np.empty((len(rows), 0), table.dtype)
    for left in range(0, table.shape[1], _WIDTH):
        tile = extended @ table[:, left : left + _WIDTH]
        found, largest = _largest(tile, min(k, tile.shape[1]))
        best = np.concatenate([best, left + found], axis=1)
        values = np.concatenate([values, largest], axis=1)
        if best.shape[1] > k:
            keep = np.argsort(-values, axis=1)[:, :k]
            best, values = np.take_along_axis(best, keep, axis=1), np.take_along_axis(values, keep, axis=1)
    return best


def _is_certain(
    rows: npt.NDArray[np.float64], targets: npt.NDArray[np.float64], found: npt.NDArray[np.float64], k: int
) -> npt.NDArray[np.bool_]:
    """Tell whether float32 can have missed none of the `k` farthest; `found` are the distances it led to, ascending.

    Those not found are no farther than the nearest of those found, but for twice the rounding of a float32 product.
    """
    reach = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    longest = np.sqrt(np.einsum("ij,ij->i", targets, targets).max())
    single, terms = np.finfo(np.float32), rows.shape[1] + 4
    rounding = terms * (single.eps * (2 * reach * longest + longest**2) + single.tiny)
    is_held = (reach + longest) ** 2 < single.max / 4
    return np.asarray(is_held & (found[:, 0] ** 2 + 2 * rounding < found[:, -k] ** 2))


def _largest(tile: npt.NDArray[Any], k: int) -> tuple[Indices, npt.NDArray[Any]]:
    """Return where each row's `k` largest are, and what they are; overwrites the tile."""
    if k > _FEW:
        found = np.argpartition(tile, -k, axis=1)[:, -k:]
        return found, np.take_along_axis(tile, found, axis=1)
    found, values = np.empty((len(tile), k), np.intp), np.empty((len(tile), k), tile.dtype)
    everyone = np.arange(len(tile))
    for i in range(k):
        found[:, i] = tile.argmax(axis=1)
        values[:, i] = tile[everyone, found[:, i]]
        tile[everyone, found[:, i]] = -np.inf
    return found, values


def _distances(
    rows: npt.NDArray[np.float64], targets: npt.NDArray[np.float64], chosen: Indices
) -> npt.NDArray[np.float64]:
    columns = []
    for column in chosen.T:
        difference = rows - targets[column]
        columns.append(np.einsum("ij,ij->i", difference, difference))
    return np.asarray(np.sqrt(np.stack(columns, axis=1)))
