# SPDX-License-Identifier: Apache-2.0
"""Instance hardness: leave out the rows that a classifier is least sure about."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, check_cv, cross_val_predict
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods

from burnish.balance._base import BaseUnderSampler
from burnish.balance._containers import Given, on_host
from burnish.balance._docs import documented
from burnish.balance._labels import Indices


@documented
class InstanceHardnessThreshold(BaseUnderSampler):
    """Under-sample by leaving out the rows whose class a cross-validated classifier finds least likely.

    It leaves out what is hard: what is labeled wrong, but also what a model has most to learn from.

    Parameters
    ----------
    {sampling_strategy_under}
    {random_state}
    estimator : classifier or None, default=None
        With ``predict_proba``; default a random forest of 100 trees.
    cv : int or splitter, default=5
        The number of stratified folds, shuffled, or what splits.
    n_jobs : int or None, default=None
        For scikit-learn's forest and cross-validation.

    Attributes
    ----------
    {sampling_strategy_}
    {sample_indices_}
        Class after class.
    estimator_ : classifier
        Not fitted.
    {features_in_}

    Raises
    ------
    {raises}

    Notes
    -----
    All of the time goes into the classifier. Rows as likely as the threshold stay, so that a class may keep more rows
    than asked for. For one `random_state` the rows are those of imbalanced-learn 0.14, which needs labels 0 to C - 1;
    here they may be of any type.

    References
    ----------
    M. R. Smith, T. Martinez, C. Giraud-Carrier, An instance level analysis of data complexity, Machine Learning 95,
    2014.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from burnish.balance import InstanceHardnessThreshold
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(100, 4)), np.repeat(["a", "b"], [70, 30])
    >>> sampler = InstanceHardnessThreshold(estimator=LogisticRegression(), random_state=0)
    >>> np.unique(sampler.fit_resample(X, y)[1], return_counts=True)[1].tolist()
    [30, 30]
    """

    _exact_plan = False
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseUnderSampler._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "cv": ["cv_object"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        estimator: Any = None,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        cv: Any = 5,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.estimator = estimator
        self.cv = cv
        self.n_jobs = n_jobs

    def _select(self, given: Given) -> Indices:
        X = on_host(given.X)
        labels = given.labels
        generator = check_random_state(self.random_state)
        self.estimator_ = self._classifier(generator)
        if isinstance(self.cv, Integral):
            folds = StratifiedKFold(n_splits=int(self.cv), shuffle=True, random_state=generator)
        else:
            folds = check_cv(self.cv, labels.values, classifier=True)
        likely = cross_val_predict(
            self.estimator_, X, labels.values, cv=folds, n_jobs=self.n_jobs, method="predict_proba"
        )[np.arange(len(labels)), labels.codes]

        def choose(rows: Indices, _: int, number: int) -> Indices:
            share = (1.0 - number / len(rows)) * 100.0
            return np.asarray(rows[likely[rows] >= np.percentile(likely[rows], share)])

        return self._by_class(labels, choose)

    def _classifier(self, generator: Any) -> Any:
        if self.estimator is None:
            return RandomForestClassifier(n_estimators=100, random_state=self.random_state, n_jobs=self.n_jobs)
        classifier = clone(self.estimator)
        names = sorted(name for name in classifier.get_params() if name.split("__")[-1] == "random_state")
        seeds = {name: generator.randint(np.iinfo(np.int32).max) for name in names}
        return classifier.set_params(**seeds)
