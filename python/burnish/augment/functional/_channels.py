# SPDX-License-Identifier: Apache-2.0
"""What becomes of whole channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import one_of
from burnish.augment._channels import GRAYS, drop_step
from burnish.augment._color import color_channels
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def to_grayscale(images: Any, *, method: str = "weighted_average", layout: Any = None, out: Any = None) -> Any:
    """Make red, green and blue the same; a fourth channel stays.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    method : {"weighted_average", "average", "max", "desaturation"}, default "weighted_average"
        The luma of ITU-R 601, the mean, the largest, or the middle between the largest and the smallest.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("to_grayscale", images, layout)
    color_channels("to_grayscale", call.channels)
    which = GRAYS[one_of("to_grayscale", "method", method, tuple(GRAYS))]
    return call.run(_core.Op.gray, [float(which)], columns(len(call)), out)


def permute_channels(images: Any, order: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Take each channel from another one.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    order : C ints, or array of shape (N, C)
        For each channel of the result, the one that it is taken from; each of them once.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("permute_channels", images, layout)
    order = call.rows("order", order, call.channels, 0, call.channels - 1, whole=True)
    return call.run(_core.Op.permute, [], np.ascontiguousarray(order), out)


def drop_channels(images: Any, dropped: Any, *, fill: float = 0.0, layout: Any = None, out: Any = None) -> Any:
    """Replace channels by `fill`.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    dropped : C bools, or array of shape (N, C)
        Which ones.
    fill : float, default 0
        In the image's own units: 0..255 in uint8, 0..1 in float32.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("drop_channels", images, layout)
    given = np.asarray(dropped)
    numbers = given.astype(np.int8) if given.dtype == np.bool_ else given
    where = call.rows("dropped", numbers, call.channels, 0, 1, whole=True) != 0  # bools become numbers
    return call.run(*drop_step(where, call.shapes, check.real("drop_channels", "fill", fill, -255, 255)), out)


def isolate_channel(images: Any, channel: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Leave one channel, and make the others 0.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    channel : int or array of shape (N,)
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("isolate_channel", images, layout)
    kept = call.numbers("channel", channel, 0, call.channels - 1, whole=True)
    return call.run(*drop_step(np.arange(call.channels) != kept[:, None], call.shapes, 0.0), out)
