# SPDX-License-Identifier: Apache-2.0
"""The frame that every sampler fills: check what came in, resample, give back the same kind."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, TypeVar, cast

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, _fit_context
from sklearn.utils import _metadata_requests
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from burnish.balance import _imblearn, _strategy
from burnish.balance._containers import Given, check_lengths, is_frame, read_labels, read_numbers, remember_features
from burnish.balance._labels import Indices, Labels
from burnish.balance._strategy import Plan, Task
from burnish.balance._tags import sampler_tags

# A caller's pipeline may route metadata to fit_resample; has to stand before any class with that method.
for _methods in (_metadata_requests.METHODS, _metadata_requests.SIMPLE_METHODS):
    if "fit_resample" not in _methods:
        _methods.append("fit_resample")

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _validating(method: _Method) -> _Method:
    """Check the parameters first."""
    return cast(_Method, _fit_context(prefer_skip_nested_validation=True)(method))


AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")
NEIGHBORS: list[Any] = [AT_LEAST_ONE, HasMethods(["kneighbors", "kneighbors_graph"])]


class BaseSampler(OneToOneFeatureMixin, BaseEstimator):  # type: ignore[misc]
    """Base class of all samplers: scikit-learn estimators with `fit_resample`.

    A derived class defines `_resample`, which gets what was checked and returns X and y resampled.
    """

    _estimator_type = "sampler"
    _sampling_type: ClassVar[str]
    _sample_indices: ClassVar[bool] = False
    _exact_plan: ClassVar[bool] = True
    _parameter_constraints: ClassVar[dict[str, Any]] = {}

    __signature__: ClassVar[inspect.Signature]
    sampling_strategy: Any
    sampling_strategy_: OrderedDict[Any, int]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # Before Python 3.11.4, a class without an `__init__` of its own shows the parameters of `__new__` below.
        own = inspect.signature(cls.__init__)
        cls.__signature__ = own.replace(parameters=list(own.parameters.values())[1:])

    def __new__(cls, *_: Any, **__: Any) -> Any:
        _imblearn.register_samplers()
        return super().__new__(cls)

    def __init__(self, sampling_strategy: Any = "auto") -> None:
        self.sampling_strategy = sampling_strategy

    @_validating
    def fit(self, X: Any, y: Any, **params: Any) -> Any:
        """Check X and y, and read `sampling_strategy`; the work is done by `fit_resample`.

        Parameters
        ----------
        X : array, data frame or sparse matrix of shape (n_samples, n_features)
        y : array of shape (n_samples,)
        **params : dict
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `fit_resample`.
        """
        given = self._check(X, y)
        self.sampling_strategy_ = self._read_strategy(given.labels)
        return self

    @_validating
    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Resample X and y.

        Parameters
        ----------
        X : array, data frame, sparse matrix or tensor of shape (n_samples, n_features)
            The samples.
        y : array of shape (n_samples,)
            Their labels, of any type; or one column per class with a single 1 in each row.
        **params : dict
            What a derived sampler may ask for; none of burnish's does.

        Returns
        -------
        X_resampled : same kind and dtype as X, of shape (n_samples_new, n_features)
            A data frame has a fresh index.
        y_resampled : same kind and dtype as y, of shape (n_samples_new,)

        Raises
        ------
        ValueError
            If X or y have a wrong shape or hold what the sampler cannot take, or if `sampling_strategy` cannot be met;
            before any work.
        """
        given = self._check(X, y)
        self.sampling_strategy_ = self._read_strategy(given.labels)
        return self._resample(given, **params)

    def plan(self, y: Any, X: Any = None, *, n_features: int | None = None, dtype: Any = None) -> Plan:
        """Tell how many rows each class would have and how large the result would be, before any work.

        Parameters
        ----------
        y : array of shape (n_samples,)
            The labels.
        X : array or data frame, optional
            Only its width and dtype are looked at.
        n_features, dtype : int and dtype, optional
            Instead of X; dtype defaults to float64.

        Returns
        -------
        Plan

        Raises
        ------
        ValueError
            If `sampling_strategy` cannot be met.

        Examples
        --------
        >>> from burnish.balance import SMOTE
        >>> plan = SMOTE().plan([0] * 900 + [1] * 100, n_features=16, dtype="float32")
        >>> plan.made
        {0: 0, 1: 800}
        >>> print(plan)
        0: 900 -> 900
        1: 100 -> 900
        rows: 1800, 115,200 bytes
        """
        labels, _ = read_labels(y)
        before = dict(zip(labels.classes.tolist(), labels.counts.tolist(), strict=True))
        after = self._planned(labels, before)
        row_bytes = _row_bytes(X, n_features, dtype)
        nbytes = None if row_bytes is None else row_bytes * sum(after.values())
        return Plan(before, after, self._plans_exactly(), nbytes)

    def _planned(self, labels: Labels, before: dict[Any, int]) -> dict[Any, int]:
        """Return the rows of each class afterwards."""
        strategy = self._read_strategy(labels)
        after = dict(before)
        for label, number in strategy.items():
            if self._sampling_type == _strategy.OVER:
                after[_strategy.plain(label)] += number
            elif self._sampling_type == _strategy.UNDER:
                after[_strategy.plain(label)] = number
        return after

    def _plans_exactly(self) -> bool:
        return self._exact_plan

    def _check(self, X: Any, y: Any) -> Given:
        labels, one_hot = read_labels(y)
        remember_features(self, X)
        checked = self._matrix(X)
        self._check_lengths(checked, labels)
        self.n_features_in_ = int(checked.shape[1])
        return Given(X, checked, y, labels, one_hot)

    def _matrix(self, X: Any) -> Any:
        return read_numbers(self, X)

    def _check_lengths(self, X: Any, labels: Labels) -> None:
        check_lengths(X, labels)

    def _read_strategy(self, labels: Labels) -> OrderedDict[Any, int]:
        return _strategy.resolve_strategy(self.sampling_strategy, labels, self._sampling_type)

    def _resample(self, given: Given) -> tuple[Any, Any]:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        return sampler_tags(sparse=True, string=False, allow_nan=False, sample_indices=self._sample_indices)


def _row_bytes(X: Any, n_features: int | None, dtype: Any) -> int | None:
    if X is None:
        return None if n_features is None else int(n_features) * np.dtype(dtype or np.float64).itemsize
    if sparse.issparse(X):
        return None
    if is_frame(X):
        return sum(np.dtype(object).itemsize if not hasattr(d, "itemsize") else int(d.itemsize) for d in X.dtypes)
    if not hasattr(X, "shape"):
        X = np.asarray(X)
    return int(np.prod(X.shape[1:])) * int(X.dtype.itemsize)


class BaseOverSampler(BaseSampler):
    """Base class of samplers that add rows."""

    _sampling_type = _strategy.OVER
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "sampling_strategy": [
            Interval(Real, 0, 1, closed="right"),
            StrOptions({"auto", "minority", "not minority", "not majority", "all"}),
            Mapping,
            callable,
        ],
        "random_state": ["random_state"],
    }

    def _tasks(self, labels: Labels) -> Iterator[Task]:
        """Return the classes that gain rows, in order."""
        return _strategy.tasks(self.sampling_strategy_, labels)


_TARGETS_OF_REMOVAL = StrOptions({"auto", "majority", "not minority", "not majority", "all"})


class _SelectingSampler(BaseSampler):
    """Base class of samplers that keep some of the rows; a derived class defines `_select`, which returns them."""

    _sample_indices = True
    sample_indices_: Indices

    def _resample(self, given: Given) -> tuple[Any, Any]:
        self.sample_indices_ = self._select(given)
        return given.select(self.sample_indices_)

    def _select(self, given: Given) -> Indices:
        raise NotImplementedError

    def _by_class(self, labels: Labels, choose: Callable[[Indices, int, int], Indices]) -> Indices:
        """Return rows class after class: all, or what `choose` keeps of them, given their class and its number."""
        wanted = _strategy.chosen_codes(self.sampling_strategy_, labels)
        kept = [labels.rows(code) for code in range(len(labels.classes))]
        for code in sorted(wanted):
            kept[code] = choose(kept[code], code, wanted[code])
        return np.concatenate(kept)


class BaseUnderSampler(_SelectingSampler):
    """Base class of samplers that leave rows out until a class has as many as asked."""

    _sampling_type = _strategy.UNDER
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "sampling_strategy": [Interval(Real, 0, 1, closed="right"), _TARGETS_OF_REMOVAL, Mapping, callable],
    }


class BaseCleaningSampler(_SelectingSampler):
    """Base class of samplers that leave out rows by what is around them, as many as that may be."""

    _sampling_type = _strategy.CLEAN
    _exact_plan = False
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "sampling_strategy": [
            Interval(Real, 0, 1, closed="right"),
            _TARGETS_OF_REMOVAL,
            list,
            callable,
        ],
    }
