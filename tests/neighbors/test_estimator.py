# SPDX-License-Identifier: Apache-2.0
"""`NearestNeighbors` answers as scikit-learn's does, and goes where that goes."""

from __future__ import annotations

import pickle
from typing import Any

import neighbors_data as data
import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from burnish.neighbors import NearestNeighbors, kneighbors
from scipy import sparse
from sklearn import neighbors as theirs
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

METRICS = ("euclidean", "manhattan", "cosine", "sqeuclidean")


def both(X: Any, metric: str = "euclidean", **options: Any) -> tuple[Any, Any]:
    """Ours and scikit-learn's, fitted."""
    return (
        NearestNeighbors(metric=metric, **options).fit(X),
        theirs.NearestNeighbors(metric=metric, algorithm="brute", **options).fit(X),
    )


def same_lists(found: Any, wanted: Any, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-7, atol=tolerance)
    np.testing.assert_array_equal(found[1], wanted[1])
    assert [each.dtype for each in found] == [np.float64, np.int64]


# ---- lists ----


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("d", [2, 9, 40])
def test_kneighbors(d: int, metric: str) -> None:
    X, queries = data.clusters(300, d), data.clusters(70, d, seed=1)
    mine, their = both(X, metric, n_neighbors=6)
    same_lists(mine.kneighbors(), their.kneighbors())
    same_lists(mine.kneighbors(queries), their.kneighbors(queries))
    same_lists(mine.kneighbors(queries, 3), their.kneighbors(queries, 3))
    same_lists(mine.kneighbors(None, n_neighbors=299), their.kneighbors(None, n_neighbors=299))
    same_lists(mine.kneighbors(queries, 300), their.kneighbors(queries, 300))
    np.testing.assert_array_equal(
        mine.kneighbors(queries, return_distance=False), their.kneighbors(queries, return_distance=False)
    )
    found = mine.kneighbors(X)  # a query that was fitted is its own first neighbor
    np.testing.assert_array_equal(found[1][:, 0], np.arange(300))
    np.testing.assert_allclose(found[0][:, 0], 0, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8", "float16"])
def test_dtypes(dtype: str) -> None:
    X = (40 + 5 * data.clusters(200, 3)).clip(0, 120).astype(dtype)
    queries = X[:50]
    mine = NearestNeighbors(n_neighbors=4).fit(X)
    expected = kneighbors(queries.astype(np.float64), 4, X.astype(np.float64))
    same_lists(mine.kneighbors(queries), expected, 0)
    same_lists(mine.kneighbors(queries.astype(np.float64)), expected, 0)
    same_lists(mine.kneighbors(queries.tolist()), expected, 0)


def test_queries_of_more_digits_than_the_rows() -> None:
    """Rows of float32 are searched for queries of float64 as they are: no digit of a query is lost."""
    X = data.clusters(300, 3).astype(np.float32)
    queries = X[:40].astype(np.float64) + 1e-9 * data.noise(40, 3)
    found = NearestNeighbors(n_neighbors=2).fit(X).kneighbors(queries)
    same_lists(found, kneighbors(queries, 2, X.astype(np.float64)), 0)


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.coo_matrix])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_sparse_rows(metric: str, form: Any) -> None:
    X = data.sparse_like(200, 30) + np.where(data.noise(200, 30) > 1.5, data.noise(200, 30), 0)
    mine = NearestNeighbors(n_neighbors=5, metric=metric).fit(form(X))
    same_lists(mine.kneighbors(), kneighbors(X, 5, metric=metric), 0)
    same_lists(mine.kneighbors(form(X[:20])), kneighbors(X[:20], 5, X, metric=metric), 0)
    same_lists(mine.kneighbors(X[:20]), kneighbors(X[:20], 5, X, metric=metric), 0)


@pytest.mark.parametrize("sort_results", [False, True])
@pytest.mark.parametrize("metric", METRICS)
def test_radius_neighbors(metric: str, sort_results: bool) -> None:
    X, queries = data.clusters(300, 4), data.clusters(60, 4, seed=1)
    radius = float(np.quantile(kneighbors(X, 20, metric=metric)[0], 0.4))
    mine, their = both(X, metric, radius=radius)
    for given in (None, queries, X[:10]):
        found = mine.radius_neighbors(given, sort_results=sort_results)
        wanted = their.radius_neighbors(given, sort_results=True)
        assert [each.dtype for each in found] == [object, object]
        for row in range(len(wanted[0])):
            # Theirs comes from inner products: where ours is 0, it is the root of a rounding error.
            same_lists([each[row] for each in found], [each[row] for each in wanted], 1e-6)
        indices = mine.radius_neighbors(given, return_distance=False)
        for row in range(len(indices)):
            np.testing.assert_array_equal(indices[row], found[1][row])
    assert sum(len(each) for each in mine.radius_neighbors(None, 0.0, return_distance=False)) == 0
    wide = mine.radius_neighbors(queries, 2 * radius, return_distance=False)
    assert sum(map(len, wide)) > sum(map(len, mine.radius_neighbors(queries, return_distance=False)))


@pytest.mark.parametrize("mode", ["connectivity", "distance"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_graphs(metric: str, mode: Any) -> None:
    X, queries = data.clusters(200, 4), data.clusters(60, 4, seed=1)
    mine, their = both(X, metric, n_neighbors=4, radius=1.5)
    for given in (None, queries, X):
        for found, wanted in (
            (mine.kneighbors_graph(given, mode=mode), their.kneighbors_graph(given, mode=mode)),
            (mine.kneighbors_graph(given, 7, mode=mode), their.kneighbors_graph(given, 7, mode=mode)),
            (mine.radius_neighbors_graph(given, mode=mode), their.radius_neighbors_graph(given, mode=mode)),
            (mine.radius_neighbors_graph(given, 2.5, mode=mode), their.radius_neighbors_graph(given, 2.5, mode=mode)),
        ):
            assert sparse.issparse(found)
            assert found.format == "csr"
            assert found.shape == wanted.shape
            assert found.dtype == wanted.dtype
            assert found.nnz == wanted.nnz
            np.testing.assert_allclose(found.toarray(), wanted.toarray(), atol=1e-6)
    with pytest.raises(ValueError, match="mode"):
        mine.kneighbors_graph(mode="length")
    with pytest.raises(ValueError, match="mode"):
        mine.radius_neighbors_graph(mode="length")


# ---- as an estimator ----


def test_parameters_and_clone() -> None:
    mine = NearestNeighbors(n_neighbors=7, radius=2.0, metric="cosine", n_jobs=3)
    assert mine.get_params() == {"n_neighbors": 7, "radius": 2.0, "metric": "cosine", "n_jobs": 3}
    assert clone(mine).get_params() == mine.get_params()
    assert NearestNeighbors().get_params() == {"n_neighbors": 5, "radius": 1.0, "metric": "euclidean", "n_jobs": None}
    assert mine.set_params(n_neighbors=2).n_neighbors == 2
    assert "n_neighbors=2" in repr(mine)


def test_fitted_attributes() -> None:
    X = data.clusters(50, 3)
    mine = NearestNeighbors(metric="manhattan")
    assert mine.fit(X) is mine
    assert (mine.n_features_in_, mine.n_samples_fit_, mine.effective_metric_) == (3, 50, "manhattan")
    again = mine.fit(X[:20, :2])
    assert (again.n_features_in_, again.n_samples_fit_) == (2, 20)


def test_pickle() -> None:
    mine = NearestNeighbors(n_neighbors=3).fit(data.clusters(50, 3))
    same_lists(pickle.loads(pickle.dumps(mine)).kneighbors(), mine.kneighbors(), 0)


def test_data_frames() -> None:
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(data.clusters(60, 3), columns=["a", "b", "c"])
    mine = NearestNeighbors(n_neighbors=3).fit(X)
    assert mine.feature_names_in_.tolist() == ["a", "b", "c"]
    same_lists(mine.kneighbors(X), kneighbors(X.to_numpy(), 3, X.to_numpy()), 0)
    with pytest.raises(ValueError, match="feature names"):
        mine.kneighbors(X[["c", "b", "a"]])


@pytest.mark.parametrize("name", ["kneighbors", "radius_neighbors", "kneighbors_graph", "radius_neighbors_graph"])
def test_before_fit(name: str) -> None:
    with pytest.raises(NotFittedError):
        getattr(NearestNeighbors(), name)(data.noise(5, 2))


def test_refused_like_scikit_learn() -> None:
    X = data.noise(10, 3)
    mine, their = both(X)
    for call in (
        lambda each: each.kneighbors(n_neighbors=10),
        lambda each: each.kneighbors(X, 11),
        lambda each: each.kneighbors(X, 0),
        lambda each: each.kneighbors(X, -1),
        lambda each: each.kneighbors(X, 2.5),
        lambda each: each.kneighbors(X[:, :2]),
        lambda each: each.kneighbors(X[0]),
        lambda each: each.kneighbors(np.full((2, 3), np.nan)),
        lambda each: each.fit(np.full((2, 3), np.inf)),
        lambda each: each.fit([["a", "b"]]),
        lambda each: clone(each).set_params(n_neighbors=0).fit(X),
        lambda each: clone(each).set_params(n_neighbors=1.5).fit(X),
        lambda each: clone(each).set_params(radius=-1).fit(X),
        lambda each: clone(each).set_params(metric="no such").fit(X),
    ):
        with pytest.raises((TypeError, ValueError)) as wanted:
            call(their)
        with pytest.raises(type(wanted.value)):
            call(mine)
    with pytest.raises(ValueError, match="n_samples_fit = 10"):
        mine.kneighbors(n_neighbors=10)


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([NearestNeighbors(n_neighbors=2), NearestNeighbors(metric="cosine")])
def test_estimator_checks(estimator: Any, check: Any) -> None:
    check(estimator)


# ---- where scikit-learn's goes ----


def test_inside_imblearn() -> None:
    over_sampling = pytest.importorskip("imblearn.over_sampling", reason="imbalanced-learn is not installed")
    under_sampling = pytest.importorskip("imblearn.under_sampling")
    X, y = data.clusters(300, 4), np.repeat([0, 1, 2], [200, 60, 40])
    six, eleven = NearestNeighbors(n_neighbors=6), NearestNeighbors(n_neighbors=11)
    for plain, given in (
        (over_sampling.SMOTE(random_state=0), over_sampling.SMOTE(random_state=0, k_neighbors=six)),
        (over_sampling.ADASYN(random_state=0), over_sampling.ADASYN(random_state=0, n_neighbors=six)),
        (
            over_sampling.BorderlineSMOTE(random_state=0),
            over_sampling.BorderlineSMOTE(random_state=0, k_neighbors=six, m_neighbors=eleven),
        ),
        (
            under_sampling.EditedNearestNeighbours(),
            under_sampling.EditedNearestNeighbours(n_neighbors=NearestNeighbors(n_neighbors=4)),
        ),
        (
            under_sampling.NearMiss(),
            under_sampling.NearMiss(n_neighbors=NearestNeighbors(n_neighbors=3)),
        ),
    ):
        wanted, found = plain.fit_resample(X, y), given.fit_resample(X, y)
        np.testing.assert_array_equal(found[0], wanted[0])
        np.testing.assert_array_equal(found[1], wanted[1])


def test_in_pipelines() -> None:
    X, y = load_wine(return_X_y=True)
    graph = make_pipeline(StandardScaler(), NearestNeighbors(n_neighbors=3)).fit(X, y)
    scaled = StandardScaler().fit_transform(X)
    same_lists(graph[-1].kneighbors(), theirs.NearestNeighbors(n_neighbors=3).fit(scaled).kneighbors())
    from sklearn.manifold import Isomap
    from sklearn.neighbors import KNeighborsClassifier

    digits = load_digits()
    distances = NearestNeighbors(n_neighbors=6).fit(digits.data).kneighbors_graph(digits.data, 6, mode="distance")
    votes = KNeighborsClassifier(n_neighbors=6, metric="precomputed").fit(distances, digits.target)
    plain = KNeighborsClassifier(n_neighbors=6).fit(digits.data, digits.target)
    assert votes.score(distances, digits.target) == pytest.approx(plain.score(digits.data, digits.target), abs=2e-3)
    sample = scaled[:100]
    square = NearestNeighbors().fit(sample).kneighbors_graph(sample, 9, mode="distance")  # its own rows included
    found = Isomap(n_neighbors=8, metric="precomputed").fit_transform(square)
    wanted = Isomap(n_neighbors=8).fit_transform(sample)
    np.testing.assert_allclose(np.abs(found), np.abs(wanted), atol=1e-6)
