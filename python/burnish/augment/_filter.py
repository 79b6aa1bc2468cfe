# SPDX-License-Identifier: Apache-2.0
"""Noise and blur."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import fixed_or_pair, pair, uniform, uniform_whole, whole_pair
from burnish.augment._numbers import Floats
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns

MOST_KERNEL = 127


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
    var_limit : float or pair of float, optional
        Variances on a scale of 0..255, instead of `std_range`; one number stands for 0 to itself.
    mean : float, optional
        A mean on a scale of 0..255, instead of `mean_range`.
    p : float, default 0.5

    Notes
    -----
    Planned parameters: "mean" and "std", as fractions of white.
    """

    _draws = 2

    def __init__(
        self, std_range: Any = (0.2, 0.44), mean_range: Any = (0.0, 0.0), per_channel: bool = True,
        var_limit: Any = None, mean: float | None = None, p: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(p)
        self.std_range, self.mean_range, self.per_channel = std_range, mean_range, bool(per_channel)
        self.var_limit, self.mean = var_limit, mean
        self._std = pair("GaussNoise", "std_range", std_range, 0, 1)
        self._mean = pair("GaussNoise", "mean_range", mean_range, -1, 1)
        self._var = None
        if var_limit is not None:
            bounds = (0, var_limit) if isinstance(var_limit, Real) else var_limit
            self._var = pair("GaussNoise", "var_limit", bounds, 0, 255.0 * 255.0)
        if mean is not None:
            self._mean = (check.real("GaussNoise", "mean", mean, -255, 255) / 255,) * 2

    def _parameters(self, u: Floats, shapes: Shapes, active: npt.NDArray[np.bool_]) -> Params:
        std = uniform(u[:, 0], self._std) if self._var is None else np.sqrt(uniform(u[:, 0], self._var)) / 255
        return {"mean": uniform(u[:, 1], self._mean), "std": std}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        mean, std = params["mean"] * shapes.white, params["std"] * shapes.white
        return [(_core.Op.gauss_noise, [], columns(len(shapes), mean, std, not self.per_channel))]


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
    Planned parameters: "size", "sigma". Sizes go up to 127.
    """

    _draws = 2

    def __init__(self, blur_limit: Any = 0, sigma_limit: Any = (0.5, 3.0), p: float = 0.5) -> None:
        super().__init__(p)
        self.blur_limit, self.sigma_limit = blur_limit, sigma_limit
        bounds = blur_limit if isinstance(blur_limit, tuple | list) else (0 if blur_limit == 0 else 3, blur_limit)
        low, high = whole_pair("GaussianBlur", "blur_limit", bounds, 0, MOST_KERNEL)
        self._sizes = None if high == 0 else (max(3, low | 1) // 2, max(3, low | 1, high | 1) // 2)
        self._sigma = fixed_or_pair("GaussianBlur", "sigma_limit", sigma_limit, 0, 100)
        if self._sizes is None and not 0 < self._sigma[0] <= self._sigma[1] <= 18:
            raise ValueError(f"GaussianBlur: 'sigma_limit' is {sigma_limit!r}; accepted: above 0, up to 18")

    def _parameters(self, u: Floats, shapes: Shapes, active: npt.NDArray[np.bool_]) -> Params:
        sigma = uniform(u[:, 1], self._sigma)
        half = (sigma * 3.5).astype(np.int64) if self._sizes is None else uniform_whole(u[:, 0], *self._sizes)
        return {"size": 2 * half + 1, "sigma": np.where(sigma > 0, sigma, 0.3 * (half - 1) + 0.8)}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.gauss_blur, [], columns(len(shapes), params["size"], params["sigma"]))]
