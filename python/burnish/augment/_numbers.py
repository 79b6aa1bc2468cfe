# SPDX-License-Identifier: Apache-2.0
"""Functions of numbers that give the same bits on every machine: IEEE additions, products, divisions and roots only.

And what arrays of numbers are called in annotations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_RADIANS = 0.017453292519943295
_SINE = [(-1.0) ** k / math.factorial(2 * k + 1) for k in range(10)]
_COSINE = [(-1.0) ** k / math.factorial(2 * k) for k in range(10)]
_EXP = [1.0 / math.factorial(k) for k in range(16)]
_EXP_MINUS_1 = _EXP[1:]
_LOG = [2.0 / (2 * k + 1) for k in range(12)]
_LN2_HIGH = 0.6931471803691238  # 32 bits, so that products with small whole numbers are exact
_LN2_LOW = 1.9082149292705877e-10


def _polynomial(x: Floats, coefficients: list[float]) -> Floats:
    result = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result *= x
        result += coefficient
    return result


def sine_and_cosine(degrees: Any) -> tuple[Floats, Floats]:
    """Return sine and cosine of angles in degrees, within 2e-16; exact at multiples of 90."""
    angle = np.asarray(degrees, np.float64)
    quarters = np.rint(angle / 90.0)
    x = (angle - 90.0 * quarters) * _RADIANS
    square = x * x
    sine = x * _polynomial(square, _SINE)
    cosine = _polynomial(square, _COSINE)
    quarter = quarters.astype(np.int64) & 3
    swapped = (quarter & 1) == 1
    sine, cosine = np.where(swapped, cosine, sine), np.where(swapped, sine, cosine)
    return np.where(quarter >= 2, -sine, sine), np.where((quarter == 1) | (quarter == 2), -cosine, cosine)


def exponential(x: Any) -> Floats:
    """Return e to the power of `x`, for sizes below 700, within 1e-15 of it."""
    x = np.asarray(x, np.float64)
    power = np.rint(x * 1.4426950408889634)
    rest = (x - power * _LN2_HIGH) - power * _LN2_LOW
    return np.asarray(np.ldexp(_polynomial(rest, _EXP), power.astype(np.int32)))


def logarithm(x: Any) -> Floats:
    """Return the natural logarithm of positive numbers, within 1e-15 of it or of 1."""
    fraction, power = np.frexp(np.asarray(x, np.float64))
    small = fraction < 0.7071067811865476
    fraction = np.where(small, 2 * fraction, fraction)
    power = power - small
    ratio = (fraction - 1.0) / (fraction + 1.0)
    return np.asarray(power * _LN2_HIGH + (power * _LN2_LOW + ratio * _polynomial(ratio * ratio, _LOG)))


def uniform(u: Floats, bounds: tuple[float, float]) -> Floats:
    """Map uniform draws from (0, 1) to a range."""
    return np.asarray(bounds[0] + u * (bounds[1] - bounds[0]))


def uniform_whole(u: Floats, low: Any, high: Any) -> Any:
    """Map uniform draws from (0, 1) to the whole numbers from `low` to `high`."""
    return low + np.floor(u * (np.asarray(high) - low + 1.0)).astype(np.int64)


def random_sides(u: Floats, v: Floats, area: Any, scale: tuple[float, float], log_ratio: Any) -> Any:
    """Return the two sides of rectangles in whole pixels, that may be 0.

    `u` draws their part of an area from `scale`, `v` the logarithm of the first side over the second from `log_ratio`.
    """
    area, ratio = area * uniform(u, scale), exponential(uniform(v, log_ratio))
    return np.rint(np.sqrt(area * ratio)).astype(np.int64), np.rint(np.sqrt(area / ratio)).astype(np.int64)


def sides_that_fit(
    u: Floats, v: Floats, area: Any, scale: tuple[float, float], log_ratio: Any, fits: Callable[..., Bools]
) -> tuple[Integers, Integers, Bools]:
    """Return the first of several tries of `random_sides` (N, tries) that fits, and which samples have one.

    ``fits(first, second, samples)`` tells it for the sides of some samples. Few need a second try.
    """
    n, tries = u.shape
    first, second, found = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, bool)
    rest = np.arange(n)
    for k in range(tries):
        a, b = random_sides(u[rest, k], v[rest, k], area[rest], scale, log_ratio)
        ok = fits(a, b, rest)
        done = rest[ok]
        first[done], second[done], found[done] = a[ok], b[ok], True
        rest = rest[~ok]
        if not len(rest):
            break
    return first, second, found


def symmetric_beta(u: Floats, v: Floats, alpha: float) -> Floats:
    """Return draws from Beta(alpha, alpha), each of two uniform draws from (0, 1).

    Exact but for rounding, about 1e-15, and for the draws, which are multiples of 2^-33. L. Devroye: Random variate
    generation in one line of code. WSC 1996.
    """
    # u^(-1/alpha) - 1; where it is cut off, the result is 0 or 1 all the same.
    power = np.minimum(logarithm(u) * (-1.0 / alpha), 690.0)
    small = np.minimum(power, 0.5)
    tail = np.where(power > 0.5, exponential(power) - 1.0, small * _polynomial(small, _EXP_MINUS_1))
    cosine = sine_and_cosine(360.0 * v)[1]
    odds = tail * cosine * cosine
    return np.asarray(0.5 + np.copysign(0.5 * np.sqrt(odds / (1.0 + odds)), cosine))
