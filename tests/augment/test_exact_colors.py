# SPDX-License-Identifier: Apache-2.0
"""Steps of color bit by bit: each is what plain float32 NumPy makes of it, whatever is left out or done on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812
from test_bytes import LAYOUTS, Op, noise, run

Images = Any
ONE = np.float32(1)
# Around those that nothing is clamped for, and far from them.
FACTORS = [0.0, 0.3, 0.999, 1.0000001, 1.0009, 1.00099, 1.0011, 1.7, 300.0, -0.5]
SHIFTS = [0.0, 0.2, 0.249, 0.251, 0.6, 20.0, -0.2, -0.6, -30.0]
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


def settled(values: Images) -> Images:
    return np.rint(np.clip(values, np.float32(0), np.float32(255))).astype(np.uint8)


def luma(images: Images) -> Images:
    red, green, blue = np.moveaxis(images.astype(np.int64), -1, 0)
    return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16


def saturated(images: Images, factor: float) -> Images:
    factor32 = np.float32(factor)
    rest = luma(images).astype(np.float32) * (ONE - factor32)
    return settled(images.astype(np.float32) * factor32 + rest[..., None])


def contrasted(images: Images, factor: float) -> Images:
    means = luma(images).mean(axis=(1, 2), dtype=np.float64)
    shift = (means * (1 - factor)).astype(np.float32)
    return settled(images.astype(np.float32) * np.float32(factor) + shift[:, None, None, None])


def run_to_floats(images: Images, *steps: Any) -> Images:
    """As they are after the steps: what is stored as bytes is clamped once more."""
    return run(images, *steps, (Op.normalize, [], [1, 0] * 3), dtype=np.float32)


def every_byte() -> Images:
    return np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 16, 16, 3)


def many_colors() -> Images:
    """All colors of 18 levels a channel, the ends and their neighbors among them, as two images."""
    levels = np.array([0, 1, 2, 3, 20, 60, 61, 100, 126, 127, 128, 129, 170, 200, 252, 253, 254, 255], np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(2, 54, 54, 3)
    return np.ascontiguousarray(colors)


@pytest.mark.parametrize("factor", FACTORS)
def test_lines(factor: float, isa: str) -> None:
    for shift in SHIFTS:
        expected = settled(every_byte().astype(np.float32) * np.float32(factor) + np.float32(shift))
        assert (run_to_floats(every_byte(), (Op.linear, [factor, shift])) == expected).all(), shift


@pytest.mark.parametrize("factor", FACTORS)
def test_contrast_and_saturation(factor: float, isa: str) -> None:
    colors = many_colors()
    assert (run_to_floats(colors, (Op.saturation, [factor])) == saturated(colors, factor)).all()
    assert (run_to_floats(colors, (Op.contrast, [factor])) == contrasted(colors, factor)).all()
    both = contrasted(saturated(colors, factor), 1.3)
    assert (run(colors, (Op.saturation, [factor]), (Op.contrast, [1.3])) == both).all()


def test_luma(isa: str) -> None:
    colors = many_colors()
    assert (run(colors, (Op.gray, [])) == luma(colors)[..., None]).all()


NOTHING = {
    "linear": (Op.linear, [1, 0]),
    "linear of each channel": (Op.linear, [1, 0, 1, 0, 1, 0]),
    "linear_by_mean": (Op.linear_by_mean, [1, 0]),
    "contrast": (Op.contrast, [1]),
    "saturation": (Op.saturation, [1]),
    "hue": (Op.hue, [0]),
    "a whole turn of hue": (Op.hue, [-1]),
}
# As little as changes no byte, and is done nevertheless.
LITTLE = {
    "linear": (Op.linear, [1 + 1e-12, 0]),
    "contrast": (Op.contrast, [1 + 1e-12]),
    "saturation": (Op.saturation, [1 - 1e-12]),
    "hue": (Op.hue, [1e-12]),
}


@pytest.mark.parametrize("step", NOTHING.values(), ids=NOTHING)
def test_what_changes_no_byte(step: Any, isa: str) -> None:
    colors = many_colors()
    assert (run(colors, step) == colors).all()
    for little in LITTLE.values():
        assert (run(colors, little) == colors).all()
    after = run(colors, (Op.saturation, [1.7]), step, (Op.linear, [0.9, 3]))
    assert (after == run(colors, (Op.saturation, [1.7]), (Op.linear, [0.9, 3]))).all()


def test_what_changes_no_byte_is_not_done() -> None:
    pipe = augment.Compose([augment.ColorJitter(0, 0, 0, 0, p=1), augment.Normalize()])
    stages, count = pipe.explain(size=(40, 60)).kinds[0]
    assert count == 100
    assert [stage.changes for stage in stages] == [("normalize",)]
    stages, _ = pipe.explain(size=(40, 60), dtype="float32").kinds[0]
    assert {change for stage in stages for change in stage.changes} > {"linear", "contrast", "saturation", "hue"}


def test_fractions_beyond_the_range_are_clamped_by_any_factor() -> None:
    images = np.float32([-0.5, 0.25, 1.5] * 27).reshape(1, 9, 3, 3)
    for function in (F.adjust_brightness, F.adjust_contrast):
        found = function(images, 1.0)
        assert (found == np.clip(found, 0, 1)).all(), function


@pytest.mark.parametrize("to", LAYOUTS)
@pytest.mark.parametrize("n", [2, 24])  # results of 8 MiB are written past the cache
@pytest.mark.parametrize("size", [(100, 256), (190, 177), (3, 5)])
@pytest.mark.parametrize("room", [0, 1, 4])
def test_scaled_on_the_way_out(to: str, n: int, size: tuple[int, int], room: int, isa: str) -> None:
    """Factor and shift of Normalize, after a step that is done in tiles."""
    images = noise(n, *size)
    normalize = (Op.normalize, [], [float(v) for pair in zip(ONE / STD, -MEAN, strict=True) for v in pair])
    expected = saturated(images, 1.3) * (ONE / STD) - MEAN
    found = run(images, (Op.saturation, [1.3]), normalize, to=to, dtype=np.float32, room=room)
    assert (found == expected).all()


@pytest.mark.parametrize("op", [(Op.gauss_noise, [2, 9, 0]), (Op.multiplicative_noise, [0.5, 1.5, 0])])
def test_draws_lie_where_they_lie_in_rows_of_any_length(op: Any, isa: str) -> None:
    """Tiles of whole groups of draws take them as they are made, others from memory."""
    images = noise(2, 64, 96)
    expected = run(images, op).reshape(2, -1, 3)
    for rows in (16, 1, 48, 128, 6144):
        found = run(images.reshape(2, rows, -1, 3), op).reshape(2, -1, 3)
        assert (found == expected).all(), rows
    shared = (op[0], [*op[1][:2], 1])
    change = run(np.full((1, 16, 384, 3), 128, np.uint8), shared)
    assert (change == change[..., :1]).all()
    assert len(np.unique(change)) > 5
