# SPDX-License-Identifier: Apache-2.0
"""What the neighbors of a row say of it: their most frequent code, and how many are of other classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.balance._labels import Codes, Indices, Labels

_FEW = 16


def modes(codes: npt.NDArray[Any], kinds: int) -> Indices:
    """Return the most frequent code in each row of `codes` (n, k); of equally frequent ones the smallest.

    `kinds` is one more than the largest code.
    """
    if kinds <= _FEW:
        counts = np.stack([np.count_nonzero(codes == code, axis=1) for code in range(kinds)], axis=1)
        return np.asarray(np.argmax(counts, axis=1))
    winners, starts = winning_codes(codes)
    return np.asarray(winners[starts[:-1]])


def winning_codes(codes: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Indices]:
    """Return all codes that are most frequent in their row, ascending, and where each row's begin.

    Works on the sorted rows, so that the number of codes does not matter: (n, k) -> (winners,), (n + 1,).
    """
    n, k = codes.shape
    ordered = np.sort(codes, axis=1)
    begins = np.ones((n, k), bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=begins[:, 1:])
    runs = np.flatnonzero(begins)
    lengths = np.diff(runs, append=n * k)
    row = runs // k
    longest = np.maximum.reduceat(lengths, np.searchsorted(row, np.arange(n)))
    wins = lengths == longest[row]
    starts = np.zeros(n + 1, np.intp)
    np.cumsum(np.bincount(row[wins], minlength=n), out=starts[1:])
    return ordered.ravel()[runs[wins]], starts


def drawn_winners(neighbor_codes: Codes, base: Indices, generator: Any) -> Indices:
    """Return the most frequent code among the neighbors of each base row, drawn among equals.

    One permutation is drawn over all winners of all new rows, and each row takes the winner that comes first in it, as
    imbalanced-learn does it.
    """
    winners, starts = winning_codes(neighbor_codes)
    counts = np.diff(starts)[base]
    order = generator.permutation(int(counts.sum()))
    if len(order) == len(base):
        return np.asarray(winners[starts[base]], np.intp)
    ends = np.cumsum(counts)
    row = np.repeat(np.arange(len(base)), counts)
    first = np.empty(len(base), np.intp)
    backwards = order[::-1]
    first[row[backwards]] = backwards  # the last one written is the first in the permutation
    return np.asarray(winners[starts[base] + first - (ends - counts)], np.intp)


def enemies_among(labels: Labels, nearby: Indices, code: int) -> Indices:
    """Return how many of the neighbors of each row are not of the class."""
    return np.asarray(np.count_nonzero(labels.codes[nearby] != code, axis=1))


def in_danger(labels: Labels, nearby: Indices, code: int) -> Any:
    """Return whether at least half, but not all, of the neighbors of each row are enemies."""
    enemies, all_of_them = enemies_among(labels, nearby, code), nearby.shape[1]
    return (2 * enemies >= all_of_them) & (enemies < all_of_them)


def agree(labels: Labels, rows: Indices, neighbors: Indices, kind: str) -> npt.NDArray[np.bool_]:
    """Tell of each row whether all of its neighbors, or most of them (``kind="mode"``), are of its class."""
    own, theirs = labels.codes[rows], labels.codes[neighbors]
    if kind == "all":
        return np.asarray((theirs == own[:, np.newaxis]).all(axis=1))
    return np.asarray(modes(theirs, len(labels.classes)) == own)
