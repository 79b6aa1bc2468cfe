# SPDX-License-Identifier: Apache-2.0
"""What people compute hardness with today, each on its best settings, and burnish in like conditions.

A contender is prepared once (buffers, compilation) and then called; every call allocates its results, except where its
name says ``out=``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

# torch's cache of compiled graphs has not always told one number of threads from another.
os.environ.setdefault("TORCHINDUCTOR_FX_GRAPH_CACHE", "0")
os.environ.setdefault("TORCHINDUCTOR_AUTOGRAD_CACHE", "0")

import numpy as np
from burnish import hardness
from timing import Call, optional

torch = optional("torch")
numba = optional("numba")
special, stats = optional("scipy.special"), optional("scipy.stats")

BLOCK_BYTES = 256 * 1024  # of the "in blocks" contenders: logits and temporaries stay in a 1 MiB cache
LABEL_FREE = ("entropy", "normalized_entropy", "margin", "least_confidence", "max_probability", "energy", "perplexity",
              "predictions")  # fmt: skip
WITH_LABELS = ("cross_entropy", "el2n", "logit_margin")


class UnavailableError(Exception):
    """A contender cannot run here, and why."""


@dataclass(frozen=True)
class Inputs:
    """What all contenders of a workload are given."""

    values: Any  # (n, c) logits or probabilities, or (n,) scores; NumPy, or torch for bfloat16
    labels: Any = None  # (n,) int64, NumPy
    k: int = 0

    @property
    def tensor(self) -> Any:
        """The values as a torch tensor, sharing their memory."""
        return torch.from_numpy(self.values) if isinstance(self.values, np.ndarray) else self.values

    @property
    def nbytes(self) -> int:
        return int(self.values.nbytes) + (0 if self.labels is None else int(self.labels.nbytes))

    def head(self, rows: int | None) -> Inputs:
        """The first `rows` rows only."""
        labels = None if self.labels is None else self.labels[:rows]
        return Inputs(self.values[:rows], labels, self.k)


@dataclass(frozen=True)
class Contender:
    """One way to do a workload."""

    name: str
    prepare: Callable[[Inputs], Call]
    kind: str = "peer"
    tolerance: float = 1e-4
    error: Callable[[Any, Any], float] | None = None  # of a result against what was expected, if not the workload's
    one_thread_only: bool = False  # NumPy and SciPy use one thread whatever is set
    rows: int | None = None  # runs on the first so many only, and its time is scaled
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> str | None:
        """The first needed module that is not installed."""
        return next((name for name in self.needs if optional(name) is None), None)


def ours(
    name: str,
    prepare: Callable[[Inputs], Call],
    tolerance: float = 3e-6,
    error: Callable[[Any, Any], float] | None = None,
) -> Contender:
    return Contender(name, prepare, "burnish", tolerance, error)


def reset() -> None:
    """Forget compiled graphs; call before a workload is prepared."""
    if torch:
        torch._dynamo.reset()


# ---- burnish ----


def score(name: str, *, probs: bool = False, labels: bool = False, reuse: bool = False) -> Callable[[Inputs], Call]:
    """One score, into fresh memory or into an array that is used again and again."""

    def prepare(inputs: Inputs) -> Call:
        arguments: dict[str, Any] = {"probs" if probs else "logits": inputs.values}
        if labels:
            arguments["labels"] = (
                inputs.labels if isinstance(inputs.values, np.ndarray) else torch.from_numpy(inputs.labels)
            )
        function = getattr(hardness, name)
        if reuse:
            arguments["out"] = function(**arguments)
        return lambda: function(**arguments)

    return prepare


def scores(which: tuple[str, ...], *, reuse: bool = False) -> Callable[[Inputs], Call]:
    """Several scores in one pass."""

    def prepare(inputs: Inputs) -> Call:
        labels = inputs.labels if any(name in WITH_LABELS for name in which) else None
        out = hardness.scores(inputs.values, labels, which) if reuse else None
        return lambda: hardness.scores(inputs.values, labels, which, out=out)

    return prepare


# ---- SciPy and NumPy ----


def scipy_rows(inputs: Inputs) -> Call:
    return lambda: stats.entropy(special.softmax(inputs.values, axis=1), axis=1)


def scipy_row_by_row(inputs: Inputs) -> Call:
    """As FiftyOne Brain does it: each sample's logits as an array of its own, softmax, entropy."""
    rows = inputs.values

    def call() -> Any:
        return np.array([stats.entropy(special.softmax(np.asarray(row))) for row in rows])

    return call


def numpy_rows(inputs: Inputs) -> Call:
    return lambda: numpy_entropy(inputs.values)


def numpy_blocks(inputs: Inputs) -> Call:
    return lambda: _in_blocks(numpy_entropy, inputs.values)


def numpy_entropy(logits: Any) -> Any:
    shifted = logits - logits.max(axis=1, keepdims=True)
    weights = np.exp(shifted)
    total = weights.sum(axis=1)
    shifted *= weights
    return np.log(total) - shifted.sum(axis=1) / total


def _in_blocks(function: Callable[[Any], Any], rows: Any, dtype: Any = np.float32) -> Any:
    step = max(1, BLOCK_BYTES // (rows.shape[1] * 4))
    result = np.empty(len(rows), dtype)
    for first in range(0, len(rows), step):
        result[first : first + step] = function(np.asarray(rows[first : first + step], dtype))
    return result


def numpy_partition_margin(inputs: Inputs) -> Call:
    return lambda: _in_blocks(lambda rows: _top_two_gap(_numpy_softmax(rows)), inputs.values)


def numpy_partition_of_probs(inputs: Inputs) -> Call:
    return lambda: _in_blocks(_top_two_gap, inputs.values)


def _numpy_softmax(logits: Any) -> Any:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _top_two_gap(probs: Any) -> Any:
    top = np.partition(probs, probs.shape[1] - 2, axis=1)[:, -2:]
    return top[:, 1] - top[:, 0]


def scipy_entropy_of_probs(inputs: Inputs) -> Call:
    return lambda: stats.entropy(inputs.values, axis=1)


def scipy_entr_of_probs(inputs: Inputs) -> Call:
    return lambda: _in_blocks(lambda probs: special.entr(probs).sum(axis=1), inputs.values)


# ---- torch ----


def eager(function: Callable[..., Any], *, labels: bool = False) -> Callable[[Inputs], Call]:
    """Call a torch function as it stands."""

    def prepare(inputs: Inputs) -> Call:
        arguments = _torch_arguments(inputs, labels)
        return lambda: _without_grad(function, arguments)

    return prepare


def compiled(function: Callable[..., Any], *, labels: bool = False) -> Callable[[Inputs], Call]:
    """Compile a torch function for these very shapes. Autotuning was tried: it changes nothing for these kernels."""

    def prepare(inputs: Inputs) -> Call:
        if not inputs.tensor.is_cuda and shutil.which(os.environ.get("CXX", "g++")) is None:
            raise UnavailableError("torch.compile needs a C++ compiler")
        arguments = _torch_arguments(inputs, labels)
        fast = torch.compile(function, dynamic=False, fullgraph=True)
        try:
            _without_grad(fast, arguments)
        except Exception as error:
            raise UnavailableError(f"torch.compile failed: {type(error).__name__}") from error
        return lambda: _without_grad(fast, arguments)

    return prepare


def _torch_arguments(inputs: Inputs, labels: bool) -> tuple[Any, ...]:
    return (inputs.tensor, torch.from_numpy(inputs.labels)) if labels else (inputs.tensor,)


def _without_grad(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    with torch.no_grad():
        return function(*arguments)


def log_softmax_entropy(logits: Any) -> Any:
    log_probs = torch.log_softmax(logits, 1)
    return -(log_probs.exp() * log_probs).sum(1)


def log_softmax_entropy_float(logits: Any) -> Any:
    return log_softmax_entropy(logits.float())


def one_exp_entropy(logits: Any) -> Any:
    """The formula of burnish: one exp an element. Nobody writes it in torch, but a compiler does well with it."""
    logits = logits.float()
    shifted = logits - logits.amax(1, keepdim=True)
    weights = shifted.exp()
    total = weights.sum(1)
    return total.log() - (weights * shifted).sum(1) / total


def categorical_entropy(logits: Any) -> Any:
    return torch.distributions.Categorical(logits=logits, validate_args=False).entropy()


def float_in_blocks(inputs: Inputs) -> Call:
    """16-bit logits converted a cache-sized block at a time."""
    logits = inputs.tensor
    step = max(1, BLOCK_BYTES // (logits.shape[1] * 4))

    def call() -> Any:
        result = torch.empty(len(logits))
        for first in range(0, len(logits), step):
            result[first : first + step] = log_softmax_entropy(logits[first : first + step].float())
        return result

    return call


def topk_margin(logits: Any) -> Any:
    top = torch.softmax(logits, 1).topk(2, dim=1).values
    return top[:, 0] - top[:, 1]


def two_maxima_margin(logits: Any) -> Any:
    """What a compiler can fuse: the second largest is the largest but for the first."""
    top, place = logits.max(1, keepdim=True)
    others = torch.where(torch.arange(logits.shape[1], device=logits.device) == place, -torch.inf, logits)
    second = others.amax(1)
    top = top[:, 0]
    return (1 - (second - top).exp()) / (logits - top[:, None]).exp().sum(1)


def two_maxima_of_probs(probs: Any) -> Any:
    top, place = probs.max(1, keepdim=True)
    others = torch.where(torch.arange(probs.shape[1], device=probs.device) == place, -torch.inf, probs)
    return top[:, 0] - others.amax(1)


def topk_margin_of_probs(probs: Any) -> Any:
    top = probs.topk(2, dim=1).values
    return top[:, 0] - top[:, 1]


def entr_of_probs(probs: Any) -> Any:
    return torch.special.entr(probs).sum(1)


def torch_cross_entropy(logits: Any, labels: Any) -> Any:
    return torch.nn.functional.cross_entropy(logits, labels, reduction="none")


def torch_el2n(logits: Any, labels: Any) -> Any:
    error = torch.softmax(logits, 1)
    error.scatter_add_(1, labels[:, None], torch.tensor(-1.0).expand(len(labels), 1))
    return torch.linalg.vector_norm(error, dim=1)


def torch_logit_margin(logits: Any, labels: Any) -> Any:
    given = logits.gather(1, labels[:, None])
    others = logits.scatter(1, labels[:, None], -torch.inf)
    return given[:, 0] - others.amax(1)


def torch_label_scores(logits: Any, labels: Any) -> dict[str, Any]:
    return {
        "cross_entropy": torch_cross_entropy(logits, labels),
        "el2n": torch_el2n(logits, labels),
        "logit_margin": torch_logit_margin(logits, labels),
    }


# The same for a compiler, which fuses a comparison and not a scatter.


def masked_el2n(logits: Any, labels: Any) -> Any:
    error = torch.softmax(logits, 1) - _is_label(logits, labels).float()
    return error.square().sum(1).sqrt()


def masked_logit_margin(logits: Any, labels: Any) -> Any:
    others = torch.where(_is_label(logits, labels), -torch.inf, logits)
    return logits.gather(1, labels[:, None])[:, 0] - others.amax(1)


def masked_label_scores(logits: Any, labels: Any) -> dict[str, Any]:
    return {
        "cross_entropy": torch_cross_entropy(logits, labels),
        "el2n": masked_el2n(logits, labels),
        "logit_margin": masked_logit_margin(logits, labels),
    }


def _is_label(logits: Any, labels: Any) -> Any:
    return torch.arange(logits.shape[1], device=logits.device) == labels[:, None]


# ---- numba ----


def numba_fused(inputs: Inputs) -> Call:
    """One loop over the rows, on as many threads as are set."""
    kernel = _numba_entropy(numba.get_num_threads() > 1)
    return lambda: kernel(inputs.values)


@cache
def _numba_entropy(parallel: bool) -> Callable[[Any], Any]:
    @numba.njit(fastmath=True, parallel=parallel)
    def entropy(logits: Any) -> Any:
        n, c = logits.shape
        result = np.empty(n, np.float32)
        for i in numba.prange(n):
            largest = logits[i, 0]
            for j in range(1, c):
                largest = max(largest, logits[i, j])
            total = np.float32(0)
            weighted = np.float32(0)
            for j in range(c):
                shifted = logits[i, j] - largest
                weight = np.exp(shifted)
                total += weight
                weighted += weight * shifted
            result[i] = np.log(total) - weighted / total
        return result

    return entropy


# ---- the hardest k ----


def burnish_hardest(inputs: Inputs) -> Call:
    return lambda: hardness.hardest(inputs.values, inputs.k)


def burnish_hardest_into(inputs: Inputs) -> Call:
    out = np.empty(inputs.k, np.int64)
    return lambda: hardness.hardest(inputs.values, inputs.k, out=out)


def argpartition(inputs: Inputs) -> Call:
    place = len(inputs.values) - inputs.k
    return lambda: np.argpartition(inputs.values, place)[place:]


def argpartition_sorted(inputs: Inputs) -> Call:
    """The same, hardest first, as burnish returns them."""
    scores, place = inputs.values, len(inputs.values) - inputs.k

    def call() -> Any:
        chosen = np.argpartition(scores, place)[place:]
        return chosen[np.argsort(-scores[chosen])]

    return call


def argsort(inputs: Inputs) -> Call:
    return lambda: np.argsort(inputs.values)[: -inputs.k - 1 : -1]


def topk(inputs: Inputs) -> Call:
    return lambda: torch.topk(inputs.tensor, inputs.k).indices


# ---- a shard: table by class, histogram, hardest k ----

BINS = 32


def accumulator(inputs: Inputs) -> Call:
    num_classes = inputs.values.shape[1]
    return lambda: hardness.Accumulator(inputs.k, num_classes, bins=BINS).update(inputs.values, inputs.labels)


def contents(found: Any) -> dict[str, Any]:
    """What `shard_by_hand` returns, of an accumulator."""
    rows = found.by_class()
    by_label = np.argsort(rows.labels)
    return {
        "means": rows.mean[by_label],
        "accuracy": rows.accuracy[by_label],
        "histogram": found.histogram,
        "ids": found.ids,
    }


def shard_by_hand(inputs: Inputs) -> Call:
    """The same numbers with torch and NumPy."""
    labels, num_classes = inputs.labels, inputs.values.shape[1]

    def call() -> dict[str, Any]:
        logits = inputs.tensor
        entropy = log_softmax_entropy(logits).numpy()
        correct = logits.argmax(1).numpy() == labels
        counts = np.bincount(labels, minlength=num_classes)
        edges = (0, np.log(num_classes))
        hardest = np.argpartition(entropy, len(entropy) - inputs.k)[-inputs.k :]
        return {
            "means": np.bincount(labels, weights=entropy, minlength=num_classes) / counts,
            "accuracy": np.bincount(labels, weights=correct, minlength=num_classes) / counts,
            "histogram": np.stack([np.histogram(entropy[correct == right], BINS, edges)[0] for right in (False, True)]),
            "ids": hardest[np.argsort(-entropy[hardest])],
        }

    return call
