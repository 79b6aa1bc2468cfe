# SPDX-License-Identifier: Apache-2.0
"""Weights against NumPy and scikit-learn; the losses that use them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from burnish.losses import class_balanced_loss, class_weights, focal_loss, logit_adjusted_cross_entropy
from torch.nn import functional


def test_balanced_is_scikit_learn_s() -> None:
    sklearn = pytest.importorskip("sklearn.utils.class_weight")
    labels = np.random.default_rng(0).integers(0, 7, 1000) ** 2 % 7
    present = np.unique(labels)
    expected = sklearn.compute_class_weight("balanced", classes=present, y=labels)
    np.testing.assert_allclose(class_weights(labels)[present], expected, rtol=1e-15)
    absent = np.setdiff1d(np.arange(8), present)
    assert not class_weights(labels, num_classes=8)[absent].any()
    torch.testing.assert_close(class_weights(torch.from_numpy(labels))[present], torch.from_numpy(expected))


def test_effective_number() -> None:
    labels = np.repeat([0, 1, 3], [1000, 10, 1])
    for beta in (0.0, 0.9, 0.999, 0.999999999):
        raw = np.array([(1 - beta) / (1 - beta**n) for n in (1000, 10, 1)])
        expected = np.zeros(4)
        expected[[0, 1, 3]] = raw * 3 / raw.sum()
        np.testing.assert_allclose(class_weights(labels, "effective", beta=beta), expected, rtol=1e-6)
        found = class_weights(torch.from_numpy(labels), "effective", beta=beta)
        np.testing.assert_allclose(found, class_weights(labels, "effective", beta=beta), rtol=1e-14)
    # Where 1 - beta^n would cancel, it is n (1 - beta): the inverse count.
    found = class_weights(labels, "effective", beta=1 - 1e-15)
    np.testing.assert_allclose(found[3] / found[0], 1000, rtol=1e-9)


def test_class_balanced_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(50, 4, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, 4, (50,), generator=generator)
    counts = [1000, 100, 10, 0]
    weight = class_weights(np.repeat([0, 1, 2], [1000, 100, 10]), "effective", num_classes=4)
    for gamma in (0.0, 2.0):
        found = class_balanced_loss(logits, targets, counts, gamma=gamma)
        torch.testing.assert_close(found, focal_loss(logits, targets, gamma=gamma, weight=torch.from_numpy(weight)))


@pytest.mark.parametrize("classes", [4, 60])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_logit_adjustment(classes: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(50, classes, generator=generator, dtype=torch.float64).to(dtype)
    targets = torch.randint(0, classes, (50,), generator=generator)
    counts = torch.arange(1, classes + 1)
    for tau in (0.0, 1.0, 2.5):
        adjusted = logits + (tau * (counts / counts.sum()).log()).to(dtype)
        x, y = logits.clone().requires_grad_(), logits.clone().requires_grad_()
        found = logit_adjusted_cross_entropy(x, targets, counts, tau=tau)
        expected = functional.cross_entropy(y + (adjusted - logits), targets)
        torch.testing.assert_close(found, expected)
        found.backward()
        expected.backward()
        torch.testing.assert_close(x.grad, y.grad)
    ruled_out = counts.clone()
    ruled_out[0] = 0
    x = logits.clone().requires_grad_()
    logit_adjusted_cross_entropy(x, targets.clamp(min=1), ruled_out).backward()
    assert x.grad.isfinite().all()
    assert not x.grad[:, 0].any()


def test_the_smallest_beta_weighs_as_none() -> None:
    for beta in (5e-324, 1e-300, 1e-17):
        np.testing.assert_array_equal(class_weights([0, 1, 1], "effective", beta=beta), [1, 1])
        x, targets = torch.eye(2), torch.tensor([0, 1])
        torch.testing.assert_close(
            class_balanced_loss(x, targets, [5, 1], beta=beta), functional.cross_entropy(x, targets)
        )


def test_priors_smaller_than_float32_has_them() -> None:
    x = torch.linspace(-1, 1, 20).view(4, 5)
    targets = torch.arange(4)
    expected = logit_adjusted_cross_entropy(x, targets, [1, 1, 1, 1, 2])
    priors = np.array([1, 1, 1, 1, 2]) * 1e-46
    for given in (priors, priors.tolist(), torch.from_numpy(priors)):
        torch.testing.assert_close(logit_adjusted_cross_entropy(x, targets, given), expected)
