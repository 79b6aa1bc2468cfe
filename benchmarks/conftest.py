# SPDX-License-Identifier: Apache-2.0
"""Make the benchmarks' own modules importable, and add the options of ``pytest benchmarks/``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("burnish benchmarks")
    group.addoption("--quick", action="store_true", help="a tenth of the rows: to try the suite, not to quote it")
    group.addoption("--threads", type=int, nargs="+", default=[1], metavar="N", help="numbers of threads (default 1)")
