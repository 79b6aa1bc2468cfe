# SPDX-License-Identifier: Apache-2.0
"""The samplers, and data for them, that the tests of this folder share."""

from __future__ import annotations

from typing import Any

import numpy as np
from burnish import balance

# Parameters that make the data below do.
PARAMETERS: dict[str, dict[str, Any]] = {
    "SMOTE": {},
    "BorderlineSMOTE": {},
    "SVMSMOTE": {},
    "KMeansSMOTE": {"kmeans_estimator": 3, "cluster_balance_threshold": 0.05},
    "ADASYN": {},
    "SMOTENC": {"categorical_features": [0]},
    "SMOTEN": {},
    "RandomOverSampler": {},
    "RandomUnderSampler": {},
    "NearMiss": {},
    "TomekLinks": {},
    "EditedNearestNeighbours": {},
    "RepeatedEditedNearestNeighbours": {},
    "AllKNN": {},
    "CondensedNearestNeighbour": {},
    "OneSidedSelection": {},
    "NeighbourhoodCleaningRule": {},
    "ClusterCentroids": {},
    "SMOTEENN": {},
    "SMOTETomek": {},
}
INTERPOLATING = ("SMOTE", "BorderlineSMOTE", "SVMSMOTE", "KMeansSMOTE", "ADASYN")
SYNTHETIC = (*INTERPOLATING, "SMOTENC", "SMOTEN")


def make(name: str, **parameters: Any) -> Any:
    """Return a sampler with a seed, if it takes one."""
    sampler = getattr(balance, name)(**{**PARAMETERS[name], **parameters})
    return sampler.set_params(random_state=0) if "random_state" in sampler.get_params() else sampler


def three_classes(dtype: str = "float64") -> tuple[Any, Any]:
    """Overlapping classes of 120, 50 and 30 rows; the first of 5 columns has few values."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [120, 50, 30])
    X = 2 * rng.normal(size=(200, 5)) + y[:, np.newaxis]
    X[:, 0] = np.rint(X[:, 0] / 3)
    order = rng.permutation(200)
    X = X * 100 if np.dtype(dtype).kind == "i" else X
    return X[order].astype(dtype), y[order]
