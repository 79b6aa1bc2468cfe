# SPDX-License-Identifier: Apache-2.0
"""Samples that repeat another one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import as_array, deliver, to_numpy
from burnish.neighbors import kneighbors
from burnish.quality._copies import first_copies
from burnish.quality._naming import named
from burnish.quality._rows import Metric, cosine_noise, cpu_rows, metric_name, within

_Indices = npt.NDArray[np.int64]
_FEW_PAIRS = 1 << 22  # that are held at once, whatever N is
_PAIRS_A_ROW = 32
_CHUNK = 1024
_CLOSE = 1e-6  # relative width at which a bracket of thresholds is as good as one of its ends


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class NearDuplicates:
    """Which samples repeat which.

    Attributes
    ----------
    representative : int64 array of shape (N,)
        The sample to keep instead: of a sample that is kept itself, of a duplicate the first that is kept within the
        threshold.
    distances : float64 array of shape (N,)
        From it; 0 for exact duplicates and for what is kept.
    threshold : float
        Up to which distance samples count as duplicates.
    """

    representative: Any
    distances: Any
    threshold: float

    @property
    def keep(self) -> Any:
        """Samples to keep, ascending."""
        return deliver(self.representative, np.flatnonzero(self._is_kept()))

    @property
    def duplicates(self) -> Any:
        """Samples to drop, ascending."""
        return deliver(self.representative, np.flatnonzero(~self._is_kept()))

    def groups(self) -> list[Any]:
        """Return the groups of two and more, each ascending: the first is kept."""
        representative = to_numpy(self.representative)
        order = np.argsort(representative, kind="stable")
        ends = np.flatnonzero(np.diff(representative[order])) + 1
        return [deliver(self.representative, group) for group in np.split(order, ends) if len(group) > 1]

    def _is_kept(self) -> npt.NDArray[np.bool_]:
        representative = to_numpy(self.representative)
        return np.asarray(representative == np.arange(len(representative)))


@named("near_duplicates")
def near_duplicates(
    X: Any, *, threshold: float | None = None, fraction: float | None = None, metric: Metric = "cosine"
) -> NearDuplicates:
    """Find samples within a distance of one that is kept; of each group the first is kept.

    Parameters
    ----------
    X : array of shape (N, D), float32 or float64
        Embeddings; finite values. CUDA tensors are read through the host, in one copy; results come back on the same
        device.
    threshold : float, optional
        The largest distance of a duplicate, 0 or more. 0 finds exact duplicates only: equal rows and, with "cosine",
        rows that are multiples of one another. Multiples that have been rounded are about 1e-15 apart in float32
        and 1e-32 in float64: allow for it.
    fraction : float, optional
        Instead: the share of samples to drop, above 0 and below 1. The threshold is then the smallest that drops at
        least so many, found by bisection.
    metric : {"cosine", "euclidean"}, default "cosine"

    Returns
    -------
    NearDuplicates

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype is wrong, not exactly one of `threshold` and `fraction` is given, it is out of range, or a
        value is NaN or infinite.

    Notes
    -----
    Samples are gone through in order, and each is dropped that lies within the threshold of one that was kept. So a
    duplicate is always near the sample kept for it, however long a chain of near samples is, and no two kept ones are
    near each other. The search is exact. Pairs of near samples are held while they are few; where they are many, 1,024
    samples are gone through at a time, so that memory does not grow with the number of pairs.

    Examples
    --------
    >>> from burnish import quality
    >>> found = quality.near_duplicates([[0.0], [5.0], [0.1], [5.0], [9.0]], threshold=0.5, metric="euclidean")
    >>> found.representative, found.distances, found.keep
    (array([0, 1, 0, 1, 4]), array([0. , 0. , 0.1, 0. , 0. ]), array([0, 1, 4]))
    """
    call = "near_duplicates"
    metric = metric_name(call, metric)
    if (threshold is None) == (fraction is None):
        given = "neither" if threshold is None else "both"
        raise TypeError(f"{call}: one of 'threshold' and 'fraction' is needed, got {given}")
    if threshold is not None:
        threshold = check.real(call, "threshold", threshold, 0.0)
    if fraction is not None:
        fraction = check.real(call, "fraction", fraction, 0.0, 1.0)
        if fraction in (0.0, 1.0):
            raise ValueError(f"{call}: 'fraction' is {fraction:g}; accepted: a number above 0 and below 1")
    rows = cpu_rows(call, "X", X)
    if rows.shape[1] == 0:
        raise ValueError(f"{call}: 'X' has no columns")
    if not all(np.isfinite(rows[i : i + _CHUNK]).all() for i in range(0, len(rows), _CHUNK)):
        raise ValueError(f"{call}: 'X' holds NaN or infinity; accepted: finite values")
    first = first_copies(rows)
    distinct = np.flatnonzero(first == np.arange(len(rows)))
    search = _Search(rows if len(distinct) == len(rows) else rows[distinct], metric)
    if fraction is not None:
        drop = min(math.ceil(fraction * len(rows)), len(rows) - 1) - (len(rows) - len(distinct))
        threshold, kept_for, distances = _dropping(search, drop)
    else:
        assert threshold is not None
        kept_for, distances = search.assign(threshold)
    place = np.searchsorted(distinct, first)  # of a row's first copy among the distinct ones
    like = as_array(X)
    return NearDuplicates(deliver(like, distinct[kept_for[place]]), deliver(like, distances[place]), float(threshold))


class _Pairs:
    """Pairs of near rows, by the later one and then by the earlier one."""

    def __init__(self, offsets: Any, distances: Any, indices: Any) -> None:
        rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        is_earlier = indices < rows
        rows, indices, distances = rows[is_earlier], indices[is_earlier], distances[is_earlier]
        order = np.lexsort((indices, rows))
        self.later, self.earlier, self.distances = rows[order], indices[order], distances[order]

    def assign(self, n: int, threshold: float) -> tuple[_Indices, npt.NDArray[np.float64]]:
        """Return for each row the first kept one within the threshold, or itself, and the distance."""
        within = np.flatnonzero(self.distances <= threshold)
        later, earlier = self.later[within].tolist(), self.earlier[within].tolist()
        kept_for, through = np.arange(n), np.full(n, -1)
        for place, (row, other) in enumerate(zip(later, earlier, strict=True)):
            if kept_for[row] == row and kept_for[other] == other:
                kept_for[row], through[row] = other, place
        found = through >= 0
        distances = np.zeros(n)
        distances[found] = self.distances[within[through[found]]]
        return kept_for, distances


class _Search:
    """Searches among distinct rows for those that repeat an earlier one."""

    def __init__(self, rows: npt.NDArray[Any], metric: Metric) -> None:
        self.rows, self.metric = rows, metric
        # The least distance that the search tells from 0 without looking closer.
        self.noise = cosine_noise(rows.shape[1]) if metric == "cosine" else float(np.finfo(np.float64).tiny)
        self.most_pairs = max(_FEW_PAIRS, _PAIRS_A_ROW * len(rows))

    def pairs(self, threshold: float) -> _Pairs | None:
        """Return all pairs within a distance, unless they are too many."""
        found = self._within(self.rows, None, threshold, self.most_pairs)
        return None if found is None else _Pairs(*found)

    def assign(self, threshold: float) -> tuple[_Indices, npt.NDArray[np.float64]]:
        pairs = self.pairs(threshold)
        return self._assign_in_chunks(threshold) if pairs is None else pairs.assign(len(self.rows), threshold)

    def nearest(self) -> npt.NDArray[np.float64]:
        """Return each row's distance to the nearest other, ascending."""
        distances = kneighbors(self.rows, 1, metric=self.metric)[0][:, 0]
        distances[distances <= self.noise] = 0.0
        return np.sort(distances)

    def _within(self, rows: Any, points: Any, threshold: float, most: int | None) -> Any:
        return within("near_duplicates", rows, points, self.metric, threshold, most)

    def _assign_in_chunks(self, threshold: float) -> tuple[_Indices, npt.NDArray[np.float64]]:
        n = len(self.rows)
        kept_for, distances = np.arange(n), np.zeros(n)
        open_rows = np.arange(n)  # nothing kept so far is near them
        while len(open_rows) > 0:
            chunk, open_rows = open_rows[:_CHUNK], open_rows[_CHUNK:]
            own, own_distances = _Pairs(*self._within(self.rows[chunk], None, threshold, None)).assign(
                len(chunk), threshold
            )
            kept_for[chunk], distances[chunk] = chunk[own], own_distances
            kept = chunk[own == np.arange(len(chunk))]
            if len(open_rows) == 0:
                break
            # Kept rows lie apart, so that few of them are near any one row.
            offsets, apart, places = self._within(self.rows[open_rows], self.rows[kept], threshold, None)
            is_near = np.diff(offsets) > 0
            near = open_rows[is_near]
            lowest = np.minimum.reduceat(places, offsets[:-1][is_near]) if len(near) else places[:0]
            kept_for[near] = kept[lowest]
            at_lowest = places == np.repeat(lowest, np.diff(offsets)[is_near])
            distances[near] = apart[at_lowest]
            open_rows = open_rows[~is_near]
        return kept_for, distances


def _dropping(search: _Search, drop: int) -> tuple[float, _Indices, npt.NDArray[np.float64]]:
    """Return the smallest threshold that drops at least so many rows, and what `assign` says for it."""
    n = len(search.rows)
    low, high, pairs = 0.0, 0.0, None
    if drop > 0:
        nearest = search.nearest()
        enough = min(n, 3 * drop)  # of two near rows one is dropped, and a few more are found to be sure
        high = float(nearest[enough - 1])
        while _dropped((pairs := search.pairs(high)), search, high) < drop:
            enough = min(n, 2 * enough)
            low, high = high, max(float(nearest[enough - 1]), 1.5 * high, search.noise)
        while pairs is None and high - low > _CLOSE * high:
            middle = (low + high) / 2
            if _dropped((found := search.pairs(middle)), search, middle) < drop:
                low = middle
            else:
                high, pairs = middle, found
        if pairs is not None:
            steps = np.unique(pairs.distances[(pairs.distances > low) | (low == 0)])
            left, right = 0, len(steps) - 1
            while left < right:
                middle_step = (left + right) // 2
                if _count(pairs.assign(n, steps[middle_step])[0]) < drop:
                    left = middle_step + 1
                else:
                    right = middle_step
            high = float(steps[left])
    return (high, *(search.assign(high) if pairs is None else pairs.assign(n, high)))


def _dropped(pairs: _Pairs | None, search: _Search, threshold: float) -> int:
    return _count((search.assign(threshold) if pairs is None else pairs.assign(len(search.rows), threshold))[0])


def _count(kept_for: _Indices) -> int:
    return int((kept_for != np.arange(len(kept_for))).sum())
