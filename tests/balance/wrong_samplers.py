# SPDX-License-Identifier: Apache-2.0
"""Samplers that are slightly wrong: imbalanced-learn's tests must refuse each, or running them proves nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from imblearn import over_sampling, under_sampling


class SMOTE(over_sampling.SMOTE):
    """Its new rows are off by a thousandth."""

    def _fit_resample(self, X: Any, y: Any) -> Any:
        X_new, y_new = super()._fit_resample(X, y)
        if isinstance(X_new, np.ndarray) and X_new.dtype.kind == "f":
            X_new[len(y) :] += 1e-3
        return X_new, y_new


class RandomUnderSampler(under_sampling.RandomUnderSampler):
    """It draws from another seed."""

    def _fit_resample(self, X: Any, y: Any) -> Any:
        given = self.random_state
        self.random_state = given + 1 if isinstance(given, int) else given
        try:
            return super()._fit_resample(X, y)
        finally:
            self.random_state = given


class TomekLinks(under_sampling.TomekLinks):
    """It removes nothing."""

    @staticmethod
    def is_tomek(y: Any, nn_index: Any, class_type: Any) -> Any:
        return np.zeros(len(y), dtype=bool)
