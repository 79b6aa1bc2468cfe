# SPDX-License-Identifier: Apache-2.0
"""All that needs scikit-learn, loaded together so that imbalanced-learn is told of every class at once."""

from burnish._extras import needs_extra

with needs_extra("balance"):
    import scipy.sparse  # noqa: F401
    import sklearn.base  # noqa: F401

from burnish.balance._adasyn import ADASYN
from burnish.balance._augment_over_sampler import AugmentOverSampler
from burnish.balance._base import BaseCleaningSampler, BaseOverSampler, BaseSampler, BaseUnderSampler
from burnish.balance._borderline import BorderlineSMOTE
from burnish.balance._cleaning_rule import NeighbourhoodCleaningRule
from burnish.balance._clusters import ClusterCentroids
from burnish.balance._combine import SMOTEENN, SMOTETomek
from burnish.balance._condensed import CondensedNearestNeighbour
from burnish.balance._edited import EditedNearestNeighbours
from burnish.balance._edited_in_rounds import AllKNN, RepeatedEditedNearestNeighbours
from burnish.balance._instance_hardness import InstanceHardnessThreshold
from burnish.balance._kmeans_smote import KMeansSMOTE
from burnish.balance._near_miss import NearMiss
from burnish.balance._one_sided import OneSidedSelection
from burnish.balance._random import RandomOverSampler, RandomUnderSampler
from burnish.balance._recipe import Provenance
from burnish.balance._smote import SMOTE, BaseSMOTE
from burnish.balance._smote_nc import SMOTENC
from burnish.balance._smoten import SMOTEN
from burnish.balance._strategy import Plan
from burnish.balance._svm_smote import SVMSMOTE
from burnish.balance._tomek import TomekLinks

__all__ = [
    "ADASYN",
    "AllKNN",
    "AugmentOverSampler",
    "BaseCleaningSampler",
    "BaseOverSampler",
    "BaseSMOTE",
    "BaseSampler",
    "BaseUnderSampler",
    "BorderlineSMOTE",
    "ClusterCentroids",
    "CondensedNearestNeighbour",
    "EditedNearestNeighbours",
    "InstanceHardnessThreshold",
    "KMeansSMOTE",
    "NearMiss",
    "NeighbourhoodCleaningRule",
    "OneSidedSelection",
    "Plan",
    "Provenance",
    "RandomOverSampler",
    "RandomUnderSampler",
    "RepeatedEditedNearestNeighbours",
    "SMOTE",
    "SMOTEENN",
    "SMOTEN",
    "SMOTENC",
    "SMOTETomek",
    "SVMSMOTE",
    "TomekLinks",
]
