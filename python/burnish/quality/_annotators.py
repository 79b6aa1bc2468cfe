# SPDX-License-Identifier: Apache-2.0
"""One label of several annotators' labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, deliver, on_host


def label_table(call: str, labels: Any) -> Any:
    """Return (N, annotators) labels as an array that the core can read; missing ones of a data frame become NaN."""
    check.no_mask(call, "labels", labels)
    if hasattr(labels, "to_numpy") and hasattr(labels, "columns"):
        return labels.to_numpy(dtype=np.float64, na_value=np.nan)
    return as_array(labels)


def majority(labels: Any, probs: Any = None) -> Any:
    """Take the label that most annotators gave.

    Parameters
    ----------
    labels : array of shape (N, annotators)
        Classes from 0; -1 or NaN where an annotator gave none. Integers, float32, float64, or a data frame.
    probs : array of shape (N, C), float32 or float64, optional
        A model's probabilities, to break ties.

    Returns
    -------
    int64 array of shape (N,)
        -1 for a sample without labels. Of classes with equally many labels the one that the model finds likeliest (with
        `probs`), then the one that all annotators together gave most often, then the lowest: nothing is drawn.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype is wrong, a label is neither a class nor missing, or a row of `probs` is no distribution.

    Notes
    -----
    CUDA tensors are read through the host, in one copy; the result comes back on the device of `labels`.

    Examples
    --------
    >>> from burnish import quality
    >>> quality.majority([[0, 0, 1], [1, 2, -1], [2, -1, -1], [-1, -1, -1]])
    array([ 0,  1,  2, -1])
    """
    table = label_table("majority", labels)
    out = np.empty(int(table.shape[0]) if len(table.shape) else 0, np.int64)
    _core.majority("majority", on_host(table), None if probs is None else on_host(as_array(probs)), out)
    return deliver(table, out)


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Consensus:
    """What annotators and a model agree on.

    Attributes
    ----------
    labels : int64 array of shape (N,)
        The likeliest class of each sample.
    quality : float64 array of shape (N,)
        Its probability by annotators and model together; **low** means that it may be wrong.
    agreement : float64 array of shape (N,)
        Share of the sample's annotators who gave it; NaN without any.
    num_annotations : int64 array of shape (N,)
    annotator_quality : float64 array of shape (annotators,)
        How right each annotator is, 0 to 1; NaN for one without labels.
    annotator_weight : float64 array of shape (annotators,)
        What a label of each counts.
    annotator_agreement : float64 array of shape (annotators,)
        Share of the labels of each that are the consensus, among samples that others labeled too.
    model_weight : float
        What the model's probabilities count.
    """

    labels: Any
    quality: Any
    agreement: Any
    num_annotations: Any
    annotator_quality: npt.NDArray[np.float64]
    annotator_weight: npt.NDArray[np.float64]
    annotator_agreement: npt.NDArray[np.float64]
    model_weight: float


def consensus(labels: Any, probs: Any) -> Consensus:
    """Weigh annotators and a model by how often they agree, and find the likeliest labels (CROWDLAB).

    Parameters
    ----------
    labels : array of shape (N, annotators)
        Classes from 0; -1 or NaN where an annotator gave none. Integers, float32, float64, or a data frame. Not every
        sample needs several labels, but at least one does.
    probs : array of shape (N, C), float32 or float64
        A model's probabilities, out of sample; rows are divided by their sum. C is 2 or more.

    Returns
    -------
    Consensus

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype is wrong, a label is neither a class nor missing, a row of `probs` is no distribution, or no
        sample has two labels.

    Notes
    -----
    The values are those of cleanlab's ``get_label_quality_multiannotator``, except where that draws: majority votes,
    from which it starts and which break ties of the result, break their own ties as `majority` says. A sample without
    labels gets the model's; an annotator who shares no sample with others the weight of average agreement.

    CUDA tensors are read through the host, in one copy; what has N entries comes back on the device of `probs`.

    References
    ----------
    H. W. Goh, U. Tkachenko, J. Mueller, CROWDLAB: supervised learning to infer consensus labels and quality scores for
    data with multiple annotators, arXiv 2210.06812, 2022.

    Examples
    --------
    >>> from burnish import quality
    >>> probs = [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]
    >>> found = quality.consensus([[0, 0, 0], [1, 1, -1], [1, 0, -1]], probs)
    >>> found.labels, found.quality.round(2)
    (array([0, 1, 1]), array([0.87, 0.81, 0.58]))
    """
    table, likely = label_table("consensus", labels), as_array(probs)
    n, annotators = (int(size) for size in table.shape) if len(table.shape) == 2 else (0, 0)
    label, quality, agreement = np.empty(n, np.int64), np.empty(n), np.empty(n)
    counts, stats = np.empty(n, np.int64), np.empty((annotators, 3))
    weight = _core.consensus("consensus", on_host(table), on_host(likely), label, quality, agreement, counts, stats)
    return Consensus(
        labels=deliver(likely, label),
        quality=deliver(likely, quality),
        agreement=deliver(likely, agreement),
        num_annotations=deliver(likely, counts),
        annotator_quality=stats[:, 0].copy(),
        annotator_weight=stats[:, 1].copy(),
        annotator_agreement=stats[:, 2].copy(),
        model_weight=weight,
    )
