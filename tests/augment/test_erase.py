# SPDX-License-Identifier: Apache-2.0
"""What is covered and shaded: pixel for pixel, as drawn, and with the same noise everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from reference import augment as reference
from settings import same_at_every_level, same_for_any_threads

N = 20000
IDS = np.array([5, 11, 2, 900, -4, 1 << 40, 7, 8])
SHAPES = [(1, 1), (1, 9), (7, 1), (37, 53), (64, 40)]


def picture(height: int, width: int, channels: int = 3, n: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 255, (n, height, width, channels), dtype=np.uint8)


def fractions(images: np.ndarray) -> np.ndarray:
    return (images / 255).astype(np.float32)


def covered(shape: tuple[int, ...], holes: np.ndarray) -> np.ndarray:
    """Return which pixels lie in a hole."""
    mask = np.zeros(shape, bool)
    for top, left, height, width in np.asarray(holes, int):
        bottom, right = max(top + height, 0), max(left + width, 0)
        mask[max(top, 0) : bottom, max(left, 0) : right] = True
    return mask


# Holes


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_holes(shape: tuple[int, int], channels: int) -> None:
    rng = np.random.default_rng(1)
    images = picture(*shape, channels)
    holes = np.concatenate([rng.integers(-5, 50, (2, 6, 2)), rng.integers(0, 20, (2, 6, 2))], axis=2)
    fill = list(range(3, 3 + channels))
    for kind in (images, fractions(images)):
        scale = 1 if kind.dtype == np.uint8 else 255
        found = F.erase_holes(kind, holes, fill=[value / scale for value in fill])
        for i in range(2):
            expected = kind[i].copy()
            expected[covered(shape, holes[i])] = (np.array(fill) / scale).astype(kind.dtype)
            assert np.array_equal(found[i], expected)
    assert np.array_equal(F.erase_holes(images, np.empty((0, 4))), images)
    assert np.array_equal(F.erase_holes(images, holes[0])[1], F.erase_holes(images[1], holes[0]))


@pytest.mark.parametrize("fill", ["random", "random_uniform"])
def test_noise_in_holes(fill: str) -> None:
    images = picture(150, 170)
    holes = np.array([[10, 20, 100, 90], [-10, 120, 60, 500], [140, 0, 5, 5]])
    mask = covered((150, 170), holes)
    for kind in (images, fractions(images)):
        found = F.erase_holes(kind, holes, fill=fill)
        assert np.array_equal(found[:, ~mask], kind[:, ~mask])
        white = 255 if kind.dtype == np.uint8 else 1.0
        if fill == "random":
            noise = found[:, mask].astype(float)
            counts = np.histogram(noise, 16, (0, 256 if white == 255 else 1))[0] / noise.size
            assert np.abs(counts - 1 / 16).max() < 0.003
            assert abs(np.corrcoef(noise[0, :, 0], noise[0, :, 1])[0, 1]) < 0.02
            assert abs(np.corrcoef(noise[0, :, 0], noise[1, :, 0])[0, 1]) < 0.02
            assert abs(np.corrcoef(noise[0, 1:, 0], noise[0, :-1, 0])[0, 1]) < 0.02
            if white == 255:
                assert noise.min() == 0
                assert noise.max() == 255
        else:
            colors = [found[i][covered((150, 170), [hole])] for i in range(2) for hole in holes]
            assert all((color == color[0]).all() for color in colors)
            assert len({color[0].tobytes() for color in colors}) == 6
            assert len(set(colors[0][0].tolist())) > 1
    assert not np.array_equal(F.erase_holes(images, holes, fill=fill, seed=1), F.erase_holes(images, holes, fill=fill))
    swapped = F.erase_holes(images[::-1], holes, fill=fill, ids=[1, 0])
    assert np.array_equal(swapped[::-1], F.erase_holes(images, holes, fill=fill))


def test_colors_are_uniform() -> None:
    one = np.zeros((N, 2, 2, 3), np.uint8)
    colors = F.erase_holes(one, [[0, 0, 1, 1], [1, 1, 1, 1]], fill="random_uniform")
    for values in (colors[:, 0, 0], colors[:, 1, 1]):
        assert np.abs(np.bincount(values.ravel() // 16) / values.size - 1 / 16).max() < 0.005
    assert abs(np.corrcoef(colors[:, 0, 0, 0], colors[:, 1, 1, 0])[0, 1]) < 0.02


@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.parametrize(
    "transform",
    [
        augment.CoarseDropout((2, 4), fill="random", p=1),
        augment.RandomErasing(value="random_uniform", p=1),
        augment.XYMasking(2, (1, 3), 5, (1, 4), fill="random", p=1),
        augment.GridDropout(unit_size_range=(5, 9), fill="random_uniform", p=1),
        augment.RandomShadow((0, 0, 1, 1), (2, 3), 7, (0.2, 0.8), p=1),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_same_bits(transform: Any, kind: str) -> None:
    images = picture(47, 59, n=8)
    images = images if kind == "uint8" else fractions(images)
    pipe = augment.Compose([augment.HorizontalFlip(), transform], seed=4)
    expected = same_for_any_threads(lambda: pipe(images, IDS, epoch=1))
    assert np.array_equal(np.concatenate([pipe(images[5:], IDS[5:], 1), pipe(images[:5], IDS[:5], 1)]),
                          np.concatenate([expected[5:], expected[:5]]))  # fmt: skip
    assert np.array_equal(pipe(images, IDS, 1, fuse=False), expected)
    backwards = np.ascontiguousarray(images[:, ::-1, ::-1, ::-1])[:, ::-1, ::-1, ::-1]
    assert np.array_equal(pipe(backwards, IDS, 1), expected)
    assert not np.array_equal(pipe(images, IDS, 2), expected)


def test_same_bits_at_every_level() -> None:
    images = picture(47, 59, n=8)
    transforms = [
        augment.CoarseDropout((2, 4), fill="random", p=1),
        augment.RandomErasing(fill="random_uniform", p=1),
        augment.RandomShadow((0, 0, 1, 1), (2, 3), 7, (0.2, 0.8), p=1),
    ]
    same_at_every_level(lambda: augment.Compose(transforms, seed=4)(images, IDS))


def test_value_is_fill() -> None:
    """torchvision's name."""
    images = picture(30, 40)
    assert np.array_equal(augment.RandomErasing(value=(1, 2, 3), p=1)(images, [1, 2]),
                          augment.RandomErasing(fill=(1, 2, 3), p=1)(images, [1, 2]))  # fmt: skip
    again = augment.from_dict(augment.RandomErasing(value=7).to_dict())
    assert again.fill == 7


# Bars


def test_bars() -> None:
    pipe = augment.XYMasking((0, 3), 2, (4, 6), 5, p=1)
    holes = pipe.plan(np.arange(N), sizes=(30, 50))[0]["holes"]
    assert holes.shape == (N, 5, 4)
    upright, level = holes[:, :3], holes[:, 3:]
    there = upright[:, :, 3] > 0
    assert np.abs(np.bincount(there.sum(axis=1)) / N - 0.25).max() < 0.012
    assert (upright[there][:, [0, 2]] == [0, 30]).all()
    assert np.abs(np.bincount(upright[there][:, 3])[4:] / there.sum() - 1 / 3).max() < 0.01
    fives = upright[there & (upright[:, :, 3] == 5)]
    assert np.abs(np.bincount(fives[:, 1], minlength=46) / len(fives) - 1 / 46).max() < 0.006
    assert (level[:, :, [1, 2, 3]] == [0, 5, 50]).all()
    assert np.abs(np.bincount(level[:, :, 0].ravel()) / (2 * N) - 1 / 26).max() < 0.006
    assert augment.XYMasking(p=1).plan([1], sizes=(3, 3))[0]["holes"].tolist() == [[[0, 0, 0, 0]]]
    images = picture(30, 50)
    plan = pipe.plan([3, 4], sizes=(30, 50))
    for i, found in enumerate(pipe.apply(images, plan)):
        expected = np.where(covered((30, 50), plan[0]["holes"][i])[:, :, None], 0, images[i])
        assert np.array_equal(found, expected)


# Grids


def test_grid_as_albumentations() -> None:
    """Where nothing is drawn and cells are of one size."""
    peer = pytest.importorskip("albumentations")
    image = picture(60, 90)[0]
    for given in (
        {"unit_size_range": (15, 15), "ratio": 0.4, "shift_xy": (3, 5)},
        {"unit_size_range": (10, 10), "ratio": 1.0},
        {"holes_number_xy": (3, 3), "ratio": 0.55, "shift_xy": (1, 0)},
        {"shift_xy": (50, 2)},
    ):
        more: dict[str, Any] = {**given, "random_offset": False, "fill": 7, "p": 1}
        theirs = dict(more)
        if "unit_size_range" in given:  # the upper end is left out there
            theirs["unit_size_range"] = (given["unit_size_range"][0], given["unit_size_range"][0] + 1)
        expected = peer.GridDropout(**theirs)(image=image)["image"]
        assert np.array_equal(augment.GridDropout(**more)(image=image)["image"], expected), given


def test_grid_numbers() -> None:
    """Three across and five down, as the parameter says."""
    image = np.full((53, 37, 1), 9, np.uint8)
    found = augment.GridDropout(holes_number_xy=(3, 5), random_offset=False, ratio=0.5, p=1)(image=image)["image"]
    starts_down = np.flatnonzero(np.diff(np.concatenate([[9], found[:, 0, 0]]).astype(int)) < 0)
    starts_across = np.flatnonzero(np.diff(np.concatenate([[9], found[0, :, 0]]).astype(int)) < 0)
    assert starts_down.tolist() == [0, 10, 21, 31, 42]
    assert starts_across.tolist() == [0, 12, 24]
    assert np.array_equal(F.grid_dropout(image, 5, 3, 0.5), found)
    both = F.grid_dropout([image, image], [5, 1], [3, 1], [0.5, 1.0], shift_xy=(1, 2), fill=4)
    assert both[1].ravel().tolist().count(9) == 53 + 37 - 1  # a row and a column
    assert np.array_equal(both[1][0], image[0])


def test_grid_offsets() -> None:
    pipe = augment.GridDropout(0.5, unit_size_range=(10, 20), p=1)
    plan = pipe.plan(np.arange(2000), sizes=(40, 60))[0]
    holes = plan["holes"]
    there = holes[:, :, 2] > 0
    assert set(there.sum(axis=1)) == {(40 // unit) * (60 // unit) for unit in range(10, 21)}
    ten = holes[there.sum(axis=1) == 24]  # 4 x 6 cells of 10 x 10 pixels
    assert (ten[:, :24, 2:] == 5).all()
    cells = np.stack(np.divmod(np.arange(24), 6), axis=1) * 10
    offsets = ten[:, :24, :2] - cells
    assert np.abs(np.bincount(offsets.ravel()) / offsets.size - 1 / 6).max() < 0.02
    assert abs(np.corrcoef(offsets[:, 0, 0], offsets[:, 1, 0])[0, 1]) < 0.2
    assert abs(np.corrcoef(offsets[..., 0].ravel(), offsets[..., 1].ravel())[0, 1]) < 0.06
    least = augment.GridDropout(1e-3, holes_number_xy=(4, 4), p=1).plan([1], sizes=(40, 60))[0]["holes"]
    assert (least[:, :, 2:] == 1).all()
    some = augment.GridDropout(p=0.3).plan(np.arange(N), sizes=(40, 60))[0]
    assert abs(some.applies.mean() - 0.3) < 0.01


def test_grid_does_not_depend_on_the_batch() -> None:
    images = [picture(37, 53, n=1)[0], picture(20, 21, n=1)[0], picture(100, 110, n=1)[0], picture(1, 1, n=1)[0]]
    pipe = augment.GridDropout(p=0.8)
    together = pipe(images, [4, 5, 6, 7])
    for i, image in enumerate(images):
        assert np.array_equal(pipe([image], [4 + i])[0], together[i])


# Shadows


@pytest.mark.parametrize("shape", SHAPES)
def test_shade_in_rational_numbers(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    height, width = shape
    images = picture(*shape)
    for corners in (3, 4, 5, 9):
        whole = rng.integers(-3, max(shape) + 3, (2, corners, 2)).astype(float)
        halves = np.round(2 * whole) / 2 + rng.integers(0, 2, whole.shape) / 2  # often on the centers of rows
        for vertices in (whole, halves, rng.uniform(-5, max(shape) + 5, (2, corners, 2))):
            found = F.shade(images, vertices[:, None], np.array([[0.5], [0.25]]))
            for i, factor in enumerate((0.5, 0.25)):
                inside = reference.in_polygon(height, width, vertices[i])
                expected = np.where(inside[:, :, None], np.rint(images[i] * factor), images[i])
                assert np.array_equal(found[i], expected)


def test_shade_as_opencv() -> None:
    """Up to a line of pixels around it, that OpenCV draws as well."""
    cv2 = pytest.importorskip("cv2")
    image = np.full((80, 90, 1), 200, np.uint8)
    rng = np.random.default_rng(5)
    for _ in range(20):
        vertices = rng.integers(0, 80, (5, 2))
        mask, border = np.zeros((80, 90), np.uint8), np.zeros((80, 90), np.uint8)
        cv2.fillPoly(mask, [vertices.astype(np.int32)], 1)
        cv2.polylines(border, [vertices.astype(np.int32)], True, 1, thickness=2)
        found = F.shade(image, vertices[None] + 0.5, [0.5])[:, :, 0] == 100
        assert ((found != mask.astype(bool)) & (border == 0)).sum() == 0


def test_shades_overlap() -> None:
    image = np.full((20, 20, 3), 101, np.uint8)
    square = [[2, 2], [12, 2], [12, 12], [2, 12]]
    found = F.shade(image, [square, [[x + 5, y] for x, y in square]], [0.5, 0.5])
    once = np.rint(101 * 0.5)
    expected = np.full((20, 20), 101.0)
    expected[2:12, 2:17] = once
    expected[2:12, 7:12] = np.rint(once * 0.5)
    assert np.array_equal(found[:, :, 0], expected)
    some = F.shade(fractions(image), [square], [0.3])
    assert some[5, 5, 0] == np.float32(fractions(image)[0, 0, 0] * np.float32(0.3))
    assert np.array_equal(F.shade(image, [square], [1.0]), image)
    assert (F.shade(image, [square], [9.0])[2:12, 2:12] == 255).all()


def test_drawn_shadows() -> None:
    pipe = augment.RandomShadow((0.1, 0.5, 0.9, 1), (1, 3), 4, (0.2, 0.6), p=1)
    entry = pipe.plan(np.arange(N))[0]
    intensities, vertices = entry["intensities"], entry["vertices"]
    assert vertices.shape == (N, 3, 4, 2)
    there = intensities > 0
    assert np.abs(np.bincount(there.sum(axis=1), minlength=4) / N - [0, 1 / 3, 1 / 3, 1 / 3]).max() < 0.012
    for values, low, high in ((intensities[there], 0.2, 0.6), (vertices[..., 0], 0.1, 0.9), (vertices[..., 1], 0.5, 1)):
        assert low <= values.min() < low + 0.01
        assert high - 0.01 < values.max() <= high
        assert abs(values.mean() - (low + high) / 2) < 0.01
        assert abs(values.std() - (high - low) / 12**0.5) < 0.005
    images = picture(40, 50)
    plan = pipe.plan([7, 8])
    expected = images.astype(float)
    for i in range(2):
        for polygon, intensity in zip(plan[0]["vertices"][i], plan[0]["intensities"][i], strict=True):
            inside = reference.in_polygon(40, 50, polygon * [50, 40])
            darker = np.rint((expected[i] * np.float32(1 - intensity)).astype(np.float32))
            expected[i] = np.where(inside[:, :, None], darker, expected[i])
    assert np.array_equal(pipe.apply(images, plan), expected)


def test_nan_in_the_shade() -> None:
    image = np.full((4, 4, 3), np.nan, np.float32)
    found = F.shade(image, [[[0, 0], [2, 0], [2, 4], [0, 4]]], [0.5])
    assert (found[:, :2] == 0).all()
    assert np.isnan(found[:, 2:]).all()
    assert not np.isnan(F.erase_holes(image, [[0, 0, 4, 4]], fill="random")).any()


IMAGES = picture(20, 30)
BAD = {
    "'fill' is 'inpaint_ns'": (ValueError, lambda: augment.CoarseDropout(fill="inpaint_ns")),
    "'fill' is 'noise'": (ValueError, lambda: F.erase(IMAGES, 0, 0, 1, 1, fill="noise")),
    "'fill' has 2 values": (ValueError, lambda: augment.XYMasking(1, 0, 2, fill=(1, 2), p=1)(IMAGES)),
    "'mask_x_length' is 31; accepted: at most 30": (ValueError, lambda: augment.XYMasking(1, 0, 31, p=1)(IMAGES)),
    "'mask_y_length' is 21; accepted: at most 20": (ValueError, lambda: augment.XYMasking(0, 1, 0, 21, p=1)(IMAGES)),
    "'num_masks_x' is -1": (ValueError, lambda: augment.XYMasking(-1)),
    "'ratio' is 0": (ValueError, lambda: augment.GridDropout(0)),
    "'ratio' is 1.5": (ValueError, lambda: augment.GridDropout(1.5)),
    "both 'unit_size_range' and": (ValueError, lambda: augment.GridDropout(
        unit_size_range=(2, 3), holes_number_xy=(2, 2))),
    "'unit_size_range' is 1": (ValueError, lambda: augment.GridDropout(unit_size_range=(1, 3))),
    "accepted: at most 20, the shorter": (ValueError, lambda: augment.GridDropout(
        unit_size_range=(5, 21), p=1)(IMAGES)),
    "'holes_number_xy' is 4": (TypeError, lambda: augment.GridDropout(holes_number_xy=4)),
    "cells; accepted: at most 65536": (ValueError, lambda: augment.GridDropout(
        unit_size_range=(2, 2), p=1).plan([1], sizes=(2000, 2000))),
    "'rows' is 0; accepted: integers from 1": (ValueError, lambda: F.grid_dropout(IMAGES, 0, 1)),
    "'ratio' has values outside": (ValueError, lambda: F.grid_dropout(IMAGES, 1, 1, 0.0)),
    "'shadow_roi' is (0, 1)": (TypeError, lambda: augment.RandomShadow((0, 1))),
    "'shadow_roi' is (1, 0)": (ValueError, lambda: augment.RandomShadow((1, 0, 0, 1))),
    "'shadow_roi' is 2": (ValueError, lambda: augment.RandomShadow((0, 0, 2, 1))),
    "'shadow_dimension' is 2": (ValueError, lambda: augment.RandomShadow(shadow_dimension=2)),
    "'shadow_dimension' is 65": (ValueError, lambda: augment.RandomShadow(shadow_dimension=65)),
    "'num_shadows_limit' is 0": (ValueError, lambda: augment.RandomShadow(num_shadows_limit=(0, 1))),
    "'shadow_intensity_range' is (0.9, 0.1)": (ValueError, lambda: augment.RandomShadow(
        shadow_intensity_range=(0.9, 0.1))),
    "'holes' has shape (3,)": (ValueError, lambda: F.erase_holes(IMAGES, [1, 2, 3])),
    "'holes' has shape (3, 1, 4)": (ValueError, lambda: F.erase_holes(IMAGES, np.zeros((3, 1, 4)))),
    "'vertices' has shape (1, 2, 2)": (ValueError, lambda: F.shade(IMAGES, np.zeros((1, 2, 2)), [0.5])),
    "'vertices' has NaN": (ValueError, lambda: F.shade(IMAGES, np.full((1, 3, 2), np.nan), [0.5])),
    "'factor' has shape (2,)": (ValueError, lambda: F.shade(IMAGES, np.zeros((1, 3, 2)), [0.5, 0.5])),
    "'seed' is -1": (ValueError, lambda: F.erase(IMAGES, 0, 0, 1, 1, fill="random", seed=-1)),
}  # fmt: skip


@pytest.mark.parametrize("words", BAD)
def test_refused(words: str) -> None:
    error, call = BAD[words]
    with pytest.raises(error) as raised:
        call()
    assert words in str(raised.value)
    assert "accepted" in str(raised.value)
