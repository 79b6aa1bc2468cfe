# SPDX-License-Identifier: Apache-2.0
"""Scoring every image of a data set, shard by shard, with models that have not seen it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import hardness
from burnish._classifier import Fold
from burnish.data import LabeledImages

_SHARD = 1024
_BINS = 30


@dataclass(frozen=True)
class Task:
    """What to score, and with which classifier."""

    data: LabeledImages
    title: str
    method: str
    folds: Iterator[Fold]


@dataclass(frozen=True)
class Scored:
    """What was found.

    Attributes
    ----------
    accumulator : burnish.hardness.Accumulator
        Of the entropy, with the hardest samples.
    by_sample : dict of str to array of shape (N,)
        Scores, predictions and whether they are right, in the order of the data.
    batch_dependent : bool
        Whether a score depends on the batch in which it was computed.
    """

    accumulator: hardness.Accumulator
    by_sample: dict[str, npt.NDArray[Any]]
    batch_dependent: bool


def score(task: Task, top: int) -> Scored:
    """Train and score fold by fold; keep the `top` hardest."""
    data = task.data
    which = ("entropy", "logit_margin", "cross_entropy", "predictions", "correct")
    by_sample: dict[str, npt.NDArray[Any]] = {}
    dependent = False
    total = hardness.Accumulator(min(top, len(data)), len(data.names), bins=_BINS)
    for fold in task.folds:
        if len(fold.held_out) >= 4:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", hardness.BatchDependenceWarning)  # said in the summary
                dependent |= hardness.batch_dependent(fold.logits, fold.held_out[:256])
        part = hardness.Accumulator(min(top, len(data)), len(data.names), bins=_BINS)
        for indices in np.array_split(fold.held_out, -(-len(fold.held_out) // _SHARD)):
            logits, labels = fold.logits(indices), data.labels[indices]
            part.update(logits, labels, ids=indices)
            for name, values in hardness.scores(logits, labels, which).items():
                by_sample.setdefault(name, np.empty(len(data), values.dtype))[indices] = values
        total = total.merge(part)
    return Scored(total, by_sample, dependent)
