# SPDX-License-Identifier: Apache-2.0
"""The improved set: bytes as they were, the same copies every time, and nothing lost or overwritten."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish._improve import apply as applying
from burnish._improve.copies import default_pipeline, varied
from burnish._improve.manifest import Plan, read_manifest
from burnish._improve.options import Options
from burnish.data import DataError, open_images
from burnish.data import _tree as tree
from improve_data import everything_below, jpeg, proposals
from settings import with_threads

Image = pytest.importorskip("PIL.Image")

PIPE = default_pipeline(mirror=True)
CHANGES = proposals(
    (0, "relabel", {"to": 1}),
    (1, "drop-label", {}),
    (2, "drop-repeat", {"other": 3}),
    (4, "annotate", {}),
    (6, "drop-leak", {"other": 9}),
    (7, "copy", {"to": 1, "number": 2}),
    (7, "copy", {"to": 1, "number": 1}),
    (8, "copy", {"to": 1, "number": 1}),
)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a folder: cats 0 to 4 and dogs 5 to 8 to train, a cat and a dog to test, and a file that is no image."""
    root = tmp_path / "photos"
    for part, name, numbers in (("train", "cat", 5), ("train", "dog", 4), ("test", "cat", 1), ("test", "dog", 1)):
        folder = root / part / name
        folder.mkdir(parents=True)
        for i in range(numbers):
            exif = Image.Exif()
            exif[0x0112] = 6
            exif[0x010E] = "a picture"
            (folder / f"{i}.jpg").write_bytes(jpeg(i + 10 * len(part) + 100 * (name == "dog"), exif=exif))
    (root / "train" / "dog" / "9.jpg").write_bytes(b"not an image")
    return root


def apply(
    images: Any,
    changes: Any,
    out: Path,
    *,
    options: Any,
    pipeline: Any,
    usable: Any = None,
    problems: Any = (),
    **how: Any,
) -> applying.Applied:
    """Carry out changes."""
    return applying.apply(Plan(images, changes, options, pipeline, usable, dict(problems)), out, **how)


def improve(root: Any, out: Path, changes: Any = CHANGES, **options: Any) -> applying.Applied:
    """Write the improved set of the photographs."""
    images = open_images(root)
    usable = np.ones(len(images), bool)
    usable[[i for i, name in enumerate(images.ids) if name.endswith("9.jpg")]] = False
    options = {"pipeline": PIPE, "usable": usable, "problems": {9: "No image."}, **options}
    return apply(images, changes, out, options=Options(), **options)


def test_what_is_written(photos: Path, tmp_path: Path) -> None:
    before = everything_below(photos)
    out = tmp_path / "out"
    told: list[tuple[int, int]] = []
    done = improve(photos, out, progress=lambda *numbers: told.append(numbers))
    after = everything_below(out)
    assert everything_below(photos) == before
    kept = {name: data for name, data in after.items() if "copy" not in name and name != "manifest.json"}
    # The relabeled cat 0 stands beside dog 0, told apart by a piece of the digest of its id.
    moved = next(name for name in kept if name.startswith("improved/dog/0-"))
    assert kept == {
        "improved/cat/3.jpg": before["train/cat/3.jpg"],
        "improved/cat/4.jpg": before["train/cat/4.jpg"],
        "improved/dog/0.jpg": before["train/dog/0.jpg"],
        "improved/dog/2.jpg": before["train/dog/2.jpg"],
        "improved/dog/3.jpg": before["train/dog/3.jpg"],
        moved: before["train/cat/0.jpg"],
    }
    copies = {name for name in after if "copy" in name}
    assert copies == {f"improved/dog/{name}.png" for name in ("2.copy1", "2.copy2", "3.copy1")}
    assert done.counts == {
        "relabel": 1, "drop-label": 1, "drop-repeat": 1, "drop-leak": 1, "keep": 5, "unreadable": 1, "held-out": 2,
        "copy": 3,
    }  # fmt: skip
    assert [path.name for path in done.written] == ["improved", "manifest.json"]
    assert told[-1] == (9, 9)


def test_copies_are_those_of_the_pipeline_whatever_else_is_there(photos: Path, tmp_path: Path) -> None:
    improve(photos, tmp_path / "out")
    with Image.open(photos / "train" / "dog" / "2.jpg") as image:
        from PIL import ImageOps

        pixels = np.array(ImageOps.exif_transpose(image).convert("RGB"))
    assert pixels.shape == (40, 30, 3)
    for number in (1, 2):
        digest = hashlib.sha256(f"train/dog/2.jpg\0{number}".encode()).digest()
        expected = PIPE(pixels[None], ids=[int.from_bytes(digest[:8], "little", signed=True)])[0]
        with Image.open(tmp_path / "out" / "improved" / "dog" / f"2.copy{number}.png") as made:
            assert np.array_equal(np.array(made), expected)
            assert not np.array_equal(expected, pixels)
    # Another set that has the same file, and one copy of it only.
    other = tmp_path / "other"
    shutil.copytree(photos, other)
    shutil.rmtree(other / "train" / "cat")
    shutil.copytree(photos / "test" / "cat", other / "train" / "cat")
    images = open_images(other)
    place = images.ids.index("train/dog/2.jpg")
    apply(images, proposals((place, "copy", {"to": 1, "number": 2})), tmp_path / "b", options=Options(), pipeline=PIPE)
    name = "improved/dog/2.copy2.png"
    assert (tmp_path / "b" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_same_bytes_again_and_on_any_threads(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    improve(photos, tmp_path / "a", form="table")
    first = everything_below(tmp_path / "a")
    improve(photos, tmp_path / "a", form="table")  # over itself
    assert everything_below(tmp_path / "a") == first
    later = time.time() + 1e6
    monkeypatch.setattr(time, "time", lambda: later)
    elsewhere = tmp_path / "other place" / "photos"
    shutil.copytree(photos, elsewhere)
    for workers in (1, 2, 7):
        with with_threads(workers):
            improve(elsewhere, tmp_path / f"{workers}", form="table", workers=workers)
        assert everything_below(tmp_path / f"{workers}") == first
    assert str(tmp_path).encode() not in first["manifest.json"]


def test_the_manifest_tells_where_all_of_it_came_from(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    improve(photos, out)
    head, rows = read_manifest(out / "manifest.json")
    images = open_images(photos)
    originals = [row for row in rows if row.action != "copy"]
    # Every image of the data is there once, with its class.
    assert {row.source: row.was for row in originals} == {
        name: images.names[label] for name, label in zip(images.ids, images.labels, strict=True)
    }
    assert len(originals) == len(images)
    assert {row.source for row in rows if row.file is None} == {
        name for i, name in enumerate(images.ids) if i in (1, 2, 6, 9) or images.held_out[i]
    }
    # What is in the folder is what is in the manifest, and it can be put back as it was.
    assert {row.file for row in rows if row.file} == {f"improved/{name}" for name in everything_below(out / "improved")}
    for row in rows:
        if row.file is not None:
            data = (out / row.file).read_bytes()
            assert hashlib.sha256(data).hexdigest() == row.sha256
            assert row.label == row.file.split("/")[1]
        if row.action in ("keep", "relabel"):
            assert data == (photos / row.source).read_bytes()
        if row.action not in ("held-out", "unreadable"):
            assert row.source_sha256 == hashlib.sha256((photos / row.source).read_bytes()).hexdigest()
        assert (row.reason != "") == (row.action != "keep")
    assert next(row for row in rows if row.source == "train/cat/4.jpg").annotate == "Since annotate <4>."
    assert next(row for row in rows if row.action == "unreadable").reason == "No image."
    assert augment.from_dict(head["pipeline"]).to_dict() == PIPE.to_dict()
    assert (head["seed"], head["classes"][1]) == (0, {"name": "dog", "folder": "dog"})


def test_names_that_no_system_takes(tmp_path: Path) -> None:
    root, source = tmp_path / "data", jpeg(1)
    names = [
        b"a\nb.jpg",
        b"\xff\xfe.jpg",
        b"<b>&amp;.jpg",
        b"con.jpg",
        "gr\u00fcn \U0001f600.jpg".encode(),
        b"x" * 250 + b".jpg",
    ]
    for folder in (b"a class\n<i>", b"B"):
        place = os.path.join(os.fsencode(root), folder)
        os.makedirs(place)
        for name in names:
            with open(os.path.join(place, name), "wb") as file:
                file.write(source)
        os.makedirs(os.path.join(place, b"inner"))
        with open(os.path.join(place, b"inner", b"con.jpg"), "wb") as file:
            file.write(source)
    images = open_images(root)
    copied = proposals(*((i, "copy", {"to": int(images.labels[i]), "number": 1}) for i in range(len(images))))
    apply(images, copied, tmp_path / "out", options=Options(), pipeline=PIPE)
    _, rows = read_manifest(tmp_path / "out" / "manifest.json")
    assert [row.source for row in rows[: len(images)]] == list(images.ids)
    files = everything_below(tmp_path / "out" / "improved")
    assert len(files) == 2 * len(images)
    for name in files:
        assert name.encode().decode().isprintable()
        assert not set(name) & set('<>:"\\|?*')
        assert max(len(part.encode()) for part in name.split("/")) <= 200
    again = open_images(tmp_path / "out" / "improved")
    assert len(again) == 2 * len(images)
    assert np.bincount(again.labels).tolist() == [len(images)] * 2


@pytest.mark.parametrize(("name", "words"), [("improved/cat/mine.txt", "was not written by burnish"),
                                              ("improved/cat/3.jpg", "was changed since"),
                                              ("improved.csv", "was changed since")])  # fmt: skip
def test_what_burnish_did_not_write_stays(photos: Path, tmp_path: Path, name: str, words: str) -> None:
    out = tmp_path / "out"
    improve(photos, out, form="table")
    (out / "improved" / "cat" / ".DS_Store").write_bytes(b"of a system")  # is not anybody's
    (out / "notes.txt").write_text("beside it")
    improve(photos, out, form="table")
    (out / name).write_text("mine")
    before = everything_below(out)
    with pytest.raises(DataError, match=f"{(out / name).name} {words}"):
        improve(photos, out, form="table")
    assert everything_below(out) == before


def test_what_is_in_the_way(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "improved").write_text("a file")
    with pytest.raises(DataError, match="is not a folder that burnish wrote"):
        improve(photos, out)
    (out / "improved").unlink()
    (out / "improved").symlink_to(photos)
    with pytest.raises(DataError, match="is not a folder that burnish wrote"):
        improve(photos, out)
    (out / "improved").unlink()
    (out / "manifest.json").write_text(json.dumps({"made_by": "somebody"}))
    with pytest.raises(DataError, match="is not a manifest that burnish wrote"):
        improve(photos, out)
    with pytest.raises(DataError, match="is not a folder"):
        improve(photos, out / "manifest.json")
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json"]


def test_data_are_never_replaced(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    improve(photos, out)
    before = everything_below(out)
    images = open_images(out / "improved")
    with pytest.raises(DataError, match="the data lie in"):
        apply(images, proposals(), out, options=Options(), pipeline=PIPE)
    assert everything_below(out) == before


def test_a_folder_that_may_not_be_written_to(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    if os.geteuid() == 0:  # who may write everywhere
        refused = PermissionError(errno.EACCES, "Permission denied")
        monkeypatch.setattr(Path, "mkdir", lambda *args, **kwargs: (_ for _ in ()).throw(refused))
    with pytest.raises(DataError, match="cannot be written: Permission denied"):
        improve(photos, out)
    assert list(out.iterdir()) == []


def _failing_after(n: int, error: BaseException) -> Callable[..., Any]:
    write, calls = Path.write_bytes, []

    def failing(self: Path, data: bytes) -> int:
        calls.append(1)
        if len(calls) > n:
            write(self, data[: len(data) // 2])
            raise error
        return write(self, data)

    return failing


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("is_rerun", [False, True])
def test_what_goes_wrong_leaves_no_trace(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, is_rerun: bool
) -> None:
    out = tmp_path / "out"
    if is_rerun:
        improve(photos, out)
    before = everything_below(out)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", _failing_after(4, error))
        with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else DataError) as caught:
            improve(photos, out)
    if isinstance(error, OSError):
        assert str(caught.value) == (
            f"{out / 'improved'} cannot be written: there is no space left; free some or name another place"
        )
    assert everything_below(out) == before
    improve(photos, out)
    improve(photos, tmp_path / "fresh")
    assert everything_below(out) == everything_below(tmp_path / "fresh")


@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_a_run_that_was_killed_while_it_put_things_in_place(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    out = tmp_path / "out"
    improve(photos, out, changes=proposals((1, "drop-label", {})))

    class Killed(BaseException):
        pass

    def killed(staged: Path, folder: Path) -> None:
        if place != "before":
            folder.rename(folder.with_name(".improved.old"))
        if place == "after":
            staged.rename(folder)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(tree, "_swap", killed)
        patched.setattr(tree.shutil, "rmtree", lambda *args, **kwargs: None)
        with pytest.raises(Killed):
            improve(photos, out)
    improve(photos, out)
    improve(photos, tmp_path / "fresh")
    assert everything_below(out) == everything_below(tmp_path / "fresh")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 64 kB, where that is permitted."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not permitted")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("form", ["folder", "npz"])
def test_a_full_disk(photos: Path, small_disk: Path, form: str) -> None:
    many = proposals(*((7, "copy", {"to": 1, "number": i}) for i in range(1, 65)))
    with pytest.raises(DataError, match="there is no space left"):
        improve(photos, small_disk / "out", changes=many, form=form)
    assert everything_below(small_disk / "out") == {}
    few = proposals((7, "copy", {"to": 1, "number": 1}))
    assert improve(photos, small_disk / "out", changes=few, form=form).counts["copy"] == 1


def test_a_file_that_has_gone(photos: Path, tmp_path: Path) -> None:
    images = open_images(photos)
    (photos / "train" / "cat" / "3.jpg").unlink()
    with pytest.raises(DataError, match=r"train/cat/3\.jpg cannot be read any more: No such file"):
        apply(images, proposals(), tmp_path / "out", options=Options(), pipeline=PIPE)
    assert everything_below(tmp_path / "out") == {}


def test_a_table_of_what_was_written(photos: Path, tmp_path: Path) -> None:
    improve(photos, tmp_path / "out", form="table")
    with (tmp_path / "out" / "improved.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["path", "label"]
    assert dict(rows) == {
        f"improved/{name}": name.split("/")[0] for name in everything_below(tmp_path / "out" / "improved")
    }


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 1), (9, 7, 3), (9, 7, 4)])
def test_arrays(tmp_path: Path, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (6, *shape), dtype=np.uint8)
    if shape[2:] == (4,):
        pixels[..., 3] = 255
    path = tmp_path / "set.npz"
    np.savez(path, images=pixels, labels=[0, 0, 0, 0, 1, 1], names=["a", "b"])
    before = path.read_bytes()
    changes = proposals(
        (0, "relabel", {"to": 1}), (1, "drop-repeat", {"other": 0}), (5, "copy", {"to": 1, "number": 3})
    )
    written = [improve(path, tmp_path / "out", changes, usable=None, form="npz") for _ in range(2)]
    assert path.read_bytes() == before
    assert [place.name for place in written[0].written] == ["improved.npz", "manifest.json"]
    with np.load(tmp_path / "out" / "improved.npz", allow_pickle=False) as made:
        assert made["labels"].tolist() == [1, 0, 0, 1, 1, 1]
        assert made["ids"].tolist() == ["0", "2", "3", "4", "5", "5"]
        assert made["copy"].tolist() == [0, 0, 0, 0, 0, 3]
        assert made["names"].tolist() == ["a", "b"]
        assert np.array_equal(made["images"][:5], pixels[[0, 2, 3, 4, 5]])
        color = pixels[5] if pixels[5].ndim == 3 and shape[2] != 1 else np.repeat(pixels[5].reshape(9, 7, 1), 3, 2)
        expected = varied(PIPE, [color[..., :3].copy()], ["5"], [3])[0]
        if shape[2:] in ((), (1,)):
            expected = np.array(Image.fromarray(expected).convert("L")).reshape(shape)
        assert np.array_equal(made["images"][5][..., :3] if len(shape) == 3 else made["images"][5], expected)
    again = open_images(tmp_path / "out" / "improved.npz")
    assert (again.names, len(again)) == (("a", "b"), 6)
    _, rows = read_manifest(tmp_path / "out" / "manifest.json")
    assert [row.file for row in rows if row.file][-1] == "improved.npz#5"
    assert rows[1].source_sha256 == hashlib.sha256(pixels[1].tobytes()).hexdigest()


def test_arrays_are_the_same_bytes_on_any_threads_and_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "set.npz"
    np.savez(path, images=rng.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8), labels=np.arange(20) % 2)
    changes = proposals(*((i, "copy", {"to": i % 2, "number": 1}) for i in range(20)))
    improve(path, tmp_path / "1", changes, usable=None, form="npz", workers=1)
    now = time.localtime(time.time() + 1e7)
    monkeypatch.setattr(time, "localtime", lambda *_: now)
    improve(path, tmp_path / "7", changes, usable=None, form="npz", workers=7)
    assert everything_below(tmp_path / "1") == everything_below(tmp_path / "7")


def test_arrays_that_cannot_be_one(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    np.savez(path, images=np.zeros((4, 8, 8, 3), np.uint8), labels=[0, 0, 1, 1])
    crop = augment.Compose([augment.RandomCrop(4, 4)])
    with pytest.raises(DataError, match=r"0: shape \(4, 4, 3\); accepted in one array: \(8, 8, 3\)"):
        improve(path, tmp_path / "out", proposals((0, "copy", {"to": 0, "number": 1})), pipeline=crop, usable=None,
                form="npz")  # fmt: skip
    assert everything_below(tmp_path / "out") == {}
    (tmp_path / "out" / "improved.npz").write_bytes(b"mine")
    with pytest.raises(DataError, match=r"improved.npz was not written by burnish"):
        improve(path, tmp_path / "out", proposals(), usable=None, form="npz")


def test_gray_photographs_stay_gray_and_large_ones_become_smaller(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
    Image.fromarray(np.arange(1200, dtype=np.uint8).reshape(40, 30)).save(root / "a" / "gray.png")
    with io.BytesIO() as file:
        Image.new("RGB", (2000, 1000), "red").save(file, "JPEG")
        (root / "b" / "large.jpg").write_bytes(file.getvalue())
    changes = proposals((0, "copy", {"to": 0, "number": 1}), (1, "copy", {"to": 1, "number": 1}))
    apply(open_images(root), changes, tmp_path / "out", options=Options(), pipeline=PIPE)
    with Image.open(tmp_path / "out" / "improved" / "a" / "gray.copy1.png") as made:
        assert (made.mode, made.size) == ("L", (30, 40))
    with Image.open(tmp_path / "out" / "improved" / "b" / "large.copy1.png") as made:
        assert (made.mode, made.size) == ("RGB", (1024, 512))
    (root / "b" / "large.jpg").unlink()
    shutil.copy(root / "a" / "gray.png", root / "b")
    apply(open_images(root), changes, tmp_path / "arrays", options=Options(), pipeline=PIPE, form="npz")
    with np.load(tmp_path / "arrays" / "improved.npz") as arrays:
        assert arrays["images"].shape == (4, 40, 30, 3)  # files are read in colors, and so are their copies


def test_what_has_no_class_is_left_out(tmp_path: Path) -> None:
    images = open_images((np.zeros((3, 8, 8), np.uint8), [0, -1, 1]))
    done = apply(images, proposals(), tmp_path / "out", options=Options(), pipeline=PIPE)
    assert done.counts == {"keep": 2, "no-label": 1}
    assert sorted(everything_below(tmp_path / "out" / "improved")) == ["0/0.png", "1/2.png"]
    with pytest.raises(ValueError, match="copies '1', which is not kept"):
        apply(
            images, proposals((1, "copy", {"to": 0, "number": 1})), tmp_path / "out", options=Options(), pipeline=PIPE
        )


# ---- features ----

BETWEEN = proposals(
    (0, "relabel", {"to": 1}),
    (1, "drop-label", {}),
    (5, "interpolate", {"to": 1, "other": 0, "number": 1}),
    (8, "interpolate", {"to": 1, "other": 6, "number": 1}),
    (8, "interpolate", {"to": 1, "other": 5, "number": 2}),
)
BETWEEN.score[2:] = (0.25, 0.0, 0.75)
FEATURES = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
FEATURES[9] = np.nan  # cannot be read


def test_features_are_written_beside_the_images(photos: Path, tmp_path: Path) -> None:
    before = FEATURES.copy()
    done = improve(photos, tmp_path, changes=BETWEEN, features=FEATURES)
    assert [path.name for path in done.written] == ["improved", "improved-features.npz", "manifest.json"]
    assert done.counts["interpolate"] == 3
    assert np.array_equal(FEATURES, before, equal_nan=True)
    kept = [0, 2, 3, 4, 5, 6, 7, 8]
    with np.load(tmp_path / "improved-features.npz", allow_pickle=False) as file:
        found = {name: file[name] for name in file.files}
    assert found["features"].dtype == np.float32
    assert np.array_equal(found["features"][:8], FEATURES[kept])
    for row, (base, other, step) in zip(found["features"][8:], [(5, 0, 0.25), (8, 6, 0.0), (8, 5, 0.75)], strict=True):
        expected = FEATURES[base].astype(float) + step * (FEATURES[other] - FEATURES[base]).astype(float)
        assert np.array_equal(row, expected.astype(np.float32))
    assert found["labels"].tolist() == [1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert found["names"].tolist() == ["cat", "dog"]
    ids = open_images(photos).ids
    assert found["ids"].tolist() == [ids[i] for i in [*kept, 5, 8, 8]]
    assert found["neighbors"].tolist() == [""] * 8 + [ids[i] for i in (0, 6, 5)]
    assert found["steps"].tolist() == [0.0] * 8 + [0.25, 0.0, 0.75]
    head, rows = read_manifest(tmp_path / "manifest.json")
    written = (tmp_path / "improved-features.npz").read_bytes()
    assert head["outputs"] == {"improved-features.npz": hashlib.sha256(written).hexdigest()}
    added = [row for row in rows if row.action == "interpolate"]
    assert [row.file for row in added] == [f"improved-features.npz#{place}" for place in (8, 9, 10)]
    for row, place in zip(added, (8, 9, 10), strict=True):
        assert (row.source, row.neighbor) == (found["ids"][place], found["neighbors"][place])
        assert (row.step, row.label, row.was) == (found["steps"][place], "dog", "dog")
        assert row.sha256 == hashlib.sha256(found["features"][place].tobytes()).hexdigest()
        assert row.source_sha256 == hashlib.sha256((photos / row.source).read_bytes()).hexdigest()
    assert [row.number for row in added] == [1, 1, 2]


@pytest.mark.parametrize("form", ["folder", "table", "npz"])
def test_features_are_the_same_bytes_again_and_go_with_the_proposals(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (6, 9, 8, 3), np.uint8)
    images = open_images((pixels, np.array([0, 0, 0, 0, 1, 1])))
    changes = proposals((4, "interpolate", {"to": 1, "other": 5, "number": 1}))
    monkeypatch.setattr("burnish._improve.feature_rows._BLOCK", 2)
    made = []
    for name, workers in (("a", 1), ("a", 2), ("b", 7)):
        with with_threads(workers):
            apply(images, changes, tmp_path / name, options=Options(), pipeline=PIPE, features=FEATURES[:6], form=form,
                  workers=workers)  # fmt: skip
        made.append(everything_below(tmp_path / name))
    assert made[0] == made[1] == made[2]
    if form == "table":
        assert b"improved-features" not in made[0]["improved.csv"]
    if form == "npz":
        with np.load(tmp_path / "a" / "improved.npz") as file:
            assert len(file["images"]) == 6
    apply(images, proposals(), tmp_path / "a", options=Options(), pipeline=PIPE, form=form)  # what is not wanted goes
    assert "improved-features.npz" not in everything_below(tmp_path / "a")
    apply(images, changes, tmp_path / "a", options=Options(), pipeline=PIPE, features=FEATURES[:6], form=form)
    assert everything_below(tmp_path / "a") == made[0]


def test_another_form_takes_the_place_of_the_first(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (6, 9, 8, 3), np.uint8)
    images = open_images((pixels, np.array([0, 0, 0, 0, 1, 1])))
    for form, names in (("table", {"improved", "improved.csv"}), ("npz", {"improved.npz"}), ("folder", {"improved"}),
                        ("npz", {"improved.npz"})):  # fmt: skip
        apply(images, proposals(), tmp_path / "out", options=Options(), pipeline=PIPE, form=form)
        assert {path.name for path in (tmp_path / "out").iterdir()} == {*names, "manifest.json"}
    (tmp_path / "out" / "improved").mkdir()
    (tmp_path / "out" / "improved" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match=r"mine\.txt was not written by burnish"):
        apply(images, proposals(), tmp_path / "out", options=Options(), pipeline=PIPE, form="npz")


def test_features_that_burnish_did_not_write_stay(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "improved-features.npz").write_bytes(b"mine")
    for features in (FEATURES, None):
        with pytest.raises(DataError, match=r"improved-features\.npz was not written by burnish"):
            improve(photos, tmp_path, changes=proposals(), features=features)
    assert everything_below(tmp_path)["improved-features.npz"] == b"mine"


def test_what_cannot_be_interpolated(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'features' is None; accepted where 'proposals' interpolates"):
        improve(photos, tmp_path / "out", changes=BETWEEN)
    for ends in ((7, 1), (1, 7)):
        changes = proposals((1, "drop-label", {}), (ends[0], "interpolate", {"to": 1, "other": ends[1], "number": 1}))
        with pytest.raises(ValueError, match=r"interpolates from 'train/cat/1\.jpg', which is not kept"):
            improve(photos, tmp_path / "out", changes=changes, features=FEATURES)
    assert everything_below(tmp_path / "out") == {}


@pytest.mark.parametrize("is_rerun", [False, True])
def test_features_leave_no_trace_where_images_cannot_be_written(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_rerun: bool
) -> None:
    out = tmp_path / "out"
    if is_rerun:
        improve(photos, out, changes=proposals(), features=FEATURES)
    before = everything_below(out)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", _failing_after(4, OSError(errno.ENOSPC, "No space left on device")))
        with pytest.raises(DataError, match="no space left"):
            improve(photos, out, changes=BETWEEN, features=FEATURES)
    assert everything_below(out) == before
    with monkeypatch.context() as patched:
        patched.setattr(applying, "_features_beside", _killed_before_the_end)
        with pytest.raises(KeyboardInterrupt):
            improve(photos, out, changes=BETWEEN, features=FEATURES)
    improve(photos, out, changes=BETWEEN, features=FEATURES)
    improve(photos, tmp_path / "fresh", changes=BETWEEN, features=FEATURES)
    assert everything_below(out) == everything_below(tmp_path / "fresh")


@contextmanager
def _killed_before_the_end(*arguments: Any) -> Iterator[dict[str, str]]:
    """Write features, and end before they are in their place, though the images are in theirs."""
    with FEATURES_BESIDE(*arguments) as outputs:
        yield outputs
        raise KeyboardInterrupt


FEATURES_BESIDE = applying._features_beside
