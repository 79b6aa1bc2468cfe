# SPDX-License-Identifier: Apache-2.0
"""The same seed gives the rows of imbalanced-learn, bit for bit; equal_rows.py says with what they are compared."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

pytest.importorskip("imblearn", reason="imbalanced-learn is not installed")
pytest.importorskip("pandas", reason="pandas is not installed")

import equal_rows
from burnish import balance
from equal_rows import CASES, SEEDS, THEIR_FAULTS, THEIRS, Case, against, compare, data, resample
from scipy import sparse
from sklearn.neighbors import NearestNeighbors
from sklearn.tree import DecisionTreeClassifier

EVERY = [(case, name) for case in CASES for name in case.on]


@pytest.mark.parametrize(("case", "name"), EVERY, ids=[f"{case}-{name}" for case, name in EVERY])
def test_rows(case: Case, name: str) -> None:
    plain = case.ties_on(name)
    for seed in SEEDS if "random_state" in case.make(THEIRS, 0).get_params() else SEEDS[:1]:
        if (str(case), name) in THEIR_FAULTS:
            assert isinstance(resample(case, THEIRS, name, seed), Exception), "no fault any more: take it off the list"
            found = resample(case, balance, name, seed)
            assert isinstance(found, tuple | TypeError | ValueError), repr(found)
        else:
            found = against(case, name, seed, plain=plain)
            assert found.nothing, f"seed {seed}: {found}"


def test_every_sampler_is_compared() -> None:
    assert {case.name for case in CASES} == set(vars(THEIRS))


STOCHASTIC = [case for case in CASES if "random_state" in case.make(THEIRS, 0).get_params() and not case.half][::2]


@pytest.mark.parametrize("case", STOCHASTIC, ids=map(str, STOCHASTIC))
def test_a_random_state_that_is_handed_on(case: Case) -> None:
    """It moves on from class to class, and from call to call."""
    name = case.on[0]
    given = data(name)
    plain = case.ties_on(name)
    results = []
    for library in (balance, THEIRS):
        state = np.random.RandomState(5)
        sampler = case.make(library, 0).set_params(random_state=state)
        with warnings.catch_warnings(), searching(case, given.X, plain and library is THEIRS):
            warnings.simplefilter("ignore")
            first, second = (sampler.fit_resample(given.X, given.y) for _ in range(2))
        results.append([(*first, sampler), (*second, sampler), state.randint(1 << 30)])
    for mine, theirs in zip(results[0][:2], results[1][:2], strict=True):
        assert compare(mine, theirs).nothing
    assert results[0][2] == results[1][2], "another number of draws"


def searching(case: Case, X: Any, plain: bool) -> Any:
    return equal_rows.plain_search(X if case.in_given_order else None) if plain else nullcontext()


@pytest.mark.parametrize("name", ["SMOTE", "ADASYN", "RandomOverSampler", "RandomUnderSampler", "BorderlineSMOTE"])
def test_the_global_random_state(name: str) -> None:
    given = data("clusters float64")
    results = []
    for library in (balance, THEIRS):
        np.random.seed(3)  # noqa: NPY002 - scikit-learn's meaning of random_state=None
        sampler = getattr(library, name)()
        results.append((*sampler.fit_resample(given.X, given.y), sampler))
    assert compare(*results).nothing


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree", "ball_tree"])
@pytest.mark.parametrize(
    ("name", "parameter", "k"),
    [
        ("SMOTE", "k_neighbors", 4),
        ("BorderlineSMOTE", "m_neighbors", 8),
        ("SVMSMOTE", "k_neighbors", 4),
        ("KMeansSMOTE", "k_neighbors", 3),
        ("ADASYN", "n_neighbors", 7),
        ("NearMiss", "n_neighbors", 3),
        ("EditedNearestNeighbours", "n_neighbors", 4),
        ("RepeatedEditedNearestNeighbours", "n_neighbors", 4),
        ("AllKNN", "n_neighbors", 4),
    ],
)
def test_a_search_of_the_callers_own(name: str, parameter: str, k: int, algorithm: str) -> None:
    given = data("clusters float64")
    results = []
    for library in (balance, THEIRS):
        search = NearestNeighbors(n_neighbors=k, algorithm=algorithm)
        case = Case(name, {parameter: search} | ({"cluster_balance_threshold": 0.05} if name == "KMeansSMOTE" else {}))
        sampler = case.make(library, 1)
        results.append((*sampler.fit_resample(given.X, given.y), sampler))
        assert not hasattr(search, "n_samples_fit_"), "it is cloned"
    assert compare(*results).nothing


NUMERIC = [name for name in vars(THEIRS) if name not in ("SMOTENC", "SMOTEN", "ClusterCentroids")]


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array])
@pytest.mark.parametrize("name", NUMERIC)
def test_sparse_rows_are_those_of_dense_ones(name: str, form: Any) -> None:
    """Where imbalanced-learn fails, too. (ClusterCentroids means another thing by voting="auto" for them.)"""
    given = data("csr")
    for params in ({}, {"kind": "borderline-2"}) if name == "BorderlineSMOTE" else ({},):
        slow = {"estimator": DecisionTreeClassifier(random_state=0)} if name == "InstanceHardnessThreshold" else {}
        case = Case(name, {**params, **slow})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            X_new, y_new = case.make(balance, 2).fit_resample(form(given.X), given.y)
            wanted, labels = case.make(balance, 2).fit_resample(given.X.toarray(), given.y)
        assert type(X_new) is form
        np.testing.assert_array_equal(X_new.toarray(), wanted)
        np.testing.assert_array_equal(y_new, labels)


@pytest.mark.parametrize(
    "name", ["EditedNearestNeighbours", "AllKNN", "NeighbourhoodCleaningRule", "OneSidedSelection"]
)
def test_names_of_classes_vote_like_numbers(name: str) -> None:
    """scikit-learn's names sort as their numbers do."""
    given = data("clusters float64")
    case = Case(name, {"kind_sel": "mode"} if name in ("EditedNearestNeighbours", "AllKNN") else {})
    named = case.make(balance, 0).fit_resample(given.X, np.array(["a", "b", "c"])[given.y])
    numbered = case.make(balance, 0).fit_resample(given.X, given.y)
    np.testing.assert_array_equal(named[0], numbered[0])
    np.testing.assert_array_equal(named[1], np.array(["a", "b", "c"])[numbered[1]])


AT_EVERY_LEVEL = [
    Case("SMOTE"), Case("BorderlineSMOTE", {"kind": "borderline-2"}), Case("ADASYN"), Case("TomekLinks"),
    Case("AllKNN"), Case("NearMiss", {"version": 2}), Case("SMOTEENN"), Case("CondensedNearestNeighbour"),
    Case("RandomOverSampler", {"shrinkage": 1.0}),
]  # fmt: skip


@pytest.mark.parametrize("case", AT_EVERY_LEVEL, ids=map(str, AT_EVERY_LEVEL))
def test_levels_and_threads(case: Case, isa: str, threads: int) -> None:
    for name in ("clusters float64", "clusters, 20 columns", "digits"):
        assert compare(resample(case, balance, name, 4), at_first(case, name)).nothing


_first: dict[tuple[str, str], Any] = {}


def at_first(case: Case, name: str) -> Any:
    """What the first level and thread count gave; `test_rows` knows that it is right."""
    return _first.setdefault((str(case), name), resample(case, balance, name, 4))


# ---- the comparison itself ----


def test_differences_are_noticed() -> None:
    case = Case("SMOTE")
    right = resample(case, THEIRS, "clusters float64", 0)
    assert compare(right, right).nothing
    X, y, sampler = right
    bent = X.copy()
    bent[-1, 0] = np.nextafter(bent[-1, 0], 9)
    for wrong, says in (
        ((bent, y, sampler), "1 of 480 differ"),
        ((X.astype(np.float32), y, sampler), "dtype float32 instead of float64"),
        ((X[:-1], y[:-1], sampler), "shape (479, 6)"),
        ((X, y[::-1], sampler), "labels"),
        ((X.tolist(), y, sampler), "X is a list"),
        ((X, y, resample(Case("SMOTE", {"sampling_strategy": "all"}), THEIRS, "wine", 0)[2]), "sampling_strategy_"),
        ((X, y, resample(Case("TomekLinks"), THEIRS, "wine", 0)[2]), "sample_indices_"),
        (ValueError("no"), "ValueError: no instead of rows"),
    ):
        found = compare(wrong, right)
        assert not found.nothing
        assert says in str(found)
    assert not compare(resample(case, THEIRS, "clusters float64", 1), right).nothing
    assert not against(case, "digits", 0, plain=False).nothing, "where distances tie, the two may well differ"


def test_the_plain_search_changes_nothing_without_ties() -> None:
    for case in (Case("SMOTE"), Case("ADASYN"), Case("AllKNN"), Case("OneSidedSelection"), Case("SMOTETomek")):
        as_it_is = resample(case, THEIRS, "clusters float64", 0)
        with equal_rows.plain_search():
            plain = resample(case, THEIRS, "clusters float64", 0)
        assert compare(plain, as_it_is).nothing
        assert not compare(resample(case, THEIRS, "clusters float64", 0), Exception()).nothing
