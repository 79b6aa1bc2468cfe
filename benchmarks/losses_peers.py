# SPDX-License-Identifier: Apache-2.0
"""Who computes losses: burnish, torch as it is written and compiled, torchvision, scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from contest import UnavailableError, Work
from timing import optional

torch = optional("torch")
if torch is not None:
    from burnish.losses import class_weights, focal_loss
    from torch.nn import functional

LIBRARIES = ("numpy", "torch", "torchvision", "sklearn")
GAMMA = 2.0
ALPHA = 0.25

Loss = Callable[[Any, Any], Any]


@dataclass
class Inputs:
    """Logits that take gradients, and targets."""

    logits: Any
    targets: Any


def step(loss: Loss, inputs: Inputs) -> tuple[Any, Any]:
    """One loss and its gradient; nobody keeps the last one."""
    inputs.logits.grad = None
    value = loss(inputs.logits, inputs.targets)
    value.backward()
    gradient, inputs.logits.grad = inputs.logits.grad, None
    return value.detach(), gradient


def eager(loss: Loss) -> Callable[[Inputs], Work]:
    return lambda inputs: Work(lambda: step(loss, inputs))


def compiled(loss: Loss) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        torch.compiler.reset()
        quick = torch.compile(loss, fullgraph=True)
        try:
            step(quick, inputs)
        except Exception as error:  # no C++ compiler, most likely
            raise UnavailableError(f"torch.compile does not work here: {str(error).splitlines()[0]}") from error
        return Work(lambda: step(quick, inputs))

    return prepare


# ---- losses ----


def softmax_burnish(logits: Any, targets: Any) -> Any:
    return focal_loss(logits, targets, gamma=GAMMA)


def softmax_torch(logits: Any, targets: Any) -> Any:
    log_p = functional.log_softmax(logits, dim=1).gather(1, targets[:, None])[:, 0]
    return (-((1 - log_p.exp()) ** GAMMA) * log_p).mean()


def planes_burnish(logits: Any, targets: Any) -> Any:
    return focal_loss(logits, targets, gamma=GAMMA)


def planes_torch(logits: Any, targets: Any) -> Any:
    loss = functional.cross_entropy(logits, targets, reduction="none")
    return ((1 - torch.exp(-loss)) ** GAMMA * loss).mean()


def cross_entropy_burnish(logits: Any, targets: Any) -> Any:
    return focal_loss(logits, targets, gamma=0.0)


def cross_entropy_torch(logits: Any, targets: Any) -> Any:
    return functional.cross_entropy(logits, targets)


def sigmoid_burnish(logits: Any, targets: Any) -> Any:
    return focal_loss(logits, targets, gamma=GAMMA, alpha_t=ALPHA)


def sigmoid_torch(logits: Any, targets: Any) -> Any:
    loss = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    alpha = ALPHA * targets + (1 - ALPHA) * (1 - targets)
    return (alpha * (1 - torch.exp(-loss)) ** GAMMA * loss).mean()


def sigmoid_torchvision(logits: Any, targets: Any) -> Any:
    """Its formula, for where it is not installed."""
    given = optional("torchvision.ops.focal_loss")
    if given is not None:
        return given.sigmoid_focal_loss(logits, targets, alpha=ALPHA, gamma=GAMMA, reduction="mean")
    p = torch.sigmoid(logits)
    loss = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    p_t = p * targets + (1 - p) * (1 - targets)
    return ((ALPHA * targets + (1 - ALPHA) * (1 - targets)) * (loss * (1 - p_t) ** GAMMA)).mean()


# ---- what is right ----


def in_float64(loss: Loss) -> Callable[[Inputs], tuple[float, Any]]:
    def expect(inputs: Inputs) -> tuple[float, Any]:
        exact = Inputs(inputs.logits.detach().double().requires_grad_(), inputs.targets)
        value, gradient = step(loss, exact)
        return float(value), gradient.float()

    return expect


def error(found: tuple[Any, Any], expected: tuple[float, Any]) -> float:
    """The largest relative difference of the loss, and of the gradient against its largest value."""
    largest = float(expected[1].abs().max())
    of_gradient = float((found[1].float() - expected[1]).abs().max()) / largest
    return max(abs(float(found[0]) / expected[0] - 1), of_gradient)


# ---- class weights ----


def weights_burnish(labels: Any) -> Work:
    return Work(lambda: class_weights(labels))


def weights_scikit_learn(labels: Any) -> Work:
    from sklearn.utils.class_weight import compute_class_weight

    return Work(lambda: compute_class_weight("balanced", classes=np.unique(labels[:100_000]), y=labels))


def weights_bincount(labels: Any) -> Work:
    def call() -> Any:
        counts = np.bincount(labels)
        return len(labels) / (len(counts) * counts)

    return Work(call)
