# SPDX-License-Identifier: Apache-2.0
"""Condensed nearest neighbors: keep the rows that a nearest-neighbor vote gets wrong."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods

from burnish.balance._base import AT_LEAST_ONE, NEIGHBORS, BaseCleaningSampler
from burnish.balance._containers import Given, on_host, take_rows
from burnish.balance._docs import documented
from burnish.balance._labels import Indices, Labels
from burnish.balance._search import nearest, searchable


class _KeepsMisjudged(BaseCleaningSampler):
    """What this sampler and one-sided selection share: a vote of the smallest class and a few rows of another."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseCleaningSampler._parameter_constraints,
        "n_neighbors": [*NEIGHBORS, None],
        "n_seeds_S": [AT_LEAST_ONE],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        n_neighbors: Any = None,
        n_seeds_S: int = 1,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.n_neighbors = n_neighbors
        self.n_seeds_S = n_seeds_S
        self.n_jobs = n_jobs

    def _is_ours(self) -> bool:
        return self.n_neighbors is None or isinstance(self.n_neighbors, Integral)

    def _classifier(self) -> Any:
        if self._is_ours():
            return KNeighborsClassifier(n_neighbors=int(self.n_neighbors or 1), n_jobs=self.n_jobs)
        if not HasMethods(["predict"]).is_satisfied_by(self.n_neighbors):
            raise ValueError(
                f"{type(self).__name__}: 'n_neighbors' is a {type(self.n_neighbors).__name__}; accepted: an int, None, "
                "a classifier with kneighbors such as KNeighborsClassifier"
            )
        return clone(self.n_neighbors)

    def _select(self, given: Given) -> Indices:
        rare = given.labels.rows(given.labels.rarest())
        generator = check_random_state(self.random_state)
        self.estimators_: list[Any] = []

        def choose(rows: Indices, code: int, _: int) -> Indices:
            return self._kept(given, rows, rare, generator.randint(0, len(rows), size=self.n_seeds_S), code)

        return self._by_class(given.labels, choose)

    def _kept(self, given: Given, rows: Indices, rare: Indices, seeds: Indices, code: int) -> Indices:
        raise NotImplementedError

    def _fit(self, X: Any, labels: Labels, rows: Indices) -> Any:
        return self._classifier().fit(on_host(take_rows(X, rows)), labels.values[rows])

    def _vote(self, X: Any, rows: Indices, rare: Indices, seeds: int, code: int, rarest: int) -> _Vote | None:
        """Return the vote over the rows of a class; None if its only voters are of that class."""
        k = int(self.n_neighbors or 1)
        if len(rare) + seeds < k:
            raise ValueError(
                f"{type(self).__name__}: 'n_neighbors' is {k} but only {len(rare) + seeds} rows have a vote; it must "
                f"be at most that (Expected n_neighbors <= n_samples_fit, but n_neighbors = {k}, "
                f"n_samples_fit = {len(rare) + seeds}, n_samples = {len(rows)})"
            )
        return None if code == rarest else _Vote(X, rows, rare, k, wins_ties=code < rarest)


class _Vote:
    """Whether each row of a class is voted into it by the `k` nearest of the rare class and of some of its own.

    The vote is won if enough own voters are nearer than the rare one that would have to be outvoted; which distance
    that is never changes, so that an own voter is counted once when it comes in, and all voters are never searched.
    """

    def __init__(self, X: Any, rows: Indices, rare: Indices, k: int, *, wins_ties: bool) -> None:
        own = searchable(X, rows)
        self._rows = on_host(own)
        self.enough = (k + 1) // 2 if wins_ties else k // 2 + 1
        outvoted = k - self.enough + 1
        self._limit: npt.NDArray[np.float64] = np.full(len(rows), np.inf)
        if outvoted <= len(rare):
            self._limit = nearest(own, outvoted, searchable(X, rare))[0][:, -1]

    def nearer_than_limit(self, voter: int, rows: Indices) -> npt.NDArray[np.bool_]:
        """Tell for which of some rows a voter counts; both are places in the class."""
        return self._distances(voter, rows) < self._limit[rows]

    def _distances(self, voter: int, rows: Indices) -> npt.NDArray[np.float64]:
        if sparse.issparse(self._rows):
            return np.asarray(euclidean_distances(self._rows[rows], self._rows[[voter]])[:, 0])
        difference = np.subtract(self._rows[rows], self._rows[voter], dtype=np.float64)
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", difference, difference)))


@documented
class CondensedNearestNeighbour(_KeepsMisjudged):
    """Under-sample by keeping what a nearest-neighbor vote over the kept rows gets wrong.

    Starts with all rows of the smallest class and a few of another, visits the rows of the other in order, and keeps
    each that the vote of those kept so far puts into the wrong class. Keeps noise and depends on the order of rows.

    Parameters
    ----------
    {sampling_strategy_clean}
    {random_state}
    n_neighbors : int, classifier or None, default=None
        How many nearest rows vote; None is 1. A `KNeighborsClassifier` votes instead, much slower.
    n_seeds_S : int, default=1
        How many rows of the other class to start with.
    {n_jobs}

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
        Class after class.
    estimators_ : list of classifiers
        Of each class treated, the last vote.
    {features_in_}

    Raises
    ------
    {raises}

    Notes
    -----
    Every pair of a row and a kept row is measured at most once, where imbalanced-learn fits and asks anew after each
    row kept.

    {same_selection}
    As there, a row is passed over whose place within its class equals the number, among all rows, of a row kept.

    References
    ----------
    P. Hart, The condensed nearest neighbor rule, IEEE Transactions on Information Theory 14, 1968.

    Examples
    --------
    >>> from burnish.balance import CondensedNearestNeighbour
    >>> X, y = [[0.0], [1.0], [2.0], [8.1], [8.2], [8.5]], [0, 0, 0, 0, 1, 1]
    >>> CondensedNearestNeighbour(random_state=0).fit_resample(X, y)
    ([[0.0], [8.1], [8.2], [8.5]], [0, 0, 1, 1])
    """

    def _kept(self, given: Given, rows: Indices, rare: Indices, seeds: Indices, code: int) -> Indices:
        visit = self._visit if self._is_ours() else self._visit_with_classifier
        kept = visit(given, rows, rare, seeds, code)
        self.estimators_.append(self._fit(given.X, given.labels, np.concatenate([rare, kept])))
        return kept

    def _visit(self, given: Given, rows: Indices, rare: Indices, seeds: Indices, code: int) -> Indices:
        vote = self._vote(given.X, rows, rare, len(seeds), code, given.labels.codes[rare[0]])
        kept = rows[seeds].tolist()
        if vote is None:
            return np.array(kept)
        open_rows = np.arange(len(rows))
        votes = np.zeros(len(rows), np.intp)
        for voter in seeds:
            votes += vote.nearer_than_limit(int(voter), open_rows)
        # Once won, a vote stays won, and a row visited is never visited again: only open rows are measured.
        passed_over = set(kept)
        open_rows, votes = open_rows[votes < vote.enough], votes[votes < vote.enough]
        while len(open_rows):
            place = int(open_rows[0])
            open_rows, votes = open_rows[1:], votes[1:]
            if place in passed_over:
                continue
            kept.append(int(rows[place]))
            passed_over.add(kept[-1])
            votes = votes + vote.nearer_than_limit(place, open_rows)
            is_open = votes < vote.enough
            open_rows, votes = open_rows[is_open], votes[is_open]
        return np.array(kept)

    def _visit_with_classifier(self, given: Given, rows: Indices, rare: Indices, seeds: Indices, code: int) -> Indices:
        own, label = on_host(take_rows(given.X, rows)), given.labels.classes[code]
        kept = rows[seeds].tolist()
        right = self._fit(given.X, given.labels, np.concatenate([rare, kept])).predict(own) == label
        for place in range(len(rows)):
            if right[place] or place in kept:
                continue
            kept.append(int(rows[place]))
            right = self._fit(given.X, given.labels, np.concatenate([rare, kept])).predict(own) == label
        return np.array(kept)
