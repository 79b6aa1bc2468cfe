# SPDX-License-Identifier: Apache-2.0
"""Transforms that smooth."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _core
from burnish.augment._arguments import fixed_or_pair, kernel_halves, pair
from burnish.augment._numbers import Bools, Floats, sine_and_cosine, uniform, uniform_whole
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns


class GaussianBlur(Transform):
    """Smoothed with a Gaussian kernel; beyond its border the image is reflected, without the border itself.

    Parameters
    ----------
    blur_limit : int or pair of int, default 0
        Sizes of the kernel, of which an odd one is drawn; one number stands for 3 to itself. 0 for a size that
        follows from sigma: 2 * int(3.5 * sigma) + 1.
    sigma_limit : float or pair of float, default (0.5, 3.0)
        Standard deviations; one number stands for itself. 0 for one that follows from the size, as in OpenCV:
        0.3 * ((size - 1) / 2 - 1) + 0.8.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "size", "sigma". Sizes go up to 127. In uint8 the result has OpenCV's bits.
    """

    _draws = 2

    def __init__(self, blur_limit: Any = 0, sigma_limit: Any = (0.5, 3.0), p: float = 0.5) -> None:
        super().__init__(p)
        self.blur_limit, self.sigma_limit = blur_limit, sigma_limit
        automatic = blur_limit == 0 or (isinstance(blur_limit, tuple | list) and tuple(blur_limit) == (0, 0))
        self._sizes = None if automatic else kernel_halves("GaussianBlur", blur_limit)
        self._sigma = fixed_or_pair("GaussianBlur", "sigma_limit", sigma_limit, 0, 100)
        if self._sizes is None and not 0 < self._sigma[0] <= self._sigma[1] <= 18:
            raise ValueError(f"GaussianBlur: 'sigma_limit' is {sigma_limit!r}; accepted: above 0, up to 18")

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        sigma = uniform(u[:, 1], self._sigma)
        half = (sigma * 3.5).astype(np.int64) if self._sizes is None else uniform_whole(u[:, 0], *self._sizes)
        return {"size": 2 * half + 1, "sigma": np.where(sigma > 0, sigma, 0.3 * (half - 1) + 0.8)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.gauss_blur, [], columns(len(shapes), params["size"], params["sigma"]))]


class Blur(Transform):
    """Smoothed with a kernel of equal weights; beyond its border the image is reflected, without the border itself.

    Parameters
    ----------
    blur_limit : int or pair of int, default (3, 7)
        Sizes of the kernel, of which an odd one is drawn; one number stands for 3 to itself.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "size", up to 127.
    """

    _draws = 1

    def __init__(self, blur_limit: Any = (3, 7), p: float = 0.5) -> None:
        super().__init__(p)
        self.blur_limit = blur_limit
        self._sizes = kernel_halves("Blur", blur_limit)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"size": 2 * uniform_whole(u[:, 0], *self._sizes) + 1}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.box_blur, [], columns(len(shapes), params["size"]))]


class MotionBlur(Transform):
    """Smoothed along a line; beyond its border the image is reflected, without the border itself.

    Parameters
    ----------
    blur_limit : int or pair of int, default (3, 7)
        Sizes of the square that the line lies in, of which an odd one is drawn; one number stands for 3 to itself.
    allow_shifted : bool, default True
        Whether the line may lie beside the middle, by up to a quarter of the size.
    angle_range : pair of float, default (0, 360)
        Of the line, in degrees from right to down, as in Albumentations.
    direction_range : pair of float, default (-1, 1)
        -1 for a line that ends in the middle, 0 for one through it, 1 for one that begins there.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "size", up to 127, "angle", "direction", "shift_x", "shift_y", in pixels.
    """

    _draws = 5

    def __init__(
        self, blur_limit: Any = (3, 7), allow_shifted: bool = True, angle_range: Any = (0, 360),
        direction_range: Any = (-1.0, 1.0), p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p)
        self.blur_limit, self.allow_shifted = blur_limit, bool(allow_shifted)
        self.angle_range, self.direction_range = angle_range, direction_range
        self._sizes = kernel_halves("MotionBlur", blur_limit)
        self._angle = pair("MotionBlur", "angle_range", angle_range, 0, 360)
        self._direction = pair("MotionBlur", "direction_range", direction_range, -1, 1)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        half = uniform_whole(u[:, 0], *self._sizes)
        most = half / 2 if self.allow_shifted else np.zeros(len(u))
        return {
            "size": 2 * half + 1,
            "angle": uniform(u[:, 1], self._angle),
            "direction": uniform(u[:, 2], self._direction),
            "shift_x": (2 * u[:, 3] - 1) * most,
            "shift_y": (2 * u[:, 4] - 1) * most,
        }

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        names = ("size", "angle", "direction", "shift_x", "shift_y")
        return [motion_step(len(shapes), *(params[name] for name in names))]


def motion_step(n: int, size: Any, angle: Any, direction: Any, shift_x: Any, shift_y: Any) -> Step:
    """Return the engine's step for a line at an angle."""
    sine, cosine = sine_and_cosine(angle)
    return _core.Op.motion_blur, [], columns(n, size, cosine, sine, direction, shift_x, shift_y)
