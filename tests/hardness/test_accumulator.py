# SPDX-License-Identifier: Apache-2.0
"""Shards scored anywhere, in any order, add up to the answer for the whole: to the last bit."""

from __future__ import annotations

import math
import os
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import _core, hardness
from burnish.hardness import Accumulator
from hardness_data import assert_same_bits, make_labels, make_values

CLASSES = 6
FLOATING = tuple(name for name in _core.SCORES if name not in ("rank_of_label", "correct", "predictions"))


def data(n: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """Logits of which many are equal, rows without a distribution, and ids in no order."""
    rng = np.random.default_rng([seed, n])
    logits = rng.integers(-3, 4, (n, CLASSES)).astype(np.float32)
    logits[rng.random(n) < 0.1] = 0.5
    logits[rng.random(n) < 0.05, 2] = np.nan
    logits[rng.random(n) < 0.03] = -np.inf
    logits[rng.random(n) < 0.03, 1] = np.inf
    logits[:, 3] = np.where(rng.random(n) < 0.2, -np.inf, logits[:, 3])
    return logits, rng.integers(0, CLASSES, n), rng.permutation(n) * 7 - n


def everything(accumulated: Accumulator) -> dict[str, Any]:
    names = ("scores", "ids", "labels", "predictions", "histogram", "bin_edges")
    found = {name: getattr(accumulated, name) for name in names}
    found |= {f"sums {name}": getattr(accumulated._sums, name) for name in ("counts", "sums")}
    return found | {"num_samples": np.array(accumulated.num_samples)}


def assert_same_state(actual: Accumulator, expected: Accumulator) -> None:
    found, wanted = everything(actual), everything(expected)
    for name in wanted:
        assert_same_bits(found[name], wanted[name], name)
    assert str(actual.by_class()) == str(expected.by_class())


def accumulate(shards: list[Any], k: int, **options: Any) -> list[Accumulator]:
    return [Accumulator(k, CLASSES, **options).update(*shard) for shard in shards]


def cut(arrays: tuple[Any, ...], places: Any) -> list[tuple[Any, ...]]:
    return list(zip(*(np.split(array, places) for array in arrays), strict=True))


# ---- against the answer in one go ----


@pytest.mark.parametrize("k", [0, 1, 10, 100, 5000])
@pytest.mark.parametrize("score", FLOATING)
def test_hardest_samples(score: str, k: int) -> None:
    logits, labels, ids = data(1501)
    found = hardness.scores(logits, labels, (score, "predictions"))
    values = found[score].astype(np.float64)
    order = np.lexsort((ids, -values))
    order = order[~np.isnan(values[order])][:k]
    accumulated = Accumulator(k, CLASSES, score=score).update(logits, labels, ids)
    assert_same_bits(accumulated.scores, values[order])
    assert_same_bits(accumulated.ids, ids[order])
    assert_same_bits(accumulated.labels, labels[order])
    assert_same_bits(accumulated.predictions, found["predictions"][order])
    assert accumulated.num_samples == 1501


@pytest.mark.parametrize("score", FLOATING)
def test_table_by_class(score: str) -> None:
    logits, labels, ids = data(1501)
    found = hardness.scores(logits, labels, (score, "correct"))
    names = ["ant", "bee", "cat", "dog", "eel", "fox"]
    expected = hardness.by_class(found[score], labels, names, correct=found["correct"])
    shards = cut((logits, labels, ids), [10, 11, 900])
    accumulated = Accumulator(5, CLASSES, score=score)
    for shard in shards:
        accumulated.update(*shard)
    table = accumulated.by_class(names)
    assert list(table) == list(expected) or str(table) == str(expected)
    assert_same_bits(table.mean, expected.mean)
    assert_same_bits(table.undefined, expected.undefined)
    assert accumulated.by_class().names == tuple(str(label) for label in expected.labels)


@pytest.mark.parametrize("score", FLOATING)
def test_histogram(score: str) -> None:
    logits, labels, ids = data(1501)
    found = hardness.scores(logits, labels, (score, "correct"))
    finite = np.isfinite(found[score])
    values, right = found[score][finite].astype(np.float64), found["correct"][finite]
    for bins, largest in ((32, None), (1, 2.0), (7, 0.3)):
        accumulated = Accumulator(5, CLASSES, score=score, bins=bins, histogram_max=largest).update(logits, labels, ids)
        edges = accumulated.bin_edges
        assert len(edges) == bins + 1
        assert edges[0] == 0
        assert largest is None or edges[-1] == largest
        for side, row in enumerate(accumulated.histogram):
            mine = values[right == bool(side)]
            assert row.sum() == len(mine)
            for i in range(1, bins):  # a score within a rounding of an edge may lie on either side of it
                assert (mine < edges[i] * (1 - 1e-12)).sum() <= row[:i].sum() <= (mine < edges[i] * (1 + 1e-12)).sum()


def test_default_histograms_hold_every_score() -> None:
    largest = {"entropy": math.log(CLASSES), "normalized_entropy": 1, "margin": 1, "least_confidence": 1}
    largest |= {"max_probability": 1, "el2n": math.sqrt(2), "perplexity": CLASSES, "energy": 10, "cross_entropy": 10}
    for score, wanted in largest.items():
        assert Accumulator(1, CLASSES, score=score).bin_edges[-1] == pytest.approx(wanted)
    assert Accumulator(1, 1).bin_edges[-1] > 0


def test_histogram_of_known_scores() -> None:
    p = np.array([[0.5, 0.5], [0.95, 0.05], [0.55, 0.45], [0.0, 1.0], [np.nan, 1.0]])
    accumulated = Accumulator(1, 2, score="max_probability", bins=4).update(probs=p, labels=[1, 0, 1, 1, 1])
    assert accumulated.histogram.tolist() == [[0, 0, 2, 0], [0, 0, 0, 2]]
    assert accumulated.bin_edges.tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_sums_are_exact() -> None:
    logits, labels, ids = data(3001)
    accumulated = Accumulator(0, CLASSES)
    for shard in cut((logits, labels, ids), [7, 800, 801, 2500]):
        accumulated.update(*shard)
    values = hardness.entropy(logits)
    table = accumulated.by_class()
    for place, c in enumerate(table.labels):
        mine = [Fraction(float(v)) for v in values[labels == c] if np.isfinite(v)]
        whole = sum((Fraction(math.floor(v * 2**60), 2**60) for v in mine), Fraction())
        assert table.mean[place] == float(whole / len(mine))


# ---- shards ----


@pytest.mark.parametrize("k", [0, 1, 10, 400, 5000])
@pytest.mark.parametrize("score", ["entropy", "margin", "cross_entropy", "energy"])
def test_merge_in_any_order(score: str, k: int) -> None:
    arrays = data(701)
    expected = Accumulator(k, CLASSES, score=score).update(*arrays)
    rng = np.random.default_rng(k)
    for _ in range(4):
        order = rng.permutation(701)
        places = np.sort(rng.integers(0, 702, rng.integers(1, 12)))  # some shards are empty
        parts = accumulate(cut(tuple(array[order] for array in arrays), places), k, score=score)
        parts.append(Accumulator(k, CLASSES, score=score))
        while len(parts) > 1:
            first, second = (parts.pop(rng.integers(len(parts))) for _ in range(2))
            parts.append(first.merge(second))
        assert_same_state(parts[0], expected)


def test_merge_is_associative_and_commutative() -> None:
    a, b, c = accumulate(cut(data(60), [10, 35]), 7)
    assert_same_state(a.merge(b), b.merge(a))
    assert_same_state(a.merge(b).merge(c), a.merge(b.merge(c)))
    assert_same_state(a.merge(b).merge(c), c.merge(a).merge(b))


def test_merge_changes_neither() -> None:
    a, b = accumulate(cut(data(60), [30]), 7)
    before = [{name: value.copy() for name, value in everything(part).items()} for part in (a, b)]
    merged = a.merge(b)
    merged.update(*data(50, seed=1))
    for part, kept in zip((a, b), before, strict=True):
        for name, value in everything(part).items():
            assert_same_bits(value, kept[name], name)


def test_ties_go_to_the_lowest_id_wherever_it_was_seen() -> None:
    same = np.zeros((5, CLASSES), np.float32)
    labels = np.arange(5)
    shards = [(same, labels, [50, 40, 30, 20, 10]), (same, labels, [15, 5, 25, 35, 45])]
    for parts in (shards, shards[::-1]):
        one = Accumulator(3, CLASSES)
        for shard in parts:
            one.update(*shard)
        both = accumulate(parts, 3)
        for accumulated in (one, both[0].merge(both[1])):
            assert accumulated.ids.tolist() == [5, 10, 15]
            assert accumulated.labels.tolist() == [1, 4, 0]


def test_an_id_given_twice_does_not_depend_on_the_order() -> None:
    logits = np.zeros((6, CLASSES), np.float32)
    arrays = (logits, np.arange(6), np.array([3, 3, 3, 1, 1, 1]))
    expected = Accumulator(4, CLASSES).update(*arrays)
    assert expected.labels.tolist() == [3, 4, 5, 0]
    for order in ([5, 4, 3, 2, 1, 0], [2, 0, 5, 1, 4, 3]):
        parts = accumulate(cut(tuple(array[order] for array in arrays), [1, 2, 3, 4, 5]), 4)
        merged = parts[0]
        for part in parts[1:]:
            merged = merged.merge(part)
        assert_same_state(merged, expected)


def test_ids_by_default_count_what_was_seen() -> None:
    logits, labels, _ = data(90)
    whole = Accumulator(90, CLASSES).update(logits, labels)
    assert sorted(whole.ids) == np.flatnonzero(~np.isnan(hardness.entropy(logits))).tolist()
    parts = Accumulator(90, CLASSES)
    for shard in cut((logits, labels), [13, 14, 60]):
        parts.update(*shard)
    assert_same_state(parts, whole)


@cache
def state_of_shards() -> dict[str, Any]:
    accumulated = Accumulator(50, CLASSES, score="cross_entropy")
    for shard in cut(data(70_001), [1, 30_000, 30_011]):
        accumulated.update(*shard)
    return everything(accumulated)


def test_threads_and_levels_do_not_matter(isa: str, threads: int) -> None:
    found = everything(Accumulator(50, CLASSES, score="cross_entropy").update(*data(70_001)))
    for name, value in state_of_shards().items():
        assert_same_bits(found[name], value, name)


def test_inputs_of_every_kind(framework: Any) -> None:
    logits, labels, ids = data(301)
    expected = Accumulator(20, CLASSES).update(logits, labels, ids)
    given = framework.array(logits), framework.array(labels), framework.array(ids)
    assert_same_state(Accumulator(20, CLASSES).update(*given), expected)
    assert_same_state(Accumulator(20, CLASSES).update(logits.tolist(), labels.tolist(), ids.tolist()),
                      Accumulator(20, CLASSES).update(logits.astype("f8"), labels, ids))  # fmt: skip
    narrow = labels.astype(np.uint8), (ids + 301).astype(np.uint16)
    assert_same_state(
        Accumulator(20, CLASSES).update(logits, *narrow), Accumulator(20, CLASSES).update(logits, labels, ids + 301)
    )
    assert_same_state(
        Accumulator(20, CLASSES).update(given[0], given[1], given[2], temperature=2.0),
        Accumulator(20, CLASSES).update(logits / 2, labels, ids),
    )
    p = np.abs(np.nan_to_num(logits, posinf=1, neginf=0)) + np.float32(0.25)
    one = Accumulator(20, CLASSES).update(probs=framework.array(p), labels=given[1], ids=given[2])
    assert_same_bits(one.scores, np.sort(hardness.entropy(probs=p).astype("f8"))[::-1][:20])


def test_update_returns_itself_and_takes_nothing() -> None:
    accumulated = Accumulator(3, CLASSES)
    assert accumulated.update(np.zeros((0, CLASSES)), np.zeros(0, int)) is accumulated
    assert accumulated.num_samples == 0
    assert len(accumulated.scores) == 0
    assert np.isnan(accumulated.by_class().mean).all()
    assert not accumulated.histogram.any()


def test_memory_is_bounded() -> None:
    accumulated = Accumulator(10, CLASSES)
    for seed in range(30):
        accumulated.update(np.zeros((500, CLASSES), np.float32), np.full(500, seed % CLASSES))
    assert accumulated.num_samples == 15_000
    assert sum(value.nbytes for value in everything(accumulated).values()) < 3000
    assert accumulated.scores.base is None or accumulated.scores.base.nbytes < 3000
    assert accumulated.ids.tolist() == list(range(10))


# ---- files ----


@pytest.mark.parametrize("k", [0, 25])
@pytest.mark.parametrize("as_text", [True, False])
def test_save_and_load(tmp_path: Path, k: int, as_text: bool) -> None:
    path = tmp_path / "state.burnish"
    options: dict[str, Any] = {"score": "cross_entropy", "bins": 9, "histogram_max": 2.5}
    first, second = accumulate(cut(data(400), [170]), k, **options)
    first.save(str(path) if as_text else path)
    assert os.listdir(tmp_path) == ["state.burnish"]
    loaded = Accumulator.load(str(path) if as_text else path)
    assert_same_state(loaded, first)
    assert (loaded.k, loaded.num_classes, loaded.score) == (k, CLASSES, "cross_entropy")
    assert_same_state(loaded.merge(second), first.merge(second))
    extra = data(90, seed=2)
    assert_same_state(loaded.update(*extra), first.update(*extra))
    loaded.save(path)  # over the old file
    assert_same_state(Accumulator.load(path), first)


def test_an_interrupted_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    old, new = accumulate(cut(data(60), [30]), 7)
    old.save(path)
    before = path.read_bytes()

    def fail_half_way(file: Any, **_: Any) -> None:
        file.write(b"half a file")
        raise OSError("no space left on device")

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(np, "savez", fail_half_way)
        with pytest.raises(OSError, match="no space"):
            new.save(path)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        patched.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            new.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["state"]
    assert_same_state(Accumulator.load(path), old)
    new.save(path)
    assert_same_state(Accumulator.load(path), new)


def test_a_file_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Accumulator(1, 2).save(tmp_path / "absent" / "state")


def test_wide_shards() -> None:
    """More than a chunk of classes, in half precision."""
    x = make_values("logits", 50, 1500).astype(np.float16)
    labels = make_labels(50, 1500)
    accumulated = Accumulator(5, 1500).update(x[:20], labels[:20]).update(x[20:], labels[20:])
    assert accumulated.ids.tolist() == hardness.hardest(hardness.entropy(x), 5).tolist()
