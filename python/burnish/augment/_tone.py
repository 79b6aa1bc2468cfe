# SPDX-License-Identifier: Apache-2.0
"""Transforms that map each value by a curve."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import fixed_or_pair, one_of, pair, whole_pair
from burnish.augment._numbers import Bools, Floats, uniform, uniform_whole
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns

AUTOCONTRAST_METHODS = {"pil": _core.Method.pillow, "cdf": _core.Method.opencv}
EQUALIZE_MODES = {"pil": _core.Method.pillow, "cv": _core.Method.opencv}


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


class RandomGamma(Transform):
    """Fractions of white raised to a power.

    Parameters
    ----------
    gamma_limit : float or pair of float, default (80, 120)
        Percents: 100 changes nothing. One number stands for 1 to itself.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "gamma", the power. Results are rounded, where Albumentations cuts off.
    """

    _draws = 1

    def __init__(self, gamma_limit: Any = (80, 120), p: float = 0.5) -> None:
        super().__init__(p)
        self.gamma_limit = gamma_limit
        bounds = (1, gamma_limit) if isinstance(gamma_limit, Real) else gamma_limit
        self._limit = pair("RandomGamma", "gamma_limit", bounds, 1, 100000)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"gamma": uniform(u[:, 0], self._limit) / 100}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.gamma, [], columns(len(shapes), params["gamma"]))]


class Solarize(Transform):
    """Values from a threshold on inverted.

    Parameters
    ----------
    threshold_range : float or pair of float, default (0.5, 0.5)
        As fractions of white.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "threshold".
    """

    _draws = 1

    def __init__(self, threshold_range: Any = (0.5, 0.5), p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold_range = threshold_range
        self._range = fixed_or_pair("Solarize", "threshold_range", threshold_range, 0, 1)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"threshold": uniform(u[:, 0], self._range)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.solarize, [], columns(len(shapes), params["threshold"] * shapes.white))]


class Posterize(Transform):
    """Only the highest bits of each value left.

    Parameters
    ----------
    num_bits : int, pair of int, or one of these for each of 3 or more channels, default 4
        How many, 1 to 8; a pair is a range.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "bits" (N, 1), or (N, C) if they are given for each channel. Fractions are cut off to multiples
    of 2^-bits, and 1 to the largest of those below it.
    """

    def __init__(self, num_bits: Any = 4, p: float = 0.5) -> None:
        super().__init__(p)
        self.num_bits = num_bits
        each = list(num_bits) if isinstance(num_bits, tuple | list) and len(num_bits) > 2 else [num_bits]
        self._bits = [whole_pair("Posterize", "num_bits", bits, 1, 8) for bits in each]

    def _number_of_draws(self) -> int:
        return len(self._bits)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        if len(self._bits) not in (1, shapes.channels):
            raise ValueError(
                f"Posterize: 'num_bits' is given for {len(self._bits)} channels; accepted: {shapes.channels}, or one "
                "for all"
            )
        return {"bits": np.stack([uniform_whole(u[:, i], *bits) for i, bits in enumerate(self._bits)], axis=1)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.posterize, [], np.ascontiguousarray(params["bits"], np.float64))]


class AutoContrast(Transform):
    """Values of each channel stretched to all of the range.

    Parameters
    ----------
    cutoff : float, default 0
        Percent of the pixels that are left out at both ends, 0 to 100.
    method : {"cdf", "pil"}, default "cdf"
        "pil" maps the values by a straight line, as Pillow and torchvision do. "cdf" is Albumentations' default: values
        between the ends follow the cumulative histogram (white is not counted), much like `Equalize`.
    p : float, default 0.5

    Notes
    -----
    Albumentations' "pil" rounds where Pillow, and this, cut off. Its `ignore` is not supported.
    """

    def __init__(self, cutoff: float = 0, method: str = "cdf", p: float = 0.5) -> None:
        super().__init__(p)
        self.cutoff = check.real("AutoContrast", "cutoff", cutoff, 0, 100)
        self.method = one_of("AutoContrast", "method", method, tuple(AUTOCONTRAST_METHODS))

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        options = [float(AUTOCONTRAST_METHODS[self.method])]
        return [(_core.Op.autocontrast, options, columns(len(shapes), self.cutoff, self.cutoff))]


class Equalize(Transform):
    """Values of each channel spread so that each occurs about as often.

    Parameters
    ----------
    mode : {"cv", "pil"}, default "cv"
        As OpenCV or as Pillow (and torchvision) does it.
    by_channels : bool, default True
        False is not supported.
    p : float, default 0.5
    """

    def __init__(self, mode: str = "cv", by_channels: bool = True, p: float = 0.5) -> None:
        super().__init__(p)
        self.mode = one_of("Equalize", "mode", mode, tuple(EQUALIZE_MODES))
        self.by_channels = one_of("Equalize", "by_channels", by_channels, (True,))

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.equalize, [float(EQUALIZE_MODES[self.mode])], columns(len(shapes)))]
