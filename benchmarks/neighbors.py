# SPDX-License-Identifier: Apache-2.0
"""Exact nearest neighbors: burnish and its peers in one process, checked against float64 and then timed in turns.

python benchmarks/neighbors.py [--divide N] [--threads 1 2] [--only NAME ...] [--without NAME ...] [--json FILE]

Names are rows x columns - data - dtype, as in 50kx64-clusters-float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import contest
from neighbors_peers import LIBRARIES
from neighbors_workloads import WORKLOADS

EXPLANATION = """\
Each row's neighbors among the others: burnish finds six others, the peers six of which the first is the row itself.
Before anything is timed, 200 rows of each result are compared with float64 distances; "error" is the share of neighbors
that are farther than the right ones by more than rounding: 1e-12 of the distance, 1e-3 for peers. Medians of
interleaved runs. "~": measured on some of the queries, building counted whole. "1e9 products/s" counts d products for
each of the n (n - 1) / 2 pairs, whoever does fewer or more; "half GEMM" is the time of the matrix product for these
pairs, its result thrown away. "peak MB" is how far the process grew, result included."""


def main(arguments: Sequence[str] | None = None) -> None:
    contest.main(__doc__, WORKLOADS, EXPLANATION, LIBRARIES, arguments)


if __name__ == "__main__":
    main()
