# SPDX-License-Identifier: Apache-2.0
"""A Dataset of Hugging Face's ``datasets``, with a column of images and one of labels."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish.data._files import read_file
from burnish.data._image_set import DataError, ImageSet
from burnish.data._labels import numbered

_MAGIC = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG", ".png"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"RIFF", ".webp"),
)


def is_huggingface(source: Any) -> bool:
    """Tell whether something is a Dataset of ``datasets``, which is not imported for that."""
    return type(source).__module__.partition(".")[0] == "datasets" and hasattr(source, "features")


def open_huggingface(dataset: Any, names: Sequence[str] | None = None) -> ImageSet:
    """List the rows of a Dataset: its first column of images, and the column of labels."""
    title = str(getattr(dataset.info, "dataset_name", None) or "data set")
    if not hasattr(dataset, "__len__"):
        raise DataError(f"{title} is read in a stream; accepted: a Dataset with rows, loaded without streaming=True")
    features = dataset.features
    image = next((name for name, feature in features.items() if type(feature).__name__ == "Image"), None)
    if image is None:
        raise DataError(f"{title} has the columns {', '.join(features)}; accepted: one of images (datasets.Image)")
    label = _label(features)
    notes: tuple[str, ...] = ()
    values: Any = np.full(len(dataset), -1)
    if label is None:
        notes = (f"no column of labels: all images are without one ({', '.join(features)})",)
    else:
        values = dataset.select_columns([label]).with_format(None)[:][label]
        names = names or getattr(features[label], "names", None)
    labels, chosen = numbered(values, names)
    return ImageSet(
        ids=tuple(map(str, range(len(dataset)))),
        labels=labels,
        names=chosen,
        held_out=np.zeros(len(dataset), bool),
        title=title,
        source=Rows(dataset, image),
        places=np.arange(len(dataset)),
        notes=notes,
    )


def _label(features: Any) -> str | None:
    classes = [name for name, feature in features.items() if type(feature).__name__ == "ClassLabel"]
    named = [name for name in ("label", "labels", "target", "class") if name in features]
    return next((name for name in named if name in classes), None) or next(iter(classes + named), None)


class Rows:
    """Images of a Dataset as the files they were: a source of `burnish.data.ImageSet`.

    Parameters
    ----------
    dataset : datasets.Dataset
    column : str
        Of the images.
    """

    def __init__(self, dataset: Any, column: str) -> None:
        self._column, self._fingerprint = column, str(getattr(dataset, "_fingerprint", ""))
        self._given = (dataset, column)
        decoded = dataset.features[column]
        plain = dataset.select_columns([column]).with_format(None)
        self._dataset = plain.cast_column(column, type(decoded)(decode=False))
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"given": self._given}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Rows.__init__(self, *state["given"])

    def content(self, place: int) -> bytes:
        """Return a file as it is."""
        with self._lock:
            cell = self._dataset[place][self._column]
        if cell is None:
            raise OSError("the cell is empty")
        content = cell["bytes"]
        return read_file(cell["path"]) if content is None else bytes(content)

    def path(self, place: int) -> None:
        """Return None: it is a cell of a table."""
        return

    def suffix(self, place: int) -> str:
        """Return the suffix that goes with what is in it."""
        start = self.content(place)[:4]
        return next((suffix for magic, suffix in _MAGIC if start.startswith(magic)), ".png")

    def state(self, places: npt.NDArray[np.int64]) -> tuple[object, ...]:
        """Return what ``datasets`` derives from all that a data set was made of."""
        return ("rows", self._fingerprint, places)
