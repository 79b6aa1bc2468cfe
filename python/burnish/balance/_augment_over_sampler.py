# SPDX-License-Identifier: Apache-2.0
"""Varied copies of rare samples: over-sampling for images, series, anything that has an augmentation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from burnish._array import is_torch
from burnish.balance import _strategy
from burnish.balance._base import AT_LEAST_ONE, BaseOverSampler
from burnish.balance._containers import Given, check_lengths, empty_rows, read_labels, take_rows
from burnish.balance._docs import documented
from burnish.balance._labels import Indices, Labels


@documented
class AugmentOverSampler(BaseOverSampler):
    """Over-sample by copies that an augmentation varies.

    For images and everything else between two of which there is nothing sensible, so that SMOTE has no use. Resample
    the training part only, after the split.

    Parameters
    ----------
    augment : callable
        Takes a batch, an array of shape (batch, ...) like X, and returns one of the same shape and dtype. If it has the
        keywords ``ids`` and ``copy``, it is called as ``augment(batch, ids=ids, copy=number)``; with ``ids`` and
        ``epoch``, as the pipelines of `burnish.augment` have them, as ``augment(batch, ids=ids, epoch=number)``; with
        ``ids`` alone as ``augment(batch, ids=ids)``; and else as ``augment(batch)``. ``ids`` are the rows of X (int64,
        one for each sample of the batch); ``number`` is 1 for the first copies of these rows, 2 for the second, and the
        same for the whole batch.
    {sampling_strategy_over}
    min_count : int, optional
        Instead of `sampling_strategy`: classes with fewer rows are filled up to this number.
    copies : int, optional
        Instead of `sampling_strategy`: every row of every class but the largest gets this number of copies.
    batch_size : int, default=256
        The most samples given to `augment` at once.
    random_state : int, RandomState or None, default=None
        Which rows get one copy more than others, where the numbers do not divide.

    Attributes
    ----------
    {sampling_strategy_}
    sample_indices_ : int array of shape (n_samples_new,)
        The row of the input that each row of the result is, or is a copy of.
    copy_numbers_ : int array of shape (n_samples_new,)
        0 for originals, then 1 and so on.

    Raises
    ------
    TypeError, ValueError
        If `augment` returns another shape or dtype, y has only one class, lengths differ, or more than one of
        `sampling_strategy`, `min_count` and `copies` is given.

    Notes
    -----
    All rows of a class are copied equally often, up to one. Originals come first, then class after class, all first
    copies before all second ones. A variation that is keyed by ``ids`` and ``copy`` is the same whatever the batch
    size, and whatever other rows there are. The result is allocated once.

    A pipeline of `burnish.augment` is keyed so: by its seed, the sample's row in X, and the number of the copy in the
    place of the epoch. Since the result keeps shape and dtype, leave cropping to another size and `Normalize` to the
    pipeline that training draws from, with other ids (such as rows of the result) or epochs.

    Examples
    --------
    Rare images, turned and flipped; the third copy of row 5 is what the pipeline makes of it by that name:

    >>> import numpy as np
    >>> from burnish import augment as A
    >>> from burnish.balance import AugmentOverSampler
    >>> photos = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    >>> pipe = A.Compose([A.HorizontalFlip(), A.Rotate(limit=20), A.ColorJitter()], seed=0)
    >>> sampler = AugmentOverSampler(pipe)
    >>> more, labels = sampler.fit_resample(photos, [0, 0, 0, 0, 0, 1])
    >>> more.shape, labels, sampler.copy_numbers_[6:].tolist()
    ((10, 8, 8, 3), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], [1, 2, 3, 4])
    >>> bool((more[8] == pipe(photos[5:], ids=[5], epoch=3)[0]).all())
    True

    Any callable:

    >>> images, y = np.arange(24, dtype=np.float32).reshape(6, 2, 2, 1), np.array([0, 0, 0, 0, 1, 1])
    >>> sampler = AugmentOverSampler(lambda batch: batch[:, :, ::-1], random_state=0)
    >>> X_new, y_new = sampler.fit_resample(images, y)
    >>> X_new.shape, y_new.tolist(), sampler.sample_indices_[6:].tolist()
    ((8, 2, 2, 1), [0, 0, 0, 0, 1, 1, 1, 1], [4, 5])
    """

    _sample_indices = True
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseOverSampler._parameter_constraints,
        "augment": [callable],
        "min_count": [AT_LEAST_ONE, None],
        "copies": [Interval(Integral, 0, None, closed="left"), None],
        "batch_size": [AT_LEAST_ONE],
    }

    def __init__(
        self,
        augment: Callable[..., Any],
        *,
        sampling_strategy: Any = "auto",
        min_count: int | None = None,
        copies: int | None = None,
        batch_size: int = 256,
        random_state: Any = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.augment = augment
        self.min_count = min_count
        self.copies = copies
        self.batch_size = batch_size
        self.random_state = random_state

    def _check(self, X: Any, y: Any) -> Given:
        labels, one_hot = read_labels(y)
        checked = X if is_torch(X) else np.asarray(X)
        if checked.ndim < 2:
            raise ValueError(
                f"AugmentOverSampler: 'X' has shape {tuple(checked.shape)}; accepted: samples first, (N, ...) of two "
                "or more dimensions"
            )
        check_lengths(checked, labels)
        if checked.ndim == 2:
            self.n_features_in_ = int(checked.shape[1])
        return Given(X, checked, y, labels, one_hot)

    def _read_strategy(self, labels: Labels) -> Any:
        given = [self.min_count is not None, self.copies is not None, self.sampling_strategy != "auto"]
        if sum(given) > 1:
            raise ValueError("AugmentOverSampler: give only one of 'sampling_strategy', 'min_count' and 'copies'")
        strategy = super()._read_strategy(labels)
        counts = dict(zip(labels.classes.tolist(), labels.counts.tolist(), strict=True))
        if self.min_count is not None:
            return {label: max(0, self.min_count - count) for label, count in counts.items()}
        if self.copies is not None:
            return {label: self.copies * counts[label] for label in strategy}
        return strategy

    def _resample(self, given: Given) -> tuple[Any, Any]:
        labels, X = given.labels, given.X
        rows, numbers = self._copied(labels)
        n = len(labels)
        self.sample_indices_ = np.concatenate([np.arange(n), rows])
        self.copy_numbers_ = np.concatenate([np.zeros(n, np.intp), numbers])
        result = empty_rows(X, n + len(rows))
        result[:n] = X
        keywords = _keywords(self.augment)
        for start, stop in self._batches(numbers):
            ids = rows[start:stop]
            batch = take_rows(X, ids)
            varied = self.augment(batch, **_arguments(keywords, ids, int(numbers[start])))
            _refuse_other_kind(batch, varied)
            result[n + start : n + stop] = varied
        return given.deliver(result), given.labels_of(self.sample_indices_)

    def _copied(self, labels: Labels) -> tuple[Indices, Indices]:
        """Return the rows that are copied, and the number of each copy."""
        generator = check_random_state(self.random_state)
        rows, numbers = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
        for task in _strategy.tasks(self.sampling_strategy_, labels):
            own = labels.rows(task.code)
            rounds, rest = divmod(task.number, len(own))
            rows += [own] * rounds
            numbers += [np.full(len(own), i + 1) for i in range(rounds)]
            if rest:
                rows.append(np.sort(generator.permutation(own)[:rest]))
                numbers.append(np.full(rest, rounds + 1))
        return np.concatenate(rows), np.concatenate(numbers)

    def _batches(self, numbers: Indices) -> Iterator[tuple[int, int]]:
        """Yield where batches begin and end, so that all copies of a batch have the same number."""
        ends = [*(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
        start = 0
        for end in ends:
            while start < end:
                stop = min(end, start + self.batch_size)
                yield start, stop
                start = stop


def _keywords(augment: Callable[..., Any]) -> tuple[str, ...]:
    """Return which of the keywords that tell the samples apart a callable takes."""
    try:
        parameters = inspect.signature(augment).parameters.values()
    except (TypeError, ValueError):  # some compiled callables do not tell
        return ()
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    takes_any = any(p.kind == p.VAR_KEYWORD for p in parameters)
    if "ids" not in named and not takes_any:
        return ()
    for number in ("copy", "epoch"):  # a pipeline of burnish.augment has `epoch`, and takes other targets by any name
        if number in named:
            return ("ids", number)
    return ("ids", "copy") if takes_any else ("ids",)


def _arguments(keywords: tuple[str, ...], ids: Indices, number: int) -> dict[str, Any]:
    values: dict[str, Any] = {"ids": ids.astype(np.int64, copy=False), "copy": number, "epoch": number}
    return {name: values[name] for name in keywords}


def _refuse_other_kind(batch: Any, varied: Any) -> None:
    shape: npt.ArrayLike = getattr(varied, "shape", ())
    if tuple(shape) != tuple(batch.shape) or getattr(varied, "dtype", None) != batch.dtype:  # type: ignore[arg-type]
        raise ValueError(
            f"AugmentOverSampler: 'augment' returned {type(varied).__name__} of shape "
            f"{tuple(shape)} and dtype {getattr(varied, 'dtype', None)} for a batch of shape "  # type: ignore[arg-type]
            f"{tuple(batch.shape)} and dtype {batch.dtype}; accepted: the same shape and dtype"
        )
