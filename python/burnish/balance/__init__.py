# SPDX-License-Identifier: Apache-2.0
"""Make the classes of a training set even: imbalanced-learn's samplers on burnish's neighbors, weights, and batches.

The samplers are scikit-learn estimators with the parameters, fitted attributes and, for the same `random_state`, the
rows of imbalanced-learn 0.14, and work in its pipelines. ``fit_resample(X, y)`` takes NumPy, pandas, SciPy sparse,
torch and lists, and gives back the same kind and dtype.

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

from burnish._extras import needs_extra

with needs_extra("balance"):
    import scipy.sparse  # noqa: F401
    import sklearn.base  # noqa: F401

from burnish.balance._adasyn import ADASYN
from burnish.balance._augment_over_sampler import AugmentOverSampler
from burnish.balance._batches import BalancedBatchSampler, balanced_batches
from burnish.balance._borderline import BorderlineSMOTE
from burnish.balance._cleaning_rule import NeighbourhoodCleaningRule
from burnish.balance._clusters import ClusterCentroids
from burnish.balance._combine import SMOTEENN, SMOTETomek
from burnish.balance._condensed import CondensedNearestNeighbour
from burnish.balance._edited import EditedNearestNeighbours
from burnish.balance._edited_in_rounds import AllKNN, RepeatedEditedNearestNeighbours
from burnish.balance._instance_hardness import InstanceHardnessThreshold
from burnish.balance._interpolate import interpolate
from burnish.balance._kmeans_smote import KMeansSMOTE
from burnish.balance._near_miss import NearMiss
from burnish.balance._one_sided import OneSidedSelection
from burnish.balance._random import RandomOverSampler, RandomUnderSampler
from burnish.balance._recipe import Provenance
from burnish.balance._smote import SMOTE
from burnish.balance._smote_nc import SMOTENC
from burnish.balance._smoten import SMOTEN
from burnish.balance._strategy import Plan
from burnish.balance._svm_smote import SVMSMOTE
from burnish.balance._tomek import TomekLinks
from burnish.balance._weights import class_weight, sample_weight

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
