# SPDX-License-Identifier: Apache-2.0
"""A torch Dataset of (image, label); torch itself is not needed to read one."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.data._arrays import as_pixels, open_arrays
from burnish.data._files import Files
from burnish.data._image_set import DataError, ImageSet, unique_ids
from burnish.data._labels import numbered

_LOOKED_AT = 32  # items that tell whether a data set has changed


def is_rows(source: Any) -> bool:
    """Tell whether something has rows that can be asked for by number."""
    return hasattr(source, "__getitem__") and hasattr(source, "__len__")


def open_torch(dataset: Any, names: Sequence[str] | None = None) -> ImageSet:
    """List the items of a Dataset.

    Files are read as they are where a data set says where they lie (``samples``, as torchvision's ImageFolder), without
    its transform. Labels are taken from ``targets`` or ``labels`` where there are any, else each item is fetched once.
    """
    if hasattr(dataset, "dataset") and hasattr(dataset, "indices"):  # Subset
        return open_torch(dataset.dataset, names).take(np.asarray(dataset.indices))
    title = type(dataset).__name__
    tensors = getattr(dataset, "tensors", None)
    if isinstance(tensors, tuple) and len(tensors) == 2:  # TensorDataset
        return open_arrays(*tensors, names=names, title=title)
    if names is None and _are_words(getattr(dataset, "classes", None)):
        names = tuple(dataset.classes)
    n = len(dataset)
    samples: Any = getattr(dataset, "samples", None)
    if _are_paths(samples, n):
        return _files(samples, names, title)
    source = Items(dataset)
    labels, chosen = numbered(_labels(dataset, n), names)
    if n:
        try:
            source.content(0)
        except DataError as error:
            raise DataError(f"{title}: {error}") from error
    return ImageSet(
        ids=tuple(map(str, range(n))),
        labels=labels,
        names=chosen,
        held_out=np.zeros(n, bool),
        title=title,
        source=source,
        places=np.arange(n),
    )


def _are_words(names: Any) -> bool:
    return isinstance(names, list | tuple) and bool(names) and all(isinstance(name, str) for name in names)


def _are_paths(samples: Any, n: int) -> bool:
    return (
        isinstance(samples, list)
        and len(samples) == n > 0
        and isinstance(samples[0], tuple)
        and isinstance(samples[0][0], str | os.PathLike)
    )


def _files(samples: Sequence[tuple[Any, ...]], names: Sequence[str] | None, title: str) -> ImageSet:
    files = [os.path.abspath(os.fspath(sample[0])) for sample in samples]
    root = Path(os.path.commonpath(files) if len(files) > 1 else os.path.dirname(files[0]))
    below = [os.path.relpath(file, root) for file in files]
    labels, chosen = numbered([sample[1] for sample in samples], names)
    return ImageSet(
        ids=unique_ids(below),
        labels=labels,
        names=chosen,
        held_out=np.zeros(len(files), bool),
        title=title,
        source=Files(root, below),
        places=np.arange(len(files)),
    )


def _labels(dataset: Any, n: int) -> Any:
    if getattr(dataset, "target_transform", None) is None:
        for name in ("targets", "labels"):
            labels = getattr(dataset, name, None)
            if labels is not None and np.shape(labels) in ((n,), (n, 1)):
                return labels
    return [_scalar(_pair(dataset[i])[1]) for i in range(n)]


def _scalar(label: Any) -> Any:
    return label.item() if hasattr(label, "item") and np.ndim(label) == 0 else label


def _pair(item: Any) -> tuple[Any, Any]:
    """Return image and label of an item; None for a label that it lacks."""
    if isinstance(item, dict):
        image = next((item[name] for name in ("image", "img", "pixel_values") if name in item), None)
        if image is not None:
            return image, next((item[name] for name in ("label", "labels", "target") if name in item), None)
    elif isinstance(item, tuple | list) and len(item) >= 2:
        return item[0], item[1]
    raise DataError(f"its items are {type(item).__name__}; accepted: (image, label), {{'image': ..., 'label': ...}}")


class Items:
    """Items of a data set, fetched one at a time: a source of `burnish.data.ImageSet`.

    Parameters
    ----------
    dataset : object with rows (image, label)
        Images are Pillow's, arrays or tensors.
    """

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self._lock = threading.Lock()  # a data set need not expect threads

    def __getstate__(self) -> dict[str, Any]:
        return {"dataset": self._dataset}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Items.__init__(self, state["dataset"])

    def content(self, place: int) -> npt.NDArray[np.uint8]:
        """Return pixels (H, W) or (H, W, C)."""
        with self._lock:
            image = _pair(self._dataset[place])[0]
            if hasattr(image, "convert") and image.mode not in ("L", "RGB", "RGBA"):
                image = image.convert("RGB")
            return as_pixels(image)

    def path(self, place: int) -> None:
        """Return None: it is not a file."""
        return

    def suffix(self, place: int) -> str:
        """Return the suffix of a format that keeps pixels as they are."""
        return ".png"

    def state(self, places: npt.NDArray[np.int64]) -> tuple[object, ...]:
        """Return some of the items: to look at all of them takes as long as what this is to save."""
        some = places[np.unique(np.linspace(0, max(len(places) - 1, 0), _LOOKED_AT).astype(np.int64))[: len(places)]]
        return (type(self._dataset).__qualname__, places, *(self._looked_at(int(place)) for place in some))

    def _looked_at(self, place: int) -> object:
        try:
            return self.content(place)
        except Exception as error:  # the scan will say it
            return str(error)
