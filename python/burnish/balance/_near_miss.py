# SPDX-License-Identifier: Apache-2.0
"""NearMiss: keep the rows that are nearest to the smallest class."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.utils._param_validation import Interval

from burnish.balance._base import NEIGHBORS, BaseUnderSampler
from burnish.balance._containers import Given, on_host, take_rows
from burnish.balance._docs import documented
from burnish.balance._farthest import farthest
from burnish.balance._labels import Indices
from burnish.balance._search import nearest, searchable
from burnish.neighbors import NearestNeighbors


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
