# SPDX-License-Identifier: Apache-2.0
"""Where pixels go."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._affine import affine_matrices
from burnish.augment._arguments import border_code, fill_options, fill_values, interpolation_code
from burnish.augment._crop import MOST_SIDE, sides
from burnish.augment._orient import REVERSE_COLUMNS, REVERSE_ROWS, TRANSPOSE
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def crop(images: Any, top: Any, left: Any, height: int, width: int, *, border_mode: Any = "constant", fill: Any = 0,
         layout: Any = None, out: Any = None) -> Any:  # fmt: skip
    """Cut out the part of `height` x `width` pixels at `top`, `left`; beyond the image there is the border."""
    call = Call("crop", images, layout)
    height = check.integer("crop", "height", height, 1, MOST_SIDE)
    width = check.integer("crop", "width", width, 1, MOST_SIDE)
    options = [float(border_code("crop", border_mode)), *fill_options("crop", fill_values("crop", fill), call.channels)]
    params = columns(len(call), call.numbers("top", top), call.numbers("left", left), height, width)
    return call.run(_core.Op.crop, options, params, out, height=height, width=width)


def pad(images: Any, padding: Any, *, border_mode: Any = "constant", fill: Any = 0, layout: Any = None,
        out: Any = None) -> Any:  # fmt: skip
    """Put `padding` around: an int, (left and right, top and bottom), or (left, top, right, bottom)."""
    call = Call("pad", images, layout)
    left, top, right, bottom = sides("pad", padding)
    options = [float(border_code("pad", border_mode)), *fill_options("pad", fill_values("pad", fill), call.channels)]
    height, width = call.sizes[:, 0] + (top + bottom), call.sizes[:, 1] + (left + right)
    params = columns(len(call), -top, -left, height, width)
    return call.run(_core.Op.crop, options, params, out, height=height, width=width)


def horizontal_flip(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Exchange left and right."""
    call = Call("horizontal_flip", images, layout)
    return call.run(_core.Op.orient, [], columns(len(call), REVERSE_COLUMNS), out)


def vertical_flip(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Exchange top and bottom."""
    call = Call("vertical_flip", images, layout)
    return call.run(_core.Op.orient, [], columns(len(call), REVERSE_ROWS), out)


def transpose(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Exchange rows and columns."""
    call = Call("transpose", images, layout)
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
    call = Call("affine", images, layout)
    fills = fill_options("affine", fill_values("affine", fill), call.channels)
    options = [interpolation_code("affine", interpolation), border_code("affine", border_mode), *fills]
    pairs = []
    for name, value, most in (("scale", scale, 1e6), ("shear", shear, 89), ("translate", translate, 1 << 24)):
        x, y = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
        pairs.append((call.numbers(name, x, -most, most), call.numbers(name, y, -most, most)))
    if any(not (np.abs(factor) > 1e-6).all() for factor in pairs[0]):
        raise ValueError("affine: a scale is 0; accepted: other numbers")
    height, width = call.sizes[:, 0], call.sizes[:, 1]
    elements = affine_matrices(height, width, call.numbers("angle", angle, -1e6, 1e6), *pairs)
    return call.run(_core.Op.warp, [float(o) for o in options], columns(len(call), *elements, height, width), out)
