# SPDX-License-Identifier: Apache-2.0
"""Augmentation as a stage of Ray Data."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish.augment._pipeline import Pipeline
from burnish.augment._plan import checked_epoch
from burnish.ray._columns import Array, Batch, column, id_column, threads


class Augment:
    """A stage for ``Dataset.map_batches``: each image as its id, the seed and the epoch have it.

    Parameters
    ----------
    pipeline : transform or container of burnish.augment
        One that mixes images (`MixUp`, `CutMix`) is refused: partners would depend on how the data is cut into batches.
        Mix where batches are made for training.
    image : str, default "image"
        Column of the images: uint8 or float32, of one size or of many. It is replaced by the results.
    id : str, default "id"
        Column of the samples' numbers, or of strings such as paths, which `ids_of` makes numbers of.
    epoch : int, default 0
    layout, out_layout, dtype, fuse
        As of the pipeline.
    num_threads : int, default 1
        Of each worker; raise ``num_cpus`` of ``map_batches`` with it.

    Raises
    ------
    TypeError, ValueError
        If an argument or a column is none of these.

    Notes
    -----
    An instance is a function without state, which Ray runs as tasks: ``ds.map_batches(Augment(pipeline))``. As actors,
    ``ds.map_batches(Augment, fn_constructor_args=(pipeline,), compute=...)``, it is no faster. The batch size changes
    nothing but memory.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import augment
    >>> from burnish.ray import Augment
    >>> stage = Augment(augment.Compose([augment.HorizontalFlip(), augment.Normalize()]), epoch=3)
    >>> batch = {"image": np.zeros((8, 32, 32, 3), np.uint8), "id": np.arange(8), "label": np.zeros(8)}
    >>> {name: column.shape for name, column in stage(batch).items()}
    {'image': (8, 32, 32, 3), 'id': (8,), 'label': (8,)}
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        image: str = "image",
        id: str = "id",  # noqa: A002 - the usual name of the column
        epoch: int = 0,
        layout: str | None = None,
        out_layout: str | None = None,
        dtype: Any = None,
        fuse: bool = True,
        num_threads: int = 1,
    ) -> None:
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"Augment: 'pipeline' is a {type(pipeline).__name__}; accepted: those of burnish.augment")
        mixing = [type(leaf).__name__ for leaf in pipeline._leaves() if leaf._mixes]
        if mixing:
            raise ValueError(
                f"Augment: 'pipeline' has {mixing[0]}, whose partners would depend on how the data is cut; "
                "accepted: pipelines without, and to mix where batches are made for training"
            )
        self.pipeline, self.image, self.id = pipeline, image, id
        self.epoch = checked_epoch("Augment", epoch)
        self._options = {"layout": layout, "out_layout": out_layout, "dtype": dtype, "fuse": fuse}
        self.num_threads = check.integer("Augment", "num_threads", num_threads, 1, 1024)

    def __call__(self, batch: Batch) -> dict[str, Any]:
        """Return the batch with its images augmented."""
        images = column("Augment", batch, self.image)
        names = column("Augment", batch, self.id)
        ids = ids_of(names) if names.dtype.kind in "OU" else id_column("Augment", batch, self.id)
        with threads(self.num_threads):
            if images.dtype == object:
                made = _together(self.pipeline(list(images), ids, self.epoch, **self._options) if len(images) else [])
            else:
                made = self.pipeline(images, ids, self.epoch, **self._options)
        return {**batch, self.image: made}


def _together(images: list[Array]) -> Array:
    """Return images as one array if they have one size, else as an array of arrays, which Ray can keep."""
    if images and len({image.shape for image in images}) == 1:
        return np.stack(images)
    apart = np.empty(len(images), object)
    for place, image in enumerate(images):
        apart[place] = image
    return apart


def ids_of(names: Iterable[str]) -> npt.NDArray[np.int64]:
    """Return a number for each name, the same one everywhere; for paths, where rows have no number.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    int64 array of shape (N,)
        0 to 2^63 - 1, of the 64-bit BLAKE2b digest of the name in UTF-8. Among a billion names the chance that any two
        share a number is 5 %; they would be varied alike, and nothing else.

    Raises
    ------
    TypeError
        If a name is no string.

    Examples
    --------
    >>> from burnish.ray import ids_of
    >>> ids_of(["train/cat/1.jpg", "train/cat/2.jpg"])
    array([7181445477471584948, 4310648653845322165])
    """
    numbers = []
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"ids_of: 'names' has a {type(name).__name__}; accepted: strings")
        digest = blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()
        numbers.append(int.from_bytes(digest, "little") >> 1)
    return np.array(numbers, np.int64)
