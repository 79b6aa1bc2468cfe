# SPDX-License-Identifier: Apache-2.0
"""Which labels are wrong, which samples repeat, which are missing.

On predictions: `label_scores` and each of them by itself, `find_label_issues`, `num_label_issues`, and what they rest
on: `class_thresholds`, `confident_joint`, `noise_rates`. For shards `LabelIssueAccumulator`, for very many classes
`TopK`.
On embeddings: `near_duplicates`, `leaks`, `uniqueness`, `representativeness`, `outliers`, `coreset`, and `sample` for
what to annotate next. Over the epochs of a training: `DynamicsRecorder`. With several annotators: `majority`,
`consensus`, `agreement`.

All take NumPy arrays and torch tensors, on a CPU or a GPU. Label scores (without ``adjust``), `uniqueness`, `outliers`
and what `DynamicsRecorder` records are computed on the GPU; everything else reads CUDA tensors through the host. Where
CPU tensors yield tensors, CUDA tensors yield them on their own device.
"""

from burnish.quality._accumulator import LabelIssueAccumulator
from burnish.quality._agreement import agreement
from burnish.quality._annotators import Consensus, consensus, majority
from burnish.quality._coreset import coreset
from burnish.quality._dynamics import Dynamics, DynamicsRecorder
from burnish.quality._issues import find_label_issues, num_label_issues
from burnish.quality._joint import InvalidRowsWarning, NoiseRates, class_thresholds, confident_joint, noise_rates
from burnish.quality._leaks import Leaks, leaks
from burnish.quality._near_duplicates import NearDuplicates, near_duplicates
from burnish.quality._outliers import outliers
from burnish.quality._representativeness import representativeness
from burnish.quality._result import LabelIssues
from burnish.quality._sample import sample
from burnish.quality._scores import (
    confidence_weighted_entropy,
    label_scores,
    logit_margin,
    mistakenness,
    normalized_margin,
    self_confidence,
)
from burnish.quality._topk import TopK
from burnish.quality._uniqueness import uniqueness

__all__ = [
    "label_scores",
    "self_confidence",
    "normalized_margin",
    "confidence_weighted_entropy",
    "logit_margin",
    "mistakenness",
    "find_label_issues",
    "LabelIssues",
    "num_label_issues",
    "class_thresholds",
    "confident_joint",
    "noise_rates",
    "NoiseRates",
    "LabelIssueAccumulator",
    "InvalidRowsWarning",
    "TopK",
    "near_duplicates",
    "NearDuplicates",
    "leaks",
    "Leaks",
    "uniqueness",
    "representativeness",
    "outliers",
    "coreset",
    "sample",
    "DynamicsRecorder",
    "Dynamics",
    "majority",
    "consensus",
    "Consensus",
    "agreement",
]
