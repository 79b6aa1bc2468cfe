# SPDX-License-Identifier: Apache-2.0
"""Uniqueness counts the nearest neighbor, and is on one scale for every set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import embeddings_data as data
import numpy as np
import pytest
from burnish import quality
from burnish.quality._uniqueness import _scale
from embeddings_data import HARD, METRICS
from reference import embeddings as reference


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("make", HARD.values(), ids=HARD.keys())
def test_against_all_distances(make: Callable[[int, int], Any], metric: Any) -> None:
    for n, d in ((2, 3), (3, 3), (150, 3), (203, 40)):
        X = make(n, d)
        found = quality.uniqueness(X, metric=metric)
        assert found.dtype == np.float64
        assert ((found >= 0) & (found <= 1)).all()
        wanted = reference.uniqueness(X, metric, _scale(X) or 1.0)
        # The cosine distance of near rows is what cancellation leaves of 1e-16; its root is of 1e-8.
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-7 if metric == "cosine" else 1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_an_exact_pair_of_duplicates_scores_zero(metric: Any) -> None:
    X = data.noise(500, 64).astype(np.float32)
    X[400] = X[3]
    found = quality.uniqueness(X, metric=metric)
    assert found[[3, 400]].tolist() == [0, 0]
    assert np.flatnonzero(found == 0).tolist() == [3, 400]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("value", [0.0, 0.1, -7.0])
def test_a_set_of_one_image_scores_zero(metric: Any, value: float) -> None:
    assert not quality.uniqueness(np.full((300, 7), value, np.float32), metric=metric).any()


def test_rows_of_one_direction_are_duplicates_for_the_cosine() -> None:
    X = data.noise(50, 9)
    X[7] = 3 * X[20]
    assert np.flatnonzero(quality.uniqueness(X) == 0).tolist() == [7, 20]
    assert quality.uniqueness(X, metric="euclidean").all()


@pytest.mark.parametrize("metric", METRICS)
def test_the_input_is_not_changed(metric: Any) -> None:
    X = data.noise(100, 8) + 5
    before = X.copy()
    quality.uniqueness(X, metric=metric)
    np.testing.assert_array_equal(X, before)
    X.flags.writeable = False
    quality.uniqueness(X, metric=metric)


@pytest.mark.parametrize("metric", METRICS)
def test_one_scale_however_many_there_are(metric: Any) -> None:
    """Nothing is divided by the largest of the set: of more samples of one population all are less unique."""
    found = {}
    for n in (40, 20_000):
        angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
        found[n] = quality.uniqueness(np.stack([np.cos(angle), np.sin(angle)], axis=1), metric=metric)
        assert found[n] == pytest.approx(found[n][0], rel=1e-6)
    assert 0.05 < found[40][0] < 0.15
    assert found[20_000][0] == pytest.approx(found[40][0] / 500, rel=0.25)  # d / (d + s) bends


@pytest.mark.parametrize("metric", METRICS)
def test_an_outlier_does_not_rescale_the_others(metric: Any) -> None:
    X = data.noise(1000, 8)
    before = quality.uniqueness(X, metric=metric)
    X[0] *= 1e6
    np.testing.assert_allclose(quality.uniqueness(X, metric=metric)[1:], before[1:], rtol=0.1)


@pytest.mark.parametrize("metric", METRICS)
def test_no_jump_where_a_set_grows(metric: Any) -> None:
    """One formula for every N: 15,000 samples and one more score alike."""
    X = data.clusters(15_001, 6).astype(np.float32)
    fewer, more = quality.uniqueness(X[:15_000], metric=metric), quality.uniqueness(X, metric=metric)
    changed = np.abs(more[:15_000] - fewer) > 1e-3 * fewer
    assert changed.sum() < 50


def test_few_samples() -> None:
    assert quality.uniqueness(np.empty((0, 3))).shape == (0,)
    assert quality.uniqueness([[1.0, 2.0]]).tolist() == [1.0]
    assert quality.uniqueness([[1.0, 0.0], [-1.0, 0.0]]).tolist() == [1.0, 1.0]
    assert quality.uniqueness([[1.0, 0.0], [0.0, 1.0]]) == pytest.approx([np.sqrt(0.5)] * 2)


def test_levels_and_threads(isa: str, threads: int) -> None:
    X = data.clusters(1000, 40).astype(np.float32)
    np.testing.assert_array_equal(quality.uniqueness(X), _once(1000, 40))


_kept: dict[tuple[int, int], Any] = {}


def _once(n: int, d: int) -> Any:
    if (n, d) not in _kept:
        _kept[n, d] = quality.uniqueness(data.clusters(n, d).astype(np.float32))
    return _kept[n, d]


def test_interop(framework: Any) -> None:
    X = data.clusters(60, 5)
    for dtype in ("float32", "float64", "float16"):
        found = quality.uniqueness(framework.array(X, dtype))
        assert framework.owns(found)
        assert framework.dtype(found) == "float64"
        wanted = quality.uniqueness(np.asarray(framework.array(X, dtype)).astype(np.float64))
        np.testing.assert_allclose(np.asarray(found), wanted, atol=1e-6)
    assert framework.owns(quality.uniqueness(framework.array([[1.0, 2.0]])))


@pytest.mark.parametrize("metric", METRICS)
def test_outliers(metric: Any) -> None:
    for make in HARD.values():
        X = make(120, 6)
        np.testing.assert_allclose(
            quality.outliers(X, 4, metric=metric), reference.others(X, metric)[:, 3], rtol=1e-9, atol=1e-12
        )
        every = np.sort(reference.distances(X[:30], X[20:], metric), axis=1)
        found = quality.outliers(X[:30], 7, X[20:], metric=metric)
        np.testing.assert_allclose(found, every[:, 6], rtol=1e-9, atol=1e-12)


def test_outliers_find_what_was_put_aside() -> None:
    X = data.clusters(300, 16)
    X[[5, 250]] += 40
    assert set(np.argsort(quality.outliers(X, 5, metric="euclidean"))[-2:]) == {5, 250}
