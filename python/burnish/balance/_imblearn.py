# SPDX-License-Identifier: Apache-2.0
"""imbalanced-learn counts our samplers among its own, if the program has imported it; it is never imported here."""

from __future__ import annotations

import sys

# Its classes, by module; each of ours has the same name.
_COUNTERPARTS = {
    "imblearn.base": ("BaseSampler",),
    "imblearn.over_sampling.base": ("BaseOverSampler",),
    "imblearn.under_sampling.base": ("BaseUnderSampler", "BaseCleaningSampler"),
    "imblearn.over_sampling._smote.base": ("BaseSMOTE",),
    "imblearn.over_sampling": (
        "SMOTE",
        "BorderlineSMOTE",
        "SVMSMOTE",
        "KMeansSMOTE",
        "ADASYN",
        "SMOTENC",
        "SMOTEN",
        "RandomOverSampler",
    ),
    "imblearn.under_sampling": (
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
    ),
    "imblearn.combine": ("SMOTEENN", "SMOTETomek"),
}

_done_for: set[int] = set()


def register_samplers() -> None:
    """Let ``isinstance(ours, theirs)`` hold for every pair; called whenever a sampler is made, and cheap."""
    last = sys.modules.get("imblearn.combine")
    if last is None or id(last) in _done_for or not hasattr(last, "SMOTETomek"):
        return
    from burnish.balance import _samplers  # all classes, where unpickling has loaded a single one

    for module_name, names in _COUNTERPARTS.items():
        module = sys.modules.get(module_name)
        for name in names:
            ours, theirs = getattr(_samplers, name), getattr(module, name, None)
            # A class that a program has put in place of theirs (ours, even) needs no registration.
            if theirs is not None and hasattr(theirs, "register") and not issubclass(ours, theirs):
                theirs.register(ours)
    _done_for.add(id(last))
    _register_once()


def _register_once() -> None:
    """Take out the second entry that imbalanced-learn adds to scikit-learn's list of methods."""
    from sklearn.utils import _metadata_requests

    for methods in (_metadata_requests.METHODS, _metadata_requests.SIMPLE_METHODS):
        while methods.count("fit_resample") > 1:
            methods.remove("fit_resample")
