# SPDX-License-Identifier: Apache-2.0
"""Estimators among estimators: clone, pickle, tags, metadata, pipelines, with imbalanced-learn and without."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest
import sklearn
from burnish import balance
from samplers_data import PARAMETERS, make, three_classes
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils import get_tags

X, Y = three_classes()


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", PARAMETERS)
def test_clone_and_pickle(name: str) -> None:
    sampler = make(name)
    expected = sampler.fit_resample(X, Y)
    for other in (clone(sampler), pickle.loads(pickle.dumps(sampler))):
        assert other.get_params().keys() == sampler.get_params().keys()
        found = other.fit_resample(X, Y)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("name", PARAMETERS)
def test_tags_and_names(name: str) -> None:
    sampler = make(name)
    tags = get_tags(sampler)
    assert tags.estimator_type == sampler._estimator_type == "sampler"
    assert tags.input_tags.dataframe
    sampler.fit_resample(X, Y)
    assert hasattr(sampler, "sample_indices_") is tags.sampler_tags.sample_indices
    assert sampler.get_feature_names_out().tolist() == ["x0", "x1", "x2", "x3", "x4"]
    assert sampler.n_features_in_ == 5
    pd = pytest.importorskip("pandas")
    sampler.fit_resample(pd.DataFrame(X, columns=list("abcde")), Y)
    assert sampler.feature_names_in_.tolist() == list("abcde")
    sampler.fit(X, Y)
    assert not hasattr(sampler, "feature_names_in_")


def test_metadata_can_be_routed() -> None:
    class Weighted(balance.SMOTE):
        def _resample(self, given: Any, sample_weight: Any = None) -> Any:
            self.seen = sample_weight
            return super()._resample(given)

        def fit_resample(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
            return super().fit_resample(X, y, sample_weight=sample_weight)

    with sklearn.config_context(enable_metadata_routing=True):
        sampler = Weighted(random_state=0).set_fit_resample_request(sample_weight=True)
        assert sampler.get_metadata_routing().fit_resample.requests == {"sample_weight": True}
        sampler.fit_resample(X, Y, sample_weight=np.arange(200))
        assert len(sampler.seen) == 200
        imblearn = pytest.importorskip("imblearn.pipeline")
        pipeline = imblearn.make_pipeline(sampler, LogisticRegression().set_fit_request(sample_weight=False))
        pipeline.fit(X, Y, sample_weight=np.arange(200))


def test_pipelines_of_imbalanced_learn() -> None:
    pipeline = pytest.importorskip("imblearn.pipeline")
    combine = pytest.importorskip("imblearn.combine")
    over = pytest.importorskip("imblearn.over_sampling")
    for name in ("SMOTE", "RandomUnderSampler", "EditedNearestNeighbours"):
        model = pipeline.make_pipeline(make(name), LogisticRegression(max_iter=1000)).fit(X, Y)
        assert model.predict(X).shape == (200,)
        expected = make(name).fit_resample(X, Y)
        found = pipeline.Pipeline([("sampler", make(name))]).fit_resample(X, Y)
        np.testing.assert_array_equal(found[0], expected[0])
    # Their combined sampler takes ours, and ours takes theirs.
    theirs = combine.SMOTEENN(
        smote=balance.SMOTE(random_state=0), enn=balance.EditedNearestNeighbours(sampling_strategy="all")
    )
    ours = balance.SMOTEENN(smote=over.SMOTE(random_state=0))
    expected = make("SMOTEENN").fit_resample(X, Y)
    for sampler in (theirs, ours):
        np.testing.assert_array_equal(sampler.fit_resample(X, Y)[0], expected[0])


@pytest.mark.parametrize("first", ["imblearn", "burnish.balance"])
def test_they_count_ours_among_theirs(first: str) -> None:
    pytest.importorskip("imblearn")
    code = f"""
        import {first}
        from burnish import balance
        early = balance.SMOTE()
        import imblearn.over_sampling as over, imblearn.under_sampling as under, imblearn.combine as combine
        from imblearn.base import BaseSampler, is_sampler
        from imblearn.over_sampling.base import BaseOverSampler
        from imblearn.under_sampling.base import BaseCleaningSampler, BaseUnderSampler
        from sklearn.utils import _metadata_requests as requests
        late = balance.SMOTE()
        assert isinstance(early, over.SMOTE) and isinstance(late, BaseOverSampler) and is_sampler(late)
        assert isinstance(balance.NearMiss(), BaseUnderSampler) and not isinstance(late, BaseUnderSampler)
        assert isinstance(balance.TomekLinks(), BaseCleaningSampler)
        for module in (over, under, combine):
            for name in module.__all__:
                assert issubclass(getattr(balance, name), getattr(module, name)), name
        assert requests.METHODS.count("fit_resample") == requests.SIMPLE_METHODS.count("fit_resample") == 1
        print("ok")
    """
    assert run(code) == "ok"


def test_imbalanced_learn_is_never_imported() -> None:
    code = """
        import sys, warnings
        import numpy as np
        from burnish import balance
        X, y = np.random.default_rng(0).normal(size=(60, 3)), np.repeat([0, 1], [40, 20])
        for name in balance.__all__:
            sampler = getattr(balance, name)
            if hasattr(sampler, "fit_resample") and name not in ("SMOTENC", "AugmentOverSampler", "KMeansSMOTE"):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    sampler().fit_resample(X, y)
        print("imblearn" in sys.modules, "torch" in sys.modules)
    """
    assert run(code) == "False False"


def test_without_scikit_learn() -> None:
    code = """
        import sys
        sys.modules["sklearn"] = sys.modules["scipy"] = None
        from burnish import balance
        y = [0, 0, 0, 1]
        print(balance.class_weight(y)[1], balance.sample_weight(y)[3], len(list(balance.balanced_batches(y, 2, 0))))
        print(balance.interpolate([[0.0], [1.0]], [0], [1], [0.5]), len(balance.BalancedBatchSampler(y, 2)))
        try:
            from burnish.balance import SMOTE
        except ImportError as error:
            print(error)
    """
    found = run(code)
    assert found.startswith("2.0 2.0 2\n[[0.5]] 2\n")
    assert "comes with pip install 'burnish[balance]'" in found


def test_a_sampler_that_is_unpickled_first_tells_of_all() -> None:
    pytest.importorskip("imblearn")
    code = f"""
        import imblearn.combine, imblearn.over_sampling as over, imblearn.under_sampling as under, pickle
        assert isinstance(pickle.loads({pickle.dumps(balance.SMOTE())!r}), over.SMOTE)
        from burnish import balance
        assert issubclass(balance.NearMiss, under.NearMiss)
        print("ok")
    """
    assert run(code) == "ok"


def test_import_of_burnish_is_light() -> None:
    assert run("import sys, burnish; print('sklearn' in sys.modules, 'scipy' in sys.modules)") == "False False"
