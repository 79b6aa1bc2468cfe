# SPDX-License-Identifier: Apache-2.0
"""Masks, gaps and mixed kinds are refused, and more neighbors than a search keeps are exact."""

from __future__ import annotations

import burnish.balance as balance
import numpy as np
import pytest
from burnish.balance._search import nearest
from burnish.neighbors import NeighborGraph, kneighbors
from scipy import sparse

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = np.repeat([0, 1], [28, 12])


@pytest.mark.parametrize(
    "call",
    [
        lambda: kneighbors(np.ma.masked_array(X, X > 0), 1),
        lambda: balance.interpolate(np.ma.masked_array(X, X > 0), [0], [1], [0.5]),
        lambda: balance.interpolate(X, np.ma.masked_array([0], [True]), [1], [0.5]),
        lambda: balance.class_weight(np.ma.masked_array(Y, Y > 0)),
        lambda: balance.SMOTE().fit_resample(np.ma.masked_array(X, X > 1), Y),
        lambda: balance.SMOTE().fit_resample(X, np.ma.masked_array(Y, Y > 0)),
        lambda: balance.RandomOverSampler().fit_resample(np.ma.masked_array(X, X > 1), Y),
    ],
)
def test_masked_arrays_are_refused(call):
    with pytest.raises(TypeError, match="is a masked array"):
        call()


@pytest.mark.parametrize(
    "labels",
    [
        [1.0, np.nan, 1.0],
        [1, None, 1],
        np.array(["2020", "NaT", "2021"], "M8[D]"),
        np.array(["a", np.nan, "b"], object),
    ],
)
def test_gaps_in_labels_are_refused(labels):
    for call in (balance.class_weight, balance.sample_weight, lambda y: balance.balanced_batches(y, 2, 0)):
        with pytest.raises(ValueError, match="no label in row 1; accepted: labels without gaps"):
            call(labels)


def test_labels_of_different_kinds_do_not_become_strings():
    with pytest.raises(TypeError, match="labels of different kinds cannot be sorted: int, str"):
        balance.class_weight([1, "a"])


def test_a_row_of_no_class_is_refused():
    one_hot = np.eye(2, dtype=int)[Y]
    one_hot[3] = 0
    with pytest.raises(ValueError, match="marks no class in row 3"):
        balance.SMOTE().fit_resample(X, one_hot)


def test_graphs_refuse_descending_unsigned_rows():
    graph = NeighborGraph.build(X, 1)
    for keep in (np.array([5, 3], np.uint8), np.array([7, 3, 9], np.uint64)):
        with pytest.raises(ValueError, match="ascending"):
            graph.subset(keep)


def test_more_neighbors_than_a_search_keeps_are_exact_far_from_the_origin():
    far = 1e6 + 1e-2 * RNG.standard_normal((1100, 3))
    squares = ((far[:, None] - far[None]) ** 2).sum(-1)
    np.fill_diagonal(squares, np.inf)
    expected = np.argsort(squares, axis=1, kind="stable")[:, :1025]
    assert np.array_equal(nearest(far, 1025)[1], expected)
    among = nearest(far[:5], 1025, far)[1]
    assert np.array_equal(among[:, 0], np.arange(5))


def test_other_byte_orders_are_read():
    expected = balance.SMOTE(random_state=0).fit_resample(X, Y)
    given = balance.SMOTE(random_state=0).fit_resample(X.astype(">f8"), Y)
    assert np.array_equal(expected[0], given[0])


def test_sparse_input_keeps_its_order_of_columns():
    rows = sparse.csr_matrix(X)
    rows.indices[:3], rows.data[:3] = rows.indices[:3][::-1].copy(), rows.data[:3][::-1].copy()
    rows.has_sorted_indices = False
    before = rows.indices.copy()
    balance.SVMSMOTE(random_state=0, exact_counts=True).fit_resample(rows, Y)
    assert np.array_equal(rows.indices, before)
