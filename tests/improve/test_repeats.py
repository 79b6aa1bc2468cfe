# SPDX-License-Identifier: Apache-2.0
"""Repeats are found however they were changed, and what only looks alike is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish._improve.repeats import Repeats, by_description, correlations, find_repeats, partners
from hypothesis import given, settings
from hypothesis import strategies as st


def photographs(n: int, side: int = 32, seed: int = 0) -> Any:
    """Smooth images in color, with a border to cut from."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (n, 5, 5, 3)).astype(float)
    at = np.linspace(0, 3.999, side + 4)
    low, part = at.astype(int), at - at.astype(int)
    rows = coarse[:, low] * (1 - part[:, None, None]) + coarse[:, low + 1] * part[:, None, None]
    both = rows[:, :, low] * (1 - part[:, None]) + rows[:, :, low + 1] * part[:, None]
    return np.rint(both).astype(np.uint8)


def cut(images: Any, down: int = 0, across: int = 0) -> Any:
    side = images.shape[1] - 4
    return images[:, 2 + down : 2 + down + side, 2 + across : 2 + across + side]


@pytest.mark.parametrize("side", [32, 48, 64])
def test_moved_and_lighter_ones_are_alike_and_others_not(side: int) -> None:
    images = photographs(6, side)
    plain = cut(images)
    scale = side // 32
    changed = [
        plain,
        cut(images, 2, -2) if scale == 1 else cut(images, 2, 1),
        np.clip(plain * 0.8 + 5, 0, 255).astype(np.uint8),
        np.clip(plain + np.random.default_rng(0).normal(0, 3, plain.shape), 0, 255).astype(np.uint8),
    ]
    every = np.concatenate([plain, *changed])
    at = np.arange(6)
    for i in range(1, 5):
        assert correlations(every, at, 6 * i + at).min() > 0.98
    assert correlations(every, at, (at + 1) % 6).max() < 0.9
    assert (correlations(every, at, 6 + at) == 1).all()


def test_correlation_is_that_of_numpy() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 9, 9, 3), dtype=np.uint8)  # too small to be moved
    expected = np.corrcoef(images.reshape(2, -1).astype(float))[0, 1]
    assert correlations(images, np.array([0]), np.array([1]))[0] == pytest.approx(expected, abs=1e-5)


def test_images_of_one_color_are_alike_only_where_they_are_the_same() -> None:
    images = np.stack([np.full((32, 32, 3), value, np.uint8) for value in (7, 7, 90)])
    assert correlations(images, np.array([0, 0]), np.array([1, 2])).tolist() == [1, 0]


def test_of_each_group_the_first_is_kept() -> None:
    rng = np.random.default_rng(0)
    images = photographs(40)
    order = np.array([*range(40), 3, 17, 3, 39])
    thumbnails = np.concatenate([cut(images), cut(images[[3]], 1, 0), cut(images[[17, 3]], 0, -1), cut(images[[39]])])
    features = rng.standard_normal((40, 16)).astype(np.float32)[order]
    features[40:43] += 0.05 * rng.standard_normal((3, 16)).astype(np.float32)
    told: list[tuple[int, int]] = []
    found = find_repeats(features, thumbnails, progress=lambda *step: told.append(step))
    assert found.repeat_of[40:].tolist() == [3, 17, 3, 39]
    assert (found.repeat_of[:40] == -1).all()
    assert found.group.tolist() == order.tolist()
    assert found.distance[43] == 0
    assert (found.distance[40:43] > 0).all()
    assert np.isnan(found.distance[:40]).all()
    assert told[-1][0] == told[-1][1]
    # Alike to the network, but not by their pixels: no repeats.
    assert (find_repeats(features, cut(photographs(44, seed=1))).repeat_of == -1).all()
    # Alike by their pixels, but not to the network: not even compared.
    apart = rng.standard_normal((44, 16)).astype(np.float32)
    assert (find_repeats(apart, thumbnails, near=1e-3).repeat_of == -1).all()
    # But where all their pixels are the same.
    copy_of = np.full(44, -1)
    copy_of[43] = 39
    found = find_repeats(apart, thumbnails, copy_of=copy_of, near=1e-3)
    assert np.flatnonzero(found.repeat_of >= 0).tolist() == [43]
    assert (found.repeat_of[43], found.distance[43]) == (39, 0)


def test_a_chain_is_one_group_but_what_is_dropped_is_like_what_is_kept() -> None:
    images = photographs(1, 40)
    steps = [images[:, 2 * i : 2 * i + 32, :32] for i in range(4)]  # each is alike to the next one only
    thumbnails = np.concatenate(steps)
    features = np.concatenate([np.ones((4, 4)), -np.ones((1, 4))]).astype(np.float32)
    features += 0.01 * np.random.default_rng(0).standard_normal(features.shape).astype(np.float32)
    thumbnails = np.concatenate([thumbnails, cut(photographs(1, seed=5))])
    pairs = correlations(thumbnails, np.array([0, 1, 2, 0]), np.array([1, 2, 3, 3]))
    assert pairs[:3].min() > pairs[3]
    found = find_repeats(features, thumbnails, near=2.0, alike=float(pairs[:3].min()) - 1e-4)
    assert found.group.tolist() == [0, 0, 0, 0, 4]
    for i in np.flatnonzero(found.repeat_of >= 0):
        assert found.repeat_of[found.repeat_of[i]] == -1
        assert correlations(thumbnails, found.repeat_of[[i]], np.array([i]))[0] >= pairs[:3].min() - 1e-4


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_images(n: int) -> None:
    images = np.zeros((n, 8, 8, 3), np.uint8)
    for found in (
        find_repeats(np.zeros((n, 4), np.float32), images),
        by_description(np.zeros((n, 4), np.float32), 0.1),
    ):
        assert found.repeat_of.tolist() == [-1, 0, 0, 0, 0][:n]
        assert found.group.tolist() == [0] * n


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.data())
@settings(max_examples=50, deadline=None)
def test_some_of_them(numbers: list[int], data: Any) -> None:
    """Against the same found among these from the start."""
    shown = np.array(numbers)
    rows = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=len(shown), max_size=len(shown))))

    def repeats(shown: Any) -> Repeats:
        first = np.array([numbers.index(number) for numbers in [shown.tolist()] for number in numbers], np.int64)
        kept = first == np.arange(len(shown))
        return Repeats(np.where(kept, -1, first), np.where(kept, np.nan, 0).astype(np.float32), first)

    found, expected = repeats(shown).among(rows), repeats(shown[rows])
    assert np.array_equal(found.repeat_of, expected.repeat_of)
    assert np.array_equal(found.group, expected.group)
    back = expected.within(rows, len(shown))
    assert np.array_equal(back.group[rows], rows[expected.group])
    others = np.setdiff1d(np.arange(len(shown)), rows)
    assert np.array_equal(back.group[others], others)
    assert (back.repeat_of[others] == -1).all()


def test_partners() -> None:
    assert partners(np.array([4, 2, 9]), np.array([9, 4, 4])).tolist() == [1, -1, 0]
    assert partners(np.array([4]), np.array([], np.int64)).tolist() == [-1]
