# SPDX-License-Identifier: Apache-2.0
"""``burnish scan``: what it prints and writes, refusals, and Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish.data import load_digits

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conftest import CLASSES, PER_CLASS, read_csv

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("sklearn")


def test_the_demo(burnish_command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = burnish_command("scan", "--demo")
    assert run.code == 0
    lines = run.stdout.splitlines()
    assert lines[0].startswith("scikit-learn's digits: 1,797 images, 10 classes, ")
    assert ["7", "179"] in [line.split() for line in lines]
    assert "size        8 x 8, all" in lines
    mean = load_digits().images.mean() / 255
    assert any(line.startswith(f"channels    mean ({mean:.4f}, {mean:.4f}, ") for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_and_its_zip(
    burnish_command: Callable[..., Any], digit_folder: Path, digit_zip: Path, tmp_path: Path
) -> None:
    texts = []
    for name, path in (("folder", digit_folder), ("zip", digit_zip)):
        run = burnish_command("scan", path, "--out", tmp_path / name, "--workers", 2)
        assert (run.code, run.stderr) == (0, "")
        texts.append(run.stdout)
        assert run.stdout.endswith(
            f"written: {tmp_path / name / 'scan.csv'}: every image, what it is and what is odd about it\n"
        )
    lines = texts[0].splitlines()
    assert lines[0].startswith(f"digits: {3 * PER_CLASS} images, 3 classes, ")
    assert [line.split() for line in lines[3:6]] == [[name, str(PER_CLASS)] for name in CLASSES]
    columns = read_csv(tmp_path / "folder" / "scan.csv")
    assert columns["id"][:2] == ["one/000.png", "one/001.png"]
    assert columns["label"] == np.repeat(CLASSES, PER_CLASS).tolist()
    assert set(columns["usable"]) == {"1"}
    assert set(columns["width"]) == set(columns["height"]) == {"8"}
    zipped = read_csv(tmp_path / "zip" / "scan.csv")
    for name in set(columns) - {"id", "copy_of"}:
        assert zipped[name] == columns[name]


def test_parts_problems_and_copies(burnish_command: Callable[..., Any], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("train/a/1.png", "train/a/=2.png", "train/caf\udce9/1.png", "test/a/1.png"):
        (tmp_path / "x" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)).save(tmp_path / "x" / name)
    (tmp_path / "x" / "test" / "a" / "2.png").write_bytes((tmp_path / "x" / "train" / "a" / "1.png").read_bytes())
    Image.new("CMYK", (9, 9)).save(tmp_path / "x" / "train" / "a" / "3.jpg")
    (tmp_path / "x" / "train" / "a" / "4.jpg").write_bytes(b"")
    run = burnish_command("scan", tmp_path / "x", "--out", tmp_path / "out")
    assert run.code == 0
    assert "empty: 1 image, skipped\n  train/a/4.jpg: no bytes\n" in run.stdout
    assert "cmyk: 1 image, converted\n  train/a/3.jpg: CMYK\n" in run.stdout
    assert "held out though a model is trained on it: 1\n    test/a/2.png (a) is train/a/1.png (a)\n" in run.stdout
    assert "caf\\udce9 " in run.stdout
    columns = read_csv(tmp_path / "out" / "scan.csv")
    rows = {name: {key: values[i] for key, values in columns.items()} for i, name in enumerate(columns["id"])}
    assert rows["test/a/2.png"]["copy_of"] == "train/a/1.png"
    assert rows["test/a/2.png"]["held_out"] == "1"
    assert (rows["train/a/3.jpg"]["problems"], rows["train/a/3.jpg"]["usable"]) == ("cmyk", "1")
    assert (rows["train/a/4.jpg"]["usable"], rows["train/a/4.jpg"]["brightness"]) == ("0", "")
    assert rows["train/caf\udce9/1.png"]["label"] == "caf\udce9"
    assert "cmyk: 1 image, skipped" in burnish_command("scan", tmp_path / "x", "--strict").stdout


def test_tables_arrays_and_a_test_part(burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "train.csv"
    table.write_text(f"path,label\n{digit_folder}/one/000.png,one\n{digit_folder}/six/000.png,six\n")
    (tmp_path / "test.csv").write_text(f"path,label\n{digit_folder}/one/000.png,six\n")
    run = burnish_command("scan", table, "--test", tmp_path / "test.csv")
    assert run.stdout.startswith("train.csv: 3 images (2 to train on, 1 held out), 2 classes, ")
    assert "with another label, so one of the two is wrong: 1" in run.stdout
    np.savez(tmp_path / "x.npz", images=np.zeros((2, 8, 8), np.uint8), labels=[0, 1])
    run = burnish_command("scan", tmp_path / "x.npz")
    assert run.code == 0
    assert "    1 (1) is 0 (0)" in run.stdout


def test_a_second_run_reads_nothing_again(
    burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from burnish._improve import scan

    first = burnish_command("scan", digit_folder, "--out", tmp_path)
    monkeypatch.setattr(scan, "_look", None)
    assert burnish_command("scan", digit_folder, "--out", tmp_path) == first


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a folder, a zip, a table, an .npz or cifar10, or give --demo"),
        (["--demo", "photos"], "or give --demo"),
        (["--demo", "--test", "photos"], "--test goes with DATA"),
        (["--workers", "0", "photos"], "1 to 256"),
        (["photos"], "photos does not exist"),
        (["photos.csv"], "photos.csv cannot be read as a table: No such file or directory"),
        (["photos", "--out", "/dev/null/x"], "is not a folder that may be written to"),
        (["."], "has no images"),
    ],
)
def test_wrong_arguments_are_exit_code_2(
    burnish_command: Callable[..., Any],
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    run = burnish_command("scan", *arguments)
    assert (run.code, run.stdout) == (2, "")
    assert words in run.stderr
    assert "error: " in run.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_without_pillow_the_extra_is_named(
    burnish_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    run = burnish_command("scan", tmp_path)
    assert run.stderr == "burnish: error: PIL is not installed; it comes with pip install 'burnish[demo]'\n"
    assert run.code == 2


def test_cifar10_is_both_of_its_parts(
    burnish_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import io
    import zipfile

    from burnish.data._labeled import _CIFAR10

    for part in ("train", "test"):
        with zipfile.ZipFile(tmp_path / f"cifar10-{part}.zip", "w") as archive:
            for i, name in enumerate(_CIFAR10):
                content = io.BytesIO()
                Image.new("RGB", (32, 32), (i, i, 200 if part == "test" and i else 0)).save(content, "PNG")
                archive.writestr(f"{name}/0000.png", content.getvalue())
    monkeypatch.setenv("BURNISH_DATA", str(tmp_path))
    run = burnish_command("scan", "cifar10")
    assert run.stdout.startswith("CIFAR-10: 20 images (10 to train on, 10 held out), 10 classes, ")
    assert "    test/airplane/0000.png (airplane) is train/airplane/0000.png (airplane)\n" in run.stdout
    (tmp_path / "cifar10-test.zip").unlink()
    assert burnish_command("scan", "cifar10").stdout.startswith("CIFAR-10: 10 images, 10 classes, ")
    monkeypatch.delenv("BURNISH_DATA")
    assert "set the environment variable BURNISH_DATA" in burnish_command("scan", "cifar10").stderr


def test_ctrl_c_is_answered_at_once_and_the_next_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "x" / "a").mkdir(parents=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (150, 150, 3), dtype=np.uint8)).save(tmp_path / "1.png")
    for i in range(3000):
        (tmp_path / "x" / "a" / f"{i}.png").symlink_to(tmp_path / "1.png")
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in a shell's background
        "import functools, sys; from burnish._command import main, scan\n"
        "scan.stage_progress = functools.partial(scan.stage_progress, 0.0); sys.exit(main())"
    )
    command = [sys.executable, "-c", code, "scan", str(tmp_path / "x"), "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if int(line.split()[2].replace(",", "")) > 400:
                break
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(30) == 130
        seconds = time.monotonic() - start
    assert "Traceback" not in rest
    assert rest.splitlines()[-1].startswith("burnish: interrupted")
    assert seconds < 10  # a second, and what a busy machine takes to end a process
    done = np.load(tmp_path / "out" / ".burnish" / "scan" / "done.npy")
    assert done[0]
    assert not done[-1]
    assert not (tmp_path / "out" / "scan.csv").exists()
