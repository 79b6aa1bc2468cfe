# SPDX-License-Identifier: Apache-2.0
"""A listing of images: what there is, with labels; pixels and files are fetched one by one, when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Content = bytes | npt.NDArray[np.uint8]
Indices = Sequence[int] | npt.NDArray[Any]


class DataError(ValueError):
    """Images or labels that cannot be used; the message is one line for the user."""


class Source(Protocol):
    """Where images lie. Several threads may ask at once."""

    def content(self, place: int) -> Content:
        """Return a file as it is, or pixels (H, W) or (H, W, C) with C of 1, 3 or 4."""

    def path(self, place: int) -> Path | None:
        """Return where an image lies, if it is a file of its own."""

    def suffix(self, place: int) -> str:
        """Return the suffix of a file that is to hold the image, such as ".jpg"."""

    def state(self, places: npt.NDArray[np.int64]) -> tuple[object, ...]:
        """Return what differs when these images may have changed, for `burnish._improve.store.key_of`."""


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images of a classifier's data set, listed but not read.

    Made by `burnish.data.open_images`.

    Attributes
    ----------
    ids : tuple of N str
        Each once. Of files: the path below the root, with "/", such as "train/cat/1.jpg"; bytes that are not text are
        surrogates, as `os.fsdecode` makes them.
    labels : int64 array of shape (N,)
        0 to K - 1; -1 where there is none.
    names : tuple of K str
        Of the classes.
    held_out : bool array of shape (N,)
        What came as a test part: models are judged on it, never trained on it, and it is never mended.
    title : str
        For people.
    source : Source
        Where they lie.
    places : int64 array of shape (N,)
        Of each image in `source`.
    notes : tuple of str
        What was noticed while listing, in sentences.
    """

    ids: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    names: tuple[str, ...]
    held_out: npt.NDArray[np.bool_]
    title: str
    source: Source
    places: npt.NDArray[np.int64]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.ids)
        for name, dtype in (("labels", np.int64), ("held_out", np.bool_), ("places", np.int64)):
            array = np.array(getattr(self, name), dtype)  # a copy, that nobody changes
            if array.shape != (n,):
                raise ValueError(f"ImageSet: '{name}' has shape {array.shape}; accepted: ({n},), one for each id")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if n and not (self.labels.min() >= -1 and self.labels.max() < len(self.names)):
            raise ValueError(f"ImageSet: 'labels' are not all -1 to {len(self.names) - 1}, the classes that are named")
        if len(set(self.ids)) != n:
            raise ValueError("ImageSet: 'ids' has an id twice; accepted: each once")

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        held_out = int(self.held_out.sum())
        part = f", {held_out} of them held out" if held_out else ""
        return f"ImageSet({self.title!r}: {len(self)} images{part}, {len(self.names)} classes)"

    def content(self, i: int) -> Content:
        """Return an image as it is kept: a file's bytes, or pixels.

        Parameters
        ----------
        i : int
            Which.

        Returns
        -------
        bytes or uint8 array of shape (H, W) or (H, W, C)

        Raises
        ------
        OSError or another exception
            If it cannot be read any more.
        """
        return self.source.content(int(self.places[i]))

    def path(self, i: int) -> Path | None:
        """Return where an image lies.

        Parameters
        ----------
        i : int
            Which.

        Returns
        -------
        pathlib.Path or None
            None where it is not a file of its own.
        """
        return self.source.path(int(self.places[i]))

    def suffix(self, i: int) -> str:
        """Return the suffix of a file that is to hold an image.

        Parameters
        ----------
        i : int
            Which.

        Returns
        -------
        str
            ".jpg", ...; ".png" for pixels.
        """
        return self.source.suffix(int(self.places[i]))

    def state(self) -> tuple[object, ...]:
        """Return what differs when ids or contents do, as far as that can be told without reading all of them.

        Returns
        -------
        tuple
            Of words, numbers and arrays.
        """
        return (self.ids, *self.source.state(self.places))

    def take(self, indices: Indices) -> ImageSet:
        """Return some of the images, with the same classes.

        Parameters
        ----------
        indices : sequence of int, or bool array of shape (N,)
            Which, in the order wanted; or a mask.

        Returns
        -------
        ImageSet
        """
        rows = np.asarray(indices)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        return ImageSet(
            ids=tuple(self.ids[i] for i in rows),
            labels=self.labels[rows],
            names=self.names,
            held_out=self.held_out[rows],
            title=self.title,
            source=self.source,
            places=self.places[rows],
            notes=self.notes,
        )


class Joined:
    """Sources one behind the other.

    Parameters
    ----------
    sources : sequence of Source
    borders : int64 array of shape (len(sources) + 1,)
        The first place of each, and the one behind the last.
    """

    def __init__(self, sources: Sequence[Source], borders: npt.NDArray[np.int64]) -> None:
        self._sources, self._borders = tuple(sources), borders

    def _of(self, place: int) -> tuple[Source, int]:
        which = int(np.searchsorted(self._borders, place, "right")) - 1
        return self._sources[which], place - int(self._borders[which])

    def content(self, place: int) -> Content:
        """Return an image as it is kept."""
        source, at = self._of(place)
        return source.content(at)

    def path(self, place: int) -> Path | None:
        """Return where it lies."""
        source, at = self._of(place)
        return source.path(at)

    def suffix(self, place: int) -> str:
        """Return the suffix of its file."""
        source, at = self._of(place)
        return source.suffix(at)

    def state(self, places: npt.NDArray[np.int64]) -> tuple[object, ...]:
        """Return what differs when images may have changed."""
        which = np.searchsorted(self._borders, places, "right") - 1
        states: list[object] = [which]
        for i, source in enumerate(self._sources):
            states += source.state(places[which == i] - self._borders[i])
        return tuple(states)


def joined(parts: Sequence[tuple[str, ImageSet, bool]]) -> ImageSet:
    """Return several sets as one; classes are matched by their names.

    Parameters
    ----------
    parts : sequence of (name, images, held_out)
        The name goes before ids where these are in several parts; `held_out` puts all images of a part aside. Parts
        that are held out come last, so that the first of some equal images is one to train on where there is one.
    """
    parts = sorted(parts, key=lambda part: part[2])
    sets = [images for _, images, _ in parts]
    names = tuple(dict.fromkeys(name for images in sets for name in images.names))
    number = {name: i for i, name in enumerate(names)}
    to = [
        np.array([*(number[name] for name in images.names), -1], np.int64) for images in sets
    ]  # the last is that of -1
    clash = len(set().union(*(images.ids for images in sets))) < sum(map(len, sets))
    before = [f"{name}/" if clash else "" for name, _, _ in parts]
    borders = np.cumsum([0, *(int(images.places.max(initial=-1)) + 1 for images in sets)])
    return ImageSet(
        ids=tuple(start + name for start, images in zip(before, sets, strict=True) for name in images.ids),
        labels=np.concatenate([of[images.labels] for of, images in zip(to, sets, strict=True)]),
        names=names,
        held_out=np.concatenate([images.held_out | aside for _, images, aside in parts]),
        title=sets[0].title,
        source=Joined([images.source for images in sets], borders),
        places=np.concatenate([images.places + start for images, start in zip(sets, borders[:-1], strict=True)]),
        notes=tuple(dict.fromkeys(note for images in sets for note in images.notes)),
    )


def unique_ids(ids: Sequence[str]) -> tuple[str, ...]:
    """Number what occurs again: "a", "a (2)", ..."""
    seen: dict[str, int] = {}
    taken, result = set(ids), []
    for name in ids:
        count = seen[name] = seen.get(name, 0) + 1
        unique = name
        while count > 1 and unique in taken:
            unique = f"{name} ({count})"
            count += 1
        taken.add(unique)
        result.append(unique)
    return tuple(result)
