# SPDX-License-Identifier: Apache-2.0
"""Drawing and doing: what single transforms and containers of them have in common."""

from __future__ import annotations

import functools
import inspect
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish._array import dtype_name
from burnish.augment._arguments import MOST_SIDE
from burnish.augment._drawing import Drawing
from burnish.augment._explain import Explanation
from burnish.augment._images import Images, checked_nothing, layout_of, one_blank, read_images
from burnish.augment._labels import check_count
from burnish.augment._mates import Mates
from burnish.augment._mixing import labels_after, mixers_of, no_mixture, perform
from burnish.augment._numbers import Bools, Floats, Integers
from burnish.augment._plan import Plan, checked_epoch, checked_ids, checked_seed
from burnish.augment._run import explain
from burnish.augment._shapes import Shapes

if TYPE_CHECKING:
    from burnish.augment._transform import Transform

_COUNTING = threading.Lock()  # one for all pipelines, which are copied and pickled
if hasattr(os, "register_at_fork"):  # else a child would wait for a thread that it does not have
    os.register_at_fork(before=_COUNTING.acquire, after_in_parent=_COUNTING.release, after_in_child=_COUNTING.release)
_TARGETS = ("mask", "masks", "bboxes", "keypoints", "volume", "volumes", "mask3d")


@functools.cache
def _arguments_of(kind: type) -> frozenset[str]:
    return frozenset(inspect.signature(kind).parameters)


class Pipeline(ABC):
    """Something that changes images at random: a transform, or a container of them.

    A sample's result depends on its image, its id, the seed, the epoch and the pipeline, and on nothing else: neither
    on the batch that it comes in, nor on the order, threads, processes or the machine. How an image lies in memory
    (reversed axes, planes of channels) matters to a warp alone, whose places are then rounded from another side: a few
    values in a million differ by one level, and where "nearest" places lie midway, by the neighbor.
    """

    p: float
    seed: int = 0
    next_id: int = 0  # of the first sample of the next batch that comes without ids

    @abstractmethod
    def _leaves(self) -> Iterator[Transform]: ...

    @abstractmethod
    def _draw(self, drawing: Drawing, active: Bools, forced: bool) -> None: ...

    def __setattr__(self, name: str, value: Any) -> None:
        """Let `p` and `seed` change later, and no other argument: what is drawn was made of it."""
        if name in self.__dict__ and name in _arguments_of(type(self)):
            call = type(self).__name__
            if name not in ("p", "seed"):
                raise AttributeError(f"{call}: '{name}' cannot change; build another with {name}={value!r}")
            value = check.real(call, name, value, 0, 1) if name == "p" else checked_seed(call, value)
        super().__setattr__(name, value)

    def _number_of_draws(self) -> int:
        """Return how many uniform numbers a sample takes, beside the one for `p`."""
        return 0

    def _take(
        self, drawing: Drawing, place: int, active: Bools, forced: bool, draws: int | None = None
    ) -> tuple[Bools, Floats]:
        """Return which of the active samples take this, all if `forced`, and the draws (N, draws) of its own."""
        is_sure = forced or self.p == 1
        draws = self._number_of_draws() if draws is None else draws
        u = drawing.uniforms(place, 1 + draws if draws or not is_sure else 0)
        return active.copy() if is_sure else active & (u[:, 0] < self.p), u[:, 1:]

    def plan(self, ids: Any, epoch: int = 0, *, sizes: Any = None, channels: int = 3) -> Plan:
        """Draw what is to be done to samples.

        Parameters
        ----------
        ids : integers of shape (N,)
            The samples' names, of which each has a fate of its own.
        epoch : int, default 0
        sizes : pair of int, or of int arrays of shape (N,), or array of shape (N, 2), optional
            Heights and widths of the images; for transforms that cut or erase.
        channels : int, default 3
            For transforms that choose channels.

        Returns
        -------
        Plan
            For `apply`.
        """
        return self._plan(checked_ids("plan", ids), epoch, sizes, channels, None)

    def _plan(self, names: Any, epoch: int, sizes: Any, channels: int, mates: Mates | None) -> Plan:
        epoch = checked_epoch("plan", epoch)
        shapes = Shapes.of(_checked_sizes(sizes, len(names)), channels)
        if sizes is None and (leaf := next((leaf for leaf in self._leaves() if leaf._needs_sizes), None)):
            raise ValueError(f"plan: {type(leaf).__name__} needs 'sizes', the images' heights and widths")
        given = None if sizes is None else np.stack([shapes.height, shapes.width], axis=1)
        drawing = Drawing(names, self.seed, epoch, shapes)
        drawing.mates = mates or drawing.mates
        self._draw(drawing, np.ones(len(names), bool), False)
        return Plan(names, self.seed, epoch, given, drawing.entries)

    def _partners(self, ids: Any, epoch: int, population: int) -> Any:
        """Return the ids of partners among 0 to `population` - 1; a sample's own where it has none."""
        names = checked_ids("plan", ids)
        drawing = Drawing(names, self.seed, epoch, Shapes.of(_checked_sizes(None, len(names)), 3))
        drawing.mates, drawing.only_partners = Mates(names, population), True
        self._draw(drawing, np.ones(len(names), bool), False)
        partners = names.copy()
        for entry in drawing.entries:
            partners[entry.applies] = entry.params["partner"][entry.applies]
        return partners

    def apply(
        self,
        images: Any,
        plan: Plan,
        labels: Any = None,
        *,
        out: Any = None,
        layout: str | None = None,
        out_layout: str | None = None,
        dtype: Any = None,
        fuse: bool = True,
    ) -> Any:
        """Do to images what a plan says; see `__call__` for the parameters."""
        return perform("apply", list(self._leaves()), read_images("apply", images, layout), plan, labels, out,
                       out_layout, dtype, fuse)  # fmt: skip

    def __call__(
        self,
        images: Any = None,
        ids: Any = None,
        epoch: int = 0,
        *,
        image: Any = None,
        labels: Any = None,
        out: Any = None,
        layout: str | None = None,
        out_layout: str | None = None,
        dtype: Any = None,
        fuse: bool = True,
        **targets: Any,
    ) -> Any:
        """Draw a plan for a batch and apply it.

        Parameters
        ----------
        images : array of shape (N, H, W, C) or (N, C, H, W), or (H, W, C), (C, H, W), (H, W); or list of images
            uint8 (0..255) or float32 (0..1), NumPy or torch. NaN becomes 0 in operations that change colors.
        ids : integers of shape (N,), optional
            The samples' names. Without them the pipeline counts: see `next_id`. Workers of a loader would all begin at
            the same number, and again in each epoch: pass ids there, or take `burnish.augment.torch`.
        epoch : int, default 0
        image : array, optional
            One image by this name: the result is a dict, ``{"image": ...}``.
        labels : integers of shape (N,), or floats of shape (N, K), optional
            Of the samples; needed by transforms that mix, which see. The result is then a pair, images and labels;
            labels of samples that are not mixed come back as they are.
        out : array or list of arrays, optional
            Where to write the results. For a list of images it may be one array, if the results have one size.
        layout : {"NHWC", "NCHW"}, optional
            Of the images. The default is NHWC for NumPy, NCHW for torch.
        out_layout : {"NHWC", "NCHW"}, optional
            Of the results. The default is that of the images.
        dtype : {"uint8", "float32", "float16", "bfloat16"}, optional
            Of the results. The default is that of `out`, else float32 after `Normalize`, else that of the images.
        fuse : bool, default True
            Whether adjacent steps are taken in one pass over the pixels. Several warps are then one resampling, which
            keeps more detail than one after the other. Else only places that lie midway between pixels, and a warp and
            a flip round differently, may change.

        Returns
        -------
        array or list of arrays, or a pair of that and of labels
            Of the caller's library. A list gives a list; a batch gives a batch, and results of different sizes are
            an error.
        """
        for name in targets:
            if name in _TARGETS:
                raise TypeError(f"'{name}' is not supported: burnish.augment changes images only")
            raise TypeError(f"{type(self).__name__}() got an unexpected keyword argument {name!r}")
        if (images is None) == (image is None):
            raise TypeError("pass either 'images' or 'image'")
        call = type(self).__name__
        read = read_images(call, images if image is None else image, layout)
        leaves = list(self._leaves())
        if labels is None and (mixers := mixers_of(call, leaves)):
            name = type(mixers[0]).__name__
            raise ValueError(f"{call}: 'labels' is missing, which {name} mixes as it mixes images; pass labels=...")
        if image is not None and labels is not None:
            raise TypeError("'labels' goes with 'images', not with 'image'")
        if image is not None and read.kind not in ("single", "plane"):
            raise ValueError(f"{call}: 'image' must be one image, (H, W, C) or (H, W); pass batches as 'images'")
        sizes = read.sizes()
        if read.kind == "batch" and len(read) == 0:
            return self._of_nothing(call, leaves, read, labels, out, out_layout, dtype)
        names = self._next_ids(len(read)) if ids is None else ids
        try:
            names = checked_ids(call, np.atleast_1d(np.asarray(names)) if read.kind in ("single", "plane") else names)
            if len(names) != len(read):
                raise ValueError(f"{call}: there are {len(read)} images and {len(names)} ids; accepted: as many")
            plan = self.plan(names, epoch, sizes=sizes, channels=read.channels())
            result = perform(call, leaves, read, plan, labels, out, out_layout, dtype, fuse)
        except BaseException:
            if ids is None:
                self._give_back(names)
            raise
        return result if image is None else {"image": result}

    def _next_ids(self, n: int) -> Integers:
        """Take numbers that no other call gets, on whatever thread."""
        with _COUNTING:
            self.next_id += n
            return np.arange(self.next_id - n, self.next_id)

    def _give_back(self, ids: Integers) -> None:
        """Give the last numbers back, after a call that failed."""
        with _COUNTING:
            if len(ids) and self.next_id == ids[-1] + 1:
                self.next_id = int(ids[0])

    def _of_nothing(
        self, call: str, leaves: Any, read: Images, labels: Any, out: Any, out_layout: Any, dtype: Any
    ) -> Any:
        """Return the result of an empty batch: the images have the size of the result of a blank one."""
        dtype = dtype_name(out) if dtype is None and hasattr(out, "dtype") else dtype
        blank = read_images(call, one_blank(read), read.layout.name)
        plan = self.plan([0], sizes=blank.sizes(), channels=blank.channels())
        made = perform(call, leaves, blank, plan, None, None, out_layout, dtype, True)[:0]
        made = made if out is None else checked_nothing(call, out, made)
        if labels is None:
            return made
        mixers = mixers_of(call, leaves)
        check_count(call, labels, 0)
        return made, labels_after(call, mixers, labels, 0, no_mixture()) if mixers else labels

    def explain(
        self,
        images: Any = None,
        ids: Any = None,
        epoch: int = 0,
        *,
        size: Any = None,
        channels: int = 3,
        dtype: Any = "uint8",
        layout: str | None = None,
        out_layout: str | None = None,
        out_dtype: Any = None,
        fuse: bool = True,
    ) -> Explanation:
        """Tell which passes over the pixels the samples take, and the bytes that each moves.

        What mixes finished images comes after them, in one more pass.

        Parameters
        ----------
        images : array or list of arrays, optional
            As they would be passed to the pipeline; or `size`, `channels` and `dtype` of them.
        ids : integers of shape (N,), optional
            The samples' names. The default is 0 to 99, or as many as there are images.
        epoch : int, default 0
        size : pair of int, optional
            Height and width.
        channels : int, default 3
        dtype : {"uint8", "float32"}, default "uint8"
        layout, out_layout, fuse
            As in calls.
        out_dtype : str, optional
            The `dtype` of calls.

        Returns
        -------
        Explanation
            Prints itself.

        Examples
        --------
        >>> from burnish import augment
        >>> pipe = augment.Compose([augment.HorizontalFlip(p=1), augment.Rotate(20, p=1), augment.Normalize()])
        >>> print(pipe.explain(size=(224, 224), out_layout="NCHW"))
        100 of 100 samples: 1 pass, 15 bytes a pixel
          1. resample by one matrix (flip or turn, warp); then normalize
             uint8 NHWC -> float32 NCHW, 224 x 224, reads 3, writes 12 bytes a pixel
        """
        if (images is None) == (size is None):
            raise TypeError("explain: pass either 'images' or 'size'")
        if images is not None:
            read = read_images("explain", images, layout)
        else:
            height, width = (check.integer("explain", "size", side, 1, MOST_SIDE) for side in _pair(size))
            channels = check.integer("explain", "channels", channels, 1, MOST_SIDE)
            n = 100 if ids is None else len(checked_ids("explain", ids))
            code = layout_of("explain", "layout", layout, None)
            shape = (height, width, channels) if code is _core.Layout.nhwc else (channels, height, width)
            # One pixel stands for all: nothing is read.
            pixel = np.zeros(1, _dtype_of(dtype))
            read = Images("batch", np.broadcast_to(pixel, (n, *shape)), code)
        names = checked_ids("explain", np.arange(len(read)) if ids is None else np.atleast_1d(np.asarray(ids)))
        if len(names) != len(read):
            raise ValueError(f"explain: there are {len(read)} images and {len(names)} ids; accepted: as many")
        plan = self.plan(names, epoch, sizes=read.sizes(), channels=read.channels())
        leaves = [leaf for leaf in self._leaves() if not leaf._mixes]
        plan.entries = plan.entries[: len(leaves)]
        return explain("explain", leaves, read, plan, out_layout, out_dtype, fuse)

    # What it is

    def _arguments(self) -> dict[str, Any]:
        parameters = inspect.signature(type(self)).parameters.values()
        return {parameter.name: getattr(self, parameter.name) for parameter in parameters}

    def __repr__(self) -> str:
        defaults = {name: parameter.default for name, parameter in inspect.signature(type(self)).parameters.items()}
        shown = [f"{k}={v!r}" for k, v in self._arguments().items() if k == "p" or not _same(v, defaults[k])]
        return f"{type(self).__name__}({', '.join(shown)})"

    def to_dict(self) -> dict[str, Any]:
        """Return class and arguments, for `from_dict`, JSON or YAML."""
        return {"transform": type(self).__name__, **{k: _plain(v) for k, v in self._arguments().items()}}


def _pair(size: Any) -> tuple[Any, Any]:
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise TypeError(f"explain: 'size' is {size!r}; accepted: a pair of int, (height, width)")
    return size[0], size[1]


def _dtype_of(dtype: Any) -> str:
    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if name not in ("uint8", "float32"):
        raise TypeError(f"explain: 'dtype' is {name}; accepted: uint8, float32")
    return str(name)


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _checked_sizes(sizes: Any, n: int) -> Integers:
    if sizes is None:
        return np.ones((n, 2), np.int64)
    accepted = f"a pair of integers, a pair of arrays of shape ({n},), or an array of shape ({n}, 2)"
    if isinstance(sizes, tuple | list) and len(sizes) == 2:
        sizes = np.stack(np.broadcast_arrays(np.asarray(sizes[0]), np.asarray(sizes[1])), axis=-1)
    array = np.asarray(sizes)
    if array.dtype.kind not in "iu":
        raise TypeError(f"plan: 'sizes' has dtype {array.dtype}; accepted: {accepted}")
    if array.shape not in ((2,), (n, 2)) or (array < 0).any():
        raise ValueError(f"plan: 'sizes' has shape {array.shape} or is negative; accepted: {accepted}")
    return np.broadcast_to(array.astype(np.int64), (n, 2))
