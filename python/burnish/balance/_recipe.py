# SPDX-License-Identifier: Apache-2.0
"""What is to be made: pairs of rows, steps between them, and what the sampler tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_random_state

from burnish.balance._labels import Codes, Indices, Labels

Floats = npt.NDArray[np.float64]
_DRAWN_AT_ONCE = 1 << 13  # the same numbers come, however many are asked for at once


@dataclass(frozen=True)
class Block:
    """Rows to make of one class: ``X[base] + step * (X[neighbor] - X[base])``.

    With `scale`, the difference is multiplied by it first.
    """

    code: int
    base: Indices
    neighbor: Indices
    step: Floats
    scale: Floats | None = None


class Recipe:
    """All rows to make, class after class.

    Attributes
    ----------
    codes, numbers : int arrays of shape (blocks,)
        The class of each run of rows, and its length.
    base, neighbor : int arrays of shape (m,)
        Rows of the input; of 32 bits where that is enough, since all of this stands beside the result.
    step : float64 array of shape (m,)
    scale : float64 array of shape (m,) or None
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.codes = np.array([block.code for block in blocks], np.intp)
        self.numbers = np.array([len(block.base) for block in blocks], np.intp)
        self.base = _joined([block.base for block in blocks], np.intp)
        self.neighbor = _joined([block.neighbor for block in blocks], np.intp)
        self.step = _joined([block.step for block in blocks], np.float64)
        self.scale: Floats | None = None
        if any(block.scale is not None for block in blocks):
            parts = [np.ones(len(block.base)) if block.scale is None else block.scale for block in blocks]
            self.scale = _joined(parts, np.float64)

    def __len__(self) -> int:
        return len(self.base)

    def row_codes(self) -> Codes:
        """Return the class of each row, in as few bytes as that takes."""
        largest = int(self.codes.max(initial=0))
        return np.repeat(self.codes.astype(np.min_scalar_type(largest)), self.numbers)

    def part(self, start: int, stop: int) -> Recipe:
        """Return the rows `start` to `stop` only."""
        cut = object.__new__(Recipe)
        ends = np.cumsum(self.numbers)
        overlap = np.minimum(ends, stop) - np.maximum(ends - self.numbers, start)
        cut.codes, cut.numbers = self.codes[overlap > 0], overlap[overlap > 0]
        cut.base, cut.neighbor = self.base[start:stop], self.neighbor[start:stop]
        cut.step = self.step[start:stop]
        cut.scale = None if self.scale is None else self.scale[start:stop]
        return cut


def _joined(parts: list[npt.NDArray[Any]], dtype: Any) -> npt.NDArray[Any]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def drawn_pairs(
    random_state: Any, code: int, base: Indices, neighbors: Indices, number: int, step_size: float = 1.0
) -> Block:
    """Draw pairs of a row and one of its neighbors, and how far to go from one to the other.

    One generator is made per call; it draws the pairs as one number each, then the steps.
    """
    generator = check_random_state(random_state)
    first, second = narrow(base), narrow(neighbors).ravel()
    firsts, seconds = np.empty(number, first.dtype), np.empty(number, second.dtype)
    for start in range(0, number, _DRAWN_AT_ONCE):
        part = slice(start, min(start + _DRAWN_AT_ONCE, number))
        pairs = generator.randint(0, neighbors.size, size=part.stop - start)
        firsts[part], seconds[part] = first[pairs // neighbors.shape[1]], second[pairs]
    step = generator.uniform(size=number)
    if step_size != 1.0:
        step *= step_size
    return Block(code, firsts, seconds, step)


def narrow(rows: Indices) -> Indices:
    """Return row numbers in 32 bits if they fit."""
    return rows.astype(np.int32, copy=False) if rows.max(initial=0) <= np.iinfo(np.int32).max else rows


def in_proportion(weights: Floats, total: int) -> npt.NDArray[np.intp]:
    """Return whole numbers in proportion to the weights that add up to `total`: largest remainders get the rest."""
    shares = weights / weights.sum() * total
    numbers = np.floor(shares).astype(np.intp)
    rest = np.argsort(numbers - shares, kind="stable")[: total - int(numbers.sum())]
    numbers[rest] += 1
    return np.asarray(numbers)


class Provenance:
    """Where each synthetic row comes from, in the order of the rows.

    Attributes
    ----------
    row : int array of shape (m,)
        Its place in the result.
    label : array of shape (m,)
        Its class.
    base, neighbor : int arrays of shape (m,)
        The rows of the input X between which it lies; a `neighbor` of -1 where several rows voted.
    step : float64 array of shape (m,)
        How far it lies from `base` towards `neighbor`; below 0 away from it. NaN where several rows voted.

    Notes
    -----
    Keep folds and groups apart with it: a synthetic row must not be tested on what its `base` or `neighbor` has taught.
    It takes 17 bytes a row; `row` and `label` are made when asked for.

    Examples
    --------
    >>> from burnish.balance import SMOTE
    >>> sampler = SMOTE(k_neighbors=1, random_state=0)
    >>> X_new, _ = sampler.fit_resample([[0.0], [1.0], [2.0], [9.0], [9.5]], [0, 0, 0, 1, 1])
    >>> made = sampler.provenance_
    >>> made.row.tolist(), made.label.tolist(), sorted([int(made.base[0]), int(made.neighbor[0])])
    ([5], [1], [3, 4])
    """

    def __init__(
        self,
        row: Indices | range,
        classes: npt.NDArray[Any],
        codes: Codes,
        base: Indices,
        neighbor: Indices,
        step: Floats,
    ) -> None:
        self._row, self._classes, self._codes = row, classes, codes
        self.base, self.neighbor, self.step = base, neighbor, step

    def __len__(self) -> int:
        return len(self.base)

    def __repr__(self) -> str:
        return f"Provenance of {len(self)} rows"

    @property
    def row(self) -> Indices:
        """The place of each row in the result."""
        return np.arange(self._row.start, self._row.stop) if isinstance(self._row, range) else self._row

    @property
    def label(self) -> npt.NDArray[Any]:
        """The class of each row."""
        return np.asarray(self._classes[self._codes])

    def take(self, which: Any, row: Indices) -> Provenance:
        """Return the origin of some of the rows, which now stand at the places `row`."""
        return Provenance(
            row, self._classes, self._codes[which], self.base[which], self.neighbor[which], self.step[which]
        )


def provenance_of(recipe: Recipe, labels: Labels, first_row: int) -> Provenance:
    """Return what the fitted sampler shows."""
    row = range(first_row, first_row + len(recipe))
    step = recipe.step if recipe.scale is None else recipe.step * recipe.scale
    return Provenance(row, labels.classes, recipe.row_codes(), recipe.base, recipe.neighbor, step)
