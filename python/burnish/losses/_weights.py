# SPDX-License-Identifier: Apache-2.0
"""Labels counted, and what each class should weigh."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from burnish import _core
from burnish._array import as_array, is_on_gpu, is_torch, like_cpu
from burnish._check import integer, integers, no_mask, real

_FIRST_GUESS = 1024  # classes, where their number is not told
_RULES = ("balanced", "effective")


def class_counts(labels: Any, *, num_classes: int | None = None, ignore_index: int = -100) -> Any:
    """Count the labels of each class.

    Parameters
    ----------
    labels : array of shape (N,)
        Classes 0, 1, ..., any integer dtype: NumPy, torch or DLPack. On a GPU, torch counts, and waits for it.
    num_classes : int, optional
        Without it, one more than the largest label.
    ignore_index : int, default -100
        A label that is not counted.

    Returns
    -------
    array of shape (num_classes,)
        int64, of the library of `labels`, on its device.

    Raises
    ------
    TypeError
        If `labels` are not integers.
    ValueError
        If they are not 1-D, or one is negative or `num_classes` and more.

    Examples
    --------
    >>> from burnish.losses import class_counts
    >>> class_counts([0, 2, 2, 1, 2, -100]).tolist()
    [1, 1, 3]
    """
    call = "class_counts"
    no_mask(call, "labels", labels)
    array = as_array(labels)
    classes = None if num_classes is None else integer(call, "num_classes", num_classes, 0, 2**31)
    ignored = integer(call, "ignore_index", ignore_index, -(2**63), 2**63 - 1)
    if is_torch(array):
        array = array.detach()
    if is_on_gpu(array):
        return _count_on_gpu(call, array, classes, ignored)
    return like_cpu(array, _count(call, array, classes, ignored))


def _count(call: str, labels: Any, classes: int | None, ignored: int) -> np.ndarray[Any, Any]:
    if isinstance(labels, np.ndarray):
        if labels.size == 0 and labels.dtype == np.float64:  # an empty list
            labels = labels.astype(np.int64)
        integers(call, "labels", labels)
    counts = np.empty(_FIRST_GUESS if classes is None else classes, np.int64)
    beyond = _core.count_classes(labels, counts, ignored)
    if classes is None and beyond:
        most = _largest(labels, ignored) + 1
        counts = np.empty(min(most, 2**31) if most > 0 else 0, np.int64)
        beyond = _core.count_classes(labels, counts, ignored)
    if beyond:
        raise ValueError(
            f"{call}: {beyond} of 'labels' are out of range; accepted: "
            f"{'0 and more' if classes is None else f'0 to {classes - 1}'}, or {ignored} for those to ignore"
        )
    if classes is None:
        present = np.flatnonzero(counts)
        counts = counts[: present[-1] + 1 if present.size else 0].copy()
    return counts


def _largest(labels: Any, ignored: int) -> int:
    values = np.asarray(labels)
    return int(np.max(values, initial=-1, where=values != ignored)) if values.dtype.kind == "i" else int(values.max())


def _count_on_gpu(call: str, labels: Any, classes: int | None, ignored: int) -> Any:
    torch = sys.modules.get("torch")
    if torch is None or not is_torch(labels):
        raise TypeError(f"{call}: GPU arrays of type {type(labels).__name__} are not accepted; accepted: torch")
    if labels.is_floating_point() or labels.dtype == torch.bool or labels.ndim != 1:
        raise TypeError(f"{call}: 'labels' must be 1-D integers, got {labels.dtype} of shape {tuple(labels.shape)}")
    kept = labels[labels != ignored].long()
    wrong = (kept < 0) | (kept >= classes) if classes is not None else kept < 0
    if bool(wrong.any()):
        raise ValueError(f"{call}: {int(wrong.sum())} of 'labels' are out of range; accepted: 0 to num_classes - 1")
    return torch.bincount(kept, minlength=classes or 0)


def effective_weights(xp: Any, counts: Any, beta: float) -> Any:
    """(1 - beta) / (1 - beta^n) for counts n in float64, scaled to an average of 1 over the classes that occur.

    `xp` is NumPy or torch.
    """
    occurs = counts > 0
    share = -xp.expm1(xp.where(occurs, counts, 1.0) * (math.log1p(beta - 1) if beta > 0 else -math.inf))
    weights = xp.where(occurs, (1 - beta) / share, 0.0)
    return weights * (occurs.sum() / weights.sum())


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
        As in `class_counts`.
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
        As `class_counts`; if `rule` is another or `beta` is out of range.

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
    counts = class_counts(labels, num_classes=num_classes, ignore_index=ignore_index)
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
