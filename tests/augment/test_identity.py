# SPDX-License-Identifier: Apache-2.0
"""A sample's result depends on its image, id, seed, epoch and pipeline alone."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from burnish import augment

IDS = np.array([5, 11, 2, 900, -4, 1 << 40, 7, 8])


@pytest.fixture
def expected(pipe: augment.Compose, photos: np.ndarray) -> Any:
    return pipe(photos, IDS, epoch=2)


def test_batch_split_and_order(pipe: augment.Compose, photos: np.ndarray, expected: np.ndarray) -> None:
    assert len({image.tobytes() for image in expected}) == 8
    alone = [pipe(photo, ids=name, epoch=2) for photo, name in zip(photos, IDS, strict=True)]
    assert np.array_equal(np.stack(alone), expected)
    halves = [pipe(photos[3:], IDS[3:], epoch=2), pipe(photos[:3], IDS[:3], epoch=2)]
    assert np.array_equal(np.concatenate(halves[::-1]), expected)
    order = np.random.default_rng(1).permutation(8)
    assert np.array_equal(pipe(photos[order], IDS[order], epoch=2), expected[order])


def test_containers_and_layouts(pipe: augment.Compose, photos: np.ndarray, expected: np.ndarray) -> None:
    assert np.array_equal(np.stack(pipe(list(photos), IDS, epoch=2)), expected)
    planes = np.ascontiguousarray(photos.transpose(0, 3, 1, 2))
    result = pipe(planes, IDS, epoch=2, layout="NCHW")
    assert np.array_equal(result.transpose(0, 2, 3, 1), expected)
    assert np.array_equal(pipe(planes, IDS, epoch=2, layout="nchw", out_layout="NHWC"), expected)
    backwards = np.ascontiguousarray(photos[::-1, ::-1, ::-1])[::-1, ::-1, ::-1]
    assert backwards.strides[1] < 0
    assert np.array_equal(pipe(backwards, IDS, epoch=2), expected)


def test_torch(pipe: augment.Compose, photos: np.ndarray, expected: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    images = torch.from_numpy(photos).permute(0, 3, 1, 2)  # not contiguous
    result = pipe(images, torch.from_numpy(IDS), epoch=2)
    assert isinstance(result, torch.Tensor)
    assert np.array_equal(result.permute(0, 2, 3, 1).numpy(), expected)
    out = torch.empty_like(result)
    assert pipe(images, IDS, epoch=2, out=out) is out
    assert torch.equal(out, result)


def test_threads(pipe: augment.Compose, photos: np.ndarray, expected: np.ndarray, threads: int) -> None:
    assert np.array_equal(pipe(photos, IDS, epoch=2), expected)


def test_levels(pipe: augment.Compose, photos: np.ndarray, expected: np.ndarray, isa: str) -> None:
    assert np.array_equal(pipe(photos, IDS, epoch=2), expected)


def test_process() -> None:
    program = """
import hashlib, numpy as np
from burnish import augment
images = (np.arange(4 * 20 * 20 * 3) * 7919 % 251).astype(np.uint8).reshape(4, 20, 20, 3)
pipe = augment.Compose([augment.Rotate(30), augment.ColorJitter(), augment.GaussNoise(), augment.RandomErasing()])
print(hashlib.sha256(pipe(images, [3, 1, 4, 1]).tobytes()).hexdigest())
"""
    images = (np.arange(4 * 20 * 20 * 3) * 7919 % 251).astype(np.uint8).reshape(4, 20, 20, 3)
    transforms = [augment.Rotate(30), augment.ColorJitter(), augment.GaussNoise(), augment.RandomErasing()]
    here = hashlib.sha256(augment.Compose(transforms)(images, [3, 1, 4, 1]).tobytes()).hexdigest()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == here


def test_seed_and_epoch(pipe: augment.Compose, photos: np.ndarray, expected: np.ndarray) -> None:
    assert not np.array_equal(pipe(photos, IDS, epoch=3), expected)
    pipe.seed = 6
    assert not np.array_equal(pipe(photos, IDS, epoch=2), expected)


def test_counter(pipe: augment.Compose, photos: np.ndarray) -> None:
    parts = [pipe(photos[:3]), pipe(photos[3:])]
    assert pipe.next_id == 8
    assert np.array_equal(np.concatenate(parts), pipe(photos, np.arange(8)))
    assert pipe.next_id == 8


def test_plan_is_what_is_done(pipe: augment.Compose, photos: np.ndarray, expected: np.ndarray, tmp_path: Any) -> None:
    plan = pipe.plan(IDS, 2, sizes=(37, 53))
    assert np.array_equal(pipe.apply(photos, plan), expected)
    plan.save(tmp_path / "plan.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["plan.npz"]
    for copy in (augment.Plan.load(tmp_path / "plan.npz"), augment.Plan.from_dict(plan.to_dict())):
        assert np.array_equal(pipe.apply(photos, copy), expected)


def test_made_again(pipe: augment.Compose, photos: np.ndarray, expected: np.ndarray) -> None:
    import json

    again = augment.from_dict(json.loads(json.dumps(pipe.to_dict())))
    assert repr(again) == repr(pipe)
    assert np.array_equal(again(photos, IDS, epoch=2), expected)
    assert repr(augment.Rotate(20)) == "Rotate(limit=20, p=0.5)"


def test_one_resampling_is_the_same_step_by_step(photos: np.ndarray) -> None:
    pipe = augment.Compose(
        [
            augment.RandomCrop(30, 40),
            augment.HorizontalFlip(),
            augment.OneOf([augment.Rotate(30), augment.Perspective()]),
            augment.VerticalFlip(),
            augment.CenterCrop(25, 28),
            augment.ColorJitter(),
            augment.GaussNoise(),
            augment.GaussianBlur(),
            augment.HorizontalFlip(),
            augment.CoarseDropout(),
            augment.Normalize(),
        ]
    )
    fractions = (photos / 255).astype(np.float32)
    for epoch in range(5):
        assert np.array_equal(pipe(photos, IDS, epoch), pipe(photos, IDS, epoch, fuse=False))
        # The mean luma of fractions is summed in another order.
        np.testing.assert_allclose(pipe(fractions, IDS, epoch), pipe(fractions, IDS, epoch, fuse=False), atol=2e-5)


def test_pickled(pipe: augment.Compose, photos: np.ndarray, expected: np.ndarray) -> None:
    import pickle

    assert np.array_equal(pickle.loads(pickle.dumps(pipe))(photos, IDS, epoch=2), expected)


def test_dtypes(photos: np.ndarray) -> None:
    pipe = augment.Compose([augment.HorizontalFlip(), augment.Rotate(30)], seed=3)
    as_bytes = pipe(photos, IDS)
    assert as_bytes.dtype == np.uint8
    for dtype, error in {"float32": 1e-7, "float16": 1e-3}.items():
        result = pipe(photos, IDS, dtype=dtype)
        assert result.dtype == dtype
        assert np.abs(result - as_bytes / 255).max() <= error
    fractions = (photos / 255).astype(np.float32)
    assert pipe(fractions, IDS).dtype == np.float32
    assert np.abs(pipe(fractions, IDS, dtype="uint8").astype(int) - as_bytes).max() <= 1
    out = np.empty(photos.shape, np.float32)
    assert pipe(photos, IDS, out=out) is out
    assert np.array_equal(out, pipe(photos, IDS, dtype=np.float32))
    normalized = augment.Compose([*pipe.transforms, augment.Normalize(0, 1)], seed=3)
    assert np.abs(normalized(photos, IDS, dtype="float16") - as_bytes / 255).max() <= 1e-3


def test_article(photos: np.ndarray) -> None:
    transform = augment.Compose(
        [
            augment.RandomCrop(width=32, height=32),
            augment.HorizontalFlip(p=0.5),
            augment.Rotate(limit=30, p=0.5),
            augment.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.2, p=0.5),
            augment.GaussNoise(var_limit=(10.0, 50.0), p=0.5),
            augment.GaussianBlur(blur_limit=(3, 7), p=0.2),
            augment.Normalize(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        ]
    )
    for image in photos:
        result = transform(image=image)["image"]
        assert result.shape == (32, 32, 3)
        assert result.dtype == np.float32
    assert "Rotate(limit=30, p=0.5)" in repr(transform)
