# SPDX-License-Identifier: Apache-2.0
"""Pixels disturbed."""

from __future__ import annotations

from typing import Any

from burnish import _check as check
from burnish import _core
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def gaussian_noise(images: Any, std: Any, mean: Any = 0.0, *, seed: int = 0, ids: Any = None, per_channel: bool = True,
                   layout: Any = None, out: Any = None) -> Any:  # fmt: skip
    """Add normal numbers; `mean` and `std` are fractions of white. Each of `ids` (0, 1, ... without) has its own."""
    call = Call("gaussian_noise", images, layout)
    seed = check.integer("gaussian_noise", "seed", seed, 0, (1 << 64) - 1)
    names = call.names(ids)
    mean, std = call.numbers("mean", mean) * call.white, call.numbers("std", std) * call.white
    if (std < 0).any():
        raise ValueError("gaussian_noise: 'std' is below 0; accepted: 0 or more")
    params = columns(len(call), mean, std, not per_channel)
    return call.run(_core.Op.gauss_noise, [], params, out, seed=seed, ids=names)
