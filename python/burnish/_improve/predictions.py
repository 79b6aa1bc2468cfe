# SPDX-License-Identifier: Apache-2.0
"""A user's own predictions, read from a file and checked: of wrong ones every score is wrong, and nobody sees it."""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra
from burnish._words import one_line, some
from burnish.data import DataError

Kind = Literal["probs", "logits"]

SUFFIXES = (".npy", ".npz", ".csv", ".parquet")
_SUM = 0.01  # by which probabilities may miss 1; those in 16 bits do by half of it
_ARRAYS = ("probs", "logits", "pred_probs", "predictions")
_ID = "id"


@dataclass(frozen=True)
class _Table:
    """What a file holds: values (N, K), and perhaps who and what they belong to."""

    values: npt.NDArray[Any]
    ids: Sequence[str] | None = None
    classes: Sequence[str] | None = None


def read_predictions(
    source: Any, kind: Kind, ids: Sequence[str], names: Sequence[str], rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Read probabilities or logits of images.

    Parameters
    ----------
    source : path or array of shape (N, K)
        - .npy: (N, K), in the order of the images.
        - .npz: such an array, alone or by the name of probs or logits; perhaps ids (N,) and classes (K,).
        - .csv, .parquet: a column for each class, perhaps a column id.
    kind : {"probs", "logits"}
    ids : sequence of N str
        Of all images.
    names : sequence of K str
        Of the classes.
    rows : int64 array of shape (M,)
        The images whose predictions are needed.

    Returns
    -------
    float32 array of shape (M, K)
        Logits: of probabilities their logarithms.

    Raises
    ------
    DataError
        If the file cannot be read or does not fit the images.
    """
    if isinstance(source, str | os.PathLike):
        path: Path | str = Path(source)
        table = _read(Path(source), kind)
    else:
        path, table = f"'{kind}'", _Table(np.asarray(source))
    values = table.values
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        raise DataError(f"{path}: shape {values.shape}, {values.dtype}; accepted: numbers ({len(ids)}, {len(names)})")
    order = _order_of_classes(path, table.classes, names)
    if values.shape[1] != len(names):
        raise DataError(f"{path}: {values.shape[1]} columns; accepted: {len(names)}, one for each of {some(names)}")
    places = rows if table.ids is None else _places(path, table.ids, ids, rows)
    if table.ids is None and len(values) != len(ids):
        raise DataError(
            f"{path}: {len(values)} rows for {len(ids)} images; accepted: as many, in their order (burnish scan "
            f"writes it), or with ids"
        )
    picked = np.asarray(values[places], np.float64)
    if order is not None:
        picked = picked[:, order]
    bad = np.flatnonzero(~np.isfinite(picked).all(axis=1))
    if len(bad):
        raise DataError(f"{path}: the {kind} of {ids[rows[bad[0]]]} are not finite; accepted: finite numbers")
    return _logits_of_probs(path, picked, ids, rows) if kind == "probs" else _checked_logits(path, picked)


def _logits_of_probs(
    path: Path | str, probs: npt.NDArray[np.float64], ids: Sequence[str], rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    sums = probs.sum(axis=1)
    bad = np.flatnonzero((probs < 0).any(axis=1) | (np.abs(sums - 1) > _SUM))
    if len(bad):
        row = probs[bad[0]]
        raise DataError(
            f"{path}: the probabilities of {ids[rows[bad[0]]]} range from {row.min():.4g} to {row.max():.4g} and sum "
            f"to {row.sum():.4g}; accepted: 0 to 1 with a sum of 1 (--logits for what comes before softmax)"
        )
    least = np.finfo(np.float32).tiny
    logits: npt.NDArray[np.float32] = np.log(np.maximum(probs / sums[:, None], least)).astype(np.float32)
    return logits


def _checked_logits(path: Path | str, logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    if len(logits) and logits.shape[1] > 1 and logits.min() >= 0 and np.abs(logits.sum(axis=1) - 1).max() <= _SUM:
        raise DataError(f"{path}: all rows are probabilities (0 to 1, with a sum of 1); accepted with --probs")
    largest = float(np.abs(logits).max(initial=0))
    if largest > float(np.finfo(np.float32).max):
        raise DataError(f"{path}: a logit of {largest:.3g}; accepted: what fits 32 bits")
    return logits.astype(np.float32)


def _order_of_classes(
    path: Path | str, classes: Sequence[str] | None, names: Sequence[str]
) -> npt.NDArray[np.int64] | None:
    """Return which column belongs to each class; None where they are in order or nothing is said."""
    if classes is None or list(classes) == [str(i) for i in range(len(names))]:
        return None
    if len(set(classes)) != len(classes) or set(classes) != set(names):
        missing = [name for name in names if name not in set(classes)]
        what = f"no column for {missing[0]}" if missing else f"columns {some(classes)}"
        raise DataError(f"{path}: {what}; accepted: one for each of the classes {some(names)}, or 0, 1, ...")
    place = {name: i for i, name in enumerate(classes)}
    return np.array([place[name] for name in names], np.int64)


def _places(
    path: Path | str, given: Sequence[str], ids: Sequence[str], rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    place = {name: i for i, name in enumerate(given)}
    if len(place) != len(given):
        twice = next(name for i, name in enumerate(given) if place[name] != i)
        raise DataError(f"{path}: the id {twice} occurs twice; accepted: each once")
    missing = next((ids[i] for i in rows if ids[i] not in place), None)
    if missing is not None:
        raise DataError(f"{path}: nothing about {missing}; accepted: ids as burnish scan names them, such as {ids[0]}")
    return np.array([place[ids[i]] for i in rows], np.int64)


def _read(path: Path, kind: Kind) -> _Table:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{path}: a name that ends on {suffix or 'nothing'}; accepted: {', '.join(SUFFIXES)}")
    try:
        if suffix == ".npy":
            return _Table(np.load(path, mmap_mode="r", allow_pickle=False))
        if suffix == ".npz":
            return _read_npz(path, kind)
        return _read_csv(path) if suffix == ".csv" else _read_parquet(path)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, csv.Error) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} cannot be read: {one_line(error)}") from error


def _read_npz(path: Path, kind: Kind) -> _Table:
    with np.load(path, allow_pickle=False) as arrays:
        names = [name for name in arrays.files if name not in ("ids", "classes")]
        wanted = next((name for name in (kind, *_ARRAYS) if name in names), names[0] if len(names) == 1 else None)
        if wanted is None or (wanted in ("probs", "logits") and wanted != kind):
            raise DataError(f"{path} holds {some(names)}; accepted: {kind}, or a single array")
        ids, classes = (_words(path, arrays, name) for name in ("ids", "classes"))
        values = np.atleast_1d(arrays[wanted])
    if ids is not None and len(ids) != len(values):
        raise DataError(f"{path}: {len(ids)} ids for {len(values)} rows")
    return _Table(values, ids, classes)


def _words(path: Path, arrays: Any, name: str) -> list[str] | None:
    """Return an array of names, None where there is none."""
    if name not in arrays.files:
        return None
    if arrays[name].ndim != 1:
        raise DataError(f"{path}: {name} have shape {arrays[name].shape}; accepted: one name after the other")
    return [str(word) for word in arrays[name]]


def _read_csv(path: Path) -> _Table:
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        reader = csv.reader(file)
        header = next(reader, None)
        if header is None:
            raise DataError(f"{path} is empty; accepted: a header with the names of the classes, and rows")
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
    classes = [name for i, name in enumerate(header) if i != at]
    return _Table(np.array(values).reshape(len(values), len(classes)), ids if at is not None else None, classes)


def _read_parquet(path: Path) -> _Table:
    with needs_extra("demo"):
        import pyarrow.parquet as parquet
    table = parquet.read_table(path)
    classes = [name for name in table.column_names if name != _ID]
    ids = [str(name) for name in table.column(_ID).to_pylist()] if _ID in table.column_names else None
    columns = [table.column(name).to_numpy().astype(np.float64) for name in classes]
    values = np.stack(columns, axis=1) if columns else np.empty((table.num_rows, 0))
    return _Table(values, ids, classes)
