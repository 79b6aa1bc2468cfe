# SPDX-License-Identifier: Apache-2.0
"""Filters, by SciPy, Pillow, OpenCV and Albumentations."""

from __future__ import annotations

from typing import Any

import numpy as np
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from oracles import Pair, clipped, drawn, row, white
from oracles_tone import THRESHOLD, by_pillow
from oracles_values import FLOAT32

SUMS = "columns and rows are summed in float32"


def filtered(images: np.ndarray, kernels: Any, mode: str = "mirror") -> np.ndarray:
    """Correlate each image with its kernel, float64."""
    from scipy.ndimage import correlate

    pairs = zip(images.astype(np.float64), kernels, strict=True)
    return np.stack([correlate(image, kernel[:, :, None], mode=mode) for image, kernel in pairs])


WHOLE = "bytes: weights of whole 256ths, as OpenCV's; floats: columns and rows are summed in float32"


@row("GaussianBlur", "SciPy", WHOLE, levels=2, floats=2e-6, needs="scipy")
def gaussian_blur(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.GaussianBlur((3, 31), p=1), images, ids)
    return result, _blurred(images, entry["size"], entry["sigma"])


@row("functional.gaussian_blur", "SciPy", WHOLE, levels=2, floats=2e-6, needs="scipy")
def functional_gaussian_blur(images: np.ndarray, ids: np.ndarray) -> Pair:
    size, sigma = ids % 40 * 2 + 1, 0.3 + ids % 9
    return F.gaussian_blur(images, size, sigma), _blurred(images, size, sigma)


def _blurred(images: np.ndarray, sizes: Any, sigmas: Any) -> np.ndarray:
    from scipy.ndimage import correlate1d

    result = images.astype(np.float64)
    for image, size, sigma in zip(result, sizes, sigmas, strict=True):
        weights = np.exp(-0.5 * ((np.arange(size) - size // 2) / sigma) ** 2)
        for axis in (0, 1):
            image[:] = correlate1d(image, weights / weights.sum(), axis=axis, mode="mirror")
    return result


@row("functional.gaussian_blur", "OpenCV", floats=2e-6, needs="cv2")
def gaussian_blur_of_opencv(images: np.ndarray, ids: np.ndarray) -> Pair:
    import cv2

    expected = np.stack([cv2.GaussianBlur(image, (7, 7), 1.4) for image in images])
    return F.gaussian_blur(images, 7, 1.4), expected.reshape(images.shape)


@row("Blur", "SciPy", SUMS, levels=1e-2, floats=2e-6, needs="scipy")
def blur(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.Blur((3, 15), p=1), images, ids)
    return result, filtered(images, [np.full((k, k), 1 / k**2) for k in entry["size"]])


@row("MotionBlur", "SciPy, Albumentations' formula", FLOAT32, levels=1e-2, floats=2e-6, needs="scipy")
def motion_blur(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.MotionBlur((3, 15), p=1), images, ids)
    names = ("size", "angle", "direction", "shift_x", "shift_y")
    return result, filtered(images, [line(*values) for values in zip(*(entry[name] for name in names), strict=True)])


def line(size: int, angle: float, direction: float, shift_x: float, shift_y: float) -> np.ndarray:
    """Draw a line of pixels: symmetric about the middle, or only behind or before it."""
    half = size // 2
    start, end = -half * (1 - max(direction, 0.0)), half * (1 - max(-direction, 0.0))
    t = np.linspace(start, end, size)
    places = [half + t * turn(np.deg2rad(angle)) + s for turn, s in ((np.sin, shift_y), (np.cos, shift_x))]
    kernel = np.zeros((size, size))
    kernel[tuple(np.clip(np.round(place), 0, size - 1).astype(int) for place in places)] = 1
    return kernel / kernel.sum()


@row("Sharpen", "SciPy, Albumentations' formula", FLOAT32, levels=1e-2, floats=5e-6, needs="scipy")
def sharpen(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.Sharpen(p=1), images, ids)
    kernels = [sharpening(*pair) for pair in zip(entry["alpha"], entry["lightness"], strict=True)]
    return result, clipped(filtered(images, kernels), images)


def sharpening(alpha: float, lightness: float) -> np.ndarray:
    """Return the kernel of a blend of the image and its sharpened self."""
    kernel = np.full((3, 3), -alpha)
    kernel[1, 1] = alpha * (8 + lightness) + 1 - alpha
    return kernel


@row("UnsharpMask", "Pillow", needs="PIL", dtypes=("uint8",))
def unsharp_mask_of_pillow(images: np.ndarray, ids: np.ndarray) -> Pair:
    from PIL import ImageFilter

    result, entry = drawn(augment.UnsharpMask((0.5, 6), (50, 200), (0, 9), p=1), images, ids)
    expected = [
        by_pillow(images[i : i + 1], lambda image, v=values: image.filter(ImageFilter.UnsharpMask(*v)))[0]
        for i, values in enumerate(
            zip(entry["radius"].tolist(), entry["percent"].tolist(), entry["threshold"].tolist(), strict=True)
        )
    ]
    return result, np.stack(expected)


@row("UnsharpMask", "SciPy, Pillow's formula", SUMS + "; " + THRESHOLD, floats=2e-5, share=0.9995, needs="scipy",
     dtypes=("float32",))  # fmt: skip
def unsharp_mask(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.UnsharpMask((0.5, 6), (50, 200), (0, 9), p=1), images, ids)
    expected = images.astype(np.float64)
    for i, image in enumerate(expected):
        apart = image - extended_box(image[None], float(entry["radius"][i]))[0]
        changed = image + apart * (entry["percent"][i] / 100)
        expected[i] = np.where(np.abs(apart) > entry["threshold"][i] / 255 * white(images), changed, image)
    return result, clipped(expected, images)


def extended_box(images: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth by three passes with weights of a third of the variance: P. Gwosdek et al., SSVM 2011."""
    from scipy.ndimage import correlate1d

    length = np.sqrt(12 * sigma**2 / 3 + 1)
    inner = int((length - 1) / 2)
    a = (2 * inner + 1) * (inner * (inner + 1) - 3 * sigma**2 / 3) / (6 * (sigma**2 / 3 - (inner + 1) ** 2))
    weights = np.array([a, *[1.0] * (2 * inner + 1), a]) / (2 * a + 2 * inner + 1)
    for axis in (1, 2):
        for _ in range(3):
            images = correlate1d(images, weights, axis=axis, mode="nearest")
    return images
