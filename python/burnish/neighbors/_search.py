# SPDX-License-Identifier: Apache-2.0
"""Who is near whom."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, current_stream, deliver, empty, is_torch

Metric = Literal["euclidean", "sqeuclidean", "cosine", "manhattan"]


def kneighbors(
    X: Any, k: int, Y: Any = None, *, metric: Metric = "euclidean", out: tuple[Any, Any] | None = None
) -> tuple[Any, Any]:
    """Find the `k` nearest neighbors of each row of `X`, exactly.

    Parameters
    ----------
    X : array of shape (N, D), float32 or float64
        The queries; finite values. NumPy arrays of integers and of float16 are read as float64.
    k : int
        1 to 1024, and at most as many as there are candidates: M, or N - 1 without `Y`.
    Y : array of shape (M, D), optional
        The points to search, of the dtype and on the device of `X`. Without it the rows of `X` themselves, and each
        row's own entry is left out.
    metric : {"euclidean", "sqeuclidean", "cosine", "manhattan"}
        "sqeuclidean" is the squared Euclidean distance, "cosine" 1 minus the cosine of the angle (1 to a row of zeros).
    out : pair of arrays of shape (N, k), float64 and int64, optional
        Where to write distances and indices.

    Returns
    -------
    distances : float64 array of shape (N, k)
        Ascending.
    indices : int64 array of shape (N, k)
        Rows of `Y`, or of `X`. Of equal distances the lowest index comes first.

    Raises
    ------
    TypeError, ValueError
        If a shape, dtype or device is none of these, `k` is out of range, or a value is NaN or infinite; the message
        names its row and column. On a GPU, where reading the values would mean waiting, a row with NaN is
        nobody's neighbor, and its own distances are NaN and its indices -1.

    Notes
    -----
    Distances are computed in float64 from the differences of coordinates, never from inner products, and rows are
    ordered before the root is taken. The search compares 8-bit codes of rows with proven bounds first, and measures
    only the pairs that these leave; boxes around groups of near rows spare it whole groups. Its result does not depend
    on either, nor on the number of threads. It is fastest for the Euclidean and cosine metrics: codes bound the
    Euclidean length, which is never more than the Manhattan one, so that for this metric they rule out less and boxes
    do most of the work. Beyond input and result it needs about two copies of the searched rows (in float64 for the
    cosine), 200 bytes a row and 16 for each neighbor; never a matrix of distances.

    Examples
    --------
    >>> from burnish.neighbors import kneighbors
    >>> distances, indices = kneighbors([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]], 1)
    >>> distances[:, 0], indices[:, 0]
    (array([1.        , 4.24264069, 1.        ]), array([2, 2, 0]))
    """
    rows = _rows("kneighbors", "X", X)
    points = None if Y is None else _rows("kneighbors", "Y", Y)
    candidates = int(rows.shape[0]) - 1 if points is None else int(points.shape[0])
    if int(rows.shape[0]) == 0 and points is None:
        candidates = _core.MOST_NEIGHBORS
    if candidates < 1:
        raise ValueError("kneighbors: there is nothing to search: 0 candidates")
    k = check.integer("kneighbors", "k", k, 1, min(candidates, _core.MOST_NEIGHBORS))
    shape = (int(rows.shape[0]), k)
    distances, indices = _targets(rows, shape) if out is None else _checked_out(out, shape)
    _core.nearest(
        "kneighbors",
        rows,
        points,
        metric_of("kneighbors", metric),
        distances,
        indices,
        lambda size: empty(rows, size, "uint8"),
        current_stream(rows),
    )
    return out if out is not None else (deliver(rows, distances), deliver(rows, indices))


def radius_neighbors(X: Any, radius: float, Y: Any = None, *, metric: Metric = "euclidean") -> tuple[Any, Any, Any]:
    """Find all rows within `radius` of each row of `X`, exactly.

    Parameters
    ----------
    X, Y, metric
        As in `kneighbors`, but on a CPU.
    radius : float
        0 or more, in the units of the metric; rows at this very distance belong to it.

    Returns
    -------
    offsets : int64 array of shape (N + 1,)
        The neighbors of row i are the entries ``offsets[i]`` to ``offsets[i + 1]`` of the other two.
    distances : float64 array of shape (found,)
        Ascending for each row.
    indices : int64 array of shape (found,)
        Of equal distances the lowest index comes first.

    Raises
    ------
    TypeError, ValueError
        As `kneighbors`.

    Examples
    --------
    >>> from burnish.neighbors import radius_neighbors
    >>> offsets, distances, indices = radius_neighbors([[0.0], [1.0], [5.0]], 2.0)
    >>> offsets, indices
    (array([0, 1, 2, 2]), array([1, 0]))
    """
    rows = _rows("radius_neighbors", "X", X)
    points = None if Y is None else _rows("radius_neighbors", "Y", Y)
    radius = check.real("radius_neighbors", "radius", radius, 0.0)
    found = _core.within("radius_neighbors", rows, points, metric_of("radius_neighbors", metric), radius)
    assert found is not None  # any number may be found
    offsets, distances, indices = (deliver(rows, part) for part in found)
    return offsets, distances, indices


def metric_of(call: str, name: str) -> _core.Metric:
    """Return the core's metric of that name."""
    try:
        return _core.Metric[name]
    except (KeyError, TypeError):  # what has no hash is no name
        names = ", ".join(metric.name for metric in _core.Metric)
        raise ValueError(f"{call}: 'metric' is {name!r}; accepted: {names}") from None


def _rows(call: str, name: str, x: Any) -> Any:
    check.no_mask(call, name, x)
    check.no_sparse(call, name, x)
    rows = as_array(x)
    if len(rows.shape) != 2:
        raise ValueError(f"{call}: '{name}' must be 2-D (N, D), got shape {tuple(rows.shape)}")
    if isinstance(rows, np.ndarray):
        if rows.dtype.kind in "iu" or rows.dtype == np.float16:
            return np.ascontiguousarray(rows, dtype=np.float64)
        return np.ascontiguousarray(rows) if rows.dtype.kind == "f" and rows.dtype.isnative else rows
    if is_torch(rows) and rows.device.type == "cpu" and str(rows.layout) == "torch.strided":
        return rows.contiguous()
    return rows


def _targets(rows: Any, shape: tuple[int, int]) -> tuple[Any, Any]:
    return empty(rows, shape, "float64"), empty(rows, shape, "int64")


def _checked_out(out: Any, shape: tuple[int, int]) -> tuple[Any, Any]:
    accepted = f"a pair of arrays of shape {shape}, float64 and int64"
    if not isinstance(out, tuple | list) or len(out) != 2 or not all(hasattr(array, "shape") for array in out):
        raise TypeError(f"kneighbors: 'out' is a {type(out).__name__}; accepted: {accepted}")
    shapes = [tuple(array.shape) for array in out]
    if shapes != [shape, shape]:
        raise ValueError(f"kneighbors: 'out' has shapes {shapes[0]} and {shapes[1]}; accepted: {accepted}")
    if out[0] is out[1]:
        raise ValueError(f"kneighbors: 'out' is one array twice; accepted: {accepted}")
    return out[0], out[1]
