# SPDX-License-Identifier: Apache-2.0
"""Quickly trained classifiers whose logits are out of sample: each image is scored by a model that has not seen it.

Scores of images that a model was trained on say little: it has learned them, and their labels, right or wrong. So the
images are split into folds, and each fold is scored by a model trained on the others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra
from burnish.data import DataError, LabeledImages

BATCH = 128
_MOST_PIXELS = 8  # a side, where pixels are features
_EPOCHS = 6  # 25,000 images of CIFAR-10: enough for 3 in 4 right
_LEAST_STEPS = 400  # small sets need more epochs
_MOST_EPOCHS = 60
_PEAK_LEARNING_RATE = 0.1
_WARM_UP = 0.2
_MOMENTUM = 0.9
_WEIGHT_DECAY = 5e-4


@dataclass(frozen=True)
class Fold:
    """A classifier and the images that it has not seen.

    Attributes
    ----------
    number : int
        1, 2, ...
    held_out : int64 array of shape (M,)
        Indices of the images to score.
    logits : callable
        Takes indices (B,), returns float32 logits (B, C).
    """

    number: int
    held_out: npt.NDArray[np.int64]
    logits: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]


def linear_folds(data: LabeledImages, *, folds: int, seed: int) -> Iterator[Fold]:
    """Train a multinomial logistic regression on the pixels of all but one fold, for each fold."""
    with needs_extra("demo"):
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits  # type: ignore[import-not-found, import-untyped, unused-ignore]
    pixels = data.images.reshape(len(data), -1) / 255.0
    for number, (train, held_out) in enumerate(_splits(data, folds, seed), start=1):
        with threadpool_limits(1):  # on matrices this small BLAS threads cost ten times what they save
            model = LogisticRegression(max_iter=1000).fit(pixels[train], data.labels[train])

        def logits(indices: npt.NDArray[np.int64], model: Any = model) -> npt.NDArray[np.float32]:
            margins = model.decision_function(pixels[indices]).astype(np.float32)
            return margins if margins.ndim == 2 else np.stack([np.zeros_like(margins), margins], axis=1)

        yield Fold(number, held_out, logits)


def convolutional_folds(
    data: LabeledImages,
    *,
    folds: int,
    seed: int,
    epochs: int | None = None,
    flip: bool = False,
    progress: Callable[[str], None] = lambda line: None,
) -> Iterator[Fold]:
    """Train a small convolutional network on all but one fold, for each fold.

    Parameters
    ----------
    data : LabeledImages
        What to train on and score.
    folds : int
        2 or more.
    seed : int
        Of the split, the first weights, the order and the flips; one machine gives the same logits again.
    epochs : int, optional
        Default 6, or more for sets of less than 8,500 training images.
    flip : bool, default False
        Mirror half of the training images, for things that have no handedness.
    progress : callable, optional
        Called with a line after each epoch.

    Yields
    ------
    Fold
        Its model is in evaluation mode.
    """
    with needs_extra("torch"):
        import torch
    start = time.monotonic()
    for number, (train, held_out) in enumerate(_splits(data, folds, seed), start=1):
        rounds = epochs or _default_epochs(len(train))
        model = _network(data, seed=seed + number)
        steps = _train(model, data.labels, train, _mirrored(data, flip), epochs=rounds, seed=seed + number)
        for epoch, loss in enumerate(steps, start=1):
            spent = time.monotonic() - start
            left = spent * (folds * rounds / ((number - 1) * rounds + epoch) - 1)
            progress(
                f"fold {number}/{folds}, epoch {epoch}/{rounds}: loss {loss:.3f}, "
                f"{duration(spent)} spent, about {duration(left)} left"
            )
        model.eval()

        def logits(indices: npt.NDArray[np.int64], model: Any = model) -> npt.NDArray[np.float32]:
            with torch.inference_mode():
                found: npt.NDArray[np.float32] = model(_batch(data.images[indices])).numpy()
            return found

        yield Fold(number, held_out, logits)


def convolutional_features(
    data: LabeledImages,
    train: npt.NDArray[np.int64],
    *,
    seed: int,
    epochs: int | None = None,
    flip: bool = False,
    progress: Callable[[int, int, float], None] = lambda epoch, epochs, loss: None,
) -> Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]:
    """Train the network of `convolutional_folds` and return what its last layer sees.

    Parameters
    ----------
    data : LabeledImages
        Of which `train` are trained on.
    train : int64 array of shape (M,)
        Indices.
    seed, epochs, flip
        As for `convolutional_folds`.
    progress : callable, optional
        Called after each epoch with its number, the number of all, and the mean loss.

    Returns
    -------
    callable
        Takes indices (B,), returns float32 features (B, 128).
    """
    rounds = epochs or _default_epochs(len(train))
    model = _network(data, seed=seed)
    steps = _train(model, data.labels, train, _mirrored(data, flip), epochs=rounds, seed=seed)
    for epoch, loss in enumerate(steps, start=1):
        progress(epoch, rounds, loss)
    return _in_batches(model[:-1].eval(), data)


def convolutional_logits(
    data: LabeledImages,
    train: npt.NDArray[np.int64],
    batch_of: Callable[[npt.NDArray[np.int64], int], Any],
    *,
    seed: int,
    epochs: int,
    progress: Callable[[int, int, float], None] = lambda epoch, epochs, loss: None,
) -> Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]:
    """Train the network of `convolutional_folds` on batches that a function makes.

    Parameters
    ----------
    data : LabeledImages
        Of which `train` are trained on.
    train : int64 array of shape (M,)
        Indices.
    batch_of : callable
        Takes indices (B,) and the number of the epoch, 0, 1, ...; returns a float tensor (B, C, H, W), 0 to 1, whose
        memory may be that of the batch before. Batches have `BATCH` images at most.
    seed : int
        Of the first weights and the order.
    epochs : int
        1 or more.
    progress : callable, optional
        Called after each epoch with its number, the number of all, and the mean loss.

    Returns
    -------
    callable
        Takes indices (B,), returns float32 logits (B, K) for the images as they are.
    """
    model = _network(data, seed=seed)
    steps = _train(model, data.labels, train, lambda rng: batch_of, epochs=epochs, seed=seed)
    for epoch, loss in enumerate(steps, start=1):
        progress(epoch, epochs, loss)
    return _in_batches(model.eval(), data)


def _in_batches(model: Any, data: LabeledImages) -> Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]:
    """Return a function from indices to what a model in evaluation mode makes of those images."""
    import torch

    def outputs(indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            shards = np.array_split(indices, -(-len(indices) // BATCH))
            return np.concatenate([model(_batch(data.images[shard])).numpy() for shard in shards])

    return outputs


def pixel_features(data: LabeledImages) -> Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]:
    """Return a function from indices (B,) to pixels (B, D), 0 to 1, averaged down to 8 x 8 where there are more."""
    size = data.images.shape[1]
    starts = np.arange(0, size, -(-size // _MOST_PIXELS))
    widths = np.diff(starts, append=size)
    areas = widths[:, None, None] * widths[:, None]

    def features(indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        pixels = data.images[indices].astype(np.float32) / 255
        sums = np.add.reduceat(np.add.reduceat(pixels, starts, axis=1), starts, axis=2)
        means: npt.NDArray[np.float32] = (sums / areas).astype(np.float32)
        return means.reshape(len(indices), -1)

    return features


def _default_epochs(n: int) -> int:
    return max(_EPOCHS, min(_MOST_EPOCHS, math.ceil(_LEAST_STEPS * BATCH / n)))


def _splits(
    data: LabeledImages, folds: int, seed: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yield (train, held out) for each fold, with equal shares of each class."""
    sizes = np.bincount(data.labels, minlength=len(data.names))
    if sizes.min() < 2:
        name = data.names[int(sizes.argmin())]
        raise DataError(
            f"class {name} has {sizes.min()} images; accepted: 2 or more, one to learn from and one to score"
        )
    shuffled = np.random.default_rng(seed).permutation(len(data))
    by_class = shuffled[np.argsort(data.labels[shuffled], kind="stable")]
    fold = np.empty(len(data), dtype=np.int64)
    fold[by_class] = np.arange(len(data)) % folds
    for i in range(min(folds, len(data))):
        yield np.flatnonzero(fold != i), np.flatnonzero(fold == i)


def _network(data: LabeledImages, *, seed: int) -> Any:
    with needs_extra("torch"):
        import torch
        from torch import nn

    channels = data.images.shape[-1]
    with torch.random.fork_rng(devices=[]):  # leaves the caller's random state as it was
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.BatchNorm2d(channels, affine=False),  # brings pixels to mean 0 and variance 1
            *_block(channels, 32, stride=2),
            *_block(32, 64),
            nn.MaxPool2d(2, ceil_mode=True),
            *_block(64, 128),
            *_block(128, 128),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(128, len(data.names)),
        )
    return model.to(memory_format=torch.channels_last)


def _block(channels_in: int, channels_out: int, stride: int = 1) -> list[Any]:
    from torch import nn

    convolution = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True)]


def _mirrored(data: LabeledImages, flip: bool) -> Callable[[np.random.Generator], Callable[..., Any]]:
    """Return batches as they are, or half of their images mirrored."""

    def batches(rng: np.random.Generator) -> Callable[..., Any]:
        def batch_of(indices: npt.NDArray[np.int64], epoch: int) -> Any:
            images = data.images[indices]
            if flip:
                mirrored = rng.random(len(indices)) < 0.5
                images[mirrored] = images[mirrored, :, ::-1]
            return _batch(images)

        return batch_of

    return batches


def _train(
    model: Any,
    all_labels: npt.NDArray[np.int64],
    train: npt.NDArray[np.int64],
    batches_with: Callable[[np.random.Generator], Callable[..., Any]],
    *,
    epochs: int,
    seed: int,
) -> Iterator[float]:
    """Train in place and yield the mean loss of each epoch."""
    import torch

    rng = np.random.default_rng(seed)
    batch_of = batches_with(rng)
    parameters = list(model.parameters())
    velocities = [torch.zeros_like(parameter) for parameter in parameters]
    batches = math.ceil(len(train) / BATCH)
    labels = torch.from_numpy(all_labels)
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for i, batch in enumerate(np.array_split(rng.permutation(train), batches)):
            loss = torch.nn.functional.cross_entropy(model(batch_of(batch, epoch)), labels[batch])
            gradients = torch.autograd.grad(loss, parameters)
            rate = _learning_rate((epoch * batches + i + 0.5) / (epochs * batches))
            _descend(parameters, gradients, velocities, rate)
            total += loss.item() * len(batch)
        yield total / len(train)


def _descend(parameters: Sequence[Any], gradients: Sequence[Any], velocities: Sequence[Any], rate: float) -> None:
    """Take one step of gradient descent with Nesterov's momentum and weight decay.

    The first optimizer of `torch.optim` imports torch's compiler: 1 to 4 seconds, as long as a small folder takes.
    """
    import torch

    with torch.no_grad():
        for parameter, gradient, velocity in zip(parameters, gradients, velocities, strict=True):
            gradient = gradient.add(parameter, alpha=_WEIGHT_DECAY)
            velocity.mul_(_MOMENTUM).add_(gradient)
            parameter.sub_(gradient.add_(velocity, alpha=_MOMENTUM), alpha=rate)


def _learning_rate(done: float) -> float:
    """Rise linearly, fall along a cosine; `done` is the share of the training behind, 0 to 1."""
    if done < _WARM_UP:
        return _PEAK_LEARNING_RATE * done / _WARM_UP
    return _PEAK_LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP)))


def _batch(images: npt.NDArray[np.uint8]) -> Any:
    """Make a channels-last float tensor (B, C, H, W) of uint8 images (B, H, W, C)."""
    import torch

    return torch.from_numpy(images).float().div_(255.0).permute(0, 3, 1, 2)


def duration(seconds: float) -> str:
    """Say how long, in seconds or minutes."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"
