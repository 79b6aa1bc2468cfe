# SPDX-License-Identifier: Apache-2.0
"""The parts of the samplers, each against the plain way to say the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import burnish
import numpy as np
import pytest
from burnish import balance
from burnish.balance import _search
from burnish.balance._farthest import farthest
from burnish.balance._labels import Labels, factorize
from burnish.balance._mixed_search import nearest_mixed, smallest
from burnish.balance._search import Search, nearest
from burnish.balance._value_difference import class_shares, nearest_by_shares
from burnish.balance._votes import modes, winning_codes
from burnish.neighbors import NearestNeighbors
from burnish.neighbors._others import nearest_others
from samplers_data import make, three_classes
from scipy import sparse
from sklearn.neighbors import KNeighborsClassifier


@pytest.mark.parametrize(
    "values",
    [
        np.array([5, 3, 5, 9]),
        np.array([-(2**63), 2**63 - 1, 0, 0]),
        np.array([2**64 - 1, 2**64 - 3, 2**64 - 1], np.uint64),
        np.array([-128, 127, -128], np.int8),
        np.array([True, False, True]),
        np.array(["b", "a", "b"]),
        np.array(["b", "a", "b"], object),
        np.array([0.5, -1.0, 0.5]),
        np.arange(20000)[::-1] * 3,
    ],
    ids=lambda values: f"{values.dtype}-{len(values)}",
)
def test_factorize(values: Any) -> None:
    classes, codes, counts = factorize(values)
    expected = np.unique(values, return_inverse=True, return_counts=True)
    assert classes.dtype == values.dtype
    for mine, theirs in zip((classes, codes, counts), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs.reshape(-1))


def test_the_rarest_of_equals_is_the_first_in_the_rows() -> None:
    labels = Labels(np.array([2, 2, 1, 1, 0, 0, 0]))
    assert labels.rarest() == 2


@pytest.mark.parametrize("kinds", [2, 5, 40])
@pytest.mark.parametrize("k", [1, 2, 7])
def test_votes(kinds: int, k: int) -> None:
    codes = np.random.default_rng(0).integers(0, kinds, size=(300, k))
    winners, starts = winning_codes(codes)
    found = modes(codes, kinds)
    for i, row in enumerate(codes.tolist()):
        counts = Counter(row)
        best = sorted(code for code in counts if counts[code] == max(counts.values()))
        assert winners[starts[i] : starts[i + 1]].tolist() == best
        assert found[i] == best[0]


def plain_distances(a: Any, b: Any) -> Any:
    return np.sqrt(((a[:, np.newaxis].astype(float) - b.astype(float)) ** 2).sum(axis=2))


@pytest.mark.parametrize("m", [1, 5, 300, 5000])
@pytest.mark.parametrize("k", [1, 3, 9])
@pytest.mark.parametrize("kind", ["normal", "far off", "few values", "float32", "huge", "tiny"])
def test_farthest(m: int, k: int, kind: str) -> None:
    rng = np.random.default_rng(0)
    k = min(k, m)
    points, queries = rng.normal(size=(m, 4)), rng.normal(size=(60, 4))
    change = {
        "far off": lambda x: x + 1e6,
        "few values": np.rint,
        "float32": lambda x: x.astype(np.float32),
        "huge": lambda x: x * 1e25,
        "tiny": lambda x: x * 1e-25,
    }.get(kind, lambda x: x)
    points, queries = change(points), change(queries)
    expected = np.sort(plain_distances(queries, points), axis=1)[:, -k:]
    np.testing.assert_allclose(farthest(points, k, queries), expected, rtol=1e-9 if kind == "far off" else 1e-13)


def test_smallest_orders_ties_by_column() -> None:
    table = np.random.default_rng(0).integers(0, 4, size=(50, 30)).astype(float)
    np.testing.assert_array_equal(smallest(table, 7), np.argsort(table, axis=1, kind="stable")[:, :7])


def test_nearest_others_among_duplicates() -> None:
    points = np.repeat(np.arange(3.0)[:, np.newaxis], 5, axis=0)
    for queries in (np.array([4, 7]), np.arange(15)):
        table = plain_distances(points[queries], points)
        table[np.arange(len(queries)), queries] = np.inf
        found = nearest_others(nearest, points, 4, queries)[1]
        np.testing.assert_array_equal(found, np.argsort(table, kind="stable")[:, :4])


@pytest.mark.parametrize("parameters", [{}, {"version": 2}, {"version": 3, "n_neighbors_ver3": 15}])
def test_a_large_class_stays_sparse_beside_a_small_one(monkeypatch: Any, parameters: Any) -> None:
    X, y = three_classes()
    expected, found = (balance.NearMiss(**parameters) for _ in range(2))
    expected.fit_resample(X, y)
    monkeypatch.setattr(_search, "_DENSE_NUMBERS", 5 * 40)
    found.fit_resample(sparse.csr_matrix(X), y)
    np.testing.assert_array_equal(found.sample_indices_, expected.sample_indices_)


def test_what_is_too_large_to_be_dense_stays_sparse(monkeypatch: Any) -> None:
    X, y = three_classes()
    monkeypatch.setattr(_search, "_DENSE_NUMBERS", 0)
    sampler = balance.SMOTE(random_state=0)
    sampler.fit_resample(sparse.csr_matrix(X), y)
    assert sparse.issparse(sampler.nn_k_._fit_X)
    own = X[y == 2]  # the class treated last
    np.testing.assert_array_equal(
        sampler.nn_k_.kneighbors(own)[1], NearestNeighbors(n_neighbors=6).fit(own).kneighbors(own)[1]
    )


@pytest.mark.parametrize("categories", [3, 2000])
@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_neighbors_of_mixed_rows(categories: int, weight: float) -> None:
    """With a column for each category, and without."""
    rng = np.random.default_rng(0)
    numbers, codes = rng.normal(size=(400, 3)), rng.integers(0, categories, size=(400, 4))
    table = plain_distances(numbers, numbers) ** 2
    table += 2 * weight**2 * (codes[:, np.newaxis] != codes).sum(axis=2)
    np.fill_diagonal(table, np.inf)
    expected = np.argsort(table, axis=1, kind="stable")[:, :5]
    np.testing.assert_array_equal(nearest_mixed(Search(5), numbers, codes, weight, 5), expected)


@pytest.mark.parametrize("classes", [2, 3])
def test_neighbors_by_shares(classes: int) -> None:
    rng = np.random.default_rng(0)
    codes, y = rng.integers(0, 7, size=(300, 12)), rng.integers(0, classes, size=300)
    shares = class_shares(codes, Labels(y))
    table = np.zeros((300, 300))
    for column, share in zip(codes.T, shares, strict=True):
        for category in range(7):
            expected = np.bincount(y[column == category], minlength=classes) / np.count_nonzero(column == category)
            np.testing.assert_allclose(share[category], expected, rtol=1e-15)
        table += np.abs(share[column][:, np.newaxis] - share[column]).sum(axis=2) ** 2
    np.fill_diagonal(table, np.inf)
    queries = np.array([5, 0, 299])
    found = nearest_by_shares(codes, shares, 6, queries)
    np.testing.assert_array_equal(found, np.argsort(table, axis=1, kind="stable")[queries, :6])
    everyone = np.arange(300)
    np.testing.assert_array_equal(nearest_by_shares(codes, shares, 6, everyone)[queries], found)


def plain_condensed(X: Any, y: Any, k: int, n_seeds: int, seed: int) -> list[int]:
    """Return what the rule keeps, by asking a classifier anew for each row."""
    rng, rarest, kept = np.random.RandomState(seed), 2, []
    for label in (0, 1):
        own = np.flatnonzero(y == label)
        mine = own[rng.randint(0, len(own), size=n_seeds)].tolist()
        for place, row in enumerate(own):
            if place in mine:  # as imbalanced-learn has it: the place within the class, among rows of all
                continue
            voters = np.flatnonzero(y == rarest).tolist() + mine
            vote = KNeighborsClassifier(k, algorithm="brute").fit(X[voters], y[voters])
            if vote.predict(X[[row]])[0] != label:
                mine.append(int(row))
        kept += mine
    return kept + np.flatnonzero(y == rarest).tolist()


@pytest.mark.parametrize(("k", "n_seeds"), [(1, 1), (2, 4), (3, 2), (4, 6)])
def test_condensed(k: int, n_seeds: int) -> None:
    X, y = three_classes()
    sampler = balance.CondensedNearestNeighbour(n_neighbors=k, n_seeds_S=n_seeds, random_state=3)
    sampler.fit_resample(X, y)
    assert sampler.sample_indices_.tolist() == plain_condensed(X, y, k, n_seeds, 3)
    slow = balance.CondensedNearestNeighbour(n_neighbors=KNeighborsClassifier(k), n_seeds_S=n_seeds, random_state=3)
    slow.fit_resample(X, y)
    assert slow.sample_indices_.tolist() == sampler.sample_indices_.tolist()


def many_rows() -> tuple[Any, Any]:
    """Enough for every thread, and with so few values that distances tie everywhere."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [3500, 1500, 1000])
    X = rng.integers(0, 6, size=(6000, 12)) + y[:, np.newaxis]
    order = rng.permutation(6000)
    return X[order].astype(np.float32), y[order]


@pytest.mark.parametrize(
    "name",
    ["SMOTE", "BorderlineSMOTE", "ADASYN", "SMOTENC", "SMOTEN", "NearMiss", "TomekLinks", "AllKNN", "SMOTEENN"],
)
def test_threads_change_nothing(name: str) -> None:
    X, y = many_rows()
    before = burnish.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 7):
            burnish.set_num_threads(threads)
            found.append(make(name).fit_resample(X, y))
    finally:
        burnish.set_num_threads(before)
    for rows, labels in found[1:]:
        np.testing.assert_array_equal(rows, found[0][0])
        np.testing.assert_array_equal(labels, found[0][1])
