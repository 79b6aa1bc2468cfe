# SPDX-License-Identifier: Apache-2.0
"""Cluster centroids in place of rows."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors
from sklearn.utils._param_validation import HasMethods, StrOptions

from burnish.balance._base import BaseUnderSampler
from burnish.balance._containers import Given, on_host, take_rows
from burnish.balance._docs import documented
from burnish.balance._strategy import chosen_codes


@documented
class ClusterCentroids(BaseUnderSampler):
    """Under-sample by putting cluster centers, or the rows nearest to them, in the place of a class.

    Parameters
    ----------
    {sampling_strategy_under}
    {random_state}
    estimator : estimator or None, default=None
        What clusters, with ``n_clusters`` and, once fitted, ``cluster_centers_``; default ``KMeans()``.
    voting : {'auto', 'hard', 'soft'}, default='auto'
        Whether the row nearest to a center stands for it, or the center itself; by default the row for sparse X.

    Attributes
    ----------
    {sampling_strategy_}
    estimator_ : estimator
        Fitted to the class treated last.
    voting_ : {'hard', 'soft'}
    {features_in_}

    Raises
    ------
    {raises}
    ValueError, RuntimeError
        If `estimator` has no ``n_clusters``, or no ``cluster_centers_`` after fitting.

    Notes
    -----
    Centers are those of scikit-learn for the same `random_state`, and so are the rows of imbalanced-learn 0.14. All of
    the time goes into k-means. Centers of integers are not integers.

    References
    ----------
    S.-J. Yen, Y.-S. Lee, Cluster-based under-sampling approaches for imbalanced data distributions, Expert Systems with
    Applications 36, 2009.

    Examples
    --------
    >>> from burnish.balance import ClusterCentroids
    >>> X, y = [[0.0], [1.0], [6.0], [7.0], [9.0], [9.5]], [0, 0, 0, 0, 1, 1]
    >>> X_new, y_new = ClusterCentroids(voting="hard", random_state=0).fit_resample(X, y)
    >>> len(X_new), y_new
    (4, [0, 0, 1, 1])
    """

    _sample_indices = False
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseUnderSampler._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict"]), None],
        "voting": [StrOptions({"auto", "hard", "soft"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        estimator: Any = None,
        voting: str = "auto",
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.estimator = estimator
        self.voting = voting

    def _resample(self, given: Given) -> tuple[Any, Any]:
        X, labels = given.X, given.labels
        self.estimator_ = self._clustering()
        self.voting_ = self.voting
        if self.voting == "auto":
            self.voting_ = "hard" if sparse.issparse(X) else "soft"
        wanted = chosen_codes(self.sampling_strategy_, labels)
        host = on_host(X)
        parts = []
        for code in range(len(labels.classes)):
            rows = take_rows(host, labels.rows(code))
            parts.append(self._centers(rows, wanted[code]) if code in wanted else rows)
        codes = np.repeat(np.arange(len(parts)), [part.shape[0] for part in parts])
        whole = sparse.vstack(parts, format=X.format) if sparse.issparse(X) else np.concatenate(parts)
        return given.replace(whole, codes)

    def _clustering(self) -> Any:
        if self.estimator is None:
            return KMeans(random_state=self.random_state)
        estimator = clone(self.estimator)
        if "n_clusters" not in estimator.get_params():
            raise ValueError(
                f"ClusterCentroids: `estimator` should be a clustering estimator exposing a parameter `n_clusters` and "
                f"a fitted parameter `cluster_centers_`; {type(estimator).__name__} has no n_clusters"
            )
        return estimator

    def _centers(self, rows: Any, number: int) -> Any:
        self.estimator_.set_params(n_clusters=number).fit(rows)
        if not hasattr(self.estimator_, "cluster_centers_"):
            raise RuntimeError(
                "ClusterCentroids: `estimator` should be a clustering estimator exposing a fitted parameter "
                f"`cluster_centers_`; {type(self.estimator_).__name__} has none after fitting"
            )
        centers = self.estimator_.cluster_centers_
        if self.voting_ == "hard":
            # A center of two rows is equally near to both, up to rounding: only scikit-learn's own search breaks these
            # ties as imbalanced-learn does, and the time goes into k-means anyway.
            search = NearestNeighbors(n_neighbors=1).fit(rows)
            return take_rows(rows, search.kneighbors(centers, return_distance=False)[:, 0])
        return type(rows)(sparse.csr_matrix(centers, dtype=rows.dtype)) if sparse.issparse(rows) else centers
