# SPDX-License-Identifier: Apache-2.0
"""SMOTE-N: categories only."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.preprocessing import OrdinalEncoder
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import HasMethods

from burnish.balance._containers import Given, on_host
from burnish.balance._docs import documented
from burnish.balance._generate import Block, Recipe, Synthesis
from burnish.balance._search import Search, nearest
from burnish.balance._smote import SMOTE
from burnish.balance._smote_nc import _first_rows
from burnish.balance._strategy import Indices, Labels, Task
from burnish.balance._tags import sampler_tags
from burnish.balance._votes import modes
from burnish.neighbors._others import nearest_others

_TILE = 1 << 19

Codes = npt.NDArray[np.intp]
Tables = list[npt.NDArray[np.float64]]


@documented
class SMOTEN(SMOTE):
    """SMOTE for categories.

    Two categories of a feature are as far from each other as the shares of the classes among the rows that have them
    (value difference metric). Each category of a new row is the most frequent one among a row and its neighbors.

    {when}

    Parameters
    ----------
    categorical_encoder : encoder or None, default=None
        With one code per category; default ``OrdinalEncoder(dtype=np.int32)``.
    {sampling_strategy_over}
    {random_state}
    {k_neighbors}
        It is then given the table of distances.
    {small_class}

    Attributes
    ----------
    {sampling_strategy_}
    categorical_encoder_ : encoder
        Fitted to X.
    nn_k_ : estimator
        Its ``n_neighbors`` counts the row itself. Not fitted, unless it is the caller's own.
    provenance_ : Provenance
        Of each synthetic row its class and its base row.
    {features_in_}

    Raises
    ------
    {raises}

    Warns
    -----
    DataConversionWarning
        If X is sparse: it is made dense.

    Notes
    -----
    Distances between categories tie all the time. Here equal distances are ordered by row, so that the result does not
    depend on the processor; imbalanced-learn leaves it to `numpy.argpartition`. The draws are the same.

    References
    ----------
    N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, SMOTE: synthetic minority over-sampling technique, Journal
    of Artificial Intelligence Research 16, 2002. S. Cost, S. Salzberg, A weighted nearest neighbor algorithm for
    learning with symbolic features, Machine Learning 10, 1993 (for the metric).

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import SMOTEN
    >>> X = np.array(["green"] * 5 + ["red"] * 10 + ["blue"] * 7, dtype=object).reshape(-1, 1)
    >>> y = np.array(["fruit"] * 15 + ["sky"] * 7)
    >>> X_new, y_new = SMOTEN(random_state=0).fit_resample(X, y)
    >>> set(X_new[22:, 0]), set(y_new[22:].tolist())
    ({'blue'}, {'sky'})
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **SMOTE._parameter_constraints,
        "categorical_encoder": [HasMethods(["fit_transform", "inverse_transform"]), None],
    }

    def __init__(
        self,
        categorical_encoder: Any = None,
        *,
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
        self.categorical_encoder = categorical_encoder

    def _matrix(self, X: Any) -> Any:
        return check_array(on_host(X), accept_sparse=("csr", "csc"), dtype=None, estimator=self, input_name="X")

    def _synthesis(self, given: Given) -> Synthesis:
        X, labels = given.X, given.labels
        if sparse.issparse(X):
            warnings.warn(
                "SMOTEN: a sparse X is not really efficient here: it is made dense", DataConversionWarning, stacklevel=2
            )
            X = X.toarray()
        if self.categorical_encoder is None:
            self.categorical_encoder_ = OrdinalEncoder(dtype=np.int32)
        else:
            self.categorical_encoder_ = clone(self.categorical_encoder)
        codes = np.asarray(self.categorical_encoder_.fit_transform(X)).astype(np.intp)
        shares = class_shares(codes, labels)
        search = Search(self.k_neighbors)
        search.estimator.set_params(metric="precomputed")
        blocks, voted = [], []
        for task in self._tasks(labels):
            block, chosen = self._draw_class(search, codes, shares, labels, task)
            blocks.append(block)
            voted.append(chosen)
        self.nn_k_ = search.estimator
        new_codes = np.concatenate(voted) if voted else codes[:0]
        return _NominalSynthesis(given.X, X, Recipe(blocks), codes, new_codes, self)

    def _draw_class(
        self, search: Search, codes: Codes, shares: Tables, labels: Labels, task: Task
    ) -> tuple[Block, Codes]:
        rows = labels.rows(task.code)
        own = codes[rows]
        k = self._usable(search, "k_neighbors", f"class {task.label}", len(rows))
        base = check_random_state(self.random_state).randint(0, len(rows), size=task.number)
        drawn, places = np.unique(base, return_inverse=True)
        if k == 0:
            voters = drawn[:, np.newaxis]
        elif search.is_ours:
            others = _nearest_by_shares(own, shares, int(k or 1), drawn)
            voters = np.concatenate([drawn[:, np.newaxis], others], axis=1)
        else:
            voters = _asked(search, own, shares, k)[drawn]
        voted = [modes(column[voters], int(column.max()) + 1)[places] for column in own.T]
        nowhere = np.full(task.number, -1, np.intp)
        return Block(task.code, rows[base], nowhere, np.full(task.number, np.nan)), np.stack(voted, axis=1)

    def __sklearn_tags__(self) -> Any:
        return sampler_tags(sparse=True, string=True, allow_nan=False, sample_indices=False)


class _NominalSynthesis(Synthesis):
    """Rows of categories, voted on but not decoded."""

    def __init__(
        self, X: Any, dense: npt.NDArray[Any], recipe: Recipe, codes: Codes, new_codes: Codes, sampler: SMOTEN
    ) -> None:
        super().__init__(X, recipe)
        self._dense, self._new_codes = dense, new_codes
        self._encoder: Any = None if sampler.categorical_encoder is None else sampler.categorical_encoder_
        self._example = [_first_rows(column) for column in codes.T]

    def all_rows(self) -> Any:
        return self._like_input(np.concatenate([self._dense, self._decoded(self._new_codes)]))

    def rows(self, start: int, stop: int) -> Any:
        return self._like_input(self._decoded(self._new_codes[start:stop]))

    def _decoded(self, codes: Codes) -> npt.NDArray[Any]:
        if self._encoder is not None:
            return np.asarray(self._encoder.inverse_transform(codes)).astype(self._dense.dtype)
        picked = [
            self._dense[rows[column], i] for i, (rows, column) in enumerate(zip(self._example, codes.T, strict=True))
        ]
        return np.stack(picked, axis=1)

    def _like_input(self, rows: npt.NDArray[Any]) -> Any:
        return type(self.X)(rows) if sparse.issparse(self.X) else rows


def class_shares(codes: Codes, labels: Labels) -> Tables:
    """Return for each feature the share of each class among the rows with each category: (categories, classes)."""
    classes = len(labels.classes)
    tables = []
    for column in codes.T:
        kinds = int(column.max()) + 1
        counts = np.bincount(column * classes + labels.codes, minlength=kinds * classes).reshape(kinds, classes)
        tables.append(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    return tables


def _nearest_by_shares(codes: Codes, shares: Tables, k: int, queries: Indices) -> Indices:
    """Return the `k` nearest other rows by the value difference metric, for some rows."""
    if shares[0].shape[1] == 2:
        # Of two classes, the shares differ by the same amount: one column for each feature is all there is.
        points = np.stack([2 * table[column, 0] for table, column in zip(shares, codes.T, strict=True)], axis=1)
        return nearest(points, k)[1] if len(queries) == len(points) else nearest_others(nearest, points, k, queries)[1]
    n, features = codes.shape
    # Whole numbers add up to the same sum in any order. Behind the distance stands the row, so that none tie.
    bits = int(np.ceil(np.log2(4 * features + 1)))
    scale = 2.0 ** min(52 - bits, 61 - bits - int(np.ceil(np.log2(n + 1))))
    weights, columns = _one_column_per_category(codes, shares, scale)
    indicator = np.zeros((n, weights.shape[1]))
    np.put_along_axis(indicator, columns, 1.0, axis=1)
    everyone = np.arange(n)
    found = np.empty((len(queries), k), np.intp)
    height = max(1, _TILE // n)
    for start in range(0, len(queries), height):
        rows = queries[start : start + height]
        distances = weights_of(weights, columns[rows]) @ indicator.T
        keys = distances.astype(np.int64) * n + everyone
        keys[np.arange(len(rows)), rows] = np.iinfo(np.int64).max
        nearest_keys = np.sort(np.partition(keys, k - 1, axis=1)[:, :k], axis=1)
        found[start : start + height] = nearest_keys % n
    return found


def _one_column_per_category(codes: Codes, shares: Tables, scale: float) -> tuple[npt.NDArray[np.float64], Codes]:
    """Return the squared differences of all categories that occur, in one block per feature, and each row's columns."""
    blocks, columns, start = [], [], 0
    for table, column in zip(shares, codes.T, strict=True):
        present, places = np.unique(column, return_inverse=True)
        chosen = table[present]
        blocks.append(np.rint(np.abs(chosen[:, np.newaxis] - chosen).sum(axis=2) ** 2 * scale))
        columns.append(places.reshape(-1) + start)
        start += len(present)
    weights = np.zeros((start, start))
    place = 0
    for block in blocks:
        weights[place : place + len(block), place : place + len(block)] = block
        place += len(block)
    return weights, np.stack(columns, axis=1)


def weights_of(weights: npt.NDArray[np.float64], columns: Codes) -> npt.NDArray[np.float64]:
    """Return for each row its squared difference to each category: the sum of the blocks of its own categories."""
    total = np.zeros((len(columns), weights.shape[1]))
    for column in columns.T:
        total += weights[column]
    return total


def _asked(search: Search, codes: Codes, shares: Tables, k: int | None) -> Indices:
    """Let the caller's object search in the table of distances; the row itself is among what it finds."""
    n = len(codes)
    distances = np.zeros((n, n))
    for table, column in zip(shares, codes.T, strict=True):
        squares = np.abs(table[:, np.newaxis] - table).sum(axis=2) ** 2
        distances += squares[column[:, np.newaxis], column]
    search.estimator.fit(distances)
    count = {} if k is None or k == search.k else {"n_neighbors": k + 1}
    return np.asarray(search.estimator.kneighbors(distances, return_distance=False, **count))
