# SPDX-License-Identifier: Apache-2.0
"""Numbers for the classes that people write as words, numbers or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.data._image_set import DataError

Numbered = tuple[npt.NDArray[np.int64], tuple[str, ...]]
TRAIN = ("train", "training")
HELD_OUT = ("test", "testing", "val", "valid", "validation")


def numbered(values: Any, names: Sequence[str] | None = None) -> Numbered:
    """Return labels 0 to K - 1, -1 where there is none, and the names of the classes.

    Parameters
    ----------
    values : array-like of shape (N,) or (N, 1)
        Integers (-1: none), words (empty: none), None and NaN (none).
    names : sequence of str, optional
        Of the classes: integers are places in it, words must be in it. Default: the values that occur, in their order;
        integers that leave out none from 0 on thus stay as they are.
    """
    cells = _cells(values)
    if all(cell is None or isinstance(cell, int) for cell in cells):
        return _from_integers(np.array([-1 if cell is None else cell for cell in cells], np.int64), names)
    words = ["" if cell is None else str(cell).strip() for cell in cells]
    chosen = tuple(names) if names is not None else tuple(in_order(set(words) - {""}))
    number = {name: i for i, name in enumerate(chosen)} | {"": -1}
    unknown = next((word for word in words if word not in number), None)
    if unknown is not None:
        raise DataError(f"the label {unknown!r} is not one of the classes; accepted: {', '.join(chosen[:20])}")
    return np.array([number[word] for word in words], np.int64), chosen


def in_order(words: Iterable[str]) -> list[str]:
    """Sort names of classes; those that are all integers as such: 2 before 10."""
    found = sorted(words)
    if all(re.fullmatch(r"-?\d{1,18}", word) for word in found):
        found.sort(key=int)
    return found


def is_held_out(word: str) -> bool | None:
    """Tell what the name of a part says: True for test parts, False for training parts, None for neither."""
    folded = word.strip().casefold()
    return True if folded in HELD_OUT else False if folded in TRAIN else None


def _cells(values: Any) -> list[Any]:
    """Return each label as int, None for none, or what else it is."""
    array = np.asarray(values) if not isinstance(values, list | tuple) else None
    if array is None:
        cells = [cell.item() if isinstance(cell, np.generic) else cell for cell in values]
    else:
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise DataError(f"labels have shape {array.shape}; accepted: (N,), one class for each image")
        cells = array.tolist()
    return [_cell(cell) for cell in cells]


def _cell(cell: Any) -> Any:
    if cell is None or isinstance(cell, int | str):
        return str(cell) if isinstance(cell, bool) else cell
    if isinstance(cell, bytes):
        return cell.decode(errors="surrogateescape")
    try:
        if cell != cell:  # NaN, NaT
            return None
        if isinstance(cell, float):
            if not cell.is_integer():
                raise DataError(f"the label {cell!r} is not the number of a class; accepted: integers and words")
            return int(cell)
        return int(cell) if hasattr(cell, "__index__") or hasattr(cell, "__int__") else str(cell)
    except (TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        return None if "NA" in str(error) else str(cell)  # pandas.NA refuses comparison


def _from_integers(labels: npt.NDArray[np.int64], names: Sequence[str] | None) -> Numbered:
    if labels.min(initial=-1) < -1:
        raise DataError(f"the label {labels.min()} is negative; accepted: 0 or more, -1 for none")
    if names is not None:
        if labels.max(initial=-1) >= len(names):
            raise DataError(f"the label {labels.max()} has no name; {len(names)} classes are named")
        return labels, tuple(names)
    values = np.unique(labels[labels >= 0])
    return np.where(labels < 0, -1, np.searchsorted(values, labels)), tuple(str(value) for value in values)
