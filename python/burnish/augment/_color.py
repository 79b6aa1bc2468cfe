# SPDX-License-Identifier: Apache-2.0
"""Transforms of colors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import around, uniform
from burnish.augment._numbers import Floats
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns


def color_channels(call: str, channels: int, accepted: tuple[int, ...] = (1, 3, 4)) -> None:
    """Refuse images that have no colors."""
    if channels not in accepted:
        names = ", ".join(str(number) for number in accepted)
        raise ValueError(f"{call}: 'images' has {channels} channels; accepted: {names}")


class ColorJitter(Transform):
    """Brightness, contrast, saturation and hue changed, in a random order for each sample.

    Parameters
    ----------
    brightness, contrast, saturation : float or pair of float, default (0.8, 1.2)
        The range of factors; one number x stands for 1 - x to 1 + x. Contrast is changed about the mean of the luma,
        saturation about each pixel's luma.
    hue : float or pair of float, default (-0.5, 0.5)
        The range in turns of the circle of hues; one number stands for both signs of it.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "brightness", "contrast", "saturation", "hue", and "order" (N, 4): the numbers of these four,
    0 to 3, in the order in which they are changed.
    """

    _draws = 8

    def __init__(
        self, brightness: Any = (0.8, 1.2), contrast: Any = (0.8, 1.2), saturation: Any = (0.8, 1.2),
        hue: Any = (-0.5, 0.5), p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p)
        self.brightness, self.contrast, self.saturation, self.hue = brightness, contrast, saturation, hue
        self._ranges = {
            name: around("ColorJitter", name, getattr(self, name), 0, 1e6, center=1)
            for name in ("brightness", "contrast", "saturation")
        }
        self._ranges["hue"] = around("ColorJitter", "hue", hue, -0.5, 0.5)

    def _parameters(self, u: Floats, shapes: Shapes, active: npt.NDArray[np.bool_]) -> Params:
        params: Params = {name: uniform(u[:, i], bounds) for i, (name, bounds) in enumerate(self._ranges.items())}
        params["order"] = np.argsort(u[:, 4:8], axis=1, kind="stable")
        return params

    def _order(self, params: Params) -> npt.NDArray[Any]:
        order = np.asarray(params["order"])
        if order.shape[1:] != (4,) or order.dtype.kind not in "iu" or (order < 0).any() or (order > 3).any():
            raise ValueError("ColorJitter: 'order' must have 4 of the numbers 0 to 3 for each sample")
        return order

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        color_channels("ColorJitter", shapes.channels)
        n = len(shapes)
        return [
            (_core.Op.linear, [], columns(n, params["brightness"], 0)),
            (_core.Op.contrast, [], columns(n, params["contrast"])),
            (_core.Op.saturation, [], columns(n, params["saturation"])),
            (_core.Op.hue, [], columns(n, params["hue"])),
        ]


class RandomBrightnessContrast(Transform):
    """Values multiplied and shifted: value * (1 + contrast) + brightness * white.

    Parameters
    ----------
    brightness_limit, contrast_limit : float or pair of float, default (-0.2, 0.2)
        One number stands for both signs of it.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "brightness", "contrast".
    """

    _draws = 2

    def __init__(self, brightness_limit: Any = (-0.2, 0.2), contrast_limit: Any = (-0.2, 0.2), p: float = 0.5) -> None:
        super().__init__(p)
        self.brightness_limit, self.contrast_limit = brightness_limit, contrast_limit
        self._brightness = around("RandomBrightnessContrast", "brightness_limit", brightness_limit, -1, 1)
        self._contrast = around("RandomBrightnessContrast", "contrast_limit", contrast_limit, -1, 1e6)

    def _parameters(self, u: Floats, shapes: Shapes, active: npt.NDArray[np.bool_]) -> Params:
        return {"brightness": uniform(u[:, 0], self._brightness), "contrast": uniform(u[:, 1], self._contrast)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        shift = params["brightness"] * shapes.white
        return [(_core.Op.linear, [], columns(len(shapes), 1 + params["contrast"], shift))]


class RGBShift(Transform):
    """A number added to each of red, green and blue.

    Parameters
    ----------
    r_shift_limit, g_shift_limit, b_shift_limit : float or pair of float, default (-20, 20)
        In units of 1/255 of white, for float32 images too; one number stands for both signs of it.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "shift" (N, 3).
    """

    _draws = 3

    def __init__(
        self, r_shift_limit: Any = (-20, 20), g_shift_limit: Any = (-20, 20), b_shift_limit: Any = (-20, 20),
        p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p)
        self.r_shift_limit, self.g_shift_limit, self.b_shift_limit = r_shift_limit, g_shift_limit, b_shift_limit
        limits = {"r_shift_limit": r_shift_limit, "g_shift_limit": g_shift_limit, "b_shift_limit": b_shift_limit}
        self._limits = [around("RGBShift", name, limit, -255, 255) for name, limit in limits.items()]

    def _parameters(self, u: Floats, shapes: Shapes, active: npt.NDArray[np.bool_]) -> Params:
        return {"shift": np.stack([uniform(u[:, i], limit) for i, limit in enumerate(self._limits)], axis=1)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        color_channels("RGBShift", shapes.channels, (3, 4))
        shift = params["shift"] * (shapes.white / 255)
        values = [value for channel in range(3) for value in (1.0, shift[:, channel])]
        return [(_core.Op.linear, [], columns(len(shapes), *values, *[1.0, 0.0][: 2 * (shapes.channels - 3)]))]


class InvertImg(Transform):
    """White minus the value.

    Parameters
    ----------
    p : float, default 0.5
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.linear, [], columns(len(shapes), -1, shapes.white))]


class Normalize(Transform):
    """(value - mean * max) / (std * max), in float32.

    Parameters
    ----------
    mean, std : float or one for each channel
        The defaults are those of ImageNet.
    max_pixel_value : float, optional
        The value of white; the default is 255 for uint8 images and 1 for float32.
    p : float, default 1
    """

    _normalizes = True

    def __init__(
        self, mean: Any = (0.485, 0.456, 0.406), std: Any = (0.229, 0.224, 0.225),
        max_pixel_value: float | None = None, p: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(p)
        self.mean, self.std, self.max_pixel_value = mean, std, max_pixel_value
        self._mean = [check.real("Normalize", "mean", value, -1e6) for value in np.atleast_1d(mean).tolist()]
        self._std = [check.real("Normalize", "std", value, 1e-6) for value in np.atleast_1d(std).tolist()]
        if max_pixel_value is not None:
            check.real("Normalize", "max_pixel_value", max_pixel_value, 1e-6)

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        white = shapes.white if self.max_pixel_value is None else float(self.max_pixel_value)
        means, stds = (self._for_channels(values, shapes.channels) for values in (self._mean, self._std))
        options = [value for m, s in zip(means, stds, strict=True) for value in (1 / (s * white), -m / s)]
        return [(_core.Op.normalize, options, np.empty((len(shapes), 0)))]

    @staticmethod
    def _for_channels(values: list[float], channels: int) -> list[float]:
        if len(values) not in (1, channels):
            raise ValueError(
                f"Normalize: 'images' has {channels} channels and 'mean' or 'std' {len(values)} values; "
                f"accepted: 1 or {channels}"
            )
        return values * channels if len(values) == 1 else values
