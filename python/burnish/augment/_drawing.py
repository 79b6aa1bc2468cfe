# SPDX-License-Identifier: Apache-2.0
"""Random numbers for the transforms of a pipeline, and what they have become so far."""

from __future__ import annotations

import numpy as np

from burnish import _core
from burnish.augment._mates import Mates
from burnish.augment._numbers import Floats, Integers
from burnish.augment._plan import Entry
from burnish.augment._shapes import Shapes


class Drawing:
    """A plan in the making."""

    def __init__(self, ids: Integers, seed: int, epoch: int, shapes: Shapes) -> None:
        self.ids, self.seed, self.epoch, self.shapes = ids, seed, epoch, shapes
        self.entries: list[Entry] = []
        self.mates = Mates(ids)
        self.only_partners = False  # whether nothing but partners is to be drawn
        self._places = 0

    def next_place(self) -> int:
        """Return the number of the next transform or container, depth-first."""
        self._places += 1
        return self._places - 1

    def uniforms(self, place: int, draws: int) -> Floats:
        """Return numbers in (0, 1), of shape (N, draws)."""
        u = np.empty((len(self.ids), draws))
        if draws:
            _core.draw("plan", self.seed, self.epoch, place, self.ids, u)
        return u
