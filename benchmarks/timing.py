# SPDX-License-Identifier: Apache-2.0
"""Time contenders side by side, measure what memory allows, and describe where it was done."""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import platform
import random
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import burnish
import numpy as np

Call = Callable[[], Any]
Clock = Callable[[Call], float]  # seconds of one call


def wall_clock(call: Call) -> float:
    """Time one call; what it returned is freed after the clock has stopped, for every contender alike."""
    start = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - start
    del result
    return seconds


def cpu_clock(call: Call) -> float:
    """Time one call by the processor time of all threads: what counts on a machine that others use meanwhile."""
    start = time.process_time()
    result = call()
    seconds = time.process_time() - start
    del result
    return max(seconds, 1e-9)


def measure(
    calls: Mapping[str, Call],
    *,
    budget: float = 2.0,
    least: int = 3,
    most: int = 21,
    pause: float = 0.0,
    clock: Clock = wall_clock,
) -> dict[str, list[float]]:
    """Time calls in turns, so that a drift of the machine meets all of them.

    Each call is timed for about `budget` seconds in all, `least` to `most` times; slow ones sit out rounds, evenly.
    Each round has an order of its own: none always finds the cache as the same neighbor left it. All must be warm.
    A `pause` of some milliseconds before each lets the threads of OpenMP, which wait spinning, leave the processors to
    the next contender.
    """
    runs = {}
    for name, call in calls.items():
        runs[name] = min(most, max(least, int(budget / max(clock(call), 1e-9))))
    rounds = max(runs.values())
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    order = random.Random(0)
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            for name in order.sample(list(calls), len(calls)):
                if (turn + 1) * runs[name] // rounds > turn * runs[name] // rounds:
                    time.sleep(pause)
                    seconds[name].append(clock(calls[name]))
    finally:
        if enabled:
            gc.enable()
    return seconds


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def mad(values: Sequence[float]) -> float:
    """Median absolute deviation from the median."""
    center = statistics.median(values)
    return statistics.median(abs(value - center) for value in values)


# ---- what memory allows ----


def read_floor(size: int, threads: int) -> Call:
    """Read `size` bytes once: the C library's ``memchr`` looks for a byte that is not there, in shares."""
    source = np.full(size, 1, dtype=np.uint8)
    search = ctypes.CDLL(None).memchr
    search.restype, search.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)

    def piece(first: int, count: int) -> None:
        if search(source.ctypes.data + first, 0, count):
            raise AssertionError("memchr found a byte that is not there")

    return _in_shares(piece, size, threads)


def copy_floor(size: int, threads: int) -> Call:
    """Copy `size` bytes once with the C library's ``memcpy``, into memory that has been touched."""
    source, target = np.full(size, 1, dtype=np.uint8), np.full(size, 2, dtype=np.uint8)
    copy = ctypes.CDLL(None).memcpy
    copy.restype, copy.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)

    def piece(first: int, count: int) -> None:
        copy(target.ctypes.data + first, source.ctypes.data + first, count)

    return _in_shares(piece, size, threads)


def _in_shares(piece: Callable[[int, int], None], size: int, threads: int) -> Call:
    # ctypes releases the GIL during the call.
    if threads == 1:
        return lambda: piece(0, size)
    pool = ThreadPoolExecutor(threads)
    share = (size // threads + 4095) // 4096 * 4096
    shares = [(first, min(share, size - first)) for first in range(0, size, share)]
    return lambda: list(pool.map(lambda bounds: piece(*bounds), shares))


# ---- threads and environment ----


def use_threads(n: int) -> None:
    """Give burnish and every peer that has such a setting `n` threads."""
    burnish.set_num_threads(n)
    if torch := optional("torch"):
        torch.set_num_threads(n)
    if numba := optional("numba"):
        numba.set_num_threads(min(n, numba.config.NUMBA_NUM_THREADS))
    if cv2 := optional("cv2"):
        cv2.setNumThreads(n)


def optional(module: str) -> Any:
    """Import a module; None where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def environment(libraries: Sequence[str] = ("numpy", "scipy", "torch", "numba")) -> dict[str, Any]:
    """Say where and with what the timings were made."""
    versions = {name: getattr(optional(name), "__version__", None) for name in libraries}
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "processor": _from_file("/proc/cpuinfo", "model name") or platform.processor(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory": _from_file("/proc/meminfo", "MemTotal"),
        "huge_pages": _chosen("/sys/kernel/mm/transparent_hugepage/enabled"),
        "load_average": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version for name, version in versions.items() if version},
        "burnish": burnish.build_info(),
        "compiler_of_torch_compile": _compiler(),
    }


def describe(where: Mapping[str, Any]) -> str:
    """One paragraph of `environment`."""
    built = where["burnish"]
    libraries = ", ".join(f"{name} {version}" for name, version in where["versions"].items())
    return (
        f"{where['date']}; {where['processor']}, {where['processors']} processors, {where['memory']}, huge pages "
        f"{where['huge_pages']}, load average {where['load_average']} at the start; {where['system']}; "
        f"burnish {built['version']} ({built['compiler']}, {built['isa_level']}); "
        f"Python {where['python']}, {libraries}; "
        f"compiler of torch.compile: {where['compiler_of_torch_compile'] or 'none'}"
    )


def _from_file(path: str, key: str) -> str | None:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), None)


def _chosen(path: str) -> str | None:
    """``madvise`` of ``always [madvise] never``."""
    try:
        return Path(path).read_text().partition("[")[2].partition("]")[0]
    except OSError:
        return None


def _compiler() -> str | None:
    path = shutil.which(os.environ.get("CXX", "g++"))
    if path is None:
        return None
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return answer.stdout.partition("\n")[0] or None
