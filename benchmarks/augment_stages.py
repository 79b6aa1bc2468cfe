# SPDX-License-Identifier: Apache-2.0
"""Where the time of a pipeline goes: the same batch through the steps of workload S1, one more at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import timing
from augment_inputs import SIGMAS, photographs
from burnish import augment
from report import markdown

SIDE, SOURCE = 256, 320


def report(divisor: int, budget: float) -> str:
    """Time each step of workload S alone, taken by every image, and what the pipeline costs beside its pixels."""
    images = photographs(max(2, 64 // divisor), SOURCE)
    n, values = len(images), 3 * SIDE * SIDE
    store = [augment.Normalize()]
    crop, flip = augment.RandomCrop(SIDE, SIDE), augment.HorizontalFlip(p=1)
    warp = augment.Rotate(30, p=1)
    # Bytes that must move between memory, or the outer caches, and the processor: source, copies in between, result.
    source, result = values, 4 * values
    steps: dict[str, tuple[list[Any], int]] = {
        "crop, normalize, store": ([crop, *store], source + result),
        "... and flip": ([crop, flip, *store], source + result),
        "... and warp": ([crop, flip, warp, *store], source + result),
        "... and one line a value": ([crop, augment.RandomBrightnessContrast(0.2, 0.2, p=1), *store], source + result),
        "... and all of jitter": (
            [crop, augment.ColorJitter(0.2, 0.2, 0.2, 0.2, p=1), *store], source + 2 * values + result
        ),
        "... and noise": (
            [crop, augment.GaussNoise(std_range=(SIGMAS[0] / 255, SIGMAS[1] / 255), p=1), *store], source + result
        ),
        "... and blur 7": ([crop, augment.GaussianBlur((7, 7), 0, p=1), *store], source + 2 * values + result),
    }  # fmt: skip
    ids = np.arange(n)
    pipes = {name: augment.Compose(transforms) for name, (transforms, _) in steps.items()}
    out = np.zeros((n, 3, SIDE, SIDE), np.float32)
    plans = {name: pipe.plan(ids, sizes=(SOURCE, SOURCE)) for name, pipe in pipes.items()}
    calls: dict[str, timing.Call] = {
        name: (lambda pipe=pipe, plan=plans[name]: pipe.apply(images, plan, out=out, out_layout="NCHW"))
        for name, pipe in pipes.items()
    }
    calls["the plan of S"] = lambda: _whole().plan(ids, sizes=(SOURCE, SOURCE))
    seconds = timing.measure(calls, budget=budget, clock=timing.cpu_clock)
    first = timing.median(seconds["crop, normalize, store"])
    rows = []
    for name, times in seconds.items():
        median = timing.median(times)
        moved = steps[name][1] if name in steps else 0
        rows.append(
            [
                name,
                f"{1e6 * median / n:.1f}",
                f"{1e6 * (median - first) / n:.1f}" if name.startswith("...") else "-",
                f"{moved / 1e3:.0f}" if moved else "-",
                f"{moved * n / median / 1e9:.1f}" if moved else "-",
            ]
        )
    return markdown(["stage, of S with every step taken", "us an image", "more than storing", "kB moved", "GB/s"], rows)


def _whole() -> augment.Compose:
    from augment_inputs import Inputs
    from augment_peers import burnish_pipeline

    return burnish_pipeline("S", Inputs(None, SIDE, 1.0, 1.0))
