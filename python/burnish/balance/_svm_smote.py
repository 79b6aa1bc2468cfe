# SPDX-License-Identifier: Apache-2.0
"""SVM-SMOTE: new rows start from the support vectors of a class."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.svm import SVC
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval

from burnish.balance._base import NEIGHBORS
from burnish.balance._containers import on_host
from burnish.balance._docs import documented
from burnish.balance._labels import Indices, Labels
from burnish.balance._recipe import Block, drawn_pairs
from burnish.balance._search import Search
from burnish.balance._smote import BaseSMOTE
from burnish.balance._votes import enemies_among, in_danger


@documented
class SVMSMOTE(BaseSMOTE):
    """Over-sample by inter- and extrapolation from the support vectors of a class.

    Support vectors in danger (see `BorderlineSMOTE`) are drawn towards their neighbors, the others away from them, so
    that the class grows where there is room; those among enemies only are left alone.

    {when}

    Parameters
    ----------
    {sampling_strategy_over}
    {random_state}
    {k_neighbors}
    {m_neighbors}
    svm_estimator : estimator or None, default=None
        With `fit` and, once fitted, ``support_``; default ``SVC(gamma='scale')``.
    out_step : float, default=0.5
        How far an extrapolated row may go, in distances to its neighbor.
    {exact_counts}
        Here: where no support vector, or every one, is in danger, the share of the missing kind is made of the other.
    {small_class}

    Attributes
    ----------
    {sampling_strategy_}
    svm_estimator_ : estimator
        Fitted once to all rows.
    nn_k_, nn_m_ : estimators
        The two searches.
    {provenance_}
    {features_in_}

    Raises
    ------
    {raises}
    ValueError
        If all support vectors of a class have enemies only around them, or if a class has no more rows than
        `k_neighbors`, or X than `m_neighbors`; see `small_class`.

    Warns
    -----
    UserWarning
        If a class gets fewer rows than asked for.

    Notes
    -----
    Most of the time goes into the support vector machine of scikit-learn.

    {same_rows}
    {integers}

    References
    ----------
    H. M. Nguyen, E. W. Cooper, K. Kamei, Borderline over-sampling for imbalanced data classification, International
    Journal of Knowledge Engineering and Soft Data Paradigms 3, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish.balance import SVMSMOTE
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(300, 4)), np.repeat([0, 1], [200, 100])
    >>> np.bincount(SVMSMOTE(random_state=0).fit_resample(X, y)[1]).tolist()
    [200, 200]
    """

    _exact_plan = False
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseSMOTE._parameter_constraints,
        "m_neighbors": NEIGHBORS,
        "svm_estimator": [HasMethods(["fit", "predict"]), None],
        "out_step": [Interval(Real, 0, 1, closed="both")],
        "exact_counts": ["boolean"],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 5,
        m_neighbors: Any = 10,
        svm_estimator: Any = None,
        out_step: float = 0.5,
        exact_counts: bool = False,
        small_class: str = "raise",
    ) -> None:
        super().__init__(
            sampling_strategy=sampling_strategy,
            random_state=random_state,
            k_neighbors=k_neighbors,
            small_class=small_class,
        )
        self.m_neighbors = m_neighbors
        self.svm_estimator = svm_estimator
        self.out_step = out_step
        self.exact_counts = exact_counts

    def _plans_exactly(self) -> bool:
        return self.exact_counts

    def _draw(self, X: Any, labels: Labels) -> list[Block]:
        search, surroundings = Search(self.k_neighbors), Search(self.m_neighbors)
        if self.svm_estimator is None:
            self.svm_estimator_ = SVC(gamma="scale", random_state=self.random_state)
        else:
            self.svm_estimator_ = clone(self.svm_estimator)
        generator = check_random_state(self.random_state)
        blocks: list[Block] = []
        for i, task in enumerate(self._tasks(labels)):
            if i == 0:
                support = self._support(X, labels)
                around = self._neighbors_around(surroundings, X, support, "m_neighbors")
            else:
                self._draw_as_if_fitted()
            vectors, nearby = self._not_among_enemies_only(labels, task.code, support, around)
            danger = in_danger(labels, nearby, task.code)
            share = int(generator.beta(10, 10) * (task.number + 1))
            shares = {True: share, False: task.number - share}
            if self.exact_counts and (danger.all() or not danger.any()):
                shares[bool(danger.all())] = task.number
            made = 0
            own = labels.rows(task.code)
            for is_danger, step_size in ((True, 1.0), (False, -self.out_step)):
                chosen = vectors[danger == is_danger]
                if len(chosen):
                    near = self._neighbors_within(search, X, own, task.label, "k_neighbors", chosen)
                    number = shares[is_danger]
                    blocks.append(drawn_pairs(self.random_state, task.code, chosen, near, number, step_size))
                    made += number
            if made < task.number:
                reason = f"{'every' if danger.all() else 'none'} of its support vectors is in danger"
                self._warn_of_fewer(task.label, made, task.number, reason)
        self.nn_k_, self.nn_m_ = search.finish(), surroundings.finish()
        return blocks

    def _support(self, X: Any, labels: Labels) -> Indices:
        rows = on_host(X)
        # The machine sorts the columns of a sparse matrix where they lie.
        self.svm_estimator_.fit(rows.copy() if sparse.issparse(rows) else rows, labels.values)
        if not hasattr(self.svm_estimator_, "support_"):
            raise RuntimeError(
                "SVMSMOTE: `svm_estimator` is required to exposed a `support_` fitted attribute. Support vector "
                f"machines have it; {type(self.svm_estimator_).__name__} does not"
            )
        return np.asarray(self.svm_estimator_.support_).astype(np.intp)

    def _draw_as_if_fitted(self) -> None:
        """Keep a shared generator where it would stand if the same machine had been fitted for this class again."""
        if self.svm_estimator is None and not isinstance(self.random_state, Integral):
            check_random_state(self.random_state).randint(np.iinfo("i").max)

    def _not_among_enemies_only(
        self, labels: Labels, code: int, support: Indices, around: Indices
    ) -> tuple[Indices, Indices]:
        own = labels.codes[support] == code
        own &= enemies_among(labels, around, code) < around.shape[1]
        if not own.any():
            raise ValueError(
                f"SVMSMOTE: all support vectors of class {labels.classes[code]} have nothing but other classes around "
                "them. SVM-SMOTE is not adapted to your dataset; use another over-sampler"
            )
        return support[own], around[own]
