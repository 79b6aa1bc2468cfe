# SPDX-License-Identifier: Apache-2.0
"""Rows between two rows: what is to be made is drawn first, then made in one pass into its final place."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions

from burnish import _check as check
from burnish._array import is_torch
from burnish.balance._base import BaseOverSampler
from burnish.balance._containers import Given, empty_rows
from burnish.balance._interpolate import interpolate
from burnish.balance._search import Search, too_few_rows
from burnish.balance._strategy import Indices, Labels

Floats = npt.NDArray[np.float64]


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
        Rows of the input.
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

    def row_codes(self) -> Indices:
        """Return the class of each row."""
        return np.repeat(self.codes, self.numbers)

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


@dataclass(frozen=True)
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
    """

    row: Indices
    label: npt.NDArray[Any]
    base: Indices
    neighbor: Indices
    step: Floats

    def __len__(self) -> int:
        return len(self.row)

    def take(self, which: Any, row: Any) -> Provenance:
        """Return the origin of some of the rows, which now stand at the places `row`."""
        return Provenance(row, self.label[which], self.base[which], self.neighbor[which], self.step[which])


def provenance_of(recipe: Recipe, labels: Labels, first_row: int) -> Provenance:
    """Return what the fitted sampler shows."""
    row = np.arange(first_row, first_row + len(recipe))
    label = labels.classes[recipe.row_codes()]
    step = recipe.step if recipe.scale is None else recipe.step * recipe.scale
    return Provenance(row, label, recipe.base, recipe.neighbor, step)


def rows_followed_by(X: Any, recipe: Recipe) -> Any:
    """Return all rows of X and, behind them, the rows made; written once."""
    if sparse.issparse(X):
        return sparse.vstack([X, _interpolate_sparse(X, recipe)], format=X.format)
    n = X.shape[0]
    result = empty_rows(X, n + len(recipe))
    result[:n] = X
    _interpolate(result[:n], recipe, out=result[n:])
    return result


def made_rows(X: Any, recipe: Recipe) -> Any:
    """Return the rows made only."""
    if sparse.issparse(X):
        return _interpolate_sparse(X, recipe)
    return _interpolate(X, recipe, out=empty_rows(X, len(recipe)))


def _interpolate(X: Any, recipe: Recipe, out: Any) -> Any:
    if not len(recipe):
        return out
    lists = [recipe.base, recipe.neighbor, recipe.step, recipe.scale]
    if is_torch(X):
        torch = sys.modules["torch"]
        lists = [None if part is None else torch.from_numpy(part).to(X.device) for part in lists]
    base, neighbor, step, scale = lists
    return interpolate(X, base, neighbor, step, difference_scale=scale, out=out)


def _interpolate_sparse(X: Any, recipe: Recipe) -> Any:
    rows = X.tocsr()
    difference = rows[recipe.neighbor] - rows[recipe.base]
    entries = np.diff(difference.indptr)
    if recipe.scale is not None:
        difference.data = (difference.data * np.repeat(recipe.scale, entries)).astype(X.dtype)
    moved = type(difference)(
        (difference.data * np.repeat(recipe.step, entries), difference.indices, difference.indptr), difference.shape
    )
    return (rows[recipe.base] + moved).astype(X.dtype).asformat(X.format)


class Synthesis:
    """Rows drawn but not made yet."""

    def __init__(self, X: Any, recipe: Recipe) -> None:
        self.X, self.recipe = X, recipe

    def __len__(self) -> int:
        return len(self.recipe)

    def all_rows(self) -> Any:
        """Return the rows of X and, behind them, all rows made."""
        return rows_followed_by(self.X, self.recipe)

    def rows(self, start: int, stop: int) -> Any:
        """Return some of the rows made."""
        return made_rows(self.X, self.recipe.part(start, stop))


SMALL_CLASS = StrOptions({"raise", "shrink", "copy"})


class InterpolatingSampler(BaseOverSampler):
    """Base class of over-samplers whose rows lie between two rows of a class.

    A derived class defines `_draw`, which searches and draws but makes nothing yet.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseOverSampler._parameter_constraints,
        "small_class": [SMALL_CLASS],
    }

    random_state: Any
    small_class: str
    provenance_: Provenance

    def _draw(self, X: Any, labels: Labels) -> list[Block]:
        raise NotImplementedError

    def _synthesis(self, given: Given) -> Synthesis:
        """Search and draw."""
        if not is_torch(given.X) and given.X.dtype.kind == "b":
            raise TypeError(f"{type(self).__name__}: 'X' has dtype bool; accepted: floating point and integers")
        return Synthesis(given.X, Recipe(self._draw(given.X, given.labels)))

    def _resample(self, given: Given) -> tuple[Any, Any]:
        synthesis = self._synthesis(given)
        self.provenance_ = provenance_of(synthesis.recipe, given.labels, len(given.labels))
        return given.extend(synthesis.all_rows(), synthesis.recipe.row_codes())

    def iter_resample(self, X: Any, y: Any, *, batch_size: int) -> Iterator[tuple[Any, Any]]:
        """Make the synthetic rows batch by batch, and only them.

        Parameters
        ----------
        X, y
            As for `fit_resample`.
        batch_size : int
            Rows of a batch; the last one may be smaller.

        Yields
        ------
        X_new, y_new : same kinds as X and y
            One after the other they are what `fit_resample` appends for the same `random_state`.

        Notes
        -----
        The neighbors are searched and the draws made when the first batch is asked for; beyond them (24 bytes a row)
        memory holds one batch.

        Examples
        --------
        >>> from burnish.balance import SMOTE
        >>> X, y = [[0.0], [1.0], [2.0], [9.0], [9.5]], [0, 0, 0, 1, 1]
        >>> [len(X_new) for X_new, _ in SMOTE(k_neighbors=1).iter_resample(X, y, batch_size=10)]
        [1]
        """
        size = check.integer("iter_resample", "batch_size", batch_size, 1)
        self._validate_params()
        given = self._check(X, y)
        self.sampling_strategy_ = self._read_strategy(given.labels)
        return self._batches(given, size)

    def _batches(self, given: Given, size: int) -> Iterator[tuple[Any, Any]]:
        synthesis = self._synthesis(given)
        self.provenance_ = provenance_of(synthesis.recipe, given.labels, len(given.labels))
        codes = synthesis.recipe.row_codes()
        for start in range(0, len(synthesis), size):
            stop = start + size
            yield given.replace(synthesis.rows(start, stop), codes[start:stop])

    def _neighbors_within(
        self, search: Search, X: Any, rows: Indices, label: Any, parameter: str, queries: Indices | None = None
    ) -> Indices:
        """Return the nearest rows of the same class, for each of its rows or of `queries`; `small_class` applies."""
        k = self._usable(search, parameter, f"class {label}", len(rows))
        asked = rows if queries is None else queries
        return asked[:, np.newaxis] if k == 0 else search.others(X, asked, rows, k)

    def _neighbors_around(self, search: Search, X: Any, queries: Indices, parameter: str) -> Indices:
        """Return the rows of any class nearest to some rows."""
        return search.others(X, queries, None, self._usable(search, parameter, "'X'", X.shape[0]))

    def _usable(self, search: Search, parameter: str, whose: str, count: int) -> int | None:
        """Return how many neighbors there are among `count` rows; 0 for a lone row that is copied."""
        k = search.k
        if k is None or count > k:
            return k
        if self.small_class != "raise" and count > 1:
            return count - 1
        if self.small_class == "copy":
            return 0
        remedy = f"small_class={'shrink' if count > 1 else 'copy'!r}"
        raise too_few_rows(self, search, parameter, whose, count, f", or use {remedy}")

    def _warn_of_fewer(self, label: Any, made: int, asked: int, reason: str) -> None:
        warnings.warn(
            f"{type(self).__name__}: {made} of {asked} rows are made for class {label}, since {reason}; "
            "exact_counts=True makes them all",
            UserWarning,
            stacklevel=2,
        )


def drawn_pairs(
    random_state: Any, code: int, base: Indices, neighbors: Indices, number: int, step_size: float = 1.0
) -> Block:
    """Draw pairs of a row and one of its neighbors, and how far to go from one to the other.

    One generator is made per call; it draws the pairs as one number each, then the steps.
    """
    generator = check_random_state(random_state)
    pairs = generator.randint(0, neighbors.size, size=number)
    step = generator.uniform(size=number)
    if step_size != 1.0:
        step *= step_size
    return Block(code, base[pairs // neighbors.shape[1]], neighbors.ravel()[pairs], step)


def in_proportion(weights: Floats, total: int) -> npt.NDArray[np.intp]:
    """Return whole numbers in proportion to the weights that add up to `total`: largest remainders get the rest."""
    shares = weights / weights.sum() * total
    numbers = np.floor(shares).astype(np.intp)
    rest = np.argsort(numbers - shares, kind="stable")[: total - int(numbers.sum())]
    numbers[rest] += 1
    return np.asarray(numbers)
