# SPDX-License-Identifier: Apache-2.0
"""Values at the edge of what a float holds: each has one defined result, whatever the width of the row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from burnish import hardness
from hardness_data import INDEX_SCORES, assert_same_bits, names_for, score

inf, nan = math.inf, math.nan
LN2, LN3 = math.log(2), math.log(3)
UNIFORM = {"entropy": LN3, "margin": 0, "max_probability": 1 / 3, "perplexity": 3, "predictions": 0, "rank_of_label": 1}
CERTAIN = {"entropy": 0, "margin": 1, "least_confidence": 0, "max_probability": 1, "perplexity": 1}

# Logits of three classes, the given label being 1, and what they score in float32; "undefined" is NaN, -1 or False.
LOGITS: dict[str, tuple[list[float], Any]] = {
    "1e4": ([1e4, -1e4, 0], CERTAIN | {"energy": 1e4, "cross_entropy": 2e4, "predictions": 0, "rank_of_label": 2}),
    "label 1e4": ([0, 1e4, -1e4], CERTAIN | {"cross_entropy": 0, "el2n": 0, "logit_margin": 1e4, "correct": True}),
    "3e38": ([3e38, 0, 0], CERTAIN | {"energy": 3e38, "cross_entropy": 3e38, "logit_margin": -3e38, "predictions": 0}),
    "-3e38": ([-3e38, 0, -3e38], CERTAIN | {"energy": 0, "cross_entropy": 0, "logit_margin": 3e38, "predictions": 1}),
    "all 3e38": ([3e38] * 3, UNIFORM | {"energy": 3e38, "cross_entropy": LN3, "logit_margin": 0}),
    "all -3e38": ([-3e38] * 3, UNIFORM | {"energy": -3e38, "cross_entropy": LN3, "logit_margin": 0}),
    "all lowest": (
        [-3.4028234663852886e38] * 3,
        UNIFORM | {"energy": -3.4028234663852886e38, "el2n": math.sqrt(6) / 3},
    ),
    "only the lowest": ([-inf, -3.4028234663852886e38, -inf], CERTAIN | {"predictions": 1, "logit_margin": inf}),
    "one class left": (
        [-inf, 2.5, -inf],
        CERTAIN | {"energy": 2.5, "cross_entropy": 0, "el2n": 0, "logit_margin": inf},
    ),
    "two classes left": ([-inf, 2.5, 2.5], {"entropy": LN2, "margin": 0, "max_probability": 0.5, "predictions": 1}),
    "masked label": ([1, -inf, 1], {"cross_entropy": inf, "logit_margin": -inf, "rank_of_label": 2, "correct": False}),
    "label far below": ([200, 0, 200], {"cross_entropy": 200 + LN2, "logit_margin": -200, "entropy": LN2}),
    "zeros": ([0.0, -0.0, 0.0], UNIFORM | {"energy": LN3}),
    "subnormal": ([0, 1e-45, 0], UNIFORM | {"predictions": 1, "rank_of_label": 0, "correct": True, "energy": LN3}),
    "+inf": ([inf, 0, 0], "undefined"),
    "+inf for the label": ([0, inf, 0], "undefined"),
    "all +inf": ([inf] * 3, "undefined"),
    "+inf and -inf": ([inf, -inf, 0], "undefined"),
    "all -inf": ([-inf] * 3, "undefined"),
    "NaN first": ([nan, 0, 0], "undefined"),
    "NaN for the label": ([0, nan, 0], "undefined"),
    "NaN last": ([0, 0, nan], "undefined"),
    "NaN and -inf": ([-inf, nan, -inf], "undefined"),
    "NaN and +inf": ([inf, nan, 0], "undefined"),
    "all NaN": ([nan] * 3, "undefined"),
}

PROBS: dict[str, tuple[list[float], Any]] = {
    "one-hot": ([1, 0, 0], CERTAIN | {"cross_entropy": inf, "el2n": math.sqrt(2), "logit_margin": -inf}),
    "one-hot label": ([0, 1, 0], CERTAIN | {"cross_entropy": 0, "el2n": 0, "logit_margin": inf, "correct": True}),
    "minus zero": ([-0.0, 1, -0.0], CERTAIN | {"predictions": 1, "logit_margin": inf}),
    "halves": (
        [0, 0.5, 0.5],
        {"entropy": LN2, "margin": 0, "cross_entropy": LN2, "logit_margin": 0, "rank_of_label": 0},
    ),
    "sum of 2": (
        [0.5, 0.5, 1],
        {"entropy": 1.5 * LN2, "margin": 0.25, "least_confidence": 0.5, "el2n": math.sqrt(0.875)},
    ),
    "only a small one": ([0, 1e-30, 0], CERTAIN | {"predictions": 1, "cross_entropy": 0, "correct": True}),
    "1 and a subnormal": ([1, 1e-45, 0], CERTAIN | {"predictions": 0, "rank_of_label": 1, "el2n": math.sqrt(2)}),
    "counts": ([30, 30, 30], UNIFORM | {"cross_entropy": LN3}),
    "all 0": ([0.0, 0.0, 0.0], "undefined"),
    "below 0": ([0.75, -0.25, 0.5], "undefined"),
    "a little below 0": ([1, -1e-30, 0], "undefined"),
    "+inf": ([inf, 0, 0], "undefined"),
    "all +inf": ([inf] * 3, "undefined"),
    "-inf": ([1, -inf, 0], "undefined"),
    "NaN first": ([nan, 0.5, 0.5], "undefined"),
    "NaN last": ([0.5, 0.5, nan], "undefined"),
    "all NaN": ([nan] * 3, "undefined"),
}

SIGMOID: dict[str, tuple[list[float], Any]] = {
    "zeros": ([0, -0.0, 0], {"entropy": LN2, "normalized_entropy": 1}),
    "certain": ([1e4, -1e4, 3e38], {"entropy": 0, "normalized_entropy": 0}),
    "infinite": ([inf, -inf, -3e38], {"entropy": 0, "normalized_entropy": 0}),
    "one open": ([inf, 0, -inf], {"entropy": LN2 / 3, "normalized_entropy": 1 / 3}),
    "subnormal": ([1e-45, -1e-45, 0], {"entropy": LN2}),
    "NaN": ([0, nan, 0], "undefined"),
    "all NaN": ([nan] * 3, "undefined"),
}

CASES = [
    pytest.param(kind, row, expected, id=f"{kind}-{name}")
    for kind, table in (("logits", LOGITS), ("probs", PROBS), ("sigmoid", SIGMOID))
    for name, (row, expected) in table.items()
]
UNDEFINED = {"predictions": -1, "rank_of_label": -1, "correct": False}


@pytest.mark.parametrize(("kind", "row", "expected"), CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_defined_results(kind: str, row: list[float], expected: Any, dtype: str, isa: str) -> None:
    neighbor = [0.5, 0.25, 0.25]
    batch = np.array([neighbor, row, neighbor, row, neighbor], dtype)
    labels = None if kind == "sigmoid" else np.ones(5, np.int64)
    names = names_for(kind)
    alone = score(kind, batch[:1], None if labels is None else labels[:1])
    # Classes that are impossible change nothing but ln C, and lead through the other loops.
    impossible = {"logits": -inf, "probs": 0.0}.get(kind)
    for padding in (0, 37, 1100) if impossible is not None else (0,):
        padded = np.concatenate([batch, np.full((5, padding), impossible or 0.0, dtype)], axis=1)
        found = score(kind, padded, labels)
        for name in names:
            if padding and name == "normalized_entropy" and expected != "undefined":
                continue
            wanted = UNDEFINED.get(name, nan) if expected == "undefined" else expected.get(name)
            if wanted is not None:
                check_value(found[name][[1, 3]], wanted, (name, padding))
        for name in set(names) - {"normalized_entropy"}:  # that of the rows beside it
            np.testing.assert_allclose(found[name][::2], alone[name].repeat(3), rtol=3e-7, atol=3e-7, err_msg=name)


def check_value(actual: Any, wanted: Any, context: Any) -> None:
    if isinstance(wanted, float) and not math.isfinite(wanted):
        assert_same_bits(actual, np.full(len(actual), wanted, actual.dtype), context)
    elif context[0] in INDEX_SCORES:
        assert actual.tolist() == [wanted] * len(actual), context
    else:
        np.testing.assert_allclose(actual, wanted, rtol=3e-7, atol=1e-7, err_msg=str(context))


def test_differences_beyond_float32() -> None:
    found = score("logits", np.array([[3e38, -3e38]], np.float32), [1], ("cross_entropy", "logit_margin", "entropy"))
    assert found["cross_entropy"][0] == inf
    assert found["logit_margin"][0] == -inf
    assert found["entropy"][0] == 0
    found = score("logits", np.array([[3e38, -3e38]]), [1], ("cross_entropy", "logit_margin"))
    assert found["cross_entropy"][0] == 6e38
    assert found["logit_margin"][0] == -6e38


@pytest.mark.parametrize("large", [1e38, 1e36])
def test_huge_counts_as_probabilities_never_score_wrongly(large: float) -> None:
    """Their w ln w may overflow: then a row is undefined, or right, but not a certain one."""
    found = score("probs", np.full((1, 2), large, np.float32))
    for name, right in (("entropy", LN2), ("normalized_entropy", 1), ("perplexity", 2), ("max_probability", 0.5)):
        value = float(found[name][0])
        assert math.isnan(value) or value == pytest.approx(right, abs=1e-5), name


@pytest.mark.parametrize("kind", ["logits", "probs"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_one_class(kind: str, dtype: str) -> None:
    values = np.array([[1.0], [0.25], [40.0]], dtype)
    found = score(kind, values, [0, 0, 0])
    certain = {"margin": 1, "max_probability": 1, "perplexity": 1, "logit_margin": inf, "correct": True}
    for name in found:
        if name == "energy":
            np.testing.assert_array_equal(found[name], values[:, 0])
        else:
            assert found[name].tolist() == [certain.get(name, 0)] * 3, name
    impossible = score(kind, np.array([[-inf if kind == "logits" else 0]], dtype), [0])
    for name, value in impossible.items():
        assert_same_bits(value, np.array([UNDEFINED.get(name, nan)], value.dtype), name)


def test_one_class_in_every_number_of_rows() -> None:
    for n in range(1, 200):
        x = np.arange(n, dtype=np.float32)[:, None]
        np.testing.assert_array_equal(score("logits", x, which=("energy",))["energy"], x[:, 0])


@pytest.mark.parametrize("kind", ["logits", "probs", "sigmoid"])
@pytest.mark.parametrize("classes", [1, 10, 33, 1025])
def test_no_rows(kind: str, classes: int, framework: Any) -> None:
    for dtype, floating in (("float32", "float32"), ("float64", "float64"), ("float16", "float32")):
        x = framework.array(np.zeros((0, classes)), dtype)
        labels = None if kind == "sigmoid" else framework.array(np.zeros(0, np.int64))
        found = score(kind, x, labels)
        assert list(found) == list(names_for(kind))
        for name, value in found.items():
            expected = "bool" if name == "correct" else "int64" if name in INDEX_SCORES else floating
            assert tuple(value.shape) == (0,)
            assert framework.dtype(value) == expected
            assert framework.owns(value)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [3, 40, 1100])
def test_far_temperatures(dtype: str, classes: int) -> None:
    x = np.full((2, classes), -20.0, dtype)
    x[:, :3] = [[1, 5, 2], [-5, 3, 3]]
    hot = score("logits", x, [1, 1], temperature=1e30)
    np.testing.assert_allclose(hot["entropy"], math.log(classes), rtol=3e-7)
    np.testing.assert_allclose(hot["max_probability"], 1 / classes, rtol=1e-6)
    assert hot["predictions"].tolist() == [1, 1]
    cold = score("logits", x, [1, 1], temperature=1e-30)
    np.testing.assert_allclose(cold["entropy"], [0, LN2], atol=1e-7)
    np.testing.assert_allclose(cold["margin"], [1, 0], atol=1e-7)
    assert cold["predictions"].tolist() == [1, 1]


def test_half_precision_at_its_limits() -> None:
    largest = np.float16(65504)
    x = np.array([[largest, -largest], [largest, largest], [6e-8, 0], [inf, 0], [-inf, 0], [nan, 0]], np.float16)
    found = score("logits", x, np.zeros(6, int))
    np.testing.assert_allclose(found["entropy"], [0, LN2, LN2, nan, 0, nan], atol=1e-7)
    assert found["predictions"].tolist() == [0, 0, 0, -1, 1, -1]
    np.testing.assert_array_equal(found["logit_margin"], np.array([131008, 0, 2.0**-24, nan, -inf, nan], np.float32))


def test_selection_takes_scores_with_nan() -> None:
    rows = hardness.entropy(np.array([[0, 0], [nan, 0], [3, 0]], np.float32))
    assert hardness.hardest(rows, 3).tolist() == [0, 2, 1]


def test_probabilities_that_sum_to_a_subnormal_are_undefined() -> None:
    found = hardness.scores(probs=np.array([[0, 1e-45, 0]], dtype=np.float32), which=("entropy", "predictions"))
    assert np.isnan(found["entropy"])
    assert found["predictions"] == -1
