# SPDX-License-Identifier: Apache-2.0
"""Whether results may go where they are to go: never among the data, nor over what burnish did not write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from burnish._files import KEPT
from burnish._improve.apply import refuse_foreign
from burnish._improve.manifest import FEATURES, FOLDER, MANIFEST, NPZ, TABLE
from burnish.data import DataError

FILES = ("report.html", "scores.parquet", "scan.csv")
_WRITTEN = (*FILES, FEATURES, FOLDER, MANIFEST, NPZ, TABLE)


def refuse_data(out: str | os.PathLike[str] | None, *data: Any) -> None:
    """Refuse a folder for results that lies in the data, and data that results would replace.

    Results among the data would be data of the next run, and nothing there is to change.

    Parameters
    ----------
    out : path or None
        The folder; None where nothing is to stay.
    *data
        As `burnish.data.open_images` takes them; what is not a path lies nowhere.

    Raises
    ------
    DataError
    """
    if out is None:
        return
    place = os.path.realpath(out)
    for source in data:
        if not isinstance(source, str | os.PathLike):
            continue
        there = os.path.realpath(source)
        if os.path.isdir(there) and os.path.commonpath([there, place]) == there:
            raise DataError(
                f"{out} lies in the data, {os.fspath(source)}, which stay as they are; name a place outside"
            )
        within = os.path.relpath(there, place).split(os.sep)
        if within[0] == KEPT or (len(within) == 1 and within[0] in _WRITTEN and not os.path.isdir(there)):
            raise DataError(f"{os.fspath(source)} would be replaced by what is written to {out}; name another place")


def refuse_occupied(out: Path, *, apply: bool) -> None:
    """Refuse a folder with something in the way, before the work rather than after it.

    Raises
    ------
    DataError
    """
    for name in FILES:
        if (out / name).is_dir():
            raise DataError(f"{out / name} is a folder, and a file is to be written there; name another place")
    refuse_foreign(out, everything=apply)
