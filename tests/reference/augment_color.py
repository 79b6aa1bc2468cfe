# SPDX-License-Identifier: Apache-2.0
"""Changes of colors in plain NumPy, float64; images are (H, W, C), `white` is 255 (the luma is rounded) or 1."""

from __future__ import annotations

from typing import Any

import numpy as np

LUMA = np.array([19595, 38470, 7471]) / 65536
GRAYS = {
    "average": lambda rgb: rgb.mean(-1),
    "max": lambda rgb: rgb.max(-1),
    "desaturation": lambda rgb: (rgb.max(-1) + rgb.min(-1)) / 2,
}


def luma(image: np.ndarray, white: float) -> np.ndarray:
    """Return the luma (H, W) of ITU-R 601; of one channel, its values."""
    if image.shape[-1] == 1:
        return image[..., 0]
    exact = image[..., :3] @ LUMA
    return np.floor(exact + 0.5) if white == 255 else exact


def with_rgb(image: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Put new colors beside a fourth channel."""
    return np.concatenate([rgb, image[..., 3:]], axis=-1)


def brightness(image: np.ndarray, white: float, factor: float) -> np.ndarray:
    return image * factor


def contrast(image: np.ndarray, white: float, factor: float) -> np.ndarray:
    mean = luma(image, white).mean()
    return mean + (image - mean) * factor


def saturation(image: np.ndarray, white: float, factor: float) -> np.ndarray:
    if image.shape[-1] == 1:
        return image
    gray = luma(image, white)[..., None]
    return with_rgb(image, gray + (image[..., :3] - gray) * factor)


def brightness_contrast(
    image: np.ndarray, white: float, brightness: float, contrast: float, by_max: bool = True
) -> np.ndarray:
    return image * (1 + contrast) + brightness * (white if by_max else image.mean())


def to_hsv(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return hue in sixths of a turn, saturation 0..1 and the largest value."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    value, least = rgb.max(-1), rgb.min(-1)
    span = np.where(value > least, value - least, 1)
    hue = np.select(
        [value == least, value == red, value == green],
        [0 * red, (green - blue) / span, 2 + (blue - red) / span],
        4 + (red - green) / span,
    )
    return hue % 6, np.where(value > 0, (value - least) / np.where(value > 0, value, 1), 0), value


def from_hsv(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return red, green and blue, sector by sector."""
    sector = np.floor(hue).astype(int) % 6
    rest = hue - np.floor(hue)
    low = value * (1 - saturation)
    falling, rising = value * (1 - saturation * rest), value * (1 - saturation * (1 - rest))
    of = [
        (value, rising, low), (falling, value, low), (low, value, rising),
        (low, falling, value), (rising, low, value), (value, low, falling),
    ]  # fmt: skip
    return np.stack([np.choose(sector, [colors[channel] for colors in of]) for channel in range(3)], axis=-1)


def hue(image: np.ndarray, white: float, shift: float) -> np.ndarray:
    if image.shape[-1] == 1:
        return image
    h, s, v = to_hsv(image[..., :3])
    return with_rgb(image, from_hsv((h + 6 * shift) % 6, s, v))


def shift_hsv(image: np.ndarray, white: float, hue: float, saturation: float, value: float) -> np.ndarray:
    if image.shape[-1] == 1:
        return image + value * white
    h, s, v = to_hsv(image[..., :3])
    s = np.where(s > 0, np.clip(s + saturation, 0, 1), 0)
    return with_rgb(image, from_hsv((h + 6 * hue) % 6, s, np.clip(v + value * white, 0, white)))


def value(image: np.ndarray, white: float, factor: float, shift: float) -> np.ndarray:
    if image.shape[-1] == 1:
        return image * factor + shift * white
    h, s, v = to_hsv(image[..., :3])
    return with_rgb(image, from_hsv(h, s, np.clip(v * factor + shift * white, 0, white)))


def shift_rgb(image: np.ndarray, white: float, shift: np.ndarray) -> np.ndarray:
    return with_rgb(image, image[..., :3] + np.asarray(shift) * white)


def grayscale(image: np.ndarray, white: float, method: str = "weighted_average") -> np.ndarray:
    if image.shape[-1] == 1:
        return image
    gray = luma(image, white) if method == "weighted_average" else GRAYS[method](image[..., :3])
    return with_rgb(image, np.repeat(gray[..., None], 3, axis=-1))


def gamma(image: np.ndarray, white: float, gamma: float) -> np.ndarray:
    return white * (image / white) ** gamma


def solarize(image: np.ndarray, white: float, threshold: float) -> np.ndarray:
    return np.where(image >= threshold * white, white - image, image)


def posterize(image: np.ndarray, white: float, bits: Any) -> np.ndarray:
    steps = 2.0 ** np.asarray(bits)
    if white == 255:
        return np.floor(image * steps / 256) * (256 / steps)
    return np.minimum(np.floor(image * steps), steps - 1) / steps


def counts(channel: np.ndarray, white: float) -> np.ndarray:
    """Return how often each of 0..255 occurs, fractions as the nearest of them."""
    return np.bincount(np.rint(channel.ravel() * (255 / white)).astype(int), minlength=256)


def look_up(image: np.ndarray, white: float, table_of: Any) -> np.ndarray:
    """Map each channel by a table that is made of its counts; None for one that stays."""
    result = image.copy()
    for c in range(image.shape[-1]):
        table = table_of(counts(image[..., c], white))
        if table is not None:
            result[..., c] = table[np.rint(image[..., c] * (255 / white)).astype(int)] * (white / 255)
    return result


def autocontrast(image: np.ndarray, white: float, low_cutoff: float, high_cutoff: float) -> np.ndarray:
    """Stretch as Pillow does: to whole numbers, cut off."""

    def ends(count: np.ndarray) -> tuple[int, int]:
        places = np.repeat(np.arange(256), count)
        first = int(len(places) * low_cutoff // 100)
        last = len(places) - int(len(places) * high_cutoff // 100)
        places = places[first:last]
        return (int(places[0]), int(places[-1])) if len(places) else (255, 0)

    def table(count: np.ndarray) -> Any:
        low, high = ends(count)
        if high <= low:
            return None
        scale = 255 / (high - low)
        return np.clip(np.trunc(np.arange(256) * scale - low * scale), 0, 255)

    if white == 255:
        return look_up(image, white, table)
    result = image.copy()
    for c in range(image.shape[-1]):
        low, high = image[..., c].min(), image[..., c].max()
        if low_cutoff > 0 or high_cutoff > 0:
            first, last = ends(counts(image[..., c], white))
            low, high = max(low, first / 255), min(high, last / 255)
        if high > low:
            result[..., c] = (image[..., c] - low) / (high - low)
    return result


def equalize(image: np.ndarray, white: float, mode: str = "pil") -> np.ndarray:
    """Spread as Pillow or OpenCV does."""

    def pillow(count: np.ndarray) -> Any:
        filled = count[count > 0]
        step = int(filled[:-1].sum()) // 255
        if step == 0:
            return None
        before = np.concatenate([[0], np.cumsum(count)[:-1]])
        return np.minimum((step // 2 + before) // step, 255).astype(float)

    def opencv(count: np.ndarray) -> Any:
        first = int(np.argmax(count > 0))
        if count[first] == count.sum():
            return None
        after = np.cumsum(count) - count[first]
        # In float32, whose halves decide.
        return np.rint(np.clip(after, 0, None).astype(np.float32) * (np.float32(255) / np.float32(after[-1])))

    return look_up(image, white, pillow if mode == "pil" else opencv)
