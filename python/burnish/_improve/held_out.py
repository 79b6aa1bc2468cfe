# SPDX-License-Identifier: Apache-2.0
"""Samples put aside to judge models by, for each run of the proof.

Groups of repeats stay together: one that is held out has no twin among those trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from burnish.data import place_in_class

Integers = npt.NDArray[np.int64]

QUARTERS = 4  # a quarter is held out, another one in each of as many runs
KEPT = 0.8  # of the training part is trained on in a run, where the held-out part is the same in all
MOST = 50_000  # samples trained on or judged by; more would cost time and memory, and change no verdict
FEW = 50  # of each class are used all the same


@dataclass(frozen=True)
class Part:
    """What one run trains on and is judged by, as rows; ascending."""

    train: Integers
    held_out: Integers


def parts(
    labels: Integers, groups: Integers, rows: Integers, given: Integers, *, num_classes: int, runs: int, seed: int
) -> list[Part]:
    """Divide samples for each run.

    Parameters
    ----------
    labels : int64 array of shape (N,)
        0 to K - 1 for all `rows` and `given`.
    groups : int64 array of shape (M,)
        The first of `rows`, by its place there, that each of them repeats, or its own.
    rows : int64 array of shape (M,)
        To train on.
    given : int64 array
        Those to judge by, if the data come with such; else none, and a part of `rows` is put aside.
    num_classes, runs, seed : int

    Returns
    -------
    list of Part
        One for each run.

    Notes
    -----
    Without a given part the groups of each class are shuffled and dealt into four quarters (fewer in a class of fewer
    groups), one of which is held out; four runs hold out every group once. A class of one group is trained on in all
    runs and never judged. Of a group that is held out only the first sample is judged by. With a given part, a run
    trains on four fifths of each class's groups, drawn anew: that is what then differs between runs. Of very large sets
    a random part is used.
    """
    found = []
    first = np.flatnonzero(groups == np.arange(len(groups)))
    for run in range(runs):
        turn, quarter = divmod(run, QUARTERS) if len(given) == 0 else (run, 0)
        rng = np.random.default_rng([seed, turn])
        places = np.full(len(groups), -1)
        order = rng.permutation(first)
        places[order] = place_in_class(labels[rows[order]])  # among the groups of its class
        sizes = np.bincount(labels[rows[first]], minlength=num_classes)[labels[rows]]
        if len(given):
            is_trained = (places < np.ceil(KEPT * sizes))[groups]
            judged = given
        else:
            deals = np.clip(sizes, 1, QUARTERS)
            is_held_out = (sizes > 1) & (places >= 0) & (places % deals == quarter % deals)
            is_trained = ~is_held_out[groups]
            judged = rows[is_held_out]
        found.append(Part(_at_most(rows[is_trained], labels, MOST, rng), _at_most(judged, labels, MOST, rng)))
    return found


def _at_most(rows: Integers, labels: Integers, number: int, rng: np.random.Generator) -> Integers:
    """Return so many rows, about; of each class the same share, but not less than `FEW`."""
    if len(rows) <= number:
        return rows
    shuffled = rng.permutation(rows)
    own = labels[shuffled]
    wanted = np.maximum(np.bincount(own) * (number / len(rows)), FEW)
    return np.sort(shuffled[place_in_class(own) < wanted[own]])
