# SPDX-License-Identifier: Apache-2.0
"""Nothing beside an array is read or written, and no table of all distances is made.

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
        [sys.executable, "-X", "faulthandler", "-c", program], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stdout[-300:]}{done.stderr[-600:]}"
    return done.stdout


# Memory of whole pages between two pages that must not be touched.
GUARDED = textwrap.dedent("""
    import ctypes, mmap, sys
    import numpy as np
    from burnish import _core
    from burnish.neighbors import NeighborGraph, kneighbors, radius_neighbors

    page, pages = mmap.PAGESIZE, 100
    libc = ctypes.CDLL(None, use_errno=True)

    def guarded(values, at_end, dtype=None, pitch=None):
        '''A copy of (n, d) values that ends, or begins, where the guarded page is.'''
        values = np.ascontiguousarray(values, dtype)
        (n, d), item = values.shape, values.itemsize
        pitch = pitch or d
        memory = mmap.mmap(-1, (pages + 2) * page)
        start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        for place in (start, start + (pages + 1) * page):
            assert libc.mprotect(ctypes.c_void_p(place), ctypes.c_size_t(page), 0) == 0
        inside = np.frombuffer(memory, np.uint8)[page : (pages + 1) * page]
        size = ((n - 1) * pitch + d) * item
        part = (inside[-size:] if at_end else inside[:size])[:item].view(values.dtype)
        view = np.lib.stride_tricks.as_strided(part, (n, d), (pitch * item, item))
        view[:] = values
        return view
    """)


@pytest.mark.parametrize("level", ["v2", "v3", "v4"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_nothing_beside_the_rows_is_read_or_written(level: str, dtype: str) -> None:
    program = f"""
    try:
        _core.set_isa_level("{level}")
    except ValueError:
        sys.exit(0)
    rng = np.random.default_rng(0)
    for at_end in (True, False):
        for d in (*range(1, 19), 23, 24, 25, 31, 32, 33, 63, 64, 65, 127, 129):
            for n in (2, 3, 17, 63, 64, 65, 130):
                if n * d * 9 > 90 * page:
                    continue
                X = rng.standard_normal((n, d)).astype("{dtype}")
                k = min(5, n - 1)
                for metric in ("euclidean", "manhattan", "cosine"):
                    print(d, n, at_end, metric, flush=True)
                    rows = guarded(X, at_end)
                    out = guarded(np.zeros((n, k)), at_end), guarded(np.zeros((n, k), int), at_end)
                    kneighbors(rows, k, metric=metric, out=out)
                    wanted = kneighbors(X, k, metric=metric)
                    assert all(np.array_equal(a, b) for a, b in zip(out, wanted))
                    kneighbors(rows[: n // 2], 1, guarded(X[n // 2 :], at_end), metric=metric)
                radius_neighbors(rows, 1.0)
                if n > 3:
                    NeighborGraph.build(rows, 1).subset(np.arange(0, n, 2))
    """
    run(GUARDED + textwrap.dedent(program))


@pytest.mark.parametrize(("n", "d", "dtype", "metric"), [
    (40_000, 16, "float32", "euclidean"), (40_000, 64, "float32", "euclidean"), (30_000, 64, "float64", "cosine"),
    (40_000, 3, "float64", "manhattan"),
])  # fmt: skip
def test_peak_memory_beyond_input_and_output(n: int, d: int, dtype: str, metric: str) -> None:
    """About a copy of the rows, as promised: here, below two in float64 and 16 MB. All distances would take 12.8 GB."""
    program = f"""
    import numpy as np
    import burnish
    from burnish.neighbors import kneighbors

    def peak():
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

    burnish.set_num_threads(2)
    X = np.random.default_rng(0).standard_normal(({n}, {d})).astype("{dtype}")
    X[:, 6:] *= 0.01  # so that it does not take long
    out = np.ones(({n}, 6)), np.ones(({n}, 6), int)
    kneighbors(X[:500], 6, metric="{metric}", out=tuple(each[:500] for each in out))
    open("/proc/self/clear_refs", "w").write("5")  # forget the peak so far
    before = peak()
    kneighbors(X, 6, metric="{metric}", out=out)
    print(peak() - before)
    """
    megabytes = int(run(textwrap.dedent(program))) / 1e3
    assert megabytes < (2 * n * d * 8 + n * 6 * 16 + n * 24 * 8) / 1e6 + 16
