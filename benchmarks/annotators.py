# SPDX-License-Identifier: Apache-2.0
"""Several annotators, and records of a training: burnish and its peers, checked and then timed in turns.

python benchmarks/annotators.py [--divide N] [--threads 1 2] [--only NAME ...] [--without NAME ...] [--json FILE]
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import contest
import numpy as np
from burnish import quality
from contest import Contender, Work, Workload, goals
from timing import optional

EXPLANATION = """\
Consensus: five annotators, a third of their labels missing, and a model; compared are the labels' probabilities.
Dynamics: one epoch in batches of 256, compared is the area under the margin; burnish records all other scores besides.
"error" is the largest difference, for burnish from cleanlab's or float64 values."""
LIBRARIES = ("numpy", "cleanlab", "aum", "torch")
BATCH = 256

multiannotator, aum, torch = optional("cleanlab.multiannotator"), optional("aum"), optional("torch")


# ---- consensus ----


@dataclass(frozen=True)
class Crowd:
    labels: Any  # (n, annotators) float64, NaN for none
    probs: Any  # (n, classes) float64


def crowd(n: int, annotators: int, classes: int) -> Crowd:
    rng = np.random.default_rng([n, annotators, classes])
    truth = rng.integers(0, classes, n)
    is_right = rng.random((n, annotators)) < rng.uniform(0.5, 0.9, annotators)
    labels = np.where(is_right, truth[:, None], rng.integers(0, classes, (n, annotators))).astype(float)
    absent = rng.random((n, annotators)) < 1 / 3
    absent[np.arange(n), rng.integers(0, annotators, n)] = False
    labels[absent] = np.nan
    logits = rng.standard_normal((n, classes))
    logits[np.arange(n), truth] += 2.5
    probs = np.exp(logits)
    return Crowd(labels, probs / probs.sum(axis=1, keepdims=True))


def ours(inputs: Crowd) -> Work:
    return Work(lambda: quality.consensus(inputs.labels, inputs.probs).quality)


def cleanlab(inputs: Crowd) -> Work:
    def call() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of ties that it breaks by chance
            found = multiannotator.get_label_quality_multiannotator(inputs.labels, inputs.probs, verbose=False)
        return found["label_quality"]["consensus_quality_score"].to_numpy()

    return Work(call)


def our_majority(inputs: Crowd) -> Work:
    return Work(lambda: quality.majority(inputs.labels, inputs.probs))


def cleanlab_majority(inputs: Crowd) -> Work:
    return Work(lambda: multiannotator.get_majority_vote_label(inputs.labels, inputs.probs, verbose=False))


def votes(inputs: Crowd) -> Any:
    """The most frequent label of each item, by the model where several are."""
    counts = np.stack([(inputs.labels == c).sum(axis=1) for c in range(inputs.probs.shape[1])], axis=1)
    return (counts + inputs.probs / 2).argmax(axis=1)


def probabilities(inputs: Crowd) -> Any:
    return cleanlab(inputs).call() if multiannotator else ours(inputs).call()


def difference(result: Any, expected: Any) -> float:
    return float(np.abs(np.asarray(result) - expected).max())


# ---- dynamics ----


@dataclass(frozen=True)
class Epoch:
    logits: Any  # (n, classes) float32
    labels: Any
    order: Any

    def batches(self) -> list[tuple[Any, Any, Any]]:
        parts = [self.order[first : first + BATCH] for first in range(0, len(self.order), BATCH)]
        return [(part, self.logits[part], self.labels[part]) for part in parts]

    def tensors(self) -> list[tuple[Any, Any, Any]]:
        return [tuple(map(torch.from_numpy, batch)) for batch in self.batches()]


def epoch(n: int, classes: int) -> Epoch:
    rng = np.random.default_rng([n, classes])
    logits = 3 * rng.standard_normal((n, classes), np.float32)
    return Epoch(logits, rng.integers(0, classes, n), rng.permutation(n))


def margins(inputs: Epoch) -> Any:
    logits, rows = inputs.logits.astype(np.float64), np.arange(len(inputs.labels))
    others = logits.copy()
    others[rows, inputs.labels] = -np.inf
    return logits[rows, inputs.labels] - others.max(axis=1)


def margin_error(result: Any, expected: Any) -> float:
    if isinstance(result, dict):
        result = np.array([result[i] for i in range(len(expected))])
    return difference(result.scores().aum if isinstance(result, quality.DynamicsRecorder) else result, expected)


def recorder(batches: Any, n: int) -> Work:
    def call() -> Any:
        recorder = quality.DynamicsRecorder(n)
        for ids, logits, labels in batches:
            recorder.update(ids, logits, labels, 0)
        return recorder

    return Work(call)


def aum_calculator(inputs: Epoch) -> Work:
    batches = [(ids.tolist(), logits, labels) for ids, logits, labels in inputs.tensors()]
    folder = tempfile.mkdtemp()

    def call() -> Any:
        calculator = aum.AUMCalculator(folder, compressed=True)
        found = {}
        for ids, logits, labels in batches:
            found.update(calculator.update(logits, labels, ids))
        return {name: record.margin for name, record in found.items()}

    return Work(call)


def torch_by_hand(inputs: Epoch) -> Work:
    """AUM alone, vectorized."""
    batches, n = inputs.tensors(), len(inputs.labels)

    def call() -> Any:
        sums, counts = torch.zeros(n), torch.zeros(n)
        for ids, logits, labels in batches:
            column = labels[:, None]
            own = logits.gather(1, column)[:, 0]
            sums[ids] += own - logits.scatter(1, column, -torch.inf).amax(dim=1)
            counts[ids] += 1
        return (sums / counts).numpy()

    return Work(call)


CLEANLAB, TORCH = ("cleanlab.multiannotator",), ("torch",)
WORKLOADS = (
    Workload(
        "consensus-100kx5x10",
        lambda divisor: crowd(100_000 // divisor, 5, 10),
        probabilities,
        difference,
        (
            Contender("burnish", ours, "burnish", 1e-12),
            Contender("cleanlab", cleanlab, tolerance=1e-12, needs=CLEANLAB, one_thread_only=True),
        ),
        goals({"cleanlab": 30}),
    ),
    Workload(
        "majority-100kx5x10",
        lambda divisor: crowd(100_000 // divisor, 5, 10),
        votes,
        difference,
        (
            Contender("burnish", our_majority, "burnish"),
            Contender("cleanlab", cleanlab_majority, needs=CLEANLAB, one_thread_only=True),
        ),
    ),
    Workload(
        "dynamics-50kx10",
        lambda divisor: epoch(50_000 // divisor, 10),
        margins,
        margin_error,
        (
            Contender("burnish", lambda inputs: recorder(inputs.batches(), len(inputs.labels)), "burnish", 1e-5),
            Contender(
                "burnish, torch tensors",
                lambda inputs: recorder(inputs.tensors(), len(inputs.labels)),
                "burnish",
                1e-5,
                TORCH,
            ),
            Contender("aum", aum_calculator, tolerance=1e-5, needs=("aum", "torch"), one_thread_only=True),
            Contender("torch by hand, AUM alone", torch_by_hand, tolerance=1e-5, needs=TORCH),
        ),
        goals({"aum": 100}),
    ),
)


def main(arguments: Sequence[str] | None = None) -> None:
    contest.main(__doc__, WORKLOADS, EXPLANATION, LIBRARIES, arguments)


if __name__ == "__main__":
    main()
