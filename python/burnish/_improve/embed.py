# SPDX-License-Identifier: Apache-2.0
"""Descriptions of images, from which a light model learns and by which repeats are found.

None of them knows the labels, so that an image can be scored by a model that has not seen its label.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._improve import backbone, patches
from burnish._improve.options import Options
from burnish._improve.progress import Progress, silent
from burnish._improve.store import Store, key_of

Floats = npt.NDArray[np.float32]
Describe = Callable[[npt.NDArray[np.uint8]], Floats]

_SMALLEST_PHOTOGRAPH = 16  # pixels a side; below it pixels say all there is
_MOST_PIXELS = 16  # a side, where pixels are the description
_BLOCK = 512  # images described at once; what an interruption costs


@dataclass(frozen=True)
class Kind:
    """A way to describe images.

    Attributes
    ----------
    name : str
        For the report.
    columns : int
        D.
    describe : callable
        Takes uint8 images (B, S, S, 3), returns float32 (B, D).
    version : str
        Changes when descriptions do.
    """

    name: str
    columns: int
    describe: Describe
    version: str


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Embedding:
    """Descriptions of all images.

    Attributes
    ----------
    features : float32 array of shape (N, D)
        Memory-mapped; rows of NaN for images that cannot be used.
    name : str
        What they are, for the report.
    embed : callable or None
        Takes uint8 images (B, S, S, 3) of the size of the thumbnails, returns float32 (B, D). None where features were
        given, so that new images cannot be described.
    key : str
        Differs when descriptions do (`burnish._improve.store.key_of`).
    """

    features: Floats
    name: str
    embed: Describe | None
    key: str = ""


def embed(scan: Any, options: Options, store: Store, progress: Progress = silent) -> Embedding:
    """Describe the thumbnails of a scan.

    Parameters
    ----------
    scan : Scan
        Of which ``thumbnails``, ``usable`` and the digests of the pixels are used.
    options : Options
        Of which `model` and `seed` are used.
    store : Store
        Where descriptions are kept.
    progress : callable, optional
        Called with what is done, how much of it, and of how much.

    Returns
    -------
    Embedding

    Raises
    ------
    MissingExtraError
        If the backbone is asked for and not installed.
    """
    thumbnails, usable = scan.thumbnails, np.asarray(scan.usable, bool)
    images = key_of(np.asarray(scan.facts["digest"]), usable, thumbnails.shape)
    kind = _kind(options, thumbnails, usable, images, store)

    def rows(start: int, stop: int) -> dict[str, Floats]:
        features = np.full((stop - start, kind.columns), np.nan, np.float32)
        fine = np.flatnonzero(usable[start:stop])
        if len(fine):
            features[fine] = kind.describe(np.asarray(thumbnails[start:stop])[fine])
        return {"features": features}

    key = key_of(images, kind.name, kind.version)
    kept = store.rows(
        "embed",
        key,
        len(usable),
        {"features": ((kind.columns,), np.float32)},
        rows,
        block=_BLOCK,
        progress=lambda done, of: progress("describe images", done, of),
    )
    return Embedding(kept["features"], kind.name, kind.describe, key)


def backbone_is_installed() -> bool:
    """Return whether torch and the pretrained network are there."""
    return all(importlib.util.find_spec(name) is not None for name in backbone.LIBRARIES)


def model_for(model: str, size: int) -> str:
    """Return what "auto" means for thumbnails of `size` pixels a side."""
    if model != "auto":
        return model
    if size < _SMALLEST_PHOTOGRAPH:
        return "pixels"
    return "backbone" if backbone_is_installed() else "patches"


def _kind(
    options: Options, thumbnails: npt.NDArray[np.uint8], usable: npt.NDArray[np.bool_], images: str, store: Store
) -> Kind:
    size = int(thumbnails.shape[1])
    model = model_for(options.model, size)
    if model == "backbone":
        return Kind(
            f"EfficientNet-Lite0 at {backbone.input_size(size)} pixels, trained on ImageNet",
            backbone.COLUMNS,
            backbone.describe_with(backbone.input_size(size)),
            version="1",
        )
    if model == "patches" and size >= patches.LEAST_SIZE:
        kept = store.result(
            "patches",
            key_of(images, options.seed, patches.VERSION),
            lambda: patches.learn(thumbnails, np.flatnonzero(usable), seed=options.seed),
        )
        dictionary = patches.Dictionary(**kept)
        return Kind(
            "patches of these images",
            dictionary.columns,
            dictionary.describe,
            version=f"{patches.VERSION} {options.seed}",
        )
    side = min(size, _MOST_PIXELS)
    return Kind("pixels", side * side * 3, functools.partial(_pixels, side=side), version="1")


def _pixels(images: npt.NDArray[np.uint8], side: int) -> Floats:
    """Return pixels, 0 to 1, averaged down to `side` x `side` where there are more."""
    pixels: Floats = patches.averaged(images, side).reshape(len(images), -1) / np.float32(255)
    return pixels
