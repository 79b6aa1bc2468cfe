# SPDX-License-Identifier: Apache-2.0
"""A wrong argument is refused before any work, by a sentence that says what was wrong, given and accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from burnish import _core, metrics

confusion_matrix, roc_curve, roc_auc = metrics.confusion_matrix, metrics.roc_curve, metrics.roc_auc
evaluate, average_precision, report = metrics.evaluate, metrics.average_precision, metrics.classification_report

Y = np.array([0, 1, 1, 0])
S = np.array([0.1, 0.9, 0.4, 0.6])
P = np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [1.0, 0.0, 0.0]])
NANS = np.array([0.1, np.nan, np.nan, 0.6])

# (call, exception, words the message must hold)
BAD: dict[str, tuple[Callable[[], Any], type[Exception], list[str]]] = {
    "lengths": (lambda: confusion_matrix(Y, Y[:3]), ValueError, ["confusion_matrix: 'y_pred'", "(3,)", "(4,)"]),
    "2-D": (lambda: confusion_matrix(Y, np.zeros((4, 2), int)), ValueError, ["'y_pred' must be 1-D", "(4, 2)"]),
    "0-D": (lambda: confusion_matrix(1, 1), ValueError, ["'y_true' must be 1-D", "()"]),
    "empty": (lambda: confusion_matrix([], []), ValueError, ["'y_true' is empty", "num_classes"]),
    "scores as labels": (lambda: confusion_matrix(Y, S), ValueError, ["'y_pred' has 0.1", "threshold"]),
    "probs as labels": (lambda: confusion_matrix([0, 1, 2, 0], P), ValueError, ["'y_pred'", "(4, 3)", "argmax"]),
    "NaN label": (lambda: confusion_matrix(NANS, Y), ValueError, ["'y_true' has", "among its labels"]),
    "None label": (lambda: confusion_matrix(["a", None], ["a", "b"]), TypeError, ["cannot be sorted", "NoneType"]),
    "mixed kinds": (lambda: confusion_matrix(["a", "b", "c", "d"], Y), TypeError, ["<U1", "int64", "one kind"]),
    "complex": (lambda: confusion_matrix(Y, Y * 1j), TypeError, ["'y_pred' has dtype complex128", "integers"]),
    "dates": (lambda: confusion_matrix(Y, Y.astype("M8[s]")), TypeError, ["'y_pred' has dtype datetime64"]),
    "masked": (lambda: confusion_matrix(np.ma.array(Y), Y), TypeError, ["'y_true' is a masked array"]),
    "normalize": (lambda: confusion_matrix(Y, Y, normalize="rows"), ValueError, ["'normalize' is 'rows'", "'true'"]),
    "both": (lambda: confusion_matrix(Y, Y, labels=[0], num_classes=2), TypeError, ["'labels' and 'num_classes'"]),
    "classes": (lambda: confusion_matrix(Y, Y * 5, num_classes=3), ValueError, ["'y_pred' is 5 in row 1", "0 to 2"]),
    "negative": (lambda: confusion_matrix(Y - 1, Y, num_classes=3), ValueError, ["'y_true' is -1 in row 0"]),
    "class strings": (lambda: confusion_matrix(["a"], ["a"], num_classes=3), TypeError, ["'y_true' has dtype <U1"]),
    "num_classes": (lambda: confusion_matrix(Y, Y, num_classes=0), ValueError, ["'num_classes' is 0", "1 to"]),
    "no labels": (lambda: confusion_matrix(Y, Y, labels=[]), ValueError, ["'labels' is empty"]),
    "absent labels": (lambda: confusion_matrix(Y, Y, labels=[7, 8]), ValueError, ["none of 'labels'", "'y_true'"]),
    "threshold labels": (lambda: confusion_matrix(Y + 1, S, threshold=0.5), ValueError, ["other than 0 and 1"]),
    "threshold NaN": (lambda: confusion_matrix(Y, NANS, threshold=0.5), ValueError, ["2 NaN among 4 values"]),
    "threshold": (lambda: confusion_matrix(Y, S, threshold=np.nan), ValueError, ["'threshold' is nan", "finite"]),
    "weights negative": (lambda: confusion_matrix(Y, Y, sample_weight=-S), ValueError, ["'sample_weight'", "negative"]),
    "weights short": (lambda: confusion_matrix(Y, Y, sample_weight=S[:2]), ValueError, ["'sample_weight'", "(4,)"]),
    "weights text": (lambda: confusion_matrix(Y, Y, sample_weight=list("abcd")), TypeError, ["'sample_weight'", "<U1"]),
    "names": (lambda: report(Y, Y, target_names=["a"]), ValueError, ["1 'target_names'", "2, one a label"]),
    "digits": (lambda: report(Y, Y, digits=-1), ValueError, ["'digits' is -1"]),
    "curve NaN": (lambda: roc_curve(Y, NANS), ValueError, ["roc_curve: 'y_score' has 2 NaN among 4 values"]),
    "curve lengths": (lambda: roc_curve(Y, S[:3]), ValueError, ["'y_score' has shape (3,)", "(4,)"]),
    "curve 2-D": (lambda: roc_curve(Y, P), ValueError, ["'y_score' must be 1-D", "(4, 3)"]),
    "curve empty": (lambda: roc_curve([], np.zeros(0)), ValueError, ["'y_true' is empty"]),
    "curve labels": (lambda: roc_curve(Y + 1, S), ValueError, ["labels 1, 2", "pass pos_label"]),
    "curve 3 labels": (lambda: roc_curve([0, 1, 2, 1], S), ValueError, ["labels 0, 1, 2", "0 and 1"]),
    "curve text": (lambda: roc_curve(list("abab"), S), ValueError, ["labels 'a', 'b'", "pass pos_label"]),
    "curve complex": (lambda: roc_curve(Y, S * 1j), TypeError, ["'y_score' has dtype complex128", "float64"]),
    "curve text scores": (lambda: roc_curve(Y, list("abcd")), TypeError, ["'y_score' has dtype <U1"]),
    "auc one class": (lambda: roc_auc([1, 1], [0.1, 0.2]), ValueError, ["'y_true' holds one class only"]),
    "auc three labels": (lambda: roc_auc([0, 1, 2, 1], S), ValueError, ["labels 0, 1, 2", "two labels"]),
    "auc max_fpr": (lambda: roc_auc(Y, S, max_fpr=0), ValueError, ["'max_fpr' is 0", "above 0"]),
    "auc max_fpr columns": (lambda: roc_auc([0, 1, 2, 0], P, max_fpr=0.1), ValueError, ["'max_fpr'", "(4, 3)"]),
    "auc average": (lambda: roc_auc([0, 1, 2, 0], P, average="micro"), ValueError, ["'average' is 'micro'"]),
    "auc columns": (lambda: roc_auc([0, 1, 2, 5], P), ValueError, ["4 labels", "3 columns", "labels="]),
    "auc labels": (lambda: roc_auc([0, 1, 2, 5], P, labels=[0, 1, 2]), ValueError, ["label 5", "'labels'"]),
    "auc labels twice": (lambda: roc_auc([0, 1], P, labels=[0, 1, 1]), ValueError, ["one label twice"]),
    "auc 3-D": (lambda: roc_auc(Y, S.reshape(2, 2, 1)), ValueError, ["(2, 2, 1)", "(N, C)"]),
    "auc NaN": (lambda: roc_auc([0, 1, 2, 0], np.where(P > 0.9, np.nan, P)), ValueError, ["1 NaN among 4"]),
    "ap no positives": (lambda: average_precision([0, 0], [0.1, 0.2]), ValueError, ["no positive sample"]),
    "evaluate empty": (lambda: evaluate([], np.zeros(0)), ValueError, ["evaluate: 'y_score' is empty"]),
    "evaluate lengths": (lambda: evaluate(Y[:3], S), ValueError, ["'y_score' has shape (4,)", "3 rows"]),
    "evaluate NaN": (lambda: evaluate(Y, NANS), ValueError, ["evaluate: 'y_score' has 2 NaN among 4 values"]),
    "evaluate labels": (lambda: evaluate([0, 1, 2, 0], S), ValueError, ["3 labels", "2 where"]),
    "evaluate names": (lambda: evaluate(Y, S, target_names=["a"]), ValueError, ["1 'target_names'", "2, one a class"]),
    "evaluate threshold": (lambda: evaluate(Y, S, "half"), TypeError, ["'threshold' is 'half'"]),
    "evaluate bins": (lambda: evaluate(Y, S, bins=0), ValueError, ["'bins' is 0"]),
    "evaluate no curves": (lambda: evaluate(Y, S, curves=False).plot_roc(), ValueError, ["no curves", "curves=True"]),
    "evaluate no calibration": (lambda: evaluate(Y, S * 3).plot_calibration(), ValueError, ["no probabilities"]),
}


@pytest.mark.parametrize("name", BAD)
def test_message(name: str) -> None:
    call, error, words = BAD[name]
    with pytest.raises(error) as raised:
        call()
    for each in words:
        assert each in str(raised.value), str(raised.value)


def test_sparse_is_refused() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="'y_true' is sparse"):
        confusion_matrix(sparse.csr_matrix(Y), Y)


def test_gradients_are_let_go() -> None:
    torch = pytest.importorskip("torch")
    scores = torch.tensor(S, requires_grad=True)
    assert roc_auc(Y, scores) == roc_auc(Y, S)
    assert evaluate(Y, scores).roc_auc == roc_auc(Y, S)


def test_core_checks_its_arguments() -> None:
    """For callers from C++, and for mistakes of the Python half."""
    counts = np.zeros((2, 2), np.int64)
    with pytest.raises(TypeError, match="'counts' has dtype float64; accepted: int64"):
        _core.count_pairs("c", Y, Y, None, 0, False, counts.astype(float))
    with pytest.raises(ValueError, match=r"'counts' has shape \(2, 3\)"):
        _core.count_pairs("c", Y, Y, None, 0, False, np.zeros((2, 3), np.int64))
    with pytest.raises(ValueError, match="C-contiguous"):
        _core.count_pairs("c", Y, Y, None, 0, False, np.zeros((2, 4), np.int64)[:, ::2])
    with pytest.raises(ValueError, match=r"'y_pred' has shape \(3,\)"):
        _core.count_binary("c", Y, Y[:3])
    with pytest.raises(TypeError, match="'y_true' has dtype float64; accepted: integers and bool"):
        _core.count_binary("c", S, Y)
    ranking = _core.Ranking("c", Y, 1, S, None)
    with pytest.raises(ValueError, match=r"'x' has shape \(2,\); accepted: \(5,\)"):
        ranking.write_curve(_core.Curve.roc, False, np.zeros(2), np.zeros(5), np.zeros(5))
    both = np.zeros(5)
    with pytest.raises(ValueError, match="same memory twice"):
        ranking.write_curve(_core.Curve.roc, False, both, both, np.zeros(5))
    with pytest.raises(TypeError, match="'sample_weight' has dtype int64; accepted: float64"):
        _core.Ranking("c", Y, 1, S, Y)
