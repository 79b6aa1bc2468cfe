# SPDX-License-Identifier: Apache-2.0
"""New samples between old ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, current_stream, deliver, dtype_name, empty, is_on_gpu, is_torch


def interpolate(
    X: Any,
    base: Any,
    neighbor: Any,
    step: Any,
    *,
    neighbors_in: Any = None,
    difference_scale: Any = None,
    out: Any = None,
) -> Any:
    """Make samples on the lines between pairs of rows: ``X[base] + step * (X[neighbor] - X[base])``.

    Parameters
    ----------
    X : array of shape (N, D)
        float64, float32, float16 or an integer dtype.
    base : int64 or int32 array of shape (M,)
        Rows of `X` to start from.
    neighbor : int64 or int32 array of shape (M,)
        Rows of `neighbors_in` to go towards.
    step : float64 array of shape (M,)
        How far: 0 is the base, 1 the neighbor; below 0 away from it.
    neighbors_in : array of shape (K, D), optional
        Of the dtype and on the device of `X`; by default `X`.
    difference_scale : float64 array of shape (M,), optional
        What each difference is multiplied by before the step, and then rounded to the dtype of `X`.
    out : array of shape (M, D), optional
        Where to write the result; of the dtype and on the device of `X`, and apart from all inputs.

    Returns
    -------
    array of shape (M, D)
        Of the dtype of `X`.

    Raises
    ------
    TypeError, ValueError
        If a dtype, shape or device is none of these, or an index out of range; the first one is named. On a GPU, where
        reading the indices would mean waiting, the results of indices out of range are not written.

    Notes
    -----
    The difference is taken in the dtype of `X`, product and sum in float64, and the sum is converted once; integers
    are cut off towards zero. These are the bits that imbalanced-learn's expression yields, on every processor and GPU.
    Every row is written once: there are no temporaries. For large results a fresh array costs more than the work; pass
    `out` in loops.

    References
    ----------
    N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, SMOTE: synthetic minority over-sampling technique, Journal
    of Artificial Intelligence Research 16, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import interpolate
    >>> interpolate(np.array([[0.0, 0.0], [1.0, 2.0]]), [0, 1], [1, 0], [0.25, 0.5])
    array([[0.25, 0.5 ],
           [0.5 , 1.  ]])
    """
    rows = _contiguous("X", X)
    other = None if neighbors_in is None else _contiguous("neighbors_in", neighbors_in)
    bases = _list(rows, "base", base, "int64")
    if len(rows.shape) != 2 or len(bases.shape) != 1:
        raise ValueError(
            f"interpolate: 'X' must be 2-D and 'base' 1-D, got shapes {tuple(rows.shape)} and {tuple(bases.shape)}"
        )
    target = empty(rows, (int(bases.shape[0]), int(rows.shape[1])), dtype_name(rows)) if out is None else out
    _core.interpolate(
        rows,
        other,
        bases,
        _list(rows, "neighbor", neighbor, "int64"),
        _list(rows, "step", step, "float64"),
        None if difference_scale is None else _list(rows, "difference_scale", difference_scale, "float64"),
        target,
        current_stream(rows),
    )
    return deliver(rows, target) if out is None else out


def _contiguous(name: str, x: Any) -> Any:
    check.no_mask("interpolate", name, x)
    check.no_sparse("interpolate", name, x)
    x = as_array(x)
    if isinstance(x, np.ndarray):
        return np.ascontiguousarray(x) if x.dtype.kind in "fiu" and x.dtype.isnative else x
    return x.contiguous() if is_torch(x) and not is_on_gpu(x) else x


def _list(rows: Any, name: str, values: Any, dtype: str) -> Any:
    """Indices and steps may be lists, or arrays of other libraries, where the rows are on a CPU."""
    check.no_mask("interpolate", name, values)
    values = as_array(values)
    if is_on_gpu(rows) or not isinstance(values, np.ndarray):
        return values
    kinds = "iu" if dtype == "int64" else "fiu"
    if dtype == "int64" and values.dtype == np.int32:
        return np.ascontiguousarray(values)
    return np.ascontiguousarray(values, dtype=dtype) if values.dtype.kind in kinds or values.size == 0 else values
