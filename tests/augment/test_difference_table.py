# SPDX-License-Identifier: Apache-2.0
"""Every operation is as near to an independent one as the table says."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from difference_table import ROWS, line, main, operations
from oracles import SMALL, Difference, Row, difference, is_within, measure, pictures

CASES = [pytest.param(row, id=f"{row.operation}-{row.oracle}") for row in ROWS]


@pytest.mark.parametrize("row", CASES)
def test_row(row: Row) -> None:
    for name in row.needs:
        pytest.importorskip(name)
    for dtype in row.dtypes:
        found = measure(row, dtype, SMALL)
        assert found.values > 0
        assert is_within(row, found), (dtype, found)


def test_no_operation_is_missing() -> None:
    """A new one needs a row in an oracles_*.py, with an oracle of the libraries that tests install."""
    always = {"", "PIL", "scipy", "torch", "sklearn"}
    assert set(operations()) - {row.operation for row in ROWS if set(row.needs) <= always} == set()
    assert {row.operation for row in ROWS} - set(operations()) == set()


def _row(ours: Any, **bounds: float) -> Row:
    return Row("x", "y", lambda images, ids: (ours(images), images), **{  # type: ignore[arg-type]
        "levels": 0.0, "floats": 0.0, "share": 1.0, "reason": "", "channels": (3,), "dtypes": ("uint8", "float32"),
        "needs": (), **bounds})  # fmt: skip


def test_a_difference_of_one_value_is_found() -> None:
    def spoiled(images: np.ndarray) -> np.ndarray:
        result = images.copy()
        result[-1, -1, -1, -1] += 1 if images.dtype == np.uint8 else 1e-3
        return result

    for dtype, largest in (("uint8", 1.0), ("float32", 1e-3)):
        found = measure(_row(spoiled), dtype, ((20, 10),))
        assert found.values == 3 * 20 * 10 * 3
        assert found.equal == pytest.approx(1 - 1 / found.values)
        assert found.largest == pytest.approx(largest, rel=1e-3)
        assert not is_within(_row(spoiled), found)
        assert is_within(_row(spoiled, levels=1.0, floats=2e-3), found)
        assert is_within(_row(spoiled, share=0.999), found)
    cells, fine = line(_row(spoiled), ((20, 10),))
    assert (cells[-1], fine) == ("OUT OF BOUNDS", False)
    assert line(_row(np.copy), ((20, 10),))[0][3:] == ["1,800", "100 %", "exact", "1,800", "100 %", "exact", ""]


def test_values_that_are_not_rounded_may_lie_half_a_level_away() -> None:
    row = _row(np.copy)
    ours, theirs = np.array([3, 7], np.uint8), np.array([3.5, 6.25])
    assert difference(row, ours, theirs) == Difference(2, 0.0, 0.25, True)
    assert is_within(dataclasses.replace(row, levels=0.25), difference(row, ours, theirs))


def test_inputs_are_hostile_enough() -> None:
    images = pictures((37, 53), 3, "uint8")
    assert len(np.unique(images[0])) == 256
    assert set(np.unique(images[2])) == {0, 85, 170, 255}
    floats = pictures((37, 53), 3, "float32")
    assert floats.min() == 0
    assert floats.max() == 1


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["difference_table.py", "--small"])
    monkeypatch.setattr("difference_table.ROWS", [row for row in ROWS if row.operation == "Pad"])
    assert main() == 1  # the others are missing
    text = capsys.readouterr().out
    assert "Pad " in text
    assert "CenterCrop" in text.partition("without an oracle: ")[2]
