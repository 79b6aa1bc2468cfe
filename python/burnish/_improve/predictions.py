# SPDX-License-Identifier: Apache-2.0
"""A user's own predictions, read from a file and checked: of wrong ones every score is wrong, and nobody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from burnish._improve.given import given_table, places_of
from burnish._improve.score import rows_to_score
from burnish._words import some
from burnish.data import DataError

Kind = Literal["probs", "logits"]

_SUM = 0.01  # by which probabilities may miss 1; those in 16 bits do by half of it
_KINDS = ("probs", "logits")
_NAMES = ("pred_probs", "predictions")  # that either kind may have in an .npz


def given_logits(scan: Any, *, probs: Any = None, logits: Any = None) -> npt.NDArray[np.float32] | None:
    """Return logits of the images of a scan that are scored, as a user gives them; None where nothing is given."""
    if probs is None and logits is None:
        return None
    kind: Kind = "probs" if logits is None else "logits"
    return read_predictions(
        probs if logits is None else logits, kind, scan.images.ids, scan.images.names, rows_to_score(scan)
    )


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
    table = given_table(source, (kind, *_NAMES), f"({len(ids)}, {len(names)})", refused=_KINDS)
    path, values = table.source, table.values
    order = _order_of_classes(path, table.columns, names)
    if values.shape[1] != len(names):
        raise DataError(f"{path}: {values.shape[1]} columns; accepted: {len(names)}, one for each of {some(names)}")
    picked = np.asarray(values[places_of(table, ids, rows)], np.float64)
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
