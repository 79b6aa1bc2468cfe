# SPDX-License-Identifier: Apache-2.0
"""Gradients: finite differences, what is kept and reused, what is refused."""

from __future__ import annotations

import copy
import gc
import sys
from functools import partial
from typing import Any

import pytest
import torch
from burnish.losses import _native, focal_loss, free_memory

GAMMAS = [0.0, 0.3, 1.0, 2.0, 5.0]


def logits_for(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_gradcheck(gamma: float, reduction: str) -> None:
    for classes in (2, 5, 40):
        x = logits_for(4, classes).requires_grad_()
        targets, soft = torch.arange(4) % classes, logits_for(4, classes).softmax(1)
        targets[2] = -100
        weight = torch.linspace(0.5, 2, classes)
        for smoothing in (0.0, 0.1):
            options = {"gamma": gamma, "reduction": reduction, "label_smoothing": smoothing}
            for goal, others in (
                (targets, {"weight": weight}),
                (soft, {"activation": "softmax"}),
                (soft, {"activation": "sigmoid"}),
            ):
                assert torch.autograd.gradcheck(partial(focal_loss, targets=goal, **options, **others), x)


def test_gradcheck_of_planes() -> None:
    x = logits_for(2, 3, 2, 2)
    targets = torch.arange(8).view(2, 2, 2) % 3
    for layout in (torch.contiguous_format, torch.channels_last):
        given = x.contiguous(memory_format=layout).requires_grad_()
        for reduction in ("mean", "none"):
            assert torch.autograd.gradcheck(partial(focal_loss, targets=targets, reduction=reduction), given)


def layouts(x: torch.Tensor) -> dict[str, torch.Tensor]:
    spread = torch.full((*x.shape[:-1], 2 * x.shape[-1]), 7.0, dtype=x.dtype)
    spread[..., ::2] = x
    found = {
        "every second": spread[..., ::2],
        "transposed": x.transpose(0, 1).contiguous().transpose(0, 1),
        "last axis first": x.movedim(-1, 0).contiguous().movedim(0, -1),
    }
    if x.ndim == 4:
        found["channels last"] = x.contiguous(memory_format=torch.channels_last)
    return found


@pytest.mark.parametrize("shape", [(9, 7), (9, 70), (3, 7, 4), (3, 70, 4, 5)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
def test_layouts_have_the_same_bits(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    x = logits_for(*shape).to(dtype)
    targets = torch.arange(x[:, 0].numel()).view(x[:, 0].shape) % shape[1]
    soft = x.sin().abs().contiguous()
    for goal, activation in ((targets, "softmax"), (soft, "softmax"), (soft, "sigmoid")):
        for reduction in ("mean", "none"):
            plain = x.clone().requires_grad_()
            loss = focal_loss(plain, goal, reduction=reduction, activation=activation)
            (3 * loss).sum().backward()
            for name, view in layouts(x).items():
                other = view.detach().requires_grad_()
                found = focal_loss(other, goal, reduction=reduction, activation=activation)
                (3 * found).sum().backward()
                if activation == "softmax" or reduction == "none":  # sums of sigmoid losses follow the memory
                    assert torch.equal(found, loss), name
                assert torch.equal(other.grad, plain.grad), name


def test_nothing_but_the_gradient_is_kept() -> None:
    x = logits_for(64, 100, dtype=torch.float32).requires_grad_()
    saved: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        focal_loss(x, torch.arange(64))
    assert [tuple(t.shape) for t in saved] == [(64, 100)]


def test_the_kept_gradient_is_handed_over() -> None:
    """No pass and no copy where the loss is the last step; in place where it is not."""
    x = logits_for(64, 100, dtype=torch.float32).requires_grad_()
    for factor in (1, 2):
        loss = focal_loss(x, torch.arange(64))
        place = loss.grad_fn.saved_tensors[0].data_ptr()
        x.grad = None
        (factor * loss).backward()
        assert x.grad.data_ptr() == place


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_what_was_handed_out_is_left_alone(reduction: str) -> None:
    x = logits_for(8, 5, dtype=torch.float32).requires_grad_()
    loss = focal_loss(x, torch.zeros(8, dtype=torch.long), reduction=reduction)
    first, second = (torch.autograd.grad(loss, x, retain_graph=True)[0] for _ in range(2))
    assert first.data_ptr() != second.data_ptr()
    before = first.clone()
    second.zero_()
    (10 * loss).backward()
    assert torch.equal(first, before)
    torch.testing.assert_close(x.grad, 10 * before)


@pytest.mark.skipif(
    not hasattr(torch._C._autograd, "_top_saved_tensors_default_hooks"), reason="this torch does not tell of hooks"
)
@pytest.mark.parametrize("factor", [1, 3])
def test_what_a_hook_kept_is_left_alone(factor: int) -> None:
    x = logits_for(8, 5, dtype=torch.float32).requires_grad_()
    saved: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        loss = focal_loss(x, torch.zeros(8, dtype=torch.long))
    before = saved[0].clone()
    (factor * loss).backward()
    x.grad.mul_(2)
    assert torch.equal(saved[0], before)
    torch.testing.assert_close(x.grad, 2 * factor * before)


def test_backward_twice() -> None:
    for reduction in ("mean", "none"):
        x = logits_for(8, 10).requires_grad_()
        loss = (2 * focal_loss(x, torch.arange(8), reduction=reduction)).sum()
        loss.backward(retain_graph=True)
        once = x.grad.clone()
        loss.backward(retain_graph=True)
        torch.testing.assert_close(x.grad, 2 * once)
        loss.backward()
        torch.testing.assert_close(x.grad, 3 * once)
        with pytest.raises(RuntimeError, match="backward through the graph a second time"):
            loss.backward()


def test_second_derivatives_are_refused() -> None:
    x = logits_for(8, 10).requires_grad_()
    for activation, targets in (("softmax", torch.arange(8)), ("sigmoid", x.detach().sin().abs())):
        loss = focal_loss(x, targets, activation=activation)
        with pytest.raises(RuntimeError, match=r"focal_loss: .*create_graph=True.*cannot be differentiated again"):
            torch.autograd.grad(loss, x, create_graph=True)


def test_no_gradient_is_computed_where_none_is_asked_for() -> None:
    x = logits_for(8, 10)
    assert not focal_loss(x, torch.arange(8)).requires_grad
    with torch.no_grad():
        assert not focal_loss(x.requires_grad_(), torch.arange(8)).requires_grad
    with torch.inference_mode():
        assert focal_loss(x, torch.arange(8)).isfinite()


def test_memory_is_used_again_when_nobody_looks_at_it() -> None:
    free_memory()
    x = logits_for(1 << 11, 1 << 10, dtype=torch.float32).requires_grad_()
    targets = torch.arange(1 << 11) % 1000
    places = []
    for _ in range(3):
        x.grad = None
        focal_loss(x, targets).backward()
        places.append(x.grad.data_ptr())
    assert places[0] == places[1] == places[2]
    first = x.grad
    before = first.clone()
    x.grad = None
    (2 * focal_loss(x, targets)).backward()
    assert x.grad.data_ptr() != first.data_ptr()
    assert torch.equal(first, before)
    torch.testing.assert_close(x.grad, 2 * first)
    view, x.grad = x.grad[5:6], None
    kept = view.clone()
    focal_loss(x, targets).backward()
    assert torch.equal(view, kept), "a view keeps the memory too"
    free_memory()
    gc.collect()
    assert not _native._spare


@pytest.mark.parametrize("off_by", [-3, 3])
def test_however_python_counts_references(monkeypatch: pytest.MonkeyPatch, off_by: int) -> None:
    """Versions differ in what they count; memory is used again all the same, and never while somebody looks."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        pytest.skip("without the GIL memory is not used again")
    count = sys.getrefcount
    monkeypatch.setattr(sys, "getrefcount", lambda x: count(x) + off_by)
    free_memory()
    first = _native._large_memory(100)
    second = _native._large_memory(100)
    assert second is not first
    place = second.__array_interface__["data"][0]
    del second
    assert _native._large_memory(100).__array_interface__["data"][0] == place
    free_memory()


def test_another_thread_may_take_the_spare_memory_first(monkeypatch: pytest.MonkeyPatch) -> None:
    class JustEmptied(list[Any]):
        def __bool__(self) -> bool:
            return True

    monkeypatch.setattr(_native, "_spare", JustEmptied())
    assert _native._large_memory(100).nbytes == 100


def test_deep_copy_and_hooks() -> None:
    x = logits_for(8, 10).requires_grad_()
    with torch.autograd.graph.save_on_cpu():
        loss = focal_loss(x, torch.arange(8))
    (2 * loss).backward()
    y = copy.deepcopy(x).detach().requires_grad_()
    (2 * focal_loss(y, torch.arange(8))).backward()
    assert torch.equal(x.grad, y.grad)
