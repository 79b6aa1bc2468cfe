# SPDX-License-Identifier: Apache-2.0
"""Where to draw the line between the classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from burnish import _core
from burnish.metrics._ranking import Ranking, rank

_ACCEPTED = (
    "'f1' (or 'f2', 'f0.5', ...), 'accuracy', 'balanced_accuracy', 'youden', 'recall>=0.95', 'precision>=0.9', "
    "or costs [[tn, fp], [fn, tp]]"
)
_BOUND = re.compile(r"\s*(recall|precision)\s*>=\s*([0-9.eE+-]+)\s*")
_F = re.compile(r"f([0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True)
class ThresholdChoice:
    """The best threshold for an objective; unpacks into threshold and value.

    Attributes
    ----------
    threshold : float
        Samples with ``y_score >= threshold`` are positive; infinity if it is best to call nobody positive.
    value : float
        What was reached: the objective itself, the cost, the precision for 'recall>=', the recall for 'precision>='.
    objective : str
        What it was chosen for.
    precision, recall, f1 : float
        At the threshold; 0 where they are not defined.
    confusion : float64 array of shape (2, 2)
        Samples, or their weight, at the threshold: rows are true labels, columns predictions.
    """

    threshold: float
    value: float
    objective: str
    precision: float
    recall: float
    f1: float
    confusion: Any

    def __iter__(self) -> Iterator[float]:
        return iter((self.threshold, self.value))

    def __str__(self) -> str:
        return (
            f"threshold {self.threshold:.6g} for {self.objective}: {self.value:.6g} (precision {self.precision:.4f}, "
            f"recall {self.recall:.4f}, F1 {self.f1:.4f})"
        )


def choose_threshold(
    y_true: Any, y_score: Any, objective: Any = "f1", *, pos_label: Any = None, sample_weight: Any = None
) -> ThresholdChoice:
    """Choose the threshold that is best for an objective, among all that tell the samples apart.

    Parameters
    ----------
    y_true : array of shape (N,)
        Labels of two classes; of those that are not 0 and 1, the larger is positive.
    y_score : array of shape (N,)
        Scores or probabilities of the positive class.
    objective : str or array of shape (2, 2), default "f1"
        "f1", or "f" and any other beta: the largest F score. "accuracy", "balanced_accuracy", "youden" (recall less
        false positive rate): the largest. "recall>=0.95": the largest precision of the thresholds that reach the
        recall. "precision>=0.9": the largest recall of those that reach the precision. An array: the least total of
        costs of ``[[true negative, false positive], [false negative, true positive]]``.
    pos_label : label, optional
        The positive class; all others are negative.
    sample_weight : array of shape (N,), optional
        Of each sample, 0 or more; default 1.

    Returns
    -------
    ThresholdChoice
        ``threshold, value = choose_threshold(...)`` unpacks it.

    Raises
    ------
    TypeError, ValueError
        As for `roc_curve`, and if the objective is unknown, cannot be reached, or needs a class that is absent.

    Notes
    -----
    A sample is positive if its score is at or above the threshold. Candidates are the scores that occur, and infinity.
    Among equally good ones the highest is chosen, which calls the fewest positive. All of them are tried in one walk
    over scores that were sorted once. A threshold chosen on the samples that it is then judged by looks better than it
    is: choose it on held-out samples.

    Examples
    --------
    >>> from burnish import metrics
    >>> choice = metrics.choose_threshold([0, 0, 1, 1, 1], [0.1, 0.6, 0.5, 0.7, 0.9], "recall>=0.9")
    >>> print(choice)
    threshold 0.5 for recall>=0.9: 0.75 (precision 0.7500, recall 1.0000, F1 0.8571)
    >>> threshold, cost = metrics.choose_threshold([0, 1], [0.2, 0.8], [[0, 1], [5, 0]])
    >>> threshold, cost
    (0.8, 0.0)
    """
    call = "choose_threshold"
    kind, parameter, costs, name = _parsed(objective)
    ranking = rank(call, y_true, y_score, pos_label=pos_label, sample_weight=sample_weight, either=True)
    if not ranking.positives + ranking.negatives > 0:
        raise ValueError(f"{call}: 'y_true' is empty; accepted: at least one sample")
    kinds = _core.Objective
    if not ranking.positives > 0 and kind not in (kinds.accuracy, kinds.cost):
        raise ValueError(f"{call}: 'y_true' has no positive sample, which {name!r} needs")
    if not ranking.negatives > 0 and kind is kinds.youden:
        raise ValueError(f"{call}: 'y_true' has no negative sample, which {name!r} needs")
    found = ranking.choose(kind, parameter, costs)
    if found is None:
        best = ranking.choose(kinds.precision_at_recall, 0.0, costs)
        where = f"; the largest is {best[1]:.6g}, at threshold {best[0]:.6g}" if best else ""
        raise ValueError(f"{call}: no threshold has {name}{where}")
    return _choice(ranking, found, name)


def _parsed(objective: Any) -> tuple[_core.Objective, float, tuple[float, float, float, float], str]:
    """Return kind, parameter, costs and name."""
    kinds, no_costs = _core.Objective, (0.0, 0.0, 0.0, 0.0)
    if isinstance(objective, str):
        simple = {"accuracy": kinds.accuracy, "balanced_accuracy": kinds.youden, "youden": kinds.youden}
        if objective in simple:
            return simple[objective], 0.0, no_costs, objective
        if match := _F.fullmatch(objective):
            return kinds.f_beta, float(match[1]), no_costs, objective
        if match := _BOUND.fullmatch(objective):
            try:
                bound = float(match[2])
            except ValueError:
                bound = float("nan")
            if not 0.0 < bound <= 1.0:
                raise ValueError(
                    f"choose_threshold: 'objective' is {objective!r}; accepted: a {match[1]} above 0, at most 1"
                )
            kind = kinds.precision_at_recall if match[1] == "recall" else kinds.recall_at_precision
            return kind, bound, no_costs, f"{match[1]}>={match[2]}"
        raise ValueError(f"choose_threshold: 'objective' is {objective!r}; accepted: {_ACCEPTED}")
    if objective is None:
        raise TypeError(f"choose_threshold: 'objective' is None; accepted: {_ACCEPTED}")
    try:
        costs = np.asarray(objective, np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"choose_threshold: 'objective' is {objective!r}; accepted: {_ACCEPTED}") from None
    if costs.shape != (2, 2) or not np.isfinite(costs).all():
        given = f"has shape {costs.shape}" if costs.shape != (2, 2) else f"is {costs.tolist()}"
        raise ValueError(f"choose_threshold: 'objective' {given}; accepted: 4 finite costs [[tn, fp], [fn, tp]]")
    tn, fp, fn, tp = costs.reshape(-1).tolist()
    return kinds.cost, 0.0, (tn, fp, fn, tp), "the least cost"


def _choice(ranking: Ranking, found: tuple[float, float, float, float], name: str) -> ThresholdChoice:
    threshold, value, tp, fp = found
    fn, tn = ranking.positives - tp, ranking.negatives - fp
    return ThresholdChoice(
        threshold=threshold,
        value=(value + 1) / 2 if name == "balanced_accuracy" else value,
        objective=name,
        precision=tp / (tp + fp) if tp + fp > 0 else 0.0,
        recall=tp / ranking.positives if ranking.positives > 0 else 0.0,
        f1=2 * tp / (2 * tp + fp + fn) if tp + fp + fn > 0 else 0.0,
        confusion=np.array([[tn, fp], [fn, tp]]),
    )
