# SPDX-License-Identifier: Apache-2.0
"""Which samples are chosen: against a full sort, plain loops, and fractions."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

import burnish
import numpy as np
import pytest
from burnish import hardness
from hardness_data import assert_same_bits
from hypothesis import given
from hypothesis import strategies as st

inf, nan = math.inf, math.nan


# ---- hardest ----


def sorted_hardest(scores: Any) -> Any:
    """All indices, hardest first, ties by lowest index, NaN last."""
    missing = np.isnan(scores)
    return np.lexsort((np.arange(len(scores)), -np.where(missing, 0, scores), missing))


def distributions(n: int, dtype: str) -> dict[str, Any]:
    rng = np.random.default_rng(n)
    values = rng.random(n)
    tiny = np.finfo(dtype).smallest_subnormal
    made = {
        "random": values,
        "normal": rng.normal(size=n),
        "all equal": np.full(n, 0.25),
        "few distinct": rng.integers(0, 3, n) / 2,
        "sorted": np.sort(values),
        "reversed": np.sort(values)[::-1],
        "periodic": np.arange(n) % 18,
        "long period": np.sin(np.arange(n) / 1000),
        "hard ones together": np.where(np.arange(n) // 1000 == 7, values + 2, values),
        "NaN": np.where(rng.random(n) < 0.3, nan, values),
        "mostly NaN": np.where(rng.random(n) < 0.999, nan, values),
        "all NaN": np.full(n, nan),
        "infinities": rng.choice([inf, -inf, 0.5, nan], n),
        "zeros of both signs": rng.choice([0.0, -0.0], n),
        "subnormal": rng.integers(-3, 4, n) * tiny,
        "all sizes": rng.normal(size=n) * 10.0 ** rng.integers(-30, 30, n),
        "what a sample misses": sample_fooling(n),
    }
    return {name: np.ascontiguousarray(scores, dtype) for name, scores in made.items()}


def sample_fooling(n: int) -> Any:
    """High scores just where a search that looks at every few scores would look, so that it aims too high."""
    scores = np.linspace(0, 1, n)
    step = max(1, n // 16_384)
    looked_at = np.arange(0, n - step + 1, step)
    scores[looked_at + (np.arange(len(looked_at)) * 7919) % step] += 5
    return scores


@cache
def sorted_cases(n: int, dtype: str) -> list[tuple[str, Any, Any]]:
    return [(name, scores, sorted_hardest(scores)) for name, scores in distributions(n, dtype).items()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [0, 1, 2, 100, 2047, 2048, 65_535, 65_537, 300_000])
def test_hardest(n: int, dtype: str) -> None:
    for name, scores, order in sorted_cases(n, dtype):
        for k in sorted({0, min(1, n), min(7, n), n // 10, n // 2, n}):
            assert_same_bits(hardness.hardest(scores, k), order[:k], (name, k))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_hardest_of_strided_scores(dtype: str, isa: str) -> None:
    for n in (5, 100, 70_001):
        scores = distributions(n, dtype)["normal"]
        order = sorted_hardest(scores)
        twice, table = scores.repeat(2), np.zeros((n, 3), dtype)
        table[:, 1] = scores
        offset = np.concatenate([np.zeros(1, dtype), scores])[1:]
        for view in (twice[::2], table[:, 1], np.ascontiguousarray(scores[::-1])[::-1], offset):
            for k in (1, n // 10, n):
                assert_same_bits(hardness.hardest(view, k), order[:k])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_hardest_at_each_level_and_thread_count(dtype: str, isa: str, threads: int) -> None:
    for n in (100, 65_537, 300_000):
        for name, scores, order in sorted_cases(n, dtype):
            if name in ("random", "few distinct", "infinities", "NaN", "what a sample misses", "subnormal"):
                for k in (n // 100, n // 3):
                    assert_same_bits(hardness.hardest(scores, k), order[:k], (name, n, k))


@given(
    st.lists(st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, inf, -inf, nan, 1e-45, -1e-45, 3e38]), max_size=40), st.data()
)
def test_hardest_of_odd_values(values: list[float], data: Any) -> None:
    scores = np.array(values, np.float32)
    k = data.draw(st.integers(0, len(values)))
    assert_same_bits(hardness.hardest(scores, k), sorted_hardest(scores)[:k])


def test_hardest_on_devices(device: str) -> None:
    import torch

    for dtype in ("float32", "float64"):
        for name, scores, order in sorted_cases(2048, dtype):
            for k in (0, 1, 200, 2048):
                found = hardness.hardest(torch.tensor(scores, device=device), k)
                assert found.device.type == device
                assert_same_bits(found.cpu().numpy(), order[:k], (name, k))


# ---- uncertain ----


ARTICLE = np.array([[0.7, 0.2, 0.1], [0.9, 0.05, 0.05], [0.3, 0.4, 0.3], [0.1, 0.3, 0.6]])


def test_uncertain_examples_of_the_article(framework: Any) -> None:
    """The article prints [2]; its own code gives [0 2 3]."""
    predictions, labels = framework.array(ARTICLE), framework.array(np.array([2, 0, 1, 1]))
    for function in (hardness.identify_uncertain_examples, hardness.uncertain):
        indices, given_labels = function(predictions, labels, 0.8)
        assert framework.owns(indices)
        assert framework.dtype(indices) == "int64"
        assert indices.tolist() == [0, 2, 3]
        assert given_labels.tolist() == [2, 1, 1]
    indices, _ = hardness.identify_uncertain_examples(predictions, labels, confidence_threshold=0.5)
    assert indices.tolist() == [2]
    assert hardness.identify_uncertain_examples(predictions, labels)[0].tolist() == [0, 2, 3]
    assert hardness.uncertain(predictions, labels)[0].tolist() == [0, 2, 3]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("classes", [1, 5, 40])
def test_uncertain_is_what_the_largest_says(framework: Any, dtype: str, classes: int) -> None:
    rng = np.random.default_rng(classes)
    p = rng.dirichlet(np.full(classes, 0.3), 301).astype(dtype)
    labels = rng.integers(0, classes, 301)
    largest = p.max(axis=1)
    for threshold in (0.0, 0.3, 0.8, float(largest[7]), float(largest[100]), 1.0):
        wanted = np.flatnonzero(~(largest >= threshold))
        indices, given_labels = hardness.uncertain(framework.array(p), framework.array(labels), threshold)
        assert_same_bits(np.asarray(indices), wanted, threshold)
        assert_same_bits(np.asarray(given_labels), labels[wanted], threshold)


def test_uncertain_rows_without_a_distribution() -> None:
    p = np.array([[nan, 1.0], [0.9, 0.1], [0.0, 0.0], [inf, 0.0], [1.0, nan], [-0.1, 1.1], [0.1, 0.9]])
    indices, labels = hardness.uncertain(p, np.arange(7), 0.5)
    assert indices.tolist() == labels.tolist() == [0, 2, 3, 4, 5]


def test_uncertain_takes_labels_of_any_kind() -> None:
    names = np.array(["cat", "dog", "eel", "fox"])
    assert hardness.uncertain(ARTICLE, names)[1].tolist() == ["cat", "eel", "fox"]
    assert hardness.uncertain(ARTICLE, names.tolist())[1].tolist() == ["cat", "eel", "fox"]
    assert hardness.uncertain(ARTICLE, np.eye(4))[1].shape == (3, 4)
    indices, labels = hardness.uncertain(np.zeros((0, 3)), np.zeros(0, int))
    assert len(indices) == len(labels) == 0


# ---- by_class ----


def plain_table(scores: Any, labels: Any, correct: Any, classes: int) -> list[tuple[int, Any, int, Any, int]]:
    """(class, mean, count, accuracy, undefined) with the mean rounded once, hardest first, classes without one last."""
    rows = []
    for c in range(classes):
        mine = [(float(s), bool(r)) for s, y, r in zip(scores, labels, correct, strict=True) if y == c]
        finite = [(s, r) for s, r in mine if math.isfinite(s)]
        count = len(finite)
        mean = float(sum((Fraction(s) for s, _ in finite), Fraction()) / count) if count else nan
        accuracy = sum(r for _, r in finite) / count if count else nan
        rows.append((c, mean, count, accuracy, len(mine) - count))
    return sorted(rows, key=lambda row: (math.isnan(row[1]), 0.0 if math.isnan(row[1]) else -row[1], row[0]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 7, 500, 4001])
def test_by_class(dtype: str, n: int) -> None:
    rng = np.random.default_rng(n)
    # No bit lies further than 60 behind the point, so that sums are exact; but they have more than a float64 holds.
    scores = (rng.integers(0, 2**24, n) / 2.0 ** rng.integers(0, 36, n)).astype(dtype)
    scores[rng.random(n) < 0.05] = nan
    scores[rng.random(n) < 0.02] = inf
    labels, correct = rng.choice([0, 1, 3, 6], n), rng.random(n) < 0.7
    classes = int(labels.max()) + 1
    wanted = plain_table(scores, labels, correct, classes)
    table = hardness.by_class(scores, labels, correct=correct)
    assert table.labels.tolist() == [row[0] for row in wanted]
    assert table.names == tuple(str(row[0]) for row in wanted)
    assert_same_bits(table.mean, np.array([row[1] for row in wanted]))
    assert table.count.tolist() == [row[2] for row in wanted]
    assert_same_bits(table.accuracy, np.array([row[3] for row in wanted]))
    assert table.undefined.tolist() == [row[4] for row in wanted]


def test_by_class_of_scores_below_0() -> None:
    scores = np.array([-1.5, -0.25, 3.0, -1e9, 2.0**-50, -(2.0**-50)])
    labels = np.array([0, 0, 1, 2, 3, 4])
    table = hardness.by_class(scores, labels)
    assert table.labels.tolist() == [1, 3, 4, 0, 2]
    assert_same_bits(table.mean, np.array([3.0, 2.0**-50, -(2.0**-50), -0.875, -1e9]))


@pytest.mark.parametrize("value", [2.0**-57 * 3, -(2.0**-57) * 3, 1 / 3, -1 / 3, 1e-17, -1e-17])
def test_each_score_is_summed_to_60_bits_behind_the_point(value: float) -> None:
    mean = hardness.by_class(np.array([value, 0.0, value]), [0, 0, 0]).mean[0]
    assert abs(Fraction(mean) - Fraction(value) * 2 / 3) <= Fraction(1, 2**60) + abs(Fraction(mean)) / 2**53


def test_by_class_names_and_order() -> None:
    scores = np.array([0.5, 0.5, 0.25, nan])
    table = hardness.by_class(
        scores, [2, 0, 1, 3], ["ant", "bee", "cat", "dog", "eel"], correct=[False, True, True, True]
    )
    assert table.names == ("ant", "cat", "bee", "dog", "eel")  # ties by class number, without a score last
    assert len(table) == 5
    assert list(table)[:3] == [("ant", 0.5, 1, 1.0), ("cat", 0.5, 1, 0.0), ("bee", 0.25, 1, 1.0)]
    assert table.undefined.tolist() == [0, 0, 0, 1, 0]
    lines = str(table).splitlines()
    assert lines[0].split() == ["class", "hardness", "samples", "accuracy"]
    assert lines[1].split() == ["ant", "0.500", "1", "1.000"]
    assert lines[-1] == "without a score: 1"
    unknown = hardness.by_class(scores, [2, 0, 1, 3])
    assert np.isnan(unknown.accuracy).all()
    assert str(unknown).splitlines()[1].split() == ["0", "0.500", "1", "-"]


def test_by_class_of_nothing() -> None:
    assert len(hardness.by_class(np.zeros(0), np.zeros(0, int))) == 0
    table = hardness.by_class(np.zeros(0), np.zeros(0, int), ["ant", "bee"])
    assert table.names == ("ant", "bee")
    assert table.count.tolist() == [0, 0]
    assert np.isnan(table.mean).all()


@pytest.mark.parametrize("label_dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_by_class_reads_any_labels_and_strides(label_dtype: str) -> None:
    rng = np.random.default_rng(0)
    scores, labels, correct = rng.random(301).astype("f4"), rng.integers(0, 5, 301), rng.random(301) < 0.5
    expected = hardness.by_class(scores, labels, correct=correct)
    found = hardness.by_class(
        scores.repeat(2)[::2], labels.astype(label_dtype)[::-1].copy()[::-1], correct=correct.repeat(3)[::3]
    )
    assert list(found) == list(expected)
    as_numbers = hardness.by_class(scores.tolist(), labels.tolist(), correct=correct.astype("u1"))
    assert list(as_numbers) == list(expected)  # every float32 is a float64


def test_by_class_depends_on_neither_threads_nor_order(threads: int) -> None:
    rng = np.random.default_rng(1)
    n = 200_003
    scores, labels = rng.gamma(0.3, size=n) * 10.0 ** rng.integers(-9, 9, n), rng.integers(0, 7, n)
    first = hardness.by_class(scores, labels, correct=scores > 0.1)
    order = rng.permutation(n)
    burnish.set_num_threads(1)  # the fixture restores it
    again = hardness.by_class(scores[order], labels[order], correct=scores[order] > 0.1)
    assert_same_bits(first.mean, again.mean)
    assert list(first) == list(again)
    for c in range(7):
        right = math.fsum(scores[labels == c]) / int((labels == c).sum())
        assert first.mean[first.labels.tolist().index(c)] == pytest.approx(right, rel=1e-15)


# ---- select ----


def shares(k: int, weights: list[Fraction], sizes: list[int]) -> list[Fraction]:
    """Pour k into vessels in proportion to their weights; a full one passes the rest on. Those of weight 0 come last.

    The level at which all is poured out lies between two of those at which a vessel is full; on the way there the
    filling is linear.
    """
    poured = [Fraction(0)] * len(sizes)
    for group in ([i for i, w in enumerate(weights) if w > 0], [i for i, w in enumerate(weights) if w == 0]):
        weight = {i: weights[i] if weights[i] > 0 else Fraction(1) for i in group}
        left = min(Fraction(k) - sum(poured), Fraction(sum(sizes[i] for i in group)))
        below = Fraction(0)
        for level in sorted({Fraction(sizes[i]) / weight[i] for i in group}):
            rising = sum((weight[i] for i in group if Fraction(sizes[i]) / weight[i] > below), Fraction(0))
            reached = min(level, below + left / rising) if rising else below
            left -= (reached - below) * rising
            below = reached
        for i in group:
            poured[i] = min(Fraction(sizes[i]), below * weight[i])
    return poured


def check_quota(quota: list[int], k: int, weights: list[Fraction], sizes: list[int]) -> None:
    """Whole numbers that differ from the shares by rounding alone, the largest remainders rounded up."""
    exact = shares(k, weights, sizes)
    assert sum(exact) == k
    assert sum(quota) == k
    up = [i for i, q in enumerate(quota) if q > exact[i]]
    down = [i for i, q in enumerate(quota) if q < exact[i]]
    for i, q in enumerate(quota):
        assert q in (math.floor(exact[i]), math.ceil(exact[i])), (quota, [float(share) for share in exact])
    for i in up:
        for j in down:
            remainders = exact[i] - math.floor(exact[i]), exact[j] - math.floor(exact[j])
            assert remainders[0] >= remainders[1] - Fraction(1, 10**9), (quota, [float(share) for share in exact])
            if weights[i] == weights[j] and exact[i] == exact[j]:
                assert i < j, (quota, "equal shares: the lower class first")


def class_quota(picked: Any, labels: Any, classes: int) -> list[int]:
    return np.bincount(np.asarray(labels)[picked], minlength=classes).tolist()


def check_selection(picked: Any, scores: Any, labels: Any, quota: list[int]) -> None:
    """The hardest of each class, up to its quota; all of them hardest first."""
    order = sorted_hardest(scores)
    wanted = [i for c, q in enumerate(quota) for i in order[labels[order] == c][:q]]
    place = np.argsort(order)
    assert picked.tolist() == sorted(wanted, key=lambda i: place[i])


def repeated(weights: list[float], sizes: list[int]) -> tuple[Any, Any]:
    return np.repeat(np.array(weights), sizes), np.repeat(np.arange(len(sizes)), sizes)


@pytest.mark.parametrize(
    ("weights", "sizes", "k", "quota"),
    [
        ([0.5, 0.25, 0.25], [9, 9, 9], 4, [2, 1, 1]),
        ([0.5, 0.3125, 0.1875], [9, 9, 9], 3, [1, 1, 1]),  # shares 1.5, 0.94, 0.56: the remainders .94 and .56 win
        ([0.5, 0.3125, 0.1875], [9, 9, 9], 10, [5, 3, 2]),
        ([1.0, 1.0, 1.0], [9, 9, 9], 4, [2, 1, 1]),  # ties of remainders go to the lowest class
        ([1.0, 1.0, 1.0], [9, 9, 9], 5, [2, 2, 1]),
        ([1.0, 2.0, 4.0], [9, 9, 2], 8, [2, 4, 2]),  # the last is full: the others share what it leaves
        ([8.0, 1.0, 1.0], [1, 9, 9], 7, [1, 3, 3]),
        ([0.0, 1.0, 0.0], [9, 2, 9], 5, [2, 2, 1]),  # without weight only when nothing else is left
        ([0.0, 0.0, 0.0], [9, 9, 9], 6, [2, 2, 2]),
        ([3.0, 2.0, 1.0], [4, 4, 4], 12, [4, 4, 4]),
        ([3.0, 2.0, 1.0], [4, 4, 4], 0, [0, 0, 0]),
    ],
)
def test_proportional_quotas(weights: list[float], sizes: list[int], k: int, quota: list[int]) -> None:
    check_quota(quota, k, [Fraction(w) for w in weights], sizes)  # the oracle agrees with the numbers above
    scores, labels = repeated(weights, sizes)
    picked = hardness.select(scores, labels, k, "proportional")
    assert class_quota(picked, labels, len(sizes)) == quota
    check_selection(picked, scores, labels, quota)


@pytest.mark.parametrize(
    ("sizes", "k", "quota"),
    [
        ([9, 9, 9], 6, [2, 2, 2]),
        ([9, 9, 9], 8, [3, 3, 2]),
        ([1, 9, 9], 8, [1, 4, 3]),
        ([1, 2, 9], 9, [1, 2, 6]),
        ([0, 5, 0, 5], 3, [0, 2, 0, 1]),
        ([3, 3], 6, [3, 3]),
        ([4], 2, [2]),
    ],
)
def test_balanced_quotas(sizes: list[int], k: int, quota: list[int]) -> None:
    rng = np.random.default_rng(k)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    scores = rng.random(len(labels))
    picked = hardness.select(scores, labels, k, "balanced")
    assert class_quota(picked, labels, len(sizes)) == quota
    check_selection(picked, scores, labels, quota)


@given(
    st.lists(st.tuples(st.integers(0, 64), st.integers(0, 12)), min_size=1, max_size=9),
    st.sampled_from(["proportional", "balanced"]),
    st.data(),
)
def test_quotas_are_fair(classes: list[tuple[int, int]], strategy: Any, data: Any) -> None:
    weights, sizes = [w / 8 for w, _ in classes], [n for _, n in classes]
    scores, labels = repeated(weights, sizes)
    k = data.draw(st.integers(0, len(scores)))
    picked = hardness.select(scores, labels, k, strategy)
    quota = class_quota(picked, labels, len(sizes))
    check_quota(quota, k, [Fraction(w) if strategy == "proportional" else Fraction(1) for w in weights], sizes)


@pytest.mark.parametrize("strategy", ["top", "proportional", "balanced"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_select(framework: Any, strategy: Any, dtype: str) -> None:
    rng = np.random.default_rng(5)
    labels = rng.choice(6, 500, p=[0.5, 0.2, 0.2, 0.05, 0.0, 0.05])
    scores = (rng.integers(0, 40, 500) / 16 * (labels + 1)).astype(dtype)  # many ties
    for k in (0, 1, 17, 250, 480, 500):
        picked = hardness.select(framework.array(scores), framework.array(labels), k, strategy)
        assert framework.owns(picked)
        picked = np.asarray(picked)
        assert picked.dtype == np.int64
        assert len(set(picked.tolist())) == len(picked) == k
        if strategy == "top":
            assert_same_bits(picked, sorted_hardest(scores)[:k])
            continue
        sizes = np.bincount(labels, minlength=6).tolist()
        means = [
            Fraction(float(scores[labels == c].mean(dtype="f8"))) if n else Fraction(0) for c, n in enumerate(sizes)
        ]
        quota = class_quota(picked, labels, 6)
        check_quota(quota, k, means if strategy == "proportional" else [Fraction(1)] * 6, sizes)
        check_selection(picked, scores, labels, quota)


def test_select_takes_samples_without_a_score_last() -> None:
    scores, labels = np.array([nan, 1.0, nan, 0.5, inf, 2.0]), np.array([0, 0, 1, 1, 1, 0])
    assert hardness.select(scores, labels, 2, "balanced").tolist() == [4, 5]
    assert hardness.select(scores, labels, 4, "balanced").tolist() == [4, 5, 1, 3]
    assert hardness.select(scores, labels, 6, "balanced").tolist() == [4, 5, 1, 3, 0, 2]
    assert hardness.select(scores, labels, 6).tolist() == [4, 5, 1, 3, 0, 2]


def test_select_without_samples() -> None:
    for strategy in ("top", "balanced", "proportional"):
        assert hardness.select(np.zeros(0), np.zeros(0, int), 0, strategy).tolist() == []
