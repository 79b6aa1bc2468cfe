# SPDX-License-Identifier: Apache-2.0
"""Where the installed package lies, and programs run in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import burnish
import pytest
from burnish import _core

# The fake exporters of the core's tests serve here too.
CORE_TESTS = str(Path(__file__).resolve().parents[1] / "core")
sys.path.insert(0, CORE_TESTS)


@pytest.fixture(scope="session")
def installed() -> Path:
    """Return the folder with what CMake installed: that of the module, in an editable installation too."""
    folder = Path(_core.__file__).parent
    assert Path(burnish.get_include()) == folder / "include"
    assert Path(burnish.get_cmake_dir()) == folder / "share" / "cmake" / "burnish"
    return folder


@pytest.fixture(scope="session")
def library(installed: Path) -> Path:
    """Return the static library."""
    path = installed / "lib" / "libburnish.a"
    assert path.is_file()
    return path


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program in a new process, outside the checkout."""

    def run(code: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BURNISH_")}
        inherited["PYTHONPATH"] = os.pathsep.join([CORE_TESTS, os.environ.get("PYTHONPATH", "")])
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
            env=inherited | (environment or {}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    return run
