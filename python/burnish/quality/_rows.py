# SPDX-License-Identifier: Apache-2.0
"""What all functions on embeddings share: their rows, and distances between them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, dtype_name, is_torch, on_host, to_numpy
from burnish.neighbors import kneighbors
from burnish.neighbors._search import metric_of

Metric = Literal["cosine", "euclidean"]
_BLOCK = 1 << 18  # values handled at a time
# Of largest values whose squares, in float64, neither overflow nor underflow.
_RANGES = {"float32": (0.0, np.inf), "float64": (1e-150, 1e150)}


def rows_of(call: str, name: str, x: Any) -> Any:
    """Return 2-D rows as an array that the search can read; never the caller's to write to."""
    check.no_mask(call, name, x)
    check.no_sparse(call, name, x)
    rows = as_array(x)
    if len(rows.shape) != 2:
        raise ValueError(f"{call}: '{name}' must be 2-D (N, D), got shape {tuple(rows.shape)}")
    if int(rows.shape[1]) == 0:
        raise ValueError(f"{call}: '{name}' has no columns")
    _check_range(call, name, rows)
    if is_torch(rows):
        rows = rows.detach()
        return rows.float() if dtype_name(rows) in ("float16", "bfloat16") else rows
    if isinstance(rows, np.ndarray) and (rows.dtype.kind in "iub" or rows.dtype == np.float16):
        return rows.astype(np.float64 if rows.dtype.kind in "iub" else np.float32)
    return rows


def _check_range(call: str, name: str, rows: Any) -> None:
    """Refuse values whose squares are no numbers, or all of which have squares that are 0."""
    dtype = dtype_name(rows)
    if dtype not in _RANGES or 0 in rows.shape:
        return
    if isinstance(rows, np.ndarray):
        least, most = rows.min(), rows.max()
    elif is_torch(rows) and str(rows.layout) == "torch.strided":
        least, most = rows.detach().aminmax()
    else:
        return
    largest = max(abs(float(least)), abs(float(most)))
    if not (np.isfinite(float(least)) and np.isfinite(float(most))):
        raise ValueError(f"{call}: '{name}' holds NaN or infinity; accepted: finite values")
    low, high = _RANGES[dtype]
    if largest != 0 and not low <= largest <= high:
        raise ValueError(
            f"{call}: the largest absolute value of '{name}' is {largest:.3g}, too far from 1 to square; "
            f"accepted: {low:g} to {high:g}, or zeros only; scale the rows"
        )


def cpu_rows(call: str, name: str, x: Any) -> npt.NDArray[Any]:
    """Return 2-D float rows in CPU memory as a C-contiguous NumPy array, without a copy where they are one.

    Rows on a GPU are copied from there, once; `burnish._array.deliver` takes results back.
    """
    rows = rows_of(call, name, on_host(x))
    array = np.ascontiguousarray(to_numpy(rows))
    if not (isinstance(rows, np.ndarray) or is_torch(rows)):
        _check_range(call, name, array)
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(f"{call}: '{name}' has dtype {array.dtype}; accepted: float32, float64")
    return array


def metric_name(call: str, metric: Any) -> Metric:
    """Return the name of an accepted metric."""
    if metric == "cosine":
        return "cosine"
    if metric == "euclidean":
        return "euclidean"
    raise ValueError(f"{call}: 'metric' is {metric!r}; accepted: 'cosine', 'euclidean'")


def cosine_noise(columns: int) -> float:
    """By how much rounding may take the cosine distance of two rows of one direction from 0."""
    return (columns + 16) * 2.0**-51


def within(call: str, rows: Any, points: Any, metric: Metric, threshold: float, most: int | None) -> Any:
    """Return offsets, distances and indices of the points within a distance of each row; None if they are too many.

    Distances by the cosine that rounding could decide are found anew: 0 between multiples of one another only.
    """
    noise = cosine_noise(rows.shape[1]) if metric == "cosine" else 0.0
    found = _core.within(call, rows, points, metric_of(call, metric), max(threshold, noise), most)
    if found is None or metric != "cosine":
        return found
    offsets, distances, indices = found
    near = np.flatnonzero(distances <= noise)
    if len(near) == 0:
        return found
    of_rows = np.repeat(np.arange(len(rows)), np.diff(offsets))
    others = rows if points is None else points
    for begin in range(0, len(near), step := max(1, _BLOCK // rows.shape[1])):
        some = near[begin : begin + step]
        distances[some] = _cosine_distances(rows[of_rows[some]], others[indices[some]])
    kept = np.flatnonzero(distances <= threshold)
    order = kept[np.lexsort((indices[kept], distances[kept], of_rows[kept]))]
    counts = np.bincount(of_rows[order], minlength=len(rows))
    return np.concatenate([[0], np.cumsum(counts)]), distances[order], indices[order]


def _cosine_distances(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Between near rows, pair by pair, from differences, which lose nothing where 1 less the cosine loses all."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    pivot = np.abs(x).argmax(axis=1)[:, None]
    a, b = np.take_along_axis(x, pivot, 1), np.take_along_axis(y, pivot, 1)
    is_multiple = (x * b == y * a).all(axis=1) & (a * b > 0)[:, 0]  # of float32 these products are exact
    x /= np.sqrt((x * x).sum(axis=1, keepdims=True))
    y /= np.sqrt((y * y).sum(axis=1, keepdims=True))
    distances = np.maximum(((x - y) ** 2).sum(axis=1) / 2, np.finfo(np.float64).tiny)
    return np.where(is_multiple, 0.0, distances)


def nearest_distances(rows: Any, k: int, metric: Metric, points: Any = None) -> Any:
    """Distances (N, k) to the nearest others (or points), ascending; exactly 0 between rows of one direction.

    The search puts a row of zeros at a cosine distance of 1 from all; from another row of zeros it is 0 here.
    """
    distances = kneighbors(rows, k, points, metric=metric)[0]
    if metric == "cosine" and len(distances):
        distances[distances <= cosine_noise(int(rows.shape[1]))] = 0.0
        zeros = (rows == 0).all(1)
        same = int(zeros.sum()) - 1 if points is None else int((points == 0).all(1).sum())
        if same > 0:
            distances[zeros, :same] = 0.0
    return distances
