# SPDX-License-Identifier: Apache-2.0
"""Looking at every image once: what it is, what is odd about it, and a small square of it for models."""

from __future__ import annotations

import functools
import hashlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from burnish._improve.progress import Progress, silent
from burnish._improve.store import Column, Store, key_of
from burnish.data import DataError, ImageSet
from burnish.data._decode import KINDS, SKIPPED, Decoded, decode, failed, shorter_side

if TYPE_CHECKING:
    from PIL import Image

STRICT = ("cmyk", "16-bit", "exif-rotated", "animated")  # converted, or with `strict` skipped
_LARGEST, _SMALLEST = 64, 8  # sides of the squares for models
_LEAST = 256  # JPEGs are decoded at a fraction of their size while both sides are at least this long
_BLOCK, _BLOCK_BYTES = (64, 2048), 1 << 24  # images between two savings, and what their files may have
_CHUNK = 16  # images that a thread takes at once
_TEXT = 160
_VERSION = 1  # of what is computed here
_FEW_PIXELS = 1 << 13  # for fewer, sums are quicker than histograms


@dataclass(frozen=True)
class Problem:
    """Something odd about one image.

    Attributes
    ----------
    sample : int
        Row of the image.
    kind : str
        "unreadable", "truncated", "empty" (skipped); "cmyk", "16-bit", "exif-rotated", "animated", "transparent",
        "gray" (converted).
    text : str
        What was found.
    """

    sample: int
    kind: str
    text: str


class Problems(Sequence[Problem]):
    """Problems of a scan, the worst kinds first, made when asked for: a million images may have one each."""

    def __init__(self, flags: npt.NDArray[np.uint16], texts: npt.NDArray[np.bytes_]) -> None:
        masks = [flags & (1 << bit) != 0 for bit in range(len(KINDS))]
        # Gray is odd among colored images only.
        if 2 * masks[-1].sum() > (flags & ((1 << len(SKIPPED)) - 1) == 0).sum():
            masks[-1][:] = False
        self._by_kind = {kind: np.flatnonzero(mask) for kind, mask in zip(KINDS, masks, strict=True) if mask.any()}
        self._samples = np.concatenate([np.empty(0, np.int64), *self._by_kind.values()])
        self._kinds = np.repeat(list(self._by_kind), [len(rows) for rows in self._by_kind.values()])
        self._texts = texts

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int) -> Problem: ...
    @overload
    def __getitem__(self, index: slice) -> list[Problem]: ...
    def __getitem__(self, index: int | slice) -> Problem | list[Problem]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        sample, kind = int(self._samples[index]), str(self._kinds[index])
        return Problem(sample, kind, bytes(self._texts[sample]).decode(errors="replace"))

    @property
    def by_kind(self) -> dict[str, npt.NDArray[np.int64]]:
        """Rows of the images by kind."""
        return self._by_kind


@dataclass(frozen=True, eq=False)
class Scan:
    """What was found by looking at each image once.

    Attributes
    ----------
    images : ImageSet
    usable : bool array of shape (N,)
        Those that could be decoded.
    facts : dict of str to array of shape (N, ...)
        width, height (int32, upright, 0 where unknown), bytes (int64), format and mode (str), brightness and contrast
        (float32: mean and standard deviation of the luma, 0 to 1), means and stds (float32, (N, 3): of red, green,
        blue, 0 to 1) and digest (uint8, (N, 16): of the upright RGB pixels). Of images that are not usable: NaN.
    problems : sequence of Problem
    thumbnails : uint8 array of shape (N, S, S, 3)
        Cropped to a square about the center; what models see. Memory-mapped.
    copy_of : int64 array of shape (N,)
        The first image with the same pixels, -1 for those that are the first or the only one.
    """

    images: ImageSet
    usable: npt.NDArray[np.bool_]
    facts: dict[str, npt.NDArray[Any]]
    problems: Problems
    thumbnails: npt.NDArray[np.uint8]
    copy_of: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.usable)

    @property
    def class_counts(self) -> npt.NDArray[np.int64]:
        """Usable training images of each class, of shape (K,)."""
        return self._counts(~self.images.held_out)

    @property
    def held_out_counts(self) -> npt.NDArray[np.int64]:
        """Usable held-out images of each class, of shape (K,)."""
        return self._counts(self.images.held_out)

    def _counts(self, of: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        labels = self.images.labels[of & self.usable]
        counts: npt.NDArray[np.int64] = np.bincount(labels[labels >= 0], minlength=len(self.images.names))
        return counts

    @functools.cached_property
    def contradictions(self) -> npt.NDArray[np.int64]:
        """Images labeled otherwise than the first labeled one with the same pixels: one of the two is wrong."""
        labels = self.images.labels
        rows = np.flatnonzero(self.usable & (labels >= 0))
        _, first, group = np.unique(self._groups[rows], return_index=True, return_inverse=True)
        wrong: npt.NDArray[np.int64] = rows[labels[rows] != labels[rows][first][group]]
        return wrong

    @functools.cached_property
    def leaks(self) -> npt.NDArray[np.int64]:
        """Held-out images with the pixels of a training image, which a model has thus seen."""
        trained = np.zeros(len(self), bool)
        trained[self._groups[~self.images.held_out & self.usable]] = True
        return np.flatnonzero(trained[self._groups] & self.images.held_out & self.usable)

    @functools.cached_property
    def _groups(self) -> npt.NDArray[np.int64]:
        """For each image the first one with its pixels."""
        return np.where(self.copy_of >= 0, self.copy_of, np.arange(len(self)))

    def summary(self) -> str:
        """Return all of it in words, for a terminal."""
        from burnish._improve.scan_summary import summary

        return summary(self)


def scan(
    images: ImageSet,
    store: Store,
    *,
    size: int | None = None,
    workers: int | None = None,
    strict: bool = False,
    progress: Progress = silent,
) -> Scan:
    """Decode every image once, some at a time, and keep a square of each.

    Parameters
    ----------
    images : ImageSet
    store : Store
        Where results are kept; a run that was interrupted goes on.
    size : int, optional
        Side of the squares. Default: 64, or that of most images where it is smaller.
    workers : int, optional
        Threads. Default: as many as this process has processors.
    strict : bool, default False
        Do not use images that had to be converted from CMYK, 16 bits, a rotation noted in EXIF, or an animation.
    progress : callable, optional
        Called with what is done, the number of images done and the number of all.

    Returns
    -------
    Scan

    Raises
    ------
    DataError
        If there are no images.
    """
    if len(images) == 0:
        raise DataError(f"{images.title} has no images")
    for name, value in (("size", size), ("workers", workers)):
        if value is not None and value < 1:
            raise DataError(f"scan: '{name}' is {value}; accepted: 1 or more")
    common, block = _probe(images)
    side = size or common
    key = key_of(_VERSION, side, block, *images.state())
    with _decoding(images, side, workers or len(os.sched_getaffinity(0)), progress) as make:
        kept = store.rows("scan", key, len(images), _columns(side), make, block=block)
    flags, texts = np.asarray(kept.pop("flags")), kept.pop("text")
    usable = flags & _mask(SKIPPED + (STRICT if strict else ())) == 0
    thumbnails = kept.pop("thumbnails")
    return Scan(images, usable, kept, Problems(flags, texts), thumbnails, _copies(kept["digest"], usable))


def _mask(kinds: Sequence[str]) -> int:
    return sum(1 << KINDS.index(kind) for kind in kinds)


def _columns(side: int) -> dict[str, Column]:
    return {
        "width": ((), np.int32),
        "height": ((), np.int32),
        "bytes": ((), np.int64),
        "format": ((), "U12"),
        "mode": ((), "U8"),
        "brightness": ((), np.float32),
        "contrast": ((), np.float32),
        "means": ((3,), np.float32),
        "stds": ((3,), np.float32),
        "digest": ((16,), np.uint8),
        "flags": ((), np.uint16),
        "text": ((), f"S{_TEXT}"),
        "thumbnails": ((side, side, 3), np.uint8),
    }


def _copies(digests: npt.NDArray[np.uint8], usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    rows = np.flatnonzero(usable)
    copies = np.full(len(usable), -1, np.int64)
    words = np.ascontiguousarray(digests[rows]).view(np.uint64)
    order = np.lexsort(words.T)  # stable: of equal ones the first stays the first
    starts = np.ones(len(rows), bool)
    starts[1:] = (words[order[1:]] != words[order[:-1]]).any(axis=1)
    firsts = rows[order[starts]][np.cumsum(starts) - 1]
    copies[rows[order]] = np.where(starts, -1, firsts)
    return copies


def _probe(images: ImageSet, most: int = 64) -> tuple[int, int]:
    """Return a side for the squares and the number of images between two savings, as a few of them suggest.

    A saving waits for the disk: tiny images are better saved by the thousand, while of photos a few take seconds.
    """
    rows = np.unique(np.linspace(0, len(images) - 1, most).astype(np.int64))
    sides, sizes = [], []
    with _no_warnings():
        for i in rows:
            with suppress(Exception):  # the scan will name what cannot be read
                content = images.content(int(i))
                sides.append(shorter_side(content))
                sizes.append(content.nbytes if isinstance(content, np.ndarray) else len(content))
    sides = [side for side in sides if side > 0]
    side = int(np.clip(np.median(sides), _SMALLEST, _LARGEST)) if sides else _LARGEST
    return side, int(np.clip(_BLOCK_BYTES // max(np.median(sizes), 1), *_BLOCK)) if sizes else _BLOCK[0]


def _decoded(images: ImageSet, i: int) -> Decoded:
    try:
        content = images.content(i)
    except Exception as error:  # gone since it was listed, a zip that is encrypted, a data set that raises
        return failed(error)
    return decode(content, least=_LEAST)


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Keep what decoders find odd from the terminal: it is reported by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _decoding(
    images: ImageSet, side: int, workers: int, progress: Progress
) -> Iterator[Callable[[int, int], dict[str, npt.NDArray[Any]]]]:
    """Give a function that makes rows of all columns with some threads; these end at once after Ctrl-C."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(workers, "burnish-scan")

    def chunk(start: int, end: int, columns: dict[str, npt.NDArray[Any]], at: int) -> int:
        for i in range(start, end):
            if stop.is_set():
                break
            _look(_decoded(images, i), side, columns, i - at)
        return end

    def make(start: int, end: int) -> dict[str, npt.NDArray[Any]]:
        columns = {name: np.zeros((end - start, *shape), dtype) for name, (shape, dtype) in _columns(side).items()}
        chunks = [(first, min(first + _CHUNK, end)) for first in range(start, end, _CHUNK)]
        for future in [pool.submit(chunk, *some, columns, start) for some in chunks]:
            progress("reading images", future.result(), len(images))
        return columns

    try:
        with _no_warnings():
            yield make
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _look(decoded: Decoded, side: int, columns: dict[str, npt.NDArray[Any]], row: int) -> None:
    """Fill in what there is to say about one image."""
    columns["width"][row], columns["height"][row] = decoded.width, decoded.height
    columns["bytes"][row], columns["format"][row], columns["mode"][row] = decoded.size, decoded.format, decoded.mode
    columns["flags"][row] = _mask(decoded.kinds)
    columns["text"][row] = decoded.text.encode(errors="replace")[:_TEXT]
    image = decoded.image
    if image is None:
        for name in ("brightness", "contrast", "means", "stds"):
            columns[name][row] = np.nan
        return
    pixels = np.asarray(image)
    means, stds = _moments(image, pixels)
    columns["means"][row], columns["stds"][row] = means[:3], stds[:3]
    columns["brightness"][row], columns["contrast"][row] = means[3], stds[3]
    digest = hashlib.blake2b(f"{decoded.width} {decoded.height} {image.size}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    columns["digest"][row] = np.frombuffer(digest.digest(), np.uint8)
    columns["thumbnails"][row] = pixels if pixels.shape[:2] == (side, side) else np.asarray(square(image, side))


def _moments(image: Image.Image, pixels: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float64], ...]:
    """Return mean and standard deviation of red, green, blue and luma, 0 to 1; sums are exact, so both ways agree."""
    luma = image.convert("L")
    number = pixels.shape[0] * pixels.shape[1]
    if number <= _FEW_PIXELS:
        values = np.empty((number, 4))
        values[:, :3], values[:, 3] = pixels.reshape(number, 3), np.asarray(luma).reshape(number)
        sums, squares = np.ones(number) @ values, np.einsum("ij,ij->j", values, values)
    else:
        counts = np.array([*image.histogram(), *luma.histogram()], np.float64).reshape(4, 256)
        levels = np.arange(256.0)
        sums, squares = counts @ levels, counts @ (levels * levels)
    means = sums / number
    return means / 255, np.sqrt(np.maximum(squares / number - means * means, 0)) / 255


def square(image: Image.Image, side: int) -> Image.Image:
    """Return the middle of an image as a square of that side."""
    from PIL import Image

    width, height = image.size
    if width == height == side:
        return image
    edge = min(width, height)
    left, top = (width - edge) / 2, (height - edge) / 2
    box = (left, top, left + edge, top + edge)
    return image.resize((side, side), Image.Resampling.BILINEAR, box=box)
