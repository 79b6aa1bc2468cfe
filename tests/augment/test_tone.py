# SPDX-License-Identifier: Apache-2.0
"""Values mapped by curves beside plain NumPy, Pillow, OpenCV, Albumentations and torchvision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from reference import augment_color as reference
from twins import Twin, on_all, samples, torchvision_functional

CUTOFFS = {"low_cutoff": [0.0, 2.0, 20.0], "high_cutoff": [0.0, 1.0, 30.0]}
TWINS = [
    Twin("adjust_gamma", {"gamma": [0.4, 1.0, 2.2]}, reference.gamma, levels=0.5001),
    Twin("solarize", {"threshold": [0.2, 0.5, 0.999]}, reference.solarize, levels=0),
    Twin("posterize", {"bits": [1, 4, 8]}, reference.posterize, levels=0, fraction=0),
    Twin("posterize", {"bits": [[1, 2, 3], [8, 7, 0], [4, 4, 4]]}, reference.posterize, channels=(3,), levels=0,
           fraction=0),
    Twin("invert", {}, lambda image, white: white - image, levels=0),
    Twin("autocontrast", CUTOFFS, reference.autocontrast, levels=0),
    Twin("equalize", {}, reference.equalize, {"mode": "pil"}, levels=0),
    Twin("equalize", {}, reference.equalize, {"mode": "cv"}, levels=0),
]  # fmt: skip


@on_all(TWINS)
def test_twin(twin: Twin, size: tuple[int, int], channels: int, kind: str) -> None:
    twin.check(size, channels, kind)


def planes(images: np.ndarray, change: Any) -> np.ndarray:
    """Change each channel by itself."""
    changed = [[change(np.ascontiguousarray(image[..., c])) for c in range(image.shape[-1])] for image in images]
    return np.moveaxis(np.array(changed), 1, -1)


@pytest.mark.parametrize("size", [(1, 1), (37, 53), (130, 211)])
def test_as_pillow(size: tuple[int, int]) -> None:
    image, ops = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageOps")
    images = samples(*size, 3, "uint8")

    def pillow(change: Any, *given: Any) -> np.ndarray:
        return np.stack([np.asarray(change(image.fromarray(one), *given)) for one in images])

    for bits in range(1, 9):
        assert np.array_equal(F.posterize(images, bits), pillow(ops.posterize, bits))
    for threshold in (0, 1, 128, 255):
        assert np.array_equal(F.solarize(images, threshold / 255), pillow(ops.solarize, threshold))
    for cutoff in (0, 1, (3, 20)):
        low, high = cutoff if isinstance(cutoff, tuple) else (cutoff, cutoff)
        assert np.array_equal(F.autocontrast(images, low, high), pillow(ops.autocontrast, cutoff))
    assert np.array_equal(F.equalize(images), pillow(ops.equalize))
    assert np.array_equal(F.invert(images), pillow(ops.invert))


def test_as_torchvision() -> None:
    functional = torchvision_functional()
    import torch

    images = torch.from_numpy(samples(130, 211, 3, "uint8")).permute(0, 3, 1, 2)
    for bits in (1, 4, 7):
        assert torch.equal(F.posterize(images, bits), functional.posterize(images, bits))
    assert torch.equal(F.solarize(images, 100 / 255), functional.solarize(images, 100))
    assert torch.equal(F.invert(images), functional.invert(images))
    # It equalizes images that Pillow leaves alone: those with few values.
    assert torch.equal(F.equalize(images[2]), functional.equalize(images[2]))
    # Off by one: it rounds where Pillow cuts off, or the other way about.
    difference = F.autocontrast(images).to(int) - functional.autocontrast(images).to(int)
    assert difference.abs().max() <= 1
    for gamma in (0.4, 2.2):
        difference = F.adjust_gamma(images, gamma).to(int) - functional.adjust_gamma(images, gamma).to(int)
        assert difference.abs().max() <= 1  # it cuts off


@pytest.mark.parametrize("channels", [1, 3])
def test_as_opencv_and_albumentations(channels: int) -> None:
    cv2 = pytest.importorskip("cv2")
    A = pytest.importorskip("albumentations.augmentations.pixel.functional")
    images = samples(130, 211, channels, "uint8")
    assert np.array_equal(F.equalize(images, mode="cv"), planes(images, cv2.equalizeHist))
    for cutoff in (0, 1.5, 40):
        expected = np.stack([A.auto_contrast(image, cutoff, None, "cdf") for image in images]).reshape(images.shape)
        assert np.array_equal(F.autocontrast(images, cutoff, method="cdf"), expected)
    for gamma in (0.4, 2.2):
        expected = np.stack([A.gamma_transform(image, gamma) for image in images]).reshape(images.shape)
        assert np.abs(F.adjust_gamma(images, gamma).astype(int) - expected).max() <= 1  # it cuts off
    for threshold in (0.3, 0.5):
        expected = np.stack([A.solarize(image, threshold) for image in images]).reshape(images.shape)
        assert np.array_equal(F.solarize(images, threshold), expected)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("AutoContrast", {}), ("AutoContrast", {"cutoff": 3}), ("Equalize", {}), ("Posterize", {"num_bits": 3}),
        ("Posterize", {"num_bits": [(2, 2), (5, 5), (3, 3)]}), ("Solarize", {}), ("InvertImg", {}), ("ToFloat", {}),
        ("Solarize", {"threshold_range": (0.2, 0.2)}), ("ToFloat", {"max_value": 255}),
    ],
    ids=str,
)  # fmt: skip
def test_transforms_as_albumentations(name: str, given: dict[str, Any], channels: int) -> None:
    peer = pytest.importorskip("albumentations")
    if isinstance(given.get("num_bits"), list) and channels == 1:
        pytest.skip("bits of three channels")
    images = samples(61, 83, channels, "uint8")
    transform = getattr(augment, name)(**given, p=1)
    for image in images:
        expected = getattr(peer, name)(**given, p=1)(image=image)["image"]
        result = transform(image=image)["image"]
        assert result.dtype == expected.dtype
        assert np.abs(result - expected.reshape(result.shape)).max() < 1e-7


def test_transforms_do_what_functions_do(photos: np.ndarray) -> None:
    ids = np.arange(8)
    for kind in ("uint8", "float32"):
        images = photos if kind == "uint8" else (photos / 255).astype(np.float32)
        gamma, solar, poster = augment.RandomGamma(p=1), augment.Solarize((0, 1), p=1), augment.Posterize((1, 7), p=1)
        assert np.array_equal(gamma(images, ids), F.adjust_gamma(images, gamma.plan(ids)[0]["gamma"]))
        assert np.array_equal(solar(images, ids), F.solarize(images, solar.plan(ids)[0]["threshold"]))
        assert np.array_equal(poster(images, ids), F.posterize(images, poster.plan(ids)[0]["bits"][:, 0]))
        assert np.array_equal(augment.AutoContrast(2, "pil", p=1)(images), F.autocontrast(images, 2))
        assert np.array_equal(augment.Equalize("pil", p=1)(images), F.equalize(images))


def test_scales(photos: np.ndarray) -> None:
    fractions = F.to_float(photos)
    assert fractions.dtype == np.float32
    assert np.array_equal(fractions, photos / np.float32(255))
    assert np.array_equal(F.to_float(fractions), fractions)
    assert np.array_equal(F.to_bytes(fractions), photos)
    assert F.to_bytes(photos).dtype == np.uint8
    beyond = np.array([-1, 0.5, 2, np.nan], np.float32).reshape(1, 2, 2, 1)
    assert F.to_bytes(beyond).ravel().tolist() == [0, 128, 255, 0]
    out = np.empty(photos.shape, np.float32)
    assert F.to_float(photos, out=out) is out
    assert np.array_equal(out, fractions)


def test_steps_after_a_change_of_scale_count_in_the_new_units(photos: np.ndarray) -> None:
    steps = [augment.RandomBrightnessContrast(p=1), augment.RGBShift(p=1), augment.Pad(3, fill=0.25),
             augment.GaussNoise(std_range=(0.01, 0.02), p=1), augment.CoarseDropout(fill=0.5, p=1)]  # fmt: skip
    pipe = augment.Compose([augment.ToFloat(), *steps], seed=4)
    fractions = (photos / np.float32(255)).astype(np.float32)
    expected = augment.Compose([augment.ToFloat(), *steps], seed=4)(fractions, np.arange(8))
    result = pipe(photos, np.arange(8))
    assert result.dtype == np.float32
    assert np.abs(result - expected).max() < 1e-6
    back = augment.Compose([*pipe.transforms, augment.FromFloat()], seed=4)(photos, np.arange(8))
    assert back.dtype == np.uint8
    assert np.abs(back - 255.0 * expected).max() <= 0.501
    normalized = augment.Compose([*pipe.transforms, augment.Normalize(0.5, 0.5)], seed=4)(photos, np.arange(8))
    assert np.abs(normalized - (2 * expected - 1)).max() < 1e-5
    assert np.array_equal(pipe(photos, np.arange(8), dtype="uint8"), back)
    again = augment.Compose([augment.Normalize(0, 1), augment.FromFloat()])(photos)
    assert again.dtype == np.uint8
    assert np.array_equal(again, photos)
    assert augment.Compose([augment.ToFloat(), augment.Normalize(0, 1)])(photos).dtype == np.float32
    assert augment.Compose([augment.ToFloat()])([]) == []
    assert augment.Compose([augment.ToFloat()])(photos[:0]).dtype == np.float32
