# SPDX-License-Identifier: Apache-2.0
"""k-means SMOTE: new rows inside clusters where a class is well represented, more of them where it is sparse."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import pairwise_distances
from sklearn.utils._param_validation import HasMethods, StrOptions

from burnish.balance._base import AT_LEAST_ONE
from burnish.balance._containers import on_host, take_rows
from burnish.balance._docs import documented
from burnish.balance._labels import Indices, Labels
from burnish.balance._recipe import Block, Floats, drawn_pairs, in_proportion
from burnish.balance._search import Search
from burnish.balance._smote import BaseSMOTE
from burnish.balance._strategy import Task

# Distances of a cluster are summed in one table up to this many rows (32 MB), in strips above.
_TABLE_ROWS = 2048


@documented
class KMeansSMOTE(BaseSMOTE):
    """Over-sample by interpolation inside clusters.

    All rows are clustered; clusters with too small a share of the class are left alone, and the others get new rows in
    proportion to how sparse the class is in them.

    {when}

    Parameters
    ----------
    {sampling_strategy_over}
    {random_state}
    k_neighbors : int or object, default=2
        As for `SMOTE`, within a cluster.
    n_jobs : int or None, default=None
        For the distances inside clusters.
    kmeans_estimator : int, estimator or None, default=None
        The number of clusters, or what clusters; default ``MiniBatchKMeans()``.
    cluster_balance_threshold : 'auto' or float, default='auto'
        The smallest share of the class in a cluster that gets rows; by default half of the class's share of all rows to
        make.
    density_exponent : 'auto' or float, default='auto'
        To which power the mean distance enters the sparsity; by default it grows with the size of the cluster.
    {exact_counts}
        Here: the numbers of clusters are rounded so that they add up, not each one upwards.
    {small_class}
        Here: 'shrink' and 'copy' also use clusters with fewer rows of the class, if there are no others.

    Attributes
    ----------
    {sampling_strategy_}
    kmeans_estimator_ : estimator
        The fitted clustering.
    cluster_balance_threshold_ : 'auto' or float
    nn_k_ : estimator
        The search, fitted to the cluster treated last.
    {provenance_}
    {features_in_}

    Raises
    ------
    {raises}
    RuntimeError
        If no cluster has enough rows of a class.

    Notes
    -----
    Rounding upwards in each cluster makes a few rows more than asked for. The time goes into k-means.

    {same_rows}
    {integers}

    References
    ----------
    F. Last, G. Douzas, F. Bacao, Oversampling for imbalanced learning based on k-means and SMOTE, arXiv:1711.00837.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import KMeansSMOTE
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(300, 4)), np.repeat([0, 1], [200, 100])
    >>> sampler = KMeansSMOTE(kmeans_estimator=3, cluster_balance_threshold=0.1, exact_counts=True, random_state=0)
    >>> np.bincount(sampler.fit_resample(X, y)[1]).tolist()
    [200, 200]
    """

    _exact_plan = False
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseSMOTE._parameter_constraints,
        "kmeans_estimator": [HasMethods(["fit", "predict"]), AT_LEAST_ONE, None],
        "cluster_balance_threshold": [StrOptions({"auto"}), Real],
        "density_exponent": [StrOptions({"auto"}), Real],
        "n_jobs": [Integral, None],
        "exact_counts": ["boolean"],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 2,
        n_jobs: int | None = None,
        kmeans_estimator: Any = None,
        cluster_balance_threshold: Any = "auto",
        density_exponent: Any = "auto",
        exact_counts: bool = False,
        small_class: str = "raise",
    ) -> None:
        super().__init__(
            sampling_strategy=sampling_strategy,
            random_state=random_state,
            k_neighbors=k_neighbors,
            small_class=small_class,
        )
        self.kmeans_estimator = kmeans_estimator
        self.cluster_balance_threshold = cluster_balance_threshold
        self.density_exponent = density_exponent
        self.n_jobs = n_jobs
        self.exact_counts = exact_counts

    def _plans_exactly(self) -> bool:
        return self.exact_counts

    def _draw(self, X: Any, labels: Labels) -> list[Block]:
        search = Search(self.k_neighbors)
        self.kmeans_estimator_ = self._clustering()
        one = self.kmeans_estimator_.n_clusters == 1
        self.cluster_balance_threshold_ = -np.inf if one else self.cluster_balance_threshold
        total = sum(self.sampling_strategy_.values())
        blocks: list[Block] = []
        clusters: Any = None
        # With a fixed seed every class would find the same clusters.
        is_repeatable = isinstance(getattr(self.kmeans_estimator_, "random_state", None), Integral)
        for task in self._tasks(labels):
            if clusters is None or not is_repeatable:
                clusters = self.kmeans_estimator_.fit_predict(on_host(X))
            threshold = self.cluster_balance_threshold_
            if isinstance(threshold, str):
                threshold = task.number / total / 2
            members = self._members(labels, task, clusters, threshold, (search.k or 0) + 1)
            weights = self._weights(X, members)
            if self.exact_counts:
                numbers = in_proportion(weights, task.number).tolist()
            else:
                numbers = [math.ceil(task.number * weight) for weight in weights]
            for rows, number in zip(members, numbers, strict=True):
                neighbors = self._neighbors_within(search, X, rows, task.label, "k_neighbors")
                blocks.append(drawn_pairs(self.random_state, task.code, rows, neighbors, number))
        self.nn_k_ = search.finish()
        return blocks

    def _clustering(self) -> Any:
        if self.kmeans_estimator is None:
            return MiniBatchKMeans(random_state=self.random_state)
        if isinstance(self.kmeans_estimator, Integral):
            return MiniBatchKMeans(n_clusters=int(self.kmeans_estimator), random_state=self.random_state)
        return clone(self.kmeans_estimator)

    def _members(
        self, labels: Labels, task: Task, clusters: npt.NDArray[Any], threshold: float, enough: int
    ) -> list[Indices]:
        """Return the rows of the class in each cluster that gets new ones."""
        order = np.argsort(clusters, kind="stable")
        ends = np.cumsum(np.bincount(clusters, minlength=self.kmeans_estimator_.n_clusters))
        found: list[Indices] = []
        sparser: list[Indices] = []
        for cluster in np.split(order, ends[:-1]):
            rows = cluster[labels.codes[cluster] == task.code]
            share = len(rows) / len(cluster) if len(cluster) else -math.inf
            if share < threshold:
                continue
            if share * len(cluster) >= enough:
                found.append(rows)
            elif len(rows) > (self.small_class != "copy"):
                sparser.append(rows)
        if not found and self.small_class != "raise":
            found = sparser
        if not found:
            raise RuntimeError(
                f"KMeansSMOTE: no cluster holds {enough} or more rows of class {task.label} and a share of it of at "
                f"least {threshold:.3g}; lower cluster_balance_threshold, or ask for another number of clusters"
            )
        return found

    def _weights(self, X: Any, members: list[Indices]) -> Floats:
        sparsities = np.array([self._sparsity(take_rows(X, rows)) for rows in members])
        whole = sparsities.sum()
        return sparsities / whole if whole > 0 else np.full(len(members), 1 / len(members))

    def _sparsity(self, rows: Any) -> float:
        n = int(rows.shape[0])
        if n == 1:
            return 0.0
        mean = self._sum_of_distances(on_host(rows)) / (n**2 - n)
        exponent = math.log(n, 1.6) ** 1.8 * 0.16 if self.density_exponent == "auto" else self.density_exponent
        return float(mean**exponent / n)

    def _sum_of_distances(self, rows: Any) -> Any:
        n = rows.shape[0]
        if n <= _TABLE_ROWS:
            table = pairwise_distances(rows, metric="euclidean", n_jobs=self.n_jobs)
            np.fill_diagonal(table, 0)
            return table.sum()
        total = 0.0
        for start in range(0, n, _TABLE_ROWS // 8):
            strip = pairwise_distances(rows[start : start + _TABLE_ROWS // 8], rows, n_jobs=self.n_jobs)
            np.fill_diagonal(strip[:, start:], 0)
            total += float(strip.sum(dtype=np.float64))
        return total
