# SPDX-License-Identifier: Apache-2.0
"""Rows repeated or left out at random."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.sparsefuncs import mean_variance_axis

from burnish._array import is_torch
from burnish.balance import _strategy
from burnish.balance._base import BaseOverSampler, BaseUnderSampler
from burnish.balance._containers import Given, on_host, read_anything, take_rows
from burnish.balance._docs import documented
from burnish.balance._labels import Indices
from burnish.balance._tags import sampler_tags

_NUMBERS_AT_ONCE = 1 << 15


class _TakesAnything:
    """Rows are moved and never looked at: NaN, strings, dates and objects pass through."""

    def _matrix(self, X: Any) -> Any:
        return read_anything(self, X)

    def __sklearn_tags__(self) -> Any:
        return sampler_tags(sparse=True, string=True, allow_nan=True, sample_indices=True)


@documented
class RandomOverSampler(_TakesAnything, BaseOverSampler):
    """Over-sample by repeating rows at random, with or without noise.

    The cheapest remedy, and for most learners as good as SMOTE. Weights (`class_weight`) do the same without a copy
    where the learner takes them. Resample the training part only, after the split.

    Parameters
    ----------
    {sampling_strategy_over}
    {random_state}
    shrinkage : float, dict or None, default=None
        How far repeated rows are moved, as a factor of the usual width of a kernel estimate (a smoothed bootstrap, also
        known as ROSE); a dict gives one for each class that gains rows. None or 0 repeats rows as they are. Needs
        numbers.

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
    shrinkage_ : dict or None
        The factor of each class.
    {features_in_}

    Raises
    ------
    ValueError
        If y has only one class, `shrinkage` lacks a class or is below 0, X holds something else than numbers and
        `shrinkage` is given, or `sampling_strategy` cannot be met; before any work.

    Notes
    -----
    For one `random_state` the rows are those of imbalanced-learn 0.14, bit for bit. With `shrinkage`, float32 stays
    float32 (rounded from the same float64 values); integers become float64.

    References
    ----------
    G. Menardi, N. Torelli, Training and assessing classification rules with imbalanced data, Data Mining and Knowledge
    Discovery 28, 2014 (for `shrinkage`).

    Examples
    --------
    >>> from burnish.balance import RandomOverSampler
    >>> X, y = [["a"], ["b"], ["c"]], ["rare", "common", "common"]
    >>> RandomOverSampler(random_state=0).fit_resample(X, y)
    ([['a'], ['b'], ['c'], ['a']], ['rare', 'common', 'common', 'rare'])
    """

    _sample_indices = True
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseOverSampler._parameter_constraints,
        "shrinkage": [Interval(Real, 0, None, closed="left"), dict, None],
    }

    def __init__(self, *, sampling_strategy: Any = "auto", random_state: Any = None, shrinkage: Any = None) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.shrinkage = shrinkage

    def _resample(self, given: Given) -> tuple[Any, Any]:
        self.shrinkage_ = self._factors()
        X = given.X if self.shrinkage_ is None else _numbers_only(given.X)
        generator = check_random_state(self.random_state)
        labels = given.labels
        blurred = None if self.shrinkage_ is None else _Blurred(X, sum(self.sampling_strategy_.values()))
        drawn: list[Indices] = [np.arange(len(labels))]
        for task in _strategy.tasks(self.sampling_strategy_, labels):
            rows = labels.rows(task.code)
            drawn.append(generator.choice(rows, size=task.number, replace=True))
            if blurred is not None and self.shrinkage_ is not None:
                blurred.add(rows, drawn[-1], float(self.shrinkage_[task.label]), generator)
        self.sample_indices_ = np.concatenate(drawn)
        if blurred is None:
            return given.select(self.sample_indices_)
        return given.extend(blurred.all_rows(), labels.codes[self.sample_indices_[len(labels) :]])

    def _factors(self) -> dict[Any, float] | None:
        if isinstance(self.shrinkage, Real):
            return dict.fromkeys(self.sampling_strategy_, float(self.shrinkage))
        factors: dict[Any, float] | None = self.shrinkage
        if not isinstance(factors, Mapping):
            return factors
        missing = self.sampling_strategy_.keys() - factors.keys()
        if missing:
            raise ValueError(
                f"RandomOverSampler: `shrinkage` should contain a shrinkage factor for each class that will be "
                f"resampled; The missing classes are: {missing!r}"
            )
        for label, factor in factors.items():
            if factor < 0:
                raise ValueError(
                    f"RandomOverSampler: The shrinkage factor needs to be >= 0, but that of class {label} is {factor}"
                )
        return factors


def _numbers_only(X: Any) -> Any:
    if is_torch(X):
        return X
    try:
        return check_array(X, accept_sparse=("csr", "csc"), dtype="numeric")
    except ValueError as error:
        raise ValueError(
            "RandomOverSampler: When shrinkage is not None, X needs to contain only numerical data: noise is added"
        ) from error


class _Blurred:
    """All rows of X and, behind them, rows drawn and each moved at random."""

    def __init__(self, X: Any, number: int) -> None:
        self._X, self._end = X, X.shape[0]
        dtype = np.dtype(str(X.dtype).removeprefix("torch."))
        self._sparse: list[Any] = [X]
        if not sparse.issparse(X):
            dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
            self._dense = np.empty((X.shape[0] + number, X.shape[1]), dtype)
            self._dense[: X.shape[0]] = on_host(X)

    def add(self, rows: Indices, drawn: Indices, factor: float, generator: Any) -> None:
        """Add the rows `drawn` of a class, moved by the width of a kernel estimate of its `rows`."""
        n, d = self._X.shape
        bandwidth = factor * (4 / ((d + 2) * n)) ** (1 / (d + 4))
        if sparse.issparse(self._X):
            spread = np.sqrt(mean_variance_axis(self._X[rows], axis=0)[1])
            target = np.empty((len(drawn), d), self._X.dtype)
        else:
            spread = np.std(on_host(take_rows(self._X, rows)), axis=0)
            target = self._dense[self._end : self._end + len(drawn)]
        self._end += len(drawn)
        scale = bandwidth * spread
        at_once = max(1, _NUMBERS_AT_ONCE // d)  # float64 noise stays in the cache
        for start in range(0, len(drawn), at_once):
            part = take_rows(self._X, drawn[start : start + at_once])
            noise = generator.randn(part.shape[0], d)
            noise *= scale
            noise += part.toarray() if sparse.issparse(part) else on_host(part)
            target[start : start + at_once] = noise
        if sparse.issparse(self._X):
            self._sparse.append(sparse.csr_matrix(target))

    def all_rows(self) -> Any:
        return sparse.vstack(self._sparse, format=self._X.format) if sparse.issparse(self._X) else self._dense


@documented
class RandomUnderSampler(_TakesAnything, BaseUnderSampler):
    """Under-sample by leaving rows out at random.

    Throws data away: use it where there is more than the learner can take. It shifts the prior of the classes and
    nothing else, so that predicted probabilities can be corrected exactly afterwards (Elkan, IJCAI 2001). Resample the
    training part only, after the split.

    Parameters
    ----------
    {sampling_strategy_under}
    {random_state}
    replacement : bool, default=False
        Whether a row may be drawn more than once.

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
    {features_in_}

    Raises
    ------
    ValueError
        If y has only one class, lengths differ, or `sampling_strategy` cannot be met; before any work.

    Notes
    -----
    For one `random_state` the rows are those of imbalanced-learn 0.14: class after class, in the order drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import RandomUnderSampler
    >>> X, y = np.arange(8).reshape(4, 2), np.array([0, 1, 1, 1])
    >>> sampler = RandomUnderSampler(random_state=0)
    >>> sampler.fit_resample(X, y)[1], sampler.sample_indices_
    (array([0, 1]), array([0, 3]))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseUnderSampler._parameter_constraints,
        "replacement": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(self, *, sampling_strategy: Any = "auto", random_state: Any = None, replacement: bool = False) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.replacement = replacement

    def _select(self, given: Given) -> Indices:
        generator = check_random_state(self.random_state)

        def choose(rows: Indices, _: int, number: int) -> Indices:
            return np.asarray(rows[generator.choice(len(rows), size=number, replace=self.replacement)])

        return self._by_class(given.labels, choose)
