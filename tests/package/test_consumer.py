# SPDX-License-Identifier: Apache-2.0
"""C++ users: a program is built against the installed package and run, with CMake and with the compiler alone."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import burnish
import pytest

CONSUMER = Path(__file__).resolve().parents[1] / "consumer"
HEADERS = ["annotators.hpp", "augment.hpp", "balance.hpp", "dynamics.hpp", "error.hpp", "hardness.hpp", "losses.hpp",
           "metrics.hpp", "neighbors.hpp", "quality.hpp", "runtime.hpp", "tensor.hpp", "version.hpp"]  # fmt: skip
# Lines like these say what was built; the CUDA half is a library of its own, which this program does not link.
REPORT = rf"burnish {re.escape(burnish.__version__)}, .+, level \w+, CUDA not built\n"


def run(*command: object, cwd: Path | None = None) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def compiler() -> list[str]:
    chosen = os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++")
    if chosen is None:
        pytest.skip("no C++ compiler is installed")
    return shlex.split(chosen)


def find_cmake() -> str | None:
    found = shutil.which("cmake")
    if found is None:
        try:
            found = str(Path(importlib.import_module("cmake").CMAKE_BIN_DIR) / "cmake")
        except ImportError:
            return None
    return found


@pytest.mark.usefixtures("compiler")
def test_with_cmake(installed: Path, tmp_path: Path) -> None:
    cmake = find_cmake()
    if cmake is None:
        pytest.skip("cmake is neither on the path nor installed as a Python package")
    run(cmake, "-S", CONSUMER, "-B", tmp_path, f"-Dburnish_DIR={burnish.get_cmake_dir()}", "-DCMAKE_BUILD_TYPE=Release")
    run(cmake, "--build", tmp_path)
    assert re.fullmatch(REPORT, run(tmp_path / "consumer"))
    # What was found is the package under test.
    cache = (tmp_path / "CMakeCache.txt").read_text()
    assert f"burnish_DIR:UNINITIALIZED={burnish.get_cmake_dir()}" in cache or (
        f"burnish_DIR:PATH={burnish.get_cmake_dir()}" in cache
    )
    assert str(installed) in burnish.get_cmake_dir()


def test_with_the_compiler_alone(compiler: list[str], library: Path, tmp_path: Path) -> None:
    program = tmp_path / "consumer"
    flags = ["-std=c++20", "-O1", "-pthread", "-I", burnish.get_include()]
    run(*compiler, *flags, CONSUMER / "main.cpp", library, "-o", program)
    assert re.fullmatch(REPORT, run(program))


def test_headers_are_all_installed(installed: Path) -> None:
    assert sorted(path.name for path in (installed / "include" / "burnish").iterdir()) == HEADERS
    assert [path.name for path in (installed / "include").iterdir()] == ["burnish"]


@pytest.mark.parametrize("header", HEADERS)
def test_header_compiles_alone(compiler: list[str], tmp_path: Path, header: str) -> None:
    """Twice in one file, without warnings, and without what users need not have."""
    source = tmp_path / "alone.cpp"
    source.write_text(f"#include <burnish/{header}>\n#include <burnish/{header}>\n")
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-I", burnish.get_include()]
    run(*compiler, *flags, "-fsyntax-only", source)
    included = run(*compiler, "-std=c++20", "-I", burnish.get_include(), "-M", source).replace("\\\n", " ").split()
    assert f"{burnish.get_include()}/burnish/{header}" in included
    forbidden = re.compile(r"pybind11|dlpack|cuda|Python\.h|numpy", re.IGNORECASE)
    names = [path.removeprefix(burnish.get_include()) for path in included]
    assert [name for name in names if forbidden.search(name.rpartition("/include/")[2])] == []
    own = [name for name in names if "burnish/" in name and not name.startswith(str(tmp_path))]
    assert set(own) <= {f"/burnish/{name}" for name in HEADERS}, "a private header is included"
