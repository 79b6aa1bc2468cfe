# SPDX-License-Identifier: Apache-2.0
"""Images mixed in pairs, and their labels, by torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from oracles import Pair, drawn, row

ROUNDED = "torch rounds products to float32, as we do, but no bytes"


def blended(images: np.ndarray, partner: Any, lam: Any) -> np.ndarray:
    """Return what torchvision's MixUp makes, with a lambda and a partner for each sample: floats, not rounded."""
    import torch

    batch, parts = torch.from_numpy(images), torch.from_numpy(np.asarray(lam))[:, None, None, None]
    parts, batch = (parts, batch) if images.dtype == np.uint8 else (parts.to(torch.float32), batch)
    others = 1.0 - torch.from_numpy(np.asarray(lam))[:, None, None, None]
    made = batch[torch.from_numpy(np.asarray(partner))].mul(others.to(parts.dtype)).add_(batch.mul(parts))
    result: np.ndarray = made.numpy()
    return result


def pasted(images: np.ndarray, partner: Any, boxes: Any) -> np.ndarray:
    """Return what torchvision's CutMix makes, with a box and a partner for each sample."""
    import torch

    batch = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    rolled = batch[torch.from_numpy(np.asarray(partner))]
    for result, other, (top, left, height, width) in zip(batch, rolled, np.asarray(boxes).tolist(), strict=True):
        result[..., top : top + height, left : left + width] = other[..., top : top + height, left : left + width]
    made: np.ndarray = batch.numpy().transpose(0, 2, 3, 1)
    return made


@row("functional.mixup", "torch, torchvision's formula", ROUNDED, levels=1e-4, needs="torch")
def mixup(images: np.ndarray, ids: np.ndarray) -> Pair:
    lam, partner = np.array([0.3, 1.0, 0.77]), np.array([1, 2, 0])
    return F.mixup(images, partner, lam), blended(images, partner, lam)


@row("MixUp", "torch, torchvision's formula", ROUNDED, levels=1e-4, needs="torch")
def random_mixup(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.MixUp(), images, ids)
    return result, blended(images, entry["partner"], entry["lam"])


@row("functional.cutmix", "torch", needs="torch")
def cutmix(images: np.ndarray, ids: np.ndarray) -> Pair:
    height, width = images.shape[1:3]
    boxes = np.array([[0, 0, height, width // 2], [height // 3, width // 4, height // 2, width // 2], [0, 0, 1, 1]])
    return F.cutmix(images, [2, 0, 1], *boxes.T), pasted(images, [2, 0, 1], boxes)


@row("CutMix", "torch", needs="torch")
def random_cutmix(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, entry = drawn(augment.CutMix(), images, ids)
    return result, pasted(images, entry["partner"], entry["box"])


@row("functional.soft_labels", "torch, torchvision's formula", "computed in float64, then rounded", floats=1e-7,
     dtypes=("float32",), channels=(1,), needs="torch")  # fmt: skip
def soft_labels(images: np.ndarray, ids: np.ndarray) -> Pair:
    import torch

    lam, partner = np.array([0.3, 1.0, 0.77]), [1, 2, 0]
    once = torch.nn.functional.one_hot(torch.from_numpy(ids) % 7, 7).float()
    parts = torch.from_numpy(lam).float()[:, None]
    return F.soft_labels(ids % 7, 7, partner, lam), once[partner].mul(1 - parts).add(once.mul(parts)).numpy()
