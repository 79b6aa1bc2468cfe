# SPDX-License-Identifier: Apache-2.0
"""Data sets of labeled images, whatever form they come in."""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.data._arrays import open_arrays, open_npz
from burnish.data._decode import decode
from burnish.data._folder import open_folder
from burnish.data._image_set import ImageSet, Indices, with_test
from burnish.data._labeled import LabeledImages, open_labeled

__all__ = ["ImageSet", "open_images", "pictures"]

_ACCEPTED = (
    "a folder, zip, .npz, .csv or .parquet, a pair (images, labels), a torch Dataset, a Hugging Face Dataset, "
    "LabeledImages, an ImageSet"
)


def open_images(
    source: Any, *, test: Any = None, names: Sequence[str] | None = None, title: str | None = None
) -> ImageSet:
    """List labeled images; none is decoded.

    Parameters
    ----------
    source : path, pair of arrays, data set
        - A folder with a folder per class, or a zip of that, which is not unpacked. Where there are both, images below
          ``train/`` are for training, and those below ``test/``, ``val/``, ``valid/`` or ``validation/`` are held out.
        - An .npz with the arrays images (or X) and labels (or y); or with x_train, y_train, x_test and y_test.
        - A .csv or .parquet with the columns path and label, and perhaps split; paths are relative to it.
        - (images, labels): an array (N, H, W[, C]) or (N, C, H, W), or a list of images.
        - A torch Dataset of (image, label), a Hugging Face Dataset with an image and a label, `LabeledImages`.
    test : the same, optional
        Images that are held out.
    names : sequence of str, optional
        Of the classes. Default: what the source says, or the labels that occur, in their order.
    title : str, optional
        Default: the name of the folder or file.

    Returns
    -------
    ImageSet

    Raises
    ------
    DataError
        If nothing is there, or labels or images are of a form that is not accepted.
    TypeError
        If `source` is none of these.
    """
    images = _open(source, names)
    if test is not None:
        images = with_test(images, _open(test, names or images.names or None))
    return images if title is None else dataclasses.replace(images, title=title)


def _open(source: Any, names: Sequence[str] | None) -> ImageSet:
    if isinstance(source, ImageSet):
        return source
    if isinstance(source, LabeledImages):
        return open_labeled(source)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if path.suffix.lower() == ".npz" and not path.is_dir():
            return open_npz(path, names)
        return open_folder(path, names)
    if isinstance(source, tuple | list) and len(source) == 2:
        return open_arrays(*source, names=names)
    raise TypeError(f"open_images: 'source' is {type(source).__name__}; accepted: {_ACCEPTED}")


def pictures(images: ImageSet, indices: Indices, longest: int = 256) -> list[npt.NDArray[np.uint8]]:
    """Return images for the eye: in their own proportions, `longest` pixels at most.

    Parameters
    ----------
    images : ImageSet
    indices : sequence of int
        Which.
    longest : int, default 256
        Sides above it are reduced.

    Returns
    -------
    list of uint8 array of shape (H, W, 3)
        A small gray one where an image cannot be read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what decoders find odd was reported by the scan
        return [_picture(images, int(i), longest) for i in indices]


def _picture(images: ImageSet, i: int, longest: int) -> npt.NDArray[np.uint8]:
    from PIL import Image

    try:
        image = decode(images.content(i), least=longest).image
    except Exception:  # the file is gone
        image = None
    if image is None:
        return np.full((min(longest, 32), min(longest, 32), 3), 128, np.uint8)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return np.array(image)
