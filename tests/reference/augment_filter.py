# SPDX-License-Identifier: Apache-2.0
"""Filters in plain NumPy, float64, one kernel at a time; images are (H, W, C), `white` is 255 or 1."""

from __future__ import annotations

import numpy as np
from reference.augment import border_index, settle


def convolve(image: np.ndarray, kernel: np.ndarray, border: str = "reflect101") -> np.ndarray:
    """Return sums of the neighbors times the kernel's weights, as they lie beside the pixel."""
    height, width = image.shape[:2]
    result = np.zeros(image.shape)
    for (y, x), weight in np.ndenumerate(kernel):
        rows = border_index(np.arange(height) + y - kernel.shape[0] // 2, height, border)
        columns = border_index(np.arange(width) + x - kernel.shape[1] // 2, width, border)
        if weight:
            result += weight * image[np.ix_(rows, columns)]
    return result


def separable(image: np.ndarray, weights: np.ndarray, border: str) -> np.ndarray:
    return convolve(convolve(image, weights[:, None], border), weights[None, :], border)


def whole_weights(weights: np.ndarray) -> np.ndarray:
    """Return weights in 256ths, rounded: what one loses the next one to the center gets, and the center the rest."""
    half, lost = len(weights) // 2, 0.0
    result = np.zeros(len(weights), np.int64)
    for i in range(half):
        wanted = weights[i] * 256 + lost
        result[i] = result[-1 - i] = np.rint(wanted)
        lost = wanted - result[i]
    result[half] = 256 - result.sum()
    return result


def gaussian_blur(image: np.ndarray, white: float, size: int, sigma: float) -> np.ndarray:
    """Blur with whole weights in uint8, halves rounded up."""
    weights = np.exp(-0.5 * ((np.arange(size) - size // 2) / sigma) ** 2)
    weights /= weights.sum()
    if white == 255:
        return np.floor(separable(image, whole_weights(weights), "reflect101") / 65536 + 0.5)
    return separable(image, weights, "reflect101")


def box_blur(image: np.ndarray, white: float, size: int) -> np.ndarray:
    return separable(image, np.full(int(size), 1 / size), "reflect101")


def motion_kernel(size: int, angle: float, direction: float, shift_x: float = 0.0, shift_y: float = 0.0) -> np.ndarray:
    """Return equal weights of the pixels that lie nearest to `size` points of a line."""
    half = size // 2
    start, end = -half * min(1.0, 1 - direction), half * min(1.0, 1 + direction)
    kernel = np.zeros((size, size))
    for t in np.linspace(start, end, size):
        x = half + np.cos(np.deg2rad(angle)) * t + shift_x
        y = half + np.sin(np.deg2rad(angle)) * t + shift_y
        kernel[int(np.clip(np.rint(y), 0, size - 1)), int(np.clip(np.rint(x), 0, size - 1))] = 1
    return kernel / kernel.sum()


def motion_blur(
    image: np.ndarray, white: float, size: int, angle: float, direction: float, shift_x: float, shift_y: float
) -> np.ndarray:
    return convolve(image, motion_kernel(int(size), angle, direction, shift_x, shift_y))


def sharpen(image: np.ndarray, white: float, alpha: float, lightness: float) -> np.ndarray:
    kernel = np.full((3, 3), -alpha)
    kernel[1, 1] = 1 - alpha + alpha * (8 + lightness)
    return convolve(image, kernel)


def sharpness(image: np.ndarray, white: float, factor: float) -> np.ndarray:
    """Blend with the smoothed image, which is rounded in uint8; the border stays."""
    kernel = np.ones((3, 3)) / 13
    kernel[1, 1] = 5 / 13
    smooth = convolve(image, kernel)
    smooth = settle(smooth) if white == 255 else np.clip(smooth, 0, 1)
    result = image.copy()
    result[1:-1, 1:-1] = (smooth + (image - smooth) * factor)[1:-1, 1:-1]
    return result


def extended_box(radius: float) -> np.ndarray:
    """Return the weights of a box whose ends are partial, three of which are Pillow's Gaussian of that radius.

    P. Gwosdek, S. Grewenig, A. Bruhn, J. Weickert: Theoretical foundations of Gaussian convolution by extended box
    filtering. SSVM 2011.
    """
    variance = radius**2 / 3
    half = np.floor((np.sqrt(12 * variance + 1) - 1) / 2)
    part = (2 * half + 1) * (half * (half + 1) - 3 * variance) / (6 * (variance - (half + 1) ** 2))
    weights = np.ones(int(2 * half + 3))
    weights[[0, -1]] = part
    return weights / (2 * half + 1 + 2 * part)


def pillow_gaussian_blur(image: np.ndarray, white: float, radius: float) -> np.ndarray:
    """Blur three times along the rows and three times along the columns; without Pillow's roundings between."""
    if radius == 0:
        return image
    weights = extended_box(radius)
    for _ in range(3):
        image = convolve(image, weights[None, :], "replicate")
    for _ in range(3):
        image = convolve(image, weights[:, None], "replicate")
    return image


def unsharp_mask(image: np.ndarray, white: float, radius: float, percent: float, threshold: float) -> np.ndarray:
    """Without Pillow's roundings."""
    difference = image - pillow_gaussian_blur(image, white, radius)
    return np.where(np.abs(difference) > threshold * white / 255, image + difference * percent / 100, image)
