# SPDX-License-Identifier: Apache-2.0
"""Scores against the plain reference, SciPy and torch; and what must hold for any input.

Determinism, odd values, bad input and interop, which concern more than the formulas, have files of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import _core, hardness
from hardness_data import (
    CLASS_COUNTS,
    INDEX_SCORES,
    WIDE_CLASS_COUNTS,
    as_dtype,
    assert_all_same,
    assert_same_bits,
    make_labels,
    make_values,
    names_for,
    rows_for,
    score,
    widened,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import hardness as reference


def tolerance(name: str, kind: str, dtype: str, expected: Any) -> Any:
    """Largest allowed difference from the float64 reference, value by value."""
    size = np.maximum(1.0, np.abs(np.where(np.isfinite(expected), expected, 1.0)))
    if dtype == "float64":
        return 1e-13 * size  # 1e-12 is promised; a few roundings are 1e-15
    if name in ("entropy", "perplexity"):
        # From logits 1e-6, two units in the last place of 7; above, where a unit is 9.5e-7, twice as much. From
        # probabilities each ln p, about as large as the entropy, is rounded for itself.
        # A perplexity is off by its entropy's error, relatively.
        entropy = expected if name == "entropy" else np.log(size)
        allowed = np.where(entropy < 7.0, 1e-6, 2e-6) * (2 if kind == "probs" else 1)
        return allowed if name == "entropy" else (allowed + 2.5e-7) * size
    if name == "logit_margin" and kind == "probs":
        return 2e-6 * size  # two logarithms and a difference
    if name in ("energy", "cross_entropy", "logit_margin"):
        return 3e-7 * size  # two and a half units in the last place
    return 5e-7  # between 0 and sqrt(2); sums of up to 10,000 terms, 32 side by side


def assert_close(found: dict[str, Any], expected: dict[str, Any], kind: str, dtype: str) -> None:
    for name, values in found.items():
        actual, wanted = np.asarray(values), expected[name]
        if name in INDEX_SCORES:
            assert_same_bits(actual, wanted.astype(actual.dtype), name)
            continue
        assert actual.dtype == dtype
        with np.errstate(invalid="ignore"):  # inf - inf, where equal
            difference = np.where((actual == wanted) | (np.isnan(actual) & np.isnan(wanted)), 0.0, actual - wanted)
        excess = np.abs(difference) / tolerance(name, kind, dtype, wanted)
        worst = int(np.argmax(np.where(np.isnan(excess), np.inf, excess)))
        assert excess[worst] <= 1, f"{name} of row {worst}: {actual[worst]!r}, not {wanted[worst]!r}"


def expected_scores(kind: str, x: Any, labels: Any = None) -> dict[str, Any]:
    values = widened(x)
    if kind == "probs":
        return reference.scores(None, labels, probs=values)
    return reference.scores(values, labels)


# ---- oracle ----


@pytest.mark.parametrize("classes", CLASS_COUNTS + WIDE_CLASS_COUNTS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("kind", ["logits", "probs"])
def test_reference(kind: str, dtype: str, classes: int) -> None:
    if dtype == "bfloat16":
        pytest.importorskip("torch")
    n = rows_for(classes)
    x = as_dtype(make_values(kind, n, classes), dtype)
    labels = make_labels(n, classes)
    found = score(kind, x, labels)
    assert list(found) == list(names_for(kind))
    assert_close(found, expected_scores(kind, x, labels), kind, "float64" if dtype == "float64" else "float32")


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 191, 257])
@pytest.mark.parametrize("classes", [1, 3, 10, 32, 100])
def test_every_number_of_rows(n: int, classes: int) -> None:
    for dtype in ("float32", "float64"):
        x, labels = as_dtype(make_values("logits", n, classes), dtype), make_labels(n, classes)
        assert_close(score("logits", x, labels), expected_scores("logits", x, labels), "logits", dtype)


@pytest.mark.parametrize("classes", [2, 10, 33, 100, 1000, 2500])
def test_scipy(classes: int) -> None:
    special, stats = pytest.importorskip("scipy.special"), pytest.importorskip("scipy.stats")
    logits = make_values("logits", 101, classes).astype(np.float32)
    wide = logits.astype(np.float64)
    labels = make_labels(101, classes)
    p = special.softmax(wide, axis=1)
    expected = {
        "entropy": stats.entropy(p, axis=1),
        "perplexity": np.exp(stats.entropy(p, axis=1)),
        "energy": special.logsumexp(wide, axis=1),
        "cross_entropy": -special.log_softmax(wide, axis=1)[np.arange(101), labels],
    }
    assert_close(score("logits", logits, labels, tuple(expected)), expected, "logits", "float32")
    assert_close(score("logits", wide, labels, tuple(expected)), expected, "logits", "float64")
    unscaled = (p * np.linspace(0.5, 2.0, 101)[:, None]).astype(np.float32)
    expected = {"entropy": stats.entropy(unscaled.astype(np.float64), axis=1)}  # which divides by the row sums, too
    assert_close(score("probs", unscaled, which=("entropy",)), expected, "probs", "float32")


@pytest.mark.parametrize("classes", [2, 10, 33, 100, 1000, 2500])
def test_torch(classes: int) -> None:
    torch = pytest.importorskip("torch")
    logits = torch.tensor(make_values("logits", 101, classes))
    labels = torch.tensor(make_labels(101, classes))
    top = torch.softmax(logits, 1).topk(2, dim=1)
    one_hot = torch.nn.functional.one_hot(labels, classes)
    expected = {
        "entropy": torch.distributions.Categorical(logits=logits).entropy(),
        "margin": top.values[:, 0] - top.values[:, 1],
        "max_probability": top.values[:, 0],
        "energy": torch.logsumexp(logits, 1),
        "cross_entropy": torch.nn.functional.cross_entropy(logits, labels, reduction="none"),
        "el2n": (torch.softmax(logits, 1) - one_hot).norm(dim=1),
        "predictions": logits.argmax(1),
    }
    found = score("logits", logits, labels, tuple(expected))
    assert_close(found, {name: value.numpy() for name, value in expected.items()}, "logits", "float64")


@pytest.mark.parametrize("classes", [1, 2, 5, 32, 33, 100, 1025])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_sigmoid_heads(dtype: str, classes: int) -> None:
    x = as_dtype(make_values("sigmoid", rows_for(classes), classes), dtype)
    expected = reference.mean_binary_entropy(widened(x))
    result = "float64" if dtype == "float64" else "float32"
    found = score("sigmoid", x)
    assert_close(found, {"entropy": expected, "normalized_entropy": expected / np.log(2)}, "sigmoid", result)
    special, stats = pytest.importorskip("scipy.special"), pytest.importorskip("scipy.stats")
    yes = special.expit(widened(x))
    coins = stats.entropy(np.stack([yes, special.expit(-widened(x))]), axis=0).mean(axis=1)
    assert_close({"entropy": found["entropy"]}, {"entropy": coins}, "sigmoid", result)


@pytest.mark.parametrize("temperature", [0.25, 3.7, 100.0])
@pytest.mark.parametrize("classes", [10, 32, 33, 1025])
@pytest.mark.parametrize("kind", ["logits", "sigmoid"])
def test_temperature_divides_the_logits(kind: str, classes: int, temperature: float) -> None:
    n = rows_for(classes)
    labels = make_labels(n, classes) if kind == "logits" else None
    for dtype in ("float32", "float64"):
        x = as_dtype(make_values(kind, n, classes), dtype)
        divided = x / x.dtype.type(temperature)
        assert_all_same(score(kind, x, labels, temperature=temperature), score(kind, divided, labels), dtype)
    half = as_dtype(make_values(kind, n, classes), "float16")  # divided after it was widened
    divided = half.astype(np.float32) / np.float32(temperature)
    assert_all_same(score(kind, half, labels, temperature=temperature), score(kind, divided, labels))


@pytest.mark.parametrize("kind", ["logits", "probs", "sigmoid"])
@pytest.mark.parametrize("classes", [10, 100, 1025])
def test_dtype_chooses_the_arithmetic(kind: str, classes: int) -> None:
    n = rows_for(classes)
    labels = None if kind == "sigmoid" else make_labels(n, classes)
    single = as_dtype(make_values(kind, n, classes), "float32")
    double = make_values(kind, n, classes)
    for wanted in ("float64", np.float64, np.dtype("float64")):
        assert_all_same(score(kind, single, labels, dtype=wanted), score(kind, single.astype(np.float64), labels))
    assert_all_same(score(kind, double, labels, dtype="float32"), score(kind, double.astype(np.float32), labels))


@pytest.mark.parametrize("kind", ["logits", "probs"])
@pytest.mark.parametrize("classes", [12, 31, 50, 129, 2500])
def test_masked_classes_do_not_count(kind: str, classes: int) -> None:
    n = rows_for(classes)
    kept = np.flatnonzero(np.random.default_rng(classes).random(classes) < 0.7)
    x = np.full((n, classes), -np.inf if kind == "logits" else 0.0)
    x[:, kept] = make_values(kind, n, len(kept))
    places = make_labels(n, len(kept))
    found = score(kind, x, kept[places])
    dropped = score(kind, np.ascontiguousarray(x[:, kept]), places)
    assert_same_bits(found.pop("predictions"), kept[dropped.pop("predictions")])
    found.pop("normalized_entropy")  # by ln C, masked classes included
    dropped.pop("normalized_entropy")
    assert_close(found, dropped, kind, "float64")


def test_a_masked_label_has_probability_0() -> None:
    logits = np.array([[1.0, -np.inf, 0.0]])
    p = reference.softmax(logits)[0]
    found = score("logits", logits, [1])
    assert found["cross_entropy"][0] == np.inf
    assert found["logit_margin"][0] == -np.inf
    assert found["rank_of_label"][0] == 2
    assert not found["correct"][0]
    np.testing.assert_allclose(found["el2n"], np.sqrt(1 + p[0] ** 2 + p[2] ** 2), rtol=1e-14)
    only = score("logits", np.array([[-np.inf, 5.0, -np.inf]]), [1])
    assert only["logit_margin"][0] == np.inf
    assert [only[name][0] for name in ("entropy", "cross_entropy", "el2n", "margin")] == [0, 0, 0, 1]


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_labels_of_every_integer_dtype(dtype: str, framework: Any) -> None:
    for classes in (10, 100):
        x, labels = framework.array(make_values("logits", 203, classes)), make_labels(203, classes)
        expected = score("logits", x, framework.array(labels))
        typed = np.repeat(labels, 3).astype(dtype)
        assert_all_same(score("logits", x, framework.array(labels.astype(dtype))), expected)
        assert_all_same(score("logits", x, typed[::3]), expected)
        assert_all_same(score("logits", x, np.ascontiguousarray(typed[::-3])[::-1]), expected)


# ---- no class is left out, and the first of equals wins ----


@pytest.mark.parametrize("classes", [*CLASS_COUNTS, 1023, 1024, 1025, 2500])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_each_class_counts(classes: int, dtype: str) -> None:
    places = np.arange(max(0, classes - 140), classes)
    rows = np.arange(len(places))
    x = np.zeros((len(places), classes), dtype)
    x[rows, places] = 20
    found = score("logits", x, places)
    assert_same_bits(found["predictions"], places)
    assert not found["rank_of_label"].any()
    assert_close(found, expected_scores("logits", x, places), "logits", "float64" if dtype == "float64" else "float32")
    x[rows, places] = np.nan
    assert np.isnan(score("logits", x, which=("entropy",))["entropy"]).all()
    heads = np.full((len(places), classes), 1000.0, dtype)  # sure heads, but for one
    heads[rows, places] = 0
    np.testing.assert_allclose(score("sigmoid", heads)["entropy"], np.log(2) / classes, rtol=1e-6)


@pytest.mark.parametrize("classes", [2, 5, 31, 32, 33, 64, 100, 1024, 1025, 2500])
@pytest.mark.parametrize("kind", ["logits", "probs"])
def test_the_lowest_class_among_equals_comes_first(kind: str, classes: int) -> None:
    rng = np.random.default_rng(classes)
    n = 301
    pairs = np.sort([rng.choice(classes, 2, replace=False) for _ in range(n)], axis=1)
    x = np.full((n, classes), 0.125, np.float32)
    np.put_along_axis(x, pairs, np.float32(0.5), axis=1)
    for labels in (pairs[:, 0], pairs[:, 1], rng.integers(0, classes, n)):
        found = score(kind, x, labels)
        assert_same_bits(found["predictions"], pairs[:, 0])
        assert_same_bits(found["rank_of_label"], reference.rank_of_label(x, labels))
        assert_same_bits(found["correct"], labels == pairs[:, 0])
        assert not found["margin"].any()


@pytest.mark.parametrize("classes", [5, 32, 33, 1000, 1025, 2500])
def test_rank_of_a_label_among_equals(classes: int) -> None:
    labels = np.arange(classes)[:: max(1, classes // 100)]
    found = score("logits", np.zeros((len(labels), classes), np.float32), labels, ("rank_of_label",))
    assert_same_bits(found["rank_of_label"], labels)


def test_a_unit_in_the_last_place_decides() -> None:
    for classes in (2, 33, 1500):
        x = np.full((classes, classes), 0.7, np.float32)
        np.fill_diagonal(x, np.nextafter(np.float32(0.7), np.float32(1)))
        for kind in ("logits", "probs"):
            assert_same_bits(score(kind, x, which=("predictions",))["predictions"], np.arange(classes))


# ---- properties ----


def logits_arrays(dtype: Any = np.float32, largest: float = 60.0) -> Any:
    shapes = st.tuples(st.integers(1, 9), st.integers(1, 70))
    width = np.dtype(dtype).itemsize * 8
    return hnp.arrays(dtype, shapes, elements=st.floats(-largest, largest, width=width), fill=st.nothing())


# Multiples of 1/16 whose differences and shifted values are exact in float32.
exact_logits = hnp.arrays(
    np.int32, st.tuples(st.integers(1, 9), st.integers(1, 70)), elements=st.integers(-480, 480), fill=st.nothing()
).map(lambda sixteenths: (sixteenths / 16).astype(np.float32))


@given(exact_logits, st.integers(-10_000, 10_000))
def test_adding_a_constant_moves_the_energy_alone(x: Any, shift: int) -> None:
    labels = np.arange(len(x)) % x.shape[1]
    before, after = score("logits", x, labels), score("logits", x + np.float32(shift), labels)
    np.testing.assert_allclose(after.pop("energy"), before.pop("energy") + np.float64(shift), rtol=3e-7, atol=1e-5)
    assert_all_same(after, before)


@given(logits_arrays())
def test_bounds(x: Any) -> None:
    classes = x.shape[1]
    labels = np.arange(len(x)) % classes
    found = {name: value.astype(np.float64) for name, value in score("logits", x, labels).items()}
    slack = 1e-6
    bounds = {
        "entropy": (0, np.log(classes) + slack),
        "normalized_entropy": (0, 1),
        "margin": (0, 1),
        "least_confidence": (0, 1 - 1 / classes + slack),
        "max_probability": (1 / classes - slack, 1),
        "perplexity": (1, classes * (1 + slack)),
        "cross_entropy": (0, np.inf),
        "el2n": (0, np.sqrt(2) + slack),
        "rank_of_label": (0, classes - 1),
        "predictions": (0, classes - 1),
    }
    for name, (low, high) in bounds.items():
        assert (found[name] >= low).all(), name
        assert (found[name] <= high).all(), name
    largest = x.max(axis=1).astype(np.float64)
    assert (found["energy"] >= largest - slack * np.abs(largest)).all()
    assert (found["energy"] <= largest + np.log(classes) + slack * (np.abs(largest) + 1)).all()


@given(logits_arrays())
def test_relations(x: Any) -> None:
    classes = x.shape[1]
    labels = np.arange(len(x)) % classes
    found = score("logits", x, labels)
    np.testing.assert_allclose(found["perplexity"], np.exp(found["entropy"]), rtol=1e-6)
    np.testing.assert_allclose(found["least_confidence"], 1 - found["max_probability"], atol=5e-7)
    assert (found["margin"] <= found["max_probability"]).all()
    if classes > 1:
        expected = np.minimum(1, found["entropy"] / np.log(classes))
        np.testing.assert_allclose(found["normalized_entropy"], expected, rtol=3e-7)
        two = found["margin"] >= 2 * found["max_probability"] - 1 - 1e-6  # the second is at most what the first leaves
        assert two.all()
    assert_same_bits(found["correct"], found["rank_of_label"] == 0)
    assert_same_bits(found["correct"], found["predictions"] == labels)
    assert_same_bits(found["predictions"], x.argmax(axis=1))
    assert (found["logit_margin"][found["correct"]] >= 0).all()
    assert (found["logit_margin"][~found["correct"]] <= 0).all()


@given(logits_arrays(largest=20.0), st.randoms(use_true_random=False))
def test_the_order_of_classes_does_not_matter(x: Any, random: Any) -> None:
    order = list(range(x.shape[1]))
    random.shuffle(order)
    before, after = score("logits", x), score("logits", np.ascontiguousarray(x[:, order]))
    for name in set(before) - {"predictions"}:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-6, atol=1e-6, err_msg=name)
    rows = np.arange(len(x))
    assert (x[:, order][rows, after["predictions"]] == x[rows, before["predictions"]]).all()


@given(logits_arrays(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(x: Any, random: Any) -> None:
    labels = np.arange(len(x)) % x.shape[1]
    order = list(range(len(x)))
    random.shuffle(order)
    before = score("logits", x, labels)
    after = score("logits", x[order], labels[order])
    assert_all_same(after, {name: value[order] for name, value in before.items()})


@given(logits_arrays(np.float64, largest=700.0))
def test_softmax_first_gives_the_same(x: Any) -> None:
    p = reference.softmax(x)
    from_logits, from_probs = score("logits", x), score("probs", p)
    for name in set(from_probs) - {"predictions"}:  # of logits that differ, the probabilities may be equal
        np.testing.assert_allclose(from_probs[name], from_logits[name], rtol=1e-12, atol=1e-13, err_msg=name)


@given(logits_arrays())
def test_rows_of_probabilities_are_divided_by_their_sum(x: Any) -> None:
    p = reference.softmax(x.astype(np.float64))
    for factor in (0.25, 8.0):
        once, scaled = score("probs", p), score("probs", p * factor)
        for name in once:
            np.testing.assert_allclose(scaled[name], once[name], rtol=1e-12, atol=1e-13, err_msg=name)


@given(logits_arrays())
def test_single_functions_are_scores_with_one_name(x: Any) -> None:
    labels = np.arange(len(x)) % x.shape[1]
    found = score("logits", x, labels)
    for name in _core.SCORES:
        function = getattr(hardness, name)
        single = function(x, labels) if name in _core.LABEL_SCORES else function(x)
        assert_same_bits(single, found[name], name)
