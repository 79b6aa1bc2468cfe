# SPDX-License-Identifier: Apache-2.0
"""Make the classes of a training set even: imbalanced-learn's samplers on burnish's neighbors, weights, and batches.

The samplers are scikit-learn estimators with the parameters, fitted attributes and, for the same `random_state`, the
rows of imbalanced-learn 0.14, and work in its pipelines. ``fit_resample(X, y)`` takes NumPy, pandas, SciPy sparse,
torch and lists, and gives back the same kind and dtype. They need scikit-learn; weights, batches and `interpolate` need
NumPy only.

Before you resample
-------------------
- Weights do what most resampling does and cost nothing: `class_weight`, `sample_weight`. So does moving the decision
  threshold. With boosted trees or a tuned threshold no over-sampler was better than that over 73 data sets (Elor and
  Averbuch-Elor, arXiv:2201.08528), and SMOTE no better than repeating rows.
- Resampling spoils predicted probabilities: risks come out too high, and recalibration does not always repair it (van
  den Goorbergh et al., 2022; Carriero et al., arXiv:2404.19494). For random under-sampling the shift can be undone
  exactly; for SMOTE it cannot (arXiv:2606.29720).
- SMOTE helps weak learners on few features. With many features, or with pixels, the lines between rows leave the data;
  interpolate embeddings instead, or vary images with `AugmentOverSampler`. With a fixed number of neighbors and much
  data it repeats the rows it has (Sakho, Malherbe and Scornet, arXiv:2402.03819).
- Resample the training part only, after the split. A synthetic row tells of two rows, which `provenance_` names: keep
  all three in one fold.
- Under-sampling throws away data: for speed, not for accuracy.
"""

from typing import TYPE_CHECKING, Any

from burnish.balance._batches import BalancedBatchSampler, balanced_batches
from burnish.balance._interpolate import interpolate
from burnish.balance._weights import class_weight, sample_weight

if TYPE_CHECKING:
    from burnish.balance._samplers import (
        ADASYN,
        SMOTE,
        SMOTEENN,
        SMOTEN,
        SMOTENC,
        SVMSMOTE,
        AllKNN,
        AugmentOverSampler,
        BorderlineSMOTE,
        ClusterCentroids,
        CondensedNearestNeighbour,
        EditedNearestNeighbours,
        InstanceHardnessThreshold,
        KMeansSMOTE,
        NearMiss,
        NeighbourhoodCleaningRule,
        OneSidedSelection,
        Plan,
        Provenance,
        RandomOverSampler,
        RandomUnderSampler,
        RepeatedEditedNearestNeighbours,
        SMOTETomek,
        TomekLinks,
    )

__all__ = [
    "SMOTE",
    "BorderlineSMOTE",
    "SVMSMOTE",
    "KMeansSMOTE",
    "ADASYN",
    "SMOTENC",
    "SMOTEN",
    "RandomOverSampler",
    "RandomUnderSampler",
    "NearMiss",
    "TomekLinks",
    "EditedNearestNeighbours",
    "RepeatedEditedNearestNeighbours",
    "AllKNN",
    "CondensedNearestNeighbour",
    "OneSidedSelection",
    "NeighbourhoodCleaningRule",
    "InstanceHardnessThreshold",
    "ClusterCentroids",
    "SMOTEENN",
    "SMOTETomek",
    "AugmentOverSampler",
    "class_weight",
    "sample_weight",
    "balanced_batches",
    "BalancedBatchSampler",
    "interpolate",
    "Provenance",
    "Plan",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from burnish.balance import _samplers

        return getattr(_samplers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
