# SPDX-License-Identifier: Apache-2.0
"""Every sampler passes the checks that scikit-learn and imbalanced-learn have for estimators, in our own names.

imblearn_suite.py runs the same checks with our classes in the place of theirs; here they are what a user has.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("imblearn", reason="imbalanced-learn, which brings the checks, is not installed")

from burnish import balance
from imblearn.base import is_sampler
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.under_sampling.base import BaseCleaningSampler, BaseUnderSampler
from imblearn.utils.estimator_checks import (
    _get_check_estimator_ids,
    _set_checking_parameters,
    check_dataframe_column_names_consistency,
    check_param_validation,
    estimator_checks_generator,
)
from imblearn_suite import sampler_names
from sklearn.utils.estimator_checks import parametrize_with_checks

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "NearMiss": [{"version": 1}, {"version": 2}, {"version": 3}],
    "SMOTENC": [{"categorical_features": [0]}],
    "BorderlineSMOTE": [{"kind": "borderline-1"}, {"kind": "borderline-2"}],
    "EditedNearestNeighbours": [{"kind_sel": "all"}, {"kind_sel": "mode"}],
    "RandomOverSampler": [{}, {"shrinkage": 1.0}],
}

# Checks that a sampler is known to fail, and why; xfail_strict takes them off the list when they pass.
EXPECTED_FAILURES: dict[str, dict[str, str]] = {
    "RandomOverSampler(random_state=42, shrinkage=1.0)": {
        "check_samplers_string": "adds noise, which words have not",
        "check_samplers_nan": "adds noise of the width of a column, which one with NaN has not",
    },
    "NearMiss(version=3)": {
        "check_samplers_fit_resample": "keeps no more rows than are near to one of the smallest class, as imblearn's",
    },
    "SMOTENC": {
        "check_estimators_nan_inf": "fit does not look at values, since NaN may be a category; fit_resample refuses it",
        "check_estimator_sparse_tag": "takes sparse rows though the tag says no, as imblearn's",
        "check_samplers_string": "the check has nothing but words; SMOTENC needs a column of numbers, SMOTEN does not",
    },
}


def samplers() -> list[Any]:
    found = []
    for name in sampler_names():
        for params in VARIANTS.get(name, [{}]):
            sampler = getattr(balance, name)(**params)
            if "random_state" in sampler.get_params():
                sampler.set_params(random_state=0 if name == "KMeansSMOTE" else 42)
            _set_checking_parameters(sampler)  # smaller clusterings, and so on
            found.append(sampler)
    return found


def expected_failures(sampler: Any) -> dict[str, str]:
    return EXPECTED_FAILURES.get(type(sampler).__name__, {}) | EXPECTED_FAILURES.get(repr(sampler), {})


@pytest.mark.filterwarnings("default")
@parametrize_with_checks(samplers(), expected_failed_checks=expected_failures)
def test_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


IMBLEARN = [
    pair
    for sampler in samplers()
    for pair in estimator_checks_generator(sampler, expected_failed_checks=expected_failures(sampler), mark="xfail")
]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("estimator", "check"), IMBLEARN, ids=_get_check_estimator_ids)
def test_imblearn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("sampler", samplers(), ids=repr)
def test_parameters_are_validated(sampler: Any) -> None:
    check_param_validation(type(sampler).__name__, sampler)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("sampler", samplers(), ids=repr)
def test_names_of_columns(sampler: Any) -> None:
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        check_dataframe_column_names_consistency(type(sampler).__name__, sampler)
    assert not [each for each in record if "was fitted without feature names" in str(each.message)]


@pytest.mark.parametrize("name", sampler_names())
def test_imblearn_takes_it_for_its_own(name: str) -> None:
    """Otherwise its checks pass without looking: they begin with ``if isinstance(sampler, BaseOverSampler)``."""
    import imblearn

    theirs = next(
        getattr(package, name)
        for package in (imblearn.over_sampling, imblearn.under_sampling, imblearn.combine)
        if hasattr(package, name)
    )
    mine = getattr(balance, name)(**VARIANTS.get(name, [{}])[0])
    assert is_sampler(mine)
    assert isinstance(mine, theirs)
    for base in (BaseOverSampler, BaseUnderSampler, BaseCleaningSampler):
        assert isinstance(mine, base) == issubclass(theirs, base)


def test_smotenc_refuses_nan_among_numbers() -> None:
    """The check above that it is excused from, asked of what does the work."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    X[:, 0] = np.arange(60) % 3
    X[50, 2] = np.nan
    with pytest.raises(ValueError, match="NaN, first in row 50, column 2"):
        balance.SMOTENC([0]).fit_resample(X, np.repeat([0, 1], [40, 20]))
