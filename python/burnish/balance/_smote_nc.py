# SPDX-License-Identifier: Apache-2.0
"""SMOTE-NC: numbers are interpolated, categories voted on."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import check_random_state
from sklearn.utils._indexing import _get_column_indices
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.sparsefuncs import mean_variance_axis

from burnish.balance._containers import Given, is_frame, on_host, read_anything, read_numbers
from burnish.balance._docs import documented
from burnish.balance._generate import Block, Recipe, Synthesis, drawn_pairs, made_rows
from burnish.balance._search import Search, nearest
from burnish.balance._smote import SMOTE
from burnish.balance._strategy import Indices, Labels, Task
from burnish.balance._tags import sampler_tags
from burnish.balance._votes import winning_codes

# Up to this many categories in a class, and numbers in all, rows are searched with one column per category.
_FEW_CATEGORIES = 1024
_EMBEDDED_NUMBERS = 1 << 26
_TILE = 1 << 19

Codes = npt.NDArray[np.intp]


@documented
class SMOTENC(SMOTE):
    """SMOTE for a mix of numbers and categories.

    The distance of two rows is Euclidean on the numbers, and each category that differs adds the square of the median
    of the class's standard deviations. Numbers are interpolated; each category of a new row is the most frequent one
    among the neighbors of its base row, drawn among equals.

    {when}

    Parameters
    ----------
    categorical_features : 'auto' or array of int, bool or str
        Which columns are categories: by number, mask or name; 'auto' takes those of dtype category of a data frame.
    categorical_encoder : encoder or None, default=None
        With one column per category; default ``OneHotEncoder(handle_unknown='ignore')``.
    {sampling_strategy_over}
    {random_state}
    {k_neighbors}
    {small_class}

    Attributes
    ----------
    {sampling_strategy_}
    categorical_encoder_ : encoder
        Fitted to the categories.
    categorical_features_, continuous_features_ : int arrays
        The columns.
    median_std_ : dict of label to float
        The median of the standard deviations of each class treated.
    nn_k_ : estimator
        The search.
    n_features_ : int
        Number of features.
    {provenance_}
    {features_in_}

    Raises
    ------
    {raises}
    ValueError
        If there are no categories, or nothing else, or the encoder has not one column per category.

    Notes
    -----
    Categories are compared as codes, and only those of the class at hand get columns of their own for the search, as
    long as there are few.

    {same_rows}
    As there, the weight of a category is rounded towards zero if all numbers are integers; where that leaves
    nothing, imbalanced-learn draws the categories of new rows blindly, while here the neighbors still vote.

    References
    ----------
    N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, SMOTE: synthetic minority over-sampling technique, Journal
    of Artificial Intelligence Research 16, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import SMOTENC
    >>> rng = np.random.default_rng(0)
    >>> X = np.empty((100, 2), dtype=object)
    >>> X[:, 0], X[:, 1] = rng.normal(size=100), rng.choice(["red", "blue"], size=100)
    >>> X_new, y_new = SMOTENC([1], random_state=0).fit_resample(X, np.repeat([0, 1], [80, 20]))
    >>> sorted(set(X_new[100:, 1]))
    ['blue', 'red']
    """

    _required_parameters: ClassVar[list[str]] = ["categorical_features"]
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **SMOTE._parameter_constraints,
        "categorical_features": ["array-like", StrOptions({"auto"})],
        "categorical_encoder": [HasMethods(["fit_transform", "inverse_transform"]), None],
    }

    def __init__(
        self,
        categorical_features: Any,
        *,
        categorical_encoder: Any = None,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 5,
        small_class: str = "raise",
    ) -> None:
        super().__init__(
            sampling_strategy=sampling_strategy,
            random_state=random_state,
            k_neighbors=k_neighbors,
            small_class=small_class,
        )
        self.categorical_features = categorical_features
        self.categorical_encoder = categorical_encoder

    def _matrix(self, X: Any) -> Any:
        if isinstance(self.categorical_features, str) and not is_frame(X):
            raise ValueError(
                "SMOTENC: when `categorical_features='auto'`, the input data should be a pandas.DataFrame; "
                f"got {type(X).__name__}: give the numbers of the columns"
            )
        return on_host(read_anything(self, X))

    def _check_lengths(self, X: Any, labels: Labels) -> None:
        if X.shape[0] != len(labels):
            self._read_columns(X)  # what is wrong with these is told first
        super()._check_lengths(X, labels)

    def _synthesis(self, given: Given) -> Synthesis:
        X, labels = given.X, given.labels
        self._read_columns(X)
        numbers = read_numbers(self, _columns(X, self.continuous_features_), self.continuous_features_)
        if sparse.issparse(numbers):
            numbers = numbers.tocsr()
        codes = self._encode(X, numbers.dtype)
        search = Search(self.k_neighbors)
        self.median_std_: dict[Any, Any] = {}
        blocks, voted = [], []
        for task in self._tasks(labels):
            block, chosen = self._draw_class(search, numbers, codes, labels, task)
            blocks.append(block)
            voted.append(chosen)
        self.nn_k_ = search.finish()
        new_codes = np.concatenate(voted) if voted else codes[:0]
        return _MixedSynthesis(X, Recipe(blocks), numbers, codes, new_codes, self)

    def _read_columns(self, X: Any) -> None:
        self.n_features_ = int(X.shape[1])
        everything = np.arange(self.n_features_)
        if isinstance(self.categorical_features, str):
            chosen = np.array([str(dtype) == "category" for dtype in X.dtypes], bool)
            self.categorical_features_ = np.flatnonzero(chosen)
        else:
            self.categorical_features_ = np.array(_get_column_indices(X, self.categorical_features), np.intp)
        self.continuous_features_ = np.setdiff1d(everything, self.categorical_features_)
        if not len(self.continuous_features_):
            raise ValueError(
                "SMOTE-NC is not designed to work only with categorical features: every column is one; use SMOTEN"
            )
        if not len(self.categorical_features_):
            raise ValueError(
                "SMOTE-NC is not designed to work only with numerical features: no column is a category; use SMOTE"
            )

    def _encode(self, X: Any, dtype: Any) -> Codes:
        """Return the category of each row in each categorical column, as its number within the column."""
        chosen = _columns(X, self.categorical_features_)
        chosen = chosen.toarray() if sparse.issparse(chosen) else chosen
        if self.categorical_encoder is None:
            self.categorical_encoder_ = OneHotEncoder(handle_unknown="ignore", dtype=dtype)
        else:
            self.categorical_encoder_ = clone(self.categorical_encoder)
        table = self.categorical_encoder_.fit_transform(chosen)
        sizes = [len(categories) for categories in self.categorical_encoder_.categories_]
        table = table.tocsr() if sparse.issparse(table) else sparse.csr_matrix(table)
        if table.shape[1] != sum(sizes) or table.nnz != table.shape[0] * len(sizes):
            raise ValueError(
                "SMOTENC requires a one-hot encoding with one column per category for the categorical features. "
                f"`categorical_encoder` made {table.shape[1]} columns for {sum(sizes)} categories; leave out what "
                "drops or merges some, such as OneHotEncoder(drop=...)"
            )
        table.sort_indices()
        starts = np.cumsum([0, *sizes[:-1]])
        return np.asarray(table.indices.reshape(table.shape[0], len(sizes)) - starts)

    def _draw_class(
        self, search: Search, numbers: Any, codes: Codes, labels: Labels, task: Task
    ) -> tuple[Block, Codes]:
        rows = labels.rows(task.code)
        own, own_codes = numbers[rows], codes[rows]
        variances = mean_variance_axis(sparse.csr_matrix(own), axis=0)[1]
        median = self.median_std_[task.label] = np.median(np.sqrt(variances))
        weight = np.asarray(median / np.sqrt(2)).astype(numbers.dtype).item()
        k = self._usable(search, "k_neighbors", f"class {task.label}", len(rows))
        if k == 0:
            places = np.zeros((1, 1), np.intp)
        elif search.is_ours:
            places = _nearest_mixed(search, own, own_codes, float(weight), int(k or 1))
        else:
            embedded = sparse.csr_matrix(_embedded(own, own_codes, weight))
            places = search.others(embedded, np.arange(len(rows)), None, k)
        pairs = drawn_pairs(self.random_state, task.code, rows, rows[places], task.number)
        base = np.searchsorted(rows, pairs.base)
        generator = check_random_state(self.random_state)
        voted = [_vote(column[places], base, generator) for column in own_codes.T]
        return pairs, np.stack(voted, axis=1)

    def __sklearn_tags__(self) -> Any:
        return sampler_tags(sparse=False, string=True, allow_nan=False, sample_indices=False)


class _MixedSynthesis(Synthesis):
    """Rows of numbers and categories, drawn but not put together."""

    def __init__(self, X: Any, recipe: Recipe, numbers: Any, codes: Codes, new_codes: Codes, sampler: SMOTENC) -> None:
        super().__init__(X, recipe)
        self._numbers, self._new_codes = numbers, new_codes
        self._encoder: Any = None if sampler.categorical_encoder is None else sampler.categorical_encoder_
        self._continuous, self._categorical = sampler.continuous_features_, sampler.categorical_features_
        self._example = [_first_rows(column) for column in codes.T]

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


def _columns(X: Any, columns: Indices) -> Any:
    return X.iloc[:, columns] if is_frame(X) else X[:, columns]


def _first_rows(codes: Indices) -> Indices:
    """Return for each code a row that has it, the first one."""
    rows = np.zeros(int(codes.max()) + 1, np.intp)
    rows[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return rows


def _embedded(numbers: Any, codes: Codes, weight: float) -> Any:
    """Return rows whose Euclidean distance is that of SMOTE-NC: a column for each category of this class."""
    tables = [numbers.toarray() if sparse.issparse(numbers) else numbers]
    dtype = numbers.dtype if numbers.dtype in (np.float32, np.float64) else np.dtype(np.float64)
    for column in codes.T:
        present, places = np.unique(column, return_inverse=True)
        table = np.zeros((len(column), len(present)), dtype)
        table[np.arange(len(column)), places.reshape(-1)] = weight
        tables.append(table)
    return np.concatenate(tables, axis=1, dtype=dtype)


def _nearest_mixed(search: Search, numbers: Any, codes: Codes, weight: float, k: int) -> Indices:
    """Return the places of the `k` nearest other rows of each row of a class."""
    categories = sum(len(np.unique(column)) for column in codes.T)
    n = len(codes)
    if weight == 0 or (categories <= _FEW_CATEGORIES and n * (numbers.shape[1] + categories) <= _EMBEDDED_NUMBERS):
        points = _embedded(numbers, codes if weight else codes[:, :0], weight)
        search.note(points)
        return nearest(points, k)[1]
    dense = (numbers.toarray() if sparse.issparse(numbers) else numbers).astype(np.float64)
    narrow = np.ascontiguousarray(codes.T.astype(np.min_scalar_type(int(codes.max()))))
    places = np.empty((n, k), np.intp)
    height = max(1, _TILE // n)
    for start in range(0, n, height):
        rows = slice(start, min(n, start + height))
        same = np.zeros((rows.stop - start, n), np.uint16)
        for column in narrow:
            same += column[rows, np.newaxis] == column
        distances = (len(narrow) - same) * (2 * weight * weight)
        for values in dense.T:
            distances += (values[rows, np.newaxis] - values) ** 2
        distances[np.arange(rows.stop - start), np.arange(start, rows.stop)] = np.inf
        places[rows] = smallest(distances, k)
    return places


def smallest(table: npt.NDArray[Any], k: int) -> Indices:
    """Return where the `k` smallest of each row are, ascending, equal ones in order of column."""
    limit = np.partition(table, k - 1, axis=1)[:, k - 1 : k]
    rows, columns = np.nonzero(table <= limit)
    order = np.lexsort((columns, table[rows, columns], rows))
    starts = np.searchsorted(rows[order], np.arange(len(table)))
    return np.asarray(columns[order[starts[:, np.newaxis] + np.arange(k)]])


def _vote(neighbor_codes: Codes, base: Indices, generator: Any) -> Indices:
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
