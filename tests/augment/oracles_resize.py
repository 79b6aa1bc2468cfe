# SPDX-License-Identifier: Apache-2.0
"""Other numbers of pixels, by Pillow, OpenCV and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from oracles import Pair, drawn, row, white
from oracles_geometry import NUMPY_BORDERS, by_scipy

METHODS = ("nearest", "bilinear", "bicubic")


def method_of(images: np.ndarray) -> str:
    """Return each method for some images."""
    return METHODS[sum(images.shape) % 3]


def by_pillow(images: Any, size: tuple[int, int], method: str) -> np.ndarray:
    """Resize along the rows and then down the columns; from version 13 on, Pillow chooses the order by the sizes."""
    from PIL import Image

    resample = Image.Resampling[method.upper()]
    resized = []
    for image in images:
        for plane in np.moveaxis(image, -1, 0):
            made = Image.fromarray(np.ascontiguousarray(plane)).resize((size[1], image.shape[0]), resample)
            resized.append(np.asarray(made.resize(size[::-1], resample)))
    channels = images[0].shape[-1]
    planes = np.stack(resized).reshape(len(images), channels, *size)
    return np.clip(np.moveaxis(planes, 1, -1), 0, white(planes))


@row("Resize", "Pillow", "Pillow has weights of 53 bits for floats", floats=1e-6, needs="PIL")
def resize(images: np.ndarray, ids: np.ndarray) -> Pair:
    method = method_of(images) if images.shape[1:3] != (37, 53) else "bicubic"
    return augment.Resize(29, 61, method)(images), by_pillow(images, (29, 61), method)


@row("functional.resize", "Pillow", "Pillow has weights of 53 bits for floats", floats=1e-6, needs="PIL")
def functional_resize(images: np.ndarray, ids: np.ndarray) -> Pair:
    return F.resize(images, 23, 20), by_pillow(images, (23, 20), "bilinear")


@row("functional.resize", "OpenCV", "OpenCV has weights of 11 bits for bytes", levels=1, floats=1e-5, needs="cv2")
def resize_of_opencv(images: np.ndarray, ids: np.ndarray) -> Pair:
    import cv2

    code = 1 + sum(images.shape) % 2
    found = F.resize(images, 23, 70, interpolation=code, antialias=False)
    expected = np.stack([cv2.resize(image, (70, 23), interpolation=code) for image in images]).reshape(found.shape)
    return found, np.clip(expected, 0, white(images))


@row("RandomResizedCrop", "Pillow", "Pillow has weights of 53 bits for floats", floats=1e-6, needs="PIL")
def random_resized_crop(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.RandomResizedCrop((20, 25), interpolation="bicubic"), images, ids)
    return result, np.concatenate(
        [
            by_pillow([image[top : top + height, left : left + width]], (20, 25), "bicubic")
            for image, top, left, height, width in zip(images, *(entry[k] for k in entry.params), strict=True)
        ]
    )


@row("functional.resized_crop", "Pillow", "Pillow has weights of 53 bits for floats", floats=1e-6, needs="PIL")
def resized_crop(images: np.ndarray, ids: np.ndarray) -> Pair:
    result = F.resized_crop(images, -2, -1, images.shape[1] + 3, images.shape[2] + 1, (31, 9), border_mode="reflect")
    wide = np.pad(images, ((0, 0), (2, 1), (1, 0), (0, 0)), mode="symmetric")
    return result, by_pillow(wide, (31, 9), "bilinear")


@row("PadIfNeeded", "NumPy's pad")
def pad_if_needed(images: np.ndarray, ids: np.ndarray) -> Pair:
    border = tuple(NUMPY_BORDERS)[sum(images.shape) % 5]
    transform = augment.PadIfNeeded(40, None, None, 16, "bottom_left", border, white(images))
    rows, columns = max(0, 40 - images.shape[1]), -images.shape[2] % 16
    options: dict[str, Any] = {"constant_values": white(images)} if border == "constant" else {}
    widths = ((0, 0), (rows, 0), (0, columns), (0, 0))
    return transform(images), np.pad(images, widths, mode=NUMPY_BORDERS[border], **options)  # type: ignore[call-overload]


@row("SquareSymmetry", "NumPy")
def square_symmetry(images: np.ndarray, ids: np.ndarray) -> Pair:
    return _symmetries(augment.SquareSymmetry(), images, ids)


@row("D4", "NumPy")
def d4(images: np.ndarray, ids: np.ndarray) -> Pair:
    return _symmetries(augment.D4(), images, ids)


@row("functional.square_symmetry", "NumPy")
def functional_square_symmetry(images: np.ndarray, ids: np.ndarray) -> Pair:
    result = F.square_symmetry(list(images), ids % 8)
    return _flat(result), _flat(_turned(image, member % 8) for image, member in zip(images, ids, strict=True))


def _symmetries(transform: Any, images: np.ndarray, ids: np.ndarray) -> Pair:
    plan = transform.plan(ids)
    members = plan[0]["member"]
    result = transform.apply(list(images), plan)
    return _flat(result), _flat(_turned(image, member) for image, member in zip(images, members, strict=True))


def _turned(image: np.ndarray, member: int) -> np.ndarray:
    image = image.swapaxes(0, 1) if member & 4 else image
    return image[:: -1 if member & 2 else 1, :: -1 if member & 1 else 1]


def _flat(images: Any) -> np.ndarray:
    return np.concatenate([image.ravel() for image in images])


@row("functional.perspective", "SciPy", "weights of pixels have 14 bits", levels=0.02, floats=1e-4, needs="scipy")
def perspective(images: np.ndarray, ids: np.ndarray) -> Pair:
    height, width = images.shape[1:3]
    corners = np.array([[0.1, 0.05], [0.9, 0.2], [0.85, 0.95], [0.0, 0.8]])
    equations, right = [], []
    to = [(0, 0), (width, 0), (width, height), (0, height)]
    for (x, y), (u, v) in zip(corners * [width, height], to, strict=True):
        equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    matrix = np.append(np.linalg.solve(equations, right), 1).reshape(3, 3)
    result = F.perspective(images, corners, border_mode="wrap")
    return result, np.stack([by_scipy(image, matrix, "wrap", 0.0) for image in images])
