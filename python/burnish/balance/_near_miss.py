# SPDX-License-Identifier: Apache-2.0
"""NearMiss: keep the rows that are nearest to the smallest class."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils._param_validation import Interval

from burnish.balance._base import NEIGHBORS, BaseUnderSampler
from burnish.balance._containers import Given, on_host, take_rows
from burnish.balance._docs import documented
from burnish.balance._search import nearest, searchable
from burnish.balance._strategy import Indices
from burnish.neighbors import NearestNeighbors

# Numbers in a tile of distances: 2 MB, so that it stays in cache.
_TILE = 1 << 18
_WIDTH = 2048
# Up to this many of the largest are found one after the other, which beats a partition.
_FEW = 12
# So many more are found in float32, to be sure of the ones wanted.
_SPARE = 3


@documented
class NearMiss(BaseUnderSampler):
    """Under-sample by distance to the smallest class.

    Version 1 keeps the rows with the smallest mean distance to their nearest rows of the smallest class, version 2
    those with the smallest mean distance to the farthest ones. Version 3 first takes the rows nearest to each row of
    the smallest class, and of these keeps the ones with the largest mean distance to their nearest rows of it. Version
    1 is misled by outliers of the smallest class.

    Parameters
    ----------
    {sampling_strategy_under}
    version : {1, 2, 3}, default=1
    n_neighbors : int or object, default=3
        Over how many distances the mean is taken. An object with ``kneighbors`` and ``kneighbors_graph`` searches
        instead.
    n_neighbors_ver3 : int or object, default=3
        How many rows version 3 first takes for each row of the smallest class.
    {n_jobs}

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
        Class after class.
    nn_ : estimator
        The search, fitted to the smallest class.
    nn_ver3_ : estimator
        The first search of version 3.
    {features_in_}

    Raises
    ------
    {raises}
    ValueError
        If a class has fewer rows than neighbors are asked for.

    Warns
    -----
    UserWarning
        If version 3 takes fewer rows than are to be kept.

    Notes
    -----
    {same_selection}
    Version 2 looks at all pairs, tile by tile, and needs no more than some MB.

    References
    ----------
    I. Mani, I. Zhang, kNN approach to unbalanced data distributions: a case study involving information extraction,
    Workshop on Learning from Imbalanced Datasets, ICML 2003.

    Examples
    --------
    >>> from burnish.balance import NearMiss
    >>> X, y = [[0.0], [1.0], [2.0], [4.0], [5.0]], [0, 0, 0, 1, 1]
    >>> NearMiss(n_neighbors=1).fit_resample(X, y)
    ([[2.0], [1.0], [4.0], [5.0]], [0, 0, 1, 1])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseUnderSampler._parameter_constraints,
        "version": [Interval(Integral, 1, 3, closed="both")],
        "n_neighbors": NEIGHBORS,
        "n_neighbors_ver3": NEIGHBORS,
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        version: int = 1,
        n_neighbors: Any = 3,
        n_neighbors_ver3: Any = 3,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.version = version
        self.n_neighbors = n_neighbors
        self.n_neighbors_ver3 = n_neighbors_ver3
        self.n_jobs = n_jobs

    def _plans_exactly(self) -> bool:
        return self.version != 3

    def _select(self, given: Given) -> Indices:
        labels = given.labels
        self.nn_ = self._estimator(self.n_neighbors)
        if self.version == 3:
            self.nn_ver3_ = self._estimator(self.n_neighbors_ver3)
        rare = labels.rows(labels.rarest())

        def choose(rows: Indices, code: int, number: int) -> Indices:
            return self._chosen(given.X, rows, rare, number, labels.classes[code])

        return self._by_class(labels, choose)

    def _estimator(self, value: Any) -> Any:
        if isinstance(value, Integral):
            return NearestNeighbors(n_neighbors=int(value), n_jobs=self.n_jobs)
        estimator = clone(value)
        if "n_jobs" in estimator.get_params():
            estimator.set_params(n_jobs=self.n_jobs)
        return estimator

    def _chosen(self, X: Any, rows: Indices, rare: Indices, number: int, label: Any) -> Indices:
        k = int(self.nn_.n_neighbors)
        if self.version == 2:
            distances = self._far(X, rows, rare, k)
        else:
            if self.version == 3:
                places = self._near(self.nn_ver3_, self.n_neighbors_ver3, "n_neighbors_ver3", X, rare, rows)[1]
                rows = rows[np.unique(places)]
            distances = self._near(self.nn_, self.n_neighbors, "n_neighbors", X, rows, rare)[0]
        sums = np.sum(distances[:, -k:], axis=1)
        if len(rows) < number:
            warnings.warn(
                f"NearMiss: {len(rows)} of {number} rows are kept of class {label}: no others are among the "
                "'n_neighbors_ver3' nearest of any row of the smallest class",
                UserWarning,
                stacklevel=2,
            )
        order = np.argsort(-sums if self.version == 3 else sums, kind="stable")
        return rows[order[:number]]

    def _near(
        self, estimator: Any, value: Any, parameter: str, X: Any, queries: Indices, points: Indices
    ) -> tuple[npt.NDArray[Any], Indices]:
        """Return distances and places of the nearest of some rows for each of others."""
        if not isinstance(value, Integral):
            estimator.fit(on_host(take_rows(X, points)))
            found = estimator.kneighbors(on_host(take_rows(X, queries)), n_neighbors=estimator.n_neighbors)
            return np.asarray(found[0]), np.asarray(found[1])
        self._need(parameter, int(value), len(points), len(queries))
        searched = searchable(X, points)
        estimator._keep(on_host(searched))
        return nearest(searchable(X, queries), int(value), searched)

    def _far(self, X: Any, queries: Indices, points: Indices, k: int) -> npt.NDArray[Any]:
        """Return the `k` largest distances from some rows to others, ascending."""
        if not isinstance(self.n_neighbors, Integral):
            self.nn_.fit(on_host(take_rows(X, points)))
            return np.asarray(self.nn_.kneighbors(on_host(take_rows(X, queries)), n_neighbors=len(points))[0])
        self._need("n_neighbors", k, len(points), len(queries))
        searched = searchable(X, points)
        self.nn_._keep(on_host(searched))
        return farthest(on_host(searched), k, on_host(searchable(X, queries)))

    def _need(self, parameter: str, k: int, count: int, queries: int) -> None:
        if count < k:
            raise ValueError(
                f"NearMiss: '{parameter}' is {k} but there are {count} rows to search; it must be at most {count} "
                f"(Expected n_neighbors <= n_samples_fit, but n_neighbors = {k}, n_samples_fit = {count}, "
                f"n_samples = {queries})"
            )


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
