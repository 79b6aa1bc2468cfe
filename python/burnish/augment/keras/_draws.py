# SPDX-License-Identifier: Apache-2.0
"""Which change each sample gets, and the matrices that make it."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish.augment._numbers import Floats, sine_and_cosine
from burnish.augment._transform import columns

Params = dict[str, Any]

ORDER_PLACE, PARAMETER_PLACE = 0, 1  # in the pipeline that draws are keyed by
# Columns of the draws; channel shifts come last, since there may be any number of them.
THETA, HEIGHT, HEIGHT_SIGN, WIDTH, WIDTH_SIGN, SHEAR, ZOOM_X, ZOOM_Y, FLIP_X, FLIP_Y, BRIGHTNESS, CHANNELS = range(12)


def uniforms(seed: int, epoch: int, place: int, ids: npt.NDArray[np.int64], draws: int) -> Floats:
    """Return numbers in (0, 1), of shape (N, draws)."""
    out = np.empty((len(ids), draws))
    _core.draw("ImageDataGenerator", seed, epoch, place, np.ascontiguousarray(ids, np.int64), out)
    return out


class ShiftRange:
    """What a shift may be: any part of the size or number of pixels up to a float, whole pixels, or one of a list.

    Parameters
    ----------
    name : str
    value : float, int or list of numbers
    as_keras : bool
        Whether elements of a list get a random sign, and count as parts of the size if the largest is below 1.
    """

    def __init__(self, name: str, value: Any, as_keras: bool) -> None:
        call, accepted = "ImageDataGenerator", "a float, an int, or a list of numbers"
        self.choices: Floats | None = None
        self.limit = 0.0
        self.has_sign = True
        if isinstance(value, Integral) and not isinstance(value, bool):
            self.choices = np.arange(check.integer(call, name, value, 0, 1 << 20), dtype=np.float64)
            self.in_pixels = True
        elif isinstance(value, Real):
            self.limit = check.real(call, name, value, 0, 1 << 20)
            self.in_pixels = self.limit >= 1
        elif isinstance(value, list | tuple | np.ndarray) and len(value) and np.ndim(value) == 1:
            self.choices = np.array([check.real(call, name, v, -(1 << 20), 1 << 20) for v in value])
            self.has_sign = as_keras
            largest = self.choices.max() if as_keras else np.abs(self.choices).max()
            self.in_pixels = bool(largest >= 1)
        else:
            raise TypeError(f"{call}: '{name}' is {value!r}; accepted: {accepted}")
        if self.choices is not None and not self.choices.any():
            self.choices = None

    def __bool__(self) -> bool:
        return self.choices is not None or self.limit > 0

    def draw(self, u: Floats, sign: Floats, size: Any) -> Floats:
        """Return shifts in pixels."""
        if self.choices is None:
            shift = (2 * u - 1) * self.limit
        else:
            shift = self.choices[(u * len(self.choices)).astype(np.int64)]
            if self.has_sign:
                shift = np.where(sign < 0.5, -shift, shift)
        return shift if self.in_pixels else shift * size


def matrices(height: int, width: int, params: Params, as_keras: bool) -> list[Any]:
    """Return the nine elements of matrices from places in the result to places in the image.

    As Keras has it: flip, zoom, shear, shift and rotation of the result's places about the center, in this order.
    Keras' own center is that of the transposed image, its shear stretches, and it shifts to the left and upwards.
    """
    sine, cosine = sine_and_cosine(params["theta"])
    shear_sine, shear_cosine = sine_and_cosine(params["shear"])
    zoom_x, zoom_y = np.asarray(params["zx"], np.float64), np.asarray(params["zy"], np.float64)
    shift_x, shift_y = np.asarray(params["tx"], np.float64), np.asarray(params["ty"], np.float64)
    middle_x, middle_y = width * 0.5, height * 0.5
    if as_keras:
        lean, stretch = -shear_sine * zoom_y, shear_cosine * zoom_y
        middle_x, middle_y = middle_y, middle_x
    else:
        lean, stretch = -shear_sine / shear_cosine * zoom_y, zoom_y
        shift_x, shift_y = -shift_x, -shift_y
    a, b = cosine * zoom_x, cosine * lean - sine * stretch
    c, d = sine * zoom_x, sine * lean + cosine * stretch
    x = middle_x + cosine * shift_x - sine * shift_y - (a * middle_x + b * middle_y)
    y = middle_y + sine * shift_x + cosine * shift_y - (c * middle_x + d * middle_y)
    flip_x, flip_y = np.asarray(params["flip_horizontal"], bool), np.asarray(params["flip_vertical"], bool)
    x, y = x + np.where(flip_x, a * width, 0), y + np.where(flip_x, c * width, 0)
    x, y = x + np.where(flip_y, b * height, 0), y + np.where(flip_y, d * height, 0)
    a, c = np.where(flip_x, -a, a), np.where(flip_x, -c, c)
    b, d = np.where(flip_y, -b, b), np.where(flip_y, -d, d)
    return [a, b, x, c, d, y, 0.0, 0.0, 1.0]


def warp_parameters(n: int, height: int, width: int, params: Params, as_keras: bool) -> Floats:
    """Return the rows of parameters of the engine's warp."""
    return columns(n, *matrices(height, width, params, as_keras), height, width)
