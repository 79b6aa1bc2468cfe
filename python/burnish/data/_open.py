# SPDX-License-Identifier: Apache-2.0
"""Data sets of labeled images, whatever form they come in."""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.data._arrays import open_arrays, open_npz
from burnish.data._decode import decode
from burnish.data._folder import open_folder
from burnish.data._huggingface import is_huggingface, open_huggingface
from burnish.data._image_set import DataError, ImageSet, Indices, joined
from burnish.data._labeled import LabeledImages, open_labeled
from burnish.data._labels import HELD_OUT, TRAIN, is_held_out
from burnish.data._table import SUFFIXES as TABLES
from burnish.data._table import open_columns, open_table
from burnish.data._torch import is_rows, open_torch

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
        other = _open(test, names)
        if images.names and set(images.names).isdisjoint(other.names) and all(map(str.isdecimal, other.names)):
            other = _open(test, images.names)  # numbers, whose names only the training part says
        images = joined([("train", images, False), ("test", other, True)])
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
        if path.suffix.lower() in TABLES and not path.is_dir():
            return open_table(path, names)
        return open_folder(path, names)
    if isinstance(source, Mapping):
        return _open_parts(source, names)
    if is_huggingface(source):
        return open_huggingface(source, names)
    if type(source).__module__.partition(".")[0] == "pandas" and hasattr(source, "columns"):
        columns = {str(name): list(source[name]) for name in source.columns}
        return open_columns(columns, Path(), "the table", "table", names)
    if isinstance(source, tuple | list) and len(source) == 2:
        if len(source[0]) and isinstance(source[0][0], str | os.PathLike):
            return open_columns({"path": source[0], "label": source[1]}, Path(), "the table", "images", names)
        return open_arrays(*source, names=names)
    if is_rows(source) and not isinstance(source, np.ndarray):
        return open_torch(source, names)
    raise TypeError(f"open_images: 'source' is {type(source).__name__}; accepted: {_ACCEPTED}")


def _open_parts(parts: Mapping[str, Any], names: Sequence[str] | None) -> ImageSet:
    """Open what has a part to train on and parts that are held out, as a DatasetDict."""
    held = {name: is_held_out(name) for name in parts}
    chosen = [name for name, aside in held.items() if aside is not None]
    if len(parts) == 1:
        return _open(next(iter(parts.values())), names)
    if False not in held.values():
        raise DataError(f"the parts are {', '.join(map(str, parts))}; accepted: {', '.join(TRAIN + HELD_OUT)}")
    images = joined([(name, _open(parts[name], names), bool(held[name])) for name in chosen])
    notes = tuple(f"the part {name} is left out" for name in parts if name not in chosen)
    return dataclasses.replace(images, notes=images.notes + notes)


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
