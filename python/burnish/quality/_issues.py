# SPDX-License-Identifier: Apache-2.0
"""Which labels are wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Literal

import numpy as np

from burnish.quality._accumulator import PASSES, Filter, LabelIssueAccumulator, Rank
from burnish.quality._blocks import BINS, blocks_of, predictions_of
from burnish.quality._estimate import expected_errors
from burnish.quality._joint import confident_joint, warn_of_invalid
from burnish.quality._naming import named, naming
from burnish.quality._result import LabelIssues


def find_label_issues(
    labels: Any = None,
    *,
    probs: Any = None,
    logits: Any = None,
    shards: Iterable[tuple[Any, Any]] | None = None,
    filter_by: Filter = "auto",
    rank_by: Rank = "logit_margin",
    frac_noise: float = 1.0,
    min_examples_per_class: int = 1,
    num_to_remove_per_class: Any = None,
    num_issues: int | None = None,
) -> LabelIssues:
    """Find the samples whose label is probably wrong.

    Parameters
    ----------
    labels : integer array of shape (N,)
        The given classes, 0 to C - 1.
    probs, logits : array of shape (N, C), float64, float32, float16 or bfloat16
        One of them, NumPy or torch, memory-mapped if need be; probabilities as a matrix or `TopK`. They must be of
        samples that the model was not trained on (cross-validation), or be averaged over epochs. CUDA tensors are read
        through the host, block by block, in each pass; the result holds NumPy arrays whatever is given.
    shards : iterable of (probs, labels), optional
        The data set in pieces instead. It is iterated 1 to 3 times (see `LabelIssueAccumulator`), so that a generator
        serves only where one pass is enough.
    filter_by : str, default "auto"
        "auto": the lowest logit margins below 0, as many as `num_label_issues` estimates labels to be wrong. The others
        are cleanlab's: "prune_by_noise_rate" (its default), "prune_by_class", "both", "confident_learning",
        "predicted_neq_given", "low_self_confidence", "low_normalized_margin".
    rank_by : {"logit_margin", "self_confidence", "normalized_margin"}, default "logit_margin"
        Order of the result.
    frac_noise : float, default 1.0
        Flag only this share; for the three filters that prune and "both".
    min_examples_per_class : int, default 1
        Classes of no more samples are left alone by these filters, and as many remain of the others.
    num_to_remove_per_class : integer array of shape (C,), optional
        How many to flag in each class; for these filters.
    num_issues : int, optional
        How many to flag at most, instead of an estimate; for "auto" and the two "low" filters.

    Returns
    -------
    LabelIssues
        Indices, scores, given and suggested labels, worst first; and the rows that could not be judged.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong dtype, shape, range or device; the message names what is accepted.

    Notes
    -----
    The sets are those of cleanlab's ``find_label_issues`` of the same filter where no two samples tie; ties go to the
    lowest index, where cleanlab leaves them to an unstable sort. Its sets that prune, and its calibrated joint, differ
    also where fractions tie when counts are rounded to whole numbers, for the same reason. Rows that do not sum to 1
    within 1e-3 (1e-2 in 16 bits) are divided by their sum first. Rows without a distribution are listed in
    `LabelIssues.invalid`, with an `InvalidRowsWarning`. Comparisons are made in float32 unless the input is float64;
    probabilities in float16 have been rounded to 5e-4, and as much may the thresholds move.

    Memory does not grow with N beyond the samples on which model and label disagree. The answer does not depend on
    threads, instruction set or how the data is cut into shards.

    "auto" finds more of human labeling errors than cleanlab's filters (CIFAR-10 with 9 % of them: F1 0.79 against 0.67
    of its default; 40 %: 0.88 against 0.85), and on average of made ones too (42 sets in
    benchmarks/label_noise_table.py: 0.90 against 0.85). It needs no assumption on how errors come about. Where
    they depend on the class, strongly and unevenly (20 % or more, each class taken for one or two others), cleanlab's
    "prune_by_noise_rate", which assumes just that, is as good or better by up to 0.03.

    References
    ----------
    C. G. Northcutt, L. Jiang, I. L. Chuang, Confident learning: estimating uncertainty in dataset labels, Journal of
    Artificial Intelligence Research 70, 2021.

    Examples
    --------
    >>> from burnish import quality
    >>> probs = [[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]]
    >>> found = quality.find_label_issues([0, 0, 1, 1], probs=probs, filter_by="predicted_neq_given")
    >>> found.indices, found.suggested
    (array([1]), array([1]))
    """
    call = "find_label_issues"
    if shards is not None and not (labels is None and probs is None and logits is None):
        raise TypeError(f"{call}: 'shards' are given and other data too; accepted: one of them")
    first_pass = None
    if shards is None:
        with naming(call):
            predictions, _ = predictions_of(call, logits, probs)
        num_classes = int(predictions.shape[1])
    else:
        num_classes, first_pass = _first_pass(call, _repeatable(call, shards, filter_by))
    found = LabelIssueAccumulator(
        num_classes,
        filter_by=filter_by,
        rank_by=rank_by,
        frac_noise=frac_noise,
        min_examples_per_class=min_examples_per_class,
        num_to_remove_per_class=num_to_remove_per_class,
        num_issues=num_issues,
        call=call,
    )
    while not found.done:
        if shards is None:
            found.update(labels, probs=probs, logits=logits)
        else:
            for shard in shards if first_pass is None else first_pass:
                shard_probs, shard_labels = _pair(call, shard)
                found.update(shard_labels, probs=shard_probs)
            first_pass = None
        found.finish_pass()
    return found.result()


def _repeatable(call: str, shards: Any, filter_by: str) -> Iterable[tuple[Any, Any]]:
    if not isinstance(shards, Iterable):
        raise TypeError(f"{call}: 'shards' is a {type(shards).__name__}; accepted: an iterable of (probs, labels)")
    passes = len(PASSES.get(filter_by, ())) if isinstance(filter_by, str) else 0
    if passes > 1 and iter(shards) is iter(shards):
        raise TypeError(
            f"{call}: 'shards' is a {type(shards).__name__}, which can be read once; {filter_by!r} reads it "
            f"{passes} times; accepted: a list, or an object whose __iter__ starts again"
        )
    return shards


def _first_pass(call: str, shards: Iterable[tuple[Any, Any]]) -> tuple[int, Iterator[tuple[Any, Any]]]:
    """Look at the first shard; return its number of classes and all shards, that one too."""
    iterator = iter(shards)
    first = next(iterator, None)
    if first is None:
        raise ValueError(f"{call}: 'shards' is empty; accepted: at least one (probs, labels)")
    with naming(call):
        predictions, _ = predictions_of(call, None, _pair(call, first)[0])
    return int(predictions.shape[1]), chain((first,), iterator)


def _pair(call: str, shard: Any) -> tuple[Any, Any]:
    if not isinstance(shard, (tuple, list)) or len(shard) != 2:
        length = f" of {len(shard)}" if isinstance(shard, (tuple, list)) else ""
        raise TypeError(f"{call}: 'shards' holds a {type(shard).__name__}{length}; accepted: pairs (probs, labels)")
    return shard[0], shard[1]


@named("num_label_issues")
def num_label_issues(
    labels: Any,
    *,
    probs: Any = None,
    logits: Any = None,
    method: Literal["auto", "off_diagonal", "off_diagonal_calibrated"] = "auto",
) -> int:
    """Estimate how many labels are wrong.

    Parameters
    ----------
    labels : integer array of shape (N,)
        The given classes, 0 to C - 1.
    probs, logits : array of shape (N, C)
        One of them, as in `find_label_issues`; CUDA tensors are read through the host, block by block.
    method : {"auto", "off_diagonal", "off_diagonal_calibrated"}, default "auto"
        "off_diagonal" counts the samples that "confident_learning" flags, "off_diagonal_calibrated" those of the
        calibrated confident joint that are not on its diagonal, both as cleanlab. "auto" looks at how often the model
        disagrees with the label where it is sure, and carries the rate on to where it is not.

    Returns
    -------
    int
        0 to N.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong dtype, shape or range.

    Notes
    -----
    "auto" sorts samples by confidence ``ln p(1) - ln p(2)`` into up to 20 groups. In the surest 60 % every disagreement
    counts as a wrong label; a logistic regression of the rate of disagreement on the rank there, its slope made smaller
    by one standard error, gives the rate of wrong labels in the others, which is at most their rate of disagreement. It
    needs no assumption that errors depend on the class only, which human errors do not fulfil. It overestimates if the
    model is often wrong where it is sure.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import quality
    >>> probs = np.tile([[0.9, 0.1], [0.1, 0.9]], (500, 1))
    >>> labels = np.tile([0, 1], 500)
    >>> labels[:40] = 0
    >>> quality.num_label_issues(labels, probs=probs)
    20
    """
    call = "num_label_issues"
    if method == "off_diagonal":
        return len(find_label_issues(labels, probs=probs, logits=logits, filter_by="confident_learning"))
    if method == "off_diagonal_calibrated":
        joint = confident_joint(labels, probs=probs, logits=logits)
        total = int(joint.sum())
        return int(np.rint((1.0 - np.trace(joint / max(total, 1))) * total)) if total else 0
    if method != "auto":
        raise ValueError(f"{call}: 'method' is {method!r}; accepted: 'auto', 'off_diagonal', 'off_diagonal_calibrated'")
    predictions, kind = predictions_of(call, logits, probs)
    histogram = np.zeros((BINS, 2), np.int64)
    invalid = []
    for block in blocks_of(call, predictions, kind, labels):
        found = block.survey(("valid",), state={"histogram": histogram})
        invalid.append(np.flatnonzero(~found["valid"]) + block.first_row)
    warn_of_invalid(call, np.concatenate(invalid))
    return expected_errors(histogram)
