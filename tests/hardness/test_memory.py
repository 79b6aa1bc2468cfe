# SPDX-License-Identifier: Apache-2.0
"""Nothing beyond an array is read or written, and scoring needs next to no memory of its own.

Each program runs in a process of its own: it may crash, and its peak memory is measured.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs mprotect and /proc")


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stdout[-300:]}{done.stderr[-600:]}"
    return done.stdout


# Memory of whole pages between two pages that must not be touched.
GUARDED = """
    import ctypes, mmap, sys
    import numpy as np
    from burnish import _core, hardness

    page, pages = mmap.PAGESIZE, 48
    memory = mmap.mmap(-1, (pages + 2) * page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for place in (start, start + (pages + 1) * page):
        assert libc.mprotect(ctypes.c_void_p(place), ctypes.c_size_t(page), 0) == 0
    inside = np.frombuffer(memory, np.uint8)[page : (pages + 1) * page]

    def guarded(shape, dtype, at_end, strides=None):
        dtype = np.dtype(dtype)
        strides = strides or tuple(dtype.itemsize * np.cumprod([1, *shape[:0:-1]])[::-1])
        size = sum((n - 1) * step for n, step in zip(shape, strides)) + dtype.itemsize
        part = inside[-size:] if at_end else inside[:size]
        inside[:] = 0
        return np.lib.stride_tricks.as_strided(part[: dtype.itemsize].view(dtype), shape, strides)
"""


@pytest.mark.parametrize("level", ["v2", "v3", "v4"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2"])
def test_nothing_beside_the_logits_is_read(level: str, dtype: str) -> None:
    program = f"""
    try:
        _core.set_isa_level("{level}")
    except ValueError:
        sys.exit(0)
    for at_end in (True, False):
        for classes in (*range(1, 41), 65, 100, 1023, 1025, 2049):
            for n in (1, 2, 3, 16, 64, 65, 66, 67, 130) if classes <= 32 else (1, 2, 5):
                layouts = [None, (classes + 3, 1), (1, n), (2 * classes, 2)]
                for strides in layouts[: 2 if n > 16 else 4]:
                    strides = strides and tuple(s * np.dtype("{dtype}").itemsize for s in strides)
                    print(classes, n, at_end, strides, flush=True)
                    x = guarded((n, classes), "{dtype}", at_end, strides)
                    hardness.scores(x, np.zeros(n, np.int64), which=_core.SCORES)
                    hardness.entropy(x, activation="sigmoid")
    """
    run(textwrap.dedent(GUARDED) + textwrap.dedent(program))


def test_nothing_beside_the_scores_is_read_or_written() -> None:
    program = """
    for at_end in (True, False):
        for n in (1, 2, 3, 7, 15, 16, 17, 63, 65, 1000, 19_999):
            for dtype in ("f4", "f8"):
                scores = guarded((n,), dtype, at_end)
                for k in (0, 1, n // 2, n):
                    hardness.hardest(scores, k)
                hardness.by_class(scores, np.zeros(n, np.int8))
            for dtype in ("i1", "u2", "i4", "i8"):
                labels = guarded((n,), dtype, at_end)
                hardness.cross_entropy(np.zeros((n, 3), np.float32), labels)
                hardness.by_class(np.zeros(n), labels)
            for name in _core.SCORES:
                dtype = {"predictions": "i8", "rank_of_label": "i8", "correct": "?"}.get(name, "f4")
                out = guarded((n,), dtype, at_end)
                hardness.scores(np.ones((n, 5), np.float32), np.ones(n, int), name, out={name: out})
            hardness.hardest(np.ones(n), n, out=guarded((n,), "i8", at_end))
    # On an array as large as hardest() samples before it searches.
    big = 70_001
    for dtype in ("f4", "f8"):
        pages_needed = big * np.dtype(dtype).itemsize // page + 3
        memory = mmap.mmap(-1, pages_needed * page)
        start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        assert libc.mprotect(ctypes.c_void_p(start + (pages_needed - 1) * page), ctypes.c_size_t(page), 0) == 0
        scores = np.frombuffer(memory, dtype)[: (pages_needed - 1) * page // np.dtype(dtype).itemsize][-big:]
        scores[:] = np.arange(big) % 977
        assert len(hardness.hardest(scores, 700)) == 700
    """
    run(textwrap.dedent(GUARDED) + textwrap.dedent(program))


@pytest.mark.parametrize(
    ("classes", "dtype", "threads"), [(10, "float32", 1), (10, "float16", 4), (5000, "float32", 4), (100, "float16", 1)]
)
def test_peak_memory_beyond_input_and_output(classes: int, dtype: str, threads: int) -> None:
    """Below 1 MB a thread, as promised; input in column order, so that no row can be read as it lies."""
    program = f"""
    import numpy as np
    import burnish
    from burnish import _core, hardness

    def peak():
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

    burnish.set_num_threads({threads})
    n = 10_000_000 // {classes}
    x = np.zeros(({classes}, n), "{dtype}").T
    x[:] = 1
    labels = np.ones(n, np.int64)
    dtypes = {{"predictions": "i8", "rank_of_label": "i8", "correct": "?"}}
    out = {{name: np.ones(n, dtypes.get(name, "f4")) for name in _core.SCORES}}
    hardness.scores(x[:2], labels[:2], _core.SCORES, out={{name: array[:2] for name, array in out.items()}})
    grown = []
    for _ in range(3):  # the least counts: what the system does of its own accord happens once
        open("/proc/self/clear_refs", "w").write("5")  # forget the peak so far
        before = peak()
        hardness.scores(x, labels, _core.SCORES, out=out)
        grown.append(peak() - before)
    print(min(grown))
    """
    kilobytes = int(run(program))
    assert kilobytes < 1000 * threads
