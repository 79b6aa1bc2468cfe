# SPDX-License-Identifier: Apache-2.0
"""The neighborhood cleaning rule."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neighbors import NearestNeighbors as _TheirSearch
from sklearn.utils._param_validation import HasMethods, Interval

from burnish.balance._base import NEIGHBORS, BaseCleaningSampler
from burnish.balance._containers import Given, on_host, take_rows
from burnish.balance._docs import documented
from burnish.balance._edited import EditedNearestNeighbours, by_class
from burnish.balance._labels import Indices
from burnish.balance._search import Search, too_few_rows
from burnish.balance._strategy import chosen_codes
from burnish.balance._votes import agree, modes
from burnish.neighbors import NearestNeighbors


@documented
class NeighbourhoodCleaningRule(BaseCleaningSampler):
    """Remove rows that disagree with their neighbors, and rows that mislead the smallest class.

    After editing (see `EditedNearestNeighbours`), the neighbors of those rows of the smallest class that a
    nearest-neighbor vote gets wrong are removed too, if they are of a class large enough.

    Parameters
    ----------
    {sampling_strategy_clean}
    edited_nearest_neighbours : sampler or None, default=None
        What edits; default `EditedNearestNeighbours` with ``kind_sel='mode'``.
    n_neighbors : int or object, default=3
        As for `EditedNearestNeighbours`.
    threshold_cleaning : float, default=0.5
        A class is cleaned if it has more rows than this times the smallest.
    {n_jobs}

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
    edited_nearest_neighbours_ : sampler
        What edited.
    nn_ : classifier
        What votes.
    classes_to_clean_ : list
        The classes that lose the neighbors of misled rows.
    {features_in_}

    Raises
    ------
    {raises}
    ValueError
        If there are no more rows than `n_neighbors`.

    Notes
    -----
    Both steps read one search.

    {same_selection}

    References
    ----------
    J. Laurikkala, Improving identification of difficult small classes by balancing class distribution, AIME 2001.

    Examples
    --------
    >>> from burnish.balance import NeighbourhoodCleaningRule
    >>> X, y = [[0.0], [1.0], [2.0], [8.1], [8.2], [8.3], [8.5]], [0, 0, 0, 0, 1, 1, 1]
    >>> NeighbourhoodCleaningRule().fit_resample(X, y)[1]
    [0, 0, 0, 1, 1, 1]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseCleaningSampler._parameter_constraints,
        "edited_nearest_neighbours": [HasMethods(["fit_resample"]), None],
        "n_neighbors": NEIGHBORS,
        "threshold_cleaning": [Interval(Real, 0, None, closed="neither")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        edited_nearest_neighbours: Any = None,
        n_neighbors: Any = 3,
        threshold_cleaning: float = 0.5,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.edited_nearest_neighbours = edited_nearest_neighbours
        self.n_neighbors = n_neighbors
        self.threshold_cleaning = threshold_cleaning
        self.n_jobs = n_jobs

    def _select(self, given: Given) -> Indices:
        X, labels = given.X, given.labels
        rarest = labels.rarest()
        rare = labels.rows(rarest)
        is_ours = isinstance(self.n_neighbors, Integral)
        self._make_estimators()
        around: Any = None
        if is_ours:
            around = self._searched(given, rare, rarest)
        edited_out = self._edited_out(given, around)
        target = chosen_codes(self.sampling_strategy_, labels)
        enough = labels.counts[rarest] * self.threshold_cleaning
        to_clean = [code for code in np.argsort(labels.first_rows()) if code in target and labels.counts[code] > enough]
        self.classes_to_clean_ = [labels.classes[code] for code in to_clean]
        host = on_host(X)
        self.nn_.fit(host, labels.values)
        if is_ours:
            near = around[rare]
            # The row itself has a vote, and stands first.
            voters = np.concatenate([rare[:, np.newaxis], near[:, :-1]], axis=1)
            misled = modes(labels.codes[voters], len(labels.classes)) != rarest
        else:
            queries = take_rows(host, rare)
            misled = self.nn_.predict(queries) != labels.classes[rarest]
            near = self.nn_.kneighbors(queries, n_neighbors=self.nn_.n_neighbors + 1, return_distance=False)[:, 1:]
        misleading = np.unique(near[misled])
        keep = np.ones(len(labels), bool)
        keep[edited_out] = False
        keep[misleading[np.isin(labels.codes[misleading], to_clean)]] = False
        return np.flatnonzero(keep)

    def _make_estimators(self) -> None:
        if isinstance(self.n_neighbors, Integral):
            # Nothing is asked of it but by the caller; brute force needs no index to be built for that.
            self.nn_ = KNeighborsClassifier(int(self.n_neighbors), algorithm="brute", n_jobs=self.n_jobs)
        elif isinstance(self.n_neighbors, NearestNeighbors | _TheirSearch):
            self.nn_ = KNeighborsClassifier(self.n_neighbors.n_neighbors - 1, n_jobs=self.n_jobs)
        else:
            self.nn_ = clone(self.n_neighbors)
        if self.edited_nearest_neighbours is None:
            self.edited_nearest_neighbours_ = EditedNearestNeighbours(
                sampling_strategy=self.sampling_strategy,
                n_neighbors=self.n_neighbors,
                kind_sel="mode",
                n_jobs=self.n_jobs,
            )
        else:
            self.edited_nearest_neighbours_ = clone(self.edited_nearest_neighbours)

    def _searched(self, given: Given, rare: Indices, rarest: int) -> Indices:
        """Return the neighbors of all rows that editing or voting looks at; rows of others stay unset."""
        search = Search(self.n_neighbors)
        n = len(given.labels)
        if n <= self.n_neighbors:
            raise too_few_rows(self, search, "n_neighbors", "'X'", n)
        wanted = {rarest}
        if self.edited_nearest_neighbours is None:
            wanted |= set(chosen_codes(self.sampling_strategy_, given.labels))
        rows = np.flatnonzero(np.isin(given.labels.codes, list(wanted)))
        around = np.empty((n, int(self.n_neighbors)), np.intp)
        around[rows] = search.others(given.X, rows)
        self.edited_nearest_neighbours_.nn_ = search.finish()
        return around

    def _edited_out(self, given: Given, around: Any) -> Indices:
        labels, editor = given.labels, self.edited_nearest_neighbours_
        keep = np.zeros(len(labels), bool)
        if around is None or self.edited_nearest_neighbours is not None:
            editor.fit_resample(given.X, labels.values)
            keep[editor.sample_indices_] = True
            return np.flatnonzero(~keep)
        rows = np.flatnonzero(np.isin(labels.codes, list(chosen_codes(self.sampling_strategy_, labels))))
        keep[:] = True
        keep[rows] = agree(labels, rows, around[rows], "mode")
        editor.sampling_strategy_, editor.n_features_in_ = self.sampling_strategy_, self.n_features_in_
        editor.sample_indices_ = by_class(labels, np.flatnonzero(keep))
        return np.flatnonzero(~keep)
