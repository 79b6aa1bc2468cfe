# SPDX-License-Identifier: Apache-2.0
"""Filters beside plain NumPy, Pillow, OpenCV, Albumentations and torchvision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from reference import augment_filter as reference
from twins import Twin, on_all, samples, torchvision_functional

LINE = {"angle": [0.0, 33.0, 250.0], "direction": [0.0, -0.7, 1.0], "shift_x": [0.0, 0.4, -1.1],
        "shift_y": [0.0, -0.3, 0.8]}  # fmt: skip
TWINS = [
    Twin("gaussian_blur", {"size": [3, 7, 31], "sigma": [0.8, 1.4, 6.0]}, reference.gaussian_blur),
    Twin("box_blur", {"size": [1, 3, 21]}, reference.box_blur),
    Twin("motion_blur", {"size": [3, 7, 15], **LINE}, reference.motion_blur),
    # Weights of up to 8 times the value.
    Twin("sharpen", {"alpha": [0.2, 0.5, 0.0], "lightness": [0.5, 1.0, 0.7]}, reference.sharpen, fraction=1e-5),
    Twin("adjust_sharpness", {"factor": [0.0, 0.4, 1.9]}, reference.sharpness),
    # Pillow rounds six times in uint8, where the twin does not.
    Twin("pillow_gaussian_blur", {"radius": [0.0, 0.7, 5.3]}, reference.pillow_gaussian_blur, levels=3.5),
]


@on_all(TWINS)
def test_twin(twin: Twin, size: tuple[int, int], channels: int, kind: str) -> None:
    twin.check(size, channels, kind)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (37, 53), (130, 211)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_unsharp_mask(size: tuple[int, int], channels: int) -> None:
    """Apart from values at the threshold, where a rounding decides."""
    images = samples(*size, channels, "float32")
    for given in ((2, 150, 3), (0.7, 90, 0), (4.2, 500, 10)):
        found = F.unsharp_mask(images, *given)
        for image, result in zip(images.astype(np.float64), found, strict=True):
            blurred = reference.pillow_gaussian_blur(image, 1, given[0])
            decided = np.abs(np.abs(image - blurred) - given[2] / 255) > 1e-6
            expected = np.clip(reference.unsharp_mask(image, 1, *given), 0, 1)
            assert np.abs(result - expected)[decided].max(initial=0) < 1e-5


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (2, 2), (37, 53), (130, 211)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_as_pillow(size: tuple[int, int], channels: int) -> None:
    image, filters = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageFilter")
    enhance = pytest.importorskip("PIL.ImageEnhance")
    images = samples(*size, channels, "uint8")

    def pillow(change: Any) -> np.ndarray:
        ones = [image.fromarray(one[..., 0] if channels == 1 else one) for one in images]
        return np.stack([np.asarray(change(one)) for one in ones]).reshape(images.shape)

    for radius in (0, 0.6, 2, 7.7):
        expected = pillow(lambda one, radius=radius: one.filter(filters.GaussianBlur(radius)))
        assert np.array_equal(F.pillow_gaussian_blur(images, radius), expected)
    for given in ((2, 150, 3), (0.7, 90, 0), (4.2, 500, 10)):
        expected = pillow(lambda one, given=given: one.filter(filters.UnsharpMask(*given)))
        assert np.array_equal(F.unsharp_mask(images, *given), expected)
        assert np.array_equal(augment.UnsharpMask(*given, p=1)(images), expected)
    if channels < 4:  # Pillow leaves the fourth one alone
        for factor in (0, 0.3, 1, 1.8):
            expected = pillow(lambda one, factor=factor: enhance.Sharpness(one).enhance(factor))
            # It cuts off where it blends.
            assert np.abs(F.adjust_sharpness(images, factor).astype(int) - expected).max() <= int(factor not in (0, 1))


@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_as_torchvision(kind: str) -> None:
    functional = torchvision_functional()
    import torch

    for size in ((2, 9), (3, 3), (130, 211)):
        images = torch.from_numpy(samples(*size, 3, kind)).permute(0, 3, 1, 2).contiguous()
        for factor in (0, 0.3, 1, 1.8):
            difference = F.adjust_sharpness(images, factor).to(torch.float64) - functional.adjust_sharpness(
                images, factor
            )
            assert difference.abs().max() <= (1 if kind == "uint8" else 1e-6)  # it cuts off
    expected = functional.gaussian_blur(images, [7, 7], [1.4, 1.4])
    difference = F.gaussian_blur(images, 7, 1.4).to(torch.float64) - expected
    assert difference.abs().max() <= (1 if kind == "uint8" else 1e-6)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_as_opencv(channels: int) -> None:
    cv2 = pytest.importorskip("cv2")
    images = samples(130, 211, channels, "uint8")

    def opencv(change: Any) -> np.ndarray:
        return np.stack([change(image).reshape(image.shape) for image in images])

    assert np.array_equal(F.box_blur(images, 5), opencv(lambda image: cv2.blur(image, (5, 5))))
    gauss = opencv(lambda image: cv2.GaussianBlur(image, (9, 9), 2.0))
    assert np.abs(F.gaussian_blur(images, 9, 2.0).astype(int) - gauss).max() <= 1  # OpenCV's weights have 8 bits
    kernel = reference.motion_kernel(9, 30, 0.3)
    moved = opencv(lambda image: cv2.filter2D(image, -1, kernel))
    assert np.abs(F.motion_blur(images, 9, 30, 0.3).astype(int) - moved).max() <= 1  # halves
    kernel = np.full((3, 3), -0.3)
    kernel[1, 1] = 0.7 + 0.3 * 8.8
    sharp = opencv(lambda image: cv2.filter2D(image, -1, kernel))
    assert np.abs(F.sharpen(images, 0.3, 0.8).astype(int) - sharp).max() <= 1  # halves


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Blur", {"blur_limit": (5, 5)}), ("Blur", {"blur_limit": 3}),
        ("GaussianBlur", {"blur_limit": (5, 5), "sigma_limit": (1.2, 1.2)}),
        ("GaussianBlur", {"sigma_limit": (1.2, 1.2)}),
        ("Sharpen", {"alpha": (0.4, 0.4), "lightness": (0.7, 0.7)}),
        ("MotionBlur", {"blur_limit": (7, 7), "angle_range": (70, 70), "direction_range": (0.5, 0.5),
                        "allow_shifted": False}),
    ],
    ids=str,
)  # fmt: skip
def test_transforms_as_albumentations(name: str, given: dict[str, Any]) -> None:
    peer = pytest.importorskip("albumentations")
    images = samples(61, 83, 3, "uint8")
    transform = getattr(augment, name)(**given, p=1)
    for image in images:
        expected = getattr(peer, name)(**given, p=1)(image=image)["image"]
        assert np.abs(transform(image=image)["image"].astype(int) - expected).max() <= 1


def test_transforms_do_what_functions_do(photos: np.ndarray) -> None:
    ids = np.arange(8)
    for kind in ("uint8", "float32"):
        images = photos if kind == "uint8" else (photos / 255).astype(np.float32)
        cases: list[tuple[Any, Any]] = [
            (augment.Blur(p=1), F.box_blur), (augment.GaussianBlur(p=1), F.gaussian_blur),
            (augment.MotionBlur((3, 15), p=1), F.motion_blur), (augment.Sharpen(p=1), F.sharpen),
            (augment.UnsharpMask((0, 4), (50, 300), (0, 9), p=1), F.unsharp_mask),
        ]  # fmt: skip
        for transform, function in cases:
            assert np.array_equal(transform(images, ids), function(images, **transform.plan(ids)[0].params)), function
