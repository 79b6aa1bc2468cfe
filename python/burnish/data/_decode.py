# SPDX-License-Identifier: Apache-2.0
"""One image: from a file's bytes, or pixels, to upright RGB, with what was noticed on the way."""

from __future__ import annotations

import functools
import io
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra
from burnish._words import one_line
from burnish.data._image_set import Content

if TYPE_CHECKING:
    from PIL import Image

# Those above SKIPPED have no pixels; the others were converted. The place in the tuple is the bit in `Decoded.kinds`.
KINDS = ("unreadable", "truncated", "empty", "cmyk", "16-bit", "exif-rotated", "animated", "transparent", "gray")
SKIPPED = KINDS[:3]
# By their content, whatever the name says. EPS and PDF are not among them: they would start another program.
_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF", "JPEG2000", "ICO", "TGA")
_ORIENTATION = 0x0112
_LARGE_PIXELS = 32_000_000  # images above it are decoded one after the other, or a few of them would fill the memory
_LARGE = threading.Lock()
_LARGEST_TEXT = 160


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image and what it was.

    Attributes
    ----------
    image : PIL.Image.Image or None
        RGB, upright; large JPEGs at a half, a quarter or an eighth of their size. None where it cannot be used.
    width, height : int
        Of the image when upright, 0 where unknown.
    size : int
        Bytes.
    format, mode : str
        As Pillow names them; "array" for pixels.
    kinds : tuple of str
        Of `KINDS`: what is wrong or odd.
    text : str
        Of the first kind that needs words of its own.
    """

    image: Image.Image | None
    width: int
    height: int
    size: int
    format: str
    mode: str
    kinds: tuple[str, ...]
    text: str


def decode(content: Content, *, least: int = 1 << 30) -> Decoded:
    """Decode an image; what cannot be decoded is a result like any other.

    Parameters
    ----------
    content : bytes or uint8 array of shape (H, W) or (H, W, C)
        A file, or pixels.
    least : int
        A JPEG may be decoded at a fraction of its size while both sides stay at least this long.

    Returns
    -------
    Decoded
    """
    size = content.nbytes if isinstance(content, np.ndarray) else len(content)
    if size == 0:
        return Decoded(None, 0, 0, 0, "", "", ("empty",), "no bytes" if isinstance(content, bytes) else "no pixels")
    width = height = 0
    kind = mode = ""
    try:
        with _opened(content) as image:
            width, height = image.size
            kind, mode = image.format or "array", image.mode
            if not _is_reduced(image, least):
                _refuse_bomb(width * height)
                if width * height > _LARGE_PIXELS:
                    with _LARGE:
                        return _converted(image, size, least)
            return _converted(image, size, least)
    except Exception as error:  # decoders raise all sorts of things
        return failed(error, width, height, size, kind, mode)


def shorter_side(content: Content) -> int:
    """Return the shorter side of an image as its header has it, 0 where that cannot be read."""
    try:
        with _opened(content) as image:
            return int(min(image.size))
    except Exception:  # decoders raise all sorts of things
        return 0


def failed(error: Exception, width: int = 0, height: int = 0, size: int = 0, kind: str = "", mode: str = "") -> Decoded:
    """Return the result where an image could not be fetched or decoded."""
    text = one_line(error)
    cut_off = isinstance(error, EOFError) or any(
        word in text.lower() for word in ("truncated", "unexpected end", "broken data stream", "premature end")
    )
    return Decoded(
        None, width, height, size, kind, mode, ("truncated" if cut_off else "unreadable",), text[:_LARGEST_TEXT]
    )


def _opened(content: Content) -> Image.Image:
    with needs_extra("demo"):
        from PIL import Image
    if isinstance(content, np.ndarray):
        return Image.fromarray(content[..., 0] if content.ndim == 3 and content.shape[2] == 1 else content)
    return Image.open(io.BytesIO(content), formats=_formats())


@functools.cache
def _formats() -> tuple[str, ...]:
    from PIL import Image

    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _converted(image: Image.Image, size: int, least: int) -> Decoded:
    kind, mode, (width, height) = image.format or "array", image.mode, image.size
    deep = image.mode in ("I", "F") or image.mode.startswith("I;16") or ";16" in _raw_mode(image)
    orientation = _orientation(image)
    frames = getattr(image, "n_frames", 1) if kind != "MPO" else 1  # MPO: a camera's second view, or a gain map
    image.draft("RGB", (least, least))  # a JPEG alone takes notice
    image.load()
    if orientation == 1 and kind == "PNG":
        orientation = _orientation(image)  # it may lie behind the pixels
    upright = _turned(image, _orientation(image) if kind == "TIFF" else orientation)  # load() turns TIFF
    if kind not in ("JPEG", "MPO"):
        width, height = upright.size
    elif orientation >= 5:  # these may have been reduced
        width, height = height, width
    rgb, transparent = _rgb(upright)
    odd = (
        ("cmyk", mode == "CMYK", "CMYK"),
        ("16-bit", deep, "16 bits a channel" if mode not in ("I", "F") else f"32 bits a channel ({mode})"),
        ("exif-rotated", orientation != 1, f"EXIF orientation {orientation}"),
        ("animated", frames > 1, f"{frames} frames"),
        ("transparent", transparent, "transparent pixels"),
        ("gray", mode in ("1", "L", "LA", "La", "I", "F") or mode.startswith("I;16"), "gray"),
    )
    found = [(name, text) for name, applies, text in odd if applies]
    return Decoded(
        rgb, width, height, size, kind, mode, tuple(name for name, _ in found), "; ".join(text for _, text in found)
    )


def _is_reduced(image: Image.Image, least: int) -> bool:
    """Tell whether an image is decoded at a fraction of its size, row by row; a progressive JPEG is held as a whole."""
    return image.format in ("JPEG", "MPO") and min(image.size) >= 2 * least and "progressive" not in image.info


def _refuse_bomb(pixels: int) -> None:
    """Refuse what Pillow warns of: it would fill the memory."""
    from PIL import Image

    if Image.MAX_IMAGE_PIXELS is not None and pixels > Image.MAX_IMAGE_PIXELS:
        raise ValueError(f"{pixels:,} pixels, more than PIL.Image.MAX_IMAGE_PIXELS, {Image.MAX_IMAGE_PIXELS:,}")


def _raw_mode(image: Image.Image) -> str:
    """Return how pixels lie in the file, such as "RGB;16B": some are given with 8 of their 16 bits."""
    tiles: Any = getattr(image, "tile", None)
    return str(tiles[0][3]) if tiles else ""


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # EXIF that is broken is as good as none
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    from PIL.Image import Transpose

    turns = (
        Transpose.FLIP_LEFT_RIGHT,
        Transpose.ROTATE_180,
        Transpose.FLIP_TOP_BOTTOM,
        Transpose.TRANSPOSE,
        Transpose.ROTATE_270,
        Transpose.TRANSVERSE,
        Transpose.ROTATE_90,
    )
    return image if orientation == 1 else image.transpose(turns[orientation - 2])


def _rgb(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return the image as RGB on white, and whether any pixel was not opaque."""
    from PIL import Image

    if image.mode == "RGB" and "transparency" not in image.info:
        return image, False
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):  # convert() would clip at 255
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB"), False
    if not image.has_transparency_data:
        return image.convert("RGB"), False
    image = image.convert("RGBA")
    lowest: Any = image.getchannel("A").getextrema()[0]
    if lowest == 255:
        return image.convert("RGB"), False
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"), True


def _eight_bits(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if pixels.dtype == np.uint16:
        upper: npt.NDArray[np.uint8] = np.right_shift(pixels, 8).astype(np.uint8)
        return upper
    values: npt.NDArray[np.float64] = np.nan_to_num(pixels.astype(np.float64), nan=0, posinf=0, neginf=0)
    low, high = values.min(), values.max()
    if low < 0 or high > 65_535:
        values = (values - low) * (255 / max(high - low, 1))
    elif high > 255:
        values = np.floor(values / 256)
    elif high <= 1 and pixels.dtype.kind == "f":
        values = values * 255
    return np.rint(values).astype(np.uint8)
