# SPDX-License-Identifier: Apache-2.0
"""Pillow's images go in and come out, and the drop-in filters are Pillow's bit for bit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812

Image = pytest.importorskip("PIL.Image")
from burnish.augment import pillow  # noqa: E402
from PIL import ImageFilter  # noqa: E402

MODES = ("L", "LA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "La")


def picture(photo: np.ndarray, mode: str) -> Any:
    image = Image.fromarray(photo)
    if mode in ("RGBA", "RGBa", "LA", "La"):
        image.putalpha(Image.fromarray(photo[..., ::-1].copy()).convert("L"))
    return image.convert("LA").convert("La") if mode == "La" else image.convert(mode)


@pytest.mark.parametrize("mode", MODES)
def test_filters(photos: np.ndarray, mode: str) -> None:
    image = picture(photos[0], mode)
    before = image.tobytes()
    for name, args in (
        ("GaussianBlur", ()), ("GaussianBlur", (0,)), ("GaussianBlur", (0.4,)), ("GaussianBlur", (7.3,)),
        ("GaussianBlur", ((3, 3),)), ("GaussianBlur", (200,)), ("UnsharpMask", ()), ("UnsharpMask", (3.5, 80, 0)),
        ("UnsharpMask", (1, 500, 20)), ("UnsharpMask", (2, 0, 255)),
    ):  # fmt: skip
        expected = image.filter(getattr(ImageFilter, name)(*args))
        got = image.filter(getattr(pillow.ImageFilter, name)(*args))
        assert (got.mode, got.size) == (mode, image.size)
        assert got.tobytes() == expected.tobytes(), (name, args)
    assert image.tobytes() == before
    by_class = image.filter(pillow.ImageFilter.GaussianBlur)
    assert by_class.tobytes() == image.filter(ImageFilter.GaussianBlur).tobytes()


def test_sizes(photos: np.ndarray) -> None:
    for height, width in ((1, 1), (1, 9), (7, 1), (2, 2), (37, 53)):
        image = Image.fromarray(np.ascontiguousarray(photos[1, :height, :width]))
        expected = image.filter(ImageFilter.UnsharpMask(5))
        assert image.filter(pillow.ImageFilter.UnsharpMask(5)).tobytes() == expected.tobytes()
    assert Image.new("RGB", (0, 3)).filter(pillow.ImageFilter.GaussianBlur(2)).size == (0, 3)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_transforms_and_functions(photos: np.ndarray, mode: str) -> None:
    image = picture(photos[0], mode)
    pixels = np.asarray(image)
    blur = augment.GaussianBlur(5, p=1)
    result = blur(image=image)["image"]
    assert isinstance(result, Image.Image)
    assert result.mode == mode
    assert np.array_equal(np.asarray(result), blur(image=pixels, ids=0)["image"])
    assert np.array_equal(np.asarray(F.gaussian_blur(image, 5, 1.2)), F.gaussian_blur(pixels, 5, 1.2))
    assert F.rotate(image, 30).mode == mode
    cropped = augment.RandomCrop(20, 30)([image, image.transpose(Image.Transpose.ROTATE_90)])
    assert [made.size for made in cropped] == [(30, 20)] * 2
    assert [made.mode for made in cropped] == [mode] * 2
    assert augment.Compose([])(image).tobytes() == image.tobytes()


def test_results_that_are_no_pictures(photos: np.ndarray) -> None:
    image = picture(photos[0], "RGB")
    as_float = augment.Compose([augment.Normalize()])(image)
    assert isinstance(as_float, np.ndarray)
    assert np.array_equal(as_float, augment.Compose([augment.Normalize()])(photos[0]))
    planes = augment.HorizontalFlip(p=1)(image, out_layout="NCHW")
    assert np.array_equal(planes, photos[0][:, ::-1].transpose(2, 0, 1))
    out = np.empty_like(photos[0])
    assert augment.HorizontalFlip(p=1)(image, out=out) is out
    assert np.array_equal(out, photos[0][:, ::-1])


@pytest.mark.parametrize("mode", ["P", "1", "I;16", "F", "YCbCr"])
def test_what_changes_nothing_takes_any_mode(mode: str) -> None:
    """As Pillow, which copies images without pixels, and those that are blurred by 0."""
    for size, radius in (((0, 4), 3), ((5, 4), 0)):
        image = Image.new(mode, size)
        found, expected = (each.GaussianBlur(radius) for each in (pillow.ImageFilter, ImageFilter))
        assert image.filter(found) == image.filter(expected)


IMAGE = Image.new("RGB", (9, 8))
FLIP = augment.HorizontalFlip()
BAD: dict[str, tuple[type[Exception], Callable[[], Any]]] = {
    "the image has mode 'P'; accepted: L, RGB, RGBA; call image.convert('RGB')": (
        ValueError, lambda: FLIP(IMAGE.convert("P")),
    ),
    "image 1 has mode 'CMYK'": (ValueError, lambda: FLIP([IMAGE, IMAGE.convert("CMYK")])),
    "image 1 is of another library": (TypeError, lambda: FLIP([IMAGE, np.zeros((8, 9, 3), np.uint8)])),
    "image 0 is of another library": (TypeError, lambda: FLIP([np.zeros((8, 9, 3), np.uint8), IMAGE])),
    "image 1 has 1 channels": (ValueError, lambda: FLIP([IMAGE, IMAGE.convert("L")])),
    "accepted for Pillow's images: 'NHWC'": (ValueError, lambda: FLIP(IMAGE, layout="NCHW")),
    "'layout' is 'HW'": (ValueError, lambda: FLIP(IMAGE, layout="HW")),
    "GaussianBlur: the image has mode 'P'": (
        ValueError, lambda: IMAGE.convert("P").filter(pillow.ImageFilter.GaussianBlur(2)),
    ),
    "UnsharpMask: the image has mode 'I'": (
        ValueError, lambda: IMAGE.convert("I").filter(pillow.ImageFilter.UnsharpMask()),
    ),
    "'radius' is -1": (ValueError, lambda: pillow.ImageFilter.GaussianBlur(-1)),
    "'radius' is (1, 2)": (ValueError, lambda: pillow.ImageFilter.GaussianBlur((1, 2))),
    "'percent' is 1.5": (TypeError, lambda: pillow.ImageFilter.UnsharpMask(2, 1.5)),  # type: ignore[arg-type]
    "'threshold' is 256": (ValueError, lambda: pillow.ImageFilter.UnsharpMask(2, 150, 256)),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_refused(message: str) -> None:
    error, call = BAD[message]
    with pytest.raises(error, match=re.escape(message)):
        call()


@pytest.mark.parametrize("percent", [0, 1, 99, 150, 257, 258, 1000])
def test_unsharp_percentages(isa: str, percent: int) -> None:
    # Black and white too: differences up to 255, of which a product with up to 257 % has 16 bits.
    rng = np.random.default_rng(percent)
    for image in (rng.integers(0, 256, (67, 131, 3), np.uint8), rng.choice(np.array([0, 255], np.uint8), (67, 131, 3))):
        expected = np.asarray(Image.fromarray(image).filter(ImageFilter.UnsharpMask(1.3, percent, 2)))
        np.testing.assert_array_equal(F.unsharp_mask(image[None], 1.3, percent, 2)[0], expected)
