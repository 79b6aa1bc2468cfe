# SPDX-License-Identifier: Apache-2.0
"""What a run found, in words, for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from burnish._improve.proof import AS_IT_IS, Gain, Proof
from burnish._improve.proposals import ACTIONS
from burnish._words import shown

if TYPE_CHECKING:
    from burnish._improve.improve import Improvement

_SHOWN = 5
_MOST_CLASSES = 40
_WHAT = {
    "relabel": "labels that look wrong, with a class that the model is sure of",
    "drop-label": "labels that look wrong, with no other class to be sure of",
    "drop-repeat": "repeats of another image to train on",
    "drop-leak": "images to train on that repeat a held-out one",
    "annotate": "images that a person should look at next",
    "copy": "varied copies, for classes that are rare",
    "interpolate": "rows between features (SMOTE), for classes that are rare",
}


def summary(found: Improvement) -> str:
    """Return lines for a terminal."""
    parts = [found.scan.summary(), _scored(found), _proposed(found)]
    if found.proof is not None:
        parts.append(_proved(found.proof))
    return "\n\n".join(part for part in parts if part)


def _scored(found: Improvement) -> str:
    scores, labels = found.scores, found.images.labels[found.rows]
    right = scores.prediction == labels
    issues = int(np.count_nonzero(scores.issue))
    by = "the predictions that were given agree with"
    if not found.predictions_given:
        by = "a light model that has not seen the image agrees with"
    lines = [
        f"described by: {found.embedding.name}",
        f"{by} {100 * right.mean():.1f} % of {len(right):,} labels",
        f"labels that look wrong: {issues:,} ({100 * issues / max(1, len(right)):.1f} %)",
        f"images that repeat another: {int((scores.repeat_of >= 0).sum()):,}",
    ]
    return "\n".join(lines)


def _proposed(found: Improvement) -> str:
    proposals, ids = found.proposals, found.images.ids
    lines = ["proposed (nothing is changed without --apply):"]
    for action in ACTIONS:
        chosen = proposals.only(action)
        lines.append(f"  {len(chosen):>7,}  {action:<11}  {_WHAT[action]}")
    worst = proposals.only("relabel", "drop-label").take(slice(0, _SHOWN))
    if len(worst):
        lines += ["", "labels to look at first:"]
        for i, reason in zip(worst.sample.tolist(), worst.reason, strict=True):
            lines.append(f"  {shown(ids[i])}: {reason}")
    return "\n".join(lines)


def _proved(proof: Proof) -> str:
    """Return what was measured, as a table and in sentences."""
    before = proof.trial(AS_IT_IS)
    if proof.headline is None or before is None:
        return proof.judged
    target = proof.target
    lines = [proof.judged, "", f"{'':<24}  {target:>18}  {'difference':>10}  {'95 % interval':>18}"]
    for trial in proof.trials:
        values = np.asarray(trial.measures[target], np.float64)
        line = f"{trial.name:<24}  {_value(values):>18}"
        if target in trial.gains:
            line += _gain(trial.gains[target])
        lines.append(line.rstrip())
    return "\n".join([*lines, "", *proof.conclusions()])


def _value(values: npt.NDArray[np.float64]) -> str:
    spread = f" ({values.std(ddof=1):.4f})" if len(values) > 1 else ""
    return f"{values.mean():.4f}{spread}"


def _gain(gain: Gain) -> str:
    interval = f"{gain.low:+.4f} to {gain.high:+.4f}" if math.isfinite(gain.low) else "-"
    return f"  {gain.mean:>+10.4f}  {interval:>18}  {gain.verdict}"
