# SPDX-License-Identifier: Apache-2.0
"""Tomek links: two rows of different classes, each the other's nearest."""

from __future__ import annotations

from collections.abc import Collection
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from burnish.balance._base import BaseCleaningSampler
from burnish.balance._containers import Given
from burnish.balance._docs import documented
from burnish.balance._labels import Indices
from burnish.balance._search import nearest, searchable


@documented
class TomekLinks(BaseCleaningSampler):
    """Remove rows that form a Tomek link with a row of another class.

    Cleans the border; it does not make classes even.

    Parameters
    ----------
    {sampling_strategy_clean}
    {n_jobs}

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
    {features_in_}

    Raises
    ------
    {raises}

    Notes
    -----
    {same_selection}

    References
    ----------
    I. Tomek, Two modifications of CNN, IEEE Transactions on Systems, Man, and Cybernetics 6, 1976.

    Examples
    --------
    >>> from burnish.balance import TomekLinks
    >>> X, y = [[0.0], [1.0], [2.0], [3.1], [3.2], [9.0]], [0, 0, 0, 0, 1, 1]
    >>> TomekLinks().fit_resample(X, y)
    ([[0.0], [1.0], [2.0], [3.2], [9.0]], [0, 0, 0, 1, 1])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseCleaningSampler._parameter_constraints,
        "n_jobs": [Integral, None],
    }

    def __init__(self, *, sampling_strategy: Any = "auto", n_jobs: int | None = None) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_jobs = n_jobs

    @staticmethod
    def is_tomek(y: Any, nn_index: Any, class_type: Collection[Any]) -> npt.NDArray[np.bool_]:
        """Tell which rows of some classes form a Tomek link.

        Parameters
        ----------
        y : array of shape (n_samples,)
            The labels.
        nn_index : int array of shape (n_samples,)
            The row nearest to each row.
        class_type : collection of labels
            Rows of other classes are not marked.

        Returns
        -------
        bool array of shape (n_samples,)
        """
        y, nearest_row = np.asarray(y), np.asarray(nn_index)
        is_mutual = nearest_row[nearest_row] == np.arange(len(y))
        return np.asarray(is_mutual & (y[nearest_row] != y) & np.isin(y, list(class_type)))

    def _select(self, given: Given) -> Indices:
        nearest_row = nearest(searchable(given.X), 1)[1][:, 0]
        links = self.is_tomek(given.labels.values, nearest_row, self.sampling_strategy_)
        return np.flatnonzero(~links)
