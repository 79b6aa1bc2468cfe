# SPDX-License-Identifier: Apache-2.0
"""Pillow's filters on burnish's engine: the same pixels, bit for bit.

Change ``from PIL import Image, ImageFilter`` to ``from burnish.augment.pillow import Image, ImageFilter``; `Image` is
Pillow's own.

Examples
--------
>>> from burnish.augment.pillow import Image, ImageFilter
>>> image = Image.new("RGB", (40, 30), "red")
>>> image.filter(ImageFilter.GaussianBlur(2)).size
(40, 30)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image
from PIL import ImageFilter as _PillowFilter

from burnish import _check as check
from burnish import _core
from burnish.augment._images import Images
from burnish.augment._run import run_alike

__all__ = ["Image", "ImageFilter"]

_MODES = ("L", "LA", "La", "RGB", "RGBA", "RGBa", "RGBX", "CMYK")


class _Filter(_PillowFilter.MultibandFilter):  # type: ignore[misc]
    """What `Image.filter` calls, with all bands at once."""

    name = "filter"

    def _step(self) -> tuple[_core.Op, list[float]]:
        raise NotImplementedError

    def _changes_nothing(self) -> bool:
        """Return whether Pillow copies images, of whatever mode."""
        return False

    def filter(self, image: Any) -> Any:
        """Return the filtered core image of a core image."""
        # Of a core image, Pillow's own wrapper tells the pixels.
        wrapped = Image.new("L", (1, 1))._new(image)
        width, height = wrapped.size
        if width * height == 0 or self._changes_nothing():
            return wrapped.copy().im
        if image.mode not in _MODES:
            raise ValueError(f"{self.name}: the image has mode {image.mode!r}; accepted: {', '.join(_MODES)}")
        pixels = np.frombuffer(wrapped.tobytes(), np.uint8).reshape(1, height, width, -1)
        op, params = self._step()
        out = np.empty_like(pixels)
        images, results = (Images("batch", array, _core.Layout.nhwc) for array in (pixels, out))
        run_alike(self.name, [(op, [], np.array([params]))], images, results)
        return Image.frombytes(wrapped.mode, wrapped.size, out.tobytes()).im


class _GaussianBlur(_Filter):
    """Blur as `PIL.ImageFilter.GaussianBlur` does, by three boxes.

    Parameters
    ----------
    radius : float or pair of float, default 2
        About the standard deviation, up to 1024. A pair must have two of the same.
    """

    name = "GaussianBlur"

    def __init__(self, radius: Any = 2) -> None:
        given = tuple(radius) if isinstance(radius, tuple | list) else (radius, radius)
        if len(given) != 2 or given[0] != given[1]:
            raise ValueError(f"GaussianBlur: 'radius' is {radius!r}; accepted: a number, or a pair of the same")
        self.radius = radius
        self._radius = check.real("GaussianBlur", "radius", given[0], 0, 1024)

    def _changes_nothing(self) -> bool:
        return self._radius == 0

    def _step(self) -> tuple[_core.Op, list[float]]:
        return _core.Op.pillow_blur, [self._radius]


class _UnsharpMask(_Filter):
    """Sharpen as `PIL.ImageFilter.UnsharpMask` does: add what a blur takes away.

    Parameters
    ----------
    radius : float, default 2
        Of the blur, up to 1024.
    percent : int, default 150
        How much of it is added, up to 65536.
    threshold : int, default 3
        Differences up to it are left alone; 0 to 255.
    """

    name = "UnsharpMask"

    def __init__(self, radius: float = 2, percent: int = 150, threshold: int = 3) -> None:
        self.radius = check.real("UnsharpMask", "radius", radius, 0, 1024)
        self.percent = check.integer("UnsharpMask", "percent", percent, 0, 65536)
        self.threshold = check.integer("UnsharpMask", "threshold", threshold, 0, 255)

    def _step(self) -> tuple[_core.Op, list[float]]:
        return _core.Op.unsharp_mask, [self.radius, float(self.percent), float(self.threshold)]


class ImageFilter:
    """The filters of `PIL.ImageFilter` that burnish has, for `Image.filter`."""

    GaussianBlur = _GaussianBlur
    UnsharpMask = _UnsharpMask
