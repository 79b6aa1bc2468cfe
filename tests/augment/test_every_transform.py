# SPDX-License-Identifier: Apache-2.0
"""What must hold for every transform; its example stands in every_transform.py."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from burnish import augment
from every_function import IDS
from every_transform import EVERY, PUBLIC
from settings import same_at_every_level, same_for_any_threads


@pytest.fixture(params=EVERY)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_none_is_missing() -> None:
    """A transform of its own class, or one that is an example's part."""
    assert set(EVERY) == set(PUBLIC)
    for name, example in EVERY.items():
        assert name in json.dumps(example.to_dict())


def test_samples_change_each_in_its_way(name: str, photos: np.ndarray) -> None:
    pipe = augment.Compose([EVERY[name]], seed=1)
    result = pipe(photos, IDS, epoch=2)
    assert result.shape[1:] != photos.shape[1:] or all((a != b).any() for a, b in zip(result, photos, strict=True))
    assert np.array_equal(pipe(photos, IDS, epoch=2), result)
    plan = pipe.plan(IDS, 2, sizes=(37, 53))
    assert np.array_equal(pipe.apply(photos, plan), result)
    for copy in (augment.Plan.from_dict(plan.to_dict()), pickle.loads(pickle.dumps(plan))):
        assert np.array_equal(pipe.apply(photos, copy), result)


def test_none_at_p_0(name: str, images: np.ndarray) -> None:
    given = {**EVERY[name].to_dict(), "p": 0.0}
    if name in ("Normalize", "ToFloat", "FromFloat"):
        pytest.skip("its batch is of another dtype")
    assert np.array_equal(augment.from_dict(given)(images), images)


def test_same_bits_alone_and_in_any_order(name: str, images: np.ndarray) -> None:
    pipe = augment.Compose([EVERY[name]], seed=1)
    expected = pipe(images, IDS)
    alone = [pipe(image, ids=i) for image, i in zip(images, IDS, strict=True)]
    assert np.array_equal(np.stack(alone), expected)
    order = np.random.default_rng(1).permutation(8)
    assert np.array_equal(pipe(images[order], IDS[order]), expected[order])
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    assert np.array_equal(pipe(planes, IDS, layout="NCHW", out_layout="NHWC"), expected)
    assert np.array_equal(pipe(images[::-1], IDS[::-1])[::-1], expected)


def test_same_bits_for_any_number_of_threads(name: str, images: np.ndarray) -> None:
    same_for_any_threads(lambda: augment.Compose([EVERY[name]], seed=1)(images, IDS))


def test_same_bits_at_every_level(name: str, photos: np.ndarray) -> None:
    same_at_every_level(lambda: augment.Compose([EVERY[name]], seed=1)(photos, IDS))


def test_arguments_stay_as_they_are(name: str) -> None:
    example = pickle.loads(pickle.dumps(EVERY[name]))
    for argument, value in list(example._arguments().items()):
        if argument in ("p", "seed"):
            setattr(example, argument, value)
            with pytest.raises(ValueError, match=f"'{argument}' is -1; accepted"):
                setattr(example, argument, -1)
        else:
            with pytest.raises(AttributeError, match=f"'{argument}' cannot change"):
                setattr(example, argument, value)
    assert example.to_dict() == EVERY[name].to_dict()


def test_step_by_step(name: str, photos: np.ndarray) -> None:
    pipe = augment.Compose([augment.HorizontalFlip(), EVERY[name]], seed=1)
    assert np.array_equal(pipe(photos, IDS), pipe(photos, IDS, fuse=False))


def test_strange_values(name: str, photos: np.ndarray) -> None:
    strange = np.where(photos > 200, np.nan, photos / 255).astype(np.float32)
    strange[:, 5, 5] = np.inf, -np.inf, 1e30
    pipe = augment.Compose([EVERY[name]], seed=1)
    before = strange.tobytes()
    assert np.array_equal(pipe(strange, IDS), pipe(strange, IDS), equal_nan=True)
    assert strange.tobytes() == before


@pytest.mark.parametrize("size", [(0, 37, 53, 3), (2, 1, 1, 3), (2, 1, 50, 1), (2, 40, 64, 4), (2, 37, 53, 2)])
def test_odd_sizes_are_done_or_refused(name: str, size: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    for dtype in ("uint8", "float32"):
        images = (rng.integers(0, 256, size) / (1 if dtype == "uint8" else 255)).astype(dtype)
        pipe = augment.Compose([EVERY[name]])
        refusal = ""
        try:
            result = pipe(images)
        except ValueError as error:
            refusal = str(error)
        if refusal:
            assert "accepted" in refusal
        else:
            assert len(result) == len(images)
            assert result.shape[3] == size[3]


def test_made_again(name: str, photos: np.ndarray) -> None:
    example = EVERY[name]
    for again in (augment.from_dict(json.loads(json.dumps(example.to_dict()))), pickle.loads(pickle.dumps(example))):
        assert repr(again) == repr(example)
        assert np.array_equal(again(photos, IDS), example(photos, IDS))
    assert eval(repr(example), vars(augment)).to_dict() == example.to_dict()
