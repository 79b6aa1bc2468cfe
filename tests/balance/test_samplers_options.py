# SPDX-License-Identifier: Apache-2.0
"""What burnish's samplers have beyond imbalanced-learn's: provenance, plans, batches, small classes, exact counts."""

from __future__ import annotations

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest
from burnish import balance
from samplers_data import INTERPOLATING, PARAMETERS, SYNTHETIC, make, three_classes
from sklearn.neighbors import NearestNeighbors


@pytest.mark.parametrize("name", INTERPOLATING)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_provenance_makes_the_rows_again(name: str, dtype: str) -> None:
    X, y = three_classes(dtype)
    sampler = make(name)
    found, found_y = sampler.fit_resample(X, y)
    made = sampler.provenance_
    assert len(made) == len(found) - len(X)
    np.testing.assert_array_equal(made.row, np.arange(len(X), len(found)))
    np.testing.assert_array_equal(made.label, found_y[len(X) :])
    np.testing.assert_array_equal(y[made.base], made.label)
    np.testing.assert_array_equal(y[made.neighbor], made.label)
    assert (made.base != made.neighbor).all()
    again = X[made.base] + made.step[:, np.newaxis] * (X[made.neighbor] - X[made.base])
    np.testing.assert_array_equal(again.astype(dtype), found[made.row])


def test_provenance_of_borderline_2() -> None:
    X, y = three_classes()
    sampler = make("BorderlineSMOTE", kind="borderline-2")
    found, _ = sampler.fit_resample(X, y)
    made = sampler.provenance_
    is_enemy = y[made.neighbor] != made.label
    assert is_enemy.any()
    assert (made.step[is_enemy] < 0.5).all()
    again = X[made.base] + made.step[:, np.newaxis] * (X[made.neighbor] - X[made.base])
    np.testing.assert_allclose(again, found[made.row], rtol=0, atol=1e-12)


def test_provenance_of_voted_rows() -> None:
    X, y = three_classes()
    nominal = make("SMOTEN")
    nominal.fit_resample(X, y)
    assert (nominal.provenance_.neighbor == -1).all()
    assert np.isnan(nominal.provenance_.step).all()
    np.testing.assert_array_equal(y[nominal.provenance_.base], nominal.provenance_.label)
    mixed = make("SMOTENC")
    found, _ = mixed.fit_resample(X, y)
    made = mixed.provenance_
    again = X[made.base] + made.step[:, np.newaxis] * (X[made.neighbor] - X[made.base])
    np.testing.assert_array_equal(again[:, 1:], found[made.row][:, 1:])


@pytest.mark.parametrize("name", ["SMOTEENN", "SMOTETomek"])
def test_provenance_of_what_cleaning_left(name: str) -> None:
    X, y = three_classes()
    sampler = make(name)
    found, found_y = sampler.fit_resample(X, y)
    made = sampler.provenance_
    again = X[made.base] + made.step[:, np.newaxis] * (X[made.neighbor] - X[made.base])
    np.testing.assert_array_equal(again, found[made.row])
    np.testing.assert_array_equal(made.label, found_y[made.row])
    others = np.delete(found, made.row, axis=0)
    assert all((row == X).all(axis=1).any() for row in others)


@pytest.mark.parametrize("name", SYNTHETIC)
@pytest.mark.parametrize("batch_size", [1, 7, 10_000])
def test_batches_are_the_synthetic_rows(name: str, batch_size: int) -> None:
    X, y = three_classes("float32")
    found, found_y = make(name).fit_resample(X, y)
    batches = list(make(name).iter_resample(X, y, batch_size=batch_size))
    assert all(len(rows) == len(labels) <= batch_size for rows, labels in batches)
    np.testing.assert_array_equal(np.concatenate([rows for rows, _ in batches]), found[len(X) :])
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in batches]), found_y[len(X) :])


def test_batches_refuse_before_the_first() -> None:
    X, y = three_classes()
    with pytest.raises(ValueError, match="'batch_size' is 0"):
        balance.SMOTE().iter_resample(X, y, batch_size=0)
    with pytest.raises(ValueError, match="contains NaN"):
        balance.SMOTE().iter_resample(np.where(X > 1, np.nan, X), y, batch_size=8)


@pytest.mark.parametrize("name", PARAMETERS)
def test_plans(name: str) -> None:
    X, y = three_classes("float32")
    sampler = make(name)
    plan = sampler.plan(y, X)
    found, found_y = sampler.fit_resample(X, y)
    after = {label: int(np.count_nonzero(found_y == label)) for label in (0, 1, 2)}
    assert plan.before == {0: 120, 1: 50, 2: 30}
    if plan.exact:
        assert plan.after == after
        assert plan.nbytes == found.nbytes
        assert plan.n_samples == len(found)
    elif sampler._sampling_type != "over-sampling":
        assert all(plan.after[label] >= after[label] for label in after) or name == "InstanceHardnessThreshold"


def test_plan_tells_before_any_work() -> None:
    plan = balance.SMOTE(sampling_strategy={"b": 10**9}).plan(["a", "a", "b"], n_features=256, dtype="float32")
    assert plan.made == {"a": 0, "b": 10**9 - 1}
    assert plan.nbytes == (10**9 + 2) * 1024
    assert balance.RandomUnderSampler().plan(["a", "a", "b"]).dropped == {"a": 1, "b": 0}
    assert "up to" in str(balance.TomekLinks().plan(["a", "a", "b"]))
    with pytest.raises(ValueError, match="more than 1 class"):
        balance.SMOTE().plan([1, 1, 1])


TINY = np.repeat([0, 1], [20, 3])


@pytest.mark.parametrize("name", ["SMOTE", "ADASYN", "SMOTENC", "SMOTEN", "BorderlineSMOTE", "SVMSMOTE"])
def test_small_classes(name: str) -> None:
    rng = np.random.default_rng(1)
    X = np.concatenate([np.rint(rng.normal(size=(23, 1))), rng.normal(size=(23, 2))], axis=1)
    parameter = "n_neighbors" if name == "ADASYN" else "k_neighbors"
    with pytest.raises(
        ValueError, match=f"'{parameter}' is 5 but class 1 has 3 samples; it must be at most 2"
    ) as error:
        make(name).fit_resample(X, TINY)
    assert "Expected n_neighbors <= n_samples_fit, but n_neighbors = 6, n_samples_fit = 3" in str(error.value)
    for policy in ("shrink", "copy"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            sampler = make(name, small_class=policy)
            _, found_y = sampler.fit_resample(X, TINY)
        assert np.count_nonzero(found_y == 1) > 10
        assert (TINY[sampler.provenance_.base] == 1).all()


@pytest.mark.parametrize("name", ["SMOTE", "SMOTENC", "SMOTEN"])
def test_a_lone_row(name: str) -> None:
    rng = np.random.default_rng(1)
    X, y = np.rint(rng.normal(size=(21, 3))), np.repeat([0, 1], [20, 1])
    for policy in ("raise", "shrink"):
        with pytest.raises(
            ValueError, match=r"class 1 has 1 samples; a lone row has no neighbors, or use small_class='copy'"
        ):
            make(name, small_class=policy).fit_resample(X, y)
    found, _ = make(name, small_class="copy").fit_resample(X, y)
    np.testing.assert_array_equal(found[21:], np.repeat(X[20:], 19, axis=0))


def test_small_clusters_are_used_on_request() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.repeat([0, 1], [56, 4])
    options: dict[str, Any] = {
        "k_neighbors": 4,
        "kmeans_estimator": 2,
        "cluster_balance_threshold": 0.0,
        "exact_counts": True,
    }
    with pytest.raises(RuntimeError, match="no cluster holds 5 or more rows of class 1"):
        make("KMeansSMOTE", **options).fit_resample(X, y)
    _, found_y = make("KMeansSMOTE", **options, small_class="copy").fit_resample(X, y)
    assert np.bincount(found_y).tolist() == [56, 56]


def apart() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(size=(90, 3)), 50 + rng.normal(size=(30, 3))]), np.repeat([0, 1], [90, 30])


def test_nobody_in_danger() -> None:
    X, y = apart()
    with pytest.warns(UserWarning, match="BorderlineSMOTE: 0 of 60 rows are made for class 1, since none of its rows"):
        found, _ = make("BorderlineSMOTE").fit_resample(X, y)
    np.testing.assert_array_equal(found, X)
    exact = make("BorderlineSMOTE", exact_counts=True)
    found, _ = exact.fit_resample(X, y)
    np.testing.assert_array_equal(found, make("SMOTE").fit_resample(X, y)[0])
    assert exact.in_danger_indices == {}
    assert exact.plan(y).exact


def test_no_support_vector_in_danger() -> None:
    X, y = apart()
    with pytest.warns(
        UserWarning, match=r"SVMSMOTE: \d+ of 60 rows are made for class 1, since none of its support vec"
    ):
        _, found_y = make("SVMSMOTE").fit_resample(X, y)
    assert np.count_nonzero(found_y == 1) < 90
    _, found_y = make("SVMSMOTE", exact_counts=True).fit_resample(X, y)
    assert np.bincount(found_y).tolist() == [90, 90]


@pytest.mark.parametrize("name", ["BorderlineSMOTE", "SVMSMOTE", "KMeansSMOTE", "ADASYN"])
@pytest.mark.parametrize("strategy", ["auto", "all", {0: 123, 2: 41}])
def test_exact_counts(name: str, strategy: Any) -> None:
    X, y = three_classes()
    sampler = make(name, exact_counts=True, sampling_strategy=strategy)
    plan = sampler.plan(y, X)
    found, found_y = sampler.fit_resample(X, y)
    assert plan.exact
    assert dict(zip(*(part.tolist() for part in np.unique(found_y, return_counts=True)), strict=True)) == plan.after
    assert found.nbytes == plan.nbytes


def test_an_object_may_search() -> None:
    X, y = three_classes()
    for name, parameter in (
        ("SMOTE", "k_neighbors"),
        ("ADASYN", "n_neighbors"),
        ("EditedNearestNeighbours", "n_neighbors"),
    ):
        k = 3 if name == "EditedNearestNeighbours" else 5
        given = NearestNeighbors(n_neighbors=k + 1)
        sampler = make(name, **{parameter: given})
        np.testing.assert_array_equal(sampler.fit_resample(X, y)[0], make(name).fit_resample(X, y)[0])
        assert not hasattr(given, "n_samples_fit_")


def test_duplicates_never_lean_on_themselves() -> None:
    """Left out by index: where there are other neighbors at all, none is the row itself."""
    X = np.repeat(np.arange(8.0)[:, np.newaxis], 10, axis=0)
    y = np.repeat([0, 1], [60, 20])
    sampler = make("SMOTE")
    sampler.fit_resample(X, y)
    assert (sampler.provenance_.base != sampler.provenance_.neighbor).all()


def test_the_result_is_all_the_memory() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(11_000, 64)).astype(np.float32), np.repeat([0, 1], [10_000, 1000])
    sampler = balance.SMOTE(random_state=0)
    sampler.fit_resample(X, y)
    tracemalloc.start()
    result = sampler.fit_resample(X, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The result, the searched class (256 bytes a row) and 40 bytes of draws and labels for each row made.
    assert peak < 1.25 * (result[0].nbytes + result[1].nbytes)


def test_near_miss_2_needs_little_memory() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12_000, 8)), np.repeat([0, 1], [10_000, 2000])
    sampler = balance.NearMiss(version=2)
    tracemalloc.start()
    sampler.fit_resample(X, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6
