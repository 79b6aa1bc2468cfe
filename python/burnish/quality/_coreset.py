# SPDX-License-Identifier: Apache-2.0
"""A few samples that cover all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, deliver, to_numpy
from burnish.neighbors import kneighbors
from burnish.neighbors._search import metric_of
from burnish.quality._naming import named
from burnish.quality._rows import Metric, cpu_rows, metric_name


@named("coreset")
def coreset(X: Any, k: int, *, metric: Metric = "euclidean", selected: Any = None) -> Any:
    """Choose `k` samples so that every other one is near a chosen one (k-center greedy).

    Parameters
    ----------
    X : array of shape (N, D), float32 or float64
        Embeddings; finite values. CUDA tensors are read through the host, in one copy; results come back on the same
        device.
    k : int
        0 to N, or to as many as are not `selected`.
    metric : {"cosine", "euclidean"}, default "euclidean"
    selected : integer array of shape (S,), optional
        Rows of `X` that count as chosen already, such as those that have labels.

    Returns
    -------
    int64 array of shape (k,)
        Rows of `X` in the order in which they were chosen: each the one farthest from all before it and from
        `selected`, of equally far ones the lowest index. Without `selected` the first is the row nearest to the mean.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype is wrong, `k` or `selected` is out of range, or a value is NaN or infinite.

    Notes
    -----
    The largest distance that is left is at most twice the smallest possible (Gonzalez 1985). Beginnings of a result are
    the results for smaller k. Outliers are chosen early: that is what the rule asks for.

    Distances are exact and in float64; rows that coordinates along the leading axes of the set tell to be far are not
    measured. Neither a matrix of distances nor one (k, N) is made.

    References
    ----------
    O. Sener, S. Savarese, Active learning for convolutional neural networks: a core-set approach, ICLR 2018.

    T. F. Gonzalez, Clustering to minimize the maximum intercluster distance, Theoretical Computer Science 38, 1985.

    Examples
    --------
    >>> from burnish import quality
    >>> quality.coreset([[0.0], [1.0], [2.0], [9.0], [10.0]], 3)
    array([2, 4, 0])
    """
    rows = cpu_rows("coreset", "X", X)
    chosen, _ = farthest_first("coreset", rows, k, metric_name("coreset", metric), _selected(selected, len(rows)))
    return deliver(as_array(X), chosen)


def farthest_first(
    call: str,
    rows: npt.NDArray[Any],
    k: int,
    metric: Metric,
    selected: npt.NDArray[np.int64],
    first: int | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the chosen rows and how far each was from those before it; begins with the mean's neighbor, or `first`."""
    k = check.integer(call, "k", k, 0, len(rows) - len(np.unique(selected)))
    chosen, distances = np.empty(k, np.int64), np.empty(k)
    if first is None:
        first = 0
        if k > 0 and len(selected) == 0:
            center = rows.mean(axis=0, dtype=np.float64).astype(rows.dtype)
            first = int(kneighbors(center[np.newaxis], 1, rows, metric=metric)[1][0, 0])
    _core.farthest_first(
        call, rows, metric_of(call, metric), selected if len(selected) else None, first, chosen, distances
    )
    return chosen, distances


def _selected(selected: Any, n: int) -> npt.NDArray[np.int64]:
    if selected is None:
        return np.empty(0, np.int64)
    rows = to_numpy(as_array(selected))
    check.one_dimensional("coreset", "selected", rows)
    if len(rows) == 0:
        return np.empty(0, np.int64)
    check.integers("coreset", "selected", rows)
    outside = np.flatnonzero((rows < 0) | (rows >= n))
    if len(outside):
        raise ValueError(f"coreset: 'selected' is {rows[outside[0]]} in place {outside[0]}; accepted: 0 to {n - 1}")
    return np.ascontiguousarray(rows, dtype=np.int64)
