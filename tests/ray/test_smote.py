# SPDX-License-Identifier: Apache-2.0
"""SMOTE by Ray against burnish.balance.SMOTE on the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.data")
pytest.importorskip("sklearn")

from blocks import dataset, rows_of
from burnish.balance import SMOTE
from burnish.neighbors import kneighbors
from burnish.ray import _neighbors, smote
from burnish.ray._neighbors import Nearest

pytestmark = pytest.mark.usefixtures("cluster")

N = 500


@pytest.fixture(scope="module")
def columns() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    features = rng.integers(0, 4, (N, 6)).astype(np.float32)  # many rows are equally near
    return {"id": np.arange(N), "label": rng.choice(3, N, p=[0.6, 0.3, 0.1]), "features": features}


def same_rows(found: dict[str, Any], columns: dict[str, Any], sampler: SMOTE) -> None:
    X, y = sampler.fit_resample(columns["features"], columns["label"])
    n, made = len(columns["label"]), sampler.provenance_
    assert found["features"].dtype == X.dtype
    assert found["features"].tobytes() == X[n:].tobytes()
    assert found["label"].tolist() == y[n:].tolist()
    assert found["id"].tolist() == made.row.tolist()
    for name in ("base", "neighbor", "step"):
        assert found[name].tolist() == getattr(made, name).tolist(), name


@pytest.mark.parametrize(("size", "block_rows"), [(500, 1000), (90, 37)])
def test_rows_are_those_of_one_process(columns: dict[str, Any], size: int, block_rows: int) -> None:
    order = np.random.default_rng(size).permutation(-(-N // size))
    made = smote(dataset(columns, size, order), random_state=7, block_rows=block_rows)
    same_rows(rows_of(made), columns, SMOTE(random_state=7))


def test_rows_in_any_order_are_sorted_by_id(columns: dict[str, Any]) -> None:
    shuffled = np.random.default_rng(0).permutation(N)
    rows = {name: column[shuffled] for name, column in columns.items()}
    made = smote(dataset(rows, 120), random_state=np.random.RandomState(3), k_neighbors=2, block_rows=64)
    same_rows(rows_of(made), columns, SMOTE(random_state=np.random.RandomState(3), k_neighbors=2))


def test_names_as_labels_and_gaps_in_the_numbers(columns: dict[str, Any]) -> None:
    names = np.array(["dog", "ant", "cat"], object)[columns["label"]]
    rows = {"x": columns["features"].astype(np.float64), "kind": names, "row": 5 * columns["id"] + 2}
    strategy = {"cat": int((columns["label"] == 2).sum()) + 50}
    made = rows_of(
        smote(dataset(rows, 200), features="x", label="kind", id="row", sampling_strategy=strategy, random_state=0),
        by="row",
    )
    sampler = SMOTE(sampling_strategy=strategy, random_state=0)
    X, y = sampler.fit_resample(rows["x"], names)
    assert made["x"].tobytes() == X[N:].tobytes()
    assert made["kind"].tolist() == y[N:].tolist()
    assert made["row"].tolist() == list(range(5 * N - 2, 5 * N + 48))
    assert made["base"].tolist() == (5 * sampler.provenance_.base + 2).tolist()


def test_a_killed_worker_changes_nothing(
    columns: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker, search = tmp_path / "died while searching", _neighbors.search_block

    def dying(refs: Any, starts: Any, own: int, k: int, num_threads: int) -> Any:
        import os
        import signal

        if own == 1 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return search(refs, starts, own, k, num_threads)

    monkeypatch.setattr(_neighbors, "search_block", dying)
    made = rows_of(smote(dataset(columns, 100), random_state=7, block_rows=64))
    assert marker.exists()
    same_rows(made, columns, SMOTE(random_state=7))


def test_small_classes() -> None:
    columns = {
        "id": np.arange(40),
        "label": np.array([0] * 36 + [1] * 3 + [2]),
        "features": np.random.default_rng(0).normal(size=(40, 2)),
    }
    with pytest.raises(ValueError, match="'k_neighbors' is 5 but class 1 has 3 samples"):
        smote(dataset(columns, 40))
    made = rows_of(smote(dataset(columns, 40), random_state=1, small_class="copy", block_rows=2))
    same_rows(made, columns, SMOTE(random_state=1, small_class="copy"))


@pytest.mark.parametrize("size", [7, 64, 200])
def test_neighbors_by_blocks_are_those_of_the_whole(size: int) -> None:
    X = np.random.default_rng(size).integers(0, 3, (200, 5)).astype(np.float64)
    expected = kneighbors(X, 9)[1]
    for own in range(0, 200, size):
        queries = X[own : own + size]
        nearest = Nearest(len(queries), 9)
        for start in range(0, 200, size):
            if start == own:
                nearest.add_others_of(queries, start)
            else:
                nearest.add(queries, X[start : start + size], start)
        assert (nearest.places == expected[own : own + size]).all()


def test_neighbors_are_ordered_before_the_root_is_taken() -> None:
    X = np.array([[0.0, 0.0], [1.0, 2.0**-26], [1.0, 0.0]])  # squares of 1 + 2^-52 and 1, whose roots are both 1
    nearest = Nearest(1, 1)
    for start in (1, 2):
        nearest.add(X[:1], X[start : start + 1], start)
    assert nearest.places.tolist() == [[2]] == kneighbors(X, 1)[1][:1].tolist()


def test_wrong_arguments(columns: dict[str, Any]) -> None:
    ds = dataset(columns, 500)
    with pytest.raises(TypeError, match="smote: 'sampling_strategy' is a function"):
        smote(ds, sampling_strategy=lambda y: {})
    with pytest.raises(ValueError, match="smote: 'k_neighbors' is 0"):
        smote(ds, k_neighbors=0)
    with pytest.raises(ValueError, match="there is no column 'X'; accepted: 'id', 'label', 'features'"):
        smote(ds, features="X")
    with pytest.raises(Exception, match="a row's number is there more than once"):
        smote(dataset({**columns, "id": columns["id"] // 2}, 500))
