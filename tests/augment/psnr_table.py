# SPDX-License-Identifier: Apache-2.0
"""How near chains of geometric steps come to the truth: in one interpolation, and in several.

The truth is a photograph with four times as many pixels a side, mapped by the product of the steps' matrices in float64
and then averaged over 4 x 4 pixels. The steps get the photograph after it was averaged. `python psnr_table.py` prints
the table.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from burnish import augment

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reference import augment as reference

FINER = 4
PHOTOS = ("china.jpg", "flower.jpg")
# Angle, scale, shear along x, shift in pixels, of each step; as Affine has them
CHAINS: dict[str, list[tuple[float, float, float, tuple[int, int]]]] = {
    "rotate, rotate": [(17, 1, 0, (0, 0)), (-9, 1, 0, (0, 0))],
    "rotate, scale": [(12, 1, 0, (0, 0)), (0, 1.15, 0, (0, 0))],
    "rotate, zoom out, shear": [(-21, 1, 0, (0, 0)), (0, 0.9, 0, (3, -2)), (0, 1, 8, (0, 0))],
    "four turns": [(10, 1, 0, (0, 0)), (-15, 1, 0, (2, 1)), (20, 1, 0, (0, 0)), (-8, 1.05, 0, (0, 0))],
}
INTERPOLATIONS = ("bilinear", "bicubic")
WAYS = ("fused", "step by step", "Albumentations")


def photograph(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a photograph (H, W, 3), and its mean over 4 x 4 pixels in bytes."""
    from sklearn.datasets import load_sample_image

    fine = load_sample_image(name)
    fine = fine[: fine.shape[0] // FINER * FINER, : fine.shape[1] // FINER * FINER]
    return fine, np.rint(coarse(fine)).astype(np.uint8)


def coarse(fine: np.ndarray) -> np.ndarray:
    height, width, channels = fine.shape
    return fine.reshape(height // FINER, FINER, width // FINER, FINER, channels).mean(axis=(1, 3))


def matrices(chain: list[Any], height: int, width: int) -> list[np.ndarray]:
    """Return each step's matrix from places in its result to places in its image."""
    return [
        reference.affine_matrix(height, width, angle, (scale, scale), (-shear, 0), shift)
        for angle, scale, shear, shift in chain
    ]


def truth(fine: np.ndarray, chain: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the mapped photograph, not rounded, and which of its pixels lie well inside of the image at each step."""
    height, width = fine.shape[0] // FINER, fine.shape[1] // FINER
    product, inside = np.eye(3), np.ones((height, width), bool)
    for matrix in reversed(matrices(chain, height, width)):
        product = matrix @ product
        u, v = reference.places(product, height, width)
        inside &= (u > 4) & (u < width - 5) & (v > 4) & (v < height - 5)
    finer = np.diag([FINER, FINER, 1.0])
    mapped = reference.warp_bicubic(fine, finer @ product @ np.linalg.inv(finer))
    return coarse(np.clip(mapped, 0, 255)), inside


def steps(library: Any, chain: list[Any], interpolation: int) -> list[Any]:
    """Return the chain as transforms of a library that has Albumentations' Affine."""
    return [
        library.Affine(rotate=(angle, angle), scale=(scale, scale), shear={"x": (shear, shear), "y": (0, 0)},
                       translate_px={"x": (x, x), "y": (y, y)}, interpolation=interpolation, p=1)
        for angle, scale, shear, (x, y) in chain
    ]  # fmt: skip


def results(image: np.ndarray, chain: list[Any], interpolation: str) -> dict[str, np.ndarray]:
    """Return the chain's result in each way; Albumentations' where it is installed."""
    code = 1 + INTERPOLATIONS.index(interpolation)
    pipe = augment.Compose(steps(augment, chain, code))
    found = {"fused": pipe(image), "step by step": pipe(image, fuse=False)}
    try:
        import albumentations
    except ImportError:
        return found
    found["Albumentations"] = albumentations.Compose(steps(albumentations, chain, code))(image=image)["image"]
    return found


def psnr(found: np.ndarray, expected: np.ndarray, where: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio in decibels."""
    error = (found.astype(np.float64) - expected)[where]
    return 10 * math.log10(255**2 / np.mean(error**2))


def table() -> list[tuple[str, str, str, dict[str, float]]]:
    """Return photograph, chain, interpolation, and the ratio of each way."""
    lines = []
    for name in PHOTOS:
        fine, image = photograph(name)
        for title, chain in CHAINS.items():
            expected, inside = truth(fine, chain)
            for interpolation in INTERPOLATIONS:
                found = results(image, chain, interpolation)
                lines.append((name, title, interpolation, {k: psnr(v, expected, inside) for k, v in found.items()}))
    return lines


if __name__ == "__main__":
    print(f"{'PSNR in dB':45}" + "".join(f"{way:>16}" for way in WAYS))
    for name, title, interpolation, ratios in table():
        print(f"{name:12}{title:24}{interpolation:9}" + "".join(f"{ratios.get(way, math.nan):16.2f}" for way in WAYS))
