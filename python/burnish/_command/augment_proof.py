# SPDX-License-Identifier: Apache-2.0
"""Whether varying images helps: a small network trained on them as they are, and again on what pipelines make of them.

Every network starts from the same weights, sees the same images in the same order, and takes as many steps. All are
judged by images that none has seen, as they are. One that trains on varied images has learned less of them by then, so
that the comparison is a fair one for a given time, not for the best that each could reach.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import augment
from burnish._classifier import BATCH, convolutional_logits
from burnish.data import DataError, LabeledImages, place_in_class

Indices = npt.NDArray[np.int64]

BEFORE = "none"
_TEST_SHARE = 4  # a quarter
_LEAST_PROBABILITY = 1e-15


def photos(size: int) -> augment.Compose:
    """Return what keeps a photograph's class: mirrored, and moved by up to an eighth of its size."""
    return augment.Compose(
        [
            augment.HorizontalFlip(),
            augment.RandomCrop(size, size, padding=size // 8, border_mode="reflect101"),
        ]
    )


def strong(size: int) -> augment.Compose:
    """Return the same and more: turned a little, other light, a part covered; for networks that train for long."""
    return augment.Compose(
        [
            *photos(size),
            augment.Affine(scale=(0.9, 1.1), rotate=(-10, 10), keep_ratio=True, border_mode="reflect101"),
            augment.ColorJitter(0.2, 0.2, 0.2, 0.02),
            augment.RandomErasing(scale=(0.02, 0.15), fill=128, p=0.3),
        ]
    )


def signs(size: int) -> augment.Compose:
    """Return what keeps a letter's or a digit's class: moved and turned a little, larger or smaller; not mirrored."""
    return augment.Compose(
        [augment.Affine(scale=(0.9, 1.1), translate_percent=(-0.1, 0.1), rotate=(-12, 12), shear=(-6, 6), p=0.9)]
    )


def flips(size: int) -> augment.Compose:
    """Return one that mirrors and turns over; spoils whatever has an upper or a left side."""
    return augment.Compose([augment.HorizontalFlip(), augment.VerticalFlip()])


PIPELINES: dict[str, Callable[[int], augment.Compose]] = {
    "photos": photos,
    "strong": strong,
    "signs": signs,
    "flips": flips,
}


@dataclass(frozen=True)
class Trained:
    """How good one network is.

    Attributes
    ----------
    recall : float64 array of shape (C,)
        The part of each class's test images that it gets right.
    accuracy : float
        The same of all test images.
    log_loss : float
        Mean over the test images, nats.
    train_loss : float
        Mean over the last epoch's batches as the network saw them, nats.
    images_per_second : float
        That the pipeline made in the median batch, by the clock on the wall.
    """

    recall: npt.NDArray[np.float64]
    accuracy: float
    log_loss: float
    train_loss: float
    images_per_second: float


@dataclass(frozen=True)
class Run:
    """One seed.

    Attributes
    ----------
    train, test : int64 arrays
        Indices.
    by_pipeline : dict of str to Trained
        `BEFORE` first.
    """

    train: Indices
    test: Indices
    by_pipeline: dict[str, Trained]


def split(
    data: LabeledImages, *, per_class: int | None, seed: int, given_test: Indices | None = None
) -> tuple[Indices, Indices]:
    """Put a test part aside, and take some of the rest to train on.

    Parameters
    ----------
    data : LabeledImages
        Everything.
    per_class : int or None
        How many images of each class to train on; None for all that are left.
    seed : int
        Of the choice of images.
    given_test : int64 array, optional
        The test part where the data come with one. Default: a quarter of each class, or, with `per_class`, all that
        are not trained on.

    Returns
    -------
    train, test : int64 arrays
        Ascending.

    Raises
    ------
    DataError
        If a class has too few images.
    """
    shuffled = np.random.default_rng(seed).permutation(len(data))
    rest = shuffled if given_test is None else shuffled[~np.isin(shuffled, given_test)]
    labels = data.labels[rest]
    sizes = np.bincount(labels, minlength=len(data.names))
    held_out = np.zeros_like(sizes) if given_test is not None else np.maximum(1, sizes // _TEST_SHARE)
    kept = sizes - held_out if per_class is None else np.full_like(sizes, per_class)
    if (kept + held_out > sizes).any() or (kept < 1).any():
        i = int((sizes - held_out - kept).argmin())
        needed = int(held_out[i] + (per_class or 1))
        raise DataError(
            f"class {data.names[i]} has {sizes[i]} images; accepted: {needed} or more, to train and to test"
        )
    taken = place_in_class(labels) < kept[labels]
    return np.sort(rest[taken]), np.sort(rest[~taken]) if given_test is None else np.sort(given_test)


def checked(name: str, pipeline: Any, images: npt.NDArray[np.uint8]) -> augment.Compose:
    """Return a pipeline that fits these images: results of their size, 0 to 1 as floats.

    Raises
    ------
    DataError
        If it does not.
    """
    pipe = pipeline if isinstance(pipeline, augment.Compose) else augment.Compose([pipeline])
    try:
        made = pipe(images[:4], ids=np.arange(len(images[:4])), dtype="uint8")
    except (TypeError, ValueError) as error:
        raise DataError(f"the pipeline {name} cannot be used: {' '.join(str(error).split())}") from error
    if made.shape != images[:4].shape:
        sizes = [" x ".join(map(str, shape[1:3])) for shape in (made.shape, images.shape)]
        raise DataError(f"the pipeline {name} makes images of {sizes[0]} pixels; accepted: {sizes[1]}, as they are")
    return pipe


class _Loader:
    """Batches to train on, made by a pipeline: one call for each, into the same memory."""

    def __init__(self, pipe: augment.Compose, images: npt.NDArray[np.uint8]) -> None:
        self.pipe, self.images = pipe, images
        self.out = np.empty((BATCH, *images.shape[1:]), np.float32)
        self.seconds: list[float] = []  # for an image of each batch

    def __call__(self, indices: Indices, epoch: int) -> Any:
        import torch

        images = self.images[indices]
        start = time.perf_counter()
        batch = self.pipe(images, ids=indices, epoch=epoch, out=self.out[: len(indices)])
        self.seconds.append((time.perf_counter() - start) / len(indices))
        return torch.from_numpy(batch).permute(0, 3, 1, 2)


def run(
    data: LabeledImages,
    train: Indices,
    test: Indices,
    pipelines: Mapping[str, augment.Compose],
    *,
    seed: int,
    epochs: int,
    progress: Callable[[str, int, float], None] = lambda name, epoch, loss: None,
) -> Run:
    """Train and judge a network on images as they are, and on what each of `pipelines` makes of them.

    Parameters
    ----------
    data : LabeledImages
        Of which `train` and `test` are indices, with every class among both.
    pipelines : mapping of str to Compose
        That `checked` returned; `seed` stands for theirs.
    seed : int
        Of the first weights, the order and the pipelines.
    epochs : int
        For each network.
    progress : callable, optional
        Called after each epoch with the pipeline's name, the number of the epoch and the mean loss.

    Returns
    -------
    Run
    """
    found = {}
    for name, pipe in {BEFORE: augment.Compose([]), **pipelines}.items():
        pipe = copy.copy(pipe)
        pipe.seed = seed
        loader, losses = _Loader(pipe, data.images), [0.0]

        def told(epoch: int, epochs: int, loss: float, name: str = name, losses: list[float] = losses) -> None:
            losses.append(loss)
            progress(name, epoch, loss)

        logits = convolutional_logits(data, train, loader, seed=seed, epochs=epochs, progress=told)
        found[name] = _judged(logits(test), data.labels[test], losses[-1], loader)
    return Run(train, test, found)


def _judged(logits: npt.NDArray[np.float32], labels: Indices, train_loss: float, loader: _Loader) -> Trained:
    exact = logits.astype(np.float64)
    exact -= exact.max(axis=1, keepdims=True)
    probs = np.exp(exact) / np.exp(exact).sum(axis=1, keepdims=True)
    right = logits.argmax(axis=1) == labels
    sizes = np.bincount(labels, minlength=logits.shape[1])
    surprise = -np.log(np.maximum(probs[np.arange(len(labels)), labels], _LEAST_PROBABILITY))
    return Trained(
        recall=np.bincount(labels, right, minlength=logits.shape[1]) / sizes,
        accuracy=float(right.mean()),
        log_loss=float(surprise.mean()),
        train_loss=train_loss,
        images_per_second=float(1 / np.median(loader.seconds)),
    )
