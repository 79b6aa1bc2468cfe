# SPDX-License-Identifier: Apache-2.0
"""The tasks: what is computed, from what, by whom, and how much faster burnish means to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hardness_peers as peers
import hardness_reference as reference
import numpy as np
from hardness_peers import LABEL_FREE, WITH_LABELS, Contender, Inputs, ours
from report import Goal

TORCH = ("torch",)
NUMBA = ("numba",)
SCIPY = ("scipy",)


@dataclass(frozen=True)
class Workload:
    """One task, on one input, for several contenders."""

    name: str
    make: Callable[[int], Inputs]  # argument: how many times smaller than its name says
    expect: Callable[[Inputs], Any]
    error: Callable[[Any, Any], float]  # of a result against what was expected
    contenders: tuple[Contender, ...]
    goals: tuple[Goal, ...] = ()


def faster_than(peer: str, ratio: float) -> tuple[Goal, ...]:
    """The same goal for fresh and for reused results."""
    return tuple(Goal(peer, name, at_least=ratio) for name in ("burnish", "burnish, out="))


# ---- inputs ----


def normal_logits(rows: int, classes: int, dtype: str = "float32", *, labels: bool = False) -> Callable[[int], Inputs]:
    """Logits from a normal distribution with standard deviation 3, as of a classifier that is often sure."""

    def make(divisor: int) -> Inputs:
        rng = np.random.default_rng(0)
        n = rows // divisor
        logits = rng.standard_normal((n, classes), dtype=np.float32)
        logits *= 3
        given = rng.integers(0, classes, n) if labels else None
        if dtype != "bfloat16":
            return Inputs(logits.astype(dtype, copy=False), given)
        if peers.torch is None:
            raise peers.UnavailableError("bfloat16 needs torch")
        return Inputs(peers.torch.from_numpy(logits).bfloat16(), given)

    return make


def probabilities(rows: int, classes: int) -> Callable[[int], Inputs]:
    def make(divisor: int) -> Inputs:
        probs = normal_logits(rows, classes)(divisor).values
        np.exp(probs, out=probs)
        probs /= probs.sum(axis=1, keepdims=True)
        return Inputs(probs)

    return make


def entropies(n: int, k: int) -> Callable[[int], Inputs]:
    """Entropies of 10 classes: skewed, and with ties."""

    def make(divisor: int) -> Inputs:
        rng = np.random.default_rng(0)
        size, step = n // divisor, 1_000_000
        scores = np.empty(size, np.float32)
        for first in range(0, size, step):
            logits = 3 * rng.standard_normal((min(step, size - first), 10), dtype=np.float32)
            scores[first : first + step] = peers.numpy_entropy(logits)
        return Inputs(scores, k=k // divisor)

    return make


def shard(rows: int, classes: int, k: int) -> Callable[[int], Inputs]:
    def make(divisor: int) -> Inputs:
        inputs = normal_logits(rows, classes, labels=True)(divisor)
        return Inputs(inputs.values, inputs.labels, k)

    return make


# ---- scores ----


def expect_score(name: str, *, probs: bool = False) -> Callable[[Inputs], Any]:
    return lambda inputs: reference.scores(inputs.values, (name,), inputs.labels, probs=probs)[name]


def entropy(label: str, rows: int, classes: int, goal: float) -> Workload:
    return Workload(
        f"entropy-{label}",
        normal_logits(rows, classes),
        expect_score("entropy"),
        reference.difference,
        (
            ours("burnish", peers.score("entropy")),
            ours("burnish, out=", peers.score("entropy", reuse=True)),
            Contender("SciPy, row by row", peers.scipy_row_by_row, one_thread_only=True, needs=SCIPY, rows=2000),
            Contender("SciPy", peers.scipy_rows, one_thread_only=True, needs=SCIPY),
            Contender("NumPy", peers.numpy_rows, one_thread_only=True),
            Contender("NumPy in blocks", peers.numpy_blocks, one_thread_only=True),
            Contender("torch Categorical", peers.eager(peers.categorical_entropy), needs=TORCH),
            Contender("torch", peers.eager(peers.log_softmax_entropy), needs=TORCH),
            Contender("numba", peers.numba_fused, needs=NUMBA),
            Contender("torch.compile", peers.compiled(peers.log_softmax_entropy), needs=TORCH),
            Contender("torch.compile, one exp", peers.compiled(peers.one_exp_entropy), needs=TORCH),
        ),
        faster_than("torch.compile", goal),
    )


def entropy_16_bit(label: str, rows: int, classes: int, dtype: str, goal: float) -> Workload:
    in_numpy = (
        Contender("SciPy in float16", peers.scipy_rows, tolerance=0.1, one_thread_only=True, needs=SCIPY),
        Contender("NumPy, float32 in blocks", peers.numpy_blocks, one_thread_only=True),
    )
    return Workload(
        f"entropy-{label}-{dtype}",
        normal_logits(rows, classes, dtype),
        expect_score("entropy"),
        reference.difference,
        (
            ours("burnish", peers.score("entropy"), tolerance=1e-6),
            ours("burnish, out=", peers.score("entropy", reuse=True), tolerance=1e-6),
            *(in_numpy if dtype == "float16" else ()),
            Contender(f"torch in {dtype}", peers.eager(peers.log_softmax_entropy), tolerance=0.1, needs=TORCH),
            Contender("torch, .float()", peers.eager(peers.log_softmax_entropy_float), needs=TORCH),
            Contender("torch, .float() in blocks", peers.float_in_blocks, needs=TORCH),
            Contender("torch.compile", peers.compiled(peers.log_softmax_entropy_float), needs=TORCH),
            Contender("torch.compile, one exp", peers.compiled(peers.one_exp_entropy), needs=TORCH),
        ),
        faster_than("torch.compile", goal),
    )


def one_pass(label: str, rows: int, classes: int) -> Workload:
    """Every label-free score and the prediction, beside the entropy alone."""

    def error_of_entropy(found: Any, expected: Any) -> float:
        return reference.difference(found, expected["entropy"])

    every, every_out = "burnish, all scores", "burnish, all scores, out="
    return Workload(
        f"one-pass-{label}",
        normal_logits(rows, classes),
        lambda inputs: reference.scores(inputs.values, LABEL_FREE),
        reference.difference_of_all,
        (
            ours("burnish", peers.score("entropy"), error=error_of_entropy),
            ours("burnish, out=", peers.score("entropy", reuse=True), error=error_of_entropy),
            ours(every, peers.scores(LABEL_FREE)),
            ours(every_out, peers.scores(LABEL_FREE, reuse=True)),
        ),
        (Goal(every, "burnish", at_most=1.3), Goal(every_out, "burnish, out=", at_most=1.3)),
    )


def margin(label: str, rows: int, classes: int) -> Workload:
    return Workload(
        f"margin-{label}",
        normal_logits(rows, classes),
        expect_score("margin"),
        reference.difference,
        (
            ours("burnish", peers.score("margin")),
            ours("burnish, out=", peers.score("margin", reuse=True)),
            Contender("NumPy partition in blocks", peers.numpy_partition_margin, one_thread_only=True),
            Contender("torch softmax, topk", peers.eager(peers.topk_margin), needs=TORCH),
            Contender("torch.compile, two maxima", peers.compiled(peers.two_maxima_margin), needs=TORCH),
        ),
    )


def label_score(name: str, label: str, rows: int, classes: int) -> Workload:
    plain = getattr(peers, f"torch_{name}")
    fusible = getattr(peers, f"masked_{name}", plain)
    return Workload(
        f"{name}-{label}",
        normal_logits(rows, classes, labels=True),
        expect_score(name),
        reference.difference,
        (
            ours("burnish", peers.score(name, labels=True)),
            ours("burnish, out=", peers.score(name, labels=True, reuse=True)),
            Contender("torch", peers.eager(plain, labels=True), needs=TORCH),
            Contender("torch.compile", peers.compiled(fusible, labels=True), needs=TORCH),
        ),
    )


def label_scores(label: str, rows: int, classes: int) -> Workload:
    """The three of them in one pass."""
    return Workload(
        f"label-scores-{label}",
        normal_logits(rows, classes, labels=True),
        lambda inputs: reference.scores(inputs.values, WITH_LABELS, inputs.labels),
        reference.difference_of_all,
        (
            ours("burnish", peers.scores(WITH_LABELS)),
            ours("burnish, out=", peers.scores(WITH_LABELS, reuse=True)),
            Contender("torch", peers.eager(peers.torch_label_scores, labels=True), needs=TORCH),
            Contender("torch.compile", peers.compiled(peers.masked_label_scores, labels=True), needs=TORCH),
        ),
    )


def entropy_of_probabilities(label: str, rows: int, classes: int) -> Workload:
    return Workload(
        f"probs-entropy-{label}",
        probabilities(rows, classes),
        expect_score("entropy", probs=True),
        reference.difference,
        (
            ours("burnish", peers.score("entropy", probs=True)),
            ours("burnish, out=", peers.score("entropy", probs=True, reuse=True)),
            Contender("SciPy", peers.scipy_entropy_of_probs, one_thread_only=True, needs=SCIPY),
            Contender("SciPy entr in blocks", peers.scipy_entr_of_probs, one_thread_only=True, needs=SCIPY),
            Contender("torch entr", peers.eager(peers.entr_of_probs), needs=TORCH),
            Contender("torch.compile", peers.compiled(peers.entr_of_probs), needs=TORCH),
        ),
    )


def margin_of_probabilities(label: str, rows: int, classes: int) -> Workload:
    return Workload(
        f"probs-margin-{label}",
        probabilities(rows, classes),
        expect_score("margin", probs=True),
        reference.difference,
        (
            ours("burnish", peers.score("margin", probs=True)),
            ours("burnish, out=", peers.score("margin", probs=True, reuse=True)),
            Contender("NumPy partition in blocks", peers.numpy_partition_of_probs, one_thread_only=True),
            Contender("torch topk", peers.eager(peers.topk_margin_of_probs), needs=TORCH),
            Contender("torch.compile, two maxima", peers.compiled(peers.two_maxima_of_probs), needs=TORCH),
        ),
    )


# ---- selection ----


def hardest(label: str, k: int) -> Workload:
    """The k largest of 10 million. burnish returns them sorted, ties by index; peers as they like."""

    def expect(inputs: Inputs) -> dict[str, Any]:
        order = np.argsort(-inputs.values, kind="stable")[: inputs.k]
        return {"order": order, "sorted": np.sort(inputs.values[order]), "scores": inputs.values}

    def wrong_places(found: Any, expected: Any) -> float:
        return reference.difference(found, expected["order"])

    def wrong_scores(found: Any, expected: Any) -> float:
        return float(np.count_nonzero(np.sort(expected["scores"][np.asarray(found)]) != expected["sorted"]))

    return Workload(
        f"hardest-{label}-of-10M",
        entropies(10_000_000, k),
        expect,
        wrong_scores,
        (
            ours("burnish", peers.burnish_hardest, tolerance=0, error=wrong_places),
            ours("burnish, out=", peers.burnish_hardest_into, tolerance=0, error=wrong_places),
            Contender("argpartition", peers.argpartition, tolerance=0, one_thread_only=True),
            Contender("argpartition, sorted", peers.argpartition_sorted, tolerance=0, one_thread_only=True),
            Contender("argsort", peers.argsort, tolerance=0, one_thread_only=True),
            Contender("torch.topk", peers.topk, tolerance=0, needs=TORCH),
        ),
        faster_than("argpartition", 9.0),
    )


def accumulate(label: str, rows: int, classes: int) -> Workload:
    """One shard: entropy, table by class, histogram of right and wrong predictions, the hardest 1,000."""

    def expect(inputs: Inputs) -> dict[str, Any]:
        found = reference.scores(inputs.values, ("entropy", "predictions"))
        return {"entropy": found["entropy"], "correct": found["predictions"] == inputs.labels, "labels": inputs.labels}

    def error(found: Any, expected: Any) -> float:
        values, correct, labels = expected["entropy"], expected["correct"], expected["labels"]
        count = np.bincount(labels, minlength=classes)
        means = np.bincount(labels, weights=values, minlength=classes) / count
        accuracy = np.bincount(labels, weights=correct, minlength=classes) / count
        right, wrong = (
            np.histogram(values[correct == side], peers.BINS, (0, np.log(classes)))[0] for side in (True, False)
        )
        # A value that rounding carries over an edge is no error of the histogram; ten thousand of them would be.
        moved = np.abs(found["histogram"] - np.stack([wrong, right])).sum() / len(values)
        ids = found["ids"]
        top = np.sort(values)[::-1][: len(ids)]
        return max(
            reference.difference(found["means"], means),
            reference.difference(found["accuracy"], accuracy),
            reference.difference(values[ids], top),
            float(moved) / 100,
        )

    return Workload(
        f"accumulate-{label}",
        shard(rows, classes, k=1000),
        expect,
        error,
        (
            ours("burnish", peers.accumulator, error=lambda found, expected: error(peers.contents(found), expected)),
            Contender("torch and NumPy by hand", peers.shard_by_hand, needs=TORCH),
        ),
    )


WORKLOADS = (
    entropy("10Mx10", 10_000_000, 10, goal=5.0),
    entropy("1Mx100", 1_000_000, 100, goal=3.0),
    entropy("200kx1000", 200_000, 1000, goal=3.0),
    entropy_16_bit("4Mx10", 4_000_000, 10, "float16", goal=4.0),
    entropy_16_bit("1Mx100", 1_000_000, 100, "bfloat16", goal=3.0),
    one_pass("10Mx10", 10_000_000, 10),
    one_pass("1Mx100", 1_000_000, 100),
    one_pass("200kx1000", 200_000, 1000),
    margin("10Mx10", 10_000_000, 10),
    margin("1Mx100", 1_000_000, 100),
    margin("200kx1000", 200_000, 1000),
    label_score("cross_entropy", "1Mx100", 1_000_000, 100),
    label_score("el2n", "1Mx100", 1_000_000, 100),
    label_score("logit_margin", "1Mx100", 1_000_000, 100),
    label_scores("10Mx10", 10_000_000, 10),
    label_scores("1Mx100", 1_000_000, 100),
    hardest("1k", 1_000),
    hardest("100k", 100_000),
    hardest("1M", 1_000_000),
    entropy_of_probabilities("2Mx10", 2_000_000, 10),
    entropy_of_probabilities("200kx100", 200_000, 100),
    margin_of_probabilities("2Mx10", 2_000_000, 10),
    margin_of_probabilities("200kx100", 200_000, 100),
    accumulate("1Mx10", 1_000_000, 10),
)
