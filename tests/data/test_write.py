# SPDX-License-Identifier: Apache-2.0
"""What is written is read again: the same images, labels and parts; and nothing is overwritten or half-written."""

from __future__ import annotations

import io
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import data
from burnish.data import (
    DataError,
    ImageSet,
    open_images,
    to_fiftyone,
    to_huggingface,
    to_torch,
    write_folder,
    write_npz,
    write_table,
)
from burnish.data._file_names import distinct, safe_name, split_suffix

Image = pytest.importorskip("PIL.Image")


def picture(seed: int, mode: str = "RGB", kind: str = "JPEG") -> bytes:
    """Return an image file of 7 x 5 pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    with io.BytesIO() as file:
        Image.fromarray(pixels).convert(mode).save(file, kind)
        return file.getvalue()


@pytest.fixture
def photos(tmp_path: Path) -> ImageSet:
    """Return images of two classes and two parts, one without a label, some of the same name."""
    root = tmp_path / "photos"
    for i, name in enumerate(("train/cat/1.jpg", "train/cat/more/1.jpg", "train/dog/1.jpg", "train/2.jpg",
                              "test/cat/1.jpg", "test/dog/x.jpg")):  # fmt: skip
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(picture(i))
    return open_images(root)


def summary(images: ImageSet) -> list[tuple[str, bool, bytes]]:
    """Return class, part and content of each image, sorted."""
    contents = (images.content(i) for i in range(len(images)))
    return sorted(
        (
            images.names[label] if label >= 0 else "",
            bool(held),
            content if isinstance(content, bytes) else content.tobytes(),
        )
        for label, held, content in zip(images.labels, images.held_out, contents, strict=True)
    )


def below(folder: Path) -> dict[str, bytes]:
    """Return all files by name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("workers", [1, 7])
def test_a_folder(photos: ImageSet, tmp_path: Path, workers: int) -> None:
    out = write_folder(photos, tmp_path / "new" / "out", workers=workers)
    names = sorted(below(out))
    moved = next(name for name in names if name.startswith("train/cat/1-"))
    assert names == sorted(
        ["test/cat/1.jpg", "test/dog/x.jpg", "train/2.jpg", "train/cat/1.jpg", moved, "train/dog/1.jpg"]
    )
    again = open_images(out)
    assert (again.names, summary(again)) == (photos.names, summary(photos))
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    # Without held-out images there is no folder for parts.
    train = photos.take(np.flatnonzero(~photos.held_out & (photos.labels >= 0)))
    assert {name.split("/")[0] for name in below(write_folder(train, tmp_path / "train only"))} == {"cat", "dog"}


def test_a_folder_of_arrays(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 7, 1), dtype=np.uint8)
    images = open_images((pixels, [0, 1, 1, 0]), names=["<a>", "b/c"])
    out = write_folder(images, tmp_path / "out")
    assert sorted(below(out)) == ["_a_/0.png", "_a_/3.png", "b_c/1.png", "b_c/2.png"]
    with Image.open(out / "b_c" / "2.png") as image:
        assert image.mode == "L"
        assert np.array_equal(np.array(image), pixels[2, ..., 0])


def test_a_folder_that_is_in_use(photos: ImageSet, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    for place in ("out", "out/mine.txt", "link"):
        with pytest.raises(DataError, match="is there already; name another place, or empty it"):
            write_folder(photos, tmp_path / place)
    assert below(tmp_path / "out") == {"mine.txt": b"mine"}


@pytest.mark.parametrize("write", [write_folder, lambda images, path: write_npz(images, path.with_suffix(".npz"))])
def test_an_image_that_cannot_be_read(photos: ImageSet, tmp_path: Path, write: Any) -> None:
    place = photos.path(2)
    assert place is not None
    place.unlink()
    with pytest.raises(DataError, match=f"{photos.ids[2]} cannot be read: No such file"):
        write(photos, tmp_path / "new" / "out")
    assert below(tmp_path / "new") == {}


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 4)])
def test_arrays(tmp_path: Path, split: bool, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, *shape), dtype=np.uint8)
    labels = np.arange(30) % 3
    test = (pixels[:5] // 2, labels[:5]) if split else None
    images = open_images((pixels, labels), test=test, names=["z", "a", "m", "none of these"])
    path = write_npz(images, tmp_path / "new" / "set.npz")
    first = path.read_bytes()
    again = open_images(path)
    assert again.names == images.names
    assert summary(again) == summary(images)
    assert again.labels.tolist() == images.labels.tolist()
    assert again.content(0).shape == shape
    assert write_npz(images, path, workers=7).read_bytes() == first
    assert [place.name for place in path.parent.iterdir()] == ["set.npz"]


def test_arrays_of_files_of_one_shape(photos: ImageSet, tmp_path: Path) -> None:
    again = open_images(write_npz(photos, tmp_path / "set.npz"))
    for i in range(len(photos)):
        content = photos.content(i)
        assert isinstance(content, bytes)
        with Image.open(io.BytesIO(content)) as image:
            assert np.array_equal(np.array(image), again.content(i))
    with pytest.raises(DataError, match=r"1: shape \(6, 5\); accepted in one array: \(5, 5\), as the first"):
        write_npz(open_images(([np.zeros((5, 5), np.uint8), np.zeros((6, 5), np.uint8)], [0, 1])), tmp_path / "set.npz")
    assert open_images(tmp_path / "set.npz").names == photos.names  # it stays
    with pytest.raises(DataError, match=r"accepted: one that ends in \.npz"):
        write_npz(photos, tmp_path / "set.npy")
    with pytest.raises(DataError, match=r"cannot be written: (Not a directory|File exists)"):
        write_npz(photos, tmp_path / "set.npz" / "x.npz")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table(photos: ImageSet, tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    path = write_table(photos, tmp_path / "elsewhere" / f"set{suffix}")
    again = open_images(path)
    assert (again.names, summary(again)) == (photos.names, summary(photos))
    assert "../photos/train/cat/1.jpg" in again.ids
    first = path.read_bytes()
    assert write_table(photos, path).read_bytes() == first
    assert [place.name for place in path.parent.iterdir()] == [path.name]


def test_tables_that_cannot_be(photos: ImageSet, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"accepted: one that ends in \.csv or \.parquet"):
        write_table(photos, tmp_path / "set.txt")
    with pytest.raises(DataError, match="write_table: 0 is not a file; call write_folder first"):
        write_table(open_images((np.zeros((1, 5, 5), np.uint8), [0])), tmp_path / "set.csv")
    odd = tmp_path / "odd"
    odd.mkdir()
    for name in (b"a", b"b\xff"):
        folder = bytes(odd) + b"/" + name
        Path(folder.decode(errors="surrogateescape")).mkdir()
        Path((folder + b"/1.jpg").decode(errors="surrogateescape")).write_bytes(picture(1))
    images = open_images(odd)
    assert summary(open_images(write_table(images, tmp_path / "set.csv"))) == summary(images)
    pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match="is not text, as Parquet needs it"):
        write_table(images, tmp_path / "set.parquet")
    assert not (tmp_path / "set.parquet").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("photo 1 (copy).JPG", "photo 1 (copy).JPG"),
        ("grün 猫 é.png", "grün 猫 é.png"),
        ("a/b\\c.png", "a_b_c.png"),
        ("..", "__"),
        ("", "_"),
        (".hidden.png", "_hidden.png"),
        ("line\nbreak\x00\u2028.png", "line_break__.png"),
        ('<b>:"|?*.png', "_b______.png"),
        ("\udcff.png", "_.png"),
        ("con.png", "con_.png"),
        ("Aux", "Aux_"),
        ("com1.tar.png", "com1_.tar.png"),
        ("console.png", "console.png"),
        ("ends in a dot.", "ends in a dot_"),
        ("__MACOSX", "__MACOSX_"),
    ],
)
def test_names_of_files(name: str, expected: str) -> None:
    assert safe_name(name, split_suffix(name)[1]) == expected


def test_long_names() -> None:
    names = [safe_name("猫" * 100 + str(i) + ".jpeg", ".jpeg") for i in range(3)]
    assert len(set(names)) == 3
    assert all(name.endswith(".jpeg") and len(name.encode()) <= 200 for name in names)
    assert safe_name("photo", ".png") == "photo.png"
    assert safe_name("photo.jpg", ".png") == "photo.jpg.png"


def test_names_that_some_system_takes_for_the_same() -> None:
    names = ["a/1.jpg", "a/1.JPG", "b/1.jpg", "a/é.png", "a/e\u0301.png", "a/1.jpg"]
    made = distinct(names, list("uvwxyz"))
    assert [made[i] for i in (0, 2, 3)] == [names[i] for i in (0, 2, 3)]
    assert len({name.casefold() for name in made}) == 6
    assert made[1].startswith("a/1-")
    assert made[1].endswith(".JPG")
    assert distinct(names, list("uvwxyz")) == made
    # A name that was made does not take that of another.
    assert len(set(distinct(["1.jpg", "1.jpg", made[5].removeprefix("a/")], ["u", "z", "t"]))) == 3


def test_torch(photos: ImageSet) -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.data import DataLoader, Dataset

    dataset = to_torch(photos)
    assert isinstance(dataset, Dataset)
    assert (len(dataset), dataset.classes, dataset.class_to_idx) == (6, ["cat", "dog"], {"cat": 0, "dog": 1})
    assert dataset.targets == photos.labels.tolist()
    for i in (0, 5, -1):
        image, label = dataset[i]
        content = photos.content(i % 6)
        assert isinstance(content, bytes)
        with Image.open(io.BytesIO(content)) as expected:
            assert np.array_equal(np.array(expected), image.permute(1, 2, 0).numpy())
        assert (image.dtype, label) == (torch.uint8, photos.labels[i])
    assert [tuple(images.shape) for images, _ in DataLoader(dataset, 4)] == [(4, 3, 5, 7), (2, 3, 5, 7)]
    mean = to_torch(photos, np.mean)
    assert mean[0][0] == pytest.approx(dataset[0][0].numpy().mean())
    copied = pickle.loads(pickle.dumps(mean))
    assert copied[1] == mean[1]
    with pytest.raises(IndexError, match="row 6 of 6"):
        dataset[6]


def test_torch_of_arrays() -> None:
    pytest.importorskip("torch")
    for shape in ((5, 7), (5, 7, 1), (5, 7, 4)):
        pixels = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
        if shape[2:] == (4,):
            pixels[..., 3] = 255
        image, _ = to_torch(open_images((pixels, [0, 1])))[1]
        expected = np.broadcast_to(pixels[1].reshape(5, 7, -1)[..., :3], (5, 7, 3))
        assert np.array_equal(image.permute(1, 2, 0).numpy(), expected)


def test_huggingface(photos: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets")
    made = to_huggingface(photos)
    assert made["id"][:] == list(photos.ids)
    assert made["held_out"][:] == photos.held_out.tolist()
    assert made["label"][:] == [label if label >= 0 else None for label in photos.labels.tolist()]
    assert made.features["label"].names == ["cat", "dog"]
    again = open_images(made)
    assert again.labels.tolist() == photos.labels.tolist()
    assert [again.content(i) for i in range(6)] == [photos.content(i) for i in range(6)]
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)
    arrays = to_huggingface(open_images((pixels, [0, 1])))
    assert np.array_equal(np.array(arrays[1]["image"]), pixels[1])


FIELDS = {"hardness": np.array([0.5, np.nan, 1, 2, 3, 4], np.float32), "issue": np.array([True] + [False] * 5)}


class Sample(dict[str, Any]):
    """Stands in for FiftyOne's."""

    def __init__(self, filepath: str, tags: list[str]) -> None:
        super().__init__()
        self.filepath, self.tags = filepath, tags


def test_what_fiftyone_is_given(photos: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[Sample] = []
    library = types.SimpleNamespace(
        Sample=Sample,
        Classification=lambda label: label,
        Dataset=lambda name: types.SimpleNamespace(name=name, add_samples=added.extend),
    )
    monkeypatch.setitem(sys.modules, "fiftyone", library)
    made = to_fiftyone(photos, fields=FIELDS, predictions=[1, 0, 1, 0, -1, 1], name="mine")
    assert made.name == "mine"
    assert [sample.filepath for sample in added] == [str(photos.path(i)) for i in range(6)]
    assert [sample.tags for sample in added] == [["test" if held else "train"] for held in photos.held_out]
    label = [photos.names[label] if label >= 0 else None for label in photos.labels]
    assert [sample.get("ground_truth") for sample in added] == label
    assert [sample.get("prediction") for sample in added] == ["dog", "cat", "dog", "cat", None, "dog"]
    assert [sample.get("hardness") for sample in added] == [0.5, None, 1, 2, 3, 4]
    assert [sample["issue"] for sample in added] == [True] + [False] * 5
    assert type(added[0]["issue"]) is bool
    with pytest.raises(DataError, match=r"'hardness' has shape \(2,\); accepted: \(6,\)"):
        to_fiftyone(photos, fields={"hardness": [1, 2]})
    with pytest.raises(DataError, match="'word' has dtype <U1; accepted: numbers"):
        to_fiftyone(photos, fields={"word": list("abcdef")})
    with pytest.raises(DataError, match="to_fiftyone: 0 is not a file; call write_folder first"):
        to_fiftyone(open_images((np.zeros((1, 5, 5), np.uint8), [0])))


def test_fiftyone_itself(photos: ImageSet) -> None:
    fiftyone = pytest.importorskip("fiftyone")
    try:
        fiftyone.list_datasets()
    except Exception as error:
        pytest.skip(f"FiftyOne has no database: {error}")
    made = to_fiftyone(photos, fields=FIELDS, predictions=[1, 0, 1, 0, -1, 1], suggested=[-1] * 6)
    try:
        assert made.count() == 6
        assert made.match_tags("test").count() == 2
        assert made.sort_by("hardness", reverse=True).first().hardness == 4
        assert made.match(fiftyone.ViewField("issue")).first().prediction.label == "dog"
        assert made.distinct("ground_truth.label") == ["cat", "dog"]
    finally:
        made.delete()


@pytest.mark.parametrize(("library", "convert"), [("datasets", to_huggingface), ("fiftyone", to_fiftyone)])
def test_a_library_that_is_missing(
    photos: ImageSet, monkeypatch: pytest.MonkeyPatch, library: str, convert: Any
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=f"{library} is not installed; it comes with pip install {library}"):
        convert(photos)


def test_all_that_is_public_is_there() -> None:
    assert all(hasattr(data, name) for name in data.__all__)
