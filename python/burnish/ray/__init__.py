# SPDX-License-Identifier: Apache-2.0
"""The same work on data that one machine does not hold: stages and reductions for Ray Data.

Ray Data reads, schedules, retries and writes; what is here tells it what to do with a batch. Rows carry their number in
a column, the id, so that results equal those of one process bit for bit, however the data is cut into blocks, in
whatever order these are worked on, and however often a worker dies.

- `Augment`, `Score` and `score`: stages for ``Dataset.map_batches``.
- `accumulate`: `burnish.hardness.Accumulator` and `burnish.metrics.Accumulator` over all blocks.
- `label_issues`: what `burnish.quality.find_label_issues` finds.
- `smote`: the rows that `burnish.balance.SMOTE` makes, with neighbors searched block by block.

Ray gives a task one processor unless told otherwise, and so do these: one thread, or `num_threads`. docs/scaling.md
estimates bytes, hours and nodes for a billion samples, and says when not to use it.
"""

from burnish._extras import needs_extra

with needs_extra("ray"):
    import ray.data as _  # noqa: F401  (say at once what is missing)

from burnish.ray._accumulate import accumulate
from burnish.ray._augment import Augment, ids_of
from burnish.ray._issues import label_issues
from burnish.ray._score import Score, score
from burnish.ray._smote import smote

__all__ = ["Augment", "ids_of", "Score", "score", "accumulate", "label_issues", "smote"]
