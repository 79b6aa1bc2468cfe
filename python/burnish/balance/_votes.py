# SPDX-License-Identifier: Apache-2.0
"""The most frequent codes among the neighbors of each row."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.balance._strategy import Indices

_FEW = 16


def modes(codes: npt.NDArray[Any], kinds: int) -> Indices:
    """Return the most frequent code in each row of `codes` (n, k); of equally frequent ones the smallest.

    `kinds` is one more than the largest code.
    """
    if kinds <= _FEW:
        counts = np.stack([np.count_nonzero(codes == code, axis=1) for code in range(kinds)], axis=1)
        return np.asarray(np.argmax(counts, axis=1))
    winners, starts = winning_codes(codes)
    return np.asarray(winners[starts[:-1]])


def winning_codes(codes: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Indices]:
    """Return all codes that are most frequent in their row, ascending, and where each row's begin.

    Works on the sorted rows, so that the number of codes does not matter: (n, k) -> (winners,), (n + 1,).
    """
    n, k = codes.shape
    ordered = np.sort(codes, axis=1)
    begins = np.ones((n, k), bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=begins[:, 1:])
    runs = np.flatnonzero(begins)
    lengths = np.diff(runs, append=n * k)
    row = runs // k
    longest = np.maximum.reduceat(lengths, np.searchsorted(row, np.arange(n)))
    wins = lengths == longest[row]
    starts = np.zeros(n + 1, np.intp)
    np.cumsum(np.bincount(row[wins], minlength=n), out=starts[1:])
    return ordered.ravel()[runs[wins]], starts
