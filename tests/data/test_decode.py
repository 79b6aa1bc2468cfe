# SPDX-License-Identifier: Apache-2.0
"""One image: what files of all kinds become, and what is said about them."""

from __future__ import annotations

import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from data_files import encoded, photo, png, png_16_bit, tiff_16_bit

Image = pytest.importorskip("PIL.Image")

from burnish.data import _decode  # noqa: E402
from burnish.data._decode import decode  # noqa: E402

PHOTO = photo()
DEEP = np.random.default_rng(1).integers(0, 65536, (5, 7, 3), dtype=np.uint16)
TRANSPARENT = np.dstack([PHOTO, np.where(PHOTO[..., 0] < 99, 0, 255).astype(np.uint8)])
OPAQUE = np.dstack([PHOTO, np.full(PHOTO.shape[:2], 255, np.uint8)])
GRAY = PHOTO[..., 0]
ON_WHITE = np.where(TRANSPARENT[..., 3:] == 0, 255, PHOTO)


def _pixels(content: Any, **options: Any) -> tuple[Any, Any]:
    decoded = decode(content, **options)
    assert decoded.image is not None, decoded.text
    assert decoded.image.mode == "RGB"
    return np.asarray(decoded.image), decoded


@pytest.mark.parametrize(
    ("content", "expected", "kinds", "mode"),
    [
        (encoded(PHOTO), PHOTO, (), "RGB"),
        (encoded(PHOTO, "BMP"), PHOTO, (), "RGB"),
        (encoded(PHOTO, "TIFF"), PHOTO, (), "RGB"),
        (encoded(PHOTO, "PPM"), PHOTO, (), "RGB"),
        (encoded(OPAQUE), PHOTO, (), "RGBA"),
        (encoded(TRANSPARENT), ON_WHITE, ("transparent",), "RGBA"),
        (encoded(GRAY), np.dstack([GRAY] * 3), ("gray",), "L"),
        (encoded(Image.fromarray(GRAY > 99)), np.dstack([(GRAY > 99) * np.uint8(255)] * 3), ("gray",), "1"),
        (encoded(DEEP[..., 0]), np.dstack([(DEEP[..., 0] >> 8).astype(np.uint8)] * 3), ("16-bit", "gray"), "I;16"),
        (encoded(DEEP[..., 0], "TIFF"), np.dstack([(DEEP[..., 0] >> 8)] * 3), ("16-bit", "gray"), "I;16"),
        (png_16_bit(DEEP), DEEP >> 8, ("16-bit",), "RGB"),
        (tiff_16_bit(DEEP), DEEP >> 8, ("16-bit",), "RGB"),
        (
            encoded(Image.fromarray(np.float32([[0, 0.5], [np.nan, 1]])), "TIFF"),
            np.dstack([[[0, 128], [0, 255]]] * 3),
            ("16-bit", "gray"),
            "F",
        ),
        (
            encoded(Image.fromarray(np.int32([[-10, 10], [10, -10]])), "TIFF"),
            np.dstack([[[0, 255], [255, 0]]] * 3),
            ("16-bit", "gray"),
            "I",
        ),
        (PHOTO, PHOTO, (), "RGB"),
        (TRANSPARENT, ON_WHITE, ("transparent",), "RGBA"),
        (GRAY, np.dstack([GRAY] * 3), ("gray",), "L"),
        (GRAY[..., None], np.dstack([GRAY] * 3), ("gray",), "L"),
    ],
)
def test_every_kind_becomes_rgb(content: Any, expected: Any, kinds: tuple[str, ...], mode: str) -> None:
    pixels, decoded = _pixels(content)
    assert np.array_equal(pixels, expected)
    assert (decoded.kinds, decoded.mode) == (kinds, mode)
    assert (decoded.height, decoded.width) == expected.shape[:2]
    assert decoded.size == (content.nbytes if isinstance(content, np.ndarray) else len(content))


def test_cmyk_is_converted_and_named() -> None:
    pixels, decoded = _pixels(encoded(Image.new("CMYK", (8, 6), (0, 255, 255, 0)), "JPEG", quality=100))
    assert decoded.kinds == ("cmyk",)
    assert np.abs(pixels.astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_upright_once(kind: str, orientation: int) -> None:
    # What the tag says of row 0 and column 0 of the file: https://exiftool.org/TagNames/EXIF.html
    views = (
        *(lambda a: a, lambda a: a[:, ::-1], lambda a: a[::-1, ::-1], lambda a: a[::-1], lambda a: a.swapaxes(0, 1)),
        *(lambda a: np.rot90(a, -1), lambda a: np.rot90(a, 2).swapaxes(0, 1), lambda a: np.rot90(a)),
    )
    stored = np.kron(photo(3, 2, 3), np.ones((16, 16, 1), np.uint8))  # blocks, which JPEG keeps
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels, decoded = _pixels(
        encoded(stored, kind, exif=exif, **({"quality": 100, "subsampling": 0} if kind == "JPEG" else {}))
    )
    expected = views[orientation - 1](stored)
    assert pixels.shape == expected.shape == (decoded.height, decoded.width, 3)
    assert np.abs(pixels.astype(int) - expected).max() <= (8 if kind == "JPEG" else 0)
    assert decoded.kinds == (() if orientation == 1 else ("exif-rotated",))


@pytest.mark.parametrize("value", [0, 9, 77])
def test_an_orientation_that_there_is_not_is_ignored(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    pixels, decoded = _pixels(encoded(PHOTO, exif=exif))
    assert np.array_equal(pixels, PHOTO)
    assert decoded.kinds == ()


def test_broken_exif_does_not_lose_the_image() -> None:
    content = png(1, 1, 8, 2, b"\0\1\2\3", (b"eXIf", b"Exif\0\0garbage" * 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pixels, _ = _pixels(content)
    assert pixels.tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_of_an_animation_is_used(kind: str) -> None:
    colors = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    first, *rest = [Image.new("RGB", (9, 9), color) for color in colors]
    options = {"lossless": True} if kind == "WEBP" else {}
    pixels, decoded = _pixels(encoded(first, kind, save_all=True, append_images=rest, **options))
    assert (pixels == colors[0]).all()
    assert (decoded.kinds, decoded.text) == (("animated",), "3 frames")


def test_a_second_view_is_no_animation() -> None:
    image = Image.fromarray(PHOTO)
    _, decoded = _pixels(encoded(image, "MPO", save_all=True, append_images=[image]))
    assert (decoded.format, decoded.kinds) == ("MPO", ())


@pytest.mark.parametrize("kind", ["JPEG", "MPO"])
def test_large_jpegs_are_decoded_at_a_fraction_of_their_size(kind: str) -> None:
    image = Image.fromarray(photo(2, 6, 8)).resize((1600, 1200))
    options = {"save_all": True, "append_images": [image]} if kind == "MPO" else {}
    pixels, decoded = _pixels(encoded(image, kind, quality=95, **options), least=256)
    assert pixels.shape == (300, 400, 3)
    assert (decoded.width, decoded.height) == (1600, 1200)
    small = np.asarray(image.reduce(4), dtype=int)
    assert np.abs(pixels - small).mean() < 3


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"", "empty", "no bytes"),
        (np.empty((0, 5, 3), np.uint8), "empty", "no pixels"),
        (b"\0" * 100, "unreadable", "not an image"),
        (b"<svg/>", "unreadable", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "unreadable", "not an image"),
        (b"%PDF-1.4", "unreadable", "not an image"),
        (encoded(photo(0, 99, 99))[:-400], "truncated", "truncated"),
        (encoded(photo(0, 99, 99), "JPEG")[:-99], "truncated", "truncated"),
        (encoded(photo(0, 99, 99), "BMP")[:-99], "truncated", "truncated"),
        (encoded(photo(0, 99, 99), "GIF")[:-99], "truncated", "truncated"),
        (encoded(photo(0, 99, 99), "TIFF")[:-99], "truncated", "truncated"),
        (png(100_000, 100_000, 1, 0, b"\0" * 99), "unreadable", "exceeds limit"),
        (png(12_000, 12_000, 1, 0, (b"\0" * 1501) * 12_000), "unreadable", "144,000,000 pixels, more than"),
        (png(0, 5, 8, 2, b""), "unreadable", ""),
        (png(5, 5, 3, 2, b""), "unreadable", ""),
    ],
)
def test_what_cannot_be_used_is_a_result(content: Any, kind: str, words: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        decoded = decode(content)
    assert decoded.image is None
    assert decoded.kinds == (kind,)
    assert words in decoded.text
    assert "\n" not in decoded.text
    assert 0 < len(decoded.text) <= 160


def test_every_cut_and_every_damaged_byte_is_a_result() -> None:
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
            whole = encoded(photo(0, 9, 9), kind)
            for _ in range(60):
                damaged = bytearray(whole)
                for place in rng.integers(0, len(whole), 3):
                    damaged[place] = rng.integers(0, 256)
                cut = bytes(damaged[: rng.integers(1, len(whole) + 1)])
                decoded = decode(cut)
                assert (decoded.image is None) == bool({*decoded.kinds} & {*_decode.SKIPPED})


def test_large_images_are_decoded_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_decode, "_LARGE_PIXELS", 100)
    at_once, most = [0], [0]
    converted = _decode._converted

    def counting(*arguments: Any) -> Any:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        result = converted(*arguments)
        threading.Event().wait(0.01)
        at_once[0] -= 1
        return result

    monkeypatch.setattr(_decode, "_converted", counting)
    threads = [threading.Thread(target=decode, args=(encoded(PHOTO),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
