# SPDX-License-Identifier: Apache-2.0
"""Changes of images in plain NumPy, float64; images are (H, W, C) on a scale of 0..255."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np


def border_index(i: np.ndarray, n: int, border: str) -> np.ndarray:
    """Return which pixel of a row of n stands at place i, or -1 for the fill."""
    if border == "constant":
        return np.where((i >= 0) & (i < n), i, -1)
    if border == "replicate":
        return np.clip(i, 0, n - 1)
    if border == "wrap":
        return i % n
    if border == "reflect":
        j = i % (2 * n)
        return np.where(j < n, j, 2 * n - 1 - j)
    j = i % max(1, 2 * n - 2)
    return np.where(j < n, j, 2 * n - 2 - j)


def pixels(image: np.ndarray, rows: np.ndarray, columns: np.ndarray, border: str, fill: float) -> np.ndarray:
    """Read pixels at whole places, also beyond the border."""
    y = border_index(rows, image.shape[0], border)
    x = border_index(columns, image.shape[1], border)
    found = image[y, x].astype(np.float64)
    found[(y < 0) | (x < 0)] = fill
    return found


def warp(
    image: np.ndarray, matrix: np.ndarray, border: str = "constant", fill: float = 0.0, size: Any = None
) -> np.ndarray:
    """Read the image, bilinearly, where `matrix` leads from the centers of the result's pixels; not rounded."""
    u, v = places(matrix, *(size or image.shape[:2]))
    left, top = np.floor(u).astype(int), np.floor(v).astype(int)
    u, v = (u - left)[..., None], (v - top)[..., None]

    def at(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return pixels(image, rows, columns, border, fill)

    upper = at(top, left) * (1 - u) + at(top, left + 1) * u
    lower = at(top + 1, left) * (1 - u) + at(top + 1, left + 1) * u
    return upper * (1 - v) + lower * v


def places(matrix: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where `matrix` leads from the centers of the result's pixels, 0 at the center of the first pixel."""
    y, x = np.mgrid[:height, :width] + 0.5
    place = np.einsum("ij,jhw->ihw", matrix, np.stack([x, y, np.ones_like(x)]))
    return place[0] / place[2] - 0.5, place[1] / place[2] - 0.5


def cubic(distance: np.ndarray, a: float = -0.75) -> np.ndarray:
    """Return the kernel of Keys at distances."""
    d = np.abs(distance)
    near, far = (a + 2) * d**3 - (a + 3) * d**2 + 1, a * (d**3 - 5 * d**2 + 8 * d - 4)
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def warp_bicubic(
    image: np.ndarray, matrix: np.ndarray, border: str = "constant", fill: float = 0.0, size: Any = None
) -> np.ndarray:
    """Read the image bicubically where `matrix` leads; neither rounded nor cut to the range."""
    u, v = places(matrix, *(size or image.shape[:2]))
    left, top = np.floor(u).astype(int), np.floor(v).astype(int)
    result = np.zeros((*u.shape, image.shape[2]))
    for i in range(-1, 3):
        for j in range(-1, 3):
            weight = cubic(v - (top + i)) * cubic(u - (left + j))
            result += weight[..., None] * pixels(image, top + i, left + j, border, fill)
    return result


def in_polygon(height: int, width: int, corners: Any) -> np.ndarray:
    """Return which pixels' centers have an odd number of sides to their left, or on them; in rational numbers."""
    inside = np.zeros((height, width), bool)
    exact = [(Fraction(x), Fraction(y)) for x, y in corners]
    for (x0, y0), (x1, y1) in zip(exact, exact[1:] + exact[:1], strict=True):
        for row in range(height):
            y = Fraction(2 * row + 1, 2)
            if min(y0, y1) <= y < max(y0, y1):
                x = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
                inside[row] ^= np.array([Fraction(2 * column + 1, 2) >= x for column in range(width)])
    return inside


def affine_matrix(
    height: int, width: int, angle: float, scale: Any = (1, 1), shear: Any = (0, 0), shift: Any = (0, 0)
) -> np.ndarray:
    """Return the matrix from places in the result to places in the image."""
    radians, (shear_x, shear_y) = np.deg2rad(angle), np.tan(np.deg2rad(shear))
    sine, cosine = np.sin(radians), np.cos(radians)
    to_center = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    rotation = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    shearing = np.array([[1, shear_x, 0], [shear_y, 1, 0], [0, 0, 1]])
    shifting = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]])
    forward = np.linalg.inv(to_center) @ shifting @ shearing @ rotation @ np.diag([*scale, 1]) @ to_center
    return np.linalg.inv(forward)


def settle(values: np.ndarray) -> np.ndarray:
    """Round and clamp to bytes."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def blur(image: np.ndarray, size: int, sigma: float) -> np.ndarray:
    half = size // 2
    weights = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    weights /= weights.sum()
    result = image.astype(np.float64)
    for axis in (0, 1):
        n = result.shape[axis]
        places = border_index(np.arange(n)[:, None] + np.arange(-half, half + 1), n, "reflect101")
        taken = np.moveaxis(result, axis, 0)[places]  # (n, size, ...)
        result = np.moveaxis(np.tensordot(weights, taken, ([0], [1])), 0, axis)
    return result
