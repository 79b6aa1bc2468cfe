# SPDX-License-Identifier: Apache-2.0
"""``burnish augment``: the split, the training, what is printed and written, and that the two agree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conftest import CLASSES, PER_CLASS, read_csv

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("scipy")
pytest.importorskip("matplotlib")

from burnish import augment, report
from burnish._command import augment_proof
from burnish.data import DataError, load_digits

pytestmark = pytest.mark.usefixtures("one_thread")
WRITTEN = ["augment-overall.csv", "augment-recall.csv", "augment.png"]
QUICK = ("augment", "--demo", "--runs", 2, "--epochs", 4)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run the demo as a user does, once, with fewer seeds."""
    folder = tmp_path_factory.mktemp("demo")
    run = subprocess.run(
        [sys.executable, "-m", "burnish", "augment", "--demo", "--runs", "3"],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    return run, folder / "report"


def _shown(values: Any, digits: int) -> str:
    return f"{np.mean(values):.{digits}f} ({np.std(values, ddof=1):.{digits}f})".replace("(0.", "(.")


def test_the_demo_succeeds_and_names_what_it_wrote(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    run, folder = demo
    assert run.returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == WRITTEN
    assert all(str(Path("report", name)) in run.stdout for name in WRITTEN)
    assert max(map(len, run.stdout.splitlines())) <= 125
    assert run.stdout.isascii()
    assert "scikit-learn's digits: 200 images to train on, 1597 to test, 10 classes" in run.stdout
    assert "60 epochs (120 steps) for each pipeline" in run.stdout
    assert "mean (standard deviation) of 3 seeds" in run.stdout
    for pipe in ("signs: Compose([\n  Affine(", "flips: Compose([\n  HorizontalFlip(p=0.5),\n  VerticalFlip(p=0.5),\n"):
        assert pipe in run.stdout
    assert all(line.startswith("run ") for line in run.stderr.splitlines())


def test_the_table_is_the_mean_of_the_runs_written(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    run, folder = demo
    overall, recall = (
        {key: np.array(column) for key, column in read_csv(folder / name).items()} for name in WRITTEN[:2]
    )
    assert overall["pipeline"].tolist() == ["none", "signs", "flips"] * 3
    assert len(recall["run"]) == 3 * 3 * 10
    lines = [" ".join(line.split()) for line in run.stdout.splitlines()]
    for title, key, digits in (
        ("accuracy", "accuracy", 4),
        ("log loss", "log_loss", 3),
        ("loss in training", "train_loss", 3),
    ):
        cells = [overall[key][overall["pipeline"] == name].astype(float) for name in ("none", "signs", "flips")]
        assert " ".join([title, *(_shown(values, digits) for values in cells)]) in lines
    for label in map(str, range(10)):
        cells = [
            recall["recall"][(recall["pipeline"] == name) & (recall["class"] == label)].astype(float)
            for name in ("none", "signs", "flips")
        ]
        assert " ".join([label, *(_shown(values, 3) for values in cells)]) in lines


def test_moving_digits_helps_and_turning_them_over_harms(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    run, folder = demo
    overall = read_csv(folder / "augment-overall.csv")
    none, signs, flips = np.array(overall["accuracy"], float).reshape(3, 3).T
    assert signs.mean() > none.mean() + 0.005
    assert (flips < none - 0.02).all()
    line = next(line for line in run.stdout.splitlines() if line.startswith("flips  ") and " to " in line)
    assert line.split()[1] == f"{(flips - none).mean():+.4f}"
    assert line.split()[-1] == "harmed"
    assert "flips: classes that lost in every run: " in run.stdout


def test_every_network_starts_alike_and_sees_the_same_images(tmp_path: Path) -> None:
    data = load_digits()
    train, test = augment_proof.split(data, per_class=10, seed=1)
    seen: list[np.ndarray] = []

    class Recorder(augment.Compose):
        def __call__(self, images: Any = None, ids: Any = None, epoch: int = 0, **options: Any) -> Any:
            seen.append(np.array(ids))
            assert np.array_equal(images, data.images[ids])
            return super().__call__(images, ids, epoch, **options)

    nothing = Recorder([augment.HorizontalFlip(p=0)], seed=99)
    run = augment_proof.run(data, train, test, {"nothing": nothing}, seed=4, epochs=3)
    one, other = run.by_pipeline.values()
    assert np.array_equal(one.recall, other.recall)
    assert (one.log_loss, one.train_loss) == (other.log_loss, other.train_loss)
    assert nothing.seed == 99
    assert [sorted(ids) for ids in seen] == [train.tolist()] * 3  # none of those to test
    assert not np.array_equal(seen[0], seen[1])
    assert one.accuracy == pytest.approx((one.recall * np.bincount(data.labels[test])).sum() / len(test))


@pytest.mark.parametrize("per_class", [None, 7])
def test_the_test_part_is_put_aside(per_class: int | None) -> None:
    data = load_digits()
    train, test = augment_proof.split(data, per_class=per_class, seed=4)
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(1797))
    sizes = np.bincount(data.labels)
    assert (
        np.bincount(data.labels[train]).tolist()
        == (sizes - sizes // 4 if per_class is None else sizes * 0 + 7).tolist()
    )
    assert not np.array_equal(train, augment_proof.split(data, per_class=per_class, seed=5)[0])
    given = np.arange(1500, 1797)
    train, test = augment_proof.split(data, per_class=per_class, seed=4, given_test=given)
    assert np.array_equal(test, given)
    assert train.max() < 1500
    assert len(train) == (1500 if per_class is None else 70)


def test_a_class_with_too_few_images_is_named() -> None:
    data = load_digits().first_of_each_class(5)
    with pytest.raises(DataError, match="class 0 has 5 images; accepted: 6 or more"):
        augment_proof.split(data, per_class=5, seed=0)


def test_a_pipeline_of_ones_own(burnish_command: Callable[..., Any], tmp_path: Path) -> None:
    mine = augment.Compose([augment.Rotate(10), augment.GaussNoise((0.05, 0.1))])
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(mine.to_dict()))
    single = tmp_path / "single.json"
    single.write_text(json.dumps(augment.Rotate(5).to_dict()))
    out = tmp_path / "out"
    runs = [burnish_command(*QUICK, "--pipelines", f"{path},{single},{path}", "--out", out) for _ in range(2)]
    assert [run.code for run in runs] == [0, 0]
    assert runs[0].stdout.partition("speed")[0] == runs[1].stdout.partition("speed")[0]
    assert f"{path}: {mine!r}" in runs[0].stdout
    assert set(read_csv(out / "augment-overall.csv")["pipeline"]) == {"none", str(path), str(single)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not a pipeline's to_dict(): "),
        ('{"transform": "Elastic"}', "'transform' is 'Elastic'"),
        (augment.RandomCrop(4, 5).to_dict(), "makes images of 4 x 5 pixels; accepted: 8 x 8"),
        (augment.RandomCrop(9, 9).to_dict(), "cannot be used: "),
        (augment.RGBShift().to_dict(), "cannot be used: RGBShift: 'images' has 1 channels"),
        (augment.Normalize(0.5, 0.5).to_dict(), "cannot be used: "),
    ],
)
def test_pipelines_that_cannot_be_used(
    burnish_command: Callable[..., Any], tmp_path: Path, content: Any, words: str
) -> None:
    path = tmp_path / "mine.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content | {"p": 1.0}))
    run = burnish_command(*QUICK, "--pipelines", path, "--out", tmp_path / "out")
    assert (run.code, run.stdout) == (2, "")
    assert words in run.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder(burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    pytest.importorskip("PIL")
    shown: dict[str, list[Any]] = {}
    monkeypatch.setattr(report, "sheet_picture", lambda path, rows, title: shown.update({path.name: rows}))
    run = burnish_command(
        "augment", digit_folder, "--image-size", 16, "--runs", 2, "--epochs", 2, "--out", tmp_path / "out"
    )
    assert run.code == 0
    test = len(CLASSES) * PER_CLASS // 4
    assert f"digits: {len(CLASSES) * PER_CLASS - test} images to train on, {test} to test, 3 classes" in run.stdout
    assert "RandomCrop(height=16, width=16, border_mode='reflect101', padding=2" in run.stdout
    rows = shown["augment.png"]
    assert [name for name, _ in rows if name] == ["originals", "photos"]
    assert all(np.shape(images) == (8, 16, 16, 3) for _, images in rows)
    assert not np.array_equal(rows[1][1], rows[2][1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a folder, a zip or cifar10, or give --demo"),
        (["--demo", "photos"], "name a folder, a zip or cifar10, or give --demo"),
        (["--demo", "--pipelines", "photo"], "'photo' is not accepted; accepted: photos, strong, signs, flips, *.json"),
        (["--demo", "--pipelines", "nowhere.json"], "nowhere.json cannot be read: "),
        (["--demo", "--runs", "1"], "2 to 100"),
        (["--demo", "--per-class", "0"], "1 or more"),
        (["--demo", "--per-class", "900"], "class 8 has 174 images; accepted: 943 or more"),
        (["--demo", "--image-size", "16"], "--image-size goes with a folder or zip"),
        (["cifar10", "--image-size", "16"], "--image-size goes with a folder or zip"),
        (["--demo", "--out", os.path.join(os.devnull, "report")], "is not a folder"),
        (["nowhere"], "nowhere does not exist"),
        (["cifar10"], "set the environment variable BURNISH_DATA"),
    ],
)
def test_wrong_arguments_are_exit_code_2(
    burnish_command: Callable[..., Any],
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("PIL")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BURNISH_DATA", raising=False)
    run = burnish_command("augment", *arguments)
    assert (run.code, run.stdout) == (2, "")
    assert words in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("library", "arguments"),
    [("torch", ["--demo"]), ("sklearn.datasets", ["--demo"]), ("PIL.Image", ["folder"]), ("scipy.special", ["folder"])],
)
def test_a_missing_library_names_the_extra_before_any_work(
    burnish_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, library: str, arguments: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    run = burnish_command("augment", *arguments)
    name = library.partition(".")[0]
    assert (run.code, run.stdout) == (2, "")
    assert run.stderr == f"burnish: error: {name} is not installed; it comes with pip install 'burnish[demo]'\n"


def test_help_names_every_option_and_fits_a_terminal() -> None:
    command = [sys.executable, "-m", "burnish", "augment", "--help"]
    environment = os.environ | {"COLUMNS": "100"}
    text = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=600).stdout
    assert max(map(len, text.splitlines())) <= 100
    for word in ("PATH", "--demo", "--out", "--pipelines", "--per-class", "--runs", "--epochs", "BURNISH_DATA"):
        assert word in text


DATA = Path(os.environ.get("BURNISH_DATA", ""))
MISSING = [name for name in ("cifar10-train.zip", "cifar10-test.zip") if not (DATA / name).is_file()]


@pytest.mark.skipif(bool(MISSING), reason=f"BURNISH_DATA does not name a folder with {' and '.join(MISSING)}")
def test_cifar10(burnish_command: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    run = burnish_command(
        "augment", "cifar10", "--limit", 60, "--per-class", 20, "--epochs", 1, "--runs", 2, "--out", tmp_path
    )
    assert run.code == 0
    assert "CIFAR-10: 200 images to train on, 600 to test, 10 classes" in run.stdout
    assert read_csv(tmp_path / "augment-recall.csv")["class"][0] == "airplane"
    assert (tmp_path / "augment.png").stat().st_size > 10_000


def test_a_preview_is_the_sheet_and_trains_nothing(
    tmp_path: Path, digit_folder: Path, burnish_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(augment_proof, "run", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    rows: list[Any] = []
    monkeypatch.setattr(report, "sheet_picture", lambda path, sheet, *, title: rows.extend([path.name, *sheet]))
    done = burnish_command(
        "augment", digit_folder, "--image-size", 8, "--pipelines", "signs", "--preview", "--out", tmp_path
    )
    assert done.code == 0, done.stderr
    assert "8 images and 8 draws of each pipeline" in done.stdout
    assert rows[0] == "augment.png"
    assert [name for name, _ in rows[1:]] == ["originals", "signs", *[""] * 7]
    originals, first = rows[1][1], rows[2][1]
    assert len(originals) == len(first) == 8
    assert any((one != two).any() for one, two in zip(originals, first, strict=True))


def test_a_preview_refuses_options_of_training(burnish_command: Callable[..., Any]) -> None:
    done = burnish_command("augment", "--demo", "--preview", "--runs", 3)
    assert done.code == 2
    assert "--runs goes with training; --preview trains nothing" in done.stderr
