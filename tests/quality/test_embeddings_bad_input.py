# SPDX-License-Identifier: Apache-2.0
"""A wrong argument is refused before any work, by a sentence that says what was wrong, given and accepted."""

from __future__ import annotations

import doctest
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import quality

EITHER = (TypeError, ValueError)
X = np.random.default_rng(0).standard_normal((30, 4))
SCORES = np.linspace(0, 1, 30)

ON_ROWS: dict[str, Callable[[Any], Any]] = {
    "uniqueness": quality.uniqueness,
    "outliers": quality.outliers,
    "near_duplicates": lambda x: quality.near_duplicates(x, threshold=0.1),
    "leaks": lambda x: quality.leaks(x, X, 0.1),
    "representativeness": quality.representativeness,
    "coreset": lambda x: quality.coreset(x, 3),
    "sample": lambda x: quality.sample(SCORES, x, 3),
}


def spoiled(value: float) -> Any:
    array = X.copy()
    array[20, 2] = value
    return array


@pytest.mark.parametrize("name", ON_ROWS)
@pytest.mark.parametrize(
    ("rows", "exception", "words"),
    [
        (X[0], ValueError, "must be 2-D"),
        (X[None], ValueError, "must be 2-D"),
        (spoiled(np.nan), ValueError, "accepted: finite values"),
        (spoiled(-np.inf), ValueError, "accepted: finite values"),
        (X.astype(complex), TypeError, "complex128"),
        (X.astype(object), TypeError, "object"),
        (np.ma.array(X), TypeError, "masked"),
        (None, EITHER, "X|train"),
        ("text", EITHER, "X|train"),
    ],
    ids=["1-D", "3-D", "NaN", "inf", "complex", "object", "masked", "None", "text"],
)
def test_rows(name: str, rows: Any, exception: Any, words: str) -> None:
    with pytest.raises(exception, match=words):
        ON_ROWS[name](rows)


@pytest.mark.parametrize("name", ON_ROWS)
def test_sparse(name: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="is sparse; accepted: dense arrays"):
        ON_ROWS[name](sparse.csr_array(X))


@pytest.mark.parametrize("name", ON_ROWS)
def test_metric(name: str) -> None:
    calls: dict[str, Callable[[Any], Any]] = {
        "uniqueness": lambda m: quality.uniqueness(X, metric=m),
        "outliers": lambda m: quality.outliers(X, metric=m),
        "near_duplicates": lambda m: quality.near_duplicates(X, threshold=0.1, metric=m),
        "leaks": lambda m: quality.leaks(X, X, 0.1, metric=m),
        "representativeness": lambda m: quality.representativeness(X, metric=m),
        "coreset": lambda m: quality.coreset(X, 3, metric=m),
        "sample": lambda m: quality.sample(SCORES, X, 3, metric=m),
    }
    for metric in ("manhattan", None, ["cosine"], 3):
        with pytest.raises(ValueError, match=rf"{name}: 'metric' is .*; accepted: 'cosine', 'euclidean'"):
            calls[name](metric)


BAD: dict[str, tuple[Callable[[], Any], Any, list[str]]] = {
    "no threshold": (lambda: quality.near_duplicates(X), TypeError, ["'threshold' and 'fraction'", "got neither"]),
    "both": (lambda: quality.near_duplicates(X, threshold=1, fraction=0.1), TypeError, ["got both"]),
    "threshold": (lambda: quality.near_duplicates(X, threshold=-1), ValueError, ["'threshold' is -1", "from 0"]),
    "threshold NaN": (lambda: quality.near_duplicates(X, threshold=np.nan), ValueError, ["'threshold' is nan"]),
    "threshold text": (lambda: quality.near_duplicates(X, threshold="1"), TypeError, ["'threshold' is '1'"]),
    "fraction 0": (lambda: quality.near_duplicates(X, fraction=0), ValueError, ["'fraction' is 0", "above 0"]),
    "fraction 1": (lambda: quality.near_duplicates(X, fraction=1.0), ValueError, ["'fraction' is 1", "below 1"]),
    "fraction 2": (lambda: quality.near_duplicates(X, fraction=2), ValueError, ["'fraction' is 2"]),
    "no columns": (lambda: quality.near_duplicates(X[:, :0], threshold=1), ValueError, ["'X' has no columns"]),
    "leaks columns": (lambda: quality.leaks(X, X[:, :3], 1), ValueError, ["'test' has 3 columns", "accepted: 4"]),
    "leaks dtype": (lambda: quality.leaks(X, X.astype("f4"), 1), ValueError, ["float32", "accepted: 4 of float64"]),
    "leaks threshold": (lambda: quality.leaks(X, X, -0.5), ValueError, ["leaks: 'threshold' is -0.5"]),
    "outliers k": (lambda: quality.outliers(X, 30), ValueError, ["'k' is 30", "1 to 29"]),
    "outliers k 0": (lambda: quality.outliers(X, 0), ValueError, ["'k' is 0", "1 to 29"]),
    "outliers reference": (lambda: quality.outliers(X, 3, X[:, :2]), ValueError, ["columns"]),
    "clusters": (lambda: quality.representativeness(X, 0), ValueError, ["'n_clusters' is 0", "1 or more"]),
    "clusters float": (lambda: quality.representativeness(X, 2.0), TypeError, ["'n_clusters' is 2.0"]),
    "coreset k": (lambda: quality.coreset(X, 31), ValueError, ["coreset: 'k' is 31", "0 to 30"]),
    "coreset k below": (lambda: quality.coreset(X, -1), ValueError, ["'k' is -1"]),
    "coreset k float": (lambda: quality.coreset(X, 3.0), TypeError, ["'k' is 3.0"]),
    "coreset k left": (lambda: quality.coreset(X, 29, selected=[1, 2, 1]), ValueError, ["'k' is 29", "0 to 28"]),
    "selected beyond": (lambda: quality.coreset(X, 2, selected=[0, 30]), ValueError, ["'selected' is 30 in place 1"]),
    "selected below": (lambda: quality.coreset(X, 2, selected=[-1]), ValueError, ["'selected' is -1 in place 0"]),
    "selected float": (lambda: quality.coreset(X, 2, selected=[1.0]), TypeError, ["'selected' has dtype float64"]),
    "selected 2-D": (lambda: quality.coreset(X, 2, selected=[[1]]), ValueError, ["'selected' must be 1-D"]),
    "selected mask": (lambda: quality.coreset(X, 2, selected=SCORES > 0.5), TypeError, ["'selected' has dtype bool"]),
    "sample k": (lambda: quality.sample(SCORES, X, 31), ValueError, ["sample: 'k' is 31", "0 to 30"]),
    "sample scores": (lambda: quality.sample(SCORES[:9], X, 3), ValueError, ["'scores' has shape (9,)", "(30,)"]),
    "sample int": (lambda: quality.sample(np.arange(30), X, 3), TypeError, ["'scores' has dtype int64"]),
    "sample labels": (lambda: quality.sample(SCORES, X, 3, [1]), ValueError, ["'labels' has shape (1,)", "(30,)"]),
    "sample float labels": (lambda: quality.sample(SCORES, X, 3, SCORES), TypeError, ["'labels' has dtype float64"]),
    "beta": (lambda: quality.sample(SCORES, X, 3, beta=0.5), ValueError, ["'beta' is 0.5", "from 1"]),
    "beta NaN": (lambda: quality.sample(SCORES, X, 3, beta=np.nan), ValueError, ["'beta' is nan"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_bad_input(case: Any) -> None:
    call, exception, words = case
    with pytest.raises(exception) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


MODULES = ("_agreement", "_annotators", "_coreset", "_dynamics", "_leaks", "_near_duplicates", "_outliers",
           "_representativeness", "_sample", "_uniqueness")  # fmt: skip
FUNCTIONS = ("agreement", "majority", "consensus", "coreset", "leaks", "near_duplicates", "outliers",
             "representativeness", "sample", "uniqueness")  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    if name in ("_agreement", "_representativeness"):
        pytest.importorskip("sklearn")
    assert doctest.testmod(importlib.import_module(f"burnish.quality.{name}")).failed == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings(name: str) -> None:
    function = getattr(quality, name)
    text = inspect.getdoc(function) or ""
    assert ">>> " in text
    for parameter in inspect.signature(function).parameters:
        assert any(parameter in line.split(" : ")[0].split(", ") for line in text.splitlines()), parameter
    assert "Returns\n-------" in text
    assert "Raises\n------" in text
