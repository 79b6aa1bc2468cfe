# SPDX-License-Identifier: Apache-2.0
"""What must hold of every set of embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import quality
from reference import embeddings as reference

hypothesis = pytest.importorskip("hypothesis")
st = pytest.importorskip("hypothesis.strategies")
numpy_strategies = pytest.importorskip("hypothesis.extra.numpy")

ROWS = numpy_strategies.arrays(
    np.float64,
    st.tuples(st.integers(1, 90), st.integers(1, 30)),
    elements=st.sampled_from([0.0, -0.0, 1.0, -2.0, 0.5, 3.0]),
)
METRICS = st.sampled_from(["cosine", "euclidean"])


@hypothesis.given(ROWS, METRICS, st.sampled_from([0.0, 0.03, 0.4, 1.3, 9.0]))
def test_kept_rows_lie_apart_and_dropped_ones_near_them(X: Any, metric: Any, threshold: float) -> None:
    found = quality.near_duplicates(X, threshold=threshold, metric=metric)
    every = reference.distances(X, X, metric)
    kept = found.keep
    among = every[np.ix_(kept, kept)] + np.where(np.eye(len(kept)), np.inf, 0)
    assert (among > threshold * (1 - 1e-12)).all()
    assert (every[np.arange(len(X)), found.representative] <= threshold * (1 + 1e-12) + 1e-14).all()
    assert (found.representative <= np.arange(len(X))).all()
    assert len(kept) + len(found.duplicates) == len(X)


@hypothesis.given(ROWS, METRICS)
def test_uniqueness_is_zero_just_for_duplicates(X: Any, metric: Any) -> None:
    found = quality.uniqueness(X, metric=metric)
    repeats = quality.near_duplicates(X, threshold=0.0, metric=metric)
    in_groups = np.concatenate([*repeats.groups(), np.empty(0, int)]).astype(int)
    np.testing.assert_array_equal(np.flatnonzero(found == 0), np.sort(in_groups))
    assert (found <= 1).all()


@hypothesis.given(ROWS, METRICS, st.integers(0, 2**32 - 1))
def test_order_of_rows_does_not_matter(X: Any, metric: Any, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(X))
    if metric == "cosine" or len(X) < 2:  # the scale of the other comes from the rows in order, where they are many
        np.testing.assert_array_equal(quality.uniqueness(X[order]), quality.uniqueness(X)[order])
    if len(X) > 2:
        found = quality.outliers(X[order], 2, metric=metric)
        np.testing.assert_array_equal(found, quality.outliers(X, 2, metric=metric)[order])


@hypothesis.given(ROWS, METRICS, st.integers(0, 90))
def test_coreset_covers(X: Any, metric: Any, k: int) -> None:
    """Gaps shrink as more are chosen, and each row is chosen once."""
    k = min(k, len(X))
    chosen = quality.coreset(X, k, metric=metric)
    assert len(np.unique(chosen)) == k
    if k == 0:
        return
    every = reference.distances(X, X, metric)
    gaps = [every[chosen[: i + 1]].min(axis=0).max() for i in range(k)]
    assert (np.diff(gaps) <= 1e-12).all()
