# SPDX-License-Identifier: Apache-2.0
"""The view from another place."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish.augment._affine import Warp, moved
from burnish.augment._arguments import pair
from burnish.augment._numbers import Bools, Floats, logarithm, sine_and_cosine, uniform
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params

_FARTHEST = 0.32  # of the side, that a corner is moved; farther ones start again from 0, as in Albumentations
_NEAREST = 0.25
_HALVINGS = 8
_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])  # x and y, clockwise from the top left


class Perspective(Warp):
    """A random quadrilateral of the image, its corners near the image's, stretched to the whole.

    Parameters
    ----------
    scale : float or pair of float, default (0.05, 0.1)
        Standard deviations, as fractions of the sides, of how far corners are moved inwards; one is drawn for each
        sample. One number stands for 0 to itself.
    keep_size : bool, default True
        Whether results have the image's size; else, that of the quadrilateral's longest sides, or of all of the image
        with `fit_output`.
    fit_output : bool, default False
        Whether all of the image is seen, and not only the quadrilateral.
    interpolation, border_mode, fill
        As in `Rotate`.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "corners" (N, 4, 2): x and y as fractions of width and height, clockwise from the top left.
    With `fit_output` corners come nearer to the image's, by halves, where a side of the image would go further away
    than four times the middle of the quadrilateral.

    References
    ----------
    P. S. Heckbert: Fundamentals of texture mapping and image warping. 1989, section 2.2.3.
    """

    _draws = 9

    def __init__(
        self, scale: Any = (0.05, 0.1), keep_size: bool = True, fit_output: bool = False,
        interpolation: Any = "bilinear", border_mode: Any = "constant", fill: Any = 0, p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p, interpolation, border_mode, fill)
        self.scale, self.keep_size, self.fit_output = scale, bool(keep_size), bool(fit_output)
        self._changes_size = self._needs_sizes = not self.keep_size
        self._scale = pair("Perspective", "scale", scale if isinstance(scale, tuple | list) else (0, scale), 0, 1)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        radius = np.sqrt(-2.0 * logarithm(u[:, 1:5]))
        sine, cosine = sine_and_cosine(360.0 * u[:, 5:9])
        normal = np.abs(np.stack([radius * cosine, radius * sine], axis=2)) * uniform(u[:, :1], self._scale)[:, :, None]
        inwards = normal - _FARTHEST * np.floor(normal / _FARTHEST)
        corners = _CORNERS + (1 - 2 * _CORNERS) * inwards
        if self.fit_output:
            for _ in range(_HALVINGS):
                m = quad_matrices(corners[:, :, 0].T, corners[:, :, 1].T, 1.0, 1.0)
                far = _inverse_at_corners(m, 1.0, 1.0)[2].min(axis=0) < _NEAREST
                corners[far] = (corners[far] + _CORNERS) / 2
        return {"corners": corners}

    def _matrices(self, params: Params, shapes: Shapes) -> list[Any]:
        return self._view(params, shapes)[0]

    def _view(self, params: Params, shapes: Shapes) -> tuple[list[Any], Any, Any]:
        corners = np.asarray(params["corners"])
        if corners.shape[1:] != (4, 2):
            raise ValueError(f"Perspective: 'corners' has shape {corners.shape}; accepted: (N, 4, 2)")
        width, height = shapes.width, shapes.height
        x, y = corners[:, :, 0].T * width, corners[:, :, 1].T * height
        if not self.fit_output:
            if not self.keep_size:
                width = np.maximum(_length(x, y, 1, 0), _length(x, y, 2, 3))
                height = np.maximum(_length(x, y, 2, 1), _length(x, y, 3, 0))
            return quad_matrices(x, y, width, height), height, width
        m = quad_matrices(x, y, width, height)
        at_x, at_y, nearness = _inverse_at_corners(m, width, height)
        if not (nearness > 1e-3).all():
            raise ValueError("Perspective: 'corners' show no end of the image; accepted: corners nearer to the image's")
        left, top = at_x.min(axis=0), at_y.min(axis=0)
        across, down = at_x.max(axis=0) - left, at_y.max(axis=0) - top
        if not self.keep_size:
            width, height = (np.maximum(np.rint(size), 1.0).astype(np.int64) for size in (across, down))
        m = moved(m, left, top)
        for row in (0, 3, 6):
            m[row], m[row + 1] = m[row] * (across / width), m[row + 1] * (down / height)
        return m, height, width


def _length(x: Any, y: Any, i: int, j: int) -> Any:
    """Return a side of the quadrilateral in whole pixels."""
    return np.maximum(np.sqrt((x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2), 1.0).astype(np.int64)


def _inverse_at_corners(m: list[Any], width: Any, height: Any) -> tuple[Floats, Floats, Floats]:
    """Return where results have the image's corners, (4, N) each, and how near, 1 in the middle of the result."""
    inverse = [m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
               m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
               m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]]  # fmt: skip
    places = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    x, y, w = (
        np.stack([inverse[row] * u + inverse[row + 1] * v + inverse[row + 2] for u, v in places]) for row in (0, 3, 6)
    )
    # The matrix after its inverse is the determinant, also in the middle.
    determinant = m[0] * inverse[0] + m[1] * inverse[3] + m[2] * inverse[6]
    middle = determinant / (m[6] * (0.5 * width) + m[7] * (0.5 * height) + m[8])
    nearness = w / middle
    safe = np.where(np.abs(w) > 0, w, 1.0)
    return x / safe, y / safe, nearness


def quad_matrices(x: Any, y: Any, width: Any, height: Any) -> list[Any]:
    """Return the elements of matrices from results of a size to quadrilaterals with these corners, (4, N) each."""
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
