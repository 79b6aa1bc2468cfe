# SPDX-License-Identifier: Apache-2.0
"""Samples that a training set and a test set share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import as_array, deliver
from burnish.quality._naming import named
from burnish.quality._rows import Metric, cpu_rows, metric_name, within

_FEW_PAIRS = 1 << 24


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Leaks:
    """Pairs of a training and a test sample that are nearly the same.

    Attributes
    ----------
    train : int64 array of shape (M,)
        Rows of the training set.
    test : int64 array of shape (M,)
        Rows of the test set, ascending.
    distances : float64 array of shape (M,)
        Of each pair, ascending for each test sample; 0 for exact duplicates.
    """

    train: Any
    test: Any
    distances: Any

    def __len__(self) -> int:
        return len(self.train)


@named("leaks")
def leaks(train: Any, test: Any, threshold: float, *, metric: Metric = "cosine") -> Leaks:
    """Find all pairs of a training and a test sample within a distance.

    Parameters
    ----------
    train : array of shape (N, D), float32 or float64
        Embeddings; finite values. CUDA tensors are read through the host, in one copy; the result comes back on the
        device of `test`.
    test : array of shape (M, D)
        Of the same dtype.
    threshold : float
        The largest distance of a pair, 0 or more. 0 finds exact duplicates only: equal rows and, with "cosine",
        multiples of one another.
    metric : {"cosine", "euclidean"}, default "cosine"

    Returns
    -------
    Leaks

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype is wrong, `threshold` is out of range, a value is NaN or infinite, or there are more pairs
        than 64 a row and 16 million.

    Examples
    --------
    >>> from burnish import quality
    >>> found = quality.leaks([[0.0], [4.0], [9.0]], [[4.1], [7.0], [0.0]], 0.5, metric="euclidean")
    >>> found.train, found.test, found.distances.round(3)
    (array([1, 0]), array([0, 2]), array([0.1, 0. ]))
    """
    metric = metric_name("leaks", metric)
    threshold = check.real("leaks", "threshold", threshold, 0.0)
    points, queries = cpu_rows("leaks", "train", train), cpu_rows("leaks", "test", test)
    if points.shape[1] != queries.shape[1] or points.dtype != queries.dtype:
        raise ValueError(
            f"leaks: 'test' has {queries.shape[1]} columns of {queries.dtype}; "
            f"accepted: {points.shape[1]} of {points.dtype}, as 'train' has"
        )
    most = max(_FEW_PAIRS, 64 * (len(points) + len(queries)))
    found = within("leaks", queries, points, metric, threshold, most)
    zeros = [np.flatnonzero((each == 0).all(axis=1) & (metric == "cosine")) for each in (points, queries)]
    if found is None or len(zeros[0]) * len(zeros[1]) > most:
        raise ValueError(
            f"leaks: more than {most} pairs are within {threshold}; accepted: a smaller 'threshold', or sets without "
            "repeats of their own (near_duplicates)"
        )
    offsets, distances, rows = found
    pairs = rows, np.repeat(np.arange(len(queries)), np.diff(offsets)), distances
    if len(zeros[0]) and len(zeros[1]):  # rows without a direction, but equal
        pairs = _with(pairs, np.tile(zeros[0], len(zeros[1])), np.repeat(zeros[1], len(zeros[0])))
    like = as_array(test)
    return Leaks(*(deliver(like, np.ascontiguousarray(part)) for part in pairs))


def _with(pairs: Any, zeros_train: npt.NDArray[np.int64], zeros_test: npt.NDArray[np.int64]) -> Any:
    """Add pairs of rows of zeros, at distance 0, to what was found, which may hold them at another."""
    train, test, distances = pairs
    others = ~(np.isin(train, zeros_train) & np.isin(test, zeros_test))
    train = np.concatenate([zeros_train, train[others]])
    test = np.concatenate([zeros_test, test[others]])
    distances = np.concatenate([np.zeros(len(zeros_train)), distances[others]])
    order = np.lexsort((train, distances, test))
    return train[order], test[order], distances[order]
