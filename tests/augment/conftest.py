# SPDX-License-Identifier: Apache-2.0
"""Images and pipelines that several tests use."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from burnish import augment

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for this folder's own modules, under every import mode

COLORS = [
    augment.ColorJitter(0.4, 0.4, 0.4, 0.2, p=0.7),
    augment.RandomBrightnessContrast(),
    augment.RGBShift(),
    augment.InvertImg(p=0.2),
    augment.ChannelDropout(p=0.2),
]


@pytest.fixture(scope="session")
def photos() -> np.ndarray:
    """Return smooth images with some detail, (N, H, W, C) uint8, no two alike."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:37, :53]
    waves = [127 + 100 * np.sin(x * a + b) * np.cos(y * c + d) for a, b, c, d in rng.uniform(0.02, 0.3, (24, 4))]
    images = np.stack(waves).reshape(8, 3, 37, 53).transpose(0, 2, 3, 1)
    return np.clip(images + rng.normal(0, 6, images.shape), 0, 255).astype(np.uint8)


@pytest.fixture(params=["uint8", "float32"])
def images(request: pytest.FixtureRequest, photos: np.ndarray) -> np.ndarray:
    """Return the photos in each dtype that operations read."""
    return photos if request.param == "uint8" else (photos / 255).astype(np.float32)


@pytest.fixture
def pipe() -> augment.Compose:
    """Return a pipeline of everything that keeps to uint8."""
    return augment.Compose(
        [
            augment.RandomCrop(32, 40, padding=2, border_mode="reflect"),
            augment.HorizontalFlip(),
            augment.OneOf([augment.Rotate(30, p=1), augment.Affine(scale=(0.8, 1.2), shear=(-5, 5), p=1)], p=0.8),
            augment.SomeOf(COLORS, n=3),
            augment.Sequential([augment.GaussNoise(var_limit=(10, 50)), augment.GaussianBlur((3, 7))], p=0.7),
            augment.CoarseDropout(),
            augment.RandomErasing(),
        ],
        seed=5,
    )
