# SPDX-License-Identifier: Apache-2.0
"""The losses: rows, classes, dtypes, and how much faster burnish means to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import losses_peers as peers
import numpy as np
from contest import Contender, Workload, goals
from losses_peers import Inputs, torch

TORCH = ("torch",)
OURS, PEERS = 1e-5, 1e-3


def inputs_of(shape: tuple[int, ...], dtype: str, *, binary: bool = False) -> Callable[[int], Inputs]:
    def make(divisor: int) -> Inputs:
        generator = torch.Generator().manual_seed(0)
        size = (max(1, shape[0] // divisor), *shape[1:])
        logits = (3 * torch.randn(size, generator=generator)).to(getattr(torch, dtype)).requires_grad_()
        if binary:
            return Inputs(logits, (torch.rand(size, generator=generator) < 0.2).to(logits.dtype))
        return Inputs(logits, torch.randint(0, size[1], (size[0], *size[2:]), generator=generator))

    return make


def loss(
    name: str,
    shape: tuple[int, ...],
    ours: peers.Loss,
    theirs: peers.Loss,
    at_least: dict[str, float],
    dtype: str = "float32",
    *,
    binary: bool = False,
) -> Workload:
    half = dtype != "float32"
    others = [
        Contender("torch", peers.eager(theirs), tolerance=0.1 if half else PEERS, needs=TORCH),
        Contender("torch.compile", peers.compiled(theirs), tolerance=0.1 if half else PEERS, needs=TORCH),
    ]
    if binary:
        others.append(Contender("torchvision", peers.eager(peers.sigmoid_torchvision), tolerance=PEERS, needs=TORCH))
    return Workload(
        name,
        inputs_of(shape, dtype, binary=binary),
        peers.in_float64(theirs),
        peers.error,
        (Contender("burnish", peers.eager(ours), "burnish", 1e-2 if half else OURS, TORCH), *others),
        goals(at_least),
    )


def class_weights() -> Workload:
    def expect(labels: Any) -> Any:
        counts = np.bincount(labels)
        return len(labels) / (len(counts) * counts)

    return Workload(
        "class-weights-10M",
        lambda divisor: np.random.default_rng(0).integers(0, 10, 10_000_000 // divisor),
        expect,
        lambda found, expected: float(np.abs(found - expected).max()),
        (
            Contender("burnish", peers.weights_burnish, "burnish", 1e-12, TORCH),
            Contender("scikit-learn", peers.weights_scikit_learn, tolerance=1e-12, needs=("sklearn",)),
            Contender("NumPy bincount", peers.weights_bincount, tolerance=1e-12),
        ),
        goals({"scikit-learn": 200.0}),
    )


WORKLOADS = (
    loss("softmax-65kx1000", (65_536, 1000), peers.softmax_burnish, peers.softmax_torch, {"torch.compile": 5.0}),
    loss("softmax-1Mx10", (1_000_000, 10), peers.softmax_burnish, peers.softmax_torch, {}),
    loss("softmax-65kx1000-bfloat16", (65_536, 1000), peers.softmax_burnish, peers.softmax_torch, {}, "bfloat16"),
    loss("planes-8x21x256x256", (8, 21, 256, 256), peers.planes_burnish, peers.planes_torch, {}),
    loss("cross-entropy-65kx1000", (65_536, 1000), peers.cross_entropy_burnish, peers.cross_entropy_torch, {}),
    loss(
        "binary-1M", (1_000_000,), peers.sigmoid_burnish, peers.sigmoid_torch,
        {"torch": 6.0, "torchvision": 6.0, "torch.compile": 3.0}, binary=True,
    ),
    class_weights(),
)  # fmt: skip
