# SPDX-License-Identifier: Apache-2.0
"""Rows of an array give what the rows themselves give, and only those are read that are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish._improve.linear import Directions
from burnish._improve.mend import mend
from burnish._improve.options import Options
from burnish._improve.rows import Rows, some_rows
from burnish._improve.score import score
from improve_data import judgment, sure_of

RNG = np.random.default_rng(0)
LABELS = np.arange(90) % 3
ALL = (RNG.normal(size=(120, 12)) + 3 * np.eye(12)[np.r_[LABELS, LABELS[:30]]]).astype(np.float32)
CHOSEN = np.sort(RNG.permutation(120)[:90])


class Counting:
    """An array that counts the rows that are read of it."""

    def __init__(self, array: Any) -> None:
        self.array, self.shape, self.dtype, self.read = array, array.shape, array.dtype, 0

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, which: Any) -> Any:
        found = self.array[which]
        self.read += len(found)
        return found


def test_rows_of_rows() -> None:
    rows = Rows(Rows(ALL, CHOSEN), np.array([4, 2, 7]))
    assert (len(rows), rows.shape, rows.dtype) == (3, (3, 12), np.float32)
    assert np.array_equal(rows, ALL[CHOSEN][[4, 2, 7]])
    assert np.array_equal(rows[1:], ALL[CHOSEN][[2, 7]])
    assert some_rows(ALL, np.arange(120)) is ALL


@pytest.mark.parametrize("n", [90, 8])  # more rows than columns, and fewer
def test_what_is_made_of_rows(n: int) -> None:
    rows = some_rows(ALL, CHOSEN[:n])
    expected, found = Directions.of(ALL[CHOSEN[:n]]), Directions.of(rows)
    assert np.array_equal(found(rows), expected(ALL[CHOSEN[:n]]))


def test_scores_and_mends_of_rows() -> None:
    options = Options(folds=3, budget=6)
    ours, theirs = (score(x, LABELS, 3, options=options) for x in (some_rows(ALL, CHOSEN), ALL[CHOSEN]))
    for name, values in vars(theirs).items():
        assert np.array_equal(values, getattr(ours, name), equal_nan=True), name
    uneven = np.repeat([0, 1, 2], [60, 20, 10])
    judged = judgment(uneven, sure_of(uneven, 3, 0.9) + RNG.uniform(0, 0.1, (90, 3)))
    counting = Counting(ALL)
    for fill, action in (("copies", "copy"), ("smote", "interpolate")):
        wanted = Options(budget=6, fill=fill)
        made = [mend(uneven, judged, 3, wanted, features=x) for x in (Rows(counting, CHOSEN), ALL[CHOSEN])]
        assert len(made[0].only(action)) == 90
        for name, values in vars(made[0]).items():
            assert np.array_equal(values, getattr(made[1], name)), name
    assert 0 < counting.read <= 2 * 10 * 6 + 30  # ten times as many as are to be annotated; what is filled up
