# SPDX-License-Identifier: Apache-2.0
"""Varied copies: how many, of which rows, and keyed by sample and copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import augment as A  # noqa: N812
from burnish.balance import AugmentOverSampler
from sklearn.base import clone

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

IMAGES = np.arange(10 * 4 * 3 * 1, dtype=np.float32).reshape(10, 4, 3, 1)
Y = np.array(["a"] * 6 + ["b"] * 3 + ["c"])


def keyed(batch: Any, *, ids: Any, copy: int) -> Any:
    """Add what only the sample and the copy tell."""
    noise = np.stack([np.random.default_rng([int(i), copy]).normal(size=batch.shape[1:]) for i in ids])
    return (batch + noise).astype(batch.dtype)


def flip(batch: Any) -> Any:
    return batch[:, ::-1]


def test_counts_and_order() -> None:
    sampler = AugmentOverSampler(flip, random_state=0)
    found, found_y = sampler.fit_resample(IMAGES, Y)
    assert np.unique(found_y, return_counts=True)[1].tolist() == [6, 6, 6]
    np.testing.assert_array_equal(found[:10], IMAGES)
    np.testing.assert_array_equal(found[10:], IMAGES[sampler.sample_indices_[10:]][:, ::-1])
    np.testing.assert_array_equal(found_y, Y[sampler.sample_indices_])
    assert sampler.sample_indices_[10:].tolist() == [6, 7, 8, 9, 9, 9, 9, 9]
    assert sampler.copy_numbers_.tolist() == [0] * 10 + [1, 1, 1, 1, 2, 3, 4, 5]


def test_other_ways_to_say_how_many() -> None:
    assert np.unique(AugmentOverSampler(flip, min_count=4).fit_resample(IMAGES, Y)[1], return_counts=True)[
        1
    ].tolist() == [6, 4, 4]
    assert np.unique(AugmentOverSampler(flip, copies=2).fit_resample(IMAGES, Y)[1], return_counts=True)[1].tolist() == [
        6,
        9,
        3,
    ]
    sampler = AugmentOverSampler(flip, sampling_strategy={"b": 8})
    assert sampler.plan(Y, IMAGES).after == {"a": 6, "b": 8, "c": 1}
    assert sampler.plan(Y, IMAGES).nbytes == 15 * 48
    used = np.bincount(sampler.fit(IMAGES, Y).fit_resample(IMAGES, Y)[1] == "b")
    assert used.tolist() == [7, 8]
    assert np.ptp(np.bincount(sampler.sample_indices_)[6:9]) <= 1


def test_a_copy_is_the_same_whatever_the_batches_and_the_others() -> None:
    results = [AugmentOverSampler(keyed, batch_size=size).fit_resample(IMAGES, Y)[0] for size in (1, 2, 256)]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    more = AugmentOverSampler(keyed, min_count=9)
    found, _ = more.fit_resample(IMAGES, Y)
    few = AugmentOverSampler(keyed)
    expected, _ = few.fit_resample(IMAGES, Y)
    place = {key: i for i, key in enumerate(zip(more.sample_indices_, more.copy_numbers_, strict=True))}
    for i, key in enumerate(zip(few.sample_indices_, few.copy_numbers_, strict=True)):
        np.testing.assert_array_equal(expected[i], found[place[key]])


def test_keywords_it_is_called_with() -> None:
    calls: list[Any] = []

    def with_epoch(batch: Any, ids: Any, epoch: int) -> Any:
        calls.append((ids.tolist(), epoch))
        return batch

    def with_anything(batch: Any, **keywords: Any) -> Any:
        calls.append((keywords["ids"].tolist(), keywords["copy"]))
        return batch

    def with_ids(batch: Any, ids: Any) -> Any:
        calls.append(ids.tolist())
        return batch

    for augment in (with_epoch, with_anything):
        calls.clear()
        AugmentOverSampler(augment, copies=2, batch_size=2).fit_resample(IMAGES, Y)
        assert calls == [([6, 7], 1), ([8], 1), ([6, 7], 2), ([8], 2), ([9], 1), ([9], 2)]
    calls.clear()
    AugmentOverSampler(with_ids, copies=1).fit_resample(IMAGES, Y)
    assert calls == [[6, 7, 8, 9]]


PHOTOS = np.random.default_rng(0).integers(0, 256, (10, 9, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize("batch_size", [1, 3, 256])
def test_pipelines_are_keyed_by_sample_and_copy(batch_size: int) -> None:
    pipe = A.Compose([A.HorizontalFlip(), A.Rotate(limit=20), A.ColorJitter(), A.GaussNoise()], seed=5)
    sampler = AugmentOverSampler(pipe, batch_size=batch_size)
    found, found_y = sampler.fit_resample(PHOTOS, Y)
    assert np.unique(found_y, return_counts=True)[1].tolist() == [6, 6, 6]
    np.testing.assert_array_equal(found[:10], PHOTOS)
    for image, row, number in zip(found[10:], sampler.sample_indices_[10:], sampler.copy_numbers_[10:], strict=True):
        np.testing.assert_array_equal(image, pipe(PHOTOS[row : row + 1], ids=[row], epoch=number)[0])
    copies_of_the_last = found[13:]  # all of one image, and all different
    assert len(np.unique(copies_of_the_last.reshape(5, -1), axis=0)) == 5
    counted = pipe(PHOTOS)  # the pipeline's own count of samples is as if it had not been asked
    np.testing.assert_array_equal(counted, A.Compose(pipe.transforms, seed=5)(PHOTOS))


def test_a_pipeline_that_changes_the_size_or_dtype_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'augment' returned .* dtype float32 for a batch of .* dtype uint8"):
        AugmentOverSampler(A.Compose([A.Normalize()])).fit_resample(PHOTOS, Y)
    with pytest.raises(ValueError, match=r"shape \(4, 4, 4, 3\)"):
        AugmentOverSampler(A.Compose([A.RandomCrop(4, 4)], seed=0)).fit_resample(PHOTOS, Y)


@pytest.mark.skipif(torch is None, reason="torch is not installed")
def test_pipelines_and_tensors() -> None:
    pipe = A.Compose([A.HorizontalFlip(), A.Rotate(limit=20)], seed=5)
    planar = torch.from_numpy(PHOTOS.transpose(0, 3, 1, 2).copy())
    found, _ = AugmentOverSampler(pipe).fit_resample(planar, Y)
    assert isinstance(found, torch.Tensor)
    expected, _ = AugmentOverSampler(pipe).fit_resample(PHOTOS, Y)
    np.testing.assert_array_equal(found.numpy().transpose(0, 2, 3, 1), expected)


@pytest.mark.skipif(torch is None, reason="torch is not installed")
def test_tensors() -> None:
    found, found_y = AugmentOverSampler(lambda batch: batch.flip(1)).fit_resample(torch.from_numpy(IMAGES), Y.tolist())
    assert isinstance(found, torch.Tensor)
    np.testing.assert_array_equal(found.numpy(), AugmentOverSampler(flip).fit_resample(IMAGES, Y)[0])
    assert isinstance(found_y, list)


def test_it_is_an_estimator() -> None:
    sampler = clone(AugmentOverSampler(flip, min_count=4, random_state=3))
    assert sampler.get_params()["min_count"] == 4
    assert sampler.get_params()["augment"] is flip


BAD: dict[str, tuple[Any, str]] = {
    "shape": (lambda: AugmentOverSampler(lambda b: b[:, :2]).fit_resample(IMAGES, Y), r"shape \(4, 2, 3, 1\)"),
    "dtype": (
        lambda: AugmentOverSampler(lambda b: b.astype(int)).fit_resample(IMAGES, Y),
        "dtype int64 .* dtype float32",
    ),
    "nothing": (lambda: AugmentOverSampler(lambda b: None).fit_resample(IMAGES, Y), "returned NoneType"),
    "1-D": (lambda: AugmentOverSampler(flip).fit_resample(IMAGES[:, 0, 0, 0], Y), r"shape \(10,\)"),
    "lengths": (lambda: AugmentOverSampler(flip).fit_resample(IMAGES[:9], Y), "inconsistent numbers of samples"),
    "both": (lambda: AugmentOverSampler(flip, min_count=3, copies=1).fit_resample(IMAGES, Y), "only one of"),
    "augment": (lambda: AugmentOverSampler("flip").fit_resample(IMAGES, Y), "'augment' parameter"),
    "min_count": (lambda: AugmentOverSampler(flip, min_count=0).fit_resample(IMAGES, Y), "'min_count' parameter"),
    "one class": (lambda: AugmentOverSampler(flip).fit_resample(IMAGES, Y[[0] * 10]), "more than 1 class"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str) -> None:
    call, words = BAD[case]
    with pytest.raises(ValueError, match=words):
        call()
