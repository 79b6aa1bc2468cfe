# SPDX-License-Identifier: Apache-2.0
"""Batches in which every class has the same share: balance without a copy of the data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish.balance._labels import factorize, plain_labels

_MOST = 2**63 - 1


def balanced_batches(
    y: Any, batch_size: int, seed: int, epoch: int = 0, *, num_batches: int | None = None
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the rows of batches in which all classes have the same share.

    Parameters
    ----------
    y : array of shape (n_samples,)
        Labels of any type that can be sorted.
    batch_size : int
        Rows of each batch. Where it is no multiple of the number of classes, the classes take turns in having one row
        more, so that any two classes differ by at most 1 within a batch and within an epoch.
    seed, epoch : int
        0 or more. The batches depend on these and on `y`, and on nothing else.
    num_batches : int, optional
        Batches of an epoch; default ``n_samples // batch_size``, at least 1.

    Yields
    ------
    int64 array of shape (batch_size,)
        Row numbers, in random order.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, before the first batch.

    Notes
    -----
    A class is gone through in random order again and again, each time in a new one: within an epoch, the numbers of
    times that two rows of a class are used differ by at most 1.

    Examples
    --------
    >>> from burnish.balance import balanced_batches
    >>> y = [0, 0, 0, 0, 0, 0, 1, 1]
    >>> [sorted(y[i] for i in batch) for batch in balanced_batches(y, 4, seed=0)]
    [[0, 0, 1, 1], [0, 0, 1, 1]]
    """
    labels = plain_labels("balanced_batches", y)
    size = check.integer("balanced_batches", "batch_size", batch_size, 1)
    seed = check.integer("balanced_batches", "seed", seed, 0, _MOST)
    epoch = check.integer("balanced_batches", "epoch", epoch, 0, _MOST)
    number = _number_of_batches("balanced_batches", len(labels), size, num_batches)
    _, codes, counts = factorize(labels)
    return iter(_epoch(codes, counts, size, number, seed, epoch))


def _number_of_batches(call: str, n: int, size: int, asked: int | None) -> int:
    return max(1, n // size) if asked is None else check.integer(call, "num_batches", asked, 1)


def _epoch(
    codes: npt.NDArray[Any], counts: npt.NDArray[np.int64], size: int, number: int, seed: int, epoch: int
) -> npt.NDArray[np.int64]:
    """Deal the classes out in turn over all places of an epoch, and each class's rows over its places."""
    classes = len(counts)
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, epoch])))
    batches = np.empty(number * size, np.int64)
    by_class = np.split(np.argsort(codes, kind="stable"), np.cumsum(counts)[:-1])
    for turn, code in enumerate(generator.permutation(classes)):
        places = batches[turn::classes]
        rows = by_class[code]
        for start in range(0, len(places), len(rows)):
            part = places[start : start + len(rows)]
            part[:] = generator.permutation(rows)[: len(part)]
    return generator.permuted(batches.reshape(number, size), axis=1)


class BalancedBatchSampler:
    """Batches of `balanced_batches` for a torch DataLoader.

    Parameters
    ----------
    y : array of shape (n_samples,)
        Labels of any type that can be sorted.
    batch_size : int
        Rows of a batch of one process.
    seed : int, default=0
    num_batches : int, optional
        Batches of an epoch and process; default so that all processes together see as many rows as there are.
    num_replicas, rank : int, optional
        How many processes share the epoch, and which one this is; default those of `torch.distributed` where it is in
        use, else 1 and 0. Each takes every `num_replicas`-th batch of the same sequence, so that all have the same
        number, none has another's, and each batch is balanced. Rows of rare classes stand in many batches.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Notes
    -----
    Pass it as ``batch_sampler=``. Batches depend on `seed`, on the epoch given to `set_epoch` and on `y` only, not on
    the number of workers. Without `set_epoch` every epoch is the same.

    Examples
    --------
    >>> from burnish.balance import BalancedBatchSampler
    >>> sampler = BalancedBatchSampler([0, 0, 0, 0, 0, 0, 1, 1], batch_size=4)
    >>> sampler.set_epoch(1)
    >>> len(sampler), [len(batch) for batch in sampler]
    (2, [4, 4])
    """

    def __init__(
        self,
        y: Any,
        batch_size: int,
        *,
        seed: int = 0,
        num_batches: int | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
    ) -> None:
        call = "BalancedBatchSampler"
        labels = plain_labels(call, y)
        world, place = _processes()
        self.batch_size = check.integer(call, "batch_size", batch_size, 1)
        self.seed = check.integer(call, "seed", seed, 0, _MOST)
        self.num_replicas = check.integer(call, "num_replicas", world if num_replicas is None else num_replicas, 1)
        self.rank = check.integer(call, "rank", place if rank is None else rank, 0, self.num_replicas - 1)
        self.num_batches = _number_of_batches(call, len(labels), self.batch_size * self.num_replicas, num_batches)
        self.epoch = 0
        _, self._codes, self._counts = factorize(labels)

    def set_epoch(self, epoch: int) -> None:
        """Shuffle anew for this epoch; call it before the epoch begins, with the same number in every process.

        Parameters
        ----------
        epoch : int
            0 or more.

        Raises
        ------
        TypeError, ValueError
            If it is not.
        """
        self.epoch = check.integer("set_epoch", "epoch", epoch, 0, _MOST)

    def __len__(self) -> int:
        """Return the number of batches of an epoch and process."""
        return self.num_batches

    def __iter__(self) -> Iterator[list[int]]:
        total = self.num_batches * self.num_replicas
        batches = _epoch(self._codes, self._counts, self.batch_size, total, self.seed, self.epoch)
        for batch in batches[self.rank :: self.num_replicas]:
            yield batch.tolist()


def _processes() -> tuple[int, int]:
    """Return how many processes train together, and which one this is."""
    distributed = getattr(sys.modules.get("torch"), "distributed", None)
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return 1, 0
    return int(distributed.get_world_size()), int(distributed.get_rank())
