# SPDX-License-Identifier: Apache-2.0
"""Images of one tile, and rows of a part of a line of the cache: what is done to them at once has the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import _core, augment
from burnish.augment import functional as F  # noqa: N812
from test_bytes import noise, run

Op = _core.Op
STEPS = [
    (Op.linear, [1.2, -9]), (Op.contrast, [1.4]), (Op.saturation, [1.3]), (Op.hue, [0.1]), (Op.contrast, [0.6]),
    (Op.linear_by_mean, [0.9, 0.2]), (Op.equalize, []), (Op.autocontrast, [1, 2]), (Op.gamma, [0.8]),
    (Op.erase, [3, 2, 9, 11], [40, 50, 60]),
]  # fmt: skip


@pytest.mark.parametrize("size", [(32, 32), (1, 9), (31, 33), (33, 32)])  # the last is more than a tile
@pytest.mark.parametrize("seed", range(8))
def test_as_step_by_step(size: tuple[int, int], seed: int, isa: str) -> None:
    h, w = size
    images = noise(3, h + 2, w + 1)
    crop, flip = (Op.crop, [-3, 2, h, w], [seed % 5, 17]), (Op.orient, [seed % 4])
    turn = (Op.warp, [0.96, 0.25, -2, -0.25, 0.96, 3, 0, 0, 1, h, w], [1, 0, 30])
    order = np.random.default_rng(seed).permutation(len(STEPS))
    steps: list[Any] = [crop, flip, *([turn] if seed % 2 else []), *(STEPS[i] for i in order)]
    expected = images
    for step in steps:
        expected = run(expected, step)
    assert (run(images, *steps) == expected).all()
    assert (run(images, *steps, to="NCHW") == expected).all()
    scale = (Op.normalize, [], [0.25, -1, 0.5, 2, 0.125, 3])
    scaled = expected * np.float32([0.25, 0.5, 0.125]) + np.float32([-1, 2, 3])
    for to in ("NHWC", "NCHW"):
        assert (run(images, *steps, scale, to=to, dtype=np.float32) == scaled).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("width", [1, 2, 15, 16, 17, 63, 64, 65, 131])
def test_rows_of_planes(dtype: Any, width: int, isa: str) -> None:
    images = np.random.default_rng(width).integers(0, 2, (2, 3, 5, width)).astype(dtype)
    if dtype is np.uint8:
        images = noise(2, 3 * 5, width, 1).reshape(images.shape)
    assert (F.horizontal_flip(images, layout="NCHW") == images[..., ::-1]).all()
    assert (F.crop(images, 1, 0, 3, width, layout="NCHW") == images[:, :, 1:4]).all()


# Of 8 MiB or more, results go past the cache.
@pytest.mark.parametrize("size", [(44, 52), (44, 16), (44, 13), (32, 32)])
@pytest.mark.parametrize("room", [0, 1, 4, 13])
def test_rows_that_share_lines(size: tuple[int, int], room: int, isa: str) -> None:
    h, w = size
    n = (8 << 20) // (12 * h * w) + 1
    images = noise(n, h, w)
    pipe = augment.Compose([augment.HorizontalFlip(), augment.RandomErasing(fill=9), augment.Normalize()])
    plan = pipe.plan(np.arange(n), sizes=size)
    plain = augment.Compose([augment.HorizontalFlip(), augment.RandomErasing(fill=9)])
    covered = plain.apply(images, plain.plan(np.arange(n), sizes=size))
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    factor, shift = (1 / (std * 255)).astype(np.float32), (-mean / std).astype(np.float32)
    expected = (covered * factor + shift).transpose(0, 3, 1, 2)
    memory = np.full(expected.size + 64, 7, np.float32)
    first = -(memory.ctypes.data // 4) % 16 + room
    out = memory[first : first + expected.size].reshape(expected.shape)
    pipe.apply(images, plan, out=out, out_layout="NCHW")
    assert (out == expected).all()
    assert (memory[:first] == 7).all()
    assert (memory[first + expected.size :] == 7).all()
