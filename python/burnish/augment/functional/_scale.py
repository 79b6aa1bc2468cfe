# SPDX-License-Identifier: Apache-2.0
"""The scale that values have."""

from __future__ import annotations

from typing import Any

from burnish import _core
from burnish.augment._scale import Normalize
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call

FLOATS = ("float32", "float16", "bfloat16")


def normalize(
    images: Any, mean: Any, std: Any, *, max_pixel_value: float | None = None, layout: Any = None, out: Any = None
) -> Any:
    """Return (value - mean * max) / (std * max) in float32.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    mean, std : float or one for each channel
    max_pixel_value : float, optional
        The value of white; the default is 255 for uint8 images and 1 for float32.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("normalize", images, layout)
    return call.run_steps(Normalize(mean, std, max_pixel_value)._steps({}, call.shapes), out, dtypes=FLOATS)


def to_float(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Return uint8 values 0..255 as float32 fractions 0..1; float32 images stay as they are.

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
    call = Call("to_float", images, layout)
    return call.run(_core.Op.to_float, [], columns(len(call)), out, dtypes=FLOATS)


def to_bytes(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Return float32 fractions 0..1 as uint8 values 0..255, rounded; uint8 images stay as they are.

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
    call = Call("to_bytes", images, layout)
    return call.run(_core.Op.to_bytes, [], columns(len(call)), out, dtypes=("uint8",))
