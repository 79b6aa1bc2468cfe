# SPDX-License-Identifier: Apache-2.0
"""SMOTE: new rows on the lines between a row and its neighbors of the same class."""

from __future__ import annotations

from typing import Any, ClassVar

from burnish.balance._base import NEIGHBORS
from burnish.balance._docs import documented
from burnish.balance._generate import InterpolatingSampler
from burnish.balance._labels import Labels
from burnish.balance._recipe import Block, drawn_pairs
from burnish.balance._search import Search


class BaseSMOTE(InterpolatingSampler):
    """Base class of SMOTE and its variants."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **InterpolatingSampler._parameter_constraints,
        "k_neighbors": NEIGHBORS,
    }

    def __init__(
        self,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 5,
        *,
        small_class: str = "raise",
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.k_neighbors = k_neighbors
        self.small_class = small_class


@documented
class SMOTE(BaseSMOTE):
    """Over-sample by interpolation: Synthetic Minority Over-sampling Technique.

    Each new row lies at a random place on the line between a row and one of its `k_neighbors` nearest rows of the same
    class.

    {when}

    Parameters
    ----------
    {sampling_strategy_over}
    {random_state}
    {k_neighbors}
    {small_class}

    Attributes
    ----------
    {sampling_strategy_}
    nn_k_ : estimator
        The search, fitted to the class treated last; its ``n_neighbors`` counts the row itself.
    {provenance_}
    {features_in_}

    Raises
    ------
    {raises}
    ValueError
        If a class has no more rows than `k_neighbors`; see `small_class`.

    Notes
    -----
    {same_rows}
    {integers}

    References
    ----------
    N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, SMOTE: synthetic minority over-sampling technique, Journal
    of Artificial Intelligence Research 16, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import SMOTE
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(1000, 4)), np.repeat([0, 1], [900, 100])
    >>> sampler = SMOTE(random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> X_new.shape, np.bincount(y_new).tolist()
    ((1800, 4), [900, 900])
    >>> made = sampler.provenance_
    >>> np.allclose(X_new[900 + 100], X[made.base[0]] + made.step[0] * (X[made.neighbor[0]] - X[made.base[0]]))
    True
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 5,
        small_class: str = "raise",
    ) -> None:
        super().__init__(
            sampling_strategy=sampling_strategy,
            random_state=random_state,
            k_neighbors=k_neighbors,
            small_class=small_class,
        )

    def _draw(self, X: Any, labels: Labels) -> list[Block]:
        search = Search(self.k_neighbors)
        blocks = []
        for task in self._tasks(labels):
            rows = labels.rows(task.code)
            neighbors = self._neighbors_within(search, X, rows, task.label, "k_neighbors")
            blocks.append(drawn_pairs(self.random_state, task.code, rows, neighbors, task.number))
        self.nn_k_ = search.finish()
        return blocks
