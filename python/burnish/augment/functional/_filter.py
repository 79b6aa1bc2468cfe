# SPDX-License-Identifier: Apache-2.0
"""Pixels smoothed."""

from __future__ import annotations

from typing import Any

from burnish import _core
from burnish.augment._arguments import MOST_KERNEL
from burnish.augment._filter import motion_step
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def gaussian_blur(images: Any, size: Any, sigma: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Smooth with a Gaussian kernel.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    size : int or array of shape (N,)
        Of the kernel: odd, up to 127.
    sigma : float or array of shape (N,)
        Standard deviation in pixels, above 0.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    Beyond its border the image is reflected, without the border itself. In uint8 weights are whole 256ths and halves
    are rounded up, as in OpenCV, whose bits the result has; in float32 weights are not rounded.
    """
    call = Call("gaussian_blur", images, layout)
    params = columns(len(call), call.numbers("size", size, 1, MOST_KERNEL, whole=True), call.numbers("sigma", sigma))
    return call.run(_core.Op.gauss_blur, [], params, out)


def pillow_gaussian_blur(images: Any, radius: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Smooth as Pillow's GaussianBlur does: three times with a box, along rows and along columns.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    radius : float or array of shape (N,)
        Standard deviation in pixels, 0 to 1024.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    The same bits as Pillow's in uint8. Beyond its border the image has the border's values. In float32 images infinity,
    NaN and values far beyond 1 spoil the rest of their rows and columns, as sums are carried along these.

    References
    ----------
    P. Gwosdek, S. Grewenig, A. Bruhn, J. Weickert: Theoretical foundations of Gaussian convolution by extended box
    filtering. SSVM 2011.
    """
    call = Call("pillow_gaussian_blur", images, layout)
    params = columns(len(call), call.numbers("radius", radius, 0, 1024))
    return call.run(_core.Op.pillow_blur, [], params, out)


def box_blur(images: Any, size: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Smooth with a kernel of equal weights.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    size : int or array of shape (N,)
        Of the kernel: odd, up to 127.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    Beyond its border the image is reflected, without the border itself.
    """
    call = Call("box_blur", images, layout)
    return call.run(
        _core.Op.box_blur, [], columns(len(call), call.numbers("size", size, 1, MOST_KERNEL, whole=True)), out
    )


def motion_blur(
    images: Any,
    size: Any,
    angle: Any,
    direction: Any = 0.0,
    shift_x: Any = 0.0,
    shift_y: Any = 0.0,
    *,
    layout: Any = None,
    out: Any = None,
) -> Any:
    """Smooth along a line.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    size : int or array of shape (N,)
        Of the square that the line lies in: odd, up to 127.
    angle : float or array of shape (N,)
        In degrees from right to down, as in Albumentations.
    direction : float or array of shape (N,), default 0
        -1 for a line that ends in the middle, 0 for one through it, 1 for one that begins there.
    shift_x, shift_y : float or array of shape (N,), default 0
        Of the line, in pixels.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    Beyond its border the image is reflected, without the border itself.
    """
    call = Call("motion_blur", images, layout)
    size = call.numbers("size", size, 1, MOST_KERNEL, whole=True)
    numbers = size, call.numbers("angle", angle), call.numbers("direction", direction, -1, 1)
    shifts = call.numbers("shift_x", shift_x, -128, 128), call.numbers("shift_y", shift_y, -128, 128)
    return call.run(*motion_step(len(call), *numbers, *shifts), out)
