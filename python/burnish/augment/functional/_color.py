# SPDX-License-Identifier: Apache-2.0
"""What colors become."""

from __future__ import annotations

from typing import Any

from burnish import _core
from burnish.augment._color import color_channels
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def adjust_brightness(images: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply all values by `factor`.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    factor : float or array of shape (N,)
        0 gives black, 1 the image.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("adjust_brightness", images, layout)
    return call.run(_core.Op.linear, [], columns(len(call), call.numbers("factor", factor), 0), out)


def adjust_contrast(images: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply differences from the mean of the luma by `factor`.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    factor : float or array of shape (N,)
        0 gives gray, 1 the image.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    return _adjust(Call("adjust_contrast", images, layout), _core.Op.contrast, "factor", factor, out)


def adjust_saturation(images: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply differences from each pixel's luma by `factor`.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    factor : float or array of shape (N,)
        0 gives shades of gray, 1 the image.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    return _adjust(Call("adjust_saturation", images, layout), _core.Op.saturation, "factor", factor, out)


def adjust_hue(images: Any, shift: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Turn hues by `shift`; value and saturation in HSV stay.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    shift : float or array of shape (N,)
        In turns of the circle of hues: 1/3 makes red green.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    return _adjust(Call("adjust_hue", images, layout), _core.Op.hue, "shift", shift, out)


def _adjust(call: Call, op: _core.Op, name: str, values: Any, out: Any) -> Any:
    color_channels(call.name, call.channels)
    return call.run(op, [], columns(len(call), call.numbers(name, values)), out)


def shift_hsv(
    images: Any, hue: Any = 0.0, saturation: Any = 0.0, value: Any = 0.0, *, layout: Any = None, out: Any = None
) -> Any:
    """Shift hue, saturation and value in HSV; gray stays gray.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    hue : float or array of shape (N,), default 0
        In turns of the circle of hues.
    saturation : float or array of shape (N,), default 0
        -1 to 1; 1 makes all colors pure.
    value : float or array of shape (N,), default 0
        As a fraction of white.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("shift_hsv", images, layout)
    color_channels(call.name, call.channels)
    shifts = [call.numbers("hue", hue) * 180]
    shifts += [call.numbers(name, given) * call.white for name, given in (("saturation", saturation), ("value", value))]
    return call.run(_core.Op.hsv_shift, [], columns(len(call), *shifts), out)


def adjust_value(images: Any, factor: Any = 1.0, shift: Any = 0.0, *, layout: Any = None, out: Any = None) -> Any:
    """Change the value in HSV, the largest of red, green and blue; hue and saturation stay.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    factor : float or array of shape (N,), default 1
    shift : float or array of shape (N,), default 0
        As a fraction of white, to be added afterwards.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("adjust_value", images, layout)
    color_channels(call.name, call.channels)
    params = columns(len(call), call.numbers("factor", factor), call.numbers("shift", shift) * call.white)
    return call.run(_core.Op.hsv_value, [], params, out)


def adjust_brightness_contrast(
    images: Any, brightness: Any = 0.0, contrast: Any = 0.0, *, by_max: bool = True, layout: Any = None, out: Any = None
) -> Any:
    """Multiply values by 1 + `contrast` and add `brightness`, as `RandomBrightnessContrast` does.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    brightness : float or array of shape (N,), default 0
        As a fraction of white, or of the mean of all of the image's values.
    contrast : float or array of shape (N,), default 0
    by_max : bool, default True
        Whether `brightness` is a fraction of white.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("adjust_brightness_contrast", images, layout)
    factor, shift = 1 + call.numbers("contrast", contrast), call.numbers("brightness", brightness)
    if by_max:
        return call.run(_core.Op.linear, [], columns(len(call), factor, shift * call.white), out)
    return call.run(_core.Op.linear_by_mean, [], columns(len(call), factor, shift), out)


def shift_rgb(images: Any, shift: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Add numbers to red, green and blue.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    shift : 3 floats, or array of shape (N, 3)
        As fractions of white.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("shift_rgb", images, layout)
    color_channels("shift_rgb", call.channels, (3, 4))
    shifts = call.rows("shift", shift, 3) * call.white
    values = [value for channel in range(3) for value in (1.0, shifts[:, channel])]
    return call.run(_core.Op.linear, [], columns(len(call), *values, *[1.0, 0.0][: 2 * (call.channels - 3)]), out)
