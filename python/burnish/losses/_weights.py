# SPDX-License-Identifier: Apache-2.0
"""What each class should weigh."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from burnish._array import is_torch
from burnish._check import real
from burnish.metrics._class_counts import count_labels

_RULES = ("balanced", "effective")


def effective_weights(xp: Any, counts: Any, beta: float) -> Any:
    """(1 - beta) / (1 - beta^n) for counts n in float64, scaled to an average of 1 over the classes that occur.

    `xp` is NumPy or torch.
    """
    occurs = counts > 0
    share = -xp.expm1(xp.where(occurs, counts, 1.0) * _log(beta))
    weights = xp.where(occurs, (1 - beta) / share, 0.0)
    return weights * (occurs.sum() / weights.sum())


def _log(beta: float) -> float:
    if beta < 0.5:  # where beta - 1 is rounded, in the end to -1
        return math.log(beta) if beta > 0 else -math.inf
    return math.log1p(beta - 1)


def class_weights(
    labels: Any,
    rule: str = "balanced",
    *,
    num_classes: int | None = None,
    beta: float = 0.9999,
    ignore_index: int = -100,
) -> Any:
    """Weigh each class so that rare ones count more.

    ``"balanced"`` is scikit-learn's ``class_weight="balanced"``: ``N / (K * n_c)`` with ``n_c`` labels of class ``c``
    and ``K`` classes that occur. ``"effective"`` divides by the effective number of samples instead (Cui et al., 2019):
    ``(1 - beta) / (1 - beta ** n_c)``, scaled to an average of 1. A class that does not occur weighs 0.

    Parameters
    ----------
    labels : array of shape (N,)
        Classes 0, 1, ..., as in `burnish.metrics.class_counts`.
    rule : {"balanced", "effective"}
        How to weigh.
    num_classes : int, optional
        Without it, one more than the largest label.
    beta : float, default 0.9999
        Of ``"effective"``: from 0 (all alike) to below 1 (nearly the inverse count).
    ignore_index : int, default -100
        A label that is not counted.

    Returns
    -------
    array of shape (num_classes,)
        float64, of the library of `labels`, on its device: ``weight`` of the losses here and of torch's
        ``cross_entropy``.

    Raises
    ------
    TypeError, ValueError
        As `burnish.metrics.class_counts`; if `rule` is another or `beta` is out of range.

    Examples
    --------
    >>> from burnish.losses import class_weights
    >>> class_weights([0, 0, 0, 1]).round(3).tolist()
    [0.667, 2.0]
    """
    call = "class_weights"
    if rule not in _RULES:
        raise ValueError(f"{call}: 'rule' is {rule!r}; accepted: {', '.join(_RULES)}")
    beta = check_beta(call, beta)
    counts = count_labels(call, labels, num_classes, ignore_index)
    xp: Any = sys.modules["torch"] if is_torch(counts) else np
    counts = counts.double() if is_torch(counts) else np.asarray(counts, np.float64)
    if not counts.sum() > 0:
        return counts
    if rule == "effective":
        return effective_weights(xp, counts, beta)
    occurs = counts > 0
    share = xp.where(occurs, counts, 1.0) * occurs.sum()
    return xp.where(occurs, counts.sum() / share, 0.0)


def check_beta(call: str, beta: Any) -> float:
    """Return `beta` of the effective number, checked."""
    number = real(call, "beta", beta, 0, 1)
    if number == 1:
        raise ValueError(f"{call}: 'beta' is 1; accepted: from 0 to below 1")
    return number
