# SPDX-License-Identifier: Apache-2.0
"""Data sets written to disk in the forms that `open_images` reads."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra
from burnish._files import replacing
from burnish._words import one_line
from burnish.data._decode import decode
from burnish.data._file_names import class_folders, distinct, file_name
from burnish.data._image_set import Content, DataError, ImageSet
from burnish.data._npz import array_file
from burnish.data._tree import Progress, encoded, in_order, silent, write_tree, writing


def write_folder(
    images: ImageSet, path: str | os.PathLike[str], *, workers: int | None = None, progress: Progress = silent
) -> Path:
    """Write ``PATH/CLASS/FILE``, or ``PATH/train/CLASS/FILE`` and ``PATH/test/CLASS/FILE`` if some are held out.

    Parameters
    ----------
    images : ImageSet
        Files are written as they are, byte by byte, pixels as PNG; without a label above the folders of the classes.
    path : path
        A folder that is empty, or is not there yet.
    workers : int, optional
        Threads; the result does not depend on it.
    progress : callable, optional
        Called with the number of images written and of all.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DataError
        If the folder is in use, or something cannot be read or written; nothing is left behind then.

    Notes
    -----
    Signs in names of files and classes that some system does not take become "_". Of files that would have the same
    name all but the first get a piece of the digest of their id.
    """
    folder = Path(path)
    _refuse_in_use(folder)
    folders = class_folders(images.names)
    is_split = bool(images.held_out.any())
    names = []
    for i, (name, label) in enumerate(zip(images.ids, images.labels.tolist(), strict=True)):
        part = ("test/" if images.held_out[i] else "train/") if is_split else ""
        below = f"{folders[images.names[label]]}/" if label >= 0 else ""
        names.append(f"{part}{below}{file_name(name, images.suffix(i))}")

    def contents(places: range) -> Iterator[bytes]:
        for i in places:
            content = content_of(images, i)
            yield content if isinstance(content, bytes) else encoded(content)

    write_tree(folder, distinct(names, images.ids), contents, workers=workers, progress=progress)
    return folder


def write_npz(
    images: ImageSet, path: str | os.PathLike[str], *, workers: int | None = None, progress: Progress = silent
) -> Path:
    """Write arrays: images, labels, names and ids; if some are held out, x_train, y_train, x_test, y_test and names.

    Parameters
    ----------
    images : ImageSet
        Of one shape. Files are decoded, upright and RGB.
    path : path
        Ends in ``.npz``; a file that is there is replaced.
    workers : int, optional
        Threads; the result does not depend on it.
    progress : callable, optional
        Called with the number of images written and of all.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DataError
        If shapes differ, or something cannot be read or written; what was there stays then.
    """
    file = Path(path)
    if file.suffix.lower() != ".npz":
        raise DataError(f"write_npz: 'path' is {file}; accepted: one that ends in .npz")
    shape = pixels_of(images, 0).shape if len(images) else (0, 0)

    def add_images(name: str, rows: npt.NDArray[np.int64]) -> None:
        def blocks(places: range) -> Iterator[npt.NDArray[np.uint8]]:
            for i in rows[places.start : places.stop].tolist():
                pixels = pixels_of(images, i)
                if pixels.shape != shape:
                    raise DataError(
                        f"{images.ids[i]}: shape {pixels.shape}; accepted in one array: {shape}, as the first"
                    )
                yield pixels

        arrays.add_rows(name, (len(rows), *shape), np.uint8, in_order(blocks, len(rows), workers, progress))

    with array_file(file) as (arrays, _):
        if images.held_out.any():
            for part, held in (("train", False), ("test", True)):
                rows = np.flatnonzero(images.held_out == held)
                add_images(f"x_{part}", rows)
                arrays.add(f"y_{part}", images.labels[rows])
        else:
            add_images("images", np.arange(len(images)))
            arrays.add("labels", images.labels)
            arrays.add("ids", np.array(images.ids, "U"))
        arrays.add("names", np.array(images.names, "U"))
    return file


def write_table(images: ImageSet, path: str | os.PathLike[str]) -> Path:
    """Write a table of paths, relative to it, labels and parts ("train", "test"): CSV or Parquet.

    Parameters
    ----------
    images : ImageSet
        Of files; see `write_folder` for others.
    path : path
        Ends in ``.csv`` or ``.parquet``; a file that is there is replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DataError
        If an image is not a file of its own, or the table cannot be written.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise DataError(f"write_table: 'path' is {file}; accepted: one that ends in .csv or .parquet")
    columns: dict[str, list[str]] = {"path": [], "label": [], "split": []}
    for i, label in enumerate(images.labels.tolist()):
        place = images.path(i)
        if place is None:
            raise DataError(f"write_table: {images.ids[i]} is not a file; call write_folder first, and open that")
        columns["path"].append(os.path.relpath(place.absolute(), file.absolute().parent).replace(os.sep, "/"))
        columns["label"].append(images.names[label] if label >= 0 else "")
        columns["split"].append("test" if images.held_out[i] else "train")
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as partial:
            if suffix == ".csv":
                partial.write_bytes(_csv(columns))
            else:
                _write_parquet(partial, columns)
    return file


def _csv(columns: dict[str, list[str]]) -> bytes:
    with io.StringIO(newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        return file.getvalue().encode(errors="surrogateescape")


def _write_parquet(path: Path, columns: dict[str, list[str]]) -> None:
    with needs_extra("demo"):
        import pyarrow as pa
        from pyarrow import parquet
    try:
        table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    except UnicodeError as error:
        bad = next(value for values in columns.values() for value in values if not _is_text(value))
        raise DataError(f"write_table: {bad!r} is not text, as Parquet needs it; write a .csv") from error
    parquet.write_table(table, path)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeError:
        return False
    return True


def _refuse_in_use(folder: Path) -> None:
    with writing(folder):
        if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir() or any(folder.iterdir())):
            raise DataError(f"{folder} is there already; name another place, or empty it")


def content_of(images: ImageSet, i: int) -> Content:
    """Return an image as it is kept; DataError where it cannot be read."""
    try:
        return images.content(i)
    except Exception as error:  # what lies in a zip or in a data set of others can fail in many ways
        raise DataError(f"{images.ids[i]} cannot be read: {one_line(error)}") from error


def pixels_of(images: ImageSet, i: int) -> npt.NDArray[np.uint8]:
    """Return an image as pixels: an array as it is, a file as RGB (H, W, 3); DataError where it cannot be read."""
    content = content_of(images, i)
    if not isinstance(content, bytes):
        return content
    found: Any = decode(content)
    if found.image is None:
        raise DataError(f"{images.ids[i]} cannot be read: {found.text}")
    return np.array(found.image)
