# SPDX-License-Identifier: Apache-2.0
"""The recorder agrees with the articles' formulas over the whole history, however the history comes in."""

from __future__ import annotations

import importlib
import pickle
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish.quality import Dynamics, DynamicsRecorder
from reference import dynamics as reference

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

N, C, EPOCHS = 60, 5, 7
NAMES = [field.name for field in fields(Dynamics)]


def history(seed: int = 0, epochs: int = EPOCHS) -> tuple[Any, Any, Any]:
    """Logits (epochs, N, C) that come to favor the label, labels (N,), and which samples each epoch shows."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, C, N)
    logits = 2 * rng.standard_normal((epochs, N, C))
    logits[:, np.arange(N), labels] += np.linspace(-1, 3, epochs)[:, None]
    shown = rng.random((epochs, N)) < 0.8
    shown[:, 0] = False  # never seen
    logits[:, 1, labels[1]] = -9  # never learned
    shown[:, 1] = True
    return logits, labels, shown


def recorded(logits: Any, labels: Any, shown: Any, epochs: Any = None, batch: int = 16, seed: int = 1) -> Any:
    recorder = DynamicsRecorder(N)
    rng = np.random.default_rng(seed)
    for epoch in range(len(logits)) if epochs is None else epochs:
        ids = rng.permutation(np.flatnonzero(shown[epoch]))
        for start in range(0, len(ids), batch):
            part = ids[start : start + batch]
            recorder.update(part, logits[epoch, part], labels[part], epoch)
    return recorder


def wanted(logits: Any, labels: Any, shown: Any) -> dict[str, Any]:
    found = []
    for i in range(N):
        of_sample = [(e, logits[e, i], labels[i]) for e in range(len(logits)) if shown[e, i]]
        found.append(reference.scores(of_sample) if of_sample else dict.fromkeys(NAMES, np.nan))
    columns = {name: np.array([each[name] for each in found], dtype=float) for name in NAMES}
    for name in ("forgetting_events", "never_learned", "epochs"):
        columns[name][np.isnan(columns[name])] = 0
    return columns


def check(recorder: Any, columns: dict[str, Any], tolerance: float = 1e-12) -> None:
    found = recorder.scores()
    for name in NAMES:
        np.testing.assert_allclose(getattr(found, name), columns[name], rtol=0, atol=tolerance, err_msg=name)
    assert found.forgetting_events.dtype == found.epochs.dtype == np.int64
    assert found.never_learned.dtype == bool


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_against_the_articles(dtype: str) -> None:
    logits, labels, shown = history()
    logits = logits.astype(dtype)
    found = recorded(logits, labels, shown)
    check(found, wanted(logits, labels, shown), 1e-12 if dtype == "float64" else 2e-6)
    scores = found.scores()
    assert np.isnan(scores.aum[0])
    assert scores.epochs[0] == 0
    assert not scores.never_learned[0]  # nobody has seen it
    assert scores.never_learned[1]
    assert scores.forgetting_events[1] == 0
    assert scores.forgetting_events.sum() > 20


def test_order_of_epochs_does_not_matter() -> None:
    given = history()
    check(recorded(*given, epochs=[5, 0, 6, 2, 1, 4, 3], batch=7), wanted(*given))


def test_more_than_64_epochs() -> None:
    given = history(epochs=150)
    check(recorded(*given), wanted(*given), 1e-11)
    late = DynamicsRecorder(2).update([1], [[0.0, 1.0]], [1], 4095)
    assert late.scores().epochs.tolist() == [0, 1]


def test_a_sample_counts_once_an_epoch() -> None:
    logits, labels, shown = history()
    once, twice = recorded(logits, labels, shown), recorded(logits, labels, shown)
    for epoch in range(EPOCHS):
        ids = np.flatnonzero(shown[epoch])
        twice.update(ids, -logits[epoch, ids], labels[ids], epoch)  # what comes again is left out
    for name in NAMES:
        np.testing.assert_array_equal(getattr(twice.scores(), name), getattr(once.scores(), name))
    in_one_batch = DynamicsRecorder(1).update([0, 0, 0], [[1.0, 0], [9, 0], [0, 9]], [0, 0, 0], 0)
    assert in_one_batch.scores().aum.tolist() == [1.0]
    assert in_one_batch.scores().epochs.tolist() == [1]


def test_aum_calculator_of_the_article_agrees(tmp_path: Path) -> None:
    aum = pytest.importorskip("aum")
    logits, labels, shown = history()
    logits = logits.astype(np.float32)
    calculator = aum.AUMCalculator(str(tmp_path), compressed=True)
    for epoch in range(EPOCHS):
        ids = np.flatnonzero(shown[epoch])
        calculator.update(torch.from_numpy(logits[epoch, ids]), torch.from_numpy(labels[ids]), ids.tolist())
    calculator.finalize()
    lines = (tmp_path / "aum_values.csv").read_text().splitlines()[1:]
    found = recorded(logits, labels, shown).scores().aum
    for line in lines:
        sample, value = line.split(",")[:2]
        assert found[int(sample)] == pytest.approx(float(value), abs=1e-5)
    assert len(lines) == N - 1


def test_merge_is_that_of_one_process() -> None:
    """Two ranks share each epoch; a sample is with one rank now and with the other then."""
    logits, labels, shown = history()
    of_rank = np.random.default_rng(3).integers(0, 2, shown.shape)
    ranks = [recorded(logits, labels, shown & (of_rank == rank)) for rank in (0, 1)]
    before = pickle.dumps(ranks[0])
    check(ranks[0].merge(ranks[1]), wanted(logits, labels, shown))
    check(ranks[1].merge(ranks[0]), wanted(logits, labels, shown))
    assert pickle.dumps(ranks[0]) == before
    check(ranks[0].merge(DynamicsRecorder(N)), wanted(logits, labels, shown & (of_rank == 0)))
    longer = history(epochs=70)
    parts = [recorded(*longer, epochs=range(60)), recorded(*longer, epochs=range(60, 70))]
    check(parts[0].merge(parts[1]), wanted(*longer))
    check(parts[1].merge(parts[0]), wanted(*longer))


def test_merge_of_repeats() -> None:
    """A sampler fills up with repeats: both ranks saw sample 0 in epoch 0, and one of them wrongly."""
    ranks = [
        DynamicsRecorder(2).update([0, 1], [[2.0, 0.0], [1.0, 0.0]], [0, 0], 0),
        DynamicsRecorder(2).update([0], [[0.0, 4.0]], [0], 0),
    ]
    found = ranks[0].merge(ranks[1]).scores()
    assert found.epochs.tolist() == [1, 1]
    assert found.aum.tolist() == [-1.0, 1.0]
    assert found.correctness.tolist() == [0.0, 1.0]


def test_merge_refuses_others() -> None:
    recorder = DynamicsRecorder(3, 2)
    with pytest.raises(TypeError, match="'other' is a int; accepted: a DynamicsRecorder"):
        recorder.merge(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'other' has 4 samples; accepted: 3"):
        recorder.merge(DynamicsRecorder(4))
    with pytest.raises(ValueError, match="'other' has 5 classes; accepted: 2"):
        recorder.merge(DynamicsRecorder(3, 5))


def test_save_and_load(tmp_path: Path) -> None:
    given = history(epochs=70)
    path = tmp_path / "dynamics.npz"
    first = recorded(*given, epochs=range(40))
    first.undefined = 3
    first.save(path)
    loaded = DynamicsRecorder.load(path)
    assert (loaded.num_samples, loaded.num_classes, loaded.undefined) == (N, C, 3)
    rest = recorded(*given, epochs=range(40, 70))
    check(loaded.merge(rest), wanted(*given))
    loaded.update([1], [[1.0] * C], [0], 3)  # arrays are writable and whole
    DynamicsRecorder(4).save(path)
    empty = DynamicsRecorder.load(path)
    assert (empty.num_samples, empty.num_classes) == (4, None)
    assert [each.name for each in tmp_path.iterdir()] == ["dynamics.npz"]


def test_load_refuses_what_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"DynamicsRecorder.load: .*other\.npz' is not what"):
        DynamicsRecorder.load(path)
    good = {"moments": np.zeros((3, 5)), "bits": np.zeros((1, 3, 2), np.uint64), "numbers": np.array([2, 0])}
    for name, wrong in (("moments", np.zeros((3, 4))), ("bits", np.zeros((1, 2, 2), np.uint64)),
                        ("bits", np.zeros((1, 3, 2))), ("numbers", np.array([1]))):  # fmt: skip
        np.savez(path, **{**good, name: wrong})
        with pytest.raises(ValueError, match=r"is not what DynamicsRecorder\.save wrote"):
            DynamicsRecorder.load(path)
    np.savez(path, **good)
    assert DynamicsRecorder.load(path).scores().epochs.tolist() == [0, 0, 0]


@pytest.mark.skipif(torch is None, reason="torch is not installed")
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_torch(dtype: str, device: str) -> None:
    logits, labels, shown = history()
    given = torch.from_numpy(logits).to(getattr(torch, dtype)).to(device)
    recorder = DynamicsRecorder(N, C)
    for epoch in range(EPOCHS):
        ids = np.flatnonzero(shown[epoch])
        batch = given[epoch, ids].requires_grad_()
        recorder.update(torch.from_numpy(ids), batch, torch.from_numpy(labels[ids]).to(device), epoch)
    check(recorder, wanted(given.cpu().double().numpy(), labels, shown), 1e-12 if dtype == "float64" else 2e-6)


def test_scores_that_come_from_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path by which they come, with logits that stay where they are."""
    module = importlib.import_module("burnish.quality._dynamics")
    monkeypatch.setattr(module, "is_on_gpu", lambda x: np.ndim(x) == 2)
    given = history()
    check(recorded(*given), wanted(*given))
    recorder = DynamicsRecorder(3)
    for labels, words in (([2], "'labels' are 2 to 2; accepted: 0 to 1"), ([-1], "'labels' are -1 to -1"),
                          ([0, 1], r"'labels' has shape \(2,\)")):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            recorder.update([0], [[1.0, 0.0]], labels, 0)
    with pytest.raises(TypeError, match="'labels' has dtype float64"):
        recorder.update([0], [[1.0, 0.0]], [0.0], 0)
    assert recorder.scores().epochs.tolist() == [0, 0, 0]


def test_levels_and_threads(isa: str, threads: int) -> None:
    logits, labels, shown = history()
    found = recorded(logits.astype(np.float32), labels, shown).scores()
    if not _kept:
        _kept.append(found)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(found, name), getattr(_kept[0], name))


_kept: list[Any] = []


def test_rows_without_a_distribution_are_left_out() -> None:
    recorder = DynamicsRecorder(3)
    recorder.update([0, 1, 2], [[np.nan, 0], [np.inf, 0], [1, 0]], [0, 0, 0], 0)
    assert recorder.undefined == 2
    assert recorder.scores().epochs.tolist() == [0, 0, 1]
    recorder.update([0, 2], [[3.0, 0], [1, 0]], [0, 0], 0)  # as if it had not been shown
    assert recorder.scores().epochs.tolist() == [1, 0, 1]


def test_a_masked_label_has_no_margin() -> None:
    found = DynamicsRecorder(1).update([0], [[-np.inf, 1.0]], [0], 0).scores()
    assert found.aum.tolist() == [-np.inf]
    assert found.confidence.tolist() == [0.0]


def test_label_quality() -> None:
    recorder = recorded(*history())
    np.testing.assert_array_equal(recorder.label_quality(), recorder.scores().aum)
    np.testing.assert_array_equal(recorder.label_quality("confidence"), recorder.scores().confidence)
    with pytest.raises(ValueError, match="'score' is 'el2n'; accepted: 'aum', 'confidence'"):
        recorder.label_quality("el2n")  # type: ignore[arg-type]


BAD: dict[str, tuple[Any, Any, list[str]]] = {
    "ids beyond": (([0, 3], [[1.0, 0], [1, 0]], [0, 0], 0), ValueError, ["'ids' is 3 in row 1", "0 to 2"]),
    "ids below": (([-1], [[1.0, 0]], [0], 0), ValueError, ["'ids' is -1 in row 0", "0 to 2"]),
    "ids float": (([0.0], [[1.0, 0]], [0], 0), TypeError, ["'ids' has dtype float64"]),
    "ids fewer": (([0], [[1.0, 0], [1, 0]], [0, 0], 0), ValueError, ["'ids' has shape (1,)", "(2,)"]),
    "labels beyond": (([0], [[1.0, 0]], [2], 0), ValueError, ["'labels'", "2", "0 to 1"]),
    "labels fewer": (([0, 1], [[1.0, 0], [1, 0]], [0], 0), ValueError, ["'labels' has shape (1,)"]),
    "labels float": (([0], [[1.0, 0]], [0.0], 0), TypeError, ["'labels' has dtype float64"]),
    "logits 1-D": (([0], [1.0], [0], 0), ValueError, ["'logits' must be 2-D (N, C), got shape (1,)"]),
    "logits int": (([0], [[1, 0]], [0], 0), TypeError, ["'logits' has dtype int64"]),
    "other classes": (([0], [[1.0, 0, 0]], [0], 0), ValueError, ["'logits' has 3 classes; accepted: 2"]),
    "epoch below": (([0], [[1.0, 0]], [0], -1), ValueError, ["'epoch' is -1", "0 to 4095"]),
    "epoch beyond": (([0], [[1.0, 0]], [0], 4096), ValueError, ["'epoch' is 4096", "0 to 4095"]),
    "epoch float": (([0], [[1.0, 0]], [0], 1.0), TypeError, ["'epoch' is 1.0"]),
    "no ids": ((None, [[1.0, 0]], [0], 0), TypeError, ["'ids'"]),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_bad_input_changes_nothing(case: Any) -> None:
    arguments, exception, words = case
    recorder = DynamicsRecorder(3).update([1], [[1.0, 0.0]], [0], 0)
    before = recorder.scores()
    with pytest.raises(exception) as caught:
        recorder.update(*arguments)
    for word in words:
        assert word in str(caught.value)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(recorder.scores(), name), getattr(before, name))


def test_bad_sizes() -> None:
    with pytest.raises(ValueError, match="'num_samples' is -1; accepted: an integer, 0 or more"):
        DynamicsRecorder(-1)
    with pytest.raises(TypeError, match=r"'num_classes' is 2\.5"):
        DynamicsRecorder(1, 2.5)  # type: ignore[arg-type]
    assert DynamicsRecorder(0).scores().aum.shape == (0,)
