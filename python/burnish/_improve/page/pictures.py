# SPDX-License-Identifier: Apache-2.0
"""Pictures within the page, as data URIs."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra
from burnish.data import ImageSet, pictures

LONGEST = 176  # pixels of the longer side; shown at up to as many
_SMALL = 48  # pixels; below it JPEG would smear what little there is
_QUALITY = 82
_MOST_BYTES = 16_000  # of one picture; noise is what reaches it

Encoded = Mapping[int, bytes]


def encoded_of(images: ImageSet, samples: Sequence[int]) -> dict[int, bytes]:
    """Return some of the images, small and encoded, by their number."""
    drawn = pictures(images, samples, longest=LONGEST)
    return {i: encode(pixels) for i, pixels in zip(samples, drawn, strict=True)}


def encode(pixels: npt.NDArray[Any]) -> bytes:
    """Return a picture as the bytes of a small PNG or JPEG.

    Parameters
    ----------
    pixels : uint8 array of shape (H, W) or (H, W, 3)
    """
    with needs_extra("demo"):
        from PIL import Image
    if pixels.ndim == 3 and pixels.shape[2] == 3 and (np.ptp(pixels, axis=2) == 0).all():
        pixels = pixels[:, :, 0]
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((LONGEST, LONGEST))
    if max(image.size) <= _SMALL:
        return _saved(image, format="PNG", optimize=True)
    for quality in (_QUALITY, 60, 30):
        data = _saved(image, format="JPEG", quality=quality, optimize=True)
        if len(data) <= _MOST_BYTES:
            break
    return data


def _saved(image: Any, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **how)
    return buffer.getvalue()


def data_uri(data: bytes) -> str:
    """Return what an ``img`` shows without asking for anything."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
