# SPDX-License-Identifier: Apache-2.0
"""What an expert writes with OpenCV: one warp for crop, flip and rotation, tables, a pool of noise that is used again.

Parameters are drawn for the whole batch at once. Jitter has one order, and crops come after rotation (one resampling),
so corners show real pixels. With several threads each takes a share of the images.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from augment_inputs import MEAN, SIGMAS, STD, Inputs
from contest import Work
from timing import optional

cv2 = optional("cv2")

SCALE, SHIFT = 1 / (255 * STD), -MEAN / STD
LEVELS = np.arange(256, dtype=np.float32)
POOL = 1 << 20


def over_batch(n: int, one: Callable[[int], None]) -> None:
    """Call for each image, in as many threads as OpenCV is to use."""
    threads = cv2.getNumThreads()
    if threads <= 1:
        for i in range(n):
            one(i)
        return
    cv2.setNumThreads(1)
    try:
        for _ in pool_of(threads).map(lambda share: [one(i) for i in share], np.array_split(np.arange(n), threads)):
            pass
    finally:
        cv2.setNumThreads(threads)


@functools.cache
def pool_of(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


@functools.cache
def noise_pool() -> list[tuple[Any, Any]]:
    """Positive and negative parts of noise, for eight deviations."""
    draws = np.random.default_rng(0).standard_normal(POOL)
    scaled = [np.rint(draws * sigma) for sigma in np.linspace(*SIGMAS, 8)]
    return [(np.maximum(values, 0).astype(np.uint8), np.maximum(-values, 0).astype(np.uint8)) for values in scaled]


def add_noise(image: Any, which: int, start: int) -> Any:
    more, less = (part[start : start + image.size].reshape(image.shape) for part in noise_pool()[which])
    return cv2.subtract(cv2.add(image, more), less)


def jitter(image: Any, brightness: float, contrast: float, saturation: float, turns: float) -> Any:
    # Brightness and contrast in one table, clipped in between.
    brighter = np.minimum(LEVELS * np.float32(brightness), 255)
    mean = min(255.0, cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0] * brightness)
    table = np.clip(brighter * np.float32(contrast) + np.float32(mean * (1 - contrast) + 0.5), 0, 255)
    image = cv2.LUT(image, table.astype(np.uint8))
    matrix = np.eye(3) * saturation + (1 - saturation) * np.array([0.299, 0.587, 0.114])
    hsv = cv2.cvtColor(cv2.transform(image, matrix), cv2.COLOR_RGB2HSV_FULL)
    rows = hsv.reshape(len(hsv), -1)
    np.add(rows, np.tile(np.array([int(turns * 256) & 255, 0, 0], np.uint8), hsv.shape[1]), out=rows)  # it wraps
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)


def normalize(image: Any, to: Any) -> None:
    """To three planes of floats."""
    for plane, scale, shift, target in zip(cv2.split(image), SCALE, SHIFT, to, strict=True):
        cv2.addWeighted(plane, scale, plane, 0, shift, dst=target, dtype=cv2.CV_32F)


def warp_matrix(angle: float, flip: bool, top: float, left: float, height: int, width: int) -> Any:
    """From the result (height, width), cut out at (top, left), to the image: rotated about the middle of the cut."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    x, y = (width - 1) / 2, (height - 1) / 2
    sign = -1.0 if flip else 1.0
    a, b, d, e = c * sign, -s, s * sign, c
    return np.array([[a, b, left + x - a * x - b * y], [d, e, top + y - d * x - e * y]])


# ---- pipelines ----


def varied(inputs: Inputs, out: Any, rng: Any, pad: int, limit: float, erases: bool) -> Any:
    """Crop, flip, rotate, jitter; noise and blur, or erase; normalize."""
    n, size, side = len(inputs.images), inputs.images.shape[1], inputs.side
    result = np.empty((n, 3, side, side), np.float32) if out is None else out
    offsets = rng.integers(-pad, size + pad - side + 1, (n, 2)).tolist()
    flips, turns, jitters, noises = (rng.random((4, n)) < inputs.p).tolist()
    blurs = (rng.random(n) < inputs.p_blur).tolist()
    angles = rng.uniform(-limit, limit, n).tolist()
    factors = rng.uniform([0.8, 0.8, 0.8, -0.2], [1.2, 1.2, 1.2, 0.2], (n, 4)).tolist()
    deviations, starts = rng.integers(0, 8, n).tolist(), rng.integers(0, POOL - 3 * side * side, n).tolist()
    kernels = rng.choice([3, 5, 7], n).tolist()
    if erases:
        area = rng.uniform(0.02, 0.33, n) * side * side
        ratio = np.exp(rng.uniform(np.log(0.3), np.log(3.3), n))
        boxes = np.minimum(np.rint(np.sqrt([area * ratio, area / ratio])), side - 1).astype(int)
        corners = (rng.random((2, n)) * (side - boxes + 1)).astype(int)
        holes = np.concatenate([corners, boxes]).T.tolist()
        taken = (rng.random(n) < inputs.p).tolist()

    def one(i: int) -> None:
        image = inputs.images[i]
        top, left = offsets[i]
        if turns[i] or pad:
            matrix = warp_matrix(angles[i] if turns[i] else 0, flips[i], top, left, side, side)
            image = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        else:
            image = image[top : top + side, left : left + side]
            image = cv2.flip(image, 1) if flips[i] else image
        if jitters[i]:
            image = jitter(image, *factors[i])
        if erases and taken[i]:
            y, x, h, w = holes[i]
            image = image if turns[i] or jitters[i] or pad else image.copy()
            image[y : y + h, x : x + w] = 0
        if not erases and noises[i]:
            image = add_noise(image, deviations[i], starts[i])
        if not erases and blurs[i]:
            image = cv2.GaussianBlur(image, (kernels[i], kernels[i]), 0)
        normalize(image, result[i])

    over_batch(n, one)
    return result


def keras(inputs: Inputs, out: Any, rng: Any) -> Any:
    """Keras' generator: rotation, shifts, shear, zoom and flip in one warp; float32 (N, H, W, 3)."""
    n, side = inputs.images.shape[:2]
    result = np.empty(inputs.images.shape, np.float32) if out is None else out
    angle, shear = np.radians(rng.uniform(-20, 20, n)), np.radians(rng.uniform(-0.2, 0.2, n))
    shift = rng.uniform(-0.2, 0.2, (n, 2)) * side
    zoom = rng.uniform(0.8, 1.2, (n, 2))
    sign = np.where(rng.random(n) < 0.5, -1.0, 1.0)
    c, s, middle = np.cos(angle), np.sin(angle), (side - 1) / 2
    a, b = c * zoom[:, 0] * sign, (-c * np.sin(shear) - s * np.cos(shear)) * zoom[:, 1]
    d, e = s * zoom[:, 0] * sign, (-s * np.sin(shear) + c * np.cos(shear)) * zoom[:, 1]
    x, y = middle + shift[:, 0] - (a + b) * middle, middle + shift[:, 1] - (d + e) * middle
    matrices = np.stack([a, b, x, d, e, y], axis=1).reshape(n, 2, 3)

    def one(i: int) -> None:
        warped = cv2.warpAffine(
            inputs.images[i],
            matrices[i],
            (side, side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        flat = result[i].reshape(side, -1)
        cv2.multiply(warped.reshape(side, -1), 1 / 255, dst=flat, dtype=cv2.CV_32F)

    over_batch(n, one)
    return result


def pillow_filters(inputs: Inputs, out: Any, rng: Any) -> Any:
    """Three channels alone, blurred and sharpened: five results for each image."""
    n, side = inputs.images.shape[:2]
    result = np.empty((5, *inputs.images.shape), np.uint8) if out is None else out
    masks = channel_masks(side)

    def one(i: int) -> None:
        image = inputs.images[i]
        for c in range(3):
            cv2.bitwise_and(image, masks[c], dst=result[c, i])
        blurred = cv2.GaussianBlur(image, (0, 0), 2, dst=result[3, i])
        sharp = cv2.addWeighted(image, 2.5, blurred, -1.5, 0)
        small = cv2.threshold(cv2.absdiff(image, blurred), 3, 255, cv2.THRESH_BINARY_INV)[1]
        result[4, i] = sharp
        cv2.copyTo(image, small, result[4, i])

    over_batch(n, one)
    return result


@functools.cache
def channel_masks(side: int) -> list[Any]:
    return [np.full((side, side, 3), np.eye(3, dtype=np.uint8)[c] * 255) for c in range(3)]


PIPELINES: dict[str, Callable[[Inputs, Any, Any], Any]] = {
    "S": functools.partial(varied, pad=0, limit=30, erases=False),
    "C": functools.partial(varied, pad=4, limit=15, erases=True),
    "K": keras,
    "W": pillow_filters,
}


def pipeline(name: str, reuse: bool = False) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        rng = np.random.default_rng(0)
        out = np.zeros_like(PIPELINES[name](inputs, None, rng)) if reuse else None
        return Work(lambda: PIPELINES[name](inputs, out, rng))

    return prepare


# ---- single operations: image -> image, into a place of the result ----


def operation(name: str, reuse: bool = False) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        one = OPERATIONS[name](inputs)
        n, side = len(inputs.images), inputs.side or inputs.images.shape[1]
        to_floats = name == "crop-flip-normalize"
        shape = (n, 3, side, side) if to_floats else (n, side, side, 3)
        dtype = np.float32 if to_floats else np.uint8
        if name in ("mixup", "cutmix"):
            shape, dtype = inputs.images.shape, np.float32
        kept = np.zeros(shape, dtype) if reuse else None

        def call() -> Any:
            result = np.empty(shape, dtype) if kept is None else kept
            over_batch(n, lambda i: one(i, result[i]))
            return result

        return Work(call)

    return prepare


def _fixed(f: Callable[..., Any]) -> Callable[[Inputs], Callable[[int, Any], Any]]:
    return lambda inputs: lambda i, to: f(inputs.images[i], to)


def _crop_flip_normalize(inputs: Inputs) -> Callable[[int, Any], Any]:
    side = inputs.side
    corners, flips = inputs.other
    places = list(zip(corners.tolist(), flips.tolist(), strict=True))

    def one(i: int, to: Any) -> None:
        (top, left), flip = places[i]
        part = inputs.images[i, top : top + side, left : left + side]
        normalize(cv2.flip(part, 1) if flip else part, to)

    return one


def _rotate(inputs: Inputs) -> Callable[[int, Any], Any]:
    side = inputs.images.shape[1]
    matrices = [warp_matrix(angle, False, 0, 0, side, side) for angle in inputs.other.tolist()]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return lambda i, to: cv2.warpAffine(inputs.images[i], matrices[i], (side, side), dst=to, flags=flags)


def _gauss_noise(inputs: Inputs) -> Callable[[int, Any], Any]:
    rng = np.random.default_rng(0)
    size = inputs.images[0].size

    def one(i: int, to: Any) -> None:
        start = int(rng.integers(0, POOL - size))
        more, less = (part[start : start + size].reshape(to.shape) for part in noise_pool()[i % 8])
        cv2.subtract(cv2.add(inputs.images[i], more), less, dst=to)

    return one


def _hue_saturation(image: Any, to: Any) -> None:
    matrix = np.eye(3) * 1.2 + (1 - 1.2) * np.array([0.299, 0.587, 0.114])
    hsv = cv2.cvtColor(cv2.transform(image, matrix), cv2.COLOR_RGB2HSV_FULL)
    rows = hsv.reshape(len(hsv), -1)
    np.add(rows, np.tile(np.array([26, 0, 0], np.uint8), hsv.shape[1]), out=rows)
    cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL, dst=to)


def _cutout(inputs: Inputs) -> Callable[[int, Any], Any]:
    holes = inputs.other.tolist()

    def one(i: int, to: Any) -> None:
        top, left, height, width = holes[i]
        to[...] = inputs.images[i]
        to[top : top + height, left : left + width] = 0

    return one


def _mixup(inputs: Inputs) -> Callable[[int, Any], Any]:
    partner, lam, _ = (values.tolist() for values in inputs.other)

    def one(i: int, to: Any) -> None:
        mine, other = (inputs.images[k].reshape(len(to), -1) for k in (i, partner[i]))
        cv2.addWeighted(mine, lam[i], other, 1 - lam[i], 0, dst=to.reshape(len(to), -1))

    return one


def _cutmix(inputs: Inputs) -> Callable[[int, Any], Any]:
    partner, _, boxes = (values.tolist() for values in inputs.other)

    def one(i: int, to: Any) -> None:
        top, left, height, width = boxes[i]
        to[...] = inputs.images[i]
        part = (slice(None), slice(top, top + height), slice(left, left + width))
        to[part] = inputs.images[partner[i]][part]

    return one


OPERATIONS: dict[str, Callable[[Inputs], Callable[[int, Any], Any]]] = {
    "hflip": _fixed(lambda image, to: cv2.flip(image, 1, dst=to)),
    "crop-flip-normalize": _crop_flip_normalize,
    "rotate": _rotate,
    "gauss-noise": _gauss_noise,
    "blur-7x7": _fixed(lambda image, to: cv2.GaussianBlur(image, (7, 7), 1.5, dst=to)),
    "hue-saturation": _fixed(_hue_saturation),
    "brightness-contrast": _fixed(lambda image, to: cv2.LUT(image, _LINE, dst=to)),
    "resize": lambda inputs: (
        lambda i, to: cv2.resize(inputs.images[i], (inputs.side, inputs.side), dst=to, interpolation=cv2.INTER_LINEAR)
    ),
    "cutout": _cutout,
    "mixup": _mixup,
    "cutmix": _cutmix,
}
_LINE = np.clip(np.rint(LEVELS * 1.1 - 10), 0, 255).astype(np.uint8)
