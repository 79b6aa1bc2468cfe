# SPDX-License-Identifier: Apache-2.0
"""ADASYN: more new rows where a class is harder to tell from the others."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state

from burnish.balance._base import NEIGHBORS
from burnish.balance._docs import documented
from burnish.balance._generate import InterpolatingSampler
from burnish.balance._labels import Labels
from burnish.balance._recipe import Block, Floats, in_proportion, narrow
from burnish.balance._search import Search
from burnish.balance._strategy import Task
from burnish.balance._votes import enemies_among


@documented
class ADASYN(InterpolatingSampler):
    """Over-sample by interpolation, the more the more rows of other classes are near.

    The number of new rows that start from a row is in proportion to the share of other classes among its `n_neighbors`
    nearest rows.

    {when}
    Where labels are wrong, ADASYN multiplies the wrong ones: it starts from rows among others.

    Parameters
    ----------
    {sampling_strategy_over}
    {random_state}
    n_neighbors : int or object, default=5
        How many nearest rows of all classes tell how hard a row is, and to how many nearest of the same class its new
        rows may lean. An object with ``kneighbors`` and ``kneighbors_graph`` searches instead; it finds the row itself
        first, so that it needs one neighbor more.
    {exact_counts}
        Here: the shares are rounded so that they add up, not each one for itself.
    {small_class}

    Attributes
    ----------
    {sampling_strategy_}
    nn_ : estimator
        The search, fitted to the class treated last.
    {provenance_}
    {features_in_}

    Raises
    ------
    {raises}
    ValueError
        If a class has no more rows than `n_neighbors` (see `small_class`), or all shares round to 0.
    RuntimeError
        If no row of a class has a row of another class near it: there is nothing to adapt to.

    Notes
    -----
    Rounding makes a few rows more or fewer than asked for.

    {same_rows}
    {integers}

    References
    ----------
    H. He, Y. Bai, E. A. Garcia, S. Li, ADASYN: adaptive synthetic sampling approach for imbalanced learning, IJCNN
    2008.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import ADASYN
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(1000, 4)), np.repeat([0, 1], [700, 300])
    >>> np.bincount(ADASYN(random_state=0, exact_counts=True).fit_resample(X, y)[1]).tolist()
    [700, 700]
    """

    _exact_plan = False
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **InterpolatingSampler._parameter_constraints,
        "n_neighbors": NEIGHBORS,
        "exact_counts": ["boolean"],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        n_neighbors: Any = 5,
        exact_counts: bool = False,
        small_class: str = "raise",
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.n_neighbors = n_neighbors
        self.exact_counts = exact_counts
        self.small_class = small_class

    def _plans_exactly(self) -> bool:
        return self.exact_counts

    def _draw(self, X: Any, labels: Labels) -> list[Block]:
        search = Search(self.n_neighbors)
        generator = check_random_state(self.random_state)
        tasks = list(self._tasks(labels))
        rows_of = [labels.rows(task.code) for task in tasks]
        blocks = []
        if tasks:
            around = self._neighbors_around(search, X, np.concatenate(rows_of), "n_neighbors")
            starts = np.cumsum([0, *map(len, rows_of)])
        for i, (task, rows) in enumerate(zip(tasks, rows_of, strict=True)):
            nearby = around[starts[i] : starts[i + 1]]
            numbers = self._numbers(enemies_among(labels, nearby, task.code) / nearby.shape[1], task)
            neighbors = self._neighbors_within(search, X, rows, task.label, "n_neighbors")
            places = np.repeat(np.arange(len(rows)), numbers)
            columns = generator.choice(neighbors.shape[1], size=len(places))
            step = generator.uniform(size=len(places))
            blocks.append(Block(task.code, narrow(rows)[places], narrow(neighbors)[places, columns], step))
        self.nn_ = search.finish()
        return blocks

    def _numbers(self, hardness: Floats, task: Task) -> Any:
        """Return how many rows to start from each row."""
        whole = np.sum(hardness)
        if not whole:
            raise RuntimeError(
                f"ADASYN: no row of class {task.label} has a row of another class among its neighbors, so that all are "
                "equally easy; use SMOTE"
            )
        if self.exact_counts:
            return in_proportion(hardness, task.number)
        hardness /= whole
        numbers = np.rint(hardness * task.number).astype(np.intp)
        if not numbers.sum():
            raise ValueError(
                f"ADASYN: the {task.number} rows for class {task.label} are spread over so many rows that every share "
                "rounds to 0; use exact_counts=True"
            )
        return numbers
