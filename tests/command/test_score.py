# SPDX-License-Identifier: Apache-2.0
"""``burnish score`` writes what it found of every image, and refuses predictions that do not fit."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from burnish._command import main
from burnish._improve.predictions import read_predictions
from burnish.data import DataError, load_digits

pytest.importorskip("scipy")
parquet = pytest.importorskip("pyarrow.parquet")

Array = npt.NDArray[Any]
IDS = ("a.png", "b.png", "c.png", "d.png")
NAMES = ("cat", "dog")
ROWS = np.array([0, 1, 3])
PROBS = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5], [0.0, 1.0]])


def planted(path: Path) -> tuple[Array, Array]:
    """Write 600 digits of which some have wrong labels and one is there twice; return the places of the wrong ones."""
    digits = load_digits()
    images, true = digits.images[:600, :, :, 0].copy(), digits.labels[:600]
    images[450] = images[20]
    wrong = np.random.default_rng(0).choice(np.arange(100, 440), 30, replace=False)
    labels = true.copy()
    labels[450] = true[20]
    labels[wrong] = (labels[wrong] + 3) % 10
    np.savez(path, images=images, labels=labels)
    return wrong, labels


def test_scores_are_written_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong, labels = planted(tmp_path / "digits.npz")
    out = tmp_path / "out"
    assert main(["score", str(tmp_path / "digits.npz"), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    table = parquet.read_table(out / "scores.parquet").to_pydict()
    assert len(table["id"]) == 600
    assert table["label"] == [str(label) for label in labels]
    flagged = np.flatnonzero(table["issue"])
    assert np.isin(flagged, wrong).mean() > 0.6
    assert np.isin(wrong, flagged).mean() > 0.6
    assert f"labels that look wrong: {len(flagged)} of 600" in told
    worst = min(flagged, key=lambda i: table["logit_margin"][i])
    assert f"{table['id'][worst]}: labeled {table['label'][worst]}, looks like {table['suggested'][worst]}" in told
    assert table["repeat_of"][450] == table["id"][20]
    assert table["copy_of"][450] == table["id"][20]
    assert f"{table['id'][450]}: repeats {table['id'][20]}" in told
    assert all(name is None for name, issue in zip(table["suggested"], table["issue"], strict=True) if not issue)
    assert "hardness" in told
    assert "accuracy" in told

    before = (out / "scores.parquet").read_bytes()
    assert main(["score", str(tmp_path / "digits.npz"), "--out", str(out)]) == 0
    assert (out / "scores.parquet").read_bytes() == before


def test_own_predictions_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, labels = planted(tmp_path / "digits.npz")
    probs = np.full((600, 10), 0.01)
    probs[np.arange(600), (labels + (np.arange(600) == 5)) % 10] = 0.91
    np.save(tmp_path / "probs.npy", probs)
    arguments = ["score", str(tmp_path / "digits.npz"), "--out", str(tmp_path), "--probs", str(tmp_path / "probs.npy")]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "predictions of" in told
    assert "99.8 % as labeled" in told
    assert "WARNING: predictions of a model that has seen these images" in told
    table = parquet.read_table(tmp_path / "scores.parquet").to_pydict()
    assert np.flatnonzero(table["issue"]).tolist() == [5]
    np.testing.assert_allclose(np.delete(table["self_confidence"], 5), 0.91, rtol=1e-5)


def test_held_out_images_have_no_scores(tmp_path: Path) -> None:
    digits = load_digits()
    for name, part in (("train", slice(0, 200)), ("test", slice(200, 260))):
        np.savez(tmp_path / f"{name}.npz", images=digits.images[part, :, :, 0], labels=digits.labels[part])
    arguments = [str(tmp_path / "train.npz"), "--test", str(tmp_path / "test.npz"), "--out", str(tmp_path)]
    assert main(["score", *arguments]) == 0
    table = parquet.read_table(tmp_path / "scores.parquet").to_pydict()
    assert sum(table["held_out"]) == 60
    for name in ("prediction", "hardness", "self_confidence", "logit_margin", "issue", "uniqueness", "outlier"):
        assert [value is None for value in table[name]] == table["held_out"]


def test_one_class_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "one.npz", images=np.zeros((9, 8, 8), np.uint8), labels=np.zeros(9, np.int64))
    assert main(["score", str(tmp_path / "one.npz"), "--out", str(tmp_path / "out")]) == 2
    assert "scoring needs two or more" in capsys.readouterr().err


def test_predictions_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--demo", "--out", str(tmp_path), "--logits", str(tmp_path / "none.npy")]) == 2
    assert "none.npy cannot be read" in capsys.readouterr().err


def write_csv(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def in_npy(path: Path) -> Path:
    np.save(path / "p.npy", PROBS)
    return path / "p.npy"


def in_npz(path: Path) -> Path:
    backwards = {"ids": np.array(IDS[::-1]), "classes": np.array(NAMES[::-1]), "probs": PROBS[::-1, ::-1]}
    np.savez(path / "p.npz", **backwards)
    return path / "p.npz"


def in_csv(path: Path) -> Path:
    rows = [[dog, name, cat] for name, (cat, dog) in zip(IDS, PROBS.tolist(), strict=True)]
    write_csv(path / "p.csv", ["dog", "id", "cat"], rows[::-1])
    return path / "p.csv"


def in_parquet(path: Path) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    columns = {"dog": PROBS[:, 1], "cat": PROBS[:, 0], "id": list(IDS)}
    parquet.write_table(pyarrow.table(columns), path / "p.parquet")
    return path / "p.parquet"


@pytest.mark.parametrize("write", [in_npy, in_npz, in_csv, in_parquet])
def test_predictions_of_every_form(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    logits = read_predictions(write(tmp_path), "probs", IDS, NAMES, ROWS)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(np.exp(logits), PROBS[ROWS], atol=1e-7)


def test_only_what_is_scored_needs_predictions(tmp_path: Path) -> None:
    probs = PROBS.copy()
    probs[2] = np.nan
    np.save(tmp_path / "p.npy", probs)
    assert len(read_predictions(tmp_path / "p.npy", "probs", IDS, NAMES, ROWS)) == 3
    with pytest.raises(DataError, match=r"of c\.png are not finite"):
        read_predictions(tmp_path / "p.npy", "probs", IDS, NAMES, np.arange(4))


def test_logits_are_taken_as_they_are() -> None:
    logits = np.array([[2.0, -1.0], [0.0, 3.0], [1.0, 1.0], [-4.0, 0.5]])
    assert np.array_equal(read_predictions(logits, "logits", IDS, NAMES, ROWS), logits[ROWS].astype(np.float32))


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("probs", PROBS[:3], "3 rows for 4 images"),
        ("probs", PROBS[:, :1], "1 columns; accepted: 2"),
        ("probs", PROBS[0], "shape"),
        ("probs", PROBS.astype(complex), "complex"),
        ("probs", PROBS.astype(str), "accepted: numbers"),
        ("probs", 3 * PROBS, r"sum to 3; accepted: 0 to 1 .* \(--logits"),
        ("probs", PROBS - 0.2, "range from -0.1"),
        ("logits", PROBS, "all rows are probabilities"),
        ("logits", np.where(PROBS > 0.9, np.inf, PROBS), "not finite"),
        ("logits", PROBS * 1e300 - 1, "fits 32 bits"),
    ],
)
def test_wrong_values_are_refused(kind: Any, values: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_predictions(values, kind, IDS, NAMES, ROWS)


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        (["id", "cat", "cow"], [["a.png", 1, 0]], "no column for dog"),
        (["id", "cat", "dog", "cow"], [["a.png", 1, 0, 0]], "columns cat, dog, cow"),
        (["id", "cat", "dog"], [["a.png", 1, 0], ["a.png", 1, 0]], r"a\.png occurs twice"),
        (["id", "cat", "dog"], [["a.png", 1, 0], ["b.png", 1, 0]], r"nothing about d\.png"),
        (["id", "cat", "dog"], [["a.png", 1]], "line 2: 2 fields"),
        (["id", "cat", "dog"], [["a.png", "much", 0]], "line 2: not all numbers"),
        (["cat", "dog"], [], "0 rows for 4 images"),
    ],
)
def test_wrong_tables_are_refused(tmp_path: Path, header: list[str], rows: list[list[Any]], words: str) -> None:
    write_csv(tmp_path / "p.csv", header, rows)
    with pytest.raises(DataError, match=words):
        read_predictions(tmp_path / "p.csv", "probs", IDS, NAMES, ROWS)


@pytest.mark.parametrize("name", ["p.txt", "p.npy", "p.npz", "p.csv", "p.parquet"])
def test_files_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match=name):
        read_predictions(tmp_path / name, "probs", IDS, NAMES, ROWS)


def test_an_archive_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", logits=PROBS)
    with pytest.raises(DataError, match="holds logits; accepted: probs"):
        read_predictions(tmp_path / "p.npz", "probs", IDS, NAMES, ROWS)
