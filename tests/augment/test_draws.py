# SPDX-License-Identifier: Apache-2.0
"""What plans hold: chances, ranges, distributions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import _numbers
from burnish.augment._transform import Transform
from every_transform import EVERY

N = 20000
IDS = np.arange(N)


def is_uniform(values: np.ndarray, low: float, high: float) -> bool:
    """Kolmogorov's test, at about 1 in 10,000."""
    places = np.sort((values - low) / (high - low))
    distance = np.abs(places - (np.arange(N) + 0.5) / N).max()
    return bool(places[0] >= 0 and places[-1] <= 1 and distance < 2.2 / np.sqrt(N))


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_chance(p: float) -> None:
    part = augment.HorizontalFlip(p=p).plan(IDS)["HorizontalFlip"].applies.mean()
    assert abs(part - p) < 0.015
    assert p not in (0, 1) or part == p


def test_ranges() -> None:
    cases: list[tuple[Any, dict[str, tuple[float, float]]]] = [
        (augment.Rotate(30), {"angle": (-30, 30)}),
        (augment.Rotate((5, 10)), {"angle": (5, 10)}),
        (augment.Affine(scale=(0.5, 2)), {"scale_x": (0.5, 2), "scale_y": (0.5, 2)}),
        (augment.Affine(shear={"x": (1, 3)}, rotate=(1, 2)), {"shear_x": (1, 3), "angle": (1, 2)}),
        (augment.ShiftScaleRotate(), {"translate_x": (-0.0625, 0.0625), "scale_y": (0.9, 1.1), "angle": (-45, 45)}),
        (augment.ColorJitter(0.2, (0.5, 3)), {"brightness": (0.8, 1.2), "contrast": (0.5, 3), "hue": (-0.5, 0.5)}),
        (augment.RandomBrightnessContrast(), {"brightness": (-0.2, 0.2), "contrast": (-0.2, 0.2)}),
        (augment.GaussNoise(), {"std": (0.2, 0.44)}),
        (augment.GaussianBlur(), {"sigma": (0.5, 3)}),
        (augment.HueSaturationValue(), {"hue": (-20, 20), "saturation": (-30, 30), "value": (-20, 20)}),
        (augment.HueSaturationValue(5, (1, 2)), {"hue": (-5, 5), "saturation": (1, 2)}),
        (augment.RandomGamma(), {"gamma": (0.8, 1.2)}),
        (augment.RandomGamma(300), {"gamma": (0.01, 3)}),
        (augment.Solarize((0.2, 0.9)), {"threshold": (0.2, 0.9)}),
        (augment.MotionBlur((7, 7)), {"angle": (0, 360), "direction": (-1, 1), "shift_x": (-1.5, 1.5),
                                      "shift_y": (-1.5, 1.5)}),
        (augment.Sharpen(), {"alpha": (0.2, 0.5), "lightness": (0.5, 1)}),
        (augment.UnsharpMask((1, 3)), {"radius": (1, 3)}),
        (augment.SaltAndPepper(), {"amount": (0.01, 0.06), "salt": (0.4, 0.6)}),
    ]  # fmt: skip
    for transform, ranges in cases:
        entry = transform.plan(IDS)[0]
        for name, (low, high) in ranges.items():
            assert is_uniform(entry[name], low, high), (transform, name)


def test_noise_variance() -> None:
    std = augment.GaussNoise(var_limit=(10, 50)).plan(IDS)[0]["std"]
    assert is_uniform((std * 255) ** 2, 10 - 1e-9, 50 + 1e-9)


def test_whole_numbers() -> None:
    entry = augment.RandomCrop(20, 30).plan(IDS, sizes=(22, 33))[0]
    assert np.abs(np.bincount(entry["top"]) / N - 1 / 3).max() < 0.02
    assert np.abs(np.bincount(entry["left"]) / N - 1 / 4).max() < 0.02
    assert np.abs(np.bincount(augment.RandomRotate90().plan(IDS)[0]["quarters"]) / N - 1 / 4).max() < 0.02
    sizes = augment.GaussianBlur((3, 7)).plan(IDS)[0]["size"]
    assert set(sizes) == {3, 5, 7}
    assert np.abs(np.bincount(sizes)[3::2] / N - 1 / 3).max() < 0.02


def test_whole_numbers_of_colors_and_filters() -> None:
    entry = augment.UnsharpMask(percent=(100, 104), threshold=(0, 3)).plan(IDS)[0]
    assert np.abs(np.bincount(entry["percent"])[100:] / N - 1 / 5).max() < 0.02
    assert np.abs(np.bincount(entry["threshold"]) / N - 1 / 4).max() < 0.02
    for transform, sizes in {augment.Blur(): (3, 5, 7), augment.Blur((4, 11)): (5, 7, 9, 11)}.items():
        counts = np.bincount(transform.plan(IDS)[0]["size"])
        assert counts.nonzero()[0].tolist() == list(sizes)
        assert np.abs(counts[list(sizes)] / N - 1 / len(sizes)).max() < 0.02
    bits = augment.Posterize(((1, 3), 5, (2, 2))).plan(IDS)[0]["bits"]
    assert np.abs(np.bincount(bits[:, 0])[1:] / N - 1 / 3).max() < 0.02
    assert (bits[:, 1:] == [5, 2]).all()
    factor = augment.MultiplicativeNoise((0.5, 2), per_channel=True).plan(IDS)[0]["factor"]
    assert all(is_uniform(factor[:, channel], 0.5, 2) for channel in range(3))
    assert np.abs(np.corrcoef(factor.T) - np.eye(3)).max() < 0.03
    assert (augment.MotionBlur(allow_shifted=False).plan(IDS)[0]["shift_x"] == 0).all()


def test_channel_orders() -> None:
    for channels, orders in ((1, 1), (3, 6), (4, 24)):
        order = augment.ChannelShuffle().plan(IDS, channels=channels)[0]["order"]
        assert (np.sort(order, axis=1) == np.arange(channels)).all()
        counts = np.unique(order @ 4 ** np.arange(channels), return_counts=True)[1]
        assert len(counts) == orders
        assert np.abs(counts / N - 1 / orders).max() < 0.013


def test_every_chance() -> None:
    """`p` of every transform that has one."""
    for name, example in EVERY.items():
        arguments = {**example.to_dict(), "p": 0.3}
        if name in ("ToFloat", "FromFloat") or "transforms" in arguments or not isinstance(example, Transform):
            continue
        applies = augment.from_dict(arguments).plan(IDS, sizes=(40, 60))[0].applies
        assert abs(applies.mean() - 0.3) < 0.013, name  # 4 standard deviations


def test_orders() -> None:
    order = augment.ColorJitter().plan(IDS)[0]["order"]
    codes, counts = np.unique(order @ [64, 16, 4, 1], return_counts=True)
    assert len(codes) == 24
    assert np.abs(counts / N - 1 / 24).max() < 0.01


def test_one_of() -> None:
    pipe = augment.OneOf([augment.HorizontalFlip(p=0.2), augment.VerticalFlip(p=0.6)], p=0.5)
    plan = pipe.plan(IDS)
    first, second = plan["HorizontalFlip"].applies, plan["VerticalFlip"].applies
    assert not (first & second).any()
    assert abs(first.mean() - 0.125) < 0.01
    assert abs(second.mean() - 0.375) < 0.015


def test_some_of() -> None:
    pipe = augment.SomeOf([augment.HorizontalFlip(p=1), augment.VerticalFlip(p=1), augment.Transpose(p=0.5)], n=2)
    first, second, third = (entry.applies for entry in pipe.plan(IDS))
    assert (first.astype(int) + second >= 1).all()
    assert abs(first.mean() - 2 / 3) < 0.015
    assert abs(third.mean() - 1 / 3) < 0.015


def test_places_are_numbered_depth_first() -> None:
    inner = augment.Sequential([augment.VerticalFlip(), augment.Rotate()])
    pipe = augment.Compose([augment.HorizontalFlip(), inner, augment.HorizontalFlip()])
    plan = pipe.plan(IDS)
    assert [entry.place for entry in plan] == [1, 3, 4, 5]
    assert np.corrcoef(plan[1].applies, plan[5].applies)[0, 1] < 0.03


def test_holes() -> None:
    holes = augment.CoarseDropout((1, 3)).plan(IDS, sizes=(100, 200))[0]["holes"]
    there = holes[:, :, 2] > 0
    assert np.abs(np.bincount(there.sum(axis=1)) / N - [0, 1 / 3, 1 / 3, 1 / 3]).max() < 0.02
    assert holes[there][:, 2].min() == 10
    assert holes[there][:, 2].max() == 19
    assert (holes[..., :2] + holes[..., 2:] <= [100, 200]).all()
    pixels = augment.CoarseDropout((1, 1), (3, 8), (5, 5)).plan(IDS, sizes=(100, 200))[0]["holes"]
    assert set(pixels[:, 0, 2]) == {3, 4, 5, 6, 7, 8}
    assert set(pixels[:, 0, 3]) == {5}


def test_erased_parts() -> None:
    holes = augment.RandomErasing().plan(IDS, sizes=(1000, 1000))[0]["holes"][:, 0].astype(float)
    area, ratio = holes[:, 2] * holes[:, 3] / 1e6, holes[:, 2] / holes[:, 3]
    assert (holes[:, 2] > 0).all()
    assert area.min() > 0.0199
    assert area.max() < 0.3305
    assert ratio.min() > 0.299
    assert ratio.max() < 3.32
    small = area < 0.05  # large ones of an extreme ratio are drawn again
    assert abs(np.log(ratio[small]).mean() - np.log(0.3 * 3.3) / 2) < 0.05


def test_sine_and_cosine() -> None:
    angles = np.concatenate([np.linspace(-720, 720, 100001), np.arange(-720.0, 721, 15)])
    sine, cosine = _numbers.sine_and_cosine(angles)
    radians = np.deg2rad(np.fmod(angles, 360).astype(np.longdouble))
    assert np.abs(sine - np.sin(radians)).max() < 1e-15
    assert np.abs(cosine - np.cos(radians)).max() < 1e-15
    assert _numbers.sine_and_cosine([0, 90, 180, 270, -90])[0].tolist() == [0, 1, 0, -1, -1]
    assert _numbers.sine_and_cosine([0, 90, 180, 270, -90])[1].tolist() == [1, 0, -1, 0, 0]


def test_exponential_and_logarithm() -> None:
    x = np.concatenate([np.linspace(-50, 50, 100001), [1e-9, 0]])
    assert np.abs(_numbers.exponential(x) / np.exp(x.astype(np.longdouble)) - 1).max() < 1e-15
    positive = np.exp(np.linspace(-20, 20, 100001))
    exact = np.log(positive.astype(np.longdouble))
    assert (np.abs(_numbers.logarithm(positive) - exact) / np.maximum(1, np.abs(exact))).max() < 1e-15
    assert _numbers.logarithm(1.0) == 0
