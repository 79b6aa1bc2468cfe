# SPDX-License-Identifier: Apache-2.0
"""A user's own features of images, in place of those that are made here."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._improve.embed import Embedding
from burnish._improve.given import given_table, places_of
from burnish._improve.progress import Progress, silent
from burnish._improve.store import Store, key_of
from burnish.data import DataError

_NAMES = ("features", "embeddings", "X")  # that they may have in an .npz
_BLOCK = 4096  # rows at a time
_LARGEST = 1e15  # sums of squares must stay finite in 32 bits


def given_features(source: Any, scan: Any, store: Store, progress: Progress = silent) -> Embedding:
    """Take features that a user gives for the images of a scan.

    Parameters
    ----------
    source : path or array of shape (N, D)
        As `burnish._improve.given.given_table` takes it; in the order of the images, or with ids. Rows of images that
        cannot be used may hold anything.
    scan : Scan
        Of which ``images`` and ``usable`` are used.
    store : Store
        Where they are kept in 32 bits.
    progress : callable, optional
        Called with what is done, how much of it, and of how much.

    Returns
    -------
    Embedding
        That cannot describe new images: its `embed` is None.

    Raises
    ------
    DataError
        If they cannot be read, do not fit the images, or are not finite or too large in 32 bits.
    """
    ids, usable = scan.images.ids, np.asarray(scan.usable, bool)
    shape = f"({len(ids)}, D)"
    table = given_table(source, _NAMES, shape)
    path, values = table.source, table.values
    if values.shape[1] == 0:
        raise DataError(f"{path}: shape {values.shape}, {values.dtype}; accepted: numbers {shape}")
    wanted = np.flatnonzero(usable)
    places = np.full(len(ids), -1)
    places[wanted] = places_of(table, ids, wanted)
    columns = values.shape[1]

    def rows(start: int, stop: int) -> dict[str, npt.NDArray[np.float32]]:
        features = np.full((stop - start, columns), np.nan, np.float32)
        fine = np.flatnonzero(usable[start:stop])
        with np.errstate(over="ignore"):  # said below, with the name of the image
            features[fine] = values[places[start:stop][fine]]
        bad = fine[~(np.abs(features[fine]) <= _LARGEST).all(axis=1)]
        if len(bad):
            what = "too large" if np.isfinite(features[bad[0]]).all() else "not finite"
            raise DataError(
                f"{path}: the features of {ids[start + bad[0]]} are {what}; accepted: finite numbers up to {_LARGEST:g}"
            )
        return {"features": features}

    key = key_of("given", values, places)
    kept = store.rows(
        "features",
        key,
        len(ids),
        {"features": ((columns,), np.float32)},
        rows,
        block=_BLOCK,
        progress=lambda done, of: progress("read features", done, of),
    )
    return Embedding(kept["features"], f"{columns} features that were given", None, key)
