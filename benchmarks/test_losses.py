# SPDX-License-Identifier: Apache-2.0
"""losses.py and losses_gpu.py run from end to end and refuse wrong results; nothing is timed in earnest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import contest
import pytest
import timing
from contest import Contender, Workload

if timing.optional("torch") is None:
    pytest.skip("needs torch", allow_module_level=True)

import losses
import losses_gpu
import losses_peers
import losses_workloads

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(autouse=True)
def _threads_restored() -> Any:
    before = timing.burnish.get_num_threads()
    yield
    timing.use_threads(before)


def test_script(capsys: Any) -> None:
    wanted = ["binary-1M", "class-weights-10M", "planes"]
    losses.main(
        ["--divide", "8", "--threads", "1", "--only", *wanted, "--budget", "0.01", "--without", "torch.compile"]
    )
    printed = capsys.readouterr().out
    assert all(f"## {name}" in printed for name in wanted)


@pytest.mark.parametrize("workload", losses_workloads.WORKLOADS, ids=lambda workload: workload.name)
def test_contenders_agree(workload: Workload) -> None:
    inputs = workload.make(200 if "planes" not in workload.name else 8)
    expected = workload.expect(inputs)
    for contender in workload.contenders:
        if "compile" not in contender.name and not any(timing.optional(need) is None for need in contender.needs):
            contest.checked(workload, contender, inputs, expected)


def test_wrong_gradients_are_not_timed() -> None:
    workload = losses_workloads.WORKLOADS[0]
    doubled = Contender("doubled", losses_peers.eager(lambda z, t: 1.01 * losses_peers.softmax_burnish(z, t)))
    with pytest.raises(AssertionError, match="doubled differs from what is right by"):
        contest.run(replace(workload, contenders=(doubled,)), [1], 1000, 0.0)


def test_gpu_script_on_the_cpu(capsys: Any) -> None:
    losses_gpu.main(["--self-test"])
    assert "self-test: passed" in capsys.readouterr().out
