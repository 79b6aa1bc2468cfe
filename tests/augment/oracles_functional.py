# SPDX-License-Identifier: Apache-2.0
"""Deterministic changes of values and filters, with parameters of this module's choice."""

from __future__ import annotations

from typing import Any

import numpy as np
from burnish.augment import functional as F  # noqa: N812
from oracles import Pair, clipped, row, white
from oracles_filters import SUMS, extended_box, filtered, line, sharpening
from oracles_noise import SAMPLED, gray_image
from oracles_tone import THRESHOLD, by_pillow, shifted_hsv, smooth
from oracles_values import FLOAT32, PILLOW_LUMA, luma_of


def each(values: Any) -> Any:
    """Return numbers for each image, to be combined with images."""
    return np.asarray(values, np.float64)[:, None, None, None]


@row("functional.adjust_value", "NumPy", FLOAT32, levels=1e-2, floats=5e-6, channels=(3, 4))
def adjust_value(images: np.ndarray, ids: np.ndarray) -> Pair:
    colors, factor, shift = images[..., :3] / white(images), each(0.5 + ids % 3 * 0.4), each(ids % 5 * 0.1 - 0.2)
    top = colors.max(axis=-1, keepdims=True)
    new_top = np.clip(top * factor + shift, 0, 1)
    expected = images.astype(np.float64)
    expected[..., :3] = np.where(top > 0, colors * (new_top / np.where(top > 0, top, 1)), new_top) * white(images)
    return F.adjust_value(images, factor.ravel(), shift.ravel()), expected


@row("functional.adjust_brightness_contrast", "NumPy", FLOAT32, levels=1e-3, floats=2e-6)
def adjust_brightness_contrast(images: np.ndarray, ids: np.ndarray) -> Pair:
    brightness, contrast, by_max = each(ids % 5 * 0.2 - 0.4), each(ids % 3 * 0.5 - 0.5), bool(images.shape[1] % 2)
    scale = white(images) if by_max else images.mean(axis=(1, 2, 3), keepdims=True, dtype=np.float64)
    result = F.adjust_brightness_contrast(images, brightness.ravel(), contrast.ravel(), by_max=by_max)
    return result, clipped(images * (1 + contrast) + brightness * scale, images)


@row("functional.shift_hsv", "Python's colorsys", FLOAT32, levels=1e-2, floats=1e-5, channels=(3, 4))
def shift_hsv(images: np.ndarray, ids: np.ndarray) -> Pair:
    images = images[:, :40, :40]  # one pixel at a time is slow
    shifts = np.stack([ids % 7 / 7, ids % 5 * 0.2 - 0.4, ids % 3 * 0.2 - 0.2])
    return F.shift_hsv(images, *shifts), shifted_hsv(images, shifts.T)


@row("functional.shift_rgb", "NumPy", FLOAT32, levels=1e-4, floats=1e-6, channels=(3, 4))
def shift_rgb(images: np.ndarray, ids: np.ndarray) -> Pair:
    shift = np.array([0.3, -0.2, 0.011])
    expected = images.astype(np.float64)
    expected[..., :3] += shift * white(images)
    return F.shift_rgb(images, shift), clipped(expected, images)


@row("functional.adjust_gamma", "NumPy", FLOAT32, levels=1e-3, floats=1e-6)
def adjust_gamma(images: np.ndarray, ids: np.ndarray) -> Pair:
    gamma = 0.3 + ids % 5 * 0.6
    return F.adjust_gamma(images, gamma), (images / white(images)) ** each(gamma) * white(images)


@row("functional.solarize", "NumPy", THRESHOLD, floats=1e-7, share=0.9999)
def solarize(images: np.ndarray, ids: np.ndarray) -> Pair:
    threshold = 0.1 + ids % 7 / 9
    inverted = white(images) - images.astype(np.float64)
    return F.solarize(images, threshold), np.where(images >= each(threshold) * white(images), inverted, images)


@row("functional.posterize", "NumPy", floats=1e-7)
def posterize(images: np.ndarray, ids: np.ndarray) -> Pair:
    bits = 1 + ids % 8
    if images.dtype == np.uint8:
        mask = np.array([0x80, 0xC0, 0xE0, 0xF0, 0xF8, 0xFC, 0xFE, 0xFF], np.uint8)[bits - 1]
        return F.posterize(images, bits), images & mask[:, None, None, None]
    steps = each(2.0**bits)
    return F.posterize(images, bits), np.minimum(np.floor(images * steps), steps - 1) / steps


@row("functional.invert", "NumPy", FLOAT32, floats=1e-7)
def invert(images: np.ndarray, ids: np.ndarray) -> Pair:
    return F.invert(images), white(images) - images.astype(np.float64)


@row("functional.autocontrast", "Pillow", needs="PIL", dtypes=("uint8",))
def autocontrast(images: np.ndarray, ids: np.ndarray) -> Pair:
    from PIL import ImageOps

    cut = float(ids[0] % 3), float(ids[0] % 5)
    return F.autocontrast(images, *cut), by_pillow(images, lambda image: ImageOps.autocontrast(image, cut))


@row("functional.equalize", "Pillow", needs="PIL", dtypes=("uint8",))
def equalize(images: np.ndarray, ids: np.ndarray) -> Pair:
    from PIL import ImageOps

    return F.equalize(images), by_pillow(images, ImageOps.equalize)


@row("functional.to_grayscale", "NumPy, Pillow's luma", PILLOW_LUMA, levels=1e-3, floats=1e-5, needs="PIL",
     channels=(3, 4))  # fmt: skip
def to_grayscale(images: np.ndarray, ids: np.ndarray) -> Pair:
    expected = images.astype(np.float64)
    expected[..., :3] = luma_of(images)
    return F.to_grayscale(images), expected


@row("functional.permute_channels", "NumPy", channels=(3,))
def permute_channels(images: np.ndarray, ids: np.ndarray) -> Pair:
    return F.permute_channels(images, [2, 0, 1]), images[..., [2, 0, 1]]


@row("functional.drop_channels", "NumPy", channels=(3,))
def drop_channels(images: np.ndarray, ids: np.ndarray) -> Pair:
    fill = white(images) / 5
    expected = np.where([False, True, True], fill, images).astype(images.dtype)
    return F.drop_channels(images, [False, True, True], fill=fill), expected


@row("functional.isolate_channel", "NumPy", channels=(3, 4))
def isolate_channel(images: np.ndarray, ids: np.ndarray) -> Pair:
    only = np.arange(images.shape[3]) == (ids % 3)[:, None]
    return F.isolate_channel(images, ids % 3), images * only[:, None, None].astype(images.dtype)


@row("functional.to_float", "NumPy", FLOAT32, floats=1e-7)
def to_float(images: np.ndarray, ids: np.ndarray) -> Pair:
    return F.to_float(images), images / white(images)


@row("functional.to_bytes", "NumPy", "halves of levels in float32 may fall to either side", levels=1e-4)
def to_bytes(images: np.ndarray, ids: np.ndarray) -> Pair:
    return F.to_bytes(images), images.astype(np.float64) * (255 / white(images))


# Filters


@row("functional.pillow_gaussian_blur", "Pillow", needs="PIL", dtypes=("uint8",))
def pillow_gaussian_blur(images: np.ndarray, ids: np.ndarray) -> Pair:
    from PIL import ImageFilter

    radius = float(ids[0] % 7) * 0.7
    expected = by_pillow(images, lambda image: image.filter(ImageFilter.GaussianBlur(radius)))
    return F.pillow_gaussian_blur(images, radius), expected


@row("functional.pillow_gaussian_blur", "SciPy, Pillow's formula", SUMS, floats=5e-6, needs="scipy",
     dtypes=("float32",))  # fmt: skip
def pillow_gaussian_blur_of_floats(images: np.ndarray, ids: np.ndarray) -> Pair:
    radius = 0.5 + float(ids[0] % 7) * 0.7
    return F.pillow_gaussian_blur(images, radius), extended_box(images.astype(np.float64), radius)


@row("functional.box_blur", "SciPy", SUMS, levels=1e-2, floats=2e-6, needs="scipy")
def box_blur(images: np.ndarray, ids: np.ndarray) -> Pair:
    size = 1 + ids % 9 * 2
    return F.box_blur(images, size), filtered(images, [np.full((k, k), 1 / k**2) for k in size])


@row("functional.motion_blur", "SciPy, Albumentations' formula", FLOAT32, levels=1e-2, floats=2e-6, needs="scipy")
def motion_blur(images: np.ndarray, ids: np.ndarray) -> Pair:
    size, angle, direction = 3 + ids % 9 * 2, ids * 37.0 % 360, ids % 5 / 2 - 1
    result = F.motion_blur(images, size, angle, direction, 0.3, -0.2)
    return result, filtered(images, [line(*drawn, 0.3, -0.2) for drawn in zip(size, angle, direction, strict=True)])


@row("functional.sharpen", "SciPy, Albumentations' formula", FLOAT32, levels=1e-2, floats=5e-6, needs="scipy")
def sharpen(images: np.ndarray, ids: np.ndarray) -> Pair:
    alpha, lightness = ids % 3 * 0.4, 0.5 + ids % 2
    kernels = [sharpening(*pair) for pair in zip(alpha, lightness, strict=True)]
    return F.sharpen(images, alpha, lightness), clipped(filtered(images, kernels), images)


@row("functional.adjust_sharpness", "SciPy, Pillow's formula", FLOAT32, levels=1e-3, floats=2e-6, needs="scipy")
def adjust_sharpness(images: np.ndarray, ids: np.ndarray) -> Pair:
    factor, other = each(ids % 4 * 0.7), smooth(images)
    return F.adjust_sharpness(images, factor.ravel()), clipped(other + (images - other) * factor, images)


@row("functional.unsharp_mask", "Pillow", needs="PIL", dtypes=("uint8",))
def unsharp_mask(images: np.ndarray, ids: np.ndarray) -> Pair:
    from PIL import ImageFilter

    values = float(ids[0] % 5) + 0.3, int(50 + ids[0] % 150), int(ids[0] % 7)
    expected = by_pillow(images, lambda image: image.filter(ImageFilter.UnsharpMask(*values)))
    return F.unsharp_mask(images, *values), expected


# Noise


@row("functional.multiplicative_noise", "the uniform distribution", SAMPLED, floats=1.5e-3, dtypes=("float32",),
     channels=(1,))  # fmt: skip
def multiplicative_noise(images: np.ndarray, ids: np.ndarray) -> Pair:
    result = F.multiplicative_noise(gray_image(0.5), 0.2, 1.8, seed=int(ids[0]))
    inner = np.linspace(0.02, 0.98, 49)
    found = np.searchsorted(np.sort((result.ravel() / 0.5 - 0.2) / 1.6), inner) / result.size
    return found.astype(np.float32), inner


@row("functional.multiplicative_noise", "the same on gray, NumPy", "factors are known to 24 bits of gray", levels=1e-3,
     floats=1e-6)  # fmt: skip
def multiplicative_noise_is_applied(images: np.ndarray, ids: np.ndarray) -> Pair:
    factors = F.multiplicative_noise(np.full(images.shape, 0.5, np.float32), 0.5, 1.5, ids=ids).astype(np.float64) / 0.5
    return F.multiplicative_noise(images, 0.5, 1.5, ids=ids), clipped(images * factors, images)


@row("functional.salt_and_pepper", "their chances", SAMPLED, floats=1.5e-3, dtypes=("float32",), channels=(1,))
def salt_and_pepper(images: np.ndarray, ids: np.ndarray) -> Pair:
    result = F.salt_and_pepper(gray_image(0.5), 0.3, 0.8, seed=int(ids[0]))
    found = np.array([(result == level).mean() for level in (0, 0.5, 1)], np.float32)
    return found, np.array([0.06, 0.7, 0.24])
