# SPDX-License-Identifier: Apache-2.0
"""Pixels smoothed."""

from __future__ import annotations

from typing import Any

from burnish import _core
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def gaussian_blur(images: Any, size: Any, sigma: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Smooth with a Gaussian kernel of an odd `size` up to 127; the border is "reflect101"."""
    call = Call("gaussian_blur", images, layout)
    params = columns(len(call), call.numbers("size", size), call.numbers("sigma", sigma))
    return call.run(_core.Op.gauss_blur, [], params, out)
