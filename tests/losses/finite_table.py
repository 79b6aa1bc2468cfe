# SPDX-License-Identifier: Apache-2.0
"""Where gradients of focal losses are finite: burnish, and the formulas that are usually written, for each gamma,
dtype and kind of logits. `python finite_table.py` prints the table.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from burnish.losses import focal_loss
from torch.nn import functional

GAMMAS = (0.0, 0.1, 0.5, 0.9, 1.0, 2.0, 5.0, 1e3)
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
LOGITS = ("normal, deviation 3", "normal, deviation 30", "all equal", "+-1e4", "largest finite", "-inf masked",
          "-inf target", "+inf")  # fmt: skip
CLASSES = 7
ROWS = 64
Loss = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]


def softmax_logits(kind: str, dtype: torch.dtype, classes: int = CLASSES) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits (N, C) and targets (N,)."""
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(ROWS, classes, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, classes, (ROWS,), generator=generator)
    rows = torch.arange(ROWS)
    other = (targets + 1) % classes
    if kind.startswith("normal"):
        z *= float(kind.rpartition(" ")[2])
    elif kind == "all equal":
        z[:] = 1
    elif kind == "+-1e4":
        z = torch.where(z > 0, 1e4, -1e4).double()
        z[: ROWS // 2] = -1e4
        z[rows[: ROWS // 2], targets[: ROWS // 2]] = 1e4
    elif kind == "largest finite":
        z = torch.where(z > 0, 1.0, -1.0).double() * torch.finfo(dtype).max
    elif kind == "-inf masked":
        z[rows, other] = -torch.inf
    elif kind == "-inf target":
        z[rows, targets] = -torch.inf
    else:
        z[rows, torch.where(rows % 2 == 0, targets, other)] = torch.inf
    return z.to(dtype), targets


def sigmoid_logits(kind: str, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits and targets (N,): the second class of two against the first."""
    z, targets = softmax_logits(kind, dtype, 2)
    return z[:, 1].contiguous(), targets.to(dtype)


def usual_softmax(z: torch.Tensor, targets: torch.Tensor, gamma: float) -> torch.Tensor:
    """As it is written most often: from the cross-entropy."""
    loss = functional.cross_entropy(z, targets, reduction="none")
    return ((1 - torch.exp(-loss)) ** gamma * loss).mean()


def usual_sigmoid(z: torch.Tensor, targets: torch.Tensor, gamma: float) -> torch.Tensor:
    """As articles have it, and with p_t as torchvision."""
    loss = functional.binary_cross_entropy_with_logits(z, targets, reduction="none")
    return ((1 - torch.exp(-loss)) ** gamma * loss).mean()


def torchvision_sigmoid(z: torch.Tensor, targets: torch.Tensor, gamma: float) -> torch.Tensor:
    p = torch.sigmoid(z)
    loss = functional.binary_cross_entropy_with_logits(z, targets, reduction="none")
    return (loss * (1 - (p * targets + (1 - p) * (1 - targets))) ** gamma).mean()


SOFTMAX: dict[str, Loss] = {
    "burnish": lambda z, targets, gamma: focal_loss(z, targets, gamma=gamma),
    "usual": usual_softmax,
}
SIGMOID: dict[str, Loss] = {
    "burnish": lambda z, targets, gamma: focal_loss(z, targets, gamma=gamma),
    "usual": usual_sigmoid,
    "torchvision's": torchvision_sigmoid,
}


def share_finite(loss: Loss, z: torch.Tensor, targets: torch.Tensor, gamma: float) -> float:
    """The share of the gradient's values that are finite."""
    z = z.clone().requires_grad_()
    loss(z, targets, gamma).backward()
    return float(z.grad.isfinite().double().mean())


def table() -> list[tuple[str, float, str, str, dict[str, float]]]:
    """Return activation, gamma, dtype, logits, and the share that is finite of each way."""
    lines = []
    for activation, ways, make in (("softmax", SOFTMAX, softmax_logits), ("sigmoid", SIGMOID, sigmoid_logits)):
        for gamma in GAMMAS:
            for dtype in DTYPES:
                for kind in LOGITS:
                    z, targets = make(kind, dtype)
                    shares = {name: share_finite(way, z, targets, gamma) for name, way in ways.items()}
                    lines.append((activation, gamma, str(dtype)[6:], kind, shares))
    return lines


if __name__ == "__main__":
    names = list(SIGMOID)
    print(f"{'activation':12}{'gamma':>7}  {'dtype':10}{'logits':22}" + "".join(f"{name:>15}" for name in names))
    for activation, gamma, dtype, kind, shares in table():
        cells = ["" if n not in shares else "finite" if shares[n] == 1 else f"{1 - shares[n]:.0%} not" for n in names]
        print(f"{activation:12}{gamma:7g}  {dtype:10}{kind:22}" + "".join(f"{cell:>15}" for cell in cells))
