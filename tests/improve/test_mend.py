# SPDX-License-Identifier: Apache-2.0
"""What is proposed: planted faults are found, the model's word has limits, and each proposal can be turned down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from burnish import quality
from burnish._improve.copies import (
    default_pipeline,
    have_colors,
    keys_of,
    may_mirror,
    pipeline_of,
    pipeline_text,
    varied,
)
from burnish._improve.feature_rows import feature_labels, feature_rows
from burnish._improve.fill import to_add
from burnish._improve.mend import mend
from burnish._improve.options import Options
from burnish._improve.proposals import ACTIONS, ADDS, Proposals
from burnish.augment import Compose, MixUp, Normalize, RandomCrop, VerticalFlip
from burnish.data import DataError
from improve_data import Judgment, judgment, sure_of

ACCURACY = Options(target="accuracy", budget=0)  # neither copies nor samples to annotate


def rows_of(proposals: Proposals, action: str) -> list[tuple[int, int, int]]:
    """Return sample, new class and repeated sample of the proposals of a kind, by sample."""
    found = proposals.only(action)
    return sorted(zip(found.sample.tolist(), found.to.tolist(), found.other.tolist(), strict=True))


def _well_known(num_classes: int = 3) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return labels, and probabilities of a model that is right wherever it is sure, but for 15 labels of class 2."""
    labels = np.repeat(np.arange(num_classes), 100)
    probs = sure_of(labels, num_classes, 0.9)
    probs[285:] = sure_of(np.zeros(15, int), num_classes, 0.95)
    return labels, probs


def test_wrong_labels_get_the_class_that_the_model_is_sure_of_or_go() -> None:
    labels, probs = _well_known()
    probs[3], probs[114], probs[225] = (0.1, 0.85, 0.05), (0.36, 0.28, 0.36), (0.43, 0.35, 0.22)
    options = replace(ACCURACY, sure=0.4)
    made = mend(labels, judgment(labels, probs), 3, options, names=("cat", "dog", "cow"))
    assert rows_of(made, "relabel") == [(3, 1, -1), (225, 0, -1), *((i, 0, -1) for i in range(285, 300))]
    assert rows_of(made, "drop-label") == [(114, -1, -1)]
    assert len(made) == 18
    expected = labels.copy()
    expected[[3, 114, 225]] = 1, -1, 0
    expected[285:] = 0
    assert made.labels_after(labels).tolist() == expected.tolist()
    assert made.reason.tolist()[-4:] == [
        'Labeled "cow"; a model trained on the others is 95 % sure of "cat".',
        'Labeled "cat"; a model trained on the others is 85 % sure of "dog".',
        'Labeled "cow"; a model trained on the others is 43 % sure of "cat".',
        'Labeled "dog", which a model trained on the others gives 28 %; it is not sure of another class ("cat" 36 %).',
    ]
    assert made.score.tolist()[-3:] == pytest.approx([0.85, 0.43, 0.72])
    surer = mend(labels, judgment(labels, probs), 3, replace(ACCURACY, sure=0.5))
    assert rows_of(surer, "drop-label") == [(114, -1, -1), (225, -1, -1)]


def test_a_model_that_errs_where_it_is_not_sure_is_not_believed_there() -> None:
    labels = np.repeat([0, 1, 2], 100)
    probs = sure_of(labels, 3, 0.98)  # where it is sure, it agrees with all labels
    probs[50:100] = sure_of(np.ones(50, int), 3, 0.7)
    probs[150] = (0.947, 0.003, 0.05)  # but there: the label is next to impossible, another class all but certain
    probs[151] = (0.6, 0.005, 0.395)
    probs[152] = (0.6, 0.007, 0.393)
    made = mend(labels, judgment(labels, probs), 3, replace(ACCURACY, budget=40), names=("cat", "dog", "cow"))
    assert rows_of(made, "relabel") == [(150, 0, -1)]
    assert rows_of(made, "drop-label") == [(151, -1, -1)]
    asked = made.only("annotate")
    in_doubt = [i for i, reason in zip(asked.sample, asked.reason, strict=True) if "in doubt" in reason]
    assert len(in_doubt) == 20  # half of what is asked
    assert set(in_doubt) <= {152, *range(50, 100)}
    assert 152 in in_doubt  # the least likely label first
    assert 'The label "cat" is in doubt; a model trained on the others gives "dog" 70 %. Have a person look.' in list(
        asked.reason
    )


def test_the_model_takes_no_more_than_half_of_a_class_and_nothing_of_a_small_one() -> None:
    labels = np.array([0] * 200 + [1] * 9 + [2] * 4 + [3])
    probs = sure_of(np.zeros(len(labels), int), 4)  # a model that has learned nothing but the largest class
    probs[200:209, 0] = np.linspace(0.91, 0.99, 9)
    probs[200:209, 1:] = (1 - probs[200:209, :1]) / 3
    made = mend(labels, judgment(labels, probs), 4, replace(ACCURACY, budget=20))
    assert rows_of(made, "relabel") == [(i, 0, -1) for i in range(205, 209)]  # the worst four of nine
    after = made.labels_after(labels)
    assert np.bincount(after[after >= 0], minlength=4).tolist() == [204, 5, 4, 1]
    # What is left open goes to a person, before what is merely hard.
    asked = [i for i, _, _ in rows_of(made, "annotate")]
    assert len(asked) == 20
    assert set(asked) >= {*range(200, 205), *range(209, 214)}
    small = next(r for i, r in zip(made.sample, made.reason, strict=True) if i == 209)
    assert small == (
        "There are too few samples of class 2; a model trained on the others gives class 0 90 %. Have a person look."
    )


def test_of_repeats_the_first_stays() -> None:
    labels = np.repeat([0, 1], 10)
    repeat_of, distance = np.full(20, -1), np.full(20, np.nan, np.float32)
    repeat_of[[4, 7, 15]], distance[[4, 7, 15]] = (2, 2, 11), (0, 0.03125, 0.01)
    judged = judgment(labels, sure_of(labels, 2), repeat_of=repeat_of, repeat_distance=distance)
    made = mend(labels, judged, 2, ACCURACY, ids=[f"{i}.jpg" for i in range(20)])
    assert rows_of(made, "drop-repeat") == [(4, -1, 2), (7, -1, 2), (15, -1, 11)]
    assert made.reason.tolist() == [
        "Is the same as 2.jpg.", "Looks almost the same as 11.jpg.", "Looks almost the same as 2.jpg.",
    ]  # fmt: skip
    # The first of a group may name itself.
    repeat_of[2] = 2
    assert rows_of(mend(labels, judged, 2, ACCURACY), "drop-repeat") == [(4, -1, 2), (7, -1, 2), (15, -1, 11)]


@pytest.mark.parametrize(
    ("says", "dropped", "asked"),
    [
        (0, [(3, -1, 1), (12, -1, 1)], []),
        (1, [(1, -1, 12), (3, -1, 1)], []),
        (2, [(3, -1, 1)], [1, 12]),
    ],
)
def test_of_repeats_labeled_differently_the_one_stays_that_the_model_agrees_with(
    says: int, dropped: list[Any], asked: list[int]
) -> None:
    labels = np.repeat([0, 1, 2], 10)
    probs = sure_of(labels, 3)
    probs[[1, 3, 12]] = sure_of(np.array([says] * 3), 3)
    repeat_of = np.full(30, -1)
    repeat_of[[3, 12]] = 1
    judged = judgment(
        labels, probs, repeat_of=repeat_of, repeat_distance=np.zeros(30, np.float32), issue=np.zeros(30, bool)
    )
    made = mend(labels, judged, 3, replace(ACCURACY, budget=4))
    assert rows_of(made, "drop-repeat") == dropped
    assert {i for i, _, _ in rows_of(made, "annotate")} >= set(asked)
    assert len(made.only("relabel", "drop-label")) == 0


def test_repeats_labeled_differently_cost_no_class_more_than_half() -> None:
    labels = np.repeat([0, 1], 6)
    repeat_of = np.full(12, -1)
    repeat_of[6:] = np.arange(6)  # every sample of class 1 repeats one of class 0, and the model believes in 0
    judged = judgment(
        labels, sure_of(np.zeros(12, int), 2), repeat_of=repeat_of, repeat_distance=np.zeros(12, np.float32)
    )
    made = mend(labels, judged, 2, ACCURACY)
    after = made.labels_after(labels)
    assert np.bincount(after[after >= 0]).tolist() == [6, 3]


def test_what_repeats_a_held_out_sample_goes_first() -> None:
    labels = np.repeat([0, 1], 10)
    held_out, repeat_of = np.full(20, -1), np.full(20, -1)
    held_out[[2, 13]] = 1, 0
    repeat_of[5] = 2  # of which the first goes as a leak: then this one is the first
    probs = sure_of(labels, 2)
    probs[13] = (0.9, 0.1)
    judged = judgment(labels, probs, repeat_of=repeat_of, repeat_distance=np.zeros(20, np.float32))
    made = mend(labels, judged, 2, ACCURACY, held_out=held_out, held_out_ids=("test/a", "test/b"))
    assert rows_of(made, "drop-leak") == [(2, -1, 1), (13, -1, 0)]
    assert made.counts()["drop-leak"] == len(made) == 2
    assert made.reason[0] == "Repeats test/b, which is held out to judge models."


def test_samples_to_annotate_are_hard_diverse_and_of_all_classes() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    probs = rng.dirichlet(np.ones(3), 100) * 0.4
    probs[np.arange(100), labels] += 0.6
    probs[5] = sure_of(np.array([1]), 3)
    judged = judgment(labels, probs)
    features = rng.normal(size=(100, 4)).astype(np.float32)
    made = mend(labels, judged, 3, replace(ACCURACY, budget=20), features=features).only("annotate")
    rest = np.flatnonzero(labels == probs.argmax(axis=1))
    expected = rest[quality.sample(judged.entropy[rest], features[rest], 20, labels[rest])]
    assert sorted(made.sample) == sorted(expected)
    assert np.bincount(labels[made.sample]).tolist() == [12, 6, 2]
    assert (np.diff(made.score) <= 0).all()
    assert made.score.tolist() == judged.entropy[made.sample].tolist()
    # Without features: the hardest.
    plain = mend(labels, judged, 3, replace(ACCURACY, budget=20)).only("annotate")
    for label in range(3):
        own = rest[labels[rest] == label]
        hardest = own[np.argsort(-judged.entropy[own])][: (labels[plain.sample] == label).sum()]
        assert sorted(plain.sample[labels[plain.sample] == label]) == sorted(hardest)
    assert len(mend(labels, judged, 3, replace(ACCURACY, budget=10**6)).only("annotate")) == len(rest)


@pytest.mark.parametrize(
    ("sizes", "target", "expected"),
    [
        ([100, 50, 25], "accuracy", [0, 0, 0]),
        ([100, 50, 25], "log-loss", [0, 0, 0]),
        ([100, 50, 25], "balanced-accuracy", [0, 50, 75]),
        ([100, 49, 25], "macro-f1", [0, 21, 25]),
        ([100, 1, 0], "balanced-accuracy", [0, 10, 0]),  # no more than ten of one sample
        ([100, 10, 10, 10], "balanced-accuracy", [0, 43, 43, 43]),  # in all no more than there are samples
        ([100, 60, 10, 10, 10], "balanced-accuracy", [0, 10, 60, 60, 60]),
        ([7], "balanced-accuracy", [0]),
        ([], "macro-f1", []),
        ([0, 0], "balanced-accuracy", [0, 0]),
    ],
)
def test_how_many_copies_are_added(sizes: list[int], target: str, expected: list[int]) -> None:
    assert to_add(np.array(sizes, np.int64), target).tolist() == expected


@pytest.mark.parametrize(
    ("sizes", "target", "expected"),
    [
        ([100, 50, 25], "accuracy", [0, 0, 0]),
        ([100, 50, 1, 0], "balanced-accuracy", [0, 50, 99, 0]),  # as many of a sample as there are to be
        ([100, 49, 25], "macro-f1", [0, 21, 25]),
        ([100, *[10] * 20], "balanced-accuracy", [0, *[60] * 20]),  # in all four times as many as there are samples
    ],
)
def test_how_many_rows_are_added_between_features(sizes: list[int], target: str, expected: list[int]) -> None:
    assert to_add(np.array(sizes, np.int64), target, "smote").tolist() == expected


def test_copies_are_made_of_what_is_kept() -> None:
    labels = np.array([0] * 60 + [1] * 10 + [2])
    probs = sure_of(labels, 3)
    probs[3] = (0.001, 0.998, 0.001)  # a 1 labeled 0
    probs[61] = (0.5, 0.001, 0.499)  # goes
    repeat_of = np.full(71, -1)
    repeat_of[65] = 64
    judged = judgment(labels, probs, repeat_of=repeat_of, repeat_distance=np.zeros(71, np.float32))
    made = mend(labels, judged, 3, Options(budget=0, sure=0.6), names=("a", "b", "c"))
    after = made.labels_after(labels)
    rows, numbers = made.copies()
    copied = made.only("copy")
    assert (after[rows] == copied.to).all()
    assert set(rows) == {3, 60, 62, 63, 64, 66, 67, 68, 69, 70}
    sizes = np.bincount(after[after >= 0])
    assert sizes.tolist() == [59, 9, 1]
    assert (sizes + np.bincount(copied.to, minlength=3)).tolist() == [59, 59, 11]
    each = np.bincount(rows[copied.to == 1])
    assert set(each[each > 0]) == {5, 6}  # as evenly as can be
    for i in set(rows):
        assert sorted(numbers[rows == i]) == list(range(1, (rows == i).sum() + 1))
    assert copied.reason[-1] == '"c" has 1 sample, the largest class 59: add varied copies.'


def test_rows_between_features_are_those_of_smote() -> None:
    imblearn = pytest.importorskip("imblearn.over_sampling", reason="imbalanced-learn is not installed")
    labels = np.repeat([0, 1, 2], [60, 20, 12])
    features = np.random.default_rng(0).normal(size=(92, 5)).astype(np.float32)
    probs = sure_of(labels, 3)
    probs[3] = (0.001, 0.998, 0.001)  # a 1 labeled 0
    made = mend(labels, judgment(labels, probs), 3, Options(budget=0, seed=7, fill="smote"), features=features)
    after = made.labels_after(labels)
    assert made.counts() == {**dict.fromkeys(ACTIONS, 0), "relabel": 1, "interpolate": 85}
    # The oracle: as many rows of each class.
    sampler = imblearn.SMOTE(sampling_strategy={1: 59, 2: 59}, random_state=7)
    X, y = sampler.fit_resample(features, after)
    rows = np.concatenate(list(feature_rows(features, np.arange(92), made)))
    classes = feature_labels(labels, np.arange(92), made)
    assert np.array_equal(rows[:92], features)
    assert np.array_equal(classes[:92], after)
    for label in (1, 2):
        expected, found = X[92:][y[92:] == label], rows[92:][classes[92:] == label]
        assert np.array_equal(*(part[np.lexsort(part.T)] for part in (expected, found)))
    added = made.only("interpolate")
    assert (after[added.sample] == added.to).all()
    assert (after[added.other] == added.to).all()
    assert (added.sample != added.other).all()
    for i in set(added.sample.tolist()):
        assert added.number[added.sample == i].tolist() == list(range(1, (added.sample == i).sum() + 1))
    assert added.reason[-1] == "class 2 has 12 samples, the largest class 59: add rows between their features."


def test_rows_between_features_of_small_classes() -> None:
    labels = np.repeat([0, 1, 2, 3], [40, 2, 1, 0])
    features = np.arange(86, dtype=np.float32).reshape(43, 2) ** 2
    made = mend(labels, judgment(labels, sure_of(labels, 4)), 4, Options(budget=0, fill="smote"), features=features)
    base, other, step = made.between()
    added = made.only("interpolate")
    assert np.bincount(added.to, minlength=4).tolist() == [0, 38, 39, 0]
    assert {frozenset(pair) for pair in zip(base[added.to == 1], other[added.to == 1], strict=True)} == {
        frozenset({40, 41})
    }
    assert set(base[added.to == 2]) == set(other[added.to == 2]) == {42}  # repeated, since it is alone
    assert ((step >= 0) & (step < 1)).all()
    options = Options(budget=0, fill="smote", seed=1 << 40)  # more than samplers take
    assert mend(labels, judgment(labels, sure_of(labels, 4)), 4, options, features=features).counts() == made.counts()
    with pytest.raises(ValueError, match="'features' is None; accepted where 'fill' is 'smote'"):
        mend(labels, judgment(labels, sure_of(labels, 4)), 4, Options(budget=0, fill="smote"))


def test_samples_in_doubt_are_copied_where_a_model_takes_a_rare_class_for_another() -> None:
    labels = np.repeat([0, 1], [60, 6])
    probs = sure_of(np.repeat([0, 1], [64, 2]), 2, 0.7)
    judged = judgment(labels, probs)
    assert np.asarray(judged.issue).nonzero()[0].tolist() == [60, 61, 62, 63]
    made = mend(labels, judged, 2, Options(budget=0))
    kept = np.flatnonzero(made.labels_after(labels) == 1)
    assert len(kept) > 2
    assert set(made.copies()[0]) == set(kept)


def _mixed(seed: int = 0) -> tuple[npt.NDArray[np.int64], Judgment, npt.NDArray[np.int64]]:
    """Return labels, a judgment and leaks with something of every kind."""
    rng = np.random.default_rng(seed)
    true = rng.choice(4, 400, p=[0.6, 0.2, 0.15, 0.05])
    labels = np.where(rng.random(400) < 0.1, rng.integers(0, 4, 400), true)
    probs = rng.dirichlet(np.full(4, 0.3), 400) * rng.uniform(0.05, 0.6, (400, 1))
    probs[np.arange(400), true] += 1 - probs.sum(axis=1)
    repeat_of = np.full(400, -1)
    repeat_of[[50, 60, 61, 70]] = (3, 4, 4, 9)
    held_out = np.full(400, -1)
    held_out[[20, 21]] = 0
    judged = judgment(labels, probs, repeat_of=repeat_of, repeat_distance=np.where(repeat_of >= 0, 0.01, np.nan))
    return labels, judged, held_out


def _everything(seed: int = 0, fill: str = "copies") -> tuple[npt.NDArray[np.int64], Proposals]:
    labels, judged, held_out = _mixed(seed)
    features = np.random.default_rng(seed).normal(size=(400, 6)).astype(np.float32)
    options, ids = Options(budget=10, sure=0.8, fill=fill), [f"s{i}" for i in range(400)]
    made = mend(labels, judged, 4, options, features=features, held_out=held_out, ids=ids)
    assert set(made.action) == set(ACTIONS) - {"copy" if fill == "smote" else "interpolate"}
    return labels, made


@pytest.mark.parametrize("fill", ["copies", "smote"])
@pytest.mark.parametrize("seed", range(3))
def test_proposals_do_not_contradict_each_other(seed: int, fill: str) -> None:
    labels, made = _everything(seed, fill)
    after = made.labels_after(labels)
    changing = made.only("relabel", "drop-label", "drop-repeat", "drop-leak")
    assert len(set(changing.sample)) == len(changing)
    assert (after[made.only(*ADDS).sample] == made.only(*ADDS).to).all()
    assert (after[made.only("interpolate").other] == made.only("interpolate").to).all()
    assert (after[made.only("annotate").sample] == labels[made.only("annotate").sample]).all()
    assert (made.only("relabel").to != labels[made.only("relabel").sample]).all()
    repeats = made.only("drop-repeat")
    ends = repeats.other  # of what an image repeats, one is kept, or went for its label
    for _ in range(2):
        step = dict(zip(repeats.sample, repeats.other, strict=True))
        ends = np.array([step.get(i, i) for i in ends])
    assert set(ends) <= {*np.flatnonzero(after >= 0), *made.only("drop-label").sample}
    order = [ACTIONS.index(action) for action in made.action]
    assert order == sorted(order)
    for action in set(ACTIONS) - {"interpolate"}:
        assert (np.diff(made.only(action).score) <= 0).all()
    assert all(isinstance(reason, str) and reason.endswith(".") for reason in made.reason)


def test_the_same_every_time_and_nothing_is_changed() -> None:
    labels, judged, held_out = _mixed()
    for array in (labels, held_out, *vars(judged).values()):
        array.flags.writeable = False
    first, second = (mend(labels, judged, 4, Options(), held_out=held_out) for _ in range(2))
    for name, values in vars(first).items():
        assert np.array_equal(values, getattr(second, name)), name
    assert vars(_everything(0, "smote")[1]).keys() == vars(first).keys()
    for one, two in zip(*(vars(_everything(0, "smote")[1]).values() for _ in range(2)), strict=True):
        assert np.array_equal(one, two)


@pytest.mark.parametrize("fill", ["copies", "smote"])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_kind_of_proposal_is_turned_down(action: str, fill: str) -> None:
    labels, made = _everything(0, fill)
    rest = made.without(action)
    assert rest.counts()[action] == 0
    for other in set(ACTIONS) - {action, *ADDS}:
        assert rest.counts()[other] == made.counts()[other] > 0
    after = rest.labels_after(labels)
    assert (after[rest.only(*ADDS).sample] == rest.only(*ADDS).to).all()
    assert (after[rest.only("interpolate").other] == rest.only("interpolate").to).all()
    for adds in ADDS:
        if action != "relabel":
            assert rest.counts()[adds] == made.counts()[adds] * (action != adds)
    undone = made.only(action).sample if action not in (*ADDS, "annotate") else []
    assert (after[undone] == labels[undone]).all()


def test_proposals_for_a_sample_are_turned_down() -> None:
    labels, made = _everything()
    i = int(made.only("relabel").sample[0])
    copied = int(made.only("copy").sample[0])
    rest = made.without(ids=[f"s{i}", f"s{copied}"])
    assert not set(rest.sample) & {i, copied}
    assert len(rest) == len(made) - np.isin(made.sample, [i, copied]).sum()
    assert rest.labels_after(labels)[i] == labels[i]
    with pytest.raises(ValueError, match=r"'ids' has 'nobody'"):
        made.without(ids="nobody")
    with pytest.raises(ValueError, match=r"'actions' has 'delete'; accepted: relabel, drop-label"):
        made.without(["delete"])
    assert made.labels_after(labels).tolist() != made.without(ACTIONS).labels_after(labels).tolist() == labels.tolist()


def test_samples_counted_in_a_larger_set() -> None:
    labels, made = _everything()
    rows = np.arange(400) * 3 + 1
    moved = made.among(rows, ids=[str(i) for i in range(1201)])
    assert (moved.sample == rows[made.sample]).all()
    own = made.action == "drop-repeat"
    assert (moved.other[own] == rows[made.other[own]]).all()
    assert (moved.other[~own] == made.other[~own]).all()
    between, inner = _everything(0, "smote")[1].among(rows).between(), _everything(0, "smote")[1].between()
    assert all(np.array_equal(*ends) for ends in zip(between, (rows[inner[0]], rows[inner[1]], inner[2]), strict=True))
    larger = np.full(1201, 7)
    larger[rows] = labels
    after = moved.labels_after(larger)
    assert (after[rows] == made.labels_after(labels)).all()
    assert (np.delete(after, rows) == 7).all()
    assert "4" not in {str(i) for i in moved.without(ids=["4"]).sample}


def test_odd_sets() -> None:
    none = mend(np.zeros(0, int), judgment(np.zeros(0, int), np.zeros((0, 2))), 2, Options())
    assert (len(none), none.counts()["copy"], none.copies()[0].tolist()) == (0, 0, [])
    one_class = np.zeros(6, int)
    made = mend(one_class, judgment(one_class, np.ones((6, 1))), 1, Options(budget=2))
    assert made.counts() == {**dict.fromkeys(ACTIONS, 0), "annotate": 2}
    one_image = np.array([0, 1])
    made = mend(one_image, judgment(one_image, sure_of(np.array([1, 0]), 2)), 2, Options(budget=5))
    assert made.counts() == {**dict.fromkeys(ACTIONS, 0), "annotate": 2}
    with pytest.raises(ValueError, match="'labels' has -1 to 0; accepted: 0 to 1"):
        mend(np.array([0, -1]), judgment(one_image, sure_of(one_image, 2)), 2, Options())


def test_which_images_may_be_mirrored() -> None:
    rng = np.random.default_rng(0)
    color = rng.integers(0, 256, (9, 8, 8, 3), dtype=np.uint8)
    gray = np.repeat(color[..., :1], 3, axis=3)
    assert have_colors(color)
    assert not have_colors(gray)
    assert may_mirror(("cat", "dog"), color)
    assert not may_mirror(("cat", "dog"), gray)
    assert not may_mirror(("0", "1", "12"), color)
    assert not may_mirror(("A", "b"), color)
    assert not may_mirror(("left_hand", "hand"), color)
    assert may_mirror(("leftover", "bright"), color)
    assert "HorizontalFlip" in repr(pipeline_of(Options(), ("cat", "dog"), color))
    assert "HorizontalFlip" not in repr(pipeline_of(Options(flip="no"), ("cat", "dog"), color))
    assert "HorizontalFlip" in repr(pipeline_of(Options(flip="yes"), ("0", "1"), gray))
    assert not have_colors(color[:0])


def test_copies_keep_what_they_show() -> None:
    image = np.zeros((1, 40, 50, 3), np.uint8)
    image[0, 15:25, 20:30] = 255
    made = varied(default_pipeline(mirror=True), np.repeat(image, 200, axis=0), ["a"] * 200, np.arange(1, 201))
    assert len({picture.tobytes() for picture in made}) == 200
    areas = (made[..., 0] > 100).sum(axis=(1, 2))
    assert 70 < areas.min() < areas.max() < 140  # of 100


def test_copies_depend_on_id_and_number_only() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 9, 11, 3), dtype=np.uint8)
    ids, numbers = ["a", "b", "a", "\udcff", "猫", "b"], [1, 1, 2, 1, 1, 12]
    pipe = pipeline_of(Options(seed=4), ("cat", "dog"), images)
    whole = varied(pipe, images, ids, numbers)
    for i in range(6):
        assert np.array_equal(varied(pipe, [images[i]], [ids[i]], [numbers[i]])[0], whole[i])
    assert len(set(keys_of(ids, numbers))) == 6
    assert not np.array_equal(whole, varied(pipeline_of(Options(seed=5), ("cat", "dog"), images), images, ids, numbers))
    assert varied(pipe, images[:0], [], []).shape == (0, 9, 11, 3)
    assert varied(pipe, [], [], []) == []


def test_a_pipeline_of_ones_own() -> None:
    images = np.zeros((2, 8, 8, 3), np.uint8)
    own = Compose([VerticalFlip(p=1.0)])
    text = pipeline_text(own)
    assert text == pipeline_text(own.to_dict()) == pipeline_text(text)
    made = pipeline_of(Options(pipeline=text, seed=3), ("a", "b"), images)
    assert (made.to_dict()["transforms"], made.seed) == (own.to_dict()["transforms"], 3)
    assert pipeline_of(Options(pipeline=pipeline_text(VerticalFlip())), ("a", "b"), images).transforms
    for pipeline, words in (
        ("{", "is not a pipeline's to_dict"),
        ("[]", "is not a pipeline's to_dict"),
        (pipeline_text(Compose([Normalize()])), "cannot be used: .*uint8"),
        (pipeline_text(Compose([MixUp()])), "cannot be used: .*labels"),
        (pipeline_text(Compose([RandomCrop(64, 64)])), "cannot be used"),
    ):
        with pytest.raises(DataError, match=words):
            pipeline_of(Options(pipeline=pipeline), ("a", "b"), images)
