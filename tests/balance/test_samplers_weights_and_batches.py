# SPDX-License-Identifier: Apache-2.0
"""Weights against their formulas; batches even, repeatable, and apart between processes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from burnish.balance import BalancedBatchSampler, balanced_batches, class_weight, sample_weight
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

Y = np.repeat([3, -2, 7], [50, 9, 1])


@pytest.mark.parametrize("kind", ["int64", "uint8", "float32", "str", "object", "bool", "list"])
def test_balanced_is_that_of_scikit_learn(kind: str) -> None:
    y: Any = np.abs(Y) > 2 if kind == "bool" else np.abs(Y).astype("int64" if kind == "list" else kind)
    expected = dict(
        zip(np.unique(y).tolist(), compute_class_weight("balanced", classes=np.unique(y), y=y), strict=True)
    )
    given = y.tolist() if kind == "list" else y
    assert class_weight(given) == pytest.approx(expected)
    np.testing.assert_allclose(sample_weight(given), compute_sample_weight("balanced", y), rtol=1e-15)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.999, 1 - 1e-12])
def test_effective_number(beta: float) -> None:
    weights = class_weight(Y, "effective_number", beta=beta)
    seen = {label: sum(beta**i for i in range(count)) for label, count in ((-2, 9), (3, 50), (7, 1))}
    assert list(weights) == [-2, 3, 7]
    assert sum(weights.values()) == pytest.approx(3)
    for label, number in seen.items():
        assert weights[label] * number == pytest.approx(weights[7] * seen[7], rel=1e-9)


def test_given_weights() -> None:
    np.testing.assert_array_equal(sample_weight([1, 0, 1], {0: 2.0, 1: 0.5}), [0.5, 2.0, 0.5])
    with pytest.raises(ValueError, match=r"no weight for the classes \[1\]"):
        sample_weight([1, 0, 1], {0: 2.0})


@pytest.mark.skipif(torch is None, reason="torch is not installed")
def test_weights_of_tensors() -> None:
    found = sample_weight(torch.tensor([0, 0, 1]))
    assert isinstance(found, torch.Tensor)
    assert found.tolist() == [0.75, 0.75, 1.5]
    assert class_weight(torch.tensor([0, 0, 1])) == {0: 0.75, 1: 1.5}


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 30, 64])
@pytest.mark.parametrize("epoch", [0, 1])
def test_batches_are_even(batch_size: int, epoch: int) -> None:
    batches = list(balanced_batches(Y, batch_size, seed=1, epoch=epoch))
    assert len(batches) == max(1, 60 // batch_size)
    for batch in batches:
        counts = np.bincount(np.searchsorted([-2, 3, 7], Y[batch]), minlength=3)
        assert counts.sum() == batch_size
        assert counts.max() - counts.min() <= 1
    used = np.bincount(np.concatenate(batches), minlength=60)
    for label in (3, -2, 7):
        assert np.ptp(used[label == Y]) <= 1
    assert np.ptp([used[label == Y].sum() for label in (3, -2, 7)]) <= 1


def test_batches_depend_on_seed_and_epoch_only() -> None:
    def epoch(seed: int, number: int) -> Any:
        return np.concatenate(list(balanced_batches(Y, 6, seed, number)))

    first = epoch(1, 0)
    np.random.seed(5)  # noqa: NPY002
    np.testing.assert_array_equal(first, epoch(1, 0))
    assert (first != epoch(1, 1)).any()
    assert (first != epoch(2, 0)).any()


@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_processes_share_the_batches(replicas: int) -> None:
    samplers = [BalancedBatchSampler(Y, 4, seed=3, num_replicas=replicas, rank=rank) for rank in range(replicas)]
    for epoch in (0, 5):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        dealt = [list(sampler) for sampler in samplers]
        assert {len(batches) for batches in dealt} == {len(samplers[0])}
        together = [batch for turn in zip(*dealt, strict=True) for batch in turn]
        whole = balanced_batches(Y, 4, 3, epoch, num_batches=len(together))
        assert together == [batch.tolist() for batch in whole]
    many = np.repeat([0, 1], 50)
    parts = [set(itertools.chain(*BalancedBatchSampler(many, 5, num_replicas=2, rank=rank))) for rank in (0, 1)]
    assert not parts[0] & parts[1]


@pytest.mark.skipif(torch is None, reason="torch is not installed")
@pytest.mark.parametrize("workers", [0, 2])
def test_data_loader(workers: int) -> None:
    data = torch.utils.data.TensorDataset(torch.arange(60), torch.from_numpy(Y.copy()))
    sampler = BalancedBatchSampler(Y, 6, seed=2)
    loader = torch.utils.data.DataLoader(data, batch_sampler=sampler, num_workers=workers)
    rows = [batch.tolist() for batch, _ in loader]
    assert rows == list(sampler)
    assert len(loader) == len(sampler) == 10


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "method": (
        lambda: class_weight(Y, "even"),
        ValueError,
        "'method' is 'even'; accepted: 'balanced', 'effective_number'",
    ),
    "beta": (lambda: class_weight(Y, "effective_number", beta=1.5), ValueError, "'beta' is 1.5"),
    "beta 1": (lambda: class_weight(Y, "effective_number", beta=1), ValueError, "below 1"),
    "beta text": (lambda: sample_weight(Y, "effective_number", beta="a"), TypeError, "'beta' is 'a'"),
    "empty": (lambda: class_weight([]), ValueError, "'y' is empty"),
    "2-D": (lambda: class_weight(np.zeros((3, 2))), ValueError, r"must be 1-D \(N,\), got shape \(3, 2\)"),
    "mixed": (lambda: class_weight(np.array([1, "a"], object)), TypeError, "labels of different kinds"),
    "batch_size": (lambda: balanced_batches(Y, 0, 0), ValueError, "'batch_size' is 0"),
    "batch_size text": (lambda: balanced_batches(Y, "4", 0), TypeError, "'batch_size' is '4'"),
    "seed": (lambda: balanced_batches(Y, 4, -1), ValueError, "'seed' is -1"),
    "epoch": (lambda: balanced_batches(Y, 4, 0, 1.5), TypeError, "'epoch' is 1.5"),
    "num_batches": (lambda: balanced_batches(Y, 4, 0, num_batches=0), ValueError, "'num_batches' is 0"),
    "no labels": (lambda: balanced_batches([], 4, 0), ValueError, "'y' is empty"),
    "rank": (lambda: BalancedBatchSampler(Y, 4, num_replicas=2, rank=2), ValueError, "'rank' is 2; .* 0 to 1"),
    "set_epoch": (lambda: BalancedBatchSampler(Y, 4).set_epoch(-1), ValueError, "'epoch' is -1"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str) -> None:
    call, error, words = BAD[case]
    with pytest.raises(error, match=words):
        call()
