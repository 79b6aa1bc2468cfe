# SPDX-License-Identifier: Apache-2.0
"""Differences between neighbors made larger."""

from __future__ import annotations

from typing import Any

from burnish import _core
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def sharpen(images: Any, alpha: Any, lightness: Any = 1.0, *, layout: Any = None, out: Any = None) -> Any:
    """Blend with differences from the 8 neighbors, as Albumentations' Sharpen does.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    alpha : float or array of shape (N,)
        The part of the sharpened image, 0 to 1.
    lightness : float or array of shape (N,), default 1
        The weight of the pixel itself in the sharpened image, beside 8 times the differences; 1 keeps the brightness.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    Beyond its border the image is reflected, without the border itself.
    """
    call = Call("sharpen", images, layout)
    params = columns(len(call), call.numbers("alpha", alpha, 0, 1), call.numbers("lightness", lightness, 0, 65536))
    return call.run(_core.Op.sharpen, [], params, out)


def adjust_sharpness(images: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply differences from the mean with the 8 neighbors by `factor`, as Pillow and torchvision do.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    factor : float or array of shape (N,)
        0 gives a smoothed image, 1 the image; up to 1024.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    In the mean the pixel itself counts 5 times. Pixels at the border stay as they are. Results are rounded, where
    Pillow and torchvision cut off.
    """
    call = Call("adjust_sharpness", images, layout)
    return call.run(_core.Op.sharpness, [], columns(len(call), call.numbers("factor", factor, 0, 1024)), out)


def unsharp_mask(
    images: Any, radius: Any = 2.0, percent: Any = 150, threshold: Any = 3, *, layout: Any = None, out: Any = None
) -> Any:
    """Make differences from the blurred image larger, where they are large, as Pillow's UnsharpMask does.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    radius : float or array of shape (N,), default 2
        Of `pillow_gaussian_blur`.
    percent : int or array of shape (N,), default 150
        How much of the difference is added.
    threshold : int or array of shape (N,), default 3
        Differences of at most so many 255ths of white stay as they are.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    The same bits as Pillow's in uint8. For infinity and NaN see `pillow_gaussian_blur`.
    """
    call = Call("unsharp_mask", images, layout)
    percent = call.numbers("percent", percent, 0, 65536, whole=True)
    limit = call.numbers("threshold", threshold, 0, 255, whole=True) * (call.white / 255)
    params = columns(len(call), call.numbers("radius", radius, 0, 1024), percent, limit)
    return call.run(_core.Op.unsharp_mask, [], params, out)
