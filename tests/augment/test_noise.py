# SPDX-License-Identifier: Apache-2.0
"""Noise: its distributions, and that it belongs to the sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812

SIDE = 200
GRAY = np.full((4, SIDE, SIDE, 3), 100, np.uint8)
FLAT = np.full((4, SIDE, SIDE, 3), 0.4, np.float32)


def distance(values: np.ndarray, cumulative: Any) -> float:
    """Return the largest distance of the distribution of values from a cumulative one, times the root of their number.

    Kolmogorov: above 2.2 in one of 10,000 cases.
    """
    places = cumulative(np.sort(values.ravel()))
    n = places.size
    after = np.arange(1, n + 1) / n
    return float(np.sqrt(n) * max(np.abs(places - after).max(), np.abs(places - after + 1 / n).max()))


def correlations(values: np.ndarray) -> list[float]:
    """Return those between samples, channels, neighbors in rows and in columns."""
    pairs = [
        (values[0], values[1]), (values[..., 0], values[..., 1]), (values[:, :, 1:], values[:, :, :-1]),
        (values[:, 1:], values[:, :-1]),
    ]  # fmt: skip
    return [abs(float(np.corrcoef(a.ravel(), b.ravel())[0, 1])) for a, b in pairs]


def test_normal_numbers() -> None:
    special = pytest.importorskip("scipy.special")
    noise = (F.gaussian_noise(FLAT, 0.02, 0.05) - np.float32(0.45)) / 0.02
    assert np.abs(noise).max() < 5.5  # none is clamped
    # 32 bits make two numbers: 4096 angles, and 2^20 radii.
    assert distance(noise, special.ndtr) < 2.2
    assert abs(noise.mean()) < 4 / np.sqrt(noise.size)
    assert abs(noise.var() - 1) < 4 * np.sqrt(2 / noise.size)
    assert max(correlations(noise)) < 0.012


def test_normal_numbers_in_bytes() -> None:
    special = pytest.importorskip("scipy.special")
    noise = F.gaussian_noise(GRAY, 10 / 255).astype(int) - 100
    edges = special.ndtr((np.arange(-31, 31) + 0.5) / 10)
    chances = np.diff(np.concatenate([[0], edges, [1]]))
    counts = np.bincount(np.clip(noise, -31, 31).ravel() + 31, minlength=63)
    chi = ((counts - noise.size * chances) ** 2 / (noise.size * chances)).sum()
    assert chi < special.chdtri(62, 1e-4)


@pytest.mark.parametrize("per_channel", [False, True])
def test_factors(per_channel: bool) -> None:
    found = F.multiplicative_noise(FLAT, 0.5, 1.5, per_channel=per_channel) / np.float32(0.4)
    values = found if per_channel else found[..., 0]
    assert distance(values, lambda x: np.clip(x - 0.5, 0, 1)) < 2.2
    assert (found == found[..., :1]).all() != per_channel
    if per_channel:
        assert max(correlations(found)) < 0.012


@pytest.mark.parametrize("per_channel", [False, True])
def test_salt_and_pepper(per_channel: bool) -> None:
    special = pytest.importorskip("scipy.special")
    for images, white in ((GRAY, 255), (FLAT, 1)):
        found = F.salt_and_pepper(images, 0.1, 0.3, per_channel=per_channel)
        assert (found == found[..., :1]).all() != per_channel
        one = found if per_channel else found[..., 0]
        counts = np.array([(one == white).sum(), (one == 0).sum()])
        counts = np.append(counts, one.size - counts.sum())
        expected = one.size * np.array([0.03, 0.07, 0.9])
        assert ((counts - expected) ** 2 / expected).sum() < special.chdtri(2, 1e-4)
        assert set(np.unique(one)) == {0, images[0, 0, 0, 0], white}
    assert np.array_equal(F.salt_and_pepper(GRAY, 0), GRAY)
    assert (F.salt_and_pepper(GRAY, 1, 1) == 255).all()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("gaussian_noise", {"std": 0.1}), ("multiplicative_noise", {"low": 0.5, "high": 1.5}),
        ("salt_and_pepper", {"amount": 0.2}),
    ],
)  # fmt: skip
def test_noise_belongs_to_the_sample(name: str, given: dict[str, Any]) -> None:
    images = GRAY[:, :31, :43]
    noise = getattr(F, name)
    expected = noise(images, **given, seed=3, ids=[4, 5, 1 << 40, -7])
    assert len({image.tobytes() for image in expected}) == 4
    again = noise(images[[0, 2]], **given, seed=3, ids=[-7, 5])
    assert np.array_equal(again, expected[[3, 1]])
    assert not np.array_equal(noise(images, **given, seed=4, ids=[4, 5, 1 << 40, -7]), expected)
    assert np.array_equal(noise(images, **given), noise(images, **given, ids=np.arange(4)))


def test_places_in_a_pipeline_have_noise_of_their_own() -> None:
    twice = augment.Compose([augment.GaussNoise(std_range=(0.04, 0.04), p=1)] * 2)(FLAT) - np.float32(0.4)
    assert abs(twice.std() / (0.04 * np.sqrt(2)) - 1) < 0.01


def test_transforms(photos: np.ndarray) -> None:
    ids = np.arange(8)
    one = augment.MultiplicativeNoise((0.5, 1.5), p=1)
    factor = one.plan(ids)[0]["factor"]
    assert factor.shape == (8, 1)
    assert np.array_equal(one(photos, ids), np.clip(np.rint(photos * factor[:, None, None].astype(np.float32)), 0, 255))
    each = augment.MultiplicativeNoise((0.5, 1.5), per_channel=True, p=1)
    factor = each.plan(ids)[0]["factor"]
    assert factor.shape == (8, 3)
    assert np.array_equal(
        each(photos, ids), np.clip(np.rint(photos * factor[:, None, None].astype(np.float32)), 0, 255)
    )
    gray = augment.MultiplicativeNoise(elementwise=True, p=1)(GRAY)
    assert (gray == gray[..., :1]).all()
    colored = augment.MultiplicativeNoise(elementwise=True, per_channel=True, p=1)(GRAY)
    assert (colored != colored[..., :1]).any()
    pepper = augment.SaltAndPepper((0.2, 0.2), (0.25, 0.25), p=1)(GRAY)
    assert (pepper == pepper[..., :1]).all()
    assert abs((pepper == 255).mean() - 0.05) < 0.005
    assert abs((pepper == 0).mean() - 0.15) < 0.01
    shared = augment.GaussNoise(per_channel=False, p=1)(GRAY)
    assert (shared == shared[..., :1]).all()
