# SPDX-License-Identifier: Apache-2.0
"""Which samples to look at, given their scores."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from burnish import _check as check
from burnish import _core
from burnish._array import as_array, deliver, dtype_name, empty, is_on_gpu, is_torch, like_cpu, to_numpy
from burnish.hardness._class_sums import ClassSums
from burnish.hardness._scores import predictions as predicted_classes

_MOST_CLASSES = 1 << 24


def hardest(scores: Any, k: int, *, out: Any = None) -> Any:
    """Find the `k` largest scores.

    Parameters
    ----------
    scores : array of shape (N,), float32 or float64
        Higher is harder; negate those of which lower is harder (margin, logit_margin, ...).
    k : int
        0 to N.
    out : int64 array of shape (k,), optional
        Where to write the result.

    Returns
    -------
    int64 array of shape (k,)
        Indices, hardest first; ties by lowest index, NaN last.

    Raises
    ------
    TypeError, ValueError
        If `scores` is not a 1-D float32 or float64 array, or `k` is out of range.

    Notes
    -----
    Exact, and the same for every thread count. On a GPU it is torch's stable sort.

    Examples
    --------
    >>> from burnish import hardness
    >>> hardness.hardest([0.1, 0.7, 0.7, 0.3], 2)
    array([1, 2])
    """
    scores = as_array(scores)
    check.one_dimensional("hardest", "scores", scores)
    k = check.integer("hardest", "k", k, 0, int(scores.shape[0]))
    if out is not None and not hasattr(out, "shape"):
        raise TypeError(f"hardest: 'out' is a {type(out).__name__}; accepted: an int64 array of shape ({k},)")
    if is_on_gpu(scores):
        return _hardest_on_gpu(scores, k, out)
    if out is not None and tuple(out.shape) != (k,):
        raise ValueError(f"hardest: 'out' has shape {tuple(out.shape)}; accepted: ({k},)")
    target = empty(scores, k, "int64") if out is None else out
    _core.hardest(scores, target)
    return deliver(scores, target) if out is None else out


def _hardest_on_gpu(scores: Any, k: int, out: Any) -> Any:
    if not is_torch(scores):
        raise TypeError("hardest: GPU arrays other than torch tensors are not accepted; pass torch.from_dlpack(scores)")
    if dtype_name(scores) not in ("float32", "float64"):
        raise TypeError(f"hardest: 'scores' has dtype {dtype_name(scores)}; accepted: float32, float64")
    if scores.requires_grad:
        raise ValueError("hardest: 'scores' requires grad, and indices carry no gradient; pass scores.detach()")
    if out is not None and not (
        is_torch(out) and out.device == scores.device and dtype_name(out) == "int64" and tuple(out.shape) == (k,)
    ):
        raise ValueError(f"hardest: 'out' must be an int64 tensor of shape ({k},) on {scores.device}")
    torch = sys.modules["torch"]
    comparable = torch.where(torch.isnan(scores), -torch.inf, scores + 0.0)
    order = torch.sort(comparable, descending=True, stable=True).indices
    if bool(torch.isnan(scores).any()):  # behind -inf, which they were set to
        order = torch.cat([order[~torch.isnan(scores[order])], order[torch.isnan(scores[order])]])
    return order[:k].clone() if out is None else out.copy_(order[:k])


def uncertain(probs: Any, labels: Any, threshold: float = 0.8) -> tuple[Any, Any]:
    """Find the samples whose largest probability is below a threshold.

    Parameters
    ----------
    probs : array of shape (N, C)
        Predicted probabilities.
    labels : array of shape (N,)
        Anything that can be indexed by an integer array.
    threshold : float, default 0.8
        0 to 1.

    Returns
    -------
    indices : int64 array of shape (M,)
        Ascending.
    labels : array of shape (M,)
        ``labels[indices]``.

    Raises
    ------
    TypeError, ValueError
        If a shape or dtype is wrong, or `threshold` is not between 0 and 1.

    Notes
    -----
    Samples without a distribution (NaN) count as uncertain: nothing vouches for them.

    Examples
    --------
    >>> import numpy as np
    >>> from burnish import hardness
    >>> probs = np.array([[0.7, 0.3], [0.9, 0.1], [0.4, 0.6]])
    >>> hardness.uncertain(probs, np.array([0, 0, 1]))
    (array([0, 2]), array([0, 1]))
    """
    threshold = check.real("uncertain", "threshold", threshold, 0, 1)
    probs, labels = as_array(probs), as_array(labels)
    top = predicted_classes(probs=probs)
    rows = len(top)
    if len(labels.shape) == 0 or labels.shape[0] != rows:
        raise ValueError(f"uncertain: 'labels' has shape {tuple(labels.shape)}; accepted: ({rows},)")
    if is_torch(probs):
        torch = sys.modules["torch"]
        sure = probs.gather(1, top.clamp(min=0)[:, None])[:, 0] >= threshold
        indices = torch.nonzero(~(sure & (top >= 0)))[:, 0]
        return indices, labels[indices.to(labels.device) if is_torch(labels) else to_numpy(indices)]
    values, best = to_numpy(probs), to_numpy(top)
    sure = values[np.arange(rows), np.maximum(best, 0)] >= threshold
    found = np.flatnonzero(~(sure & (best >= 0)))
    return like_cpu(probs, found), labels[found]


def identify_uncertain_examples(predictions: Any, labels: Any, confidence_threshold: float = 0.8) -> tuple[Any, Any]:
    """Call `uncertain` under the name by which a widely read article knows it.

    Parameters
    ----------
    predictions : array of shape (N, C)
        Predicted probabilities.
    labels : array of shape (N,)
        The given labels.
    confidence_threshold : float, default 0.8
        Samples whose largest probability is below it are returned.

    Returns
    -------
    indices : int64 array of shape (M,)
        Ascending.
    labels : array of shape (M,)
        ``labels[indices]``.
    """
    return uncertain(predictions, labels, confidence_threshold)


@dataclass(frozen=True)
class ClassTable:
    """Hardness by class, hardest first; `str` prints it.

    Attributes
    ----------
    labels : int64 array of shape (K,)
        Class numbers.
    names : tuple of str
        Their names.
    mean : float64 array of shape (K,)
        Mean score; NaN for a class without one.
    count : int64 array of shape (K,)
        Samples with a score.
    accuracy : float64 array of shape (K,)
        Share of them predicted right; NaN where that was not given.
    undefined : int64 array of shape (K,)
        Samples whose score is NaN, infinite or beyond +-2^34; they are in no other column.
    """

    labels: npt.NDArray[np.int64]
    names: tuple[str, ...]
    mean: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]
    accuracy: npt.NDArray[np.float64]
    undefined: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[str, float, int, float]]:
        """Yield ``(name, mean, count, accuracy)``, hardest class first."""
        return iter(zip(self.names, self.mean.tolist(), self.count.tolist(), self.accuracy.tolist(), strict=True))

    def __str__(self) -> str:
        width = max([5, *map(len, self.names)])
        lines = [f"{'class':<{width}}  {'hardness':>8}  {'samples':>8}  {'accuracy':>8}"]
        for name, mean, count, accuracy in self:
            right = f"{accuracy:8.3f}" if accuracy == accuracy else f"{'-':>8}"
            lines.append(f"{name:<{width}}  {mean:8.3f}  {count:>8}  {right}")
        if self.undefined.any():
            lines.append(f"without a score: {int(self.undefined.sum())}")
        return "\n".join(lines)


def by_class(scores: Any, labels: Any, names: Sequence[str] | None = None, *, correct: Any = None) -> ClassTable:
    """Summarise scores by class.

    Parameters
    ----------
    scores : array of shape (N,), float32 or float64
        For example `entropy`.
    labels : integer array of shape (N,)
        Class of each sample.
    names : sequence of str, optional
        Names of classes 0, 1, ...; default their numbers.
    correct : bool array of shape (N,), optional
        Whether each prediction is right, from `correct`.

    Returns
    -------
    ClassTable
        Hardest class first, ties by class number.

    Raises
    ------
    TypeError, ValueError
        If a dtype or shape is wrong, or a label is negative or has no name.

    Notes
    -----
    Means are sums to 2^-60, rounded once; they depend neither on order nor on threads.

    Examples
    --------
    >>> from burnish import hardness
    >>> print(hardness.by_class([0.2, 0.9, 0.7], [0, 1, 1], ["cat", "dog"], correct=[True, False, True]))
    class  hardness   samples  accuracy
    dog       0.800         2     0.500
    cat       0.200         1     1.000
    """
    scores, labels = to_numpy(as_array(scores)), to_numpy(as_array(labels))
    num_classes = _num_classes("by_class", scores, labels)
    if names is not None:
        num_classes = len(names)
    sums = ClassSums(num_classes, histogram_max=0.0, bins=0)
    sums.add("by_class", scores, labels, None if correct is None else to_numpy(as_array(correct)))
    return class_table(sums, names, with_accuracy=correct is not None)


def _num_classes(call: str, scores: npt.NDArray[Any], labels: npt.NDArray[Any]) -> int:
    check.one_dimensional(call, "scores", scores)
    check.one_dimensional(call, "labels", labels, len(scores))
    check.integers(call, "labels", labels)
    largest = int(labels.max()) if len(labels) else -1
    if largest >= _MOST_CLASSES:
        raise ValueError(f"{call}: 'labels' is {largest} in row {labels.argmax()}; accepted: 0 to {_MOST_CLASSES - 1}")
    return max(0, largest + 1)


def class_table(sums: ClassSums, names: Sequence[str] | None, *, with_accuracy: bool = True) -> ClassTable:
    """Turn running sums into a table sorted by mean, hardest first."""
    mean, count = sums.means(), sums.counts[:, 0]
    with np.errstate(invalid="ignore"):
        accuracy = sums.counts[:, 1] / count if with_accuracy else np.full(len(mean), np.nan)
    order = hardest(mean, len(mean))
    all_names = tuple(str(i) for i in range(len(mean))) if names is None else tuple(names)
    return ClassTable(
        labels=order,
        names=tuple(all_names[i] for i in order),
        mean=mean[order],
        count=count[order],
        accuracy=accuracy[order],
        undefined=sums.counts[order, 2],
    )


def select(scores: Any, labels: Any, k: int, strategy: Literal["top", "proportional", "balanced"] = "top") -> Any:
    """Choose `k` hard samples, spread over the classes as asked.

    Parameters
    ----------
    scores : array of shape (N,), float32 or float64
        Higher is harder.
    labels : integer array of shape (N,)
        Class of each sample.
    k : int
        0 to N.
    strategy : {"top", "proportional", "balanced"}, default "top"
        "top" takes the hardest whatever their class. "balanced" takes equally many of each class, "proportional" shares
        in proportion to the classes' mean scores; in both, what a small class cannot fill goes to the others.

    Returns
    -------
    int64 array of shape (k,)
        Indices, hardest first, ties by lowest index.

    Raises
    ------
    TypeError, ValueError
        If a dtype, shape, `k` or `strategy` is wrong, or class means are negative with "proportional".

    Notes
    -----
    Training on the top of one hardness score alone keeps the wrong labels and drops whole regions; at high pruning
    rates it does worse than a random choice (Zheng et al., Coverage-centric coreset selection, ICLR 2023).

    Examples
    --------
    >>> from burnish import hardness
    >>> hardness.select([0.9, 0.8, 0.7, 0.1], [0, 0, 0, 1], 2, "balanced")
    array([0, 3])
    """
    if strategy not in ("top", "proportional", "balanced"):
        raise ValueError(f"select: 'strategy' is {strategy!r}; accepted: 'top', 'proportional', 'balanced'")
    scores = as_array(scores)
    if strategy == "top":
        return hardest(scores, k)
    values, classes = to_numpy(scores), to_numpy(as_array(labels))
    sums = ClassSums(_num_classes("select", values, classes), histogram_max=0.0, bins=0)
    sums.add("select", values, classes, None)
    k = check.integer("select", "k", k, 0, len(values))
    classes = classes.astype(np.int64, copy=False)
    sizes = np.bincount(classes, minlength=len(sums.counts))
    weights = np.nan_to_num(sums.means()) if strategy == "proportional" else np.ones(len(sizes))
    if (weights < 0).any():
        raise ValueError("select: 'proportional' needs scores whose class means are not negative")
    quota = _quotas(k, weights, sizes)
    order = hardest(values, len(values))
    by_label = order[np.argsort(classes[order], kind="stable")]  # classes in turn, hardest first within each
    place_in_class = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen = np.zeros(len(order), dtype=bool)
    chosen[by_label[place_in_class < np.repeat(quota, sizes)]] = True
    picked = like_cpu(scores, order[chosen[order]])
    return picked.to(scores.device) if is_torch(scores) else picked


def _quotas(k: int, weights: npt.NDArray[Any], sizes: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Split `k` by `weights`, none above `sizes`, into whole numbers (largest remainders, ties to the lowest class)."""
    quota = np.zeros(len(sizes), dtype=np.int64)
    has_room = sizes > 0
    while has_room.any():
        share = np.where(has_room, weights, 0.0)
        if share.sum() == 0:  # only classes without weight have room
            share = has_room.astype(np.float64)
        exact = (k - quota.sum()) * share / share.sum()
        full = has_room & (exact >= sizes)
        if not full.any():
            remainder = np.where(has_room, np.round(exact - np.floor(exact), 9), -1.0)
            quota[has_room] = np.floor(exact[has_room]).astype(np.int64)
            quota[np.argsort(-remainder, kind="stable")[: k - int(quota.sum())]] += 1
            break
        quota[full] = sizes[full]
        has_room &= ~full
    return quota
