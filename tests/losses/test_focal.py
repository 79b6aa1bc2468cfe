# SPDX-License-Identifier: Apache-2.0
"""Values and gradients, against torch at gamma 0 and against formulas in float64."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from burnish.losses import FocalLoss, focal_loss
from reference import losses as reference
from torch.nn import functional

SHAPES = [(5,), (7, 1), (70, 10), (9, 32), (9, 33), (33, 100), (9, 1000), (3, 7, 5), (3, 40, 5, 7), (2, 6, 4, 3, 2)]
GAMMAS = [0.0, 0.5, 1.0, 2.0, 3.7]
REDUCTIONS = ["none", "mean", "sum"]


def axis_of(shape: tuple[int, ...]) -> int:
    return 0 if len(shape) == 1 else 1


def indices_for(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    without = shape[:0] if len(shape) == 1 else (shape[0], *shape[2:])
    targets = torch.randint(0, shape[axis_of(shape)], without, generator=generator)
    if targets.ndim:
        targets.view(-1)[::5] = -100
    return targets


def logits_for(shape: tuple[int, ...], dtype: torch.dtype = torch.float32, scale: float = 4.0) -> torch.Tensor:
    return (scale * torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)).to(dtype)


def both(ours: Any, theirs: Any, logits: torch.Tensor, **tolerance: float) -> None:
    """Losses and gradients of two functions of the logits."""
    found = []
    for function in (ours, theirs):
        x = logits.clone().requires_grad_()
        loss = function(x)
        upstream = torch.linspace(0.5, 2, loss.numel(), dtype=loss.dtype).view(loss.shape)
        loss.backward(upstream)
        found.append((loss.detach(), x.grad))
    for ours_, theirs_ in zip(*found, strict=True):
        torch.testing.assert_close(ours_, theirs_, **tolerance)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_cross_entropy_at_gamma_0(shape: tuple[int, ...], dtype: torch.dtype, reduction: str) -> None:
    logits, targets = logits_for(shape, dtype), indices_for(shape)
    weights = torch.linspace(0.1, 2, shape[axis_of(shape)], dtype=dtype)
    for weight, smoothing in itertools.product((None, weights), (0.0, 0.1, 1.0)):
        options = {"weight": weight, "label_smoothing": smoothing, "reduction": reduction}
        both(
            lambda x, options=options: focal_loss(x, targets, gamma=0, activation="softmax", **options),
            lambda x, options=options: functional.cross_entropy(x, targets, **options),
            logits,
        )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_soft_cross_entropy_at_gamma_0(shape: tuple[int, ...], reduction: str) -> None:
    logits = logits_for(shape, torch.float64)
    soft = logits_for(shape, torch.float64, 1.0).flip(0).softmax(axis_of(shape))
    weight = torch.linspace(0.1, 2, shape[axis_of(shape)], dtype=torch.float64)
    for smoothing in (0.0, 0.2):
        options = {"weight": weight, "label_smoothing": smoothing, "reduction": reduction}
        both(
            lambda x, options=options: focal_loss(x, soft, gamma=0, activation="softmax", **options),
            lambda x, options=options: functional.cross_entropy(x, soft, **options),
            logits,
        )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_binary_cross_entropy_at_gamma_0(dtype: torch.dtype, reduction: str) -> None:
    for shape in ((), (1,), (31,), (1000, 1), (5000,), (3, 4, 5)):
        targets = logits_for(shape, dtype).sin().abs()
        both(
            lambda x, t=targets: focal_loss(x, t, gamma=0, activation="sigmoid", reduction=reduction),
            lambda x, t=targets: functional.binary_cross_entropy_with_logits(x, t, reduction=reduction),
            logits_for(shape, dtype),
        )


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("classes", [2, 10, 32, 33, 100, 1025])
def test_softmax_against_the_formula(classes: int, gamma: float) -> None:
    logits, targets = logits_for((23, classes), torch.float64), indices_for((23, classes))
    weight = np.linspace(0.1, 2, classes)
    for given, smoothing in ((targets, 0.0), (targets, 0.3), (logits.cos().abs(), 0.0), (logits.sin().abs(), 0.1)):
        x = logits.clone().requires_grad_()
        loss = focal_loss(
            x, given, gamma=gamma, weight=weight, label_smoothing=smoothing, reduction="none", activation="softmax",
            alpha=0.7,
        )  # fmt: skip
        loss.sum().backward()
        losses, gradients = reference.softmax_focal(logits, given, gamma, weight, smoothing)
        if given is targets:
            losses[targets == -100], gradients[targets == -100] = 0, 0
        np.testing.assert_allclose(loss.detach(), 0.7 * losses, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(x.grad, 0.7 * gradients, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_dtypes_against_the_formula(dtype: torch.dtype, gamma: float) -> None:
    """Half precision rounds what it stores, and nothing else."""
    eps = torch.finfo(dtype).eps
    for shape in ((41, 10), (41, 100)):
        logits, targets = logits_for(shape, dtype, 2.0), indices_for(shape)
        x = logits.clone().requires_grad_()
        loss = focal_loss(x, targets, gamma=gamma)
        loss.backward()
        losses, gradients = reference.softmax_focal(logits.double(), targets, gamma)
        kept = (targets != -100).numpy()
        assert loss.dtype == x.grad.dtype == dtype
        np.testing.assert_allclose(loss.item(), losses[kept].mean(), rtol=4 * eps)
        expected = gradients * kept[:, None] / kept.sum()
        smallest = 1e-7 if dtype == torch.float16 else 1e-12  # a step of its subnormals
        np.testing.assert_allclose(x.grad.double(), expected, rtol=20 * eps, atol=smallest)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_sigmoid_against_the_formula(gamma: float) -> None:
    logits = logits_for((777,), torch.float64)
    hard = (logits.sin() > 0).long()
    for targets, smoothing in ((hard, 0.0), (hard.double(), 0.1), (logits.cos().abs(), 0.0), (hard.bool(), 0.0)):
        x = logits.clone().requires_grad_()
        loss = focal_loss(x, targets, gamma=gamma, alpha_t=0.3, label_smoothing=smoothing, reduction="none")
        loss.sum().backward()
        losses, gradients = reference.sigmoid_focal(logits, targets, gamma, (0.7, 0.3), smoothing)
        np.testing.assert_allclose(loss.detach(), losses, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(x.grad, gradients, rtol=1e-11, atol=1e-15)


def test_a_mixed_target_is_the_mixture_of_losses() -> None:
    logits = logits_for((20, 6), torch.float64)
    a, b = torch.randint(0, 6, (2, 20), generator=torch.Generator().manual_seed(3))
    mixed = 0.3 * functional.one_hot(a, 6).double() + 0.7 * functional.one_hot(b, 6).double()
    found = focal_loss(logits, mixed, activation="softmax")
    torch.testing.assert_close(found, 0.3 * focal_loss(logits, a) + 0.7 * focal_loss(logits, b))


class ArticleLoss(torch.nn.Module):
    """The binary focal loss that articles print."""

    def __init__(self, alpha: float = 1, gamma: float = 2, reduction: str = "mean") -> None:
        super().__init__()
        self.alpha, self.gamma, self.reduction = alpha, gamma, reduction

    def forward(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        bce = functional.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
        loss = self.alpha * (1 - torch.exp(-bce)) ** self.gamma * bce
        return getattr(loss, self.reduction)() if self.reduction != "none" else loss


@pytest.mark.parametrize("shape", [(50,), (50, 1)])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_the_article_s_module(shape: tuple[int, ...], reduction: str) -> None:
    targets = (logits_for(shape) > 1).float()
    arguments = {"alpha": 0.25, "gamma": 2, "reduction": reduction}
    both(
        lambda x: FocalLoss(**arguments)(x, targets), lambda x: ArticleLoss(**arguments)(x, targets), logits_for(shape)
    )


def test_the_paper_s_alpha() -> None:
    logits, targets = logits_for((40,)), (logits_for((40,)).cos() > 0).float()
    bce = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    p_t = torch.exp(-bce)
    expected = torch.where(targets == 1, 0.25, 0.75) * (1 - p_t) ** 2 * bce
    torch.testing.assert_close(focal_loss(logits, targets, alpha_t=0.25, reduction="none"), expected)
    torch.testing.assert_close(focal_loss(logits, targets, weight=[0.75, 0.25], reduction="none"), expected)


def test_ignored_targets_count_for_nothing_whatever_their_logits() -> None:
    for shape in ((6, 5), (6, 50)):
        logits = logits_for(shape)
        logits[1], logits[4] = torch.nan, torch.inf
        logits.requires_grad_()
        targets = torch.tensor([0, -100, 2, 1, -100, 4])
        kept = torch.tensor([0, 2, 3, 5])
        for smoothing in (0.0, 0.1):
            logits.grad = None
            loss = focal_loss(logits, targets, label_smoothing=smoothing)
            loss.backward()
            expected = focal_loss(logits[kept], targets[kept], label_smoothing=smoothing)
            torch.testing.assert_close(loss, expected)
            assert not logits.grad[[1, 4]].any()
    z = torch.tensor([0.3, torch.nan, -1.0], requires_grad=True)
    loss = focal_loss(z, torch.tensor([1.0, -100.0, 0.0]))
    loss.backward()
    torch.testing.assert_close(loss, focal_loss(z[[0, 2]], torch.tensor([1.0, 0.0])))
    assert z.grad[1] == 0


def test_all_ignored_and_empty() -> None:
    x = logits_for((3, 4)).requires_grad_()
    nothing = focal_loss(x, torch.full((3,), -100))
    nothing.backward()
    assert nothing.isnan()
    assert not x.grad.any()
    for shape, targets in (((0, 4), torch.zeros(0, dtype=torch.long)), ((0, 40), torch.zeros(0, dtype=torch.long)),
                           ((0,), torch.zeros(0)), ((2, 4, 0), torch.zeros(2, 0, dtype=torch.long))):  # fmt: skip
        empty = torch.zeros(shape, requires_grad=True)
        focal_loss(empty, targets, reduction="sum").backward()
        assert empty.grad.shape == shape
        assert focal_loss(empty, targets).isnan()
        assert focal_loss(empty, targets, reduction="sum") == 0
        assert focal_loss(empty, targets, reduction="none").shape == targets.shape


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_gives_float32(dtype: torch.dtype) -> None:
    logits, targets = logits_for((30, 7), dtype).requires_grad_(), indices_for((30, 7))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = focal_loss(logits, targets)
        theirs = functional.cross_entropy(logits, targets)
        same = focal_loss(logits, targets, gamma=0)
    assert loss.dtype == theirs.dtype == torch.float32
    torch.testing.assert_close(same, theirs)
    loss.backward()
    assert logits.grad.dtype == dtype


def test_loss_scaling_keeps_small_gradients_of_float16() -> None:
    """A mean over many rows has gradients below float16; GradScaler's factor brings them back."""
    logits, targets = logits_for((4096, 10), torch.float16, 1.0), indices_for((4096, 10))
    exact = logits.double().requires_grad_()
    focal_loss(exact, targets).backward()
    x = logits.clone().requires_grad_()
    with torch.autocast("cpu", dtype=torch.float16):
        loss = focal_loss(x, targets)
    (loss * 65536).backward()
    torch.testing.assert_close(x.grad.double() / 65536, exact.grad, rtol=2e-3, atol=1e-12)


def test_module() -> None:
    criterion = FocalLoss(weight=[1.0, 2.0, 3.0], label_smoothing=0.1, ignore_index=0, activation="softmax")
    assert set(criterion.state_dict()) == {"weight"}
    assert repr(criterion) == (
        "FocalLoss(alpha=1, gamma=2, reduction='mean', weight of 3 classes, label_smoothing=0.1, ignore_index=0, "
        "activation='softmax')"
    )
    logits = logits_for((5, 3))
    expected = focal_loss(logits, torch.tensor([0, 1, 2, 1, 0]), weight=[1.0, 2.0, 3.0], label_smoothing=0.1,
                          ignore_index=0)  # fmt: skip
    torch.testing.assert_close(criterion(logits, torch.tensor([0, 1, 2, 1, 0])), expected)


def test_devices(device: str) -> None:
    for shape in ((40, 10), (40, 100), (3, 40, 5)):
        for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
            x = logits_for(shape, dtype).to(device).requires_grad_()
            loss = focal_loss(x, indices_for(shape).to(device))
            (2 * loss).backward()
            y = logits_for(shape, dtype).requires_grad_()
            expected = focal_loss(y, indices_for(shape))
            (2 * expected).backward()
            assert torch.equal(loss.detach().cpu(), expected.detach())
            assert torch.equal(x.grad.cpu(), y.grad)
