# SPDX-License-Identifier: Apache-2.0
"""Photographs for the augmentation benchmarks, the settings of its pipelines, and what results have to look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from timing import optional

MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])
SIGMAS = (3.0, 7.0)  # of noise, on a scale of 0..255


@dataclass(frozen=True)
class Inputs:
    """A batch, and the chance of the steps that are not always taken."""

    images: Any  # uint8 (N, H, W, 3)
    side: int = 0  # of the results
    p: float = 0.5  # of flip, rotation, jitter, noise
    p_blur: float = 0.2
    other: Any = None  # a second batch or parameters


def photographs(n: int, side: int, seed: int = 0) -> Any:
    """Cut parts of scikit-learn's two photographs and rescale them; waves and noise where it is missing."""
    rng = np.random.default_rng(seed)
    datasets, pillow = optional("sklearn.datasets"), optional("PIL.Image")
    result = np.empty((n, side, side, 3), np.uint8)
    if datasets is None or pillow is None:
        y, x = np.mgrid[:side, :side] / side
        for i in range(n):
            waves = [np.sin((x * a + y * b) * 9 + c) for a, b, c in rng.normal(size=(3, 3))]
            result[i] = np.clip(128 + 90 * np.stack(waves, 2) + rng.normal(0, 8, (side, side, 3)), 0, 255)
        return result
    sources = [pillow.fromarray(image) for image in datasets.load_sample_images().images]
    for i in range(n):
        source = sources[i % len(sources)]
        part = int(rng.integers(min(source.size) // 2, min(source.size)))
        left, top = (int(rng.integers(0, size - part + 1)) for size in source.size)
        box = (left, top, left + part, top + part)
        result[i] = np.asarray(source.resize((side, side), pillow.Resampling.BILINEAR, box=box))
    return result


def normalized(images: Any) -> Any:
    """Normalize uint8 (N, H, W, 3) to float32 (N, 3, H, W), by its formula."""
    return ((images / 255.0 - MEAN) / STD).astype(np.float32).transpose(0, 3, 1, 2)


@dataclass(frozen=True)
class Like:
    """What random results must be like: their shape and dtype, and about their mean and spread."""

    shape: tuple[int, ...]
    dtype: str
    mean: float
    spread: float

    @classmethod
    def of(cls, array: Any) -> Like:
        return cls(tuple(array.shape), str(array.dtype), float(array.mean()), float(array.std()))

    def difference(self, found: Any) -> float:
        """How far mean and spread are from it, in units of the spread; infinite for another shape or dtype."""
        other = Like.of(as_numpy(found))
        if (other.shape, other.dtype) != (self.shape, self.dtype):
            return np.inf
        return max(abs(other.mean - self.mean), abs(other.spread - self.spread)) / self.spread


def as_numpy(found: Any) -> Any:
    """Take a result of any library for a NumPy array."""
    array = found if isinstance(found, np.ndarray) else np.asarray(found)
    if not array.flags.c_contiguous:
        raise AssertionError("the result is not contiguous")
    return array


def largest_difference(found: Any, expected: Any) -> float:
    """The largest difference of results that should be the same; infinite for another shape or dtype."""
    array = as_numpy(found)
    if array.shape != expected.shape or array.dtype != expected.dtype:
        return np.inf
    return float(np.abs(array.astype(np.float64) - expected.astype(np.float64)).max())


def mean_difference(found: Any, expected: Any) -> float:
    """Their mean difference, for results that a kernel or a rounding of another kind makes differ here and there."""
    array = as_numpy(found)
    if array.shape != expected.shape or array.dtype != expected.dtype:
        return np.inf
    return float(np.abs(array.astype(np.float64) - expected.astype(np.float64)).mean())
