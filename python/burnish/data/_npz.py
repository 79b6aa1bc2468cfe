# SPDX-License-Identifier: Apache-2.0
"""An .npz written block by block, so that its arrays need not fit into memory; the same arrays give the same bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.data._tree import writing


class ArrayFile:
    """An .npz that is being written.

    Parameters
    ----------
    path : path
    """

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path, "w", allowZip64=True)

    def finish(self) -> None:
        """Write what stands behind the arrays."""
        self._archive.close()

    def add(self, name: str, array: npt.NDArray[Any]) -> None:
        """Write an array."""
        self.add_rows(name, array.shape, array.dtype, [np.ascontiguousarray(array)] if array.size else [])

    def add_rows(self, name: str, shape: tuple[int, ...], dtype: Any, pieces: Iterable[npt.NDArray[Any]]) -> None:
        """Write an array of this shape by its pieces, one behind the other."""
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
        # An entry made from a name alone carries no time of today.
        with self._archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
            np.lib.format.write_array_header_2_0(file, header)
            for piece in pieces:
                file.write(piece.tobytes())


@contextmanager
def array_file(path: Path) -> Iterator[tuple[ArrayFile, Path]]:
    """Give an .npz beside `path` to write to, and where it lies; it becomes `path`, or vanishes if anything goes wrong.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    partial = path.with_name(f".{path.name}.part")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with writing(path):
            arrays = ArrayFile(partial)
            try:
                yield arrays, partial
            finally:
                arrays.finish()
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
