# SPDX-License-Identifier: Apache-2.0
"""The library's own kernels, run on the CPU: same bits as the CPU loops, no overrun, no race."""

from __future__ import annotations

from pathlib import Path

import burnish
import emulation
import pytest

CSRC = emulation.ROOT / "csrc"
LIBRARY = Path(burnish.get_include()).parent / "lib" / "libburnish.a"


@pytest.fixture(scope="module", params=emulation.VARIANTS)
def program(request, build_emulated, tmp_path_factory):
    return build_emulated(
        [
            emulation.FOLDER / "kernels_main.cpp",
            *sorted(emulation.FOLDER.glob("*_cases.cpp")),
            *sorted(CSRC.glob("*/*_cuda.cu")),
        ],
        "kernels",
        request.param,
        include_dirs=[CSRC, burnish.get_include()],
        out_dir=tmp_path_factory.mktemp("kernels"),
        libraries=[LIBRARY],
    )


@pytest.mark.parametrize("order", emulation.ORDERS)
def test_kernels_equal_cpu_loops(program, run_emulated, order):
    size = "full" if program.name.endswith("-plain") else "small"
    ran = run_emulated(program, order, size, timeout=600)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    assert "0 differences" in ran.stdout
