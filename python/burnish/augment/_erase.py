# SPDX-License-Identifier: Apache-2.0
"""Transforms that cover parts of the image."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import fill_options, fill_values, pair, whole_pair
from burnish.augment._drawing import Drawing
from burnish.augment._numbers import (
    Bools,
    Floats,
    Integers,
    logarithm,
    sides_that_fit,
    uniform,
    uniform_whole,
)
from burnish.augment._plan import Entry
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform

_TRIES = 10
MOST_HOLES = 1 << 16
_NOISES = {"random": 0.0, "random_uniform": 1.0}  # whether all of a hole gets one color


def hole_fill(call: str, fill: Any) -> list[float] | str:
    """Return a fill as numbers, or the name of one that is drawn."""
    if not isinstance(fill, str):
        return fill_values(call, fill)
    if fill not in _NOISES:
        raise ValueError(f"{call}: 'fill' is {fill!r}; accepted: a number, one for each channel, {', '.join(_NOISES)}")
    return fill


def hole_step(call: str, fill: list[float] | str, channels: int, holes: Any) -> Step:
    """Return the step that covers parts (N, parts * 4)."""
    params = np.ascontiguousarray(holes, np.float64)
    if isinstance(fill, str):
        return _core.Op.erase_noise, [_NOISES[fill]], params
    return _core.Op.erase, fill_options(call, fill, channels), params


class _Erase(Transform):
    _needs_sizes = True

    def __init__(self, fill: Any, p: float) -> None:
        super().__init__(p)
        self.fill = fill
        self._fill = hole_fill(type(self).__name__, fill)

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        holes = np.asarray(params["holes"])
        if holes.ndim != 3 or holes.shape[2] != 4 or holes.shape[1] < 1:
            raise ValueError(f"{type(self).__name__}: 'holes' has shape {holes.shape}; accepted: (N, holes, 4)")
        return [hole_step(type(self).__name__, self._fill, shapes.channels, holes.reshape(len(holes), -1))]


class CoarseDropout(_Erase):
    """Some rectangles covered.

    Parameters
    ----------
    num_holes_range : pair of int, default (1, 2)
        How many.
    hole_height_range, hole_width_range : pair of float or int, default (0.1, 0.2)
        Sides, as fractions of the image's; in pixels if the upper one of `hole_height_range` is 1 or more.
    fill : float, one for each channel, "random" or "random_uniform", default 0
        In the image's own units: 0..255 in uint8, 0..1 in float32. "random" draws every value from all of that range,
        "random_uniform" one color for each hole.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "holes" (N, most holes, 4), int64: top, left, height, width; of height 0 where there is none.

    References
    ----------
    T. DeVries, G. W. Taylor: Improved regularization of convolutional neural networks with cutout. arXiv:1708.04552,
    2017.
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

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
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
    fill
        As in `CoarseDropout`.
    p : float, default 0.5
    value : optional
        torchvision's name for `fill`.

    Notes
    -----
    Planned parameter: "holes" (N, 1, 4), int64: top, left, height, width; all 0 if ten tries found no rectangle
    smaller than the image.

    References
    ----------
    Z. Zhong, L. Zheng, G. Kang, S. Li, Y. Yang: Random erasing data augmentation. AAAI 2020.
    """

    _draws = 2 * _TRIES + 2

    def __init__(
        self, scale: Any = (0.02, 0.33), ratio: Any = (0.3, 3.3), fill: Any = 0, p: float = 0.5, value: Any = None
    ) -> None:
        super().__init__(fill if value is None else value, p)
        self.value = None
        self.scale, self.ratio = scale, ratio
        self._scale = pair("RandomErasing", "scale", scale, 0, 1)
        low, high = pair("RandomErasing", "ratio", ratio, 1e-3, 1e3)
        self._log_ratio = float(logarithm(low)), float(logarithm(high))

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        height, width = shapes.height, shapes.width
        draws = u[:, :_TRIES], u[:, _TRIES : 2 * _TRIES]
        rows, columns, found = sides_that_fit(
            *draws, height * width, self._scale, self._log_ratio,
            lambda rows, columns, some: (rows < height[some]) & (columns < width[some]),
        )  # fmt: skip
        top = uniform_whole(u[:, -2], 0, height - rows) * found
        left = uniform_whole(u[:, -1], 0, width - columns) * found
        return {"holes": np.stack([top, left, rows, columns], axis=1)[:, None, :]}


class XYMasking(_Erase):
    """Bars from end to end covered.

    Parameters
    ----------
    num_masks_x, num_masks_y : int or pair of int, default 0
        How many upright and level ones.
    mask_x_length, mask_y_length : int or pair of int, default 0
        How wide the upright ones are, how high the level ones, in pixels; at most as the image.
    fill
        As in `CoarseDropout`.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "holes" (N, most bars, 4), int64: top, left, height, width; all 0 where there is none.

    References
    ----------
    D. S. Park et al.: SpecAugment: A simple data augmentation method for automatic speech recognition. Interspeech
    2019.
    """

    def __init__(
        self, num_masks_x: Any = 0, num_masks_y: Any = 0, mask_x_length: Any = 0, mask_y_length: Any = 0,
        fill: Any = 0, p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(fill, p)
        self.num_masks_x, self.num_masks_y = num_masks_x, num_masks_y
        self.mask_x_length, self.mask_y_length = mask_x_length, mask_y_length
        named = {"num_masks_x": num_masks_x, "num_masks_y": num_masks_y}
        self._counts = [whole_pair("XYMasking", name, value, 0, 1000) for name, value in named.items()]
        named = {"mask_x_length": mask_x_length, "mask_y_length": mask_y_length}
        self._lengths = [whole_pair("XYMasking", name, value, 0, 1 << 20) for name, value in named.items()]

    def _number_of_draws(self) -> int:
        return 2 + 2 * sum(most for _, most in self._counts)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        at = 2
        bars = [np.zeros((len(u), 1, 4), np.int64)] if not any(most for _, most in self._counts) else []
        for axis, (counts, lengths) in enumerate(zip(self._counts, self._lengths, strict=True)):
            across, along = (shapes.width, shapes.height) if axis == 0 else (shapes.height, shapes.width)
            if counts[1] and (active & (across < lengths[1])).any():
                raise ValueError(
                    f"XYMasking: 'mask_{'xy'[axis]}_length' is {lengths[1]}; accepted: at most "
                    f"{across[active].min()}, as the smallest image has"
                )
            draws = u[:, at : at + 2 * counts[1]].reshape(len(u), counts[1], 2)
            at += 2 * counts[1]
            length = uniform_whole(draws[:, :, 0], *lengths)
            start = uniform_whole(draws[:, :, 1], 0, np.maximum(across[:, None] - length, 0))
            zero, all_of_it = np.zeros_like(start), np.broadcast_to(along[:, None], start.shape)
            bar = [zero, start, all_of_it, length] if axis == 0 else [start, zero, length, all_of_it]
            count = uniform_whole(u[:, axis], *counts)
            there = np.arange(counts[1]) < count[:, None]
            bars.append(np.stack(bar, axis=2) * there[:, :, None])
        return {"holes": np.concatenate(bars, axis=1)}


class GridDropout(_Erase):
    """A part of each cell of a grid covered.

    Parameters
    ----------
    ratio : float, default 0.5
        Of a hole's sides to its cell's, above 0 and up to 1; a hole leaves one row and one column of its cell or more.
    random_offset : bool, default True
        Whether each hole lies anywhere in its cell; else all are moved by `shift_xy` from the upper left.
    unit_size_range : pair of int, optional
        How many pixels the sides of cells have, about; drawn for each sample, at most the image's shorter side.
    holes_number_xy : pair of int, optional
        How many cells there are across and down, instead.
    shift_xy : pair of int, default (0, 0)
        To the right and down; holes stay within the image.
    fill
        As in `CoarseDropout`.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "holes" (N, most cells, 4), int64: top, left, height, width. Without a size or number, cells have
    a tenth of the image's sides, or 2 pixels. Cells divide the image evenly: line i of n is at the whole part of
    i / n of the side. At most 65,536 cells.

    References
    ----------
    P. Chen, S. Liu, H. Zhao, J. Jia: GridMask data augmentation. arXiv:2001.04086, 2020.
    """

    def __init__(
        self, ratio: float = 0.5, random_offset: bool = True, unit_size_range: Any = None, holes_number_xy: Any = None,
        shift_xy: Any = (0, 0), fill: Any = 0, p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(fill, p)
        call = "GridDropout"
        self.ratio, self.random_offset = check.real(call, "ratio", ratio, 1e-6, 1), bool(random_offset)
        self.unit_size_range, self.holes_number_xy, self.shift_xy = unit_size_range, holes_number_xy, shift_xy
        if unit_size_range is not None and holes_number_xy is not None:
            raise ValueError(f"{call}: both 'unit_size_range' and 'holes_number_xy' are given; accepted: one of them")
        self._units = None if unit_size_range is None else whole_pair(call, "unit_size_range", unit_size_range, 2)
        self._numbers = None if holes_number_xy is None else _two(call, "holes_number_xy", holes_number_xy, 1)
        self._shift = _two(call, "shift_xy", shift_xy, 0)

    def _draw(self, drawing: Drawing, active: Bools, forced: bool) -> None:
        # One draw for the unit, two for each cell; how many cells there are depends on the sizes.
        place, shapes = drawing.next_place(), drawing.shapes
        applies, u = self._take(drawing, place, active, forced, 1)
        rows, cols = self._grid(u[:, 0], shapes, applies)
        cells = int((rows * cols)[applies].max(initial=1))
        if cells > MOST_HOLES:
            raise ValueError(f"GridDropout: a grid has {cells} cells; accepted: at most {MOST_HOLES}")
        if self.random_offset:
            u = drawing.uniforms(place, 2 + 2 * cells)[:, 1:]
        sizes = np.stack([shapes.height, shapes.width], axis=1)
        holes = grid_holes(sizes, rows, cols, cells, self.ratio, self._shift, u[:, 1:] if self.random_offset else None)
        drawing.entries.append(Entry(place, type(self).__name__, applies, {"holes": holes}))

    def _grid(self, u: Floats, shapes: Shapes, active: Bools) -> tuple[Any, Any]:
        height, width = shapes.height, shapes.width
        if self._numbers is not None:
            return np.minimum(self._numbers[1], height), np.minimum(self._numbers[0], width)
        if self._units is None:
            return height // np.maximum(height // 10, 2), width // np.maximum(width // 10, 2)
        shorter = np.minimum(height, width)
        if (active & (shorter < self._units[1])).any():
            raise ValueError(
                f"GridDropout: 'unit_size_range' is {self.unit_size_range!r}; accepted: at most "
                f"{shorter[active].min()}, the shorter side of the smallest image"
            )
        unit = uniform_whole(u, *self._units)
        return height // unit, width // unit


def grid_holes(
    sizes: Any, rows: Any, cols: Any, cells: int, ratio: Any, shift: tuple[int, int], u: Floats | None
) -> Integers:
    """Return a hole for each of the cells (N, cells, 4), moved by a shift, or anywhere in its cell by draws `u`."""
    number = np.arange(cells)
    rows, cols = np.maximum(rows, 1)[:, None], np.maximum(cols, 1)[:, None]
    holes = np.empty((len(sizes), cells, 4), np.int64)
    for axis, (i, n) in enumerate(((number // cols, rows), (number % cols, cols))):
        size = sizes[:, axis, None]
        start, end = i * size // n, (i + 1) * size // n
        side = np.minimum(np.maximum((end - start) * ratio, 1.0), end - start - 1.0).astype(np.int64)
        if u is None:
            start = np.minimum(start + shift[1 - axis], size - side)
        else:
            start = start + uniform_whole(u[:, axis::2], 0, np.maximum(end - start - side, 0))
        holes[:, :, axis], holes[:, :, 2 + axis] = start, side
    holes[number >= rows * cols] = 0
    return holes


def _two(call: str, name: str, value: Any, least: int) -> tuple[int, int]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{call}: '{name}' is {value!r}; accepted: a pair of integers")
    first, second = (check.integer(call, name, number, least, 1 << 20) for number in value)
    return first, second
