# SPDX-License-Identifier: Apache-2.0
"""The augmentation tasks: which pipelines and operations, on what, and how much faster burnish means to be."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import augment_by_hand as hand
import augment_peers as peers
import numpy as np
from augment_inputs import Inputs, Like, largest_difference, mean_difference, normalized, photographs
from contest import Contender, Workload
from report import Goal

OURS, HAND = "burnish", "OpenCV by hand"
CV2, ALBUMENTATIONS = ("cv2",), ("albumentations", "cv2")


def goals(ratio: float) -> tuple[Goal, ...]:
    """How many times faster than OpenCV by hand burnish means to be, fresh memory and reused."""
    if not ratio:
        return ()
    return Goal(HAND, OURS, at_least=ratio), Goal(f"{HAND}, out=", f"{OURS}, out=", at_least=ratio)


# ---- pipelines ----


def center(images: Any, side: int) -> Any:
    first = (images.shape[1] - side) // 2
    return images[:, first : first + side, first : first + side]


def expect_pipeline(inputs: Inputs, name: str) -> Any:
    if name == "W":
        return peers.pillow_filters(inputs).call()
    if name == "K":
        return Like.of((inputs.images / 255.0).astype(np.float32))
    return Like.of(normalized(center(inputs.images, inputs.side)))


def pipeline_error(found: Any, expected: Any) -> float:
    if isinstance(expected, Like):
        return expected.difference(found)
    return largest_difference(found, expected)


def pipeline(
    name: str, make: Callable[[int], Inputs], ratio: float, *others: Contender, tolerance: float = 0.2, kind: str = ""
) -> Workload:
    kind = kind or name
    exact = 0.0 if name == "W" else tolerance
    return Workload(
        name,
        make,
        functools.partial(expect_pipeline, name=name),
        pipeline_error,
        (
            Contender("burnish", peers.burnish(kind), OURS, exact),
            Contender("burnish, out=", peers.burnish(kind, reuse=True), OURS, exact),
            Contender(HAND, hand.pipeline(kind), tolerance=tolerance, needs=CV2),
            Contender(f"{HAND}, out=", hand.pipeline(kind, reuse=True), tolerance=tolerance, needs=CV2),
            Contender("Albumentations", peers.albumentations(kind), tolerance=tolerance, needs=ALBUMENTATIONS),
            *others,
        ),
        goals(ratio),
    )


def torch_pipelines(name: str) -> tuple[Contender, ...]:
    return (
        Contender("torchvision", peers.torchvision_pipeline(name), tolerance=0.5, needs=("torch", "torchvision")),
        Contender("kornia", peers.kornia_pipeline(name), tolerance=0.5, needs=("torch", "kornia.augmentation")),
    )


def dali(name: str) -> Contender:
    return Contender("DALI", peers.dali_pipeline(name), tolerance=0.5, needs=("nvidia.dali",))


def large(divisor: int, p: float = 0.5, p_blur: float = 0.2) -> Inputs:
    return Inputs(photographs(max(2, 64 // divisor), 320), 256, p, p_blur)


def small(divisor: int) -> Inputs:
    return Inputs(photographs(max(2, 1024 // divisor), 32), 32)


def of_keras(divisor: int) -> Inputs:
    return Inputs(photographs(max(2, 32 // divisor), 224), 224)


def of_pillow(divisor: int) -> Inputs:
    return Inputs(photographs(max(1, 16 // divisor), 512), 512)


# ---- single operations on 64 images of 256 x 256 ----


def plain(divisor: int) -> Inputs:
    return Inputs(photographs(max(2, 64 // divisor), 256))


def with_angles(divisor: int) -> Inputs:
    given = plain(divisor)
    return Inputs(given.images, other=np.random.default_rng(1).uniform(-30, 30, len(given.images)))


def with_deviation(divisor: int) -> Inputs:
    return Inputs(plain(divisor).images, other=5.0)


def to_crop(divisor: int) -> Inputs:
    given = large(divisor)
    rng = np.random.default_rng(1)
    n = len(given.images)
    return Inputs(given.images, 256, other=(rng.integers(0, 65, (n, 2)), rng.random(n) < 0.5))


def to_resize(divisor: int) -> Inputs:
    return Inputs(plain(divisor).images, 224)


def with_holes(divisor: int) -> Inputs:
    given = plain(divisor)
    corners = np.random.default_rng(1).integers(0, 193, (len(given.images), 2))
    return Inputs(given.images, other=np.concatenate([corners, np.full(corners.shape, 64)], axis=1))


def to_mix(divisor: int) -> Inputs:
    """float32 (N, 3, H, W); partners, parts of the own image, rectangles."""
    images = normalized(plain(divisor).images)
    n = len(images)
    rng = np.random.default_rng(1)
    corners, sides = rng.integers(0, 128, (n, 2)), rng.integers(32, 129, (n, 2))
    mixing = (np.roll(np.arange(n), 1), rng.random(n), np.concatenate([corners, sides], axis=1))
    return Inputs(np.ascontiguousarray(images), other=mixing)


def mixed(inputs: Inputs) -> Any:
    partner, lam, _ = inputs.other
    lam = lam[:, None, None, None]
    return (inputs.images * lam + inputs.images[partner] * (1 - lam)).astype(np.float32)


def cut(inputs: Inputs) -> Any:
    partner, _, boxes = inputs.other
    result = inputs.images.copy()
    for image, i, (top, left, height, width) in zip(result, partner, boxes, strict=True):
        part = (slice(None), slice(top, top + height), slice(left, left + width))
        image[part] = inputs.images[i][part]
    return result


def cropped(inputs: Inputs) -> Any:
    result = []
    for image, (top, left), flip in zip(inputs.images, *inputs.other, strict=True):
        part = image[top : top + inputs.side, left : left + inputs.side]
        result.append(part[:, ::-1] if flip else part)
    return normalized(np.stack(result))


def rotated(inputs: Inputs) -> Any:
    """Bilinear in float64, zeros beyond the border."""
    side = inputs.images.shape[1]
    y, x = np.mgrid[:side, :side].astype(np.float64)
    result = np.empty(inputs.images.shape, np.uint8)
    for i, angle in enumerate(inputs.other.tolist()):
        m = hand.warp_matrix(angle, False, 0, 0, side, side)
        u, v = m[0, 0] * x + m[0, 1] * y + m[0, 2] + 1, m[1, 0] * x + m[1, 1] * y + m[1, 2] + 1
        padded = np.pad(inputs.images[i].astype(np.float64), ((1, 2), (1, 2), (0, 0)))
        u, v = np.clip(u, 0, side + 1), np.clip(v, 0, side + 1)
        column, row = u.astype(int), v.astype(int)
        wx, wy = (u - column)[..., None], (v - row)[..., None]
        upper = padded[row, column] * (1 - wx) + padded[row, column + 1] * wx
        lower = padded[row + 1, column] * (1 - wx) + padded[row + 1, column + 1] * wx
        result[i] = np.rint(upper * (1 - wy) + lower * wy)
    return result


def blurred(inputs: Inputs) -> Any:
    weights = np.exp(-0.5 * (np.arange(-3, 4) / 1.5) ** 2)
    weights /= weights.sum()
    side = inputs.images.shape[1]
    padded = np.pad(inputs.images, ((0, 0), (3, 3), (3, 3), (0, 0)), "reflect").astype(np.float64)
    columns = sum(weight * padded[:, k : k + side] for k, weight in enumerate(weights))
    rows = sum(weight * columns[:, :, k : k + side] for k, weight in enumerate(weights))
    return np.rint(rows).astype(np.uint8)


def on_line(inputs: Inputs) -> Any:
    return np.clip(np.rint(inputs.images * 1.1 - 10), 0, 255).astype(np.uint8)


def with_hue(inputs: Inputs) -> Any:
    """By the standard library's colorsys, of some pixels' worth of colors."""
    images = inputs.images.astype(np.float64)
    luma = (images @ np.array([0.299, 0.587, 0.114]))[..., None]
    red, green, blue = np.moveaxis(np.clip(1.2 * images - 0.2 * luma, 0, 255), 3, 0)
    top, bottom = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    span = np.where(top > bottom, top - bottom, 1)
    hue = np.where(top == red, (green - blue) / span, np.where(top == green, 2 + (blue - red) / span,
                                                                4 + (red - green) / span)) + 0.6  # fmt: skip
    result = []
    for shift in (5, 3, 1):
        k = (shift + hue) % 6
        result.append(top - (top - bottom) * np.clip(np.minimum(k, 4 - k), 0, 1))
    return np.rint(np.stack(result, axis=3)).astype(np.uint8)


def covered(inputs: Inputs) -> Any:
    result = inputs.images.copy()
    for image, (top, left, height, width) in zip(result, inputs.other, strict=True):
        image[top : top + height, left : left + width] = 0
    return result


def noisy_like(inputs: Inputs) -> Any:
    return Like.of(inputs.images)


def operation(
    name: str,
    make: Callable[[int], Inputs],
    expect: Callable[[Inputs], Any],
    ratio: float,
    *others: Contender,
    tolerance: float = 1.0,
    drawn: bool = False,
    albumentations: bool = True,
) -> Workload:
    """One operation; `drawn` where parameters of Albumentations are drawn, so that its pixels differ."""

    def error(found: Any, expected: Any) -> float:
        if isinstance(expected, Like):
            return expected.difference(found)
        return mean_difference(found, expected)

    theirs = 100.0 if drawn else tolerance
    library = (
        Contender("Albumentations", peers.albumentations_operation(name), tolerance=theirs, needs=ALBUMENTATIONS),
    )
    return Workload(
        name,
        make,
        expect,
        error,
        (
            Contender("burnish", peers.burnish_operation(name), OURS, min(tolerance, 0.3)),
            Contender("burnish, out=", peers.burnish_operation(name, reuse=True), OURS, min(tolerance, 0.3)),
            Contender(HAND, hand.operation(name), tolerance=tolerance, needs=CV2),
            Contender(f"{HAND}, out=", hand.operation(name, reuse=True), tolerance=tolerance, needs=CV2),
            *(library if albumentations else ()),
            *others,
        ),
        goals(ratio),
    )


def kornia_rs(name: str) -> Contender:
    return Contender("kornia-rs", peers.kornia_rs_operation(name), tolerance=2.0, needs=("kornia_rs", "cv2"))


WORKLOADS = (
    pipeline("S", large, 2.7, *torch_pipelines("S"), dali("S")),
    pipeline("S1", functools.partial(large, p=1.0, p_blur=1.0), 2.5, *torch_pipelines("S"), dali("S"), kind="S"),
    pipeline("C", small, 13.0, *torch_pipelines("C"), dali("C"), tolerance=0.4),
    pipeline(
        "K",
        of_keras,
        2.9,
        *torch_pipelines("K"),
        Contender("Keras ImageDataGenerator", peers.keras_generator, tolerance=0.3, needs=("keras",)),
        tolerance=0.5,
    ),
    pipeline("W", of_pillow, 2.3, Contender("Pillow", peers.pillow_filters, needs=("PIL",)), tolerance=255.0),
    operation("hflip", plain, lambda inputs: inputs.images[:, :, ::-1], 0.0, kornia_rs("hflip"), tolerance=0.0),
    operation("crop-flip-normalize", to_crop, cropped, 20_000 / 6_289, tolerance=1e-5, drawn=True),
    operation("rotate", with_angles, rotated, 4_000 / 1_754, kornia_rs("rotate"), drawn=True),
    operation("gauss-noise", with_deviation, noisy_like, 0.0, tolerance=0.05),
    operation("blur-7x7", plain, blurred, 12_000 / 5_975, kornia_rs("blur-7x7")),
    operation("hue-saturation", plain, with_hue, 6_000 / 3_424, tolerance=3.0),
    operation("brightness-contrast", plain, on_line, 0.0),
    operation(
        "resize",
        to_resize,
        lambda inputs: peers.pillow_resize(inputs).call(),
        0.0,
        Contender("Pillow", peers.pillow_resize, needs=("PIL",)),
        kornia_rs("resize"),
        tolerance=5.0,
    ),
    operation("cutout", with_holes, covered, 0.0, tolerance=0.0, drawn=True),
    operation(
        "mixup",
        to_mix,
        mixed,
        1.0,
        Contender("torchvision", peers.torchvision_mixing("mixup"), tolerance=100.0, needs=("torch", "torchvision")),
        tolerance=1e-6,
        albumentations=False,
    ),
    operation(
        "cutmix",
        to_mix,
        cut,
        13_000 / 8_282,
        Contender("torchvision", peers.torchvision_mixing("cutmix"), tolerance=100.0, needs=("torch", "torchvision")),
        tolerance=0.0,
        albumentations=False,
    ),
)
