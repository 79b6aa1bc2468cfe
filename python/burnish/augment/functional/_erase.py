# SPDX-License-Identifier: Apache-2.0
"""Pixels covered."""

from __future__ import annotations

from typing import Any

from burnish import _core
from burnish.augment._arguments import fill_options, fill_values
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def erase(images: Any, top: Any, left: Any, height: Any, width: Any, *, fill: Any = 0, layout: Any = None,
          out: Any = None) -> Any:  # fmt: skip
    """Cover the rectangle of `height` x `width` pixels at `top`, `left`; what lies beyond the image is left out."""
    call = Call("erase", images, layout)
    named = {"top": top, "left": left, "height": height, "width": width}
    params = columns(len(call), *(call.numbers(name, values) for name, values in named.items()))
    return call.run(_core.Op.erase, fill_options("erase", fill_values("erase", fill), call.channels), params, out)
