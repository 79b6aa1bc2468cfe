# SPDX-License-Identifier: Apache-2.0
"""Pipelines in torch's `DataLoader`: the same images whatever the workers, batches, order and ranks.

A sample's image depends on its index in the data set, on the epoch and on the pipeline's seed. `AugmentedDataset`
passes index and epoch to the pipeline, makes a whole batch with one native call, and writes it where the loader wants
it::

    data = AugmentedDataset(photos, pipe)
    loader = DataLoader(data, batch_size=64, shuffle=True, num_workers=4, persistent_workers=True, collate_fn=collate)
    for epoch in range(90):
        data.set_epoch(epoch)  # else all epochs are the same, as with DistributedSampler
        for images, labels in loader:
            ...

torch is imported when a data set or a batch is made.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from burnish import _core
from burnish._array import is_on_gpu, is_torch
from burnish.augment._arguments import one_of
from burnish.augment._images import PILLOW_MODES, Images, is_pillow_image, layout_of, read_images
from burnish.augment._labels import MixedLabels
from burnish.augment._mates import Mates
from burnish.augment._mixing import perform, sizes_after
from burnish.augment._pipeline import Pipeline
from burnish.augment._plan import checked_epoch, checked_ids
from burnish.augment._run import result_dtype

__all__ = ["AugmentedDataset", "IndexedDataset", "Collate", "Sample", "Batch", "collate"]

_ITEMS = "accepted: an image, or a pair of an image and its label"


class Sample(NamedTuple):
    """What `Collate` needs to know of a sample; an `IterableDataset` yields such ones itself.

    Parameters
    ----------
    id : int
        The sample's name, the same in every epoch and process.
    epoch : int
    image : PIL image, array or tensor
    label : int, array or tensor, or anything that torch collates; None if there are no labels
    """

    id: int
    epoch: int
    image: Any
    label: Any = None


class Batch(list[Any]):
    """A finished batch, which is also the list of its samples, so that torch's own ``collate_fn`` takes it, too.

    Parameters
    ----------
    images : tensor of shape (N, C, H, W), or list of tensors where sizes differ
    labels : tensor, `MixedLabels` or what torch collates; None if there are no labels
    each : sequence
        The label of each sample.
    """

    def __init__(self, images: Any, labels: Any, each: Any) -> None:
        self.images, self.labels, self._each = images, labels, each
        # A list in truth: torch.stack takes no other sequence.
        if labels is None:
            super().__init__(images)
        elif isinstance(labels, MixedLabels):
            super().__init__(zip(images, map(MixedLabels, *labels), strict=True))
        else:
            super().__init__(zip(images, each, strict=True))

    def __reduce__(self) -> Any:
        return Batch, (self.images, self.labels, self._each)  # each image once


def collate(batch: Batch) -> Any:
    """Return images and labels of a batch as they are: the ``collate_fn`` that copies nothing.

    Parameters
    ----------
    batch : Batch
        From an `AugmentedDataset`, or a part of one made by `torch.utils.data.Subset`.

    Returns
    -------
    images, labels
        Or images alone where there are no labels.
    """
    if not isinstance(batch, Batch):
        raise TypeError(f"collate: the batch is a {type(batch).__name__}; accepted: what an AugmentedDataset makes")
    return batch.images if batch.labels is None else (batch.images, batch.labels)


class IndexedDataset:
    """A data set whose samples come with their index and the epoch, for `Collate`.

    Parameters
    ----------
    dataset : map-style data set
        With ``len`` and items that are an image, or a pair of an image and a label. Images are of PIL, NumPy
        (H, W, C) or (H, W), or torch (C, H, W); uint8, or float32 of 0..1.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import augment
    >>> from burnish.augment.torch import Collate, IndexedDataset
    >>> from torch.utils.data import DataLoader
    >>> photos = [(np.full((8, 8, 3), i, np.uint8), i % 2) for i in range(10)]
    >>> pipe = augment.Compose([augment.HorizontalFlip(), augment.Normalize()], seed=1)
    >>> data = IndexedDataset(photos)
    >>> data.set_epoch(3)
    >>> images, labels = next(iter(DataLoader(data, batch_size=4, collate_fn=Collate(pipe))))
    >>> images.shape, labels
    (torch.Size([4, 3, 8, 8]), tensor([0, 1, 0, 1]))
    """

    def __init__(self, dataset: Any) -> None:
        import torch

        call = type(self).__name__
        is_stream = isinstance(dataset, torch.utils.data.IterableDataset)
        if is_stream or not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
            raise TypeError(
                f"{call}: 'dataset' is a {type(dataset).__name__}, whose samples have no index; accepted: a data set "
                "with __getitem__ and __len__. One that streams may yield Sample(id, epoch, image, label) for Collate"
            )
        self.dataset = dataset
        # In shared memory, so that workers that are kept from epoch to epoch see it.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._epoch.share_memory_()  # a copy has an epoch of its own

    @property
    def epoch(self) -> int:
        """The epoch that samples are made for."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Make samples of another epoch from now on, in the workers too; between two passes over the loader.

        Parameters
        ----------
        epoch : int
        """
        self._epoch.fill_(checked_epoch("set_epoch", epoch))

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: Any) -> Any:
        return self._samples([index])[0]

    def _samples(self, indices: Any) -> list[Sample]:
        ids = [self._checked(index) for index in indices]
        many = getattr(self.dataset, "__getitems__", None)
        items = many(ids) if callable(many) else [self.dataset[i] for i in ids]
        epoch = self.epoch
        return [Sample(i, epoch, *_image_and_label(item)) for i, item in zip(ids, items, strict=True)]

    def _checked(self, index: Any) -> int:
        number, n = operator.index(index), len(self)
        if not -n <= number < n:
            raise IndexError(f"{type(self).__name__}: index {number} is out of range for {n} samples")
        return number % n


class Collate:
    """Samples made a varied batch, with one native call: a ``collate_fn``.

    Parameters
    ----------
    pipe : transform or container of `burnish.augment`
        One that mixes finds partners in the batch.
    layout : {"NHWC", "NCHW"}, optional
        Of the images; the default is (H, W, C) for NumPy and (C, H, W) for torch.
    out_layout : {"NCHW", "NHWC"}, default "NCHW"
        Of the batch.
    dtype : {"uint8", "float32", "float16", "bfloat16"} or torch.dtype, optional
        Of the batch; see the pipeline.
    """

    def __init__(
        self, pipe: Pipeline, *, layout: str | None = None, out_layout: str = "NCHW", dtype: Any = None
    ) -> None:
        call = type(self).__name__
        if not isinstance(pipe, Pipeline):
            raise TypeError(f"{call}: 'pipe' is a {type(pipe).__name__}; accepted: a transform of burnish.augment")
        layout_of(call, "layout", layout, None)
        layout_of(call, "out_layout", out_layout, None)
        self.pipe, self.layout, self.out_layout, self.dtype = pipe, layout, out_layout, dtype

    def __call__(self, samples: Sequence[Sample]) -> Any:
        """Return images and labels, or images alone where there are no labels."""
        return collate(self.batch(samples))

    def batch(self, samples: Sequence[Sample], population: int | None = None, count: int | None = None) -> Batch:
        """Return the batch of the first `count` samples, the others being partners from a data set."""
        import torch

        call = type(self).__name__
        if not samples or not all(isinstance(sample, tuple) and len(sample) == 4 for sample in samples):
            raise TypeError(f"{call}: the batch must have Samples (id, epoch, image, label); see IndexedDataset")
        ids, given_epochs, images, labels = zip(*samples, strict=True)
        epochs = {checked_epoch(call, epoch) for epoch in given_epochs}
        if len(epochs) > 1:
            raise ValueError(f"{call}: the batch has samples of the epochs {sorted(epochs)}; accepted: one epoch")
        read = self._read(images)
        names = checked_ids(call, np.array(ids))
        n = len(names) if count is None else count
        plan = self.pipe._plan(names, epochs.pop(), read.sizes(), read.channels(), Mates(names, population, n))
        leaves = list(self.pipe._leaves())
        name = result_dtype(call, leaves, read, None, self.dtype)
        shapes = sizes_after(leaves, plan, read)
        sizes = np.stack([shapes.height, shapes.width], axis=1)
        made, out = _empty_images(torch, sizes, n, shapes.channels, self.out_layout, getattr(torch, name))
        have_labels = any(label is not None for label in labels)
        mixes = any(leaf._mixes for leaf in leaves)
        if mixes and not have_labels:
            raise ValueError(f"{call}: the samples have no labels, which the pipeline mixes as it mixes images")
        given = _collated(torch, call, labels, mixes) if have_labels else None
        mixed = perform(call, leaves, read, plan, given if mixes else None, out, self.out_layout, self.dtype, True,
                        n if mixes else None)  # fmt: skip
        if not have_labels:
            return Batch(made, None, None)
        return Batch(made, mixed[1], mixed[1]) if mixes else Batch(made, given, labels)

    def _read(self, images: Sequence[Any]) -> Images:
        call = type(self).__name__
        tensors = [is_torch(image) for image in images]
        if any(tensors) != all(tensors):
            raise TypeError(f"{call}: the batch has tensors and other images; accepted: one kind")
        layout = layout_of(call, "layout", self.layout, images[0])
        arrays = [_image_array(call, image, layout) for image in images]
        if layout is _core.Layout.nchw and not all(tensors):
            arrays = [array.transpose(2, 0, 1) if is_pillow_image(image) else array
                      for array, image in zip(arrays, images, strict=True)]  # fmt: skip
        return read_images(call, arrays, layout.name)


class AugmentedDataset(IndexedDataset):
    """A data set whose images come varied by a pipeline, as tensors; a batch is made by one native call.

    Parameters
    ----------
    dataset : map-style data set
        See `IndexedDataset`.
    pipe : transform or container of `burnish.augment`
    layout, out_layout, dtype
        See `Collate`.
    partners : {"dataset", "batch"}, default "dataset"
        Where a pipeline that mixes finds partners. In the whole data set a sample's result depends on nothing but its
        index, also in other batches, but each partner is one more image to load; in the batch it depends on which
        samples are in there.

    Notes
    -----
    With ``collate_fn=collate`` nothing is copied: workers write batches where the main process reads them. With torch's
    own it works as well. A worker uses one thread, also if it is spawned; set another number with
    `burnish.set_num_threads` in ``worker_init_fn``. Under `DistributedSampler`, or any other sampler, indices are those
    of the data set, so that ranks do not change images; give both of them the epoch.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import augment
    >>> from burnish.augment.torch import AugmentedDataset, collate
    >>> from torch.utils.data import DataLoader
    >>> photos = [(np.full((40, 40, 3), i, np.uint8), i % 2) for i in range(10)]
    >>> pipe = augment.Compose([augment.RandomCrop(32, 32), augment.Normalize(), augment.MixUp(num_classes=2)], seed=1)
    >>> data = AugmentedDataset(photos, pipe)
    >>> data.set_epoch(2)
    >>> images, labels = next(iter(DataLoader(data, batch_size=4, shuffle=True, collate_fn=collate)))
    >>> images.shape, labels.shape
    (torch.Size([4, 3, 32, 32]), torch.Size([4, 2]))
    """

    def __init__(
        self, dataset: Any, pipe: Pipeline, *, layout: str | None = None, out_layout: str = "NCHW", dtype: Any = None,
        partners: str = "dataset",
    ) -> None:  # fmt: skip
        super().__init__(dataset)
        self._collate = Collate(pipe, layout=layout, out_layout=out_layout, dtype=dtype)
        self.partners = one_of("AugmentedDataset", "partners", partners, ("dataset", "batch"))

    @property
    def pipe(self) -> Pipeline:
        """The pipeline."""
        return self._collate.pipe

    def __getitem__(self, index: Any) -> Any:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[Any]) -> Batch:
        """Return a finished batch of these samples; torch's loader asks for it."""
        ids = [self._checked(index) for index in indices]
        if self.partners == "batch" or not any(leaf._mixes for leaf in self.pipe._leaves()):
            return self._collate.batch(self._samples(ids))
        partners = set(self.pipe._partners(ids, self.epoch, len(self)).tolist())
        others = sorted(partners.difference(ids))
        return self._collate.batch(self._samples(ids + others), len(self), len(ids))


def _image_and_label(item: Any) -> tuple[Any, Any]:
    if isinstance(item, tuple | list):
        if len(item) == 2:
            return item[0], item[1]
        raise TypeError(f"the data set has a {type(item).__name__} of {len(item)}; {_ITEMS}")
    if is_pillow_image(item) or hasattr(item, "shape"):
        return item, None
    raise TypeError(f"the data set has a {type(item).__name__}; {_ITEMS}")


def _collated(torch: Any, call: str, labels: Sequence[Any], mixes: bool) -> Any:
    missing = next((i for i, label in enumerate(labels) if label is None), None)
    if missing is not None:
        raise ValueError(f"{call}: sample {missing} of the batch has no label, and others have; accepted: all or none")
    if mixes:  # torch would make lists of parts a list of classes
        labels = [np.asarray(label) if isinstance(label, list | tuple) else label for label in labels]
    return torch.utils.data.default_collate(list(labels))


def _image_array(call: str, image: Any, layout: _core.Layout) -> Any:
    """Return an image as a NumPy array with 3 axes, copying nothing but PIL's."""
    if is_pillow_image(image):
        if image.mode not in PILLOW_MODES:
            raise TypeError(
                f"{call}: an image has the mode {image.mode!r}; accepted: {', '.join(PILLOW_MODES)}, as convert() makes"
            )
        array = np.asarray(image)
    elif is_torch(image):
        if is_on_gpu(image):
            raise TypeError(f"{call}: an image is on a GPU; accepted: images on the CPU, as workers load them")
        array = image.detach().numpy()
    else:
        array = np.asarray(image)
    if array.ndim != 2:
        return array
    return array[None] if layout is _core.Layout.nchw and not is_pillow_image(image) else array[:, :, None]


def _empty_images(torch: Any, sizes: Any, n: int, channels: int, layout: str, dtype: Any) -> tuple[Any, Any]:
    """Return what is to become of the first `n` images, and where to write all of them.

    In a worker it is in shared memory, as torch's own collation has it, so that sending it copies nothing.
    """
    in_worker = torch.utils.data.get_worker_info() is not None

    def shape(size: Any) -> list[int]:
        height, width = size
        return [channels, height, width] if layout.upper() == "NCHW" else [height, width, channels]

    def empty(dims: list[int], shared: bool) -> Any:
        if not shared:
            return torch.empty(dims, dtype=dtype)
        count = int(np.prod(dims))
        storage = torch.UntypedStorage._new_shared(count * dtype.itemsize)
        return torch.empty(0, dtype=dtype).set_(storage, 0, dims)

    if (sizes[:n] != sizes[0]).any():
        made: Any = [empty(shape(size), in_worker) for size in sizes[:n].tolist()]
        return made, made + [empty(shape(size), False) for size in sizes[n:].tolist()]
    made = empty([n, *shape(sizes[0].tolist())], in_worker)
    if n == len(sizes):
        return made, made
    return made, [*made, *(empty(shape(size), False) for size in sizes[n:].tolist())]
