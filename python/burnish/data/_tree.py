# SPDX-License-Identifier: Apache-2.0
"""Many files written as one: the folder appears when all are there, and not at all if anything goes wrong."""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from burnish._extras import needs_extra
from burnish.data._image_set import DataError

_CHUNK = 8  # files that a thread makes one after the other
_AT_ONCE = 32  # such chunks under way
Progress = Callable[[int, int], None]
T = TypeVar("T")


def silent(done: int, of: int) -> None:
    """Tell nothing of the progress."""


def write_tree(
    folder: Path,
    names: Sequence[str],
    contents: Callable[[range], Iterable[bytes]],
    *,
    workers: int | None = None,
    progress: Progress = silent,
    on_written: Callable[[list[str]], None] = lambda digests: None,
) -> list[str]:
    """Write files into a folder of their own, which replaces what is there.

    Parameters
    ----------
    folder : path
        What is there must be the caller's to replace.
    names : sequence of N str
        Paths below it, with "/", each once.
    contents : callable
        Takes a range of places among the N, on several threads, and returns what is to be in these files.
    workers : int, optional
        Threads; the files do not depend on it.
    progress : callable, optional
        Called with the number of files written and N.
    on_written : callable, optional
        Called with the digests before the folder is put in its place.

    Returns
    -------
    list of N str
        SHA-256 of what was written.

    Raises
    ------
    DataError
        If something cannot be written; nothing has changed then.
    """
    staged = folder.with_name(f".{folder.name}.part")
    with writing(folder):
        _remove(staged)
        staged.mkdir(parents=True)
    try:
        with writing(folder):
            for parent in sorted({name.rpartition("/")[0] for name in names} - {""}):
                (staged / parent).mkdir(parents=True)

        def write(places: range) -> Iterator[str]:
            for i, data in zip(places, contents(places), strict=True):
                with writing(folder):
                    (staged / names[i]).write_bytes(data)
                yield hashlib.sha256(data).hexdigest()

        digests = list(in_order(write, len(names), workers, progress))
        on_written(digests)
        with writing(folder):
            _swap(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return digests


def in_order(make: Callable[[range], Iterable[T]], n: int, workers: int | None, progress: Progress) -> Iterator[T]:
    """Yield what `make` makes of 0 to n - 1, on threads, with few under way, so that memory and errors stay small."""
    step = _CHUNK * _AT_ONCE
    with ThreadPoolExecutor(workers or min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, n, step):
            stop = min(n, start + step)
            chunks = [range(i, min(stop, i + _CHUNK)) for i in range(start, stop, _CHUNK)]
            futures = [pool.submit(lambda places: list(make(places)), chunk) for chunk in chunks]
            try:
                for future in futures:
                    yield from future.result()
            except BaseException:
                for future in futures:
                    future.cancel()
                raise
            progress(stop, n)


def _swap(staged: Path, folder: Path) -> None:
    """Put `staged` in the place of `folder`."""
    old = folder.with_name(f".{folder.name}.old")
    _remove(old)
    try:
        if folder.exists():
            folder.rename(old)
        staged.rename(folder)
    except BaseException:  # Ctrl-C, too
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    _remove(old)


def _remove(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line why something below `path` cannot be written."""
    try:
        yield
    except OSError as error:
        text = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            text = "there is no space left; free some or name another place"
        raise DataError(f"{path} cannot be written: {text}") from error


def encoded(pixels: Any) -> bytes:
    """Return pixels (H, W) or (H, W, C) as PNG."""
    with needs_extra("demo"):
        from PIL import Image
    with io.BytesIO() as file:
        Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels).save(file, "PNG", compress_level=6)
        return file.getvalue()


def files_below(folder: Path) -> Iterator[str]:
    """Yield the files below a folder, relative to it, with "/"; links count as files."""
    for root, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(root, name))]
        for name in itertools.chain(files, links):
            yield os.path.relpath(os.path.join(root, name), folder).replace(os.sep, "/")
