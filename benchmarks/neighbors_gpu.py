# SPDX-License-Identifier: Apache-2.0
"""Neighbors and interpolation on a GPU: burnish beside torch, with cold caches.

python benchmarks/neighbors_gpu.py [--json FILE] [--rows N ...] [--columns D ...] [--self-test]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import timing
from burnish.balance._interpolate import interpolate
from burnish.neighbors import kneighbors
from gpu_machine import Machine, cuda_machine, floors, require_gpu, self_test, torch
from report import Result, table, write_json
from timing import Call

K = 5
ROWS, COLUMNS = (10_000, 100_000), (16, 64, 256)
MADE = 1_000_000  # rows that interpolation makes
SLICE = 2048  # queries that torch compares at a time: its matrix of distances must fit


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="default: results/gpu-neighbors-<chip>.json")
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS), metavar="N")
    parser.add_argument("--columns", type=int, nargs="+", default=list(COLUMNS), metavar="D")
    parser.add_argument("--budget", type=float, default=0.5, metavar="S", help="seconds a contender")
    parser.add_argument("--self-test", action="store_true", help="small, on CPU tensors: tries the logic")
    options = parser.parse_args(arguments)
    if options.self_test:
        return self_test(lambda machine, target: run(machine, [500], [8], 2000, 0.02, target))
    require_gpu("neighbors_gpu")
    machine = cuda_machine(torch.device("cuda", torch.cuda.current_device()))
    target = options.json or Path(__file__).parent / "results" / f"gpu-neighbors-{machine.chip}.json"
    run(machine, options.rows, options.columns, MADE, options.budget, target)
    return None


def torch_neighbors(X: Any) -> tuple[Any, Any]:
    """What one writes with torch: distances by matrix product, then the k + 1 smallest, without the first."""
    found = [torch.cdist(X[i : i + SLICE], X).topk(K + 1, largest=False) for i in range(0, len(X), SLICE)]
    return torch.cat([part.values[:, 1:] for part in found]), torch.cat([part.indices[:, 1:] for part in found])


def search(machine: Machine, rows: int, columns: int, budget: float) -> list[Result]:
    """Check that torch's float32 distances are about ours, then time both in turns."""
    generator = torch.Generator(machine.device).manual_seed(0)
    X = torch.randn(rows, columns, device=machine.device, generator=generator)
    name = f"kneighbors-{rows}x{columns}"
    calls: dict[str, Call] = {"burnish": lambda: kneighbors(X, K), "torch": lambda: torch_neighbors(X)}
    error = (calls["burnish"]()[0] - calls["torch"]()[0].double()).abs().max().item()
    if not error < 1e-2:
        raise AssertionError(f"{name}: distances differ from torch's by {error:.3g}")
    seconds = timing.measure(calls, budget=budget, least=3, most=21, clock=machine.clock)
    kinds = {"burnish": "burnish", "torch": "peer"}
    return [Result(name, 1, each, kinds[each], tuple(seconds[each]), int(X.nbytes), error) for each in calls]


def generate(machine: Machine, columns: int, made: int, budget: float) -> list[Result]:
    """Interpolation beside torch's lerp of gathered rows, and a copy of the result."""
    generator = torch.Generator(machine.device).manual_seed(0)
    X = torch.randn(100_000, columns, device=machine.device, generator=generator)
    base, other = (torch.randint(len(X), (made,), device=machine.device, generator=generator) for _ in range(2))
    step = torch.rand(made, device=machine.device, generator=generator, dtype=torch.float64)
    out = torch.empty(made, columns, device=machine.device)
    calls: dict[str, Call] = {
        "burnish, out=": lambda: interpolate(X, base, other, step, out=out),
        "torch": lambda: torch.lerp(X[base], X[other], step.float()[:, None]),
    }
    name = f"interpolate-{made}x{columns}"
    error = (calls["burnish, out="]() - calls["torch"]()).abs().max().item()
    if not error < 1e-5:
        raise AssertionError(f"{name}: differs from torch by {error:.3g}")
    moved = 3 * int(out.nbytes)  # two rows read for each written
    floor_calls, way = floors(machine, int(out.nbytes), budget)
    seconds = timing.measure(calls | floor_calls, budget=budget, least=5, most=51, clock=machine.clock)
    size = max(1, int(out.nbytes) // 65_536) * 65_536
    return [
        Result(name, 1, "burnish, out=", "burnish", tuple(seconds["burnish, out="]), moved, error),
        Result(name, 1, "torch", "peer", tuple(seconds["torch"]), moved, 0.0),
        Result(name, 1, "read", "floor", tuple(seconds["read"]), size, 0.0, way),
        Result(name, 1, "copy", "floor", tuple(seconds["copy"]), 2 * size, 0.0),
    ]


def run(machine: Machine, rows: Sequence[int], columns: Sequence[int], made: int, budget: float, target: Path) -> None:
    print(f"{machine.where.get('chip', machine.chip)}; {timing.describe(machine.where)}")
    groups: list[list[Result]] = []
    for d in columns:
        tasks = [lambda n=n, d=d: search(machine, n, d, budget) for n in rows]
        tasks.append(lambda d=d: generate(machine, d, made, budget))
        for task in tasks:
            results = task()
            print(f"\n## {results[0].workload}\n\n{table(results, results[0].contender)}", flush=True)
            groups.append(results)
            write_json(target, machine.where, [result for group in groups for result in group])
    print(f"\nwritten: {target}")


if __name__ == "__main__":
    sys.exit(main())
