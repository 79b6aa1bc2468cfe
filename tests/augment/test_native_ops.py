# SPDX-License-Identifier: Apache-2.0
"""Operations of the augmentation engine against Pillow, OpenCV, Albumentations and plain NumPy, and their bits."""

from __future__ import annotations

from typing import Any

import burnish
import numpy as np
import pytest
from burnish import _core
from reference import augment_color

Op = _core.Op
Images = Any
BILINEAR, BICUBIC = 1, 2
SHAPES = ((1, 1), (1, 9), (7, 1), (33, 47), (64, 100))


def photo(h: int = 61, w: int = 83, n: int = 3, seed: int = 0) -> Images:
    """Smooth shapes, edges, noise and flat parts."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:h, :w]
    waves = [120 + 100 * np.sin(x / (5.0 + k) + y / 9.0 + k) for k in range(3 * n)]
    images = np.stack(waves).reshape(n, 3, h, w).transpose(0, 2, 3, 1) + rng.normal(0, 12, (n, h, w, 3))
    images[:, h // 4 : h // 2, w // 4 : w // 2] = images[:, h // 4 : h // 4 + 1, w // 4 : w // 4 + 1]
    images[:, h // 2 :, : w // 3] = images[:, h // 2 :, : w // 3, :1]  # gray
    return np.ascontiguousarray(np.clip(images, 5, 250).astype(np.uint8))


def run(
    images: Images,
    *steps: tuple[Any, ...],
    size: tuple[int, int] | None = None,
    ids: Any = None,
    dtype: Any = None,
    fuse: bool = True,
) -> Images:
    """Apply (op, parameters) or (op, parameters, options) to every image; a list of parameters is for all images."""
    n, h, w, c = images.shape
    native = []
    for place, (op, params, *options) in enumerate(steps):
        rows = np.array(params, np.float64)
        rows = np.ascontiguousarray(np.broadcast_to(rows, (n, rows.shape[-1])))
        native.append((op, place, options[0] if options else [], rows))
    order = np.tile(np.arange(len(steps), dtype=np.int32), (n, 1))
    out = np.empty((n, *(size or (h, w)), c), dtype or images.dtype)
    ids = np.arange(n) if ids is None else np.asarray(ids)
    layout = _core.Layout.nhwc
    _core.run_pipeline("test", native, order, ids, 7, 0, fuse, images, layout, out, layout)
    return out


def pillow(images: Images, change: Any, *given: Any) -> Images:
    Image = pytest.importorskip("PIL.Image")
    return np.stack([np.asarray(change(Image.fromarray(image), *given)) for image in images])


def fractions(images: Images) -> Images:
    return images.astype(np.float32) / np.float32(255)


def difference(a: Images, b: Images) -> float:
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())


def luma(images: Images) -> Images:
    red, green, blue = np.moveaxis(images.astype(np.int64), -1, 0)
    return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16


def test_gray() -> None:
    images = photo()
    got = run(images, (Op.gray, []))
    assert (got == luma(images)[..., None]).all()
    assert (got == pillow(images, lambda image: image.convert("L").convert("RGB"))).all()
    assert difference(run(fractions(images), (Op.gray, [])), got / 255) < 0.6 / 255


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_permute(order: tuple[int, ...]) -> None:
    images = photo()
    assert (run(images, (Op.permute, order)) == images[..., order]).all()
    many = np.random.default_rng(1).integers(0, 256, (2, 9, 10, 7), dtype=np.uint8)
    rows = np.stack([np.random.default_rng(k).permutation(7) for k in order[:2]])
    expected = np.stack([image[..., row] for image, row in zip(many, rows, strict=True)])
    assert (run(many, (Op.permute, rows)) == expected).all()


def test_solarize_and_posterize() -> None:
    ImageOps = pytest.importorskip("PIL.ImageOps")
    images = photo()
    for threshold in (0, 1, 100, 128, 255, 256):
        assert (run(images, (Op.solarize, [threshold])) == pillow(images, ImageOps.solarize, threshold)).all()
    for bits in range(1, 9):
        assert (run(images, (Op.posterize, [bits])) == pillow(images, ImageOps.posterize, bits)).all()
        steps = np.float32(2**bits)
        expected = np.minimum(np.floor(fractions(images) * steps), steps - 1) / steps
        assert (run(fractions(images), (Op.posterize, [bits])) == expected).all()
    assert (run(images, (Op.posterize, [0])) == 0).all()
    assert (run(images, (Op.posterize, [1, 8, 4])) == images & np.array([128, 255, 240], np.uint8)).all()
    some = fractions(images)
    assert (run(some, (Op.solarize, [0.5])) == np.where(some >= 0.5, 1 - some, some)).all()


@pytest.mark.parametrize("exponent", [0.2, 0.5, 1.0, 1.7, 4.0])
def test_gamma(exponent: float) -> None:
    images = photo()
    expected = 255 * (images / 255) ** exponent
    assert (run(images, (Op.gamma, [exponent])) == np.rint(expected)).all()
    some = fractions(images)
    some[0, 0, 0] = 0, 1, 1e-30
    assert difference(run(some, (Op.gamma, [exponent])), some.astype(np.float64) ** exponent) < 1e-6


def test_domains() -> None:
    images = photo()
    assert (run(images, (Op.to_float, []), dtype=np.float32) == fractions(images)).all()
    assert (run(fractions(images), (Op.to_bytes, []), dtype=np.uint8) == images).all()
    assert (run(images, (Op.to_bytes, [])) == images).all()
    some = np.random.default_rng(0).random((2, 5, 6, 3), dtype=np.float32)
    assert (run(some, (Op.to_bytes, []), dtype=np.float32) == np.rint(some * np.float32(255))).all()
    # Between them, other operations count in the new units.
    got = run(images, (Op.to_float, []), (Op.linear, [0.5, 0.1]), (Op.to_bytes, []), dtype=np.uint8)
    assert difference(got, np.clip(images * 0.5 + 25.5, 0, 255)) <= 0.5 + 1e-4
    blurred = run(images, (Op.to_float, []), (Op.box_blur, [3]), (Op.to_bytes, []), dtype=np.uint8)
    assert difference(blurred, run(images, (Op.box_blur, [3]))) <= 1


def test_levels_between_steps() -> None:
    """Values are any numbers from there on; before it they are what they were."""
    images = photo()
    infinity = float("inf")
    open_levels = (Op.levels, [], [-infinity, infinity])
    got = run(images, open_levels, (Op.linear, [2.5, -300.25]), dtype=np.float32)
    assert (got == images * np.float32(2.5) - np.float32(300.25)).all()
    got = run(images, (Op.linear, [0.5, 0]), open_levels, (Op.linear, [-1.5, 0.25]), dtype=np.float32)
    assert (got == np.rint(images * 0.5) * -1.5 + 0.25).all()
    bounds = (Op.levels, [], [-10.0, 20.5])
    assert (run(images, bounds, (Op.linear, [1, -100.25]), dtype=np.float32) == (images - 100.25).clip(-10, 20.5)).all()
    floats = images.astype(np.float32) * 3 - 100
    assert (run(floats, open_levels) == floats).all()
    assert (run(floats, open_levels, (Op.crop, [2, 3, 61, 83], [0.0, -5.5]))[:, :59, :80] == floats[:, 2:, 3:]).all()
    # A fill that no byte is; blurs keep to the levels too
    half = [1.0, 0, 40, 0, 1, 0, 0, 0, 1, 61, 83]
    got = run(images, open_levels, (Op.warp, half, [1.0, 0.0, -5.5]), dtype=np.float32)
    assert (got[:, :, -40:] == -5.5).all()
    assert (got[:, :, :-40] == images[:, :, 40:]).all()
    blurred = run(floats, open_levels, (Op.box_blur, [3]))
    assert difference(blurred, 3.0 * run(images.astype(np.float32), open_levels, (Op.box_blur, [3])) - 100) < 1e-3
    for fuse in (False, True):
        warped = run(images, open_levels, (Op.warp, [0.9, 0.1, 1, -0.1, 0.9, 5, 0, 0, 1, 61, 83], [1.0, 1.0, 0.0]),
                     dtype=np.float32, fuse=fuse)  # fmt: skip
        assert (warped != np.rint(warped)).mean() > 0.5
    with pytest.raises(ValueError, match="'levels' has 3 and 3; accepted: the lower one first"):
        run(images, (Op.levels, [], [3.0, 3.0]))


@pytest.mark.parametrize("border", range(5))
def test_warp_in_one_go(border: int) -> None:
    """Closed and open levels, scaled or not: as through planes."""
    matrix = [0.9, 0.2, -3, -0.3, 1.1, 9, 0, 0, 1, 61, 83]
    warp = (Op.warp, matrix, [1.0, float(border), 0.25])
    scale = (Op.normalize, [], [2.0, -1.0, 3.0, 0.5, 0.25, 7.0])
    nothing = (Op.permute, [0, 1, 2])  # keeps it from going in one go
    images = fractions(photo())
    wild = images * 900 - 400
    for some, first in ((images, []), (wild, [(Op.levels, [], [-float("inf"), float("inf")])])):
        for last in ([], [scale]):
            expected = run(some, *first, warp, nothing, *last)
            got = run(some, *first, warp, *last)
            assert difference(got, expected) <= np.abs(expected).max() * 1e-6


def test_opencv_hsv() -> None:
    images = photo()
    hsv = run(images, (Op.to_hsv, []))
    assert hsv[..., 0].max() < 180
    assert (hsv[..., 2] == images.max(axis=-1)).all()
    assert difference(run(fractions(images), (Op.to_hsv, [])), hsv / 255) < 1e-6
    back = run(hsv, (Op.from_hsv, []))
    assert difference(back, images) <= 9  # 180 hues
    assert np.abs(back.astype(int) - images).mean() < 1
    assert difference(run(fractions(hsv), (Op.from_hsv, [])), back / 255) < 1e-6
    assert (run(images[..., :1], (Op.to_hsv, []), (Op.from_hsv, [])) == images[..., :1]).all()


def plain_hsv(images: Images, hue: float, saturation: float, value: float) -> Images:
    shift = hue / 180, saturation / 255, value / 255
    return np.stack([augment_color.shift_hsv(image.astype(np.float64), 255, *shift).clip(0, 255) for image in images])


@pytest.mark.parametrize("shifts", [(0, 0, 0), (20, 0, 0), (-13, 30, 0), (90, -30, 20), (5, 300, -300), (0, -255, 7)])
def test_hsv_shift(shifts: tuple[float, ...]) -> None:
    images = photo()
    expected = plain_hsv(images, *shifts)
    assert difference(run(images, (Op.hsv_shift, shifts)), expected) < 0.501
    unit = [shifts[0], shifts[1] / 255, shifts[2] / 255]
    assert difference(run(fractions(images), (Op.hsv_shift, unit)), expected / 255) < 1e-5


def test_hsv_shift_as_albumentations() -> None:
    A = pytest.importorskip("albumentations.augmentations.pixel.functional")
    images = photo()
    for shifts in ((10, 0, 0), (0, 20, 0), (0, 0, 20), (-20, -30, 15)):
        expected = np.stack([A.shift_hsv(image, *shifts) for image in images])
        apart = np.abs(run(images, (Op.hsv_shift, shifts)).astype(int) - expected)
        assert apart.mean() < 1.2, shifts
        assert apart.max() <= 8, shifts  # its hue has 180 steps


def test_hsv_value() -> None:
    images = photo()
    images[0, 0, 0] = 0
    top = images.max(-1, keepdims=True).astype(np.float64)
    for factor, shift in ((1, 0), (1.3, 0), (0.4, 0), (1, 40), (0.9, -60)):
        new = np.clip(top * factor + shift, 0, 255)
        expected = np.where(top > 0, images * new / np.maximum(top, 1), new)
        assert difference(run(images, (Op.hsv_value, [factor, shift])), expected) < 0.501


@pytest.mark.parametrize("cutoff", [(0, 0), (1, 1), (0, 5), (20, 10), (49.5, 50), (100, 0)])
def test_autocontrast(cutoff: tuple[float, float]) -> None:
    ImageOps = pytest.importorskip("PIL.ImageOps")
    for images in (photo(), photo(1, 1), photo(5, 3), photo(90, 200, 2)):
        expected = pillow(images, ImageOps.autocontrast, cutoff)
        assert (run(images, (Op.autocontrast, cutoff)) == expected).all()


def test_autocontrast_of_fractions() -> None:
    some = np.random.default_rng(0).random((2, 40, 30, 3), dtype=np.float32) * 0.4 + 0.2
    low, high = some.min((1, 2), keepdims=True), some.max((1, 2), keepdims=True)
    assert difference(run(some, (Op.autocontrast, [0, 0])), (some - low) / (high - low)) < 1e-6
    flat = np.full((1, 3, 3, 3), 0.3, np.float32)
    assert (run(flat, (Op.autocontrast, [0, 0])) == flat).all()


def test_equalize() -> None:
    ImageOps = pytest.importorskip("PIL.ImageOps")
    for images in (photo(), photo(1, 1), photo(5, 3), photo(90, 200, 2), photo(17, 31) // 64 * 64):
        expected = pillow(images, ImageOps.equalize)
        assert (run(images, (Op.equalize, [])) == expected).all()
        assert (run(fractions(images), (Op.equalize, [])) == fractions(expected)).all()
    steps = ((Op.linear, [0.5, 30]), (Op.equalize, []), (Op.gamma, [0.7]), (Op.autocontrast, [2, 2]))
    images = photo()
    alone = images
    for step in steps:
        alone = run(alone, step)
    assert (run(images, *steps) == alone).all()
    assert (run(images, *steps, fuse=False) == alone).all()


def test_multiplicative_noise() -> None:
    images = np.full((4, 200, 210, 3), 100, np.uint8)
    got = run(images, (Op.multiplicative_noise, [0.5, 1.5, 0])).astype(np.float64)
    assert got.min() >= 50
    assert got.max() <= 150
    assert abs(got.mean() - 100) < 0.2
    assert abs(got.var() - 100**2 / 12) < 8
    flat = got.reshape(4, -1, 3)
    assert abs(np.corrcoef(flat[0, :, 0], flat[0, :, 1])[0, 1]) < 0.02
    assert abs(np.corrcoef(flat[0, :, 0], flat[1, :, 0])[0, 1]) < 0.02
    assert abs(np.corrcoef(flat[0, 1:, 0], flat[0, :-1, 0])[0, 1]) < 0.02
    shared = run(images, (Op.multiplicative_noise, [0.5, 1.5, 1]))
    assert (shared == shared[..., :1]).all()


def test_salt_and_pepper() -> None:
    images = np.full((4, 200, 210, 3), 100, np.uint8)
    for shared in (0, 1):
        got = run(images, (Op.salt_and_pepper, [0.1, 0.3, shared]))
        assert set(np.unique(got)) == {0, 100, 255}
        assert abs((got == 255).mean() - 0.03) < 0.003
        assert abs((got == 0).mean() - 0.07) < 0.003
        assert (got == got[..., :1]).all() == bool(shared)
    assert (run(images, (Op.salt_and_pepper, [0, 0.5, 0])) == images).all()
    assert (run(images, (Op.salt_and_pepper, [1, 1, 0])) == 255).all()


@pytest.mark.parametrize("size", [1, 3, 5, 21])
def test_box_blur(size: int) -> None:
    cv2 = pytest.importorskip("cv2")
    images = photo(61, 83)
    expected = np.stack([cv2.blur(image, (size, size), borderType=cv2.BORDER_REFLECT_101) for image in images])
    assert (run(images, (Op.box_blur, [size])) == expected).all()


def test_sharpen() -> None:
    cv2 = pytest.importorskip("cv2")
    images = photo()
    for alpha, lightness in ((0.2, 0.5), (0.5, 1.0), (0, 0.7)):
        effect = np.array([[-1, -1, -1], [-1, 8 + lightness, -1], [-1, -1, -1]])
        kernel = (1 - alpha) * np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]) + alpha * effect
        expected = np.stack([cv2.filter2D(image, -1, kernel.astype(np.float32)) for image in images])
        assert difference(run(images, (Op.sharpen, [alpha, lightness])), expected) <= 1


@pytest.mark.parametrize("direction", [-1.0, -0.3, 0.0, 0.6, 1.0])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.7, -0.4), (-1.0, 0.9)])
def test_motion_blur(direction: float, shift: tuple[float, float]) -> None:
    cv2 = pytest.importorskip("cv2")
    A = pytest.importorskip("albumentations.augmentations.blur.functional")
    images = photo(70, 90)

    class Draws:  # of Albumentations' shifts, x first
        def __init__(self) -> None:
            self.left = list(shift)

        def uniform(self, low: float, high: float) -> float:
            return self.left.pop(0)

    for size, angle in ((3, 0), (5, 45), (7, 30), (9, 101), (31, 200)):
        kernel = A.create_motion_kernel(size, angle, direction, True, Draws())
        kernel = kernel / kernel.sum()
        expected = np.stack([cv2.filter2D(image, -1, kernel) for image in images])
        radians = np.deg2rad(angle)
        params = [size, np.cos(radians), np.sin(radians), direction, *(part * (size // 2) / 2 for part in shift)]
        assert difference(run(images, (Op.motion_blur, params)), expected) <= 1, (size, angle)


@pytest.mark.parametrize("shape", [*SHAPES, (2, 9), (3, 3), (5, 2)])
def test_sharpness(shape: tuple[int, int]) -> None:
    ImageFilter = pytest.importorskip("PIL.ImageFilter")
    images = photo(*shape)
    smooth = pillow(images, lambda image: image.filter(ImageFilter.SMOOTH))
    assert (run(images, (Op.sharpness, [0])) == smooth).all()
    assert (run(images, (Op.sharpness, [1])) == images).all()
    for factor in (0.3, 1.7, 20):
        exact = smooth + (images.astype(np.float64) - smooth) * factor
        assert difference(run(images, (Op.sharpness, [factor])), np.clip(exact, 0, 255)) < 0.501
        got = run(fractions(images), (Op.sharpness, [factor]))
        assert difference(got, np.clip(exact, 0, 255) / 255) < 0.501 * (1 + factor) / 255


def test_linear_by_mean() -> None:
    for images in (photo(), photo(1, 1), photo(90, 200, 2)[..., :1], photo(7, 300, 2)[..., [0, 1, 2, 0]]):
        mean = images.mean((1, 2, 3), keepdims=True)
        got = run(images, (Op.linear_by_mean, [1.2, -0.3]))
        assert difference(got, np.clip(images * 1.2 - 0.3 * mean, 0, 255)) < 0.501
        some = run(fractions(images), (Op.linear_by_mean, [0.9, 0.2]))
        assert difference(some, np.clip((images * 0.9 + 0.2 * mean) / 255, 0, 1)) < 1e-6


@pytest.mark.parametrize("cutoff", [0, 1, 20, 45, 60, 100])
def test_cumulative_autocontrast(cutoff: float) -> None:
    A = pytest.importorskip("albumentations.augmentations.pixel.functional")
    for images in (photo(), photo(1, 1), photo(5, 3), photo(90, 200, 2), photo(17, 31) // 128 * 255):
        expected = np.stack([A.auto_contrast(image, cutoff, None, "cdf") for image in images])
        assert (run(images, (Op.autocontrast, [cutoff, cutoff], [1])) == expected).all()
        got = run(fractions(images), (Op.autocontrast, [cutoff, cutoff], [1]))
        assert (got == fractions(expected)).all()


def test_equalize_as_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    for images in (photo(), photo(1, 1), photo(5, 3), photo(90, 200, 2), photo(17, 31) // 64 * 64):
        channels = [[cv2.equalizeHist(np.ascontiguousarray(image[..., c])) for c in range(3)] for image in images]
        expected = np.moveaxis(np.array(channels), 1, -1)
        assert (run(images, (Op.equalize, [], [1])) == expected).all()
        assert (run(fractions(images), (Op.equalize, [], [1])) == fractions(expected)).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_pillow_blur(shape: tuple[int, int]) -> None:
    Image, ImageFilter = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageFilter")
    images = photo(*shape)
    for radius in (0, 0.3, 0.7, 1, 1.5, 2, 3.3, 10, 41):
        expected = pillow(images, Image.Image.filter, ImageFilter.GaussianBlur(radius))
        assert (run(images, (Op.pillow_blur, [radius])) == expected).all(), radius
        assert difference(run(fractions(images), (Op.pillow_blur, [radius])), expected / 255) < 4 / 255


@pytest.mark.parametrize("shape", SHAPES)
def test_unsharp_mask(shape: tuple[int, int]) -> None:
    Image, ImageFilter = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageFilter")
    images = photo(*shape)
    for params in ((2, 150, 3), (1, 90, 0), (4.2, 500, 10), (0.5, 33, 1)):
        expected = pillow(images, Image.Image.filter, ImageFilter.UnsharpMask(*params))
        assert (run(images, (Op.unsharp_mask, params)) == expected).all(), params
    some = fractions(images)
    blurred = run(some, (Op.pillow_blur, [2]))
    expected = np.where(np.abs(some - blurred) > 0.01, np.clip(some + (some - blurred) * 1.5, 0, 1), some)
    assert difference(run(some, (Op.unsharp_mask, [2, 150, 0.01])), expected) < 1e-6


@pytest.mark.parametrize("size", [(1, 1), (20, 31), (61, 40), (30, 83), (61, 83), (122, 100), (7, 200)])
def test_resize(size: tuple[int, int]) -> None:
    Image = pytest.importorskip("PIL.Image")
    images = photo(61, 83)
    for code, name in ((0, "NEAREST"), (1, "BILINEAR"), (2, "BICUBIC")):
        method = getattr(Image.Resampling, name)
        expected = pillow(images, Image.Image.resize, size[::-1], method)
        # From version 13 on, Pillow goes down the columns first where the height shrinks by much more than the width.
        most = int(size[0] < 30 and size[1] > 83)
        assert difference(run(images, (Op.resize, size, [code]), size=size), expected) <= most, name
        got = run(fractions(images), (Op.resize, size, [code]), size=size)
        channels = np.moveaxis(fractions(images)[0], -1, 0)
        planes = [np.asarray(Image.fromarray(channel).resize(size[::-1], method)) for channel in channels]
        # Both passes of ours stay within 0 to 1.
        assert difference(got[0], np.clip(np.stack(planes, -1), 0, 1)) < (1e-2 if name == "BICUBIC" else 1e-6), name


def test_resize_area() -> None:
    cv2 = pytest.importorskip("cv2")
    images = photo(60, 84)
    for size in ((30, 42), (20, 28), (17, 50), (59, 83), (1, 1)):
        expected = np.stack([cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA) for image in images])
        assert difference(run(images, (Op.resize, size, [3]), size=size), expected) <= 1, size


def test_resize_among_others() -> None:
    """After a crop, before a turn, a warp and changes of color."""
    images = photo(61, 83)
    part = np.ascontiguousarray(images[:, 10:50, 20:70])
    small = run(part, (Op.resize, [24, 32], [BILINEAR]), size=(24, 32))
    crop = (Op.crop, [10, 20, 40, 50], [0, 0])
    resize = (Op.resize, [24, 32], [BILINEAR])
    assert (run(images, crop, resize, (Op.orient, [1]), size=(24, 32)) == small[:, :, ::-1]).all()
    assert (run(images, crop, resize, (Op.crop, [3, 4, 8, 9], [0, 0]), size=(8, 9)) == small[:, 3:11, 4:13]).all()
    matrix = [1.1, 0.1, -2, -0.1, 0.9, 1, 0, 0, 1, 24, 32]
    warp = (Op.warp, matrix, [1, 0, 0])
    assert (run(images, crop, resize, warp, size=(24, 32)) == run(small, warp)).all()
    equalized = run(small, (Op.equalize, []))
    assert (run(images, crop, resize, (Op.equalize, []), size=(24, 32)) == equalized).all()


@pytest.mark.parametrize("fill", [-1e6, -7, 12.6, 300, 1e6])
def test_fill_beyond_the_tables(fill: float) -> None:
    images = photo(20, 21)
    crop = (Op.crop, [-3, -4, 30, 31], [0, fill])
    filled = run(images, crop, size=(30, 31))
    for step in ((Op.gamma, [0.5]), (Op.equalize, []), (Op.autocontrast, [1, 1])):
        assert (run(images, crop, step, size=(30, 31)) == run(filled, step)).all()


ALL = (
    (Op.gray, []), (Op.permute, [2, 0, 1]), (Op.solarize, [90]), (Op.posterize, [3]), (Op.gamma, [0.45]),
    (Op.to_float, []), (Op.hsv_shift, [17, 20, -9]), (Op.hsv_value, [1.2, -7]), (Op.autocontrast, [1, 2]),
    (Op.equalize, []), (Op.multiplicative_noise, [0.8, 1.1, 0]), (Op.salt_and_pepper, [0.1, 0.5, 0]),
    (Op.box_blur, [5]), (Op.sharpen, [0.4, 0.6]), (Op.motion_blur, [9, 0.6, 0.8, 0, 1.2, -3]), (Op.pillow_blur, [2.2]),
    (Op.unsharp_mask, [2, 150, 3]), (Op.sharpness, [1.8]), (Op.linear_by_mean, [0.9, 0.2]), (Op.equalize, [], [1]),
    (Op.autocontrast, [1, 1], [1]), (Op.posterize, [2, 5, 7]), (Op.resize, [61, 83], [BICUBIC]),
    (Op.resize, [61, 83], [BILINEAR]), (Op.gray, [], [1]), (Op.gray, [], [2]), (Op.gray, [], [3]),
)  # fmt: skip
BEST: dict[Any, Images] = {}


def at_best_level(op: Any, compute: Any) -> Images:
    if op not in BEST:
        before = burnish.build_info()["isa_level"]
        for best in reversed(burnish.build_info()["isa_levels"]):
            try:
                _core.set_isa_level(best)
                break
            except ValueError:
                continue
        BEST[op] = compute()
        _core.set_isa_level(before)
    return BEST[op]


@pytest.mark.parametrize("step", ALL, ids=lambda step: step[0].name)
def test_same_bits_at_every_level(step: tuple[Any, ...], isa: str) -> None:
    images = photo(50, 71)
    size = (61, 83) if step[0] == Op.resize else None

    def compute() -> Images:
        return run(images, step, (Op.linear, [1, 0]), (Op.to_bytes, []), size=size)

    assert (compute() == at_best_level(str(step), compute)).all()


@pytest.mark.parametrize("step", ALL, ids=lambda step: step[0].name)
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_same_bits_in_a_batch_and_alone(step: tuple[Any, ...], kind: str, threads: int) -> None:
    images = photo(50, 71, 5)
    images = images if kind == "uint8" else fractions(images)
    size = (61, 83) if step[0] == Op.resize else None
    dtype = np.float32 if step[0] == Op.to_float else None
    whole = run(images, step, size=size, dtype=dtype)
    for i in range(5):
        alone = run(images[i : i + 1], step, size=size, ids=[i], dtype=dtype)
        assert (alone[0] == whole[i]).all()


@pytest.mark.parametrize(
    "step",
    [
        (Op.posterize, [9]), (Op.posterize, [1.5]), (Op.gamma, [0]), (Op.permute, [0, 1]), (Op.permute, [0, 1, 1]),
        (Op.autocontrast, [-1, 0]), (Op.salt_and_pepper, [1.1, 0.5, 0]), (Op.box_blur, [4]), (Op.box_blur, [129]),
        (Op.motion_blur, [5, 2, 0, 0, 0, 0]), (Op.pillow_blur, [-1]), (Op.unsharp_mask, [2, 150, -1]),
        (Op.motion_blur, [5, 1, 0, 0, 0, 200]), (Op.sharpness, [-1]), (Op.posterize, [1, 2]), (Op.posterize, [1, 2, 9]),
        (Op.equalize, [], [2]), (Op.autocontrast, [1, 1], [0.5]),
        (Op.resize, [0, 5], [1]), (Op.resize, [5, 5], [4]), (Op.resize, [5, 5]), (Op.solarize, [np.nan]),
    ],
    ids=str,
)  # fmt: skip
def test_bad_parameters(step: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="accepted"):
        run(photo(5, 5), step)


def test_fractions_are_no_bytes() -> None:
    images = photo(5, 6)
    for step in ((Op.to_float, []), (Op.normalize, [], [1.0, 0.0] * 3)):
        with pytest.raises(ValueError, match="no whole numbers"):
            run(images, step)
    with pytest.raises(ValueError, match="no whole numbers"):
        run(fractions(images), (Op.gray, []), dtype=np.uint8)


def warped_exactly(image: Images, matrix: Any, size: tuple[int, int], border: int, fill: int) -> Images:
    """Return what the fixed-point arithmetic of a bilinear warp gives, pixel by pixel."""
    a = np.array(matrix[:6]).reshape(2, 3)
    columns, rows = np.arange(size[1]), np.arange(size[0])
    places = []
    for m in a:
        start = ((m[0] * 0.5 + m[1] * (rows + 0.5) + m[2]) - 0.5) * 2.0**32
        places.append(start.astype(np.int64)[:, None] + 2**17 + columns * np.int64(m[0] * 2.0**32))
    (x, y), (wx, wy) = (np.array(places) >> 32), (np.array(places) >> 18) & 16383

    def inside(i: Images, n: int) -> Images:
        if border == 1:
            return np.clip(i, 0, n - 1)
        if border == 2:
            return np.minimum(i % (2 * n), 2 * n - 1 - i % (2 * n))
        if border == 3:
            period = max(2 * n - 2, 1)
            return np.minimum(i % period, (period - i % period) % period if n > 1 else 0)
        return i % n if border == 4 else np.where((i >= 0) & (i < n), i, n)

    padded = np.full((image.shape[0] + 1, image.shape[1] + 1, image.shape[2]), fill, np.int64)
    padded[:-1, :-1] = image
    last = (wx * wy + 8192) >> 14  # weights of the four corners, whole, that add up to 2^14
    weights = 16384 - wx - (wy - last), wx - last, wy - last, last
    rows, columns = ([inside(place + i, n) for i in (0, 1)] for place, n in zip((y, x), image.shape, strict=False))
    corners = (padded[rows[i], columns[j]] for i in (0, 1) for j in (0, 1))
    total = sum(corner * weight[..., None] for corner, weight in zip(corners, weights, strict=True))
    return np.rint(total * 2.0**-14).astype(np.uint8)


def apart(images: Images) -> Images:
    """Return the same images with rows that do not touch in memory."""
    memory = np.zeros((images.shape[0], images.shape[1], images.shape[2] + 5, images.shape[3]), images.dtype)
    view = memory[:, :, 2:-3]
    view[:] = images
    return view


@pytest.mark.parametrize("border", range(5))
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (20, 17), (32, 32), (61, 83), (90, 300)])
def test_warp_of_bytes_to_the_bit(shape: tuple[int, int], border: int, isa: str) -> None:
    # Small images are read with their border around them; bytes that nothing changes are written at once.
    images = photo(*shape, 2)
    nothing = (Op.permute, [0, 1, 2])
    y, x = shape[0] / 2, shape[1] / 2
    for size in (shape, (9, 8), (7, 31), (40, 5), (33, 200)):
        for angle, scale in ((0.0, 1.0), (0.3, 1.0), (15.0, 1.2), (89.0, 0.7), (-130.0, 3.0), (45.0, 40.0)):
            c, s = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
            v, u = size[0] / 2, size[1] / 2
            matrix = [c, s, x - c * u - s * v + 0.25, -s, c, y + s * u - c * v, 0, 0, 1]
            warp = (Op.warp, [*matrix, *size], [1.0, float(border), 37.0])
            expected = np.stack([warped_exactly(image, matrix, size, border, 37) for image in images])
            assert (run(images, warp, size=size) == expected).all(), (size, angle)
            assert (run(images, warp, nothing, size=size) == expected).all(), (size, angle)
            assert (run(apart(images), warp, size=size) == expected).all(), (size, angle)


def test_joined_warps_of_bytes(isa: str) -> None:
    # A crop beyond the image, and a warp of it: what the crop has cut off is the fill.
    for side in (24, 120):
        images = photo(side, side, 3)
        crop = (Op.warp, [1, 0, -4, 0, 1, 3, 0, 0, 1, side, side], [1.0, 0.0, 9.0])
        turn = (Op.warp, [0.9, 0.2, -1.5, -0.2, 0.9, 4.5, 0, 0, 1, side, side], [1.0, 0.0, 9.0])
        twice = run(run(images, crop), turn)
        once = run(images, crop, turn)
        assert (once == run(images, crop, turn, (Op.permute, [0, 1, 2]))).all()
        outside = (twice == 9).all(axis=-1)
        assert outside.mean() > 0.05
        assert (once[outside] == 9).mean() > 0.98
