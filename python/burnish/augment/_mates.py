# SPDX-License-Identifier: Apache-2.0
"""Whom a sample is mixed with."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish.augment._numbers import Bools, Floats, Integers


class Mates:
    """The samples among which partners are found: those of the batch, or all of a data set.

    Parameters
    ----------
    ids : int64 array of shape (N,)
        Of the batch.
    population : int, optional
        How many samples there are, with the ids 0, 1, ...; without it partners are found in the batch.
    count : int, optional
        How many samples of the batch are to be mixed; the others are there as partners.
    """

    def __init__(self, ids: Integers, population: int | None = None, count: int | None = None) -> None:
        self.ids, self.population = ids, population
        self.count = len(ids) if count is None else count

    def draw(self, u: Floats, by_name: bool) -> tuple[Integers, Bools]:
        """Return each sample's partner and whether there is one.

        `u` has a number in (0, 1) for each sample, drawn for its id. Partners are places in the batch, or, with a
        population and `by_name`, ids.
        """
        if self.population is None:
            return self._in_batch(u)
        wanted = np.arange(len(self.ids)) < self.count
        if len(self.ids) and (self.ids.min() < 0 or self.ids.max() >= self.population):
            raise ValueError(f"plan: 'ids' must be 0 to {self.population - 1}, the samples of the data set")
        if self.population < 2:
            return self.ids.copy() if by_name else np.arange(len(self.ids)), np.zeros(len(self.ids), bool)
        other = np.floor(u * (self.population - 1)).astype(np.int64)
        other += other >= self.ids
        if by_name:
            return other, wanted
        order = np.argsort(self.ids, kind="stable")
        place = order[np.minimum(np.searchsorted(self.ids, other, sorter=order), len(order) - 1)]
        return place, wanted & (self.ids[place] == other)

    def _in_batch(self, u: Floats) -> tuple[Integers, Bools]:
        # The order is drawn for the ids, not for the places: copies of one sample stand together and share a partner.
        names, first, place = np.unique(self.ids, return_index=True, return_inverse=True)
        order: Any = np.lexsort((names, u[first]))
        following = np.empty(len(names), np.int64)
        following[order] = np.roll(order, -1)
        return first[following[place.reshape(-1)]], np.full(len(self.ids), len(names) > 1)
