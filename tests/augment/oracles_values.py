# SPDX-License-Identifier: Apache-2.0
"""What values become, by Pillow, OpenCV, Albumentations, SciPy and NumPy."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from oracles import Pair, clipped, drawn, row, white

FLOAT32 = "computed in float32"
PILLOW_LUMA = "factors of the luma are rounded to 1/65536, as Pillow's"
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R 601


def luma_of(images: np.ndarray) -> np.ndarray:
    """Return the luma (N, H, W, 1): rounded for bytes, as Pillow has it."""
    if images.shape[3] == 1:
        return images.astype(np.float64)
    if images.dtype == np.uint8:
        return np.stack([_pillow_gray(image[..., :3]) for image in images])[..., None].astype(np.float64)
    return (images[..., :3] @ LUMA)[..., None]


def _pillow_gray(image: np.ndarray) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).convert("L"))


def blended(images: np.ndarray, other: Any, factor: Any) -> np.ndarray:
    """Return values away from or toward `other`."""
    return clipped(other + (images.astype(np.float64) - other) * np.reshape(factor, (-1, 1, 1, 1)), images)


@row("functional.adjust_brightness", "NumPy", FLOAT32, levels=1e-4, floats=1e-6)
def brightness(images: np.ndarray, ids: np.ndarray) -> Pair:
    factors = 0.4 + ids % 3 * 0.6
    return F.adjust_brightness(images, factors), clipped(images * factors[:, None, None, None], images)


@row("functional.adjust_contrast", "NumPy, Pillow's luma", PILLOW_LUMA, levels=1e-3, floats=1e-5, needs="PIL")
def contrast(images: np.ndarray, ids: np.ndarray) -> Pair:
    factors = 0.4 + ids % 3 * 0.6
    means = luma_of(images).mean(axis=(1, 2, 3), keepdims=True)
    return F.adjust_contrast(images, factors), blended(images, means, factors)


@row("functional.adjust_saturation", "NumPy, Pillow's luma", PILLOW_LUMA, levels=1e-3, floats=1e-5, needs="PIL")
def saturation(images: np.ndarray, ids: np.ndarray) -> Pair:
    factors = 0.4 + ids % 3 * 0.6
    expected = blended(images, luma_of(images), factors)
    expected[..., 3:] = images[..., 3:]
    return F.adjust_saturation(images, factors), expected


@row("functional.adjust_hue", "Python's colorsys", FLOAT32, levels=1e-2, floats=1e-5)
def hue(images: np.ndarray, ids: np.ndarray) -> Pair:
    images = images[:, :60, :60]  # one pixel at a time is slow
    shifts = ids % 9 / 9 - 0.5
    result = images.astype(np.float64)
    if images.shape[3] >= 3:
        for image, shift in zip(result, shifts, strict=True):
            image[..., :3] = np.apply_along_axis(_turned, -1, image[..., :3] / white(images), shift) * white(images)
    return F.adjust_hue(images, shifts), result


def _turned(pixel: np.ndarray, shift: float) -> tuple[float, ...]:
    h, s, v = colorsys.rgb_to_hsv(*pixel)
    return colorsys.hsv_to_rgb((h + shift) % 1.0, s, v)


@row("ColorJitter", "NumPy, step by step", "hues are computed in float32, and later steps enlarge what they differ",
     levels=1, floats=1e-4, needs="PIL", channels=(1, 3))  # fmt: skip
def color_jitter(images: np.ndarray, ids: np.ndarray) -> Pair:
    images = images[:, :40, :40]
    result, entry = drawn(augment.ColorJitter(0.5, 0.5, 0.5, 0.2, p=1), images, ids)
    expected = images.copy()
    for i in range(len(images)):
        for number in entry["order"][i]:
            one = expected[i : i + 1]
            if number == 0:
                changed = clipped(one * float(entry["brightness"][i]), images)
            elif number == 3:
                changed = hue_of_one(one, float(entry["hue"][i]))
            else:
                gray = luma_of(one)
                other = gray.mean() if number == 1 else gray
                changed = blended(one, other, entry["contrast" if number == 1 else "saturation"][i])
            expected[i] = np.rint(changed[0]) if images.dtype == np.uint8 else changed[0]
    return result, expected


def hue_of_one(images: np.ndarray, shift: float) -> np.ndarray:
    if images.shape[3] < 3:
        return images
    turned: np.ndarray = np.apply_along_axis(_turned, -1, images / white(images), shift) * white(images)
    return turned


@row("RandomBrightnessContrast", "NumPy", FLOAT32, levels=1e-4, floats=1e-6)
def brightness_contrast(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.RandomBrightnessContrast(p=1), images, ids)
    factor, shift = (entry[name][:, None, None, None] for name in ("contrast", "brightness"))
    return result, clipped(images * (1 + factor) + shift * white(images), images)


@row("RandomBrightnessContrast", "Albumentations", "Albumentations rounds its table down", levels=1, floats=1e-6,
     needs="albumentations", channels=(1, 3))  # fmt: skip
def brightness_contrast_of_albumentations(images: np.ndarray, ids: np.ndarray) -> Pair:
    import albumentations

    limits: dict[str, Any] = {"brightness_limit": (0.1, 0.1), "contrast_limit": (0.3, 0.3), "p": 1}
    peer = albumentations.RandomBrightnessContrast(**limits)
    expected = np.stack([peer(image=image)["image"] for image in images])
    return augment.RandomBrightnessContrast(**limits)(images), expected.reshape(images.shape)


@row("RGBShift", "NumPy", FLOAT32, levels=1e-4, floats=1e-6, channels=(3, 4))
def rgb_shift(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.RGBShift(90, 90, 90, p=1), images, ids)
    expected = images.astype(np.float64)
    expected[..., :3] += entry["shift"][:, None, None] * (white(images) / 255)
    return result, clipped(expected, images)


@row("InvertImg", "Pillow", needs="PIL", dtypes=("uint8",), channels=(1, 3))
def invert_of_pillow(images: np.ndarray, ids: np.ndarray) -> Pair:
    from PIL import Image, ImageOps

    inverted = [np.asarray(ImageOps.invert(Image.fromarray(image.squeeze(-1) if image.shape[2] == 1 else image)))
                for image in images]  # fmt: skip
    return augment.InvertImg(p=1)(images), np.stack(inverted).reshape(images.shape)


@row("InvertImg", "NumPy", FLOAT32, floats=1e-7)
def invert(images: np.ndarray, ids: np.ndarray) -> Pair:
    return augment.InvertImg(p=1)(images), white(images) - images.astype(np.float64)


@row("ChannelDropout", "NumPy", channels=(3, 4))
def channel_dropout(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.ChannelDropout((1, 2), fill=white(images), p=1), images, ids)
    return result, np.where(entry["dropped"][:, None, None], white(images), images).astype(images.dtype)


@row("ChannelIsolation", "NumPy", channels=(3, 4))
def channel_isolation(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.ChannelIsolation(p=1), images, ids)
    only = np.arange(images.shape[3]) == entry["channel"][:, None]
    return result, images * only[:, None, None].astype(images.dtype)


@row("Normalize", "NumPy", FLOAT32, floats=2e-6, channels=(3,))
@row("functional.normalize", "NumPy", FLOAT32, floats=2e-6, channels=(3,))
def normalize(images: np.ndarray, ids: np.ndarray) -> Pair:
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    expected = (images / white(images) - mean) / std
    if ids[0] % 2:
        return F.normalize(images, mean, std), expected
    return augment.Normalize()(images), expected
