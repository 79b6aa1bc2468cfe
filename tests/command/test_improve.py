# SPDX-License-Identifier: Apache-2.0
"""``burnish improve`` finds planted faults, lets proposals be turned down, and writes the same bytes every time."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import burnish
import numpy as np
import pytest
from burnish._improve.store import Store
from burnish.data import DataError

pytest.importorskip("sklearn")
pyarrow_parquet = pytest.importorskip("pyarrow.parquet")


def digests(folder: Path) -> dict[str, str]:
    """Return what every file holds, intermediate results aside."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".burnish" not in path.parts
    }


def test_the_demo_finds_what_was_planted(burnish_command: Callable[..., Any], tmp_path: Path) -> None:
    run = burnish_command("improve", "--demo", "--runs", 2, "--out", tmp_path / "report", "--apply")
    assert run.code == 0, run.stderr
    labels = re.search(r"^wrong labels +(\d+) +(\d+) +(\d+) ", run.stdout, re.MULTILINE)
    repeats = re.search(r"^repeats +(\d+) +(\d+) +(\d+) ", run.stdout, re.MULTILINE)
    assert labels is not None
    assert repeats is not None
    there, said, right = map(int, labels.groups())
    assert right >= 0.7 * there
    assert right >= 0.7 * said
    there, said, right = map(int, repeats.groups())
    assert (there, said) == (right, right)
    assert re.search(r"^all +0\.\d{4} ", run.stdout, re.MULTILINE)
    out = tmp_path / "report"
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "labels look wrong" in page
    assert f"burnish improve --demo --runs 2 --out {out}" in page
    table = pyarrow_parquet.read_table(out / "scores.parquet").to_pydict()
    assert len(table["id"]) == 992
    assert sum(table["held_out"]) == 450
    manifest = json.loads((out / "manifest.json").read_text(encoding="ascii"))
    assert manifest["version"] == burnish.__version__
    assert {row["source"] for row in manifest["rows"]} == set(table["id"])
    written = [row for row in manifest["rows"] if row.get("file")]
    assert len(written) == sum(path.is_file() for path in (out / "improved").rglob("*"))
    for row in written[:20]:
        assert hashlib.sha256((out / row["file"]).read_bytes()).hexdigest() == row["sha256"]


def test_the_same_command_gives_the_same_bytes(
    burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digests(digit_folder)
    made = []
    for name, threads in (("one", 1), ("two", 2)):
        monkeypatch.chdir(tmp_path)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        shared = burnish.get_num_threads()
        burnish.set_num_threads(threads)
        try:
            run = burnish_command("improve", digit_folder, "--out", "out", "--apply", "--runs", 2, "--budget", 7)
        finally:
            burnish.set_num_threads(shared)
        assert run.code == 0, run.stderr
        (tmp_path / "out").rename(tmp_path / name)
        made.append(digests(tmp_path / name))
    assert made[0] == made[1]
    assert {"report.html", "scores.parquet", "manifest.json"} < set(made[0])
    assert digests(digit_folder) == before  # the data are as they were


def test_a_run_goes_on_from_what_was_kept(
    burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("improve", digit_folder, "--out", tmp_path / "out", "--no-proof")
    assert burnish_command(*arguments).code == 0
    first = digests(tmp_path / "out")

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("this was done before")

    monkeypatch.setattr("burnish._improve.scan._look", refuse)
    monkeypatch.setattr("burnish._improve.score.score", refuse)
    assert burnish_command(*arguments).code == 0
    assert digests(tmp_path / "out") == first


def test_proposals_can_be_turned_down(burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path) -> None:
    reject = tmp_path / "reject.txt"
    reject.write_text("six/003.png\n")
    (tmp_path / "photos").mkdir()
    for folder in digit_folder.iterdir():
        shutil.copytree(folder, tmp_path / "photos" / folder.name)
    for name in ("six/003.png", "six/004.png"):  # planted where they do not belong, and twice
        path = tmp_path / "photos" / name
        shutil.copy(digit_folder / "one" / path.name, path)
    more = ("--no-proof", "--out", tmp_path / "out")
    run = burnish_command("improve", tmp_path / "photos", *more, "--reject", reject)
    assert run.code == 0, run.stderr
    rows = json.loads((tmp_path / "out" / "manifest.json").read_text())["rows"]
    actions = {row["source"]: row["action"] for row in rows if row["action"] != "copy"}
    assert actions["six/003.png"] == "keep"
    assert actions["six/004.png"] != "keep"
    run = burnish_command("improve", tmp_path / "photos", *more, "--without", "relabel,drop-label,drop-repeat,copy")
    rows = json.loads((tmp_path / "out" / "manifest.json").read_text())["rows"]
    assert {row["action"] for row in rows} == {"keep"}


def test_predictions_of_ones_own(burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path) -> None:
    names = sorted(path.name for path in digit_folder.iterdir())
    labels = np.repeat(np.arange(3), 40)
    probs = np.full((120, 3), 0.01)
    probs[np.arange(120), labels] = 0.98
    probs[5] = [0.01, 0.01, 0.98]
    np.savez(tmp_path / "cv.npz", probs=probs, classes=names)
    out = tmp_path / "out"
    run = burnish_command("improve", digit_folder, "--no-proof", "--out", out, "--probs", tmp_path / "cv.npz")
    assert run.code == 0, run.stderr
    table = pyarrow_parquet.read_table(out / "scores.parquet").to_pydict()
    assert [name for name, issue in zip(table["id"], table["issue"], strict=True) if issue] == ["one/005.png"]
    assert table["suggested"][5] == "zero"
    assert "the predictions that were given agree with 99.2 % of 120 labels" in run.stdout
    assert "light model" not in run.stdout
    shutil.copy(tmp_path / "cv.npz", out / "improved-features.npz")
    for command in ("improve", "score"):
        run = burnish_command(command, digit_folder, "--out", out, "--probs", out / "improved-features.npz")
        assert run.code == 2
        assert "would be replaced by what is written to" in run.stderr


def test_features_of_ones_own(burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path) -> None:
    """Rare classes are filled up between them, and they are written beside the images."""
    files = sorted(digit_folder.glob("*/*.png"))
    photos = tmp_path / "photos"
    for path in files:
        if path.parent.name != "six" or path.stem < "012":
            (photos / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, photos / path.parent.name / path.name)
    ids = sorted(path.relative_to(photos).as_posix() for path in photos.glob("*/*.png"))
    rng = np.random.default_rng(0)
    features = np.eye(3)[[("one", "six", "zero").index(name.split("/")[0]) for name in ids]] @ rng.normal(size=(3, 9))
    features += 0.1 * rng.normal(size=features.shape)
    np.savez(tmp_path / "f.npz", features=features[::-1], ids=ids[::-1])
    out, own = tmp_path / "out", ("--features", tmp_path / "f.npz")
    run = burnish_command("improve", photos, *own, "--out", out, "--apply", "--runs", 2)
    assert run.code == 0, run.stderr
    assert "described by: 9 features that were given" in run.stdout
    assert re.search(r"^filled up by SMOTE +", run.stdout, re.MULTILINE)
    assert "filled up with copies" not in run.stdout
    rows = json.loads((out / "manifest.json").read_text())["rows"]
    added = [row for row in rows if row["action"] == "interpolate"]
    assert len(added) == 28
    assert {row["source"].split("/")[0] for row in added} == {row["neighbor"].split("/")[0] for row in added} == {"six"}
    with np.load(out / "improved-features.npz") as file:
        X, y = file["features"], file["labels"]
        assert np.array_equal(X[: len(ids)], features.astype(np.float32)[np.argsort(np.argsort(ids))])
    assert np.bincount(y).tolist() == [40, 40, 40]
    found = burnish.improve(photos, features=features, proof=False)
    assert all(np.array_equal(*pair) for pair in zip(found.improved_features(), (X, y), strict=True))
    assert found.class_table()["added"].tolist() == [0, 28, 0]
    run = burnish_command("improve", photos, "--out", out, "--apply", "--no-proof")
    assert run.code == 0, run.stderr
    assert not (out / "improved-features.npz").exists()
    run = burnish_command("improve", photos, *own, "--out", out, "--fill", "copies", "--target", "accuracy")
    assert run.code == 0, run.stderr  # nothing is filled up
    run = burnish_command("score", photos, *own, "--out", tmp_path / "scores")
    assert run.code == 0, run.stderr
    assert "9 features that were given" in run.stdout


def test_rows_between_what_is_described_here(
    burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    shutil.copytree(digit_folder, photos)
    for path in sorted((photos / "six").iterdir())[9:]:
        path.unlink()
    made = []
    for name in ("a", "b"):
        out = tmp_path / name
        run = burnish_command("improve", photos, "--out", out, "--apply", "--runs", 2, "--fill", "smote")
        assert run.code == 0, run.stderr
        made.append(digests(out))
    table = [re.search(rf"^{name} +[01]\.\d", run.stdout, re.MULTILINE) for name in ("filled up with copies", "all")]
    assert None not in table
    for name in ("scores.parquet", "manifest.json", "improved-features.npz"):
        assert made[0][name] == made[1][name]
    assert "No copies were made." in (tmp_path / "a" / "report.html").read_text(encoding="utf-8")
    run = burnish_command("improve", photos, "--out", tmp_path / "c", "--fill", "smote", "--no-proof", "--without",
                          "interpolate", "--apply")  # fmt: skip
    with np.load(tmp_path / "c" / "improved-features.npz") as file:
        assert np.bincount(file["labels"])[1] == 9


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name DATA, or give --demo"),
        (("--demo", "somewhere"), "name DATA, or give --demo"),
        (("--demo", "--test", "x"), "go with DATA only"),
        (("--demo", "--features", "x"), "go with DATA only"),
        (("x", "--features", "x", "--fill", "copies"), "cannot be judged with --features"),
        (("x", "--features", "x", "--model", "pixels"), "not allowed with"),
        (("--demo", "--without", "everything"), "accepted: relabel, drop-label"),
        (("nowhere",), "nowhere"),
        (("cifar10",), "set the environment variable BURNISH_DATA"),
        (("x", "--workers", "0"), "--workers"),
    ],
)
def test_wrong_arguments(
    burnish_command: Callable[..., Any],
    tmp_path: Path,
    arguments: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("BURNISH_DATA", raising=False)
    run = burnish_command("improve", *arguments, "--out", tmp_path / "out")
    assert run.code == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "out" / "report.html").exists()


def test_two_runs_at_once(burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="only systems with locks keep runs apart")
    with Store(tmp_path / "out" / ".burnish").alone():
        for command in ("improve", "score", "scan"):
            run = burnish_command(command, digit_folder, "--out", tmp_path / "out")
            assert run.code == 2
            assert f"another run is writing to {tmp_path / 'out'}" in run.stderr
    found = burnish.improve(digit_folder, out=tmp_path / "out", proof=False)
    with Store(tmp_path / "out" / ".burnish").alone():
        for call in (found.write, found.apply):
            with pytest.raises(DataError, match="another run is writing to"):
                call()
        found.apply(tmp_path / "elsewhere")
    assert not (tmp_path / "out" / "improved").exists()
    assert burnish_command("scan", digit_folder, "--out", tmp_path / "out", "--workers", 1).code == 0


@pytest.mark.parametrize(("suffix", "between"), [(".csv", ","), (".tsv", "\t")])
def test_a_table_is_improved_as_a_table(
    burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path, suffix: str, between: str
) -> None:
    files = sorted(digit_folder.glob("*/*.png"))
    lines = [between.join(("path", "label")), *(between.join((str(path), path.parent.name)) for path in files)]
    (tmp_path / f"set{suffix}").write_text("\n".join(lines) + "\n")
    run = burnish_command("improve", tmp_path / f"set{suffix}", "--no-proof", "--apply", "--out", tmp_path / "out")
    assert run.code == 0, run.stderr
    assert (tmp_path / "out" / "improved.csv").read_text().startswith("path,label\n")
