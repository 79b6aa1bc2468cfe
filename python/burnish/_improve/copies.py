# SPDX-License-Identifier: Apache-2.0
"""Varied copies of images: by which pipeline, and their pixels.

A copy depends on its image, the image's id, its number, the seed and the pipeline: not on what else is in the set, nor
on the order, the threads or the machine.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import augment
from burnish._improve.options import Options
from burnish._words import one_line
from burnish.data import DataError

Pixels = npt.NDArray[np.uint8]

LONGEST = 1024  # pixels of a copy's sides: one of a photograph of 24 megapixels would take 40 MB as PNG
_LOOKED_AT = 512
_COLORFUL = 6.0  # mean difference between the channels of an image that has colors, of 255
_SIDED = re.compile(r"(?<![a-z])(left|right|mirrored|clockwise|counterclockwise|anticlockwise)(?![a-z])", re.IGNORECASE)


def default_pipeline(*, mirror: bool, colors: bool = True) -> augment.Compose:
    """Return moves and changes of light so small that they leave the class as it is.

    Parameters
    ----------
    mirror : bool
        Whether left may become right.
    colors : bool, default True
        Whether light is changed too.

    Returns
    -------
    burnish.augment.Compose
        Of images of any size, which they keep.
    """
    moves: list[Any] = [augment.HorizontalFlip()] if mirror else []
    moves.append(
        augment.Affine(
            scale=(0.9, 1.1), translate_percent=(-0.08, 0.08), rotate=(-8, 8), keep_ratio=True,
            border_mode="reflect101" if colors else "replicate", p=1.0,
        )
    )  # fmt: skip
    if colors:
        moves.append(augment.ColorJitter(0.15, 0.15, 0.15, 0.01, p=0.8))
    return augment.Compose(moves)


def have_colors(thumbnails: Pixels) -> bool:
    """Tell photographs in color from scans, X-rays and drawings in gray, by some of the images (N, H, W, 3)."""
    if not len(thumbnails):
        return False
    chosen = np.unique(np.linspace(0, len(thumbnails) - 1, _LOOKED_AT).astype(int))
    pixels = np.asarray(thumbnails[chosen], np.int16)
    spread = (pixels.max(axis=3) - pixels.min(axis=3)).mean(axis=(1, 2))
    return bool(np.median(spread) >= _COLORFUL)


def may_mirror(names: Sequence[str], thumbnails: Pixels) -> bool:
    """Tell whether a mirrored image still shows its class.

    Not where a class is called left or right, nor where classes are called by single letters or numbers, which look
    like signs, nor where images are gray: those are mostly scans of writing, or of bodies, whose heart is on the left.
    """
    words = [name.replace("_", " ") for name in names]
    if any(_SIDED.search(word) for word in words):
        return False
    return not all(len(word) <= 1 or word.isdecimal() for word in words) and have_colors(thumbnails)


def pipeline_of(options: Options, names: Sequence[str], thumbnails: Pixels) -> augment.Compose:
    """Return what makes copies: the pipeline that the options give, or the default for these images.

    Raises
    ------
    DataError
        If what the options give is not a pipeline, or does not fit images.
    """
    if options.pipeline:
        pipe = _read(options.pipeline)
    else:
        colors = have_colors(thumbnails)
        mirror = {"yes": True, "no": False}.get(options.flip)
        pipe = default_pipeline(mirror=may_mirror(names, thumbnails) if mirror is None else mirror, colors=colors)
    pipe.seed = options.seed
    _try_out(pipe, thumbnails)
    return pipe


def pipeline_text(pipeline: Any) -> str:
    """Return the JSON of a pipeline, for `Options.pipeline`: of a pipeline, its ``to_dict()``, or JSON already."""
    if isinstance(pipeline, str):
        return pipeline
    values = pipeline if isinstance(pipeline, dict) else pipeline.to_dict()
    return json.dumps(values, sort_keys=True)


def _read(text: str) -> augment.Compose:
    try:
        pipe = augment.from_dict(json.loads(text))
    except (RecursionError, TypeError, ValueError) as error:
        raise DataError(f"the pipeline is not a pipeline's to_dict(): {one_line(error)}") from error
    return pipe if isinstance(pipe, augment.Compose) else augment.Compose([pipe])


def _try_out(pipe: augment.Compose, thumbnails: Pixels) -> None:
    images = np.asarray(thumbnails[:1]) if len(thumbnails) else np.zeros((1, 32, 32, 3), np.uint8)
    try:
        made = pipe(images, ids=[0], dtype="uint8")
    except (TypeError, ValueError) as error:
        raise DataError(f"the pipeline cannot be used: {one_line(error)}") from error
    if made.shape[3] != images.shape[3]:
        raise DataError(f"the pipeline makes images of {made.shape[3]} channels; accepted: {images.shape[3]}, as given")


def keys_of(ids: Sequence[str], numbers: Sequence[int] | npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the ids by which `burnish.augment` draws for copies: always the same for the same id and number."""
    texts = (f"{name}\0{number}" for name, number in zip(ids, numbers, strict=True))
    digests = (hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:8] for text in texts)
    return np.frombuffer(b"".join(digests), "<i8").astype(np.int64)


def varied(pipe: augment.Compose, images: Any, ids: Sequence[str], numbers: Sequence[int] | npt.NDArray[Any]) -> Any:
    """Make copies.

    Parameters
    ----------
    pipe : burnish.augment.Compose
        As `pipeline_of` returns it.
    images : uint8 array of shape (P, H, W, C), or list of P such images of any size
        What each copy is made from.
    ids : sequence of P str
        Of these images.
    numbers : integers of shape (P,)
        Of the copies, from 1 in each image.

    Returns
    -------
    The same kind as `images`.

    Raises
    ------
    DataError
        If the pipeline does not fit an image.
    """
    if not len(ids):
        return images
    try:
        return pipe(images, ids=keys_of(ids, numbers), dtype="uint8")
    except (TypeError, ValueError) as error:
        raise DataError(f"the pipeline cannot be used: {one_line(error)}") from error
