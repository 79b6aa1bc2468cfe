# SPDX-License-Identifier: Apache-2.0
"""Losses and gradients are the same bits at every level, with any number of threads, in any split of the batch."""

from __future__ import annotations

from functools import cache
from typing import Any

import burnish
import pytest
import torch
from burnish.losses import focal_loss

CASES: dict[str, Any] = {
    "3 classes": ((20_011, 3), {}),
    "10 classes, planes": ((7, 10, 41, 53), {}),
    "33 classes": ((4_003, 33), {}),
    "1000 classes": ((301, 1000), {}),
    "100 classes, planes": ((2, 100, 37, 11), {"label_smoothing": 0.1}),
    "soft": ((4_003, 12), {"soft": True, "gamma": 0.7}),
    "soft, 50 classes": ((703, 50), {"soft": True, "gamma": 1.0}),
    "sigmoid": ((60_007,), {"gamma": 1.3}),
}
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]


def inputs(name: str, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, dict[str, Any]]:
    shape, options = CASES[name]
    options = dict(options)
    x = (4 * torch.randn(shape, generator=torch.Generator().manual_seed(0))).to(dtype)
    if name == "sigmoid":
        return x, (x.float().cos() > 0).float(), options
    if options.pop("soft", False):
        return x, x.float().cos().abs(), {**options, "activation": "softmax"}
    targets = torch.arange(x[:, 0].numel()).view(x[:, 0].shape) % shape[1]
    return x, torch.where(targets == 1, -100, targets), options


def run(name: str, dtype: torch.dtype, reduction: str) -> tuple[torch.Tensor, torch.Tensor]:
    x, targets, options = inputs(name, dtype)
    x.requires_grad_()
    loss = focal_loss(x, targets, reduction=reduction, **options)
    (1.7 * loss).sum().backward()
    return loss.detach(), x.grad


@cache
def at_first(name: str, dtype: torch.dtype, reduction: str) -> tuple[torch.Tensor, torch.Tensor]:
    return run(name, dtype, reduction)


@pytest.mark.parametrize("name", CASES)
def test_levels_and_threads(name: str, isa: str, threads: int) -> None:
    for dtype in DTYPES:
        for reduction in ("mean", "none"):
            for found, expected in zip(run(name, dtype, reduction), at_first(name, dtype, reduction), strict=True):
                assert torch.equal(found, expected), (dtype, reduction)


@pytest.mark.parametrize("name", [name for name in CASES if "planes" not in name])
def test_batch_splits(name: str) -> None:
    x, targets, options = inputs(name, torch.float32)
    whole = focal_loss(x, targets, reduction="none", **options)
    for size in (1, 7, 1000):
        last = min(len(x), 20 * size)
        parts = [
            focal_loss(x[i : i + size], targets[i : i + size], reduction="none", **options)
            for i in range(0, last, size)
        ]
        assert torch.equal(torch.cat(parts)[:last], whole[:last])


def test_other_threads_of_python() -> None:
    """Calls from several threads at once do not share a gradient's memory."""
    from concurrent.futures import ThreadPoolExecutor

    def work(seed: int) -> torch.Tensor:
        x = torch.randn(2048, 1024, generator=torch.Generator().manual_seed(seed)).requires_grad_()
        focal_loss(x, torch.arange(2048) % 1000).backward()
        return x.grad

    expected = [work(seed).clone() for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for found, right in zip(pool.map(work, range(4)), expected, strict=True):
                assert torch.equal(found, right)
    assert burnish.get_num_threads() >= 1
