# SPDX-License-Identifier: Apache-2.0
"""What the report says, as tables and sentences, apart from how it is shown."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

import burnish
from burnish._improve.options import OF_FEATURES
from burnish._improve.proof import Proof
from burnish._improve.proposals import ADDS, Proposals

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
    "copy_of": (np.int64, -1),  # the same pixels
}


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
    held_out : tuple of int
        Those of them that are.
    conflict : bool
        Their labels differ.
    distance : float
        Of the closest; 0 for the same pixels, infinite where it is not known.
    """

    members: tuple[int, ...]
    held_out: tuple[int, ...]
    conflict: bool
    distance: float

    @property
    def leak(self) -> bool:
        """Whether some are held out and some are not."""
        return 0 < len(self.held_out) < len(self.members)


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
        columns = (
            chosen.sample.tolist(),
            chosen.action.tolist(),
            chosen.reason,
            chosen.to.tolist(),
            chosen.other.tolist(),
        )
        return [
            Action(i, str(action), str(reason), to, other)
            for i, action, reason, to, other in zip(*columns, strict=True)
        ]

    @property
    def training(self) -> Array:
        """Which samples are there to be trained on: readable, labeled, not held out."""
        return self.column("usable") & ~self.column("held_out") & (self.column("label") >= 0)

    @property
    def scored(self) -> bool:
        """Whether samples have predictions."""
        return bool((self.column("prediction") >= 0).any())

    def class_counts(self) -> tuple[Array, Array, Array]:
        """Return the samples of each class before and after, and how many of those after were added."""
        labels = np.where(self.training, self.column("label"), -1)
        before, k = _counted(labels, len(self.names)), len(self.names)
        if self.proposals is None:
            return before, before, np.zeros_like(before)
        after = self.proposals.labels_after(labels)
        added = _counted(self.proposals.only(*ADDS).to, k)
        return before, _counted(after, k) + added, added

    def _repetitions(self) -> list[tuple[int, int]]:
        """Return pairs of samples that show the same, as far as anything found them."""
        pairs = [(each.sample, each.other) for each in self.of("drop-leak", "drop-repeat") if each.other >= 0]
        for name in ("repeat_of", "copy_of"):
            other = self.column(name)
            samples = np.flatnonzero(other >= 0)
            pairs.extend(zip(samples.tolist(), other[samples].tolist(), strict=True))
        return pairs

    @functools.cached_property
    def repeats(self) -> list[Group]:
        """Groups of samples that show the same: leaks first, then those of two labels, then by distance."""
        held_out, labels, distance = (self.column(name) for name in ("held_out", "label", "repeat_distance"))
        known = np.where(self.column("copy_of") >= 0, np.float32(0), np.nan_to_num(distance, nan=np.inf))
        found: dict[int, list[int]] = {}
        first = _first_of_groups(self._repetitions())
        for sample, root in sorted(first.items()):
            found.setdefault(root, []).append(sample)
        groups = [
            Group(
                tuple(members),
                held_out=tuple(i for i in members if held_out[i]),
                conflict=len({int(labels[i]) for i in members} - {-1}) > 1,
                distance=float(known[members[1:]].min()),
            )
            for members in found.values()
        ]
        return sorted(groups, key=lambda group: (-group.leak, -group.conflict, group.distance, group.members))


def _first_of_groups(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """Return the lowest member of the group of each sample in a pair."""
    above: dict[int, int] = {}

    def first(sample: int) -> int:
        path = []
        while (next_one := above.setdefault(sample, sample)) != sample:
            path.append(sample)
            sample = next_one
        above.update(dict.fromkeys(path, sample))
        return sample

    for one, two in pairs:
        low, high = sorted((first(one), first(two)))
        above[high] = low
    return {sample: first(sample) for sample in list(above)}


def _counted(labels: Array, num_classes: int) -> Array:
    return np.bincount(labels[labels >= 0], minlength=num_classes)


def findings_of(improvement: Any, *, commands: Sequence[tuple[str, str]] = ()) -> Findings:
    """Return what a run found.

    Parameters
    ----------
    improvement : burnish._improve.improve.Improvement
    commands : sequence of (what for, command)
        To be shown.
    """
    scan, scores, rows = improvement.scan, improvement.scores, improvement.rows
    images = scan.images
    columns: dict[str, Array] = {
        "label": images.labels, "held_out": images.held_out, "usable": scan.usable, "copy_of": scan.copy_of,
    }  # fmt: skip
    if scores is not None:
        columns.update(_of_all(scores, np.asarray(rows), len(images.ids)))
    problems = tuple((images.ids[each.sample], each.kind, each.text) for each in scan.problems)
    settings = {
        "version": burnish.__version__,
        "described by": improvement.embedding.name,
        "scored by": improvement.scored_by,
        **asdict(improvement.options),
    }
    pipeline = settings.pop("pipeline", "")
    shown = "" if settings["fill"] in OF_FEATURES else str(getattr(improvement, "pipeline", None) or pipeline or "")
    return Findings(
        images.title, images.names, images.ids, columns, improvement.proposals, problems, improvement.proof, settings,
        tuple(commands), shown,
    )  # fmt: skip


_OF_SCORES = {
    "prediction": "prediction", "hardness": "entropy", "self_confidence": "self_confidence", "issue": "issue",
    "logit_margin": "logit_margin", "suggested": "suggested", "uniqueness": "uniqueness", "outlier": "outlier",
    "repeat_distance": "repeat_distance",
}  # fmt: skip


def _of_all(scores: Any, rows: Array, n: int) -> dict[str, Array]:
    """Return scores of some rows as columns of all."""
    columns = {name: np.full(n, nothing, dtype) for name, (dtype, nothing) in COLUMNS.items() if name in _OF_SCORES}
    for name, attribute in _OF_SCORES.items():
        columns[name][rows] = getattr(scores, attribute)
    columns["confidence"] = np.full(n, np.nan, np.float32)
    columns["confidence"][rows] = _confidence(scores.logits)
    repeat_of = np.asarray(scores.repeat_of, np.int64)
    columns["repeat_of"] = np.full(n, -1, np.int64)
    columns["repeat_of"][rows] = np.where(repeat_of >= 0, rows[repeat_of], -1) if len(rows) else repeat_of
    return columns


def _confidence(logits: Array, block: int = 65_536) -> Array:
    """Return the largest probability of each row."""
    largest = np.empty(len(logits), np.float32)
    for start in range(0, len(logits), block):
        some = np.asarray(logits[start : start + block], np.float64)
        largest[start : start + block] = 1 / np.exp(some - some.max(axis=1, keepdims=True)).sum(axis=1)
    return largest
