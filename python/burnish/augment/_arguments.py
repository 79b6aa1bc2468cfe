# SPDX-License-Identifier: Apache-2.0
"""What arguments of transforms mean: ranges, borders, interpolations, fills."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core

# The engine's limits
MOST_KERNEL = 127  # pixels
MOST_SIDE = 1 << 20  # of an image, in pixels
MOST_NUMBER = 1 << 24  # of any parameter

_BORDERS = {border.name: border for border in _core.Border}
# In the order of OpenCV's numbers
_OPENCV_BORDERS = (
    _core.Border.constant, _core.Border.replicate, _core.Border.reflect, _core.Border.wrap, _core.Border.reflect101,
)  # fmt: skip
_FILTERS = {filter_.name: filter_ for filter_ in _core.Filter}
# OpenCV's numbers; the last two are its exact variants, which the engine's are
_OPENCV_FILTERS = {
    0: _core.Filter.nearest, 1: _core.Filter.bilinear, 2: _core.Filter.bicubic, 3: _core.Filter.area,
    5: _core.Filter.bilinear, 6: _core.Filter.nearest,
}  # fmt: skip


def border_code(call: str, border: Any) -> float:
    """Return the engine's number of a border, given by name or by OpenCV's number."""
    if isinstance(border, str) and border in _BORDERS:
        return float(_BORDERS[border])
    if not isinstance(border, str | bool) and border in range(5):
        return float(_OPENCV_BORDERS[int(border)])
    raise ValueError(f"{call}: 'border_mode' is {border!r}; accepted: {', '.join(_BORDERS)}, or OpenCV's 0 to 4")


def interpolation_code(call: str, interpolation: Any) -> float:
    """Return the engine's number of a warp's interpolation, given by name or by OpenCV's number.

    "area" is bilinear, since a warp has no area of its own; OpenCV does the same.
    """
    if isinstance(interpolation, str) and interpolation in _FILTERS:
        name = interpolation
    elif not isinstance(interpolation, str | bool) and interpolation in (0, 1, 2, 3):
        name = _OPENCV_FILTERS[int(interpolation)].name
    else:
        raise ValueError(
            f"{call}: 'interpolation' is {interpolation!r}; accepted: {', '.join(_FILTERS)}, or OpenCV's 0 to 3"
        )
    return float(_core.Interpolation.bilinear if name == "area" else _core.Interpolation[name])


def filter_code(call: str, interpolation: Any) -> float:
    """Return the engine's number of a filter for resizing, given by name or by OpenCV's number."""
    if isinstance(interpolation, str) and interpolation in _FILTERS:
        return float(_FILTERS[interpolation])
    if not isinstance(interpolation, str | bool) and interpolation in tuple(_OPENCV_FILTERS):
        return float(_OPENCV_FILTERS[int(interpolation)])
    raise ValueError(
        f"{call}: 'interpolation' is {interpolation!r}; accepted: {', '.join(_FILTERS)}, or OpenCV's 0 to 3, 5 and 6"
    )


def fill_values(call: str, fill: Any) -> list[float]:
    """Return a fill as one number, or one for each channel."""
    values = list(fill) if isinstance(fill, tuple | list | np.ndarray) else [fill]
    if not values:
        raise ValueError(f"{call}: 'fill' is {fill!r}; accepted: a number, or one for each channel")
    return [check.real(call, "fill", value, -math.inf) for value in values]


def fill_options(call: str, fill: list[float], channels: int) -> list[float]:
    """Return a fill for images of that many channels."""
    if len(fill) not in (1, channels):
        raise ValueError(f"{call}: 'fill' has {len(fill)} values; accepted: 1 or {channels}, one for each channel")
    return fill


def pair(call: str, name: str, value: Any, least: float = -math.inf, most: float = math.inf) -> tuple[float, float]:
    """Return a range of numbers, the lower one first."""
    accepted = "a pair of numbers, the lower one first"
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{call}: '{name}' is {value!r}; accepted: {accepted}")
    low, high = (check.real(call, name, number, least, most) for number in value)
    if low > high:
        raise ValueError(f"{call}: '{name}' is {value!r}; accepted: {accepted}")
    return low, high


def around(
    call: str, name: str, value: Any, least: float = -math.inf, most: float = math.inf, center: float = 0.0
) -> tuple[float, float]:
    """Return a range; one number x stands for `center` - x to `center` + x, cut off at `least`."""
    if not isinstance(value, Real):
        return pair(call, name, value, least, most)
    size = check.real(call, name, value, 0)
    return max(least, center - size), check.real(call, name, center + size, least, most)


def fixed_or_pair(
    call: str, name: str, value: Any, least: float = -math.inf, most: float = math.inf
) -> tuple[float, float]:
    """Return a range; one number stands for itself."""
    return pair(call, name, (value, value) if isinstance(value, Real) else value, least, most)


def whole_pair(call: str, name: str, value: Any, least: int, most: int | None = None) -> tuple[int, int]:
    """Return a range of whole numbers; one number stands for itself."""
    if not isinstance(value, tuple | list):
        value = (value, value)
    if len(value) != 2:
        raise TypeError(f"{call}: '{name}' is {value!r}; accepted: a pair of integers")
    low, high = (check.integer(call, name, number, least, most) for number in value)
    if low > high:
        raise ValueError(f"{call}: '{name}' is {value!r}; accepted: a pair of integers, the lower one first")
    return low, high


def one_of(call: str, name: str, value: Any, accepted: tuple[Any, ...], why: str = "") -> Any:
    """Refuse what is none of the accepted values; `why` tells what else could be meant, and why it is not there."""
    if not any(type(value) is type(other) and value == other for other in accepted):
        names = ", ".join(repr(other) for other in accepted)
        raise ValueError(f"{call}: '{name}' is {value!r}; accepted: {names}{why and f' ({why})'}")
    return value


def kernel_halves(call: str, limit: Any, least: int = 3) -> tuple[int, int]:
    """Return the range of half of a kernel's size, rounded down; one number stands for `least` to itself.

    Even sizes stand for the odd ones after them.
    """
    bounds = limit if isinstance(limit, tuple | list) else (least, limit)
    low, high = whole_pair(call, "blur_limit", bounds, 0, MOST_KERNEL)
    low = max(least, low | 1)
    return low // 2, max(low, high | 1) // 2
