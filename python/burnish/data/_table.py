# SPDX-License-Identifier: Apache-2.0
"""A table of paths and labels: CSV, Parquet, or columns that are in memory."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from burnish._extras import needs_extra
from burnish._words import one_line
from burnish.data._files import Files
from burnish.data._image_set import DataError, ImageSet, unique_ids
from burnish.data._labels import HELD_OUT, TRAIN, is_held_out, numbered

SUFFIXES = (".csv", ".tsv", ".parquet", ".pq")
_PATH = ("path", "file", "filename", "file_name", "filepath", "image", "image_path")
_LABEL = ("label", "class", "category", "target", "y")
_SPLIT = ("split", "subset", "partition", "set")


def open_table(path: Path, names: Sequence[str] | None = None) -> ImageSet:
    """List the images that a table names; their paths are relative to the table."""
    try:
        columns = _csv(path) if path.suffix.lower() in (".csv", ".tsv") else _parquet(path)
    except (csv.Error, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} cannot be read as a table: {one_line(error)}") from error
    return open_columns(columns, path.parent, str(path), path.resolve().name, names)


def open_columns(
    columns: Mapping[str, Sequence[Any]], root: Path, where: str, title: str, names: Sequence[str] | None = None
) -> ImageSet:
    """List the images that columns name: path, label, and perhaps split."""
    by_name = {str(name).strip().casefold(): name for name in columns}
    path, label, split = (
        next((by_name[name] for name in of if name in by_name), None) for of in (_PATH, _LABEL, _SPLIT)
    )
    if path is None:
        raise DataError(f"{where} has the columns {', '.join(map(str, columns))}; accepted: one named path, and label")
    files = [_text(cell) for cell in columns[path]]
    if not files:
        raise DataError(f"{where} has no rows; accepted: one for each image")
    try:
        labels, chosen = numbered(columns[label] if label is not None else np.full(len(files), -1), names)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    held_out = np.zeros(len(files), bool) if split is None else _held_out(columns[split], where)
    order = np.argsort(held_out, kind="stable")
    notes = (
        () if label is not None else (f"no column is named label: all images are without one ({', '.join(columns)})",)
    )
    return ImageSet(
        ids=unique_ids([files[i] or f"row {i + 1}" for i in order]),
        labels=labels[order],
        names=chosen,
        held_out=held_out[order],
        title=title,
        source=Files(root, files),
        places=order,
        notes=notes,
    )


def _text(cell: Any) -> str:
    if isinstance(cell, str | bytes | os.PathLike):
        return os.fsdecode(cell)
    return "" if cell is None or cell != cell else str(cell)


def _held_out(cells: Sequence[Any], where: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    words = [_text(cell) for cell in cells]
    held = {word: False if not word.strip() else is_held_out(word) for word in set(words)}
    for row, word in enumerate(words):
        if held[word] is None:
            raise DataError(f"{where}: row {row + 1} has the split {word!r}; accepted: {', '.join(TRAIN + HELD_OUT)}")
    return np.array([held[word] for word in words], bool)


def _csv(path: Path) -> dict[str, list[str]]:
    # Names of files need not be text; as surrogates they are what the file system calls them.
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        first = file.readline()
        file.seek(0)
        delimiter = max(",;\t", key=first.count)
        rows = csv.reader(file, delimiter=delimiter, strict=True)
        header = [name.strip() for name in next(rows, [])]
        cells = [row for row in rows if row]
    return {name: [row[i] if i < len(row) else "" for row in cells] for i, name in enumerate(header)}


def _parquet(path: Path) -> dict[str, list[Any]]:
    with needs_extra("demo"):
        from pyarrow import parquet
    try:
        schema = parquet.read_schema(path)
        wanted = [name for name in schema.names if name.strip().casefold() in _PATH + _LABEL + _SPLIT]
        table = parquet.read_table(path, columns=wanted) if wanted else None
    except Exception as error:  # pyarrow has exceptions of its own
        raise DataError(f"{path} cannot be read as Parquet: {one_line(error)}") from error
    if table is None:
        return {name: [] for name in schema.names}
    return {name: table.column(name).to_pylist() for name in wanted}
