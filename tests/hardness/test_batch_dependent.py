# SPDX-License-Identifier: Apache-2.0
"""A model left in training mode is noticed; one in evaluation mode is not accused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from burnish.hardness import BatchDependenceWarning, batch_dependent


def batch(n: int = 24) -> Any:
    return np.random.default_rng(0).normal(size=(n, 5)).astype(np.float32)


def weights() -> Any:
    return np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)


def standardized(x: Any) -> Any:
    """What batch normalization does in training mode."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


def torch_model(*layers: Any) -> Any:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(5, 8), *layers, torch.nn.Linear(8, 4))


def test_batch_normalization() -> None:
    torch = pytest.importorskip("torch")
    model = torch_model(torch.nn.BatchNorm1d(8), torch.nn.ReLU())
    x = torch.tensor(batch())
    model.train()
    with pytest.warns(BatchDependenceWarning, match=r"training mode\? \(torch: model\.eval\(\)\)"):
        assert batch_dependent(model, x) is True
    model.eval()
    assert batch_dependent(model, x) is False  # and does not warn: warnings are errors
    with torch.no_grad():
        assert batch_dependent(model, x) is False


def test_dropout() -> None:
    torch = pytest.importorskip("torch")
    model = torch_model(torch.nn.Dropout(0.5))
    x = torch.tensor(batch())
    with pytest.warns(BatchDependenceWarning):
        assert batch_dependent(model.train(), x)
    assert not batch_dependent(model.eval(), x)


def test_numpy_functions() -> None:
    assert not batch_dependent(lambda x: x @ weights(), batch())
    assert not batch_dependent(lambda x: x @ weights(), batch(4))
    with pytest.warns(BatchDependenceWarning, match=r"changes by up to [0-9.]+ nats"):
        assert batch_dependent(lambda x: standardized(x) @ weights(), batch())


def test_the_warning_names_the_largest_change_and_the_caller() -> None:
    def last_row_flat(x: Any) -> Any:
        """Each row certain, but the last of every batch."""
        logits = np.zeros((len(x), 4))
        logits[:-1, 0] = 1000.0
        return logits

    with pytest.warns(BatchDependenceWarning, match="up to 1.39 nats") as caught:  # ln 4
        assert batch_dependent(last_row_flat, batch())
    assert caught[0].filename == __file__
    assert issubclass(BatchDependenceWarning, UserWarning)


def test_a_single_sample_that_changes_is_found() -> None:
    special = batch()[5]

    def sees_the_batch_size(x: Any) -> Any:
        logits = x @ weights()
        logits[(x == special).all(axis=1)] /= len(x)
        return logits

    with pytest.warns(BatchDependenceWarning):
        assert batch_dependent(sees_the_batch_size, batch())


def test_tolerance() -> None:
    def nearly(x: Any) -> Any:
        return np.c_[np.zeros(len(x)), np.full(len(x), 1.0 + 1e-4 * len(x))]

    assert not batch_dependent(nearly, batch())
    with pytest.warns(BatchDependenceWarning):
        assert batch_dependent(nearly, batch(), tolerance=1e-5)
    with pytest.warns(BatchDependenceWarning):
        assert batch_dependent(nearly, batch(), tolerance=0)
    assert not batch_dependent(lambda x: x @ np.eye(5, dtype=np.float32), batch(), tolerance=0)


def test_samples_that_score_nan_either_way() -> None:
    def broken(x: Any) -> Any:
        logits = x @ weights()
        logits[x[:, 0] > 0] = np.nan
        return logits

    assert not batch_dependent(broken, batch())
    with pytest.warns(BatchDependenceWarning):
        assert batch_dependent(lambda x: np.full((len(x), 3), np.nan if len(x) < 20 else 0.0), batch())


def test_the_shuffle_is_repeatable() -> None:
    seen: list[list[Any]] = []

    def record(x: Any) -> Any:
        seen[-1].append(x.tobytes())
        return x @ weights()

    for seed in (0, 0, 1):
        seen.append([])
        assert not batch_dependent(record, batch(), seed=seed)
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]
    assert len(seen[0]) == 3  # the whole, and two parts
    assert sum(len(part) for part in seen[0][1:]) == len(seen[0][0])


def test_the_batch_is_not_changed() -> None:
    x = batch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BatchDependenceWarning)
        batch_dependent(lambda x: standardized(x) @ weights(), x)
    assert (x == batch()).all()
