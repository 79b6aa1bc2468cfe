# SPDX-License-Identifier: Apache-2.0
"""Whether results may go where they are to go: never among the data, nor over what burnish did not write."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from burnish._files import KEPT
from burnish._improve.manifest import FOLDER, MANIFEST, NEXT, OUTPUTS, read_manifest
from burnish.data import DataError
from burnish.data._image_set import ImageSet
from burnish.data._tree import files_below, writing

FILES = ("report.html", "scores.parquet", "scan.csv")
_LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")  # what systems leave in folders that somebody looks at
_WRITTEN = (*FILES, *OUTPUTS, MANIFEST)


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


def refuse_foreign(out: Path, *, everything: bool = True) -> None:
    """Refuse to replace what burnish did not write: the manifest, or everything that `apply` writes.

    Raises
    ------
    DataError
        With what is in the way.
    """
    folder = out / FOLDER
    with writing(out):
        if os.path.lexists(out) and not out.is_dir():
            raise DataError(f"{out} is not a folder; name another place")
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise DataError(f"{folder} is not a folder that burnish wrote; move it, or name another place")
        known = known_digests(out)
        if not everything:
            return
        present = [f"{FOLDER}/{name}" for name in files_below(folder)] if folder.is_dir() else []
        present += [name for name in OUTPUTS if name != FOLDER and os.path.lexists(out / name)]
        for name in sorted(present):
            if name.rpartition("/")[2] in _LITTER:
                continue
            if name not in known:
                raise DataError(f"{out / name} was not written by burnish; move it, or name another place")
            if (out / name).is_symlink() or digest_of_file(out / name) not in known[name]:
                raise DataError(f"{out / name} was changed since burnish wrote it; move it, or name another place")


def known_digests(out: Path) -> dict[str, set[str]]:
    """Return the digests of what an earlier run wrote, by name."""
    known: dict[str, set[str]] = {}
    for name in (MANIFEST, NEXT):
        if os.path.lexists(out / name):
            head, rows = read_manifest(out / name)
            for file, digest in [*head.get("outputs", {}).items(), *((row.file, row.sha256) for row in rows)]:
                if file is not None:
                    known.setdefault(file, set()).add(digest)
    return known


def refuse_own_data(images: ImageSet, out: Path) -> None:
    """Refuse to replace the folder that `apply` writes where the data are in it.

    Raises
    ------
    DataError
    """
    folder = out / FOLDER
    place = os.path.realpath(folder)
    parents = {path.parent for i in range(len(images)) if (path := images.path(i)) is not None}
    for parent in parents:
        found = os.path.realpath(parent)
        if found == place or found.startswith(place + os.sep):
            raise DataError(f"the data lie in {folder}, which would be replaced; name another place")


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 digest of what a file holds."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _slowly(file)


def _slowly(file: Any) -> str:
    """Return the digest where Python is older than 3.11."""
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
