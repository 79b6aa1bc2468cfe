# SPDX-License-Identifier: Apache-2.0
"""Borderline SMOTE: new rows start from those that have more enemies than friends around them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions

from burnish.balance._base import NEIGHBORS
from burnish.balance._docs import documented
from burnish.balance._labels import Indices, Labels
from burnish.balance._recipe import Block, drawn_pairs
from burnish.balance._search import Search
from burnish.balance._smote import BaseSMOTE
from burnish.balance._strategy import Task
from burnish.balance._votes import in_danger


@documented
class BorderlineSMOTE(BaseSMOTE):
    """Over-sample by interpolation from rows at the border between classes only.

    A row is in danger if at least half, but not all, of its `m_neighbors` nearest rows are of other classes.

    {when}

    Parameters
    ----------
    {sampling_strategy_over}
    {random_state}
    {k_neighbors}
    {m_neighbors}
    kind : {'borderline-1', 'borderline-2'}, default='borderline-1'
        Whether new rows lean to rows of the same class only, or to rows of any class, and then less than half the way
        to those of others.
    {exact_counts}
        Here: a class that has no row in danger gets rows as `SMOTE` makes them instead of none.
    {small_class}

    Attributes
    ----------
    {sampling_strategy_}
    in_danger_indices : dict of label to int array
        The rows in danger, of each class that has any.
    nn_k_, nn_m_ : estimators
        The two searches.
    {provenance_}
    {features_in_}

    Raises
    ------
    {raises}
    ValueError
        If a class has no more rows than `k_neighbors`, or X than `m_neighbors`; see `small_class`.

    Warns
    -----
    UserWarning
        If a class gets no rows because none of its rows is in danger.

    Notes
    -----
    {same_rows}
    {integers}

    References
    ----------
    H. Han, W.-Y. Wang, B.-H. Mao, Borderline-SMOTE: a new over-sampling method in imbalanced data sets learning, ICIC
    2005.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import BorderlineSMOTE
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(1000, 4)), np.repeat([0, 1], [700, 300])
    >>> sampler = BorderlineSMOTE(random_state=0)
    >>> np.bincount(sampler.fit_resample(X, y)[1]).tolist()
    [700, 700]
    >>> bool(np.isin(sampler.provenance_.base, sampler.in_danger_indices[1]).all())
    True
    """

    _exact_plan = False
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseSMOTE._parameter_constraints,
        "m_neighbors": NEIGHBORS,
        "kind": [StrOptions({"borderline-1", "borderline-2"})],
        "exact_counts": ["boolean"],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 5,
        m_neighbors: Any = 10,
        kind: str = "borderline-1",
        exact_counts: bool = False,
        small_class: str = "raise",
    ) -> None:
        super().__init__(
            sampling_strategy=sampling_strategy,
            random_state=random_state,
            k_neighbors=k_neighbors,
            small_class=small_class,
        )
        self.m_neighbors = m_neighbors
        self.kind = kind
        self.exact_counts = exact_counts

    def _plans_exactly(self) -> bool:
        return self.exact_counts

    def _draw(self, X: Any, labels: Labels) -> list[Block]:
        search, surroundings = Search(self.k_neighbors), Search(self.m_neighbors)
        tasks = list(self._tasks(labels))
        rows_of = [labels.rows(task.code) for task in tasks]
        self.in_danger_indices: dict[Any, Indices] = {}
        blocks = []
        if tasks:
            everyone = np.concatenate(rows_of)
            around = self._neighbors_around(surroundings, X, everyone, "m_neighbors")
            starts = np.cumsum([0, *map(len, rows_of)])
        for i, task in enumerate(tasks):
            nearby = around[starts[i] : starts[i + 1]]
            danger = in_danger(labels, nearby, task.code)
            if danger.any():
                rows = self.in_danger_indices[task.label] = rows_of[i][danger]
                blocks.append(self._pairs(search, surroundings, X, labels, task, rows, nearby[danger]))
            elif self.exact_counts:
                neighbors = self._neighbors_within(search, X, rows_of[i], task.label, "k_neighbors")
                blocks.append(drawn_pairs(self.random_state, task.code, rows_of[i], neighbors, task.number))
            else:
                self._warn_of_fewer(task.label, 0, task.number, "none of its rows is in danger")
        self.nn_k_, self.nn_m_ = search.finish(), surroundings.finish()
        return blocks

    def _pairs(
        self,
        search: Search,
        surroundings: Search,
        X: Any,
        labels: Labels,
        task: Task,
        danger: Indices,
        nearby: Indices,
    ) -> Block:
        if self.kind == "borderline-1":
            own = labels.rows(task.code)
            neighbors = self._neighbors_within(search, X, own, task.label, "k_neighbors", danger)
            return drawn_pairs(self.random_state, task.code, danger, neighbors, task.number)
        if search.is_ours and surroundings.is_ours and search.k is not None and search.k <= nearby.shape[1]:
            neighbors = nearby[:, : search.k]
        else:
            neighbors = self._neighbors_around(search, X, danger, "k_neighbors")
        pairs = drawn_pairs(self.random_state, task.code, danger, neighbors, task.number)
        # Towards an enemy at most half the way. An integer seed begins anew here, as it does in imbalanced-learn.
        scale = np.ones(task.number)
        enemies = labels.codes[pairs.neighbor] != task.code
        scale[enemies] = check_random_state(self.random_state).uniform(0.0, 0.5, size=np.count_nonzero(enemies))
        return Block(pairs.code, pairs.base, pairs.neighbor, pairs.step, scale)
