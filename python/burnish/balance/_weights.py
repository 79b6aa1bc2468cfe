# SPDX-License-Identifier: Apache-2.0
"""Weights of classes and samples: the balance that costs no rows."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import is_torch
from burnish.balance._labels import factorize, plain_labels

METHODS = ("balanced", "effective_number")


def class_weight(y: Any, method: str = "balanced", *, beta: float = 0.999) -> dict[Any, float]:
    """Compute a weight for each class, larger for rarer ones.

    Parameters
    ----------
    y : array of shape (n_samples,)
        Labels of any type that can be sorted.
    method : {'balanced', 'effective_number'}, default='balanced'
        'balanced' is ``n / (C * n_c)``, as in scikit-learn: each class has the same total weight. 'effective_number' is
        in proportion to ``(1 - beta) / (1 - beta ** n_c)`` and adds up to C: weights level off where more rows of a
        class say nothing new.
    beta : float, default=0.999
        0 to below 1, for 'effective_number'. 0 weighs all classes alike; towards 1 the weights become those of
        'balanced'.

    Returns
    -------
    dict of label to float
        In sorted order.

    Raises
    ------
    TypeError, ValueError
        If `y` is empty or not 1-D, or an argument is out of range.

    References
    ----------
    Y. Cui, M. Jia, T.-Y. Lin, Y. Song, S. Belongie, Class-balanced loss based on effective number of samples, CVPR
    2019.

    Examples
    --------
    >>> from burnish.balance import class_weight
    >>> class_weight(["cat", "cat", "cat", "dog"])
    {'cat': 0.6666666666666666, 'dog': 2.0}
    """
    classes, _, weights = _weights("class_weight", y, method, beta)
    return dict(zip(classes.tolist(), weights.tolist(), strict=True))


def sample_weight(y: Any, method: str | Mapping[Any, float] = "balanced", *, beta: float = 0.999) -> Any:
    """Compute the weight of each sample: that of its class.

    Parameters
    ----------
    y : array of shape (n_samples,)
        Labels of any type that can be sorted.
    method : {'balanced', 'effective_number'} or dict of label to float, default='balanced'
        As for `class_weight`, or the weights themselves.
    beta : float, default=0.999
        As for `class_weight`.

    Returns
    -------
    float64 array of shape (n_samples,)
        A torch tensor on the device of `y` if that is one, else a NumPy array.

    Raises
    ------
    TypeError, ValueError
        As `class_weight`, and if a dict lacks a class.

    Examples
    --------
    >>> from burnish.balance import sample_weight
    >>> sample_weight([0, 0, 0, 1], "effective_number", beta=0.9)
    array([0.53908356, 0.53908356, 0.53908356, 1.46091644])
    """
    if isinstance(method, Mapping):
        classes, codes, _ = factorize(plain_labels("sample_weight", y))
        missing = [label for label in classes.tolist() if label not in method]
        if missing:
            raise ValueError(f"sample_weight: 'method' has no weight for the classes {missing}")
        weights = np.array([float(method[label]) for label in classes.tolist()])
    else:
        _, codes, weights = _weights("sample_weight", y, method, beta)
    result = np.take(weights, codes)
    return sys.modules["torch"].from_numpy(result).to(y.device) if is_torch(y) else result


def _weights(
    call: str, y: Any, method: str, beta: float
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.float64]]:
    if method not in METHODS:
        raise ValueError(f"{call}: 'method' is {method!r}; accepted: {', '.join(map(repr, METHODS))}")
    beta = check.real(call, "beta", beta, 0.0, 1.0)
    if beta == 1.0:
        raise ValueError(f"{call}: 'beta' is 1; accepted: a number from 0 to below 1")
    classes, codes, counts = factorize(plain_labels(call, y))
    if method == "balanced":
        return classes, codes, len(codes) / (len(classes) * counts)
    # 1 - beta ** n without the cancellation for beta near 1
    seen = -np.expm1(counts * np.log(beta)) if beta > 0 else np.ones(len(counts))
    weights = (1.0 - beta) / seen
    return classes, codes, weights * (len(classes) / weights.sum())
