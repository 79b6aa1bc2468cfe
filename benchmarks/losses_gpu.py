# SPDX-License-Identifier: Apache-2.0
"""Losses on a GPU, forward and backward: burnish, torch and torch.compile, with cold caches.

python benchmarks/losses_gpu.py [--json FILE] [--classes 10 1000 ...] [--no-compile] [--self-test]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import losses_peers as peers
import timing
from gpu_machine import Machine, cuda_machine, floors, require_gpu, self_test, torch
from losses_peers import Inputs
from report import Result, table, write_json
from timing import Call

CLASSES, ELEMENTS = (10, 100, 1000, 32_000), 1 << 27
DTYPES = ("float32", "bfloat16", "float16")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="default: results/gpu-losses-<chip>.json")
    parser.add_argument("--classes", type=int, nargs="+", default=list(CLASSES), metavar="C")
    parser.add_argument("--elements", type=int, default=ELEMENTS, metavar="N", help="rows times classes")
    parser.add_argument("--budget", type=float, default=0.5, metavar="S", help="seconds a contender")
    parser.add_argument("--no-compile", action="store_true", help="without torch.compile")
    parser.add_argument("--self-test", action="store_true", help="small, on CPU tensors: tries the logic")
    options = parser.parse_args(arguments)
    if options.self_test:
        return self_test(lambda machine, target: run(machine, [10, 50], 1 << 13, 0.02, False, target))
    require_gpu("losses_gpu")
    machine = cuda_machine(torch.device("cuda", torch.cuda.current_device()))
    target = options.json or Path(__file__).parent / "results" / f"gpu-losses-{machine.chip}.json"
    run(machine, options.classes, options.elements, options.budget, not options.no_compile, target)
    return None


def inputs_of(machine: Machine, rows: int, classes: int, dtype: str) -> Inputs:
    """`classes` 1: binary."""
    generator = torch.Generator(machine.device).manual_seed(0)
    size = (rows,) if classes == 1 else (rows, classes)
    logits = (3 * torch.randn(size, device=machine.device, generator=generator)).to(getattr(torch, dtype))
    if classes == 1:
        return Inputs(logits.requires_grad_(), (logits.detach().cos() > 0.5).to(logits.dtype))
    targets = torch.randint(0, classes, (rows,), device=machine.device, generator=generator)
    return Inputs(logits.requires_grad_(), targets)


def compare(machine: Machine, inputs: Inputs, name: str, budget: float, *, compiles: bool) -> list[Result]:
    """Check loss and gradient, then time in turns beside a copy of the logits: read once, written once."""
    binary = inputs.logits.ndim == 1
    ours, theirs = (
        (peers.sigmoid_burnish, peers.sigmoid_torch) if binary else (peers.softmax_burnish, peers.softmax_torch)
    )
    calls: dict[str, Call] = {"burnish": peers.eager(ours)(inputs).call, "torch": peers.eager(theirs)(inputs).call}
    if compiles:
        calls["torch.compile"] = peers.compiled(theirs)(inputs).call
    expected = peers.in_float64(theirs)(inputs)
    error = peers.error(calls["burnish"](), expected)
    allowed = 1e-4 if inputs.logits.dtype == torch.float32 else 2e-2
    if not error <= allowed:
        raise AssertionError(f"{name}: burnish differs from float64 by {error:.3g}; allowed: {allowed:g}")
    del expected
    size = int(inputs.logits.nbytes)
    floor_calls, way = floors(machine, size, budget)
    seconds = timing.measure(calls | floor_calls, budget=budget, least=5, most=51, clock=machine.clock)
    results = [
        Result(name, 1, each, "burnish" if each == "burnish" else "peer", tuple(seconds[each]), 2 * size, error)
        for each in calls
    ]
    read = max(1, size // 65_536) * 65_536
    results.append(Result(name, 1, "read", "floor", tuple(seconds["read"]), read, 0.0, way))
    results.append(Result(name, 1, "copy", "floor", tuple(seconds["copy"]), 2 * read, 0.0))
    return results


def run(machine: Machine, classes: Sequence[int], elements: int, budget: float, compiles: bool, target: Path) -> None:
    print(f"{machine.where.get('chip', machine.chip)}; {timing.describe(machine.where)}")
    found: list[Result] = []
    for dtype in DTYPES:
        for c in (1, *classes):
            name = f"binary-{dtype}" if c == 1 else f"softmax-{max(1, elements // c)}x{c}-{dtype}"
            inputs = inputs_of(machine, max(1, elements // c), c, dtype)
            results = compare(machine, inputs, name, budget, compiles=compiles)
            print(f"\n## {name}\n\n{table(results, 'burnish')}", flush=True)
            found += results
            write_json(target, machine.where, found)
    print(f"\nwritten: {target}")


if __name__ == "__main__":
    sys.exit(main())
