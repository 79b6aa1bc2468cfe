# SPDX-License-Identifier: Apache-2.0
"""Counts, curves and areas: burnish and its peers in one process, checked against NumPy and then timed in turns.

python benchmarks/metrics.py [--divide N] [--threads 1 2] [--only NAME ...] [--without NAME ...] [--json FILE]
"""

from __future__ import annotations

from collections.abc import Sequence

import contest
from metrics_peers import LIBRARIES
from metrics_workloads import WORKLOADS

EXPLANATION = """\
Labels are int64, three of ten positive; scores are probabilities. Every result is compared with plain NumPy in float64
before anything is timed: "error" is the largest difference, of curves at a thousand places. burnish may differ by 1e-12
(1e-9 where log loss is among the results), scikit-learn by 1e-6 and torchmetrics, which computes in float32, by 1e-4.
Medians of interleaved runs. "peak MB" is how far the process grew, result included."""


def main(arguments: Sequence[str] | None = None) -> None:
    contest.main(__doc__, WORKLOADS, EXPLANATION, LIBRARIES, arguments)


if __name__ == "__main__":
    main()
