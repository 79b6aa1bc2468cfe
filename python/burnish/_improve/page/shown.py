# SPDX-License-Identifier: Apache-2.0
"""Which samples the galleries of the page show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from burnish._improve.page.findings import Action, Findings, Group

MEMBERS = 4  # of a group of repeats
LOOK = "look"  # at a label that looks wrong, but is not to be changed


@dataclass(frozen=True)
class Shown:
    """Which samples the galleries show, best first.

    Attributes
    ----------
    labels, annotate : list of Action
    repeats : list of Group
    hardest : list of int
    """

    labels: list[Action]
    repeats: list[Group]
    hardest: list[int]
    annotate: list[Action]

    @property
    def samples(self) -> list[int]:
        """All of them, once each, in order."""
        chosen = {each.sample for each in (*self.labels, *self.annotate)} | set(self.hardest)
        for group in self.repeats:
            chosen.update(some_of(group))
        return sorted(chosen)


def some_of(group: Group) -> tuple[int, ...]:
    """Return the members that are shown: the first, and of a leak the first held-out one too."""
    if len(group.members) <= MEMBERS or not group.leak or set(group.held_out) & set(group.members[:MEMBERS]):
        return group.members[:MEMBERS]
    return (*group.members[: MEMBERS - 1], group.held_out[0])


def choose(findings: Findings, most: int) -> Shown:
    """Return what the galleries show: `most` samples each, and half as many groups of repeats."""
    hardness = findings.column("hardness")
    known = np.flatnonzero(np.isfinite(hardness) & (findings.column("prediction") >= 0))
    hardest = known[np.argsort(-hardness[known], kind="stable")[:most]]
    return Shown(
        labels=wrong_labels(findings)[:most],
        repeats=findings.repeats[: -(-most // 2)],
        hardest=hardest.tolist(),
        annotate=findings.of("annotate")[:most],
    )


def wrong_labels(findings: Findings) -> list[Action]:
    """Return labels that look wrong: those that are to be changed, the surest first, then the others, the worst first.

    The others, with "look" as their action, are left to a person: in small classes, where too many would go, and where
    the image goes for another reason.
    """
    changed = findings.of("relabel", "drop-label")
    issue = findings.column("issue").copy()
    issue[[each.sample for each in changed]] = False
    rest = np.flatnonzero(issue)
    order = np.argsort(findings.column("logit_margin")[rest], kind="stable")
    suggested = findings.column("suggested")
    return changed + [Action(i, LOOK, "", int(suggested[i]), -1) for i in rest[order].tolist()]
