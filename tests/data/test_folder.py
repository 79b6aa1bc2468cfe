# SPDX-License-Identifier: Apache-2.0
"""Folders and zips: which images are listed, with which labels, and what is said about the rest."""

from __future__ import annotations

import os
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish.data import DataError, open_images

pytest.importorskip("PIL")


def _tree(root: Path, *names: str) -> Path:
    """Make files; their content is their name, as listing reads none of them."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))
    return root


def _zip(root: Path) -> Path:
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*"), reverse=True):
            archive.write(file, file.relative_to(root))
    return path


def _listed(images: Any) -> dict[str, str]:
    names = (*images.names, "-")
    return dict(zip(images.ids, (names[label] for label in images.labels), strict=True))


LAYOUTS = (
    (("cat/1.jpg", "cat/2.PNG", "dog/1.jpg"), {"cat/1.jpg": "cat", "cat/2.PNG": "cat", "dog/1.jpg": "dog"}, ()),
    (("a/b/cat/1.jpg", "a/b/dog/1.jpg"), {"a/b/cat/1.jpg": "cat", "a/b/dog/1.jpg": "dog"}, ()),
    (
        ("cat/x/1.jpg", "cat/2.jpg", "dog/y/z/1.jpg"),
        dict.fromkeys(("cat/2.jpg", "cat/x/1.jpg"), "cat") | {"dog/y/z/1.jpg": "dog"},
        (),
    ),
    (("cat/1.jpg",), {"cat/1.jpg": "cat"}, ()),
    (("1.jpg", "2.jpg"), {"1.jpg": "-", "2.jpg": "-"}, ()),
    (("1.jpg", "cat/2.jpg"), {"cat/2.jpg": "cat", "1.jpg": "-"}, ()),
    (("10/a.jpg", "9/a.jpg"), {"9/a.jpg": "9", "10/a.jpg": "10"}, ()),
    (
        ("train/cat/1.jpg", "train/dog/1.jpg", "test/cat/1.jpg", "Validation/bird/2.jpg"),
        {"train/cat/1.jpg": "cat", "train/dog/1.jpg": "dog", "Validation/bird/2.jpg": "bird", "test/cat/1.jpg": "cat"},
        ("test/cat/1.jpg", "Validation/bird/2.jpg"),
    ),
    (
        ("set/TRAIN/cat/1.jpg", "set/val/cat/1.jpg", "set/extra/cat/1.jpg", "set/map.jpg"),
        {"set/TRAIN/cat/1.jpg": "cat", "set/val/cat/1.jpg": "cat"},
        ("set/val/cat/1.jpg",),
    ),
    (("train/1.jpg", "bus/1.jpg"), {"bus/1.jpg": "bus", "train/1.jpg": "train"}, ()),  # vehicles
    (("test/1.jpg", "valid/1.jpg"), {"test/1.jpg": "test", "valid/1.jpg": "valid"}, ()),
    (("train/cat/1.jpg",), {"train/cat/1.jpg": "cat"}, ()),
)


@pytest.mark.parametrize(("names", "expected", "held_out"), LAYOUTS)
@pytest.mark.parametrize("zipped", [False, True])
def test_layouts(
    names: tuple[str, ...], expected: dict[str, str], held_out: tuple[str, ...], zipped: bool, tmp_path: Path
) -> None:
    root = _tree(tmp_path / "set of mine", *names)
    images = open_images(_zip(root) if zipped else root)
    assert _listed(images) == expected
    assert list(images.ids) == list(expected)  # by part, class and name
    assert {images.ids[i] for i in np.flatnonzero(images.held_out)} == set(held_out)
    for i, name in enumerate(images.ids):
        assert images.content(i) == name.encode()
        assert images.path(i) == (None if zipped else root / name)
        assert images.suffix(i) == os.path.splitext(name)[1].lower()
    assert images.title == ("set of mine.zip" if zipped else "set of mine")


def test_what_is_no_image_is_left_out_and_said(tmp_path: Path) -> None:
    root = _tree(tmp_path / "x", "cat/1.jpg", "dog/1.jpg", "readme.txt", "cat/notes", ".git/a.jpg", "cat/.2.jpg")
    _tree(root, "__MACOSX/cat/1.jpg", "old/.burnish/key.json", "old/improved/cat/1.png", "old/report.html")
    (root / "bird").mkdir()
    images = open_images(root)
    assert _listed(images) == {"cat/1.jpg": "cat", "dog/1.jpg": "dog"}
    assert set(images.notes) == {
        "2 files not named as images: left out (readme.txt, cat/notes)",
        "folder old was written by burnish: left out",
        "folder bird has no images: not a class",
    }


def test_empty_classes_of_parts_are_said(tmp_path: Path) -> None:
    root = _tree(tmp_path / "x", "train/cat/1.jpg", "test/dog/1.jpg", "extra/1.jpg")
    (root / "train" / "bird").mkdir()
    (root / "train" / "dog").mkdir()  # a class, as it has images in the other part
    images = open_images(root)
    assert images.names == ("cat", "dog")
    assert images.notes == (
        "1 image outside test and train: left out (extra/1.jpg)",
        "folder train/bird has no images: not a class",
    )


HOSTILE = (
    *("new\nline.jpg", '"quoted".jpg', "<b>html&amp;.jpg", "caf\udce9.jpg", "--help.jpg", " space .jpg", "a\\b.jpg"),
    *("tab\t.jpg", "\x1b[31mred.jpg", "*.jpg", "$(rm).jpg", "ü.jpg", "x" * 200 + ".jpg", "a;b,c.jpg", "%s{0}.jpg"),
)


def test_names_of_all_kinds(tmp_path: Path) -> None:
    root = _tree(tmp_path / "x", *(f"-{name}/{name}" for name in HOSTILE))
    images = open_images(root)
    assert set(images.ids) == {f"-{name}/{name}" for name in HOSTILE}
    for i, name in enumerate(images.ids):
        assert images.content(i) == os.fsencode(name)
        assert images.names[images.labels[i]] == name.partition("/")[0]


def test_links(tmp_path: Path) -> None:
    root = _tree(tmp_path / "x", "cat/1.jpg", "dog/1.jpg")
    elsewhere = _tree(tmp_path / "elsewhere", "a.jpg", "deep/b.jpg")
    (root / "bird").symlink_to(elsewhere)
    (root / "cat" / "up").symlink_to(root)
    (root / "cat" / "gone.jpg").symlink_to("nowhere.jpg")
    (root / "cat" / "self.jpg").symlink_to("self.jpg")
    (root / "dog" / "2.jpg").symlink_to(root / "dog" / "1.jpg")
    images = open_images(root)
    expected = dict.fromkeys(("bird/a.jpg", "bird/deep/b.jpg"), "bird")
    expected |= dict.fromkeys(("cat/1.jpg", "cat/gone.jpg", "cat/self.jpg"), "cat")
    assert _listed(images) == expected | dict.fromkeys(("dog/1.jpg", "dog/2.jpg"), "dog")
    assert images.notes == ("cat/up links to a folder that it lies in: not followed",)
    for name, error in (("cat/gone.jpg", FileNotFoundError), ("cat/self.jpg", OSError)):
        with pytest.raises(error):
            images.content(images.ids.index(name))


def test_what_is_no_file_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    root = _tree(tmp_path / "x", "cat/1.jpg", "dog/1.jpg")
    (root / "cat" / "folder.jpg").mkdir()
    os.mkfifo(root / "cat" / "pipe.jpg")
    images = open_images(root)
    before = len(os.listdir("/proc/self/fd"))
    for name, words in (("cat/folder.jpg", "a folder"), ("cat/pipe.jpg", "not a plain file")):
        with pytest.raises(OSError, match=words):
            images.content(images.ids.index(name))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_that_is_too_large_for_an_image_is_not_read(tmp_path: Path) -> None:
    root = _tree(tmp_path / "x", "cat/1.jpg")
    os.truncate(root / "cat" / "1.jpg", 1 << 31)  # without any blocks
    with pytest.raises(OSError, match="2,147,483,648 bytes"):
        open_images(root).content(0)


def test_names_in_a_zip_that_lead_out_of_it_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../out/1.jpg", "/root/1.jpg", "cat/../../1.jpg", "cat/1.jpg", "dog/1.jpg", "dog//2.jpg", "bird/"):
            archive.writestr(name, b"x")
    images = open_images(path)
    assert images.ids == ("cat/1.jpg", "dog/1.jpg")
    assert images.notes == (
        "4 names leading out of the zip: left out (../out/1.jpg, /root/1.jpg, cat/../../1.jpg, ...)",
        "folder bird has no images: not a class",
    )


def test_the_last_of_a_name_in_a_zip_counts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("cat/1.jpg", b"old")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("cat/1.jpg", b"new")
    images = open_images(tmp_path / "x.zip")
    assert images.ids == ("cat/1.jpg",)
    assert images.content(0) == b"new"


def test_given_classes(tmp_path: Path) -> None:
    root = _tree(tmp_path / "x", "cat/1.jpg", "dog/1.jpg")
    images = open_images(root, names=("dog", "bird", "cat"))
    assert (images.names, images.labels.tolist(), images.ids) == (
        ("dog", "bird", "cat"),
        [0, 2],
        ("dog/1.jpg", "cat/1.jpg"),
    )
    with pytest.raises(DataError, match="the class dog is not one of"):
        open_images(root, names=("cat",))


@pytest.mark.parametrize("zipped", [False, True])
def test_a_set_can_be_sent_to_another_process(zipped: bool, tmp_path: Path) -> None:
    root = _tree(tmp_path / "x", "cat/1.jpg", "dog/1.jpg")
    images = open_images(_zip(root) if zipped else root)
    images.content(0)
    copy = pickle.loads(pickle.dumps(images))
    assert copy.content(1) == b"dog/1.jpg"
    assert copy.ids == images.ids


def test_a_child_process_opens_a_zip_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both would move one place in the file otherwise."""
    images = open_images(_zip(_tree(tmp_path / "x", "cat/1.jpg", "dog/1.jpg")))
    source: Any = images.source
    parent = source._archive()
    assert source._archive() is parent
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert source._archive() is not parent
    assert images.content(0) == b"cat/1.jpg"


@pytest.mark.parametrize("zipped", [False, True])
def test_the_state_tells_changes(zipped: bool, tmp_path: Path) -> None:
    from burnish._improve.store import key_of

    def key() -> str:
        return key_of(*open_images(_zip(root) if zipped else root).state())

    root = _tree(tmp_path / "x", "cat/1.jpg", "dog/1.jpg")
    keys = [key()]
    assert key() == keys[0]
    (root / "cat" / "1.jpg").write_bytes(b"CAT/1.jpg")  # as long as before
    keys.append(key())
    shutil.move(root / "cat" / "1.jpg", root / "cat" / "2.jpg")
    keys.append(key())
    _tree(root, "cat/3.jpg")
    keys.append(key())
    assert len(set(keys)) == 4


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.write_text("text"), "neither a folder nor a zip"),
        (lambda path: path.write_bytes(b""), "neither a folder nor a zip"),
        (lambda path: path.mkdir(), "has no images"),
        (lambda path: _tree(path, "cat/readme.txt"), "has no images"),
        (lambda path: zipfile.ZipFile(path, "w").close(), "has no images"),
        (lambda path: path.symlink_to(path), "Too many levels|does not exist"),
    ],
)
def test_refusals(make: Any, words: str, tmp_path: Path) -> None:
    make(tmp_path / "x")
    with pytest.raises(DataError, match=words):
        open_images(tmp_path / "x")
