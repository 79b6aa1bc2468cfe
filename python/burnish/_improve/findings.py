# SPDX-License-Identifier: Apache-2.0
"""What the report says, as tables: kept in scores.parquet and manifest.json, so that it can be made again from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._improve.mend import Proposals
from burnish._improve.proof import Proof

Array = npt.NDArray[Any]

# Columns of numbers, one row for each sample; the value where there is none.
COLUMNS: dict[str, tuple[Any, object]] = {
    "label": (np.int64, -1),
    "held_out": (np.bool_, False),
    "usable": (np.bool_, True),
    "prediction": (np.int64, -1),
    "hardness": (np.float32, np.nan),  # entropy of the prediction, nats
    "confidence": (np.float32, np.nan),  # probability of the predicted class
    "self_confidence": (np.float32, np.nan),  # of the given one
    "logit_margin": (np.float32, np.nan),
    "issue": (np.bool_, False),
    "suggested": (np.int64, -1),
    "uniqueness": (np.float32, np.nan),
    "outlier": (np.float32, np.nan),
    "repeat_of": (np.int64, -1),
    "repeat_distance": (np.float32, np.nan),
}
CLASSES = ("label", "prediction", "suggested")  # columns that hold classes


@dataclass(frozen=True)
class Action:
    """One proposal, a row of `Proposals`."""

    sample: int
    action: str
    reason: str
    to: int
    other: int


@dataclass(frozen=True)
class Group:
    """Samples that show the same.

    Attributes
    ----------
    members : tuple of int
    leak : bool
        Some of them are held out and some are not.
    conflict : bool
        Their labels differ.
    distance : float
        Of the closest to the first; 0 for the same pixels.
    """

    members: tuple[int, ...]
    leak: bool
    conflict: bool
    distance: float


@dataclass(frozen=True)
class Findings:
    """All that the report says.

    Attributes
    ----------
    title : str
        Of the data set.
    names : tuple of K str
        Of the classes.
    ids : tuple of N str
        Of the samples.
    columns : dict of str to array of shape (N,)
        Those of `COLUMNS`; one that is missing was not computed.
    proposals : Proposals or None
        Their samples are counted among all N.
    problems : tuple of (id, kind, text)
        With files.
    proof : Proof or None
        None where it was not asked for.
    settings : dict of str to object
        All that a run depends on, with the version.
    commands : tuple of (what for, command)
    pipeline : str
        Of the copies, as text.
    """

    title: str
    names: tuple[str, ...]
    ids: tuple[str, ...]
    columns: Mapping[str, Array]
    proposals: Proposals | None = None
    problems: tuple[tuple[str, str, str], ...] = ()
    proof: Proof | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    commands: tuple[tuple[str, str], ...] = ()
    pipeline: str = ""

    def column(self, name: str) -> Array:
        """Return a column of `COLUMNS`, of nothing where it was not computed."""
        dtype, nothing = COLUMNS[name]
        if name in self.columns:
            return np.asarray(self.columns[name], dtype)
        return np.full(len(self.ids), nothing, dtype)

    def of(self, *actions: str) -> list[Action]:
        """Return the proposals of some kinds, in their order."""
        if self.proposals is None:
            return []
        chosen = self.proposals.only(*actions)
        columns = (chosen.sample.tolist(), chosen.action.tolist(), chosen.reason, chosen.to.tolist(), chosen.other.tolist())
        return [Action(i, str(action), str(reason), to, other) for i, action, reason, to, other in zip(*columns, strict=True)]

    @property
    def training(self) -> Array:
        """Which samples are there to be trained on: readable, labeled, not held out."""
        return self.column("usable") & ~self.column("held_out") & (self.column("label") >= 0)

    @property
    def scored(self) -> bool:
        """Whether samples have predictions."""
        return bool((self.column("prediction") >= 0).any())

    def class_counts(self) -> tuple[Array, Array, Array]:
        """Return the samples of each class before and after, and how many of those after are copies."""
        labels = np.where(self.training, self.column("label"), -1)
        before, k = _counted(labels, len(self.names)), len(self.names)
        if self.proposals is None:
            return before, before, np.zeros_like(before)
        after = self.proposals.labels_after(labels)
        copies = _counted(after[self.proposals.copies()[0]], k)
        return before, _counted(after, k) + copies, copies

    def repeats(self) -> list[Group]:
        """Return groups of samples that show the same: leaks first, then those of two labels, then by distance."""
        first, held_out, labels = self.column("repeat_of").copy(), self.column("held_out"), self.column("label")
        distance = np.nan_to_num(self.column("repeat_distance"), nan=0.0)
        for each in self.of("drop-leak", "drop-repeat"):
            if each.other >= 0 and first[each.sample] < 0:
                first[each.sample] = each.other
        found: dict[int, list[int]] = {}
        for sample in np.flatnonzero(first >= 0).tolist():
            root, seen = int(first[sample]), {sample}
            while first[root] >= 0 and root not in seen:  # a leak may point to a sample that repeats another
                seen.add(root)
                root = int(first[root])
            if root != sample:
                found.setdefault(root, [root]).append(sample)
        groups = [
            Group(
                tuple(members),
                leak=len({bool(held_out[i]) for i in members}) > 1,
                conflict=len({int(labels[i]) for i in members} - {-1}) > 1,
                distance=float(distance[members[1:]].min()),
            )
            for members in found.values()
        ]
        return sorted(groups, key=lambda group: (-group.leak, -group.conflict, group.distance, group.members))


def _counted(labels: Array, num_classes: int) -> Array:
    return np.bincount(labels[labels >= 0], minlength=num_classes)
