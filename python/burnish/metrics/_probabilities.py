# SPDX-License-Identifier: Apache-2.0
"""How much probabilities can be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._array import dtype_name, is_on_gpu, is_torch, to_numpy
from burnish.metrics._labels import Array

_BLOCK = 1 << 16  # elements: temporaries stay in the cache
_SUM_TOLERANCE = {"float64": 1e-6, "float32": 1e-4}  # of a row from 1; 1e-2 for 16 bits, and sums of many small values


@dataclass(frozen=True)
class Calibration:
    """How often predictions of about one probability are right.

    Attributes
    ----------
    edges : float64 array of shape (B + 1,)
        Of the bins; a probability at an inner edge belongs to the bin below it.
    count : array of shape (B,)
        Samples, or their weight, in each bin.
    confidence : float64 array of shape (B,)
        Mean probability; NaN in an empty bin.
    accuracy : float64 array of shape (B,)
        Share of positives for two classes, of right predictions for more; NaN in an empty bin.
    ece, mce : float
        Expected and maximum calibration error: mean, weighted by `count`, and maximum of ``|accuracy - confidence|``.
    """

    edges: npt.NDArray[np.float64]
    count: Array
    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]
    ece: float
    mce: float

    def __str__(self) -> str:
        lines = [f"{'probability':<13}{'samples':>10}{'mean':>8}{'observed':>10}"]
        for i, count in enumerate(self.count.tolist()):
            seen = f"{self.confidence[i]:8.3f}{self.accuracy[i]:10.3f}" if count else f"{'-':>8}{'-':>10}"
            lines.append(f"{self.edges[i]:.2f} - {self.edges[i + 1]:.2f}  {count:>10.6g}{seen}")
        return "\n".join(lines)


@dataclass(frozen=True)
class ProbabilityScores:
    """What is defined for probabilities alone; NaN, and no calibration, for other scores."""

    log_loss: float
    brier: float
    calibration: Calibration | None
    note: str


def probability_scores(flags_or_codes: Any, scores: Any, weights: Any, bins: int) -> ProbabilityScores:
    """Measure probabilities of the positive class (N,) or of all classes (N, C), against 0 and 1, or class numbers."""
    problem = _problem(scores)
    if problem:
        return ProbabilityScores(float("nan"), float("nan"), None, problem)
    edges = np.linspace(0.0, 1.0, bins + 1)
    # Log loss is cut off at the precision of the probabilities, as scikit-learn does.
    least = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10}.get(dtype_name(scores), 2.0**-7)
    sums, table = np.zeros(3), np.zeros((3, bins))  # of loss, Brier, weight; count, confidence, right by bin
    rows = int(scores.shape[0])
    step = max(1, _BLOCK // max(1, int(np.prod(scores.shape[1:]))))
    for first in range(0, rows, step):
        part = slice(first, first + step)
        w = None if weights is None else weights[part]
        block = _widened(scores[part])
        labels = to_numpy(flags_or_codes[part])
        loss, brier, confidence, right = (
            _binary(block, labels, least) if block.ndim == 1 else _many(block, labels, least)
        )
        places = edges[1:-1].searchsorted(confidence)
        for row, values in enumerate((None, confidence, right)):
            by = w if values is None else (values if w is None else values * w)
            table[row] += np.bincount(places, weights=by, minlength=bins)
        total = float(len(block)) if w is None else float(w.sum())
        sums += [_total(loss, w), _total(brier, w), total]
    count, confidence, right = table
    with np.errstate(invalid="ignore"):
        gap = np.abs(right - confidence) / count
        means, shares = confidence / count, right / count
    calibration = Calibration(
        edges=edges,
        count=count.astype(np.int64) if weights is None else count,
        confidence=means,
        accuracy=shares,
        ece=float(np.nansum(gap * count) / sums[2]),
        mce=float(np.nanmax(gap)),
    )
    return ProbabilityScores(float(sums[0] / sums[2]), float(sums[1] / sums[2]), calibration, "")


def _total(values: Any, weights: Any) -> float:
    return float(values.sum() if weights is None else (values * weights).sum())


def _widened(block: Any) -> npt.NDArray[np.float64]:
    if is_torch(block):
        block = to_numpy(block.detach().double())
    return np.asarray(block, np.float64)


def _binary(p: Any, flags: Any, least: float) -> tuple[Any, Any, Any, Any]:
    right = flags.astype(np.float64)
    of_label = np.where(flags, p, 1.0 - p)
    return -np.log(np.clip(of_label, least, 1 - least)), (p - right) ** 2, p, right


def _many(p: Any, codes: Any, least: float) -> tuple[Any, Any, Any, Any]:
    codes = codes.astype(np.intp, copy=False)
    of_label = np.take_along_axis(p, codes[:, None], axis=1)[:, 0]
    top = p.argmax(axis=1)
    brier = (p * p).sum(axis=1) - 2 * of_label + 1
    confidence = np.take_along_axis(p, top[:, None], axis=1)[:, 0]
    return -np.log(np.clip(of_label, least, 1 - least)), brier, confidence, (top == codes).astype(np.float64)


def _problem(scores: Any) -> str:
    """Say why scores are no probabilities; nothing if they are."""
    if not int(scores.shape[0]):
        return "there are no samples"
    low, high = (float(scores.min()), float(scores.max()))
    if not (low >= 0.0 and high <= 1.0):
        return f"scores from {low:.4g} to {high:.4g} are no probabilities"
    if len(scores.shape) == 1:
        return ""
    kind = dtype_name(scores)
    tolerance = max(_SUM_TOLERANCE.get(kind, 1e-2), int(scores.shape[1]) * (2.0**-11 if "16" in kind else 0.0))
    sums = scores.double().sum(1) if is_torch(scores) else scores.sum(axis=1, dtype=np.float64)
    farthest = float(abs(sums - 1.0).max())
    return f"rows of scores differ from a sum of 1 by up to {farthest:.3g}" if farthest > tolerance else ""


def on_cpu(scores: Any) -> Any:
    """Return scores where NumPy reads them block by block."""
    return scores.cpu() if is_on_gpu(scores) else scores
