# SPDX-License-Identifier: Apache-2.0
"""How many samples to add to rare classes, and between which features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import balance
from burnish._improve.options import EVEN_TARGETS, OF_FEATURES

Integers = npt.NDArray[np.int64]

_SEEDS = 1 << 32  # that samplers take
_MOST_COPIES = 10  # of one sample; more show the model little that is new
_MOST_BETWEEN = 4  # times as many rows between features as there are samples, in all; they are cheap


def to_add(sizes: npt.NDArray[np.int64], target: str, fill: str = "copies") -> Integers:
    """Return how many samples are added to each class.

    Parameters
    ----------
    sizes : int64 array of shape (K,)
        Samples of each class.
    target : str
        For "balanced-accuracy" all classes are to be as large as the largest, for "macro-f1", where taking others for
        a rare class costs as much as missing it, half of the way (the geometric mean); for others none is filled up.
    fill : {"copies", "smote"}, default "copies"

    Returns
    -------
    int64 array of shape (K,)
        Copies: at most `_MOST_COPIES` for each sample, and in all as many as there are samples. Rows between features:
        in all `_MOST_BETWEEN` times as many. Where that is not enough, rare classes are filled up to a lower level.

    Notes
    -----
    On long-tailed CIFAR-10 copies beyond that gained nothing; between features all the way gained a point more than
    half of the way.
    """
    sizes = np.asarray(sizes, np.int64)
    if target not in EVEN_TARGETS or not len(sizes):
        return np.zeros(len(sizes), np.int64)
    largest, total = int(sizes.max()), int(sizes.sum()) * (_MOST_BETWEEN if fill in OF_FEATURES else 1)
    wanted = np.full(len(sizes), largest) if target == "balanced-accuracy" else np.sqrt(sizes * float(largest))
    most = np.where(sizes > 0, np.floor(wanted).astype(np.int64) - sizes, 0).clip(0)
    if fill not in OF_FEATURES:
        most = np.minimum(most, _MOST_COPIES * sizes)

    def up_to(level: int) -> Integers:
        return np.asarray(np.minimum(level - sizes, most).clip(0))

    return up_to(_largest(lambda level: int(up_to(level).sum()) <= total, largest))


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """Return the largest number, 0 to `most`, that fits; 0 does, and whatever is smaller than one that does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def pairs_between(
    features: npt.NDArray[Any], rows: Integers, number: int, seed: int
) -> tuple[Integers, Integers, npt.NDArray[np.float64]]:
    """Draw pairs of samples of one class between whose features new ones lie, as SMOTE does.

    Parameters
    ----------
    features : float array of shape (M, D), or Rows
        May be memory-mapped: only `rows` are read.
    rows : int64 array of shape (R,)
        The class. Of few samples all others are neighbors; one that is alone is repeated.
    number : int
        P; 0 if there are no rows.
    seed : int

    Returns
    -------
    base, neighbor : int64 arrays of shape (P,)
        Among `rows`.
    step : float64 array of shape (P,)
        How far to go from one to the other, 0 to 1.

    References
    ----------
    N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, SMOTE: synthetic minority over-sampling technique, Journal
    of Artificial Intelligence Research 16, 2002.
    """
    if not number:
        return rows[:0], rows[:0], np.empty(0)
    own = np.asarray(features[rows])
    X, y = np.concatenate([own, own[:1]]), np.zeros(len(rows) + 1, np.int64)
    y[-1] = 1  # samplers want a second class
    wanted = {0: len(rows) + number}
    sampler = balance.SMOTE(sampling_strategy=wanted, random_state=seed % _SEEDS, small_class="copy")
    next(sampler.iter_resample(X, y, batch_size=1))  # draws all of it, makes one row
    drawn = sampler.provenance_
    return rows[drawn.base], rows[drawn.neighbor], np.asarray(drawn.step, np.float64)
