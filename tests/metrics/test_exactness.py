# SPDX-License-Identifier: Apache-2.0
"""Nothing is rounded, dropped or taken for something else in silence: it is as in scikit-learn, or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import metrics

M = metrics
Y, S = [0, 1, 1, 0], [0.1, 0.9, 0.4, 0.6]
BIG = np.array([2**53, 2**53 + 1, 2**53 + 2, 2**53])
NONE = [0, 0, 0, 0]
P = np.full((4, 3), 1 / 3)

REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], list[str]]] = {
    "weights overflow": (
        lambda: M.confusion_matrix([0, 0], [0, 0], sample_weight=np.array([2**62, 2**62])),
        ValueError,
        ["confusion_matrix: 'sample_weight' adds up to 9.22337e+18", "2^53", "floats"],
    ),
    "weights lose 1": (
        lambda: M.confusion_matrix([0, 1], [0, 1], sample_weight=np.array([2**53, 1])),
        ValueError,
        ["'sample_weight' adds up to 9.0072e+15"],
    ),
    "weights of a range": (
        lambda: M.confusion_matrix([0, 1], [0, 1], num_classes=2, sample_weight=[2**53 - 1, 1]),
        ValueError,
        ["adds up to"],
    ),
    "weights at a threshold": (
        lambda: M.confusion_matrix([0, 1], [0.1, 0.9], threshold=0.5, sample_weight=[2**62, 1]),
        ValueError,
        ["adds up to"],
    ),
    "integer scores": (lambda: M.roc_auc(Y, BIG), ValueError, ["roc_auc: 'y_score' has the integer 9007199254740994"]),
    "negative scores": (lambda: M.roc_auc(Y, -BIG), ValueError, ["has the integer -9007199254740994", "-2^53 to 2^53"]),
    "unsigned scores": (lambda: M.roc_auc(Y, BIG.astype("u8") << 10), ValueError, ["accepted: integers"]),
    "threshold scores": (lambda: M.confusion_matrix(Y, BIG, threshold=1), ValueError, ["has the integer"]),
    "large label": (lambda: M.confusion_matrix([0, 1e30], [0, 1]), ValueError, ["'y_true' has 1e+30", "2^63"]),
    "label 2^63": (lambda: M.confusion_matrix([0, 1], [0, 2.0**63]), ValueError, ["'y_pred' has 9.2233", "2^63"]),
    "label -1e300": (lambda: M.evaluate([0, -1e300], [0.1, 0.2]), ValueError, ["evaluate: 'y_true' has -1e+300"]),
    "auc labels": (lambda: M.roc_auc(Y, S, labels=[0, 1, 2]), ValueError, ["roc_auc: 'labels' is [0, 1, 2]", "two"]),
    "auc one label": (lambda: M.roc_auc(Y, S, labels=[1, 1]), ValueError, ["'labels' is [1, 1]", "different"]),
    "ap labels": (lambda: M.average_precision(Y, S, labels=[0, 1, 2]), ValueError, ["average_precision: 'labels'"]),
    "pos_label list": (lambda: M.roc_curve(Y, S, pos_label=Y), TypeError, ["'pos_label' is [0, 1, 1, 0]", "one label"]),
    "pos_label array": (lambda: M.choose_threshold(Y, S, pos_label=np.array(Y)), TypeError, ["'pos_label'"]),
    "no weight, evaluate": (
        lambda: M.evaluate(Y, S, sample_weight=NONE),
        ValueError,
        ["evaluate: 'sample_weight' is 0 for every sample", "above 0"],
    ),
    "no weight, classes": (
        lambda: M.evaluate([0, 1, 2, 0], P, sample_weight=NONE),
        ValueError,
        ["evaluate: 'sample_weight' is 0 for every sample"],
    ),
    "no weight, curve": (
        lambda: M.roc_curve(Y, S, sample_weight=NONE),
        ValueError,
        ["roc_curve: 'sample_weight' is 0 for every sample"],
    ),
    "no weight, areas": (
        lambda: M.roc_auc([0, 1, 2, 0], P, sample_weight=NONE),
        ValueError,
        ["roc_auc: 'sample_weight' is 0 for every sample"],
    ),
    "no weight, threshold": (
        lambda: M.choose_threshold(Y, S, sample_weight=NONE),
        ValueError,
        ["choose_threshold: 'sample_weight' is 0"],
    ),
    "NaN of no weight": (
        lambda: M.roc_auc(Y, [0.1, 0.9, np.nan, 0.6], sample_weight=[1, 1, 0, 1]),
        ValueError,
        ["roc_auc: 'y_score' has 1 NaN among 4 values"],
    ),
    "lengths with no weight": (
        lambda: M.roc_auc(Y, S[:3], sample_weight=[1, 1, 0, 1]),
        ValueError,
        ["'y_score' has shape (3,); accepted: (4,)"],
    ),
    "shard labels": (
        lambda: M.Accumulator(3).update([0, 3], P[:2]),
        ValueError,
        ["Accumulator.update: 'y_true' is 3 in row 1"],
    ),
    "names": (
        lambda: M.classification_report(Y, Y, target_names=5),  # type: ignore[arg-type]
        TypeError,
        ["classification_report: 'target_names' is 5; accepted: a sequence of 2 names"],
    ),
    "names of evaluate": (
        lambda: M.evaluate(Y, S, target_names="ab"),
        TypeError,
        ["evaluate: 'target_names' is 'ab'; accepted: a sequence of 2 names"],
    ),
    "objective": (lambda: M.choose_threshold(Y, S, None), TypeError, ["'objective' is None; accepted: 'f1'"]),
    "costs": (
        lambda: M.choose_threshold(Y, S, [[0, 1], [np.nan, 0]]),
        ValueError,
        ["'objective' is [[0.0, 1.0], [nan, 0.0]]; accepted: 4 finite costs"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    call, error, words = REFUSED[name]
    with pytest.raises(error) as raised:
        call()
    for each in words:
        assert each in str(raised.value), str(raised.value)


def test_labels_whose_samples_weigh_nothing_stay() -> None:
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    names = np.array(["a", "b", "c", "d", "e"])
    for y_true, y_pred in (([0, 1, 2], [0, 1, 2]), ([0, 1, 1], [0, 1, 4]), ([0, 1, 3], [0, 1, 1])):
        for t, p in ((y_true, y_pred), (names[y_true], names[y_pred])):
            for weights in ([1, 1, 0], [0.5, 0.25, 0.0]):
                found = M.confusion_matrix(t, p, sample_weight=weights)
                wanted = sklearn_metrics.confusion_matrix(t, p, sample_weight=weights)
                np.testing.assert_array_equal(found, wanted)
                table = sklearn_metrics.classification_report(t, p, sample_weight=weights, zero_division=0)
                assert M.classification_report(t, p, sample_weight=weights) == table
    assert M.confusion_matrix([0, 1, 2], [0, 1, 2], labels=[2], sample_weight=[1, 1, 0]).tolist() == [[0]]


def test_labels_whose_samples_weigh_nothing_stay_in_torch() -> None:
    torch = pytest.importorskip("torch")
    from burnish.metrics import _torch

    t = torch.tensor([0, 1, 2])
    wanted = [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert M.confusion_matrix(t, t, sample_weight=[1, 1, 0]).tolist() == wanted
    assert _torch.confusion_matrix("call", t, t, None, None, [1, 1, 0], None).tolist() == wanted


def test_torch_refuses_the_same() -> None:
    torch = pytest.importorskip("torch")
    from burnish.metrics import _torch

    labels, scores = torch.tensor(Y), torch.tensor(S)
    with pytest.raises(ValueError, match="adds up to"):
        _torch.confusion_matrix("call", labels, labels, None, None, [2**62, 2**62, 1, 1], None)
    with pytest.raises(ValueError, match="has the integer 9007199254740994"):
        _torch.rank("call", labels, torch.tensor(BIG), None, None, False)
    with pytest.raises(ValueError, match="has the integer"):
        _torch.confusion_matrix("call", labels, torch.tensor(BIG), None, None, None, 0.5)
    with pytest.raises(ValueError, match="has the integer 9007199254740994"):
        M.roc_auc(labels, torch.tensor(BIG))
    for wrong in (1e30, float("inf")):
        for dtype in (torch.float64, torch.float32):
            with pytest.raises(ValueError, match="values that are no labels"):
                _torch.confusion_matrix(
                    "call", torch.tensor([0, wrong], dtype=dtype), labels[:2], None, None, None, None
                )
    half = _torch.confusion_matrix("call", labels.half(), labels, None, None, None, None)
    assert half.tolist() == [[2, 0], [0, 2]]
    with pytest.raises(TypeError, match="'pos_label' is"):
        _torch.rank("call", labels, scores, Y, None, False)
    with pytest.raises(ValueError, match="is 0 for every sample"):
        _torch.rank("call", labels, scores, None, NONE, False)
    nan = torch.tensor([0.1, 0.9, float("nan"), 0.6])
    for call in (lambda: M.roc_auc(labels, nan, sample_weight=[1, 1, 0, 1]),
                 lambda: _torch.rank("call", labels, nan, None, [1, 1, 0, 1], False)):  # fmt: skip
        with pytest.raises(ValueError, match="1 NaN among 4 values"):
            call()


def test_the_largest_that_are_exact() -> None:
    found = M.confusion_matrix([0, 1], [0, 1], sample_weight=np.array([2**53 - 2, 1]))
    assert found.dtype == np.int64
    assert found.tolist() == [[2**53 - 2, 0], [0, 1]]
    assert M.confusion_matrix([0, 0], [0, 0], sample_weight=[2.0**62, 2.0**62]).tolist() == [[2.0**63]]
    assert M.roc_auc(Y, np.array([-(2**53), 2**53, 2**53 - 1, 0])) == 1.0
    assert M.confusion_matrix([-(2.0**63), 0.0], [-(2**63), 0]).tolist() == [[1, 0], [0, 1]]
    assert M.confusion_matrix(np.float16([0, 1]), [0, 1]).tolist() == [[1, 0], [0, 1]]


def test_one_label_of_any_kind_is_positive() -> None:
    wanted = M.roc_curve(Y, S)
    for label in (1, np.int64(1), np.array(1), 1.0, True):
        for a, b in zip(M.roc_curve(Y, S, pos_label=label), wanted, strict=True):
            np.testing.assert_array_equal(a, b)
    named = np.array(["n", "y"])[Y]
    for label in ("y", np.str_("y")):
        np.testing.assert_array_equal(M.roc_curve(named, S, pos_label=label)[1], wanted[1])
    assert M.roc_auc(named, S, labels=["n", "y"]) == M.roc_auc(Y, S)


def test_an_empty_shard_fixes_nothing() -> None:
    one = M.Accumulator().update([], []).update(Y, np.float32(S)).update([], [])
    assert one.num_samples == 4
    assert one.report().roc_auc == M.roc_auc(Y, np.float32(S))
    assert M.Accumulator().update([], []).merge(one).num_samples == 4


def test_supports_are_written_as_scikit_learn_does() -> None:
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    y_true, y_pred = [0, 1, 1, 2], [0, 1, 0, 2]
    for weights in (None, [1, 2, 3, 4], np.array([1, 2, 3, 4], "u1"), [True, True, False, True], [0.5, 2.0, 0.25, 7.0]):
        wanted = sklearn_metrics.classification_report(y_true, y_pred, sample_weight=weights)
        assert M.classification_report(y_true, y_pred, sample_weight=weights) == wanted
