# SPDX-License-Identifier: Apache-2.0
"""How unlike all others a sample is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._array import deliver, empty, to_numpy
from burnish.quality._naming import named
from burnish.quality._rows import Metric, metric_name, nearest_distances, rows_of

WEIGHTS = (0.6, 0.3, 0.1)
_SAMPLE = 1024  # rows from which a scale is estimated


@named("uniqueness")
def uniqueness(X: Any, *, metric: Metric = "cosine") -> Any:
    """Score how far a sample is from its three nearest neighbors: 0 for a sample that occurs twice.

    Parameters
    ----------
    X : array of shape (N, D), float32, float64 or float16
        Embeddings; finite values. They are not changed.
    metric : {"cosine", "euclidean"}, default "cosine"

    Returns
    -------
    array of shape (N,)
        float64, 0 to 1; higher is more unlike all others, 0 for exact duplicates. Of a single sample 1.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype is wrong, or a value is NaN or infinite.

    Notes
    -----
    The score is ``u1^0.6 u2^0.3 u3^0.1`` over the three nearest neighbors, the nearest first, so that a single
    duplicate makes it 0 (with fewer than three others, the weights that are left are scaled to a sum of 1). With
    cosine distances d, ``u = sqrt(d / 2)``, the sine of half the angle between two samples, whatever the rest of the
    set is. With Euclidean ones, ``u = d / (d + s)``, where s is the median distance of samples from their median,
    estimated from at most 1024 rows at even intervals: single outliers do not move it, and it does not change with N.

    Scores of two sets can be compared, but more samples of one population lie nearer together. Embeddings whose values
    all have one sign have small angles; ``X - X.mean(axis=0)`` spreads them.

    The weights are those of FiftyOne Brain, which takes the arithmetic mean of the second to fourth neighbor, so that
    duplicates score as unique, and divides by the largest of the set.

    Examples
    --------
    >>> from burnish import quality
    >>> quality.uniqueness([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [-1.0, 0.2]]).round(3)
    array([0.   , 0.   , 0.662, 0.759])
    """
    metric = metric_name("uniqueness", metric)
    rows = rows_of("uniqueness", "X", X)
    n = int(rows.shape[0])
    k = min(len(WEIGHTS), n - 1)
    if k < 1:
        alone = empty(rows, n, "float64")
        alone[:] = 1.0
        return deliver(rows, alone)
    distances = nearest_distances(rows, k, metric)
    parts = (distances / 2) ** 0.5 if metric == "cosine" else _saturating(distances, _scale(rows))
    return _combined(parts)


def of_cosine_distances(distances: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the score for cosine distances (N, 1 or more) to the nearest others, where these are known already."""
    scores: npt.NDArray[np.float64] = _combined((distances[:, : len(WEIGHTS)] / 2) ** 0.5)
    return scores


def _combined(parts: Any) -> Any:
    k = int(parts.shape[1])
    total = sum(WEIGHTS[:k])
    score = parts[:, 0] ** (WEIGHTS[0] / total)
    for i in range(1, k):
        score = score * parts[:, i] ** (WEIGHTS[i] / total)
    return score


def _saturating(distances: Any, scale: float) -> Any:
    return distances / (distances + scale) if scale > 0 else distances * 0.0


def _scale(rows: Any) -> float:
    """Median distance from the median; the root mean square where that is 0 but rows differ."""
    n = int(rows.shape[0])
    sample = to_numpy(rows[:: -(-n // _SAMPLE)]).astype(np.float64)
    offsets = sample - np.median(sample, axis=0)
    squares = np.einsum("ij,ij->i", offsets, offsets)
    median = float(np.sqrt(np.median(squares)))
    return median if median > 0 else float(np.sqrt(squares.mean()))
