# SPDX-License-Identifier: Apache-2.0
"""Files below a folder or in a zip: which are there, and what is in them."""

from __future__ import annotations

import os
import stat
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._files import KEPT
from burnish._words import counted, one_line, some
from burnish.data._image_set import DataError

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".bmp", ".dib", ".gif", ".webp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pnm", ".avif", ".jp2", ".tga"),
)
_DEEPEST = 32  # folders below the one named
_MOST_BYTES = 1 << 30  # of one image


@dataclass
class Found:
    """What lies below a folder or in a zip.

    Attributes
    ----------
    images : list of str
        Paths below the root with "/", sorted.
    folders : list of str
        Likewise.
    notes : list of str
        What was left out, in sentences.
    """

    images: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find(root: Path) -> Found:
    """List the images below `root`, a folder or zip.

    Raises
    ------
    DataError
        If it is neither, cannot be read, or has no images.
    """
    try:
        if root.is_dir():
            found, other = _walk(root)
        elif zipfile.is_zipfile(root):
            found, other = _entries(root)
        elif root.exists():
            raise DataError(f"{root} is neither a folder nor a zip")
        else:
            raise DataError(f"{root} does not exist")
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"{root} cannot be read: {one_line(error)}") from error
    if not found.images:
        raise DataError(f"{root} has no images; accepted: {root.name}/CLASS/*.jpg, .png, ..., or a zip of that")
    found.images.sort()
    found.folders.sort()
    if other:
        found.notes.append(f"{counted(len(other), 'file')} not named as images: left out ({some(other)})")
    return found


def is_image_name(name: str) -> bool:
    """Tell whether a file is named as an image."""
    return name.lower().endswith(SUFFIXES)


def _walk(root: Path) -> tuple[Found, list[str]]:
    """List a folder. A link to a folder is followed, unless it leads to one that it lies in."""
    found = Found()
    other: list[str] = []
    status = root.stat()
    level = [("", frozenset({(status.st_dev, status.st_ino)}))]
    for _ in range(_DEEPEST):
        below = []
        for folder, above in level:
            try:
                with os.scandir(root / folder) as listed:
                    entries = list(listed)
            except OSError as error:
                if not folder:
                    raise
                found.notes.append(f"folder {folder} cannot be read: {one_line(error)}")
                continue
            if folder and any(entry.name == KEPT for entry in entries):
                found.notes.append(f"folder {folder} was written by burnish: left out")
                found.folders.remove(folder)
                continue
            if not entries and is_image_name(folder):
                found.images.append(folder)  # to be reported as an image that cannot be read
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if _is_hidden(entry.name):
                    continue
                if _is_folder(entry):
                    status = entry.stat()
                    place = (status.st_dev, status.st_ino)
                    if place in above:
                        found.notes.append(f"{name} links to a folder that it lies in: not followed")
                    else:
                        found.folders.append(name)
                        below.append((name, above | {place}))
                else:
                    (found.images if is_image_name(name) else other).append(name)
        level = below
    if level:
        found.notes.append(f"folders more than {_DEEPEST} deep were left out ({some([name for name, _ in level])})")
    return found, other


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _entries(root: Path) -> tuple[Found, list[str]]:
    found = Found()
    other: list[str] = []
    outside: list[str] = []
    folders: set[str] = set()
    with zipfile.ZipFile(root) as archive:
        names = list(dict.fromkeys(archive.namelist()))  # the last of a name is what reading gives
    for name in names:
        parts = name.rstrip("/").split("/")
        if any(part in ("", ".", "..") for part in parts):
            outside.append(name)
            continue
        if any(map(_is_hidden, parts)):
            continue
        if name.endswith("/"):
            parts.append("")
        else:
            (found.images if is_image_name(name) else other).append(name)
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    found.folders = list(folders)
    if outside:
        found.notes.append(f"{counted(len(outside), 'name')} leading out of the zip: left out ({some(outside)})")
    return found, other


def read_file(path: str | os.PathLike[str]) -> bytes:
    """Return what is in a file; what is not a plain file (a folder, a pipe) is refused rather than waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise OSError("a folder, not a file")
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a plain file")
        _refuse_large(status.st_size)
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            return file.readall()
    finally:
        os.close(descriptor)


def _refuse_large(size: int) -> None:
    if size > _MOST_BYTES:
        raise OSError(f"{size:,} bytes, more than an image has")


class Files:
    """Files that exist one by one: a source of `burnish.data.ImageSet`.

    Parameters
    ----------
    root : path
        What `files` are relative to.
    files : sequence of str
    """

    def __init__(self, root: Path, files: Sequence[str]) -> None:
        self._root, self._files = root, files

    def content(self, place: int) -> bytes:
        """Return a file as it is."""
        return read_file(self.path(place))

    def path(self, place: int) -> Path:
        """Return where it lies."""
        return self._root / self._files[place]

    def suffix(self, place: int) -> str:
        """Return the suffix of its name."""
        return _suffix(self._files[place])

    def state(self, places: npt.NDArray[np.int64]) -> tuple[object, ...]:
        """Return sizes and times of change, of which one can be set at will and one not; -1 for files that are gone."""
        facts = np.full((len(places), 3), -1, np.int64)
        root = os.fspath(self._root)
        for row, place in enumerate(places):
            try:
                status = os.stat(os.path.join(root, self._files[place]))
            except (OSError, ValueError):
                continue
            facts[row] = status.st_size, status.st_mtime_ns, status.st_ctime_ns
        return ("files", os.path.abspath(root), facts)


class Zipped:
    """Files in a zip, which is not unpacked: a source of `burnish.data.ImageSet`.

    Parameters
    ----------
    root : path
        The zip.
    files : sequence of str
        As they are named there.
    """

    def __init__(self, root: Path, files: Sequence[str]) -> None:
        self._root, self._files = root, files
        self._opened: tuple[int, zipfile.ZipFile] | None = None
        self._opening = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self._root, "files": self._files}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Zipped.__init__(self, state["root"], state["files"])

    def _archive(self) -> zipfile.ZipFile:
        """Return the zip, opened once; a child process that was forked opens its own, as it would share the place."""
        with self._opening:
            if self._opened is None or self._opened[0] != os.getpid():
                self._opened = (os.getpid(), zipfile.ZipFile(self._root))
            return self._opened[1]

    def __del__(self) -> None:
        if self._opened is not None:
            self._opened[1].close()

    def content(self, place: int) -> bytes:
        """Return a file as it is."""
        archive = self._archive()
        entry = archive.getinfo(self._files[place])
        _refuse_large(entry.file_size)
        return archive.read(entry)

    def path(self, place: int) -> None:
        """Return None: it is not a file of its own."""
        return

    def suffix(self, place: int) -> str:
        """Return the suffix of its name."""
        return _suffix(self._files[place])

    def state(self, places: npt.NDArray[np.int64]) -> tuple[object, ...]:
        """Return checksums and sizes, which the zip lists."""
        archive = self._archive()
        entries = [archive.getinfo(self._files[place]) for place in places]
        return ("zip", np.array([(entry.file_size, entry.CRC) for entry in entries], np.int64).reshape(-1, 2))


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower() or ".png"
