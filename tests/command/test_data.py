# SPDX-License-Identifier: Apache-2.0
"""Reading labeled images: what each kind of file becomes, and how human labels join with photographs."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish.data import (
    DataError,
    load_cifar10,
    load_cifar10_human_labels,
    load_digits,
    load_images,
    place_in_class,
)

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conftest import CLASSES, DIGITS, PER_CLASS

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("sklearn")

CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def test_digits_are_scikit_learns() -> None:
    from sklearn.datasets import load_digits as oracle

    data = load_digits()
    assert data.images.shape == (1797, 8, 8, 1)
    assert np.array_equal(data.labels, oracle().target)
    assert np.array_equal(np.rint(data.images[..., 0] / 255 * 16), oracle().images)


def test_a_folder_and_a_zip_read_the_same(digit_folder: Path, digit_zip: Path) -> None:
    digits = load_digits()
    folder, archive = load_images(digit_folder, size=8), load_images(digit_zip, size=8)
    assert folder.names == archive.names == CLASSES
    assert folder.ids == archive.ids
    assert folder.labels.tolist() == archive.labels.tolist() == np.repeat([0, 1, 2], PER_CLASS).tolist()
    expected = np.concatenate([digits.images[digits.labels == digit][:PER_CLASS] for digit in DIGITS])
    assert np.array_equal(folder.images, expected.repeat(3, axis=3))  # gray became RGB
    assert np.array_equal(archive.images, folder.images)
    pictures = [data.pictures([0, 41])[1] for data in (folder, archive)]
    assert all(np.array_equal(picture, folder.images[41]) for picture in pictures)


def test_limit_and_subset_take_the_first_of_each_class(digit_folder: Path) -> None:
    read, cut = load_images(digit_folder, size=8, limit=3), load_images(digit_folder, size=8).first_of_each_class(3)
    assert read.ids == cut.ids == tuple(f"{name}/{i:03}.png" for name in CLASSES for i in range(3))
    assert np.array_equal(read.images, cut.images)
    assert np.array_equal(read.pictures([4])[0], cut.pictures([4])[0])


def test_place_in_class() -> None:
    assert place_in_class(np.array([2, 0, 2, 1, 0, 2])).tolist() == [0, 0, 1, 0, 1, 2]


def _write(root: Path, image: Any, name: str, **options: Any) -> Any:
    """Make a folder of two classes with `image` first, and return what it is read as."""
    for folder in ("a", "b"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4)).save(root / "b" / "b.png")
    image.save(root / "a" / name, **options)
    return load_images(root, size=4)


def _filled(mode: str, color: Any) -> Any:
    return Image.new(mode, (4, 4), color)


@pytest.mark.parametrize(
    ("image", "name", "expected"),
    [
        (_filled("L", 77), "x.png", (77, 77, 77)),
        (_filled("1", 1), "x.png", (255, 255, 255)),
        (_filled("RGB", (1, 2, 3)), "x.PNG", (1, 2, 3)),
        (_filled("RGBA", (200, 100, 50, 255)), "x.png", (200, 100, 50)),
        (_filled("RGBA", (200, 100, 50, 0)), "x.png", (255, 255, 255)),
        (_filled("LA", (10, 0)), "x.png", (255, 255, 255)),
        (_filled("RGB", (9, 8, 7)).convert("P", palette=Image.Palette.ADAPTIVE), "x.gif", (9, 8, 7)),
        (Image.fromarray(np.full((4, 4), 40_000, dtype=np.uint16)), "x.png", (156, 156, 156)),
        (_filled("RGB", (30, 60, 90)), "x.bmp", (30, 60, 90)),
    ],
)
def test_every_mode_becomes_rgb(image: Any, name: str, expected: tuple[int, ...], tmp_path: Path) -> None:
    data = _write(tmp_path, image, name)
    assert data.images.shape == (2, 4, 4, 3)
    assert (data.images[0] == expected).all()


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (8, 4), "black")
    image.paste("white", (0, 0, 4, 4))  # left half
    exif = image.getexif()
    exif[0x0112] = 6  # shown after a quarter turn to the right: left becomes top
    data = _write(tmp_path, image, "x.png", exif=exif)
    picture = data.pictures([0])[0]
    assert picture.shape == (8, 4, 3)
    assert picture[:4].min() == 255
    assert picture[4:].max() == 0


def test_images_are_cropped_about_their_center_and_pictures_keep_their_proportions(tmp_path: Path) -> None:
    pixels = np.zeros((40, 120, 3), dtype=np.uint8)
    pixels[:, 25:95] = 200  # the middle, and what smoothing reaches
    data = _write(tmp_path, Image.fromarray(pixels), "wide.png")
    assert (data.images[0] == 200).all()
    assert data.pictures([0])[0].shape == (40, 120, 3)
    assert data.pictures([0], longest=60)[0].shape == (20, 60, 3)


def test_a_large_jpeg_is_reduced(tmp_path: Path) -> None:
    image = Image.fromarray(np.full((1200, 900, 3), (200, 30, 90), dtype=np.uint8))
    data = _write(tmp_path, image, "x.jpg", quality=95)
    assert np.abs(data.images[0].astype(int) - (200, 30, 90)).max() <= 3
    assert data.pictures([0])[0].shape == (256, 192, 3)


@pytest.mark.parametrize("name", ["size", "limit"])
def test_sizes_below_one_are_refused(digit_folder: Path, name: str) -> None:
    with pytest.raises(DataError, match=f"'{name}' is 0; accepted: 1 or more"):
        load_images(digit_folder, **{name: 0})


def test_a_folder_that_links_to_itself_ends(tmp_path: Path) -> None:
    _write(tmp_path, _filled("L", 1), "x.png")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert load_images(tmp_path, size=4).ids == ("a/x.png", "b/b.png")


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/1.png", "b/1.png"):
            content = io.BytesIO()
            _filled("L", 1).save(content, "PNG")
            archive.writestr(name, content.getvalue())
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag "encrypted" of each entry
        place = raw.find(signature)
        while place >= 0:
            raw[place + offset] |= 1
            place = raw.find(signature, place + 1)
    path.write_bytes(raw)
    with pytest.raises(DataError, match=r"a/1\.png cannot be read as an image: .*password"):
        load_images(path)


def _made_up_cifar10(folder: Path, seed: int = 0) -> tuple[Any, Any]:
    """Write 3 photographs of each class, whose gray is their place in the original order, and labels in that order."""
    true = np.random.default_rng(seed).permutation(np.repeat(np.arange(10), 3))
    given = (true + np.arange(30) % 2) % 10
    probs = np.full((30, 10), 0.05, dtype=np.float32)
    probs[np.arange(30), true] = 0.55
    probs[:, 0] += np.arange(30) / 1000  # so that every row differs
    with zipfile.ZipFile(folder / "cifar10-train.zip", "w") as archive:
        for original, label in enumerate(true):
            content = io.BytesIO()
            Image.new("L", (32, 32), original).save(content, "PNG")
            archive.writestr(f"{CIFAR10[label]}/{place_in_class(true)[original]:04}.png", content.getvalue())
    arrays = {"aggregate_label": given, "aggregate_pred_probs": probs, "worst_label": true, "worst_pred_probs": probs}
    np.savez(folder / "cifar10n-resnet18.npz", true_label=true.astype(np.int8), **arrays)
    return true, given


def test_human_labels_join_with_the_photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true, given = _made_up_cifar10(tmp_path)
    monkeypatch.setenv("BURNISH_DATA", str(tmp_path))
    data, human = load_cifar10(), load_cifar10_human_labels("aggregate")
    assert data.names == CIFAR10
    original = data.images[:, 0, 0, 0]  # each photograph knows its place
    assert np.array_equal(data.labels, true[original])
    assert np.array_equal(human.true, true[original])
    assert np.array_equal(human.given, given[original])
    assert np.allclose(human.probs[human.true != 0, 0], 0.05 + original[human.true != 0] / 1000)


@pytest.mark.parametrize(
    ("prepare", "call", "words"),
    [
        (lambda folder: None, load_cifar10, "cifar10-train.zip is not there"),
        (lambda folder: None, lambda: load_cifar10_human_labels("worst"), "cifar10n-resnet18.npz is not there"),
        (
            lambda folder: (folder / "cifar10n-resnet18.npz").write_bytes(b"PK\x03\x04 cut off"),
            lambda: load_cifar10_human_labels("worst"),
            "is not the file of human labels",
        ),
        (
            lambda folder: np.savez(folder / "cifar10n-resnet18.npz", true_label=np.zeros(3)),
            lambda: load_cifar10_human_labels("worst"),
            "worst_label",
        ),
        (lambda folder: None, lambda: load_cifar10_human_labels("best"), "accepted: 'aggregate', 'worst'"),
    ],
)
def test_missing_data_is_named(
    prepare: Any, call: Any, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_DATA", str(tmp_path))
    prepare(tmp_path)
    with pytest.raises(DataError, match=words):
        call()


def test_without_the_variable_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BURNISH_DATA", raising=False)
    with pytest.raises(DataError, match="set the environment variable BURNISH_DATA"):
        load_cifar10()


def test_other_classes_are_not_cifar10(digit_zip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.link(digit_zip, tmp_path / "cifar10-train.zip")
    monkeypatch.setenv("BURNISH_DATA", str(tmp_path))
    with pytest.raises(DataError, match="has the classes one, six, zero"):
        load_cifar10()
