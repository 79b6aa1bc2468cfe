# SPDX-License-Identifier: Apache-2.0
"""Transforms that cover parts of the image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _core
from burnish.augment._arguments import fill_options, fill_values, pair, uniform, uniform_whole, whole_pair
from burnish.augment._numbers import Floats, exponential, logarithm
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform

_TRIES = 10


class _Erase(Transform):
    _needs_sizes = True

    def __init__(self, fill: Any, p: float) -> None:
        super().__init__(p)
        self.fill = fill
        self._fill = fill_values(type(self).__name__, fill)

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        holes = np.asarray(params["holes"])
        if holes.ndim != 3 or holes.shape[2] != 4 or holes.shape[1] < 1:
            raise ValueError(f"{type(self).__name__}: 'holes' has shape {holes.shape}; accepted: (N, holes, 4)")
        options = fill_options(type(self).__name__, self._fill, shapes.channels)
        return [(_core.Op.erase, options, np.ascontiguousarray(holes.reshape(len(holes), -1), np.float64))]


class CoarseDropout(_Erase):
    """Some rectangles covered.

    Parameters
    ----------
    num_holes_range : pair of int, default (1, 2)
        How many.
    hole_height_range, hole_width_range : pair of float or int, default (0.1, 0.2)
        Sides, as fractions of the image's; in pixels if the upper one of `hole_height_range` is 1 or more.
    fill : float or one for each channel, default 0
        In the image's own units: 0..255 in uint8, 0..1 in float32.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "holes" (N, most holes, 4), int64: top, left, height, width; of height 0 where there is none.
    """

    def __init__(
        self, num_holes_range: Any = (1, 2), hole_height_range: Any = (0.1, 0.2), hole_width_range: Any = (0.1, 0.2),
        fill: Any = 0, p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(fill, p)
        self.num_holes_range, self.hole_height_range = num_holes_range, hole_height_range
        self.hole_width_range = hole_width_range
        self._holes = whole_pair("CoarseDropout", "num_holes_range", num_holes_range, 1, 1000)
        heights = pair("CoarseDropout", "hole_height_range", hole_height_range, 0, 1 << 20)
        widths = pair("CoarseDropout", "hole_width_range", hole_width_range, 0, 1 << 20)
        self._sides = heights, widths

    def _number_of_draws(self) -> int:
        return 1 + 4 * self._holes[1]

    def _parameters(self, u: Floats, shapes: Shapes, active: npt.NDArray[np.bool_]) -> Params:
        count, most = uniform_whole(u[:, 0], *self._holes), self._holes[1]
        u = u[:, 1:].reshape(len(u), most, 4)
        holes = np.empty((len(u), most, 4), np.int64)
        for axis, size in enumerate((shapes.height[:, None], shapes.width[:, None])):
            side = self._side(u[:, :, axis], self._sides[axis], size)
            holes[:, :, axis] = uniform_whole(u[:, :, 2 + axis], 0, size - side)
            holes[:, :, 2 + axis] = side
        holes[np.arange(most) >= count[:, None]] = 0
        return {"holes": holes}

    def _side(self, u: Floats, bounds: tuple[float, float], size: Any) -> Any:
        if self._sides[0][1] >= 1:
            low, high = (np.minimum(int(bound), size) for bound in bounds)
            return uniform_whole(u, low, high)
        return (size * uniform(u, bounds)).astype(np.int64)


class RandomErasing(_Erase):
    """One rectangle of random area and shape covered, as in torchvision.

    Parameters
    ----------
    scale : pair of float, default (0.02, 0.33)
        Areas, as fractions of the image's.
    ratio : pair of float, default (0.3, 3.3)
        Height over width, drawn on a logarithmic scale.
    fill : float or one for each channel, default 0
        In the image's own units: 0..255 in uint8, 0..1 in float32.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "holes" (N, 1, 4), int64: top, left, height, width; all 0 if ten tries found no rectangle
    smaller than the image.
    """

    _draws = 2 * _TRIES + 2

    def __init__(self, scale: Any = (0.02, 0.33), ratio: Any = (0.3, 3.3), fill: Any = 0, p: float = 0.5) -> None:
        super().__init__(fill, p)
        self.scale, self.ratio = scale, ratio
        self._scale = pair("RandomErasing", "scale", scale, 0, 1)
        low, high = pair("RandomErasing", "ratio", ratio, 1e-3, 1e3)
        self._log_ratio = float(logarithm(low)), float(logarithm(high))

    def _parameters(self, u: Floats, shapes: Shapes, active: npt.NDArray[np.bool_]) -> Params:
        height, width = shapes.height[:, None], shapes.width[:, None]
        area = height * width * uniform(u[:, :_TRIES], self._scale)
        ratio = exponential(uniform(u[:, _TRIES : 2 * _TRIES], self._log_ratio))
        rows = np.rint(np.sqrt(area * ratio)).astype(np.int64)
        columns = np.rint(np.sqrt(area / ratio)).astype(np.int64)
        fits = (rows < height) & (columns < width)
        first = np.argmax(fits, axis=1)[:, None]
        rows, columns = (np.take_along_axis(sides * fits, first, axis=1)[:, 0] for sides in (rows, columns))
        top = uniform_whole(u[:, -2], 0, shapes.height - rows)
        left = uniform_whole(u[:, -1], 0, shapes.width - columns)
        holes = np.stack([top, left, rows, columns], axis=1) * np.any(fits, axis=1)[:, None]
        return {"holes": holes[:, None, :]}
