# SPDX-License-Identifier: Apache-2.0
"""Images mixed in pairs, and labels with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _core
from burnish._array import current_stream, dtype_name, to_device, to_numpy
from burnish.augment._images import DTYPES, hand_over, make_results, read_images, wrap_out
from burnish.augment._labels import as_labels, check_labels, class_count, mix_labels


def mixup(images: Any, partner: Any, lam: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Blend each image with another one: lam * images + (1 - lam) * images[partner].

    Parameters
    ----------
    images
        A batch or a list; see `burnish.augment.functional`. Also float16, bfloat16 and float64.
    partner : integers of shape (N,), or one for all
        The place of the other image, 0 to N - 1.
    lam : float or array of shape (N,)
        The weight of the image itself, 0 to 1.
    layout, out
        See `burnish.augment.functional`. `out` may be the images themselves, on a CPU.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    uint8 results are rounded to the nearest, ties to even; the same bits on a CPU and on a GPU.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.augment import functional
    >>> images = np.array([10, 20, 30], np.uint8).reshape(3, 1, 1, 1)
    >>> functional.mixup(images, [1, 2, 0], [0.5, 0.9, 1]).ravel()
    array([15, 21, 30], dtype=uint8)
    """
    return _mix("mixup", images, partner, {"lam": lam}, layout, out)


def cutmix(images: Any, partner: Any, top: Any, left: Any, height: Any, width: Any, *, layout: Any = None,
           out: Any = None) -> Any:  # fmt: skip
    """Take a rectangle of each image from images[partner].

    Parameters
    ----------
    images, partner
        As in `mixup`.
    top, left, height, width : int or array of shape (N,)
        In pixels, inside of the image; empty where a side is 0.
    layout, out
        As in `mixup`.

    Returns
    -------
    array or list of arrays
    """
    named = {"top": top, "left": left, "height": height, "width": width}
    return _mix("cutmix", images, partner, named, layout, out)


def soft_labels(labels: Any, num_classes: int | None = None, partner: Any = None, lam: Any = None) -> Any:
    """Return labels as parts of classes, (N, K) float32, mixed with those of partners if there are any.

    Parameters
    ----------
    labels : integers of shape (N,), or floats of shape (N, K)
        Classes, which need `num_classes`; or one-hot or soft labels, 0 to 1.
    num_classes : int, optional
        K.
    partner : integers of shape (N,), or one for all, optional
        The places of the samples to mix with, 0 to N - 1.
    lam : float or array of shape (N,), optional
        The part of a sample's own label, 0 to 1.

    Returns
    -------
    float32 array of shape (N, K), of the caller's library

    Examples
    --------
    >>> from burnish.augment import functional
    >>> functional.soft_labels([0, 1], 3, partner=[1, 0], lam=[0.75, 1])
    array([[0.75, 0.25, 0.  ],
           [0.  , 1.  , 0.  ]], dtype=float32)
    """
    call = "soft_labels"
    if (partner is None) != (lam is None):
        raise TypeError(f"{call}: 'partner' and 'lam' go together; accepted: both, or none")
    array = as_labels(labels)
    n = int(array.shape[0]) if len(array.shape) else 0
    check_labels(call, array, n, num_classes)
    classes = class_count(call, array) or num_classes
    if classes is None:
        raise TypeError(f"{call}: 'num_classes' is missing, for labels of shape ({n},)")
    if partner is None:
        return mix_labels(array, np.arange(n), np.ones(n), classes)
    places = _numbers(call, "partner", partner, n, np.int64)
    parts = _numbers(call, "lam", lam, n, np.float64)
    _check_range(call, "partner", places, 0, n - 1)
    _check_range(call, "lam", parts, 0, 1)
    return mix_labels(array, places, parts, classes)


def _mix(call: str, given: Any, partner: Any, named: dict[str, Any], layout: Any, out: Any) -> Any:
    images = read_images(call, given, layout, (*DTYPES, "float64"))
    if images.kind not in ("batch", "list"):
        raise ValueError(f"{call}: 'images' is one image; accepted: a batch or a list")
    n = len(images)
    like = images.like
    partner, weight, box = _arguments(call, n, partner, named)
    results = make_results(call, images, images.sizes(), images.layout, dtype_name(like)) if out is None else None
    results = results or wrap_out(call, images, out, images.layout)
    if n:
        arrays = (
            to_device(like, array) if isinstance(array, np.ndarray) else array for array in (partner, weight, box)
        )
        partner, weight, box = arrays
        _core.mix(call, images.arrays, images.layout, results.arrays, results.layout, partner, weight, box,
                  current_stream(like))  # fmt: skip
    return hand_over(images, results) if out is None else out


def _arguments(call: str, n: int, partner: Any, named: dict[str, Any]) -> tuple[Any, Any, Any]:
    places = _numbers(call, "partner", partner, n, np.int64)
    if "lam" in named:
        return places, _numbers(call, "lam", named["lam"], n, np.float64), np.zeros((n, 4), np.int64)
    sides = [_numbers(call, name, values, n, np.int64) for name, values in named.items()]
    return places, np.ones(n), np.stack(sides, axis=1)


def _numbers(call: str, name: str, values: Any, n: int, dtype: Any) -> Any:
    array = np.asarray(to_numpy(values) if hasattr(values, "__dlpack__") else values)
    if array.shape == (0,) and n == 0:
        return np.zeros(0, dtype)
    accepted = "integers" if dtype is np.int64 else "numbers"
    if array.dtype.kind not in ("iu" if dtype is np.int64 else "iuf"):
        raise TypeError(f"{call}: '{name}' has dtype {array.dtype}; accepted: {accepted}")
    if array.shape not in ((), (1,), (n,)):
        raise ValueError(f"{call}: '{name}' has shape {array.shape}; accepted: one, or ({n},)")
    return np.ascontiguousarray(np.broadcast_to(array.astype(dtype), (n,)))


def _check_range(call: str, name: str, values: Any, least: float, most: float) -> None:
    wrong = ~((values >= least) & (values <= most))
    if wrong.any():
        place = int(wrong.argmax())
        raise ValueError(f"{call}: '{name}' is {values[place]} in place {place}; accepted: {least} to {most}")
