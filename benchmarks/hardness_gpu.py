# SPDX-License-Identifier: Apache-2.0
"""Hardness on a GPU: burnish, torch and torch.compile, with cold caches, beside what the card's memory allows.

python benchmarks/hardness_gpu.py [--json FILE] [--classes 10 100 ...] [--dtypes float32 ...] [--self-test]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hardness_peers as peers
import hardness_reference as reference
import timing
from gpu_machine import Machine, cuda_machine, floors, require_gpu, self_test
from hardness_peers import LABEL_FREE, Inputs, UnavailableError
from report import Result, markdown, read_json, table, write_json
from timing import Call

torch = peers.torch

CLASSES = (10, 100, 1000, 10_000, 100_000)
DTYPES = ("float32", "float16", "bfloat16")
ELEMENTS = 1 << 28  # 1 GiB of float32: far more than any cache, far less than a card
TEMPORARIES = 12  # a contender and the checks need at most so many times the float32 input
CHECKED_VALUES = 1 << 22  # of the scores other than entropy, which is checked on every row
SMALL_C, SMALL_C_GOAL, GOAL = 32, 0.70, 0.85  # share of the read bandwidth that entropy should reach


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if torch is None:
        raise SystemExit("hardness_gpu: needs torch; pip install torch")
    if options.self_test:
        return try_it(options)
    require_gpu("hardness_gpu")
    machine = cuda_machine(torch.device("cuda", torch.cuda.current_device()))
    target = options.json or Path(__file__).parent / "results" / f"gpu-{machine.chip}.json"
    run(machine, options, target)
    return None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="default: results/gpu-<chip>.json beside this script")
    parser.add_argument("--classes", type=int, nargs="+", default=None, metavar="C")
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--elements", type=int, default=None, metavar="N", help=f"of the input (default {ELEMENTS})")
    parser.add_argument("--budget", type=float, default=None, metavar="S", help="seconds a contender (default 0.3)")
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    parser.add_argument(
        "--self-test", action="store_true", help="small, on CPU tensors: tries the logic, times nothing"
    )
    return parser.parse_args(arguments)


# ---- one shape ----


def contenders(dtype: str, compile_too: bool) -> dict[str, tuple[str, float, Callable[[Inputs], Call]]]:
    """Name -> kind, allowed error, preparation."""
    narrow = dtype != "float32"
    found = {
        "burnish": ("burnish", 3e-6, peers.score("entropy")),
        "burnish, out=": ("burnish", 3e-6, peers.score("entropy", reuse=True)),
        "burnish, all scores": ("burnish", 1e-5, peers.scores(LABEL_FREE)),
        "burnish, all scores, out=": ("burnish", 1e-5, peers.scores(LABEL_FREE, reuse=True)),
        "torch": ("peer", 1e-4, peers.eager(peers.log_softmax_entropy_float)),
    }
    if narrow:
        found[f"torch in {dtype}"] = ("peer", 1.0, peers.eager(peers.log_softmax_entropy))
    if compile_too:
        found["torch.compile"] = ("peer", 1e-4, peers.compiled(peers.log_softmax_entropy_float))
        found["torch.compile, one exp"] = ("peer", 1e-4, peers.compiled(peers.one_exp_entropy))
    return found


def entropy_reference(logits: Any) -> Any:
    """The entropy of every row in float64, on the device."""
    step = max(1, (1 << 24) // logits.shape[1])
    parts = []
    for first in range(0, len(logits), step):
        log_probs = torch.log_softmax(logits[first : first + step].double(), 1)
        parts.append(-(log_probs.exp() * log_probs).sum(1))
    return torch.cat(parts)


def largest_error(result: Any, expected: Any, head: dict[str, Any]) -> float:
    """Against float64: the entropy on all rows, other scores on the first ones."""
    alone = result["entropy"] if isinstance(result, dict) else result
    gap = ((alone.double() - expected).abs() / expected.abs().clamp(min=1)).max().item()
    if not isinstance(result, dict):
        return float(gap)
    found = {name: result[name][: len(head[name])].cpu() for name in head}
    return max(float(gap), reference.difference_of_all(found, head))


def run_shape(
    machine: Machine, dtype: str, classes: int, elements: int, budget: float, compile_too: bool
) -> list[Result]:
    """Check every contender, then time all in turns."""
    rows = max(1, elements // classes)
    generator = torch.Generator(machine.device).manual_seed(0)
    logits = torch.randn(rows, classes, device=machine.device, generator=generator).mul_(3).to(getattr(torch, dtype))
    name = f"entropy-{rows}x{classes}-{dtype}"
    expected = entropy_reference(logits)
    head = reference.scores(logits[: max(1, CHECKED_VALUES // classes)].cpu(), LABEL_FREE)
    off = reference.difference(expected[: len(head["entropy"])], head["entropy"])
    if not off < 1e-10:
        raise AssertionError(f"{name}: the reference on the device differs from NumPy's by {off:.3g}")
    peers.reset()
    calls: dict[str, Call] = {}
    drafts: dict[str, Result] = {}
    for contender, (kind, tolerance, prepare) in contenders(dtype, compile_too).items():
        try:
            call = prepare(Inputs(logits))
        except UnavailableError as reason:
            print(f"\n{name}: {contender} is left out: {reason}")
            continue
        result = call()
        error = largest_error(result, expected, head)
        if not error <= tolerance:
            raise AssertionError(
                f"{name}: {contender} differs from the reference by {error:.3g}; allowed: {tolerance:g}"
            )
        moved = int(logits.nbytes) + _nbytes(result)
        calls[contender] = call
        drafts[contender] = Result(name, 1, contender, kind, (), moved, error)
        del result
    floor_calls, way = floors(machine, int(logits.nbytes), budget)
    size = max(1, int(logits.nbytes) // 65_536) * 65_536
    drafts["read"] = Result(name, 1, "read", "floor", (), size, 0.0, way)
    drafts["copy"] = Result(name, 1, "copy", "floor", (), 2 * size, 0.0)
    seconds = timing.measure(calls | floor_calls, budget=budget, least=5, most=101, clock=machine.clock)
    return [Result(**{**vars(draft), "seconds": tuple(seconds[each])}) for each, draft in drafts.items()]


def _nbytes(result: Any) -> int:
    return sum(map(_nbytes, result.values())) if isinstance(result, dict) else int(result.nbytes)


# ---- the whole run ----


def run(machine: Machine, options: argparse.Namespace, target: Path) -> None:
    elements = min(options.elements or ELEMENTS, machine.free_bytes // (4 * TEMPORARIES))
    budget = 0.3 if options.budget is None else options.budget
    print(f"{machine.where.get('chip', machine.chip)}; {timing.describe(machine.where)}")
    groups: list[list[Result]] = []
    for dtype in options.dtypes:
        for classes in options.classes or CLASSES:
            results = run_shape(machine, dtype, classes, elements, budget, not options.no_compile)
            print(f"\n## {results[0].workload}\n\n{table(results, 'burnish')}", flush=True)
            groups.append(results)
            write_json(target, machine.where, [result for group in groups for result in group])
    print(f"\n## Summary\n\n{summary(groups)}\n\nwritten: {target}")


def summary(groups: Sequence[Sequence[Result]]) -> str:
    """One line a shape: shares of the measured bandwidths, ratios to the peers, and whether the goal is met."""
    rows = []
    for results in groups:
        by_name = {result.contender: result for result in results}
        ours, every = by_name["burnish, out="], by_name["burnish, all scores, out="]
        share = ours.bandwidth / by_name["read"].bandwidth
        classes = int(ours.workload.split("-")[1].split("x")[1])
        goal = GOAL if classes >= SMALL_C else SMALL_C_GOAL
        best = min((each for each in results if each.kind == "peer"), key=lambda each: each.median)
        rows.append(
            [
                ours.workload,
                f"{ours.median * 1e6:.0f}",
                f"{ours.bandwidth / 1e9:.0f}",
                f"{100 * share:.0f} %",
                f"{100 * ours.bandwidth / by_name['copy'].bandwidth:.0f} %",
                f"{100 * goal:.0f} % {'met' if share >= goal else 'MISSED'}",
                f"{every.median / ours.median:.2f}x",
                f"{by_name['torch'].median / ours.median:.1f}x",
                best.contender,
                f"{best.median / ours.median:.1f}x",
            ]
        )
    headings = ["workload", "out= us", "GB/s", "of read", "of copy", "goal", "all scores / entropy", "torch / out=",
                "best peer", "best peer / out="]  # fmt: skip
    return markdown(headings, rows)


def try_it(options: argparse.Namespace) -> None:
    """Run everything above but CUDA's clock, on small CPU tensors."""
    options.classes = options.classes or [10, 1000]
    options.elements = options.elements or 1 << 17
    options.budget = 0.02 if options.budget is None else options.budget
    expected = {f"entropy-{options.elements // c}x{c}-{d}" for c in options.classes for d in options.dtypes}

    def run_and_look(machine: Machine, target: Path) -> None:
        run(machine, options, target)
        if {result.workload for result in read_json(target)[1]} != expected:
            raise AssertionError("self-test: the JSON file does not hold what was run")

    self_test(run_and_look, options.json)


if __name__ == "__main__":
    sys.exit(main())
