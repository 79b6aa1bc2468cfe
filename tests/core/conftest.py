# SPDX-License-Identifier: Apache-2.0
"""Make ``exporters`` importable under every import mode, and run Python in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = str(Path(__file__).resolve().parent)
sys.path.insert(0, FOLDER)


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program in a new process; the caller looks at its exit status and output.

    Where it may hang, crash or be interrupted, and where the environment or the memory of the process is the matter.
    """

    def run(
        code: str, *, environment: dict[str, str] | None = None, warnings: str = "error", timeout: float = 600
    ) -> subprocess.CompletedProcess[str]:
        program = tmp_path / "program.py"
        program.write_text(textwrap.dedent(code))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BURNISH_")}
        inherited["PYTHONPATH"] = os.pathsep.join([FOLDER, os.environ.get("PYTHONPATH", "")])
        return subprocess.run(
            [sys.executable, "-W", warnings, str(program)],
            env=inherited | (environment or {}),
            timeout=timeout,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
