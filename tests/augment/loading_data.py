# SPDX-License-Identifier: Apache-2.0
"""A data set and a pipeline that spawned workers can import."""

from __future__ import annotations

from typing import Any

import burnish
import numpy as np
from burnish import augment

HEIGHT, WIDTH, CLASSES = 26, 30, 4


def photo(index: int) -> np.ndarray:
    """Return an image that no other index has."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    y, x, channel = y[..., None], x[..., None], np.arange(3)
    waves = np.sin(x * (0.1 + 0.03 * (index % 7)) + index) * np.cos(y * 0.15 + index * channel)
    return (120 + 100 * waves + (x * 31 + y * 17 + index * 7) % 13).astype(np.uint8)


class Photos:
    """Images and labels.

    Parameters
    ----------
    n : int
    kind : {"numpy", "torch", "pil"}
    """

    def __init__(self, n: int = 24, kind: str = "numpy") -> None:
        self.n, self.kind = n, kind

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self.n:
            raise IndexError(index)
        image: Any = photo(index)
        if self.kind == "torch":
            import torch

            image = torch.from_numpy(image).permute(2, 0, 1)
        elif self.kind == "pil":
            from PIL import Image

            image = Image.fromarray(image)
        return image, index % CLASSES


class Threads(Photos):
    """Images whose label is the number of threads of the process that loads them."""

    def __getitem__(self, index: int) -> Any:
        return super().__getitem__(index)[0], burnish.get_num_threads()


def pipeline(seed: int = 7) -> augment.Compose:
    """Return a pipeline that draws, normalizes and mixes."""
    return augment.Compose(
        [
            augment.RandomCrop(22, 24),
            augment.HorizontalFlip(),
            augment.Rotate(20, p=0.4),
            augment.ColorJitter(),
            augment.GaussNoise(var_limit=(10, 50), p=0.4),
            augment.GaussianBlur((3, 5), p=0.2),
            augment.Normalize(),
            augment.OneOf([augment.MixUp(num_classes=CLASSES), augment.CutMix()], p=0.7),
        ],
        seed=seed,
    )
