# SPDX-License-Identifier: Apache-2.0
"""The contenders of hardness.py under pytest-benchmark: ``pytest benchmarks/ --benchmark-only``.

Each contender has its turn alone here, so a drift of the machine can tilt a ratio; hardness.py times them interleaved.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import hardness
import hardness_peers as peers
import pytest
import timing
from hardness_peers import Inputs, UnavailableError
from hardness_workloads import WORKLOADS, Workload

pytestmark = pytest.mark.filterwarnings("default")  # the peers' own warnings are not ours to refuse

CASES = [(workload, contender) for workload in WORKLOADS for contender in workload.contenders]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    threads = metafunc.config.getoption("--threads")
    rows = [(workload, n, contender) for n in threads for workload, contender in CASES]
    names = [f"{workload.name}-{n}-{contender.name}" for workload, n, contender in rows]
    metafunc.parametrize(("workload", "threads", "contender"), rows, ids=names)


@lru_cache(maxsize=1)
def inputs_of(workload: Workload, divisor: int) -> tuple[Inputs, Any]:
    inputs = workload.make(divisor)
    return inputs, workload.expect(inputs)


def test_contender(
    benchmark: Any, request: pytest.FixtureRequest, workload: Workload, threads: int, contender: peers.Contender
) -> None:
    if contender.one_thread_only and threads != request.config.getoption("--threads")[0]:
        pytest.skip("uses one thread whatever is set")
    timing.use_threads(threads)
    peers.reset()
    try:
        inputs, expected = inputs_of(workload, hardness.QUICK if request.config.getoption("--quick") else 1)
        call, error, moved = hardness.checked(workload, contender, inputs, expected)
    except UnavailableError as reason:
        pytest.skip(str(reason))
    benchmark.group = f"{workload.name}, {threads} thread{'s' if threads > 1 else ''}"
    benchmark.extra_info.update(contender=contender.name, bytes_moved=moved, largest_error=error)
    if contender.rows is not None:
        benchmark.extra_info["rows"] = f"{contender.rows} of {len(inputs.values)}"
    slow = timing.wall_clock(call) > 1.0
    benchmark.pedantic(call, rounds=3 if slow else 7, iterations=1)
