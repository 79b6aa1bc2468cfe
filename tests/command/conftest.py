# SPDX-License-Identifier: Apache-2.0
"""Small image folders made of scikit-learn's digits, and the command run in this process."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from burnish import report
from burnish._command import main
from burnish.data import load_digits

CLASSES = ("one", "six", "zero")  # in the order of their names
DIGITS = (1, 6, 0)
PER_CLASS = 40


class Outcome(NamedTuple):
    """What a run of the command left behind."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def burnish_command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run the command in this process."""

    def run(*arguments: Any) -> Outcome:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train small networks on one thread; with more they wait for each other on a busy machine."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # of subprocesses
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[report.Sample]]]:
    """Catch the samples of each picture instead of drawing them: file name to sections."""
    caught: dict[str, list[list[report.Sample]]] = {}

    def catch(path: Path, sections: Any, *, title: str) -> None:
        caught[path.name] = [list(samples) for _, samples in sections]

    monkeypatch.setattr(report, "samples_picture", catch)
    return caught


@pytest.fixture(scope="session")
def digit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the first digits of three classes as PNG."""
    from PIL import Image

    root = tmp_path_factory.mktemp("data") / "digits"
    digits = load_digits()
    for name, digit in zip(CLASSES, DIGITS, strict=True):
        (root / name).mkdir(parents=True)
        for i, pixels in enumerate(digits.images[digits.labels == digit][:PER_CLASS, :, :, 0]):
            Image.fromarray(pixels).save(root / name / f"{i:03}.png")
    return root


@pytest.fixture(scope="session")
def digit_zip(digit_folder: Path) -> Path:
    """Return the same as a zip, with a folder around and the litter that archivers leave."""
    path = digit_folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in digit_folder.rglob("*.png"):
            archive.write(file, Path("some", "folder") / file.relative_to(digit_folder))
        archive.writestr("__MACOSX/some/folder/one/._000.png", b"not an image")
        archive.writestr("some/folder/one/.hidden.png", b"not an image")
        archive.writestr("some/readme.txt", b"no image either")
    return path


def read_csv(path: Path) -> dict[str, list[str]]:
    """Return the columns of a CSV file."""
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        header, *rows = csv.reader(file)
    return {name: [row[i] for row in rows] for i, name in enumerate(header)}


def class_numbers(column: list[str], names: tuple[str, ...]) -> np.ndarray[Any, Any]:
    """Turn names of classes into their numbers."""
    return np.array([names.index(name) for name in column])
