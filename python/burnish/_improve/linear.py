# SPDX-License-Identifier: Apache-2.0
"""The one light model of scoring and proof: a multinomial logistic regression on the main directions of features."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

MOST_DIRECTIONS = 256
_FEWEST_DIRECTIONS = 16
_BLOCK = 4096  # rows handled at a time, so that memory does not grow with N
_RELATIVE_VARIANCE = 1e-6  # of the first direction; what lies below is rounding
_MOST_STEPS = 200
_RIDGES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
_TRIED_ON, _PARTS = 4000, 5
_FEW = 1000  # samples, below which a fifth of them says too little
_SMALL = 1 << 28  # multiplications of one step below which BLAS threads cost more than they save


@dataclass(frozen=True)
class Directions:
    """The directions in which features vary most.

    Attributes
    ----------
    mean : float32 array of shape (D,)
    axes : float32 array of shape (D, d)
        Orthonormal, the one of the largest variance first.
    variances : float64 array of shape (d,)
    """

    mean: Floats
    axes: Floats
    variances: npt.NDArray[np.float64]

    @classmethod
    def of(cls, features: npt.NDArray[Any], most: int = MOST_DIRECTIONS) -> Directions:
        """Find at most `most` directions of rows (N, D), which may be memory-mapped."""
        n, columns = features.shape
        if columns == 0:  # of what varies in no direction
            return cls(np.empty(0, np.float32), np.empty((0, 0), np.float32), np.empty(0))
        total = np.zeros(columns)
        for rows in _blocks(features):
            total += rows.sum(axis=0, dtype=np.float64)
        mean = (total / max(n, 1)).astype(np.float32)
        if 0 < n < columns:  # the same from products of rows, of which there are fewer
            centered = np.asarray(features, np.float64) - mean
            variances, parts = np.linalg.eigh(centered @ centered.T / n)
            axes = centered.T @ parts
            axes /= np.maximum(np.linalg.norm(axes, axis=0), np.finfo(np.float64).tiny)
        else:
            covariance = np.zeros((columns, columns))
            for rows in _blocks(features):
                centered = rows - mean
                covariance += centered.T @ centered
            variances, axes = np.linalg.eigh(covariance / max(n, 1))
        variances, axes = variances[::-1][:most], axes[:, ::-1][:, :most]
        kept = variances > _RELATIVE_VARIANCE * max(float(variances[0]), np.finfo(np.float64).tiny)
        axes = axes[:, kept]
        # The sign of a direction is left open by its definition: its largest part is positive here.
        axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
        return cls(mean, np.ascontiguousarray(axes, np.float32), variances[kept])

    def __call__(self, features: npt.NDArray[Any]) -> Floats:
        """Return the parts (N, d) of rows (N, D) along the directions."""
        parts = np.empty((len(features), self.axes.shape[1]), np.float32)
        start = 0
        for rows in _blocks(features):
            np.matmul(rows - self.mean, self.axes, out=parts[start : start + len(rows)])
            start += len(rows)
        return parts


def _blocks(features: npt.NDArray[Any]) -> Iterator[Floats]:
    for start in range(0, len(features), _BLOCK):
        yield np.asarray(features[start : start + _BLOCK], np.float32)


def directions_for(n: int) -> int:
    """Return how many directions a model of `n` samples looks at."""
    return min(MOST_DIRECTIONS, max(n // 4, _FEWEST_DIRECTIONS))


class Linear:
    """Multinomial logistic regression on the main directions of features.

    Features are reduced to 256 directions at most, and to a quarter of the number of samples: more of them would fit
    samples by themselves.

    Parameters
    ----------
    ridge : float, optional
        How strongly weights are held near 0: the larger, the less sure the model is. Times the square root of the
        number of samples, which is near the best from hundreds of samples to thousands. Default: of 0.01 to 10, what
        gives the lowest log loss of a fifth of the samples when trained on the others (of at most 4,000; of fewer than
        1,000, each fifth in turn).
    """

    def __init__(self, *, ridge: float | None = None) -> None:
        self._ridge = ridge

    def fit(
        self,
        features: npt.NDArray[Any],
        labels: Integers,
        num_classes: int,
        *,
        weight: npt.NDArray[Any] | None = None,
        added: int = 0,
        seed: int = 0,
    ) -> Linear:
        """Train.

        Parameters
        ----------
        features : array of shape (N, D)
            Finite; 1 row or more. May be memory-mapped.
        labels : int64 array of shape (N,)
            0 to `num_classes` - 1.
        num_classes : int
            K; classes without a sample get a low logit, whatever the features.
        weight : array of shape (N,), optional
            How much each sample counts, 0 or more; for class weights, ``class_weight[labels]``.
        added : int, default 0
            How many rows, the last ones, were made of the others: copies, or rows between them. A model knows such a
            row from those it was made of, so the ridge is chosen without them, by weights for their classes instead.
        seed : int, default 0
            Of the samples on which the ridge is chosen; nothing else is random.

        Returns
        -------
        Linear
            This one.
        """
        n = len(labels)
        weights = np.ones(n, np.float32) if weight is None else np.asarray(weight, np.float32)
        counts = np.bincount(labels, weights, num_classes)
        present = np.flatnonzero(counts > 0)
        classes = np.full(num_classes, -1)
        classes[present] = np.arange(len(present))
        self._directions = Directions.of(features, directions_for(n))
        scale = _scale(self._directions.variances)
        points = self._directions(features)
        points *= scale
        used = weights > 0
        if not used.all():
            points, labels, weights = points[used], labels[used], weights[used]
            added = int(np.count_nonzero(used[n - added :]))
        labels = classes[labels]
        if (ridge := self._ridge) is None:
            ridge = _best_ridge(*_without(points, labels, weights, added), len(present), seed)
        trained = _trained(points, labels, weights, len(present), ridge)
        coefficients = np.zeros((points.shape[1] + 1, num_classes))
        coefficients[:, present] = trained
        total = float(counts.sum())
        if 0 < len(present) < num_classes:  # half a sample in all of the training, whatever the features
            absent = counts == 0
            coefficients[-1, absent] = coefficients[-1, present].min() - np.log(2 * max(total, 1.0))
        self._weights = (scale[:, None] * coefficients[:-1]).astype(np.float32)
        self._intercepts = coefficients[-1].astype(np.float32)
        return self

    def logits(self, features: npt.NDArray[Any]) -> Floats:
        """Return logits (N, K) of rows (N, D)."""
        with _threads(len(features) * self._weights.size):
            logits: Floats = self._directions(features) @ self._weights + self._intercepts
        return logits


def _scale(variances: npt.NDArray[np.float64]) -> Floats:
    """Return factors that bring directions halfway to equal variances, and these to 1 on average.

    Without it the first directions decide alone where weights are held small, with all of it noise counts as much as
    they do.
    """
    if len(variances) == 0:
        return np.empty(0, np.float32)
    factors = variances**-0.25
    return np.asarray(factors / np.sqrt((variances * factors * factors).mean()), np.float32)


def _without(points: Floats, labels: Integers, weights: Floats, added: int) -> tuple[Floats, Integers, Floats]:
    """Return all but the last rows, with weights by which each class counts as much as it does with them."""
    if not added:
        return points, labels, weights
    real = len(labels) - added
    counts = np.bincount(labels, weights)
    factors = counts / np.maximum(np.bincount(labels[:real], weights[:real], len(counts)), np.finfo(np.float32).tiny)
    return points[:real], labels[:real], (weights[:real] * factors[labels[:real]]).astype(np.float32)


def _best_ridge(points: Floats, labels: Integers, weights: Floats, num_classes: int, seed: int) -> float:
    """Return the ridge that predicts a fifth of the samples best; of few samples, each fifth in turn."""
    chosen = np.random.default_rng(seed).permutation(len(labels))[:_TRIED_ON]
    chosen = chosen[np.argsort(labels[chosen], kind="stable")]  # every fifth is a fifth of each class
    losses = np.zeros(len(_RIDGES))
    for part in range(_PARTS if len(chosen) < _FEW else 1):
        held_out = np.arange(len(chosen)) % _PARTS == part
        train, test = chosen[~held_out], chosen[held_out]
        known = np.zeros(num_classes, np.bool_)
        known[labels[train]] = True
        test = test[known[labels[test]]]
        if len(test) == 0:
            continue
        loss = _Loss(points[test], labels[test], weights[test], num_classes, 0.0)
        found = None
        for i, ridge in enumerate(_RIDGES):  # from strong to weak, each from where the one before ended
            found = _trained(points[train], labels[train], weights[train], num_classes, ridge, found)
            losses[i] += loss(found.ravel())[0] * len(test)
    if not losses.any():
        return 1.0
    return _RIDGES[int(np.argmin(losses))]


def _trained(
    points: Floats,
    labels: Integers,
    weights: Floats,
    num_classes: int,
    ridge: float,
    start: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """Return coefficients (d + 1, K), the last row added to all."""
    with needs_extra("balance"):
        from scipy.optimize import minimize
    if num_classes < 2:  # nothing to tell apart, or nothing to learn from
        return np.zeros((points.shape[1] + 1, num_classes))
    if start is None:
        counts = np.bincount(labels, weights, num_classes)
        start = np.zeros((points.shape[1] + 1, num_classes))
        start[-1] = np.log(np.maximum(counts, 0.5))
        start[-1] -= start[-1].mean()
    loss = _Loss(points, labels, weights, num_classes, ridge)
    options = {"maxiter": _MOST_STEPS, "gtol": 1e-4, "ftol": 1e-7}
    with _threads(start.size * len(points)):
        found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x.reshape(start.shape))


class _Loss:
    """Mean log loss with a ridge, and its gradient."""

    def __init__(self, points: Floats, labels: Integers, weights: Floats, num_classes: int, ridge: float) -> None:
        self._points, self._labels, self._num_classes = points, labels, num_classes
        self._weights = weights
        self._total = float(weights.sum(dtype=np.float64))
        self._ridge = ridge / math.sqrt(self._total)

    def __call__(self, flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        coefficients = flat.reshape(-1, self._num_classes)
        single = coefficients.astype(np.float32)
        gradient = np.zeros_like(coefficients)
        loss = 0.0
        for begin in range(0, len(self._points), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            points, labels, weights = self._points[part], self._labels[part], self._weights[part]
            rows = np.arange(len(labels))
            logits = points @ single[:-1]
            logits += single[-1]
            logits -= logits.max(axis=1, keepdims=True)
            of_label = logits[rows, labels]
            np.exp(logits, out=logits)
            sums = logits.sum(axis=1)
            loss += float(((np.log(sums) - of_label) * weights).sum(dtype=np.float64))
            logits *= (weights / sums)[:, None]
            logits[rows, labels] -= weights
            gradient[:-1] += points.T @ logits
            gradient[-1] += logits.sum(axis=0, dtype=np.float64)
        gradient /= self._total
        gradient[:-1] += self._ridge * coefficients[:-1]
        loss = loss / self._total + 0.5 * self._ridge * float((coefficients[:-1] ** 2).sum())
        return loss, gradient.ravel()


def _threads(multiplications: int) -> AbstractContextManager[Any]:
    """Hold BLAS to one thread where there is little to do."""
    if multiplications > _SMALL:
        return nullcontext()
    limits: AbstractContextManager[Any] = _blas().limit(limits=1)
    return limits


@functools.cache
def _blas() -> Any:
    """Return what limits BLAS: looked for once, since to look takes longer than a small step of training."""
    with needs_extra("balance"):
        import scipy.linalg  # noqa: F401  (brings its own BLAS, which is to be found)
        from threadpoolctl import ThreadpoolController
    return ThreadpoolController()
