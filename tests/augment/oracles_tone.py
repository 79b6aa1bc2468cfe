# SPDX-License-Identifier: Apache-2.0
"""Curves of values and whole images' levels, by Pillow, OpenCV, Albumentations and NumPy."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from typing import Any

import numpy as np
from burnish import augment
from oracles import Pair, clipped, drawn, row, white
from oracles_values import FLOAT32, PILLOW_LUMA, luma_of

THRESHOLD = "a value on the edge of a step may fall to either side"


def by_pillow(images: np.ndarray, change: Callable[[Any], Any]) -> np.ndarray:
    """Change each channel of bytes as an image of Pillow's."""
    from PIL import Image

    planes = images.transpose(0, 3, 1, 2)
    changed = np.empty_like(planes)
    for i, image in enumerate(planes):
        for c, plane in enumerate(image):
            changed[i, c] = np.asarray(change(Image.fromarray(np.ascontiguousarray(plane))))
    return changed.transpose(0, 2, 3, 1)


@row("RandomGamma", "NumPy", FLOAT32, levels=1e-3, floats=1e-6)
def random_gamma(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.RandomGamma((40, 250), p=1), images, ids)
    fractions = images / white(images)
    return result, fractions ** entry["gamma"][:, None, None, None] * white(images)


@row("Solarize", "NumPy", THRESHOLD, floats=1e-7, share=0.9999)
def solarize(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.Solarize((0.1, 0.9), p=1), images, ids)
    threshold = entry["threshold"][:, None, None, None] * white(images)
    return result, np.where(images >= threshold, white(images) - images.astype(np.float64), images)


@row("Solarize", "Pillow", needs="PIL", dtypes=("uint8",))
def solarize_of_pillow(images: np.ndarray, ids: np.ndarray) -> Pair:
    from PIL import ImageOps

    result = augment.Solarize(100 / 255, p=1)(images)
    return result, by_pillow(images, lambda image: ImageOps.solarize(image, 100))


@row("Posterize", "Pillow", needs="PIL", dtypes=("uint8",))
def posterize_of_pillow(images: np.ndarray, ids: np.ndarray) -> Pair:
    from PIL import ImageOps

    bits = 1 + int(ids[0]) % 8
    return augment.Posterize(bits, p=1)(images), by_pillow(images, lambda image: ImageOps.posterize(image, bits))


@row("Posterize", "NumPy", FLOAT32, floats=1e-7)
def posterize(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.Posterize((1, 8), p=1), images, ids)
    steps = 2.0 ** entry["bits"][:, None, None]
    if images.dtype == np.uint8:
        return result, images - images % (256 / steps)
    return result, np.minimum(np.floor(images * steps), steps - 1) / steps


@row("AutoContrast", "Pillow", needs="PIL", dtypes=("uint8",))
def autocontrast_of_pillow(images: np.ndarray, ids: np.ndarray) -> Pair:
    from PIL import ImageOps

    cutoff = float(ids[0] % 4)
    result = augment.AutoContrast(cutoff, "pil", p=1)(images)
    return result, by_pillow(images, lambda image: ImageOps.autocontrast(image, cutoff))


@row("AutoContrast", "NumPy", FLOAT32, floats=1e-6, dtypes=("float32",))
def autocontrast(images: np.ndarray, ids: np.ndarray) -> Pair:
    low, high = (end(images, axis=(1, 2), keepdims=True).astype(np.float64) for end in (np.min, np.max))
    stretched = (images - low) / np.where(high > low, high - low, 1)
    return augment.AutoContrast(method="pil", p=1)(images), np.where(high > low, stretched, images)


@row("AutoContrast", "Albumentations, cdf", needs="albumentations", dtypes=("uint8",), channels=(1, 3))
def autocontrast_of_albumentations(images: np.ndarray, ids: np.ndarray) -> Pair:
    import albumentations

    peer = albumentations.AutoContrast(cutoff=0, method="cdf", p=1)
    expected = np.stack([peer(image=image)["image"] for image in images]).reshape(images.shape)
    return augment.AutoContrast(p=1)(images), expected


@row("Equalize", "Pillow", needs="PIL", dtypes=("uint8",))
def equalize_of_pillow(images: np.ndarray, ids: np.ndarray) -> Pair:
    from PIL import ImageOps

    return augment.Equalize("pil", p=1)(images), by_pillow(images, ImageOps.equalize)


@row("Equalize", "OpenCV", needs="cv2", dtypes=("uint8",))
def equalize_of_opencv(images: np.ndarray, ids: np.ndarray) -> Pair:
    import cv2

    expected = np.stack(
        [np.stack([cv2.equalizeHist(image[..., c].copy()) for c in range(image.shape[2])], axis=-1) for image in images]
    )
    return augment.Equalize(p=1)(images), expected


@row("ToGray", "NumPy, Pillow's luma", PILLOW_LUMA, levels=1e-3, floats=1e-5, needs="PIL", channels=(3, 4))
def to_gray(images: np.ndarray, ids: np.ndarray) -> Pair:
    method = ("weighted_average", "average", "max", "desaturation")[sum(images.shape) % 4]
    colors = images[..., :3].astype(np.float64)
    grays = {
        "weighted_average": luma_of(images)[..., 0],
        "average": colors.mean(axis=-1),
        "max": colors.max(axis=-1),
        "desaturation": (colors.max(axis=-1) + colors.min(axis=-1)) / 2,
    }
    expected = images.astype(np.float64)
    expected[..., :3] = grays[method][..., None]
    return augment.ToGray(method=method, p=1)(images), expected


@row("ChannelShuffle", "NumPy", channels=(3, 4))
def channel_shuffle(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.ChannelShuffle(p=1), images, ids)
    return result, np.stack([image[..., order] for image, order in zip(images, entry["order"], strict=True)])


@row("HueSaturationValue", "Python's colorsys", FLOAT32, levels=1e-2, floats=1e-5, channels=(3, 4))
def hue_saturation_value(images: np.ndarray, ids: np.ndarray) -> Pair:
    images = images[:, :40, :40]  # one pixel at a time is slow
    result, entry = drawn(augment.HueSaturationValue(90, 60, 60, p=1), images, ids)
    return result, shifted_hsv(
        images, np.stack([entry["hue"], entry["saturation"], entry["value"]], 1) / (180, 255, 255)
    )


def shifted_hsv(images: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Shift hue (in turns), saturation and value (0 to 1) of each image."""
    expected = images.astype(np.float64)
    for image, its in zip(expected, shifts, strict=True):
        image[..., :3] = np.apply_along_axis(_shifted, -1, image[..., :3] / white(images), *its) * white(images)
    return expected


def _shifted(pixel: np.ndarray, hue: float, saturation: float, value: float) -> tuple[float, ...]:
    h, s, v = colorsys.rgb_to_hsv(*pixel)
    s = min(max(s + saturation, 0.0), 1.0) if s > 0 else 0.0  # gray has no hue
    return colorsys.hsv_to_rgb((h + hue) % 1.0, s, min(max(v + value, 0.0), 1.0))


@row("HueSaturationValue", "Albumentations", "Albumentations has 180 hues, and saturations of 8 bits", levels=9,
     needs="albumentations", channels=(3,), dtypes=("uint8",))  # fmt: skip
def hue_saturation_value_of_albumentations(images: np.ndarray, ids: np.ndarray) -> Pair:
    import albumentations

    limits: dict[str, Any] = {"hue_shift_limit": (12, 12), "sat_shift_limit": (0, 0), "val_shift_limit": (0, 0), "p": 1}
    peer = albumentations.HueSaturationValue(**limits)
    return augment.HueSaturationValue(**limits)(images), np.stack([peer(image=image)["image"] for image in images])


@row("ToFloat", "NumPy", FLOAT32, floats=1e-7)
def to_float(images: np.ndarray, ids: np.ndarray) -> Pair:
    return augment.ToFloat()(images), images / white(images)


@row("FromFloat", "NumPy", "halves of levels in float32 may fall to either side", levels=1e-4)
def from_float(images: np.ndarray, ids: np.ndarray) -> Pair:
    result = augment.FromFloat()(images)
    return result, images.astype(np.float64) * (255 / white(images))


# Policies: one operation at a time


@row("RandAugment", "Pillow and NumPy, one operation", "factors are applied in float32; " + THRESHOLD, share=0.999,
     needs="PIL scipy", dtypes=("uint8",), channels=(1, 3))  # fmt: skip
def rand_augment(images: np.ndarray, ids: np.ndarray) -> Pair:
    images, ids = np.tile(images, (14, 1, 1, 1)), np.arange(14 * len(images))
    result, entry = drawn(augment.RandAugment(1, 20), images, ids)
    return result, _one_operation(images, entry, 0.3, 30, 0.9, 4, np.array(images.shape[2:0:-1]) * (150 / 331))


@row("TrivialAugmentWide", "Pillow and NumPy", "factors are applied in float32; " + THRESHOLD, share=0.999,
     needs="PIL scipy", dtypes=("uint8",), channels=(1, 3))  # fmt: skip
def trivial_augment(images: np.ndarray, ids: np.ndarray) -> Pair:
    images, ids = np.tile(images, (14, 1, 1, 1)), np.arange(14 * len(images))
    result, entry = drawn(augment.TrivialAugmentWide(), images, ids)
    return result, _one_operation(images, entry, 0.99, 135, 0.99, 6, np.array([32.0, 32.0]))


def _one_operation(
    images: np.ndarray, entry: Any, shear: float, angle: float, factor: float, bits: int, shift: np.ndarray
) -> np.ndarray:
    """Do what torchvision's policies do, with their largest magnitudes; not rounded where it is not."""
    from PIL import ImageOps

    expected = images.astype(np.float64)
    for i, image in enumerate(images[:, None]):
        number, part = int(entry["operation"][i, 0]), float(entry["magnitude"][i, 0])
        strength, gray = 1 + factor * part, luma_of(image)
        turn = np.deg2rad(angle * part)
        places = {  # from the result to the image, in pixels from the upper left corner
            1: lambda x, y, part=part: (x + shear * part * y, y),
            2: lambda x, y, part=part: (x, y + shear * part * x),
            3: lambda x, y, part=part: (x - np.trunc(shift[0] * part), y),
            4: lambda x, y, part=part: (x, y - np.trunc(shift[1] * part)),
            5: lambda x, y, turn=turn: _turned(x, y, turn, images.shape[1:3]),
        }
        if number in places:
            expected[i] = _nearest(image[0], places[number])
        elif number >= 6:
            blends = {6: 0.0, 7: gray, 8: gray.mean(), 9: smooth(image)}
            whole = {
                10: lambda plane, part=part: ImageOps.posterize(plane, 8 - round(bits * part)),
                11: lambda plane, part=part: ImageOps.solarize(plane, round(255 * (1 - part), 6)),
                12: ImageOps.autocontrast,
                13: ImageOps.equalize,
            }
            changed = by_pillow(image, whole[number]) if number in whole else None
            expected[i] = clipped(blends[number] + (image - blends[number]) * strength, images)[0] if (
                changed is None
            ) else changed[0]  # fmt: skip
    return expected


def _turned(x: Any, y: Any, turn: float, size: tuple[int, ...]) -> tuple[Any, Any]:
    x, y = x - size[1] / 2, y - size[0] / 2
    return x * np.cos(turn) - y * np.sin(turn) + size[1] / 2, x * np.sin(turn) + y * np.cos(turn) + size[0] / 2


def _nearest(image: np.ndarray, places: Any) -> np.ndarray:
    rows, columns = np.indices(image.shape[:2]) + 0.5
    x, y = (np.floor(np.round(values, 9)).astype(int) for values in places(columns, rows))
    inside = (x >= 0) & (x < image.shape[1]) & (y >= 0) & (y < image.shape[0])
    found = image[np.clip(y, 0, image.shape[0] - 1), np.clip(x, 0, image.shape[1] - 1)]
    return np.where(inside[..., None], found, 0)


def smooth(images: np.ndarray) -> np.ndarray:
    """Average with the 8 neighbors, 5 parts of 13 being the pixel's own, rounded in bytes; border pixels stay."""
    from scipy.ndimage import correlate

    kernel = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
    averaged = correlate(images.astype(np.float64), kernel[None, :, :, None])
    inner = np.zeros(images.shape, bool)
    inner[:, 1:-1, 1:-1] = True
    return np.where(inner, np.rint(averaged) if images.dtype == np.uint8 else averaged, images)
