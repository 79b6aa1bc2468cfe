# SPDX-License-Identifier: Apache-2.0
"""Rotations, affine and perspective maps beside float64, OpenCV and Albumentations; what fits the output."""

from __future__ import annotations

import math
import mmap
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from reference import augment as reference
from settings import same_at_every_level

BORDERS = ("constant", "replicate", "reflect", "reflect101", "wrap")
OPENCV_BORDERS = {"constant": 0, "replicate": 1, "reflect": 2, "wrap": 3, "reflect101": 4}
SHAPES = [(1, 1), (1, 7), (9, 1), (3, 4), (37, 53), (64, 40)]
# Weights and places are rounded to 2^-14, so that a byte may fall to the other side of a half.
ROUNDING = 0.52


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Return smooth shapes with an edge and some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [120 + 90 * np.sin(x / (4.0 + c) + y / 7.0 + c) for c in range(channels)]
    image = np.stack(waves, axis=-1) + rng.normal(0, 8, (height, width, channels))
    image[height // 3 : height // 2 + 1, : width // 2] = 250
    return np.clip(image, 0, 255).astype(np.uint8)


def fractions(images: np.ndarray) -> np.ndarray:
    return (images / 255).astype(np.float32)


def differ(a: Any, b: Any) -> float:
    return float(np.abs(np.asarray(a, float) - np.asarray(b, float)).max())


# Bicubic interpolation


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_bicubic(shape: tuple[int, int], channels: int, border: str) -> None:
    image = picture(*shape, channels)
    for angle, scale, shift in ((0.0, 1.0, 0.0), (20.0, 1.3, 1.25), (-133.0, 0.6, 0.0), (90.0, 1.0, 0.0)):
        matrix = reference.affine_matrix(*shape, angle, (scale, scale), (0, 0), (shift, -shift))
        given: dict[str, Any] = {"angle": angle, "scale": scale, "translate": (shift, -shift), "border_mode": border}
        given["interpolation"] = "bicubic"
        expected = np.clip(reference.warp_bicubic(image, matrix, border, 40), 0, 255)
        assert differ(F.affine(image, **given, fill=40), expected) <= ROUNDING, angle
        some = F.affine(fractions(image), **given, fill=40 / 255)
        assert differ(some, np.clip(reference.warp_bicubic(fractions(image), matrix, border, 40 / 255), 0, 1)) < 3e-4


def test_bicubic_keeps_flat_images_and_whole_places() -> None:
    for value in (0, 1, 77, 254, 255):
        flat = np.full((33, 47, 3), value, np.uint8)
        assert (F.rotate(flat, 27.3, interpolation="bicubic", border_mode="replicate") == value).all()
        some = fractions(flat)
        assert differ(F.rotate(some, 27.3, interpolation="bicubic", border_mode="replicate"), some) < 2e-7
    image = picture(40, 40)
    assert np.array_equal(F.rotate(image, 90, interpolation="bicubic"), np.rot90(image))
    moved = F.affine(image, translate=(3, -2), interpolation="bicubic", border_mode="wrap")
    assert np.array_equal(moved, np.roll(image, (-2, 3), (0, 1)))


@pytest.mark.parametrize("shape", [(5, 300), (300, 5), (130, 257), (8, 8)])
def test_bicubic_has_the_same_bits_at_every_level(shape: tuple[int, int]) -> None:
    """Rows inside of the image are read eight at a time where the level can."""
    image = picture(*shape)
    for angle in (0.0, 3.0, 45.0, 180.0, -100.0):
        matrix = reference.affine_matrix(*shape, angle, (0.9, 1.1))
        expected = np.clip(reference.warp_bicubic(image, matrix, "reflect"), 0, 255)
        given = {"angle": angle, "scale": (0.9, 1.1), "interpolation": "bicubic", "border_mode": "reflect"}
        found = same_at_every_level(lambda: F.affine(image, **given))  # noqa: B023
        assert differ(found, expected) <= ROUNDING


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (9, 2), (5, 300), (300, 5), (130, 257), (8, 8)])
def test_bilinear_has_the_same_bits_at_every_level(shape: tuple[int, int], border: str) -> None:
    """Pixels are made several at a time: inside, across the border, and far beyond it."""
    image = picture(*shape)
    for angle, scale, shift in (
        (0.0, 1.0, 0.5),
        (3.0, 0.9, 0.0),
        (45.0, 0.2, 30.25),
        (180.0, 1.7, -4.0),
        (-100.0, 1.0, 0.0),
    ):
        matrix = reference.affine_matrix(*shape, angle, (scale, scale), (0, 0), (shift, -shift))
        given: dict[str, Any] = {"angle": angle, "scale": scale, "translate": (shift, -shift), "border_mode": border}
        found = same_at_every_level(lambda: F.affine(image, **given, fill=(40, 7, 255)))  # noqa: B023
        for c, fill in enumerate((40, 7, 255)):
            expected = reference.warp(image[..., c : c + 1], matrix, border, fill)
            assert differ(found[..., c : c + 1], expected) <= ROUNDING, angle


@pytest.mark.parametrize("border", BORDERS)
def test_bilinear_reads_nothing_after_the_last_pixel(border: str) -> None:
    """The last pixel of an image at the end of a page, many times over."""
    memory = np.memmap("/dev/zero", np.uint8, "c", shape=(2 * mmap.PAGESIZE,))
    memory[:] = picture(1, 2 * mmap.PAGESIZE, 1).ravel()
    whole = memory[-3 * 37 * 16 :].reshape(16, 37, 3)
    for angle in (0.0, 20.0, 90.0, 181.0):
        given: dict[str, Any] = {"angle": angle, "scale": 3.0, "translate": (-50, -20), "border_mode": border}
        assert np.array_equal(F.affine(whole, **given), F.affine(np.array(whole), **given))


def test_floats_of_a_warp_are_those_of_its_bytes() -> None:
    """However a pass goes on after a warp, it goes on from the same bytes."""
    images = np.stack([picture(61, 83, seed=i) for i in range(3)])
    turn = augment.Rotate((20, 20), border_mode="replicate", p=1)
    lighter = augment.RandomGamma((70, 70), p=1)
    turned = augment.Compose([turn])(images)
    for layout in ("NHWC", "NCHW"):
        for later in ([], [lighter], [augment.Normalize()], [lighter, augment.Normalize()]):
            found = augment.Compose([turn, *later])(images, out_layout=layout)
            expected = augment.Compose(later)(turned, out_layout=layout) if later else turned
            if not later and layout == "NCHW":
                expected = turned.transpose(0, 3, 1, 2)
            assert np.array_equal(found, expected), (layout, later)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
def test_as_opencv(interpolation: str, border: str) -> None:
    cv2 = pytest.importorskip("cv2")
    flag = ("nearest", "bilinear", "bicubic").index(interpolation)
    precise = int(cv2.__version__.partition(".")[0]) >= 5  # before, OpenCV reads at 32nds of a pixel
    for channels, shape in ((1, (61, 83)), (3, (61, 83)), (4, (40, 31)), (3, (256, 257))):
        image = picture(*shape, channels)
        center = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)
        matrix = cv2.getRotationMatrix2D(center, 25, 1.1)
        size, given = shape[::-1], {"flags": flag, "borderMode": OPENCV_BORDERS[border]}
        expected = cv2.warpAffine(image, matrix, size, **given, borderValue=(40,) * 4).reshape(image.shape)
        found = F.affine(image, angle=25, scale=1.1, interpolation=flag, border_mode=border, fill=40)
        assert np.array_equal(found, F.affine(image, angle=25, scale=1.1, interpolation=interpolation,
                                              border_mode=OPENCV_BORDERS[border], fill=40))  # fmt: skip
        difference = np.abs(found.astype(int) - expected)
        if interpolation == "nearest":
            assert (difference > 0).mean() < (1e-3 if precise else 0.1)  # halves between two pixels
        else:
            assert difference.max() <= (1 if precise else 16)
            assert difference.mean() < (0.01 if precise else 0.6)


def test_area_is_bilinear() -> None:
    image = picture(30, 31)
    expected = F.rotate(image, 20)
    assert np.array_equal(F.rotate(image, 20, interpolation="area"), expected)
    assert np.array_equal(F.rotate(image, 20, interpolation=3), expected)


def test_strange_floats_and_strides() -> None:
    image = fractions(picture(30, 41))
    image[4:6, 7] = np.nan
    image[9, 9] = np.inf, -np.inf, 1e38
    result = F.rotate(image, 10, interpolation="bicubic")
    assert np.array_equal(result, F.rotate(image, 10, interpolation="bicubic"), equal_nan=True)
    assert np.isfinite(result).all()  # NaN becomes the lowest value, and all is cut to the range
    whole = picture(200, 211)
    backwards = np.ascontiguousarray(whole[::-1, ::-1, ::-1])[::-1, ::-1, ::-1]
    result = F.rotate(backwards, 10, interpolation="bicubic")
    assert np.array_equal(result, F.rotate(whole, 10, interpolation="bicubic"))
    with pytest.raises(ValueError, match="'out' shares memory"):
        F.rotate(image, 10, interpolation="bicubic", out=image)


# Affine maps as the peers have them


def test_affine_as_albumentations() -> None:
    peer = pytest.importorskip("albumentations")
    image = picture(61, 83)
    given: dict[str, Any]
    for given in (
        {"shear": {"x": (15, 15), "y": (-7, -7)}, "rotate": (20, 20), "scale": {"x": (1.2, 1.2), "y": (0.9, 0.9)}},
        {"shear": {"x": (-20, -20), "y": (0, 0)}, "translate_px": {"x": (5, 5), "y": (-3, -3)}, "scale": 1.1},
        {"rotate": (-75, -75), "interpolation": 2, "border_mode": 2, "scale": (0.7, 0.7), "keep_ratio": True},
        {"rotate": 3.0, "interpolation": 0, "fill": 9},
    ):
        result = augment.Affine(**given, p=1)(image=image)["image"]
        assert differ(result, peer.Affine(**given, p=1)(image=image)["image"]) <= 1, given
    given = {"translate_percent": {"x": (0.111, 0.111), "y": (-0.07, -0.07)}, "p": 1}
    expected = peer.Affine(**given)(image=image)["image"]
    assert np.array_equal(augment.Affine(**given, compat="albumentations")(image=image)["image"], expected)
    assert not np.array_equal(augment.Affine(**given)(image=image)["image"], expected)


def torchvision_matrix(size: tuple[int, int], angle: float, scale: float, shear: Any, shift: Any) -> np.ndarray:
    """Return the inverse of T C R S SHy SHx C^-1, as torchvision's documentation has it."""
    a, x, y = np.deg2rad([angle, *shear])
    rotation = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    across = np.array([[1, -math.tan(x), 0], [0, 1, 0], [0, 0, 1]])
    down = np.array([[1, 0, 0], [-math.tan(y), 1, 0], [0, 0, 1]])
    back = np.array([[1, 0, size[1] / 2], [0, 1, size[0] / 2], [0, 0, 1]])
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]])
    forward = move @ back @ rotation @ np.diag([scale, scale, 1]) @ down @ across @ np.linalg.inv(back)
    return np.linalg.inv(forward)


def test_affine_as_torchvision() -> None:
    image = picture(37, 53)
    for angle, scale, shear, shift in (
        (20, 1.0, (0, 0), (0, 0)), (-33, 1.2, (10, -25), (4, -2)), (0, 0.8, (30, 0), (0, 0)), (0, 1.0, (0, 15), (1, 1)),
    ):  # fmt: skip
        matrix = torchvision_matrix((37, 53), angle, scale, shear, shift)
        given: dict[str, Any] = {"angle": angle, "scale": scale, "shear": shear, "translate": shift}
        found = F.affine(image, **given, border_mode="reflect", compat="torchvision")
        assert differ(found, reference.warp(image, matrix, "reflect")) <= ROUNDING
    # Clockwise, where Rotate is counter-clockwise in both.
    turned = augment.Affine(rotate=90, compat="torchvision", p=1)(image=image[:, :37])["image"]
    assert np.array_equal(turned, np.rot90(image[:, :37], -1))
    plan = augment.Affine((0.5, 2), compat="torchvision", p=1).plan(np.arange(50))
    assert np.array_equal(plan[0]["scale_x"], plan[0]["scale_y"])
    pipe = augment.Affine(translate_percent=(0.1, 0.1), compat="torchvision", p=1)
    whole = F.affine(image, translate=(5, 4))  # 5.3 and 3.7
    assert np.array_equal(pipe(image=image)["image"], whole)


def test_scales() -> None:
    ids = np.arange(20000)
    plan = augment.Affine(scale=(0.5, 3.0), balanced_scale=True).plan(ids)[0]
    for axis in "xy":
        scale = plan[f"scale_{axis}"]
        assert abs((scale < 1).mean() - 0.5) < 0.015
        assert abs(scale[scale < 1].mean() - 0.75) < 0.01
        assert abs(scale[scale > 1].mean() - 2.0) < 0.02
    assert augment.Affine(scale=(1.5, 3.0), balanced_scale=True).plan(ids)[0]["scale_x"].min() >= 1.5
    assert abs(augment.Affine(scale=(0.5, 3.0)).plan(ids)[0]["scale_x"].mean() - 1.75) < 0.02
    with pytest.raises(ValueError, match="one range for both axes"):
        augment.Affine(scale={"x": (0.5, 1), "y": (0.5, 2)}, keep_ratio=True)


# Sizes that follow from angles


def test_fit_output_shows_all() -> None:
    image = picture(37, 53)
    image[0], image[-1], image[:, 0], image[:, -1] = 255, 255, 255, 255
    for angle in (0.0, 17.0, 45.0, -120.0):
        pipe = augment.Affine(rotate=(angle, angle), scale=1.4, fit_output=True, translate_px=(5, 5), p=1)
        result = pipe(image=image)["image"]
        radians = math.radians(angle)
        sine, cosine = abs(math.sin(radians)), abs(math.cos(radians))
        sides = 1.4 * (37 * cosine + 53 * sine), 1.4 * (37 * sine + 53 * cosine)
        assert all(side <= found < side + 1 for found, side in zip(result.shape, sides, strict=False))
        # None of it is lost: the sum of all values grows as the area does.
        assert abs(result.astype(float).sum() / image.astype(float).sum() / 1.4**2 - 1) < 0.02
        plan = pipe.plan([0], sizes=(37, 53))
        assert np.array_equal(pipe.apply([image], plan)[0], result)
    quarter = augment.Affine(rotate=(90, 90), fit_output=True, p=1)
    assert np.array_equal(quarter(image=image)["image"], np.rot90(image))
    assert np.array_equal(augment.Affine(fit_output=True, p=1)(image=image)["image"], image)


def test_crop_border() -> None:
    """No pixel from beyond the border is left."""
    for shape in ((37, 53), (60, 20), (31, 31), (5, 40), (1, 1), (2, 9)):
        white = np.full((*shape, 3), 255, np.uint8)
        for angle in (0, 10, 33.3, 45, 71, 90, 135, -160, 180):
            result = augment.Rotate((angle, angle), crop_border=True, p=1)(image=white)["image"]
            assert min(result.shape[:2]) >= 1
            if min(shape) > 2:
                assert result[1:-1, 1:-1].min(initial=255) == 255, (shape, angle)
    some = augment.Rotate((20, 20), crop_border=True, p=1)
    image = picture(61, 83)
    assert differ(some(image=image)["image"], F.rotate(image, 20)[11:49, 4:78]) <= 1
    plan = some.plan([1, 2], sizes=[[61, 83], [83, 61]])
    both = some.apply([image, image.transpose(1, 0, 2)], plan)
    assert both[0].shape == (38, 74, 3)
    assert both[1].shape == (74, 38, 3)


def test_crop_border_as_albumentations() -> None:
    peer = pytest.importorskip("albumentations")
    image = picture(61, 83)
    for angle in (0, 20, 45, 90, 133):
        expected = peer.Rotate((angle, angle), crop_border=True, p=1)(image=image)["image"]
        result = augment.Rotate((angle, angle), crop_border=True, p=1)(image=image)["image"]
        assert result.shape == expected.shape
        assert differ(result, expected) <= 1


# Perspective


def homography(corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the matrix from a result of that size to the quadrilateral, by eight equations."""
    height, width = size
    rows = []
    for x, y, u, v in np.column_stack([[[0, 0], [width, 0], [width, height], [0, height]], corners]):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]]
    equations = np.array(rows)
    return np.append(np.linalg.solve(equations[:, :8], equations[:, 8]), 1).reshape(3, 3)


CORNERS = np.array([[0.1, 0.05], [0.9, 0.2], [0.85, 0.95], [0.0, 0.8]])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_perspective(channels: int) -> None:
    image = picture(37, 53, channels)
    matrix = homography(CORNERS * [53, 37], (20, 31))
    found = F.perspective(image, CORNERS, height=20, width=31, border_mode="wrap", interpolation="bicubic")
    assert differ(found, np.clip(reference.warp_bicubic(image, matrix, "wrap", size=(20, 31)), 0, 255)) <= ROUNDING
    several = np.stack([CORNERS, CORNERS[::-1]])
    both = F.perspective(np.stack([image, image]), several, height=20, width=31, border_mode="wrap")
    assert differ(both[0], reference.warp(image, matrix, "wrap", size=(20, 31))) <= ROUNDING


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
def test_perspective_has_the_same_bits_at_every_level(interpolation: str, border: str) -> None:
    for channels in (1, 3):
        image = picture(37, 53, channels)
        for corners in (CORNERS, CORNERS * 3 - 1, CORNERS[[0, 2, 1, 3]]):  # the last one crosses the horizon
            given: dict[str, Any] = {"height": 21, "width": 43, "border_mode": border, "fill": 90}
            found = same_at_every_level(
                lambda: F.perspective(image, corners, **given, interpolation=interpolation)  # noqa: B023
            )
            assert found.shape == (21, 43, channels)
        if interpolation == "bilinear":
            matrix = homography(CORNERS * [53, 37], (21, 43))
            found = F.perspective(image, CORNERS, **given)
            assert differ(found, reference.warp(image, matrix, border, 90, size=(21, 43))) <= ROUNDING


def test_perspective_as_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    image = picture(61, 83)
    matrix = homography(CORNERS * [83, 61], (61, 83))
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(shift) @ matrix @ shift  # OpenCV counts from centers
    for flag in (1, 2):
        expected = cv2.warpPerspective(image, matrix, (83, 61), flags=flag | cv2.WARP_INVERSE_MAP, borderMode=2)
        difference = np.abs(F.perspective(image, CORNERS, interpolation=flag, border_mode=2).astype(int) - expected)
        precise = int(cv2.__version__.partition(".")[0]) >= 5
        assert difference.max() <= (1 if precise else 16)
        assert difference.mean() < (0.01 if precise else 0.6)


def test_perspective_sizes() -> None:
    image = picture(61, 83)
    pipe = augment.Perspective((0.1, 0.3), keep_size=False, p=1)
    plan = pipe.plan([7], sizes=(61, 83))
    corners = plan[0]["corners"][0] * [83, 61]
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    result = pipe.apply([image], plan)[0]
    assert result.shape[:2] == (int(max(sides[1], sides[3])), int(max(sides[0], sides[2])))
    matrix = homography(corners, result.shape[:2])
    assert differ(result, reference.warp(image, matrix, size=result.shape[:2])) <= ROUNDING


@pytest.mark.parametrize("keep_size", [True, False])
def test_perspective_that_shows_all(keep_size: bool) -> None:
    """The image's corners lie at the result's borders, and nowhere beyond them."""
    pipe = augment.Perspective((0.2, 0.4), keep_size=keep_size, fit_output=True, p=1)
    ids = np.arange(300)
    plan = pipe.plan(ids, sizes=(61, 83))
    from burnish.augment._shapes import Shapes

    shapes = Shapes.of(np.tile([61, 83], (300, 1)), 3)
    elements, height, width = pipe._view(plan[0].params, shapes)
    sizes = np.stack(np.broadcast_arrays(width, height), axis=1).astype(float)
    assert not keep_size or (sizes == [83, 61]).all()
    for i in ids:
        back = np.linalg.inv(np.array([np.broadcast_to(e, 300)[i] for e in elements]).reshape(3, 3))
        places = back @ [[0, 83, 83, 0], [0, 0, 61, 61], [1, 1, 1, 1]]
        assert (places[2] / np.linalg.det(back) ** (1 / 3) > 0).all() or (places[2] > 0).all()
        x, y = places[:2] / places[2]
        slack = 1e-6 if keep_size else 0.6  # sides are rounded to whole pixels
        assert abs(x.min()) < 1e-6
        assert abs(y.min()) < 1e-6
        assert abs(x.max() - sizes[i, 0]) < slack
        assert abs(y.max() - sizes[i, 1]) < slack
    white = np.full((61, 83, 3), 255, np.uint8)
    some = pipe.apply([white] * 300, plan)
    # Far ends take more room, never a tenth of it.
    assert all(image.shape[0] < 800 and image.shape[1] < 1000 for image in some)
    assert all(image.mean() > 60 for image in some)


# Large images


def test_large_image() -> None:
    """Places far from the first pixel, and more bytes than 32 bits count."""
    side = 20000
    image = np.zeros((side, side, 1), np.uint8)
    ramp = (np.arange(100) * 2).astype(np.uint8)
    image[-100:, -100:, 0] = ramp[:, None] // 2 + ramp // 2
    pipe = augment.Compose([augment.CenterCrop(side, side), augment.HorizontalFlip(p=1), augment.VerticalFlip(p=1)])
    out = np.empty_like(image)
    assert pipe(image=image, out=out)["image"] is out
    assert np.array_equal(out[:100, :100], image[:-101:-1, :-101:-1])
    del out
    small = F.resized_crop(image, side - 100, side - 100, 100, 100, (50, 50))
    assert np.array_equal(small, F.resize(image[-100:, -100:], 50, 50))
    quarter = np.array([[0.995, 0.995], [1, 0.995], [1, 1], [0.995, 1]])
    for interpolation in ("nearest", "bilinear", "bicubic"):
        part = F.perspective(image, quarter, height=100, width=100, interpolation=interpolation)
        assert differ(part, image[-100:, -100:]) <= 1


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_fill_out_of_range_is_clamped_in_all_layouts(channels: int, interpolation: str) -> None:
    """Also far from the image, and where it is mixed with pixels."""
    images = fractions(picture(40, 40, channels))[None]
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    sheared = augment.Affine(shear=(-5, 5), interpolation=interpolation, fill=2.0, p=1)
    turned = [augment.Rotate(interpolation=interpolation, fill=-120.0, p=1), augment.Pad(3, fill=-120.0)]
    for pipe in (sheared, augment.Compose(turned)):
        for sample in range(8):
            expected = pipe(images, [sample])
            assert expected.min() >= 0
            assert expected.max() <= 1
            for found in (pipe(images, [sample], out_layout="NCHW"), pipe(planes, [sample], layout="NCHW"),
                          pipe(images, [sample], out_layout="NCHW", fuse=False)):  # fmt: skip
                assert np.array_equal(found.transpose(0, 2, 3, 1), expected)
