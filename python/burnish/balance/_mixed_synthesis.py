# SPDX-License-Identifier: Apache-2.0
"""New rows of numbers and categories, put together as what the input was."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from burnish.balance._containers import is_frame
from burnish.balance._labels import Codes, first_rows
from burnish.balance._recipe import Recipe
from burnish.balance._synthesis import Synthesis, made_rows


class MixedSynthesis(Synthesis):
    """Rows of numbers and categories, drawn but not put together."""

    def __init__(self, X: Any, recipe: Recipe, numbers: Any, codes: Codes, new_codes: Codes, sampler: Any) -> None:
        super().__init__(X, recipe)
        self._numbers, self._new_codes = numbers, new_codes
        self._encoder: Any = None if sampler.categorical_encoder is None else sampler.categorical_encoder_
        self._continuous, self._categorical = sampler.continuous_features_, sampler.categorical_features_
        self._example = [first_rows(column) for column in codes.T]

    def all_rows(self) -> Any:
        made = self.rows(0, len(self))
        if is_frame(self.X):
            import pandas

            return pandas.concat([self.X, made], ignore_index=True)
        if sparse.issparse(self.X):
            return sparse.vstack([self.X, made], format=self.X.format)
        return np.concatenate([self.X, made])

    def rows(self, start: int, stop: int) -> Any:
        numbers = made_rows(self._numbers, self.recipe.part(start, stop))
        codes = self._new_codes[start:stop]
        if is_frame(self.X):
            return self._frame(numbers, codes)
        if sparse.issparse(self.X):
            columns = np.concatenate([self._continuous, self._categorical])
            whole = sparse.hstack([numbers, sparse.csr_matrix(self._categories(self.X, codes))], format="csr")
            return type(self.X)(whole[:, np.argsort(columns)].astype(self.X.dtype))
        result = np.empty((len(codes), self.X.shape[1]), self.X.dtype)
        result[:, self._continuous] = numbers
        result[:, self._categorical] = self._categories(self.X, codes)
        return result

    def _categories(self, X: Any, codes: Codes) -> Any:
        """Return what the codes stand for: values of the rows where they were first seen."""
        if self._encoder is not None:
            return self._decoded(codes)
        picked = []
        for column, feature in enumerate(self._categorical):
            rows = self._example[column][codes[:, column]]
            values = X[:, [feature]].toarray()[:, 0] if sparse.issparse(X) else X[:, feature]
            picked.append(values[rows])
        return np.stack(picked, axis=1)

    def _decoded(self, codes: Codes) -> Any:
        """Return what the caller's own encoder makes of the codes."""
        sizes = [len(categories) for categories in self._encoder.categories_]
        columns = codes + np.cumsum([0, *sizes[:-1]])
        n, features = codes.shape
        table = sparse.csr_matrix(
            (np.ones(n * features), columns.ravel(), np.arange(0, n * features + 1, features)), shape=(n, sum(sizes))
        )
        return self._encoder.inverse_transform(table)

    def _frame(self, numbers: Any, codes: Codes) -> Any:
        import pandas

        numbers = numbers.toarray() if sparse.issparse(numbers) else numbers
        decoded = None if self._encoder is None else np.asarray(self._decoded(codes), dtype=object)
        columns: dict[Any, Any] = {}
        for place, feature in enumerate(self._continuous):
            columns[feature] = pandas.Series(numbers[:, place]).astype(self.X.dtypes.iloc[feature])
        for place, feature in enumerate(self._categorical):
            if decoded is None:
                values = self.X.iloc[self._example[place][codes[:, place]], feature].reset_index(drop=True)
            else:
                values = pandas.Series(decoded[:, place]).astype(self.X.dtypes.iloc[feature])
            columns[feature] = values
        frame = pandas.concat([columns[feature] for feature in range(len(columns))], axis=1)
        frame.columns = self.X.columns
        return frame
