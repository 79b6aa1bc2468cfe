# SPDX-License-Identifier: Apache-2.0
"""Scikit-learn's digits made worse by rule, so that what is found can be compared with what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from burnish.data._labeled import LabeledImages, load_digits, place_in_class
from burnish.data._open import ImageSet, open_images

_TEST_CLASS = 45  # a quarter
_RATIO = 10.0  # of the most frequent class to the rarest
_WRONG, _REPEATED = 0.08, 0.04
_LOOKS_LIKE = np.array([6, 7, 3, 8, 9, 6, 0, 1, 3, 4])  # 0 like 6, 1 like 7, ...
_LIGHT, _NOISE = 0.08, 2.0  # how much a near duplicate differs: lighter or darker, and levels of gray


@dataclass(frozen=True)
class FaultyDigits:
    """A set with known faults.

    Attributes
    ----------
    data : LabeledImages
        With the labels as given, ``train/CLASS/*`` and ``test/CLASS/*``.
    held_out : bool array of shape (N,)
        The test part: as it should be.
    true : int64 array of shape (N,)
        What images show.
    repeat_of : int64 array of shape (N,)
        The image that was planted again, else -1.
    """

    data: LabeledImages
    held_out: npt.NDArray[np.bool_]
    true: npt.NDArray[np.int64]
    repeat_of: npt.NDArray[np.int64]

    def images(self) -> ImageSet:
        """Return the set as `burnish.improve` takes it."""
        images = open_images(self.data, title="scikit-learn's digits, made worse")
        return replace(images, held_out=self.held_out)


def load_faulty_digits(seed: int = 0) -> FaultyDigits:
    """Return the digits with uneven classes, wrong labels and repeats, beside a test part without fault.

    Parameters
    ----------
    seed : int, default 0

    Returns
    -------
    FaultyDigits

    Notes
    -----
    45 images of each class are the test part. Of the others class k keeps ``10 ** (-k / 9)`` of those there are; 8 % of
    the labels become wrong, half of them that of the digit that looks most alike, the others any; 4 % of the images are
    there twice, a third of these just so, the others lighter or darker with a little noise.
    """
    digits = load_digits()
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(digits))
    place = np.empty(len(digits), np.int64)
    place[shuffled] = place_in_class(digits.labels[shuffled])
    k = len(digits.names)
    left = int(np.bincount(digits.labels).min()) - _TEST_CLASS
    sizes = (left * _RATIO ** (-np.arange(k) / (k - 1)) + 1e-6).astype(np.int64)
    test = np.flatnonzero(place < _TEST_CLASS)
    kept = np.flatnonzero((place >= _TEST_CLASS) & (place < _TEST_CLASS + sizes[digits.labels]))
    true = digits.labels[kept]
    given = true.copy()
    wrong = rng.choice(len(kept), round(_WRONG * len(kept)), replace=False)
    alike, others = np.array_split(wrong, 2)
    given[alike] = _LOOKS_LIKE[true[alike]]
    given[others] = (true[others] + rng.integers(1, k, len(others))) % k
    again = rng.choice(len(kept), round(_REPEATED * len(kept)), replace=False)
    repeats = _photographed_again(digits.images[kept[again]], rng)
    order = rng.permutation(len(kept) + len(again))  # so that repeats do not come last
    at = np.argsort(order)
    repeat_of = np.full(len(order), -1)
    repeat_of[at[len(kept) :]] = at[again]
    labels = np.concatenate([np.concatenate([given, given[again]])[order], digits.labels[test]])
    images = np.concatenate([np.concatenate([digits.images[kept], repeats])[order], digits.images[test]])
    held_out = np.arange(len(labels)) >= len(order)
    ids = tuple(
        f"{'test' if is_test else 'train'}/{digits.names[label]}/{i:04d}.png"
        for i, (label, is_test) in enumerate(zip(labels.tolist(), held_out.tolist(), strict=True))
    )
    return FaultyDigits(
        replace(digits, images=images, labels=labels, ids=ids),
        held_out,
        np.concatenate([np.concatenate([true, true[again]])[order], digits.labels[test]]),
        np.concatenate([repeat_of, np.full(len(test), -1)]),
    )


def _photographed_again(images: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    light = 1 + rng.uniform(-_LIGHT, _LIGHT, (len(images), 1, 1, 1))
    noise = rng.uniform(-_NOISE, _NOISE, images.shape)
    changed = np.arange(len(images)) % 3 > 0
    varied = np.where(changed[:, None, None, None], images * light + noise, images)
    return np.clip(np.rint(varied), 0, 255).astype(np.uint8)
