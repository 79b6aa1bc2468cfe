# SPDX-License-Identifier: Apache-2.0
"""Scores, accumulators and label issues by Ray Data against those of one process."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.data")

from blocks import dataset, dying_once, rows_of
from burnish import hardness, metrics, quality
from burnish.ray import Score, accumulate, label_issues, score
from burnish.ray._issues import _merge, _ReadShard

pytestmark = pytest.mark.usefixtures("cluster")

N, C = 400, 5
FILTERS = (
    "auto", "predicted_neq_given", "confident_learning", "low_self_confidence", "low_normalized_margin",
    "prune_by_noise_rate", "prune_by_class", "both",
)  # fmt: skip


@pytest.fixture(scope="module")
def columns() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, C, N)
    logits = (rng.normal(size=(N, C)) + 2.0 * np.eye(C)[labels]).astype(np.float32)
    logits[50:60] = logits[0]  # ties
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return {"id": np.arange(N), "label": labels, "logits": logits, "probs": probs}


def same_issues(one: quality.LabelIssues, other: quality.LabelIssues) -> None:
    for name in ("indices", "scores", "labels", "suggested", "invalid"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name
    assert (one.num_samples, one.filter_by, one.rank_by) == (other.num_samples, other.filter_by, other.rank_by)


def test_scores_are_those_of_one_process(columns: dict[str, Any]) -> None:
    which = ("entropy", "cross_entropy", "self_confidence", "logit_margin", "predictions")
    found = rows_of(score(dataset(columns, 90, [3, 1, 0, 2, 4]), which, logits="logits", prefix="s_", batch_size=37))
    expected = hardness.scores(columns["logits"], columns["label"], which[:2] + which[3:])
    expected |= quality.label_scores(columns["logits"], columns["label"], which[2])
    for name in which:
        assert (found[f"s_{name}"] == expected[name]).all(), name


def test_label_scores_know_samples_without_a_label(columns: dict[str, Any]) -> None:
    labels = np.where(columns["id"] % 2, columns["label"], -1)
    found = Score("logit_margin", probs="probs")({"probs": columns["probs"], "label": labels})["logit_margin"]
    assert (np.isnan(found) == (labels < 0)).all()
    assert len(Score(probs="probs")({"probs": np.empty(0, object), "label": labels[:0]})["entropy"]) == 0


@pytest.mark.parametrize("batch_size", [400, 33])
def test_hardness_accumulates_as_in_one_process(columns: dict[str, Any], batch_size: int) -> None:
    empty = hardness.Accumulator(k=20, num_classes=C)
    found = accumulate(dataset(columns, 90, [4, 1, 3, 0, 2]), empty, logits="logits", batch_size=batch_size)
    expected = hardness.Accumulator(k=20, num_classes=C).update(columns["logits"], columns["label"], columns["id"])
    assert found.ids.tolist() == expected.ids.tolist()
    assert found.scores.tolist() == expected.scores.tolist()
    assert (found.histogram == expected.histogram).all()
    assert str(found.by_class()) == str(expected.by_class())
    assert empty.num_samples == 0


def test_metrics_accumulate_as_in_one_process_to_the_last_bit(columns: dict[str, Any]) -> None:
    found = accumulate(dataset(columns, 90, [4, 1, 3, 0, 2]), metrics.Accumulator(C), probs="probs", batch_size=64)
    expected = metrics.Accumulator(C).update(columns["label"], columns["probs"])
    assert found.num_samples == N
    one, other = found.report(), expected.report()
    assert (one.log_loss, one.brier, one.roc_auc) == (other.log_loss, other.brier, other.roc_auc)
    assert (found.confusion == expected.confusion).all()


@pytest.mark.parametrize(("filter_by", "size"), [("auto", 90), ("both", 90), ("low_self_confidence", 37)])
def test_label_issues_are_those_of_one_process(columns: dict[str, Any], filter_by: Any, size: int) -> None:
    order = np.random.default_rng(size).permutation(-(-N // size))
    found = label_issues(dataset(columns, size, order), probs="probs", filter_by=filter_by, batch_size=50)
    assert len(found) > 10
    same_issues(found, quality.find_label_issues(columns["label"], probs=columns["probs"], filter_by=filter_by))


def test_label_issues_with_a_killed_worker(columns: dict[str, Any], tmp_path: Path) -> None:
    ds = dataset(columns, 100).map_batches(dying_once(tmp_path / "died"))
    found = label_issues(ds, logits="logits", num_classes=C, filter_by="confident_learning")
    assert (tmp_path / "died").exists()
    expected = quality.find_label_issues(columns["label"], logits=columns["logits"], filter_by="confident_learning")
    same_issues(found, expected)


@pytest.mark.parametrize("filter_by", FILTERS)
@pytest.mark.parametrize("cut", ["runs", "shuffled"])
def test_every_filter_on_any_parts(columns: dict[str, Any], filter_by: Any, cut: str) -> None:
    """What runs in workers and what merges, without Ray: all filters, parts of any rows, any tree of merges."""
    rng = np.random.default_rng(5)
    numbered = np.arange(N) if cut == "runs" else rng.permutation(N)
    ends = np.sort(rng.choice(np.arange(1, N), 12, replace=False))
    parts = [{name: column[rows] for name, column in columns.items()} for rows in np.split(numbered, ends)]
    seen = quality.LabelIssueAccumulator(C, filter_by=filter_by)
    while not seen.done:
        read = pickle.loads(pickle.dumps(_ReadShard(seen, ["id", "label", "probs"], "probs", share=np.array)))
        states = [pickle.loads(pickle.dumps(read(part))) for part in parts]
        while len(states) > 1:
            one, other = (states.pop(int(rng.integers(len(states)))) for _ in range(2))
            states.append(_merge(one, other))
        candidates, stage = seen._candidates, seen._stage
        if stage == "select":  # a worker is sent and sends no more than is wanted in all
            assert not read._start._candidates
            wanted = seen._num_lowest if seen._wanted is None else int(seen._wanted.sum())
            kept = states[0]._parts.get("row") or [states[0]._found()[0]]
            assert sum(map(len, kept)) <= wanted
        seen = states[0]
        seen._candidates = candidates
        seen.finish_pass()
    same_issues(seen.result(), quality.find_label_issues(columns["label"], probs=columns["probs"], filter_by=filter_by))


def test_rows_without_a_distribution_are_told(columns: dict[str, Any]) -> None:
    probs = columns["probs"].copy()
    probs[[7, 300]] = np.nan
    with pytest.warns(quality.InvalidRowsWarning):
        found = label_issues(dataset({**columns, "probs": probs}, 90), probs="probs")
    with pytest.warns(quality.InvalidRowsWarning):
        same_issues(found, quality.find_label_issues(columns["label"], probs=probs))


def test_wrong_arguments(columns: dict[str, Any]) -> None:
    ds = dataset(columns, 90)
    with pytest.raises(TypeError, match="label_issues: one of 'logits' and 'probs' is needed"):
        label_issues(ds)
    with pytest.raises(TypeError, match="accumulate: 'accumulator' is a dict; accepted"):
        accumulate(ds, {}, probs="probs")
    full = hardness.Accumulator(k=1, num_classes=C).update(columns["logits"], columns["label"])
    with pytest.raises(ValueError, match="'accumulator' has seen 400 samples"):
        accumulate(ds, full, logits="logits")
    with pytest.raises(TypeError, match=r"accepted for metrics.Accumulator: 'probs'"):
        accumulate(ds, metrics.Accumulator(C), logits="logits")
    with pytest.raises(ValueError, match="there is no column 'p'; accepted: 'id', 'label'"):
        label_issues(ds, probs="p", num_classes=C)
    with pytest.raises(ValueError, match="Score: 'which' has 'sadness'"):
        Score("sadness", probs="probs")
    rows = np.empty(2, object)
    rows[:] = [np.ones(2), np.ones(3)]
    with pytest.raises(ValueError, match="'probs' has rows of shapes"):
        Score("entropy", probs="probs")({"probs": rows})
    read = _ReadShard(quality.LabelIssueAccumulator(C), ["id", "label", "probs"], "probs")
    twice = {**{name: column[:3] for name, column in columns.items()}, "id": np.array([3, 1, 3])}
    with pytest.raises(ValueError, match="'id' has 3 more than once"):
        read(twice)
