# SPDX-License-Identifier: Apache-2.0
"""Scores agree with the functions that they are made of, and no image is judged by what it repeats."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from burnish import hardness, quality
from burnish._improve import score as module
from burnish._improve.linear import Directions
from burnish._improve.options import Options
from burnish._improve.repeats import by_description
from burnish._improve.score import folds_of, score
from burnish.data import DataError, load_digits

pytest.importorskip("scipy")

Array = npt.NDArray[Any]


def blobs(n: int = 300, classes: int = 3, columns: int = 10, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centers = 3 * rng.normal(size=(classes, columns))
    return (centers[labels] + rng.normal(size=(n, columns))).astype(np.float32), labels


def test_finds_planted_wrong_labels() -> None:
    pytest.importorskip("sklearn")
    digits = load_digits()
    features = digits.images.reshape(len(digits), -1) / np.float32(255)
    rng = np.random.default_rng(0)
    wrong = rng.choice(len(digits), 120, replace=False)
    labels = digits.labels.copy()
    labels[wrong] = (labels[wrong] + rng.integers(1, 10, 120)) % 10
    found = score(features, labels, 10)
    flagged = np.flatnonzero(found.issue)
    hits = np.intersect1d(flagged, wrong)
    assert len(hits) >= 0.8 * len(wrong)
    assert len(hits) >= 0.85 * len(flagged)
    assert (found.suggested[hits] == digits.labels[hits]).mean() > 0.9
    assert (found.suggested[~found.issue] == -1).all()
    assert (found.prediction == digits.labels).mean() > 0.93


def test_parts_agree_with_the_functions_they_are_made_of() -> None:
    features, labels = blobs()
    features[200] = features[100]
    logits = np.random.default_rng(1).normal(size=(300, 3)).astype(np.float32)
    found = score(features, labels, 3, logits=logits, repeats=by_description(features, 0.01))
    assert np.array_equal(found.entropy, hardness.entropy(logits))
    assert np.array_equal(found.prediction, logits.argmax(axis=1))
    assert np.array_equal(found.logit_margin, quality.logit_margin(logits, labels))
    np.testing.assert_allclose(found.self_confidence, quality.self_confidence(logits, labels), rtol=1e-4)
    assert np.array_equal(found.issue, quality.find_label_issues(labels, logits=logits).mask)
    points = Directions.of(features)(features)
    np.testing.assert_allclose(found.uniqueness, quality.uniqueness(points), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.outlier, quality.outliers(points, 10), rtol=1e-5)
    repeats = quality.near_duplicates(points, threshold=0.01)
    expected = np.where(repeats.representative == np.arange(300), -1, repeats.representative)
    assert np.array_equal(found.repeat_of, expected)
    assert found.repeat_of[200] == 100
    assert found.repeat_distance[200] == 0
    assert np.isnan(found.repeat_distance[found.repeat_of < 0]).all()
    assert found.uniqueness[200] == 0


def test_same_bits_again() -> None:
    features, labels = blobs()
    first, second = (vars(score(features, labels, 3)) for _ in range(2))
    assert all(np.array_equal(first[name], second[name], equal_nan=first[name].dtype.kind == "f") for name in first)


def test_repeats_are_on_one_side_of_the_cross_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = blobs()
    rng = np.random.default_rng(3)
    again = rng.choice(300, 60, replace=False)
    features = np.concatenate([features, features[again] + np.float32(1e-4)])
    labels = np.concatenate([labels, (labels[again] + 1) % 3])
    seen: list[tuple[Array, Array]] = []

    class Watched(module.Linear):
        def fit(self, points: Any, *arguments: Any, **others: Any) -> Any:
            self.trained_on = points
            return super().fit(points, *arguments, **others)

        def logits(self, points: Any) -> Any:
            seen.append((self.trained_on, points))
            return super().logits(points)

    monkeypatch.setattr(module, "Linear", Watched)
    score(features, labels, 3)
    assert len(seen) == 5
    for train, held_out in seen:
        nearest = np.sqrt(((held_out[:, None] - train[None]) ** 2).sum(axis=2)).min(axis=1)
        assert nearest.min() > 1e-2


def test_groups_stay_together_also_through_repeats() -> None:
    repeat_of = np.array([-1, -1, 1, -1, -1, 4])
    groups = np.array([-1, 7, 9, 9, 7, -1])
    joined = module._joined(repeat_of, groups)
    assert joined[0] == 0
    assert len(set(joined[1:])) == 1
    assert np.array_equal(module._joined(repeat_of, None), [0, 1, 1, 3, 4, 4])


@pytest.mark.parametrize("folds", [2, 5])
def test_folds_share_classes_and_keep_groups(folds: int) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 400)
    groups = np.where(rng.random(400) < 0.3, rng.integers(0, 40, 400), 1000 + np.arange(400))
    fold = folds_of(labels, groups, folds, 0)
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    single = folds_of(labels, np.arange(400), folds, 0)
    for label in range(4):
        sizes = np.bincount(single[labels == label], minlength=folds)
        assert sizes.max() - sizes.min() <= 1
    assert np.array_equal(fold, folds_of(labels, groups, folds, 0))
    assert not np.array_equal(fold, folds_of(labels, groups, folds, 1))


def test_the_only_image_of_a_class_is_not_judged() -> None:
    features, labels = blobs()
    labels[7] = 3
    labels[[20, 40]] = 4
    features[40] = features[20]  # one image twice is one image
    found = score(features, labels, 5)
    for row in (7, 20, 40):
        assert not found.issue[row]
        assert found.suggested[row] == -1
        assert np.isnan(found.logit_margin[row])
        assert np.isnan(found.self_confidence[row])
    assert np.isfinite(found.logits).all()
    assert np.isfinite(np.delete(found.logit_margin, [7, 20, 40])).all()


@pytest.mark.parametrize("n", [1, 5])
def test_one_class_is_refused_with_what_is_needed(n: int) -> None:
    with pytest.raises(DataError, match="images of 1 class; scoring needs two"):
        score(np.eye(n, dtype=np.float32), np.zeros(n, np.int64), 2)


def test_logits_of_the_user_do_with_one_class_and_one_image() -> None:
    found = score(np.ones((1, 4), np.float32), np.zeros(1, np.int64), 1, logits=np.zeros((1, 1), np.float32))
    assert found.uniqueness[0] == 1
    assert not found.issue[0]
    assert found.repeat_of[0] == -1


def test_equal_images_with_different_labels() -> None:
    found = score(np.ones((6, 4), np.float32), np.arange(6) % 2, 2)
    assert np.array_equal(found.repeat_of, [-1, 0, 0, 0, 0, 0])
    assert not found.issue.any()
    assert (found.uniqueness == 0).all()


def test_two_images() -> None:
    found = score(np.eye(2, dtype=np.float32), np.arange(2), 2)
    assert not found.issue.any()
    assert np.isfinite(found.logits).all()


def test_many_classes() -> None:
    features, labels = blobs(1200, 300, 40)
    found = score(features, labels, 300, options=Options(folds=2))
    assert (found.prediction == labels).mean() > 0.5


def test_wrong_shapes_are_refused() -> None:
    features, labels = blobs()
    with pytest.raises(ValueError, match="another shape"):
        score(features, labels, 3, logits=np.zeros((300, 2), np.float32))
    with pytest.raises(ValueError, match="another shape"):
        score(features[:9], labels, 3)


def surest_first(disagreements: list[int], size: int = 400) -> tuple[Array, Array]:
    """Return logits, the surest first, and labels that disagree so often in each fifth."""
    n = size * len(disagreements)
    logits = np.stack([np.linspace(9, 1, n), np.zeros(n)], axis=1).astype(np.float32)
    labels = np.concatenate([np.arange(size) < count for count in disagreements]).astype(np.int64)
    return logits, labels


@pytest.mark.parametrize(
    ("disagreements", "most"),
    [
        ([10, 80, 90, 120, 170], 45),  # (10 - 1) of 400, everywhere
        ([10, 12, 9, 11, 85], 51),  # (42 - 1) of 1600
        ([0, 0, 0, 0, 0], 0),
        ([1, 1, 1, 1, 1], 4),
        ([0, 60, 80, 100, 120], 0),
    ],
)
def test_as_many_labels_are_flagged_as_the_model_disagrees_with_where_it_is_sure(
    disagreements: list[int], most: int
) -> None:
    logits, labels = surest_first(disagreements)
    limit = quality.num_label_issues(labels, logits=logits)
    assert module._at_most(logits, labels) == min(most, limit)
    issue, _ = module._issues(logits, labels, np.ones(2000, bool), is_light=True)
    assert issue.sum() == min(most, limit)
