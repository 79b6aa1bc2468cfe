# SPDX-License-Identifier: Apache-2.0
"""The nearest others of some rows of a set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _core
from burnish._array import to_numpy


def nearest_others(
    search: Callable[..., tuple[Any, Any]], X: Any, k: int, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return distances and places of the `k` nearest other rows of some rows of X.

    `search` takes the arguments of `kneighbors`.
    """
    # A search of all by all meets each pair once, and needs no entry to spare.
    if 2 * len(rows) > X.shape[0] or k == _core.MOST_NEIGHBORS:
        distances, indices = map(to_numpy, search(X, k))
        return distances[rows], indices[rows]
    distances, indices = map(to_numpy, search(X[rows], k + 1, X))
    # One entry too many: the row itself, or, where more than k others are as near as that, the last.
    is_extra = indices == rows[:, np.newaxis]
    is_extra[~is_extra.any(axis=1), -1] = True
    return distances[~is_extra].reshape(-1, k), indices[~is_extra].reshape(-1, k)
