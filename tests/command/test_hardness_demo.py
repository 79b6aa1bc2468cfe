# SPDX-License-Identifier: Apache-2.0
"""``burnish hardness --demo`` from end to end: what it prints, what it writes, and that the two agree."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import hardness, report

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conftest import class_numbers, read_csv

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

NAMES = tuple(str(i) for i in range(10))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run the demo as a user does, once."""
    folder = tmp_path_factory.mktemp("demo")
    run = subprocess.run(
        [sys.executable, "-m", "burnish", "hardness", "--demo", "--class", "3", "--class", "8"],
        cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )
    return run, folder / "report"


def test_it_succeeds_and_names_what_it_wrote(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    run, folder = demo
    assert (run.returncode, run.stderr) == (0, "")
    written = {"hardness.csv", "histogram.png", "hardest.png", "class-3.png", "class-8.png"}
    assert {path.name for path in folder.iterdir()} == written
    assert all(str(Path("report", name)) in run.stdout for name in written)
    assert "Entropy finds ambiguous samples, not wrong labels." in run.stdout
    assert "logit_margin" in run.stdout
    assert "checked: no score depends on the batch it was computed in" in run.stdout


def test_the_table_is_by_class_of_the_scores_written(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    run, folder = demo
    columns = read_csv(folder / "hardness.csv")
    labels, predictions = (class_numbers(columns[name], NAMES) for name in ("label", "prediction"))
    scores = np.array(columns["hardness"], dtype=np.float32)
    table = hardness.by_class(scores, labels, NAMES, correct=labels == predictions)
    assert str(table) in run.stdout
    assert 0.93 < (labels == predictions).mean() < 1
    assert f"{100 * (labels == predictions).mean():.1f} % right" in run.stdout


def test_the_csv_has_every_sample_and_its_scores(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    columns = read_csv(demo[1] / "hardness.csv")
    assert list(columns) == ["id", "label", "prediction", "hardness", "logit_margin"]
    assert columns["id"] == [str(i) for i in range(1797)]
    scores, margins = (np.array(columns[name], dtype=float) for name in ("hardness", "logit_margin"))
    assert ((scores >= 0) & (scores <= np.log(10) + 1e-6)).all()
    right = np.array(columns["label"]) == np.array(columns["prediction"])
    assert np.array_equal(margins > 0, right)


def test_the_text_histogram_counts_the_scores(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    run, folder = demo
    columns = read_csv(folder / "hardness.csv")
    scores = np.array(columns["hardness"], dtype=float)
    right = np.array(columns["label"]) == np.array(columns["prediction"])
    lines = [line for line in run.stdout.splitlines() if line[1:2] == "." and " - " in line]
    printed = np.array([[int(word) for word in line.split()[3:] if word.isdigit()] for line in lines])
    edges = np.linspace(0, np.log(10), 11)
    assert np.array_equal(printed[:, 0], np.histogram(scores[right], edges)[0])
    assert np.array_equal(printed[:, 1], np.histogram(scores[~right], edges)[0])


@pytest.mark.parametrize("name", ["hardest.png", "histogram.png", "class-3.png", "class-8.png"])
def test_pictures_are_png_of_a_sensible_size(demo: tuple[subprocess.CompletedProcess[str], Path], name: str) -> None:
    with Image.open(demo[1] / name) as picture:
        assert picture.format == "PNG"
        assert 600 <= picture.width <= 1600
        assert 400 <= picture.height <= 2000
        pixels = np.asarray(picture.convert("L"))
    assert 0.05 < (pixels < 200).mean() < 0.95  # drawn upon, and not all over


def test_pictures_show_the_right_samples(
    burnish_command: Callable[..., Any], tmp_path: Path, shown: dict[str, list[list[report.Sample]]]
) -> None:
    assert burnish_command("hardness", "--demo", "--limit", 40, "--top", 7, "--class", "8", "--out", tmp_path).code == 0
    columns = read_csv(tmp_path / "hardness.csv")
    scores = np.array(columns["hardness"], dtype=float)
    right = np.array(columns["label"]) == np.array(columns["prediction"])
    eights = np.array(columns["label"]) == "8"
    hardest_first = np.argsort(-scores, kind="stable")
    easiest_first = np.argsort(scores, kind="stable")

    def names(samples: list[report.Sample]) -> list[str]:
        return [sample.name for sample in samples]

    ids = np.array(columns["id"])
    assert names(shown["hardest.png"][0]) == ids[hardest_first][:7].tolist()
    wrong, good = shown["class-8.png"]
    assert names(wrong) == ids[hardest_first][(eights & ~right)[hardest_first]][:12].tolist()
    assert names(good) == ids[easiest_first][(eights & right)[easiest_first]][:12].tolist()
    assert wrong
    assert all(sample.label == "8" != sample.prediction for sample in wrong)
    assert all(sample.label == sample.prediction == "8" for sample in good)
    first = shown["hardest.png"][0][0]
    assert first.score == f"{scores.max():.2f} nats"
    assert first.pixels.shape == (8, 8)


def test_a_seed_gives_the_same_files_and_another_seed_other_scores(
    burnish_command: Callable[..., Any], tmp_path: Path, shown: dict[str, list[list[report.Sample]]]
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run = burnish_command("hardness", "--demo", "--limit", 20, "--seed", seed, "--out", tmp_path / name)
        assert run.code == 0
    texts = [(tmp_path / name / "hardness.csv").read_bytes() for name in "abc"]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].count(b"\n") == 201


def test_the_default_class_is_the_hardest(
    burnish_command: Callable[..., Any], tmp_path: Path, shown: dict[str, list[list[report.Sample]]]
) -> None:
    run = burnish_command("hardness", "--demo", "--limit", 20, "--out", tmp_path)
    lines = run.stdout.splitlines()
    hardest = lines[next(i for i, line in enumerate(lines) if line.startswith("class  ")) + 1].split()[0]
    assert set(shown) == {"hardest.png", f"class-{hardest}.png"}
