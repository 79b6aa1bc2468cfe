# SPDX-License-Identifier: Apache-2.0
"""Images that are arrays: given as such, or in an .npz file."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._words import one_line
from burnish.data._image_set import DataError, ImageSet, joined
from burnish.data._labels import numbered

_IMAGES = ("images", "X", "x", "data", "arr_0")
_LABELS = ("labels", "y", "targets", "label", "arr_1")
_PAIRS = (("x_train", "y_train", "x_test", "y_test"), ("X_train", "y_train", "X_test", "y_test"))
_AT_ONCE = 1 << 24


class Pixels:
    """Images as one array, or one by one: a source of `burnish.data.ImageSet`.

    Parameters
    ----------
    images : array of shape (N, H, W), (N, H, W, C) or (N, C, H, W), or sequence of such images
        uint8, uint16 (the upper 8 bits are used), bool, or floats from 0 to 1.
    """

    def __init__(self, images: Any) -> None:
        self._images = images if isinstance(images, list | tuple) else np.asarray(images)
        if isinstance(self._images, np.ndarray):
            _check(self._images)

    def __len__(self) -> int:
        return len(self._images)

    def content(self, place: int) -> npt.NDArray[np.uint8]:
        """Return pixels (H, W) or (H, W, C)."""
        return as_pixels(self._images[place])

    def path(self, place: int) -> None:
        """Return None: it is not a file."""
        return

    def suffix(self, place: int) -> str:
        """Return the suffix of a format that keeps pixels as they are."""
        return ".png"

    def state(self, places: npt.NDArray[np.int64]) -> tuple[object, ...]:
        """Return the images: an array is as quickly digested as looked at."""
        if isinstance(self._images, np.ndarray) and len(places) == len(self):
            return ("pixels", self._images, places)
        return ("pixels", *(np.asarray(self._images[place]) for place in places))


def as_pixels(image: Any) -> npt.NDArray[np.uint8]:
    """Return one image as uint8 of shape (H, W) or (H, W, C)."""
    pixels = np.asarray(image)
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4) and pixels.shape[0] in (1, 3, 4):
        pixels = np.moveaxis(pixels, 0, 2)
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise DataError(f"an image has shape {pixels.shape}; accepted: (H, W), (H, W, C), (C, H, W) with C 1, 3 or 4")
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    elif pixels.dtype == bool:
        pixels = pixels * np.uint8(255)
    elif pixels.dtype.kind == "f":
        if pixels.size and not (pixels.min() >= 0 and pixels.max() <= 1):  # NaN is refused as well
            raise DataError(f"floats from {pixels.min():g} to {pixels.max():g}; accepted: 0 to 1")
        pixels = np.rint(pixels.astype(np.float64) * 255).astype(np.uint8)
    elif pixels.dtype != np.uint8:
        raise DataError(f"an image has dtype {pixels.dtype}; accepted: uint8, uint16, bool, floats from 0 to 1")
    return np.ascontiguousarray(pixels)


def _check(images: npt.NDArray[Any]) -> None:
    """Refuse what none of the images could be used of."""
    if images.ndim not in (3, 4):
        raise DataError(
            f"images have shape {images.shape}; accepted: (N, H, W), (N, H, W, C) and (N, C, H, W) with C 1, 3 or 4"
        )
    if len(images):
        as_pixels(np.zeros(images.shape[1:], images.dtype))  # its shape and dtype
    if images.dtype.kind == "f" and images.size:
        step = max(1, _AT_ONCE // max(images[0].size, 1))
        blocks = [images[i : i + step] for i in range(0, len(images), step)]
        low, high = min(block.min() for block in blocks), max(block.max() for block in blocks)
        if not (low >= 0 and high <= 1):
            raise DataError(
                f"images are {images.dtype} from {low:g} to {high:g}; accepted: uint8, or floats from 0 to 1"
            )


def open_arrays(
    images: Any, labels: Any = None, *, names: Sequence[str] | None = None, title: str = "images"
) -> ImageSet:
    """List images that are arrays, with their labels; without labels all are -1."""
    source = Pixels(images)
    given = np.full(len(source), -1) if labels is None else labels
    numbers, chosen = numbered(given, names)
    if len(numbers) != len(source):
        raise DataError(f"{len(source)} images have {len(numbers)} labels; accepted: one for each")
    return ImageSet(
        ids=tuple(map(str, range(len(source)))),
        labels=numbers,
        names=chosen,
        held_out=np.zeros(len(source), bool),
        title=title,
        source=source,
        places=np.arange(len(source)),
    )


def open_npz(path: Path, names: Sequence[str] | None = None) -> ImageSet:
    """Read an .npz with images and labels, or with x_train, y_train, x_test and y_test."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if isinstance(arrays, np.ndarray):
                raise DataError(f"{path} is one array; accepted: .npz with images and labels, or X and y")
            if names is None and "names" in arrays.files:
                names = [str(name) for name in arrays["names"]]
            for wanted in _PAIRS:
                if all(name in arrays.files for name in wanted):
                    parts = [arrays[name] for name in wanted]
                    train, test = (open_arrays(*parts[i : i + 2], names=names, title=path.stem) for i in (0, 2))
                    return joined([("train", train, False), ("test", test, True)])
            images, labels = (_first(path, arrays, wanted) for wanted in (_IMAGES, _LABELS))
            return open_arrays(images, labels, names=names, title=path.stem)
    except DataError as error:
        raise DataError(f"{path}: {error}" if not str(error).startswith(str(path)) else str(error)) from error
    except (EOFError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read as .npz: {one_line(error)}") from error


def _first(path: Path, arrays: Any, names: tuple[str, ...]) -> npt.NDArray[Any]:
    for name in names:
        if name in arrays.files:
            found: npt.NDArray[Any] = arrays[name]
            return found
    raise DataError(f"{path} has the arrays {', '.join(arrays.files[:9])}; accepted: one named {', '.join(names[:4])}")
