# SPDX-License-Identifier: Apache-2.0
"""Transforms that cut out or surround."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import MOST_NUMBER, MOST_SIDE, border_code, fill_options, fill_values, one_of
from burnish.augment._numbers import Bools, Floats, uniform_whole
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns


def sides(call: str, padding: Any) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of a number, a pair (left and right, top and bottom), or all four."""
    values = list(padding) if isinstance(padding, tuple | list) else [padding]
    if len(values) not in (1, 2, 4):
        raise TypeError(
            f"{call}: 'padding' is {padding!r}; accepted: an integer, a pair, or (left, top, right, bottom)"
        )
    left, top, right, bottom = (
        check.integer(call, "padding", value, 0, MOST_NUMBER) for value in values * (4 // len(values))
    )
    return left, top, right, bottom


POSITIONS = ("center", "top_left", "top_right", "bottom_left", "bottom_right", "random")


def put_before(position: str, missing: Any, u: Floats, is_row: bool) -> Any:
    """Return how many of the missing rows or columns come before an image at that position."""
    if position == "center":
        return missing // 2
    if position == "random":
        return uniform_whole(u, 0, missing)
    first, second = position.split("_")
    return missing if (first == "bottom" if is_row else second == "right") else np.zeros_like(missing)


class _Crop(Transform):
    def __init__(self, p: float, border_mode: Any, fill: Any) -> None:
        super().__init__(p)
        self._options = [border_code(type(self).__name__, border_mode)], fill_values(type(self).__name__, fill)

    def _size_after(self, params: Params, shapes: Shapes) -> tuple[Any, Any]:
        return params["height"], params["width"]

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        border, fill = self._options
        options = border + fill_options(type(self).__name__, fill, shapes.channels)
        place = [params[name] for name in ("top", "left", "height", "width")]
        return [(_core.Op.crop, options, columns(len(shapes), *place))]

    def _check_sizes(self, shapes: Shapes, active: Bools, height: int, width: int) -> None:
        small = active & ((shapes.height < height) | (shapes.width < width))
        if small.any():
            i = int(small.argmax())
            raise ValueError(
                f"{type(self).__name__}: sample {i} has {shapes.height[i]} x {shapes.width[i]} pixels; "
                f"accepted: at least {height} x {width}, or pad_if_needed=True"
            )


def _place(n: int, top: Any, left: Any, height: Any, width: Any) -> Params:
    place = {"top": top, "left": left, "height": height, "width": width}
    return {name: value if np.ndim(value) else np.full(n, value) for name, value in place.items()}


class RandomCrop(_Crop):
    """A part of the image, at a random place.

    Parameters
    ----------
    height, width : int
        Of the part.
    pad_if_needed : bool, default False
        Whether smaller images are surrounded first; else they are an error.
    pad_position : {"center", "top_left", "top_right", "bottom_left", "bottom_right", "random"}, default "center"
        Where smaller images are put.
    border_mode : {"constant", "replicate", "reflect", "reflect101", "wrap"} or OpenCV's number, default "constant"
        What images are surrounded with.
    fill : float or one for each channel, default 0
        For "constant", in the image's own units: 0..255 in uint8, 0..1 in float32.
    padding : int, (left and right, top and bottom) or (left, top, right, bottom), default 0
        Every image is surrounded by so much first, as in torchvision.
    p : float, default 1

    Notes
    -----
    Planned parameters: "top" and "left" (below 0 in what was put around), "height", "width".
    """

    _draws = 2
    _needs_sizes = True

    def __init__(
        self, height: int, width: int, pad_if_needed: bool = False, pad_position: str = "center",
        border_mode: Any = "constant", fill: Any = 0, padding: Any = 0, p: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(p, border_mode, fill)
        self.height = check.integer("RandomCrop", "height", height, 1, MOST_SIDE)
        self.width = check.integer("RandomCrop", "width", width, 1, MOST_SIDE)
        self.pad_if_needed = bool(pad_if_needed)
        self.pad_position = one_of("RandomCrop", "pad_position", pad_position, POSITIONS)
        self.border_mode, self.fill, self.padding = border_mode, fill, padding
        self._sides = sides("RandomCrop", padding)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        left, top, right, bottom = self._sides
        if not self.pad_if_needed:
            around = Shapes(shapes.height + top + bottom, shapes.width + left + right, shapes.channels, shapes.white)
            self._check_sizes(around, active, self.height, self.width)
        rows = shapes.height + (top + bottom) - self.height
        columns = shapes.width + (left + right) - self.width
        above = put_before(self.pad_position, np.maximum(-rows, 0), u[:, 0], True)
        before = put_before(self.pad_position, np.maximum(-columns, 0), u[:, 1], False)
        first_row = np.where(rows < 0, -above, uniform_whole(u[:, 0], 0, np.maximum(rows, 0)))
        first_column = np.where(columns < 0, -before, uniform_whole(u[:, 1], 0, np.maximum(columns, 0)))
        return _place(len(shapes), first_row - top, first_column - left, self.height, self.width)


class CenterCrop(_Crop):
    """The middle of the image.

    Parameters
    ----------
    height, width : int
        Of the part.
    pad_if_needed : bool, default False
        Whether smaller images are surrounded first; else they are an error.
    pad_position, border_mode, fill
        As in `RandomCrop`.
    p : float, default 1

    Notes
    -----
    Planned parameters: "top", "left", "height", "width".
    """

    _draws = 2
    _needs_sizes = True

    def __init__(
        self, height: int, width: int, pad_if_needed: bool = False, pad_position: str = "center",
        border_mode: Any = "constant", fill: Any = 0, p: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(p, border_mode, fill)
        self.height = check.integer("CenterCrop", "height", height, 1, MOST_SIDE)
        self.width = check.integer("CenterCrop", "width", width, 1, MOST_SIDE)
        self.pad_if_needed, self.border_mode, self.fill = bool(pad_if_needed), border_mode, fill
        self.pad_position = one_of("CenterCrop", "pad_position", pad_position, POSITIONS)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        if not self.pad_if_needed:
            self._check_sizes(shapes, active, self.height, self.width)
        rows, columns = shapes.height - self.height, shapes.width - self.width
        above = put_before(self.pad_position, np.maximum(-rows, 0), u[:, 0], True)
        before = put_before(self.pad_position, np.maximum(-columns, 0), u[:, 1], False)
        top = np.where(rows < 0, -above, rows // 2)
        left = np.where(columns < 0, -before, columns // 2)
        return _place(len(shapes), top, left, self.height, self.width)


class Pad(_Crop):
    """The image with something around it.

    Parameters
    ----------
    padding : int, (left and right, top and bottom) or (left, top, right, bottom), default 0
    fill, border_mode
        As in `RandomCrop`.
    p : float, default 1

    Notes
    -----
    Planned parameters: "top" and "left" (0 or less), "height", "width" of the result.
    """

    _needs_sizes = True

    def __init__(self, padding: Any = 0, fill: Any = 0, border_mode: Any = "constant", p: float = 1.0) -> None:
        super().__init__(p, border_mode, fill)
        self.padding, self.fill, self.border_mode = padding, fill, border_mode
        self._sides = sides("Pad", padding)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        left, top, right, bottom = self._sides
        height, width = shapes.height + (top + bottom), shapes.width + (left + right)
        return _place(len(shapes), -top, -left, height, width)


class PadIfNeeded(_Crop):
    """Small images with something around them.

    Parameters
    ----------
    min_height, min_width : int or None, default 1024
        Sides that results have at least.
    pad_height_divisor, pad_width_divisor : int, optional
        What the results' sides are multiples of, instead of a least side, which must be None.
    position : {"center", "top_left", "top_right", "bottom_left", "bottom_right", "random"}, default "center"
        Where the image is put.
    border_mode, fill
        As in `RandomCrop`.
    p : float, default 1

    Notes
    -----
    Planned parameters: those of `Pad`.
    """

    _draws = 2
    _needs_sizes = True

    def __init__(
        self, min_height: int | None = 1024, min_width: int | None = 1024, pad_height_divisor: int | None = None,
        pad_width_divisor: int | None = None, position: str = "center", border_mode: Any = "constant", fill: Any = 0,
        p: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(p, border_mode, fill)
        self.min_height, self.min_width = min_height, min_width
        self.pad_height_divisor, self.pad_width_divisor = pad_height_divisor, pad_width_divisor
        self.border_mode, self.fill = border_mode, fill
        self.position = one_of("PadIfNeeded", "position", position, POSITIONS)
        self._rules = [
            _padding_rule("height", min_height, pad_height_divisor),
            _padding_rule("width", min_width, pad_width_divisor),
        ]

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        missing = []
        for size, (least, divisor) in zip((shapes.height, shapes.width), self._rules, strict=True):
            missing.append(np.maximum(least - size, 0) if divisor is None else -size % divisor)
        above = put_before(self.position, missing[0], u[:, 0], True)
        before = put_before(self.position, missing[1], u[:, 1], False)
        return _place(len(shapes), -above, -before, shapes.height + missing[0], shapes.width + missing[1])


def _padding_rule(side: str, least: int | None, divisor: int | None) -> tuple[int, int | None]:
    if (least is None) == (divisor is None):
        raise ValueError(
            f"PadIfNeeded: 'min_{side}' is {least} and 'pad_{side}_divisor' is {divisor}; accepted: one of them None"
        )
    if divisor is not None:
        return 0, check.integer("PadIfNeeded", f"pad_{side}_divisor", divisor, 1, MOST_SIDE)
    return check.integer("PadIfNeeded", f"min_{side}", least, 1, MOST_SIDE), None
