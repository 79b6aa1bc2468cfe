# SPDX-License-Identifier: Apache-2.0
"""Transforms that turn images over, without a change of any pixel."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from burnish import _core
from burnish.augment._numbers import Bools, Floats, uniform_whole
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns

REVERSE_COLUMNS, REVERSE_ROWS, TRANSPOSE = 1, 2, 4
# Quarter turns counter-clockwise
TURNS = (0, TRANSPOSE + REVERSE_ROWS, REVERSE_ROWS + REVERSE_COLUMNS, TRANSPOSE + REVERSE_COLUMNS)


class _Orient(Transform):
    _code: ClassVar[int] = 0

    def _codes(self, params: Params) -> Any:
        return self._code

    def _size_after(self, params: Params, shapes: Shapes) -> tuple[Any, Any]:
        transposed = np.asarray(self._codes(params)) >= TRANSPOSE
        if not transposed.any():
            return shapes.height, shapes.width
        return np.where(transposed, shapes.width, shapes.height), np.where(transposed, shapes.height, shapes.width)

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.orient, [], columns(len(shapes), self._codes(params)))]


class HorizontalFlip(_Orient):
    """Left and right exchanged.

    Parameters
    ----------
    p : float, default 0.5

    Notes
    -----
    For what looks the same in a mirror: photographs of things, not letters, digits, traffic signs or sides of a body.
    """

    _code = REVERSE_COLUMNS

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)


class VerticalFlip(_Orient):
    """Top and bottom exchanged.

    Parameters
    ----------
    p : float, default 0.5

    Notes
    -----
    For views from above or through a microscope; where there is an up, it teaches what will never be seen.
    """

    _code = REVERSE_ROWS

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)


class Transpose(_Orient):
    """Rows and columns exchanged.

    Parameters
    ----------
    p : float, default 0.5
    """

    _code = TRANSPOSE

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)


class RandomRotate90(_Orient):
    """Turned by a random number of quarters: none, one, two or three.

    Parameters
    ----------
    p : float, default 1

    Notes
    -----
    Planned parameter: "quarters", 0 to 3, counter-clockwise.
    """

    _draws = 1

    def __init__(self, p: float = 1.0) -> None:
        super().__init__(p)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"quarters": uniform_whole(u[:, 0], 0, 3)}

    def _codes(self, params: Params) -> Any:
        return np.array(TURNS)[np.asarray(params["quarters"]).astype(np.int64) & 3]


class SquareSymmetry(_Orient):
    """One of the eight ways in which a square lies on itself: turned by quarters, mirrored or not.

    Parameters
    ----------
    p : float, default 1

    Notes
    -----
    Planned parameter: "member", 0 to 7: + 4 transposed, then + 2 rows in reverse order, then + 1 columns in reverse
    order. Images that are not square lie down or stand up after half of them.
    """

    _draws = 1

    def __init__(self, p: float = 1.0) -> None:
        super().__init__(p)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"member": uniform_whole(u[:, 0], 0, 7)}

    def _codes(self, params: Params) -> Any:
        return np.asarray(params["member"]).astype(np.int64) & 7


class D4(SquareSymmetry):
    """`SquareSymmetry`, by the name of its group.

    Parameters
    ----------
    p : float, default 1
    """
