# SPDX-License-Identifier: Apache-2.0
"""Data sets handed to other libraries: torch, Hugging Face's ``datasets``, FiftyOne."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._extras import MissingExtraError, needs_extra
from burnish.data._image_set import DataError, ImageSet
from burnish.data._tree import encoded
from burnish.data._write import content_of, pixels_of


def to_torch(images: ImageSet, transform: Callable[[npt.NDArray[np.uint8]], Any] | None = None) -> Any:
    """Return a torch Dataset of (image, label).

    Parameters
    ----------
    images : ImageSet
    transform : callable, optional
        Takes pixels, uint8 of shape (H, W, 3). Without it images are uint8 tensors (3, H, W).

    Returns
    -------
    torch.utils.data.Dataset
        With rows that are decoded when asked for, on any worker; `classes`, `class_to_idx` and `targets` as
        torchvision's have them. Labels are -1 where there is none.

    Raises
    ------
    ImportError
        Without torch.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import data
    >>> images = data.open_images((np.zeros((4, 8, 6, 3), np.uint8), [0, 1, 1, 0]))
    >>> dataset = data.to_torch(images)
    >>> image, label = dataset[2]
    >>> len(dataset), tuple(image.shape), label
    (4, (3, 8, 6), 1)
    """
    return _dataset_class()(images, transform)


@functools.cache
def _dataset_class() -> Any:
    with needs_extra("demo"):
        from torch.utils.data import Dataset
    return type("Decoded", (_Rows, Dataset), {"__doc__": _Rows.__doc__})


class _Rows:
    """Images decoded one by one."""

    def __init__(self, images: ImageSet, transform: Callable[[npt.NDArray[np.uint8]], Any] | None) -> None:
        self.images, self.transform = images, transform
        self.classes = list(images.names)
        self.class_to_idx = {name: i for i, name in enumerate(images.names)}
        self.targets = images.labels.tolist()

    def __reduce__(self) -> tuple[Any, ...]:
        return to_torch, (self.images, self.transform)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        import torch

        if not -len(self) <= i < len(self):
            raise IndexError(f"row {i} of {len(self)}")
        pixels = _rgb(pixels_of(self.images, i % len(self)))
        image = torch.from_numpy(np.ascontiguousarray(np.moveaxis(pixels, 2, 0)))
        return (image if self.transform is None else self.transform(pixels)), self.targets[i]


def _rgb(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return pixels of their own as (H, W, 3): gray ones three times, without the transparency of others."""
    planes = pixels if pixels.ndim == 3 else pixels[:, :, None]
    if planes.shape[2] == 4:
        from PIL import Image

        image = Image.fromarray(planes)
        return np.array(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))
    return np.array(np.broadcast_to(planes, (*planes.shape[:2], 3)))


def to_huggingface(images: ImageSet) -> Any:
    """Return a Dataset of Hugging Face's ``datasets`` with the columns image, label, id and held_out.

    Parameters
    ----------
    images : ImageSet
        Files are read when a row is asked for; what is not a file of its own is held in memory, pixels as PNG.

    Returns
    -------
    datasets.Dataset
        Labels are None where there is none.

    Raises
    ------
    ImportError
        Without ``datasets``.
    DataError
        If an image that is not a file cannot be read, or the path of one is not text.
    """
    datasets = _imported("datasets")
    cells: list[dict[str, Any]] = []
    for i, name in enumerate(images.ids):
        place = images.path(i)
        if place is not None:
            if not _is_text(str(place)):
                raise DataError(f"{name!r} is not text, as datasets needs it; rename the file")
            cells.append({"path": str(place.absolute()), "bytes": None})
        else:
            content = content_of(images, i)
            cells.append({"path": None, "bytes": content if isinstance(content, bytes) else encoded(content)})
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=list(images.names)) if images.names else datasets.Value("int64"),
            "id": datasets.Value("string"),
            "held_out": datasets.Value("bool"),
        }
    )
    columns = {
        "image": cells,
        "label": [label if label >= 0 else None for label in images.labels.tolist()],
        "id": [name.encode(errors="backslashreplace").decode() for name in images.ids],
        "held_out": images.held_out.tolist(),
    }
    return datasets.Dataset.from_dict(columns, features=features)


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{name} is not installed; it comes with pip install {name}", name=name) from error


def _is_text(value: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in value)


def to_fiftyone(
    images: ImageSet,
    *,
    fields: Mapping[str, Any] | None = None,
    predictions: Any = None,
    suggested: Any = None,
    name: str | None = None,
) -> Any:
    """Return a FiftyOne dataset, to look through images by what was found about them.

    Parameters
    ----------
    images : ImageSet
        Of files, which FiftyOne shows from where they lie; see `write_folder` for others.
    fields : mapping of str to array of shape (N,), optional
        Numbers and yes or no of each image: "hardness", "mistakenness", "issue", "uniqueness" are the names that
        FiftyOne's own methods use. NaN is left empty.
    predictions, suggested : integer array of shape (N,), optional
        Classes that a model gives, and that it gives where the label is wrong; -1 where there is none.
    name : str, optional
        Of the dataset. Default: one that FiftyOne chooses.

    Returns
    -------
    fiftyone.Dataset
        With the fields ground_truth, prediction, suggested, id_in_set and those given; tags "train" and "test".

    Raises
    ------
    ImportError
        Without FiftyOne.
    DataError
        If an image is not a file, or an array has another length.
    """
    columns = _columns(images, fields or {})
    classes = {"ground_truth": images.labels}
    for field, values in (("prediction", predictions), ("suggested", suggested)):
        if values is not None:
            classes[field] = _column(images, field, values)
    fiftyone = _imported("fiftyone")
    samples = []
    for i, origin in enumerate(images.ids):
        place = images.path(i)
        if place is None:
            raise DataError(f"to_fiftyone: {origin} is not a file; call write_folder first, and open that")
        sample = fiftyone.Sample(filepath=str(place.absolute()), tags=["test" if images.held_out[i] else "train"])
        sample["id_in_set"] = origin
        for field, labels in classes.items():
            if labels[i] >= 0:
                sample[field] = fiftyone.Classification(label=images.names[int(labels[i])])
        for field, values in columns.items():
            value = values[i].item()
            if value == value:
                sample[field] = value
        samples.append(sample)
    dataset = fiftyone.Dataset(name)
    dataset.add_samples(samples)
    return dataset


def _columns(images: ImageSet, fields: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    columns = {}
    for field, values in fields.items():
        column = _column(images, field, values)
        if column.dtype.kind not in "biuf":
            raise DataError(f"to_fiftyone: '{field}' has dtype {column.dtype}; accepted: numbers, and yes or no")
        columns[field] = column
    return columns


def _column(images: ImageSet, field: str, values: Any) -> npt.NDArray[Any]:
    column = np.asarray(values)
    if column.shape != (len(images),):
        raise DataError(
            f"to_fiftyone: '{field}' has shape {column.shape}; accepted: ({len(images)},), one for each image"
        )
    return column
