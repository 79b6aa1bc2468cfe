# SPDX-License-Identifier: Apache-2.0
"""Proposed changes of a set, which can be turned down one by one: the table that all stages after `mend` read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

ACTIONS = ("relabel", "drop-label", "drop-repeat", "drop-leak", "annotate", "copy", "interpolate")
DROPS = ("drop-label", "drop-repeat", "drop-leak")
ADDS = ("copy", "interpolate")


@dataclass(frozen=True)
class Proposals:
    """Changes, one in each row: by action in the order of `ACTIONS`, the surest first.

    Attributes
    ----------
    sample : int64 array of shape (P,)
        What to change.
    action : str array of shape (P,)
        "relabel"; "drop-label" (it is wrong, unclear is what is right), "drop-repeat", "drop-leak"; "annotate" (have a
        person look at it; changes nothing); "copy" (add one that is varied), "interpolate" (add a row of features
        between this sample's and another's).
    reason : object array of P str
        A sentence.
    to : int64 array of shape (P,)
        The new class, or that of what is added; else -1.
    other : int64 array of shape (P,)
        The sample that this one repeats, held out for "drop-leak"; the one to go towards for "interpolate"; else -1.
    score : float64 array of shape (P,)
        How sure: probability of the new class, of the label being wrong, likeness; entropy where to annotate. For
        "interpolate" how far to go: 0 is the sample, 1 the other one.
    number : int64 array of shape (P,)
        Of what is added, from 1 in each sample; else 0.
    ids : tuple of str
        Of all samples, for `without`; may be empty.
    """

    sample: Integers
    action: npt.NDArray[np.str_]
    reason: npt.NDArray[np.object_]
    to: Integers
    other: Integers
    score: npt.NDArray[np.float64]
    number: Integers
    ids: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.sample)

    def take(self, chosen: Any) -> Proposals:
        """Return those that are chosen by a mask or by their places."""
        return replace(self, **{name: getattr(self, name)[chosen] for name in COLUMNS})

    def only(self, *actions: str) -> Proposals:
        """Return those of some kinds."""
        return self.take(np.isin(self.action, checked_actions("only", "actions", actions)))

    def without(self, actions: Sequence[str] = (), ids: Sequence[str] = ()) -> Proposals:
        """Turn down proposals.

        Parameters
        ----------
        actions : sequence of str
            All of these kinds.
        ids : sequence of str
            All for the samples of these ids.

        Returns
        -------
        Proposals
            The others. What a sample would have added to its new class goes with the new class.
        """
        ids = [ids] if isinstance(ids, str) else ids
        unwanted = np.isin(self.action, checked_actions("without", "actions", actions))
        if len(ids):
            numbers = {name: i for i, name in enumerate(self.ids)}
            unknown = [name for name in ids if name not in numbers]
            if unknown:
                raise ValueError(f"without: 'ids' has {unknown[0]!r}; accepted: ids of samples")
            unwanted |= np.isin(self.sample, [numbers[name] for name in ids])
        kept_labels = self.sample[unwanted & (self.action == "relabel")]
        moot = np.isin(self.action, ADDS) & (np.isin(self.sample, kept_labels) | np.isin(self.other, kept_labels))
        return self.take(~(unwanted | moot))

    def counts(self) -> dict[str, int]:
        """Return the number of proposals of each kind, 0 included."""
        return {action: int((self.action == action).sum()) for action in ACTIONS}

    def labels_after(self, labels: npt.NDArray[Any]) -> Integers:
        """Return the classes after the change, -1 for samples that go; what is added is not among them."""
        after = np.array(labels, np.int64)
        changed = self.action == "relabel"
        after[self.sample[changed]] = self.to[changed]
        after[self.sample[np.isin(self.action, DROPS)]] = -1
        return after

    def copies(self) -> tuple[Integers, Integers]:
        """Return of which samples copies are made, and the number of each copy among those of its sample."""
        copied = self.action == "copy"
        return self.sample[copied], self.number[copied]

    def between(self) -> tuple[Integers, Integers, npt.NDArray[np.float64]]:
        """Return what rows of features are added: from which samples, towards which, and how far."""
        added = self.action == "interpolate"
        return self.sample[added], self.other[added], self.score[added]

    def among(self, rows: Integers, ids: Sequence[str] = ()) -> Proposals:
        """Return the same with samples counted in a larger set, of which this one is `rows`.

        `other` of "drop-leak" is left as it is: `mend` was given it in that count.
        """
        own = (self.other >= 0) & (self.action != "drop-leak")
        other = self.other.copy()
        other[own] = rows[self.other[own]]
        return replace(self, sample=rows[self.sample], other=other, ids=tuple(ids))


COLUMNS = tuple(field.name for field in fields(Proposals) if field.name != "ids")


def joined(parts: Sequence[Proposals]) -> Proposals:
    """Return all of them, one part behind the other, without `ids`."""
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
    return Proposals(**columns)


def checked_actions(call: str, argument: str, actions: Iterable[str]) -> tuple[str, ...]:
    """Return kinds of proposals, one or several, that a caller names."""
    chosen = (actions,) if isinstance(actions, str) else tuple(actions)
    for action in chosen:
        if action not in ACTIONS:
            raise ValueError(f"{call}: {argument!r} has {action!r}; accepted: {', '.join(ACTIONS)}")
    return chosen
