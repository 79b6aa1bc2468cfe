# SPDX-License-Identifier: Apache-2.0
"""A GPU as the benchmarks see it: its facts, a clock with cold caches, and how fast its memory is read and copied."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import burnish
import numpy as np
import timing
from report import read_json
from timing import Call, Clock

try:
    import torch
except ModuleNotFoundError:
    torch = None


def require_gpu(script: str) -> None:
    """End the program where there is no GPU to measure."""
    problem = why_not()
    if problem:
        raise SystemExit(f"{script}: {problem}\nTo try this script's own logic on the CPU: --self-test")


def why_not() -> str | None:
    """Say what is missing."""
    if torch is None:
        return "needs torch; pip install torch"
    if not torch.cuda.is_available():
        built = torch.version.cuda or "no CUDA"
        return f"no GPU: torch {torch.__version__} (built with {built}) finds none"
    info = burnish.build_info()
    if not info["cuda"]:
        return "burnish was built without CUDA; install it where nvcc is found, or with BURNISH_CUDA=ON"
    if not info["cuda_devices"]:
        return f"burnish finds no GPU: {info['cuda_problem']}"
    return None


@dataclass(frozen=True)
class Machine:
    """Where tensors live, and how a call is timed there."""

    chip: str
    device: Any
    clock: Clock
    where: dict[str, Any]
    free_bytes: int


def self_test(run: Callable[[Machine, Path], None], target: Path | None = None) -> None:
    """Run a script's own logic, all but CUDA's clock, on small CPU tensors."""
    timing.use_threads(1)
    where = timing.environment() | {"chip": "none: self-test on the CPU, its timings mean nothing"}
    machine = Machine("self-test", torch.device("cpu"), timing.wall_clock, where, 1 << 34)
    with tempfile.TemporaryDirectory() as folder:
        target = target or Path(folder) / "gpu-self-test.json"
        run(machine, target)
        read_where, results = read_json(target)
    if read_where["chip"] != where["chip"]:
        raise AssertionError("self-test: the JSON file does not hold what was run")
    if not np.isfinite([result.median for result in results]).all():
        raise AssertionError("self-test: a timing is missing")
    print("self-test: passed")


def cuda_machine(device: Any) -> Machine:
    properties = torch.cuda.get_device_properties(device)
    name = properties.name
    l2_bytes = getattr(properties, "L2_cache_size", 0)  # older torch does not say
    where = timing.environment() | {
        "chip": name,
        "compute_capability": f"{properties.major}.{properties.minor}",
        "multiprocessors": properties.multi_processor_count,
        "gpu_memory_bytes": properties.total_memory,
        "l2_bytes": l2_bytes,
        "cuda_of_torch": torch.version.cuda,
        **driver_facts(),
    }
    chip = re.sub(r"[^a-z0-9]+", "-", name.lower().removeprefix("nvidia")).strip("-")
    return Machine(chip, device, cold_clock(device, l2_bytes), where, torch.cuda.mem_get_info(device)[0])


def driver_facts() -> dict[str, str]:
    """Driver and limits as nvidia-smi names them; empty where it is not found."""
    asked = ("driver_version", "clocks.max.sm", "clocks.max.memory", "power.limit", "ecc.mode.current")
    if shutil.which("nvidia-smi") is None:
        return {}
    query = ["nvidia-smi", f"--query-gpu={','.join(asked)}", "--format=csv,noheader", "--id=0"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    values = [value.strip() for value in answer.stdout.partition("\n")[0].split(",")]
    return dict(zip(asked, values, strict=True)) if len(values) == len(asked) else {}


def cold_clock(device: Any, l2_bytes: int) -> Clock:
    """Time with CUDA events, after the L2 cache has been filled with something else.

    The flush reads: had it written, its dirty lines would be written back at the expense of the call that is timed. It
    also takes some hundred microseconds, in which the host gets ahead and queues the call: its own time is hidden.
    """
    other = torch.ones(max(8 * l2_bytes, 1 << 30) // 4, device=device)
    sink = torch.empty((), device=device)
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

    def clock(call: Call) -> float:
        torch.sum(other, dim=0, out=sink)
        start.record()
        result = call()
        end.record()
        end.synchronize()
        del result
        return start.elapsed_time(end) / 1000

    return clock


READERS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: x.sum(),
    "max": lambda x: x.amax(),
    "sums of rows of 1,024": lambda x: x.view(-1, 1024).sum(1),
    "sums of rows of 16,384": lambda x: x.view(-1, 16_384).sum(1),
    "maxima of rows of 16,384": lambda x: x.view(-1, 16_384).amax(1),
}


def floors(machine: Machine, size: int, budget: float) -> tuple[dict[str, Call], str]:
    """The fastest of several ways to read `size` bytes with torch, and a copy; and which way it was."""
    source = torch.ones(max(1, size // 65_536) * 16_384, device=machine.device)
    target = torch.empty_like(source)
    readers = {name: functools.partial(read, source) for name, read in READERS.items()}
    for read in readers.values():
        read()
    target.copy_(source)
    seconds = timing.measure(readers, budget=budget / 4, clock=machine.clock)
    best = min(readers, key=lambda name: timing.median(seconds[name]))
    return {"read": readers[best], "copy": lambda: target.copy_(source)}, best
