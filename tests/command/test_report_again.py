# SPDX-License-Identifier: Apache-2.0
"""``burnish report``: the report of a run again, from what the run kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish._improve.page.findings import Findings
from burnish._improve.page.kept import FOLDER, keep
from burnish._improve.page.page import page
from burnish._improve.page.shown import choose

pytest.importorskip("PIL.Image")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return the folder that a run left behind, without its report."""
    columns = {"label": np.array([0, 1, 1]), "copy_of": np.array([-1, -1, 1])}
    findings = Findings("photos", ("cat", "dog"), ("cat/1.png", "dog/1.png", "dog/2.png"), columns)
    keep(findings, {}, tmp_path / ".burnish" / FOLDER)
    return tmp_path


def test_the_report_is_written_again(out: Path, burnish_command: Callable[..., Any]) -> None:
    done = burnish_command("report", out)
    assert done.code == 0, done.stderr
    assert str(out / "report.html") in done.stdout
    text = (out / "report.html").read_text(encoding="utf-8")
    columns = {"label": np.array([0, 1, 1]), "copy_of": np.array([-1, -1, 1])}
    findings = Findings("photos", ("cat", "dog"), ("cat/1.png", "dog/1.png", "dog/2.png"), columns)
    assert text == page(findings, choose(findings, 24), {})
    assert burnish_command("report", out).code == 0
    assert (out / "report.html").read_text(encoding="utf-8") == text
    assert sorted(path.name for path in out.iterdir()) == [".burnish", "report.html"]


def test_a_folder_without_a_run(tmp_path: Path, burnish_command: Callable[..., Any]) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        done = burnish_command("report", folder)
        assert done.code == 2
        assert "has no findings of `burnish improve`; run that first" in done.stderr
        assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"title": 1}', b"\xff"])
def test_kept_findings_that_are_not_whole(out: Path, burnish_command: Callable[..., Any], content: bytes) -> None:
    (out / ".burnish" / FOLDER / "findings.json").write_bytes(content)
    done = burnish_command("report", out)
    assert done.code == 2
    assert "run `burnish improve` again" in done.stderr
    assert not (out / "report.html").exists()


def test_kept_arrays_that_are_not_whole(out: Path, burnish_command: Callable[..., Any]) -> None:
    path = out / ".burnish" / FOLDER / "findings.npz"
    path.write_bytes(path.read_bytes()[:100])
    done = burnish_command("report", out)
    assert done.code == 2
    assert "run `burnish improve` again" in done.stderr
    facts = json.loads((out / ".burnish" / FOLDER / "findings.json").read_text())
    assert facts["ids"] == ["cat/1.png", "dog/1.png", "dog/2.png"]


@pytest.mark.parametrize("number", ["0", "501", "x", "-1"])
def test_a_number_of_samples_that_is_none(out: Path, burnish_command: Callable[..., Any], number: str) -> None:
    done = burnish_command("report", out, f"--show={number}")
    assert done.code == 2
    assert "1 to 500" in done.stderr


def test_no_torch_is_needed(out: Path, burnish_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert burnish_command("report", out).code == 0
