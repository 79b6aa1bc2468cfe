# SPDX-License-Identifier: Apache-2.0
"""Transforms that rotate, scale, shear and shift."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _core
from burnish.augment._arguments import (
    around,
    border_code,
    fill_options,
    fill_values,
    fixed_or_pair,
    interpolation_code,
    uniform,
    uniform_whole,
)
from burnish.augment._numbers import Floats, sine_and_cosine
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns

Range = tuple[float, float]


def affine_matrices(
    height: Any, width: Any, angle: Any, scale: tuple[Any, Any], shear: tuple[Any, Any], shift: tuple[Any, Any]
) -> list[Any]:
    """Return the nine elements of matrices from places in the result to places in the image.

    The image is scaled, rotated, sheared (angles in degrees) and shifted, all about its center; pairs are x and y.
    """
    sine, cosine = sine_and_cosine(angle)
    # The forward matrix, of columns and rows (downwards): shear x rotation x scale.
    tangents = [0.0 if np.isscalar(angle) and angle == 0 else np.divide(*sine_and_cosine(angle)) for angle in shear]
    a, b = (cosine - tangents[0] * sine) * scale[0], (sine + tangents[0] * cosine) * scale[1]
    c, d = (tangents[1] * cosine - sine) * scale[0], (tangents[1] * sine + cosine) * scale[1]
    determinant = a * d - b * c
    if not (np.abs(determinant) > 1e-9).all():
        raise ValueError("the shear leaves nothing of the image; accepted: angles between -45 and 45 degrees")
    a, b, c, d = d / determinant, -b / determinant, -c / determinant, a / determinant
    middle_x, middle_y = width * 0.5, height * 0.5
    x, y = middle_x + shift[0], middle_y + shift[1]
    return [a, b, middle_x - (a * x + b * y), c, d, middle_y - (c * x + d * y), 0.0, 0.0, 1.0]


class Warp(Transform):
    """What transforms with a matrix share: how pixels are read."""

    def __init__(self, p: float, interpolation: Any, border_mode: Any, fill: Any) -> None:
        super().__init__(p)
        call = type(self).__name__
        self.interpolation, self.border_mode, self.fill = interpolation, border_mode, fill
        self._options = [float(interpolation_code(call, interpolation)), float(border_code(call, border_mode))]
        self._fill = fill_values(call, fill)

    @abstractmethod
    def _matrices(self, params: Params, shapes: Shapes) -> list[Any]: ...

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        options = self._options + fill_options(type(self).__name__, self._fill, shapes.channels)
        elements = self._matrices(params, shapes)
        return [(_core.Op.warp, options, columns(len(shapes), *elements, shapes.height, shapes.width))]


class Rotate(Warp):
    """Rotated about the center by a random angle.

    Parameters
    ----------
    limit : float or pair of float, default (-90, 90)
        The range of angles in degrees, counter-clockwise as seen; one number stands for both signs of it.
    interpolation : {"bilinear", "nearest"} or OpenCV's number, default "bilinear"
    border_mode : {"constant", "replicate", "reflect", "reflect101", "wrap"} or OpenCV's number, default "constant"
        What is seen beyond the image's border.
    fill : float or one for each channel, default 0
        For "constant", in the image's own units: 0..255 in uint8, 0..1 in float32.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "angle", in degrees.
    """

    _draws = 1

    def __init__(
        self, limit: Any = (-90, 90), interpolation: Any = "bilinear", border_mode: Any = "constant", fill: Any = 0,
        p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p, interpolation, border_mode, fill)
        self.limit = limit
        self._limit = around("Rotate", "limit", limit, -1e6, 1e6)

    def _parameters(self, u: Floats, shapes: Shapes, active: npt.NDArray[np.bool_]) -> Params:
        return {"angle": uniform(u[:, 0], self._limit)}

    def _matrices(self, params: Params, shapes: Shapes) -> list[Any]:
        return affine_matrices(shapes.height, shapes.width, params["angle"], (1.0, 1.0), (0.0, 0.0), (0.0, 0.0))


def _per_axis(call: str, name: str, value: Any, default: float, to_range: Callable[..., Range], *limits: float) -> Any:
    if isinstance(value, dict):
        if not set(value) <= {"x", "y"}:
            raise ValueError(f"{call}: '{name}' is {value!r}; accepted: a dict with 'x' and 'y'")
        return tuple(to_range(call, name, value.get(axis, default), *limits) for axis in "xy")
    return (to_range(call, name, value, *limits),) * 2


class _Affine(Warp):
    _draws = 7
    _ranges: dict[str, Any]
    _shift_in_pixels = False
    _keep_ratio = False

    def _parameters(self, u: Floats, shapes: Shapes, active: npt.NDArray[np.bool_]) -> Params:
        params = {"angle": uniform(u[:, 0], self._ranges["angle"])}
        for i, name in enumerate(("scale", "shear", "translate")):
            for j, axis in enumerate("xy"):
                params[f"{name}_{axis}"] = uniform(u[:, 1 + 2 * i + j], self._ranges[name][j])
        if self._keep_ratio:
            params["scale_y"] = params["scale_x"].copy()
        for j, axis in enumerate("xy" if self._shift_in_pixels else ""):
            low, high = self._ranges["translate"][j]
            params[f"translate_{axis}"] = uniform_whole(u[:, 5 + j], int(low), int(high)).astype(np.float64)
        return params

    def _matrices(self, params: Params, shapes: Shapes) -> list[Any]:
        pairs = [(params[f"{name}_x"], params[f"{name}_y"]) for name in ("scale", "shear", "translate")]
        scale, shear, shift = pairs
        no_shear = not (shear[0].any() or shear[1].any())
        if any(not (np.abs(factor) > 1e-6).all() for factor in scale):
            raise ValueError(f"{type(self).__name__}: a scale is 0; accepted: above 0")
        if not self._shift_in_pixels:
            shift = (shift[0] * shapes.width, shift[1] * shapes.height)
        turns: tuple[Any, Any] = (0.0, 0.0) if no_shear else shear
        return affine_matrices(shapes.height, shapes.width, params["angle"], scale, turns, shift)


class Affine(_Affine):
    """Scaled, rotated, sheared and shifted about the center, in this order.

    Parameters
    ----------
    scale : float, pair of float, or dict of such with "x" and "y", default (1, 1)
        2 shows everything twice as large. One number stands for itself; axes are drawn apart.
    translate_percent : float, pair of float, or dict of such, optional
        As fractions of width and height.
    translate_px : int, pair of int, or dict of such, optional
        In whole pixels.
    rotate : float or pair of float, default 0
        In degrees, counter-clockwise as seen.
    shear : float, pair of float, or dict of such, default (0, 0)
        In degrees.
    interpolation, border_mode, fill
        As in `Rotate`.
    keep_ratio : bool, default False
        Whether both axes get the same scale.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "angle", "scale_x", "scale_y", "shear_x", "shear_y", "translate_x", "translate_y"; the last two
    in fractions of the size, or in pixels with `translate_px`.
    """

    def __init__(
        self, scale: Any = (1.0, 1.0), translate_percent: Any = None, translate_px: Any = None, rotate: Any = 0.0,
        shear: Any = (0.0, 0.0), interpolation: Any = "bilinear", border_mode: Any = "constant", fill: Any = 0,
        keep_ratio: bool = False, p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p, interpolation, border_mode, fill)
        self.scale, self.rotate, self.shear, self.keep_ratio = scale, rotate, shear, bool(keep_ratio)
        self.translate_percent, self.translate_px = translate_percent, translate_px
        if translate_percent is not None and translate_px is not None:
            raise ValueError("Affine: both 'translate_percent' and 'translate_px' are given; accepted: one of them")
        self._keep_ratio = self.keep_ratio
        self._shift_in_pixels = translate_px is not None
        translate = translate_px if translate_px is not None else translate_percent
        self._ranges = {
            "angle": fixed_or_pair("Affine", "rotate", rotate, -1e6, 1e6),
            "scale": _per_axis("Affine", "scale", scale, 1.0, fixed_or_pair, 1e-3, 1e3),
            "shear": _per_axis("Affine", "shear", shear, 0.0, fixed_or_pair, -89, 89),
            "translate": _per_axis("Affine", "translate", 0.0 if translate is None else translate, 0.0, fixed_or_pair),
        }


class ShiftScaleRotate(_Affine):
    """Shifted, scaled and rotated about the center.

    Parameters
    ----------
    shift_limit : float or pair of float, default (-0.0625, 0.0625)
        As a fraction of width and height; one number stands for both signs of it, here and below.
    scale_limit : float or pair of float, default (-0.1, 0.1)
        To be added to 1; axes are drawn apart.
    rotate_limit : float or pair of float, default (-45, 45)
        In degrees, counter-clockwise as seen.
    interpolation, border_mode, fill
        As in `Rotate`.
    shift_limit_x, shift_limit_y : float or pair of float, optional
        Instead of `shift_limit`.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: those of `Affine`.
    """

    def __init__(
        self, shift_limit: Any = (-0.0625, 0.0625), scale_limit: Any = (-0.1, 0.1), rotate_limit: Any = (-45, 45),
        interpolation: Any = "bilinear", border_mode: Any = "constant", shift_limit_x: Any = None,
        shift_limit_y: Any = None, fill: Any = 0, p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p, interpolation, border_mode, fill)
        self.shift_limit, self.scale_limit, self.rotate_limit = shift_limit, scale_limit, rotate_limit
        self.shift_limit_x, self.shift_limit_y = shift_limit_x, shift_limit_y
        call = "ShiftScaleRotate"
        low, high = around(call, "scale_limit", scale_limit, -0.999, 999)
        shifts = [shift_limit if limit is None else limit for limit in (shift_limit_x, shift_limit_y)]
        self._ranges = {
            "angle": around(call, "rotate_limit", rotate_limit, -1e6, 1e6),
            "scale": ((1 + low, 1 + high),) * 2,
            "shear": ((0.0, 0.0),) * 2,
            "translate": tuple(around(call, "shift_limit", limit) for limit in shifts),
        }
