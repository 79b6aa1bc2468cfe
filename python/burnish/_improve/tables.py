# SPDX-License-Identifier: Apache-2.0
"""What a run found, as pandas tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from burnish._extras import needs_extra
from burnish._improve.findings import findings_of
from burnish._improve.proof import ALL, AS_IT_IS
from burnish._improve.table import scores_table

if TYPE_CHECKING:
    from burnish._improve.improve import Improvement


def frame(name: str, found: Improvement) -> Any:
    """Return the table "scores", "proposals" or "classes" as a pandas.DataFrame."""
    with needs_extra("demo"):
        import pandas as pd
    if name == "scores":
        return scores_table(found.images, found.scan, found.scores, found.rows, proposals=found.proposals).to_pandas()
    return pd.DataFrame({"proposals": _proposals, "classes": _classes}[name](found))


def _proposals(found: Improvement) -> dict[str, Any]:
    proposals, images = found.proposals, found.images
    names, ids = (*images.names, None), (*images.ids, None)
    return {
        "id": [ids[i] for i in proposals.sample],
        "action": proposals.action,
        "reason": proposals.reason,
        "label": [names[i] for i in images.labels[proposals.sample]],
        "to": [names[i] for i in proposals.to],
        "other": [ids[i] for i in proposals.other],
        "score": proposals.score,
        "number": proposals.number,
    }


def _classes(found: Improvement) -> dict[str, Any]:
    before, after, copies = findings_of(found).class_counts()
    columns: dict[str, Any] = {"class": found.images.names, "images": before, "images_after": after, "copies": copies}
    scores, labels = found.scores, found.images.labels[found.rows]
    sizes = np.maximum(1, np.bincount(labels, minlength=len(before)))
    columns["hardness"] = np.bincount(labels, scores.entropy, minlength=len(before)) / sizes
    columns["issues"] = np.bincount(labels, scores.issue, minlength=len(before)).astype(np.int64)
    if found.proof is not None:
        for name, trial in (("recall", AS_IT_IS), ("recall_after", ALL)):
            of_trial = found.proof.trial(trial)
            if of_trial is not None:
                columns[name] = of_trial.mean_recall()
    return columns
