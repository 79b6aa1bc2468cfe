# SPDX-License-Identifier: Apache-2.0
"""Means, standard deviations and whitening of images."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.augment._numbers import Floats


class Statistics:
    """Mean and squared deviations of each channel, of parts that are added one after the other."""

    def __init__(self, channels: int) -> None:
        self.count = 0
        self.mean = np.zeros(channels)
        self.deviations = np.zeros(channels)

    def add(self, images: npt.NDArray[Any], factor: float) -> None:
        """Add images with the channels last, times a factor."""
        values = images.reshape(-1, images.shape[-1]).astype(np.float64) * factor
        mean = values.mean(axis=0)
        deviations = ((values - mean) ** 2).sum(axis=0)
        total = self.count + len(values)
        apart = mean - self.mean
        self.deviations += deviations + apart**2 * (self.count * len(values) / total)
        self.mean += apart * (len(values) / total)
        self.count = total

    def std(self) -> Floats:
        """Return the standard deviation of each channel."""
        return np.asarray(np.sqrt(self.deviations / max(1, self.count)))


def whitening_matrix(centered: npt.NDArray[Any], epsilon: float) -> npt.NDArray[Any]:
    """Return the matrix that images, flattened, are multiplied with."""
    n = len(centered)
    u, s, _ = np.linalg.svd(centered.reshape(n, -1).T, full_matrices=False)
    return np.asarray((u * (np.sqrt(n) / (s + epsilon))) @ u.T)
