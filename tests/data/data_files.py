# SPDX-License-Identifier: Apache-2.0
"""Image files written by hand, or with Pillow, for the tests of reading."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np


def photo(seed: int = 0, height: int = 20, width: int = 30) -> Any:
    """Return random pixels (H, W, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encoded(pixels: Any, kind: str = "PNG", **options: Any) -> bytes:
    """Return pixels, or an image of Pillow's, as a file."""
    from PIL import Image

    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def write(path: Path, content: bytes | None = None) -> Path:
    """Write a file, by default a small photo, and the folders around it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(photo()) if content is None else content)
    return path


def png(width: int, height: int, depth: int, color: int, rows: bytes, *before: tuple[bytes, bytes]) -> bytes:
    """Return a PNG with these rows (each with its filter byte before), and perhaps other chunks before them."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    chunks = ((b"IHDR", header), *before, (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def png_16_bit(pixels: Any) -> bytes:
    """Return uint16 pixels (H, W, 3) as a PNG, which Pillow cannot write."""
    height, width, _ = pixels.shape
    return png(width, height, 16, 2, b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels))


def tiff_16_bit(pixels: Any) -> bytes:
    """Return uint16 pixels (H, W, 3) as an uncompressed TIFF."""
    height, width, _ = pixels.shape
    data = pixels.astype("<u2").tobytes()
    start = 8 + 2 + 10 * 12 + 4 + 6
    tags = (
        *((256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, start - 6), (259, 3, 1, 1), (262, 3, 1, 2)),
        *((273, 4, 1, start), (277, 3, 1, 3), (278, 4, 1, height), (279, 4, 1, len(data)), (284, 3, 1, 1)),
    )
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I3H", 0, 16, 16, 16) + data
