# SPDX-License-Identifier: Apache-2.0
"""How labels are checked today, and by burnish."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from burnish import quality
from contest import Work
from timing import optional

LIBRARIES = ("numpy", "cleanlab", "torch", "sklearn")

# Imported where they are first used, so that cleanlab's half second is not everyone's.


@dataclass(frozen=True)
class Inputs:
    """What all contenders of a workload are given."""

    labels: Any  # (n,) int64
    probs: Any  # (n, c) float32


def cleanlab(module: str) -> Any:
    return optional(f"cleanlab.{module}")


# ---- scores ----


def our_scores(*names: str) -> Any:
    return lambda inputs: Work(lambda: quality.label_scores(labels=inputs.labels, probs=inputs.probs, which=names))


def our_scores_into(*names: str) -> Any:
    def prepare(inputs: Inputs) -> Work:
        out = {name: np.ones(len(inputs.labels), np.float32) for name in names}
        return Work(lambda: quality.label_scores(labels=inputs.labels, probs=inputs.probs, which=names, out=out))

    return prepare


def their_scores(*names: str) -> Any:
    def prepare(inputs: Inputs) -> Work:
        rank = cleanlab("rank")
        return Work(
            lambda: {name: rank.get_label_quality_scores(inputs.labels, inputs.probs, method=name) for name in names}
        )

    return prepare


def numpy_scores(*names: str) -> Any:
    """Without any check."""

    def call(inputs: Inputs) -> dict[str, Any]:
        rows, found = np.arange(len(inputs.labels)), {}
        own = inputs.probs[rows, inputs.labels]
        if "self_confidence" in names:
            found["self_confidence"] = own
        if "normalized_margin" in names:
            others = inputs.probs.copy()
            others[rows, inputs.labels] = -1
            found["normalized_margin"] = (own - others.max(axis=1) + 1) / 2
        if "confidence_weighted_entropy" in names:
            logs = np.log(np.maximum(inputs.probs, 1e-30))
            x = -(inputs.probs * logs).sum(axis=1) / np.log(inputs.probs.shape[1]) / own
            found["confidence_weighted_entropy"] = np.log1p(x) / x
        return found

    return lambda inputs: Work(lambda: call(inputs))


# ---- issues ----


def our_issues(filter_by: str) -> Any:
    return lambda inputs: Work(
        lambda: quality.find_label_issues(inputs.labels, probs=inputs.probs, filter_by=filter_by).mask
    )


def their_issues(filter_by: str) -> Any:
    def prepare(inputs: Inputs) -> Work:
        find = cleanlab("filter").find_label_issues

        def call() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return find(inputs.labels, inputs.probs, filter_by=filter_by, n_jobs=1)

        return Work(call)

    return prepare


def their_batches(inputs: Inputs) -> Work:
    """cleanlab's way for data that do not fit: it takes the lowest self-confidence, as many as it counts issues."""
    find = cleanlab("experimental.label_issues_batched").find_label_issues_batched

    def call() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            indices = find(labels=inputs.labels, pred_probs=inputs.probs, batch_size=10_000, n_jobs=1, verbose=False)
        mask = np.zeros(len(inputs.labels), bool)
        mask[indices] = True
        return mask

    return Work(call)
