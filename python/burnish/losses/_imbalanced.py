# SPDX-License-Identifier: Apache-2.0
"""Losses that know how often each class occurs."""

from __future__ import annotations

from typing import Any

import torch

from burnish._check import real
from burnish.losses._focal import _focal_loss, check_tensors, class_vector
from burnish.losses._native import Tensor, compute_dtype
from burnish.losses._weights import check_beta, effective_weights


def class_balanced_loss(
    logits: Tensor,
    targets: Tensor,
    class_counts: Any,
    *,
    beta: float = 0.9999,
    gamma: float = 0.0,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Softmax cross-entropy or focal loss, weighted by the effective number of samples (Cui et al., 2019).

    It is `focal_loss` with the weights ``class_weights(labels, "effective", beta=beta)``:
    ``(1 - beta) / (1 - beta ** n_c)``, scaled to an average of 1 over the classes that occur.

    Parameters
    ----------
    logits, targets : torch.Tensor
        As of `focal_loss` with softmax.
    class_counts : array of shape (C,)
        How many training samples each class has (`burnish.metrics.class_counts`). One with none weighs 0.
    beta : float, default 0.9999
        From 0 (no weights) to below 1 (nearly the inverse count).
    gamma : float, default 0
        Of the focal loss; 0 is cross-entropy.
    label_smoothing, ignore_index, reduction
        As of `focal_loss`. ``"mean"`` divides by the sum of the targets' weights, as torch does; the paper divides by
        the number of rows, which is ``"sum"`` over it.

    Returns
    -------
    torch.Tensor
        The loss.

    Raises
    ------
    TypeError, ValueError
        As `focal_loss`; if `class_counts` are not C numbers from 0 or `beta` is out of range.

    Examples
    --------
    >>> import torch
    >>> from burnish.losses import class_balanced_loss
    >>> logits = torch.zeros(2, 2)
    >>> class_balanced_loss(logits, torch.tensor([0, 1]), [1000, 10], reduction="none")
    tensor([0.0144, 1.3719])
    """
    call = "class_balanced_loss"
    check_tensors(call, logits, targets)
    counts = _counts(call, class_counts, logits)
    weight = effective_weights(torch, counts, check_beta(call, beta))
    return _focal_loss(
        call, logits, targets, None, gamma, 1.0, None, weight, label_smoothing, ignore_index, reduction, "softmax"
    )


def logit_adjusted_cross_entropy(
    logits: Tensor,
    targets: Tensor,
    class_counts: Any,
    *,
    tau: float = 1.0,
    gamma: float = 0.0,
    weight: Any = None,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy of ``logits + tau * ln prior``, for a model that is to be right in each class (Menon et al., 2021).

    Train with it, and predict with the plain logits: they then minimize the error averaged over classes. The prior is
    added while the logits are read; nothing is copied.

    Parameters
    ----------
    logits, targets : torch.Tensor
        As of `focal_loss` with softmax.
    class_counts : array of shape (C,)
        How many training samples each class has, or its prior; only proportions matter. A class with 0 is ruled out.
    tau : float, default 1
        How strongly; 0 is plain cross-entropy.
    gamma, weight, label_smoothing, ignore_index, reduction
        As of `focal_loss`.

    Returns
    -------
    torch.Tensor
        The loss.

    Raises
    ------
    TypeError, ValueError
        As `focal_loss`; if `class_counts` are not C numbers from 0.

    Examples
    --------
    >>> import torch
    >>> from burnish.losses import logit_adjusted_cross_entropy
    >>> logit_adjusted_cross_entropy(torch.zeros(2, 2), torch.tensor([0, 1]), [90, 10], reduction="none")
    tensor([0.1054, 2.3026])
    """
    call = "logit_adjusted_cross_entropy"
    check_tensors(call, logits, targets)
    counts = _counts(call, class_counts, logits)
    strength = real(call, "tau", tau, -float("inf"))
    offset = (strength * (counts / counts.sum()).log()).to(compute_dtype(logits)) if strength else None
    return _focal_loss(
        call, logits, targets, offset, gamma, 1.0, None, weight, label_smoothing, ignore_index, reduction, "softmax"
    )


def _counts(call: str, class_counts: Any, logits: Tensor) -> Tensor:
    """In float64, on the logits' device. Values are checked where that means no waiting."""
    counts = class_vector(call, "class_counts", class_counts, logits, torch.float64)
    if counts is None:
        raise TypeError(f"{call}: 'class_counts' is None; accepted: one number a class")
    if counts.device.type == "cpu" and not torch.compiler.is_compiling():
        if not bool((counts >= 0).all()) or not bool(counts.isfinite().all()):
            raise ValueError(f"{call}: 'class_counts' has values that are negative or not finite; accepted: from 0")
        if not float(counts.sum()) > 0:
            raise ValueError(f"{call}: 'class_counts' are all 0; accepted: at least one class that occurs")
    return counts
