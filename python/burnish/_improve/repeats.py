# SPDX-License-Identifier: Apache-2.0
"""Images that repeat another one: alike to the network that describes them, and pixel by pixel.

Descriptions alone do not tell: of photographs moved by two pixels or brighter by a fifth some are further apart than
two photographs of one car. Pixels alone would have to be compared for all pairs. So what lies near each other is
compared pixel by pixel, as it is and moved by up to two pixels, light and contrast aside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra
from burnish._improve.linear import Directions
from burnish._improve.patches import averaged
from burnish._improve.progress import Progress, silent
from burnish._improve.rows import some_rows
from burnish._improve.store import Store, key_of
from burnish.neighbors import kneighbors
from burnish.quality import near_duplicates

if TYPE_CHECKING:
    from burnish._improve.embed import Embedding

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

_VERSION = 1  # of what is computed here
NEAR = 0.3  # cosine distance of descriptions up to which pixels are compared
ALIKE, ALIKE_SMALL = 0.97, 0.995  # least correlation of pixels; of small images, where all look more alike
_SMALL = 16  # pixels a side
_SIDE, _MOST_MOVED = 32, 2  # pixels that are compared, and by how many images are moved
_NEIGHBORS = 10
_BLURRED, _BLURRED_SIDE = 0.5, 8  # least correlation of images blurred to so many pixels
_PAIRS = 1024  # compared at once
_EQUAL = 1e-6


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Repeats:
    """Which images repeat which.

    Attributes
    ----------
    repeat_of : int64 array of shape (N,)
        The image to keep instead, an earlier one; -1 for one that is kept itself.
    distance : float32 array of shape (N,)
        Cosine distance of the descriptions, 0 for the same pixels; NaN for what is kept.
    group : int64 array of shape (N,)
        The first of all images that are linked by repeats, directly or through others. What must not know of each other
        is kept apart by it.
    """

    repeat_of: Integers
    distance: Floats
    group: Integers

    def among(self, rows: Integers) -> Repeats:
        """Return the same of some of the images, ascending, counted among these: of each group the first is kept."""
        star = np.where(self.repeat_of >= 0, self.repeat_of, np.arange(len(self.repeat_of)))[rows]
        first = _first_of_each(star)
        repeats = first != np.arange(len(rows))
        # Of two repeats of an image that is not among these, only their distances from that one are known.
        distance = np.where(np.isnan(self.distance[rows]), self.distance[rows][first], self.distance[rows])
        return Repeats(
            np.where(repeats, first, -1),
            np.where(repeats, distance, np.float32(np.nan)),
            _first_of_each(self.group[rows]),
        )

    def within(self, rows: Integers, n: int) -> Repeats:
        """Return the same counted among `n` images, of which these are `rows`; no other one repeats anything."""
        repeat_of, distance, group = np.full(n, -1), np.full(n, np.nan, np.float32), np.arange(n)
        repeat_of[rows] = np.where(self.repeat_of >= 0, rows[self.repeat_of], -1)
        distance[rows], group[rows] = self.distance, rows[self.group]
        return Repeats(repeat_of, distance, group)


def partners(groups: Integers, others: Integers) -> Integers:
    """Return, for each of `groups`, the first place among `others` that has the same number, else -1."""
    if not len(others):
        return np.full(len(groups), -1)
    numbers, first = np.unique(others, return_index=True)
    place = np.searchsorted(numbers, groups).clip(max=len(numbers) - 1)
    return np.asarray(np.where(numbers[place] == groups, first[place], -1), np.int64)


def _first_of_each(numbers: Integers) -> Integers:
    """Return the place of the first of the same number, for each."""
    _, first, place = np.unique(numbers, return_index=True, return_inverse=True)
    return np.asarray(first[place], np.int64)


def by_description(features: npt.NDArray[Any], threshold: float) -> Repeats:
    """Find images that repeat an earlier one by their descriptions alone, up to a cosine distance."""
    n = len(features)
    points = Directions.of(features)(features) if n else np.empty((0, 0), np.float32)
    if points.shape[1] == 0:  # all descriptions are the same
        first = np.zeros(n, np.int64)
        found = Repeats(np.where(np.arange(n) > 0, 0, -1), np.where(np.arange(n) > 0, 0.0, np.nan), first)
    else:
        near = near_duplicates(points, threshold=threshold)
        first = near.representative
        is_kept = first == np.arange(n)
        found = Repeats(np.where(is_kept, -1, first), np.where(is_kept, np.nan, near.distances), first)
    return Repeats(found.repeat_of, found.distance.astype(np.float32), found.group)


def find_repeats(
    features: npt.NDArray[Any],
    thumbnails: npt.NDArray[np.uint8],
    *,
    rows: Integers | None = None,
    copy_of: Integers | None = None,
    near: float = NEAR,
    alike: float | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Repeats:
    """Find images that repeat an earlier one.

    Parameters
    ----------
    features : array of shape (N, D), or Rows
        Descriptions; finite.
    thumbnails : uint8 array of shape (N, S, S, 3)
        May be memory-mapped, as may be the features.
    rows : int64 array of shape (N,), optional
        Where their thumbnails are, if not in the same order from the first.
    copy_of : int64 array of shape (N,), optional
        The first image with the same pixels, else -1: compared whatever the descriptions are, which need not be the
        same where they are a user's own.
    near : float, default 0.3
        Pixels are compared of images whose descriptions are no further apart, among the ten nearest of each.
    alike : float, optional
        Least correlation of the pixels of repeats. Default 0.97; 0.995 for images of less than 16 pixels a side.
    progress : callable, optional
        Called with the number of pairs compared and of all.

    Returns
    -------
    Repeats

    Notes
    -----
    Images are gone through in order; one that is alike to an earlier one that is kept repeats it. So each repeat is
    alike to the image that is kept instead, however long a chain is; `Repeats.group` holds the chain together.

    With CIFAR-10's photographs, 124 planted again (compressed, moved by a pixel or two, made brighter, enlarged), near
    duplicates by description alone found 35 % of them at a cosine distance of 0.05, and 84 % at 0.15, among five times
    as many pairs that only looked alike; this finds 99 %, and next to them what CIFAR-10 itself holds twice.
    """
    n = len(features)
    kept, nothing = np.full(n, -1), np.full(n, np.nan, np.float32)
    if n < 2:
        return Repeats(kept, nothing, np.arange(n))
    if alike is None:
        alike = ALIKE_SMALL if thumbnails.shape[1] < _SMALL else ALIKE
    rows = np.arange(n) if rows is None else rows
    left, right, distances = _near_pairs(features, near)
    if copy_of is not None:
        left, right, distances = _with_copies(left, right, distances, copy_of)
    might = np.zeros(len(left), bool)
    for start in range(0, len(left), _PAIRS):  # most are not alike even when blurred, which is quick to see
        part = slice(start, start + _PAIRS)
        might[part] = _blurred(thumbnails, rows[left[part]], rows[right[part]]) >= _BLURRED
    left, right, distances = left[might], right[might], distances[might]
    is_alike = np.zeros(len(left), bool)
    for start in range(0, len(left), _PAIRS):
        part = slice(start, start + _PAIRS)
        is_alike[part] = correlations(thumbnails, rows[left[part]], rows[right[part]]) >= alike
        progress(min(start + _PAIRS, len(left)), len(left))
    left, right, distances = left[is_alike], right[is_alike], distances[is_alike]
    for earlier, later, distance in zip(left.tolist(), right.tolist(), distances.tolist(), strict=True):
        if kept[later] < 0 and kept[earlier] < 0:
            kept[later], nothing[later] = earlier, distance
    return Repeats(kept, nothing, _linked(left, right, n))


def _near_pairs(features: npt.NDArray[Any], near: float) -> tuple[Integers, Integers, Floats]:
    """Return pairs of an earlier and a later image, by the later and then by the earlier one, and their distances."""
    points = Directions.of(features)(features)
    n = len(points)
    if points.shape[1] == 0:  # all descriptions are the same
        return np.zeros(n - 1, np.int64), np.arange(1, n), np.zeros(n - 1, np.float32)
    distances, neighbors = kneighbors(points, min(_NEIGHBORS, n - 1), metric="cosine")
    rows = np.repeat(np.arange(n), neighbors.shape[1])
    apart, others = distances.ravel(), neighbors.ravel()
    chosen = apart <= max(near, _EQUAL)
    rows, others, apart = rows[chosen], others[chosen], apart[chosen]
    pairs, first = np.unique(np.stack([np.maximum(rows, others), np.minimum(rows, others)]), axis=1, return_index=True)
    apart = np.where(apart[first] <= _EQUAL, 0, apart[first])
    return pairs[1], pairs[0], apart.astype(np.float32)


def _with_copies(
    left: Integers, right: Integers, distances: Floats, copy_of: Integers
) -> tuple[Integers, Integers, Floats]:
    """Return pairs with those of an image and the first one of the same pixels among them, at no distance."""
    copies = np.flatnonzero(copy_of >= 0)
    pairs = np.stack([np.concatenate([copies, right]), np.concatenate([copy_of[copies], left])])
    pairs, first = np.unique(pairs, axis=1, return_index=True)
    return pairs[1], pairs[0], np.concatenate([np.zeros(len(copies), np.float32), distances])[first]


def correlations(thumbnails: npt.NDArray[np.uint8], left: Integers, right: Integers) -> Floats:
    """Return the correlation of the pixels of pairs, the largest over movements by up to two pixels.

    Parameters
    ----------
    thumbnails : uint8 array of shape (N, S, S, 3)
    left, right : int64 array of shape (P,)

    Returns
    -------
    float32 array of shape (P,)
        -1 to 1; of images of one color, 1 where all pixels are the same and else 0.
    """
    ours, theirs = (averaged(np.asarray(thumbnails[rows]), _SIDE) for rows in (left, right))
    side = ours.shape[1]
    most = _MOST_MOVED if side >= _SMALL else 0
    best = np.full(len(left), -1.0, np.float32)
    for down in range(-most, most + 1):
        for across in range(-most, most + 1):
            a = ours[:, max(0, down) : side + min(0, down), max(0, across) : side + min(0, across)]
            b = theirs[:, max(0, -down) : side + min(0, -down), max(0, -across) : side + min(0, -across)]
            np.maximum(best, _correlation(a, b), out=best)
    same = (ours == theirs).all(axis=(1, 2, 3))
    return np.where(same, np.float32(1), best)


def _blurred(thumbnails: npt.NDArray[np.uint8], left: Integers, right: Integers) -> Floats:
    a, b = (averaged(np.asarray(thumbnails[rows]), _BLURRED_SIDE) for rows in (left, right))
    return np.where((a == b).all(axis=(1, 2, 3)), np.float32(1), _correlation(a, b))


def _correlation(a: Floats, b: Floats) -> Floats:
    a, b = (pixels.reshape(len(pixels), -1) for pixels in (a, b))
    a, b = (pixels - pixels.mean(axis=1, keepdims=True) for pixels in (a, b))
    products, ours, theirs = (np.einsum("ij,ij->i", x, y) for x, y in ((a, b), (a, a), (b, b)))
    least = np.float32(a.shape[1])  # a standard deviation of 1 of 255: less is noise of the compression
    return np.asarray(products / np.sqrt(np.maximum(ours, least) * np.maximum(theirs, least)), np.float32)


def _linked(left: Integers, right: Integers, n: int) -> Integers:
    with needs_extra("balance"):
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components
    links = coo_array((np.ones(len(left), bool), (left, right)), shape=(n, n))
    component = connected_components(links, directed=False)[1]
    first = np.unique(component, return_index=True)[1]
    return np.asarray(first[component], np.int64)


def repeats_of_scan(
    scan: Any,
    embedding: Embedding,
    store: Store,
    progress: Progress = silent,
) -> Repeats:
    """Return the repeats among all usable images of a scan, held-out ones too; kept in the store."""
    rows, n = np.flatnonzero(scan.usable), len(scan.usable)
    place = np.full(n + 1, -1)  # of -1, too
    place[rows] = np.arange(len(rows))
    copy_of = place[scan.copy_of[rows]]

    def make() -> dict[str, Any]:
        features = some_rows(embedding.features, rows)
        found = find_repeats(
            features,
            scan.thumbnails,
            rows=rows,
            copy_of=copy_of,
            progress=lambda done, of: progress("compare images", done, of),
        )
        return vars(found.within(rows, n))

    pixels = key_of(np.asarray(scan.facts["digest"]), scan.thumbnails.shape)  # features that are given know none
    return Repeats(**store.result("repeats", key_of(_VERSION, embedding.key, rows, pixels), make))
