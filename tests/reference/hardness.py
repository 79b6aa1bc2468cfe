# SPDX-License-Identifier: Apache-2.0
"""Every score of `burnish.hardness` in plain NumPy float64, as a textbook writes it.

`logits` and `probs` are (N, C), `labels` (N,), results (N,). These functions take well-formed rows; `scores` at the end
adds what happens to the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


# ---- distributions ----


def log_softmax(logits: Array) -> Array:
    """ln p_c = z_c - ln sum_k exp(z_k), the largest logit taken out first so that nothing overflows."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(logits: Array) -> Array:
    return np.exp(log_softmax(logits))


def normalized(probs: Array) -> Array:
    return probs / probs.sum(axis=1, keepdims=True)


# ---- scores of a distribution p, whose rows sum to 1 ----


def entropy(p: Array) -> Array:
    log_p = np.log(np.where(p > 0, p, 1.0))  # 0 ln 0 counts as 0
    return -(p * log_p).sum(axis=1)


def normalized_entropy(p: Array) -> Array:
    classes = p.shape[1]
    return entropy(p) / np.log(classes) if classes > 1 else entropy(p)


def perplexity(p: Array) -> Array:
    return np.exp(entropy(p))


def max_probability(p: Array) -> Array:
    return p.max(axis=1)


def least_confidence(p: Array) -> Array:
    return 1.0 - p.max(axis=1)


def margin(p: Array) -> Array:
    if p.shape[1] == 1:
        return p[:, 0]
    ascending = np.sort(p, axis=1)
    return ascending[:, -1] - ascending[:, -2]


def el2n(p: Array, labels: Array) -> Array:
    one_hot = np.arange(p.shape[1]) == labels[:, None]
    return np.sqrt(((p - one_hot) ** 2).sum(axis=1))


# ---- scores of logits, or of ln p, which has the same differences ----


def energy(logits: Array) -> Array:
    largest = logits.max(axis=1)
    return largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))


def cross_entropy(logits: Array, labels: Array) -> Array:
    return -log_softmax(logits)[np.arange(len(labels)), labels]


def logit_margin(logits: Array, labels: Array) -> Array:
    given = logits[np.arange(len(labels)), labels]
    is_label = np.arange(logits.shape[1]) == labels[:, None]
    return given - np.where(is_label, -np.inf, logits).max(axis=1)


# ---- scores of any values that rank the classes ----


def predictions(values: Array) -> Array:
    return values.argmax(axis=1)  # the first of equals


def correct(values: Array, labels: Array) -> Array:
    return predictions(values) == labels


def rank_of_label(values: Array, labels: Array) -> Array:
    given = values[np.arange(len(labels)), labels][:, None]
    before = np.arange(values.shape[1]) < labels[:, None]
    return ((values > given) | ((values == given) & before)).sum(axis=1)


# ---- heads that each say yes or no ----


def mean_binary_entropy(logits: Array) -> Array:
    with np.errstate(over="ignore"):  # 1 / (1 + inf) is the 0 that is meant
        yes = 1.0 / (1.0 + np.exp(-logits))
        no = 1.0 / (1.0 + np.exp(logits))
    per_head = -(yes * np.log(np.where(yes > 0, yes, 1.0)) + no * np.log(np.where(no > 0, no, 1.0)))
    return per_head.mean(axis=1)


# ---- all of them ----


def has_distribution(values: Array, *, are_probs: bool) -> Array:
    """Whether a row defines probabilities: no NaN or +inf, and some class that is possible."""
    usable = ~np.isnan(values).any(axis=1) & ~(values == np.inf).any(axis=1)
    if are_probs:
        return usable & (values >= 0).all(axis=1) & (values > 0).any(axis=1)
    return usable & (values > -np.inf).any(axis=1)


def scores(logits: Array | None = None, labels: Array | None = None, *, probs: Array | None = None) -> dict[str, Array]:
    """Every score that the arguments define. Rows without a distribution: NaN, -1 for indices, False for correct."""
    values = np.asarray(probs if logits is None else logits, dtype=np.float64)
    defined = has_distribution(values, are_probs=logits is None)
    values = np.where(defined[:, None], values, 1.0)
    with np.errstate(all="ignore"):  # ln 0 and differences that overflow are meant
        p = softmax(values) if logits is not None else normalized(values)
        logs = values if logits is not None else np.log(p)
        found = {
            "entropy": entropy(p),
            "normalized_entropy": normalized_entropy(p),
            "margin": margin(p),
            "least_confidence": least_confidence(p),
            "max_probability": max_probability(p),
            "perplexity": perplexity(p),
            "predictions": predictions(values),
        }
        if logits is not None:
            found["energy"] = energy(values)
        if labels is not None:
            found |= {
                "cross_entropy": cross_entropy(logs, labels),
                "el2n": el2n(p, labels),
                "logit_margin": logit_margin(logs, labels),
                "correct": correct(values, labels),
                "rank_of_label": rank_of_label(values, labels),
            }
    undefined = {"predictions": -1, "rank_of_label": -1, "correct": False}
    return {name: np.where(defined, score, undefined.get(name, np.nan)) for name, score in found.items()}
