# SPDX-License-Identifier: Apache-2.0
"""Edited nearest neighbors again and again: until nothing changes, or with more and more neighbors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from burnish.balance._base import AT_LEAST_ONE
from burnish.balance._containers import Given
from burnish.balance._docs import documented
from burnish.balance._edited import EditedNearestNeighbours, _Editing, by_class
from burnish.balance._labels import Indices
from burnish.balance._search import Search, neighbor_graph, too_few_rows
from burnish.balance._strategy import chosen_codes
from burnish.balance._votes import agree


class _EditingInRounds(_Editing):
    """Edits again what an edit has left; one neighbor graph is kept up to date."""

    def _start(self, given: Given) -> None:
        self._labels, self._rarest = given.labels, given.labels.rarest()
        self._order = np.arange(len(given.labels))

    def _edit(
        self, indices: Indices, kept: Indices, strategy: Mapping[Any, int]
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """Return which of the rows `kept` stay, and how many of each class."""
        present = self._labels.select(kept)
        rows = np.flatnonzero(np.isin(present.codes, list(chosen_codes(strategy, present))))
        keep = np.ones(len(kept), bool)
        keep[rows] = agree(present, rows, indices[rows], self.kind_sel)
        return keep, np.bincount(present.codes[keep], minlength=len(present.classes))

    def _is_overdone(self, counts: npt.NDArray[np.int64], allow_minority: bool = False) -> bool:
        """Whether a class is gone, or has become smaller than the one that was rarest."""
        others = np.delete(counts, self._rarest)
        smallest = self._labels.counts[self._rarest]
        return bool((counts == 0).any()) or (not allow_minority and bool((others[others > 0] < smallest).any()))

    def _finish(self, given: Given, search: Search, kept: Indices, before: Indices) -> Indices:
        """Show the last round as `enn_`, and return the rows left."""
        self.nn_ = search.finish()
        rows = by_class(given.labels, kept)
        place = np.empty(len(given.labels), np.intp)
        place[before] = np.arange(len(before))
        self.enn_ = EditedNearestNeighbours(
            sampling_strategy=self.sampling_strategy, n_neighbors=self.nn_, kind_sel=self.kind_sel, n_jobs=self.n_jobs
        )
        self.enn_.sampling_strategy_, self.enn_.nn_ = self.sampling_strategy_, self.nn_
        self.enn_.sample_indices_ = place[rows]
        self.enn_.n_features_in_ = self.n_features_in_
        del self._labels, self._rarest, self._order
        return rows


@documented
class RepeatedEditedNearestNeighbours(_EditingInRounds):
    """Remove rows that disagree with their neighbors, again and again until none does.

    Parameters
    ----------
    {sampling_strategy_clean}
    n_neighbors : int or object, default=3
        As for `EditedNearestNeighbours`.
    max_iter : int, default=100
        The most rounds.
    kind_sel : {'all', 'mode'}, default='all'
        A row stays if all of its neighbors, or most of them, are of its class.
    {n_jobs}

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
        Class after class.
    n_iter_ : int
        Rounds done.
    nn_, enn_ : estimators
        The search, and the last round.
    {features_in_}

    Raises
    ------
    {raises}
    ValueError
        If at any round there are no more rows than `n_neighbors`.

    Notes
    -----
    Ends also when a class is gone or has become smaller than the smallest one was. One neighbor graph is searched and
    then repaired round by round.

    {same_selection}

    References
    ----------
    I. Tomek, An experiment with the edited nearest-neighbor rule, IEEE Transactions on Systems, Man, and Cybernetics 6,
    1976.

    Examples
    --------
    >>> from burnish.balance import RepeatedEditedNearestNeighbours
    >>> X, y = [[0.0], [1.0], [2.0], [8.1], [8.2], [8.3], [8.5]], [0, 0, 0, 0, 1, 1, 1]
    >>> sampler = RepeatedEditedNearestNeighbours(n_neighbors=2)
    >>> sampler.fit_resample(X, y)[1], sampler.n_iter_
    ([0, 0, 0, 1, 1, 1], 2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_Editing._parameter_constraints,
        "max_iter": [AT_LEAST_ONE],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        n_neighbors: Any = 3,
        max_iter: int = 100,
        kind_sel: str = "all",
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_neighbors = n_neighbors
        self.kind_sel = kind_sel
        self.n_jobs = n_jobs
        self.max_iter = max_iter

    def _select(self, given: Given) -> Indices:
        self._start(given)
        search = self._search(len(given.labels))
        graph = neighbor_graph(given.X, search)
        kept = before = self._order
        strategy = self.sampling_strategy_
        for n_iter in range(1, self.max_iter + 1):
            keep, counts = self._edit(graph.indices, kept, strategy)
            before = kept if n_iter == 1 else by_class(given.labels, kept)
            kept = kept[keep]
            if keep.all() or self._is_overdone(counts) or n_iter == self.max_iter:
                break
            self._need(search, len(kept))
            graph = graph.subset(np.flatnonzero(keep))
            strategy = self._read_strategy(given.labels.select(kept))
        self.n_iter_ = n_iter
        return self._finish(given, search, kept, before)


@documented
class AllKNN(_EditingInRounds):
    """Remove rows that disagree with their nearest neighbor, then with their two nearest, and so on.

    Parameters
    ----------
    {sampling_strategy_clean}
    n_neighbors : int or object, default=3
        How many nearest rows are asked in the last round. Of an object only ``n_neighbors`` counts, minus 1.
    kind_sel : {'all', 'mode'}, default='all'
        A row stays if all of its neighbors, or most of them, are of its class.
    allow_minority : bool, default=False
        Whether to go on when a class becomes smaller than the smallest one was.
    {n_jobs}

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
        Class after class.
    nn_, enn_ : estimators
        The search, and the last round.
    {features_in_}

    Raises
    ------
    {raises}
    ValueError
        If at any round there are no more rows than neighbors asked.

    Notes
    -----
    One neighbor graph is searched and then repaired round by round.

    {same_selection}

    References
    ----------
    I. Tomek, An experiment with the edited nearest-neighbor rule, IEEE Transactions on Systems, Man, and Cybernetics 6,
    1976.

    Examples
    --------
    >>> from burnish.balance import AllKNN
    >>> X, y = [[0.0], [1.0], [2.0], [8.1], [8.2], [8.3], [8.5]], [0, 0, 0, 0, 1, 1, 1]
    >>> AllKNN(n_neighbors=2).fit_resample(X, y)[1]
    [0, 0, 0, 1, 1, 1]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_Editing._parameter_constraints,
        "allow_minority": ["boolean"],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        n_neighbors: Any = 3,
        kind_sel: str = "all",
        allow_minority: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_neighbors = n_neighbors
        self.kind_sel = kind_sel
        self.allow_minority = allow_minority
        self.n_jobs = n_jobs

    def _select(self, given: Given) -> Indices:
        self._start(given)
        search = self._search(len(given.labels))
        most = int(search.k or 1)
        graph = neighbor_graph(given.X, Search(most))
        kept = before = self._order
        strategy = self.sampling_strategy_
        for asked in range(1, most + 1):
            if len(kept) <= asked:
                raise too_few_rows(self, Search(asked), "n_neighbors", "what is left of 'X'", len(kept))
            keep, counts = self._edit(graph.indices[:, :asked], kept, strategy)
            before = kept if asked == 1 else by_class(given.labels, kept)
            kept = kept[keep]
            if self._is_overdone(counts, self.allow_minority) or asked == most:
                break
            graph = graph.subset(np.flatnonzero(keep))
            strategy = self._read_strategy(given.labels.select(kept))
        return self._finish(given, search, kept, before)
