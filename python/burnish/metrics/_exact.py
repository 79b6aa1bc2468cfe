# SPDX-License-Identifier: Apache-2.0
"""Integers that are counted and sorted as float64: where that would round them, they are refused."""

from __future__ import annotations

from typing import Any

_MOST = 2**53  # up to it, float64 holds every integer


def check_exact_scores(call: str, name: str, scores: Any) -> None:
    """Refuse integer scores, NumPy's or torch's, that would be rounded, and so tied with others."""
    if scores.dtype.itemsize < 8 or not len(scores) or 0 in scores.shape:
        return
    low, high = int(scores.min()), int(scores.max())
    if low < -_MOST or high > _MOST:
        wrong = high if high > _MOST else low
        raise ValueError(
            f"{call}: '{name}' has the integer {wrong}; accepted: integers from -2^53 to 2^53, or floats, such as ranks"
        )


def check_exact_sum(call: str, total: float) -> None:
    """Refuse integer weights whose sum is not below 2^53: rounded sums never fall below it again."""
    if total >= _MOST:
        raise ValueError(
            f"{call}: 'sample_weight' adds up to {total:.6g}; accepted: integers that add up to less than 2^53, or "
            "floats"
        )
