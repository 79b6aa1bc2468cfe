# SPDX-License-Identifier: Apache-2.0
"""Arrays, tables, torch data sets, Hugging Face's: what becomes of each, and what is refused."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish._improve.store import key_of
from burnish.data import DataError, ImageSet, load_images, open_images, pictures

sys.path.insert(0, str(Path(__file__).resolve().parent))
from data_files import encoded, photo, write

Image = pytest.importorskip("PIL.Image")

PHOTOS = np.stack([photo(seed) for seed in range(6)])
LABELS = np.array([2, 0, 1, 2, 0, 1])


def _same(images: ImageSet, expected: Any, labels: Any, names: tuple[str, ...]) -> None:
    assert images.names == names
    assert images.labels.tolist() == list(labels)
    for i, pixels in enumerate(expected):
        content = images.content(i)
        assert isinstance(content, np.ndarray)
        assert content.dtype == np.uint8
        assert np.array_equal(content, pixels)
        assert (images.path(i), images.suffix(i)) == (None, ".png")


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (PHOTOS, PHOTOS),
        (list(PHOTOS), PHOTOS),
        (PHOTOS.transpose(0, 3, 1, 2), PHOTOS),
        (PHOTOS[..., 0], PHOTOS[..., 0]),
        (PHOTOS[..., :1], PHOTOS[..., :1]),
        (PHOTOS[:, None, :, :, 0], PHOTOS[..., :1]),
        (PHOTOS.astype(np.uint16) * 256 + 77, PHOTOS),
        (PHOTOS / np.float32(255), PHOTOS),
        (PHOTOS > 99, (PHOTOS > 99) * np.uint8(255)),
        ([photo(0, 5, 9), photo(1, 7, 3)[..., 0]] * 3, [photo(0, 5, 9), photo(1, 7, 3)[..., 0]] * 3),
        (PHOTOS[::-1, ::2], PHOTOS[::-1, ::2]),
    ],
)
def test_pairs_of_arrays(images: Any, expected: Any) -> None:
    _same(open_images((images, LABELS)), expected, LABELS, ("0", "1", "2"))


@pytest.mark.parametrize(
    ("labels", "numbers", "names"),
    [
        (LABELS, LABELS, ("0", "1", "2")),
        (LABELS[:, None], LABELS, ("0", "1", "2")),
        (LABELS.astype(np.uint8), LABELS, ("0", "1", "2")),
        (LABELS.tolist(), LABELS, ("0", "1", "2")),
        (["b", "", "a", None, "b", " a "], [1, -1, 0, -1, 1, 0], ("a", "b")),
        (np.array(["b", "b", "a", "a", "b", ""]), [1, 1, 0, 0, 1, -1], ("a", "b")),
        ([10, 9, -1, 10, None, 9], [1, 0, -1, 1, -1, 0], ("9", "10")),
        (["10", "9", "100", "", "9", "9"], [1, 0, 2, -1, 0, 0], ("9", "10", "100")),
        ([1.0, float("nan"), 0.0, 1.0, 1.0, 0.0], [1, -1, 0, 1, 1, 0], ("0", "1")),
        ([True, False, True, True, True, True], [1, 0, 1, 1, 1, 1], ("False", "True")),
        (np.array([True, False] * 3), [1, 0] * 3, ("False", "True")),
        ([b"x", b"y", b"x", b"x", b"x", b""], [0, 1, 0, 0, 0, -1], ("x", "y")),
        ([-1] * 6, [-1] * 6, ()),
    ],
)
def test_labels(labels: Any, numbers: Any, names: tuple[str, ...]) -> None:
    images = open_images((PHOTOS, labels))
    assert (images.labels.tolist(), images.names) == (list(numbers), names)
    assert images.labels.dtype == np.int64


def test_given_names_of_classes() -> None:
    images = open_images((PHOTOS, LABELS), names=("ant", "bee", "cow", "dog"), title="animals")
    assert (images.names, images.labels.tolist(), images.title) == (
        ("ant", "bee", "cow", "dog"),
        LABELS.tolist(),
        "animals",
    )
    images = open_images((PHOTOS, [*"cacaca"]), names=("c", "b", "a"))
    assert (images.names, images.labels.tolist()) == (("c", "b", "a"), [0, 2, 0, 2, 0, 2])


def test_a_test_part_is_joined_by_the_names_of_classes() -> None:
    images = open_images((PHOTOS, [*"abcabc"]), test=(PHOTOS[:3], ["c", "z", ""]))
    assert images.names == ("a", "b", "c", "z")
    assert images.labels.tolist() == [0, 1, 2, 0, 1, 2, 2, 3, -1]
    assert images.held_out.tolist() == [False] * 6 + [True] * 3
    assert images.ids[5:7] == ("train/5", "test/0")
    for i, place in enumerate([*range(6), 0, 1, 2]):
        assert np.array_equal(images.content(i), PHOTOS[place])
    assert np.array_equal(images.take([7, 2]).content(0), PHOTOS[1])
    named = open_images((PHOTOS, LABELS), names=("x", "y", "z"))
    assert open_images(named, test=(PHOTOS[:2], [2, 0])).labels.tolist() == [*LABELS, 2, 0]


@pytest.mark.parametrize("test_first", [False, True])
def test_parts_by_name(test_first: bool) -> None:
    parts = {"train": (PHOTOS, LABELS), "test": (PHOTOS[:2], LABELS[:2]), "more": (PHOTOS, LABELS)}
    images = open_images(dict(sorted(parts.items())) if test_first else parts)
    assert images.held_out.tolist() == [False] * 6 + [True] * 2
    assert images.names == ("0", "1", "2")
    assert images.notes == ("the part more is left out",)
    with pytest.raises(DataError, match="the parts are a, b; accepted: train"):
        open_images({"a": (PHOTOS, LABELS), "b": (PHOTOS, LABELS)})


@pytest.mark.parametrize("names", [("images", "labels"), ("X", "y"), ("x", "targets"), ("arr_0", "arr_1")])
def test_npz(names: tuple[str, str], tmp_path: Path) -> None:
    np.savez(tmp_path / "some.npz", **dict(zip(names, (PHOTOS, LABELS), strict=True)))
    images = open_images(tmp_path / "some.npz")
    _same(images, PHOTOS, LABELS, ("0", "1", "2"))
    assert images.title == "some"


def test_npz_with_names_and_npz_with_parts(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", images=PHOTOS, labels=LABELS, names=["x", "y", "z"])
    assert open_images(tmp_path / "a.npz").names == ("x", "y", "z")
    parts = {"x_train": PHOTOS, "y_train": LABELS[:, None], "x_test": PHOTOS[:1], "y_test": LABELS[:1]}
    np.savez(tmp_path / "b.npz", **parts)
    images = open_images(tmp_path / "b.npz")
    assert images.held_out.tolist() == [False] * 6 + [True]
    assert images.labels.tolist() == [*LABELS, 2]


def _table(tmp_path: Path) -> Path:
    for i, name in enumerate(("a.png", "sub/b, c.png", "caf\udce9.png")):
        write(tmp_path / name, encoded(PHOTOS[i]))
    return tmp_path / "table.csv"


TABLES = (
    b"""path,label,split
a.png,cat,train
"sub/b, c.png",dog,
caf\xe9.png,cat,test
a.png,,valid
gone.png,cat,train
""",
    b"""\xef\xbb\xbflabel;PATH;Split
cat;a.png;
dog;sub/b, c.png;train

cat;caf\xe9.png;val
;a.png;TEST
cat;gone.png
""",
    b"""file\tclass\tset\textra
a.png\tcat\t\t1
sub/b, c.png\tdog\t\t2\r
caf\xe9.png\tcat\ttest\t3
a.png\t\ttest\t4
gone.png\tcat\ttraining\t5
""",
)


@pytest.mark.parametrize("text", TABLES)
def test_csv(text: bytes, tmp_path: Path) -> None:
    path = _table(tmp_path)
    path.write_bytes(text)
    images = open_images(path)
    assert images.ids == ("a.png", "sub/b, c.png", "gone.png", "caf\udce9.png", "a.png (2)")
    assert images.names == ("cat", "dog")
    assert images.labels.tolist() == [0, 1, 0, 0, -1]
    assert images.held_out.tolist() == [False, False, False, True, True]
    assert images.path(3) == tmp_path / "caf\udce9.png"
    assert [images.content(i) for i in (0, 1, 3, 4)] == [encoded(PHOTOS[i]) for i in (0, 1, 2, 0)]
    with pytest.raises(FileNotFoundError):
        images.content(2)
    assert images.title == "table.csv"


def test_a_table_may_name_files_anywhere_and_lack_labels(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    _table(tmp_path / "files")
    path.write_text(f"path\n{tmp_path / 'files' / 'a.png'}\nfiles/../files/a.png\n")
    images = open_images(path)
    assert (images.names, images.labels.tolist()) == ((), [-1, -1])
    assert images.content(0) == images.content(1) == encoded(PHOTOS[0])
    assert images.notes == ("no column is named label: all images are without one (path)",)


def test_parquet_and_data_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas")
    _table(tmp_path)
    frame = pandas.DataFrame(
        {"path": ["a.png", "sub/b, c.png", "a.png"], "label": ["cat", None, "dog"], "split": ["train", None, "test"]}
    )
    monkeypatch.chdir(tmp_path)
    sets = [open_images(frame)]
    if pytest.importorskip("pyarrow"):
        frame.assign(other=[1, 2, 3]).to_parquet("t.parquet")
        sets.append(open_images("t.parquet"))
    for images in sets:
        assert images.labels.tolist() == [0, -1, 1]
        assert images.held_out.tolist() == [False, False, True]
        assert images.content(1) == encoded(PHOTOS[1])
    numbers = pandas.DataFrame({"path": ["a.png"] * 3, "label": pandas.array([7, None, 3], dtype="Int64")})
    assert open_images(numbers).labels.tolist() == [1, -1, 0]


def test_pairs_of_paths_and_labels(tmp_path: Path) -> None:
    _table(tmp_path)
    images = open_images(([tmp_path / "a.png", str(tmp_path / "gone.png")], ["x", "y"]))
    assert images.content(0) == encoded(PHOTOS[0])
    assert images.names == ("x", "y")


class Rows:
    """A data set as torch's: rows by number; its class need not be torch's."""

    def __init__(self, items: list[Any], **more: Any) -> None:
        self.items, self.asked = items, 0
        self.__dict__.update(more)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, i: int) -> Any:
        self.asked += 1
        return self.items[i]


@pytest.mark.parametrize(
    "item",
    [
        lambda i: (Image.fromarray(PHOTOS[i]), int(LABELS[i])),
        lambda i: (PHOTOS[i], LABELS[i]),
        lambda i: [PHOTOS[i].transpose(2, 0, 1) / 255, np.array(LABELS[i])],
        lambda i: {"image": PHOTOS[i], "label": LABELS[i]},
        lambda i: (PHOTOS[i], int(LABELS[i]), "more"),
    ],
)
def test_rows(item: Any) -> None:
    data = Rows([item(i) for i in range(6)])
    _same(open_images(data), PHOTOS, LABELS, ("0", "1", "2"))
    assert open_images(data).title == "Rows"


def test_rows_that_say_their_labels_are_not_read_for_them() -> None:
    data = Rows([(PHOTOS[0], 0)] * 6, targets=LABELS.tolist(), classes=["a", "b", "c"])
    images = open_images(data)
    assert (images.labels.tolist(), images.names) == (LABELS.tolist(), ("a", "b", "c"))
    assert data.asked == 1  # to tell whether its images are of any use
    assert pickle.loads(pickle.dumps(images)).labels.tolist() == LABELS.tolist()


def test_labels_that_a_data_set_changes_are_asked_for() -> None:
    data = Rows(
        [(PHOTOS[i], 5 + i % 2) for i in range(6)], targets=LABELS.tolist(), target_transform=lambda label: label
    )
    assert open_images(data).names == ("5", "6")


def test_palettes_and_odd_modes_of_rows() -> None:
    data = Rows([(Image.fromarray(PHOTOS[0]).convert("P", palette=Image.Palette.ADAPTIVE), 0)])
    assert open_images(data).content(0).shape == (20, 30, 3)


def test_a_data_set_of_files_is_read_as_files(tmp_path: Path) -> None:
    _table(tmp_path)
    samples = [(str(tmp_path / "a.png"), 1), (str(tmp_path / "sub" / "b, c.png"), 0)]
    images = open_images(Rows([None, None], samples=samples, targets=[1, 0], classes=["x", "y"]))
    assert (images.ids, images.labels.tolist(), images.names) == (("a.png", "sub/b, c.png"), [1, 0], ("x", "y"))
    assert images.content(1) == encoded(PHOTOS[1])
    assert images.path(1) == tmp_path / "sub" / "b, c.png"


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.data import Dataset, Subset, TensorDataset

    tensors = TensorDataset(torch.from_numpy(PHOTOS).permute(0, 3, 1, 2), torch.from_numpy(LABELS))
    _same(open_images(tensors), PHOTOS, LABELS, ("0", "1", "2"))
    part = open_images(Subset(Subset(tensors, [5, 3, 1]), [2, 0]))
    _same(part, PHOTOS[[1, 5]], LABELS[[1, 5]], ("0", "1", "2"))

    class Photos(Dataset):  # type: ignore[type-arg]
        def __len__(self) -> int:
            return 6

        def __getitem__(self, i: int) -> Any:
            return torch.from_numpy(PHOTOS[i]).permute(2, 0, 1).float() / 255, torch.tensor(LABELS[i])

    _same(open_images(Photos()), PHOTOS, LABELS, ("0", "1", "2"))


def test_huggingface() -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"id": datasets.Value("int64"), "img": datasets.Image(), "label": datasets.ClassLabel(names=["a", "b", "c"])}
    )
    files = [
        encoded(pixels, kind)
        for pixels, kind in zip(PHOTOS, ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"), strict=True)
    ]
    columns = {"id": range(6), "img": [{"bytes": file, "path": None} for file in files], "label": LABELS.tolist()}
    data = datasets.Dataset.from_dict(columns, features=features)
    images = open_images(data)
    assert (images.names, images.labels.tolist()) == (("a", "b", "c"), LABELS.tolist())
    assert [images.content(i) for i in range(6)] == files
    assert [images.suffix(i) for i in range(6)] == [".png", ".jpg", ".gif", ".bmp", ".webp", ".tif"]
    assert pickle.loads(pickle.dumps(images)).content(5) == files[5]
    lost = data.with_transform(lambda batch: {"img": ["lost"] * len(batch["img"])})
    variants = [(data.with_format("torch"), range(6)), (lost, range(6)), (data.select([4, 2]), [4, 2])]
    for changed, rows in (*variants, (data.shuffle(3), None)):
        images = open_images(changed)
        rows = changed.with_format(None)["id"][:] if rows is None else rows
        assert images.labels.tolist() == LABELS[list(rows)].tolist()
        assert [images.content(i) for i in range(len(images))] == [files[i] for i in rows]
    images = open_images(datasets.DatasetDict(train=data, test=data.select([1]), other=data))
    assert images.held_out.tolist() == [False] * 6 + [True]
    assert images.labels.tolist() == [*LABELS, 0]
    assert images.notes == ("the part other is left out",)
    assert open_images(data.remove_columns("label")).labels.tolist() == [-1] * 6
    with pytest.raises(DataError, match="one of images"):
        open_images(data.remove_columns("img"))
    with pytest.raises(DataError, match="without streaming"):
        open_images(data.to_iterable_dataset())


def test_labeled_images(tmp_path: Path) -> None:
    for i in range(4):
        write(tmp_path / "ab"[i % 2] / f"{i}.png", encoded(PHOTOS[i]))
    data = load_images(tmp_path, size=8)
    images = open_images(data)
    assert (images.ids, images.names, images.labels.tolist()) == (data.ids, ("a", "b"), [0, 0, 1, 1])
    assert images.content(1) == encoded(PHOTOS[2])


@pytest.mark.parametrize(
    "source", [(PHOTOS, LABELS), (list(PHOTOS), LABELS), Rows([(PHOTOS[i], LABELS[i]) for i in range(6)])]
)
def test_the_state_tells_pixels_apart(source: Any) -> None:
    keys = {key_of(*open_images(source).state()), key_of(*open_images(source).state())}
    other = PHOTOS.copy()
    other[3, 0, 0, 0] ^= 1
    changed = Rows([(other[i], LABELS[i]) for i in range(6)]) if isinstance(source, Rows) else (other, LABELS)
    assert len(keys) == 1
    assert key_of(*open_images(changed).state()) not in keys
    assert key_of(*open_images(source).take([1, 0]).state()) not in keys


def test_a_set_is_a_listing_that_nobody_changes() -> None:
    labels = LABELS.copy()
    images = open_images((PHOTOS, labels), test=(PHOTOS[:1], [0]))
    labels[:] = 0
    assert images.labels[:6].tolist() == LABELS.tolist()
    for array in (images.labels, images.held_out):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert repr(images) == "ImageSet('images': 7 images, 1 of them held out, 3 classes)"
    part = images.take(images.labels == 0)
    assert (part.ids, part.names) == (("train/1", "train/4", "test/0"), ("0", "1", "2"))
    assert len(images.take([])) == 0
    with pytest.raises(ValueError, match="an id twice"):
        images.take([0, 0])


def test_pictures(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.png", encoded(photo(0, 40, 120)))
    write(tmp_path / "a" / "2.png", b"broken")
    write(tmp_path / "b" / "1.png", encoded(PHOTOS[0][..., 0]))
    images = open_images(tmp_path)
    (tmp_path / "a" / "3.png").touch()
    wide, broken, gray = pictures(images, [0, 1, 2], longest=60)
    assert wide.shape == (20, 60, 3)
    assert (broken == 128).all()
    assert np.array_equal(gray, np.dstack([PHOTOS[0][..., 0]] * 3))
    (tmp_path / "b" / "1.png").unlink()
    assert (pictures(images, np.array([2]))[0] == 128).all()
    assert np.array_equal(pictures(open_images((PHOTOS, LABELS)), [3])[0], PHOTOS[3])


def _npz(path: Path, **arrays: Any) -> Path:
    np.savez(path / "x.npz", **arrays)
    return path / "x.npz"


def _text(path: Path, text: str, suffix: str = ".csv") -> Path:
    (path / f"x{suffix}").write_text(text)
    return path / f"x{suffix}"


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda path: 7, TypeError, "'source' is int; accepted: a folder"),
        (lambda path: PHOTOS, TypeError, "'source' is ndarray"),
        (lambda path: iter([]), TypeError, "iterator"),
        (lambda path: (PHOTOS, LABELS[:5]), DataError, "6 images have 5 labels"),
        (lambda path: (PHOTOS, np.eye(6)), DataError, r"labels have shape \(6, 6\)"),
        (lambda path: (PHOTOS, LABELS - 5), DataError, "the label -5 is negative"),
        (lambda path: (PHOTOS, LABELS / 2), DataError, "the label 0.5 is not the number of a class"),
        (lambda path: (PHOTOS.reshape(6, -1), LABELS), DataError, r"images have shape \(6, 1800\)"),
        (lambda path: (PHOTOS[:, :, :, None], LABELS), DataError, "images have shape"),
        (lambda path: (PHOTOS[..., :2], LABELS), DataError, r"an image has shape \(20, 30, 2\)"),
        (lambda path: (PHOTOS.astype(int), LABELS), DataError, "dtype int64; accepted: uint8"),
        (lambda path: (PHOTOS.astype(float), LABELS), DataError, "float64 from 0 to 255; accepted: uint8"),
        (lambda path: (PHOTOS * np.nan, LABELS), DataError, "from nan to nan"),
        (lambda path: _npz(path, a=PHOTOS), DataError, "has the arrays a; accepted: one named images"),
        (lambda path: _npz(path, images=PHOTOS), DataError, "has the arrays images; accepted: one named labels"),
        (lambda path: _npz(path, images=np.array([None]), labels=[1]), DataError, "cannot be read as .npz"),
        (lambda path: _text(path, "text", ".npz"), DataError, "cannot be read as .npz"),
        (lambda path: path / "gone.npz", DataError, "gone.npz cannot be read as .npz: No such file"),
        (lambda path: path / "gone.csv", DataError, "gone.csv cannot be read as a table: No such file"),
        (lambda path: _text(path, ""), DataError, "accepted: one named path"),
        (lambda path: _text(path, "a,b\n1,2\n"), DataError, "has the columns a, b; accepted: one named path"),
        (lambda path: _text(path, "path,label\n"), DataError, "has no rows"),
        (lambda path: _text(path, "path,split\nx.jpg,dev\n"), DataError, "row 1 has the split 'dev'; accepted: train"),
        (lambda path: ([path / "x"], [-3]), DataError, "-3 is negative"),
        (lambda path: _text(path, 'path,label\n"x.jpg,-3\n'), DataError, "cannot be read as a table: unexpected end"),
        (lambda path: Rows([PHOTOS[0]]), DataError, r"its items are ndarray; accepted: \(image, label\)"),
        (lambda path: Rows([(PHOTOS[0] - 0.5, 1)]), DataError, "Rows: floats from -0.5"),
    ],
)
def test_refusals(make: Any, error: type[Exception], words: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=words):
        open_images(make(tmp_path))


def test_a_broken_parquet_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=r"x\.parquet cannot be read as Parquet"):
        open_images(_text(tmp_path, "text", ".parquet"))
