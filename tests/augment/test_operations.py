# SPDX-License-Identifier: Apache-2.0
"""Each operation beside an independent one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from reference import augment as reference

BORDERS = {"constant": "constant", "replicate": "edge", "reflect": "symmetric", "reflect101": "reflect", "wrap": "wrap"}
OPENCV_BORDERS = {"constant": 0, "replicate": 1, "reflect": 2, "wrap": 3, "reflect101": 4}


def largest_difference(a: Any, b: Any) -> int:
    return int(np.abs(np.asarray(a).astype(int) - np.asarray(b).astype(int)).max())


# Exact ones


def test_flips(photos: np.ndarray) -> None:
    assert np.array_equal(F.horizontal_flip(photos), photos[:, :, ::-1])
    assert np.array_equal(F.vertical_flip(photos), photos[:, ::-1])
    assert np.array_equal(F.transpose(photos), photos.transpose(0, 2, 1, 3))


def test_crop(photos: np.ndarray) -> None:
    top = np.arange(8)
    result = F.crop(photos, top, 3, 20, 30)
    assert np.array_equal(result, np.stack([photos[i, i : i + 20, 3:33] for i in range(8)]))


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_pad(photos: np.ndarray, border: str, dtype: str) -> None:
    images = photos if dtype == "uint8" else (photos / 255).astype(np.float32)
    expected = np.pad(images, ((0, 0), (5, 9), (60, 7), (0, 0)), mode=BORDERS[border])
    assert np.array_equal(F.pad(images, (60, 5, 7, 9), border_mode=border), expected)
    assert np.array_equal(F.pad(images, (60, 5, 7, 9), border_mode=OPENCV_BORDERS[border]), expected)


def test_pad_with_colors(photos: np.ndarray) -> None:
    result = F.pad(photos, 1, fill=(1, 2, 3))
    assert result[0, 0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("quarters", range(4))
def test_quarter_turns(photos: np.ndarray, quarters: int) -> None:
    pipe = augment.RandomRotate90()
    plan = pipe.plan(np.arange(8))
    plan["RandomRotate90"]["quarters"] = quarters
    assert np.array_equal(pipe.apply(photos, plan), np.rot90(photos, quarters, axes=(1, 2)))
    square = photos[:, :, :37]
    assert np.array_equal(F.rotate(square, 90 * quarters), np.rot90(square, quarters, axes=(1, 2)))


def test_invert_and_channels(photos: np.ndarray) -> None:
    assert np.array_equal(augment.InvertImg(p=1)(photos), 255 - photos)
    only = augment.ChannelIsolation(channels=(1,), p=1)(photos)
    assert np.array_equal(only, photos * np.array([0, 1, 0], np.uint8))
    pipe = augment.ChannelDropout((1, 2), fill=7, p=1)
    plan = pipe.plan(np.arange(8))
    dropped = plan["ChannelDropout"]["dropped"]
    assert set(dropped.sum(axis=1)) <= {1, 2}
    assert np.array_equal(pipe.apply(photos, plan), np.where(dropped[:, None, None], 7, photos))


def test_erase(photos: np.ndarray) -> None:
    expected = photos.copy()
    expected[:, 3:8, 10:] = (9, 8, 7)
    assert np.array_equal(F.erase(photos, 3, 10, 5, 100, fill=(9, 8, 7)), expected)
    empty = F.erase(photos, -5, 10, 4, 10)
    assert np.array_equal(empty, photos)


# Geometry


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("angle", [20.0, -7.3, 133.0])
def test_rotate(photos: np.ndarray, border: str, angle: float) -> None:
    result = F.rotate(photos, angle, border_mode=border, fill=40)
    matrix = reference.affine_matrix(37, 53, angle)
    for image, found in zip(photos, result, strict=True):
        assert np.abs(found - reference.warp(image, matrix, border, 40)).max() <= 0.52


def test_affine(photos: np.ndarray) -> None:
    angle = np.linspace(-170, 170, 8)
    scale = (np.linspace(0.5, 2, 8), np.linspace(1.5, 0.7, 8))
    shear, shift = (np.linspace(-20, 20, 8), np.linspace(9, -3, 8)), (np.linspace(-7, 5, 8), 3.25)
    result = F.affine(photos, angle=angle, scale=scale, shear=shear, translate=shift, border_mode="replicate")
    for i in range(8):
        at = [(pair[0][i], np.broadcast_to(pair[1], 8)[i]) for pair in (scale, shear, shift)]
        at[1] = tuple(-np.array(at[1]))  # leans the top to the right, where downwards is positive
        matrix = reference.affine_matrix(37, 53, angle[i], *at)
        assert np.abs(result[i] - reference.warp(photos[i], matrix, "replicate")).max() <= 0.52


def test_rotate_as_opencv(photos: np.ndarray) -> None:
    cv2 = pytest.importorskip("cv2")
    matrix = cv2.getRotationMatrix2D((26, 18), 25, 1)
    expected = [cv2.warpAffine(image, matrix, (53, 37), flags=cv2.INTER_LINEAR) for image in photos]
    difference = np.abs(F.rotate(photos, 25).astype(int) - np.stack(expected))
    # OpenCV before 5 reads at 32nds of a pixel.
    assert difference.max() <= (1 if int(cv2.__version__.partition(".")[0]) >= 5 else 8)
    assert difference.mean() < 0.25


def test_perspective(photos: np.ndarray) -> None:
    pipe = augment.Perspective(scale=0.2, border_mode="reflect", p=1)
    plan = pipe.plan(np.arange(8))
    corners = plan["Perspective"]["corners"]
    assert (np.abs(corners - [[0, 0], [1, 0], [1, 1], [0, 1]]) <= 0.32).all()
    result = pipe.apply(photos, plan)
    for i in range(8):
        # Eight equations: the matrix leads from the result's corners to those of the quadrilateral.
        rows = []
        for x, y, u, v in np.column_stack([[[0, 0], [53, 0], [53, 37], [0, 37]], corners[i] * [53, 37]]):
            rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]]
        equations = np.array(rows)
        matrix = np.append(np.linalg.solve(equations[:, :8], equations[:, 8]), 1).reshape(3, 3)
        assert np.abs(result[i] - reference.warp(photos[i], matrix, "reflect")).max() <= 0.52
    plan["Perspective"]["corners"] = 0.5
    with pytest.raises(ValueError, match="lie on a line"):
        pipe.apply(photos, plan)


def test_nearest(photos: np.ndarray) -> None:
    result = F.rotate(photos, 30, interpolation="nearest", border_mode="replicate")
    assert set(np.unique(result)) <= set(np.unique(photos))


# Colors


def test_no_hue_is_the_image(photos: np.ndarray) -> None:
    assert np.array_equal(F.adjust_hue(photos, 0), photos)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_normalize(photos: np.ndarray, dtype: str) -> None:
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    images = photos if dtype == "uint8" else (photos / 255).astype(np.float32)
    expected = (photos / 255 - mean) / std
    for result in (augment.Normalize()(images), F.normalize(images, mean, std)):
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, expected, atol=2e-6)
    whole = augment.Normalize(0.5, 0.5, max_pixel_value=255)(photos)
    np.testing.assert_allclose(whole, photos / 127.5 - 1, atol=1e-6)


def test_shift(photos: np.ndarray) -> None:
    pipe = augment.RGBShift(p=1)
    plan = pipe.plan(np.arange(8))
    expected = reference.settle(photos + plan["RGBShift"]["shift"][:, None, None])
    assert np.array_equal(pipe.apply(photos, plan), expected)


# Filter and noise


@pytest.mark.parametrize(("size", "sigma"), [(3, 0.8), (7, 1.4), (21, 3.0), (75, 30.0)])
def test_blur(photos: np.ndarray, size: int, sigma: float) -> None:
    result = F.gaussian_blur(photos[:2], size, sigma)
    for image, found in zip(photos, result, strict=False):
        assert np.abs(found - reference.blur(image, size, sigma)).max() <= 2  # weights are whole 256ths
    floats = F.gaussian_blur(photos[:2] / np.float32(255), size, sigma)
    for image, found in zip(photos / 255, floats, strict=False):
        assert np.abs(found - reference.blur(image, size, sigma)).max() <= 2e-6


def test_blur_as_opencv(photos: np.ndarray) -> None:
    cv2 = pytest.importorskip("cv2")
    expected = np.stack([cv2.GaussianBlur(image, (7, 7), 1.4) for image in photos])
    assert np.array_equal(F.gaussian_blur(photos, 7, 1.4), expected)


def test_noise() -> None:
    gray = np.full((4, 100, 100, 3), 128, np.uint8)
    noise = F.gaussian_noise(gray, 10 / 255, 5 / 255).astype(float) - 133
    assert abs(noise.mean()) < 0.1
    assert abs(noise.std() - 10) < 0.1
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.02
    same = F.gaussian_noise(gray, 10 / 255, per_channel=False)
    assert np.array_equal(same[..., 0], same[..., 2])
    assert not np.array_equal(F.gaussian_noise(gray, 0.1, seed=1), F.gaussian_noise(gray, 0.1, seed=2))
    swapped = F.gaussian_noise(gray, 0.1, ids=[3, 2, 1, 0])
    assert np.array_equal(swapped[::-1], F.gaussian_noise(gray, 0.1))
