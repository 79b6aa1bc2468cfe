# SPDX-License-Identifier: Apache-2.0
"""A wrong argument is refused before any work, by a sentence that says what was wrong, given and accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import balance
from samplers_data import PARAMETERS, make, three_classes
from scipy import sparse

X, Y = three_classes()
BINARY = (Y > 0).astype(int)
SMOTE, Under, Tomek = balance.SMOTE, balance.RandomUnderSampler, balance.TomekLinks


def with_value(value: float, row: int = 7, column: int = 2) -> Any:
    changed = X.copy()
    changed[[row, 150], [column, 0]] = value
    return changed


def smote(X: Any = X, y: Any = Y, **options: Any) -> Any:
    return SMOTE(**options).fit_resample(X, y)


# (call, exception, words the message must hold)
BAD: dict[str, tuple[Callable[[], Any], Any, list[str]]] = {
    "NaN": (lambda: smote(with_value(np.nan)), ValueError, ["SMOTE: ", "NaN", "row 7, column 2"]),
    "infinity": (lambda: smote(with_value(-np.inf)), ValueError, ["SMOTE: ", "infinity", "row 7, column 2"]),
    "NaN float32": (lambda: smote(with_value(np.nan).astype("f4")), ValueError, ["NaN", "row 7, column 2"]),
    "NaN float16": (lambda: smote(with_value(np.nan).astype("f2")), ValueError, ["NaN", "row 7, column 2"]),
    "NaN list": (lambda: smote(with_value(np.nan).tolist()), ValueError, ["NaN", "row 7, column 2"]),
    "NaN csc": (lambda: smote(sparse.csc_matrix(with_value(np.nan))), ValueError, ["NaN", "row 7, column 2"]),
    "NaN SMOTENC": (
        lambda: make("SMOTENC").fit_resample(with_value(np.nan, column=3), Y),
        ValueError,
        ["SMOTENC: ", "NaN", "row 7, column 3"],
    ),
    "1-D": (lambda: smote(X[:, 0]), ValueError, ["2D array", "1D array"]),
    "3-D": (lambda: smote(X[:, :, np.newaxis]), ValueError, ["dim 3"]),
    "no features": (lambda: smote(X[:, :0]), ValueError, ["0 feature(s)"]),
    "no rows": (lambda: smote(X[:0], Y[:0]), ValueError, []),
    "words": (lambda: smote(np.full((200, 2), "a", object)), ValueError, ["could not convert string to float"]),
    "bool": (lambda: smote(X > 0), TypeError, ["SMOTE: 'X' has dtype bool", "floating point and integers"]),
    "long double": (lambda: smote(X.astype(np.longdouble)), TypeError, ["SMOTE: 'X' has dtype float128", "float64"]),
    "strategy of a callable": (
        lambda: smote(sampling_strategy=lambda y: 3),
        TypeError,
        ["'sampling_strategy' returned 3", "a dict of class to number"],
    ),
    "complex": (lambda: smote(X + 1j), ValueError, ["Complex data not supported"]),
    "lengths": (lambda: smote(X[:-1]), ValueError, ["199, 200"]),
    "one class": (lambda: smote(y=np.zeros(200, int)), ValueError, ["more than 1 class", "got 1 class over 200 rows"]),
    "multilabel": (lambda: smote(y=(X > 0).astype(int)), ValueError, ["Multilabel and multioutput targets are not"]),
    "continuous": (lambda: smote(y=X[:, 1]), ValueError, ["Unknown label type: continuous"]),
    "NaN labels": (lambda: smote(y=np.where(Y > 1, np.nan, Y)), ValueError, ["NaN"]),
    "mixed labels": (lambda: smote(y=np.array(["a", 2, None], object)[Y]), (ValueError, TypeError), []),
    "no labels": (lambda: smote(y=None), ValueError, ["None"]),
    "name": (lambda: smote(sampling_strategy="rare"), ValueError, ["'sampling_strategy' parameter of SMOTE", "'rare'"]),
    "majority": (lambda: smote(sampling_strategy="majority"), ValueError, ["'sampling_strategy'"]),
    "ratio of three": (lambda: smote(sampling_strategy=0.5), ValueError, ["binary", "3 classes"]),
    "ratio too small": (
        lambda: smote(y=BINARY, sampling_strategy=0.1),
        ValueError,
        ["'sampling_strategy' is 0.1", "80 rows to 120", "larger ratio"],
    ),
    "ratio too large": (lambda: smote(y=BINARY, sampling_strategy=1.5), ValueError, ["'sampling_strategy'", "1.5"]),
    "ratio to keep": (
        lambda: Under(sampling_strategy=0.5).fit_resample(X, BINARY),
        ValueError,
        ["'sampling_strategy' is 0.5", "80 rows to 120"],
    ),
    "too few": (lambda: smote(sampling_strategy={1: 10}), ValueError, ["10 rows of class 1, which has 50", "at least"]),
    "too many": (
        lambda: Under(sampling_strategy={1: 99}).fit_resample(X, Y),
        ValueError,
        ["99 rows of class 1, which has 50", "at most"],
    ),
    "negative": (lambda: smote(sampling_strategy={1: -1}), ValueError, ["cannot be negative"]),
    "unknown class": (lambda: smote(sampling_strategy={9: 99}), ValueError, ["not present in the data", "[9]"]),
    "callable": (lambda: smote(sampling_strategy=lambda y: {9: 99}), ValueError, ["not present in the data"]),
    "list": (lambda: smote(sampling_strategy=[1]), ValueError, ["'sampling_strategy'"]),
    "dict for cleaning": (lambda: Tomek(sampling_strategy={1: 3}).fit_resample(X, Y), ValueError, ["'sampling_strat"]),
    "number for cleaning": (lambda: Tomek(sampling_strategy=0.5).fit_resample(X, BINARY), ValueError, ["clean-sampl"]),
    "unknown to clean": (lambda: Tomek(sampling_strategy=[7]).fit_resample(X, Y), ValueError, ["not present", "[7]"]),
    "k": (lambda: smote(k_neighbors=0), ValueError, ["'k_neighbors' parameter of SMOTE"]),
    "k text": (lambda: smote(k_neighbors="5"), ValueError, ["'k_neighbors' parameter of SMOTE"]),
    "k too large": (lambda: smote(k_neighbors=40), ValueError, ["'k_neighbors' is 40 but class 2 has 30 samples"]),
    "m too large": (
        lambda: make("BorderlineSMOTE", m_neighbors=500).fit_resample(X, Y),
        ValueError,
        ["'m_neighbors' is 500 but 'X' has 200 samples; it must be at most 199"],
    ),
    "small_class": (lambda: smote(small_class="drop"), ValueError, ["'small_class' parameter of SMOTE"]),
    "exact_counts": (
        lambda: make("ADASYN", exact_counts="yes").fit_resample(X, Y),
        ValueError,
        ["'exact_counts' parameter of ADASYN"],
    ),
    "enn": (
        lambda: make("EditedNearestNeighbours", n_neighbors=200).fit_resample(X, Y),
        ValueError,
        ["EditedNearestNeighbours: 'n_neighbors' is 200 but 'X' has 200 samples", "at most 199"],
    ),
    "near miss": (
        lambda: make("NearMiss", n_neighbors=31).fit_resample(X, Y),
        ValueError,
        ["NearMiss: 'n_neighbors' is 31 but there are 30 rows to search"],
    ),
    "condensed": (
        lambda: make("CondensedNearestNeighbour", n_neighbors=32).fit_resample(X, Y),
        ValueError,
        ["'n_neighbors' is 32 but only 31 rows have a vote"],
    ),
    "condensed object": (
        lambda: make("CondensedNearestNeighbour", n_neighbors=balance_search()).fit_resample(X, Y),
        ValueError,
        ["'n_neighbors' is a NearestNeighbors", "KNeighborsClassifier"],
    ),
    "shrinkage lacks": (
        lambda: balance.RandomOverSampler(shrinkage={1: 1.0}).fit_resample(X, Y),
        ValueError,
        ["shrinkage", "The missing classes are", "2"],
    ),
    "shrinkage of words": (
        lambda: balance.RandomOverSampler(shrinkage=1.0).fit_resample(np.full((200, 1), "a", object), Y),
        ValueError,
        ["shrinkage is not None", "numerical"],
    ),
    "columns": (
        lambda: make("SMOTENC", categorical_features=[0, 9]).fit_resample(X, Y),
        ValueError,
        ["all features must be in"],
    ),
    "all categories": (
        lambda: make("SMOTENC", categorical_features=[0, 1, 2, 3, 4]).fit_resample(X, Y),
        ValueError,
        ["only with categorical features", "SMOTEN"],
    ),
    "no categories": (
        lambda: make("SMOTENC", categorical_features=[False] * 5).fit_resample(X, Y),
        ValueError,
        ["only with numerical features", "SMOTE"],
    ),
    "auto without a frame": (
        lambda: make("SMOTENC", categorical_features="auto").fit_resample(X, Y),
        ValueError,
        ["pandas.DataFrame", "ndarray"],
    ),
}


def balance_search() -> Any:
    from burnish.neighbors import NearestNeighbors

    return NearestNeighbors()


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str) -> None:
    call, error, words = BAD[case]
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("name", [name for name in PARAMETERS if name[:6] not in ("Random", "SMOTEN")])
def test_every_sampler_refuses_nan(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: Input X contains NaN, first in row 7, column 2"):
        make(name).fit_resample(with_value(np.nan), Y)


def test_numbers_that_overflow_when_added_are_finite() -> None:
    large = (X * 1e37).astype(np.float32)
    with np.errstate(over="ignore"):
        assert not np.isfinite(np.sum(np.abs(large)))
    assert len(balance.RandomUnderSampler(random_state=0).fit_resample(large, Y)[0]) == 90
    assert len(smote(np.abs(large))[0]) == 360


def test_a_failure_leaves_the_columns_named() -> None:
    pd = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match=r"row 7, column 2 \('c'\)"):
        smote(pd.DataFrame(with_value(np.nan), columns=list("abcde")))
