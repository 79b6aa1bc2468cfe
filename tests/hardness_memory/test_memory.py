# SPDX-License-Identifier: Apache-2.0
"""Peak memory beyond input and output: below 1 MB a thread. Each case in a process of its own, as the system counts."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

LIMIT = 1_000_000  # bytes a thread
VALUES = 12_000_000  # of the input: a hidden copy of a tenth of it is far above the limit
STATUS = Path("/proc/self/status")
FILLED = 8 * LIMIT  # by the gauge's own test

pytestmark = pytest.mark.skipif(not STATUS.exists(), reason="peak memory is read from /proc/self/status")


# ---- in the parent ----


def peak(case: dict[str, Any], threads: int) -> int:
    """Bytes that the call of `case` needs at its peak, and keeps after a first call, in a fresh process."""
    command = [sys.executable, __file__, json.dumps(case | {"threads": threads})]
    child = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert child.returncode == 0, child.stderr
    found: dict[str, int] = json.loads(child.stdout)
    if found["slack"] > LIMIT // 10:
        pytest.skip("the peak cannot be reset through /proc/self/clear_refs here")
    return found["kept"] + found["rise"]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("classes", [10, 1000, 100_000])
@pytest.mark.parametrize("case", ["contiguous", "float16", "every second column", "transposed", "float64 asked for"])
def test_all_scores(case: str, classes: int, threads: int) -> None:
    assert peak({"call": "scores", "case": case, "classes": classes}, threads) < LIMIT * threads


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("call", ["temperature", "probs", "sigmoid", "entropy"])
def test_options(call: str, threads: int) -> None:
    assert peak({"call": call, "case": "contiguous", "classes": 100}, threads) < LIMIT * threads


@pytest.mark.parametrize("classes", [1000, 100_000])
def test_fresh_result(classes: int) -> None:
    # Fresh results are output; these are small enough to lie within the limit themselves.
    assert peak({"call": "fresh", "case": "contiguous", "classes": classes}, 1) < LIMIT


@pytest.mark.parametrize("threads", [1, 2])
def test_hardest(threads: int) -> None:
    assert peak({"call": "hardest", "case": "contiguous", "classes": 1}, threads) < LIMIT * threads


def test_gauge_sees_memory_that_is_freed_again() -> None:
    assert FILLED * 0.9 < peak({"call": "waste", "case": "contiguous", "classes": 10}, 1) < FILLED * 1.5


def test_gauge_sees_a_copy_of_the_input() -> None:
    assert peak({"call": "copy", "case": "contiguous", "classes": 10}, 1) > 4 * VALUES * 0.9


# ---- in the child ----


def child(case: dict[str, Any]) -> dict[str, int]:
    """Make input and output, call once on few rows, so that code is loaded, then measure the call on all of them."""
    import burnish

    burnish.set_num_threads(case["threads"])
    values = make_input(case["case"], case["classes"])
    few = values[: max(1, len(values) // 20)]
    call, warm_up = (make_call(case, rows) for rows in (values, few))
    cold = memory("RssAnon")
    warm_up()
    kept = memory("RssAnon") - cold  # such as a thread's stack, or buffers for later calls
    reset_peak()
    resident, before = memory("VmRSS"), memory("VmHWM")
    call()
    return {"kept": kept, "slack": before - resident, "rise": memory("VmHWM") - before}


def make_input(case: str, classes: int) -> Any:
    """Filled in place: a temporary here would hide one in the call."""
    rows = VALUES // classes
    dtype = np.float16 if case == "float16" else np.float32
    shape = {"every second column": (rows, 2 * classes), "transposed": (classes, rows)}.get(case, (rows, classes))
    base = np.empty(shape, dtype)
    ramp = np.linspace(0, 4, 997, dtype=dtype)
    flat = base.reshape(-1)
    for first in range(0, flat.size, ramp.size):
        flat[first : first + ramp.size] = ramp[: flat.size - first]
    return base[:, ::2] if case == "every second column" else base.T if case == "transposed" else base


def make_call(case: dict[str, Any], values: Any) -> Callable[[], object]:
    from burnish import _core, hardness

    n, classes = values.shape
    floating = np.float64 if case["case"] == "float64 asked for" else np.float32
    dtypes = {"predictions": np.int64, "rank_of_label": np.int64, "correct": np.bool_}

    def outputs(names: tuple[str, ...]) -> dict[str, Any]:
        return {name: np.full(n, 1, dtypes.get(name, floating)) for name in names}

    every, unlabeled = tuple(_core.SCORES), tuple(name for name in _core.SCORES if name not in _core.LABEL_SCORES)
    labels = np.full(n, classes // 2, np.int32)
    if case["call"] == "scores":
        out = outputs(every)
        return lambda: hardness.scores(values, labels, every, out=out, dtype=floating.__name__)
    if case["call"] == "temperature":
        out = outputs(unlabeled)
        return lambda: hardness.scores(values, None, unlabeled, out=out, temperature=2.0)
    if case["call"] == "probs":
        names = tuple(name for name in every if name != "energy")
        out = outputs(names)
        return lambda: hardness.scores(probs=values, labels=labels, which=names, out=out)
    if case["call"] in ("sigmoid", "entropy"):
        target = np.full(n, 1, np.float32)
        activation = "sigmoid" if case["call"] == "sigmoid" else "softmax"
        return lambda: hardness.entropy(values, activation=activation, out=target)
    if case["call"] == "fresh":
        return lambda: hardness.entropy(values)
    if case["call"] == "hardest":
        scores, place = values[:, 0], np.zeros(min(1000, n), np.int64)
        return lambda: hardness.hardest(scores, len(place), out=place)
    if case["call"] == "waste":
        return lambda: np.full(FILLED, 1, np.uint8).sum()
    return lambda: values.copy()


def memory(name: str) -> int:
    """Bytes: VmRSS, resident now; VmHWM, resident at the peak; RssAnon, resident now and no file's."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name + ":"))
    return int(line.split()[1]) * 1024


def reset_peak() -> None:
    """Forget the peak so far; `slack` tells the parent whether that was possible."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    print(json.dumps(child(json.loads(sys.argv[1]))))
