# SPDX-License-Identifier: Apache-2.0
"""What asks more of a gradient than backward does: it is right, or refused in words that help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from burnish.losses import class_balanced_loss, focal_loss, logit_adjusted_cross_entropy
from torch.autograd import forward_ad

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # of its forward mode, which uses torch.jit

X, T = torch.linspace(-2, 3, 12).reshape(4, 3), torch.tensor([0, 1, 2, 0])
LOSSES: dict[str, Callable[..., Any]] = {
    "focal_loss": lambda x, **options: focal_loss(x, T, **options),
    "class_balanced_loss": lambda x, **options: class_balanced_loss(x, T, [1, 2, 3], **options),
    "logit_adjusted_cross_entropy": lambda x, **options: logit_adjusted_cross_entropy(x, T, [1, 2, 3], **options),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_forward_mode_is_refused(name: str, requires_grad: bool) -> None:
    with forward_ad.dual_level():
        x = forward_ad.make_dual(X.clone().requires_grad_(requires_grad), torch.ones_like(X))
        with pytest.raises(RuntimeError, match=f"^{name}: 'logits' has a forward-mode tangent, but the loss has none"):
            LOSSES[name](x)
        LOSSES[name](X)  # has no tangent


TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "grad": lambda loss: torch.func.grad(loss)(X),
    "jvp": lambda loss: torch.func.jvp(loss, (X,), (X,)),
    "vmap": lambda loss: torch.func.vmap(loss)(X.expand(2, 4, 3)),
    "hessian": lambda loss: torch.func.hessian(loss)(X),
}


@pytest.mark.skipif(not hasattr(torch, "func"), reason="torch is older than 2.0")
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_transforms_are_refused(name: str, transform: str) -> None:
    with pytest.raises(RuntimeError, match=f"^{name}: transforms of torch.func .* accepted: plain tensors"):
        TRANSFORMS[transform](LOSSES[name])


@pytest.mark.skipif(not hasattr(torch, "func"), reason="torch is older than 2.0")
def test_batched_targets_are_refused() -> None:
    with pytest.raises(RuntimeError, match="focal_loss: transforms"):
        torch.func.vmap(lambda t: focal_loss(X, t))(T.expand(2, 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize("kind", ["softmax", "sigmoid"])
@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_many_gradients_at_once(dtype: torch.dtype, kind: str, reduction: str) -> None:
    x = X.to(dtype).requires_grad_()
    targets = T if kind == "softmax" else (X > 1).to(dtype)
    loss = focal_loss(x, targets, activation=kind, reduction=reduction)
    above = torch.eye(loss.numel(), dtype=dtype).reshape(loss.numel(), *loss.shape)
    (found,) = torch.autograd.grad(loss, x, above, is_grads_batched=True, retain_graph=True)
    expected = [torch.autograd.grad(loss, x, one, retain_graph=True)[0] for one in above]
    torch.testing.assert_close(found, torch.stack(expected), rtol=0 if dtype == torch.float32 else 1e-3, atol=0)
    assert bool(found.any())
