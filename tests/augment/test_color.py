# SPDX-License-Identifier: Apache-2.0
"""Changes of colors beside plain NumPy, Pillow, OpenCV, Albumentations and torchvision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from reference import augment_color as reference
from twins import Twin, on_all, samples, torchvision_functional

FACTORS = {"factor": [0.0, 0.6, 1.7]}
ORDERS = {1: [[0]] * 3, 3: [[2, 0, 1], [0, 2, 1], [1, 2, 0]], 4: [[3, 2, 1, 0], [0, 1, 2, 3], [1, 0, 3, 2]]}
TWINS = [
    Twin("adjust_brightness", FACTORS, reference.brightness),
    Twin("adjust_contrast", FACTORS, reference.contrast),
    Twin("adjust_saturation", FACTORS, reference.saturation),
    Twin("adjust_hue", {"shift": [-0.3, 0.13, 0.5]}, reference.hue),
    Twin("shift_hsv", {"hue": [0.1, -0.4, 0], "saturation": [0, 0.3, -1], "value": [0.2, -0.1, 0]},
           reference.shift_hsv),
    Twin("adjust_value", {"factor": [1.3, 1, 0.4], "shift": [0, 0.1, -0.05]}, reference.value),
    Twin("adjust_brightness_contrast", {"brightness": [0.2, -0.1, 0], "contrast": [-0.2, 0.3, 0.1]},
           reference.brightness_contrast, {"by_max": True}),
    Twin("adjust_brightness_contrast", {"brightness": [0.2, -0.1, 0], "contrast": [-0.2, 0.3, 0.1]},
           reference.brightness_contrast, {"by_max": False}),
    Twin("shift_rgb", {"shift": [[0.1, -0.2, 0], [0, 0, 0.07], [1, -1, 0.5]]}, reference.shift_rgb, channels=(3, 4)),
    *[Twin("to_grayscale", {}, reference.grayscale, {"method": method})
      for method in ("weighted_average", "average", "max", "desaturation")],
]  # fmt: skip


@on_all(TWINS)
def test_twin(twin: Twin, size: tuple[int, int], channels: int, kind: str) -> None:
    twin.check(size, channels, kind)


@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels(channels: int, kind: str) -> None:
    images = samples(37, 53, channels, kind)
    order = np.array(ORDERS[channels])
    expected = np.stack([image[..., row] for image, row in zip(images, order, strict=True)])
    assert np.array_equal(F.permute_channels(images, order), expected)
    assert np.array_equal(F.permute_channels(images, order[1]), images[..., order[1]])
    dropped = order % 2 == 1
    expected = np.where(dropped[:, None, None], np.float32(0.5), images).astype(kind) if kind == "float32" else None
    if expected is not None:
        assert np.array_equal(F.drop_channels(images, dropped, fill=0.5), expected)
    only = np.arange(3) % channels
    kept = only[:, None, None, None] == np.arange(channels)
    assert np.array_equal(F.isolate_channel(images, only), images * kept.astype(kind))


def pillow(images: np.ndarray, change: Callable[[Any], Any]) -> np.ndarray:
    from PIL import Image

    return np.stack([np.asarray(change(Image.fromarray(image))) for image in images])


@pytest.mark.parametrize("factor", [0.0, 0.35, 1.0, 1.6])
def test_as_pillow(factor: float) -> None:
    """Off by one at most: Pillow cuts off where it blends, and its mean luma is a whole number."""
    enhance = pytest.importorskip("PIL.ImageEnhance")
    images = samples(130, 211, 3, "uint8")
    for ours, theirs in {
        F.adjust_brightness: enhance.Brightness,
        F.adjust_contrast: enhance.Contrast,
        F.adjust_saturation: enhance.Color,
    }.items():
        expected = pillow(images, lambda image, theirs=theirs: theirs(image).enhance(factor))  # type: ignore[misc]
        difference = np.abs(ours(images, factor).astype(int) - expected)
        assert difference.max() <= 1, theirs
    gray = pillow(images, lambda image: image.convert("L").convert("RGB"))
    assert np.array_equal(F.to_grayscale(images), gray)


@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_as_torchvision(kind: str) -> None:
    """Off by one at most in uint8: torchvision cuts off, and its luma has other factors."""
    functional = torchvision_functional()
    import torch

    images = torch.from_numpy(samples(130, 211, 3, kind)).permute(0, 3, 1, 2)
    for name, amount in {
        "adjust_brightness": 1.3, "adjust_contrast": 0.4, "adjust_saturation": 1.7, "adjust_hue": 0.2,
    }.items():  # fmt: skip
        expected = torch.stack([getattr(functional, name)(image, amount) for image in images])
        difference = (getattr(F, name)(images, amount).to(torch.float64) - expected).abs().max()
        assert difference <= (1 if kind == "uint8" else 2e-3), name


def test_as_albumentations() -> None:
    A = pytest.importorskip("albumentations.augmentations.pixel.functional")
    images = samples(130, 211, 3, "uint8")
    # Its hue has 180 steps, and OpenCV rounds hue, saturation and value to bytes.
    for hue, saturation, value in ((10, 0, 0), (0, 20, 0), (0, 0, 20), (-20, -30, 15)):
        expected = np.stack([A.shift_hsv(image, hue, saturation, value) for image in images])
        apart = np.abs(F.shift_hsv(images, hue / 180, saturation / 255, value / 255).astype(int) - expected)
        assert apart.mean() < 1.2
        assert apart.max() <= 8
    for method in ("weighted_average", "average", "max", "desaturation"):
        expected = np.stack([A.to_gray(image, 3, method) for image in images])
        assert np.abs(F.to_grayscale(images, method=method).astype(int) - expected).max() <= 1, method


@pytest.mark.parametrize("given", [{}, {"brightness_by_max": False}, {"ensure_safe_range": True}])
def test_brightness_and_contrast_as_albumentations(given: dict[str, bool]) -> None:
    peer = pytest.importorskip("albumentations")
    images = samples(130, 211, 3, "uint8")
    for brightness, contrast in ((0.15, 0.3), (-0.2, -0.1), (0.1, -0.5)):
        limits = {"brightness_limit": (brightness,) * 2, "contrast_limit": (contrast,) * 2, "p": 1, **given}
        transform = augment.RandomBrightnessContrast(**limits)  # type: ignore[arg-type]
        for image in images:
            expected = peer.RandomBrightnessContrast(**limits)(image=image)["image"]
            # Albumentations' table cuts off.
            assert np.abs(transform(image=image)["image"].astype(int) - expected).max() <= 1


def test_shifts_as_albumentations() -> None:
    peer = pytest.importorskip("albumentations")
    images = samples(37, 53, 3, "uint8")
    given = {"r_shift_limit": (7, 7), "g_shift_limit": (-20, -20), "b_shift_limit": (3, 3), "p": 1}
    for image in images:
        expected = peer.RGBShift(**given)(image=image)["image"]
        assert np.abs(augment.RGBShift(**given)(image=image)["image"].astype(int) - expected).max() <= 1  # type: ignore[arg-type]


def test_article_on_rotation_and_brightness(photos: np.ndarray) -> None:
    """A tenth of white added to V in OpenCV's HSV, in which values are bytes."""
    cv2 = pytest.importorskip("cv2")
    hsv = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2HSV) for image in photos]).astype(float)
    hsv[..., 2] = np.clip(hsv[..., 2] + 0.1 * 255, 0, 255)
    expected = np.stack([cv2.cvtColor(image, cv2.COLOR_HSV2RGB) for image in hsv.astype(np.uint8)])
    difference = np.abs(F.adjust_value(photos, shift=0.1).astype(int) - expected)
    assert difference.max() <= 6  # OpenCV's hue has 180 steps, and V is cut off
    assert difference.mean() < 1


def test_transforms_do_what_functions_do(photos: np.ndarray) -> None:
    ids = np.arange(8)
    for kind in ("uint8", "float32"):
        images = photos if kind == "uint8" else (photos / 255).astype(np.float32)
        pipe = augment.HueSaturationValue(p=1)
        entry = pipe.plan(ids)[0]
        shifts = entry["hue"] / 180, entry["saturation"] / 255, entry["value"] / 255
        assert np.array_equal(pipe(images, ids), F.shift_hsv(images, *shifts))
        for by_max in (True, False):
            both = augment.RandomBrightnessContrast(brightness_by_max=by_max, p=1)
            entry = both.plan(ids)[0]
            expected = F.adjust_brightness_contrast(images, entry["brightness"], entry["contrast"], by_max=by_max)
            assert np.array_equal(both(images, ids), expected)
        shift = augment.RGBShift(p=1)
        assert np.array_equal(shift(images, ids), F.shift_rgb(images, shift.plan(ids)[0]["shift"] / 255))
        shuffle = augment.ChannelShuffle(p=1)
        assert np.array_equal(shuffle(images, ids), F.permute_channels(images, shuffle.plan(ids)[0]["order"]))
        isolation = augment.ChannelIsolation(p=1)
        assert np.array_equal(isolation(images, ids), F.isolate_channel(images, isolation.plan(ids)[0]["channel"]))
