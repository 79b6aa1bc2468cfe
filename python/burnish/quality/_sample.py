# SPDX-License-Identifier: Apache-2.0
"""What to annotate next: hard and diverse."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import as_array, deliver, to_numpy
from burnish.hardness import hardest
from burnish.hardness._selection import _quotas
from burnish.quality._coreset import farthest_first
from burnish.quality._naming import named
from burnish.quality._rows import Metric, cpu_rows, metric_name


@named("sample")
def sample(scores: Any, X: Any, k: int, labels: Any = None, *, beta: float = 10.0, metric: Metric = "cosine") -> Any:
    """Choose `k` samples that are hard and unlike each other.

    Parameters
    ----------
    scores : array of shape (N,), float32 or float64
        Higher is harder, such as `burnish.hardness.entropy`; samples without a score (NaN) come last.
    X : array of shape (N, D), float32 or float64
        Embeddings; finite values. CUDA tensors are read through the host, in one copy; the result comes back on the
        device of `X`.
    k : int
        0 to N.
    labels : integer array of shape (N,), optional
        Classes, given or predicted. With them each class gets a share of `k` in proportion to its size, and the rule is
        applied within it.
    beta : float, default 10
        1 or more: how many times `k` of the hardest samples to choose from. At 1 only hardness counts; the larger it
        is, the more diverse and the less hard the result.
    metric : {"cosine", "euclidean"}, default "cosine"

    Returns
    -------
    int64 array of shape (k,)
        In the order in which they were chosen, the hardest first; with `labels` by class.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype is wrong, or `k` or `beta` is out of range.

    Notes
    -----
    The top of a score is full of near repeats. Of the ``beta * k`` hardest samples (Zhdanov 2019) this chooses the
    hardest, then again and again the one farthest from all chosen (Sener, Savarese 2018). Nothing is drawn: the result
    is the same every time; of equally far samples the hardest is chosen, of equally hard ones the lowest index.

    References
    ----------
    F. Zhdanov, Diverse mini-batch active learning, arXiv 1901.05954, 2019.

    O. Sener, S. Savarese, Active learning for convolutional neural networks: a core-set approach, ICLR 2018.

    Examples
    --------
    >>> from burnish import quality
    >>> X = [[0.0], [0.1], [0.2], [5.0], [9.0]]
    >>> quality.sample([0.9, 0.8, 0.7, 0.6, 0.1], X, 2, beta=2, metric="euclidean")
    array([0, 3])
    """
    rows = cpu_rows("sample", "X", X)
    metric = metric_name("sample", metric)
    values = to_numpy(as_array(scores))
    check.one_dimensional("sample", "scores", values, len(rows))
    k = check.integer("sample", "k", k, 0, len(rows))
    beta = check.real("sample", "beta", beta, 1.0)
    if labels is None:
        chosen = _of_hardest(values, rows, np.arange(len(rows)), k, beta, metric)
    else:
        classes = to_numpy(as_array(labels))
        check.one_dimensional("sample", "labels", classes, len(rows))
        check.integers("sample", "labels", classes)
        chosen = sample_by_class(values, rows, k, classes, beta, metric)
    return deliver(as_array(X), chosen)


def _of_hardest(
    scores: npt.NDArray[Any], rows: Any, own: npt.NDArray[np.int64], k: int, beta: float, metric: Metric
) -> npt.NDArray[np.int64]:
    candidates = own[hardest(scores[own], min(len(own), int(np.ceil(k * beta))))]
    if k == 0:
        return np.empty(0, np.int64)
    # In order of hardness, so that of equally far ones the hardest is chosen.
    chosen, _ = farthest_first("sample", rows[candidates], k, metric, np.empty(0, np.int64), first=0)
    return np.asarray(candidates[chosen])


def sample_by_class(
    scores: npt.NDArray[Any],
    rows: Any,
    k: int,
    labels: npt.NDArray[Any],
    beta: float,
    metric: Metric,
) -> npt.NDArray[np.int64]:
    """Choose as `sample` does; of `rows`, an array (N, D) or what can be indexed like one, only candidates are read."""
    _, classes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    parts = []
    for label, quota in enumerate(_quotas(k, sizes.astype(np.float64), sizes)):
        own = np.flatnonzero(classes == label)
        parts.append(_of_hardest(scores, rows, own, int(quota), beta, metric))
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
