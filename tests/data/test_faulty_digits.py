# SPDX-License-Identifier: Apache-2.0
"""The demo's faults are those that it says it has."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from burnish.data import load_digits, load_faulty_digits


def test_faults_are_as_said() -> None:
    demo = load_faulty_digits()
    data, train = demo.data, ~demo.held_out
    assert len(set(data.ids)) == len(data.ids) == len(demo.true) == len(demo.held_out) == len(demo.repeat_of)
    assert np.bincount(data.labels[demo.held_out]).tolist() == [45] * 10
    assert np.array_equal(data.labels[demo.held_out], demo.true[demo.held_out])
    sizes = np.bincount(demo.true[train])
    assert (np.diff(sizes) < 0).all()
    assert 8 < sizes[0] / sizes[-1] < 12
    wrong = data.labels != demo.true
    assert wrong[train].mean() == pytest.approx(0.08, abs=0.01)
    repeats = np.flatnonzero(demo.repeat_of >= 0)
    assert len(repeats) / train.sum() == pytest.approx(0.04, abs=0.005)
    assert not demo.held_out[demo.repeat_of[repeats]].any()
    assert np.array_equal(data.labels[repeats], data.labels[demo.repeat_of[repeats]])
    apart = np.abs(data.images[repeats].astype(int) - data.images[demo.repeat_of[repeats]]).max(axis=(1, 2, 3))
    assert (apart == 0).sum() >= len(repeats) // 3
    assert 0 < apart.max() <= 25


def test_images_show_what_the_truth_says() -> None:
    demo, digits = load_faulty_digits(), load_digits()
    known = {image.tobytes(): label for image, label in zip(digits.images, digits.labels.tolist(), strict=True)}
    own = demo.repeat_of < 0
    assert [known[image.tobytes()] for image in demo.data.images[own]] == demo.true[own].tolist()
    assert len({image.tobytes() for image in demo.data.images[own]}) == own.sum()  # none is in both parts


def test_the_same_seed_gives_the_same_set() -> None:
    first, second, other = load_faulty_digits(), load_faulty_digits(), load_faulty_digits(1)
    assert np.array_equal(first.data.images, second.data.images)
    assert first.data.ids == second.data.ids
    assert first.data.images.tobytes() != other.data.images.tobytes()
