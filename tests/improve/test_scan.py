# SPDX-License-Identifier: Apache-2.0
"""Looking at every image once: facts, problems, copies, squares; and going on after an interruption."""

from __future__ import annotations

import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish.data import DataError, load_images, open_images

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "data"))
from data_files import encoded, photo, png, png_16_bit, write

Image = pytest.importorskip("PIL.Image")

from burnish._improve import scan as scan_module  # noqa: E402
from burnish._improve.scan import Problem, Scan, scan  # noqa: E402
from burnish._improve.scan_summary import channel_statistics  # noqa: E402
from burnish._improve.store import Store  # noqa: E402

FACTS = ("width", "height", "bytes", "format", "mode", "brightness", "contrast", "means", "stds", "digest")


def _scan(source: Any, **options: Any) -> Scan:
    return scan(open_images(source), Store(), **options)


def _luma(pixels: Any) -> Any:
    return np.asarray(Image.fromarray(pixels).convert("L"), dtype=np.float64) / 255


@pytest.mark.parametrize("shape", [(20, 30), (90, 91), (128, 64), (129, 64), (1, 1)])
def test_facts_are_those_of_the_pixels(shape: tuple[int, int], tmp_path: Path) -> None:
    pixels = photo(1, *shape)
    pixels[..., 1] //= 2
    file = write(tmp_path / "a" / "1.png", encoded(pixels))
    found = _scan(tmp_path)
    facts = {name: found.facts[name][0] for name in FACTS}
    assert (facts["height"], facts["width"], facts["bytes"]) == (*shape, file.stat().st_size)
    assert (facts["format"], facts["mode"]) == ("PNG", "RGB")
    floats = pixels.astype(np.float64).reshape(-1, 3) / 255
    assert np.allclose(facts["means"], floats.mean(axis=0), rtol=1e-6)
    assert np.allclose(facts["stds"], floats.std(axis=0), rtol=1e-6, atol=1e-8)
    assert np.isclose(facts["brightness"], _luma(pixels).mean(), rtol=1e-6)
    assert np.isclose(facts["contrast"], _luma(pixels).std(), rtol=1e-6, atol=1e-8)
    assert found.usable.all()


def test_sums_and_histograms_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    data = (np.stack([photo(i, 31, 17) for i in range(5)]), [0, 1, 0, 1, 0])
    sums = _scan(data).facts
    monkeypatch.setattr(scan_module, "_FEW_PIXELS", 0)
    histograms = _scan(data).facts
    assert all(np.array_equal(sums[name], histograms[name]) for name in FACTS)


def test_channel_statistics_are_those_of_all_training_pixels() -> None:
    images = np.stack([photo(i) // (i + 1) for i in range(7)])
    mean, std = channel_statistics(
        _scan(
            (images, np.arange(7) % 2),
        )
    )
    floats = images.reshape(-1, 3) / 255
    assert np.allclose(mean, floats.mean(axis=0), rtol=1e-6)
    assert np.allclose(std, floats.std(axis=0), rtol=1e-6)
    tested = scan(open_images((images[:5], [0] * 5), test=(images[5:], [0] * 2)), Store())
    assert np.allclose(channel_statistics(tested)[0], (images[:5] / 255).mean(axis=(0, 1, 2)), rtol=1e-6)


def test_squares_are_those_of_load_images(tmp_path: Path) -> None:
    for i, (height, width) in enumerate(((30, 90), (90, 31), (64, 64), (7, 200), (300, 280))):
        write(tmp_path / "ab"[i % 2] / f"{i}.png", encoded(photo(i, height, width)))
    for size in (8, 64):
        assert np.array_equal(_scan(tmp_path, size=size).thumbnails, load_images(tmp_path, size=size).images)


@pytest.mark.parametrize(("side", "expected"), [(5, 8), (8, 8), (32, 32), (64, 64), (500, 64)])
def test_the_side_of_squares_is_that_of_most_images(side: int, expected: int) -> None:
    images = [photo(0, side, side + 9), photo(1, side, side), photo(2, 300, 200)]
    assert _scan((images, [0, 1, 0])).thumbnails.shape == (3, expected, expected, 3)


@pytest.mark.parametrize(("height", "block"), [(1, 2048), (100, 932), (1000, 93), (4000, 64)])
def test_large_images_are_saved_more_often(height: int, block: int) -> None:
    images = open_images((np.zeros((3, height, 60, 3), np.uint8), [0, 1, 0]))
    assert scan_module._probe(images)[1] == block


def _odd_files(root: Path) -> dict[str, str]:
    """Write odd files, and return the kind of each."""
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "blue")]
    files = {
        "truncated": encoded(photo(0, 99, 99), "JPEG")[:-500],
        "unreadable": b"not an image",
        "empty": b"",
        "cmyk": encoded(Image.new("CMYK", (20, 20), (9, 8, 7, 6)), "JPEG"),
        "16-bit": png_16_bit(np.full((20, 20, 3), 30_000, np.uint16)),
        "exif-rotated": encoded(photo(5), "JPEG", exif=exif),
        "animated": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "transparent": encoded(np.dstack([photo(6), photo(7)[..., :1]])),
        "gray": encoded(photo(8)[..., 0]),
    }
    for kind, content in files.items():
        write(root / "odd" / f"{kind}.jpg", content)
    for i in range(12):
        write(root / "good" / f"{i}.png", encoded(photo(100 + i)))
    bomb = png(12_000, 12_000, 1, 0, (b"\0" * 1501) * 12_000)
    write(root / "odd" / "bomb.png", bomb)
    (root / "odd" / "gone.png").symlink_to("nowhere")
    return {f"odd/{kind}.jpg": kind for kind in files} | {"odd/bomb.png": "unreadable", "odd/gone.png": "unreadable"}


def test_odd_files_are_named_and_never_fatal(tmp_path: Path) -> None:
    expected = _odd_files(tmp_path)
    found = _scan(tmp_path)
    ids = found.images.ids
    assert {ids[problem.sample]: problem.kind for problem in found.problems} == expected
    assert len(found.problems) == len(expected)
    skipped = {name for name, kind in expected.items() if kind in ("unreadable", "truncated", "empty")}
    assert {ids[i] for i in np.flatnonzero(~found.usable)} == skipped
    texts = {problem.kind: problem.text for problem in found.problems}
    assert texts["exif-rotated"] == "EXIF orientation 6"
    assert texts["animated"] == "2 frames"
    by_name = {ids[problem.sample]: problem for problem in found.problems}
    assert "144,000,000 pixels" in by_name["odd/bomb.png"].text
    assert by_name["odd/gone.png"].text == "No such file or directory"
    for i in np.flatnonzero(~found.usable):
        assert not found.thumbnails[i].any()
        assert np.isnan(found.facts["brightness"][i])
        assert np.isnan(found.facts["means"][i]).all()
    assert found.class_counts.tolist() == [12, 6]
    # The worst kinds come first.
    assert found.problems[0].kind == "unreadable"
    assert found.problems[-1] == Problem(ids.index("odd/gray.jpg"), "gray", "gray")
    assert [problem.kind for problem in found.problems[-2:]] == ["transparent", "gray"]
    with pytest.raises(IndexError):
        found.problems[len(expected)]


def test_strict_skips_what_would_be_converted(tmp_path: Path) -> None:
    expected = _odd_files(tmp_path)
    found = _scan(tmp_path, strict=True)
    unusable = {found.images.ids[i] for i in np.flatnonzero(~found.usable)}
    assert unusable == {name for name, kind in expected.items() if kind not in ("transparent", "gray")}
    assert "cmyk: 1 image, skipped" in found.summary()


def test_an_image_with_two_oddities_has_two_problems(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    write(tmp_path / "a" / "1.jpg", encoded(Image.new("CMYK", (9, 9)), "JPEG", exif=exif))
    write(tmp_path / "a" / "2.png")
    found = _scan(tmp_path)
    assert list(found.problems) == [Problem(0, kind, "CMYK; EXIF orientation 3") for kind in ("cmyk", "exif-rotated")]
    assert list(found.problems.by_kind) == ["cmyk", "exif-rotated"]


def test_gray_is_odd_among_colored_images_only() -> None:
    gray = [photo(i)[..., 0] for i in range(6)]
    assert len(_scan((gray, [0] * 6)).problems) == 0
    assert len(_scan((gray[:2] + [photo(i) for i in range(4)], [0] * 6)).problems) == 2


def test_copies_within_and_across_classes_and_parts(tmp_path: Path) -> None:
    a, b, c, d = (photo(i) for i in range(4))
    files = {
        "train/cat/1.png": encoded(a),
        "train/cat/2.bmp": encoded(a, "BMP"),  # other bytes, the same pixels
        "train/cat/3.png": encoded(b),
        "train/dog/1.png": encoded(a),
        "train/dog/2.png": encoded(c),
        "train/4.png": encoded(b),  # without a label
        "train/dog/broken.png": b"x",
        "train/dog/broken2.png": b"x",  # what cannot be read is no copy
        "test/cat/1.png": encoded(b),
        "test/dog/1.png": encoded(d),
        "test/dog/2.png": encoded(d),
        "test/dog/3.png": encoded(b[::-1]),
        "test/dog/4.png": encoded(np.ascontiguousarray(b.reshape(30, 20, 3))),  # the same bytes in another shape
    }
    for name, content in files.items():
        write(tmp_path / name, content)
    found = _scan(tmp_path, size=8)
    ids = found.images.ids
    copies = {ids[i]: ids[found.copy_of[i]] for i in np.flatnonzero(found.copy_of >= 0)}
    assert copies == {
        "train/cat/2.bmp": "train/cat/1.png",
        "train/dog/1.png": "train/cat/1.png",
        "train/4.png": "train/cat/3.png",
        "test/cat/1.png": "train/cat/3.png",
        "test/dog/2.png": "test/dog/1.png",
    }
    assert [ids[i] for i in found.contradictions] == ["train/dog/1.png"]
    assert [ids[i] for i in found.leaks] == ["test/cat/1.png"]
    assert found.class_counts.tolist() == [3, 2]
    assert found.held_out_counts.tolist() == [1, 4]


def test_a_contradiction_is_found_behind_a_copy_without_label() -> None:
    same = [photo(0)] * 4
    assert _scan((same, ["", "a", "b", "a"])).contradictions.tolist() == [2]


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_the_number_of_threads_and_the_blocks_change_nothing(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _odd_files(tmp_path)
    expected = _scan(tmp_path, workers=1)
    monkeypatch.setattr(scan_module, "_BLOCK", (5, 5))
    monkeypatch.setattr(scan_module, "_CHUNK", 2)
    found = _scan(tmp_path, workers=workers)
    for name in FACTS:
        assert found.facts[name].tobytes() == expected.facts[name].tobytes()
    assert np.array_equal(found.thumbnails, expected.thumbnails)
    assert list(found.problems) == list(expected.problems)
    assert threading.active_count() < 20


class Watched:
    """Images that count how often each is read, and may stop."""

    def __init__(self, source: Any) -> None:
        self.source, self.read, self.stop_at = source, [], -1

    def content(self, place: int) -> Any:
        self.read.append(place)
        if place == self.stop_at:
            raise KeyboardInterrupt
        return self.source.content(place)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


def _watched(monkeypatch: pytest.MonkeyPatch, n: int = 40) -> tuple[Any, Watched]:
    import dataclasses

    images = open_images((np.stack([photo(i) for i in range(n)]), np.arange(n) % 3))
    watched = Watched(images.source)
    monkeypatch.setattr(scan_module, "_BLOCK", (8, 8))
    monkeypatch.setattr(scan_module, "_CHUNK", 2)
    monkeypatch.setattr(scan_module, "_probe", lambda images: (16, 8))
    return dataclasses.replace(images, source=watched), watched


def test_a_run_that_was_interrupted_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, watched = _watched(monkeypatch)
    expected = scan(images, Store())
    watched.read.clear()
    watched.stop_at = 29
    with pytest.raises(KeyboardInterrupt):
        scan(images, Store(tmp_path), workers=1)
    assert set(watched.read) >= set(range(29))
    watched.read.clear()
    watched.stop_at = -1
    done: list[tuple[str, int, int]] = []
    found = scan(images, Store(tmp_path), progress=lambda *said: done.append(said))
    assert sorted(watched.read) == list(range(24, 40))  # the blocks that were not whole
    assert done[0][1] == 26
    assert done[-1] == ("reading images", 40, 40)
    assert np.array_equal(found.thumbnails, expected.thumbnails)
    assert np.array_equal(found.facts["digest"], expected.facts["digest"])
    watched.read.clear()
    scan(images, Store(tmp_path))
    assert watched.read == []
    scan(images, Store(tmp_path), size=9)
    assert len(watched.read) == 40


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    for i in range(3):
        write(tmp_path / "x" / "a" / f"{i}.png", encoded(photo(i)))
    store = tmp_path / "store"
    first = scan(open_images(tmp_path / "x"), Store(store))
    digest = np.array(first.facts["digest"])
    write(tmp_path / "x" / "a" / "1.png", encoded(photo(9)))
    second = scan(open_images(tmp_path / "x"), Store(store))
    same = (digest == second.facts["digest"]).all(axis=1)
    assert same.tolist() == [True, False, True]


def test_files_that_vanish_or_change_after_listing_are_problems_of_these(tmp_path: Path) -> None:
    for i in range(4):
        write(tmp_path / "ab"[i % 2] / f"{i}.png", encoded(photo(i)))
    images = open_images(tmp_path)
    (tmp_path / "a" / "0.png").unlink()
    (tmp_path / "a" / "2.png").unlink()
    (tmp_path / "a" / "2.png").mkdir()
    write(tmp_path / "a" / "9.png")
    shutil.copy(tmp_path / "b" / "1.png", tmp_path / "b" / "3.png")
    found = scan(images, Store())
    assert found.usable.tolist() == [False, False, True, True]
    assert found.copy_of.tolist() == [-1, -1, -1, 2]


def test_nothing_usable_one_class_one_image(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.png", b"broken")
    found = _scan(tmp_path)
    assert "no image can be used" in found.summary()
    assert "one class only" in found.summary()
    assert found.thumbnails.shape == (1, 64, 64, 3)
    write(tmp_path / "b" / "1.png")
    write(tmp_path / "loose.png")
    text = _scan(tmp_path).summary()
    assert "one image only: b" in text
    assert "no usable image to train on: a" in text
    assert "without a label: 1" in text


@pytest.mark.parametrize(
    ("options", "words"), [({"size": 0}, "'size' is 0"), ({"workers": 0}, "'workers' is 0; accepted: 1 or more")]
)
def test_refusals(options: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        _scan((photo()[None], [0]), **options)
    with pytest.raises(DataError, match="images has no images"):
        scan(open_images((photo()[None], [0])).take([]), Store())


def test_what_decoders_warn_of_is_not_printed(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    write(tmp_path / "a" / "1.png", png(1, 1, 8, 2, b"\0\1\2\3", (b"eXIf", b"Exif\0\0garbage" * 3)))
    write(tmp_path / "a" / "2.tif", encoded(photo(), "TIFF")[:-99])
    _scan(tmp_path)
    assert len(recwarn) == 0


def test_memory_stays_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks alone are in memory: images of earlier ones are gone when later ones are read."""
    import gc
    import weakref

    alive: list[Any] = []
    most = [0]
    decode = scan_module.decode

    def counted(content: Any, **options: Any) -> Any:
        decoded = decode(content, **options)
        alive.append(weakref.ref(decoded.image))
        most[0] = max(most[0], sum(ref() is not None for ref in alive))
        return decoded

    monkeypatch.setattr(scan_module, "decode", counted)
    monkeypatch.setattr(scan_module, "_BLOCK", (8, 8))
    _scan((np.stack([photo(i) for i in range(50)]), [0] * 50), workers=2, size=8)
    gc.collect()
    assert len(alive) >= 50
    assert most[0] <= 2 * 2 + 1


def test_summary_names_what_matters(tmp_path: Path) -> None:
    for i in range(7):
        write(tmp_path / "train" / "bad\x1b[31m" / f"{i}\n.png", b"broken")
    same = encoded(photo(50))
    for name in ("train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "train/cat/2.png"):
        write(tmp_path / name, same)
    write(tmp_path / "train" / "cat" / "black.png", encoded(np.zeros((20, 30, 3), np.uint8)))
    lines = _scan(tmp_path).summary().splitlines()
    text = "\n".join(lines)
    assert lines[0].startswith(f"{tmp_path.name}: 12 images (11 to train on, 1 held out), 3 classes, ")
    assert "\x1b" not in text
    assert any(line.split() == ["cat", "3", "1"] for line in lines)
    assert any(line.split() == ["bad\\x1b[31m", "0", "0"] for line in lines)
    assert "unreadable: 7 images, skipped" in lines
    assert "  train/bad\\x1b[31m/0\\n.png: not an image of a known format" in lines
    assert "  ... and 2 more" in lines
    assert "exact copies, with the same pixels as an image before: 3" in lines
    assert "  with another label, so one of the two is wrong: 1" in lines
    assert "    train/dog/1.png (dog) is train/cat/1.png (cat)" in lines
    assert "  held out though a model is trained on it: 1" in lines
    assert "    test/cat/1.png (cat) is train/cat/1.png (cat)" in lines
    assert "  others: 1" in lines
    assert "one color   1 image: train/cat/black.png" in lines
    assert "size        30 x 20, all" in lines


def test_summary_of_many_classes_is_short() -> None:
    n = 300
    labels = np.repeat(np.arange(n), np.arange(n) % 5 + 1)
    images = np.zeros((len(labels), 8, 8), np.uint8)
    images[:, 0, 0] = np.arange(len(labels)) % 251
    lines = _scan((images, labels)).summary().splitlines()
    assert "... 280 more classes ..." in lines
    assert len(lines) < 60


def test_copies_are_those_of_an_image_before() -> None:
    rng = np.random.default_rng(0)
    for n in (0, 1, 7, 300):
        digests = rng.integers(0, 2, (n, 16), dtype=np.uint8)
        digests[:, 1:-1] = 5  # equal in the first half, in the second, in both or in none
        usable = rng.random(n) < 0.8
        for i, found in enumerate(scan_module._copies(digests, usable)):
            before = [j for j in range(i) if usable[i] and usable[j] and (digests[i] == digests[j]).all()]
            assert found == (before[0] if before else -1)
