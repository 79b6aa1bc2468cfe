# SPDX-License-Identifier: Apache-2.0
"""No table of all distances is made, nor one of all rows and all chosen. Each program runs in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")

CALLS = {
    "uniqueness": "quality.uniqueness(X)",
    "outliers": "quality.outliers(X, 10)",
    "near_duplicates": "quality.near_duplicates(X, threshold=1e-4)",
    "near_duplicates of many pairs": "quality.near_duplicates(X, threshold=1.9)",
    "leaks": "quality.leaks(X, X[:5000], 1e-4)",
    "coreset": "quality.coreset(X, 5000)",
}


@pytest.mark.parametrize("name", CALLS)
def test_peak_memory(name: str) -> None:
    """All distances of 20,000 rows would take 3,200 MB in float64, those to 5,000 chosen rows 400 in float32."""
    program = f"""
    import numpy as np
    import burnish
    from burnish import quality

    def peak():
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

    burnish.set_num_threads(2)
    X = np.random.default_rng(0).standard_normal((20_000, 8)).astype("float32")
    quality.uniqueness(X[:500])
    open("/proc/self/clear_refs", "w").write("5")  # forget the peak so far
    before = peak()
    {CALLS[name]}
    print(peak() - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-600:]
    limit = 200 if "many" in name else 60  # 104 or more: two threads hold the pairs of 1,024 rows each at once
    assert int(done.stdout) / 1e3 < limit
