# SPDX-License-Identifier: Apache-2.0
"""``burnish hardness PATH``: folders and zips, the network behind it, refusals, and Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import _classifier, hardness, report
from burnish._command import hardness_output, hardness_score
from burnish._files import replacing
from burnish.data import load_digits, load_images

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conftest import CLASSES, PER_CLASS, class_numbers, read_csv

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("PIL")

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = ("--image-size", 8, "--epochs", 20)


def test_a_folder_and_its_zip_give_the_same_scores(
    burnish_command: Callable[..., Any], digit_folder: Path, digit_zip: Path, tmp_path: Path
) -> None:
    files = []
    for name, path in (("folder", digit_folder), ("zip", digit_zip)):
        run = burnish_command("hardness", path, *QUICK, "--out", tmp_path / name)
        assert run.code == 0
        assert "fold 2/2, epoch 20/20" in run.stderr
        files.append((tmp_path / name / "hardness.csv").read_bytes())
    assert files[0] == files[1]

    columns = read_csv(tmp_path / "folder" / "hardness.csv")
    assert columns["id"] == [f"{name}/{i:03}.png" for name in CLASSES for i in range(PER_CLASS)]
    labels, predictions = (class_numbers(columns[name], CLASSES) for name in ("label", "prediction"))
    right = labels == predictions
    assert right.mean() > 0.8  # three digits are easy, also for models that have seen the other half
    scores = np.array(columns["hardness"], dtype=np.float32)
    assert str(hardness.by_class(scores, labels, CLASSES, correct=right)) in run.stdout
    written = {"hardness.csv", "histogram.png", "hardest.png"}
    assert written < {path.name for path in (tmp_path / "zip").iterdir()}


def test_limit_takes_the_first_of_each_class(
    burnish_command: Callable[..., Any], digit_folder: Path, tmp_path: Path
) -> None:
    run = burnish_command("hardness", digit_folder, "--limit", 4, "--epochs", 1, "--image-size", 8, "--out", tmp_path)
    assert run.code == 0
    assert "12 images, 3 classes" in run.stdout
    assert read_csv(tmp_path / "hardness.csv")["id"] == [f"{name}/{i:03}.png" for name in CLASSES for i in range(4)]


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_every_image_is_scored_once_by_a_model_that_has_not_seen_it(folds: int) -> None:
    data = load_digits().first_of_each_class(11)
    splits = list(_classifier._splits(data, folds, seed=0))
    assert len(splits) == folds
    assert sorted(np.concatenate([held_out for _, held_out in splits])) == list(range(len(data)))
    for train, held_out in splits:
        assert sorted([*train, *held_out]) == list(range(len(data)))
        shares = np.bincount(data.labels[held_out], minlength=10)
        assert shares.max() - shares.min() <= 1


def test_the_network_is_reproducible_in_evaluation_mode_and_leaves_torch_alone() -> None:
    data = load_digits().first_of_each_class(12)
    state = torch.random.get_rng_state()

    def logits() -> list[Any]:
        folds = _classifier.convolutional_folds(data, folds=2, seed=3, epochs=2, flip=True)
        return [fold.logits(fold.held_out) for fold in folds]

    first, second = logits(), logits()
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert first[0].shape == (60, 10)
    assert first[0].dtype == np.float32
    assert not np.allclose(first[0], first[1])
    assert torch.equal(state, torch.random.get_rng_state())
    fold = next(_classifier.convolutional_folds(data, folds=2, seed=3, epochs=2))
    assert hardness.batch_dependent(fold.logits, fold.held_out) is False


def test_a_training_step_is_that_of_torch() -> None:
    options = {"momentum": _classifier._MOMENTUM, "nesterov": True, "weight_decay": _classifier._WEIGHT_DECAY}
    theirs, ours = torch.nn.Linear(5, 4), torch.nn.Linear(5, 4)
    ours.load_state_dict(theirs.state_dict())
    oracle = torch.optim.SGD(theirs.parameters(), lr=0.1, **options)
    parameters = list(ours.parameters())
    velocities = [torch.zeros_like(parameter) for parameter in parameters]
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        x = torch.randn(7, 5, generator=generator)
        oracle.zero_grad()
        theirs(x).square().sum().backward()
        oracle.step()
        _classifier._descend(parameters, torch.autograd.grad(ours(x).square().sum(), parameters), velocities, 0.1)
    for a, b in zip(theirs.parameters(), parameters, strict=True):
        torch.testing.assert_close(a, b)


def test_scores_that_depend_on_the_batch_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    data = load_digits().first_of_each_class(4)

    def in_training_mode(indices: Any) -> Any:
        pixels = data.images[indices].reshape(len(indices), -1).astype(np.float32)
        return (pixels - pixels.mean(axis=0))[:, 20:30] / 20

    fold = _classifier.Fold(1, np.arange(len(data)), in_training_mode)
    task = hardness_score.Task(data, "digits", "no method", iter([fold]))
    scored = hardness_score.score(task, top=3)
    hardness_output.print_summary(task, scored)
    assert scored.batch_dependent
    assert "WARNING: scores depend on the batch" in capsys.readouterr().out


def test_shards_and_folds_are_merged_as_if_scored_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = load_digits()
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (len(data), 10)).astype(np.float32)
    order = rng.permutation(len(data))
    folds = [_classifier.Fold(i + 1, order[i::2], lambda indices: logits[indices]) for i in range(2)]
    monkeypatch.setattr(hardness_score, "_SHARD", 100)
    scored = hardness_score.score(hardness_score.Task(data, "", "", iter(folds)), top=9)
    entropy = hardness.entropy(logits)
    assert np.array_equal(scored.by_sample["entropy"], entropy)
    assert np.array_equal(scored.accumulator.ids, hardness.hardest(entropy, 9))
    assert scored.accumulator.num_samples == len(data)
    right = hardness.correct(logits, data.labels)
    assert str(scored.accumulator.by_class()) == str(hardness.by_class(entropy, data.labels, correct=right))


def _one_class(root: Path) -> Path:
    (root / "only").mkdir(parents=True)
    write_png(root / "only" / "a.png")
    return root


def _loose(root: Path) -> Path:
    _one_class(root)
    write_png(root / "loose.png")
    return root


def _two_levels(root: Path) -> Path:
    _one_class(root / "train")
    _one_class(root / "test")
    return root


def _broken_image(root: Path) -> Path:
    _one_class(root)
    (root / "other").mkdir()
    (root / "other" / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing of it")
    return root


def _broken_zip(root: Path) -> Path:
    with zipfile.ZipFile(root, "w") as archive:
        archive.writestr("a/x.jpg", b"no image")
        archive.writestr("b/y.jpg", b"no image")
    return root


def _text(root: Path) -> Path:
    root.write_text("text")
    return root


def _empty(root: Path) -> Path:
    (root / "cat").mkdir(parents=True)
    (root / "cat" / "readme.txt").write_text("text")
    return root


def _too_few(root: Path) -> Path:
    _one_class(root)
    (root / "pair").mkdir()
    for name in "ab":
        write_png(root / "pair" / f"{name}.png")
    return root


def write_png(path: Path) -> None:
    """Write a small image."""
    from PIL import Image

    Image.new("RGB", (9, 9), "red").save(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: root, ["does not exist"]),
        (_text, ["neither a folder nor a zip"]),
        (_empty, ["has no images", "CLASS/*.jpg"]),
        (_one_class, ["only one class, only", "two or more"]),
        (_loose, ["loose.png is not in the folder of a class"]),
        (_two_levels, ["several places", "test, train", "name one"]),
        (_broken_image, ["other/b.png cannot be read as an image"]),
        (_broken_zip, ["a/x.jpg cannot be read as an image"]),
        (_too_few, ["class only has 1 images", "2 or more"]),
    ],
)
def test_unusable_input_is_one_line_and_exit_code_2(
    burnish_command: Callable[..., Any], tmp_path: Path, make: Callable[[Path], Path], words: list[str]
) -> None:
    run = burnish_command("hardness", make(tmp_path / "input"), "--out", tmp_path / "report", "--epochs", 1)
    assert (run.code, run.stdout) == (2, "")
    assert run.stderr.startswith("burnish: error: ")
    assert run.stderr.count("\n") == 1
    assert all(word in run.stderr for word in words), run.stderr
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a folder, a zip or cifar10, or give --demo"),
        (["--demo", "photos"], "name a folder, a zip or cifar10, or give --demo"),
        (["--demo", "--noisy-labels", "worst"], "--noisy-labels goes with cifar10 only"),
        (["--demo", "--epochs", "3"], "the demo trains no network"),
        (["--demo", "--flip"], "the demo trains no network"),
        (["--demo", "--image-size", "16"], "--image-size goes with a folder or zip"),
        (["cifar10", "--image-size", "16"], "--image-size goes with a folder or zip"),
        (["--demo", "--folds", "1"], "2 to 20"),
        (["--demo", "--top", "0"], "1 to 60"),
        (["--demo", "--limit", "-3"], "2 or more"),
        (["--demo", "--seed", "x"], "0 or more"),
        (["photos", "--image-size", "1e3"], "8 to 256"),
        (["cifar10", "--noisy-labels", "some"], "aggregate"),
        (["--demo", "--class", "ten"], "--class ten is not a class; accepted: 0, 1, 2"),
        (["--demo", "--out", os.path.join(os.devnull, "report")], "is not a folder"),
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
    run = burnish_command("hardness", *arguments)
    assert (run.code, run.stdout) == (2, "")
    assert words in run.stderr
    assert "error: " in run.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("library", "arguments"),
    [
        ("matplotlib.figure", ["--demo"]),
        ("sklearn.metrics", ["--demo"]),
        ("torch", ["folder"]),
        ("PIL.Image", ["folder"]),
    ],
)
def test_a_missing_library_names_the_extra_before_any_work(
    burnish_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, library: str, arguments: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    run = burnish_command("hardness", *arguments)
    name = library.partition(".")[0]
    assert (run.code, run.stdout) == (2, "")
    assert run.stderr == f"burnish: error: {name} is not installed; it comes with pip install 'burnish[demo]'\n"


def test_an_interrupted_report_leaves_whole_files_only(
    burnish_command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hardest.png").write_bytes(b"of an earlier run")

    def interrupted(path: Path, *arguments: Any, **options: Any) -> None:
        with replacing(path) as partial:
            partial.write_bytes(b"half of it")
            raise KeyboardInterrupt

    monkeypatch.setattr(report, "samples_picture", interrupted)
    run = burnish_command("hardness", "--demo", "--limit", 10, "--out", tmp_path)
    assert run.code == 130
    assert "interrupted" in run.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hardest.png", "hardness.csv", "histogram.png"]
    assert (tmp_path / "hardest.png").read_bytes() == b"of an earlier run"


def test_ctrl_c_during_training_is_answered_at_once(digit_folder: Path, tmp_path: Path) -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in a shell's background
        "import sys; from burnish._command import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", code, "hardness", str(digit_folder), "--epochs", "100000"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert re.match(r"fold 1/2, epoch 1/100000: loss \d\.\d+, ", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        try:
            _, rest = process.communicate(timeout=300)  # it ends long before the training would, which is with 0
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert rest.splitlines()[-1].startswith("burnish: interrupted")
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_no_text_and_formulas(burnish_command: Callable[..., Any], tmp_path: Path) -> None:
    for name in ("caf\udce9", "$x^2$", 'a, "b"\n'):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(4):
            write_png(tmp_path / "data" / name / f"{i}.png")
    run = burnish_command("hardness", tmp_path / "data", "--epochs", 1, "--image-size", 8, "--out", tmp_path / "report")
    assert (run.code, "Traceback" in run.stderr) == (0, False)
    assert len(read_csv(tmp_path / "report" / "hardness.csv")["id"]) == 12
    assert load_images(tmp_path / "data", size=8).names == ("$x^2$", 'a, "b"\n', "caf\udce9")
