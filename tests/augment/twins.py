# SPDX-License-Identifier: Apache-2.0
"""How operations with explicit parameters are compared with plain NumPy: on which images, and how closely."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from burnish.augment import functional as F  # noqa: N812

SIZES = [(1, 1), (1, 9), (7, 1), (37, 53), (3, 2503)]  # the last one wider than what is worked on at a time
KINDS = ["uint8", "float32"]
N = 3


def samples(height: int, width: int, channels: int, kind: str) -> np.ndarray:
    """Return images with slopes, edges, noise, gray and flat parts, black and white, no two alike."""
    rng = np.random.default_rng(height * 7 + width + channels)
    y, x = np.mgrid[:height, :width]
    waves = [120 + 100 * np.sin(x / (5.0 + k) + y / 9.0 + k) for k in range(N * channels)]
    images = np.stack(waves).reshape(N, channels, height, width).transpose(0, 2, 3, 1)
    images = np.clip(images + rng.normal(0, 12, images.shape), 0, 255).astype(np.uint8)
    images[:, height // 2 :, : width // 3] = images[:, height // 2 :, : width // 3, :1]
    images[:, height // 4 : height // 2, width // 4 : width // 2] = images[:, height // 4 : height // 4 + 1, :1]
    images[0, : height // 8] = 0
    images[1, : height // 8] = 255
    return images if kind == "uint8" else images.astype(np.float32) / np.float32(255)


@dataclass
class Twin:
    """An operation of `functional`, its parameters for N samples, and its formula in plain NumPy.

    Parameters
    ----------
    name : str
    params : dict
        Arrays of N values, one for each sample.
    formula : callable
        (image in float64, white, **parameters of one sample) -> values before clamping and rounding.
    shared : dict
        Parameters of all samples.
    channels : tuple of int
    levels, fraction : float
        Largest differences in uint8 from the unrounded values, and in float32.
    """

    name: str
    params: dict[str, Any]
    formula: Callable[..., np.ndarray]
    shared: dict[str, Any] = field(default_factory=dict)
    channels: tuple[int, ...] = (1, 3, 4)
    levels: float = 0.501  # a rounding of values that are off by less than 1/1000
    fraction: float = 2e-6

    def __str__(self) -> str:
        return "-".join([self.name, *map(str, self.shared.values())])

    def check(self, size: tuple[int, int], channels: int, kind: str) -> None:
        """Compare on images of a size."""
        if channels not in self.channels:
            pytest.skip("refused")
        images = samples(*size, channels, kind)
        white = 255.0 if kind == "uint8" else 1.0
        found = getattr(F, self.name)(images, **self.params, **self.shared)
        assert found.dtype == images.dtype
        for i in range(N):
            one = {name: np.asarray(values)[i] for name, values in self.params.items()}
            expected = np.clip(self.formula(images[i].astype(np.float64), white, **one, **self.shared), 0, white)
            difference = np.abs(found[i] - expected).max()
            assert difference <= (self.levels if white == 255 else self.fraction), (i, one, difference)


def torchvision_functional() -> Any:
    """Return torchvision's functions, or skip."""
    torch = pytest.importorskip("torch")
    # They are pure torch, but importing them asks for operators of torchvision's C++ part, which is there only if it
    # was built for this torch.
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        with contextlib.suppress(RuntimeError):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    KEPT.append(library)  # the operators go with it
    return pytest.importorskip("torchvision.transforms.v2.functional")


KEPT: list[Any] = []


def on_all(twins: list[Twin]) -> Callable[[Any], Any]:
    """Make a test of (twin, size, channels, kind) run for all of them."""

    def decorate(test: Any) -> Any:
        for name, values in {"kind": KINDS, "channels": [1, 3, 4], "size": SIZES}.items():
            test = pytest.mark.parametrize(name, values)(test)
        return pytest.mark.parametrize("twin", twins, ids=str)(test)

    return decorate
