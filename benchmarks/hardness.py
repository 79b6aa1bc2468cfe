# SPDX-License-Identifier: Apache-2.0
"""Hardness: burnish and its peers in one process, checked against float64 and then timed in turns.

python benchmarks/hardness.py [--quick] [--threads 1 2] [--only NAME ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Sequence
from typing import Any

import hardness_peers as peers
import timing
from hardness_peers import Contender, Inputs, UnavailableError
from hardness_workloads import WORKLOADS, Workload
from report import Result, summary, table, write_json

FLOOR_BYTES = 400_000_000  # at most; more takes longer and says the same
QUICK = 10  # times smaller
EXPLANATION = """\
Every result was checked against float64 before anything was timed. Medians of interleaved runs. Each call allocates its
result, except where "out=" stands. GB/s: the input read once and the result written once. "of read": of the bandwidth
in the line "read" (memchr over as many bytes, at most 400 MB); "copy" is memcpy and counts both ways."""


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    where = timing.environment()
    print(timing.describe(where))
    print(f"\n{EXPLANATION}")
    groups: list[list[Result]] = []
    for workload in chosen(options.only):
        for group in run(workload, options.threads, QUICK if options.quick else 1, options.budget):
            print_group(workload, group)
            groups.append(group)
        if options.json:  # each time, so that a long run that is broken off leaves what it has
            write_json(options.json, where, [result for group in groups for result in group])
    print(f"\n## Summary{', quick: a tenth of the rows' if options.quick else ''}\n\n{summary(groups)}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows: to try the suite, not to quote it")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="workloads whose name starts with one of these")
    parser.add_argument("--json", metavar="FILE", help="write environment and all timings")
    parser.add_argument("--budget", type=float, default=2.0, metavar="S", help="seconds for each contender (default 2)")
    return parser.parse_args(arguments)


def chosen(only: Sequence[str] | None) -> list[Workload]:
    found = [workload for workload in WORKLOADS if not only or workload.name.startswith(tuple(only))]
    if not found:
        raise SystemExit(f"no workload starts with {only}; there are: {', '.join(each.name for each in WORKLOADS)}")
    return found


def run(workload: Workload, threads: Sequence[int], divisor: int, budget: float) -> list[list[Result]]:
    """Time one workload, once for each number of threads."""
    try:
        inputs = workload.make(divisor)
    except UnavailableError as error:
        print(f"\n## {workload.name}\n\nleft out: {error}")
        return []
    expected = workload.expect(inputs)
    groups = [run_with(workload, inputs, expected, n, first=n == threads[0], budget=budget) for n in threads]
    gc.collect()
    return groups


def run_with(
    workload: Workload, inputs: Inputs, expected: Any, threads: int, *, first: bool, budget: float
) -> list[Result]:
    """Check all contenders, then time them in turns, together with what memory allows."""
    timing.use_threads(threads)
    peers.reset()
    calls: dict[str, timing.Call] = {}
    drafts: dict[str, Result] = {}
    for contender in workload.contenders:
        if contender.one_thread_only and not first:
            continue
        try:
            call, error, moved = checked(workload, contender, inputs, expected)
        except UnavailableError as reason:
            print(f"\n{workload.name}: {contender.name} is left out: {reason}")
            continue
        calls[contender.name] = call
        note = "1 thread" if contender.one_thread_only and threads > 1 else ""
        drafts[contender.name] = Result(workload.name, threads, contender.name, contender.kind, (), moved, error, note)
    size = min(inputs.nbytes, FLOOR_BYTES)
    for name, floor, moved in (("read", timing.read_floor, size), ("copy", timing.copy_floor, 2 * size)):
        calls[name] = floor(size, threads)
        drafts[name] = Result(workload.name, threads, name, "floor", (), moved, 0.0, f"{size / 1e6:.0f} MB")
    seconds = timing.measure(calls, budget=budget, pause=0.01 if threads > 1 else 0.0)
    return [finished(draft, seconds[name], workload, inputs) for name, draft in drafts.items()]


def checked(workload: Workload, contender: Contender, inputs: Inputs, expected: Any) -> tuple[timing.Call, float, int]:
    """Prepare a contender and check its result; return its call, its largest error and the bytes it must move."""
    if contender.missing:
        raise UnavailableError(f"{contender.missing} is not installed")
    given = inputs.head(contender.rows)
    call = contender.prepare(given)
    result = call()
    wanted = expected if contender.rows is None else expected[: contender.rows]
    error = (contender.error or workload.error)(result, wanted)
    if not error <= contender.tolerance:
        raise AssertionError(
            f"{workload.name}: {contender.name} differs from the reference by {error:.3g}; "
            f"allowed: {contender.tolerance:g}"
        )
    return call, error, given.nbytes + _nbytes(result)


def finished(draft: Result, seconds: Sequence[float], workload: Workload, inputs: Inputs) -> Result:
    """Fill in the timings, scaled for a contender that ran on some of the rows only."""
    result = Result(**{**vars(draft), "seconds": tuple(seconds)})
    rows = {contender.name: contender.rows for contender in workload.contenders}.get(draft.contender)
    if rows is None or rows >= len(inputs.values):
        return result
    return result.scaled(len(inputs.values) / rows, f"scaled from {rows:,} rows")


def print_group(workload: Workload, results: Sequence[Result]) -> None:
    threads = results[0].threads
    print(f"\n## {workload.name}, {threads} thread{'s' if threads > 1 else ''}\n\n{table(results, 'burnish')}\n")
    by_name = {result.contender: result for result in results}
    for goal in workload.goals:
        if verdict := goal.verdict(by_name):
            print(verdict, flush=True)


def _nbytes(result: Any) -> int:
    if isinstance(result, dict):
        return sum(map(_nbytes, result.values()))
    return int(getattr(result, "nbytes", 0))


if __name__ == "__main__":
    main()
