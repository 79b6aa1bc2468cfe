# SPDX-License-Identifier: Apache-2.0
"""Contenders for the same task: checked, timed in turns, their peak memory measured. For neighbors.py and balance.py.

A contender that would take minutes may do a share of the work: then what does not depend on the share (building an
index) is timed by itself and counted whole, and its time is marked with ~.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import timing
from report import Goal, Result, markdown, write_json
from timing import Call, optional

SLOW = 4.0  # seconds of a call; contenders of a workload with such a one are timed twice, not thrice or more


class UnavailableError(Exception):
    """A contender cannot run here, and why."""


@dataclass(frozen=True)
class Work:
    """What is timed."""

    call: Call  # its result is checked
    once: Call | None = None  # what has to be done once, if `call` is a share of the rest
    share: float = 1.0  # of the work that `call` does


@dataclass(frozen=True)
class Contender:
    """One way to do a task."""

    name: str
    prepare: Callable[[Any], Work]
    kind: str = "peer"
    tolerance: float = 0.0
    needs: tuple[str, ...] = ()
    one_thread_only: bool = False


@dataclass(frozen=True)
class Workload:
    """One task, on one input, for several contenders."""

    name: str
    make: Callable[[int], Any]  # argument: how many times smaller than its name says
    expect: Callable[[Any], Any]
    error: Callable[[Any, Any], float]  # of a result against what was expected; of floors it is not asked
    contenders: tuple[Contender, ...]
    goals: tuple[Goal, ...] = ()
    products: Callable[[Any], float] = lambda _: 0.0  # multiplications and additions that the plain way takes


@dataclass
class Group:
    """Results of one workload with one number of threads."""

    workload: Workload
    threads: int
    results: list[Result] = field(default_factory=list)
    products: float = 0.0

    def by_name(self) -> dict[str, Result]:
        return {result.contender: result for result in self.results}


# ---- one workload ----


def run(
    workload: Workload, threads: Sequence[int], divisor: int, budget: float, clock: timing.Clock = timing.wall_clock
) -> list[Group]:
    """Time one workload, once for each number of threads."""
    inputs = workload.make(divisor)
    expected = workload.expect(inputs)
    groups = [
        run_with(workload, inputs, expected, n, first=n == threads[0], budget=budget, clock=clock) for n in threads
    ]
    gc.collect()
    return groups


def run_with(
    workload: Workload,
    inputs: Any,
    expected: Any,
    threads: int,
    *,
    first: bool,
    budget: float,
    clock: timing.Clock = timing.wall_clock,
) -> Group:
    """Check all contenders, then time them in turns."""
    use_threads(threads)
    works: dict[str, Work] = {}
    drafts: dict[str, Result] = {}
    slowest = 0.0
    for contender in workload.contenders:
        if contender.one_thread_only and not first:
            continue
        try:
            work, error, seconds, memory, moved = checked(workload, contender, inputs, expected)
        except UnavailableError as reason:
            print(f"\n{workload.name}: {contender.name} is left out: {reason}")
            continue
        slowest = max(slowest, seconds)
        works[contender.name] = work
        notes = ["1 thread"] if contender.one_thread_only and threads > 1 else []
        notes += [f"~ {100 * work.share:.0f} % of the queries"] if work.share < 1 else []
        drafts[contender.name] = Result(
            workload.name, threads, contender.name, contender.kind, (), moved, error, ", ".join(notes), memory
        )
    calls = {name: work.call for name, work in works.items()}
    calls |= {f"{name} once": work.once for name, work in works.items() if work.once is not None}
    pause = 0.01 if threads > 1 else 0.0
    seconds_of = timing.measure(calls, budget=budget, least=2 if slowest > SLOW else 3, pause=pause, clock=clock)
    group = Group(workload, threads, products=workload.products(inputs))
    for name, draft in drafts.items():
        work = works[name]
        once = timing.median(seconds_of[f"{name} once"]) if work.once is not None else 0.0
        seconds = tuple(once + each / work.share for each in seconds_of[name])
        group.results.append(Result(**{**vars(draft), "seconds": seconds}))
    return group


def checked(
    workload: Workload, contender: Contender, inputs: Any, expected: Any
) -> tuple[Work, float, float, int, int]:
    """Prepare a contender and check what it makes; return work, largest error, first time, peak memory, bytes made."""
    missing = next((name for name in contender.needs if optional(name) is None), None)
    if missing:
        raise UnavailableError(f"{missing} is not installed")
    work = contender.prepare(inputs)
    if work.once is not None:
        work.once()
    kept: list[Any] = []
    memory, seconds = peak_memory(lambda: timing.wall_clock(lambda: kept.append(work.call())))
    result = kept.pop()
    if contender.kind == "floor":
        return work, 0.0, seconds, 0, 0
    error = workload.error(result, expected)
    if not error <= contender.tolerance:
        raise AssertionError(
            f"{workload.name}: {contender.name} differs from what is right by {error:.3g}; "
            f"allowed: {contender.tolerance:g}"
        )
    return work, error, seconds, memory if work.share == 1 else 0, nbytes(result)


def use_threads(n: int) -> None:
    """Give burnish, and every OpenMP and BLAS that is loaded, `n` threads."""
    timing.use_threads(n)
    if threadpoolctl := optional("threadpoolctl"):
        threadpoolctl.threadpool_limits(limits=n)


def peak_memory(call: Callable[[], Any]) -> tuple[int, Any]:
    """Call, and return by how many bytes the process grew at most meanwhile, result included; 0 where nobody tells."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        before = _status("VmRSS")
    except (OSError, AttributeError):
        return 0, call()
    result = call()
    return max(0, _status("VmHWM") - before), result


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(key))


def nbytes(result: Any) -> int:
    """Bytes of the arrays in a result."""
    if isinstance(result, tuple | list):
        return sum(map(nbytes, result))
    return int(getattr(result, "nbytes", 0))


# ---- tables ----


def table(group: Group) -> str:
    """Compare the contenders of one workload with burnish."""
    unit = group.by_name()["burnish"].median
    rows = []
    for result in group.results:
        seconds = f"{result.median:.3g}" if result.median < 100 else f"{result.median:.0f}"
        rows.append(
            [
                f"{result.contender} ({result.note})" if result.note else result.contender,
                f"~{seconds}" if "~" in result.note else seconds,
                f"{result.mad:.1g}",
                f"{result.median / unit:.2f}x",
                f"{group.products / result.median / 1e9:.1f}" if group.products else "-",
                f"{result.memory / 1e6:.0f}" if result.memory else "-",
                f"{result.memory / result.bytes_moved:.2f}x" if result.memory and result.bytes_moved > 1e6 else "-",
                "-" if result.kind == "floor" else f"{result.error:.1e}",
                str(len(result.seconds)),
            ]
        )
    headings = ["contender", "median s", "MAD", "time / burnish", "1e9 products/s", "peak MB", "peak / result"]
    return markdown([*headings, "error", "runs"], rows)


def summary(groups: Sequence[Group]) -> str:
    """One line a workload: burnish, the best peer, what a second thread brought."""
    alone = {group.workload.name: group.by_name()["burnish"].median for group in groups if group.threads == 1}
    rows = []
    for group in groups:
        ours = group.by_name()["burnish"]
        peers = [result for result in group.results if result.kind == "peer"]
        best = min(peers, key=lambda result: result.median, default=None)
        gemm = group.by_name().get("GEMM alone")
        faster = alone.get(ours.workload)
        rows.append(
            [
                ours.workload,
                str(ours.threads),
                f"{ours.median:.4g}",
                best.contender if best else "-",
                f"{'~' if '~' in best.note else ''}{best.median:.4g}" if best else "-",
                f"{best.median / ours.median:.1f}x" if best else "-",
                f"{gemm.median / 2 / ours.median:.1f}x" if gemm else "-",
                f"{faster / ours.median:.2f}x" if faster and ours.threads > 1 else "-",
                f"{ours.memory / 1e6:.0f}" if ours.memory else "-",
            ]
        )
    headings = ["workload", "threads", "burnish s", "best peer", "its s", "best peer / burnish", "half GEMM / burnish"]
    return markdown([*headings, "over 1 thread", "peak MB"], rows)


def verdicts(group: Group) -> list[str]:
    """What the workload was meant to reach."""
    found = [goal.verdict(group.by_name()) for goal in group.workload.goals]
    return [verdict for verdict in found if verdict]


# ---- the script ----


def options_of(description: str | None, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the options that both scripts have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--divide", type=int, default=1, metavar="N", help="N times fewer rows: to try, not to quote")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="workloads whose name starts with one of these")
    parser.add_argument("--list", action="store_true", help="print the names of the workloads")
    parser.add_argument("--without", nargs="+", default=[], metavar="NAME", help="contenders to leave out")
    parser.add_argument("--json", metavar="FILE", help="write environment and all timings")
    parser.add_argument("--budget", type=float, default=2.0, metavar="S", help="seconds for each contender (default 2)")
    parser.add_argument("--processor-time", action="store_true", help="time by it: others use the machine too")
    return parser.parse_args(arguments)


def main(
    description: str | None,
    workloads: Sequence[Workload],
    explanation: str,
    libraries: Sequence[str],
    arguments: Sequence[str] | None,
) -> None:
    """Run the workloads that were asked for, and print tables."""
    options = options_of(description, arguments)
    if options.list:
        print("\n".join(workload.name for workload in workloads))
        return
    wanted = chosen(workloads, options.only)
    where = timing.environment(libraries)
    print(timing.describe(where))
    print(f"\n{explanation}")
    clock = timing.cpu_clock if options.processor_time else timing.wall_clock
    groups: list[Group] = []
    for workload in wanted:
        kept = without(workload, options.without)
        for group in run(kept, options.threads, options.divide, options.budget, clock):
            print_group(group)
            groups.append(group)
        if options.json:  # each time, so that a long run that is broken off leaves what it has
            write_json(options.json, where, [result for group in groups for result in group.results])
    title = "Summary" + (f", {options.divide} times fewer rows" if options.divide > 1 else "")
    print(f"\n## {title}\n\n{summary(groups)}")


def chosen(workloads: Sequence[Workload], names: Sequence[str] | None) -> list[Workload]:
    """Those whose name starts with one of these."""
    found = [each for each in workloads if not names or each.name.startswith(tuple(names))]
    if not found:
        raise SystemExit(f"no workload starts with {names}; --list prints them")
    return found


def without(workload: Workload, names: Sequence[str]) -> Workload:
    """The workload without contenders whose name starts with one of these."""
    kept = tuple(each for each in workload.contenders if not each.name.startswith(tuple(names) or "\0"))
    return Workload(**{**vars(workload), "contenders": kept})


def print_group(group: Group) -> None:
    threads = f"{group.threads} thread{'s' if group.threads > 1 else ''}"
    print(f"\n## {group.workload.name}, {threads}\n\n{table(group)}\n")
    for verdict in verdicts(group):
        print(verdict, flush=True)


def goals(at_least: Mapping[str, float]) -> tuple[Goal, ...]:
    """How many times faster than each of these burnish means to be."""
    return tuple(Goal(peer, "burnish", at_least=ratio) for peer, ratio in at_least.items() if ratio)
