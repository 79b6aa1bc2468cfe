# SPDX-License-Identifier: Apache-2.0
"""Resampling: burnish and imbalanced-learn in one process, the same rows demanded of both, and then timed in turns.

python benchmarks/balance.py [--divide N] [--threads 1 2] [--only NAME ...] [--without NAME ...] [--json FILE]

Names: smote-50kx64-float32 is SMOTE with 50,000 rows of the rarer class and 500,000 of the other; samplers on 2,000 +
20,000 rows have their own name; interpolate-1Mx64-float32 makes a million rows, neighbors given.
"""

from __future__ import annotations

from collections.abc import Sequence

import contest
from balance_peers import LIBRARIES
from balance_workloads import WORKLOADS

EXPLANATION = """\
"error" is the number of rows that are not, bit for bit, those of imbalanced-learn for the same seed: of burnish none
may be, but for SMOTEN, where distances tie. Medians of interleaved runs, two where a call takes more than 4 s.
"peak MB" is how far the process grew, result included."""


def main(arguments: Sequence[str] | None = None) -> None:
    contest.main(__doc__, WORKLOADS, EXPLANATION, LIBRARIES, arguments)


if __name__ == "__main__":
    main()
