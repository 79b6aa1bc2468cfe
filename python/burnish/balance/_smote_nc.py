# SPDX-License-Identifier: Apache-2.0
"""SMOTE-NC: numbers are interpolated, categories voted on."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import check_random_state
from sklearn.utils._indexing import _get_column_indices
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.sparsefuncs import mean_variance_axis

from burnish.balance._containers import Given, is_frame, on_host, read_anything, read_numbers
from burnish.balance._docs import documented
from burnish.balance._labels import Codes, Indices, Labels
from burnish.balance._mixed_search import embedded, nearest_mixed
from burnish.balance._mixed_synthesis import MixedSynthesis
from burnish.balance._recipe import Block, Recipe, drawn_pairs
from burnish.balance._search import Search
from burnish.balance._smote import SMOTE
from burnish.balance._strategy import Task
from burnish.balance._synthesis import Synthesis
from burnish.balance._tags import sampler_tags
from burnish.balance._votes import drawn_winners


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
        if numbers.dtype.kind == "b":  # as imbalanced-learn does: between False and True lies True
            numbers = numbers.astype(np.float64)
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
        return MixedSynthesis(X, Recipe(blocks), numbers, codes, new_codes, self)

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
            places = nearest_mixed(search, own, own_codes, float(weight), int(k or 1))
        else:
            points = sparse.csr_matrix(embedded(own, own_codes, weight))
            places = search.others(points, np.arange(len(rows)), None, k)
        pairs = drawn_pairs(self.random_state, task.code, rows, rows[places], task.number)
        base = np.searchsorted(rows, pairs.base)
        generator = check_random_state(self.random_state)
        voted = [drawn_winners(column[places], base, generator) for column in own_codes.T]
        return pairs, np.stack(voted, axis=1)

    def __sklearn_tags__(self) -> Any:
        return sampler_tags(sparse=False, string=True, allow_nan=False, sample_indices=False)


def _columns(X: Any, columns: Indices) -> Any:
    return X.iloc[:, columns] if is_frame(X) else X[:, columns]
