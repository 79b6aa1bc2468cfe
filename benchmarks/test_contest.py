# SPDX-License-Identifier: Apache-2.0
"""neighbors.py and balance.py run from end to end, refuse wrong results, add up right; nothing is timed in earnest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import balance
import balance_workloads
import contest
import neighbors
import neighbors_peers
import neighbors_workloads
import numpy as np
import pytest
import timing
from contest import Contender, Work, Workload
from report import read_json

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(autouse=True)
def _threads_restored() -> Any:
    before = timing.burnish.get_num_threads()
    yield
    timing.burnish.set_num_threads(before)


def test_neighbors(tmp_path: Path, capsys: Any) -> None:
    path = str(tmp_path / "found.json")
    wanted = ["50kx2-clusters-float64", "10kx64-noise-float32"]
    neighbors.main(["--divide", "50", "--only", *wanted, "--budget", "0.01", "--json", path])
    printed = capsys.readouterr().out
    assert all(f"## {name}, {threads}" in printed for name in wanted for threads in ("1 thread\n", "2 threads\n"))
    where, results = read_json(path)
    assert where["versions"]["numpy"] == np.__version__
    assert {result.workload for result in results} == set(wanted)
    assert all(min(result.seconds) > 0 for result in results)
    assert {"burnish", "burnish, out=", "GEMM alone"} <= {result.contender for result in results}


def test_balance(capsys: Any) -> None:
    pytest.importorskip("imblearn")
    names = ["smote-10kx16-float32", "interpolate-250kx256", "near-miss-2", "random-under"]
    balance.main(["--divide", "50", "--threads", "1", "--only", *names, "--budget", "0.01"])
    printed = capsys.readouterr().out
    assert all(f"## {name}" in printed for name in names)
    with pytest.raises(SystemExit, match="no workload starts with"):
        balance.main(["--only", "smoke"])
    balance.main(["--list"])
    assert capsys.readouterr().out.split() == [workload.name for workload in balance_workloads.WORKLOADS]


@pytest.mark.parametrize("d", [2, 16, 64])
@pytest.mark.parametrize("name", list(neighbors_workloads.DATA))
def test_searches_agree_with_float64(name: str, d: int) -> None:
    workload = neighbors_workloads.search(10_000, d, name, "float32")
    inputs = workload.make(20)
    expected = workload.expect(inputs)
    for contender in workload.contenders:
        if not any(timing.optional(need) is None for need in contender.needs):
            contest.checked(workload, contender, inputs, expected)


@pytest.mark.parametrize("workload", balance_workloads.WORKLOADS, ids=lambda workload: workload.name)
def test_samplers_agree(workload: Workload) -> None:
    pytest.importorskip("imblearn")
    inputs = workload.make(20 if "instance" not in workload.name else 100)
    expected = workload.expect(inputs)
    for contender in workload.contenders:
        if not any(timing.optional(need) is None for need in contender.needs):
            contest.checked(workload, contender, inputs, expected)


def searched(distances: Any, indices: Any) -> Workload:
    found = Contender("wrong", lambda inputs: Work(lambda: (distances, indices)))
    return replace(neighbors_workloads.search(10_000, 3, "noise", "float64"), contenders=(found,))


def test_wrong_neighbors_are_not_timed() -> None:
    inputs = neighbors_workloads.search(10_000, 3, "noise", "float64").make(20)
    distances, indices = neighbors_peers.ours(inputs).call()
    contest.run_with(searched(distances, indices), inputs, neighbors_workloads.expect(inputs), 1, first=True, budget=0)
    for bent in (indices[::-1], np.repeat(indices[:, :1], 6, axis=1), np.roll(indices, 1, axis=0)):
        with pytest.raises(AssertionError, match="wrong differs from what is right by"):
            contest.run(searched(distances, bent), [1], 20, 0.0)


def test_wrong_rows_are_not_timed() -> None:
    workload = balance_workloads.interpolation(100_000, 8, "float32")
    bent = Contender("bent", lambda lines: Work(lambda: workload.expect(lines) + np.float32(1)))
    with pytest.raises(AssertionError, match="bent differs from what is right by"):
        contest.run(replace(workload, contenders=(bent,)), [1], 100, 0.0)


def test_a_share_of_the_queries_is_scaled_and_building_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = {"build": 1.0, "search": 0.5, "whole": 3.0}
    order: list[str] = []

    def call(name: str) -> timing.Call:
        return lambda: order.append(name) or name

    part = Contender("burnish", lambda inputs: Work(call("search"), call("build"), 0.25))
    whole = Contender("whole", lambda inputs: Work(call("whole")))
    workload = Workload("task", lambda divisor: None, lambda inputs: None, lambda found, expected: 0.0, (part, whole))
    monkeypatch.setattr(
        timing,
        "measure",
        lambda calls, **_: {name: [ticks[one()] for _ in range(3)] for name, one in calls.items()},
    )
    (group,) = contest.run(workload, [1], 1, 0.0)
    found = group.by_name()
    assert found["burnish"].seconds == (3.0, 3.0, 3.0)  # 1 + 0.5 / 0.25
    assert found["burnish"].note == "~ 25 % of the queries"
    assert found["whole"].seconds == (3.0, 3.0, 3.0)
    assert "| ~3 |" in " ".join(contest.table(group).split())


def test_how_many_queries_are_asked() -> None:
    for n, d, all_of_them in ((10_000, 16, True), (10_000, 64, True), (50_000, 64, False), (50_000, 256, False)):
        inputs = neighbors_peers.Inputs(np.empty((n, d), np.float32), 6)
        assert (inputs.queries == n) == all_of_them
        assert 1000 <= inputs.queries <= n


def test_peak_memory() -> None:
    ones = np.ones(4_000_000)
    memory, result = contest.peak_memory(lambda: (ones + 1)[::-1] + ones)
    if not memory:
        pytest.skip("no /proc/self/clear_refs")
    assert 60e6 < memory < 70e6  # two arrays of 32 MB
    assert contest.nbytes([result, (result, 5)]) == 64e6


def test_goals_and_summary() -> None:
    fast = Contender("burnish", lambda inputs: Work(lambda: sum(range(10))), "burnish")
    slow = Contender("peer", lambda inputs: Work(lambda: sum(range(100_000))))
    workload = Workload(
        "task", lambda divisor: None, lambda inputs: None, lambda found, expected: 0.0, (fast, slow),
        contest.goals({"peer": 2.0, "other": 0.0}),
    )  # fmt: skip
    groups = contest.run(workload, [1, 2], 1, 0.01)
    assert [verdict.endswith("goal at least 2x: met") for verdict in contest.verdicts(groups[0])] == [True]
    lines = contest.summary(groups).splitlines()
    assert len(lines) == 4
    assert "| peer |" in " ".join(lines[2].split())
