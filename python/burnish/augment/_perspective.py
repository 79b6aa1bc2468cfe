# SPDX-License-Identifier: Apache-2.0
"""The view from another place."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.augment._affine import Warp
from burnish.augment._arguments import pair, uniform
from burnish.augment._numbers import Floats, logarithm, sine_and_cosine
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params

_FARTHEST = 0.32  # of the side, that a corner is moved; farther ones start again from 0, as in Albumentations
_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])  # x and y, clockwise from the top left


class Perspective(Warp):
    """A random quadrilateral of the image, its corners near the image's, stretched to the whole.

    Parameters
    ----------
    scale : float or pair of float, default (0.05, 0.1)
        Standard deviations, as fractions of the sides, of how far corners are moved inwards; one is drawn for each
        sample. One number stands for 0 to itself.
    interpolation, border_mode, fill
        As in `Rotate`.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "corners" (N, 4, 2): x and y as fractions of width and height, clockwise from the top left.

    References
    ----------
    P. S. Heckbert: Fundamentals of texture mapping and image warping. 1989, section 2.2.3.
    """

    _draws = 9

    def __init__(
        self, scale: Any = (0.05, 0.1), interpolation: Any = "bilinear", border_mode: Any = "constant", fill: Any = 0,
        p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p, interpolation, border_mode, fill)
        self.scale = scale
        self._scale = pair("Perspective", "scale", scale if isinstance(scale, tuple | list) else (0, scale), 0, 1)

    def _parameters(self, u: Floats, shapes: Shapes, active: npt.NDArray[np.bool_]) -> Params:
        radius = np.sqrt(-2.0 * logarithm(u[:, 1:5]))
        sine, cosine = sine_and_cosine(360.0 * u[:, 5:9])
        normal = np.abs(np.stack([radius * cosine, radius * sine], axis=2)) * uniform(u[:, :1], self._scale)[:, :, None]
        moved = normal - _FARTHEST * np.floor(normal / _FARTHEST)
        return {"corners": _CORNERS + (1 - 2 * _CORNERS) * moved}

    def _matrices(self, params: Params, shapes: Shapes) -> list[Any]:
        corners = np.asarray(params["corners"])
        if corners.shape[1:] != (4, 2):
            raise ValueError(f"Perspective: 'corners' has shape {corners.shape}; accepted: (N, 4, 2)")
        width, height = shapes.width, shapes.height
        x, y = corners[:, :, 0].T * width, corners[:, :, 1].T * height
        bend_x, bend_y = x[0] - x[1] + x[2] - x[3], y[0] - y[1] + y[2] - y[3]
        right_x, right_y, lower_x, lower_y = x[1] - x[2], y[1] - y[2], x[3] - x[2], y[3] - y[2]
        area = right_x * lower_y - right_y * lower_x
        if not (np.abs(area) > 1e-9).all():
            raise ValueError("Perspective: 'corners' lie on a line; accepted: corners of a quadrilateral")
        g = (bend_x * lower_y - bend_y * lower_x) / area
        h = (right_x * bend_y - right_y * bend_x) / area
        rows = [(x[1] - x[0] + g * x[1], x[3] - x[0] + h * x[3], x[0]),
                (y[1] - y[0] + g * y[1], y[3] - y[0] + h * y[3], y[0]), (g, h, 1.0)]  # fmt: skip
        return [value for a, b, c in rows for value in (a / width, b / height, c)]
