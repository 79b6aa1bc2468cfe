# SPDX-License-Identifier: Apache-2.0
"""Checks of plain arguments; arrays are checked by the core."""

from __future__ import annotations

import math
import operator
import sys
from numbers import Real
from typing import Any

import numpy as np


def integer(call: str, name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return `value` as an int between `least` and `most`."""
    accepted = f"an integer, {least} or more" if most is None else f"an integer, {least} to {most}"
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{call}: '{name}' is {value!r}; accepted: {accepted}") from None
    if number < least or (most is not None and number > most):
        raise ValueError(f"{call}: '{name}' is {number}; accepted: {accepted}")
    return number


def real(call: str, name: str, value: Any, least: float, most: float = math.inf) -> float:
    """Return `value` as a finite float between `least` and `most`."""
    bounds = "" if least == -math.inf else f" from {least:g}" + ("" if most == math.inf else f" to {most:g}")
    accepted = f"a finite number{bounds}" if least == -math.inf or most == math.inf else f"a number{bounds}"
    if not isinstance(value, Real):
        raise TypeError(f"{call}: '{name}' is {value!r}; accepted: {accepted}")
    number = float(value)
    is_finite = -math.inf < number < math.inf  # not math.isfinite, which torch.compile does not trace
    if not (least <= number <= most and is_finite):
        raise ValueError(f"{call}: '{name}' is {value}; accepted: {accepted}")
    return number


def no_mask(call: str, name: str, array: Any) -> None:
    """Refuse a masked array, whose mask nobody would look at."""
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(
            f"{call}: '{name}' is a masked array; pass {name}.filled(value), or the rows that are not masked"
        )


def no_sparse(call: str, name: str, array: Any) -> None:
    """Refuse a sparse matrix, and say what to do with it."""
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(array):
        raise TypeError(f"{call}: '{name}' is sparse; accepted: dense arrays, such as {name}.toarray()")


def one_dimensional(call: str, name: str, array: Any, length: int | None = None) -> None:
    """Refuse an array that is not 1-D, or not of the given length."""
    shape = tuple(array.shape)
    if len(shape) != 1:
        raise ValueError(f"{call}: '{name}' must be 1-D (N,), got shape {shape}")
    if length is not None and shape[0] != length:
        raise ValueError(f"{call}: '{name}' has shape {shape}; accepted: ({length},)")


def integers(call: str, name: str, array: Any) -> None:
    """Refuse a NumPy array that does not hold integers."""
    if array.dtype.kind not in "iu":
        raise TypeError(f"{call}: '{name}' has dtype {array.dtype}; accepted: int8 to int64, uint8 to uint64")
