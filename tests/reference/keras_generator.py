# SPDX-License-Identifier: Apache-2.0
"""The changes of Keras' legacy generator in float64, by its own formulas; images are (H, W, C)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage


def transform(image: np.ndarray, params: dict[str, Any], mode: str = "nearest", cval: float = 0.0) -> np.ndarray:
    """Change an image: rotation, shift, shear and zoom of indices about a "center", then flips."""
    theta, shear = np.deg2rad(params.get("theta", 0)), np.deg2rad(params.get("shear", 0))
    rotation = np.array([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])
    shifting = np.array([[1, 0, params.get("tx", 0)], [0, 1, params.get("ty", 0)], [0, 0, 1]])
    shearing = np.array([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]])
    zooming = np.diag([params.get("zx", 1), params.get("zy", 1), 1])
    # Keras takes height for the first coordinate's size here, and exchanges the coordinates afterwards.
    x, y = image.shape[0] / 2 - 0.5, image.shape[1] / 2 - 0.5
    offset, reset = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]]), np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]])
    matrix = offset @ rotation @ shifting @ shearing @ zooming @ reset
    exchange = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    matrix = exchange @ matrix @ exchange
    planes = [
        ndimage.affine_transform(
            image[..., c].astype(np.float64), matrix[:2, :2], matrix[:2, 2], order=1, mode=mode, cval=cval
        )
        for c in range(image.shape[2])
    ]
    result = np.stack(planes, axis=-1)
    if params.get("flip_horizontal"):
        result = result[:, ::-1]
    return result[::-1] if params.get("flip_vertical") else result
