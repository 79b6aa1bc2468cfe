# SPDX-License-Identifier: Apache-2.0
"""What a pipeline is going to do to each sample, as arrays."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish._array import is_on_gpu


@dataclass
class Entry:
    """What one transform of a pipeline is going to do.

    ``entry["angle"]`` reads and writes a parameter; the transform's docstring names them.

    Parameters
    ----------
    place : int
        Of the transform in the pipeline, counted depth-first; the pipeline itself has place 0.
    transform : str
        Its class.
    applies : bool array of shape (N,)
        Which samples take it.
    params : dict of arrays of shape (N, ...)
        Its parameters for every sample, also for those that do not take it.
    """

    place: int
    transform: str
    applies: npt.NDArray[np.bool_]
    params: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.params[name]

    def __setitem__(self, name: str, values: Any) -> None:
        if name not in self.params:
            raise KeyError(f"{self.transform} has no parameter {name!r}; it has: {', '.join(self.params) or 'none'}")
        before = self.params[name]
        self.params[name] = np.array(np.broadcast_to(values, before.shape), before.dtype)


@dataclass
class Plan:
    """What a pipeline is going to do to each sample.

    Parameters
    ----------
    ids : int64 array of shape (N,)
        The samples.
    seed, epoch : int
        Noise is drawn for them, too.
    sizes : int64 array of shape (N, 2), or None
        Height and width of the images that it was drawn for.
    entries : list of Entry
        One for each transform, in the order in which they are taken.

    Examples
    --------
    >>> from burnish import augment
    >>> pipe = augment.Compose([augment.HorizontalFlip(), augment.Rotate(limit=10, p=1)])
    >>> plan = pipe.plan([7, 8, 9])
    >>> plan["Rotate"]["angle"].round(2)
    array([-4.27,  7.01,  9.45])
    >>> plan["Rotate"]["angle"][0] = 0
    >>> plan["HorizontalFlip"].applies[:] = True
    """

    ids: npt.NDArray[np.int64]
    seed: int
    epoch: int
    sizes: npt.NDArray[np.int64] | None
    entries: list[Entry]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __getitem__(self, key: str | int) -> Entry:
        """Return the entry at a place, or the first one of a transform's name."""
        for entry in self.entries:
            if key in (entry.place, entry.transform):
                return entry
        has = ", ".join(f"{entry.place} {entry.transform}" for entry in self.entries)
        raise KeyError(f"the plan has no {key!r}; it has: {has}")

    def check(self, call: str) -> None:
        """Refuse names of samples, numbers and places that no pipeline draws."""
        if not isinstance(self.ids, np.ndarray):
            raise TypeError(f"{call}: 'ids' of the plan is a {type(self.ids).__name__}; accepted: a NumPy array")
        check.one_dimensional(call, "ids", self.ids)
        checked_seed(call, self.seed)
        checked_epoch(call, self.epoch)
        for entry in self.entries:
            check.integer(call, "place", entry.place, 0, _MOST_PLACE)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as a dict of arrays and numbers; `from_dict` reads it."""
        entries = [{"place": e.place, "transform": e.transform, "applies": e.applies, **e.params} for e in self.entries]
        return {"ids": self.ids, "seed": self.seed, "epoch": self.epoch, "sizes": self.sizes, "entries": entries}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """Make a plan of what `to_dict` returned."""
        entries = []
        for given in values["entries"]:
            params = {name: np.asarray(array) for name, array in given.items() if name not in _OWN}
            entries.append(Entry(int(given["place"]), str(given["transform"]), np.asarray(given["applies"]), params))
        sizes = values.get("sizes")
        return cls(
            np.asarray(values["ids"], np.int64),
            int(values["seed"]),
            int(values["epoch"]),
            None if sizes is None else np.asarray(sizes, np.int64),
            entries,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the plan to a file, in NumPy's npz format."""
        arrays: dict[str, Any] = {"ids": self.ids, "seed": np.uint64(self.seed), "epoch": np.int64(self.epoch)}
        if self.sizes is not None:
            arrays["sizes"] = self.sizes
        arrays["transforms"] = np.array([f"{entry.place} {entry.transform}" for entry in self.entries], "U")
        for entry in self.entries:
            for name, array in {"applies": entry.applies, **entry.params}.items():
                arrays[f"{entry.place}.{name}"] = array
        # Written beside and renamed, so that a failure leaves the file as it was.
        beside = f"{os.fspath(path)}.part"
        try:
            with open(beside, "wb") as file:
                np.savez(file, **arrays)
            os.replace(beside, path)
        finally:
            if os.path.exists(beside):
                os.unlink(beside)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Plan:
        """Read a plan that `save` wrote."""
        try:
            with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                values: dict[str, Any] = {name: file[name] for name in file.files}
            entries = []
            for line in values["transforms"].tolist():
                place, _, transform = line.partition(" ")
                own = {name.partition(".")[2]: array for name, array in values.items() if name.startswith(f"{place}.")}
                entries.append({"place": int(place), "transform": transform, **own})
            return cls.from_dict({**values, "entries": entries})
        except _UNREADABLE as error:
            raise ValueError(f"load: {os.fspath(path)} is not the file of a plan") from error


# What reading raises; RuntimeError is of zip files that are encrypted, or as nobody writes them.
_UNREADABLE = (AttributeError, EOFError, KeyError, RuntimeError, TypeError, ValueError, zipfile.BadZipFile)
_OWN = ("place", "transform", "applies")
MOST_EPOCH = (1 << 63) - 1
_MOST_PLACE = (1 << 31) - 1  # twice that, and one more, has 32 bits


def checked_ids(call: str, ids: Any) -> npt.NDArray[np.int64]:
    """Return sample ids as int64; they need not differ."""
    if is_on_gpu(ids):
        raise ValueError(f"{call}: 'ids' is on a GPU; accepted: integers on a CPU, since reading them would wait")
    array = np.asarray(ids)
    if array.size == 0 and array.ndim == 1:
        return np.zeros(0, np.int64)
    check.one_dimensional(call, "ids", array)
    check.integers(call, "ids", array)
    if array.dtype == np.uint64 and int(array.max()) >= 1 << 63:
        raise ValueError(f"{call}: 'ids' has {array.max()}; accepted: -2^63 to 2^63 - 1")
    return np.ascontiguousarray(array, np.int64)


def checked_seed(call: str, seed: Any) -> int:
    """Return a seed as an int."""
    return check.integer(call, "seed", seed, 0, (1 << 64) - 1)


def checked_epoch(call: str, epoch: Any) -> int:
    """Return an epoch as an int."""
    return check.integer(call, "epoch", epoch, -MOST_EPOCH, MOST_EPOCH)
