# SPDX-License-Identifier: Apache-2.0
"""Hardness of a data set that comes in shards."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, to_numpy
from burnish._files import replacing
from burnish.hardness._class_sums import ClassSums
from burnish.hardness._scores import scores as compute_scores
from burnish.hardness._selection import ClassTable, class_table, hardest

_PARAMETERS = ("k", "num_classes", "score", "bins", "histogram_max")
_SMALLEST_RANGE = 1e-6
_LARGEST = {
    "normalized_entropy": 1.0,
    "margin": 1.0,
    "least_confidence": 1.0,
    "max_probability": 1.0,
    "el2n": math.sqrt(2.0),
}


class Accumulator:
    """Score shard by shard in bounded memory: the hardest samples, a table by class, a histogram.

    Parameters
    ----------
    k : int
        How many of the hardest samples to keep.
    num_classes : int
        Number of classes C.
    score : str, default "entropy"
        Which floating score of `burnish.hardness.scores`; higher counts as harder.
    bins : int, default 32
        Of the histogram.
    histogram_max : float, optional
        Its upper end (it starts at 0); default the largest value that the score can have, 10 where there is none.

    Attributes
    ----------
    scores, ids, labels, predictions : arrays of at most k items
        The hardest samples so far, hardest first, ties by lowest id. Samples without a score (NaN) are never among
        them.
    histogram : int64 array of shape (2, bins)
        Samples predicted wrong and right, by score.
    bin_edges : float64 array of shape (bins + 1,)
        What lies outside is counted in the first or last bin.
    num_samples : int
        How many samples were seen.

    Notes
    -----
    Everything kept is a whole number (sums are 128-bit fixed point) or a selection with a total order, so `merge` is
    associative and commutative to the last bit: shards may be scored anywhere, in any order.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import hardness
    >>> shard = np.array([[2.0, 0.0], [0.1, 0.0]], dtype=np.float32)
    >>> first = hardness.Accumulator(k=1, num_classes=2).update(shard, [0, 1], ids=[10, 11])
    >>> second = hardness.Accumulator(k=1, num_classes=2).update(shard * 9, [0, 1], ids=[20, 21])
    >>> first.merge(second).ids
    array([11])
    """

    def __init__(
        self, k: int, num_classes: int, *, score: str = "entropy", bins: int = 32, histogram_max: float | None = None
    ) -> None:
        if score not in _core.SCORES or score in ("correct", "rank_of_label", "predictions"):
            raise ValueError(f"Accumulator: 'score' is {score!r}; accepted: the floating scores of burnish.hardness")
        self.k = check.integer("Accumulator", "k", k, 0)
        self.num_classes = check.integer("Accumulator", "num_classes", num_classes, 1, 1 << 24)
        bins = check.integer("Accumulator", "bins", bins, 1, 1 << 24)
        self.score = score
        self._sums = ClassSums(self.num_classes, _histogram_max(score, self.num_classes, histogram_max), bins)
        self.scores: npt.NDArray[np.float64] = np.empty(0)
        self.ids: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.labels: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.predictions: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)

    @property
    def num_samples(self) -> int:
        """How many samples were seen."""
        return int(self._sums.counts[:, 0].sum() + self._sums.counts[:, 2].sum())

    @property
    def histogram(self) -> npt.NDArray[np.int64]:
        """Samples predicted wrong (row 0) and right (row 1), by score."""
        return self._sums.histogram

    @property
    def bin_edges(self) -> npt.NDArray[np.float64]:
        """Edges of the histogram's bins."""
        return np.linspace(0.0, self._sums.histogram_max, self.histogram.shape[1] + 1)

    def update(self, logits: Any = None, labels: Any = None, ids: Any = None, *, probs: Any = None,
               temperature: float = 1.0) -> Accumulator:  # fmt: skip
        """Score one shard and keep what matters of it.

        Parameters
        ----------
        logits, probs : array of shape (N, num_classes)
            One of them.
        labels : integer array of shape (N,)
            The given classes.
        ids : integer array of shape (N,), optional
            Names of the samples; default the order in which this accumulator saw them. Give them where results are
            merged, since ties are broken by id.
        temperature : float, default 1.0
            Logits are divided by it first.

        Returns
        -------
        Accumulator
            Itself.

        Raises
        ------
        TypeError, ValueError
            If a shape, dtype or label is wrong; nothing has been added then.
        """
        given = as_array(logits if logits is not None else probs)
        if len(given.shape) == 2 and given.shape[1] != self.num_classes:
            raise ValueError(
                f"Accumulator.update: {given.shape[1]} classes given; accepted: {self.num_classes}, as declared"
            )
        if labels is None:
            raise ValueError("Accumulator.update: 'labels' are needed, got none")
        found = compute_scores(
            logits, labels, (self.score, "predictions", "correct"), probs=probs, temperature=temperature
        )
        values = to_numpy(found[self.score])
        classes = to_numpy(as_array(labels)).astype(np.int64, copy=False)
        names = self._names_of(ids, len(values))
        candidates = hardest(values, min(self.k, len(values)))
        candidates = candidates[~np.isnan(values[candidates])]
        if len(candidates) == self.k and self.k > 0:  # others may tie with the last of them and have a lower id
            candidates = np.flatnonzero(values >= values[candidates[-1]])
        kept = self._best_of(
            values[candidates], names[candidates], classes[candidates], to_numpy(found["predictions"])[candidates]
        )
        self._sums.add("Accumulator.update", values, classes, to_numpy(found["correct"]))
        self.scores, self.ids, self.labels, self.predictions = kept
        return self

    def _names_of(self, ids: Any, n: int) -> npt.NDArray[np.int64]:
        if ids is None:
            return np.arange(self.num_samples, self.num_samples + n)
        names = to_numpy(as_array(ids))
        if names.dtype.kind not in "iu" or names.shape != (n,):
            raise ValueError(
                f"Accumulator.update: 'ids' has dtype {names.dtype} and shape {names.shape}; accepted: integers, ({n},)"
            )
        if names.dtype == np.uint64 and n and int(names.max()) > np.iinfo(np.int64).max:
            raise ValueError(f"Accumulator.update: 'ids' has {names.max()}; accepted: numbers below 2^63")
        return names.astype(np.int64, copy=False)

    def _best_of(self, scores: Any, ids: Any, labels: Any, predictions: Any) -> list[npt.NDArray[Any]]:
        """Return the k hardest of those kept and those given, as scores, ids, labels, predictions."""
        columns = [
            np.concatenate([self.scores, scores.astype(np.float64)]),
            np.concatenate([self.ids, ids]),
            np.concatenate([self.labels, labels]),
            np.concatenate([self.predictions, predictions]),
        ]
        # Label and prediction complete the order, so that even an id given twice cannot make it depend on the shards.
        order = np.lexsort((columns[3], columns[2], columns[1], -columns[0]))[: self.k]
        return [column[order] for column in columns]

    def by_class(self, names: Sequence[str] | None = None) -> ClassTable:
        """Return the table by class, hardest first; see `burnish.hardness.by_class`."""
        if names is not None and len(names) != self.num_classes:
            raise ValueError(f"Accumulator.by_class: {len(names)} names given; accepted: {self.num_classes}")
        return class_table(self._sums, names)

    def merge(self, other: Accumulator) -> Accumulator:
        """Return an accumulator that has seen what both have; neither is changed.

        Raises
        ------
        ValueError
            If the two were made with different parameters.
        """
        if not isinstance(other, Accumulator):
            raise TypeError(f"Accumulator.merge: 'other' is a {type(other).__name__}; accepted: an Accumulator")
        if self._parameters() != other._parameters():
            raise ValueError(f"Accumulator.merge: made with {other._parameters()}; accepted: {self._parameters()}")
        both = self._empty_copy()
        for part in (self, other):
            both._sums.merge(part._sums)
            kept = both._best_of(part.scores, part.ids, part.labels, part.predictions)
            both.scores, both.ids, both.labels, both.predictions = kept
        return both

    def _parameters(self) -> dict[str, Any]:
        return {
            "k": self.k,
            "num_classes": self.num_classes,
            "score": self.score,
            "bins": self.histogram.shape[1],
            "histogram_max": self._sums.histogram_max,
        }

    def _empty_copy(self) -> Accumulator:
        parameters = self._parameters()
        return Accumulator(parameters.pop("k"), parameters.pop("num_classes"), **parameters)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to a NumPy ``.npz`` file, beside it first and then renamed, so that no half file stays."""
        state = {name: getattr(self, name) for name in ("scores", "ids", "labels", "predictions")}
        state |= {"counts": self._sums.counts, "sums": self._sums.sums, "histogram": self._sums.histogram}
        with replacing(Path(path)) as partial, partial.open("wb") as file:
            np.savez(file, **state, **{f"parameter_{name}": value for name, value in self._parameters().items()})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Accumulator:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file holds something else.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                state = dict(file)
            parameters = {name: state[f"parameter_{name}"].item() for name in _PARAMETERS}
            loaded = cls(parameters.pop("k"), parameters.pop("num_classes"), **parameters)
            for name in ("scores", "ids", "labels", "predictions"):
                setattr(loaded, name, state[name])
            for name in ("counts", "sums", "histogram"):
                expected = getattr(loaded._sums, name)
                if state[name].shape != expected.shape or state[name].dtype != expected.dtype:
                    raise ValueError(f"'{name}' has shape {state[name].shape}; accepted: {expected.shape}")
                setattr(loaded._sums, name, state[name])
        except (AttributeError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"Accumulator.load: {os.fspath(path)!r} is not what Accumulator.save wrote: {error}"
            ) from error
        return loaded


def _histogram_max(score: str, num_classes: int, given: float | None) -> float:
    if given is not None:
        return check.real("Accumulator", "histogram_max", given, _SMALLEST_RANGE)
    if score == "entropy":
        return max(math.log(num_classes), _SMALLEST_RANGE)
    return float(num_classes) if score == "perplexity" else _LARGEST.get(score, 10.0)
