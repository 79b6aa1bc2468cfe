# SPDX-License-Identifier: Apache-2.0
"""Transforms to another number of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import MOST_SIDE, filter_code, one_of, pair
from burnish.augment._numbers import Bools, Floats, logarithm, sides_that_fit, uniform_whole
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns

_TRIES = 10


def resize_options(call: str, interpolation: Any, antialias: Any, area_for_downscale: Any = None) -> list[float]:
    """Return what the engine's `resize` takes."""
    code = filter_code(call, interpolation)
    one_of(call, "area_for_downscale", area_for_downscale, (None, "image", "image_mask"))
    return [code, float(one_of(call, "antialias", antialias, (True, False))),
            code if area_for_downscale is None else float(_core.Filter.area)]  # fmt: skip


class Resize(Transform):
    """All of the image in another number of pixels.

    Parameters
    ----------
    height, width : int
        Of the result.
    interpolation : {"bilinear", "nearest", "bicubic", "area"} or OpenCV's number, default "bilinear"
    antialias : bool, default True
        Whether "bilinear" and "bicubic" take all pixels into account where the image shrinks, as Pillow and
        torchvision do. False reads 2 or 4 pixels a side, as OpenCV and Albumentations do.
    area_for_downscale : {None, "image", "image_mask"}, default None
        Whether "area" is taken where a side shrinks.
    p : float, default 1

    Notes
    -----
    No planned parameters. In uint8, "nearest", "bilinear" and "bicubic" have Pillow's very bytes; "bicubic" has
    a = -1/2, and without `antialias` OpenCV's a = -3/4.
    """

    def __init__(
        self, height: int, width: int, interpolation: Any = "bilinear", antialias: bool = True,
        area_for_downscale: str | None = None, p: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(p)
        self.height = check.integer("Resize", "height", height, 1, MOST_SIDE)
        self.width = check.integer("Resize", "width", width, 1, MOST_SIDE)
        self.interpolation, self.antialias, self.area_for_downscale = interpolation, antialias, area_for_downscale
        self._options = resize_options("Resize", interpolation, antialias, area_for_downscale)

    def _size_after(self, params: Params, shapes: Shapes) -> tuple[Any, Any]:
        return np.full(len(shapes), self.height), np.full(len(shapes), self.width)

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.resize, self._options, columns(len(shapes), self.height, self.width))]


class RandomResizedCrop(Transform):
    """A part of random area and shape, in a given number of pixels.

    Parameters
    ----------
    size : (int, int), or int for both
        Height and width of the result.
    scale : pair of float, default (0.08, 1)
        Areas of the part, as fractions of the image's.
    ratio : pair of float, default (3/4, 4/3)
        Width over height, drawn on a logarithmic scale.
    interpolation, antialias, area_for_downscale
        As in `Resize`.
    p : float, default 1

    Notes
    -----
    Planned parameters: "top", "left", "height", "width" of the part. The first of ten tries that fits into the image
    is taken; if none does, the largest part in the middle with a ratio within the range, as in torchvision.

    References
    ----------
    C. Szegedy et al.: Going deeper with convolutions. CVPR 2015.
    """

    _draws = 2 * _TRIES + 2
    _needs_sizes = True

    def __init__(
        self, size: Any, scale: Any = (0.08, 1.0), ratio: Any = (0.75, 1.3333333333333333),
        interpolation: Any = "bilinear", antialias: bool = True, area_for_downscale: str | None = None, p: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(p)
        call = "RandomResizedCrop"
        self.size, self.scale, self.ratio = size, scale, ratio
        self.interpolation, self.antialias, self.area_for_downscale = interpolation, antialias, area_for_downscale
        if isinstance(size, tuple | list) and len(size) != 2:
            raise ValueError(f"{call}: 'size' is {size!r}; accepted: (height, width), or an integer for both")
        sides = size if isinstance(size, tuple | list) else (size, size)
        self._height, self._width = (check.integer(call, "size", side, 1, MOST_SIDE) for side in sides)
        self._scale = pair(call, "scale", scale, 0, 1)
        self._ratio = pair(call, "ratio", ratio, 1e-3, 1e3)
        self._log_ratio = float(logarithm(self._ratio[0])), float(logarithm(self._ratio[1]))
        self._options = resize_options(call, interpolation, antialias, area_for_downscale)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        height, width = shapes.height, shapes.width
        draws = u[:, :_TRIES], u[:, _TRIES : 2 * _TRIES]
        cols, rows, found = sides_that_fit(
            *draws, height * width, self._scale, self._log_ratio,
            lambda cols, rows, some: (rows > 0) & (rows <= height[some]) & (cols > 0) & (cols <= width[some]),
        )  # fmt: skip
        top = uniform_whole(u[:, -2], 0, np.where(found, height - rows, 0))
        left = uniform_whole(u[:, -1], 0, np.where(found, width - cols, 0))
        # Too narrow an image gives all of its width, too wide a one all of its height.
        most_rows = np.rint(shapes.width / self._ratio[0]).astype(np.int64).clip(1, shapes.height)
        most_cols = np.rint(shapes.height * self._ratio[1]).astype(np.int64).clip(1, shapes.width)
        rows, cols = np.where(found, rows, most_rows), np.where(found, cols, most_cols)
        return {
            "top": np.where(found, top, (shapes.height - rows) // 2),
            "left": np.where(found, left, (shapes.width - cols) // 2),
            "height": rows,
            "width": cols,
        }

    def _size_after(self, params: Params, shapes: Shapes) -> tuple[Any, Any]:
        return np.full(len(shapes), self._height), np.full(len(shapes), self._width)

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        part = columns(len(shapes), *(params[name] for name in ("top", "left", "height", "width")))
        size = columns(len(shapes), self._height, self._width)
        return [(_core.Op.crop, [float(_core.Border.replicate), 0.0], part), (_core.Op.resize, self._options, size)]
