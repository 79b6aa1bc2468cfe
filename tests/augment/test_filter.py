# SPDX-License-Identifier: Apache-2.0
"""Filters beside plain NumPy, Pillow, OpenCV, Albumentations and torchvision."""

from __future__ import annotations

import dataclasses
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
    Twin("gaussian_blur", {"size": [3, 7, 31], "sigma": [0.8, 1.4, 6.0]}, reference.gaussian_blur, levels=0),
    Twin("gaussian_blur", {"size": [1, 127, 5], "sigma": [2.0, 50.0, 0.2]}, reference.gaussian_blur, levels=0),
    Twin("box_blur", {"size": [1, 3, 21]}, reference.box_blur),
    Twin("box_blur", {"size": [5, 13, 15]}, reference.box_blur),
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


def test_every_radius_as_pillow() -> None:
    """Also where sums of a box are not divided in 16 bits: of large ones, and of some with odd weights, as 1 and 4."""
    image, filters = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageFilter")
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (1, 70, 83, 3), np.uint8)
    edges = 255 * rng.integers(0, 2, (1, 83, 70, 3), np.uint8)
    for radius in [1, 4, 31.9, 32.1, 70, *(10 ** rng.uniform(-1, 1.6, 60)).tolist()]:
        for images in (noise, edges):
            one = image.fromarray(images[0])
            expected = np.asarray(one.filter(filters.GaussianBlur(radius)))
            assert np.array_equal(F.pillow_gaussian_blur(images, radius)[0], expected)
            planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
            found = F.pillow_gaussian_blur(planes, radius, layout="NCHW")[0]
            assert np.array_equal(found.transpose(1, 2, 0), expected)
            percent, threshold = int(rng.integers(0, 600)), int(rng.integers(0, 9))
            expected = np.asarray(one.filter(filters.UnsharpMask(radius, percent, threshold)))
            assert np.array_equal(F.unsharp_mask(images, radius, percent, threshold)[0], expected)


def test_filters_in_any_layout() -> None:
    """Read from where an image lies, written to where the result belongs, or between other steps: the same pixels."""
    images = samples(61, 83, 3, "uint8")
    filters = (
        lambda given, **more: F.pillow_gaussian_blur(given, 1.7, **more),
        lambda given, **more: F.unsharp_mask(given, 2.2, 180, 2, **more),
        lambda given, **more: F.gaussian_blur(given, 9, 1.7, **more),
        lambda given, **more: F.box_blur(given, 7, **more),
    )
    for each in filters:
        expected = np.stack([np.stack([each(one[None, :, :, c : c + 1])[0, ..., 0] for c in range(3)], 2)
                             for one in images])  # fmt: skip
        assert np.array_equal(each(images), expected)
        wide = np.full((len(images), 70, 90, 3), 7, np.uint8)
        wide[:, 5:66, 4:87] = images
        assert np.array_equal(each(wide[:, 5:66, 4:87]), expected)  # rows that are further apart
        assert np.array_equal(each(images[:, ::-1, ::-1]), each(images[:, ::-1, ::-1].copy()))
        planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        assert np.array_equal(each(planes, layout="NCHW").transpose(0, 2, 3, 1), expected)
        target = np.full((len(images), 65, 90, 3), 9, np.uint8)
        each(images, out=target[:, :61, :83])
        assert np.array_equal(target[:, :61, :83], expected)
        assert (target[:, 61:] == 9).all()
        assert (target[:, :, 83:] == 9).all()


@pytest.mark.parametrize("names", [("GaussianBlur", "UnsharpMask"), ("UnsharpMask", "GaussianBlur"), ("Blur", "Blur"),
                                   ("UnsharpMask", "UnsharpMask"), ("GaussianBlur", "Blur")])  # fmt: skip
@pytest.mark.parametrize("between", [[], ["HorizontalFlip"], ["RandomCrop"], ["Rotate"], ["InvertImg"]], ids=str)
def test_filters_in_a_row(names: tuple[str, str], between: list[str]) -> None:
    """Filters that read what filters have left, with and without steps that are done by reading; fused or not."""
    given: dict[str, dict[str, Any]] = {"RandomCrop": {"height": 40, "width": 50}}
    made = [getattr(augment, name)(**given.get(name, {"p": 1})) for name in (names[0], *between, names[1])]
    images = samples(61, 83, 3, "uint8")
    pipe = augment.Compose([*made, augment.Normalize()], seed=3)
    bytes_pipe = augment.Compose(made, seed=3)
    ids = np.arange(len(images))
    fused = pipe(images, ids=ids)
    plan = bytes_pipe.plan(ids, sizes=images.shape[1:3])
    step = bytes_pipe.apply(images, plan)
    apart = augment.Normalize()(step)
    assert np.abs(fused - apart).max() < 1e-5
    one_by_one = images
    for transform, entry in zip(made, plan.entries, strict=True):
        alone = dataclasses.replace(plan, entries=[entry], sizes=np.full((len(images), 2), one_by_one.shape[1:3]))
        one_by_one = augment.Compose([transform], seed=3).apply(one_by_one, alone)
    assert np.array_equal(one_by_one, step)


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
    for size, sigma in ((3, 0.3), (3, 5.0), (5, 1.1), (7, 1.5), (9, 2.0), (31, 4.0), (127, 30.0)):
        gauss = opencv(lambda image, size=size, sigma=sigma: cv2.GaussianBlur(image, (size, size), sigma))
        assert np.array_equal(F.gaussian_blur(images, size, sigma), gauss)
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
