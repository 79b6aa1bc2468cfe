# SPDX-License-Identifier: Apache-2.0
"""Other numbers of pixels, and parts at random places: beside Pillow, OpenCV and Albumentations, and what is drawn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from settings import same_at_every_level, same_for_any_threads

SHAPES = [(1, 1), (1, 9), (7, 1), (33, 47), (64, 100), (61, 83)]
SIZES = [(1, 1), (5, 3), (33, 47), (20, 110), (90, 31), (64, 100), (7, 200)]


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Return smooth shapes, an edge and much noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [120 + 90 * np.sin(x / (4.0 + c) + y / 7.0 + c) for c in range(channels)]
    image = np.stack(waves, axis=-1) + rng.normal(0, 25, (height, width, channels))
    image[height // 3 : height // 2 + 1, : width // 2] = 250
    return np.clip(image, 0, 255).astype(np.uint8)


def differ(a: Any, b: Any) -> float:
    return float(np.abs(np.asarray(a, float) - np.asarray(b, float)).max())


# Resize


def by_pillow(image: np.ndarray, size: tuple[int, int], method: str) -> np.ndarray:
    Image = pytest.importorskip("PIL.Image")
    resample = getattr(Image.Resampling, method.upper())
    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(image, -1, 0)]
    # Along the rows and then down the columns: from version 13 on, Pillow chooses the order by the sizes.
    sizes = [(size[1], image.shape[0]), size[::-1]]
    resized = [plane.resize(sizes[0], resample).resize(sizes[1], resample) for plane in planes]
    return np.stack([np.asarray(plane) for plane in resized], axis=-1)


def halves(n: int, to: int) -> np.ndarray:
    """Return which of `to` pixels have their center between two of n."""
    return (2 * np.arange(to) + 1) * n % (2 * to) == 0


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic"])
def test_resize_as_pillow(method: str, shape: tuple[int, int]) -> None:
    for channels in (1, 3, 4):
        image = picture(*shape, channels)
        for size in SIZES:
            found = F.resize(image, *size, interpolation=method)
            same = found == by_pillow(image, size, method)
            if method == "nearest":  # Pillow adds up steps, and may come to either of two pixels
                same |= halves(shape[0], size[0])[:, None, None] | halves(shape[1], size[1])[:, None]
            assert same.all(), (size, channels)
            some = F.resize((image / 255).astype(np.float32), *size, interpolation=method)
            expected = by_pillow((image / 255).astype(np.float32), size, method)
            assert method == "nearest" or differ(some, np.clip(expected, 0, 1)) < 1e-6


@pytest.mark.parametrize("code", [1, 2, 3, 5, 6])
def test_resize_as_opencv(code: int) -> None:
    cv2 = pytest.importorskip("cv2")
    for shape in ((61, 83), (33, 47)):
        image = picture(*shape)
        # Enlarging, OpenCV's "area" is an interpolation of its own.
        for size in SIZES if code != 3 else [(1, 1), (30, 40), (33, 46), (9, 20)]:
            found = F.resize(image, *size, interpolation=code, antialias=False)
            assert differ(found, cv2.resize(image, size[::-1], interpolation=code)) <= (0 if code == 6 else 1), size


def test_resize_without_antialiasing_in_float64() -> None:
    """Against the formula: 2 or 4 pixels a side, the last ones again beyond the border."""
    from reference.augment import cubic

    image = (picture(23, 31) / 255).astype(np.float32)
    for size in ((9, 70), (40, 8)):
        for method, reach in (("bilinear", 1), ("bicubic", 2)):
            result = image.astype(np.float64)
            for axis, to in enumerate(size):
                n = result.shape[axis]
                center = (np.arange(to) + 0.5) * n / to - 0.5
                weights = np.zeros((to, n))
                for k in range(-reach + 1, reach + 1):
                    at = np.floor(center).astype(int) + k
                    far = at - center
                    weight = np.maximum(0, 1 - np.abs(far)) if reach == 1 else cubic(far)
                    np.add.at(weights, (np.arange(to), np.clip(at, 0, n - 1)), weight)
                result = np.moveaxis(np.tensordot(weights, result, (1, axis)), 0, axis)
            found = F.resize(image, *size, interpolation=method, antialias=False)
            assert differ(found, np.clip(result, 0, 1)) < 1e-6
            if reach == 1:
                assert differ(F.resize(image, *size, interpolation=method), found) > 0.02


def test_area_where_a_side_shrinks() -> None:
    images = [picture(20, 20), picture(50, 20), picture(20, 50), picture(50, 50)]
    found = augment.Resize(30, 30, "bicubic", antialias=False, area_for_downscale="image")(images)
    for image, result in zip(images, found, strict=True):
        shrinks = max(image.shape[:2]) > 30
        assert np.array_equal(result, F.resize(image, 30, 30, interpolation="area" if shrinks else "bicubic",
                                               antialias=False))  # fmt: skip
    alone = [augment.Resize(30, 30, 1)(image=image)["image"] for image in images]
    assert all(np.array_equal(a, by_pillow(b, (30, 30), "bilinear")) for a, b in zip(alone, images, strict=True))


def test_resize_bits() -> None:
    images = np.stack([picture(61, 83, seed=i) for i in range(5)])
    for method in ("nearest", "bilinear", "bicubic", "area"):
        for antialias in (True, False):
            pipe = augment.Resize(40, 100, method, antialias)
            result = same_for_any_threads(lambda: same_at_every_level(lambda: pipe(images)))  # noqa: B023
            assert np.array_equal(np.stack([pipe(image) for image in images]), result)
            backwards = np.ascontiguousarray(images[:, ::-1, ::-1])[:, ::-1, ::-1]
            assert np.array_equal(pipe(backwards), result)


def test_resize_of_strange_values() -> None:
    image = (picture(30, 40) / 255).astype(np.float32)
    image[3, 4] = np.nan, np.inf, -np.inf
    for method in ("bilinear", "bicubic", "area"):
        result = F.resize(image, 11, 13, interpolation=method)
        assert np.isfinite(result).all()
        assert 0 <= result.min() <= result.max() <= 1
    out = np.empty((11, 13, 3), np.float32)
    assert F.resize(image, 11, 13, out=out) is out
    assert F.resize(np.zeros((0, 8, 9, 3), np.uint8), 4, 5).shape == (0, 4, 5, 3)
    mixed = F.resize([picture(8, 9), picture(30, 4)], 6, 7)
    assert [image.shape for image in mixed] == [(6, 7, 3)] * 2


def test_resize_of_tensors() -> None:
    torch = pytest.importorskip("torch")
    image = picture(61, 83)
    planes = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]
    for method in ("bilinear", "bicubic"):
        for antialias in (True, False):
            found = F.resize(planes, 30, 100, interpolation=method, antialias=antialias)
            assert isinstance(found, torch.Tensor)
            expected = torch.nn.functional.interpolate(
                planes.float(), (30, 100), mode=method, antialias=antialias, align_corners=False
            )  # what torchvision's `antialias` means
            # Pillow's rounding of the first pass, and its cut where bicubic overshoots.
            most = {"bilinear": 1.01, "bicubic": 8}[method] if antialias else 0.51
            assert differ(found.numpy(), expected.clamp(0, 255).numpy()) <= most, (method, antialias)


# RandomResizedCrop

N = 20000


def test_drawn_parts() -> None:
    plan = augment.RandomResizedCrop(32).plan(np.arange(N), sizes=(1000, 1000))[0]
    height, width = plan["height"].astype(float), plan["width"].astype(float)
    area, ratio = height * width / 1e6, width / height
    assert 0.0795 < area.min() < 0.082
    assert area.max() > 0.98
    assert 0.7485 < ratio.min() < 0.755
    assert 1.325 < ratio.max() < 1.3355
    # Before some tries are refused, areas are uniform and ratios log-uniform.
    small = area < 0.5
    assert abs(np.log(ratio[small]).mean()) < 0.01
    assert abs(np.log(ratio[small]).std() - math.log(16 / 9) / math.sqrt(12)) < 0.005
    assert abs(np.quantile(area[small], 0.5) - 0.29) < 0.01
    for first, side in (("top", height), ("left", width)):
        place = plan[first] / (1000 - side + 1)
        assert 0 <= place.min() <= place.max() <= 1
        assert abs(place[side < 900].mean() - 0.5) < 0.01
    assert (plan["top"] + plan["height"] <= 1000).all()


def test_parts_are_torchvisions() -> None:
    """The first of ten tries that fits; then the middle."""
    pipe = augment.RandomResizedCrop((4, 5), scale=(0.5, 1.0), ratio=(0.7, 1.5))
    from burnish.augment._shapes import Shapes

    u = np.random.default_rng(0).random((500, 22))
    for height, width in ((60, 60), (100, 40), (30, 200), (1, 1), (1, 50), (47, 61)):
        found = pipe._parameters(u, Shapes.of(np.tile([height, width], (500, 1)), 3), np.ones(500, bool))
        for i in range(500):
            for k in range(10):
                area = height * width * (0.5 + 0.5 * u[i, k])
                ratio = math.exp(math.log(0.7) + (math.log(1.5) - math.log(0.7)) * u[i, 10 + k])
                w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
                if 0 < w <= width and 0 < h <= height:
                    top, left = int(u[i, 20] * (height - h + 1)), int(u[i, 21] * (width - w + 1))
                    break
            else:
                w, h = width, height
                if width / height < 0.7:
                    h = max(1, round(width / 0.7))
                elif width / height > 1.5:
                    w = max(1, round(height * 1.5))
                top, left = (height - h) // 2, (width - w) // 2
            assert [int(found[name][i]) for name in ("top", "left", "height", "width")] == [top, left, h, w]


def test_part_is_cropped_and_resized() -> None:
    images = [picture(61, 83), picture(30, 31), picture(5, 90)]
    for options in ({"interpolation": 2}, {"antialias": False}, {"area_for_downscale": "image"}):
        pipe = augment.RandomResizedCrop((24, 40), **options)
        plan = pipe.plan([3, 4, 5], sizes=[[61, 83], [30, 31], [5, 90]])
        for i, result in enumerate(pipe.apply(images, plan)):
            top, left, height, width = (int(plan[0][name][i]) for name in ("top", "left", "height", "width"))
            part = np.ascontiguousarray(images[i][top : top + height, left : left + width])
            shrinks = height > 24 or width > 40
            method = "area" if shrinks and "area_for_downscale" in options else options.get("interpolation", 1)
            expected = F.resize(part, 24, 40, interpolation=method, antialias=options.get("antialias", True))
            assert np.array_equal(result, expected)
            named = F.resized_crop(images[i], top, left, height, width, (24, 40), interpolation=method,
                                   antialias=options.get("antialias", True))  # fmt: skip
            assert np.array_equal(named, expected)
    beyond = F.resized_crop(images[0], -2, 80, 10, 6, (10, 6), fill=7)
    assert np.array_equal(beyond, F.crop(images[0], -2, 80, 10, 6, fill=7))


def test_defaults_are_albumentations() -> None:
    import inspect

    peer = pytest.importorskip("albumentations")
    names = ("Resize", "RandomResizedCrop", "RandomCrop", "CenterCrop", "Pad", "PadIfNeeded", "Rotate", "Affine",
             "ShiftScaleRotate", "Perspective", "CoarseDropout", "GridDropout", "XYMasking", "RandomShadow", "D4",
             "SquareSymmetry", "RandomRotate90", "HorizontalFlip", "VerticalFlip", "Transpose")  # fmt: skip
    same = {"interpolation": {1: "bilinear"}, "border_mode": {0: "constant"}}
    unsupported = {"mask_interpolation", "fill_mask", "rotate_method"}  # for masks and boxes
    for name in names:
        ours = inspect.signature(getattr(augment, name)).parameters
        for parameter in inspect.signature(getattr(peer, name).__init__).parameters.values():
            if parameter.name == "self" or parameter.name in unsupported:
                assert parameter.name not in ours
                continue
            expected = same.get(parameter.name, {}).get(parameter.default, parameter.default)
            assert ours[parameter.name].default == expected, (name, parameter.name)
    for name in sorted(unsupported):
        with pytest.raises(TypeError, match=name):
            augment.Rotate(**{name: 0})


# Surroundings

POSITIONS = ("center", "top_left", "top_right", "bottom_left", "bottom_right")


@pytest.mark.parametrize("position", POSITIONS)
def test_positions_as_albumentations(position: str) -> None:
    peer = pytest.importorskip("albumentations")
    for shape in ((10, 13), (41, 8), (9, 60), (50, 50)):
        image = picture(*shape)
        for border in (0, 4):
            for name, given in (
                ("PadIfNeeded", {"min_height": 40, "min_width": 41, "position": position}),
                ("PadIfNeeded", {"min_height": None, "min_width": 30, "pad_height_divisor": 16, "position": position}),
                ("CenterCrop", {"height": 20, "width": 31, "pad_if_needed": True, "pad_position": position}),
            ):
                more = {**given, "border_mode": border, "fill": 9}
                expected = getattr(peer, name)(**more, p=1)(image=image)["image"]
                result = getattr(augment, name)(**more, p=1)(image=image)["image"]
                assert np.array_equal(result, expected), (name, shape)
        if shape[0] <= 20 and shape[1] <= 31:  # nothing is drawn
            given = {"height": 20, "width": 31, "pad_if_needed": True, "pad_position": position}
            expected = peer.RandomCrop(**given)(image=image)["image"]
            assert np.array_equal(augment.RandomCrop(**given)(image=image)["image"], expected)


def test_random_positions() -> None:
    ids = np.arange(N)
    for pipe in (
        augment.PadIfNeeded(30, 20, position="random"), augment.RandomCrop(30, 20, True, "random"),
        augment.CenterCrop(30, 20, True, "random"),
    ):  # fmt: skip
        plan = pipe.plan(ids, sizes=(21, 16))[0]
        assert np.abs(np.bincount(-plan["top"], minlength=10) / N - 0.1).max() < 0.01
        assert np.abs(np.bincount(-plan["left"], minlength=5) / N - 0.2).max() < 0.015
        assert (plan["height"] == 30).all()


def test_squares_symmetries() -> None:
    images = np.stack([picture(20, 20, seed=i) for i in range(8)])
    found = F.square_symmetry(images, np.arange(8))
    ways = [
        lambda x: x,
        lambda x: x[:, ::-1],
        lambda x: x[::-1],
        lambda x: x[::-1, ::-1],
        lambda x: x.transpose(1, 0, 2),
        lambda x: x.transpose(1, 0, 2)[:, ::-1],
        lambda x: x.transpose(1, 0, 2)[::-1],
        lambda x: x.transpose(1, 0, 2)[::-1, ::-1],
    ]
    for way, image, result in zip(ways, images, found, strict=True):
        assert np.array_equal(result, way(image))
    for pipe in (augment.D4(), augment.SquareSymmetry()):
        plan = pipe.plan(np.arange(N))
        assert np.abs(np.bincount(plan[0]["member"]) / N - 1 / 8).max() < 0.01
    lying = augment.D4()([picture(4, 9)] * 50)
    assert {image.shape for image in lying} == {(4, 9, 3), (9, 4, 3)}
    assert len({image.tobytes() for image in lying}) == 8
    with pytest.raises(ValueError, match="'member' is 8; accepted: integers from 0 to 7"):
        F.square_symmetry(images, 8)


def test_large_image() -> None:
    image = np.zeros((20000, 20000, 1), np.uint8)
    image[10000:, 10000:] = 200
    expected = np.zeros((10, 10, 1), np.uint8)
    expected[5:, 5:] = 200
    assert np.array_equal(F.resize(image, 10, 10, interpolation="area"), expected)


BAD = {
    "'height' is 0": (ValueError, lambda: augment.Resize(0, 5)),
    "'width' is 2000000": (ValueError, lambda: augment.Resize(5, 2000000)),
    "'interpolation' is 4": (ValueError, lambda: augment.Resize(5, 5, 4)),
    "'interpolation' is 'lanczos'": (ValueError, lambda: augment.Resize(5, 5, "lanczos")),
    "'interpolation' is True": (ValueError, lambda: augment.Resize(5, 5, True)),
    "'antialias' is 'no'": (ValueError, lambda: augment.Resize(5, 5, antialias="no")),
    "'area_for_downscale' is 'mask'": (ValueError, lambda: augment.Resize(5, 5, area_for_downscale="mask")),
    "'size' is (1, 2, 3)": (ValueError, lambda: augment.RandomResizedCrop((1, 2, 3))),
    "'size' is 0": (ValueError, lambda: augment.RandomResizedCrop(0)),
    "'size' is 2.5": (TypeError, lambda: augment.RandomResizedCrop(2.5)),
    "'scale' is (0.5, 0.1)": (ValueError, lambda: augment.RandomResizedCrop(8, (0.5, 0.1))),
    "'ratio' is 0": (ValueError, lambda: augment.RandomResizedCrop(8, ratio=(0, 1))),
    "needs 'sizes'": (ValueError, lambda: augment.RandomResizedCrop(8).plan([1])),
    "'pad_position' is 'middle'": (ValueError, lambda: augment.RandomCrop(8, 8, pad_position="middle")),
    "'min_height' is 1024 and 'pad_height_divisor' is 8": (ValueError, lambda: augment.PadIfNeeded(
        pad_height_divisor=8)),
    "'pad_width_divisor' is 0": (ValueError, lambda: augment.PadIfNeeded(8, None, None, 0)),
    "'size' is 5": (TypeError, lambda: F.resized_crop(picture(9, 9), 0, 0, 5, 5, 5)),
    "sides of 1 to": (ValueError, lambda: F.resized_crop(picture(9, 9), 0, 0, 0, 5, (5, 5))),
    "without pixels": (ValueError, lambda: augment.Resize(5, 5)(np.zeros((2, 0, 3, 3), np.uint8))),
    "'out' has an image of 4 x 5": (ValueError, lambda: F.resize(picture(9, 9), 5, 5, out=np.empty((4, 5, 3), "u1"))),
}  # fmt: skip


@pytest.mark.parametrize("words", BAD)
def test_refused(words: str) -> None:
    error, call = BAD[words]
    with pytest.raises(error) as raised:
        call()
    assert words in str(raised.value)
    assert "accepted" in str(raised.value) or "needs" in str(raised.value)
