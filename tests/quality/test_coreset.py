# SPDX-License-Identifier: Apache-2.0
"""The greedy rule, exactly: the farthest row again and again, the lowest of equally far ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import embeddings_data as data
import numpy as np
import pytest
from burnish import quality
from burnish.quality._coreset import farthest_first
from embeddings_data import HARD, METRICS
from reference import embeddings as reference
from reference import neighbors


def follows_the_rule(X: Any, chosen: Any, metric: str, selected: list[int]) -> None:
    """Each chosen row is as far from those before as any, but for rounding, and the lowest of those exactly as far."""
    every = reference.distances(X, X, metric)
    before = list(selected)
    for row in np.asarray(chosen).tolist():
        if before:
            nearest = every[before].min(axis=0)
            nearest[before] = -1
            assert row not in before
            assert nearest[row] >= nearest.max() * (1 - 1e-9) - 1e-11
        before.append(row)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("make", HARD.values(), ids=HARD.keys())
def test_hard_data(make: Callable[[int, int], Any], dtype: str, metric: Any) -> None:
    for n, d in ((90, 3), (200, 40), (131, 1)):
        X = make(n, d).astype(dtype)
        for selected in ([], [5], [9, 3, 9, 77]):
            k = min(n // 2, 60)
            found = quality.coreset(X, k, metric=metric, selected=selected)
            assert len(np.unique(found)) == k
            follows_the_rule(X, found, metric, selected)
            shorter = quality.coreset(X, k // 2, metric=metric, selected=selected)
            np.testing.assert_array_equal(shorter, found[: k // 2])


def test_ties_go_to_the_lowest_index() -> None:
    """Squares of whole numbers are exact, so the plain rule gives the same rows."""
    for n, d in ((300, 2), (200, 30)):
        X = data.whole_numbers(n, d)
        squares = neighbors.keys_in_order(X, X, "euclidean")
        for selected in ([4], [0, 17]):
            chosen = list(selected)
            while len(chosen) < n // 2:
                nearest = squares[chosen].min(axis=0)
                nearest[chosen] = -1
                chosen.append(int(nearest.argmax()))
            found = quality.coreset(X, n // 2 - len(selected), selected=selected)
            assert found.tolist() == chosen[len(selected) :]


def test_starts_near_the_mean() -> None:
    X = data.noise(200, 7)
    assert quality.coreset(X, 1)[0] == reference.distances(X.mean(axis=0)[None], X, "euclidean").argmin()


def test_all_rows_and_none() -> None:
    X = data.clusters(70, 5)
    assert sorted(quality.coreset(X, 70).tolist()) == list(range(70))
    assert quality.coreset(X, 0).shape == (0,)
    assert sorted(quality.coreset(X, 67, selected=[1, 2, 3])) == [0, *range(4, 70)]
    assert quality.coreset(np.empty((0, 4)), 0).shape == (0,)
    assert quality.coreset(data.all_equal(150, 4), 100).tolist() == list(range(100))


def test_largest_gap_is_at_most_twice_the_smallest_possible() -> None:
    """Nine tight clouds: nine centers must reach into each."""
    X = data.clusters(900, 12)
    chosen = quality.coreset(X, 9)
    assert reference.distances(X, X[chosen], "euclidean").min(axis=1).max() < 4


def test_distances_are_those_at_the_time_of_choice() -> None:
    X = data.clusters(300, 20)
    chosen, distances = farthest_first("coreset", X, 40, "euclidean", np.empty(0, np.int64))
    assert np.isinf(distances[0])
    for i in range(1, 40):
        wanted = reference.distances(X[chosen[i]][None], X[chosen[:i]], "euclidean").min()
        assert distances[i] == pytest.approx(wanted, rel=1e-12)
    assert (np.diff(distances) <= 0).all()


def test_levels_and_threads(isa: str, threads: int) -> None:
    for metric in METRICS:
        X = data.clusters(2500, 40).astype(np.float32)
        found = quality.coreset(X, 80, metric=metric)
        np.testing.assert_array_equal(found, _kept.setdefault(metric, found))


_kept: dict[str, Any] = {}


def test_interop(framework: Any) -> None:
    X = framework.array(data.clusters(90, 5), "float32")
    found = quality.coreset(X, 10, selected=framework.array([3, 4]))
    assert framework.owns(found)
    assert quality.coreset(X[::2], 5).tolist() == quality.coreset(np.ascontiguousarray(np.asarray(X)[::2]), 5).tolist()
    assert found.tolist() == quality.coreset(np.asarray(X), 10, selected=[3, 4]).tolist()


# ---- hard and diverse ----


def test_sample_of_the_hardest_is_the_hardest() -> None:
    X, scores = data.noise(200, 4), data.noise(1, 200)[0]
    found = quality.sample(scores, X, 10, beta=1)
    assert found[0] == scores.argmax()
    assert sorted(found) == sorted(np.argsort(-scores)[:10])


@pytest.mark.parametrize("metric", METRICS)
def test_sample_follows_the_rule(metric: Any) -> None:
    X, scores = data.clusters(400, 9), data.noise(1, 400)[0]
    candidates = np.argsort(-scores, kind="stable")[:60]
    chosen = reference.coreset(X[candidates], 20, metric, [], first=0)
    np.testing.assert_array_equal(quality.sample(scores, X, 20, beta=3, metric=metric), candidates[chosen])


def test_sample_is_spread() -> None:
    """The hardest samples all repeat one image; the sample holds it once."""
    X, scores = data.clusters(300, 6), np.linspace(0, 0.5, 300)
    X[:40], scores[:40] = X[0], 0.9
    found = quality.sample(scores, X, 10)
    assert (found < 40).sum() == 1


def test_sample_by_class_is_in_proportion() -> None:
    X, scores = data.clusters(300, 6), data.noise(1, 300)[0]
    labels = np.repeat([7, 2, 4], [200, 90, 10])
    found = quality.sample(scores, X, 30, labels)
    assert np.unique(labels[found], return_counts=True)[1].tolist() == [9, 1, 20]
    for label in (2, 4, 7):
        assert scores[found][labels[found] == label].max() == scores[labels == label].max()
    assert quality.sample(scores, X, 0, labels).shape == (0,)
    assert sorted(quality.sample(scores, X, 300, labels)) == list(range(300))
    assert quality.sample(np.empty(0), np.empty((0, 2)), 0, np.empty(0, int)).shape == (0,)


def test_sample_leaves_what_has_no_score_to_the_last() -> None:
    X, scores = data.clusters(100, 6), np.full(100, np.nan)
    scores[[3, 50]] = 0.1, 0.2
    assert quality.sample(scores, X, 2, beta=1).tolist() == [50, 3]


# ---- typical ----


def test_representativeness_is_high_near_the_center() -> None:
    pytest.importorskip("sklearn")
    X = data.clusters(900, 8)
    found = quality.representativeness(X, 9, metric="euclidean")
    assert ((found > 0) & (found <= 1)).all()
    from sklearn.cluster import KMeans

    centers = KMeans(9, n_init=1, random_state=0).fit(X).cluster_centers_
    distances = reference.distances(X, centers, "euclidean").min(axis=1)
    assert np.corrcoef(found, distances)[0, 1] < -0.9
    np.testing.assert_allclose(found, distances.mean() / (distances.mean() + distances), rtol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_representativeness_of_few_or_equal_samples(metric: Any) -> None:
    pytest.importorskip("sklearn")
    assert quality.representativeness(np.empty((0, 3)), metric=metric).shape == (0,)
    assert quality.representativeness(data.noise(5, 3), metric=metric).tolist() == [1.0] * 5
    assert quality.representativeness(data.all_equal(50, 3), metric=metric) == pytest.approx([1.0] * 50)


def test_representativeness_interop(framework: Any) -> None:
    pytest.importorskip("sklearn")
    X = data.clusters(60, 5)
    before = X.copy()
    found = quality.representativeness(framework.array(X), 3)
    assert framework.owns(found)
    np.testing.assert_allclose(np.asarray(found), quality.representativeness(X, 3), rtol=1e-9)
    np.testing.assert_array_equal(X, before)
