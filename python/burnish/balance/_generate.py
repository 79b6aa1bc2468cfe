# SPDX-License-Identifier: Apache-2.0
"""The frame of samplers whose rows lie between two rows: all is drawn first, then made."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from burnish import _check as check
from burnish._array import is_torch
from burnish.balance._base import BaseOverSampler
from burnish.balance._containers import Given
from burnish.balance._labels import Indices, Labels
from burnish.balance._recipe import Block, Provenance, Recipe, provenance_of
from burnish.balance._search import Search, too_few_rows
from burnish.balance._synthesis import Synthesis

SMALL_CLASS = StrOptions({"raise", "shrink", "copy"})


class InterpolatingSampler(BaseOverSampler):
    """Base class of over-samplers whose rows lie between two rows of a class.

    A derived class defines `_draw`, which searches and draws but makes nothing yet.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseOverSampler._parameter_constraints,
        "small_class": [SMALL_CLASS],
    }

    random_state: Any
    small_class: str
    provenance_: Provenance

    def _draw(self, X: Any, labels: Labels) -> list[Block]:
        raise NotImplementedError

    def _synthesis(self, given: Given) -> Synthesis:
        """Search and draw."""
        if not is_torch(given.X) and given.X.dtype.kind == "b":
            raise TypeError(f"{type(self).__name__}: 'X' has dtype bool; accepted: floating point and integers")
        given.refuse_wide_floats(type(self).__name__)
        return Synthesis(given.X, Recipe(self._draw(given.X, given.labels)))

    def _resample(self, given: Given) -> tuple[Any, Any]:
        synthesis = self._synthesis(given)
        self.provenance_ = provenance_of(synthesis.recipe, given.labels, len(given.labels))
        return given.extend(synthesis.all_rows(), synthesis.recipe.row_codes())

    def iter_resample(self, X: Any, y: Any, *, batch_size: int) -> Iterator[tuple[Any, Any]]:
        """Make the synthetic rows batch by batch, and only them.

        Parameters
        ----------
        X, y
            As for `fit_resample`.
        batch_size : int
            Rows of a batch; the last one may be smaller.

        Yields
        ------
        X_new, y_new : same kinds as X and y
            One after the other they are what `fit_resample` appends for the same `random_state`.

        Notes
        -----
        The neighbors are searched and the draws made when the first batch is asked for; beyond them (24 bytes a row)
        memory holds one batch.

        Examples
        --------
        >>> from burnish.balance import SMOTE
        >>> X, y = [[0.0], [1.0], [2.0], [9.0], [9.5]], [0, 0, 0, 1, 1]
        >>> [len(X_new) for X_new, _ in SMOTE(k_neighbors=1).iter_resample(X, y, batch_size=10)]
        [1]
        """
        size = check.integer("iter_resample", "batch_size", batch_size, 1)
        self._validate_params()
        given = self._check(X, y)
        self.sampling_strategy_ = self._read_strategy(given.labels)
        return self._batches(given, size)

    def _batches(self, given: Given, size: int) -> Iterator[tuple[Any, Any]]:
        synthesis = self._synthesis(given)
        self.provenance_ = provenance_of(synthesis.recipe, given.labels, len(given.labels))
        codes = synthesis.recipe.row_codes()
        for start in range(0, len(synthesis), size):
            stop = start + size
            yield given.replace(synthesis.rows(start, stop), codes[start:stop])

    def _neighbors_within(
        self, search: Search, X: Any, rows: Indices, label: Any, parameter: str, queries: Indices | None = None
    ) -> Indices:
        """Return the nearest rows of the same class, for each of its rows or of `queries`; `small_class` applies."""
        k = self._usable(search, parameter, f"class {label}", len(rows))
        asked = rows if queries is None else queries
        return asked[:, np.newaxis] if k == 0 else search.others(X, asked, rows, k)

    def _neighbors_around(self, search: Search, X: Any, queries: Indices, parameter: str) -> Indices:
        """Return the rows of any class nearest to some rows."""
        return search.others(X, queries, None, self._usable(search, parameter, "'X'", X.shape[0]))

    def _usable(self, search: Search, parameter: str, whose: str, count: int) -> int | None:
        """Return how many neighbors there are among `count` rows; 0 for a lone row that is copied."""
        k = search.k
        if k is None or count > k:
            return k
        if self.small_class != "raise" and count > 1:
            return count - 1
        if self.small_class == "copy":
            return 0
        remedy = f"small_class={'shrink' if count > 1 else 'copy'!r}"
        raise too_few_rows(self, search, parameter, whose, count, f", or use {remedy}")

    def _warn_of_fewer(self, label: Any, made: int, asked: int, reason: str) -> None:
        warnings.warn(
            f"{type(self).__name__}: {made} of {asked} rows are made for class {label}, since {reason}; "
            "exact_counts=True makes them all",
            UserWarning,
            stacklevel=2,
        )
