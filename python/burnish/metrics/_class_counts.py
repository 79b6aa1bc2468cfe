# SPDX-License-Identifier: Apache-2.0
"""How often each class occurs."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from burnish import _core
from burnish._array import as_array, is_on_gpu, is_torch, like_cpu, to_numpy
from burnish._check import integer, integers, no_mask

_MOST = 1 << 24  # classes: what is beyond is a mistake rather than a class, and would cost the memory of one
_FIRST_GUESS = 1024  # classes, where their number is not told


def class_counts(labels: Any, num_classes: int | None = None, *, ignore_index: int = -100) -> Any:
    """Count the labels of each class.

    Parameters
    ----------
    labels : array of shape (N,)
        Classes 0, 1, ..., up to 2^24 - 1, any integer dtype or bool: NumPy, torch or DLPack. On a GPU, torch
        counts, and waits for it.
    num_classes : int, optional
        Without it, one more than the largest label. At most 2^24.
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
    >>> from burnish.metrics import class_counts
    >>> class_counts([0, 2, 2, 1, 2, -100]).tolist()
    [1, 1, 3]
    """
    return count_labels("class_counts", labels, num_classes, ignore_index)


def count_labels(call: str, labels: Any, num_classes: Any, ignore_index: Any) -> Any:
    """`class_counts` for the one who calls."""
    no_mask(call, "labels", labels)
    array = as_array(labels)
    classes = None if num_classes is None else integer(call, "num_classes", num_classes, 0, _MOST)
    ignored = integer(call, "ignore_index", ignore_index, -(2**63), 2**63 - 1)
    if is_on_gpu(array):
        return _count_on_gpu(call, array, classes, ignored)
    return like_cpu(array, _count(call, array, classes, ignored))


def _count(call: str, labels: Any, classes: int | None, ignored: int) -> np.ndarray[Any, Any]:
    if is_torch(labels):
        labels = to_numpy(labels)
    if isinstance(labels, np.ndarray):
        if labels.dtype == np.bool_:
            labels = labels.view(np.uint8)
        if labels.size == 0 and labels.dtype == np.float64:  # an empty list
            labels = labels.astype(np.int64)
        integers(call, "labels", labels)
    counts = np.empty(_FIRST_GUESS if classes is None else classes, np.int64)
    beyond = _core.count_classes(labels, counts, ignored)
    if classes is None and beyond:
        largest = _largest(labels, ignored)
        if largest >= _MOST:
            raise ValueError(_too_large(call, largest, ignored))
        counts = np.empty(largest + 1, np.int64)
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
    bounds = np.iinfo(values.dtype)
    if bounds.min <= ignored <= bounds.max:
        values = values[values != values.dtype.type(ignored)]
    return max(-1, int(values.max())) if values.size else -1


def _too_large(call: str, largest: int, ignored: int) -> str:
    return f"{call}: the largest of 'labels' is {largest}; accepted: 0 to {_MOST - 1}, or {ignored} for those to ignore"


def _count_on_gpu(call: str, labels: Any, classes: int | None, ignored: int) -> Any:
    torch = sys.modules.get("torch")
    if torch is None or not is_torch(labels):
        raise TypeError(f"{call}: GPU arrays of type {type(labels).__name__} are not accepted; accepted: torch")
    if labels.is_floating_point() or labels.ndim != 1:
        raise TypeError(f"{call}: 'labels' must be 1-D integers, got {labels.dtype} of shape {tuple(labels.shape)}")
    is_unsigned = labels.dtype == getattr(torch, "uint64", None)
    labels = labels.view(torch.int64) if is_unsigned else labels.long()
    kept = labels[(labels != ignored) | (labels < 0)] if is_unsigned else labels[labels != ignored]
    wrong = (kept < 0) | (kept >= classes) if classes is not None else kept < 0
    if bool(wrong.any()):
        raise ValueError(f"{call}: {int(wrong.sum())} of 'labels' are out of range; accepted: 0 to num_classes - 1")
    if classes is None and kept.numel() and int(kept.max()) >= _MOST:
        raise ValueError(_too_large(call, int(kept.max()), ignored))
    return torch.bincount(kept, minlength=classes or 0)
