# SPDX-License-Identifier: Apache-2.0
"""The same changes with explicit parameters: one number for all images, or an array with one for each.

Images are what pipelines take: a batch, a list or one image, uint8 (0..255) or float32 (0..1), NumPy or torch; what
goes in comes out. `layout` is "NHWC" or "NCHW", by default NHWC for NumPy and NCHW for torch; `out` is where to write.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish._array import dtype_name, to_numpy
from burnish.augment._affine import affine_matrices
from burnish.augment._arguments import border_code, fill_options, fill_values, interpolation_code
from burnish.augment._color import Normalize, color_channels
from burnish.augment._crop import sides
from burnish.augment._images import Images, hand_over, make_results, one_blank, read_images, wrap_out
from burnish.augment._orient import REVERSE_COLUMNS, REVERSE_ROWS, TRANSPOSE
from burnish.augment._plan import checked_ids
from burnish.augment._shapes import Shapes
from burnish.augment._transform import columns

__all__ = [
    "crop",
    "pad",
    "horizontal_flip",
    "vertical_flip",
    "transpose",
    "rotate",
    "affine",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_saturation",
    "adjust_hue",
    "gaussian_blur",
    "gaussian_noise",
    "erase",
    "normalize",
]


class _Call:
    """One operation on a batch."""

    def __init__(self, name: str, images: Any, layout: Any) -> None:
        self.name = name
        self.images: Images = read_images(name, images, layout)
        # The result of an empty batch has the size of that of one image.
        self.is_empty = self.images.kind == "batch" and len(self.images) == 0
        if self.is_empty:
            self.images = read_images(name, one_blank(self.images), self.images.layout.name)
        self.sizes = self.images.sizes()
        self.white = 255.0 if dtype_name(self.images.like) == "uint8" else 1.0
        self.channels = self.images.channels()

    def __len__(self) -> int:
        return len(self.images)

    def numbers(self, name: str, values: Any) -> Any:
        """Return a parameter as one number for each image."""
        array = np.asarray(to_numpy(values) if hasattr(values, "__dlpack__") else values)
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{self.name}: '{name}' is {values!r}; accepted: numbers")
        if self.is_empty and array.shape == (0,):
            return np.ones(1)
        if array.shape not in ((), (1,), (len(self),)):
            raise ValueError(f"{self.name}: '{name}' has shape {array.shape}; accepted: one, or ({len(self)},)")
        if not np.isfinite(array).all():
            raise ValueError(f"{self.name}: '{name}' has NaN or infinity; accepted: finite numbers")
        return np.broadcast_to(array.astype(np.float64), (len(self),))

    def run(self, op: _core.Op, options: list[float], params: Any, out: Any, *, height: Any = None, width: Any = None,
            dtype: str | None = None, seed: int = 0, ids: Any = None) -> Any:  # fmt: skip
        """Do it; `height` and `width` are those of the results, if they change."""
        if self.is_empty and out is not None:
            return out
        after = self.sizes.copy()
        if height is not None:
            after[:, 0], after[:, 1] = height, width
        target = self.images.like if out is None else out[0] if isinstance(out, list | tuple) and out else out
        name = dtype or dtype_name(target)
        images, layout = self.images, self.images.layout
        if out is None:
            results = make_results(self.name, images, after, layout, name)
        else:
            results = wrap_out(self.name, images, out, layout)
        if len(self) == 0:
            return hand_over(images, results) if out is None else out
        order = np.zeros((len(self), 1), np.int32)
        names = np.zeros(len(self), np.int64) if ids is None else ids
        _core.run_pipeline(self.name, [(op, 0, options, params)], order, names, seed, 0, True, images.arrays, layout,
                           results.arrays, layout)  # fmt: skip
        result = hand_over(images, results) if out is None else out
        return result[:0] if self.is_empty else result


def crop(images: Any, top: Any, left: Any, height: int, width: int, *, border_mode: Any = "constant", fill: Any = 0,
         layout: Any = None, out: Any = None) -> Any:  # fmt: skip
    """Cut out the part of `height` x `width` pixels at `top`, `left`; beyond the image there is the border."""
    call = _Call("crop", images, layout)
    height, width = check.integer("crop", "height", height, 1), check.integer("crop", "width", width, 1)
    options = [float(border_code("crop", border_mode)), *fill_options("crop", fill_values("crop", fill), call.channels)]
    params = columns(len(call), call.numbers("top", top), call.numbers("left", left), height, width)
    return call.run(_core.Op.crop, options, params, out, height=height, width=width)


def pad(images: Any, padding: Any, *, border_mode: Any = "constant", fill: Any = 0, layout: Any = None,
        out: Any = None) -> Any:  # fmt: skip
    """Put `padding` around: an int, (left and right, top and bottom), or (left, top, right, bottom)."""
    call = _Call("pad", images, layout)
    left, top, right, bottom = sides("pad", padding)
    options = [float(border_code("pad", border_mode)), *fill_options("pad", fill_values("pad", fill), call.channels)]
    height, width = call.sizes[:, 0] + (top + bottom), call.sizes[:, 1] + (left + right)
    params = columns(len(call), -top, -left, height, width)
    return call.run(_core.Op.crop, options, params, out, height=height, width=width)


def horizontal_flip(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Exchange left and right."""
    call = _Call("horizontal_flip", images, layout)
    return call.run(_core.Op.orient, [], columns(len(call), REVERSE_COLUMNS), out)


def vertical_flip(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Exchange top and bottom."""
    call = _Call("vertical_flip", images, layout)
    return call.run(_core.Op.orient, [], columns(len(call), REVERSE_ROWS), out)


def transpose(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Exchange rows and columns."""
    call = _Call("transpose", images, layout)
    height, width = call.sizes[:, 1], call.sizes[:, 0]
    return call.run(_core.Op.orient, [], columns(len(call), TRANSPOSE), out, height=height, width=width)


def rotate(images: Any, angle: Any, *, interpolation: Any = "bilinear", border_mode: Any = "constant", fill: Any = 0,
           layout: Any = None, out: Any = None) -> Any:  # fmt: skip
    """Rotate about the center by `angle` degrees, counter-clockwise as seen."""
    return affine(images, angle=angle, interpolation=interpolation, border_mode=border_mode, fill=fill, layout=layout,
                  out=out)  # fmt: skip


def affine(
    images: Any, *, angle: Any = 0.0, scale: Any = 1.0, shear: Any = 0.0, translate: Any = 0.0,
    interpolation: Any = "bilinear", border_mode: Any = "constant", fill: Any = 0, layout: Any = None, out: Any = None,
) -> Any:  # fmt: skip
    """Scale, rotate, shear and shift about the center, in this order.

    Parameters
    ----------
    images
        See the module.
    angle : float or array of shape (N,)
        In degrees, counter-clockwise as seen.
    scale, shear, translate : float or array of shape (N,), or a pair of such for x and y
        2 shows everything twice as large; shear is in degrees, translate in pixels.
    interpolation, border_mode, fill
        As in `Rotate`.
    layout, out
        See the module.

    Returns
    -------
    array or list of arrays
    """
    call = _Call("affine", images, layout)
    fills = fill_options("affine", fill_values("affine", fill), call.channels)
    options = [interpolation_code("affine", interpolation), border_code("affine", border_mode), *fills]
    pairs = []
    for name, value in (("scale", scale), ("shear", shear), ("translate", translate)):
        x, y = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
        pairs.append((call.numbers(name, x), call.numbers(name, y)))
    if any(not (np.abs(factor) > 1e-6).all() for factor in pairs[0]):
        raise ValueError("affine: a scale is 0; accepted: other numbers")
    height, width = call.sizes[:, 0], call.sizes[:, 1]
    elements = affine_matrices(height, width, call.numbers("angle", angle), *pairs)
    return call.run(_core.Op.warp, [float(o) for o in options], columns(len(call), *elements, height, width), out)


def adjust_brightness(images: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply all values by `factor`."""
    call = _Call("adjust_brightness", images, layout)
    return call.run(_core.Op.linear, [], columns(len(call), call.numbers("factor", factor), 0), out)


def adjust_contrast(images: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply differences from the mean of the luma by `factor`."""
    return _adjust(_Call("adjust_contrast", images, layout), _core.Op.contrast, "factor", factor, out)


def adjust_saturation(images: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply differences from each pixel's luma by `factor`."""
    return _adjust(_Call("adjust_saturation", images, layout), _core.Op.saturation, "factor", factor, out)


def adjust_hue(images: Any, shift: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Turn hues by `shift`, in turns of their circle; value and saturation in HSV stay."""
    return _adjust(_Call("adjust_hue", images, layout), _core.Op.hue, "shift", shift, out)


def _adjust(call: _Call, op: _core.Op, name: str, values: Any, out: Any) -> Any:
    color_channels(call.name, call.channels)
    return call.run(op, [], columns(len(call), call.numbers(name, values)), out)


def gaussian_blur(images: Any, size: Any, sigma: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Smooth with a Gaussian kernel of an odd `size` up to 127; the border is "reflect101"."""
    call = _Call("gaussian_blur", images, layout)
    params = columns(len(call), call.numbers("size", size), call.numbers("sigma", sigma))
    return call.run(_core.Op.gauss_blur, [], params, out)


def gaussian_noise(images: Any, std: Any, mean: Any = 0.0, *, seed: int = 0, ids: Any = None, per_channel: bool = True,
                   layout: Any = None, out: Any = None) -> Any:  # fmt: skip
    """Add normal numbers; `mean` and `std` are fractions of white. Each of `ids` (0, 1, ... without) has its own."""
    call = _Call("gaussian_noise", images, layout)
    seed = check.integer("gaussian_noise", "seed", seed, 0, (1 << 64) - 1)
    names = np.arange(len(call)) if ids is None or call.is_empty else checked_ids("gaussian_noise", ids)
    mean, std = call.numbers("mean", mean) * call.white, call.numbers("std", std) * call.white
    if (std < 0).any():
        raise ValueError("gaussian_noise: 'std' is below 0; accepted: 0 or more")
    params = columns(len(call), mean, std, not per_channel)
    return call.run(_core.Op.gauss_noise, [], params, out, seed=seed, ids=names)


def erase(images: Any, top: Any, left: Any, height: Any, width: Any, *, fill: Any = 0, layout: Any = None,
          out: Any = None) -> Any:  # fmt: skip
    """Cover the rectangle of `height` x `width` pixels at `top`, `left`; what lies beyond the image is left out."""
    call = _Call("erase", images, layout)
    named = {"top": top, "left": left, "height": height, "width": width}
    params = columns(len(call), *(call.numbers(name, values) for name, values in named.items()))
    return call.run(_core.Op.erase, fill_options("erase", fill_values("erase", fill), call.channels), params, out)


def normalize(images: Any, mean: Any, std: Any, *, max_pixel_value: float | None = None, layout: Any = None,
              out: Any = None) -> Any:  # fmt: skip
    """Return (value - mean * max) / (std * max) in float32; `mean` and `std` for all channels, or for each."""
    call = _Call("normalize", images, layout)
    shapes = Shapes.of(call.sizes, call.channels, call.white)
    op, options, params = Normalize(mean, std, max_pixel_value)._steps({}, shapes)[0]
    return call.run(op, options, params, out, dtype="float32" if out is None else None)
