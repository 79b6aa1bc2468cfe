# SPDX-License-Identifier: Apache-2.0
"""How hard a sample is for a model, from its logits, in one native pass.

Every score takes logits (N, C), or probabilities with ``probs=``, of NumPy, torch (CPU or CUDA) or anything that speaks
DLPack, and returns arrays of the same library on the same device. Hardness finds samples that a model is unsure about.
It does not find wrong labels: on CIFAR-10 with human label errors (9 %), entropy ranks them with an AUROC of 0.72, the
`logit_margin` of the given label with 0.98.
"""

from burnish.hardness._accumulator import Accumulator
from burnish.hardness._batch import BatchDependenceWarning, batch_dependent
from burnish.hardness._scores import (
    correct,
    cross_entropy,
    el2n,
    energy,
    entropy,
    least_confidence,
    logit_margin,
    margin,
    max_probability,
    normalized_entropy,
    perplexity,
    predictions,
    rank_of_label,
    scores,
)
from burnish.hardness._selection import (
    ClassTable,
    by_class,
    hardest,
    identify_uncertain_examples,
    select,
    uncertain,
)

__all__ = [
    "scores",
    "entropy",
    "normalized_entropy",
    "margin",
    "least_confidence",
    "max_probability",
    "energy",
    "perplexity",
    "cross_entropy",
    "el2n",
    "logit_margin",
    "correct",
    "rank_of_label",
    "predictions",
    "hardest",
    "uncertain",
    "identify_uncertain_examples",
    "by_class",
    "ClassTable",
    "select",
    "Accumulator",
    "batch_dependent",
    "BatchDependenceWarning",
]
