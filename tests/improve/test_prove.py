# SPDX-License-Identifier: Apache-2.0
"""The proof is honest: what is held out is never trained on, and a change that does not help is said not to."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from burnish._improve import prove as module
from burnish._improve.held_out import Part, parts
from burnish._improve.options import TARGETS, Options
from burnish._improve.proof import (
    ALL,
    AS_IT_IS,
    COPIES,
    HARMED,
    HELPED,
    LABELS,
    NOT_SHOWN,
    NOTHING,
    OF_OUTPUTS,
    REPEATS,
    SMOTE,
    Answers,
    Gain,
    Proof,
    Trial,
    gain,
    gains_of,
    sampling_variances,
)
from burnish._improve.prove import prove
from burnish._improve.repeats import Repeats, by_description
from burnish._improve.store import Store
from hypothesis import given, settings
from hypothesis import strategies as st

Integers = npt.NDArray[np.int64]
OPTIONS = Options(runs=3, folds=3)


# ---- who is held out ----


@st.composite
def grouped(draw: Any) -> tuple[Integers, Integers, int]:
    """Labels, groups by the place of their first, and the number of classes; a group may have several labels."""
    n, k = draw(st.integers(1, 60)), draw(st.integers(1, 5))
    labels = np.array(draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n)), np.int64)
    groups = np.arange(n)
    for i in range(1, n):
        if draw(st.booleans()):
            groups[i] = groups[draw(st.integers(0, i - 1))]
    return labels, groups, k


@given(grouped(), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_groups_stay_together_and_four_runs_hold_out_each_once(case: Any, seed: int) -> None:
    labels, groups, k = case
    rows = np.arange(len(labels))
    found = parts(labels, groups, rows, rows[:0], num_classes=k, runs=8, seed=seed)
    firsts = np.unique(groups)
    alone = np.bincount(labels[firsts], minlength=k)[labels[firsts]] < 2
    for part in found:
        assert not np.intersect1d(groups[part.train], groups[part.held_out]).size
        assert np.isin(part.held_out, firsts[~alone]).all()  # one of each group, and none of a class of one group
        assert np.isin(labels[firsts], labels[part.train]).all()  # every class is trained on
        assert np.isin(labels[firsts[~alone]], labels[part.held_out]).all()  # and every other one judged
    sizes = np.bincount(labels[firsts], minlength=k)[labels[firsts]]
    for turn in (found[:4], found[4:]):
        times = np.bincount(np.concatenate([part.held_out for part in turn]), minlength=len(labels))[firsts]
        assert (times[sizes >= 4] == 1).all()
    assert all(np.array_equal(a.train, b.train) for a, b in zip(found, _again(labels, groups, k, seed), strict=True))


def _again(labels: Integers, groups: Integers, k: int, seed: int) -> list[Part]:
    rows = np.arange(len(labels))
    return parts(labels, groups, rows, rows[:0], num_classes=k, runs=8, seed=seed)


def test_with_a_given_part_runs_train_on_four_fifths_of_each_class() -> None:
    labels = np.repeat([0, 1, 2, 0, 1], [50, 10, 1, 7, 7])
    rows, given = np.arange(61), np.arange(61, 75)
    groups = np.arange(61)
    groups[1] = 0
    found = parts(labels, groups, rows, given, num_classes=3, runs=3, seed=0)
    for part in found:
        assert np.array_equal(part.held_out, given)
        assert np.isin(part.train, rows).all()
        assert (0 in part.train) == (1 in part.train)
        assert np.bincount(labels[part.train]).tolist()[1:] == [8, 1]
        assert np.bincount(labels[part.train])[0] in (40, 41)
    assert not np.array_equal(found[0].train, found[1].train)


def test_of_very_many_samples_a_part_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burnish._improve.held_out.MOST", 100)
    monkeypatch.setattr("burnish._improve.held_out.FEW", 5)
    labels = np.repeat([0, 1, 2], [900, 100, 8])
    rows = np.arange(len(labels))
    (part,) = parts(labels, rows, rows, rows[:0], num_classes=3, runs=1, seed=0)
    assert np.bincount(labels[part.train]).tolist() == [90, 10, 5]


# ---- what is measured ----


@given(st.integers(1, 40), st.integers(2, 5), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_measures_are_those_of_scikit_learn(n: int, k: int, seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(seed)
    labels, logits = rng.integers(0, k, n), 3 * rng.standard_normal((n, k))
    answers = Answers.of(logits, labels)
    found, predictions, there = answers.measures(), logits.argmax(axis=1), np.unique(labels)
    recalls = metrics.recall_score(labels, predictions, labels=there, average=None, zero_division=0)
    assert found["balanced-accuracy"] == pytest.approx(recalls.mean())
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, predictions))
    macro = metrics.f1_score(labels, predictions, labels=there, average="macro", zero_division=0)
    assert found["macro-f1"] == pytest.approx(macro)
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert found["log-loss"] == pytest.approx(metrics.log_loss(labels, probs, labels=range(k)))
    assert np.allclose(answers.recall()[there], recalls)
    assert np.isnan(np.delete(answers.recall(), there)).all()


def test_a_gain_is_positive_where_it_is_better() -> None:
    before = dict.fromkeys(TARGETS, 0.5)
    assert gains_of(before, dict.fromkeys(TARGETS, 0.75)) == {
        "balanced-accuracy": 0.25, "accuracy": 0.25, "macro-f1": 0.25, "log-loss": -0.25,
    }  # fmt: skip


def test_sampling_variance_of_a_gain() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [400, 100, 50])
    is_right = rng.random((2, len(labels))) < [[0.6], [0.8]]
    answers = [Answers(labels, np.where(right, labels, (labels + 1) % 3), np.zeros(550), 3) for right in is_right]
    difference = is_right[1].astype(float) - is_right[0]
    exact = sum(difference[labels == k].var() / (labels == k).sum() for k in range(3)) / 9
    assert sampling_variances(*answers, 0)["balanced-accuracy"] == pytest.approx(exact, rel=0.35)
    assert sampling_variances(answers[0], answers[0], 0)["accuracy"] == 0


def test_intervals() -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
    values = [0.02, 0.05, 0.03, 0.045]
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    found = gain(values)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.verdict == HELPED
    # Runs that share samples to train on: the half width grows by sqrt((1/4 + 1/3) / (1/4)).
    wider = gain(values, overlap=1 / 3)
    assert wider.high - wider.mean == pytest.approx((found.high - found.mean) * math.sqrt(7 / 3))
    # A shared held-out part: with nothing else, a normal distribution's.
    shared = gain([0.03, 0.03, 0.03], shared=0.01**2)
    assert (shared.low, shared.high) == pytest.approx((0.03 - 0.0196, 0.03 + 0.0196), abs=1e-5)
    both = gain(values, shared=0.01**2)
    assert both.high - both.low > max(found.high - found.low, 2 * 0.0196)
    assert gain([-value for value in values]).verdict == HARMED
    assert gain([0.02, -0.03, 0.05]).verdict == NOT_SHOWN
    assert gain([0.0, 0.0]).verdict == NOTHING
    assert gain([0.1]).verdict == NOT_SHOWN  # one run does not tell its spread
    assert math.isnan(gain([0.1]).low)


# ---- the proof ----


def blobs(sizes: list[int], *, wrong: float = 0.0, seed: int = 0, apart: float = 2.0) -> tuple[Any, Integers, Integers]:
    """Features, labels as given and as they are; the last column is the row, too small to tell anything."""
    rng = np.random.default_rng(seed)
    true = np.repeat(np.arange(len(sizes)), sizes)
    features = rng.standard_normal((len(true), 8)).astype(np.float32)
    features[np.arange(len(true)), true] += apart * 2
    labels = true.copy()
    for k in range(len(sizes)):
        own = np.flatnonzero(true == k)
        flipped = own[: round(wrong * len(own))]
        labels[flipped] = (k + 1) % len(sizes)
    return features, labels, true


def none_of(n: int) -> Repeats:
    """Return that none of `n` samples repeats another."""
    return Repeats(np.full(n, -1), np.full(n, np.nan, np.float32), np.arange(n))


def proved(labels: Integers, features: Any, options: Options = OPTIONS, repeats: Any = None, **more: Any) -> Any:
    given = {
        "num_classes": int(labels.max()) + 1,
        "held_out": np.zeros(len(labels), bool),
        "embed_copies": lambda rows, numbers: features[rows] + 0.01 * numbers[:, None],
    }
    if repeats is None:
        rows = np.flatnonzero(labels >= 0)
        repeats = by_description(features[rows], 1e-6).within(rows, len(labels))
    return prove(labels, features, repeats, options, **(given | more))


class Spy:
    """Remembers by their bytes which rows were learned from."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[set[bytes]] = []
        real_score, real_fit = module.score, module.Linear.fit

        def see(features: Any) -> None:
            self.seen.append({row.tobytes() for row in np.asarray(features)})

        class Plain:  # features stay as they are, so that they can be told again
            @staticmethod
            def of(features: Any) -> Any:
                see(features)
                return np.asarray

        def score(features: Any, *arguments: Any, **options: Any) -> Any:
            see(features)
            return real_score(features, *arguments, **options)

        def fit(model: Any, features: Any, *arguments: Any, **options: Any) -> Any:
            see(features)
            return real_fit(model, features, *arguments, **options)

        monkeypatch.setattr(module, "Directions", Plain)
        monkeypatch.setattr(module, "score", score)
        monkeypatch.setattr(module.Linear, "fit", fit)

    def saw(self, features: Any) -> int:
        """Return how many of these rows were learned from at any time."""
        rows = {row.tobytes() for row in features}
        return len(rows & set().union(*self.seen))


def test_a_given_part_is_never_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels, _ = blobs([60, 40, 20], wrong=0.1)
    held_out = np.arange(len(labels)) % 3 == 0
    spy, copied = Spy(monkeypatch), []

    def embed(rows: Integers, numbers: Integers) -> Any:
        copied.append(rows)
        return features[rows] + 1000

    found = proved(labels, features, repeats=none_of(120), held_out=held_out, embed_copies=embed)
    assert spy.saw(features[~held_out]) == 80
    assert spy.saw(features[held_out]) == 0
    assert not held_out[np.concatenate(copied)].any()
    assert np.array_equal(found.held_out, np.bincount(labels[held_out]))  # with the labels they came with


def test_a_part_put_aside_is_never_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels, _ = blobs([60, 40, 20], wrong=0.1)
    rows = np.arange(120)
    (part,) = parts(labels, rows, rows, rows[:0], num_classes=3, runs=1, seed=0)
    spy = Spy(monkeypatch)
    proved(labels, features, Options(runs=1, folds=3), repeats=none_of(120))
    assert spy.saw(features[part.train]) == len(part.train)
    assert spy.saw(features[part.held_out]) == 0


def test_wrong_labels_that_are_mended_help() -> None:
    features, labels, _ = blobs([100] * 5, seed=1)
    held_out, rng = np.arange(500) % 3 == 2, np.random.default_rng(0)
    wrong = ~held_out & (rng.random(500) < 0.25)
    labels[wrong] = (labels[wrong] + rng.integers(1, 5, wrong.sum())) % 5
    options = Options(runs=3, folds=3, target="log-loss")
    found = proved(labels, features, options, repeats=none_of(500), held_out=held_out)
    assert found.trial(LABELS).gains["log-loss"].verdict == HELPED
    assert found.headline.verdict == HELPED
    assert found.trial(REPEATS).gains["log-loss"].verdict == NOTHING
    assert found.trials[0].name == AS_IT_IS
    before, after = (np.mean(found.trial(name).measures["log-loss"]) for name in (AS_IT_IS, ALL))
    assert found.headline.mean == pytest.approx(before - after)
    assert "All changes together helped: log loss -0." in found.conclusions()[0]


def test_what_spoils_the_set_is_said_to_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels, _ = blobs([80, 80], apart=1.0)
    real = module.score

    def misled(features: Any, labels: Integers, *arguments: Any, **options: Any) -> Any:
        scores = real(features, labels, *arguments, **options)
        accused = np.arange(len(labels)) % 5 < 2
        logits = np.where(accused[:, None], 9 * np.eye(2)[1 - labels], scores.logits).astype(np.float32)
        margin = np.where(accused, -9, scores.logit_margin).astype(np.float32)
        return replace(scores, issue=accused, logits=logits, logit_margin=margin, suggested=1 - labels)

    monkeypatch.setattr(module, "score", misled)
    found = proved(labels, features, Options(runs=4, folds=3, target="log-loss"))
    assert found.headline.verdict == HARMED
    assert found.conclusions()[0].startswith("All changes together harmed: log loss +")
    assert found.conclusions()[1:3] == [
        f"By themselves harmed: {LABELS}.",
        "Leave them out: --without relabel,drop-label.",
    ]


def test_a_class_with_one_sample_is_trained_on_and_never_judged() -> None:
    features, labels, _ = blobs([40, 30, 1])
    found = proved(labels, features)
    assert found.held_out[2] == 0
    assert found.trained[2] == 1
    for trial in found.trials:
        assert np.isnan(trial.recall[:, 2]).all()
        assert np.isnan(trial.mean_recall()[2])
        assert not np.isnan(trial.mean_recall()[:2]).any()
        assert all(np.isfinite(values).all() for values in trial.measures.values())


@pytest.mark.parametrize(
    ("sizes", "word"), [([30], "two classes"), ([1, 1, 1], "no class has two samples")], ids=["one class", "one each"]
)
def test_where_nothing_can_be_proved_it_says_why(sizes: list[int], word: str) -> None:
    features, labels, _ = blobs([*sizes])
    found = proved(labels, features)
    assert found.trials == ()
    assert found.headline is None
    assert word in found.judged
    assert found.conclusions() == [found.judged]


def test_twins_of_training_samples_are_not_judged_by() -> None:
    features, labels, _ = blobs([40, 40])
    held_out = np.arange(80) % 4 == 0
    features[0], features[4], features[8] = features[1], features[5], features[1]
    found = proved(labels, features, held_out=held_out)
    assert found.repeated in (2, 3)  # the twin may not be among the four fifths
    assert "repeat one that was trained on" in found.judged
    together = proved(labels[:40], features[:40], Options(runs=4, folds=3), num_classes=2)
    assert together.trials == ()


def test_repeats_do_not_straddle() -> None:
    features, labels, _ = blobs([20, 20])
    features, labels = np.repeat(features, 2, axis=0), np.repeat(labels, 2)
    found = proved(labels, features, Options(runs=4, folds=3))
    assert found.repeated == 0
    assert found.held_out.tolist() == [5, 5]
    assert found.trained.tolist() == [30, 30]
    assert found.trial(REPEATS).rows == (30,) * 4


def test_copies_are_made_once() -> None:
    features, labels, _ = blobs([60, 20])
    asked: list[tuple[int, int]] = []

    def embed(rows: Integers, numbers: Integers) -> Any:
        asked.extend(zip(rows.tolist(), numbers.tolist(), strict=True))
        return features[rows]

    found = proved(labels, features, embed_copies=embed)
    assert asked
    assert len(set(asked)) == len(asked)
    assert found.trial(COPIES).rows[0] > found.trial(AS_IT_IS).rows[0]
    rivals = [trial.name for trial in found.trials if trial.name in OF_OUTPUTS]
    assert rivals == list(OF_OUTPUTS)
    assert found.trial(rivals[0]).rows == found.trial(AS_IT_IS).rows


def test_rows_between_features_are_those_of_smote_on_what_is_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = pytest.importorskip("imblearn.over_sampling", reason="imbalanced-learn is not installed").SMOTE
    features, labels, _ = blobs([60, 20, 12])
    held_out = np.arange(92) % 4 == 0
    spy = Spy(monkeypatch)
    options = Options(runs=1, folds=3, fill="smote", seed=5)
    found = proved(labels, features, options, repeats=none_of(92), held_out=held_out, embed_copies=None)
    (part,) = parts(labels, np.arange(69), np.flatnonzero(~held_out), np.flatnonzero(held_out),
                    num_classes=3, runs=1, seed=5)  # fmt: skip
    own = labels[part.train]
    sizes = np.bincount(own)
    assert sizes.sum() == found.trial(AS_IT_IS).rows[0]
    wanted = {k: int(sizes[0]) for k in (1, 2)}
    expected = {row.tobytes() for row in sampler(sampling_strategy=wanted, random_state=5).fit_resample(
        features[part.train], own)[0]}  # fmt: skip
    assert expected in spy.seen
    assert found.trial(SMOTE).rows == (3 * sizes[0],)
    assert found.trial(COPIES) is None
    assert found.fill == "smote"
    assert found.trial(ALL).measures == found.trial(SMOTE).measures  # nothing else is wrong here
    assert spy.saw(features[held_out]) == 0


def test_what_is_added_does_not_choose_how_smooth_a_model_is(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels, _ = blobs([60, 20, 12])
    fits: list[tuple[int, int]] = []
    real = module.Linear.fit

    def fit(model: Any, X: Any, y: Any, *arguments: Any, added: int = 0, **options: Any) -> Any:
        fits.append((len(y), added))
        return real(model, X, y, *arguments, added=added, **options)

    monkeypatch.setattr(module.Linear, "fit", fit)
    found = proved(labels, features, Options(runs=1, folds=3), repeats=none_of(92))
    (real_rows,) = found.trial(AS_IT_IS).rows
    assert (real_rows, 0) in fits
    for name in (COPIES, SMOTE):
        (rows,) = found.trial(name).rows
        assert rows > real_rows
        assert (rows, rows - real_rows) in fits


def test_the_way_of_filling_up_that_all_does_not_take_is_tried_by_itself() -> None:
    features, labels, _ = blobs([60, 20, 12], wrong=0.05, apart=0.7)
    copies, smote = (proved(labels, features, replace(OPTIONS, fill=fill)) for fill in ("copies", "smote"))
    for name in (COPIES, SMOTE, LABELS):
        assert copies.trial(name).measures == smote.trial(name).measures
    assert copies.trial(ALL).measures != smote.trial(ALL).measures
    assert [trial.name for trial in copies.parts] == [REPEATS, LABELS, COPIES]
    assert [trial.name for trial in smote.parts] == [REPEATS, LABELS, SMOTE]
    with pytest.raises(ValueError, match="'fill' is 'auto'; accepted where copies cannot be described: 'smote'"):
        proved(labels, features, embed_copies=None)
    for name, other, fill in ((COPIES, SMOTE, "smote"), (SMOTE, COPIES, "copies")):
        better = Gain(0.2, 0.01, 0.1, 0.3, HELPED)
        trials = tuple(
            replace(trial, gains={**trial.gains, "balanced-accuracy": better if trial.name == other else
                                  replace(better, mean=0.1)}) for trial in copies.trials)  # fmt: skip
        said = replace(copies, trials=trials, fill="copies" if fill == "smote" else "smote").conclusions()
        assert any(
            f'"{other}" gained more than "{name}" by itself, balanced accuracy +0.200 against +0.100: '
            f"--fill {fill}, where you train on" in text for text in said
        )  # fmt: skip
        said = replace(copies, trials=trials, fill=fill).conclusions()
        assert not any("--fill" in text for text in said)
        assert not any(f"{name}" in text for text in said)  # a rival is no part of all


@pytest.mark.parametrize("target", ["accuracy", "log-loss"])
def test_other_targets_add_no_rows(target: str) -> None:
    features, labels, _ = blobs([60, 20])
    found = proved(labels, features, Options(runs=2, folds=3, target=target), embed_copies=None)
    assert [trial.name for trial in found.trials] == [AS_IT_IS, REPEATS, LABELS, ALL]


def test_the_same_input_gives_the_same_proof_and_steps_are_told() -> None:
    features, labels, _ = blobs([40, 30, 10], wrong=0.1)
    told: list[tuple[str, int, int]] = []
    first = proved(labels, features, progress=lambda *step: told.append(step))
    second = proved(labels, features)
    assert first.table() == second.table()
    assert [done for _, done, _ in told] == list(range(1, told[-1][2] + 1))
    assert {what for what, _, _ in told} == {"prove"}
    other = proved(labels, features, Options(runs=3, folds=3, seed=1))
    assert other.table() != first.table()


def test_a_proof_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    features, labels, _ = blobs([40, 30, 10], wrong=0.1)
    whole = proved(labels, features)
    of = 8  # steps of a run

    def interrupting(what: str, done: int, steps: int) -> None:
        assert steps == 3 * of
        if done == of + 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        proved(labels, features, store=Store(tmp_path), key="a", progress=interrupting)
    told: list[int] = []

    def tell(what: str, done: int, steps: int) -> None:
        told.append(done)

    for _ in range(2):
        again = proved(
            labels, features, store=Store(tmp_path), key="a", progress=lambda what, done, of: told.append(done)
        )
        assert again.table() == whole.table()
        assert all(np.array_equal(a.recall, b.recall) for a, b in zip(again.trials, whole.trials, strict=True))
    assert told == list(range(of + 1, 3 * of + 1))  # the first run was kept, and in the end all of them
    proved(labels, features, store=Store(tmp_path), key="b", progress=tell)
    assert len(told) == 2 * of + 3 * of


def test_all_leaves_out_what_is_to_be_left_out() -> None:
    features, labels, _ = blobs([60, 20], wrong=0.1)
    found = proved(labels, features, without=("copy", "relabel", "drop-label", "drop-repeat"))
    assert found.trial(ALL).measures == found.trial(AS_IT_IS).measures
    assert found.trial(COPIES).rows[0] > found.trial(ALL).rows[0]
    found = proved(labels, features, replace(OPTIONS, fill="smote"), without=("interpolate",))
    assert found.trial(SMOTE).rows[0] > found.trial(ALL).rows[0]


def test_rows_without_a_label_are_left_out() -> None:
    features, labels, _ = blobs([40, 30])
    more = np.concatenate([features, np.full((5, 8), np.nan, np.float32)])
    found = proved(np.concatenate([labels, np.full(5, -1)]), more, held_out=np.arange(75) == 74)
    assert found.table() == proved(labels, features).table()


def test_wrong_labels_among_those_held_out_are_said() -> None:
    features, labels, _ = blobs([100, 100], wrong=0.1, apart=4.0)
    found = proved(labels, features)
    assert 0.05 < found.suspected < 0.15
    assert any("of the held-out labels where it is surest" in text for text in found.conclusions())
    clean = proved(blobs([100, 100], apart=4.0)[1], features=blobs([100, 100], apart=4.0)[0])
    assert clean.suspected == 0
    assert not any("held-out labels" in text for text in clean.conclusions())


def test_a_log_loss_that_falls_is_said_to_fall() -> None:
    trials = tuple(
        Trial(name, {}, np.zeros((1, 2)), {"log-loss": Gain(0.1, 0.01, 0.05, 0.15, HELPED)}) for name in [ALL]
    )
    found = Proof(trials, "log-loss", "", np.zeros(2), np.zeros(2))
    assert found.conclusions() == ["All changes together helped: log loss -0.100 (95 %: -0.150 to -0.050)."]
