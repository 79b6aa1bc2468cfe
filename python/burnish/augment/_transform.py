# SPDX-License-Identifier: Apache-2.0
"""What every transform is made of: numbers are drawn for it, and steps of the engine do it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish.augment._drawing import Drawing
from burnish.augment._numbers import Bools, Floats
from burnish.augment._pipeline import Pipeline
from burnish.augment._plan import Entry
from burnish.augment._shapes import Shapes

Params = dict[str, npt.NDArray[Any]]
# The engine's operation, its options, and its parameters: a row for each sample
Step = tuple[_core.Op, list[float], Floats]


MOST_CHANNELS = 4  # of images for which something is drawn for each channel


class Transform(Pipeline):
    """One random change of images.

    Parameters
    ----------
    p : float
        The part of the samples that it is applied to.
    """

    _draws: ClassVar[int] = 0  # uniform numbers for each sample, beside the one for `p`
    _normalizes: ClassVar[bool] = False
    _white_after: ClassVar[float | None] = None  # of all samples, if it becomes another
    _mixes: ClassVar[bool] = False  # finished images with one another, and labels: see Mixing
    _needs_sizes: bool = False  # to draw its parameters

    def __init__(self, p: float) -> None:
        self.p = check.real(type(self).__name__, "p", p, 0, 1)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        """Return this transform's parameters for draws `u` (N, draws); `active` ones must be possible."""
        return {}

    def _size_after(self, params: Params, shapes: Shapes) -> tuple[Any, Any]:
        return shapes.height, shapes.width

    @abstractmethod
    def _steps(self, params: Params, shapes: Shapes) -> list[Step]: ...

    def _order(self, params: Params) -> npt.NDArray[Any] | None:
        """Return the steps that each sample takes (N, taken), in its order, if it is not all of them as they come.

        Numbers count the steps of `_steps`; -1 stands for none.
        """
        return None

    def _number_of_draws(self) -> int:
        return self._draws

    # Pipeline

    def _leaves(self) -> Iterator[Transform]:
        yield self

    def _draw(self, drawing: Drawing, active: Bools, forced: bool) -> None:
        place = drawing.next_place()
        if drawing.only_partners:
            return
        applies, u = self._take(drawing, place, active, forced)
        params = self._parameters(u, drawing.shapes, applies)
        drawing.entries.append(Entry(place, type(self).__name__, applies, params))
        drawing.shapes.change(applies, *self._size_after(params, drawing.shapes))


def columns(n: int, *values: Any) -> Floats:
    """Put numbers, or arrays of shape (N,), side by side: (N, values); (N, 0) for a step without parameters."""
    result = np.empty((n, len(values)))
    for column, value in enumerate(values):
        result[:, column] = value
    return result
