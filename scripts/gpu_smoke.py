# SPDX-License-Identifier: Apache-2.0
"""Run every kernel once on small data and compare with the CPU: the program that compute-sanitizer watches."""

from __future__ import annotations

import numpy as np
import torch
from burnish import hardness

LABEL_FREE = ("entropy", "margin", "least_confidence", "energy", "perplexity", "predictions")
WITH_LABELS = (*LABEL_FREE, "cross_entropy", "el2n", "logit_margin", "rank_of_label", "correct")


def compare(
    logits: torch.Tensor | None, labels: torch.Tensor | None, which: tuple[str, ...], **options: object
) -> None:
    """Score on both devices and demand the same bits."""
    on_cpu = hardness.scores(logits, labels, which, **options)
    moved = {name: value.cuda() if isinstance(value, torch.Tensor) else value for name, value in options.items()}
    on_gpu = hardness.scores(
        None if logits is None else logits.cuda(), None if labels is None else labels.cuda(), which, **moved
    )
    for name, expected in on_cpu.items():
        np.testing.assert_array_equal(on_gpu[name].cpu().numpy(), expected.numpy(), err_msg=name)


def main() -> None:
    """Cover the three kernels, all dtypes, kinds of input and levels of statistics."""
    generator = torch.Generator().manual_seed(0)
    for classes in (2, 10, 32, 33, 100, 1000, 1025, 4097, 9000):
        rows = 300 if classes <= 1025 else 3
        logits = torch.randn(rows, classes, generator=generator) * 4
        logits[0, 0] = float("nan")
        labels = torch.randint(classes, (rows,), generator=generator)
        for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
            compare(logits.to(dtype), labels, WITH_LABELS)
            compare(logits.to(dtype), None, ("entropy",), temperature=1.5)
        compare(logits.T.contiguous().T, labels, WITH_LABELS)
        compare(logits, None, ("entropy",), activation="sigmoid")
        compare(None, labels, tuple(name for name in WITH_LABELS if name != "energy"), probs=logits.softmax(1))
    torch.cuda.synchronize()
    print("same bits on both devices")


if __name__ == "__main__":
    main()
