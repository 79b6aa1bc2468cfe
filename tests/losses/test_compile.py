# SPDX-License-Identifier: Apache-2.0
"""torch.compile without graph breaks, and torch's own checks of the operators."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from burnish.losses import FocalLoss, class_balanced_loss, focal_loss, logit_adjusted_cross_entropy

pytestmark = [
    pytest.mark.skipif(not hasattr(torch.library, "custom_op"), reason="torch is older than 2.4"),
    pytest.mark.filterwarnings("default"),  # the compiler's own
]

WEIGHT = torch.linspace(0.5, 2, 10)
COUNTS = torch.arange(1, 11)
CASES: dict[str, Any] = {
    "softmax": lambda x, t: focal_loss(x, t),
    "weighted, none": lambda x, t: focal_loss(x, t, weight=WEIGHT, label_smoothing=0.1, reduction="none").sum(),
    "soft": lambda x, t: focal_loss(x, torch.nn.functional.one_hot(t, 10).to(x.dtype), activation="softmax"),
    "sigmoid": lambda x, t: focal_loss(x[:, 0], (t > 4).float()),
    "sigmoid, none": lambda x, t: focal_loss(x[:, 0], (t > 4), reduction="none").mean(),
    "module": FocalLoss(gamma=0.5),
    "class balanced": lambda x, t: class_balanced_loss(x, t, COUNTS, gamma=2),
    "logit adjusted": lambda x, t: logit_adjusted_cross_entropy(x, t, COUNTS),
}


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def data(dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(16, 10, generator=generator).to(dtype)
    return x, torch.randint(0, 10, (16,), generator=generator)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_one_graph(name: str, dtype: torch.dtype) -> None:
    """The backend only traces: forward and backward through the operators, without a C++ compiler."""
    x, targets = data(dtype)
    found = []
    for function in (CASES[name], torch.compile(CASES[name], fullgraph=True, backend="aot_eager")):
        z = (2 * x).requires_grad_()
        loss = function(z, targets)
        (3 * loss).backward()
        found.append((loss.detach(), z.grad))
    torch.testing.assert_close(found[1][0], found[0][0], rtol=1e-6 if dtype == torch.float32 else 1e-3, atol=0)
    torch.testing.assert_close(found[1][1], found[0][1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_gamma_that_changes(dtype: torch.dtype) -> None:
    """From the second value on it is a symbol to the compiler."""
    x, targets = data(dtype)
    compiled = torch.compile(focal_loss, fullgraph=True, backend="aot_eager")
    for gamma in (1.0, 2.0, 2.5, 0.0):
        y, z = x.clone().requires_grad_(), x.clone().requires_grad_()
        loss, expected = compiled(y, targets, gamma=gamma), focal_loss(z, targets, gamma=gamma)
        torch.testing.assert_close(loss, expected)
        loss.backward()
        expected.backward()
        torch.testing.assert_close(y.grad, z.grad)


def test_inductor() -> None:
    layer = torch.nn.Linear(6, 10)
    inputs, targets = torch.randn(16, 6), data()[1]

    def step(inputs: torch.Tensor) -> torch.Tensor:
        return focal_loss(layer(inputs), targets)

    step(inputs).backward()
    expected = layer.weight.grad.clone()
    layer.weight.grad = None
    try:
        torch.compile(step, fullgraph=True)(inputs).backward()
    except torch._inductor.exc.InductorError as error:
        pytest.skip(f"the compiler does not work here: {error}")
    torch.testing.assert_close(layer.weight.grad, expected)


def test_autocast_inside() -> None:
    x, targets = data(torch.bfloat16)

    def step(z: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return focal_loss(z, targets)

    assert torch.compile(step, fullgraph=True, backend="aot_eager")(x).dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16], ids=str)
def test_operators(dtype: torch.dtype) -> None:
    x, targets = data(dtype)
    x.requires_grad_()
    operators = torch.ops.burnish
    shared = (2.0, 1.0, 0.0, -100)
    for reduction in ("none", "mean"):
        softmax = ("focal_loss", x, targets, None, None, *shared, reduction, True)
        sigmoid = ("focal_loss", x, x.detach().float().sigmoid(), 1.0, 0.5, *shared, reduction, True)
        checks = ("test_schema", "test_autograd_registration", "test_faketensor", "test_aot_dispatch_static")
        torch.library.opcheck(operators.softmax_focal_loss.default, softmax, test_utils=checks)
        torch.library.opcheck(operators.sigmoid_focal_loss.default, sigmoid, test_utils=checks)


def test_fake_layouts_are_the_real_ones() -> None:
    for shape in ((3, 5), (3, 5, 4), (3, 5, 4, 2)):
        for x in (torch.randn(shape), torch.randn(shape).transpose(0, 1).contiguous().transpose(0, 1),
                  torch.randn(*shape[:1], *shape[2:], shape[1]).movedim(-1, 1)):  # fmt: skip
            targets = torch.zeros(x[:, 0].shape, dtype=torch.long)
            arguments = ("focal_loss", targets, None, None, 2.0, 1.0, 0.0, -100, "none", True)
            operator = torch.ops.burnish.softmax_focal_loss
            real = operator(arguments[0], x, *arguments[1:])
            fake = operator(arguments[0], x.to("meta"), targets.to("meta"), *arguments[2:])
            for a, b in zip(real, fake, strict=True):
                assert (a.shape, a.stride(), a.dtype) == (b.shape, b.stride(), b.dtype)


def test_second_derivatives_are_refused_there_too() -> None:
    x, targets = data()
    x.requires_grad_()
    loss = torch.ops.burnish.softmax_focal_loss("focal_loss", x, targets, None, None, 2.0, 1.0, 0.0, -100, "mean", True)
    with pytest.raises(RuntimeError, match="cannot be differentiated again"):
        torch.autograd.grad(loss[0], x, create_graph=True)


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("how", ["make_fx", "jit.trace"])
@pytest.mark.parametrize("needs_gradient", [False, True])
def test_traced(how: str, needs_gradient: bool) -> None:
    """What is traced computes the loss again; it is no constant."""
    x, t = torch.randn(8, 5), torch.arange(8) % 5

    def loss(a: torch.Tensor) -> torch.Tensor:
        return focal_loss(a, t)

    x.requires_grad_(needs_gradient)
    if how == "make_fx":
        from torch.fx.experimental.proxy_tensor import make_fx

        traced = make_fx(loss)(x)
    else:
        traced = torch.jit.trace(loss, x, check_trace=False)
    assert traced(2 * x).item() == pytest.approx(loss(2 * x).item(), rel=1e-6)
