# SPDX-License-Identifier: Apache-2.0
"""The search as a scikit-learn estimator."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra
from burnish.neighbors._search import Metric, kneighbors, radius_neighbors

with needs_extra("balance"):
    from scipy import sparse
    from sklearn.base import BaseEstimator
    from sklearn.utils._param_validation import Interval, StrOptions
    from sklearn.utils.validation import _num_samples, check_is_fitted, validate_data


class NearestNeighbors(BaseEstimator):  # type: ignore[misc]
    """Exact nearest neighbors with the methods of `sklearn.neighbors.NearestNeighbors`.

    It can be passed as ``k_neighbors=`` to the samplers of `burnish.balance` and of imbalanced-learn.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many neighbors `kneighbors` returns, 1 to 1024.
    radius : float, default=1.0
        How far `radius_neighbors` looks; 0 or more, in the units of the metric.
    metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"}, default="euclidean"
        See `burnish.neighbors.kneighbors`.
    n_jobs : int, optional
        Accepted because callers of scikit-learn's class set it. The number of threads is that of
        `burnish.set_num_threads`, and no result depends on it.

    Attributes
    ----------
    n_features_in_ : int
    n_samples_fit_ : int
    effective_metric_ : str

    Raises
    ------
    MissingExtraError
        Where scikit-learn is not installed.

    Notes
    -----
    The neighbors are those of `burnish.neighbors.kneighbors`: exact, equal distances in order of index, whatever the
    number of threads.

    Examples
    --------
    >>> from burnish.neighbors import NearestNeighbors
    >>> NearestNeighbors(n_neighbors=2).fit([[0.0], [1.0], [3.0]]).kneighbors([[0.9]], return_distance=False)
    array([[1, 0]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "radius": [Interval(Real, 0, None, closed="left")],
        "metric": [StrOptions({"euclidean", "sqeuclidean", "cosine", "manhattan"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        n_neighbors: int = 5,
        radius: float = 1.0,
        metric: Metric = "euclidean",
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.radius = radius
        self.metric = metric
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> NearestNeighbors:
        """Keep the rows to search.

        Parameters
        ----------
        X : array or sparse matrix of shape (M, D)
            Finite numbers. Sparse rows are searched as dense ones, and made so at the first search: where that does not
            fit in memory, use scikit-learn's search.
        y : ignored

        Returns
        -------
        NearestNeighbors
            Itself.

        Raises
        ------
        ValueError
            If a parameter is out of range, or X is not 2-D, is empty, or holds NaN or infinity.
        """
        self._validate_params()
        return self._keep(self._checked(X, reset=True))

    def _keep(self, rows: Any) -> NearestNeighbors:
        """Do as `fit` does, with finite rows: checking them again would take as long as a small SMOTE."""
        self._fit_X = rows
        self.n_samples_fit_, self.n_features_in_ = rows.shape
        self.effective_metric_ = self.metric
        return self

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Find the nearest rows of each query.

        Parameters
        ----------
        X : array or sparse matrix of shape (N, D), optional
            The queries; without it the rows that were fitted, each one's own entry left out.
        n_neighbors : int, optional
            Instead of the one given to the constructor.
        return_distance : bool, default=True

        Returns
        -------
        distances : float64 array of shape (N, n_neighbors), ascending
            Only with `return_distance`.
        indices : int64 array of shape (N, n_neighbors)

        Raises
        ------
        ValueError
            If there are fewer rows to search than `n_neighbors`.
        """
        check_is_fitted(self)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        if not isinstance(k, Integral):
            raise TypeError(f"n_neighbors does not take {type(k)} value, enter integer value")
        if k <= 0:
            raise ValueError(f"Expected n_neighbors > 0. Got {k}")
        if k > self.n_samples_fit_ - (X is None):
            queries = self.n_samples_fit_ if X is None else _num_samples(X)
            raise ValueError(
                f"Expected n_neighbors {'<' if X is None else '<='} n_samples_fit, but n_neighbors = {k}, "
                f"n_samples_fit = {self.n_samples_fit_}, n_samples = {queries}"
            )
        if X is None:
            distances, indices = kneighbors(self._points(), int(k), metric=self.metric)
        else:
            queries, points = self._in_one_dtype(X)
            distances, indices = kneighbors(queries, int(k), points, metric=self.metric)
        return (distances, indices) if return_distance else indices

    def radius_neighbors(
        self, X: Any = None, radius: float | None = None, return_distance: bool = True, sort_results: bool = False
    ) -> Any:
        """Find all rows within a radius of each query.

        Parameters
        ----------
        X : array or sparse matrix of shape (N, D), optional
            As for `kneighbors`.
        radius : float, optional
            Instead of the one given to the constructor.
        return_distance : bool, default=True
        sort_results : bool, default=False
            Accepted as in scikit-learn; results are always in order of distance.

        Returns
        -------
        distances : object array of N float64 arrays
            Only with `return_distance`.
        indices : object array of N int64 arrays

        Raises
        ------
        TypeError, ValueError
            If `radius` is not a finite number, 0 or more.
        """
        offsets, distances, indices = self._within(X, radius)
        rows = _cut(indices, offsets)
        return (_cut(distances, offsets), rows) if return_distance else rows

    def kneighbors_graph(
        self, X: Any = None, n_neighbors: int | None = None, mode: Literal["connectivity", "distance"] = "connectivity"
    ) -> sparse.csr_matrix:
        """Return the nearest neighbors as a sparse matrix.

        Parameters
        ----------
        X, n_neighbors
            As for `kneighbors`.
        mode : {"connectivity", "distance"}, default="connectivity"
            Entries of 1, or distances.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (N, M)

        Raises
        ------
        ValueError
            If `mode` is none of these, or there are fewer rows to search than `n_neighbors`.
        """
        distances, indices = self.kneighbors(X, n_neighbors)
        rows, k = indices.shape
        data = _entries(mode, distances.ravel())
        offsets = np.arange(0, rows * k + 1, k)
        return sparse.csr_matrix((data, indices.ravel(), offsets), shape=(rows, self.n_samples_fit_))

    def radius_neighbors_graph(
        self,
        X: Any = None,
        radius: float | None = None,
        mode: Literal["connectivity", "distance"] = "connectivity",
        sort_results: bool = False,
    ) -> sparse.csr_matrix:
        """Return the neighbors within a radius as a sparse matrix.

        Parameters
        ----------
        X, radius, sort_results
            As for `radius_neighbors`.
        mode : {"connectivity", "distance"}, default="connectivity"
            Entries of 1, or distances.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (N, M)

        Raises
        ------
        ValueError
            If `mode` is none of these.
        """
        offsets, distances, indices = self._within(X, radius)
        data = _entries(mode, distances)
        return sparse.csr_matrix((data, indices, offsets), shape=(len(offsets) - 1, self.n_samples_fit_))

    def _within(self, X: Any, radius: float | None) -> Any:
        check_is_fitted(self)
        limit = self.radius if radius is None else radius
        if X is None:
            return radius_neighbors(self._points(), limit, metric=self.metric)
        queries, points = self._in_one_dtype(X)
        return radius_neighbors(queries, limit, points, metric=self.metric)

    def _checked(self, X: Any, reset: bool) -> Any:
        return validate_data(self, X, reset=reset, accept_sparse="csr", dtype=[np.float64, np.float32], order="C")

    def _points(self) -> npt.NDArray[Any]:
        """Return the fitted rows; sparse ones become dense here, since a sampler may keep more than memory holds."""
        self._fit_X = points = _dense(self._fit_X)
        return points

    def _in_one_dtype(self, X: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        queries, points = _dense(self._checked(X, reset=False)), self._points()
        dtype = np.result_type(queries, points)
        return queries.astype(dtype, copy=False), points.astype(dtype, copy=False)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _dense(rows: Any) -> npt.NDArray[Any]:
    dense: npt.NDArray[Any] = rows.toarray() if sparse.issparse(rows) else rows
    return dense


def _cut(values: npt.NDArray[Any], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    pieces = np.empty(len(offsets) - 1, dtype=object)
    for i in range(len(pieces)):
        pieces[i] = values[offsets[i] : offsets[i + 1]]
    return pieces


def _entries(mode: str, distances: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if mode not in ("connectivity", "distance"):
        raise ValueError(f"Unsupported mode, must be one of 'connectivity', or 'distance' but got {mode!r} instead")
    return np.ones_like(distances) if mode == "connectivity" else distances
