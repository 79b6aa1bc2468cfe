# SPDX-License-Identifier: Apache-2.0
"""How many labels to take for wrong by pair of classes, in the rules of cleanlab's filters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.quality._joint import rounded_by_row

Array = npt.NDArray[Any]


def wanted_pairs(
    joint: Array,
    counts: Array,
    *,
    by_class: bool,
    by_noise_rate: bool,
    frac_noise: float,
    min_examples_per_class: int,
    num_to_remove_per_class: Array | None,
) -> npt.NDArray[np.int64]:
    """Return (C, C) how many samples labeled k to flag as j; on the diagonal as of any other class.

    `joint` is calibrated, `counts` are the samples of each class.
    """
    pruned = _keep_at_least(joint.T, min_examples_per_class, frac_noise)  # (class taken for, label)
    if num_to_remove_per_class is not None:
        pruned = _removing(pruned, counts, num_to_remove_per_class)
    wanted = np.zeros(joint.shape, np.int64)
    if by_noise_rate:
        wanted[:] = pruned.T
    np.fill_diagonal(wanted, counts - pruned.diagonal() if by_class else 0)
    wanted = np.clip(wanted, 0, counts[:, None])
    wanted[(counts <= min_examples_per_class) | (counts <= 1)] = 0
    return np.asarray(wanted)


def _keep_at_least(pruned: Array, least: int, share: float) -> npt.NDArray[np.int64]:
    """Leave at least so many samples in each class, and only a share of the errors."""
    kept = pruned.diagonal()
    raised = np.maximum(kept, least)
    others = np.maximum(np.count_nonzero(pruned, axis=0) - 1.0, 1.0)
    reduced = np.maximum(pruned - (raised - kept) / others, 0)
    np.fill_diagonal(reduced, raised)
    smaller = reduced * share
    np.fill_diagonal(smaller, reduced.diagonal())
    np.fill_diagonal(smaller, reduced.diagonal() + (reduced - smaller).sum(axis=0))
    whole: npt.NDArray[np.int64] = smaller.astype(np.int64)
    return whole


def _removing(pruned: Array, counts: Array, wanted: Array) -> npt.NDArray[np.int64]:
    """Scale the errors so that as many are removed from each class as asked for."""
    with np.errstate(all="ignore"):
        shares = pruned / pruned.sum(axis=1)
        noise = shares.sum(axis=1) - shares.diagonal()
        scaled = np.nan_to_num((shares.T * wanted / noise).T, nan=0.0, posinf=0.0, neginf=0.0)
    np.fill_diagonal(scaled, counts - wanted)
    return rounded_by_row(scaled)
