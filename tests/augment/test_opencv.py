# SPDX-License-Identifier: Apache-2.0
"""The functions of OpenCV against plain NumPy, and against OpenCV where it is installed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import burnish
import numpy as np
import pytest
from burnish.augment import opencv
from reference import augment as plain


def all_colors() -> np.ndarray:
    """Return every 61st of the 2^24 colors."""
    code = np.arange(0, 1 << 24, 61, dtype=np.uint32)
    return np.stack([code & 255, code >> 8 & 255, code >> 16], axis=-1).astype(np.uint8)[None]


def hsv_of(bgr: np.ndarray) -> np.ndarray:
    """By OpenCV's tables of whole numbers."""
    blue, green, red = np.moveaxis(bgr.astype(np.int64), -1, 0)
    i = np.arange(1, 256)
    by_value = np.concatenate([[0], np.rint((255 << 12) / i)]).astype(np.int64)
    by_range = np.concatenate([[0], np.rint((180 << 12) / (6.0 * i))]).astype(np.int64)
    value = bgr.max(axis=-1).astype(np.int64)
    spread = value - bgr.min(axis=-1)
    saturation = (spread * by_value[value] + 2048) >> 12
    part = np.where(
        value == red, green - blue, np.where(value == green, blue - red + 2 * spread, red - green + 4 * spread)
    )
    hue = (part * by_range[spread] + 2048) >> 12
    return np.stack([hue + 180 * (hue < 0), saturation, value], axis=-1)


def bgr_of(hsv: np.ndarray) -> np.ndarray:
    """In float64, not rounded."""
    hue, saturation, value = np.moveaxis(hsv.astype(np.float64), -1, 0)
    sector = np.floor(hue / 30)
    part = hue / 30 - sector
    s = saturation / 255
    low, falling, rising = value * (1 - s), value * (1 - s * part), value * (1 - s * (1 - part))
    sector = (sector % 6)[..., None]
    orders = [(low, rising, value), (low, value, falling), (rising, value, low), (value, falling, low),
              (value, low, rising), (falling, low, value)]  # fmt: skip
    return np.select([sector == k for k in range(6)], [np.stack(order, axis=-1) for order in orders])


def test_to_hsv(isa: str) -> None:
    colors = all_colors()
    got = opencv.cvtColor(colors, opencv.COLOR_BGR2HSV)
    assert np.array_equal(got, hsv_of(colors))
    assert got[..., 0].max() < 180
    assert np.array_equal(opencv.cvtColor(colors[..., ::-1], opencv.COLOR_RGB2HSV), got)


def test_from_hsv(isa: str) -> None:
    colors = all_colors()  # as HSV: hues above 179 are turns more
    got = opencv.cvtColor(colors, opencv.COLOR_HSV2BGR)
    assert np.abs(got - bgr_of(colors)).max() < 0.501
    assert np.array_equal(opencv.cvtColor(colors, opencv.COLOR_HSV2RGB), got[..., ::-1])
    assert np.array_equal(opencv.cvtColor(colors, opencv.COLOR_BGR2RGB), colors[..., ::-1])


def test_colors_as_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    code = np.arange(1 << 24, dtype=np.uint32)
    colors = np.stack([code & 255, code >> 8 & 255, code >> 16], axis=-1).astype(np.uint8).reshape(4096, 4096, 3)
    for name in ("BGR2HSV", "RGB2HSV"):
        value = getattr(cv2, f"COLOR_{name}")
        assert value == getattr(opencv, f"COLOR_{name}")
        assert np.array_equal(opencv.cvtColor(colors, value), cv2.cvtColor(colors, value))
    # Its wide loop cuts fractions off.
    for name in ("HSV2BGR", "HSV2RGB"):
        value = getattr(cv2, f"COLOR_{name}")
        assert value == getattr(opencv, f"COLOR_{name}")
        difference = opencv.cvtColor(colors, value).astype(np.int16) - cv2.cvtColor(colors, value)
        assert (difference.min(), difference.max()) in ((0, 1), (0, 0), (-1, 1))
    # The one over single pixels rounds, like ours, with another order of products.
    some = colors.reshape(-1, 1, 1, 3)[::50021]
    ours = opencv.cvtColor(some.reshape(1, -1, 3), opencv.COLOR_HSV2BGR).reshape(-1, 3).astype(int)
    theirs = np.concatenate([cv2.cvtColor(color, cv2.COLOR_HSV2BGR)[0] for color in some])
    assert (np.abs(ours - theirs) > 0).mean() < 0.01
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.parametrize("flags", [0, 1])
@pytest.mark.parametrize("border", range(5))
def test_warp(photos: np.ndarray, flags: int, border: int) -> None:
    image = photos[0]
    matrix = opencv.getRotationMatrix2D((20, 15), 10, 1.1)
    got = opencv.warpAffine(image, matrix, (60, 41), flags=flags, borderMode=border, borderValue=(9, 8, 7))
    assert got.shape == (41, 60, 3)
    back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    inverse = opencv.warpAffine(image, back, (60, 41), flags=flags | opencv.WARP_INVERSE_MAP, borderMode=border,
                                borderValue=(9, 8, 7))  # fmt: skip
    assert np.abs(got.astype(int) - inverse).max() <= (1 if flags else 0)
    if flags and border < 3:
        name = ("constant", "replicate", "reflect")[border]
        center = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        places = center @ np.vstack([back, [0, 0, 1]]) @ np.linalg.inv(center)
        height, width = image.shape[:2]
        y, x = min(height, 41), min(width, 60)
        expected = plain.warp(image, places, name, np.array([9, 8, 7]))[:y, :x]
        assert np.abs(got[:y, :x] - expected).max() <= 0.51
    cv2 = pytest.importorskip("cv2")
    expected = cv2.warpAffine(image, matrix, (60, 41), flags=flags, borderMode=border, borderValue=(9, 8, 7))
    if int(cv2.__version__.split(".")[0]) >= 5:
        assert np.abs(got.astype(int) - expected).max() <= 1
    else:  # places of 1/32 of a pixel
        assert np.abs(got.astype(int) - expected).mean() < 1


def test_rotation_matrix() -> None:
    assert np.allclose(opencv.getRotationMatrix2D((30, 20), 90, 2), [[0, 2, -10], [-2, 0, 80]])
    cv2 = pytest.importorskip("cv2")
    for center, angle, scale in (((5, 9.5), 10, 1), ((0, 0), -33.3, 0.5), ((400, 3), 721, 3)):
        expected = cv2.getRotationMatrix2D(center, angle, scale)
        assert np.abs(opencv.getRotationMatrix2D(center, angle, scale) - expected).max() < 1e-9


def test_add() -> None:
    gray = np.array([[0, 1, 100, 229, 230, 255]], np.uint8)
    assert opencv.add(gray, 25.5).tolist() == [[26, 27, 126, 255, 255, 255]]
    assert opencv.add(gray, -2).tolist() == [[0, 0, 98, 227, 228, 253]]
    assert opencv.add(gray, 1e9).tolist() == [[255] * 6]
    assert opencv.add(gray, gray).tolist() == [[0, 2, 200, 255, 255, 255]]
    color = np.dstack([gray] * 3)
    assert opencv.add(color, (1, 2))[0, 0].tolist() == [1, 2, 0]
    out = np.empty_like(gray)
    assert opencv.add(gray, 1, out) is out
    assert out[0, 0] == 1
    cv2 = pytest.importorskip("cv2")
    assert np.array_equal(cv2.add(gray, gray), opencv.add(gray, gray))
    assert np.array_equal(cv2.add(gray, 25), opencv.add(gray, 25))


def test_split_and_merge(photos: np.ndarray) -> None:
    planes = opencv.split(photos[0])
    assert isinstance(planes, tuple)
    assert all(np.array_equal(plane, photos[0][..., c]) for c, plane in enumerate(planes))
    assert np.array_equal(opencv.merge(planes), photos[0])
    assert opencv.split(photos[0, ..., 0])[0].shape == (37, 53)
    planes[0][:] = 0
    assert photos[0][..., 0].any()


def test_determinism(photos: np.ndarray, threads: int) -> None:
    matrix = opencv.getRotationMatrix2D((20, 15), 10, 1)
    made = [opencv.warpAffine(photo, matrix, (53, 37)) for photo in photos]
    burnish.set_num_threads(1)
    assert all(np.array_equal(opencv.warpAffine(p, matrix, (53, 37)), m) for p, m in zip(photos, made, strict=True))


IMAGE = np.zeros((8, 9, 3), np.uint8)
EYE = np.eye(2, 3)
BAD: dict[str, tuple[type[Exception], Callable[[], Any]]] = {
    "cvtColor: 'code' is 6; accepted: COLOR_BGR2HSV": (ValueError, lambda: opencv.cvtColor(IMAGE, 6)),
    "cvtColor: 'src' has shape (8, 9)": (ValueError, lambda: opencv.cvtColor(IMAGE[..., 0], opencv.COLOR_BGR2HSV)),
    "'src' has dtype float64": (TypeError, lambda: opencv.cvtColor(IMAGE / 2, opencv.COLOR_BGR2HSV)),
    "'flags' is 2; accepted: INTER_NEAREST, INTER_LINEAR": (
        ValueError, lambda: opencv.warpAffine(IMAGE, EYE, (9, 8), flags=2),
    ),
    "'borderMode' is 5; accepted: BORDER_CONSTANT": (
        ValueError, lambda: opencv.warpAffine(IMAGE, EYE, (9, 8), borderMode=5),
    ),
    "'M' has shape (3, 3)": (ValueError, lambda: opencv.warpAffine(IMAGE, np.eye(3), (9, 8))),
    "'M' has no inverse": (ValueError, lambda: opencv.warpAffine(IMAGE, EYE * 0, (9, 8))),
    "'dsize' is 9": (TypeError, lambda: opencv.warpAffine(IMAGE, EYE, 9)),  # type: ignore[arg-type]
    "'dsize' is -1": (ValueError, lambda: opencv.warpAffine(IMAGE, EYE, (-1, 8))),
    "'src' has shape (0, 9, 3)": (ValueError, lambda: opencv.warpAffine(IMAGE[:0], EYE, (9, 8))),
    "'dst' is no uint8 array": (ValueError, lambda: opencv.warpAffine(IMAGE, EYE, (9, 8), IMAGE / 2)),
    "accepted: one shape and dtype": (ValueError, lambda: opencv.merge([IMAGE[..., 0], IMAGE[..., 1] / 2])),
    "OpenCV 5 all; accepted: a tuple": (ValueError, lambda: opencv.add(IMAGE, 25.5)),
    "'src2' has shape (8, 9)": (ValueError, lambda: opencv.add(IMAGE, IMAGE[..., 0])),
    "'src2' is nan": (ValueError, lambda: opencv.add(IMAGE[..., 0], float("nan"))),
    "'center' is 3": (TypeError, lambda: opencv.getRotationMatrix2D(3, 10, 1)),  # type: ignore[arg-type]
    "'angle' is inf": (ValueError, lambda: opencv.getRotationMatrix2D((3, 3), float("inf"), 1)),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_refused(message: str) -> None:
    error, call = BAD[message]
    with pytest.raises(error, match=re.escape(message)):
        call()
