# SPDX-License-Identifier: Apache-2.0
"""Batches of images as the caller has them: one array, a list, a single image; NumPy, torch or Pillow."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from burnish import _core
from burnish._array import as_array, current_stream, deliver, dtype_name, empty, is_on_gpu, is_torch

DTYPES = ("uint8", "float32", "float16", "bfloat16")


@dataclass
class Images:
    """Images as the core reads them.

    Parameters
    ----------
    kind : {"batch", "list", "single", "plane"}
        What the caller gave: an array of many, a list, one image, one image without a channel axis.
    arrays : array of 4 axes, or list of arrays of 3
    layout : _core.Layout
    is_pillow : bool, default False
        Whether the caller gave Pillow's images, and gets such where the results are bytes, channels last.
    """

    kind: str
    arrays: Any
    layout: _core.Layout
    is_pillow: bool = False

    @property
    def like(self) -> Any:
        """An array of the caller's library; NumPy's for an empty list."""
        return self.arrays if not isinstance(self.arrays, list) else next(iter(self.arrays), np.empty(0, np.uint8))

    def __len__(self) -> int:
        return len(self.arrays)

    def sizes(self) -> np.ndarray[Any, Any]:
        """Return heights and widths (N, 2)."""
        if isinstance(self.arrays, list):
            found = [_size(image.shape, self.layout) for image in self.arrays]
            return np.array(found, np.int64).reshape(len(found), 2)
        sizes = np.empty((len(self), 2), np.int64)
        sizes[:] = _size(self.arrays.shape[1:], self.layout)
        return sizes

    def channels(self) -> int:
        """Return the number of channels; 3 for an empty list."""
        axis = -1 if self.layout is _core.Layout.nhwc else -3
        return int(self.like.shape[axis]) if self.like.ndim >= 3 else 3


def _size(shape: Any, layout: _core.Layout) -> tuple[int, int]:
    first = 0 if layout is _core.Layout.nhwc else 1
    return int(shape[first]), int(shape[first + 1])


def layout_of(call: str, name: str, layout: Any, like: Any) -> _core.Layout:
    """Return the core's layout of that name, or the default of the library of `like`."""
    if layout is None:
        return _core.Layout.nchw if is_torch(like) else _core.Layout.nhwc
    if isinstance(layout, str) and layout.lower() in ("nhwc", "nchw"):
        return _core.Layout[layout.lower()]
    raise ValueError(f"{call}: '{name}' is {layout!r}; accepted: 'NHWC', 'NCHW'")


def read_images(call: str, images: Any, layout: Any, dtypes: tuple[str, ...] = ("uint8", "float32")) -> Images:
    """Check what a caller gave as images; copies nothing but Pillow's pixels."""
    if is_pillow_image(images) or (isinstance(images, list | tuple) and any(map(is_pillow_image, images))):
        return _read_pillow(call, images, layout)
    if isinstance(images, list | tuple):
        return _read_list(call, [_array(call, image, dtypes) for image in images], layout)
    array = _array(call, images, dtypes)
    code = layout_of(call, "layout", layout, array)
    if array.ndim == 4:
        return Images("batch", array, code)
    if array.ndim == 3:
        return Images("single", array[None], code)
    if array.ndim == 2:
        return Images("plane", array[None, None] if code is _core.Layout.nchw else array[None, :, :, None], code)
    raise ValueError(
        f"{call}: 'images' has shape {tuple(array.shape)}; accepted: a batch with 4 axes, one image with 3, or 2 of "
        "gray, or a list of images with 3"
    )


def one_blank(images: Images) -> Any:
    """Return one black image of the size, library and dtype of those of a batch."""
    blank = empty(images.arrays, (1, *images.arrays.shape[1:]), dtype_name(images.arrays))
    blank[...] = 0
    return deliver(images.arrays, blank)


def checked_nothing(call: str, out: Any, made: Any) -> Any:
    """Return a caller's `out` for an empty batch, which must be like the result `made`."""
    if not hasattr(out, "shape") or not hasattr(out, "dtype") or tuple(out.shape) != tuple(made.shape):
        shape = getattr(out, "shape", type(out).__name__)
        raise ValueError(f"{call}: 'out' is of shape {shape}; accepted: {tuple(made.shape)}")
    if dtype_name(out) != dtype_name(made):
        raise TypeError(f"{call}: 'out' has dtype {dtype_name(out)}; accepted: {dtype_name(made)}")
    return out


def _read_list(call: str, arrays: list[Any], layout: Any) -> Images:
    code = layout_of(call, "layout", layout, arrays[0] if arrays else None)
    axis = -1 if code is _core.Layout.nhwc else 0
    for i, array in enumerate(arrays):
        if array.ndim != 3:
            raise ValueError(f"{call}: image {i} has shape {tuple(array.shape)}; accepted: 3 axes")
        if is_torch(array) != is_torch(arrays[0]) or array.dtype != arrays[0].dtype:
            raise TypeError(f"{call}: image {i} is of another library or dtype than image 0; accepted: one of each")
        if getattr(array, "device", None) != getattr(arrays[0], "device", None):
            raise ValueError(
                f"{call}: image {i} is on {array.device}, image 0 is on {arrays[0].device}; accepted: one device"
            )
        if array.shape[axis] != arrays[0].shape[axis]:
            raise ValueError(
                f"{call}: image {i} has {array.shape[axis]} channels, image 0 has {arrays[0].shape[axis]}; "
                "accepted: one number of channels"
            )
    return Images("list", arrays, code)


PILLOW_MODES = ("L", "RGB", "RGBA")


def is_pillow_image(image: Any) -> bool:
    """Whether `image` is one of Pillow's."""
    pillow = sys.modules.get("PIL.Image")  # whoever has an image has imported it
    return pillow is not None and isinstance(image, pillow.Image)


def _read_pillow(call: str, images: Any, layout: Any) -> Images:
    if layout is not None and layout_of(call, "layout", layout, None) is not _core.Layout.nhwc:
        raise ValueError(f"{call}: 'layout' is {layout!r}; accepted for Pillow's images: 'NHWC'")
    if not isinstance(images, list | tuple):
        read = read_images(call, _pillow_pixels(call, images, "the image"), None)
    else:
        arrays = []
        for i, image in enumerate(images):
            if not is_pillow_image(image):
                raise TypeError(f"{call}: image {i} is of another library than Pillow's; accepted: one of each")
            pixels = _pillow_pixels(call, image, f"image {i}")
            arrays.append(pixels if pixels.ndim == 3 else pixels[:, :, None])
        read = _read_list(call, arrays, None)
    read.is_pillow = True
    return read


def _pillow_pixels(call: str, image: Any, name: str) -> np.ndarray[Any, Any]:
    if image.mode not in PILLOW_MODES:
        raise ValueError(
            f"{call}: {name} has mode {image.mode!r}; accepted: {', '.join(PILLOW_MODES)}; "
            "call image.convert('RGB') first"
        )
    return np.asarray(image)


def _to_pillow(pixels: np.ndarray[Any, Any]) -> Any:
    return sys.modules["PIL.Image"].fromarray(pixels[:, :, 0] if pixels.shape[2:] == (1,) else pixels)


def _array(call: str, image: Any, dtypes: tuple[str, ...]) -> Any:
    array = as_array(image)
    if is_on_gpu(array):
        _core.require_cuda()
    if is_torch(array):
        array = array.detach()
    elif is_on_gpu(array):
        empty(array, 0, "uint8")  # refuses libraries that results cannot be allocated with
    elif not isinstance(array, np.ndarray):
        array = np.from_dlpack(array)
    if dtype_name(array) not in dtypes:
        named = ", ".join({"uint8": "uint8 (0..255)", "float32": "float32 (0..1)"}.get(name, name) for name in dtypes)
        raise TypeError(f"{call}: 'images' has dtype {dtype_name(array)}; accepted: {named}")
    return array


def make_results(call: str, images: Images, sizes: Any, out_layout: _core.Layout, dtype: str) -> Images:
    """Allocate results of these sizes, of the caller's kind."""
    channels = images.channels()
    shapes: list[tuple[int, ...]] = []
    for height, width in sizes.tolist() if images.kind == "list" else sizes[:1].tolist() or [(0, 0)]:
        shapes.append((channels, height, width) if out_layout is _core.Layout.nchw else (height, width, channels))
    if images.kind == "list":
        return Images("list", [_allocate(call, images.like, shape, dtype) for shape in shapes], out_layout)
    if len(sizes) and (sizes != sizes[0]).any():
        other = int((sizes != sizes[0]).any(axis=1).argmax())
        raise ValueError(
            f"{call}: results differ in size, {tuple(sizes[0].tolist())} of sample 0 and "
            f"{tuple(sizes[other].tolist())} of sample {other}; pass a list of images, or crop to one size"
        )
    return Images(images.kind, _allocate(call, images.like, (len(images), *shapes[0]), dtype), out_layout)


def _allocate(call: str, like: Any, shape: tuple[int, ...], dtype: str) -> Any:
    if dtype != "bfloat16":
        return empty(like, shape, dtype)
    if is_torch(like):
        import torch

        return torch.empty(shape, dtype=torch.bfloat16, device=like.device)
    try:
        from ml_dtypes import bfloat16
    except ImportError:
        raise TypeError(f"{call}: 'dtype' is bfloat16, which NumPy lacks; accepted: torch tensors, or 'out'") from None
    return np.empty(shape, bfloat16)


def call_core(
    call: str, steps: Any, order: Any, ids: Any, seed: int, epoch: int, fuse: bool, images: Images, results: Images
) -> None:
    """Run steps on images that the core has checked nothing of yet; on a GPU, on the caller's stream and in its memory.

    The memory is the caller's library's, since that hands it out in the order of the stream, keeps it from call to
    call, and knows what to do while a CUDA graph is captured.
    """
    like = images.like
    _core.run_pipeline(
        call, steps, order, ids, seed, epoch, fuse, images.arrays, images.layout, results.arrays, results.layout,
        current_stream(like), lambda size: empty(like, size, "uint8"),
    )  # fmt: skip


def hand_over(images: Images, results: Images) -> Any:
    """Return results as the caller gave the images."""
    as_pillow = images.is_pillow and results.layout is _core.Layout.nhwc
    if as_pillow and (not len(results) or dtype_name(results.like) == "uint8"):
        made = [_to_pillow(array) for array in results.arrays]
        return made if images.kind == "list" else made[0]
    if images.kind == "list":
        return [deliver(images.like, array) for array in results.arrays]
    array = deliver(images.like, results.arrays)
    if images.kind == "batch":
        return array
    if images.kind == "plane":
        return array[0, 0] if results.layout is _core.Layout.nchw else array[0, :, :, 0]
    return array[0]


def wrap_out(call: str, images: Images, out: Any, layout: _core.Layout) -> Images:
    """Return a caller's `out` as the core writes it: a list, or an array, or for one image an array of it."""
    if images.kind == "list" and isinstance(out, list | tuple):
        return Images("list", list(out), layout)
    axes = {"batch": 4, "list": 4, "single": 3, "plane": 2}[images.kind]
    if not hasattr(out, "shape") or len(out.shape) != axes:
        shape = getattr(out, "shape", type(out).__name__)
        raise ValueError(f"{call}: 'out' is of shape {shape}; accepted: an array with {axes} axes, as the images")
    if images.kind == "plane":
        return Images("batch", out[None, None] if layout is _core.Layout.nchw else out[None, :, :, None], layout)
    return Images("batch", out[None] if images.kind == "single" else out, layout)
