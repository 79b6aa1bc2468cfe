# SPDX-License-Identifier: Apache-2.0
"""Transforms that rotate, scale, shear and shift."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from burnish import _core
from burnish.augment._arguments import (
    around,
    border_code,
    fill_options,
    fill_values,
    fixed_or_pair,
    interpolation_code,
    one_of,
)
from burnish.augment._numbers import Bools, Floats, sine_and_cosine, uniform, uniform_whole
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
    return _about_center(height, width, (a, b, c, d), shift)


def torchvision_matrices(
    height: Any, width: Any, angle: Any, scale: tuple[Any, Any], shear: tuple[Any, Any], shift: tuple[Any, Any]
) -> list[Any]:
    """Return the same for torchvision's order and signs: scaled, sheared along x and then y, rotated clockwise."""
    sine, cosine = sine_and_cosine(angle)
    x, y = (np.divide(*sine_and_cosine(part)) for part in shear)
    # The forward matrix: rotation x shear along y x shear along x x scale.
    a, c = cosine + sine * y, sine - cosine * y
    b, d = -sine - a * x, cosine - c * x
    return _about_center(height, width, (a * scale[0], b * scale[1], c * scale[0], d * scale[1]), shift)


def _about_center(height: Any, width: Any, forward: tuple[Any, Any, Any, Any], shift: tuple[Any, Any]) -> list[Any]:
    a, b, c, d = forward
    determinant = a * d - b * c
    if not (np.abs(determinant) > 1e-9).all():
        raise ValueError("the shear leaves nothing of the image; accepted: angles between -45 and 45 degrees")
    a, b, c, d = d / determinant, -b / determinant, -c / determinant, a / determinant
    middle_x, middle_y = width * 0.5, height * 0.5
    x, y = middle_x + shift[0], middle_y + shift[1]
    return [a, b, middle_x - (a * x + b * y), c, d, middle_y - (c * x + d * y), 0.0, 0.0, 1.0]


def moved(elements: list[Any], left: Any, top: Any) -> list[Any]:
    """Return matrices for results of which the first column and row are `left` and `top` of those before."""
    m = list(elements)
    for row in (0, 3, 6):
        m[row + 2] = m[row] * left + m[row + 1] * top + m[row + 2]
    return m


def whole_view(elements: list[Any], height: Any, width: Any) -> tuple[list[Any], Any, Any]:
    """Return matrices that show all of the image, and the smallest whole sides for that."""
    a, b, x, c, d, y = elements[:6]
    determinant = a * d - b * c
    corners = []
    for column, row in ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height)):
        u, v = column - x, row - y
        corners.append(((d * u - b * v) / determinant, (a * v - c * u) / determinant))
    (low_x, low_y), (high_x, high_y) = (
        [getattr(np, end).reduce([corner[axis] for corner in corners]) for axis in (0, 1)]
        for end in ("minimum", "maximum")
    )
    # Corners at whole places may come out a little further away.
    columns, rows = (np.maximum(np.ceil(size - 1e-6), 1.0) for size in (high_x - low_x, high_y - low_y))
    left, top = (low_x + high_x - columns) * 0.5, (low_y + high_y - rows) * 0.5
    return moved(elements, left, top), rows.astype(np.int64), columns.astype(np.int64)


class Warp(Transform):
    """What transforms with a matrix share: how pixels are read."""

    _changes_size = False

    def __init__(self, p: float, interpolation: Any, border_mode: Any, fill: Any) -> None:
        super().__init__(p)
        call = type(self).__name__
        self.interpolation, self.border_mode, self.fill = interpolation, border_mode, fill
        self._options = [interpolation_code(call, interpolation), border_code(call, border_mode)]
        self._fill = fill_values(call, fill)

    @abstractmethod
    def _matrices(self, params: Params, shapes: Shapes) -> list[Any]: ...

    def _view(self, params: Params, shapes: Shapes) -> tuple[list[Any], Any, Any]:
        """Return matrices, and heights and widths of the results."""
        return self._matrices(params, shapes), shapes.height, shapes.width

    def _size_after(self, params: Params, shapes: Shapes) -> tuple[Any, Any]:
        return self._view(params, shapes)[1:] if self._changes_size else (shapes.height, shapes.width)

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        options = self._options + fill_options(type(self).__name__, self._fill, shapes.channels)
        elements, height, width = self._view(params, shapes)
        return [(_core.Op.warp, options, columns(len(shapes), *elements, height, width))]


class Rotate(Warp):
    """Rotated about the center by a random angle.

    Parameters
    ----------
    limit : float or pair of float, default (-90, 90)
        The range of angles in degrees, counter-clockwise as seen; one number stands for both signs of it.
    interpolation : {"bilinear", "nearest", "bicubic"} or OpenCV's number, default "bilinear"
        "bicubic" has a = -3/4, as in OpenCV; "area" is taken for "bilinear", as in OpenCV.
    border_mode : {"constant", "replicate", "reflect", "reflect101", "wrap"} or OpenCV's number, default "constant"
        What is seen beyond the image's border.
    fill : float or one for each channel, default 0
        For "constant", in the image's own units: 0..255 in uint8, 0..1 in float32.
    crop_border : bool, default False
        Whether results are cut to the largest upright rectangle without a pixel from beyond the border.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "angle", in degrees.
    """

    _draws = 1

    def __init__(
        self, limit: Any = (-90, 90), interpolation: Any = "bilinear", border_mode: Any = "constant", fill: Any = 0,
        crop_border: bool = False, p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p, interpolation, border_mode, fill)
        self.limit, self.crop_border = limit, bool(crop_border)
        self._changes_size = self._needs_sizes = self.crop_border
        self._limit = around("Rotate", "limit", limit, -1e6, 1e6)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"angle": uniform(u[:, 0], self._limit)}

    def _matrices(self, params: Params, shapes: Shapes) -> list[Any]:
        return affine_matrices(shapes.height, shapes.width, params["angle"], (1.0, 1.0), (0.0, 0.0), (0.0, 0.0))

    def _view(self, params: Params, shapes: Shapes) -> tuple[list[Any], Any, Any]:
        elements, height, width = super()._view(params, shapes)
        if not self.crop_border:
            return elements, height, width
        rows, cols = _largest_upright(height, width, *sine_and_cosine(params["angle"]))
        top, left = (np.maximum(((a - b) * 0.5).astype(np.int64), 0) for a, b in ((height, rows), (width, cols)))
        bottom, right = (((a + b) * 0.5).astype(np.int64) for a, b in ((height, rows), (width, cols)))
        bottom, right = np.clip(bottom, top + 1, height), np.clip(right, left + 1, width)
        return moved(elements, left, top), bottom - top, right - left


def _largest_upright(height: Any, width: Any, sine: Floats, cosine: Floats) -> tuple[Floats, Floats]:
    """Return the sides of the largest upright rectangle within a rotated one."""
    sine, cosine = np.abs(sine), np.abs(cosine)
    lies = width >= height
    long, short = np.where(lies, width, height), np.where(lies, height, width)
    # Either two of its corners touch the long sides, its others on their middle line, or all touch a side.
    is_narrow = (short <= 2.0 * sine * cosine * long) | (np.abs(sine - cosine) < 1e-10)
    half = short * 0.5
    by_sine, by_cosine = half / np.where(is_narrow, sine, 1.0), half / np.where(is_narrow, cosine, 1.0)
    double = np.where(is_narrow, 1.0, cosine * cosine - sine * sine)
    rows = np.where(is_narrow, np.where(lies, by_cosine, by_sine), (height * cosine - width * sine) / double)
    cols = np.where(is_narrow, np.where(lies, by_sine, by_cosine), (width * cosine - height * sine) / double)
    return rows, cols


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
    _is_balanced = False
    _peer: str | None = None

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        params = {"angle": uniform(u[:, 0], self._ranges["angle"])}
        for i, name in enumerate(("scale", "shear", "translate")):
            for j, axis in enumerate("xy"):
                draw = _balanced if self._is_balanced and name == "scale" else uniform
                params[f"{name}_{axis}"] = draw(u[:, 1 + 2 * i + j], self._ranges[name][j])
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
            if self._peer is not None:  # Albumentations cuts off, torchvision rounds
                to_whole = np.rint if self._peer == "torchvision" else np.trunc
                shift = to_whole(shift[0]), to_whole(shift[1])
        if self._peer == "torchvision":
            return torchvision_matrices(shapes.height, shapes.width, params["angle"], scale, shear, shift)
        # Upwards is negative here, and positive where angles are counter-clockwise.
        turns: tuple[Any, Any] = (0.0, 0.0) if no_shear else (-shear[0], -shear[1])
        return affine_matrices(shapes.height, shapes.width, params["angle"], scale, turns, shift)


def _balanced(u: Floats, bounds: Range) -> Floats:
    """Draw from the part of a range below 1 as often as from that above."""
    low, high = bounds
    if low >= 1 or high <= 1:
        return uniform(u, bounds)
    return np.where(u < 0.5, uniform(2 * u, (low, 1.0)), uniform(2 * u - 1, (1.0, high)))


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
        In degrees; positive ones lean the top to the right ("x"), the right upwards ("y"). One number stands for
        itself.
    interpolation, border_mode, fill
        As in `Rotate`.
    fit_output : bool, default False
        Whether results are as large as it takes to show all of the image. `translate_*` has no effect then.
    keep_ratio : bool, default False
        Whether both axes get the same scale; their ranges must be the same.
    balanced_scale : bool, default False
        Whether scales are as often below 1 as above.
    compat : {None, "albumentations", "torchvision"}, default None
        "albumentations" cuts `translate_percent` off to whole pixels. "torchvision" is its `RandomAffine`: scaled the
        same along both axes, sheared along x and then y (positive angles lean the top to the right and the left
        downwards), and then rotated by a positive angle clockwise; `translate_percent` is rounded to whole pixels.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "angle", "scale_x", "scale_y", "shear_x", "shear_y", "translate_x", "translate_y"; the last two
    in fractions of the size, or in pixels with `translate_px`.
    """

    def __init__(
        self, scale: Any = (1.0, 1.0), translate_percent: Any = None, translate_px: Any = None, rotate: Any = 0.0,
        shear: Any = (0.0, 0.0), interpolation: Any = "bilinear", border_mode: Any = "constant", fill: Any = 0,
        fit_output: bool = False, keep_ratio: bool = False, balanced_scale: bool = False, compat: str | None = None,
        p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p, interpolation, border_mode, fill)
        self.scale, self.rotate, self.shear, self.keep_ratio = scale, rotate, shear, bool(keep_ratio)
        self.fit_output, self.balanced_scale = bool(fit_output), bool(balanced_scale)
        self.compat = self._peer = one_of("Affine", "compat", compat, (None, "albumentations", "torchvision"))
        self._changes_size = self._needs_sizes = self.fit_output
        self._is_balanced = self.balanced_scale
        self.translate_percent, self.translate_px = translate_percent, translate_px
        if translate_percent is not None and translate_px is not None:
            raise ValueError("Affine: both 'translate_percent' and 'translate_px' are given; accepted: one of them")
        self._keep_ratio = self.keep_ratio or compat == "torchvision"
        self._shift_in_pixels = translate_px is not None
        translate = translate_px if translate_px is not None else translate_percent
        self._ranges = {
            "angle": fixed_or_pair("Affine", "rotate", rotate, -1e6, 1e6),
            "scale": _per_axis("Affine", "scale", scale, 1.0, fixed_or_pair, 1e-3, 1e3),
            "shear": _per_axis("Affine", "shear", shear, 0.0, fixed_or_pair, -89, 89),
            "translate": _per_axis(
                "Affine", "translate", 0.0 if translate is None else translate, 0.0, fixed_or_pair, -1e6, 1e6
            ),
        }
        if self._keep_ratio and self._ranges["scale"][0] != self._ranges["scale"][1]:
            raise ValueError(f"Affine: 'scale' is {scale!r} with 'keep_ratio'; accepted: one range for both axes")

    def _view(self, params: Params, shapes: Shapes) -> tuple[list[Any], Any, Any]:
        elements, height, width = super()._view(params, shapes)
        return whole_view(elements, height, width) if self.fit_output else (elements, height, width)


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
