# SPDX-License-Identifier: Apache-2.0
"""Each value mapped by a curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _core
from burnish.augment._arguments import one_of
from burnish.augment._tone import AUTOCONTRAST_METHODS, EQUALIZE_MODES
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def adjust_gamma(images: Any, gamma: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Raise values, as fractions of white, to the power `gamma`.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    gamma : float or array of shape (N,)
        2^-10 to 2^10; above 1 the image becomes darker.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("adjust_gamma", images, layout)
    gamma = call.numbers("gamma", gamma, 2.0**-10, 2.0**10)
    return call.run(_core.Op.gamma, [], columns(len(call), gamma), out)


def solarize(images: Any, threshold: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Invert values from `threshold` on.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    threshold : float or array of shape (N,)
        As a fraction of white.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("solarize", images, layout)
    return call.run(_core.Op.solarize, [], columns(len(call), call.numbers("threshold", threshold) * call.white), out)


def posterize(images: Any, bits: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Leave the highest bits of each value.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    bits : int, or array of shape (N,), or of shape (N, C)
        How many, 0 to 8.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    Fractions are cut off to multiples of 2^-bits, and 1 to the largest of those below it.
    """
    call = Call("posterize", images, layout)
    if np.ndim(bits) == 2:
        given = call.rows("bits", bits, call.channels, 0, 8, whole=True)
    else:
        given = call.numbers("bits", bits, 0, 8, whole=True)[:, None]
    return call.run(_core.Op.posterize, [], np.ascontiguousarray(given), out)


def invert(images: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Subtract values from white.

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
    call = Call("invert", images, layout)
    return call.run(_core.Op.linear, [], columns(len(call), -1, call.white), out)


def autocontrast(
    images: Any,
    low_cutoff: Any = 0.0,
    high_cutoff: Any = None,
    *,
    method: str = "pil",
    layout: Any = None,
    out: Any = None,
) -> Any:
    """Stretch the values of each channel to all of the range.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    low_cutoff : float or array of shape (N,), default 0
        Percent of the pixels that are left out at the dark end, 0 to 100.
    high_cutoff : float or array of shape (N,), optional
        The same at the bright end; the default is `low_cutoff`.
    method : {"pil", "cdf"}, default "pil"
        "pil" as Pillow has it, "cdf" as Albumentations does (see `AutoContrast`), with `low_cutoff` at both ends.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("autocontrast", images, layout)
    which = AUTOCONTRAST_METHODS[one_of("autocontrast", "method", method, tuple(AUTOCONTRAST_METHODS))]
    if method == "cdf" and high_cutoff is not None:
        raise ValueError("autocontrast: 'high_cutoff' is given for method='cdf'; accepted: None")
    low = call.numbers("low_cutoff", low_cutoff, 0, 100)
    high = low if high_cutoff is None else call.numbers("high_cutoff", high_cutoff, 0, 100)
    return call.run(_core.Op.autocontrast, [float(which)], columns(len(call), low, high), out)


def equalize(images: Any, *, mode: str = "pil", layout: Any = None, out: Any = None) -> Any:
    """Spread the values of each channel so that each occurs about as often.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    mode : {"pil", "cv"}, default "pil"
        As Pillow or as OpenCV has it.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    Fractions are counted as the nearest 255ths of white, and become such.
    """
    call = Call("equalize", images, layout)
    which = EQUALIZE_MODES[one_of("equalize", "mode", mode, tuple(EQUALIZE_MODES))]
    return call.run(_core.Op.equalize, [float(which)], columns(len(call)), out)
