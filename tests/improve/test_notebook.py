# SPDX-License-Identifier: Apache-2.0
"""The notebook runs as it stands, and what it shows by itself is the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn")
pytest.importorskip("pyarrow")

NOTEBOOK = Path(__file__).parents[2] / "examples" / "improve.ipynb"


def test_the_notebook_runs(capsys: pytest.CaptureFixture[str]) -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    values: dict[str, Any] = {}
    for text in code:
        exec(compile(text.replace("runs=3", "runs=2"), str(NOTEBOOK), "exec"), values)
    printed = capsys.readouterr().out
    assert "labels that look wrong" in printed
    assert "manifest.json: what became of every image" in printed
    found = values["found"]
    assert (found.proposals_table()["action"] == "relabel").any()
    assert found.class_table()["images"].sum() == len(found.rows)
    shown = found._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "labels look wrong" in shown
