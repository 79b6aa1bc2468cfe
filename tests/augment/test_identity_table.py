# SPDX-License-Identifier: Apache-2.0
"""No image differs, whatever the way it is made; and one that did would be seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
import identity_table
from burnish import augment


def test_no_image_differs() -> None:
    rows = list(identity_table.table(12, small=True))
    assert len(rows) >= 3
    assert {cells[0].split(",")[0] for cells, _ in rows} == {"calls", "loader"}
    for cells, counts in rows:
        assert counts == {"bytes": 0, "floats": 0, "mixed": 0}, cells


def test_one_that_differs_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    real = augment.Compose.__call__

    def spoiled(self: Any, images: Any, ids: Any = None, *args: Any, **options: Any) -> Any:
        result = real(self, images, ids, *args, **options)
        if len(result) > 1:
            result[np.asarray(ids) == 5] += 1
        return result

    rows = identity_table.table(12, small=True)
    first = next(rows)
    assert set(first[1].values()) == {0}
    monkeypatch.setattr(augment.Compose, "__call__", spoiled)
    assert next(rows)[1] == {"bytes": 2, "floats": 2, "mixed": 0}


def test_it_is_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["identity_table.py", "--small", "--images", "8"])
    assert identity_table.main() == 0
    text = capsys.readouterr().out
    assert "| loader, 1 workers forked | 1 |" in text
    assert text.endswith("0 images differ\n")
