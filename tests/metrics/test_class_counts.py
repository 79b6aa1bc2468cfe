# SPDX-License-Identifier: Apache-2.0
"""Counts of classes against NumPy's bincount."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from burnish.metrics import class_counts
from burnish.metrics._class_counts import _count_on_gpu

DTYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_counts(dtype: str, threads: int) -> None:
    rng = np.random.default_rng(0)
    for n, classes in ((0, 3), (1, 1), (1000, 10), (2_500_001, 100)):
        labels = rng.integers(0, classes, n).astype(dtype)
        np.testing.assert_array_equal(class_counts(labels, num_classes=classes), np.bincount(labels, minlength=classes))
        np.testing.assert_array_equal(class_counts(labels[::-3]), np.bincount(labels[::-3]))


def test_counts_of_many_classes_and_of_ignored_ones() -> None:
    labels = np.random.default_rng(0).integers(0, 50_000, 100_000)
    np.testing.assert_array_equal(class_counts(labels), np.bincount(labels))
    labels[::7] = -100
    np.testing.assert_array_equal(class_counts(labels), np.bincount(labels[labels >= 0]))
    np.testing.assert_array_equal(class_counts([0, 1, 1, 2], ignore_index=1), [1, 0, 1])
    np.testing.assert_array_equal(class_counts([5000, 3, 7], ignore_index=5000), np.bincount([3, 7]))
    assert class_counts([-100, -100]).tolist() == class_counts([]).tolist() == []


def test_libraries(framework: Any) -> None:
    y = np.random.default_rng(0).integers(0, 7, 5000)
    for given in (y, y > 3):
        found = class_counts(framework.array(given))
        assert framework.owns(found)
        np.testing.assert_array_equal(np.asarray(found), np.bincount(given))
    assert len(class_counts(framework.array(y), 10)) == 10
    assert class_counts([], 3).tolist() == [0, 0, 0]


def test_as_on_a_gpu() -> None:
    torch = pytest.importorskip("torch")
    labels = torch.tensor([2, 0, -100, 2])
    assert _count_on_gpu("call", labels, 4, -100).tolist() == [1, 0, 2, 0]
    assert _count_on_gpu("call", labels == 2, None, -100).tolist() == [2, 2]
    with pytest.raises(ValueError, match="call: 1 of 'labels' are out of range"):
        _count_on_gpu("call", labels, 2, 2)


BAD = {
    "1 of 'labels' are out of range; accepted: 0 and more": (ValueError, [0, -2], None),
    "1 of 'labels' are out of range; accepted: 0 to 2": (ValueError, [0, 5], 3),
    "'labels' has dtype <U1": (TypeError, ["a"], None),
    "'labels' has dtype float64": (TypeError, [0.5], None),
    "'labels' must be 1-D": (ValueError, [[1]], None),
    "'num_classes' is -1": (ValueError, [1], -1),
}


@pytest.mark.parametrize("message", BAD)
def test_refused(message: str) -> None:
    error, labels, classes = BAD[message]
    with pytest.raises(error, match=message):
        class_counts(labels, classes)


HUGE: dict[str, Any] = {
    "2^31": [2**31],
    "2^31 - 1": [2**31 - 1],
    "10^9": [5, 10**9],
    "2^24": np.array([1 << 24, 0], np.int32),
    "2^64 - 1": np.array([2**64 - 1, 0], np.uint64),
}


@pytest.mark.parametrize("name", HUGE)
def test_no_memory_for_labels_that_cannot_be_classes(name: str) -> None:
    largest = max(int(x) for x in HUGE[name])
    message = f"class_counts: the largest of 'labels' is {largest}; accepted: 0 to 16777215, or -100"
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=message):
            class_counts(HUGE[name])
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()


def test_the_most_classes() -> None:
    assert class_counts([(1 << 24) - 1]).shape == (1 << 24,)
    with pytest.raises(ValueError, match="'num_classes' is 16777217; accepted: an integer, 0 to 16777216"):
        class_counts([0], (1 << 24) + 1)
    for dtype in (np.int64, np.uint64):  # an ignored label is none, however large
        assert class_counts(np.array([2**40, 1], dtype), ignore_index=2**40).tolist() == [0, 1]
        assert class_counts(np.array([2**40, 2000], dtype), ignore_index=2**40).shape == (2001,)


def test_huge_labels_as_on_a_gpu() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match=f"call: the largest of 'labels' is {2**40}; accepted: 0 to 16777215"):
        _count_on_gpu("call", torch.tensor([2**40, 0]), None, -100)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_an_unsigned_label_is_no_negative_one(dtype: str) -> None:
    labels = np.array([2**64 - 1, 0, 1, 1], np.uint64).view(dtype)
    if dtype == "int64":
        assert class_counts(labels, 2, ignore_index=-1).tolist() == [1, 2]
    else:
        with pytest.raises(ValueError, match="1 of 'labels' are out of range"):
            class_counts(labels, 2, ignore_index=-1)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
@pytest.mark.parametrize("n", [16_383, 16_384, 16_391, 600_003])
@pytest.mark.parametrize("threads", [1, 7], indirect=True)
def test_few_classes_and_labels_beyond_them(dtype: str, n: int, threads: int) -> None:
    """Labels below 32 are counted in pairs, until another one comes."""
    labels = np.random.default_rng(n).integers(0, 32, n).astype(dtype)
    assert np.array_equal(class_counts(labels), np.bincount(labels.astype(int)))
    assert np.array_equal(class_counts(labels[::3]), np.bincount(labels[::3].astype(int)))
    with pytest.raises(ValueError, match=f"{int((labels >= 30).sum())} of 'labels' are out of range"):
        class_counts(labels, 30)
    assert class_counts(labels, 40, ignore_index=3).tolist() == [
        0 if c == 3 else int((labels == c).sum()) for c in range(40)
    ]
    labels[n // 2], labels[-1] = 32, 100
    assert np.array_equal(class_counts(labels), np.bincount(labels.astype(int)))
    labels[-2] = np.array(-100).astype(dtype)
    is_signed = np.dtype(dtype).kind == "i"
    if is_signed:
        assert np.array_equal(class_counts(labels), np.bincount(np.delete(labels, n - 2).astype(int)))
