# SPDX-License-Identifier: Apache-2.0
"""How typical a sample is of what is around it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import as_array, deliver
from burnish._extras import needs_extra
from burnish.quality._naming import named
from burnish.quality._rows import Metric, cpu_rows, metric_name

_BLOCK = 1024  # rows measured at a time
_MOST_EXPONENT = 40


@named("representativeness")
def representativeness(X: Any, n_clusters: int = 20, *, metric: Metric = "cosine", random_state: Any = 0) -> Any:
    """Score how near a sample is to the center of its cluster: **high means near**.

    Parameters
    ----------
    X : array of shape (N, D), float32 or float64
        Embeddings; finite values. CUDA tensors are read through the host, in one copy; results come back on the same
        device.
    n_clusters : int, default 20
        Of scikit-learn's k-means; of fewer samples than that, each is a cluster.
    metric : {"cosine", "euclidean"}, default "cosine"
        With "cosine" rows are brought to length 1 first.
    random_state : int, RandomState instance or None, default 0
        Of k-means.

    Returns
    -------
    array of shape (N,)
        float64, above 0 and up to 1: 1 at the center of a cluster, 1/2 at the mean distance of all samples from their
        centers.

    Raises
    ------
    MissingExtraError
        Where scikit-learn is not installed.
    TypeError, ValueError
        If a shape or dtype is wrong, or a value is NaN or infinite.

    Notes
    -----
    The score is ``s / (s + d)``, d the distance from the own center, s its mean over all samples. FiftyOne Brain's
    score of the same name grows with the distance. Clusters are those of scikit-learn, and as reproducible as they are.

    Examples
    --------
    >>> from burnish import quality
    >>> X = [[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]
    >>> quality.representativeness(X, 2, metric="euclidean").round(2)
    array([0.4, 1. , 0.4, 0.4, 1. , 0.4])
    """
    metric = metric_name("representativeness", metric)
    rows = cpu_rows("representativeness", "X", X)
    n_clusters = check.integer("representativeness", "n_clusters", n_clusters, 1)
    with needs_extra("balance"):
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.preprocessing import normalize
    if len(rows) <= n_clusters:
        return deliver(as_array(X), np.ones(len(rows)))
    rows = _moderate(rows)
    points = normalize(rows) if metric == "cosine" else rows
    clusters = KMeans(n_clusters, n_init=1, random_state=random_state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than clusters
        labels = clusters.fit(points).labels_
    distances = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        offsets = points[block].astype(np.float64) - clusters.cluster_centers_[labels[block]]
        distances[block] = np.sqrt(np.einsum("ij,ij->i", offsets, offsets))
    scale = distances.mean()
    scores = scale / (scale + distances) if scale > 0 else np.ones(len(rows))
    return deliver(as_array(X), scores)


def _moderate(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Scale by a power of two where squares might leave the range of float32; the scores do not change with it."""
    exponent = int(np.frexp(max(float(rows.max()), -float(rows.min())))[1])
    return rows if abs(exponent) <= _MOST_EXPONENT else np.ldexp(rows, -exponent)
