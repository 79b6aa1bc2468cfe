# SPDX-License-Identifier: Apache-2.0
"""Majority votes, consensus and agreement."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from burnish import quality
from reference import annotators as reference

NAMES = ("labels", "quality", "agreement", "num_annotations", "annotator_quality", "annotator_weight",
         "annotator_agreement", "model_weight")  # fmt: skip


def crowd(n: int, annotators: int, classes: int, missing: float = 0.4, seed: int = 0, spare: bool = True) -> Any:
    """Labels with -1 for none, and probabilities; with `spare`, no item and no annotator is without labels."""
    rng = np.random.default_rng([seed, n, annotators, classes])
    truth = rng.integers(0, classes, n)
    skill = rng.uniform(0.4, 0.9, annotators)
    is_right = rng.random((n, annotators)) < skill
    labels = np.where(is_right, truth[:, None], rng.integers(0, classes, (n, annotators)))
    absent = rng.random((n, annotators)) < missing
    if spare:
        absent[np.arange(n), rng.integers(0, annotators, n)] = False
        absent[np.arange(annotators) % n, np.arange(annotators)] = False
        absent[0, :2] = False
    labels[absent] = -1
    logits = rng.standard_normal((n, classes))
    logits[np.arange(n), truth] += 2
    probs = np.exp(logits)
    return labels, probs / probs.sum(axis=1, keepdims=True)


CROWDS = [(200, 5, 10, 0.4), (300, 2, 3, 0.3), (90, 30, 4, 0.9), (150, 4, 2, 0.0), (2500, 3, 7, 0.5)]


def floats(labels: Any) -> Any:
    return np.where(labels < 0, np.nan, labels.astype(float))


@pytest.mark.parametrize("spare", [True, False])
@pytest.mark.parametrize("sizes", CROWDS, ids=str)
def test_against_item_by_item(sizes: Any, spare: bool) -> None:
    labels, probs = crowd(*sizes, spare=spare)
    if not spare:
        labels[7] = -1  # an item without labels
        if sizes[1] > 2:
            labels[:, -1] = -1  # an annotator without
    np.testing.assert_array_equal(quality.majority(labels), reference.majority(labels))
    np.testing.assert_array_equal(quality.majority(labels, probs), reference.majority(labels, probs))
    found, wanted = quality.consensus(labels, probs), reference.consensus(labels, probs)
    for name in NAMES:
        np.testing.assert_allclose(getattr(found, name), wanted[name], rtol=0, atol=1e-12, err_msg=name)
    assert found.labels.dtype == found.num_annotations.dtype == np.int64


@pytest.mark.parametrize("sizes", CROWDS, ids=str)
def test_cleanlab_gives_the_same_values(sizes: Any) -> None:
    multiannotator = pytest.importorskip("cleanlab.multiannotator")
    labels, probs = crowd(*sizes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = multiannotator.get_label_quality_multiannotator(
            floats(labels), probs, verbose=False, return_weights=True
        )
    found = quality.consensus(labels, probs)
    table, stats = theirs["label_quality"], theirs["annotator_stats"].sort_index()
    np.testing.assert_array_equal(found.labels, table["consensus_label"])
    np.testing.assert_allclose(found.quality, table["consensus_quality_score"], rtol=1e-12)
    np.testing.assert_allclose(found.agreement, table["annotator_agreement"], rtol=1e-12)
    np.testing.assert_array_equal(found.num_annotations, table["num_annotations"])
    np.testing.assert_allclose(found.annotator_quality, stats["annotator_quality"], rtol=1e-12)
    np.testing.assert_allclose(found.annotator_weight, theirs["annotator_weight"], rtol=1e-12)
    assert found.model_weight == pytest.approx(theirs["model_weight"], rel=1e-12)


def test_consensus_beats_the_majority() -> None:
    labels, probs = crowd(5000, 5, 10)
    truth = np.random.default_rng([0, 5000, 5, 10]).integers(0, 10, 5000)
    found = quality.consensus(labels, probs)
    is_right = found.labels == truth
    assert (~is_right).mean() < 0.7 * (quality.majority(labels) != truth).mean()
    assert found.quality[is_right].mean() > found.quality[~is_right].mean() + 0.1


def test_ties_are_broken_the_same_way_every_time() -> None:
    # 2 was given most often of all; of 0 and 1, 1.
    labels = np.array([[0, 1], [2, 0], [1, 2], [2, 2], [1, -1]])
    assert quality.majority(labels).tolist() == [1, 2, 2, 2, 1]
    assert quality.majority(labels[:, ::-1]).tolist() == [1, 2, 2, 2, 1]
    assert quality.majority([[1, 0]]).tolist() == [0]  # both as often: the lowest
    probs = np.array([[0.5, 0.3, 0.2], [0.6, 0.1, 0.3], [0.2, 0.4, 0.4], [1, 0, 0], [1, 0, 0]])
    assert quality.majority(labels, probs).tolist() == [0, 0, 2, 2, 1]


def test_no_item_of_two_labels() -> None:
    with pytest.raises(ValueError, match="no item has labels of two annotators"):
        quality.consensus([[0, -1], [-1, 1]], [[0.5, 0.5], [0.5, 0.5]])


def test_all_agree() -> None:
    """Everybody, the model too, says class 1: nobody errs, and no weight is NaN."""
    found = quality.consensus(np.ones((20, 3), int), np.tile([0.25, 0.75], (20, 1)))
    assert found.labels.tolist() == [1] * 20
    assert np.isfinite(found.quality).all()
    assert found.annotator_quality == pytest.approx([found.annotator_quality[0]] * 3)
    assert 0.75 < found.quality[0] <= 1


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "float32", "float64"])
def test_dtypes_and_strides(dtype: str) -> None:
    labels, probs = crowd(120, 4, 5, missing=0.0 if dtype == "uint8" else 0.3)
    wanted = quality.consensus(labels, probs)
    given = (floats(labels) if dtype.startswith("float") else labels).astype(dtype)
    for table in (given, np.asfortranarray(given), np.repeat(given, 2, axis=0)[::2], given[:, ::-1][:, ::-1]):
        for likely in (probs, np.asfortranarray(probs)):
            found = quality.consensus(table, likely)
            for name in NAMES:
                np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
        np.testing.assert_array_equal(quality.majority(table), quality.majority(labels))


def test_data_frame() -> None:
    pandas = pytest.importorskip("pandas")
    labels, probs = crowd(60, 3, 4)
    frame = pandas.DataFrame(floats(labels), columns=list("abc"))
    np.testing.assert_array_equal(quality.majority(frame), quality.majority(labels))
    with_na = frame.astype("Int64")
    np.testing.assert_array_equal(quality.majority(with_na), quality.majority(labels))
    np.testing.assert_array_equal(quality.consensus(with_na, probs).quality, quality.consensus(labels, probs).quality)
    assert quality.agreement(with_na, "cohen") == quality.agreement(labels, "cohen")


def test_rows_of_probabilities_are_divided_by_their_sum() -> None:
    labels, probs = crowd(100, 4, 5)
    found = quality.consensus(labels, probs * np.linspace(0.1, 9, 100)[:, None])
    np.testing.assert_allclose(found.quality, quality.consensus(labels, probs).quality, rtol=1e-12)


def test_interop(framework: Any) -> None:
    labels, probs = crowd(80, 3, 4)
    found = quality.consensus(framework.array(labels), framework.array(probs))
    wanted = quality.consensus(labels, probs)
    for name in ("labels", "quality", "agreement", "num_annotations"):
        assert framework.owns(getattr(found, name))
        np.testing.assert_array_equal(np.asarray(getattr(found, name)), getattr(wanted, name))
    assert framework.owns(quality.majority(framework.array(labels)))


def test_levels_and_threads(isa: str, threads: int) -> None:
    labels, probs = crowd(5000, 4, 6)
    found = quality.consensus(labels, probs)
    if not _kept:
        _kept.append(found)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(found, name), getattr(_kept[0], name))


_kept: list[Any] = []


def test_nobody_and_nothing() -> None:
    assert quality.majority(np.empty((0, 3))).shape == (0,)
    assert quality.majority(np.empty((4, 0))).tolist() == [-1] * 4
    assert quality.majority(np.full((2, 3), np.nan)).tolist() == [-1, -1]


# ---- agreement ----


def test_agreement_by_hand() -> None:
    """Cohen's first example has 0.492; two raters of four items here: (0.75 - 0.5) / 0.5."""
    assert quality.agreement([[0, 0], [1, 1], [0, 1], [1, 1]], "cohen") == pytest.approx(0.5)
    assert quality.agreement([[0, 0, 0], [1, 1, 1], [2, 2, 2]], "cohen") == pytest.approx(1.0)


def test_krippendorff() -> None:
    pytest.importorskip("krippendorff")
    # The example of Krippendorff's "Computing Krippendorff's alpha-reliability" (2011): nominal alpha 0.743.
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, -1, -1, -1],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, -1, 3],
        [-1, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, -1],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, -1],
    ]
    assert quality.agreement(np.array(table).T) == pytest.approx(0.743, abs=5e-4)
    assert quality.agreement(floats(np.array(table).T)) == quality.agreement(np.array(table).T)


def test_fleiss() -> None:
    pytest.importorskip("statsmodels")
    # The worked example of the article's method: 14 raters, 10 subjects, 5 classes, kappa 0.210.
    counts = [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
              [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]  # fmt: skip
    labels = np.array([np.repeat(np.arange(5), row) for row in counts])
    assert quality.agreement(labels, "fleiss") == pytest.approx(0.210, abs=5e-4)
    labels[4, 3] = -1
    with pytest.raises(ValueError, match=r"row 4 of 'labels' lacks a label; .*'krippendorff' allows"):
        quality.agreement(labels, "fleiss")


def test_cohen_is_the_mean_over_pairs() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    labels, _ = crowd(300, 3, 4)
    kappas = []
    for one, other in ((0, 1), (0, 2), (1, 2)):
        both = (labels[:, one] >= 0) & (labels[:, other] >= 0)
        kappas.append(metrics.cohen_kappa_score(labels[both, one], labels[both, other]))
    assert quality.agreement(labels, "cohen") == pytest.approx(np.mean(kappas))


@pytest.mark.parametrize("method", ["cohen", "fleiss", "krippendorff"])
def test_agreement_is_undefined_where_chance_agrees_always(method: Any) -> None:
    assert np.isnan(quality.agreement([[1, 1], [1, 1]], method))
    assert np.isnan(quality.agreement([[0, -1], [-1, 1]], method))
    assert np.isnan(quality.agreement(np.empty((0, 2)), method))


# ---- bad input ----

L, P = np.array([[0, 1], [1, 1], [2, -1]]), np.full((3, 3), 1 / 3)


def spoiled(array: Any, value: float, dtype: Any = None) -> Any:
    array = array.astype(dtype or array.dtype)
    array[1, 1] = value
    return array


BAD: dict[str, tuple[Any, Any, list[str]]] = {
    "1-D": (lambda: quality.majority(L[0]), ValueError, ["majority: 'labels' must be 2-D (N, annotators)", "(2,)"]),
    "below -1": (lambda: quality.majority(spoiled(L, -2)), ValueError, ["'labels' is -2 in row 1, column 1", "-1 for"]),
    "half": (lambda: quality.majority(spoiled(L, 0.5, float)), ValueError, ["'labels' is 0.5 in row 1, column 1"]),
    "infinite": (lambda: quality.majority(spoiled(L, np.inf, float)), ValueError, ["'labels' is inf in row 1"]),
    "huge": (lambda: quality.majority(spoiled(L, 2**60)), ValueError, ["'labels' is 1152921504606846976 in row 1"]),
    "bool": (lambda: quality.majority(L > 0), TypeError, ["'labels' has dtype bool"]),
    "strings": (lambda: quality.majority([["a", "b"]]), TypeError, ["'labels'"]),
    "masked": (lambda: quality.majority(np.ma.array(L)), TypeError, ["'labels' is a masked array"]),
    "None": (lambda: quality.majority(None), TypeError, ["'labels'"]),
    "probs 1-D": (lambda: quality.majority(L, P[0]), ValueError, ["'probs' has shape (3,)", "(3, C)"]),
    "probs rows": (lambda: quality.consensus(L, P[:2]), ValueError, ["consensus: 'probs' has shape (2, 3)", "(3, C)"]),
    "probs NaN": (lambda: quality.consensus(L, spoiled(P, np.nan)), ValueError, ["no distribution in row 1"]),
    "probs inf": (lambda: quality.consensus(L, spoiled(P, np.inf)), ValueError, ["'probs'", "in row 1"]),
    "probs negative": (lambda: quality.consensus(L, spoiled(P, -0.1)), ValueError, ["'probs'", "in row 1"]),
    "probs zero": (lambda: quality.consensus(L, P * [[1], [0], [1]]), ValueError, ["'probs'", "in row 1"]),
    "probs int": (lambda: quality.consensus(L, np.ones((3, 3), int)), TypeError, ["'probs' has dtype int64"]),
    "probs None": (lambda: quality.consensus(L, None), TypeError, ["'probs'"]),
    "class beyond": (lambda: quality.consensus(L, P[:, :2]), ValueError, ["'labels' is 2 in row 2", "0 to 1"]),
    "one class": (lambda: quality.consensus([[0, 0]], [[1.0]]), ValueError, ["'probs' has 1 class", "2 or more"]),
    "method": (lambda: quality.agreement(L, "scott"), ValueError, ["'method' is 'scott'", "'krippendorff', 'fleiss'"]),
    "agreement 1-D": (lambda: quality.agreement(L[0]), ValueError, ["agreement: 'labels' must be 2-D", "(2,)"]),
    "agreement half": (lambda: quality.agreement(spoiled(L, 0.5, float)), ValueError, ["'labels' is 0.5 in row 1"]),
    "agreement text": (lambda: quality.agreement([["a", "b"]]), TypeError, ["'labels' has dtype <U1"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_bad_input(case: Any) -> None:
    call, exception, words = case
    with pytest.raises(exception) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(("method", "library"), [("krippendorff", "krippendorff"), ("fleiss", "statsmodels"),
                                                 ("cohen", "sklearn")])  # fmt: skip
def test_a_missing_library_is_named(method: Any, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Refusing(library), *sys.meta_path])
    with pytest.raises(ImportError, match=rf"{library} is not installed; it comes with pip install 'burnish\[annot"):
        quality.agreement([[0, 0], [1, 0]], method)


class Refusing:
    """Finds one library nowhere."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] == self.name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
