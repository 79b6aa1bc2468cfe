# SPDX-License-Identifier: Apache-2.0
"""How much of what is wrong with a set was found, where that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from burnish._improve.improve import Improvement

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """What was found of one kind of fault.

    Attributes
    ----------
    what : str
    planted, flagged, right : int
        How many there are, how many were said to be, how many of these are.
    """

    what: str
    planted: int
    flagged: int
    right: int

    @property
    def precision(self) -> float:
        """The share of what was said that is so; 1 where nothing was said."""
        return self.right / self.flagged if self.flagged else 1.0

    @property
    def recall(self) -> float:
        """The share of what is there that was said; 1 where nothing is there."""
        return self.right / self.planted if self.planted else 1.0

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2 * self.right / (self.flagged + self.planted) if self.flagged + self.planted else 1.0


def findings_against(found: Improvement, true: Integers, repeat_of: Integers) -> tuple[Found, ...]:
    """Compare what was found with what is so.

    Parameters
    ----------
    found : Improvement
        Of N images.
    true : int64 array of shape (N,)
        What they show.
    repeat_of : int64 array of shape (N,)
        The image that each one repeats, else -1.

    Returns
    -------
    tuple of Found
        Wrong labels; of these, the ones with a suggestion, which counts as right where it is the true class; repeats: a
        pair counts once, whichever of the two is called the repeat of the other.
    """
    rows, scores, labels = found.rows, found.scores, found.images.labels
    wrong = labels[rows] != true[rows]
    issue = np.asarray(scores.issue)
    suggested = issue & (scores.suggested >= 0)
    planted = {_pair(i, int(repeat_of[i])) for i in rows.tolist() if repeat_of[i] >= 0}
    said = {
        _pair(int(rows[i]), int(rows[scores.repeat_of[i]])) for i in np.flatnonzero(np.asarray(scores.repeat_of) >= 0)
    }
    return (
        Found("wrong labels", int(wrong.sum()), int(issue.sum()), int((issue & wrong).sum())),
        Found("and what is right instead", int(wrong.sum()), int(suggested.sum()),
              int((suggested & wrong & (scores.suggested == true[rows])).sum())),
        Found("repeats", len(planted), len(said), len(planted & said)),
    )  # fmt: skip


def _pair(i: int, j: int) -> tuple[int, int]:
    return (i, j) if i < j else (j, i)


def truth_text(found: tuple[Found, ...]) -> str:
    """Return a table for a terminal."""
    lines = [f"{'against the known truth':<28}  {'there':>6}  {'found':>6}  {'right':>6}  precision  recall"]
    for one in found:
        counts = f"{one.planted:>6,}  {one.flagged:>6,}  {one.right:>6,}"
        lines.append(f"{one.what:<28}  {counts}  {one.precision:>9.3f}  {one.recall:>6.3f}")
    return "\n".join(lines)
