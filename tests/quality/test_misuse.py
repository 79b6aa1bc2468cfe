# SPDX-License-Identifier: Apache-2.0
"""Data that would give a wrong answer in silence is refused, in the name of the call that was made."""

from __future__ import annotations

import copy
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import quality
from quality_data import problem

P = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
Y = np.array([0, 1, 0])


class Once:
    """No iterator, but it can be read once only."""

    def __init__(self, pairs: list[Any]) -> None:
        self.iterator = iter(pairs)

    def __iter__(self) -> Any:
        return self.iterator


class OnceHidden(Once):
    """The same, with another iterator each time."""

    def __iter__(self) -> Any:
        return (pair for pair in self.iterator)


@pytest.mark.parametrize("kind", [Once, OnceHidden])
def test_shards_that_can_be_read_once(kind: Any) -> None:
    labels, probs, _ = problem(900, 4, 3)
    pairs = [(probs[:300], labels[:300]), (probs[300:], labels[300:])]
    found = quality.find_label_issues(shards=kind(pairs))
    np.testing.assert_array_equal(found.indices, quality.find_label_issues(labels, probs=probs).indices)
    assert found.num_samples == 900
    with pytest.raises(
        (TypeError, ValueError),
        match=r"which can be read once; 'both' reads it 3 times|0 rows were read in pass 2, 900 in the first",
    ):
        quality.find_label_issues(shards=kind(pairs), filter_by="both")


@pytest.mark.parametrize("wrong", [P, (P, Y, Y), 3])
def test_a_later_shard_that_is_no_pair(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"find_label_issues: 'shards' holds a .*accepted: pairs"):
        quality.find_label_issues(shards=[(P, Y), wrong])


def test_passes_of_different_length() -> None:
    labels, probs, _ = problem(300, 4, 4)
    seen = quality.LabelIssueAccumulator(4, filter_by="confident_learning").update(labels, probs=probs).finish_pass()
    seen.update(labels[:200], probs=probs[:200])
    with pytest.raises(ValueError, match="200 rows were read in pass 2, 300 in the first"):
        seen.finish_pass()
    seen.update(labels[200:], probs=probs[200:]).finish_pass()
    np.testing.assert_array_equal(
        seen.result().indices, quality.find_label_issues(labels, probs=probs, filter_by="confident_learning").indices
    )


def test_rows_are_read_once_a_pass() -> None:
    labels, probs, _ = problem(300, 4, 4)
    seen = quality.LabelIssueAccumulator(4, filter_by="confident_learning")
    for first in (200, 0, 100):  # any order
        seen.update(labels[first : first + 100], probs=probs[first : first + 100], first_row=first)
    before = pickled(seen)
    for first in (0, 50, 299):
        with pytest.raises(ValueError, match=f"rows {first} to {first + 99} are given, and 0 to 299 were read"):
            seen.update(labels[:100], probs=probs[:100], first_row=first)
    for first in (-1, (1 << 62) - 99, 1 << 63, 1 << 70):
        with pytest.raises(ValueError, match=r"'first_row' is -1|accepted: below 2\^62"):
            seen.update(labels[:100], probs=probs[:100], first_row=first)
    seen.update(labels[:0], probs=probs[:0], first_row=50)  # nothing is nowhere
    assert pickled(seen) == before
    gaps = quality.LabelIssueAccumulator(4)
    gaps.update(labels[:100], probs=probs[:100], first_row=400)
    gaps.update(labels[:100], probs=probs[:100], first_row=100)
    gaps.update(labels[:100], probs=probs[:100], first_row=500)
    for first, clash in ((150, "100 to 199"), (350, "400 to 599"), (550, "400 to 599"), (599, "400 to 599")):
        with pytest.raises(ValueError, match=f"{clash} were read"):
            gaps.update(labels[:100], probs=probs[:100], first_row=first)
    gaps.update(labels[:200], probs=probs[:200], first_row=200)


def pickled(seen: Any) -> Any:
    return seen._sums.counts.tolist(), list(seen._ranges)


def test_merge_of_the_same_rows() -> None:
    start = quality.LabelIssueAccumulator(2)
    one, two = copy.deepcopy(start).update(Y, probs=P), copy.deepcopy(start).update(Y, probs=P)
    with pytest.raises(ValueError, match=r"LabelIssueAccumulator.merge: rows 0 to 2 are given, and 0 to 2 were read"):
        one.merge(two)
    assert one.merge(copy.deepcopy(start).update(Y, probs=P, first_row=3)).finish_pass().num_samples == 6


@pytest.mark.parametrize("dtype", [np.int8, np.int32])
def test_labels_are_not_all_copied(dtype: Any) -> None:
    n = 1_000_000
    labels = np.zeros(n, dtype)
    probs = np.broadcast_to(np.array([[0.75, 0.25]], np.float32), (n, 2))
    quality.find_label_issues(labels[:9], probs=probs[:9])
    tracemalloc.start()
    quality.find_label_issues(labels, probs=probs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6, f"{peak / 1e6:.1f} MB; the labels in int64 are 8 MB"


def test_none_of_the_lowest_is_wanted() -> None:
    labels, probs, _ = problem(3000, 4, 5)
    seen = quality.LabelIssueAccumulator(4, filter_by="low_self_confidence", num_issues=0)
    for _ in range(2):
        seen.update(labels, probs=probs).finish_pass()
    seen.update(labels, probs=probs)
    assert sum(len(part) for parts in seen._parts.values() for part in parts) == 0
    assert len(seen.finish_pass().result()) == 0


FAR = [[1e300], [-1e300], [0.0], [1.0]]
ON_ROWS: dict[str, Callable[[Any], Any]] = {
    "uniqueness": lambda x: quality.uniqueness(x, metric="euclidean"),
    "outliers": lambda x: quality.outliers(x, metric="euclidean"),
    "representativeness": lambda x: quality.representativeness(x, 2, metric="euclidean"),
    "coreset": lambda x: quality.coreset(x, 2),
    "leaks": lambda x: quality.leaks(x, x, 0.1),
    "near_duplicates": lambda x: quality.near_duplicates(x, threshold=0.1),
    "sample": lambda x: quality.sample([0.1, 0.2, 0.3, 0.4][: len(x)], x, 2),
}


@pytest.mark.parametrize("name", ON_ROWS)
def test_rows_of_no_use(name: str) -> None:
    for rows in (FAR, np.full((4, 2), 1e-200)):
        with pytest.raises(
            ValueError, match=f"^{name}: the largest absolute value of '(X|train)' is 1e.* scale the rows"
        ):
            ON_ROWS[name](rows)
    for value in (np.nan, np.inf):
        with pytest.raises(ValueError, match=f"^{name}: '(X|train)' holds NaN or infinity"):
            ON_ROWS[name]([[1.0], [value], [0.0], [2.0]])
    with pytest.raises(ValueError, match=f"^{name}: '(X|train)' has no columns"):
        ON_ROWS[name](np.zeros((3, 0)))
    ON_ROWS[name](np.zeros((4, 2)))


@pytest.mark.parametrize("scale", [2.0**100, 2.0**-100])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_large_and_small_float32_rows(scale: float, metric: Any) -> None:
    rows = np.random.default_rng(0).standard_normal((60, 3)).astype(np.float32)
    scaled = rows * np.float32(scale)
    for score in (quality.uniqueness, lambda x, metric: quality.representativeness(x, 5, metric=metric)):
        np.testing.assert_allclose(score(scaled, metric=metric), score(rows, metric=metric), rtol=1e-4)


def test_few_rows_for_the_default_k() -> None:
    rows = np.array([[0.0], [1.0], [2.0], [9.0], [4.0]])
    np.testing.assert_array_equal(
        quality.outliers(rows, metric="euclidean"), quality.outliers(rows, 4, metric="euclidean")
    )
    assert len(quality.outliers(rows, reference=rows[:3], metric="euclidean")) == 5
    with pytest.raises(ValueError, match=r"^outliers: 'k' is 10; accepted: an integer, 1 to 4"):
        quality.outliers(rows, 10)


@pytest.mark.parametrize(
    ("joint", "words"),
    [
        ([[np.nan, 1], [0, 1]], "holds NaN or infinity"),
        ([[np.inf, 1], [0, 1]], "holds NaN or infinity"),
        ([[0, 0], [0, 0]], "is all 0"),
    ],
)
def test_joint(joint: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"^noise_rates: 'joint' {words}"):
        quality.noise_rates(Y, joint=joint)


ON_PROBS: dict[str, Callable[[Any], Any]] = {
    "find_label_issues": lambda x: quality.find_label_issues(Y, probs=x),
    "num_label_issues": lambda x: quality.num_label_issues(Y, probs=x, method="off_diagonal"),
    "class_thresholds": lambda x: quality.class_thresholds(Y, probs=x),
    "confident_joint": lambda x: quality.confident_joint(Y, probs=x),
    "noise_rates": lambda x: quality.noise_rates(Y, probs=x),
    "label_scores": lambda x: quality.label_scores(labels=Y, probs=x),
    "self_confidence": lambda x: quality.self_confidence(labels=Y, probs=x, adjust=True),
    "mistakenness": lambda x: quality.mistakenness(labels=Y, probs=x, sureness="confidence"),
    "LabelIssueAccumulator": lambda x: quality.LabelIssueAccumulator(2).update(Y, probs=x),
    "DynamicsRecorder.update": lambda x: quality.DynamicsRecorder(3).update([0, 1, 2], x, Y, 0),
}
UNREADABLE = {
    "byte-swapped": P.astype(P.dtype.newbyteorder()),
    "masked": np.ma.array(P),
    "object": P.astype(object),
    "complex": P.astype(complex),
    "ragged": [[0.5, 0.5], [1.0], [0.5, 0.5]],
    "text": np.array([["a", "b"]] * 3),
}


@pytest.mark.parametrize("name", ON_PROBS)
@pytest.mark.parametrize("kind", UNREADABLE)
def test_messages_name_the_call(name: str, kind: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{name}: (?![a-z_]+: )"):
        ON_PROBS[name](UNREADABLE[kind])


@pytest.mark.parametrize("name", [name for name in ON_PROBS if name != "DynamicsRecorder.update"])
def test_a_tensor_that_requires_grad(name: str) -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises((TypeError, ValueError), match=f"^{name}: 'probs' requires grad"):
        ON_PROBS[name](torch.tensor(P, requires_grad=True))


def test_other_messages() -> None:
    with pytest.raises(TypeError, match=r"^sample: 'scores' has dtype int64"):
        quality.sample([1, 2, 3], P, 2)
    with pytest.raises(ValueError, match=r"^find_label_issues: 'filter_by' is \['auto'\]"):
        quality.find_label_issues(Y, probs=P, filter_by=["auto"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^find_label_issues: 'filter_by' is \['auto'\]"):
        quality.find_label_issues(shards=[(P, Y)], filter_by=["auto"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^find_label_issues: 'rank_by' is \[\]"):
        quality.find_label_issues(Y, probs=P, rank_by=[])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^uniqueness\(\) missing"):
        quality.uniqueness()  # type: ignore[call-arg]


def test_what_a_reader_raises_is_left_alone() -> None:
    def broken() -> Any:
        yield P, Y
        raise ValueError("disk: is gone")

    with pytest.raises(ValueError, match=r"^disk: is gone"):
        quality.find_label_issues(shards=broken())
