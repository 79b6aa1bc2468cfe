# SPDX-License-Identifier: Apache-2.0
"""Where pixels go."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._affine import affine_matrices, torchvision_matrices
from burnish.augment._arguments import MOST_SIDE, border_code, fill_options, fill_values, interpolation_code, one_of
from burnish.augment._crop import sides
from burnish.augment._orient import REVERSE_COLUMNS, REVERSE_ROWS, TRANSPOSE
from burnish.augment._perspective import quad_matrices
from burnish.augment._resize import resize_options
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call

_WHOLE = ((0, 0), (1, 0), (1, 1), (0, 1))


def crop(images: Any, top: Any, left: Any, height: int, width: int, *, border_mode: Any = "constant", fill: Any = 0,
         layout: Any = None, out: Any = None) -> Any:  # fmt: skip
    """Cut out a part of the image.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    top, left : int or array of shape (N,)
        The first row and column of the part, below 0 beyond the image.
    height, width : int
        How many pixels it has, 1 or more; beyond the image there is the border.
    border_mode, fill
        As in `Rotate`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("crop", images, layout)
    height = check.integer("crop", "height", height, 1, MOST_SIDE)
    width = check.integer("crop", "width", width, 1, MOST_SIDE)
    options = [border_code("crop", border_mode), *fill_options("crop", fill_values("crop", fill), call.channels)]
    params = columns(len(call), call.numbers("top", top), call.numbers("left", left), height, width)
    return call.run(_core.Op.crop, options, params, out, height=height, width=width)


def pad(images: Any, padding: Any, *, border_mode: Any = "constant", fill: Any = 0, layout: Any = None,
        out: Any = None) -> Any:  # fmt: skip
    """Put something around the image.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    padding : int, (left and right, top and bottom) or (left, top, right, bottom)
        How many pixels, 0 or more.
    border_mode, fill
        As in `Rotate`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("pad", images, layout)
    left, top, right, bottom = sides("pad", padding)
    options = [border_code("pad", border_mode), *fill_options("pad", fill_values("pad", fill), call.channels)]
    height, width = call.sizes[:, 0] + (top + bottom), call.sizes[:, 1] + (left + right)
    params = columns(len(call), -top, -left, height, width)
    return call.run(_core.Op.crop, options, params, out, height=height, width=width)


def horizontal_flip(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Exchange left and right.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("horizontal_flip", images, layout)
    return call.run(_core.Op.orient, [], columns(len(call), REVERSE_COLUMNS), out)


def vertical_flip(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Exchange top and bottom.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("vertical_flip", images, layout)
    return call.run(_core.Op.orient, [], columns(len(call), REVERSE_ROWS), out)


def transpose(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Exchange rows and columns.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("transpose", images, layout)
    height, width = call.sizes[:, 1], call.sizes[:, 0]
    return call.run(_core.Op.orient, [], columns(len(call), TRANSPOSE), out, height=height, width=width)


def rotate(images: Any, angle: Any, *, interpolation: Any = "bilinear", border_mode: Any = "constant", fill: Any = 0,
           layout: Any = None, out: Any = None) -> Any:  # fmt: skip
    """Rotate about the center; the size stays.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    angle : float or array of shape (N,)
        In degrees, counter-clockwise as seen.
    interpolation, border_mode, fill
        As in `Rotate`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    return affine(images, angle=angle, interpolation=interpolation, border_mode=border_mode, fill=fill, layout=layout,
                  out=out)  # fmt: skip


def affine(
    images: Any, *, angle: Any = 0.0, scale: Any = 1.0, shear: Any = 0.0, translate: Any = 0.0,
    interpolation: Any = "bilinear", border_mode: Any = "constant", fill: Any = 0, compat: str | None = None,
    layout: Any = None, out: Any = None,
) -> Any:  # fmt: skip
    """Scale, rotate, shear and shift about the center, in this order.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    angle : float or array of shape (N,)
        In degrees, counter-clockwise as seen.
    scale, shear, translate : float or array of shape (N,), or a pair of such for x and y
        2 shows everything twice as large; shear is in degrees, as in `Affine`, translate in pixels.
    interpolation, border_mode, fill
        As in `Rotate`.
    compat : {None, "torchvision"}, default None
        As in `Affine`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("affine", images, layout)
    fills = fill_options("affine", fill_values("affine", fill), call.channels)
    options = [interpolation_code("affine", interpolation), border_code("affine", border_mode), *fills]
    one_of("affine", "compat", compat, (None, "torchvision"))
    pairs = []
    for name, value, most in (("scale", scale, 1e6), ("shear", shear, 89), ("translate", translate, 1 << 24)):
        x, y = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
        pairs.append((call.numbers(name, x, -most, most), call.numbers(name, y, -most, most)))
    if any(not (np.abs(factor) > 1e-6).all() for factor in pairs[0]):
        raise ValueError("affine: a scale is 0; accepted: other numbers")
    height, width = call.sizes[:, 0], call.sizes[:, 1]
    factors, shears, shifts = pairs
    angles = call.numbers("angle", angle, -1e6, 1e6)
    if compat == "torchvision":
        elements = torchvision_matrices(height, width, angles, factors, shears, shifts)
    else:
        elements = affine_matrices(height, width, angles, factors, (-shears[0], -shears[1]), shifts)
    return call.run(_core.Op.warp, options, columns(len(call), *elements, height, width), out)


def perspective(
    images: Any, corners: Any, *, height: int | None = None, width: int | None = None, interpolation: Any = "bilinear",
    border_mode: Any = "constant", fill: Any = 0, layout: Any = None, out: Any = None,
) -> Any:  # fmt: skip
    """Stretch a quadrilateral of the image to the whole.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    corners : array of shape (N, 4, 2), or (4, 2) for all
        x and y as fractions of width and height, clockwise from the top left.
    height, width : int, optional
        Of the results; the default is the image's.
    interpolation, border_mode, fill
        As in `Rotate`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("perspective", images, layout)
    fills = fill_options("perspective", fill_values("perspective", fill), call.channels)
    options = [interpolation_code("perspective", interpolation), border_code("perspective", border_mode)]
    rows, cols = _result_sides(call, height, width)
    places = call.table("corners", _WHOLE if call.is_empty else corners, (4, 2)) * call.sizes[:, None, ::-1]
    elements = quad_matrices(places[:, :, 0].T, places[:, :, 1].T, cols, rows)
    return call.run(_core.Op.warp, options + fills, columns(len(call), *elements, rows, cols), out, height=rows,
                    width=cols)  # fmt: skip


def _result_sides(call: Call, height: Any, width: Any) -> tuple[Any, Any]:
    rows, cols = call.sizes[:, 0], call.sizes[:, 1]
    if height is not None:
        rows = np.full_like(rows, check.integer(call.name, "height", height, 1, MOST_SIDE))
    if width is not None:
        cols = np.full_like(cols, check.integer(call.name, "width", width, 1, MOST_SIDE))
    return rows, cols


def resize(images: Any, height: int, width: int, *, interpolation: Any = "bilinear", antialias: bool = True,
           layout: Any = None, out: Any = None) -> Any:  # fmt: skip
    """Show all of the image in `height` x `width` pixels.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    height, width : int
    interpolation, antialias
        As in `Resize`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
        Of one size.
    """
    call = Call("resize", images, layout)
    options = resize_options("resize", interpolation, antialias)
    rows, cols = _result_sides(call, height, width)
    return call.run(_core.Op.resize, options, columns(len(call), rows, cols), out, height=rows, width=cols)


def resized_crop(
    images: Any, top: Any, left: Any, height: Any, width: Any, size: Any, *, interpolation: Any = "bilinear",
    antialias: bool = True, border_mode: Any = "constant", fill: Any = 0, layout: Any = None, out: Any = None,
) -> Any:  # fmt: skip
    """Show a part of the image in another number of pixels.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    top, left, height, width : int or array of shape (N,)
        The part, which may reach beyond the image.
    size : (int, int)
        Height and width of the results.
    interpolation, antialias
        As in `Resize`.
    border_mode, fill
        As in `Rotate`, for what lies beyond the image.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
        Of one size.
    """
    call = Call("resized_crop", images, layout)
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise TypeError(f"resized_crop: 'size' is {size!r}; accepted: (height, width)")
    rows, cols = (np.full(len(call), check.integer("resized_crop", "size", side, 1, MOST_SIDE)) for side in size)
    named = {"top": top, "left": left, "height": height, "width": width}
    part = columns(len(call), *(call.numbers(name, values) for name, values in named.items()))
    fills = fill_options("resized_crop", fill_values("resized_crop", fill), call.channels)
    steps = [
        (_core.Op.crop, [border_code("resized_crop", border_mode), *fills], part),
        (_core.Op.resize, resize_options("resized_crop", interpolation, antialias), columns(len(call), rows, cols)),
    ]
    return call.run_steps(steps, out, height=rows, width=cols)


def square_symmetry(images: Any, member: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Turn and mirror the image.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    member : int or array of shape (N,)
        0 to 7: + 4 transposed, then + 2 rows in reverse order, then + 1 columns in reverse order.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("square_symmetry", images, layout)
    codes = call.numbers("member", member, 0, 7, whole=True)
    turned = codes >= TRANSPOSE
    height, width = (np.where(turned, call.sizes[:, 1 - axis], call.sizes[:, axis]) for axis in (0, 1))
    return call.run(_core.Op.orient, [], columns(len(call), codes), out, height=height, width=width)
