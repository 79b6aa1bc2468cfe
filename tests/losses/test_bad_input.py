# SPDX-License-Identifier: Apache-2.0
"""Wrong arguments are refused before any work, in words that help."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from burnish.losses import FocalLoss, class_balanced_loss, class_weights, focal_loss, logit_adjusted_cross_entropy

X, T = torch.zeros(4, 3), torch.tensor([0, 1, 2, 0])
Z, P = torch.zeros(4), torch.tensor([0.0, 1.0, 0.5, 1.0])

WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "a class too many": (
        lambda: focal_loss(X, T + 1), ValueError,
        r"'targets' is 3 in row 2; accepted: 0 to 2, or -100",
    ),
    "a negative class": (lambda: focal_loss(X, T - 1), ValueError, r"'targets' is -1 in row 0"),
    "in planes": (
        lambda: focal_loss(torch.zeros(2, 3, 2), torch.tensor([[0, 0], [0, 9]])), ValueError,
        r"'targets' is 9 in row 3",
    ),
    "small integers": (lambda: focal_loss(X, (T - 2).to(torch.int8)), ValueError, r"'targets' is -2 in row 0"),
    "2^64 - 1 is not -1": (
        lambda: focal_loss(X, torch.tensor([0, 1, 2**64 - 1, 0], dtype=torch.uint64), ignore_index=-1), ValueError,
        r"'targets' is 18446744073709551615 in row 2",
    ),
    "nor of sigmoid": (
        lambda: focal_loss(Z, torch.tensor([0, 1, 2**64 - 1, 0], dtype=torch.uint64), ignore_index=-1), ValueError,
        r"'targets' is 1.84467e\+19 at place 2",
    ),
    "nor of class_weights": (
        lambda: class_weights(np.array([0, 1, 2**64 - 1], np.uint64), num_classes=2, ignore_index=-1), ValueError,
        r"1 of 'labels' are out of range; accepted: 0 to 1, or -1",
    ),
    "above 1": (lambda: focal_loss(Z, 2 * P), ValueError, r"'targets' is 2 at place 1; accepted: 0 to 1"),
    "NaN target": (lambda: focal_loss(Z, P.log() * 0), ValueError, r"'targets' is -?nan at place 0"),
    "integer target 2": (lambda: focal_loss(Z, torch.tensor([0, 1, 2, 0])), ValueError, r"'targets' is 2 at place 2"),
    "negative gamma": (lambda: focal_loss(X, T, gamma=-1), ValueError, r"'gamma' is -1; accepted: a finite number"),
    "infinite gamma": (lambda: focal_loss(X, T, gamma=float("inf")), ValueError, r"'gamma' is inf"),
    "gamma as text": (lambda: focal_loss(X, T, gamma="2"), TypeError, r"'gamma' is '2'"),
    "alpha": (lambda: focal_loss(X, T, alpha=-0.1), ValueError, r"'alpha' is -0.1"),
    "alpha_t of softmax": (lambda: focal_loss(X, T, alpha_t=0.3), ValueError, r"with softmax pass 'weight'"),
    "alpha_t": (lambda: focal_loss(Z, P, alpha_t=1.3), ValueError, r"'alpha_t' is 1.3; accepted: a number from 0 to 1"),
    "alpha_t and weight": (lambda: focal_loss(Z, P, alpha_t=0.3, weight=[1, 2]), ValueError, r"one of them"),
    "smoothing": (lambda: focal_loss(X, T, label_smoothing=1.5), ValueError, r"'label_smoothing' is 1.5"),
    "reduction": (lambda: focal_loss(X, T, reduction="batchmean"), ValueError, r"accepted: none, mean, sum"),
    "activation": (lambda: focal_loss(X, T, activation="tanh"), ValueError, r"accepted: softmax, sigmoid"),
    "two meanings": (lambda: focal_loss(X, X), ValueError, r"pass activation='sigmoid' or activation='softmax'"),
    "a column": (lambda: focal_loss(X[:, :1], T), ValueError, r"a single class.*logits.squeeze\(1\)"),
    "shapes": (lambda: focal_loss(X, T[:3]), ValueError, r"'targets' has shape \(3,\).*accepted: integers \(4,\)"),
    "shapes of sigmoid": (
        lambda: focal_loss(Z, P[:3], activation="sigmoid"), ValueError,
        r"accepted with sigmoid: \(4,\)",
    ),
    "float classes": (lambda: focal_loss(X, T.float()), ValueError, r"dtype float32 .*accepted: integers \(4,\)"),
    "bool classes": (lambda: focal_loss(X, T.bool()), TypeError, r"dtype bool; class indices are integers"),
    "no classes": (lambda: focal_loss(X[:, :0], T), ValueError, r"at least one class"),
    "integer logits": (lambda: focal_loss(X.long(), T), TypeError, r"'logits' has dtype int64"),
    "arrays": (lambda: focal_loss(X.numpy(), T), TypeError, r"'logits' is a ndarray; accepted: torch.Tensor"),
    "sparse": (lambda: focal_loss(X.to_sparse(), T), TypeError, r"accepted: dense tensors"),
    "weights": (lambda: focal_loss(X, T, weight=[1, 2]), ValueError, r"'weight' has shape \(2,\); accepted: \(3,\)"),
    "weights of sigmoid": (
        lambda: focal_loss(Z, P, weight=[1, 2, 3]), ValueError,
        r"two, of negatives and of positives",
    ),
    "negative soft targets": (
        lambda: focal_loss(X, X - 0.5, activation="softmax"), ValueError,
        r"focal_loss: 'targets' is -0.5 at place \[0, 0\]; accepted: finite, 0 or more",
    ),
    "NaN in soft targets": (
        lambda: focal_loss(X, (X + 1).index_fill(1, T[1:2], float("nan")), activation="softmax"), ValueError,
        r"'targets' is nan at place \[0, 1\]",
    ),
    "soft targets of planes": (
        lambda: focal_loss(X.view(1, 3, 4), X.view(1, 3, 4).half() - 1, activation="softmax"), ValueError,
        r"'targets' is -1 at place \[0, 0, 0\]",
    ),
    "negative weights": (lambda: focal_loss(X, T, weight=[1, -1, 2]), ValueError, r"'weight' is -1 at place \[1\]"),
    "NaN weights": (lambda: focal_loss(X, T, weight=[1, 1, float("nan")]), ValueError, r"'weight' is nan at place"),
    "infinite weights": (lambda: focal_loss(X, T, weight=X[0] + float("inf")), ValueError, r"'weight' is inf at place"),
    "complex weights": (lambda: focal_loss(X, T, weight=X[0] + 1j), TypeError, r"'weight' has dtype complex64"),
    "complex array": (lambda: focal_loss(X, T, weight=np.ones(3) * 1j), TypeError, r"'weight' has dtype complex128"),
    "weights in words": (lambda: focal_loss(X, T, weight="abc"), TypeError, r"focal_loss: 'weight' is a str; acc"),
    "words as weights": (lambda: focal_loss(X, T, weight=["a", 1, 2]), TypeError, r"'weight' is a list of no numbers"),
    "named weights": (lambda: focal_loss(X, T, weight={0: 1.0, 1: 1.0, 2: 1.0}), TypeError, r"'weight' is a dict"),
    "module's weights": (lambda: FocalLoss(weight="abc"), TypeError, r"FocalLoss: 'weight' is a str; accepted: a seq"),
    "one weight of sigmoid": (lambda: focal_loss(Z, P, weight=2.0), TypeError, r"focal_loss: 'weight' is a float; acc"),
    "two letters": (lambda: focal_loss(Z, P, weight="ab"), TypeError, r"focal_loss: 'weight' is a str; accepted: a se"),
    "named, of sigmoid": (lambda: focal_loss(Z, P, weight={0: 1, 1: 2}), TypeError, r"focal_loss: 'weight' is a dict"),
    "gradient, of sigmoid": (
        lambda: focal_loss(Z, P, weight=torch.ones(2, requires_grad=True)), ValueError, r"pass weight.detach\(\)",
    ),
    "targets with gradient": (
        lambda: focal_loss(Z, P.clone().requires_grad_()), ValueError,
        r"pass targets.detach\(\)",
    ),
    "weights with gradient": (
        lambda: focal_loss(X, T, weight=torch.ones(3, requires_grad=True)), ValueError, r"pass weight.detach\(\)",
    ),
    "another device": (lambda: focal_loss(X, T.to("meta")), ValueError, r"'targets' is on meta; accepted: cpu"),
    "module": (lambda: FocalLoss(reduction="max"), ValueError, r"FocalLoss: 'reduction' is 'max'"),
    "module's gamma": (lambda: FocalLoss(1, -2), ValueError, r"FocalLoss: 'gamma' is -2"),
    "counts": (lambda: class_balanced_loss(X, T, [1, 2]), ValueError, r"'class_counts' has shape \(2,\)"),
    "negative counts": (lambda: class_balanced_loss(X, T, [1, 2, -1]), ValueError, r"negative or not finite"),
    "no counts": (lambda: logit_adjusted_cross_entropy(X, T, [0, 0, 0]), ValueError, r"are all 0"),
    "counts None": (lambda: logit_adjusted_cross_entropy(X, T, None), TypeError, r"'class_counts' is None"),
    "beta": (
        lambda: class_balanced_loss(X, T, [1, 2, 3], beta=1), ValueError,
        r"'beta' is 1; accepted: from 0 to below",
    ),
    "tau": (lambda: logit_adjusted_cross_entropy(X, T, [1, 2, 3], tau=float("nan")), ValueError, r"'tau' is nan"),
    "float labels": (lambda: class_weights([0.5, 1.0]), TypeError, r"'labels' has dtype float64"),
    "negative labels": (lambda: class_weights([0, -1]), ValueError, r"class_weights: 1 of 'labels' are out of"),
    "huge labels": (lambda: class_weights([0, 2**31]), ValueError, r"class_weights: the largest of 'labels' is 21474"),
    "labels beyond": (lambda: class_weights([0, 3], num_classes=3), ValueError, r"accepted: 0 to 2, or -100"),
    "labels 2-D": (lambda: class_weights(np.zeros((2, 2), int)), ValueError, r"'labels' must be 1-D"),
    "rule": (lambda: class_weights([0, 1], "inverse"), ValueError, r"accepted: balanced, effective"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_refused(name: str) -> None:
    call, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        call()


def test_without_torch() -> None:
    program = """
import sys
sys.modules["torch"] = None
import burnish
assert burnish.losses.class_weights([0, 0, 1]).tolist() == [0.75, 1.5]
try:
    burnish.losses.focal_loss
except ImportError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "torch is not installed; it comes with pip install 'burnish[torch]'" in ran.stdout


def test_burnish_does_not_import_torch() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import burnish, sys; print('torch' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout == "False\n"
