# SPDX-License-Identifier: Apache-2.0
"""Exact running sums of a score by class."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _core

_FIXED_POINT_BITS = 60


class ClassSums:
    """Counts, 128-bit fixed-point sums and a histogram; integers only, so that adding is exact in any order.

    Attributes
    ----------
    counts : int64 array of shape (num_classes, 3)
        Samples with a score, of these right, and samples without one.
    sums : int64 array of shape (num_classes, 2)
        Low and high word of the sum times 2^60.
    histogram : int64 array of shape (2, bins)
        Wrong and right samples by score, 0 to `histogram_max`; what lies beyond is in the first or last bin.
    """

    def __init__(self, num_classes: int, histogram_max: float, bins: int) -> None:
        self.histogram_max = histogram_max
        self.counts = np.zeros((num_classes, 3), dtype=np.int64)
        self.sums = np.zeros((num_classes, 2), dtype=np.int64)
        self.histogram = np.zeros((2, bins), dtype=np.int64)

    def add(
        self, call: str, scores: npt.NDArray[Any], labels: npt.NDArray[Any], correct: npt.NDArray[Any] | None
    ) -> None:
        """Add samples on behalf of `call`; refuses labels outside 0 to num_classes - 1 before it adds any."""
        _core.accumulate(call, scores, labels, correct, self.histogram_max, self.counts, self.sums, self.histogram)

    def merge(self, other: ClassSums) -> None:
        """Add what another has counted."""
        self.counts += other.counts
        self.histogram += other.histogram
        low = self.sums[:, 0].view(np.uint64) + other.sums[:, 0].view(np.uint64)
        carry = low < other.sums[:, 0].view(np.uint64)
        self.sums[:, 1] += other.sums[:, 1] + carry
        self.sums[:, 0] = low.view(np.int64)

    def means(self) -> npt.NDArray[np.float64]:
        """Mean score of each class, rounded once; NaN where there is none."""
        means = np.full(len(self.counts), np.nan)
        for i, (low, high) in enumerate(self.sums.tolist()):
            count = int(self.counts[i, 0])
            if count:
                means[i] = ((high << 64) + (low & (1 << 64) - 1)) / (count << _FIXED_POINT_BITS)
        return means
