# SPDX-License-Identifier: Apache-2.0
"""A check for the classic mistake: scores of a model left in training mode."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import as_array, is_torch, to_numpy
from burnish.hardness._scores import entropy


class BatchDependenceWarning(UserWarning):
    """A sample's scores depend on the batch it was computed in."""


def batch_dependent(model_fn: Callable[[Any], Any], batch: Any, *, tolerance: float = 1e-3, seed: int = 0) -> bool:
    """Score the same rows in two batch compositions and warn if their scores differ.

    They do in a model left in training mode: batch normalisation then uses the statistics of the batch, and dropout
    draws anew. Hardness tables with such scores have been published. For torch, call ``model.eval()`` first.

    Parameters
    ----------
    model_fn : callable
        Takes a batch and returns logits (len(batch), C).
    batch : array of shape (N, ...)
        At least 4 samples.
    tolerance : float, default 1e-3
        Largest difference of entropies, in nats, that counts as rounding.
    seed : int, default 0
        Of the shuffle.

    Returns
    -------
    bool
        Whether the scores depend on the batch.

    Warns
    -----
    BatchDependenceWarning
        If they do.

    Raises
    ------
    ValueError
        If there are fewer than 4 samples.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import hardness
    >>> hardness.batch_dependent(lambda x: x @ np.eye(3), np.arange(12.0).reshape(4, 3))
    False
    """
    tolerance = check.real("batch_dependent", "tolerance", tolerance, 0)
    if not hasattr(batch, "__len__"):
        raise TypeError(f"batch_dependent: 'batch' is a {type(batch).__name__}; accepted: an array")
    n = len(batch)
    if n < 4:
        raise ValueError(f"batch_dependent: 'batch' has {n} samples; accepted: 4 or more")
    order = np.random.default_rng(seed).permutation(n)
    halves = np.array_split(order, 2)
    whole = _entropies(model_fn(batch), n)
    parts = np.concatenate([_entropies(model_fn(batch[half]), len(half)) for half in halves])
    difference = np.abs(whole[order] - parts)
    difference[np.isnan(whole[order]) & np.isnan(parts)] = 0.0
    largest = float(difference.max())
    dependent = not largest <= tolerance
    if dependent:
        warnings.warn(
            f"the entropy of a sample changes by up to {largest:.3g} nats with the batch it is scored in; "
            "is the model in training mode? (torch: model.eval())",
            BatchDependenceWarning,
            stacklevel=2,
        )
    return dependent


def _entropies(logits: Any, rows: int) -> npt.NDArray[Any]:
    if is_torch(logits):
        logits = logits.detach()
    found = to_numpy(entropy(as_array(logits)))
    if len(found) != rows:
        raise ValueError(f"batch_dependent: 'model_fn' returned {len(found)} rows for {rows} samples; accepted: {rows}")
    return found
