# SPDX-License-Identifier: Apache-2.0
"""Some rows of an array that may be larger than memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class Rows:
    """Some rows of an array, read when they are asked for.

    Parameters
    ----------
    array : array of shape (N, ...)
        Memory-mapped, or itself rows of another array.
    rows : int64 array of shape (M,)

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    """

    def __init__(self, array: Any, rows: npt.NDArray[np.int64]) -> None:
        self._array, self._rows = array, rows
        self.shape, self.dtype = (len(rows), *array.shape[1:]), array.dtype

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, which: Any) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = np.asarray(self._array[self._rows[which]])
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self[:], dtype)


def some_rows(array: Any, rows: npt.NDArray[np.int64]) -> Any:
    """Return rows of an array, ascending; the array as it is if they are all of it."""
    return array if len(rows) == len(array) else Rows(array, rows)
