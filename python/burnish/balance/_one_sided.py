# SPDX-License-Identifier: Apache-2.0
"""One-sided selection: keep what a nearest-neighbor vote gets wrong, but for Tomek links."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from burnish.balance._condensed import _KeepsMisjudged
from burnish.balance._containers import Given, on_host, take_rows
from burnish.balance._docs import documented
from burnish.balance._labels import Indices
from burnish.balance._tomek import TomekLinks


@documented
class OneSidedSelection(_KeepsMisjudged):
    """Under-sample by keeping what a nearest-neighbor vote gets wrong, then removing Tomek links.

    The vote is taken once, over all rows of the smallest class and a few of another: rows that it puts into the right
    class are far from the border and left out.

    Parameters
    ----------
    {sampling_strategy_clean}
    {random_state}
    n_neighbors : int, classifier or None, default=None
        How many nearest rows vote; None is 1. A `KNeighborsClassifier` votes instead.
    n_seeds_S : int, default=1
        How many rows of the other class have a vote; drawn with replacement, so that one may be kept twice.
    {n_jobs}

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
        Class after class.
    estimators_ : list of classifiers
        Of each class treated, the vote.
    {features_in_}

    Raises
    ------
    {raises}

    Notes
    -----
    {same_selection}

    References
    ----------
    M. Kubat, S. Matwin, Addressing the curse of imbalanced training sets: one-sided selection, ICML 1997.

    Examples
    --------
    >>> from burnish.balance import OneSidedSelection
    >>> X, y = [[0.0], [1.0], [2.0], [8.1], [8.2], [8.5]], [0, 0, 0, 0, 1, 1]
    >>> OneSidedSelection(random_state=0).fit_resample(X, y)
    ([[0.0], [8.2], [8.5]], [0, 1, 1])
    """

    def _select(self, given: Given) -> Indices:
        rows = super()._select(given)
        links = TomekLinks(sampling_strategy=list(self.sampling_strategy_))
        links.fit_resample(take_rows(given.X, rows), given.labels.values[rows])
        return rows[links.sample_indices_]

    def _kept(self, given: Given, rows: Indices, rare: Indices, seeds: Indices, code: int) -> Indices:
        others = np.delete(np.arange(len(rows)), seeds)
        classifier = self._fit(given.X, given.labels, np.concatenate([rare, rows[seeds]]))
        self.estimators_.append(classifier)
        if self._is_ours():
            wrong = self._misjudged(given, rows, rare, seeds, others, code)
        elif len(others):
            predicted = classifier.predict(on_host(take_rows(given.X, rows[others])))
            wrong = predicted != given.labels.classes[code]
        else:
            wrong = np.zeros(0, bool)
        return np.concatenate([rows[seeds], rows[others[wrong]]])

    def _misjudged(
        self, given: Given, rows: Indices, rare: Indices, seeds: Indices, others: Indices, code: int
    ) -> npt.NDArray[np.bool_]:
        vote = self._vote(given.X, rows, rare, len(seeds), code, given.labels.codes[rare[0]])
        if vote is None:
            return np.zeros(len(others), bool)
        votes = np.zeros(len(others), np.intp)
        for voter in seeds:
            votes += vote.nearer_than_limit(int(voter), others)
        return np.asarray(votes < vote.enough)
