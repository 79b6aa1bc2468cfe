# SPDX-License-Identifier: Apache-2.0
"""Checks of a generator's arguments."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish.augment._arguments import pair
from burnish.augment._plan import checked_seed

CALL = "ImageDataGenerator"


def readable(call: str, x: Any, axes: int) -> npt.NDArray[Any]:
    """Return images as uint8 or float32, as they are if they are that."""
    array = np.asarray(x)
    if array.ndim != axes:
        accepted = "(N, H, W, C) or (N, C, H, W)" if axes == 4 else "(H, W, C) or (C, H, W)"
        raise ValueError(f"{call}: 'x' has shape {array.shape}; accepted: {accepted}")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{call}: 'x' has dtype {array.dtype}; accepted: numbers")
    if array.size == 0 and 0 in array.shape[-3:]:
        raise ValueError(f"{call}: 'x' has shape {array.shape}; accepted: images of one pixel or more")
    return array if array.dtype in (np.uint8, np.float32) else array.astype(np.float32)


def seed_or_0(call: str, seed: int | None) -> int:
    """Return a seed as an int, 0 where there is none."""
    return 0 if seed is None else checked_seed(call, seed)


def channels_last(shape: Any) -> tuple[int, int, int, int]:
    return shape[0], shape[2], shape[3], shape[1]


def zoom_pair(value: Any) -> tuple[float, float]:
    if isinstance(value, Real):
        z = check.real(CALL, "zoom_range", value, 0, 0.999)
        return 1 - z, 1 + z
    return pair(CALL, "zoom_range", value, 1e-3, 1e3)
