# SPDX-License-Identifier: Apache-2.0
"""Pixels disturbed."""

from __future__ import annotations

from typing import Any

from burnish import _core
from burnish.augment._plan import checked_seed
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def gaussian_noise(
    images: Any,
    std: Any,
    mean: Any = 0.0,
    *,
    seed: int = 0,
    ids: Any = None,
    per_channel: bool = True,
    layout: Any = None,
    out: Any = None,
) -> Any:
    """Add normal numbers.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    std : float or array of shape (N,)
        Standard deviation as a fraction of white.
    mean : float or array of shape (N,), default 0
        As a fraction of white.
    seed : int, default 0
        0 to 2^64 - 1.
    ids : integers of shape (N,), optional
        The samples' names; each has noise of its own. The default is 0, 1, ...
    per_channel : bool, default True
        Whether each channel gets noise of its own.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    Numbers lie within 5.3 standard deviations.
    """
    call = Call("gaussian_noise", images, layout)
    mean, std = call.numbers("mean", mean) * call.white, call.numbers("std", std, 0) * call.white
    return _disturb(call, _core.Op.gauss_noise, columns(len(call), mean, std, not per_channel), seed, ids, out)


def multiplicative_noise(
    images: Any,
    low: Any,
    high: Any,
    *,
    seed: int = 0,
    ids: Any = None,
    per_channel: bool = False,
    layout: Any = None,
    out: Any = None,
) -> Any:
    """Multiply each pixel by a number of its own.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    low, high : float or array of shape (N,)
        The range of the numbers, which are uniform in it.
    seed : int, default 0
        0 to 2^64 - 1.
    ids : integers of shape (N,), optional
        The samples' names; each has noise of its own. The default is 0, 1, ...
    per_channel : bool, default False
        Whether each channel gets numbers of its own.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("multiplicative_noise", images, layout)
    low, high = call.numbers("low", low), call.numbers("high", high)
    if (low > high).any():
        raise ValueError("multiplicative_noise: 'low' is above 'high'; accepted: at most 'high'")
    return _disturb(call, _core.Op.multiplicative_noise, columns(len(call), low, high, not per_channel), seed, ids, out)


def salt_and_pepper(
    images: Any,
    amount: Any,
    salt: Any = 0.5,
    *,
    seed: int = 0,
    ids: Any = None,
    per_channel: bool = False,
    layout: Any = None,
    out: Any = None,
) -> Any:
    """Make some pixels white or black.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    amount : float or array of shape (N,)
        The chance of each pixel, 0 to 1.
    salt : float or array of shape (N,), default 0.5
        The part of them that becomes white, 0 to 1.
    seed : int, default 0
        0 to 2^64 - 1.
    ids : integers of shape (N,), optional
        The samples' names; each has noise of its own. The default is 0, 1, ...
    per_channel : bool, default False
        Whether each channel has a fate of its own.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("salt_and_pepper", images, layout)
    numbers = call.numbers("amount", amount, 0, 1), call.numbers("salt", salt, 0, 1)
    return _disturb(call, _core.Op.salt_and_pepper, columns(len(call), *numbers, not per_channel), seed, ids, out)


def _disturb(call: Call, op: _core.Op, params: Any, seed: int, ids: Any, out: Any) -> Any:
    seed = checked_seed(call.name, seed)
    return call.run(op, [], params, out, seed=seed, ids=call.names(ids))
