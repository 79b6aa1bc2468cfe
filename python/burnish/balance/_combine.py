# SPDX-License-Identifier: Apache-2.0
"""Over-sample, then clean."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.utils._param_validation import HasMethods

from burnish.balance import _strategy
from burnish.balance._base import BaseOverSampler, BaseSampler
from burnish.balance._containers import Given
from burnish.balance._docs import documented
from burnish.balance._edited import EditedNearestNeighbours
from burnish.balance._labels import Labels
from burnish.balance._smote import SMOTE
from burnish.balance._tomek import TomekLinks

_SAMPLER_OR_NONE: list[Any] = [HasMethods(["fit_resample"]), None]


class _SMOTEThenCleaning(BaseSampler):
    """What the two have in common."""

    _sampling_type = _strategy.OVER
    _exact_plan = False
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseOverSampler._parameter_constraints,
        "smote": _SAMPLER_OR_NONE,
        "n_jobs": [Integral, None],
    }

    smote: Any
    random_state: Any
    n_jobs: int | None

    def _validate_estimator(self) -> Any:
        """Make the two samplers, and return the one that cleans."""
        raise NotImplementedError

    def _make_smote(self) -> None:
        if self.smote is not None:
            self.smote_ = clone(self.smote)
        else:
            self.smote_ = SMOTE(sampling_strategy=self.sampling_strategy, random_state=self.random_state)

    def _planned(self, labels: Labels, before: dict[Any, int]) -> dict[Any, int]:
        self._make_smote()
        return (
            self.smote_._planned(labels, before) if isinstance(self.smote_, SMOTE) else super()._planned(labels, before)
        )

    def _resample(self, given: Given) -> tuple[Any, Any]:
        cleaning = self._validate_estimator()
        labels = given.labels
        X, y = self.smote_.fit_resample(given.X, labels.values)
        X, y = cleaning.fit_resample(X, y)
        rows = cleaning.sample_indices_
        origin = getattr(self.smote_, "provenance_", None)
        if origin is not None:
            is_made = rows >= len(labels)
            self.provenance_ = origin.take(rows[is_made] - len(labels), np.flatnonzero(is_made))
        return given.replace(X, np.searchsorted(labels.classes, y))


@documented
class SMOTEENN(_SMOTEThenCleaning):
    """Over-sample by SMOTE, then remove rows that disagree with their neighbors.

    {when}

    Parameters
    ----------
    {sampling_strategy_over}
    {random_state}
    smote : sampler or None, default=None
        What over-samples; default `SMOTE` with the two parameters above.
    enn : sampler or None, default=None
        What cleans; default `EditedNearestNeighbours` of all classes.
    {n_jobs}

    Attributes
    ----------
    {sampling_strategy_}
    smote_, enn_ : samplers
        The two, fitted.
    {provenance_}
    {features_in_}

    Raises
    ------
    {raises}

    Notes
    -----
    {same_rows}

    References
    ----------
    G. E. A. P. A. Batista, R. C. Prati, M. C. Monard, A study of the behavior of several methods for balancing machine
    learning training data, ACM SIGKDD Explorations 6, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import SMOTEENN
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(size=(200, 4)), rng.normal(1.5, size=(50, 4))])
    >>> X_new, y_new = SMOTEENN(random_state=0).fit_resample(X, np.repeat([0, 1], [200, 50]))
    >>> len(y_new) < 400
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_SMOTEThenCleaning._parameter_constraints,
        "enn": _SAMPLER_OR_NONE,
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        smote: Any = None,
        enn: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.smote = smote
        self.enn = enn
        self.n_jobs = n_jobs

    def _validate_estimator(self) -> Any:
        self._make_smote()
        if self.enn is not None:
            self.enn_ = clone(self.enn)
        else:
            self.enn_ = EditedNearestNeighbours(sampling_strategy="all", n_jobs=self.n_jobs)
        return self.enn_


@documented
class SMOTETomek(_SMOTEThenCleaning):
    """Over-sample by SMOTE, then remove Tomek links.

    {when}

    Parameters
    ----------
    {sampling_strategy_over}
    {random_state}
    smote : sampler or None, default=None
        What over-samples; default `SMOTE` with the two parameters above.
    tomek : sampler or None, default=None
        What cleans; default `TomekLinks` of all classes.
    {n_jobs}

    Attributes
    ----------
    {sampling_strategy_}
    smote_, tomek_ : samplers
        The two, fitted.
    {provenance_}
    {features_in_}

    Raises
    ------
    {raises}

    Notes
    -----
    {same_rows}

    References
    ----------
    G. E. A. P. A. Batista, A. L. C. Bazzan, M. C. Monard, Balancing training data for automated annotation of keywords:
    a case study, WOB 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import SMOTETomek
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(size=(200, 4)), rng.normal(1.5, size=(50, 4))])
    >>> X_new, y_new = SMOTETomek(random_state=0).fit_resample(X, np.repeat([0, 1], [200, 50]))
    >>> len(y_new) < 400
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_SMOTEThenCleaning._parameter_constraints,
        "tomek": _SAMPLER_OR_NONE,
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        smote: Any = None,
        tomek: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.smote = smote
        self.tomek = tomek
        self.n_jobs = n_jobs

    def _validate_estimator(self) -> Any:
        self._make_smote()
        if self.tomek is not None:
            self.tomek_ = clone(self.tomek)
        else:
            self.tomek_ = TomekLinks(sampling_strategy="all", n_jobs=self.n_jobs)
        return self.tomek_
