# SPDX-License-Identifier: Apache-2.0
"""Intermediate results on disk, so that a run that was interrupted goes on where it stopped.

Every stage has a folder of its own, with the key of what it was made from. A stage whose key differs is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._files import replacing
from burnish.data import DataError

_KEY, _DONE, _LOCK = "key.json", "done.npy", "lock"
_BROKEN = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error)  # by what is not a whole file
Column = tuple[tuple[int, ...], Any]


def _reserve(path: Path) -> None:
    """Take the room of a file, which is refused where there is none; to run out of it later would end the process."""
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, max(1, path.stat().st_size))
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def key_of(*parts: object) -> str:
    """Return a short name for arrays, numbers and words: the same for the same, on every machine."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(f"{type(part).__name__}:{part!r}".encode(errors="surrogatepass"))
        digest.update(b";")
    return digest.hexdigest()[:24]


def _arrays(path: Path) -> dict[str, Any]:
    """Return what was saved."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def _is_whole(folder: Path, n: int, columns: Mapping[str, Column], blocks: int) -> bool:
    """Tell whether files of columns are there and as they were made: somebody may have tidied up, or a disk failed."""
    wanted = {name: ((n, *shape), np.dtype(dtype)) for name, (shape, dtype) in columns.items()}
    try:
        for name, (shape, dtype) in {**wanted, Path(_DONE).stem: ((blocks,), np.dtype(bool))}.items():
            kept = np.load(folder / f"{name}.npy", mmap_mode="r")
            if (kept.shape, kept.dtype) != (shape, dtype):
                return False
    except _BROKEN:
        return False
    return True


class Store:
    """Intermediate results.

    Parameters
    ----------
    folder : path, optional
        Where they are kept. Default: a temporary folder, which goes when the store does.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="burnish-"))
        if folder is None:
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs out of the folder, where the system can.

        Raises
        ------
        DataError
            If another run is at work there.
        """
        try:
            import fcntl
        except ImportError:  # Windows
            yield
            return
        with suppress(FileExistsError):  # what is no folder is said below
            self.folder.mkdir(parents=True)
        with (self.folder / _LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                place = self.folder.parent
                raise DataError(f"another run is writing to {place}; wait for it, or name another place") from None
            except OSError:  # a file system that knows no locks
                pass
            yield

    def result(self, stage: str, key: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Return the arrays of a stage: those kept, or those that `make` returns, which are kept then.

        Parameters
        ----------
        stage : str
            Name of the stage, for a folder of that name.
        key : str
            Of all that the result depends on (`key_of`).
        make : callable
            Returns the arrays (or what NumPy makes an array of, other than objects) by name.

        Returns
        -------
        dict of str to array
        """
        folder = self._folder(stage, key)
        path = folder / "result.npz"
        with suppress(*_BROKEN):
            return _arrays(path)
        made: dict[str, Any] = {name: np.asarray(value) for name, value in make().items()}
        with replacing(path) as partial:
            np.savez(partial, **made)
        return _arrays(path)

    def rows(
        self,
        stage: str,
        key: str,
        n: int,
        columns: Mapping[str, Column],
        make: Callable[[int, int], Mapping[str, npt.ArrayLike]],
        *,
        block: int = 1024,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> dict[str, npt.NDArray[Any]]:
        """Return columns of `n` rows that are made block by block, and kept on disk rather than in memory.

        Parameters
        ----------
        stage, key : str
            As for `result`.
        n : int
            Rows.
        columns : mapping of str to (shape, dtype)
            The shape of a row of each column, () for a number, and its type.
        make : callable
            Takes the first row and the one behind the last; returns these rows of each column.
        block : int, default 1024
            Rows that are made at once; what an interruption costs.
        progress : callable, optional
            Called with the number of rows made and `n`.

        Returns
        -------
        dict of str to array
            Memory-mapped, not to be written to.
        """
        if n == 0:
            return {name: np.empty((0, *shape), dtype) for name, (shape, dtype) in columns.items()}
        folder = self._folder(stage, key)
        whole = folder / _DONE
        blocks = -(-n // block)
        if not _is_whole(folder, n, columns, blocks):
            for name, (shape, dtype) in columns.items():
                path = folder / f"{name}.npy"
                np.lib.format.open_memmap(path, "w+", np.dtype(dtype), (n, *shape)).flush()
                _reserve(path)
            with replacing(whole) as partial:
                np.save(partial, np.zeros(blocks, bool))
        done = np.load(whole, mmap_mode="r+")
        if not done.all():
            arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in columns}
            for i in np.flatnonzero(~done):
                start, stop = int(i) * block, min(n, (int(i) + 1) * block)
                for name, values in make(start, stop).items():
                    arrays[name][start:stop] = values
                for array in arrays.values():
                    array.flush()
                done[i] = True
                progress(stop, n)
        return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in columns}

    def _folder(self, stage: str, key: str) -> Path:
        """Return the folder of a stage, emptied where what is there belongs to another key."""
        folder = self.folder / stage
        kept = folder / _KEY
        try:
            same = json.loads(kept.read_text()) == key
        except (OSError, ValueError):
            same = False
        if not same:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            with replacing(kept) as partial:
                partial.write_text(json.dumps(key))
        return folder
