# SPDX-License-Identifier: Apache-2.0
"""Transforms of the scale that values have."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import one_of
from burnish.augment._shapes import Shapes
from burnish.augment._transform import Params, Step, Transform, columns


class Normalize(Transform):
    """(value - mean * max) / (std * max), in float32.

    Parameters
    ----------
    mean, std : float or one for each channel
        The defaults are those of ImageNet.
    max_pixel_value : float, optional
        The value of white; the default is 255 for uint8 images and 1 for float32.
    normalization : {"standard"}, default "standard"
        Others of Albumentations' are not supported.
    p : float, default 1
    """

    _normalizes = True

    def __init__(
        self, mean: Any = (0.485, 0.456, 0.406), std: Any = (0.229, 0.224, 0.225),
        max_pixel_value: float | None = None, normalization: str = "standard", p: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(p)
        self.mean, self.std, self.max_pixel_value = mean, std, max_pixel_value
        self._mean = [check.real("Normalize", "mean", value, -1e6) for value in _listed(mean)]
        self._std = [check.real("Normalize", "std", value, 1e-6) for value in _listed(std)]
        self.normalization = one_of("Normalize", "normalization", normalization, ("standard",))
        if max_pixel_value is not None:
            check.real("Normalize", "max_pixel_value", max_pixel_value, 1e-6)

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        white = shapes.white if self.max_pixel_value is None else float(self.max_pixel_value)
        means, stds = (self._for_channels(values, shapes.channels) for values in (self._mean, self._std))
        options = [value for m, s in zip(means, stds, strict=True) for value in (1 / (s * white), -m / s)]
        return [(_core.Op.normalize, options, columns(len(shapes)))]

    @staticmethod
    def _for_channels(values: list[float], channels: int) -> list[float]:
        if len(values) not in (1, channels):
            raise ValueError(
                f"Normalize: 'images' has {channels} channels and 'mean' or 'std' {len(values)} values; "
                f"accepted: 1 or {channels}"
            )
        return values * channels if len(values) == 1 else values


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, tuple | list | np.ndarray) else [values]


class _Conversion(Transform):
    """From bytes to fractions or back; for all samples, as a batch has one dtype."""

    _op: ClassVar[_core.Op]

    def __init__(self, max_value: float | None, p: float) -> None:
        super().__init__(p)
        call = type(self).__name__
        self.max_value = max_value
        if max_value is not None and not (check.real(call, "max_value", max_value, 0) == 255):
            raise ValueError(f"{call}: 'max_value' is {max_value!r}; accepted: None, 255 (white in uint8)")
        if self.p != 1:
            raise ValueError(f"{call}: 'p' is {p!r}; accepted: 1 (all images of a batch have one dtype)")

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(self._op, [], columns(len(shapes)))]


class ToFloat(_Conversion):
    """uint8 values 0..255 as float32 fractions 0..1; float32 images stay as they are.

    Steps after it count in fractions, and their results are not rounded to bytes.

    Parameters
    ----------
    max_value : float, optional
        Only 255, which is the default.
    p : float, default 1
        Only 1, as all images of a batch have one dtype.
    """

    _op = _core.Op.to_float
    _white_after = 1.0

    def __init__(self, max_value: float | None = None, p: float = 1.0) -> None:
        super().__init__(max_value, p)


class FromFloat(_Conversion):
    """float32 fractions 0..1 as uint8 values 0..255, rounded; uint8 images stay as they are.

    Parameters
    ----------
    dtype : {"uint8"}, default "uint8"
    max_value : float, optional
        Only 255, which is the default.
    p : float, default 1
        Only 1, as all images of a batch have one dtype.
    """

    _op = _core.Op.to_bytes
    _white_after = 255.0

    def __init__(self, dtype: str = "uint8", max_value: float | None = None, p: float = 1.0) -> None:
        super().__init__(max_value, p)
        self.dtype = one_of("FromFloat", "dtype", dtype, ("uint8",))
