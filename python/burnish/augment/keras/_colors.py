# SPDX-License-Identifier: Apache-2.0
"""What is a value's range, and colors as Keras changes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def value_range(images: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the range of images: 0..255 for bytes and floats up to that, 0..1 for floats up to 1, else their own."""
    if images.dtype == np.uint8 or images.size == 0:
        return 0.0, 255.0
    low, high = float(images.min()), float(images.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("ImageDataGenerator: 'x' has NaN or infinity; accepted: finite numbers, to change colors")
    if low >= 0 and high <= 255:
        return 0.0, 1.0 if high <= 1 else 255.0
    return low, high


def shift_channels_as_keras(image: npt.NDArray[Any], intensity: float) -> None:
    """Add a number to all values, within the range that they have."""
    low, high = image.min(), image.max()
    np.clip(image + np.float32(intensity), low, high, out=image)


def brighten_as_keras(image: npt.NDArray[Any], factor: float, channel_axis: int) -> npt.NDArray[Any]:
    """Change the brightness by Pillow, in bytes; what is beyond their range is scaled to it and back."""
    from PIL import Image, ImageEnhance

    pixels = np.moveaxis(image, channel_axis, -1)
    low, high = pixels.min(), pixels.max()
    is_beyond = low < 0 or high > 255
    if is_beyond:
        pixels = pixels - low
        pixels = pixels / max(pixels.max(), np.float32(1e-30)) * 255
    if pixels.shape[-1] not in (1, 3, 4):
        raise ValueError(f"ImageDataGenerator: brightness of {pixels.shape[-1]} channels; accepted: 1, 3, 4")
    as_bytes = pixels.astype(np.uint8)
    made = Image.fromarray(as_bytes[..., 0] if as_bytes.shape[-1] == 1 else as_bytes)
    values = np.asarray(ImageEnhance.Brightness(made).enhance(factor), np.float32).reshape(pixels.shape)
    if is_beyond:
        values = values / 255 * (high - low) + low
    return np.moveaxis(values, -1, channel_axis)
