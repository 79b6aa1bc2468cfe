# SPDX-License-Identifier: Apache-2.0
"""Passes over bytes that need no floats in between: the same bits as NumPy, and as the engine's way by tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import _core

Op = _core.Op
Images = Any
LAYOUTS = {"NHWC": _core.Layout.nhwc, "NCHW": _core.Layout.nchw}
LINES = [1.3, -20, 0.7, 11, 1.0, 3.5]
AS_IT_IS = (Op.permute, [0, 1, 2])  # no table: what follows is done in tiles
CHAINS = {
    "linear": [(Op.linear, [1.1, -10])],
    "linear of each channel": [(Op.linear, LINES)],
    "one channel left": [(Op.linear, [1, 0, 0, 0, 0, 0])],
    "gamma": [(Op.gamma, [0.6])],
    "solarize, posterize": [(Op.solarize, [128]), (Op.posterize, [3, 5, 8])],
    "many": [(Op.gamma, [1.7]), (Op.linear, LINES), (Op.posterize, [4]), (Op.linear, [-1, 255])],
}


def noise(n: int, h: int, w: int, c: int = 3) -> Images:
    return np.random.default_rng(h * w).integers(0, 256, (n, h, w, c), dtype=np.uint8)


def run(images: Images, *steps: tuple[Any, ...], to: str = "NHWC", dtype: Any = np.uint8, room: int = 0) -> Images:
    """Apply (op, parameters) or (op, parameters, options); the result starts `room` values into its memory."""
    n, h, w, c = images.shape
    native = []
    for place, (op, params, *options) in enumerate(steps):
        rows = np.ascontiguousarray(np.broadcast_to(np.array(params, np.float64), (n, len(params))))
        native.append((op, place, options[0] if options else [], rows))
        h, w = (int(params[2]), int(params[3])) if op == Op.crop else (h, w)
    shape = (n, h, w, c) if to == "NHWC" else (n, c, h, w)
    out = np.empty(int(np.prod(shape)) + room, dtype)[room:].reshape(shape)
    order = np.tile(np.arange(len(steps), dtype=np.int32), (n, 1))
    _core.run_pipeline("test", native, order, np.arange(n), 0, 0, True, images, LAYOUTS["NHWC"], out, LAYOUTS[to])
    return out if to == "NHWC" else out.transpose(0, 2, 3, 1)


def looked_up(images: Images, chain: Any) -> Images:
    """Every step by what it makes of each byte in an image too small for tables."""
    every = np.repeat(np.arange(256, dtype=np.uint8), images.shape[-1]).reshape(1, 16, 16, -1)
    for step in chain:
        table = run(every, step).reshape(256, -1)
        images = np.stack([table[images[..., c], c] for c in range(images.shape[-1])], axis=-1)
    return images


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("to", LAYOUTS)
@pytest.mark.parametrize("width", [23, 64, 259])
def test_tables(chain: str, to: str, width: int, isa: str) -> None:
    images = noise(2, 31, width)
    expected = looked_up(images, CHAINS[chain])
    assert (run(images, *CHAINS[chain], to=to) == expected).all()
    assert (run(images, AS_IT_IS, *CHAINS[chain], to=to) == expected).all()
    assert (run(images, (Op.orient, [1]), *CHAINS[chain], to=to) == expected[:, :, ::-1]).all()


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_tables_of_other_channels(channels: int, isa: str) -> None:
    images = noise(2, 30, 71, channels)
    chain = [(Op.gamma, [0.5]), (Op.linear, [0.5 + c / 4 for c in range(2 * channels)])]
    assert (run(images, *chain) == looked_up(images, chain)).all()


@pytest.mark.parametrize("statistic", [(Op.equalize, []), (Op.autocontrast, [2, 3]), (Op.contrast, [1.6])])
def test_what_a_pass_before_finds_out(statistic: Any, isa: str) -> None:
    images = noise(3, 61, 83) // 2 + 40
    cut = (Op.crop, [3, 5, 50, 70], [0, 0, 0, 0])
    for before in ([], [(Op.linear, LINES)]):
        expected = run(images, cut, AS_IT_IS, *before, statistic, AS_IT_IS, (Op.hue, [0.2]))
        assert (run(images, cut, *before, statistic, (Op.hue, [0.2])) == expected).all()
        assert (run(images, cut, *before, statistic, (Op.gamma, [0.8])) == looked_up(
            run(images, cut, AS_IT_IS, *before, statistic, AS_IT_IS), [(Op.gamma, [0.8])])).all()  # fmt: skip


def test_tables_before_tiles(isa: str) -> None:
    images = noise(2, 61, 83)
    chain = [(Op.linear, LINES), (Op.gamma, [0.7]), (Op.linear, [0.9, 2])]
    expected = run(looked_up(images, chain), (Op.saturation, [1.5]))
    assert (run(images, *chain, (Op.saturation, [1.5])) == expected).all()


@pytest.mark.parametrize("to", LAYOUTS)
@pytest.mark.parametrize("fill", [[7], [1, 200, 30]])
def test_erase(to: str, fill: list[int], isa: str) -> None:
    images = noise(2, 37, 90)
    parts = [3, 5, 10, 20, -4, 80, 9, 40, 30, -3, 40, 7, 8, 8, 0, 5]
    expected = images.copy()
    expected[:, 3:13, 5:25] = expected[:, :5, 80:] = expected[:, 30:, :4] = fill
    assert (run(images, (Op.erase, parts, fill), to=to) == expected).all()
    chain = [(Op.gamma, [0.5])]
    both = run(images, *chain, (Op.erase, parts, fill), *chain, to=to)
    covered = looked_up(images, chain)
    covered[:, 3:13, 5:25] = covered[:, :5, 80:] = covered[:, 30:, :4] = fill
    assert (both == looked_up(covered, chain)).all()


@pytest.mark.parametrize("to", LAYOUTS)
@pytest.mark.parametrize("n", [2, 24])  # results of 8 MiB are written past the cache
@pytest.mark.parametrize("size", [(100, 256), (211, 177), (190, 240)])
@pytest.mark.parametrize("room", [0, 1, 4])
def test_floats(to: str, n: int, size: tuple[int, int], room: int, isa: str) -> None:
    images = noise(n, 260, 280)
    factor, shift = np.float32([0.017, 0.0175, 0.0174]), np.float32([-2.1, -2.0, -1.8])
    normalize = (Op.normalize, [], [float(v) for pair in zip(factor, shift, strict=True) for v in pair])
    h, w = size
    inner, outer = (Op.crop, [9, 12, h, w], [0, 0]), (Op.crop, [-3, 60, h, w], [0, 5])
    cut = images[:, 9 : 9 + h, 12 : 12 + w]
    padded = np.pad(images, ((0, 0), (3, 0), (0, 60), (0, 0)), constant_values=5)[:, :h, 60 : 60 + w]

    def check(expected: Images, *steps: Any) -> None:
        assert (run(images, *steps, to=to, dtype=np.float32, room=room) == expected).all()

    check(cut.astype(np.float32), inner)
    check(cut * factor + shift, inner, normalize)
    check((cut * factor + shift)[:, :, ::-1], inner, (Op.orient, [1]), normalize)
    check((cut * factor + shift)[:, ::-1], inner, (Op.orient, [2]), normalize)
    check(padded * factor + shift, outer, normalize)
    check(cut / np.float32(255), inner, (Op.to_float, []))
    check(cut / np.float32(255) * factor + shift, inner, (Op.to_float, []), normalize)
    chain = CHAINS["many"]
    check(looked_up(cut, chain) * factor + shift, inner, *chain, normalize)


@pytest.mark.parametrize("to", LAYOUTS)
def test_halves(to: str, isa: str) -> None:
    images = noise(2, 30, 77)
    for factor in (0.017, 1e-6, 1e-8, 300.0, np.nan):
        with np.errstate(over="ignore", invalid="ignore"):
            expected = (images * np.float32(factor) - np.float32(factor)).astype(np.float16)
        found = run(images, (Op.normalize, [], [float(np.float32(v)) for v in (factor, -factor)] * 3), to=to,
                    dtype=np.float16)  # fmt: skip
        assert (np.abs(found).view(np.uint16) == np.abs(expected).view(np.uint16)).all()
