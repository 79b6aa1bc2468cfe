# SPDX-License-Identifier: Apache-2.0
"""Images and labels mixed in pairs, by NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from oracles import Pair, row
from oracles_values import FLOAT32


def _mixed(transform: Any, images: np.ndarray, ids: np.ndarray) -> tuple[Any, Any, Any]:
    pipe = augment.Compose([transform], seed=2)
    plan = pipe.plan(ids, 1, sizes=images.shape[1:3], channels=images.shape[3])
    result, labels = pipe.apply(images, plan, labels=ids % 5)
    assert sorted(plan.entries[0]["partner"]) == list(range(len(ids)))
    return result, labels, plan.entries[0]


def _blended(values: np.ndarray, entry: Any, lam: Any) -> np.ndarray:
    own = np.reshape(lam, (-1, *[1] * (values.ndim - 1)))
    return values * own + values[entry["partner"]].astype(np.float64) * (1 - own)


@row("MixUp", "NumPy", FLOAT32, levels=1e-4, floats=1e-6)
def mixup(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, _, entry = _mixed(augment.MixUp(0.4), images, ids)
    return result, _blended(images, entry, entry["lam"])


@row("MixUp", "NumPy, labels", FLOAT32, floats=1e-6, channels=(1,))
def mixup_of_labels(images: np.ndarray, ids: np.ndarray) -> Pair:
    _, labels, entry = _mixed(augment.MixUp(0.4, num_classes=5), images, ids)
    return labels, _blended(np.eye(5)[ids % 5], entry, entry["lam"])


def _boxed(images: np.ndarray, partner: Any, box: Any) -> np.ndarray:
    expected = images.copy()
    for i, (top, left, height, width) in enumerate(box):
        inside = np.s_[top : top + height, left : left + width]
        expected[i][inside] = images[partner[i]][inside]
    return expected


@row("CutMix", "NumPy")
def cutmix(images: np.ndarray, ids: np.ndarray) -> Pair:
    result, _, entry = _mixed(augment.CutMix(), images, ids)
    return result, _boxed(images, entry["partner"], entry["box"])


@row("CutMix", "NumPy, labels", FLOAT32, floats=1e-6, channels=(1,))
def cutmix_of_labels(images: np.ndarray, ids: np.ndarray) -> Pair:
    _, labels, entry = _mixed(augment.CutMix(num_classes=5), images, ids)
    covered = entry["box"][:, 2] * entry["box"][:, 3] / np.prod(images.shape[1:3])
    return labels, _blended(np.eye(5)[ids % 5], entry, 1 - covered)


@row("functional.mixup", "NumPy", FLOAT32, levels=1e-4, floats=1e-6)
def functional_mixup(images: np.ndarray, ids: np.ndarray) -> Pair:
    partner, lam = np.roll(np.arange(len(images)), 1), ids % 7 / 6
    return F.mixup(images, partner, lam), _blended(images, {"partner": partner}, lam)


@row("functional.cutmix", "NumPy")
def functional_cutmix(images: np.ndarray, ids: np.ndarray) -> Pair:
    height, width = images.shape[1:3]
    box = np.stack([ids % height, ids % width, height - ids % height, (width - ids % width + 1) // 2], axis=1)
    partner = np.roll(np.arange(len(images)), 1)
    return F.cutmix(images, partner, *box.T), _boxed(images, partner, box)


@row("functional.soft_labels", "NumPy", FLOAT32, floats=1e-6, channels=(1,), dtypes=("float32",))
def soft_labels(images: np.ndarray, ids: np.ndarray) -> Pair:
    partner, lam = np.roll(np.arange(len(images)), 1), ids % 7 / 6
    return F.soft_labels(ids % 4, 4, partner, lam), _blended(np.eye(4)[ids % 4], {"partner": partner}, lam)
