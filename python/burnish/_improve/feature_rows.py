# SPDX-License-Identifier: Apache-2.0
"""The improved set as features, for a model that is trained on these: rows that are kept, and rows between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import balance
from burnish._improve.proposals import Proposals

Integers = npt.NDArray[np.int64]

_BLOCK = 4096  # rows at once


def feature_rows(features: npt.NDArray[Any], kept: Integers, proposals: Proposals) -> Iterator[npt.NDArray[Any]]:
    """Yield rows of features, block by block: those of the samples `kept`, then those that are interpolated.

    Parameters
    ----------
    features : float array of shape (N, D)
        May be memory-mapped.
    kept : int64 array of shape (M,)
    proposals : Proposals
        Counted among the N.

    Yields
    ------
    float array of shape (B, D)
    """
    for start in range(0, len(kept), _BLOCK):
        yield np.asarray(features[kept[start : start + _BLOCK]])
    base, other, step = proposals.between()
    for start in range(0, len(base), _BLOCK):
        part = slice(start, start + _BLOCK)
        yield balance.interpolate(features, base[part], other[part], step[part])


def feature_labels(labels: Integers, kept: Integers, proposals: Proposals) -> Integers:
    """Return the classes of these rows; `labels` are those of all samples as they were given."""
    return np.concatenate([proposals.labels_after(labels)[kept], proposals.only("interpolate").to])
