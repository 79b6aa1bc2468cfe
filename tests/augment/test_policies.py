# SPDX-License-Identifier: Apache-2.0
"""RandAugment and TrivialAugmentWide: what they draw, and each of their operations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from burnish.augment._policies import OPERATIONS
from reference import augment as reference
from twins import samples, torchvision_functional

NAMES = list(OPERATIONS)
SIGNED = NAMES[1:10]
POLICIES: dict[str, Any] = {"RandAugment": augment.RandAugment(1), "TrivialAugmentWide": augment.TrivialAugmentWide()}
LARGEST = {"RandAugment": (0.3, 30.0, 0.9, 4), "TrivialAugmentWide": (0.99, 135.0, 0.99, 6)}
N = 20000


def planned(pipe: Any, images: Any, operation: Any, magnitude: Any) -> Any:
    """Do operations with magnitudes that are given for each sample, or for all."""
    plan = pipe.plan(np.arange(len(images)), sizes=images.shape[1:3])
    plan[type(pipe).__name__]["operation"] = operation
    plan[type(pipe).__name__]["magnitude"] = magnitude
    return pipe.apply(images, plan, layout="NHWC")


def shift(policy: str, part: float, size: int) -> int:
    return int(part * (150 / 331 * size if policy == "RandAugment" else 32))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("part", [0.0, 0.3, -0.7, 1.0])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_operations_are_those_of_functional(policy: str, part: float, kind: str, channels: int) -> None:
    images = samples(37, 53, channels, kind)
    _, angle, change, bits = LARGEST[policy]
    factor, size = 1 + change * part, abs(part)
    expected = {
        "Identity": images,
        "Rotate": F.rotate(images, angle * part, interpolation="nearest"),
        "Brightness": F.adjust_brightness(images, factor),
        "Color": F.adjust_saturation(images, factor),
        "Contrast": F.adjust_contrast(images, factor),
        "Sharpness": F.adjust_sharpness(images, factor),
        "Posterize": F.posterize(images, 8 - round(bits * size)),
        "Solarize": F.solarize(images, 1 - size),
        "AutoContrast": F.autocontrast(images),
        "Equalize": F.equalize(images),
    }
    for name, values in expected.items():
        found = planned(POLICIES[policy], images, NAMES.index(name), part)
        if name in ("Brightness", "Color", "Contrast", "Sharpness") and kind == "float32":
            assert np.abs(found - values).max() < 1e-6, name
        else:
            assert np.array_equal(found, values), name


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("part", [0.0, 0.3, -0.7, 1.0])
def test_shears_and_translations(policy: str, part: float) -> None:
    images = samples(37, 53, 3, "uint8")
    shear = LARGEST[policy][0] * part
    for name, matrix in {
        "ShearX": [[1, shear, 0], [0, 1, 0], [0, 0, 1]],
        "ShearY": [[1, 0, 0], [shear, 1, 0], [0, 0, 1]],
        "TranslateX": [[1, 0, -shift(policy, part, 53)], [0, 1, 0], [0, 0, 1]],
        "TranslateY": [[1, 0, 0], [0, 1, -shift(policy, part, 37)], [0, 0, 1]],
    }.items():
        arguments: dict[str, Any] = {"interpolation": "bilinear", "fill": 40}
        pipe = getattr(augment, policy)(**({"num_ops": 1} if policy == "RandAugment" else {}), **arguments)
        found = planned(pipe, images, NAMES.index(name), part)
        for image, result in zip(images, found, strict=True):
            expected = reference.warp(image, np.array(matrix, float), "constant", 40)
            assert np.abs(result - expected).max() <= 0.52, name


# torchvision cuts off results, and the luma, which is multiplied by up to 0.99.
CUT_OFF = {"Brightness": 1, "Color": 2, "Contrast": 2, "Sharpness": 1, "AutoContrast": 1}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", NAMES)
def test_as_torchvision(policy: str, name: str) -> None:
    torchvision_functional()
    import torch
    from torchvision.transforms import v2

    peer = getattr(v2, policy)()
    images = samples(61, 83, 3, "uint8")
    make, is_signed = peer._AUGMENTATION_SPACE[name]
    assert is_signed == (name in SIGNED)
    magnitudes = make(31, 61, 83)
    for number in (0, 7, 13, 30):
        for sign in (1, -1) if is_signed else (1,):
            magnitude = 0.0 if magnitudes is None else sign * float(magnitudes[number])
            found = planned(POLICIES[policy], images, NAMES.index(name), sign * number / 30)
            for image, result in zip(images, found, strict=True):
                tensor = torch.from_numpy(image).permute(2, 0, 1)
                expected = peer._apply_image_or_video_transform(tensor, name, magnitude, "nearest", peer._fill)
                difference = np.abs(result.astype(int) - expected.permute(1, 2, 0).numpy())
                if "Shear" in name or name == "Rotate":  # float32 grids: another of two pixels about as near
                    assert (difference > 0).any(-1).mean() < 0.01
                else:
                    assert difference.max() <= CUT_OFF.get(name, 0)


def chi(counts: np.ndarray) -> float:
    expected = counts.sum() / counts.size
    return float(((counts - expected) ** 2 / expected).sum())


def test_draws_of_rand_augment() -> None:
    special = pytest.importorskip("scipy.special")
    pipe = augment.RandAugment(num_ops=3, magnitude=10, num_magnitude_bins=21, p=0.7)
    entry = pipe.plan(np.arange(N))[0]
    assert abs(entry.applies.mean() - 0.7) < 0.013
    assert entry["operation"].shape == (N, 3)
    pairs = entry["operation"][:, 0] * 14 + entry["operation"][:, 2]
    assert chi(np.bincount(pairs, minlength=196)) < special.chdtri(195, 1e-4)
    assert set(np.abs(entry["magnitude"]).ravel()) == {0.5}
    signed = np.isin(entry["operation"], [NAMES.index(name) for name in SIGNED])
    assert (entry["magnitude"][~signed] > 0).all()
    negative = (entry["magnitude"][signed] < 0).sum()
    assert chi(np.array([negative, signed.sum() - negative])) < special.chdtri(1, 1e-4)


def test_draws_of_trivial_augment() -> None:
    special = pytest.importorskip("scipy.special")
    entry = augment.TrivialAugmentWide(num_magnitude_bins=11).plan(np.arange(N))[0]
    assert entry.applies.all()
    bins = np.rint(np.abs(entry["magnitude"]) * 10).astype(int)
    assert np.abs(np.abs(entry["magnitude"]) * 10 - bins).max() < 1e-12
    both = entry["operation"][:, 0] * 11 + bins[:, 0]
    assert chi(np.bincount(both, minlength=154)) < special.chdtri(153, 1e-4)


def test_samples_take_operations_of_their_own(photos: np.ndarray) -> None:
    pipe = augment.RandAugment(num_ops=3)
    operation = np.array(
        [[0, 0, 0], [10, 0, 10], [1, 0, 11], [12, 13, 0], [5, 5, 5], [6, 8, 9], [0, 7, 1], [13, 12, 3]]
    )
    magnitude = np.linspace(-1, 1, 24).reshape(8, 3)
    found = planned(pipe, photos, operation, magnitude)
    assert np.array_equal(found[0], photos[0])
    one = augment.RandAugment(num_ops=1)
    for i in range(8):
        step_by_step = photos[i : i + 1]
        for j in range(3):
            step_by_step = planned(one, step_by_step, operation[i, j], magnitude[i, j])
        assert np.array_equal(found[i], step_by_step[0])
    plan = pipe.plan(np.arange(8), sizes=(37, 53))
    assert np.array_equal(pipe.apply(photos, plan, fuse=False), pipe.apply(photos, plan))
    assert np.array_equal(augment.RandAugment(num_ops=0)(photos), photos)


def test_edited_plans_are_checked(photos: np.ndarray) -> None:
    pipe = augment.RandAugment()
    for name, value in (("operation", 14), ("operation", -1), ("magnitude", 1.5), ("magnitude", -2)):
        plan = pipe.plan(np.arange(8))
        plan["RandAugment"][name] = value
        with pytest.raises(ValueError, match=f"'{name}' must have 2"):
            pipe.apply(photos, plan)
    plan = pipe.plan(np.arange(8))
    plan["RandAugment"].params["operation"] = np.zeros((8, 3), int)
    with pytest.raises(ValueError, match="'operation' must have 2"):
        pipe.apply(photos, plan)
