# SPDX-License-Identifier: Apache-2.0
"""Transforms that make differences between neighbors larger."""

from __future__ import annotations

from typing import Any

from burnish import _core
from burnish.augment._arguments import fixed_or_pair, one_of, whole_pair
from burnish.augment._numbers import Bools, Floats, uniform, uniform_whole
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns


class Sharpen(Transform):
    """Blended with its differences from the 8 neighbors.

    Parameters
    ----------
    alpha : float or pair of float, default (0.2, 0.5)
        The part of the sharpened image, 0 to 1; one number stands for itself, here and below.
    lightness : float or pair of float, default (0.5, 1.0)
        The weight of the pixel itself in the sharpened image, 0 or more, beside 8 times the differences.
    method : {"kernel"}, default "kernel"
        For Albumentations' other, "gaussian", see `UnsharpMask`.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "alpha", "lightness".
    """

    _draws = 2

    def __init__(
        self, alpha: Any = (0.2, 0.5), lightness: Any = (0.5, 1.0), method: str = "kernel", p: float = 0.5
    ) -> None:
        super().__init__(p)
        self.alpha, self.lightness = alpha, lightness
        self.method = one_of("Sharpen", "method", method, ("kernel",), "for 'gaussian' see UnsharpMask")
        self._alpha = fixed_or_pair("Sharpen", "alpha", alpha, 0, 1)
        self._lightness = fixed_or_pair("Sharpen", "lightness", lightness, 0, 65536)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"alpha": uniform(u[:, 0], self._alpha), "lightness": uniform(u[:, 1], self._lightness)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.sharpen, [], columns(len(shapes), params["alpha"], params["lightness"]))]


class UnsharpMask(Transform):
    """Differences from the blurred image made larger, where they are large: Pillow's filter of this name.

    Parameters
    ----------
    radius : float or pair of float, default 2
        The standard deviation of Pillow's GaussianBlur, up to 1024; one number stands for itself, here and below.
    percent : int or pair of int, default 150
        How much of the difference is added.
    threshold : int or pair of int, default 3
        Differences of at most so many 255ths of white stay as they are.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "radius", "percent", "threshold". The same bits as Pillow's in uint8. Albumentations' transform
    of this name is another filter: it blurs with kernels of 3 to 7 pixels, adds 20 to 50 percent of the difference, and
    blends by a blurred mask of the differences above its threshold; its `blur_limit`, `sigma_limit` and `alpha` are not
    accepted here.
    """

    _draws = 3

    def __init__(self, radius: Any = 2, percent: Any = 150, threshold: Any = 3, p: float = 0.5) -> None:
        super().__init__(p)
        self.radius, self.percent, self.threshold = radius, percent, threshold
        self._radius = fixed_or_pair("UnsharpMask", "radius", radius, 0, 1024)
        self._percent = whole_pair("UnsharpMask", "percent", percent, 0, 65536)
        self._threshold = whole_pair("UnsharpMask", "threshold", threshold, 0, 255)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {
            "radius": uniform(u[:, 0], self._radius),
            "percent": uniform_whole(u[:, 1], *self._percent),
            "threshold": uniform_whole(u[:, 2], *self._threshold),
        }

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        threshold = params["threshold"] * (shapes.white / 255)
        return [(_core.Op.unsharp_mask, [], columns(len(shapes), params["radius"], params["percent"], threshold))]
