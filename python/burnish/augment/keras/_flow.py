# SPDX-License-Identifier: Apache-2.0
"""Endless batches of a generator's images."""

from __future__ import annotations

import os
import sys
import threading
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish.augment._plan import MOST_EPOCH
from burnish.augment.keras._arguments import readable, seed_or_0
from burnish.augment.keras._draws import ORDER_PLACE, uniforms

if TYPE_CHECKING:
    from burnish.augment.keras._generator import ImageDataGenerator

Indices = npt.NDArray[np.int64]
_MOST_KEPT = 3


def _references(arrays: list[npt.NDArray[Any]], i: int) -> int:
    return sys.getrefcount(arrays[i])


# Of an array that only a list holds: views hold their array, too. None without a global lock, under which counts move.
_IN_A_LIST = None
if sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)():
    _IN_A_LIST = _references([np.empty(1)], 0)


class Memory:
    """Arrays that are handed out again once nobody holds them: fresh memory costs as much as what is written to it."""

    def __init__(self) -> None:
        self._kept: list[npt.NDArray[Any]] = []

    def take(self, n: int, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """Return an array (n, ...) of that shape."""
        for i in range(len(self._kept)):
            fits = self._kept[i].shape[1:] == shape and len(self._kept[i]) >= n
            if fits and _references(self._kept, i) == _IN_A_LIST:
                return self._kept[i][:n]
        made = np.empty((n, *shape), np.float32)
        if len(self._kept) < _MOST_KEPT and _IN_A_LIST is not None:
            self._kept.append(made)
        return made[:n]


class Iterator:
    """Endless batches, epoch after epoch.

    ``next(iterator)`` gives the next batch, ``iterator[i]`` batch i of the current epoch, ``len(iterator)`` tells how
    many an epoch has. Batches depend on seed, `epoch` and index alone; set `epoch` to go on where another run stopped.

    Parameters
    ----------
    n : int
        How many samples there are.
    batch_size : int
    shuffle : bool
    seed : int, optional
    """

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None) -> None:
        call = type(self).__name__
        self.n = self.samples = n
        self.batch_size = check.integer(call, "batch_size", batch_size, 1)
        self.shuffle = bool(shuffle)
        self.seed = seed
        self._seed = seed_or_0(call, seed)
        self.batch_index = 0
        self.total_batches_seen = 0
        self._epoch = 0
        self._order: tuple[int, Indices] | None = None
        self._lock = threading.RLock()
        self._memory = Memory()

    @property
    def epoch(self) -> int:
        """The current epoch, from 0 on."""
        return self._epoch

    @epoch.setter
    def epoch(self, value: int) -> None:
        with self._lock:
            self._epoch, self.batch_index = check.integer(type(self).__name__, "epoch", value, 0, MOST_EPOCH), 0

    @property
    def index_array(self) -> Indices:
        """The order of the samples in the current epoch."""
        with self._lock:
            if self._order is None or self._order[0] != self._epoch:
                order = np.arange(self.n, dtype=np.int64)
                if self.shuffle:
                    drawn = uniforms(self._seed, self._epoch, ORDER_PLACE, order, 1)[:, 0]
                    order = np.argsort(drawn, kind="stable")
                self._order = self._epoch, order
            return self._order[1]

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, idx: int) -> Any:
        idx = check.integer(type(self).__name__, "idx", idx, -len(self))
        if idx >= len(self):
            raise IndexError(f"{type(self).__name__}: batch {idx} of an epoch of {len(self)}")
        with self._lock:
            order, epoch = self.index_array, self._epoch
            self.total_batches_seen += 1
        first = (idx % len(self)) * self.batch_size
        return self._batch(order[first : first + self.batch_size], epoch)

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        if self.n == 0:
            raise StopIteration
        with self._lock:
            order, epoch, first = self.index_array, self._epoch, self.batch_index * self.batch_size
            self.batch_index += 1
            self.total_batches_seen += 1
            if self.batch_index >= len(self):
                self._epoch, self.batch_index = self._epoch + 1, 0
        return self._batch(order[first : first + self.batch_size], epoch)

    def next(self) -> Any:
        """Return the next batch."""
        return self.__next__()

    def reset(self) -> None:
        """Begin an epoch: the next one, if some of the current one was taken."""
        with self._lock:
            if self.batch_index:
                self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Go on to the next epoch."""
        with self._lock:
            self._epoch, self.batch_index = self._epoch + 1, 0

    @abstractmethod
    def _batch(self, indices: Indices, epoch: int) -> Any: ...

    def _images(
        self, generator: ImageDataGenerator, images: Any, ids: Indices, epoch: int, shape: tuple[int, ...], levels: Any
    ) -> npt.NDArray[Any]:
        """Return changed and standardized images."""
        first = generator.data_format == "channels_first"
        height, width, channels = (*shape[1:], shape[0]) if first else shape
        params = generator._draw((height, width, channels), self._seed, epoch, ids)
        scale, more = generator._scale(channels)
        with self._lock:
            made = self._memory.take(len(ids), shape)
        generator._change(images, params, levels, scale, made)
        if more:
            made = generator._standardize_in_place(made)
        return made.astype(generator.dtype, copy=False)

    def _save(self, batch: npt.NDArray[Any], ids: Indices, epoch: int, data_format: str, where: Any) -> None:
        from PIL import Image

        directory, prefix, ending = where
        for image, index in zip(batch, ids.tolist(), strict=True):
            pixels = np.moveaxis(image, 0, -1) if data_format == "channels_first" else image
            pixels = pixels.astype(np.float64) - pixels.min()
            as_bytes = np.rint(pixels * (255 / max(float(pixels.max()), 1e-30))).astype(np.uint8)
            path = os.path.join(directory, f"{prefix}_{index}_{epoch}.{ending}")
            Image.fromarray(as_bytes[..., 0] if as_bytes.shape[-1] == 1 else as_bytes).save(path)


class NumpyArrayIterator(Iterator):
    """Endless batches of an array's images; see `ImageDataGenerator.flow`."""

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: ImageDataGenerator,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> None:
        others: list[Any] = []
        if isinstance(x, tuple | list) and len(x) == 2 and np.ndim(x[0]) == 4:
            x, rest = x
            others = [np.asarray(other) for other in (rest if isinstance(rest, list) else [rest])]
        images = readable("flow", x, 4)
        arrays = {"y": y, "sample_weight": sample_weight}
        arrays = {name: None if values is None else np.asarray(values) for name, values in arrays.items()}
        for name, values in {**arrays, **{f"x[1][{i}]": other for i, other in enumerate(others)}}.items():
            if values is not None and (values.ndim == 0 or len(values) != len(images)):
                raise ValueError(
                    f"flow: '{name}' has shape {values.shape}; accepted: {len(images)} rows, as the images"
                )
        part = slice(0, len(images))
        if subset is not None:
            part = _part(image_data_generator, len(images), subset, arrays["y"], ignore_class_split)
        self._first = part.start
        self.x, self.x_misc = images[part], [other[part] for other in others]
        self.y, self.sample_weight = (None if array is None else array[part] for array in arrays.values())
        self.image_data_generator = image_data_generator
        self.data_format, self.dtype = image_data_generator.data_format, image_data_generator.dtype
        self.save_to_dir, self._saves = save_to_dir, (save_to_dir, save_prefix, save_format)
        self._levels = image_data_generator._range(images)
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _batch(self, indices: Indices, epoch: int) -> Any:
        # The images of a batch as a list, each where it lies: nothing is copied.
        images = [self.x[i] for i in indices.tolist()]
        generator, shape = self.image_data_generator, self.x.shape[1:]
        batch = self._images(generator, images, indices + self._first, epoch, shape, self._levels)
        if self.save_to_dir:
            self._save(batch, indices + self._first, epoch, self.data_format, self._saves)
        result: list[Any] = [[batch, *(other[indices] for other in self.x_misc)] if self.x_misc else batch]
        if self.y is None:
            return result[0]
        result.append(self.y[indices])
        if self.sample_weight is not None:
            result.append(self.sample_weight[indices])
        return tuple(result)


def _part(generator: ImageDataGenerator, n: int, subset: str, y: Any, ignore_class_split: bool) -> slice:
    split = int(n * generator._validation_split)
    if subset not in ("training", "validation"):
        raise ValueError(f"flow: 'subset' is {subset!r}; accepted: 'training', 'validation'")
    if y is not None and not ignore_class_split and not np.array_equal(np.unique(y[:split]), np.unique(y[split:])):
        raise ValueError(
            "flow: the subsets have different classes; shuffle images and labels that are sorted, or pass "
            "ignore_class_split=True"
        )
    return slice(0, split) if subset == "validation" else slice(split, n)


_Kind = TypeVar("_Kind", bound=Iterator)
_made: dict[Any, Any] = {}


def iterator_class(kind: type[_Kind]) -> Any:
    """Return the class, as one of Keras' data sets too if the program uses Keras: its `fit` takes nothing else."""
    keras = sys.modules.get("keras")
    base = getattr(getattr(keras, "utils", None), "PyDataset", None)
    if base is None:
        return kind
    if (kind, base) not in _made:

        def initialize(self: Any, *args: Any, **kwargs: Any) -> None:
            base.__init__(self)
            kind.__init__(self, *args, **kwargs)

        _made[kind, base] = type(kind.__name__, (kind, base), {"__init__": initialize, "__module__": kind.__module__})
    return _made[kind, base]
