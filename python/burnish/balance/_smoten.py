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
from burnish.balance._labels import Codes, Labels, first_rows
from burnish.balance._recipe import Block, Recipe
from burnish.balance._search import Search
from burnish.balance._smote import SMOTE
from burnish.balance._strategy import Task
from burnish.balance._synthesis import Synthesis
from burnish.balance._tags import sampler_tags
from burnish.balance._value_difference import Tables, asked_for_shares, class_shares, nearest_by_shares
from burnish.balance._votes import modes


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
            others = nearest_by_shares(own, shares, int(k or 1), drawn)
            voters = np.concatenate([drawn[:, np.newaxis], others], axis=1)
        else:
            voters = asked_for_shares(search, own, shares, k)[drawn]
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
        self._example = [first_rows(column) for column in codes.T]

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
