# SPDX-License-Identifier: Apache-2.0
"""Samples far from all others."""

from __future__ import annotations

from typing import Any

from burnish.quality._naming import named
from burnish.quality._rows import Metric, metric_name, nearest_distances, rows_of

_DEFAULT_K = 10


@named("outliers")
def outliers(X: Any, k: int | None = None, reference: Any = None, *, metric: Metric = "cosine") -> Any:
    """Score how far away the k-th nearest neighbor is.

    Parameters
    ----------
    X : array of shape (N, D), float32, float64 or float16
        Embeddings; finite values.
    k : int, optional
        Which neighbor: 1 to 1024, and at most as many as there are others; default 10, or the last of fewer others. A
        group of up to k samples far from the rest counts as outliers.
    reference : array of shape (M, D), optional
        Where to look for neighbors: with the embeddings of a training set, samples unlike it score high. Without it
        among the other rows of `X`.
    metric : {"cosine", "euclidean"}, default "cosine"

    Returns
    -------
    array of shape (N,)
        float64, 0 or more; higher is farther out.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype is wrong, `k` is out of range, or a value is NaN or infinite.

    References
    ----------
    S. Ramaswamy, R. Rastogi, K. Shim, Efficient algorithms for mining outliers from large data sets, SIGMOD 2000.

    Y. Sun, Y. Ming, X. Zhu, Y. Li, Out-of-distribution detection with deep nearest neighbors, ICML 2022.

    Examples
    --------
    >>> from burnish import quality
    >>> quality.outliers([[0.0], [1.0], [2.0], [9.0]], 2, metric="euclidean")
    array([2., 1., 2., 8.])
    """
    metric = metric_name("outliers", metric)
    rows = rows_of("outliers", "X", X)
    points = None if reference is None else rows_of("outliers", "reference", reference)
    if k is None:
        others = int(rows.shape[0]) - 1 if points is None else int(points.shape[0])
        k = max(1, min(_DEFAULT_K, others))
    return nearest_distances(rows, k, metric, points)[:, -1]
