# SPDX-License-Identifier: Apache-2.0
"""Label checks: burnish and cleanlab in one process, the same answers demanded of both, and then timed in turns.

python benchmarks/quality.py [--divide N] [--threads 1 2] [--only NAME ...] [--without NAME ...] [--json FILE]

Names are task - rows x classes, as in prune_by_noise_rate-1000kx10; float32 probabilities throughout.
"""

from __future__ import annotations

from collections.abc import Sequence

import contest
from quality_peers import LIBRARIES
from quality_workloads import WORKLOADS

EXPLANATION = """\
A tenth of the labels are wrong. "error" is the largest difference of a score from float64 or, of issues, the share of
samples flagged that only burnish or only cleanlab flags (samples that tie). cleanlab runs in one process, which is its
quickest here. Medians of interleaved runs. "peak MB" is how far the process grew, result included; pages of the file
that is mapped in "memory-mapped" count too while the system keeps them, for everyone."""


def main(arguments: Sequence[str] | None = None) -> None:
    contest.main(__doc__, WORKLOADS, EXPLANATION, LIBRARIES, arguments)


if __name__ == "__main__":
    main()
