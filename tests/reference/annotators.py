# SPDX-License-Identifier: Apache-2.0
"""Majority votes and CROWDLAB (arXiv 2210.06812, section 3), item by item in plain Python and NumPy float64.

`labels` is (n, annotators) with -1 for none, `probs` (n, classes).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
LEAST = 1e-6


def majority(labels: Array, probs: Array | None = None) -> Array:
    given = labels[labels >= 0]
    frequency = np.bincount(given, minlength=1 if probs is None else probs.shape[1])
    found = []
    for i, row in enumerate(labels):
        votes = row[row >= 0]
        rank = [
            (-int((votes == c).sum()), 0.0 if probs is None else -float(probs[i, c]), -int(frequency[c]), int(c))
            for c in np.unique(votes)
        ]
        found.append(min(rank)[-1] if rank else -1)
    return np.array(found, dtype=np.int64)


def consensus(labels: Array, probs: Array) -> dict[str, Any]:
    probs = probs / probs.sum(axis=1, keepdims=True)
    n, annotators = labels.shape
    counts = (labels >= 0).sum(axis=1)
    start = majority(labels, probs)
    start[counts == 0] = probs.argmax(axis=1)[counts == 0]
    post, _ = posterior(labels, probs, start)
    best = np.array([p.argmax() if (p == p.max()).sum() == 1 else start[i] for i, p in enumerate(post)])
    post, weights = posterior(labels, probs, best)
    shared = counts > 1
    quality, agreed = np.full(annotators, np.nan), np.full(annotators, np.nan)
    active = [a for a in range(annotators) if (labels[:, a] >= 0).any()]
    others = sum(weights["annotators"][a] for a in active) * counts[counts > 0].mean() / len(active)
    of_model = weights["model"] / (weights["model"] + others)
    for a in active:
        own = np.flatnonzero(labels[:, a] >= 0)
        mean = post[own, labels[own, a]].mean()
        own = own[shared[own]]
        agreed[a] = (labels[own, a] == best[own]).mean() if len(own) else np.nan
        quality[a] = of_model * mean + (1 - of_model) * agreed[a] if len(own) else mean
    with np.errstate(invalid="ignore"):
        agreement = (labels == best[:, None]).sum(axis=1) / counts
    return {
        "labels": best,
        "quality": post[np.arange(n), best],
        "agreement": agreement,
        "num_annotations": counts,
        "annotator_quality": quality,
        "annotator_weight": np.array([w if a in active else np.nan for a, w in enumerate(weights["annotators"])]),
        "annotator_agreement": agreed,
        "model_weight": weights["model"],
    }


def posterior(labels: Array, probs: Array, label: Array) -> tuple[Array, dict[str, Any]]:
    """Probabilities by model and annotators, as the agreement with `label` weighs them."""
    n, annotators = labels.shape
    classes = probs.shape[1]
    counts = (labels >= 0).sum(axis=1)
    shared = np.flatnonzero(counts > 1)
    likelihood = np.mean([(labels[i] == label[i]).sum() / counts[i] for i in shared])
    naive = max(1 - np.bincount(label[shared]).max() / len(shared), LEAST)
    agreements = []
    for a in range(annotators):
        own = [i for i in shared if labels[i, a] >= 0]
        met = sum(counts[i] - 1 for i in own)
        agreements.append(sum((labels[i] == labels[i, a]).sum() - 1 for i in own) / met if met else np.nan)
    agreements = np.where(np.isnan(agreements), np.nanmean(agreements), agreements)
    weight = np.maximum(1 - (1 - agreements) / naive, LEAST)
    errors = (probs[shared].argmax(axis=1) != label[shared]).mean()
    model = max(1 - errors / naive, LEAST) * np.sqrt(counts[counts > 0].mean())
    post = np.empty_like(probs)
    for i in range(n):
        total, sums = model, model * probs[i]
        for a in range(annotators):
            if labels[i, a] >= 0:
                one = np.full(classes, (1 - likelihood) / (classes - 1))
                one[labels[i, a]] = likelihood
                total, sums = total + weight[a], sums + weight[a] * one
        post[i] = sums / total
    return post, {"model": model, "annotators": weight}
