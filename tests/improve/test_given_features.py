# SPDX-License-Identifier: Apache-2.0
"""A user's own features: read from every kind of file, matched by id, refused by name."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import burnish
import numpy as np
import pytest
from burnish._improve.given_features import given_features
from burnish._improve.store import Store
from burnish.data import DataError, open_images

IDS = ("a.png", "b.png", "c.png", "d.png", "e.png")
USABLE = np.array([True, True, False, True, True])
VALUES = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
VALUES[2] = np.nan  # of an image that cannot be used
KEPT = VALUES.copy()


def scan() -> Any:
    return SimpleNamespace(images=SimpleNamespace(ids=IDS), usable=USABLE)


def in_npy(path: Path) -> Path:
    np.save(path / "f.npy", VALUES.astype(np.float64))
    return path / "f.npy"


def in_npz(path: Path) -> Path:
    np.savez(path / "f.npz", embeddings=VALUES[::-1], ids=np.array(IDS[::-1]), X=VALUES * 0)
    return path / "f.npz"


def in_csv(path: Path) -> Path:
    with (path / "f.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["x", "id", "y", "z"]])
        for name, (x, y, z) in zip(IDS[::-1], VALUES[::-1].astype(float), strict=True):
            csv.writer(file).writerow([x, name, y, z])
    return path / "f.csv"


def in_parquet(path: Path) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"id": list(IDS[::-1]), "embedding": [row.tolist() for row in VALUES[::-1]]}
    parquet.write_table(pyarrow.table(columns), path / "f.parquet")
    return path / "f.parquet"


def in_columns_of_parquet(path: Path) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({name: VALUES[:, i] for i, name in enumerate("xyz")}), path / "f.parquet")
    return path / "f.parquet"


@pytest.mark.parametrize("write", [in_npy, in_npz, in_csv, in_parquet, in_columns_of_parquet])
def test_features_of_every_form(tmp_path: Path, write: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burnish._improve.given_features._BLOCK", 2)
    found = given_features(write(tmp_path), scan(), Store(tmp_path / "kept"))
    assert found.features.dtype == np.float32
    assert np.array_equal(found.features, KEPT, equal_nan=True)
    assert found.embed is None
    assert found.name == "3 features that were given"


def test_features_of_an_array_and_of_a_tensor() -> None:
    torch = pytest.importorskip("torch")
    arrays = (VALUES, VALUES.astype(np.float64), np.asfortranarray(VALUES), torch.from_numpy(VALUES.copy()))
    found = [given_features(values, scan(), Store()) for values in arrays]
    assert all(np.array_equal(each.features, KEPT, equal_nan=True) for each in found)
    whole = given_features(np.arange(10).reshape(5, 2), scan(), Store()).features
    assert np.array_equal(whole[USABLE], np.arange(10).reshape(5, 2)[USABLE])
    brain = given_features(torch.from_numpy(VALUES).bfloat16().requires_grad_(), scan(), Store()).features
    assert np.array_equal(brain, torch.from_numpy(VALUES).bfloat16().float().numpy(), equal_nan=True)
    half = given_features(VALUES.astype(np.float16), scan(), Store()).features
    assert np.array_equal(half, VALUES.astype(np.float16).astype(np.float32), equal_nan=True)


def test_other_features_are_another_result(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = given_features(VALUES, scan(), store)
    assert np.array_equal(given_features(VALUES * 2, scan(), store).features[0], VALUES[0] * 2)
    assert given_features(VALUES * 2, scan(), store).key != first.key
    assert given_features(VALUES, scan(), store).key == first.key


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (VALUES[:4], "4 rows for 5 images"),
        (VALUES[0], r"shape \(3,\)"),
        (VALUES[:, :0], r"shape \(5, 0\)"),
        (VALUES.astype(str), r"accepted: numbers \(5, D\)"),
        (VALUES.astype(complex), "complex128"),
        (np.where(np.arange(5)[:, None] == 3, np.inf, VALUES), r"the features of d\.png are not finite"),
        (np.nan_to_num(VALUES).astype(np.float64) * 1e300, r"the features of a\.png are not finite"),
        (np.nan_to_num(VALUES) * 1e18, r"the features of a\.png are too large; accepted: finite numbers up to 1e\+15"),
        (np.full((5, 2), None), "object"),
        ([[1.0], [1.0, 2.0], [1.0], [1.0], [1.0]], "'features' cannot be read"),
    ],
)
def test_wrong_features_are_refused(values: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        given_features(values, scan(), Store())


def test_an_image_without_features_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "f.npz", features=VALUES[:4], ids=np.array(IDS[:4]))
    with pytest.raises(DataError, match=r"f\.npz: nothing about e\.png"):
        given_features(tmp_path / "f.npz", scan(), Store())
    np.savez(tmp_path / "f.npz", features=np.delete(VALUES, 2, axis=0), ids=np.array(["e.png", *IDS[:2], "d.png"]))
    found = given_features(tmp_path / "f.npz", scan(), Store()).features  # c.png cannot be used and needs none
    assert np.array_equal(found[[4, 0, 1, 3]], np.delete(VALUES, 2, axis=0))


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    for name in ("f.txt", "f.npy", "f.npz", "f.csv", "f.parquet"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(DataError, match=name):
            given_features(tmp_path / name, scan(), Store())
    with pytest.raises(DataError, match=r"none\.npy cannot be read"):
        given_features(tmp_path / "none.npy", scan(), Store())
    np.savez(tmp_path / "two.npz", a=VALUES, b=VALUES)
    with pytest.raises(DataError, match="holds a, b; accepted: features, or a single array"):
        given_features(tmp_path / "two.npz", scan(), Store())
    np.save(tmp_path / "array.npy", VALUES)
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    (tmp_path / "two.npz").rename(tmp_path / "two.npy")
    for name in ("array.npz", "two.npy"):
        with pytest.raises(DataError, match=f"{name} cannot be read"):
            given_features(tmp_path / name, scan(), Store())


@pytest.mark.parametrize(
    "lists",
    [[[1.0, 2.0], [1.0]] + [[0.0, 1.0]] * 3, [{"x": 1.0}] * 5, [["a"]] * 5, [[[1.0]]] * 5, [[1.0, None]] * 5,
     [None] * 5],
)  # fmt: skip
def test_odd_lists_in_parquet_are_refused(tmp_path: Path, lists: Any) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"embedding": lists}), tmp_path / "f.parquet")
    with pytest.raises(DataError, match=r"f\.parquet"):
        given_features(tmp_path / "f.parquet", scan(), Store())


@pytest.mark.parametrize("size", [-1, 3])
def test_an_image_that_cannot_be_used_needs_no_list(tmp_path: Path, size: int) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    lists = [row.tolist() if usable else None for row, usable in zip(VALUES, USABLE, strict=True)]
    column = pyarrow.array(lists, pyarrow.list_(pyarrow.float32(), size))
    parquet.write_table(pyarrow.table({"embedding": column}), tmp_path / "f.parquet")
    assert np.array_equal(given_features(tmp_path / "f.parquet", scan(), Store()).features, KEPT, equal_nan=True)


def test_repeats_of_other_images_with_the_same_features(tmp_path: Path) -> None:
    """They are looked for again, and an exact copy is found whatever its features are."""
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (40, 16, 16, 3), dtype=np.uint8), np.arange(40) % 2
    features = rng.normal(size=(40, 8)).astype(np.float32)
    for copy in (7, 9):
        images[copy] = images[3]
        found = burnish.improve((images, labels), out=tmp_path, features=features, proof=False)
        repeats = found.proposals.only("drop-repeat", "annotate")
        expected = {7} if copy == 7 else {7, 9}
        assert set(np.flatnonzero(found.scores.repeat_of >= 0).tolist()) == expected
        assert expected <= set(repeats.sample.tolist())


def test_tables_of_names_that_are_no_utf_8() -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (30, 16, 16, 3), dtype=np.uint8), np.arange(30) // 20
    data = open_images((images, labels))
    data = dataclasses.replace(data, names=("a\udcff", "b\udcfe"), ids=tuple(f"{i}\udcfe" for i in range(30)))
    found = burnish.improve(data, features=rng.normal(size=(30, 8)) + labels[:, None], proof=False)
    assert found.class_table()["class"].tolist() == ["a\\udcff", "b\\udcfe"]
    added = found.proposals_table().query("action == 'interpolate'")
    assert set(added["other"]) <= {f"{i}\\udcfe" for i in range(20, 30)}
    assert added["reason"].iloc[0].startswith('"b\\udcfe" has 10 samples')
