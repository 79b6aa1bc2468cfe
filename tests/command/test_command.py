# SPDX-License-Identifier: Apache-2.0
"""The command itself: version, info, help, and a reader that goes away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import burnish


def test_version(burnish_command: Callable[..., Any]) -> None:
    assert burnish_command("--version") == (0, f"burnish {burnish.__version__}\n", "")


def test_info_prints_build_info_as_aligned_lines(burnish_command: Callable[..., Any]) -> None:
    run = burnish_command("info")
    assert run.code == 0
    lines = run.stdout.splitlines()
    facts = burnish.build_info()
    assert [line.split()[0] for line in lines] == list(facts)
    width = max(map(len, facts)) + 2
    assert all(line[width - 1] == " " != line[width] for line in lines)
    assert f"{'version':<{width}}{burnish.__version__}" in lines
    assert f"{'isa_levels':<{width}}{', '.join(facts['isa_levels'])}" in lines


def test_help_names_every_option_and_fits_a_terminal() -> None:
    environment = os.environ | {"COLUMNS": "100"}
    command = [sys.executable, "-m", "burnish", "hardness", "--help"]
    text = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=600).stdout
    assert max(map(len, text.splitlines())) <= 100
    for word in ("PATH", "--demo", "--out", "--class", "--limit", "--noisy-labels", "--epochs", "BURNISH_DATA"):
        assert word in text


def test_no_command_is_an_error(burnish_command: Callable[..., Any]) -> None:
    run = burnish_command()
    assert run.code == 2
    assert "COMMAND" in run.stderr


def test_a_reader_that_goes_away_is_no_error_message() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "burnish", "info"]
    try:
        run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=600)
    finally:
        os.close(writer)
    assert (run.returncode, run.stderr) == (1, "")
