# SPDX-License-Identifier: Apache-2.0
"""Edited nearest neighbors."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from burnish.balance._base import NEIGHBORS, BaseCleaningSampler
from burnish.balance._containers import Given
from burnish.balance._docs import documented
from burnish.balance._labels import Indices, Labels
from burnish.balance._search import Search, too_few_rows
from burnish.balance._strategy import chosen_codes
from burnish.balance._votes import agree


def by_class(labels: Labels, rows: Indices) -> Indices:
    """Return rows class after class."""
    return rows[np.argsort(labels.codes[rows], kind="stable")]


class _Editing(BaseCleaningSampler):
    """What this sampler and those that edit in rounds have in common."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseCleaningSampler._parameter_constraints,
        "n_neighbors": NEIGHBORS,
        "kind_sel": [StrOptions({"all", "mode"})],
        "n_jobs": [Integral, None],
    }

    n_neighbors: Any
    kind_sel: str
    n_jobs: int | None

    def _search(self, n_rows: int) -> Search:
        search = Search(self.n_neighbors)
        if "n_jobs" in search.estimator.get_params():
            search.estimator.set_params(n_jobs=self.n_jobs)
        self._need(search, n_rows)
        return search

    def _need(self, search: Search, n_rows: int) -> None:
        if search.k is not None and n_rows <= search.k:
            raise too_few_rows(self, search, "n_neighbors", "'X'", n_rows)


@documented
class EditedNearestNeighbours(_Editing):
    """Remove rows that disagree with their neighbors.

    Parameters
    ----------
    {sampling_strategy_clean}
    n_neighbors : int or object, default=3
        How many nearest rows are asked. An object with ``kneighbors`` and ``kneighbors_graph`` searches instead; it
        finds the row itself first, so that it needs one neighbor more.
    kind_sel : {'all', 'mode'}, default='all'
        A row stays if all of its neighbors, or most of them, are of its class.
    {n_jobs}

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
        Class after class.
    nn_ : estimator
        The search; its ``n_neighbors`` counts the row itself.
    {features_in_}

    Raises
    ------
    {raises}
    ValueError
        If there are no more rows than `n_neighbors`.

    Notes
    -----
    {same_selection}

    References
    ----------
    D. L. Wilson, Asymptotic properties of nearest neighbor rules using edited data, IEEE Transactions on Systems, Man,
    and Cybernetics 2, 1972.

    Examples
    --------
    >>> from burnish.balance import EditedNearestNeighbours
    >>> X, y = [[0.0], [1.0], [2.0], [8.1], [8.2], [8.3], [8.5]], [0, 0, 0, 0, 1, 1, 1]
    >>> EditedNearestNeighbours(n_neighbors=2).fit_resample(X, y)[1]
    [0, 0, 0, 1, 1, 1]
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        n_neighbors: Any = 3,
        kind_sel: str = "all",
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_neighbors = n_neighbors
        self.kind_sel = kind_sel
        self.n_jobs = n_jobs

    def _select(self, given: Given) -> Indices:
        labels = given.labels
        search = self._search(len(labels))
        cleaned = list(chosen_codes(self.sampling_strategy_, labels))
        rows = np.flatnonzero(np.isin(labels.codes, cleaned))
        keep = np.ones(len(labels), bool)
        keep[rows] = agree(labels, rows, search.others(given.X, rows), self.kind_sel)
        self.nn_ = search.finish()
        return by_class(labels, np.flatnonzero(keep))
