# SPDX-License-Identifier: Apache-2.0
"""Which labels are flagged: as cleanlab flags them, as a plain twin does, and in what order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import quality
from quality_data import FILTERS, cifar10n, f1, problem
from reference import quality as reference


@pytest.mark.parametrize("filter_by", FILTERS)
@pytest.mark.parametrize(("n", "classes"), [(600, 2), (900, 5), (1200, 20), (700, 40)])
def test_as_the_plain_twin(n: int, classes: int, filter_by: str) -> None:
    for seed, skewed in ((0, False), (1, True)):
        labels, probs, _ = problem(n, classes, seed, skewed=skewed)
        found = quality.find_label_issues(labels, probs=probs, filter_by=filter_by)
        np.testing.assert_array_equal(found.mask, reference.issues(probs, labels, filter_by))
        assert len(found) > 0


@pytest.mark.parametrize("filter_by", FILTERS)
def test_where_much_ties(filter_by: str) -> None:
    """Probabilities of a tenth, as forests and neighbors give them: ties go to the lowest index."""
    rng = np.random.default_rng(0)
    labels, probs, _ = problem(800, 4, 2)
    probs = rng.multinomial(10, probs) / 10
    found = quality.find_label_issues(labels, probs=probs, filter_by=filter_by)
    np.testing.assert_array_equal(found.mask, reference.issues(probs, labels, filter_by))


def test_thresholds_and_joints() -> None:
    for seed in range(3):
        labels, probs, _ = problem(900, 6, seed, skewed=True)
        np.testing.assert_allclose(
            quality.class_thresholds(labels, probs=probs), reference.thresholds(probs, labels), rtol=1e-13
        )
        raw = quality.confident_joint(labels, probs=probs, calibrate=False)
        np.testing.assert_array_equal(raw, reference.raw_joint(probs, labels))
        joint = quality.confident_joint(labels, probs=probs)
        np.testing.assert_array_equal(joint, reference.joint(probs, labels))
        np.testing.assert_array_equal(joint.sum(axis=1), np.bincount(labels, minlength=6))
        given = quality.confident_joint(labels, probs=probs, thresholds=reference.thresholds(probs, labels))
        np.testing.assert_array_equal(given, joint)


def test_noise_rates_as_cleanlab() -> None:
    count = pytest.importorskip("cleanlab.count", reason="cleanlab is not installed")
    for seed in range(3):
        labels, probs, _ = problem(2000, 5, seed, skewed=True)
        for converge in (False, True):
            joint = quality.confident_joint(labels, probs=probs)
            theirs = count.estimate_latent(joint, labels, converge_latent_estimates=converge)
            for rates in (
                quality.noise_rates(labels, probs=probs, converge=converge),
                quality.noise_rates(labels, joint=joint, converge=converge),
            ):
                ours = rates.priors, rates.noise_matrix, rates.inverse_noise_matrix
                for a, b in zip(ours, theirs, strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-12)
                np.testing.assert_allclose(rates.noise_matrix.sum(axis=0), 1)


def test_numbers_as_cleanlab() -> None:
    count = pytest.importorskip("cleanlab.count", reason="cleanlab is not installed")
    for seed in range(3):
        labels, probs, _ = problem(1500, 6, seed)
        for method in ("off_diagonal", "off_diagonal_calibrated"):
            theirs = count.num_label_issues(labels, probs, estimation_method=method)
            assert quality.num_label_issues(labels, probs=probs, method=method) == theirs


def test_order_and_suggestions() -> None:
    labels, probs, _ = problem(2000, 7, 3)
    scores = quality.label_scores(labels=labels, probs=probs)
    best_other = np.where(np.eye(7, dtype=bool)[labels], -1, probs).argmax(axis=1)
    for filter_by in ("auto", *FILTERS):
        for rank_by in ("logit_margin", "self_confidence", "normalized_margin"):
            found = quality.find_label_issues(labels, probs=probs, filter_by=filter_by, rank_by=rank_by)
            expected = np.lexsort((np.arange(2000), scores[rank_by]))
            np.testing.assert_array_equal(found.indices, expected[found.mask[expected]])
            np.testing.assert_allclose(found.scores, scores[rank_by][found.indices], rtol=1e-12)
            np.testing.assert_array_equal(found.labels, labels[found.indices])
            np.testing.assert_array_equal(found.suggested, best_other[found.indices])
            assert (found.suggested != found.labels).all()


def test_indices_come_worst_first_with_ties_by_index() -> None:
    probs = np.array([[0.2, 0.8], [0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]])
    found = quality.find_label_issues(np.zeros(5, int), probs=probs, filter_by="predicted_neq_given")
    assert found.indices.tolist() == [2, 4, 0, 3]
    assert next(iter(found)) == (2, pytest.approx(np.log(1 / 9)), 0, 1)
    assert "4 of 5 labels (80.0 %) look wrong" in str(found)


def test_auto_takes_the_lowest_margins() -> None:
    labels, probs, _ = problem(3000, 10, 4)
    margin = quality.logit_margin(probs=probs, labels=labels)
    number = quality.num_label_issues(labels, probs=probs)
    found = quality.find_label_issues(labels, probs=probs)
    assert len(found) == number > 0
    np.testing.assert_array_equal(np.sort(found.indices), np.sort(np.argsort(margin, kind="stable")[:number]))
    assert (found.scores < 0).all()
    fewer = quality.find_label_issues(labels, probs=probs, num_issues=17)
    np.testing.assert_array_equal(fewer.indices, found.indices[:17])
    most = quality.find_label_issues(labels, probs=probs, num_issues=10**9)
    assert len(most) == (margin < 0).sum()


def test_from_logits() -> None:
    labels, probs, _ = problem(2000, 10, 5)
    for shift in (0.0, 1000.0):
        logits = np.log(probs) + shift
        for filter_by in ("auto", *FILTERS):
            found = quality.find_label_issues(labels, logits=logits, filter_by=filter_by)
            expected = quality.find_label_issues(labels, probs=probs, filter_by=filter_by)
            np.testing.assert_array_equal(found.indices, expected.indices, err_msg=filter_by)


def test_options_as_cleanlab() -> None:
    pytest.importorskip("cleanlab", reason="cleanlab is not installed")
    from equal_issues import compare

    labels, probs, _ = problem(3000, 6, 6, skewed=True)
    removed = np.array([5, 0, 11, 3, 40, 100])
    for options in (
        {"frac_noise": 0.5},
        {"min_examples_per_class": 40},
        {"min_examples_per_class": 0, "frac_noise": 0.9},
        {"num_to_remove_per_class": removed},
    ):
        for filter_by in ("prune_by_noise_rate", "prune_by_class", "both"):
            assert compare(labels, probs, filter_by, **options)[1] == 0, (filter_by, options)
    found = quality.find_label_issues(labels, probs=probs, filter_by="prune_by_class", num_to_remove_per_class=removed)
    assert (np.bincount(found.labels, minlength=6) <= removed).all()


def test_unjudged_rows_are_listed() -> None:
    """Peers accept NaN probabilities and silently never flag such rows."""
    labels, probs, _ = problem(500, 5, 7)
    kept = np.ones(500, dtype=bool)
    kept[[3, 77, 140]] = False
    spoiled = probs.copy()
    spoiled[3, 1], spoiled[77, 0], spoiled[140] = np.nan, -0.2, np.inf
    for filter_by in ("auto", *FILTERS):
        with pytest.warns(quality.InvalidRowsWarning, match=r"3 rows have no distribution .*: 3, 77, 140"):
            found = quality.find_label_issues(labels, probs=spoiled, filter_by=filter_by)
        assert found.invalid.tolist() == [3, 77, 140]
        rest = quality.find_label_issues(labels[kept], probs=probs[kept], filter_by=filter_by)
        np.testing.assert_array_equal(found.indices, np.flatnonzero(kept)[rest.indices])
        assert "without a distribution: 3" in str(found)
    with pytest.warns(quality.InvalidRowsWarning):
        limits = quality.class_thresholds(labels, probs=spoiled)
    np.testing.assert_allclose(limits, reference.thresholds(probs[kept], labels[kept]))


def test_unnormalized_rows_count_as_what_they_are_shares_of() -> None:
    labels, probs, _ = problem(800, 5, 8)
    scaled = probs * np.where(np.arange(800) % 2, 1.0, 7.0)[:, None]
    for filter_by in ("auto", *FILTERS):
        found = quality.find_label_issues(labels, probs=scaled, filter_by=filter_by)
        expected = quality.find_label_issues(labels, probs=probs, filter_by=filter_by)
        np.testing.assert_array_equal(found.indices, expected.indices)


@pytest.mark.parametrize("classes", [10, 60])
def test_half_precision(classes: int) -> None:
    """Of the samples flagged from float16 all but some at the edges are those flagged from float32."""
    labels, probs, _ = problem(4000, classes, 9)
    for filter_by in ("auto", *FILTERS):
        half = quality.find_label_issues(labels, probs=probs.astype(np.float16), filter_by=filter_by).mask
        whole = quality.find_label_issues(labels, probs=probs.astype(np.float32), filter_by=filter_by).mask
        assert (half != whole).sum() <= 0.02 * whole.sum() + 2, filter_by


def test_classes_that_nobody_is_labeled() -> None:
    labels, probs, _ = problem(600, 6, 10)
    labels = np.where(labels == 4, 1, labels)
    assert quality.class_thresholds(labels, probs=probs)[4] == 2
    for filter_by in FILTERS:
        found = quality.find_label_issues(labels, probs=probs, filter_by=filter_by)
        np.testing.assert_array_equal(found.mask, reference.issues(probs, labels, filter_by))


def test_a_single_class_and_no_samples() -> None:
    for filter_by in ("auto", *FILTERS):
        one = quality.find_label_issues(np.zeros(9, int), probs=np.ones((9, 1)), filter_by=filter_by)
        assert len(one) == 0
        none = quality.find_label_issues(np.zeros(0, int), probs=np.zeros((0, 4)), filter_by=filter_by)
        assert len(none) == 0
        assert none.mask.shape == (0,)
    assert quality.num_label_issues(np.zeros(0, int), probs=np.zeros((0, 4))) == 0
    assert quality.num_label_issues(np.zeros(0, int), probs=np.zeros((0, 4)), method="off_diagonal_calibrated") == 0


@pytest.mark.parametrize("classes", [4, 45])
def test_threads_and_levels(classes: int, threads: int, isa: str) -> None:
    labels, probs, _ = problem(3000, classes, 11)
    for values in ({"probs": probs.astype(np.float32)}, {"logits": np.log(probs).astype(np.float32)}):
        for filter_by in ("auto", "both", "confident_learning", "low_self_confidence"):
            found = quality.find_label_issues(labels, filter_by=filter_by, **values)
            key = (classes, next(iter(values)), filter_by)
            first = _FIRST.setdefault(key, found)
            np.testing.assert_array_equal(found.indices, first.indices, err_msg=f"{threads} {isa}")
            np.testing.assert_array_equal(found.scores, first.scores)


_FIRST: dict[Any, quality.LabelIssues] = {}


def test_torch_and_lists() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    labels, probs, _ = problem(500, 5, 12)
    expected = quality.find_label_issues(labels, probs=probs)
    for given in ((torch.tensor(labels), torch.tensor(probs)), (labels.tolist(), probs.tolist())):
        np.testing.assert_array_equal(quality.find_label_issues(given[0], probs=given[1]).indices, expected.indices)
    strided = np.asfortranarray(probs)
    np.testing.assert_array_equal(quality.find_label_issues(labels, probs=strided).indices, expected.indices)


# ---- how many ----


def test_estimate_where_errors_depend_on_the_class_only() -> None:
    for noise in (0.05, 0.2, 0.4):
        labels, probs, true = problem(20_000, 10, 13, noise=noise, skill=6)
        wrong = labels != true
        number = quality.num_label_issues(labels, probs=probs)
        assert 0.8 * wrong.sum() < number < 1.25 * wrong.sum()
        assert f1(quality.find_label_issues(labels, probs=probs).mask, wrong) > 0.85


def test_estimate_without_errors() -> None:
    labels, probs, _ = problem(20_000, 10, 14, noise=0.0, skill=6)
    disagreements = (probs.argmax(axis=1) != labels).sum()
    assert quality.num_label_issues(labels, probs=probs) < 0.25 * disagreements


def test_estimate_of_few_samples_is_bounded() -> None:
    for n in (1, 2, 5, 29, 60, 100):
        labels, probs, _ = problem(n, 3, n)
        number = quality.num_label_issues(labels, probs=probs)
        assert 0 <= number <= (probs.argmax(axis=1) != labels).sum()


def test_estimate_of_sure_models() -> None:
    """Probabilities of exactly 0 and 1: all samples are equally sure, and every disagreement counts."""
    labels = np.arange(1000) % 2
    probs = np.eye(2)[np.where(np.arange(1000) % 10 == 0, 1 - labels, labels)]
    assert quality.num_label_issues(labels, probs=probs) == 100
    assert len(quality.find_label_issues(labels, probs=probs)) == 100


def test_human_errors() -> None:
    data = cifar10n()
    true = data["true_label"].astype(int)
    for name, least in (("aggregate", 0.78), ("worst", 0.88)):
        labels, probs = data[f"{name}_label"].astype(int), data[f"{name}_pred_probs"]
        found = quality.find_label_issues(labels, probs=probs)
        default = quality.find_label_issues(labels, probs=probs, filter_by="prune_by_noise_rate")
        assert f1(found.mask, labels != true) > max(least, f1(default.mask, labels != true))
