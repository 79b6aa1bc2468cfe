# SPDX-License-Identifier: Apache-2.0
"""Scores of a training, by the words of the articles, from the whole history in plain NumPy float64."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def scores(history: list[tuple[int, Array, int]]) -> dict[str, float]:
    """Of one sample: (epoch, logits, label) of each look at it, in order of epochs."""
    margins, probabilities, errors, rights = [], [], [], []
    for _, z, label in history:
        z = np.asarray(z, np.float64)
        p = np.exp(z - z.max())
        p /= p.sum()
        margins.append(z[label] - np.delete(z, label).max())
        probabilities.append(p[label])
        errors.append(np.linalg.norm(p - np.eye(len(z))[label]))
        rights.append(int(z.argmax()) == label)
    forgotten = sum(before and not after for before, after in pairwise(rights))
    return {
        "aum": float(np.mean(margins)),
        "confidence": float(np.mean(probabilities)),
        "variability": float(np.std(probabilities)),
        "correctness": float(np.mean(rights)),
        "el2n": float(np.mean(errors)),
        "forgetting_events": forgotten,
        "never_learned": not any(rights),
        "epochs": len(history),
    }
