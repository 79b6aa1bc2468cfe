# SPDX-License-Identifier: Apache-2.0
"""A test part put aside, and uneven classes made of the rest by a rule."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from burnish.data import DataError, LabeledImages, place_in_class

Indices = npt.NDArray[np.int64]

_TEST_SHARE = 4  # a quarter


def long_tail(n: int, num_classes: int, ratio: float) -> npt.NDArray[np.int64]:
    """Return how many samples each class keeps: from `n` down to ``n / ratio`` along an exponential, at least 1.

    This is the rule of CIFAR-10-LT (Cui et al., Class-balanced loss based on effective number of samples, CVPR 2019).
    """
    wanted = n * float(ratio) ** (-np.arange(num_classes) / (num_classes - 1))
    return np.maximum(1, (wanted + 1e-6).astype(np.int64))


def split(
    data: LabeledImages, *, ratio: float | None, seed: int, given_test: Indices | None = None
) -> tuple[Indices, Indices]:
    """Put a test part aside, then make the classes of the rest uneven.

    Parameters
    ----------
    data : LabeledImages
        Everything.
    ratio : float or None
        Of the largest class to the smallest; None leaves classes as they are.
    seed : int
        Of the choice of images.
    given_test : int64 array, optional
        The test part where the data come with one. Default: a quarter of each class; with `ratio`, a quarter of the
        smallest class and as many of each other.

    Returns
    -------
    train, test : int64 arrays
        Ascending.

    Raises
    ------
    DataError
        If a class has too few images, or the classes to train on are even.
    """
    sizes = np.bincount(data.labels, minlength=len(data.names))
    shuffled = np.random.default_rng(seed).permutation(len(data))
    if given_test is None:
        if sizes.min() < _TEST_SHARE:
            name = data.names[int(sizes.argmin())]
            raise DataError(f"class {name} has {sizes.min()} images; accepted: {_TEST_SHARE} or more, one to test")
        held_out = (sizes if ratio is None else np.full(len(sizes), sizes.min())) // _TEST_SHARE
        is_test = place_in_class(data.labels[shuffled]) < held_out[data.labels[shuffled]]
    else:
        is_test = np.isin(shuffled, given_test)
    rest = shuffled[~is_test]
    left = np.bincount(data.labels[rest], minlength=len(sizes))
    keep = left if ratio is None else long_tail(int(left.min()), len(sizes), ratio)
    if keep.min() == keep.max():
        raise DataError(f"{keep[0]} images of every class to train on: nothing to balance; --ratio makes them uneven")
    kept = place_in_class(data.labels[rest]) < keep[data.labels[rest]]
    return np.sort(rest[kept]), np.sort(shuffled[is_test])
