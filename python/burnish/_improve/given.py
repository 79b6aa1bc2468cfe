# SPDX-License-Identifier: Apache-2.0
"""Tables of numbers that a user gives, a row for each image: read from a file, and matched with the images."""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._array import dtype_name, is_torch, to_numpy
from burnish._extras import needs_extra
from burnish._words import one_line, some
from burnish.data import DataError

SUFFIXES = (".npy", ".npz", ".csv", ".parquet")
_ID = "id"
_BROKEN = (OSError, EOFError, NotImplementedError, TypeError, ValueError, zipfile.BadZipFile, csv.Error)


@dataclass(frozen=True)
class Table:
    """What a file or an argument holds.

    Attributes
    ----------
    source : path or str
        Where it is from, for messages.
    values : array of shape (R, C)
    ids : sequence of R str, optional
        Which image each row is of.
    columns : sequence of C str, optional
        What each column is of.
    """

    source: Path | str
    values: npt.NDArray[Any]
    ids: Sequence[str] | None = None
    columns: Sequence[str] | None = None


def given_table(source: Any, names: Sequence[str], shape: str, *, refused: Sequence[str] = ()) -> Table:
    """Take a table of numbers that a user gives.

    Parameters
    ----------
    source : array of shape (R, C), or path
        - .npy: an array; memory-mapped.
        - .npz: an array, alone or by one of the names; perhaps ids (R,) and classes (C,), what the columns are of.
        - .csv: a header, a column of numbers each; perhaps a column id.
        - .parquet: such columns, or a single one that holds a list in each row; perhaps a column id.
    names : sequence of str
        What the array in an .npz may be called; the first is that of the argument.
    shape : str
        What is accepted, for messages.
    refused : sequence of str, optional
        What it must not be called, though it stands alone, unless that is one of `names`, too.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        If the file cannot be read or holds something else, or the array is none of numbers in rows and columns.
    """
    if isinstance(source, str | os.PathLike):
        table = _read(Path(source), names, refused)
    else:
        table = _of_array(f"'{names[0]}'", source)
    values = table.values
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        raise DataError(f"{table.source}: shape {values.shape}, {values.dtype}; accepted: numbers {shape}")
    return table


def _read(path: Path, names: Sequence[str], refused: Sequence[str]) -> Table:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{path}: a name that ends on {suffix or 'nothing'}; accepted: {', '.join(SUFFIXES)}")
    try:
        if suffix == ".npy":
            return Table(path, np.lib.format.open_memmap(path, mode="r"))
        if suffix == ".npz":
            return _read_npz(path, names, refused)
        return _read_csv(path) if suffix == ".csv" else _read_parquet(path)
    except _BROKEN as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} cannot be read: {one_line(error)}") from error


def _of_array(name: str, source: Any) -> Table:
    """Return an array of the caller's own library as a table, moved if it is on a GPU.

    Raises
    ------
    DataError
        If it is no array; `name` says which.
    """
    try:
        if is_torch(source) and dtype_name(source) == "bfloat16":  # which NumPy does not have
            source = source.float()
        return Table(name, to_numpy(source))
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"{name} cannot be read: {one_line(error)}") from error


def places_of(table: Table, ids: Sequence[str], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the rows of a table that are of some images.

    Parameters
    ----------
    table : Table
    ids : sequence of N str
        Of all images.
    rows : int64 array of shape (M,)
        The images that are wanted.

    Returns
    -------
    int64 array of shape (M,)

    Raises
    ------
    DataError
        If an image is missing; without ids if there are not as many rows as images.
    """
    if table.ids is None:
        if len(table.values) != len(ids):
            raise DataError(
                f"{table.source}: {len(table.values)} rows for {len(ids)} images; accepted: as many, in their order "
                f"(burnish scan writes it), or with ids"
            )
        return rows
    place = {name: i for i, name in enumerate(table.ids)}
    if len(place) != len(table.ids):
        twice = next(name for i, name in enumerate(table.ids) if place[name] != i)
        raise DataError(f"{table.source}: the id {twice} occurs twice; accepted: each once")
    missing = next((ids[i] for i in rows if ids[i] not in place), None)
    if missing is not None:
        raise DataError(
            f"{table.source}: nothing about {missing}; accepted: ids as burnish scan names them, such as {ids[0]}"
        )
    return np.array([place[ids[i]] for i in rows], np.int64)


def _read_npz(path: Path, names: Sequence[str], refused: Sequence[str]) -> Table:
    with zipfile.ZipFile(path):  # NumPy goes by what a file holds, not by its name
        pass
    with np.load(path, allow_pickle=False) as arrays:
        held = [name for name in arrays.files if name not in ("ids", "classes")]
        wanted = next((name for name in names if name in held), held[0] if len(held) == 1 else None)
        if wanted is None or (wanted in refused and wanted not in names):
            raise DataError(f"{path} holds {some(held)}; accepted: {names[0]}, or a single array")
        ids, classes = (_words(path, arrays, name) for name in ("ids", "classes"))
        values = np.atleast_1d(arrays[wanted])
    if ids is not None and len(ids) != len(values):
        raise DataError(f"{path}: {len(ids)} ids for {len(values)} rows")
    return Table(path, values, ids, classes)


def _words(path: Path, arrays: Any, name: str) -> list[str] | None:
    """Return an array of names, None where there is none."""
    if name not in arrays.files:
        return None
    if arrays[name].ndim != 1:
        raise DataError(f"{path}: {name} have shape {arrays[name].shape}; accepted: one name after the other")
    return [str(word) for word in arrays[name]]


def _read_csv(path: Path) -> Table:
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        reader = csv.reader(file)
        header = next(reader, None)
        if header is None:
            raise DataError(f"{path} is empty; accepted: a header with names of columns, and rows")
        at = header.index(_ID) if _ID in header else None
        ids, values = [], []
        for number, row in enumerate(reader, start=2):
            if len(row) != len(header):
                raise DataError(f"{path}, line {number}: {len(row)} fields; accepted: {len(header)}, as in the header")
            if at is not None:
                ids.append(row.pop(at))
            try:
                values.append(np.array(row, np.float64))
            except ValueError:
                raise DataError(f"{path}, line {number}: not all numbers; accepted: numbers") from None
    columns = [name for i, name in enumerate(header) if i != at]
    return Table(path, np.array(values).reshape(len(values), len(columns)), ids if at is not None else None, columns)


def _read_parquet(path: Path) -> Table:
    with needs_extra("demo"):
        import pyarrow
        from pyarrow import parquet
    table = parquet.read_table(path)
    names = [name for name in table.column_names if name != _ID]
    ids = [str(name) for name in table.column(_ID).to_pylist()] if _ID in table.column_names else None
    if len(names) == 1 and pyarrow.types.is_nested(table.column(names[0]).type):
        return Table(path, _of_lists(table.column(names[0])), ids)
    columns = [table.column(name).to_numpy().astype(np.float64) for name in names]
    values = np.stack(columns, axis=1) if columns else np.empty((table.num_rows, 0))
    return Table(path, values, ids, names)


def _of_lists(column: Any) -> npt.NDArray[np.float64]:
    """Return a column of lists, all of one length, as an array; rows of NaN where there is no list."""
    from pyarrow import compute

    lengths = np.unique(compute.list_value_length(column).drop_null().to_numpy())
    if len(lengths) > 1:
        raise ValueError(f"lists of {lengths[0]} to {lengths[-1]} numbers")
    there = np.flatnonzero(column.is_valid().to_numpy())
    values = np.full((len(column), int(lengths.max(initial=0))), np.nan)
    values[there] = compute.list_flatten(column).to_numpy().reshape(len(there), values.shape[1])
    return values
