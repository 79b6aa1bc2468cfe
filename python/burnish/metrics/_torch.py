# SPDX-License-Identifier: Apache-2.0
"""The same counts and curves by torch's own operations, for what lives on a GPU.

Nothing here asks where a tensor is, so that tests run it on CPU tensors as well.
"""

from __future__ import annotations

import math
import sys
from typing import Any

from burnish import _check as check
from burnish import _core
from burnish._array import is_torch, to_numpy
from burnish.metrics._exact import check_exact_scores, check_exact_sum
from burnish.metrics._labels import one_label

Tensor = Any


def _torch() -> Any:
    return sys.modules["torch"]


def like(tensor: Tensor, array: Any) -> Tensor:
    """Return a NumPy array, or a tensor, as a tensor where `tensor` is."""
    return _torch().as_tensor(array, device=tensor.device)


def _on_one_device(call: str, **arrays: Any) -> list[Tensor]:
    """Return all as tensors where the first tensor on a GPU is; lists and NumPy arrays are moved there."""
    tensors = [array for array in arrays.values() if is_torch(array)]
    if not tensors:
        raise TypeError(f"{call}: GPU arrays other than torch tensors are not accepted; pass torch.from_dlpack(array)")
    first = max(tensors, key=lambda tensor: tensor.is_cuda)
    found = []
    for name, array in arrays.items():
        try:
            tensor = like(first, array).detach()
        except (TypeError, ValueError) as error:
            raise TypeError(f"{call}: '{name}' cannot be a tensor: {error}; accepted: numbers") from None
        found.append(tensor[:, 0] if tensor.ndim == 2 and tensor.shape[1] == 1 else tensor)
        check.one_dimensional(call, name, found[-1], int(found[0].shape[0]))
    return found


def _weights(call: str, sample_weight: Any, labels: Tensor) -> Tensor | None:
    if sample_weight is None:
        return None
    (weights,) = _on_one_device(call, sample_weight=like(labels, sample_weight))
    check.one_dimensional(call, "sample_weight", weights, int(labels.shape[0]))
    if not bool((_torch().isfinite(weights) & (weights >= 0)).all()):
        raise ValueError(f"{call}: 'sample_weight' has values that are negative, NaN or infinite; accepted: 0 and more")
    return weights


def _labels(call: str, name: str, labels: Tensor) -> Tensor:
    if not labels.is_floating_point():
        return labels
    # Infinity is its own rounding, and beyond int64 there is no label.
    if not bool(((labels == labels.round()) & (labels.abs() < 2.0**63)).all()):
        raise ValueError(f"{call}: '{name}' has values that are no labels; accepted: integers, bool, whole floats")
    return labels.long()


def confusion_matrix(
    call: str, y_true: Any, y_pred: Any, labels: Any, num_classes: int | None, sample_weight: Any,
    threshold: float | None
) -> Tensor:  # fmt: skip
    """Count pairs of labels by ``bincount``."""
    torch = _torch()
    t, p = _on_one_device(call, y_true=y_true, y_pred=y_pred)
    weights = _weights(call, sample_weight, t)
    t = _labels(call, "y_true", t)
    if threshold is not None:
        if bool(torch.isnan(p).any()):
            _refuse_nan(call, p)
        p, num_classes = _scores(call, p) >= threshold, 2
    p = _labels(call, "y_pred", p)
    if not len(t) and labels is None and num_classes is None:
        raise ValueError(f"{call}: 'y_true' is empty; accepted: at least one sample, or labels= or num_classes=")
    t, p = t.long(), p.long()
    if num_classes is not None:
        wanted = torch.arange(num_classes, device=t.device)
        for name, values in (("y_true", t), ("y_pred", p)):
            outside = (values < 0) | (values >= num_classes)
            if bool(outside.any()):
                row = int(outside.nonzero()[0, 0])
                raise ValueError(
                    f"{call}: '{name}' is {int(values[row])} in row {row}; accepted: 0 to {num_classes - 1}"
                )
    elif labels is not None:
        wanted = like(t, labels).long()
        if not len(wanted):
            raise ValueError(f"{call}: 'labels' is empty; accepted: at least one label")
        if len(t) and not bool(torch.isin(wanted, t).any()):
            raise ValueError(f"{call}: none of 'labels' is in 'y_true'; accepted: at least one that is")
    else:
        wanted = torch.unique(torch.cat([t, p]))
    ordered, order = wanted.sort()
    size = len(wanted)
    places = [torch.searchsorted(ordered, values).clamp(max=size - 1) for values in (t, p)]
    known = (ordered[places[0]] == t) & (ordered[places[1]] == p)
    cells = (order[places[0]] * size + order[places[1]])[known]
    if weights is None:
        return torch.bincount(cells, minlength=size * size).reshape(size, size)
    counts = torch.bincount(cells, weights=weights[known].double(), minlength=size * size).reshape(size, size)
    if weights.is_floating_point():
        return counts
    check_exact_sum(call, float(counts.sum()))
    return counts.long()


def normalized(counts: Tensor, normalize: str | None) -> Tensor:
    """Divide as asked; 0 where there is nothing to divide by."""
    if normalize is None:
        return counts
    counts = counts.double()
    total = counts.sum() if normalize == "all" else counts.sum(dim=1 if normalize == "true" else 0, keepdim=True)
    return _torch().nan_to_num(counts / total)


def _scores(call: str, scores: Tensor) -> Tensor:
    """Return floats; integers as float64, which has to hold them."""
    if scores.is_floating_point():
        return scores
    check_exact_scores(call, "y_score", scores)
    return scores.double()


def _refuse_nan(call: str, scores: Tensor) -> None:
    nans = int(_torch().isnan(scores).sum())
    raise ValueError(f"{call}: 'y_score' has {nans} NaN among {len(scores)} values; accepted: numbers")


def rank(call: str, y_true: Any, y_score: Any, pos_label: Any, sample_weight: Any, either: bool) -> TorchRanking:
    """Sort scores of one class."""
    labels, scores = _on_one_device(call, y_true=y_true, y_score=y_score)
    if pos_label is not None:
        is_positive = labels == one_label(call, pos_label)
    else:
        present = _torch().unique(labels).tolist()
        if set(present) <= {0, 1} or set(present) <= {-1, 1}:
            is_positive = labels == 1
        elif either and len(present) == 2:
            is_positive = labels == present[1]
        else:
            accepted = "two labels" if either else "0 and 1, or -1 and 1; for others pass pos_label="
            raise ValueError(f"{call}: 'y_true' has the labels {str(present[:6])[1:-1]}; accepted: {accepted}")
    weights = _weights(call, sample_weight, labels)
    if weights is not None and len(weights) and not bool(weights.any()):
        raise ValueError(f"{call}: 'sample_weight' is 0 for every sample; accepted: at least one weight above 0")
    return TorchRanking(call, is_positive, scores, weights)


class TorchRanking:
    """Scores sorted by torch, with counts at each distinct one."""

    def __init__(self, call: str, is_positive: Tensor, scores: Tensor, weights: Tensor | None) -> None:
        torch = _torch()
        scores = _scores(call, scores)
        if bool(torch.isnan(scores).any()):
            _refuse_nan(call, scores)
        if weights is not None:
            kept = weights > 0
            is_positive, scores, weights = is_positive[kept], scores[kept], weights[kept].double()
        ordered, order = torch.sort(scores + 0.0, descending=True, stable=True)
        flags = is_positive[order].double()
        last = torch.ones(len(ordered), dtype=torch.bool, device=scores.device)
        last[:-1] = ordered[1:] != ordered[:-1]
        ends = last.nonzero()[:, 0]
        self.thresholds = ordered[ends]
        if weights is None:
            self.tps = flags.cumsum(0)[ends]
            self.fps = ends + 1 - self.tps
        else:
            self.tps = (flags * weights[order]).cumsum(0)[ends]
            self.fps = ((1 - flags) * weights[order]).cumsum(0)[ends]
        self.positives = float(self.tps[-1]) if len(ends) else 0.0
        self.negatives = float(self.fps[-1]) if len(ends) else 0.0

    def roc_auc(self) -> float:
        if not (self.positives > 0 and self.negatives > 0):
            return math.nan
        zero = self.tps.new_zeros(1)
        tps, fps = _torch().cat([zero, self.tps]), _torch().cat([zero, self.fps])
        # Normalized last: until then the sums of an unweighted curve are whole numbers, and exact below 2^53.
        return float(((tps[1:] + tps[:-1]) * fps.diff()).sum() / 2 / self.positives / self.negatives)

    def average_precision(self) -> float:
        if not self.positives > 0:
            return 0.0
        gained = self.tps.diff(prepend=self.tps.new_zeros(1))
        return float((gained * self.tps / (self.tps + self.fps)).sum() / self.positives)

    def _kept(self, is_kept: Any, drop_intermediate: bool) -> tuple[Tensor, Tensor, Tensor]:
        if not drop_intermediate or len(self.tps) <= 2:
            return self.tps, self.fps, self.thresholds
        end = _torch().ones(1, dtype=_torch().bool, device=self.tps.device)
        kept = _torch().cat([end, is_kept(), end])
        return self.tps[kept], self.fps[kept], self.thresholds[kept]

    def roc(self, drop_intermediate: bool) -> tuple[Tensor, Tensor, Tensor]:
        torch = _torch()
        tps, fps, thresholds = self._kept(
            lambda: (self.fps.diff(n=2) != 0) | (self.tps.diff(n=2) != 0), drop_intermediate
        )
        zero = tps.new_zeros(1)
        thresholds = torch.cat([zero + math.inf, thresholds.double()])
        return torch.cat([zero, fps]) / self.negatives, torch.cat([zero, tps]) / self.positives, thresholds

    def precision_recall(self, drop_intermediate: bool) -> tuple[Tensor, Tensor, Tensor]:
        torch = _torch()
        tps, fps, thresholds = self._kept(
            lambda: (self.tps[:-1].diff() != 0) | (self.tps[1:].diff() != 0), drop_intermediate
        )
        one = tps.new_ones(1)
        precision = torch.cat([(tps / (tps + fps)).flip(0), one])
        recall = tps / self.positives if self.positives > 0 else torch.ones_like(tps)
        return precision, torch.cat([recall.flip(0), one - 1]), thresholds.flip(0)

    def choose(
        self, objective: _core.Objective, parameter: float, costs: tuple[float, ...]
    ) -> tuple[float, float, float, float] | None:
        torch = _torch()
        zero = self.tps.new_zeros(1)
        tp, fp = torch.cat([zero, self.tps]), torch.cat([zero, self.fps])  # the first calls nobody positive
        p, n = self.positives, self.negatives
        values = _values(objective, tp, fp, p, n, parameter, costs)
        best = values.max()
        if float(best) == -math.inf:
            return None
        place = int((values == best).nonzero()[0, 0])
        threshold = math.inf if place == 0 else float(self.thresholds[place - 1])
        value = -float(best) + 0.0 if objective is _core.Objective.cost else float(best)
        return threshold, value, float(tp[place]), float(fp[place])


def _values(
    objective: _core.Objective, tp: Tensor, fp: Tensor, p: float, n: float, parameter: float, costs: tuple[float, ...]
) -> Tensor:
    """What is to be as large as possible, for each threshold; -infinity where it is not allowed."""
    torch, kinds = _torch(), _core.Objective
    if objective is kinds.f_beta:
        beta2 = parameter * parameter
        return torch.nan_to_num((1 + beta2) * tp / ((1 + beta2) * tp + fp + beta2 * (p - tp)))
    if objective is kinds.accuracy:
        return (tp + (n - fp)) / (p + n)
    if objective is kinds.youden:
        return tp / p - fp / n
    if objective is kinds.cost:
        return -(costs[0] * (n - fp) + costs[1] * fp + costs[2] * (p - tp) + costs[3] * tp)
    precision, recall = tp / (tp + fp), tp / p
    if objective is kinds.precision_at_recall:
        return torch.where((recall >= parameter) & (tp + fp > 0), precision, -math.inf)
    return torch.where((tp > 0) & (precision >= parameter), recall, -math.inf)


def count_labels(call: str, y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[Any, Any]:
    """Return all labels that occur, sorted, and the counts of their pairs, small and so moved to NumPy."""
    t, p = _on_one_device(call, y_true=y_true, y_pred=y_pred)
    labels = _torch().unique(_torch().cat([_labels(call, "y_true", t).long(), _labels(call, "y_pred", p).long()]))
    counts = confusion_matrix(call, t, p, labels if len(labels) else None, None, sample_weight, None)
    return to_numpy(labels), to_numpy(counts)
