# SPDX-License-Identifier: Apache-2.0
"""Label scores and cleanlab's filters in plain NumPy float64, row by row where that is easier to read.

`probs` is (N, C), rows sum to 1, `labels` (N,). Ties go to the lowest index.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def of_label(probs: Array, labels: Array) -> Array:
    return np.array([row[label] for row, label in zip(probs, labels, strict=True)])


def of_others(probs: Array, labels: Array) -> Array:
    return np.array([np.delete(row, label).max(initial=0) for row, label in zip(probs, labels, strict=True)])


def scores(probs: Array, labels: Array) -> dict[str, Array]:
    """Every label score."""
    own, other = of_label(probs, labels), of_others(probs, labels)
    terms = probs * np.log(np.where(probs > 0, probs, 1))
    entropy = -terms.sum(axis=1)
    sign = np.where(probs.argmax(axis=1) == labels, -1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = entropy / np.log(probs.shape[1]) / own
        weighted = np.where(x > 0, np.log1p(x) / x, 1.0)
        margin = np.log(own) - np.log(other)
    return {
        "self_confidence": own,
        "normalized_margin": (own - other + 1) / 2,
        "confidence_weighted_entropy": np.where(own == 0, 0.0, np.where(np.isinf(x), 0.0, weighted)),
        "logit_margin": margin,
        "mistakenness": (sign * np.exp(-entropy) + 1) / 2,
        "confidence_mistakenness": (sign * probs.max(axis=1) + 1) / 2,
    }


def thresholds(probs: Array, labels: Array) -> Array:
    classes = range(probs.shape[1])
    return np.array([max(probs[labels == k, k].mean(), 2e-6) if (labels == k).any() else 2.0 for k in classes])


def guesses(probs: Array, labels: Array) -> Array:
    """The class of which the model is confident, -1 where of none."""
    found = []
    limits = thresholds(probs, labels)
    for row in probs:
        confident = np.flatnonzero(row >= limits - 1e-6)
        found.append(-1 if len(confident) == 0 else confident[0] if len(confident) == 1 else row.argmax())
    return np.array(found, dtype=np.int64)


def raw_joint(probs: Array, labels: Array) -> Array:
    joint = np.zeros((probs.shape[1],) * 2, dtype=np.int64)
    for label, guess in zip(labels, guesses(probs, labels), strict=True):
        if guess >= 0:
            joint[label, guess] += 1
    for k in range(len(joint)):
        joint[k, k] = max(joint[k, k], 1)
    return joint


def rounded(row: Array) -> Array:
    """Whole numbers of the same sum; of equals the last is raised first, the first lowered first."""
    whole = np.rint(row)
    while (missing := int(np.rint(row.sum()) - whole.sum())) != 0:
        places = sorted(range(len(row)), key=lambda i: (row[i] - whole[i], i))
        for i in places[::-1][:missing] if missing > 0 else places[:-missing]:
            whole[i] += 1 if missing > 0 else -1
    return whole.astype(np.int64)


def joint(probs: Array, labels: Array) -> Array:
    """Calibrated."""
    counts = np.bincount(labels, minlength=probs.shape[1])
    raw = raw_joint(probs, labels)
    scaled = raw / raw.sum(axis=1, keepdims=True) * counts[:, None]
    return np.array([rounded(row) for row in scaled / scaled.sum() * len(labels)])


def agrees(probs: Array, labels: Array) -> Array:
    raised = probs.copy()
    raised[np.arange(len(labels)), labels] += 1e-6
    return raised.argmax(axis=1) == labels


def issues(probs: Array, labels: Array, filter_by: str) -> Array:
    """Mask of the samples that a filter flags; every class needs two samples or more."""
    n = len(labels)
    spared = agrees(probs, labels)
    confident = guesses(probs, labels)
    off_diagonal = (confident >= 0) & (confident != labels) & ~spared
    if filter_by == "confident_learning":
        return off_diagonal
    if filter_by == "predicted_neq_given":
        return (probs.argmax(axis=1) != labels) & ~spared
    mask = np.zeros(n, dtype=bool)
    if filter_by.startswith("low_"):
        key = scores(probs, labels)[filter_by.removeprefix("low_")]
        mask[np.argsort(key, kind="stable")[: off_diagonal.sum()]] = True
        return mask
    counts = joint(probs, labels)
    for k, row in enumerate(counts):
        if row[k] == 0:  # one sample stays in each class, and the errors share the loss
            row[:] = np.maximum(row - 1 / max(np.count_nonzero(row) - 1, 1), 0).astype(int)
            row[k] = 1
    by_class, by_rate = mask.copy(), mask.copy()
    for k in range(len(counts)):
        rows = np.flatnonzero(labels == k)
        if len(rows) <= 1:
            continue
        number = max(0, len(rows) - counts[k, k])
        by_class[rows[np.argsort(probs[rows, k], kind="stable")[:number]]] = True
        for j in range(len(counts)):
            if j != k:
                lead = probs[rows, j] - probs[rows, k]
                by_rate[rows[np.argsort(-lead, kind="stable")[: counts[k, j]]]] = True
    chosen = {"prune_by_class": by_class, "prune_by_noise_rate": by_rate, "both": by_class & by_rate}
    return chosen[filter_by] & ~spared
