# SPDX-License-Identifier: Apache-2.0
"""MixUp and CutMix of 64 finished images of 256 x 256, float32, with a lambda and a partner for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import augment_by_hand as hand
import numpy as np
from augment_inputs import Inputs, largest_difference, photographs
from burnish.augment import functional
from contest import Contender, Work, Workload
from report import Goal
from timing import optional

HAND = "OpenCV by hand"


def to_mix(divisor: int) -> Inputs:
    """Return images, and as `other` partners in a circle, lambdas and boxes."""
    n = max(2, 64 // divisor)
    rng = np.random.default_rng(1)
    order = rng.permutation(n)
    partner = np.empty(n, np.int64)
    partner[order] = np.roll(order, -1)
    corners = rng.integers(0, 129, (n, 2))
    boxes = np.concatenate([corners, rng.integers(1, 129, (n, 2))], axis=1)
    images = (photographs(n, 256) / 255.0).astype(np.float32)
    return Inputs(images, 256, other=(partner, rng.random(n), boxes))


def expect(inputs: Inputs, name: str) -> Any:
    partner, lam, boxes = inputs.other
    if name == "mixup":
        own = lam[:, None, None, None]
        return (own * inputs.images + (1 - own) * inputs.images[partner]).astype(np.float32)
    result = inputs.images.copy()
    for image, mate, (top, left, height, width) in zip(result, partner, boxes, strict=True):
        place = slice(top, top + height), slice(left, left + width)
        image[place] = inputs.images[mate][place]
    return result


def burnish(name: str, reuse: bool) -> Callable[[Inputs], Work]:
    def prepare(inputs: Inputs) -> Work:
        partner, lam, boxes = inputs.other
        out = np.zeros_like(inputs.images) if reuse else None
        if name == "mixup":
            return Work(lambda: functional.mixup(inputs.images, partner, lam, out=out))
        return Work(lambda: functional.cutmix(inputs.images, partner, *boxes.T, out=out))

    return prepare


def by_hand(name: str, reuse: bool) -> Callable[[Inputs], Work]:
    cv2 = optional("cv2")

    def prepare(inputs: Inputs) -> Work:
        partner, lam, boxes = inputs.other
        images, kept = inputs.images, np.zeros_like(inputs.images) if reuse else None

        def blend(i: int, to: Any) -> None:
            cv2.addWeighted(images[i], lam[i], images[partner[i]], 1 - lam[i], 0, dst=to)

        def paste(i: int, to: Any) -> None:
            top, left, height, width = boxes[i]
            place = slice(top, top + height), slice(left, left + width)
            np.copyto(to, images[i])
            np.copyto(to[place], images[partner[i]][place])

        one = blend if name == "mixup" else paste

        def call() -> Any:
            result = np.empty_like(images) if kept is None else kept
            hand.over_batch(len(images), lambda i: one(i, result[i]))
            return result

        return Work(call)

    return prepare


def torch_formula(inputs: Inputs) -> Work:
    """As torchvision's MixUp, but with a lambda for each sample, which that has not."""
    torch = optional("torch")
    partner, lam, _ = inputs.other
    batch, mate = torch.from_numpy(inputs.images), torch.from_numpy(partner)
    own = torch.from_numpy(lam.astype(np.float32))[:, None, None, None]
    others = 1 - own
    return Work(lambda: batch[mate].mul_(others).add_(batch.mul(own)).numpy())


def workload(name: str, *others: Contender) -> Workload:
    at_least = 13_000 / (12_918 if name == "mixup" else 8_282)
    return Workload(
        name,
        to_mix,
        lambda inputs: expect(inputs, name),
        largest_difference,
        (
            Contender("burnish", burnish(name, False), "burnish", 1e-6),
            Contender("burnish, out=", burnish(name, True), "burnish", 1e-6),
            Contender(HAND, by_hand(name, False), tolerance=1e-6, needs=("cv2",)),
            Contender(f"{HAND}, out=", by_hand(name, True), tolerance=1e-6, needs=("cv2",)),
            *others,
        ),
        (
            Goal(HAND, "burnish", at_least=at_least),
            Goal(f"{HAND}, out=", "burnish, out=", at_least=at_least),
        ),
    )


MIXING = (
    workload("mixup", Contender("torch, torchvision's formula", torch_formula, tolerance=1e-6, needs=("torch",))),
    workload("cutmix"),
)
