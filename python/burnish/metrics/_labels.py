# SPDX-License-Identifier: Apache-2.0
"""Labels of any kind, as integers that the core can count."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, is_torch, to_numpy

Array = npt.NDArray[Any]


def label_array(call: str, name: str, y: Any) -> Array:
    """Return labels of any kind, on a CPU, as a 1-D NumPy array; whole floats as integers."""
    check.no_mask(call, name, y)
    check.no_sparse(call, name, y)
    values = to_numpy(y) if is_torch(y) else np.asarray(as_array(y))
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2 and values.dtype.kind == "f":
        raise ValueError(
            f"{call}: '{name}' has shape {values.shape}; accepted: labels (N,); for scores of classes (N, C) pass "
            f"{name}.argmax(axis=1)"
        )
    check.one_dimensional(call, name, values)
    if values.dtype.kind == "f":
        limit = np.float64(2.0**63)  # float16 cannot compare itself with a Python float as large
        if (np.isfinite(values) & ((values < -limit) | (values >= limit))).any():
            wrong = values[np.isfinite(values) & ((values < -limit) | (values >= limit))]
            raise ValueError(
                f"{call}: '{name}' has {wrong[0]} among its labels; accepted: whole floats from -2^63 to below 2^63"
            )
        whole = values.astype(np.int64) if np.isfinite(values).all() else None
        if whole is None or not (whole == values).all():
            wrong = values[~np.isfinite(values) | (values != np.round(values))]
            raise ValueError(
                f"{call}: '{name}' has {wrong[0]} among its labels; accepted: integers, bool, strings; scores need a "
                "threshold"
            )
        return whole
    if values.dtype.kind not in "biuOUST":
        raise TypeError(f"{call}: '{name}' has dtype {values.dtype}; accepted: integers, bool, strings")
    return values.astype(values.dtype.newbyteorder("=")) if not values.dtype.isnative else values


def is_countable(values: Array) -> bool:
    """Whether the core can read labels as they are."""
    return values.dtype.kind in "biu"


def factorize(call: str, values: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """Return the sorted distinct labels, and each one's place among them."""
    if values.dtype.kind not in "OUST":
        labels, codes = np.unique(values, return_inverse=True)
        return labels, codes.reshape(-1).astype(np.int64, copy=False)
    seen: dict[Any, int] = {}  # hashed once instead of sorted: strings repeat
    codes = np.fromiter((seen.setdefault(value, len(seen)) for value in values.tolist()), np.int64, len(values))
    try:
        order = sorted(seen)
    except TypeError:
        kinds = ", ".join(sorted({type(label).__name__ for label in seen}))
        raise TypeError(f"{call}: labels of different kinds cannot be sorted: {kinds}") from None
    if any(label != label for label in order):
        raise ValueError(f"{call}: NaN is among the labels; accepted: labels without gaps")
    labels = np.empty(len(order), values.dtype)
    labels[:] = order
    places = np.empty(len(order), np.int64)
    places[[seen[label] for label in order]] = np.arange(len(order))
    return labels, places[codes]


def weight_array(call: str, weights: Any, rows: int) -> npt.NDArray[np.float64] | None:
    """Return sample weights as float64, checked; None where there are none."""
    if weights is None:
        return None
    values = to_numpy(as_array(weights))
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{call}: 'sample_weight' has dtype {values.dtype}; accepted: numbers")
    check.one_dimensional(call, "sample_weight", values, rows)
    values = values.astype(np.float64, copy=False)
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise ValueError(f"{call}: 'sample_weight' has values that are negative, NaN or infinite; accepted: 0 and more")
    return values


def ranking_weights(call: str, weights: Any, rows: int) -> npt.NDArray[np.float64] | None:
    """As `weight_array`; of samples that all weigh 0 nothing can be sorted."""
    values = weight_array(call, weights, rows)
    if values is not None and len(values) and not values.any():
        raise ValueError(f"{call}: 'sample_weight' is 0 for every sample; accepted: at least one weight above 0")
    return values


def one_label(call: str, label: Any) -> Any:
    """Return `pos_label`, which has to be one label, not several."""
    if isinstance(label, (list, tuple, set, frozenset, dict)) or getattr(label, "ndim", 0) != 0:
        raise TypeError(f"{call}: 'pos_label' is {label!r}; accepted: one label")
    return label.item() if hasattr(label, "ndim") and hasattr(label, "item") else label


def binary_labels(call: str, y_true: Any, pos_label: Any, *, either: bool = False) -> tuple[Array, int]:
    """Return labels that the core can read, and which of them is positive.

    Parameters
    ----------
    call : str
        For messages.
    y_true : array of shape (N,)
        Labels of any kind, on a CPU.
    pos_label : label, optional
        The positive one; every other is negative.
    either : bool
        Whether, without `pos_label`, of any two labels the larger is positive; else they have to be 0 and 1, or -1 and
        1, so that nobody is surprised.
    """
    values = label_array(call, "y_true", y_true)
    if pos_label is not None:
        pos_label = one_label(call, pos_label)
        if is_countable(values) and isinstance(pos_label, (int, np.integer, bool, np.bool_)):
            limits = np.iinfo(values.dtype) if values.dtype.kind != "b" else np.iinfo(np.uint8)
            if limits.min <= int(pos_label) <= min(limits.max, np.iinfo(np.int64).max):
                return values, int(pos_label)
        return np.asarray(values == pos_label, np.uint8).reshape(-1), 1
    if is_countable(values):
        bounds = _core.label_range(call, "y_true", values)
        if bounds is None and not len(values):
            return values, 1
        if bounds is not None:
            low, high = bounds
            if low >= 0 and high <= 1:
                return values, 1
            if low >= -1 and high <= 1 and not (values == 0).any():
                return values, 1
    labels = np.unique(values) if is_countable(values) else factorize(call, values)[0]
    if either and len(labels) == 2:
        return np.asarray(values == labels[1], np.uint8), 1
    shown = ", ".join(repr(label) for label in labels[:6].tolist()) + (", ..." if len(labels) > 6 else "")
    accepted = "two labels" if either else "0 and 1, or -1 and 1; for others pass pos_label="
    raise ValueError(f"{call}: 'y_true' has the labels {shown}; accepted: {accepted}")
