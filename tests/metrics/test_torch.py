# SPDX-License-Identifier: Apache-2.0
"""What runs on a GPU is torch's own operations: the same code on CPU tensors, and on a GPU where there is one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from burnish import _core, metrics
from metrics_data import KINDS, many_classes, scores_of, two_classes

torch = pytest.importorskip("torch")
from burnish.metrics import _torch  # noqa: E402
from burnish.metrics._ranking import rank  # noqa: E402

O = _core.Objective  # noqa: E741
OBJECTIVES = [(O.f_beta, 1.0), (O.f_beta, 2.0), (O.accuracy, 0.0), (O.youden, 0.0), (O.cost, 0.0)]
OBJECTIVES += [(O.precision_at_recall, 0.8), (O.recall_at_precision, 0.5), (O.recall_at_precision, 0.999999)]
COSTS = (0.5, 1.0, 6.0, -1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("weighted", [False, True])
def test_ranking_is_the_cores(kind: str, dtype: str, weighted: bool) -> None:
    labels = two_classes(3001)
    with np.errstate(over="ignore"):
        scores = scores_of(kind, labels).astype(dtype)
    weights = np.random.default_rng(0).random(3001) if weighted else None
    if weights is not None:
        weights[::5] = 0
    ours = rank("call", labels, scores, sample_weight=weights)
    other = _torch.rank("call", torch.tensor(labels), torch.tensor(scores), None, weights, False)
    tolerance = {"rtol": 1e-12, "atol": 1e-13} if weighted else {"rtol": 0, "atol": 0}
    for drop in (False, True) if not weighted else (False,):
        for name in ("roc", "precision_recall"):
            for a, b in zip(getattr(ours, name)(drop), getattr(other, name)(drop), strict=True):
                assert a.dtype == b.numpy().dtype
                np.testing.assert_allclose(b.numpy(), a, **tolerance)
    assert other.roc_auc() == pytest.approx(ours.roc_auc(), rel=1e-12)
    assert other.average_precision() == pytest.approx(ours.average_precision(), rel=1e-12)
    for objective, parameter in OBJECTIVES:
        a, b = (each.choose(objective, parameter, COSTS) for each in (ours, other))
        if a is None or b is None:
            assert a is None
            assert b is None
        elif weighted:
            assert b[1] == pytest.approx(a[1], rel=1e-9)
        else:
            assert b == pytest.approx(a, rel=1e-12), objective


def test_counts_are_the_cores() -> None:
    rng = np.random.default_rng(0)
    y_true, y_pred, weights = rng.integers(-2, 5, 999), rng.integers(-2, 6, 999), rng.random(999)
    t, p = torch.tensor(y_true), torch.tensor(y_pred)
    for labels in (None, [4, 0, 3], [4, 9]):
        for w in (None, weights, y_true + 2):
            wanted = metrics.confusion_matrix(y_true, y_pred, labels=labels, sample_weight=w)
            found = _torch.confusion_matrix("call", t, p, labels, None, w, None)
            np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12)
            assert found.numpy().dtype == wanted.dtype
    for normalize in ("true", "pred", "all"):
        found = _torch.normalized(_torch.confusion_matrix("call", t, p, None, None, None, None), normalize)
        np.testing.assert_allclose(found.numpy(), metrics.confusion_matrix(y_true, y_pred, normalize=normalize))
    scores = torch.tensor(weights)
    found = _torch.confusion_matrix("call", t > 0, scores, None, None, None, 0.5)
    np.testing.assert_array_equal(found.numpy(), metrics.confusion_matrix(y_true > 0, weights, threshold=0.5))
    found_labels, found = _torch.count_labels("call", t, p, None)
    assert found_labels.tolist() == list(range(-2, 6))


def test_refusals() -> None:
    labels, scores = torch.tensor([0, 1, 1]), torch.tensor([0.1, math.nan, 0.3])
    with pytest.raises(ValueError, match="1 NaN among 3 values"):
        _torch.rank("call", labels, scores, None, None, False)
    with pytest.raises(ValueError, match="1 NaN among 3 values"):
        _torch.confusion_matrix("call", labels, scores, None, None, None, 0.5)
    with pytest.raises(ValueError, match=r"'y_pred' is 7 in row 1; accepted: 0 to 1"):
        _torch.confusion_matrix("call", labels, torch.tensor([0, 7, 1]), None, 2, None, None)
    with pytest.raises(ValueError, match="values that are no labels"):
        _torch.confusion_matrix("call", labels, torch.tensor([0.5, 0.5, 1]), None, None, None, None)
    with pytest.raises(ValueError, match=r"the labels 1, 2; accepted: 0 and 1"):
        _torch.rank("call", labels + 1, torch.rand(3), None, None, False)
    with pytest.raises(ValueError, match="none of 'labels'"):
        _torch.confusion_matrix("call", labels, labels, [5], None, None, None)
    with pytest.raises(ValueError, match="'y_true' is empty"):
        _torch.confusion_matrix("call", labels[:0], labels[:0], None, None, None, None)
    with pytest.raises(ValueError, match="negative, NaN or infinite"):
        _torch.rank("call", labels, torch.rand(3), None, [1, -1, 1], False)
    with pytest.raises(TypeError, match="'y_true' cannot be a tensor"):
        _torch.confusion_matrix("call", np.array(["a", "b", "c"]), labels, None, None, None, None)


def test_whole_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every path that a tensor on a GPU takes, by calling all tensors such."""
    from burnish.metrics import _counts, _curves, _evaluate, _probabilities, _ranking

    cases = []
    for classes in (2, 4):
        labels, scores = many_classes(2000, classes)
        scores = (scores[:, 1] if classes == 2 else scores).astype(np.float32)
        cases.append((labels, scores, metrics.evaluate(labels, scores), metrics.roc_auc(labels, scores)))
    predicted = cases[1][1].argmax(axis=1)
    table = metrics.classification_report(cases[1][0], predicted)
    for module in (_counts, _curves, _evaluate, _probabilities, _ranking):
        monkeypatch.setattr(module, "is_on_gpu", lambda x: isinstance(x, torch.Tensor))
    for labels, scores, wanted, auc in cases:
        t, s = torch.tensor(labels), torch.tensor(scores)
        found = metrics.evaluate(t, s)
        assert str(found) == str(wanted)
        np.testing.assert_array_equal(found.confusion, wanted.confusion)
        np.testing.assert_allclose(found.roc[0].x, wanted.roc[0].x)
        assert metrics.roc_auc(t, s) == pytest.approx(auc, rel=1e-12)
    from burnish.metrics import _classes

    monkeypatch.setattr(_classes, "is_on_gpu", lambda x: isinstance(x, torch.Tensor))
    assert metrics.classification_report(torch.tensor(cases[1][0]), torch.tensor(predicted)) == table


def test_on_a_gpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    labels = two_classes(100_000)
    scores = scores_of("ties", labels).astype(np.float32)
    given = torch.tensor(labels, device="cuda"), torch.tensor(scores, device="cuda")
    fpr, tpr, thresholds = metrics.roc_curve(*given)
    assert fpr.is_cuda
    for found, wanted in zip((fpr, tpr, thresholds), metrics.roc_curve(labels, scores), strict=True):
        np.testing.assert_array_equal(found.cpu().numpy(), wanted)
    assert metrics.roc_auc(*given) == pytest.approx(metrics.roc_auc(labels, scores), rel=1e-12)
    counts = metrics.confusion_matrix(*given, threshold=0.5)
    assert counts.is_cuda
    np.testing.assert_array_equal(counts.cpu().numpy(), metrics.confusion_matrix(labels, scores, threshold=0.5))
    report = metrics.evaluate(given[0], torch.sigmoid(given[1]))
    assert report.roc_auc == pytest.approx(metrics.roc_auc(labels, scores), rel=1e-9)
