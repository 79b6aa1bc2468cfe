# SPDX-License-Identifier: Apache-2.0
"""Noise, by its distribution: what lies apart are the two distribution functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from oracles import Pair, clipped, drawn, row, white
from oracles_values import FLOAT32

QUANTILES = np.linspace(-3, 3, 61)
SIZE = (1200, 1200)  # of what distributions are taken from


def _normal(values: np.ndarray) -> Pair:
    """Return the distribution function of values that should be normal, and the right one."""
    from scipy.special import ndtr

    found = np.searchsorted(np.sort(values), QUANTILES) / len(values)
    return found.astype(np.float32), ndtr(QUANTILES)


def gray_image(level: float) -> np.ndarray:
    """Return one large image of one value."""
    return np.full((1, *SIZE, 1), level, np.float32)


SAMPLED = "1.4 million draws: their distribution function scatters by 0.0015"


@row("GaussNoise", "SciPy's normal distribution", SAMPLED, floats=1.5e-3, dtypes=("float32",), channels=(1,),
     needs="scipy")  # fmt: skip
def gauss_noise(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.GaussNoise(std_range=(0.05, 0.1), p=1), gray_image(0.5), ids[:1])
    return _normal((result.ravel() - 0.5) / entry["std"][0])


@row("functional.gaussian_noise", "SciPy's normal distribution", SAMPLED, floats=1.5e-3, dtypes=("float32",),
     channels=(1,), needs="scipy")  # fmt: skip
def gaussian_noise(images: np.ndarray, ids: np.ndarray) -> Pair:
    result = F.gaussian_noise(gray_image(0.25), 0.04, 0.25, seed=int(ids[0]))
    return _normal((result.ravel() - 0.5) / 0.04)


@row("functional.gaussian_noise", "the same on gray, NumPy", "gray clips draws beyond 8 standard deviations",
     levels=1e-3, floats=1e-6)  # fmt: skip
def noise_is_added(images: np.ndarray, ids: np.ndarray) -> Pair:
    options: dict[str, Any] = {"seed": 3, "ids": ids}
    gray = np.full(images.shape, 0.5, np.float32)
    draws = (F.gaussian_noise(gray, 0.0625, **options).astype(np.float64) - 0.5) / 0.0625
    expected = images + (0.1 + 0.2 * draws) * white(images)
    return F.gaussian_noise(images, 0.2, 0.1, **options), clipped(expected, images)


@row("MultiplicativeNoise", "NumPy", FLOAT32, levels=1e-3, floats=1e-6)
def multiplicative_noise(images: np.ndarray, ids: np.ndarray) -> Pair:
    transform = augment.MultiplicativeNoise((0.5, 1.5), per_channel=bool(ids[0] % 2), p=1)
    result, entry = drawn(transform, images, ids)
    return result, clipped(images * entry["factor"][:, None, None].astype(np.float64), images)


@row("MultiplicativeNoise", "the uniform distribution", SAMPLED, floats=1.5e-3, dtypes=("float32",), channels=(1,))
def multiplicative_noise_of_pixels(images: np.ndarray, ids: np.ndarray) -> Pair:
    result = augment.MultiplicativeNoise((0.5, 1.5), elementwise=True, p=1)(gray_image(0.5), ids=ids[:1])
    inner = np.linspace(0.02, 0.98, 49)
    found = np.searchsorted(np.sort(result.ravel() / 0.5 - 0.5), inner) / result.size
    return found.astype(np.float32), inner


@row("SaltAndPepper", "their chances", SAMPLED, floats=1.5e-3, dtypes=("float32",), channels=(1,))
def chances_of_salt_and_pepper(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.SaltAndPepper((0.1, 0.4), (0.2, 0.8), p=1), gray_image(0.5), ids[:1])
    found = np.array([(result == level).mean() for level in (0, 0.5, 1)], np.float32)
    amount, salt = entry["amount"][0], entry["salt"][0]
    return found, np.array([amount * (1 - salt), 1 - amount, amount * salt])


@row("SaltAndPepper", "NumPy", "exact where the fates of pixels are known from gray")
def salt_and_pepper(images: np.ndarray, ids: np.ndarray) -> Pair:
    transform = augment.SaltAndPepper(0.3, p=1)
    fates, _ = drawn(transform, np.full(images.shape, 0.5, np.float32), ids)
    result, _ = drawn(transform, images, ids)
    expected = np.where(fates == 0.5, images, fates * white(images)).astype(images.dtype)
    return result, expected
