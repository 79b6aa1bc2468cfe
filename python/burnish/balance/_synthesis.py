# SPDX-License-Identifier: Apache-2.0
"""Rows between two rows, made in one pass into their final place."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from scipy import sparse

from burnish._array import is_torch
from burnish.balance._containers import empty_rows
from burnish.balance._interpolate import interpolate
from burnish.balance._recipe import Recipe


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
