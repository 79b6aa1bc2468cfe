# SPDX-License-Identifier: Apache-2.0
"""Transforms of colors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _core
from burnish.augment._arguments import around, one_of
from burnish.augment._numbers import Bools, Floats, uniform
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

    The default of `hue` makes any color any other; where colors tell classes apart, give a small one such as 0.02.
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

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
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
    brightness_by_max : bool, default True
        Whether the shift is a part of white; else it is a part of the mean of all of the image's values.
    ensure_safe_range : bool, default False
        Whether factor and shift are made smaller where they would lead beyond black or white, as in Albumentations; for
        `brightness_by_max` only.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "brightness", "contrast".
    """

    _draws = 2

    def __init__(
        self, brightness_limit: Any = (-0.2, 0.2), contrast_limit: Any = (-0.2, 0.2), brightness_by_max: bool = True,
        ensure_safe_range: bool = False, p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p)
        call = "RandomBrightnessContrast"
        self.brightness_limit, self.contrast_limit = brightness_limit, contrast_limit
        self.brightness_by_max = one_of(call, "brightness_by_max", brightness_by_max, (True, False))
        accepted = (False, True) if brightness_by_max else (False,)
        why = "" if brightness_by_max else "the mean is not known beforehand"
        self.ensure_safe_range = one_of(call, "ensure_safe_range", ensure_safe_range, accepted, why)
        self._brightness = around(call, "brightness_limit", brightness_limit, -1, 1)
        self._contrast = around(call, "contrast_limit", contrast_limit, -1, 1e6)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"brightness": uniform(u[:, 0], self._brightness), "contrast": uniform(u[:, 1], self._contrast)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        factor, shift = 1 + params["contrast"], params["brightness"]
        if not self.brightness_by_max:
            return [(_core.Op.linear_by_mean, [], columns(len(shapes), factor, shift))]
        if self.ensure_safe_range:
            shift = np.clip(shift, 0, 1)
            factor = np.minimum(factor, 1 - shift)
        return [(_core.Op.linear, [], columns(len(shapes), factor, shift * shapes.white))]


class HueSaturationValue(Transform):
    """Hue, saturation and value shifted in HSV; gray stays gray.

    Parameters
    ----------
    hue_shift_limit : float or pair of float, default (-20, 20)
        In units of 2 degrees, as in OpenCV: 180 for a whole turn. One number stands for both signs of it, here and
        below.
    sat_shift_limit : float or pair of float, default (-30, 30)
        In units of 1/255, for float32 images too.
    val_shift_limit : float or pair of float, default (-20, 20)
        In units of 1/255 of white, for float32 images too.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "hue", "saturation", "value". Images of one channel have a value alone. Hues are exact, where
    Albumentations has 180 of them: its results may differ by up to 8 of 255.

    References
    ----------
    A. R. Smith: Color gamut transform pairs. SIGGRAPH 1978.
    """

    _draws = 3

    def __init__(
        self, hue_shift_limit: Any = (-20, 20), sat_shift_limit: Any = (-30, 30), val_shift_limit: Any = (-20, 20),
        p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p)
        call = "HueSaturationValue"
        self.hue_shift_limit, self.sat_shift_limit = hue_shift_limit, sat_shift_limit
        self.val_shift_limit = val_shift_limit
        self._ranges = {
            "hue": around(call, "hue_shift_limit", hue_shift_limit, -180, 180),
            "saturation": around(call, "sat_shift_limit", sat_shift_limit, -255, 255),
            "value": around(call, "val_shift_limit", val_shift_limit, -255, 255),
        }

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {name: uniform(u[:, i], bounds) for i, (name, bounds) in enumerate(self._ranges.items())}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        color_channels("HueSaturationValue", shapes.channels)
        unit = shapes.white / 255
        shifts = params["hue"], params["saturation"] * unit, params["value"] * unit
        return [(_core.Op.hsv_shift, [], columns(len(shapes), *shifts))]


class RGBShift(Transform):
    """A number added to each of red, green and blue.

    Parameters
    ----------
    r_shift_limit, g_shift_limit, b_shift_limit : float or pair of float, default (-20, 20)
        In units of 1/255 of white, for float32 images too; one number stands for both signs of it. Limits of at most 1
        count in these units, too, where Albumentations takes them for fractions of white.
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

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"shift": np.stack([uniform(u[:, i], limit) for i, limit in enumerate(self._limits)], axis=1)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        color_channels("RGBShift", shapes.channels, (3, 4))
        shift = params["shift"] * (shapes.white / 255)
        values = [value for channel in range(3) for value in (1.0, shift[:, channel])]
        return [(_core.Op.linear, [], columns(len(shapes), *values, *[1.0, 0.0][: 2 * (shapes.channels - 3)]))]
