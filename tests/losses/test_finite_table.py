# SPDX-License-Identifier: Apache-2.0
"""Every row of the table of finite gradients, and what the table would show of others."""

from __future__ import annotations

import finite_table
import pytest
import torch
from burnish.losses import focal_loss


def test_ours_are_finite_everywhere() -> None:
    rows = finite_table.table()
    assert len(rows) == 2 * len(finite_table.GAMMAS) * len(finite_table.DTYPES) * len(finite_table.LOGITS)
    assert [row[:4] for row in rows if row[4]["burnish"] != 1] == []
    broken = {(row[0], row[2]) for row in rows if min(row[4].values()) < 1}
    assert broken == {(a, d) for a in ("softmax", "sigmoid") for d in ("float64", "float32", "bfloat16", "float16")}


@pytest.mark.parametrize("dtype", finite_table.DTYPES, ids=str)
@pytest.mark.parametrize("kind", finite_table.LOGITS)
def test_other_ways_to_the_same_rows(kind: str, dtype: torch.dtype) -> None:
    """Many classes, smoothed and soft targets, weights of 0."""
    for classes in (2, 7, 40):
        z, targets = finite_table.softmax_logits(kind, dtype, classes)
        one_hot = torch.nn.functional.one_hot(targets, classes).to(dtype)
        weight = torch.arange(classes) % 2
        for gamma in finite_table.GAMMAS:
            for goal, options in (
                (targets, {"label_smoothing": 0.1}),
                (targets, {"weight": weight}),
                (one_hot, {"activation": "softmax", "weight": weight}),
                (one_hot, {"activation": "sigmoid", "label_smoothing": 0.1}),
            ):
                x = z.clone().requires_grad_()
                loss = focal_loss(x, goal, gamma=gamma, reduction="sum", **options)
                loss.backward()
                assert x.grad.isfinite().all(), (classes, gamma, options)
                assert not loss.isnan(), (classes, gamma, options)


def test_undefined_rows_are_nan_and_alone() -> None:
    for classes in (5, 50):
        z = torch.zeros(4, classes)
        z[1, 2], z[2] = torch.nan, -torch.inf
        z.requires_grad_()
        loss = focal_loss(z, torch.tensor([0, 1, 2, 3]), reduction="none")
        loss.sum().backward()
        assert loss.isnan().tolist() == [False, True, True, False]
        assert z.grad.isnan().all(1).tolist() == [False, True, True, False]
        assert z.grad.isnan().any(1).tolist() == [False, True, True, False]


def test_exact_where_p_rounds_to_one() -> None:
    """Loss and gradient of sure rows keep their digits: 1 - p is never taken from a rounded p."""
    for classes in (2, 40):
        z = torch.full((1, classes), -20.0, dtype=torch.float64)
        z[0, 0] = 0
        for gamma in (0.5, 2.0):
            exact = (classes - 1) * torch.exp(torch.tensor(-20.0, dtype=torch.float64))
            x = z.float().requires_grad_()
            loss = focal_loss(x, torch.tensor([0]), gamma=gamma)
            loss.backward()
            torch.testing.assert_close(loss.detach().double(), exact ** (gamma + 1), rtol=2e-5, atol=0)
            expected = -(gamma + 1) * exact ** (gamma + 1)
            torch.testing.assert_close(x.grad[0, 0].double(), expected, rtol=2e-5, atol=0)
