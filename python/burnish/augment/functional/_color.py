# SPDX-License-Identifier: Apache-2.0
"""What values become."""

from __future__ import annotations

from typing import Any

from burnish import _core
from burnish.augment._color import color_channels
from burnish.augment._scale import Normalize
from burnish.augment._shapes import Shapes
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def adjust_brightness(images: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply all values by `factor`."""
    call = Call("adjust_brightness", images, layout)
    return call.run(_core.Op.linear, [], columns(len(call), call.numbers("factor", factor), 0), out)


def adjust_contrast(images: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply differences from the mean of the luma by `factor`."""
    return _adjust(Call("adjust_contrast", images, layout), _core.Op.contrast, "factor", factor, out)


def adjust_saturation(images: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply differences from each pixel's luma by `factor`."""
    return _adjust(Call("adjust_saturation", images, layout), _core.Op.saturation, "factor", factor, out)


def adjust_hue(images: Any, shift: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Turn hues by `shift`, in turns of their circle; value and saturation in HSV stay."""
    return _adjust(Call("adjust_hue", images, layout), _core.Op.hue, "shift", shift, out)


def _adjust(call: Call, op: _core.Op, name: str, values: Any, out: Any) -> Any:
    color_channels(call.name, call.channels)
    return call.run(op, [], columns(len(call), call.numbers(name, values)), out)


def normalize(images: Any, mean: Any, std: Any, *, max_pixel_value: float | None = None, layout: Any = None,
              out: Any = None) -> Any:  # fmt: skip
    """Return (value - mean * max) / (std * max) in float32; `mean` and `std` for all channels, or for each."""
    call = Call("normalize", images, layout)
    shapes = Shapes.of(call.sizes, call.channels, call.white)
    op, options, params = Normalize(mean, std, max_pixel_value)._steps({}, shapes)[0]
    return call.run(op, options, params, out, dtype="float32" if out is None else None)
