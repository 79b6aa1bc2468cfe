# SPDX-License-Identifier: Apache-2.0
"""The few functions of OpenCV that rotate an image and change its brightness, on burnish's engine.

Change ``import cv2`` to ``from burnish.augment import opencv as cv2``. Arguments, shapes and dtypes are OpenCV's;
images are uint8, (H, W) or (H, W, 3) in OpenCV's order of blue, green, red. What is not here is refused by name.

Notes
-----
`cvtColor` to HSV gives OpenCV's bytes. Back from HSV it rounds, where OpenCV's own results depend on the width of the
image: its loop over 8 or 16 pixels cuts the fraction off, the one over the rest rounds; so they differ by up to 1.
`warpAffine` tells places to 1/16384 of a pixel: within 1 of OpenCV 5. OpenCV 4 tells them to 1/32, which makes up to 4
of difference at edges.

Examples
--------
>>> import numpy as np
>>> from burnish.augment import opencv as cv2
>>> image = np.full((40, 60, 3), 100, np.uint8)
>>> turn = cv2.getRotationMatrix2D((30, 20), 10, 1)
>>> rotated = cv2.warpAffine(image, turn, (60, 40))
>>> hue, saturation, value = cv2.split(cv2.cvtColor(rotated, cv2.COLOR_BGR2HSV))
>>> value = cv2.add(value, 0.1 * 255)
>>> cv2.cvtColor(cv2.merge([hue, saturation, value]), cv2.COLOR_HSV2BGR)[20, 30]
array([126, 126, 126], dtype=uint8)
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import MOST_SIDE, border_code, interpolation_code
from burnish.augment._images import Images
from burnish.augment._numbers import sine_and_cosine
from burnish.augment._run import run_alike

Bytes = npt.NDArray[np.uint8]

INTER_NEAREST, INTER_LINEAR = 0, 1
WARP_INVERSE_MAP = 16
BORDER_CONSTANT, BORDER_REPLICATE, BORDER_REFLECT, BORDER_WRAP, BORDER_REFLECT_101 = range(5)
BORDER_REFLECT101 = BORDER_DEFAULT = BORDER_REFLECT_101
COLOR_BGR2RGB = COLOR_RGB2BGR = 4
COLOR_BGR2HSV, COLOR_RGB2HSV, COLOR_HSV2BGR, COLOR_HSV2RGB = 40, 41, 54, 55

_SWAP = (_core.Op.permute, [2.0, 1.0, 0.0])
_COLORS: dict[int, list[tuple[_core.Op, list[float]]]] = {
    COLOR_BGR2RGB: [_SWAP],
    COLOR_BGR2HSV: [_SWAP, (_core.Op.to_hsv, [])],
    COLOR_RGB2HSV: [(_core.Op.to_hsv, [])],
    COLOR_HSV2BGR: [(_core.Op.from_hsv, []), _SWAP],
    COLOR_HSV2RGB: [(_core.Op.from_hsv, [])],
}


def getRotationMatrix2D(center: Sequence[float], angle: float, scale: float) -> npt.NDArray[np.float64]:  # noqa: N802
    """Return the matrix (2, 3) that turns by `angle` degrees, counter-clockwise as seen, about `center` (x, y)."""
    call = "getRotationMatrix2D"
    if not isinstance(center, tuple | list | np.ndarray) or len(center) != 2:
        raise TypeError(f"{call}: 'center' is {center!r}; accepted: a pair of numbers, (x, y)")
    x, y = (check.real(call, "center", float(value), -1e9) for value in center)
    sine, cosine = sine_and_cosine(check.real(call, "angle", angle, -1e9))
    a = float(cosine) * check.real(call, "scale", scale, -1e6, 1e6)
    b = float(sine) * scale
    return np.array([[a, b, (1 - a) * x - b * y], [-b, a, b * x + (1 - a) * y]])


def warpAffine(  # noqa: N802
    src: Any, M: Any, dsize: Sequence[int], dst: Any = None, flags: int = INTER_LINEAR,
    borderMode: int = BORDER_CONSTANT, borderValue: Any = 0,
) -> Bytes:  # fmt: skip
    """Move an image's pixels by a matrix (2, 3) of columns and rows.

    Parameters
    ----------
    src : uint8 array of shape (H, W) or (H, W, C)
    M : array of shape (2, 3)
    dsize : pair of int
        Width and height of the result.
    dst : array, optional
        Where to write it.
    flags : int, default INTER_LINEAR
        INTER_NEAREST or INTER_LINEAR, with WARP_INVERSE_MAP where `M` leads from the result to the image.
    borderMode : int, default BORDER_CONSTANT
    borderValue : number or tuple of numbers, default 0

    Returns
    -------
    uint8 array
    """
    image = _image("warpAffine", "src", src)
    matrix = np.asarray(M, np.float64)
    if matrix.shape != (2, 3) or not np.isfinite(matrix).all():
        raise ValueError(f"warpAffine: 'M' has shape {matrix.shape}; accepted: (2, 3), finite numbers")
    if not isinstance(dsize, tuple | list) or len(dsize) != 2:
        raise TypeError(f"warpAffine: 'dsize' is {dsize!r}; accepted: a pair of int, (width, height)")
    width, height = (check.integer("warpAffine", "dsize", side, 0, MOST_SIDE) for side in dsize)
    width, height = (width, height) if width and height else (image.shape[1], image.shape[0])
    flags = check.integer("warpAffine", "flags", flags, 0)
    if flags & ~WARP_INVERSE_MAP not in (INTER_NEAREST, INTER_LINEAR):
        raise ValueError(
            f"warpAffine: 'flags' is {flags}; accepted: INTER_NEAREST, INTER_LINEAR, each with WARP_INVERSE_MAP or not"
        )
    if borderMode not in range(5):
        raise ValueError(
            f"warpAffine: 'borderMode' is {borderMode!r}; accepted: BORDER_CONSTANT, BORDER_REPLICATE, BORDER_REFLECT, "
            "BORDER_REFLECT_101, BORDER_WRAP"
        )
    if not flags & WARP_INVERSE_MAP:
        matrix = _inverse(matrix)
    # OpenCV's places are those of pixels' centers.
    a, b, x, c, d, y = matrix.ravel()
    x, y = x + 0.5 - 0.5 * (a + b), y + 0.5 - 0.5 * (c + d)
    channels = image.shape[2] if image.ndim == 3 else 1
    fill = _scalar("warpAffine", "borderValue", borderValue, channels)
    options = [interpolation_code("warpAffine", flags & 1), border_code("warpAffine", borderMode), *fill]
    params = [a, b, x, c, d, y, 0.0, 0.0, 1.0, float(height), float(width)]
    return _run("warpAffine", image, [(_core.Op.warp, options, params)], (height, width), dst)


def cvtColor(src: Any, code: int, dst: Any = None) -> Bytes:  # noqa: N802
    """Convert colors: BGR or RGB to HSV (hue 0 to 179) and back, or BGR to RGB."""
    image = _image("cvtColor", "src", src)
    if code not in _COLORS:
        raise ValueError(
            f"cvtColor: 'code' is {code!r}; accepted: COLOR_BGR2HSV, COLOR_RGB2HSV, COLOR_HSV2BGR, COLOR_HSV2RGB, "
            "COLOR_BGR2RGB"
        )
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"cvtColor: 'src' has shape {image.shape}; accepted: (H, W, 3)")
    return _run("cvtColor", image, [(op, [], params) for op, params in _COLORS[code]], image.shape[:2], dst)


def split(m: Any) -> tuple[npt.NDArray[Any], ...]:
    """Return an image's channels, each (H, W), as arrays of their own."""
    image = np.asarray(m)
    if image.ndim not in (2, 3):
        raise ValueError(f"split: 'm' has shape {image.shape}; accepted: (H, W) or (H, W, C)")
    planes = image[:, :, None] if image.ndim == 2 else image
    return tuple(np.ascontiguousarray(planes[:, :, c]) for c in range(planes.shape[2]))


def merge(mv: Sequence[Any]) -> npt.NDArray[Any]:
    """Return the image (H, W, C) of channels (H, W), which must be of one dtype and shape."""
    planes = [np.asarray(plane) for plane in mv]
    if not planes or any(plane.ndim != 2 for plane in planes):
        raise ValueError(f"merge: 'mv' has shapes {[plane.shape for plane in planes]}; accepted: (H, W) each")
    kinds = {(plane.shape, plane.dtype.name) for plane in planes}
    if len(kinds) > 1:
        raise ValueError(f"merge: 'mv' has {sorted(kinds)}; accepted: one shape and dtype; see ndarray.astype")
    return np.stack(planes, axis=-1)


def add(src1: Any, src2: Any, dst: Any = None) -> Bytes:
    """Add two images, or a number (rounded first) to one of a single channel, or a tuple to the channels; clipped."""
    image = _image("add", "src1", src1)
    if isinstance(src2, Real) and image.ndim == 3:
        raise ValueError(
            f"add: 'src2' is {src2!r} for an image of shape {image.shape}, of which OpenCV 4 takes one channel and "
            "OpenCV 5 all; accepted: a tuple with a number for each channel"
        )
    if isinstance(src2, Real | tuple | list):
        channels = image.shape[2] if image.ndim == 3 else 1
        numbers = np.rint(_scalar("add", "src2", src2, channels)).clip(-256, 256).astype(np.int16)
        other: Any = numbers if image.ndim == 3 else numbers[0]
    else:
        other = _image("add", "src2", src2)
        if other.shape != image.shape:
            raise ValueError(f"add: 'src2' has shape {other.shape}; accepted: {image.shape}, as 'src1'")
    out = np.empty_like(image) if dst is None else _target("add", dst, image.shape)
    out[...] = np.clip(image.astype(np.int16) + other, 0, 255)
    return out


def _image(call: str, name: str, value: Any) -> Bytes:
    image = np.asarray(value)
    if image.dtype != np.uint8:
        raise TypeError(f"{call}: '{name}' has dtype {image.dtype}; accepted: uint8; see ndarray.astype")
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise ValueError(f"{call}: '{name}' has shape {image.shape}; accepted: (H, W) or (H, W, C), not empty")
    return image


def _target(call: str, dst: Any, shape: tuple[int, ...]) -> Bytes:
    if not isinstance(dst, np.ndarray) or dst.dtype != np.uint8 or dst.shape != shape:
        raise ValueError(f"{call}: 'dst' is no uint8 array of shape {shape}")
    return dst


def _scalar(call: str, name: str, value: Any, channels: int) -> list[float]:
    """Return OpenCV's scalar as a number for each channel: those that are not given are 0."""
    given = [value] if isinstance(value, Real) else list(value)
    numbers = [check.real(call, name, number, -1e9, 1e9) for number in given]
    if len(numbers) > 4:
        raise ValueError(f"{call}: '{name}' is {value!r}; accepted: up to four numbers")
    return (numbers + [0.0] * channels)[:channels]


def _inverse(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    a, b, x, c, d, y = (float(value) for value in matrix.ravel())
    determinant = a * d - b * c
    if determinant == 0:
        raise ValueError("warpAffine: 'M' has no inverse; accepted: a matrix that leaves more than a line of the image")
    a, b, c, d = d / determinant, -b / determinant, -c / determinant, a / determinant
    return np.array([[a, b, -(a * x + b * y)], [c, d, -(c * x + d * y)]])


def _run(
    call: str, image: Bytes, steps: list[tuple[_core.Op, list[float], list[float]]], size: tuple[int, ...], dst: Any
) -> Bytes:
    out = (
        np.empty((*size, *image.shape[2:]), np.uint8) if dst is None else _target(call, dst, (*size, *image.shape[2:]))
    )
    planes = (image, out) if image.ndim == 3 else (image[:, :, None], out[:, :, None])
    images, results = (Images("batch", array[None], _core.Layout.nhwc) for array in planes)
    rows = [(op, options, np.array([params], np.float64).reshape(1, -1)) for op, options, params in steps]
    run_alike(call, rows, images, results)
    return out
