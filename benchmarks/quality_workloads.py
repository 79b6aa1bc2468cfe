# SPDX-License-Identifier: Apache-2.0
"""Label checks: rows, classes, what is asked for, and how much faster burnish means to be."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import quality_peers as peers
from contest import Contender, Workload, goals
from quality_peers import Inputs

CLEANLAB = ("cleanlab",)
BLOCK = 50_000


def blocks(n: int, classes: int) -> Any:
    """Labels, a tenth of them wrong, and predictions of a model that is right about nine times in ten."""
    for first in range(0, n, BLOCK):
        rng = np.random.default_rng([classes, first])
        rows = min(BLOCK, n - first)
        true = rng.integers(0, classes, rows)
        labels = np.where(rng.random(rows) < 0.1, rng.integers(0, classes, rows), true)
        logits = 1.5 * rng.standard_normal((rows, classes), dtype=np.float32)
        logits[np.arange(rows), true] += 6 + np.log(classes / 10)
        np.exp(logits, out=logits)
        yield first, labels, logits / logits.sum(axis=1, keepdims=True)


def in_memory(n: int, classes: int) -> Inputs:
    labels, probs = np.empty(n, np.int64), np.empty((n, classes), np.float32)
    for first, some_labels, some_probs in blocks(n, classes):
        labels[first : first + BLOCK], probs[first : first + BLOCK] = some_labels, some_probs
    return Inputs(labels, probs)


def on_disk(n: int, classes: int) -> Inputs:
    folder = Path(tempfile.mkdtemp(prefix="burnish-quality-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    matrix = np.lib.format.open_memmap(folder / "probs.npy", "w+", np.float32, (n, classes))
    labels = np.empty(n, np.int64)
    for first, some_labels, some_probs in blocks(n, classes):
        labels[first : first + BLOCK], matrix[first : first + BLOCK] = some_labels, some_probs
    matrix.flush()
    return Inputs(labels, np.load(folder / "probs.npy", mmap_mode="r"))


# ---- scores ----


def expect_scores(inputs: Inputs) -> dict[str, Any]:
    """In float64, of some rows."""
    rows = np.linspace(0, len(inputs.labels) - 1, 20_000).astype(int)
    p, y = inputs.probs[rows].astype(np.float64), inputs.labels[rows]
    p /= p.sum(axis=1, keepdims=True)
    own = p[np.arange(len(y)), y]
    others = np.where(np.eye(p.shape[1], dtype=bool)[y], -1, p)
    x = -(p * np.log(np.maximum(p, 1e-300))).sum(axis=1) / np.log(p.shape[1]) / own
    return {
        "rows": rows,
        "self_confidence": own,
        "normalized_margin": (own - others.max(axis=1) + 1) / 2,
        "confidence_weighted_entropy": np.log1p(x) / x,
    }


def largest_error(result: dict[str, Any], expected: dict[str, Any]) -> float:
    return max(float(np.abs(found[expected["rows"]] - expected[name]).max()) for name, found in result.items())


def scores(n: int, classes: int, names: tuple[str, ...], label: str, faster: float) -> Workload:
    return Workload(
        f"{label}-{n // 1000}kx{classes}",
        lambda divisor: in_memory(n // divisor, classes),
        expect_scores,
        largest_error,
        (
            Contender("burnish", peers.our_scores(*names), "burnish", tolerance=2e-3),
            Contender("burnish, out=", peers.our_scores_into(*names), "burnish", tolerance=2e-3),
            Contender("cleanlab", peers.their_scores(*names), tolerance=1e-2, needs=CLEANLAB, one_thread_only=True),
            Contender("NumPy, no checks", peers.numpy_scores(*names), tolerance=2e-3, one_thread_only=True),
        ),
        goals({"cleanlab": faster}),
    )


# ---- issues ----


def expect_issues(filter_by: str) -> Any:
    def expect(inputs: Inputs) -> Any:
        if not peers.cleanlab("filter"):
            return peers.our_issues(filter_by)(inputs).call()
        return peers.their_issues(filter_by)(inputs).call()

    return expect


def share_that_differs(result: Any, expected: Any) -> float:
    """Of the samples flagged; what ties is flagged by one of the two only, now and then."""
    return float((result != expected).sum() / max(1, expected.sum()))


def issues(n: int, classes: int, filter_by: str, faster: float) -> Workload:
    return Workload(
        f"{filter_by}-{n // 1000}kx{classes}",
        lambda divisor: in_memory(n // divisor, classes),
        expect_issues(filter_by),
        share_that_differs,
        (
            Contender("burnish", peers.our_issues(filter_by), "burnish", tolerance=0.02),
            Contender("cleanlab", peers.their_issues(filter_by), needs=CLEANLAB, one_thread_only=True),
        ),
        goals({"cleanlab": faster}),
    )


def auto(n: int, classes: int) -> Workload:
    """No peer has it; beside cleanlab's default."""
    filter_by = "prune_by_noise_rate"
    return Workload(
        f"auto-{n // 1000}kx{classes}",
        lambda divisor: in_memory(n // divisor, classes),
        lambda inputs: peers.our_issues("auto")(inputs).call(),
        share_that_differs,
        (
            Contender("burnish", peers.our_issues("auto"), "burnish"),
            Contender("cleanlab's default", peers.their_issues(filter_by), tolerance=1, needs=CLEANLAB,
                      one_thread_only=True),
        ),
    )  # fmt: skip


def memory_mapped(n: int, classes: int) -> Workload:
    filter_by = "low_self_confidence"
    return Workload(
        f"memory-mapped-{n // 1000}kx{classes}",
        lambda divisor: on_disk(n // divisor, classes),
        lambda inputs: peers.our_issues(filter_by)(inputs).call(),
        share_that_differs,
        (
            Contender("burnish", peers.our_issues(filter_by), "burnish"),
            Contender("burnish, auto", peers.our_issues("auto"), "burnish", tolerance=1),
            # It counts issues by thresholds of its own.
            Contender("cleanlab, batched", peers.their_batches, tolerance=1, needs=CLEANLAB, one_thread_only=True),
        ),
        goals({"cleanlab, batched": 5}),
    )


BOTH = ("self_confidence", "normalized_margin")

WORKLOADS = (
    scores(1_000_000, 10, ("self_confidence",), "self-confidence", 25),
    scores(1_000_000, 10, BOTH, "two-scores", 25),
    scores(1_000_000, 10, ("confidence_weighted_entropy",), "weighted-entropy", 25),
    scores(200_000, 100, ("self_confidence",), "self-confidence", 13),
    scores(200_000, 100, BOTH, "two-scores", 13),
    scores(200_000, 100, ("confidence_weighted_entropy",), "weighted-entropy", 13),
    auto(1_000_000, 10),
    auto(200_000, 100),
    issues(1_000_000, 10, "prune_by_noise_rate", 20),
    issues(1_000_000, 10, "confident_learning", 25),
    issues(1_000_000, 10, "prune_by_class", 0),
    issues(1_000_000, 10, "both", 0),
    issues(1_000_000, 10, "predicted_neq_given", 0),
    issues(1_000_000, 10, "low_self_confidence", 0),
    issues(1_000_000, 10, "low_normalized_margin", 0),
    issues(200_000, 100, "prune_by_noise_rate", 12),
    issues(200_000, 100, "confident_learning", 12),
    memory_mapped(400_000, 1000),
)
