# SPDX-License-Identifier: Apache-2.0
"""The value difference metric: categories are as far apart as the shares of the classes among their rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from burnish.balance._labels import Codes, Indices, Labels
from burnish.balance._search import Search, nearest
from burnish.neighbors._others import nearest_others

_TILE = 1 << 19
Tables = list[npt.NDArray[np.float64]]


def class_shares(codes: Codes, labels: Labels) -> Tables:
    """Return for each feature the share of each class among the rows with each category: (categories, classes)."""
    classes = len(labels.classes)
    tables = []
    for column in codes.T:
        kinds = int(column.max()) + 1
        counts = np.bincount(column * classes + labels.codes, minlength=kinds * classes).reshape(kinds, classes)
        tables.append(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    return tables


def nearest_by_shares(codes: Codes, shares: Tables, k: int, queries: Indices) -> Indices:
    """Return the `k` nearest other rows by the value difference metric, for some rows."""
    if shares[0].shape[1] == 2:
        # Of two classes, the shares differ by the same amount: one column for each feature is all there is.
        points = np.stack([2 * table[column, 0] for table, column in zip(shares, codes.T, strict=True)], axis=1)
        return nearest(points, k)[1] if len(queries) == len(points) else nearest_others(nearest, points, k, queries)[1]
    n, features = codes.shape
    # Whole numbers add up to the same sum in any order. Behind the distance stands the row, so that none tie.
    bits = int(np.ceil(np.log2(4 * features + 1)))
    scale = 2.0 ** min(52 - bits, 61 - bits - int(np.ceil(np.log2(n + 1))))
    weights, columns = _one_column_per_category(codes, shares, scale)
    indicator = np.zeros((n, weights.shape[1]))
    np.put_along_axis(indicator, columns, 1.0, axis=1)
    everyone = np.arange(n)
    found = np.empty((len(queries), k), np.intp)
    height = max(1, _TILE // n)
    for start in range(0, len(queries), height):
        rows = queries[start : start + height]
        distances = weights_of(weights, columns[rows]) @ indicator.T
        keys = distances.astype(np.int64) * n + everyone
        keys[np.arange(len(rows)), rows] = np.iinfo(np.int64).max
        nearest_keys = np.sort(np.partition(keys, k - 1, axis=1)[:, :k], axis=1)
        found[start : start + height] = nearest_keys % n
    return found


def _one_column_per_category(codes: Codes, shares: Tables, scale: float) -> tuple[npt.NDArray[np.float64], Codes]:
    """Return the squared differences of all categories that occur, in one block per feature, and each row's columns."""
    blocks, columns, start = [], [], 0
    for table, column in zip(shares, codes.T, strict=True):
        present, places = np.unique(column, return_inverse=True)
        chosen = table[present]
        blocks.append(np.rint(np.abs(chosen[:, np.newaxis] - chosen).sum(axis=2) ** 2 * scale))
        columns.append(places.reshape(-1) + start)
        start += len(present)
    weights = np.zeros((start, start))
    place = 0
    for block in blocks:
        weights[place : place + len(block), place : place + len(block)] = block
        place += len(block)
    return weights, np.stack(columns, axis=1)


def weights_of(weights: npt.NDArray[np.float64], columns: Codes) -> npt.NDArray[np.float64]:
    """Return for each row its squared difference to each category: the sum of the blocks of its own categories."""
    total = np.zeros((len(columns), weights.shape[1]))
    for column in columns.T:
        total += weights[column]
    return total


def asked_for_shares(search: Search, codes: Codes, shares: Tables, k: int | None) -> Indices:
    """Let the caller's object search in the table of distances; the row itself is among what it finds."""
    n = len(codes)
    distances = np.zeros((n, n))
    for table, column in zip(shares, codes.T, strict=True):
        squares = np.abs(table[:, np.newaxis] - table).sum(axis=2) ** 2
        distances += squares[column[:, np.newaxis], column]
    search.estimator.fit(distances)
    count = {} if k is None or k == search.k else {"n_neighbors": k + 1}
    return np.asarray(search.estimator.kneighbors(distances, return_distance=False, **count))
