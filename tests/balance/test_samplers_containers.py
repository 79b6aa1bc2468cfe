# SPDX-License-Identifier: Apache-2.0
"""What goes in comes out: kind, dtype, names, and the same rows for all kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import balance
from samplers_data import INTERPOLATING, PARAMETERS, make, three_classes
from scipy import sparse

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

pd = pytest.importorskip("pandas")

EVERY = tuple(PARAMETERS)
SELECTING = tuple(name for name in EVERY if getattr(balance, name)._sample_indices)


@pytest.fixture(params=["int64", "float32"])
def data(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    return three_classes(request.param)


@pytest.mark.parametrize("name", EVERY)
def test_arrays(name: str, data: tuple[Any, Any]) -> None:
    X, y = data
    before = X.copy(), y.copy()
    X.flags.writeable = y.flags.writeable = False
    X_new, y_new = make(name).fit_resample(X, y.astype(np.int16))
    assert isinstance(X_new, np.ndarray)
    assert X_new.dtype == X.dtype or name == "ClusterCentroids"
    assert y_new.dtype == np.int16
    assert len(X_new) == len(y_new)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("order", ["fortran", "strided", "reversed"])
def test_any_strides(name: str, order: str) -> None:
    X, y = three_classes()
    other = {
        "fortran": np.asfortranarray(X),
        "strided": np.repeat(X, 2, axis=1)[:, ::2],
        "reversed": X[::-1].copy()[::-1],
    }
    expected, found = make(name).fit_resample(X, y), make(name).fit_resample(other[order], y)
    np.testing.assert_array_equal(expected[0], found[0])
    np.testing.assert_array_equal(expected[1], found[1])


@pytest.mark.parametrize("name", EVERY)
def test_pandas(name: str, data: tuple[Any, Any]) -> None:
    X, y = data
    words = np.array(["many", "some", "few"])[y]
    frame = pd.DataFrame(X, columns=list("abcde"), index=range(1000, 1200))
    expected, expected_y = make(name).fit_resample(X, y)
    found, found_y = make(name).fit_resample(frame, pd.Series(words, name="class", index=frame.index, dtype="category"))
    assert list(found.columns) == list("abcde")
    assert (found.dtypes == frame.dtypes).all()
    assert found.index.equals(pd.RangeIndex(len(found)))
    assert found_y.index.equals(found.index)
    assert found_y.name == "class"
    assert found_y.dtype == "category"
    if name != "NeighbourhoodCleaningRule":  # where votes tie, the class that sorts first wins
        assert len(found) == len(expected) == len(expected_y)


def test_mixed_frames_keep_dtypes() -> None:
    X, y = three_classes()
    frame = pd.DataFrame({"float": X[:, 1].astype(np.float32), "int": X[:, 2].astype(np.int8), "double": X[:, 3]})
    for name in (*INTERPOLATING, "EditedNearestNeighbours", "RandomOverSampler"):
        found, _ = make(name).fit_resample(frame, y)
        assert (found.dtypes == frame.dtypes).all(), name


def test_frames_of_anything_pass_random_samplers() -> None:
    frame = pd.DataFrame(
        {
            "when": pd.date_range("2020-01-01", periods=6),
            "how long": pd.to_timedelta([1, 2, None, 4, 5, 6], unit="D"),
            "what": pd.Categorical(list("abcabc")),
            "text": ["x", None, "z", "x", "y", "z"],
            "maybe": pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
        }
    )
    y = pd.DataFrame({"out": [1, 0, 0, 0, 0, 0]})
    for sampler in (balance.RandomOverSampler(random_state=0), balance.RandomUnderSampler(random_state=0)):
        found, found_y = sampler.fit_resample(frame, y)
        expected = frame.iloc[sampler.sample_indices_].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected)
        assert list(found_y.columns) == ["out"]
        assert found_y["out"].value_counts().nunique() == 1


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kind", ["csr_matrix", "csc_matrix", "csr_array", "csc_array"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
def test_sparse(name: str, kind: str) -> None:
    X, y = three_classes("float32")
    X = np.where(np.abs(X) > 1, X, 0)
    given = getattr(sparse, kind)(X)
    parameters = {"voting": "soft"} if name == "ClusterCentroids" else {}
    expected, expected_y = make(name, **parameters).fit_resample(X, y)
    found, found_y = make(name, **parameters).fit_resample(given, y)
    assert type(found) is type(given)
    assert found.dtype == np.float32
    if name not in ("ClusterCentroids", "KMeansSMOTE"):  # k-means of scikit-learn sums sparse rows in another order
        np.testing.assert_array_equal(found.toarray(), expected)
        np.testing.assert_array_equal(found_y, expected_y)


def test_sparse_stays_sparse() -> None:
    """A table that would not fit is resampled all the same."""
    rng = np.random.default_rng(0)
    places = rng.integers(300, size=315), rng.integers(1 << 20, size=315)  # sparse.random would shuffle all there are
    X = sparse.csr_matrix((rng.random(315), places), shape=(300, 1 << 20))
    y = (rng.random(300) < 0.2).astype(int)
    for name in ("SMOTE", "ADASYN", "EditedNearestNeighbours", "TomekLinks", "NearMiss", "RandomUnderSampler"):
        found, found_y = make(name).fit_resample(X, y)
        assert found.shape == (len(found_y), 1 << 20)


@pytest.mark.skipif(torch is None, reason="torch is not installed")
@pytest.mark.parametrize("name", EVERY)
def test_torch(name: str, data: tuple[Any, Any]) -> None:
    X, y = data
    expected, expected_y = make(name).fit_resample(X, y)
    found, found_y = make(name).fit_resample(torch.from_numpy(X), torch.from_numpy(y))
    assert isinstance(found, torch.Tensor)
    assert isinstance(found_y, torch.Tensor)
    assert found_y.dtype == torch.int64
    np.testing.assert_array_equal(found.numpy(), expected)
    np.testing.assert_array_equal(found_y.numpy(), expected_y)


@pytest.mark.skipif(torch is None or not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", EVERY)
def test_torch_on_a_gpu(name: str) -> None:
    X, y = three_classes("float32")
    expected, expected_y = make(name).fit_resample(X, y)
    found, found_y = make(name).fit_resample(torch.from_numpy(X).cuda(), torch.from_numpy(y).cuda())
    assert found.is_cuda
    assert found_y.is_cuda
    np.testing.assert_array_equal(found.cpu().numpy(), expected)
    np.testing.assert_array_equal(found_y.cpu().numpy(), expected_y)


@pytest.mark.parametrize("name", EVERY)
def test_lists(name: str) -> None:
    X, y = three_classes()
    expected, expected_y = make(name).fit_resample(X, y)
    found, found_y = make(name).fit_resample(X.tolist(), y.tolist())
    assert isinstance(found, list)
    assert isinstance(found_y, list)
    assert found == expected.tolist()
    assert found_y == expected_y.tolist()


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kind", ["array", "list", "frame", "sparse", "two columns"])
def test_one_column_per_class(name: str, kind: str) -> None:
    X, y = three_classes()
    if kind == "two columns":
        X, y = X[y < 2], y[y < 2]
    table = np.eye(int(y.max()) + 1, dtype=np.int8)[y]
    given = {"list": table.tolist(), "frame": pd.DataFrame(table), "sparse": sparse.csr_matrix(table)}.get(kind, table)
    expected, expected_y = make(name).fit_resample(X, y)
    found, found_y = make(name).fit_resample(X, given)
    assert type(found_y) is type(given)
    rows = found_y.toarray() if kind == "sparse" else np.asarray(found_y)
    np.testing.assert_array_equal(found, expected)
    assert rows.shape == (len(expected_y), table.shape[1])
    np.testing.assert_array_equal(rows.argmax(axis=1), expected_y)


@pytest.mark.parametrize("labels", ["bool", "float64", "uint8", "int64", "str", "object", "far apart", "unsigned"])
def test_labels_of_any_type(labels: str) -> None:
    X, y = three_classes()
    X, y = X[y < 2], y[y < 2]
    values = {
        "str": np.array(["a", "b"])[y],
        "object": np.array(["a", "b"], object)[y],
        "far apart": np.array([-(2**62), 2**62])[y],
        "unsigned": np.array([2**63, 2**64 - 1], np.uint64)[y],
    }.get(labels, y.astype(labels) if labels[0] not in "os" and " " not in labels and labels != "unsigned" else y)
    found, found_y = balance.SMOTE(random_state=0).fit_resample(X, values)
    expected, _ = balance.SMOTE(random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(found, expected)
    assert found_y.dtype == values.dtype
    assert np.unique(found_y, return_counts=True)[1].tolist() == [120, 120]


@pytest.mark.parametrize("name", SELECTING)
def test_sample_indices(name: str) -> None:
    X, y = three_classes()
    sampler = make(name)
    found, found_y = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(found, X[sampler.sample_indices_])
    np.testing.assert_array_equal(found_y, y[sampler.sample_indices_])


def test_originals_come_first() -> None:
    X, y = three_classes()
    for name in (*INTERPOLATING, "SMOTENC", "SMOTEN", "RandomOverSampler"):
        found, found_y = make(name).fit_resample(X, y)
        np.testing.assert_array_equal(found[: len(X)], X)
        np.testing.assert_array_equal(found_y[: len(X)], y)


@pytest.mark.parametrize("name", [name for name in SELECTING if name not in ("RandomOverSampler", "ClusterCentroids")])
@pytest.mark.parametrize("dtype", [np.longdouble, ">f8"])
def test_rows_that_are_kept_keep_every_bit(name: str, dtype: Any) -> None:
    X, y = three_classes()
    X = X.astype(dtype) + (np.longdouble(2) ** -60 if dtype is np.longdouble else 0)
    sampler = make(name)
    found, _ = sampler.fit_resample(X, y)
    assert found.dtype == X.dtype
    np.testing.assert_array_equal(found, X[sampler.sample_indices_])


@pytest.mark.parametrize("name", EVERY)
def test_dates_as_labels(name: str) -> None:
    X, y = three_classes()
    days = np.array(["2020-01-01", "2021-05-05", "2023-01-01"], "datetime64[D]")
    found, found_y = make(name).fit_resample(X, days[y])
    expected, expected_y = make(name).fit_resample(X, y)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found_y, days[expected_y])


def test_counts_of_dates() -> None:
    X, y = three_classes()
    days = np.array(["2020-01-01", "2021-05-05", "2023-01-01"], "datetime64[D]")
    sampler = make("SMOTE", sampling_strategy={days[2]: 80})
    assert list(sampler.plan(days[y], X).after.values()) == [120, 50, 80]
    assert np.count_nonzero(sampler.fit_resample(X, days[y])[1] == days[2]) == 80


def test_smotenc_takes_bool() -> None:
    X, y = three_classes()
    found, found_y = make("SMOTENC").fit_resample(X > 1, y)
    expected, _ = make("SMOTENC").fit_resample((X > 1).astype(float), y)
    assert found.dtype == bool
    np.testing.assert_array_equal(found, expected.astype(bool))
    assert np.bincount(found_y).tolist() == [120, 120, 120]
