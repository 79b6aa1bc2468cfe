# SPDX-License-Identifier: Apache-2.0
"""Losses, forward and backward: burnish and its peers in one process, checked against float64 and timed in turns.

python benchmarks/losses.py [--divide N] [--threads 1 2] [--only NAME ...] [--without NAME ...] [--json FILE]
"""

from __future__ import annotations

from collections.abc import Sequence

import contest
from losses_peers import LIBRARIES
from losses_workloads import WORKLOADS

EXPLANATION = """\
A call is a training step's loss: forward, backward, and the gradient of the logits at the end. The gradient of the step
before is gone by then. Before anything is timed, loss and gradient are compared with those of the formula in float64;
"error" is the largest difference, that of gradients relative to the largest of them. Medians of interleaved runs; peak
memory of one step, gradient included. "class-weights" counts labels."""


def main(arguments: Sequence[str] | None = None) -> None:
    contest.main(__doc__, WORKLOADS, EXPLANATION, LIBRARIES, arguments)


if __name__ == "__main__":
    main()
