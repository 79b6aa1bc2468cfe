# SPDX-License-Identifier: Apache-2.0
"""Labels of mixed images."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from burnish import _check as check
from burnish._array import dtype_name, is_on_gpu, is_torch, like_cpu, to_numpy
from burnish.augment._numbers import Floats, Integers

_ACCEPTED = "integers of shape (N,), or of each class its part, shape (N, K)"


class MixedLabels(NamedTuple):
    """Labels of mixed images, apart: the loss is ``lam * loss(labels) + (1 - lam) * loss(partner_labels)``.

    Parameters
    ----------
    labels : integers of shape (N,)
        Of the images themselves.
    partner_labels : integers of shape (N,)
        Of the images that they were mixed with; their own where they were not.
    lam : float32 array of shape (N,)
        The part of the images themselves; 1 where they were not mixed.
    """

    labels: Any
    partner_labels: Any
    lam: Any


def class_count(call: str, labels: Any) -> int | None:
    """Return K of labels of shape (N, K), and None for (N,)."""
    shape = tuple(getattr(labels, "shape", ()))
    if len(shape) not in (1, 2):
        raise ValueError(f"{call}: 'labels' has shape {shape}; accepted: {_ACCEPTED}")
    return int(shape[1]) if len(shape) == 2 else None


def as_labels(labels: Any) -> Any:
    """Return labels as an array of the caller's library; NumPy's for lists and data frames."""
    if is_torch(labels) and dtype_name(labels) == "bfloat16":
        return labels.float()  # NumPy has no such dtype
    if is_torch(labels) or isinstance(labels, np.ndarray):
        return labels
    array = to_numpy(labels)
    return array.astype(np.int64) if array.shape == (0,) else array


def check_count(call: str, labels: Any, n: int) -> None:
    """Refuse labels, if there are any, of another number of samples."""
    count = n if labels is None or not hasattr(labels, "__len__") else len(labels)
    if count != n:
        raise ValueError(f"{call}: there are {n} images and {count} labels; accepted: as many")


def check_labels(call: str, labels: Any, n: int, num_classes: int | None) -> None:
    """Refuse labels that are not one of `num_classes` classes, or parts of them, for each of `n` samples."""
    count = class_count(call, labels)
    check_count(call, labels, n)
    if count is not None and num_classes is not None and count != num_classes:
        raise ValueError(f"{call}: 'labels' has {count} classes and 'num_classes' is {num_classes}; accepted: as many")
    if is_on_gpu(labels):  # to read the values would wait for the GPU
        return
    values = to_numpy(labels.detach() if is_torch(labels) else labels)
    check.no_mask(call, "labels", values)
    wrong: Any
    if count is None:
        if values.dtype.kind not in "iu":
            raise TypeError(f"{call}: 'labels' has dtype {values.dtype}; accepted: {_ACCEPTED}")
        most = np.iinfo(np.int64).max if num_classes is None else num_classes - 1
        wrong = np.asarray((values < 0) | (values > most))
        accepted = "0 or more" if num_classes is None else f"0 to {most}"
    else:
        if values.dtype.kind not in "iufb":
            raise TypeError(f"{call}: 'labels' has dtype {values.dtype}; accepted: {_ACCEPTED}")
        wrong = ~np.asarray((values >= 0) & (values <= 1)).all(axis=1)
        accepted = "numbers from 0 to 1"
    if wrong.any():
        first = int(wrong.argmax())
        raise ValueError(f"{call}: 'labels' is {values[first]} for sample {first}; accepted: {accepted}")


def mix_labels(labels: Any, partner: Integers, lam: Floats, num_classes: int | None) -> Any:
    """Return soft labels (N, K) float32, or MixedLabels for classes without `num_classes`; labels are checked."""
    n = len(partner)
    if is_on_gpu(labels):
        return _mix_on_gpu(labels, partner, lam, num_classes)
    values = to_numpy(labels.detach() if is_torch(labels) else labels)
    own, other = values[:n], values[partner]
    if values.ndim == 2:
        part = lam[:, None]
        return like_cpu(labels, (part * own + (1.0 - part) * other).astype(np.float32))
    if num_classes is None:
        return MixedLabels(*(like_cpu(labels, array) for array in (own.copy(), other, lam.astype(np.float32))))
    soft = np.zeros((n, num_classes), np.float32)
    rows = np.arange(n)
    soft[rows, other] = 1.0 - lam
    soft[rows, own] = np.where(own == other, 1.0, lam)
    return like_cpu(labels, soft)


def _mix_on_gpu(labels: Any, partner: Integers, lam: Floats, num_classes: int | None) -> Any:
    torch = sys.modules["torch"]
    index = torch.from_numpy(partner).to(labels.device, non_blocking=True)
    part = torch.from_numpy(lam).to(labels.device, non_blocking=True)
    own, other = labels[: len(partner)], labels[index]
    if labels.ndim == 1:
        if num_classes is None:
            return MixedLabels(own.clone(), other, part.to(torch.float32))
        classes = torch.arange(num_classes, device=labels.device)
        own, other = own[:, None] == classes, other[:, None] == classes
    part = part[:, None]
    return (part * own + (1.0 - part) * other).to(torch.float32)
