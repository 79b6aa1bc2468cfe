# SPDX-License-Identifier: Apache-2.0
"""Transforms that disturb pixels."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import fixed_or_pair, one_of, pair
from burnish.augment._numbers import Bools, Floats, uniform
from burnish.augment._shapes import Shapes
from burnish.augment._transform import MOST_CHANNELS, Params, Step, Transform, columns


class GaussNoise(Transform):
    """Independent normal numbers added to pixels.

    Parameters
    ----------
    std_range : pair of float, default (0.2, 0.44)
        Standard deviations, as fractions of white; one is drawn for each sample.
    mean_range : pair of float, default (0, 0)
        Means, as fractions of white.
    per_channel : bool, default True
        Whether each channel gets noise of its own.
    noise_scale_factor : float, default 1
        Only 1: noise is drawn for each pixel.
    p : float, default 0.5
    var_limit : float or pair of float, optional
        Variances on a scale of 0..255, instead of `std_range`; one number stands for 0 to itself.
    mean : float, optional
        A mean on a scale of 0..255, instead of `mean_range`.

    Notes
    -----
    Planned parameters: "mean" and "std", as fractions of white.

    References
    ----------
    G. E. P. Box, M. E. Muller: A note on the generation of random normal deviates. Ann. Math. Statist. 29(2), 1958.
    """

    _draws = 2

    def __init__(
        self, std_range: Any = (0.2, 0.44), mean_range: Any = (0.0, 0.0), per_channel: bool = True,
        noise_scale_factor: float = 1, p: float = 0.5, *, var_limit: Any = None, mean: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(p)
        self.std_range, self.mean_range, self.per_channel = std_range, mean_range, bool(per_channel)
        self.noise_scale_factor = one_of("GaussNoise", "noise_scale_factor", noise_scale_factor, (1, 1.0))
        self.var_limit, self.mean = var_limit, mean
        self._std = pair("GaussNoise", "std_range", std_range, 0, 1)
        self._mean = pair("GaussNoise", "mean_range", mean_range, -1, 1)
        self._var = None
        if var_limit is not None:
            bounds = (0, var_limit) if isinstance(var_limit, Real) else var_limit
            self._var = pair("GaussNoise", "var_limit", bounds, 0, 255.0 * 255.0)
        if mean is not None:
            self._mean = (check.real("GaussNoise", "mean", mean, -255, 255) / 255,) * 2

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        std = uniform(u[:, 0], self._std) if self._var is None else np.sqrt(uniform(u[:, 0], self._var)) / 255
        return {"mean": uniform(u[:, 1], self._mean), "std": std}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        mean, std = params["mean"] * shapes.white, params["std"] * shapes.white
        return [(_core.Op.gauss_noise, [], columns(len(shapes), mean, std, not self.per_channel))]


class MultiplicativeNoise(Transform):
    """Values multiplied by random factors.

    Parameters
    ----------
    multiplier : float or pair of float, default (0.9, 1.1)
        The range of factors; one number stands for itself.
    per_channel : bool, default False
        Whether each channel gets factors of its own.
    elementwise : bool, default False
        Whether each pixel gets a factor of its own; else an image has one.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "factor" (N, 1), or (N, C) with `per_channel`; with `elementwise` the ends of the range instead,
    "low" and "high".
    """

    def __init__(
        self, multiplier: Any = (0.9, 1.1), per_channel: bool = False, elementwise: bool = False, p: float = 0.5
    ) -> None:
        super().__init__(p)
        self.multiplier = multiplier
        self.per_channel, self.elementwise = bool(per_channel), bool(elementwise)
        self._range = fixed_or_pair("MultiplicativeNoise", "multiplier", multiplier, 0, 65536)

    def _number_of_draws(self) -> int:
        return 0 if self.elementwise else MOST_CHANNELS if self.per_channel else 1

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        if self.elementwise:
            low, high = (np.full(len(shapes), bound) for bound in self._range)
            return {"low": low, "high": high}
        if self.per_channel and shapes.channels > MOST_CHANNELS:
            raise ValueError(
                f"MultiplicativeNoise: 'images' has {shapes.channels} channels; accepted: up to {MOST_CHANNELS} with "
                "per_channel=True"
            )
        return {"factor": uniform(u[:, : shapes.channels], self._range)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        n = len(shapes)
        if self.elementwise:
            noise = columns(n, params["low"], params["high"], not self.per_channel)
            return [(_core.Op.multiplicative_noise, [], noise)]
        factors = np.asarray(params["factor"])
        each = [value for channel in range(factors.shape[1]) for value in (factors[:, channel], 0.0)]
        return [(_core.Op.linear, [], columns(n, *each))]


class SaltAndPepper(Transform):
    """Some pixels made white or black.

    Parameters
    ----------
    amount : float or pair of float, default (0.01, 0.06)
        The chance of each pixel; one number stands for itself, here and below.
    salt_vs_pepper : float or pair of float, default (0.4, 0.6)
        The part of them that becomes white.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "amount", "salt". Each pixel has its own fate, so that their number varies a little, where
    Albumentations changes a fixed number.
    """

    _draws = 2

    def __init__(self, amount: Any = (0.01, 0.06), salt_vs_pepper: Any = (0.4, 0.6), p: float = 0.5) -> None:
        super().__init__(p)
        self.amount, self.salt_vs_pepper = amount, salt_vs_pepper
        self._amount = fixed_or_pair("SaltAndPepper", "amount", amount, 0, 1)
        self._salt = fixed_or_pair("SaltAndPepper", "salt_vs_pepper", salt_vs_pepper, 0, 1)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        return {"amount": uniform(u[:, 0], self._amount), "salt": uniform(u[:, 1], self._salt)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.salt_and_pepper, [], columns(len(shapes), params["amount"], params["salt"], 1))]
