# SPDX-License-Identifier: Apache-2.0
"""How often each pair of true and predicted label occurs."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, deliver, is_on_gpu, is_torch, to_numpy
from burnish.metrics import _torch
from burnish.metrics._exact import check_exact_scores, check_exact_sum
from burnish.metrics._labels import Array, factorize, is_countable, label_array, weight_array

_FEW_CLASSES = 16  # counted without a look at the range of the labels first
_MOST_CELLS = 1 << 24  # of a table by the range of the labels; labels farther apart are numbered first
Normalize = Literal["true", "pred", "all"] | None


def confusion_matrix(
    y_true: Any,
    y_pred: Any,
    *,
    labels: Any = None,
    num_classes: int | None = None,
    sample_weight: Any = None,
    normalize: Normalize = None,
    threshold: float | None = None,
) -> Any:
    """Count how often each true label was predicted as each label.

    Parameters
    ----------
    y_true : array of shape (N,)
        The right labels: integers of any dtype, bool, strings, or floats that are whole.
    y_pred : array of shape (N,)
        The predicted labels; scores if `threshold` is given.
    labels : array of shape (K,), optional
        Rows and columns, in this order; samples with another label are left out. Default all that occur, sorted.
    num_classes : int, optional
        Instead of `labels`: rows and columns are 0 to num_classes - 1, and any other label is an error.
    sample_weight : array of shape (N,), optional
        Of each sample, 0 or more; default 1. Integers have to add up to less than 2^53.
    normalize : {"true", "pred", "all"}, optional
        Divide by the sum of the row, of the column, or of all; what would be divided by 0 is 0.
    threshold : float, optional
        Then `y_pred` is the score of class 1 and ``y_pred >= threshold`` the prediction, as NumPy compares them: the
        threshold rounded to the dtype of the scores. `y_true` is 0 and 1.

    Returns
    -------
    array of shape (K, K)
        Rows are true labels, columns predictions. int64; float64 with `normalize` or weights that are no integers. A
        torch tensor where `y_true` is one, on its device.

    Raises
    ------
    TypeError, ValueError
        If shapes or kinds of labels differ, there is no sample and nothing says which labels there are, a label is
        outside `num_classes`, a score is NaN, or integers would be rounded.

    Notes
    -----
    The meaning is that of `sklearn.metrics.confusion_matrix`, without its warning for a single label. Counts are exact;
    weights are added in the order of the samples, whatever the number of threads. On a GPU it is torch's ``bincount``.

    Examples
    --------
    >>> from burnish import metrics
    >>> metrics.confusion_matrix([0, 1, 1, 0], [0, 1, 0, 0])
    array([[2, 0],
           [1, 1]])
    >>> metrics.confusion_matrix([0, 1, 1, 0], [0.2, 0.9, 0.4, 0.6], threshold=0.5, normalize="true")
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    call = "confusion_matrix"
    if normalize not in (None, "true", "pred", "all"):
        raise ValueError(f"{call}: 'normalize' is {normalize!r}; accepted: 'true', 'pred', 'all', None")
    if labels is not None and num_classes is not None:
        raise TypeError(f"{call}: 'labels' and 'num_classes' were both given; accepted: one of them")
    if num_classes is not None:
        num_classes = check.integer(call, "num_classes", num_classes, 1, _core.MOST_CLASSES)
    if threshold is not None:
        threshold = check.real(call, "threshold", threshold, -np.inf)
        if labels is not None or num_classes not in (None, 2):
            raise ValueError(f"{call}: 'threshold' is for labels 0 and 1; accepted: no 'labels', num_classes=2")
    if is_on_gpu(y_true) or is_on_gpu(y_pred):
        counts = _torch.confusion_matrix(call, y_true, y_pred, labels, num_classes, sample_weight, threshold)
        return _torch.normalized(counts, normalize)
    if threshold is not None:
        counts = counts_at_threshold(call, y_true, y_pred, threshold, sample_weight)
    elif num_classes is not None:
        counts = counts_of_range(call, y_true, y_pred, num_classes, sample_weight)
    else:
        found, counts = count_labels(call, y_true, y_pred, sample_weight, has_labels=labels is not None)
        if labels is not None:
            counts = select(call, found, counts, labels, y_true)
    return deliver(y_true, normalized(counts, normalize)) if is_torch(y_true) else normalized(counts, normalize)


def count_labels(
    call: str, y_true: Any, y_pred: Any, sample_weight: Any = None, *, has_labels: bool = False
) -> tuple[Array, Array]:
    """Return all labels that occur, sorted, and the counts of their pairs."""
    t, p, weights = _label_pair(call, y_true, y_pred, sample_weight)
    if not len(t):
        if has_labels:
            return t[:0], np.zeros((0, 0), np.int64)
        raise ValueError(f"{call}: 'y_true' is empty; accepted: at least one sample, or labels= or num_classes=")
    labels, counts = _count_integers(call, t, p, weights) if is_countable(t) and is_countable(p) else (None, None)
    if labels is None or counts is None:
        both = _joined(call, t, p)
        labels, codes = factorize(call, both)
        counts = _pairs(call, codes[: len(t)], codes[len(t) :], weights, 0, len(labels))
    return labels, _in_kind_of(call, counts, sample_weight)


def _label_pair(
    call: str, y_true: Any, y_pred: Any, sample_weight: Any
) -> tuple[Array, Array, npt.NDArray[np.float64] | None]:
    t, p = label_array(call, "y_true", y_true), label_array(call, "y_pred", y_pred)
    if len(t) != len(p):
        raise ValueError(f"{call}: 'y_pred' has shape {p.shape}; accepted: ({len(t)},), one a sample")
    return t, p, weight_array(call, sample_weight, len(t))


def _joined(call: str, t: Array, p: Array) -> Array:
    kinds = {("number" if is_countable(values) else values.dtype.kind) for values in (t, p)}
    if "number" in kinds and len(kinds) > 1 and "O" not in kinds:
        raise TypeError(f"{call}: 'y_true' has dtype {t.dtype} and 'y_pred' {p.dtype}; accepted: labels of one kind")
    if {t.dtype, p.dtype} >= {np.dtype(np.uint64)} and t.dtype != p.dtype:
        return np.concatenate([t.astype(object), p.astype(object)])  # what NumPy joins int64 and uint64 to is float
    return np.concatenate([t, p])


def _count_integers(
    call: str, t: Array, p: Array, weights: npt.NDArray[np.float64] | None
) -> tuple[Array | None, Array | None]:
    """Count by number; None where labels are too far apart for that."""
    dtype = np.result_type(t, p)
    if weights is None:
        binary = _core.count_binary(call, t, p)
        if binary is not None:
            return _present(0, np.array(binary, np.int64).reshape(2, 2), dtype)
        few = np.empty((_FEW_CLASSES, _FEW_CLASSES), np.int64)
        if _core.count_pairs(call, t, p, None, 0, True, few) == 0:
            return _present(0, few, dtype)
    of_true, of_pred = _core.label_range(call, "y_true", t), _core.label_range(call, "y_pred", p)
    if of_true is None or of_pred is None:
        return None, None
    low, high = min(of_true[0], of_pred[0]), max(of_true[1], of_pred[1])
    size = high - low + 1
    if size > _core.MOST_CLASSES or size * size > max(_MOST_CELLS // 16, min(_MOST_CELLS, 2 * len(t))):
        return None, None
    counts = _pairs(call, t, p, weights, low, size)
    # A label whose samples all weigh 0 occurs as well, as in scikit-learn.
    seen = counts if weights is None or weights.all() else _pairs(call, t, p, None, low, size)
    return _present(low, counts, dtype, seen)


def _pairs(call: str, t: Array, p: Array, weights: Any, low: int, size: int) -> Array:
    if size > _core.MOST_CLASSES:
        raise ValueError(f"{call}: there are {size} labels; accepted: at most {_core.MOST_CLASSES}")
    counts = np.empty((size, size), np.int64 if weights is None else np.float64)
    _core.count_pairs(call, t, p, weights, low, False, counts)
    return counts


def _present(low: int, counts: Array, dtype: np.dtype[Any], seen: Array | None = None) -> tuple[Array, Array]:
    """Drop labels that nobody has, by the counts themselves or those of samples without weights."""
    seen = counts if seen is None else seen
    present = np.flatnonzero(seen.any(axis=0) | seen.any(axis=1))
    labels = (present + low).astype(dtype)
    return labels, counts if len(present) == len(counts) else np.ascontiguousarray(counts[np.ix_(present, present)])


def _in_kind_of(call: str, counts: Array, sample_weight: Any) -> Array:
    """Sums of integer weights are integers, as in scikit-learn."""
    if sample_weight is None or counts.dtype.kind == "i":
        return counts
    if to_numpy(as_array(sample_weight)).dtype.kind not in "biu":
        return counts
    check_exact_sum(call, float(counts.sum()))
    return counts.astype(np.int64)


def select(call: str, found: Array, counts: Array, labels: Any, y_true: Any) -> Array:
    """Take the rows and columns of the given labels; zeros for those that do not occur."""
    wanted = to_numpy(as_array(labels))
    check.one_dimensional(call, "labels", wanted)
    if not len(wanted):
        raise ValueError(f"{call}: 'labels' is empty; accepted: at least one label")
    places = {label: place for place, label in enumerate(found.tolist())}
    rows = [places.get(label, -1) for label in wanted.tolist()]
    if (
        len(found)
        and all(place < 0 or not counts[place].any() for place in rows)
        and set(wanted.tolist()).isdisjoint(label_array(call, "y_true", y_true).tolist())  # whatever they weigh
    ):
        raise ValueError(f"{call}: none of 'labels' is in 'y_true'; accepted: at least one that is")
    padded = np.pad(counts, ((0, 1), (0, 1)))
    return np.ascontiguousarray(padded[np.ix_(rows, rows)])


def counts_at_threshold(call: str, y_true: Any, y_score: Any, threshold: float, sample_weight: Any = None) -> Array:
    """Count labels 0 and 1 against ``score >= threshold``."""
    t = label_array(call, "y_true", y_true)
    scores = score_array(call, y_score)
    weights = weight_array(call, sample_weight, len(t))
    binary = _core.count_at_threshold(call, t, scores, threshold) if is_countable(t) else None
    if binary is None:
        raise ValueError(f"{call}: 'y_true' has labels other than 0 and 1; accepted: 0 and 1, where a threshold is set")
    if weights is None:
        return np.array(binary, np.int64).reshape(2, 2)
    predicted = to_numpy(scores >= threshold).view(np.uint8)
    return _in_kind_of(call, _pairs(call, t, predicted, weights, 0, 2), sample_weight)


def score_array(call: str, y_score: Any, name: str = "y_score") -> Any:
    """Return scores that the core can read; integers as float64, which has to hold them."""
    check.no_mask(call, name, y_score)
    check.no_sparse(call, name, y_score)
    scores = as_array(y_score)
    if isinstance(scores, np.ndarray):
        if scores.dtype.kind in "biu":
            check_exact_scores(call, name, scores)
            return scores.astype(np.float64)
        if (scores.dtype.kind != "f" or scores.dtype.itemsize > 8) and str(scores.dtype) != "bfloat16":
            raise TypeError(f"{call}: '{name}' has dtype {scores.dtype}; accepted: float64, float32, float16, integers")
        return scores if scores.dtype.isnative else scores.astype(scores.dtype.newbyteorder("="))
    if is_torch(scores):
        scores = scores.detach()
        if scores.is_floating_point():
            return scores
        check_exact_scores(call, name, scores)
        return scores.double()
    return scores


def counts_of_range(call: str, y_true: Any, y_pred: Any, num_classes: int, sample_weight: Any = None) -> Array:
    """Count labels 0 to `num_classes` - 1, and refuse any other."""
    t, p, weights = _label_pair(call, y_true, y_pred, sample_weight)
    for name, values in (("y_true", t), ("y_pred", p)):
        if not is_countable(values):
            raise TypeError(f"{call}: '{name}' has dtype {values.dtype}; accepted with num_classes: integers and bool")
    counts = np.zeros((num_classes, num_classes), np.int64 if weights is None else np.float64)
    if _core.count_pairs(call, t, p, weights, 0, True, counts):
        for name, values in (("y_true", t), ("y_pred", p)):
            wrong = np.flatnonzero((values < 0) | (values >= num_classes))
            if len(wrong):
                raise ValueError(
                    f"{call}: '{name}' is {values[wrong[0]]} in row {wrong[0]}; accepted: 0 to {num_classes - 1}"
                )
    return _in_kind_of(call, counts, sample_weight)


def normalized(counts: Array, normalize: Normalize) -> Array:
    """Divide as asked; 0 where there is nothing to divide by."""
    if normalize is None:
        return counts
    total = counts.sum(axis={"true": 1, "pred": 0, "all": None}[normalize], keepdims=True)
    shares: Array = np.divide(counts, total, out=np.zeros(counts.shape), where=total != 0)
    return shares
