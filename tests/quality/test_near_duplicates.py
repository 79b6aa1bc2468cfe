# SPDX-License-Identifier: Apache-2.0
"""Duplicates are those that going through the rows in order finds, whatever path the search takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import embeddings_data as data
import numpy as np
import pytest
from burnish import quality
from burnish.quality import _near_duplicates as module
from embeddings_data import HARD, METRICS
from reference import embeddings as reference


def check(X: Any, threshold: float, metric: Any) -> None:
    found = quality.near_duplicates(X, threshold=threshold, metric=metric)
    representative, distances = reference.near_duplicates(X, threshold, metric)
    np.testing.assert_array_equal(found.representative, representative)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-9, atol=1e-12)
    rows = np.arange(len(X))
    np.testing.assert_array_equal(found.keep, rows[representative == rows])
    np.testing.assert_array_equal(found.duplicates, rows[representative != rows])
    for group in found.groups():
        assert len(group) > 1
        assert group[0] in found.keep
        assert (representative[group] == group[0]).all()
    assert sum(len(group) - 1 for group in found.groups()) == len(found.duplicates)


def thresholds(X: Any, metric: str) -> list[float]:
    """Between distances that occur, so that rounding does not matter."""
    every = np.unique(reference.others(X, metric).ravel())
    every = every[np.concatenate([[True], np.diff(every) > 1e-9 * every[1:] + 1e-11])]
    steps = [(every[i] + every[i + 1]) / 2 for i in (np.array([0.001, 0.02, 0.3]) * (len(every) - 1)).astype(int)[:-1]
             if i + 1 < len(every)]  # fmt: skip
    return [0.0, *steps, 2 * float(every[-1]) + 1]


@pytest.mark.parametrize("few", [False, True], ids=["pairs", "chunks"])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("make", HARD.values(), ids=HARD.keys())
def test_against_going_through_the_rows(
    make: Callable[[int, int], Any], metric: Any, few: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if few:  # no room for pairs
        monkeypatch.setattr(module, "_FEW_PAIRS", 0)
        monkeypatch.setattr(module, "_PAIRS_A_ROW", 0)
        monkeypatch.setattr(module, "_CHUNK", 16)
    for n, d in ((120, 3), (90, 40)):
        X = make(n, d)
        for threshold in thresholds(X, metric):
            check(X, threshold, metric)


@pytest.mark.parametrize("metric", METRICS)
def test_exact_duplicates_are_at_distance_zero(metric: Any) -> None:
    X = data.noise(400, 33).astype(np.float32)
    X[[100, 300]] = X[7]
    found = quality.near_duplicates(X, threshold=0.0, metric=metric)
    assert found.representative[[7, 100, 300]].tolist() == [7, 7, 7]
    assert found.distances.tolist() == [0.0] * 400
    assert found.duplicates.tolist() == [100, 300]
    assert [group.tolist() for group in found.groups()] == [[7, 100, 300]]


@pytest.mark.parametrize("few", [False, True], ids=["pairs", "chunks"])
def test_only_multiples_are_at_a_cosine_distance_of_zero(few: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not rows that 1 less the cosine cannot tell apart, such as one with another last bit."""
    if few:
        monkeypatch.setattr(module, "_FEW_PAIRS", 0)
        monkeypatch.setattr(module, "_PAIRS_A_ROW", 0)
        monkeypatch.setattr(module, "_CHUNK", 16)
    X = data.noise(60, 33).astype(np.float32)
    X[10], X[20], X[30] = 4 * X[5], -X[5], X[5]
    X[30, 7] = np.nextafter(X[5, 7], np.float32(np.inf))
    found = quality.near_duplicates(X, threshold=0.0)
    assert found.duplicates.tolist() == [10]
    assert found.distances.tolist() == [0.0] * 60
    x, y = X[[5, 30]].astype(np.longdouble)
    apart = float(np.square(x / np.sqrt(x @ x) - y / np.sqrt(y @ y)).sum() / 2)
    assert 0 < apart < 1e-13
    found = quality.near_duplicates(X, threshold=1.01 * apart)
    assert found.duplicates.tolist() == [10, 30]
    assert found.distances[30] == pytest.approx(apart, rel=1e-6)
    assert quality.near_duplicates(X, threshold=0.99 * apart).duplicates.tolist() == [10]
    assert quality.near_duplicates(X, fraction=2 / 60).duplicates.tolist() == [10, 30]
    leaks = quality.leaks(X[:10], X[10:], 0.0)
    assert (leaks.train.tolist(), leaks.test.tolist()) == ([5], [0])


@pytest.mark.parametrize("metric", METRICS)
def test_a_chain_is_no_group(metric: Any) -> None:
    """Each row is near the next, but the last is far from the first: what is dropped lies near what is kept."""
    X = np.stack([np.arange(10.0) / 40, np.ones(10)], axis=1)
    step = reference.distances(X[:1], X[1:2], metric)[0, 0] * 1.01
    found = quality.near_duplicates(X, threshold=float(step), metric=metric)
    assert found.keep.tolist() == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("few", [False, True], ids=["pairs", "chunks"])
def test_fraction(metric: Any, few: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if few:
        monkeypatch.setattr(module, "_FEW_PAIRS", 0)
        monkeypatch.setattr(module, "_PAIRS_A_ROW", 0)
        monkeypatch.setattr(module, "_CHUNK", 32)
    for make in (data.near_copies, data.noise, data.clusters, data.copies, data.all_equal, data.whole_numbers):
        X = make(150, 6)
        for fraction in (0.004, 0.1, 0.5, 0.9):
            wanted = int(np.ceil(fraction * 150))
            found = quality.near_duplicates(X, fraction=fraction, metric=metric)
            assert len(found.duplicates) >= wanted
            same = quality.near_duplicates(X, threshold=found.threshold, metric=metric)
            np.testing.assert_array_equal(same.representative, found.representative)
            if found.threshold > 0:
                less = quality.near_duplicates(X, threshold=found.threshold * (1 - 1e-5), metric=metric)
                assert len(less.duplicates) < wanted


def test_fraction_of_noise_drops_just_so_many() -> None:
    found = quality.near_duplicates(data.noise(1000, 8), fraction=0.05)
    assert len(found.duplicates) == 50


def test_a_set_of_one_image_takes_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """All pairs of 30,000 rows would be 450 million."""
    X = np.full((30_000, 3), 0.3, np.float32)
    assert len(quality.near_duplicates(X, threshold=0.1).keep) == 1
    X += 1e-4 * data.noise(30_000, 3).astype(np.float32)  # no two are equal
    monkeypatch.setattr(module, "_FEW_PAIRS", 1 << 16)
    monkeypatch.setattr(module, "_PAIRS_A_ROW", 1)
    assert quality.near_duplicates(X, threshold=0.1).keep.tolist() == [0]


def test_few_samples() -> None:
    for fraction in (0.1, 0.9):
        assert quality.near_duplicates(np.empty((0, 3)), fraction=fraction).keep.shape == (0,)
        assert quality.near_duplicates(np.ones((1, 3)), fraction=fraction).keep.tolist() == [0]
        assert quality.near_duplicates(np.eye(2), fraction=fraction).keep.tolist() == [0]
    assert quality.near_duplicates(np.empty((0, 3)), threshold=1.0).groups() == []


def test_the_input_is_not_changed() -> None:
    X = data.zero_rows(100, 8)
    before = X.tobytes()
    quality.near_duplicates(X, threshold=0.1)
    quality.near_duplicates(X, fraction=0.1, metric="euclidean")
    assert X.tobytes() == before


def test_levels_and_threads(isa: str, threads: int) -> None:
    X = data.near_copies(1500, 40).astype(np.float32)
    found = quality.near_duplicates(X, threshold=1e-3)
    if not _kept:
        _kept.append(found)
    np.testing.assert_array_equal(found.representative, _kept[0].representative)
    np.testing.assert_array_equal(found.distances, _kept[0].distances)
    assert 900 < len(found.duplicates) <= 1000


_kept: list[Any] = []


def test_interop(framework: Any) -> None:
    X = data.near_copies(90, 5)
    found = quality.near_duplicates(framework.array(X, "float32"), threshold=1e-3)
    for array in (found.representative, found.distances, found.keep, found.duplicates, *found.groups()):
        assert framework.owns(array)
    assert found.duplicates.tolist() == quality.near_duplicates(X.astype("f4"), threshold=1e-3).duplicates.tolist()


@pytest.mark.parametrize("metric", METRICS)
def test_leaks(metric: Any) -> None:
    for make in HARD.values():
        X = make(140, 5)
        train, test = X[:100], X[80:]
        for threshold in thresholds(X, metric)[:3]:
            found = quality.leaks(train, test, threshold, metric=metric)
            wanted = reference.leaks(train, test, threshold, metric)
            assert len(found) == len(wanted)
            # Distances that differ by rounding only may stand in either order.
            assert sorted(zip(found.train, found.test, strict=True)) == sorted((i, j) for i, j, _ in wanted)
            np.testing.assert_allclose(found.distances, [d for _, _, d in wanted], rtol=1e-9, atol=1e-12)
            assert (np.diff(found.test) >= 0).all()


def test_leaks_are_refused_where_they_are_beyond_number(monkeypatch: pytest.MonkeyPatch) -> None:
    from burnish.quality import _leaks

    monkeypatch.setattr(_leaks, "_FEW_PAIRS", 1000)
    for value in (1.0, 0.0):
        X = np.full((200, 2), value)
        with pytest.raises(ValueError, match=r"leaks: more than 25600 pairs .* a smaller 'threshold'"):
            quality.leaks(X, X, 0.0)


def test_nothing_leaks() -> None:
    found = quality.leaks(np.eye(3), np.empty((0, 3)), 0.5)
    assert len(found) == 0
    assert len(quality.leaks(np.empty((0, 3)), np.eye(3), 0.5)) == 0
